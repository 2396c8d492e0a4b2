"""Gets the packages that ship the land cover; nothing is installed, they are only unpacked."""

import gzip
import os
import struct
import subprocess
import sys
import warnings
import zipfile
import zlib
from pathlib import Path

import rdata

CACHE = Path(__file__).resolve().parents[2] / "build" / "realdata" / "packages"


class NotHereError(Exception):
    """The data cannot be had on this machine; the message says why."""


def from_peer(module):
    """Return the folder of a package that is among the peers already."""
    return Path(module.__file__).parent


def from_pypi(package, version):
    """Return the folder into which the wheel of a package was unpacked."""
    folder = CACHE / f"{package}-{version}"
    if folder.exists():
        return folder
    # Only files are wanted, so the wheel need not fit this Python or processor.
    _get(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
            *("--only-binary=:all:", "--platform=manylinux_2_28_x86_64", "--python-version=3.11"),
            *(f"--dest={CACHE}", f"{package}=={version}"),
        ],
        f"pip cannot get {package} {version} from PyPI",
    )
    with zipfile.ZipFile(next(CACHE.glob(f"{package}-{version}-*.whl"))) as wheel:
        wheel.extractall(folder)
    return folder


def from_debian(package):
    """Return the folder into which a Debian package was unpacked."""
    folder = CACHE / package
    if folder.exists():
        return folder
    try:
        _get(["apt-get", "-qq", "download", package], f"apt cannot get {package}")
    except NotHereError:
        if os.geteuid() != 0:
            raise
        _get(["apt-get", "-qq", "update"], f"apt cannot update its lists to get {package}")
        _get(["apt-get", "-qq", "download", package], f"apt cannot get {package}")
    _get(["dpkg-deb", "-x", str(next(CACHE.glob(f"{package}_*.deb"))), str(folder)], "dpkg-deb is missing")
    return folder


def file_of(folder, name):
    """Return a file of a package; other versions may no longer have it."""
    if not (folder / name).exists():
        raise NotHereError(f"{folder.name} holds no {name}")
    return folder / name


def r_object(folder, package, name):
    """Return a data set of an R package as dictionaries and arrays; it lies compressed in a data base of two files."""
    base = f"usr/lib/R/site-library/{package}/data/Rdata"
    place, size = map(int, _parse(gzip.decompress(file_of(folder, f"{base}.rdx").read_bytes()))["variables"][name])
    part = file_of(folder, f"{base}.rdb").read_bytes()[place : place + size]
    (length,) = struct.unpack(">I", part[:4])
    raw = zlib.decompress(part[4:])
    if len(raw) != length:
        raise NotHereError(f"{name} of {package} is compressed in another way than expected")
    return _parse(raw)


def _parse(raw):
    classes = {
        "factor": lambda codes, attributes: (codes, list(attributes["levels"])),
        **dict.fromkeys(("im", "listof", "solist"), lambda value, _: value),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of attributes that nobody asks for
        return rdata.conversion.convert(rdata.parser.parse_data(raw), {**rdata.conversion.DEFAULT_CLASS_MAP, **classes})


def _get(command, failure):
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(command, cwd=CACHE, capture_output=True, text=True)
    except FileNotFoundError:
        raise NotHereError(f"{failure}: there is no {command[0]}") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
        raise NotHereError(f"{failure}: {lines[-1].strip()}")
