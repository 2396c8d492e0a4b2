"""Arrays kept in memory up to a budget of bytes, and in a temporary file beyond it."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Collection
from typing import IO, Any, NamedTuple

import numpy as np

from ..types import Array

_AT_ONCE = 2**24
"""Bytes written at a time, so that a part of a larger array is not copied as a whole."""

_SHARE_OF_DISK = 0.5
"""Share of the free space of the temporary folder that may be taken."""


class _Place(NamedTuple):
    """Where an array lies in the file."""

    offset: int
    shape: tuple[int, ...]
    kind: np.dtype[Any]


class Shelf:
    """Arrays by number; what is beyond the budget waits in a file, or in memory too where the disk is full.

    Parameters
    ----------
    budget : int
        Bytes to hold in memory.

    Examples
    --------
    >>> shelf = Shelf(budget=0)
    >>> shelf.put(7, np.arange(3.0))
    >>> shelf.make_room()
    >>> shelf.bytes_held, shelf[7]
    (0, array([0., 1., 2.]))
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._held: dict[int, Array] = {}
        self._places: dict[int, _Place] = {}
        self._file: IO[bytes] | None = None
        self._end = 0

    @property
    def bytes_held(self) -> int:
        """Bytes of the arrays that are in memory."""
        return sum(array.nbytes for array in self._held.values())

    def put(self, key: int, array: Array) -> None:
        """Keep an array, in the place of the one that had its number."""
        self._places.pop(key, None)
        self._held[key] = array

    def __getitem__(self, key: int) -> Array:
        """Return an array, which is in memory then."""
        if key not in self._held:
            self._held[key] = self._read(self._places[key])
        return self._held[key]

    def __contains__(self, key: int) -> bool:
        """Return whether there is an array of a number."""
        return key in self._held or key in self._places

    def view(self, key: int) -> Array:
        """Return an array as it is: in memory, or mapped from the file. It must not be changed."""
        if key in self._held or self._file is None:
            return self._held[key]
        place = self._places[key]
        return np.memmap(self._file, mode="r", dtype=place.kind, offset=place.offset, shape=place.shape)

    def clear(self) -> None:
        """Forget all arrays, and give back memory and disk."""
        self._held.clear()
        self._places.clear()
        if self._file is not None:
            self._file.close()
        self._file, self._end = None, 0

    def make_room(self, current: Collection[int] = (), next_use: Callable[[int], int] = int) -> None:
        """Write the arrays that are needed last to the file until the rest fit; those in use stay in memory."""
        while self.bytes_held > self._budget:
            others = [key for key in self._held if key not in current]
            if not others:
                return
            key = max(others, key=next_use)
            if key not in self._places and not self._write(key, self._held[key]):
                return
            del self._held[key]

    def _write(self, key: int, array: Array) -> bool:
        """Write an array to the file; return whether there was room for it."""
        if array.nbytes > _SHARE_OF_DISK * shutil.disk_usage(tempfile.gettempdir()).free:
            return False
        rows = max(1, _AT_ONCE // max(1, array[:1].nbytes))
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115, closed by `clear` or with the shelf
                weakref.finalize(self, self._file.close)
            self._file.seek(self._end)
            for first in range(0, len(array), rows):
                self._file.write(np.ascontiguousarray(array[first : first + rows]).data)
            self._file.flush()
        except OSError:
            return False
        self._places[key] = _Place(self._end, array.shape, array.dtype)
        self._end += array.nbytes
        return True

    def _read(self, place: _Place) -> Array:
        array = np.empty(place.shape, dtype=place.kind)
        if self._file is not None and array.size:
            self._file.seek(place.offset)
            self._file.readinto(array.data.cast("B"))  # type: ignore[attr-defined]
        return array
