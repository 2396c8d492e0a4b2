"""What the bits of a result depend on beside its inputs: the code of the core, and the packages it runs on."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

_PACKAGES = ("numpy", "scipy", "numba")


@cache
def core_hash() -> str:
    """Return a hash of the code of the core: the plugin and the wheel of one version have the same.

    Examples
    --------
    >>> len(core_hash())
    16
    """
    folder = Path(__file__).resolve().parents[1]
    return code_hash(folder, folder.rglob("*.py"))


def code_hash(folder: Path, files: Iterable[Path]) -> str:
    """Return a hash of files of code below a folder, whatever their order and ends of lines.

    Examples
    --------
    >>> folder = Path(__file__).parent
    >>> code_hash(folder, folder.glob("*.py")) == code_hash(folder, reversed(list(folder.glob("*.py"))))
    True
    """
    found = hashlib.sha256()
    for path in sorted(files, key=lambda path: path.relative_to(folder).parts):
        # Git turns the ends of lines into those of the system.
        text = path.read_bytes().replace(b"\r\n", b"\n")
        found.update(f"{path.relative_to(folder).as_posix()} {len(text)}\n".encode() + text)
    return found.hexdigest()[:16]


@cache
def packages() -> dict[str, str]:
    """Return the versions of the packages that results can differ with in their last digits; empty where one is missing.

    Examples
    --------
    >>> list(packages())
    ['numpy', 'scipy', 'numba']
    """
    return {name: _version(name) if importlib.util.find_spec(name) else "" for name in _PACKAGES}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # bundles leave out what packages say of themselves
        return str(importlib.import_module(name).__version__)


def in_words(found: dict[str, str]) -> str:
    """Return versions as a text.

    Examples
    --------
    >>> in_words({"numpy": "1.24.2", "numba": ""})
    'numpy 1.24.2, without numba'
    """
    return ", ".join(f"{name} {version}" if version else f"without {name}" for name, version in found.items())
