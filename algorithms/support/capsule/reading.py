"""Reads capsules, which may come from anybody: nothing in one is trusted to be what it says."""

from __future__ import annotations

import json
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from typing import Any

from osgeo import gdal

from ....core.errors import InputError
from ....core.monitor import SILENT, Monitor
from ..io.filenames import is_plain
from ..io.rasterheaders import tried
from ..run.outputs import OutputError
from . import copies
from .writing import FILES, LIMIT, RUN, SCHEMA

MOST_FILES = 2 * FILES
MOST_BYTES = 5 * LIMIT
"""What the files of a capsule may come to when they are unpacked; those written here hold half and a fifth of it."""
MOST_TEXT = 50_000_000
"""Bytes of run.json, which lists every file."""
_SLICE = 2**20
_STYLES = (".qml", ".qmd", ".qgs", ".qgz", ".vrt", ".py", ".ovr")
"""Endings of files that QGIS or GDAL would read beside a layer, and that hold more than data."""
_DATA = (*copies.RASTERS, *copies.VECTORS, "XYZ")
"""What GDAL may take a file of a folder for, or one that a text names: 'XYZ' are three columns of numbers."""

_HASH = re.compile("[0-9a-f]{64}")
_PROVIDER = "ecosecnet:"

_KINDS = ("raster", "features", "table", "text", "folder", "page")


