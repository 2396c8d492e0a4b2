"""Rasters of a run: in memory, or in temporary files where they would take much of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any

import numpy as np

from ..types import Array

_IN_MEMORY = 2**29
"""Bytes of all rasters up to which they stay in memory."""

_SHARE_OF_DISK = 0.5
"""Share of the free space of the temporary folder that may be taken."""

_PIECE = 2**22
"""Bytes that are written at a time."""

_MOUNTS = "/proc/self/mountinfo"


class Scratch:
    """Makes the rasters of a run.

    In files they are mapped: the system keeps what is in use in memory and writes out the rest. A file has no name, or
    goes with the last that holds it, and so is gone after a run that was cancelled or killed too.

    Parameters
    ----------
    total : float
        Bytes of all rasters together. Little stays in memory, and much too where the disk has no room for it or temporary
        files lie in memory.

    Attributes
    ----------
    on_disk : bool
        Whether the rasters are in files.

    Examples
    --------
    >>> scratch = Scratch(8 * 12)
    >>> scratch.on_disk, float(scratch.zeros((3, 4)).sum())
    (False, 0.0)
    """

    def __init__(self, total: float) -> None:
        self._folder = _on_disk() if total > _IN_MEMORY else None
        self.on_disk = self._folder is not None and total <= _SHARE_OF_DISK * shutil.disk_usage(self._folder).free

    def zeros(self, shape: tuple[int, ...], dtype: Any = np.float64) -> Array:
        """Return a raster of zeros."""
        if self.on_disk:
            try:
                return _mapped(shape, np.dtype(dtype), self._folder)
            except OSError:  # others have filled the disk
                self.on_disk = False
        return np.zeros(shape, dtype)


def _on_disk() -> str | None:
    """Return a folder for temporary files; None where all that there are lie in memory, as many systems have it."""
    folders = dict.fromkeys((tempfile.gettempdir(), "/var/tmp"))  # noqa: S108 # nosec B108 - the files have no names
    return next((one for one in folders if os.path.isdir(one) and not _in_memory(one)), None)


def _in_memory(folder: str) -> bool:
    """Return whether a folder lies in memory, where the system tells."""
    device = os.stat(folder).st_dev
    try:
        with open(_MOUNTS, encoding="utf-8", errors="replace") as lines:
            mounts = [line.split() for line in lines]
    except OSError:
        return False
    here = f"{os.major(device)}:{os.minor(device)}"
    return any(words[2] == here and words[words.index("-") + 1] in ("tmpfs", "ramfs") for words in mounts)


def _mapped(shape: tuple[int, ...], dtype: np.dtype[Any], folder: str | None) -> Array:
    """Return zeros in a file that has its place on the disk: a full one would end a process that writes to what is mapped."""
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    with tempfile.TemporaryFile(dir=folder) as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            for first in range(0, size, _PIECE):
                file.write(bytes(min(_PIECE, size - first)))
            file.flush()
        return np.asarray(np.memmap(file, dtype, "r+", shape=shape))
