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


class Scratch:
    """Makes the rasters of a run.

    In files they are mapped: the system keeps what is in use in memory and writes out the rest. A file has no name, or
    goes with the last that holds it, and so is gone after a run that was cancelled or killed too.

    Parameters
    ----------
    total : float
        Bytes of all rasters together. Little stays in memory, and much too where the disk has no room for it.

    Attributes
    ----------
    on_disk : bool
        Whether the rasters are in files.

    Examples
    --------
    >>> scratch = Scratch(8 * 12)
    >>> scratch.on_disk, scratch.zeros((3, 4)).sum()
    (False, 0.0)
    """

    def __init__(self, total: float) -> None:
        self.on_disk = _IN_MEMORY < total <= _SHARE_OF_DISK * shutil.disk_usage(tempfile.gettempdir()).free

    def zeros(self, shape: tuple[int, ...], dtype: Any = np.float64) -> Array:
        """Return a raster of zeros."""
        if self.on_disk:
            try:
                return _mapped(shape, np.dtype(dtype))
            except OSError:  # others have filled the disk
                self.on_disk = False
        return np.zeros(shape, dtype)


def _mapped(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return zeros in a file that has its place on the disk: a full one would end a process that writes to what is mapped."""
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    with tempfile.TemporaryFile() as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            for first in range(0, size, _PIECE):
                file.write(bytes(min(_PIECE, size - first)))
            file.flush()
        return np.asarray(np.memmap(file, dtype, "r+", shape=shape))
