"""Potentials of many solves: in memory, or in a file where they would take much of it."""

from __future__ import annotations

import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..monitor import Monitor
from ..types import FloatArray

_IN_MEMORY = 2**28
"""Bytes of potentials up to which they stay in memory."""

_PIECE = 2**20
"""Values that are written at a time."""


class Potentials:
    """Potentials by node, in a temporary file as long as the disk has room, if all together are large.

    Parameters
    ----------
    count, size : int
        Number of vectors, and of the values of each.
    monitor : Monitor
        Cancellation.
    """

    def __init__(self, count: int, size: int, monitor: Monitor) -> None:
        self._monitor = monitor
        self._to_file = potential_bytes(count, size) == 0
        self._file: Any = None
        self._places: dict[int, tuple[int, int]] = {}
        self._kept: dict[int, FloatArray] = {}

    def __setitem__(self, node: int, potential: FloatArray) -> None:
        if self._to_file:
            try:
                self._places[node] = self._write(potential), potential.size
                return
            except OSError:
                self._to_file = False
        self.keep(node, potential)

    def keep(self, node: int, potential: FloatArray) -> None:
        """Keep potentials in memory."""
        self._kept[node] = potential

    def __getitem__(self, node: int) -> FloatArray:
        if node in self._kept:
            return self._kept[node]
        start, size = self._places[node]
        potential: FloatArray = np.memmap(self._file, np.float64, "r", offset=start, shape=(size,))
        return potential

    def _write(self, potential: FloatArray) -> int:
        """Write at the end of the file, never through memory that is mapped: a full disk would end the process."""
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115, it lives as long as this object
            weakref.finalize(self, self._file.close)
        start: int = self._file.seek(0, 2)
        for first in range(0, potential.size, _PIECE):
            self._monitor.check()
            self._file.write(potential[first : first + _PIECE])
        self._file.flush()
        return start


@dataclass(frozen=True)
class SharedPotentials:
    """Potentials by place in a file that several processes write to and read from.

    Parameters
    ----------
    path : str
        The file.
    size : int
        Values of each vector.
    """

    path: str
    size: int

    @staticmethod
    def within(folder: Path, size: int) -> SharedPotentials | None:
        """Return an empty file in a folder; None where there can be none."""
        path = folder / "potentials"
        try:
            path.touch()
        except OSError:
            return None
        return SharedPotentials(str(path), size)

    def write(self, place: int, potential: FloatArray, monitor: Monitor) -> bool:
        """Write a vector, though not through memory that is mapped; return whether the disk has had room for it."""
        try:
            with open(self.path, "r+b") as file:
                file.seek(place * self.size * 8)
                for first in range(0, potential.size, _PIECE):
                    monitor.check()
                    file.write(potential[first : first + _PIECE].data)
        except OSError:
            return False
        return True

    def __getitem__(self, place: int) -> FloatArray:
        potential: FloatArray = np.memmap(self.path, np.float64, "r", offset=place * self.size * 8, shape=(self.size,))
        return potential


def potential_bytes(count: int, size: int) -> int:
    """Return how much memory, in bytes, the potentials of so many solves take; 0 where they go to a file.

    Examples
    --------
    >>> potential_bytes(4, 1_000_000), potential_bytes(4, 100_000_000)
    (32000000, 0)
    """
    together = count * size * 8
    return together if together <= _IN_MEMORY else 0