class Capsule:
    """A capsule that has been opened.

    Parameters
    ----------
    path : str
        The file.

    Raises
    ------
    InputError
        If it is none, or one that cannot be read safely; says which file and why.

    Attributes
    ----------
    run : dict
        What run.json says; everything that is used of it has the type that it should have.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{path} cannot be opened as a capsule ({error}). Give a file that CAPSULE wrote."
            ) from None
        self._members = self._checked()
        self.run = self._read_run()

    def close(self) -> None:
        """Close the file."""
        self._archive.close()

    def _checked(self) -> dict[str, zipfile.ZipInfo]:
        members = self._archive.infolist()
        if len(members) > MOST_FILES:
            raise InputError(f"{self.path} holds {len(members):,} files; a capsule has {MOST_FILES:,} at most.")
        total = sum(one.file_size for one in members)
        if total > MOST_BYTES:
            raise InputError(
                f"{self.path} would unpack to {total:,} bytes; a capsule has {MOST_BYTES:,} at most. It was not opened."
            )
        found: dict[str, zipfile.ZipInfo] = {}
        for one in members:
            if one.is_dir() and is_plain(one.filename[:-1]):  # of other programs that pack what was unpacked
                continue
            if not is_plain(one.filename) or stat.S_ISLNK(one.external_attr >> 16) or one.filename in found:
                raise InputError(
                    f"{self.path} holds '{one.filename}', which is no plain name of a file in it: a link, a path out of it, "
                    "or there twice. No capsule of these tools has such a file; it was not opened."
                )
            found[one.filename] = one
        return found

    def _read_run(self) -> dict[str, Any]:
        if RUN not in self._members:
            raise InputError(f"{self.path} has no {RUN}: it is no capsule. Give a file that CAPSULE wrote.")
        try:
            run = json.loads(b"".join(self._bytes(RUN, MOST_TEXT)).decode("utf-8"))
        except InputError:
            raise
        except (ValueError, RecursionError) as error:
            raise InputError(f"{RUN} in {self.path} cannot be read ({error}).") from None
        schema = run.get("schema") if isinstance(run, dict) else None
        if isinstance(schema, int) and schema > SCHEMA:
            raise InputError(
                f"{self.path} was written by a later version of EcoSecNet (schema {schema}; this one reads {SCHEMA}). Update "
                "the plugin to replay it."
            )
        problem = _problem(run)
        if problem:
            raise InputError(f"{RUN} in {self.path} is not what a capsule has: {problem}.")
        return run

    def _bytes(self, name: str, most: int) -> Iterator[bytes]:
        """Yield the bytes of a file, which are counted: its header may lie."""
        left = most
        try:
            with self._archive.open(self._members[name]) as file:
                while block := file.read(_SLICE):
                    left -= len(block)
                    if left < 0:
                        raise InputError(f"{name} in {self.path} is larger than {most:,} bytes. It was not read.")
                    yield block
        except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            raise InputError(f"{name} in {self.path} is damaged ({error}).") from None

    def holds(self, entry: dict[str, Any]) -> bool:
        """Return whether the file of an input or output is in it."""
        return bool(self._names_of(entry))

    def _names_of(self, entry: dict[str, Any]) -> list[str]:
        """Return the names of the files of an input or output: all in its folder of the capsule."""
        where = entry.get("in_capsule")
        if not where:
            return []
        top = "/".join(where.split("/")[:2]) + "/"
        return [name for name in self._members if name.startswith(top) and not name.lower().endswith(_STYLES)]

    def unpack(self, entry: dict[str, Any], folder: str, monitor: Monitor = SILENT) -> str:
        """Write the files of an input or output into a folder; returns the main one, or the folder of one that is a folder.

        Raises
        ------
        InputError
            If it is not there, or in none of the formats that hold data alone.
        """
        names = self._names_of(entry)
        top = "/".join(names[0].split("/")[:2])
        for name in names:
            target = os.path.join(folder, *name[len(top) + 1 :].split("/"))
            try:
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(target, "wb") as file:
                    for block in self._bytes(name, self._members[name].file_size):
                        monitor.check()
                        file.write(block)
                if (entry["kind"] in ("text", "folder") or name.endswith(".msk")) and _format(target) not in (
                    "",
                    *_DATA,
                ):
                    os.remove(target)
            except OSError as error:
                raise OutputError(f"{target} cannot be written ({error.strerror}).") from None
        rest = entry["in_capsule"][len(top) + 1 :]
        path = os.path.join(folder, *rest.split("/")) if rest else folder
        if entry["kind"] in ("raster", "features", "table") and os.path.exists(path):
            _require_data(path, entry["kind"] == "raster")
        if not os.path.exists(path):
            raise InputError(
                f"{entry['in_capsule']} is not in {self.path}, or in a format that may refer to other files. Give the FOLDER "
                "that holds it."
            )
        return path


def _require_data(path: str, raster: bool) -> None:
    """Raise `InputError` unless a file is in a format that refers to no others."""
    name = _format(path, gdal.OF_RASTER if raster else gdal.OF_VECTOR) or "unknown"
    if name not in (copies.RASTERS if raster else copies.VECTORS):
        raise InputError(
            f"{os.path.basename(path)} in the capsule is in the format '{name}', which may refer to other files. Capsules "
            f"hold {', '.join((*copies.RASTERS, *copies.VECTORS))}. It was not opened."
        )
    if name == "GeoJSON" and _has_linked_crs(path):
        raise InputError(
            f"{os.path.basename(path)} in the capsule is a GeoJSON that is larger than {MOST_TEXT:,} bytes, damaged, or has "
            "its coordinate reference system at an address. It was not opened. Give the FOLDER that holds it."
        )


def _has_linked_crs(path: str) -> bool:
    """Return whether a GeoJSON file may have its CRS at an address, which GDAL would ask for it."""
    if os.path.getsize(path) > MOST_TEXT:
        return True
    try:
        with open(path, encoding="utf-8-sig") as file:
            crs = json.load(file).get("crs")
    except (ValueError, RecursionError, AttributeError):
        return True
    return isinstance(crs, dict) and str(crs.get("type")).lower() not in ("name", "epsg")


def _format(path: str, flags: int = gdal.OF_RASTER | gdal.OF_VECTOR) -> str:
    """Return what GDAL takes a file for, whatever its name; empty if for nothing."""
    driver = tried(gdal.IdentifyDriverEx, path, flags)
    return driver.ShortName if driver is not None else ""


def _problem(run: object) -> str:
    """Return what is wrong with run.json; empty if nothing is."""
    if not isinstance(run, dict) or not isinstance(run.get("schema"), int) or run["schema"] < 1:
        return "it states no schema"
    for name, kind in (
        ("algorithm", str),
        ("parameters", dict),
        ("inputs", list),
        ("outputs", list),
        ("numbers", dict),
        ("run", dict),
        ("label", str),
    ):
        if not isinstance(run.get(name), kind):
            return f"'{name}' is missing or of another kind"
    if not re.fullmatch(f"{_PROVIDER}[a-z]+", run["algorithm"]):
        return f"'{run['algorithm'][:60]}' is no tool of EcoSecNet, and no other is run"
    versions = run.get("versions")
    if not isinstance(versions, dict) or not all(isinstance(one, str) for one in versions.values()):
        return "'versions' is missing or of another kind"
    for entry in (*run["inputs"], *run["outputs"]):
        if not isinstance(entry, dict):
            return "an input or output is no object"
        where = entry.get("in_capsule")
        good = (
            isinstance(entry.get("role"), str)
            and entry.get("kind") in _KINDS
            and _HASH.fullmatch(str(entry.get("content_sha256")))
            and all(
                isinstance(entry.get(name, ""), str) for name in ("name", "path", "file", "layer", "crs", "file_sha256")
            )
            and isinstance(entry.get("named_as", []), list)
            and all(isinstance(one, str) for one in entry.get("named_as", []))
            and all(isinstance(entry.get(name, 0), int) for name in ("rows", "cols", "features", "bytes"))
            and (where is None or (isinstance(where, str) and is_plain(where) and where.count("/") >= 1))
        )
        if not good:
            return f"the entry of '{str(entry.get('role'))[:60]}' is not complete"
    for name, value in run["parameters"].items():
        if not (_is_value(value) or (isinstance(value, list) and all(map(_is_value, value)))):
            return f"the parameter '{name[:60]}' is neither number, text, yes or no, nor a list of them"
    for name, value in run["numbers"].items():
        if not _is_value(value):
            return f"'{name[:60]}' of the numbers is neither number nor text"
    return ""


def _is_value(value: object) -> bool:
    if isinstance(value, int):
        return abs(value) < 2**63
    return value is None or isinstance(value, (str, float))
