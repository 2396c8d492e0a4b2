"""Passes over evidence rasters: the cells where all of them have data, and how their values are distributed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Callable

import numpy as np

from ..errors import GridMismatchError, InputError
from ..monitor import Monitor
from ..stats.distribution import Distribution
from ..types import BoolArray, FloatArray, IntArray

_CHUNK = 1 << 18
"""Cells to work on at a time."""

Reader = Callable[[Monitor], Iterable[tuple[int, Sequence[FloatArray]]]]
"""Yields the first row and some rows of every evidence (NaN = NoData) from the top down, as often as it is called."""

Passes = Callable[[Monitor], Iterator[Sequence[FloatArray]]]
"""Yields values of the same cells of several variables, as often as it is called."""


class EvidenceCells:
    """The cells where every evidence has data, pass by pass, and what the first pass tells of them.

    Attributes
    ----------
    count, missing, partial : int
        Cells where all have data, where not, and of these where some have.
    lacking : ndarray, int64
        For each evidence, cells where it has no data and another has.
    low, high : list of float
        Range of each evidence where all have data.
    kinds : list of dtype
        Kind of the values of each evidence.
    """

    def __init__(self, read: Reader, evidences: int, names: Sequence[str]) -> None:
        self._read = read
        self._evidences = evidences
        self._names = names or [f"evidence {k}" for k in range(1, evidences + 1)]
        self.count = self.missing = self.partial = 0
        self.lacking: IntArray = np.zeros(evidences, dtype=np.int64)
        self.low, self.high = [np.inf] * evidences, [-np.inf] * evidences
        self.kinds: list[np.dtype[np.floating]] = []

    def blocks(self, monitor: Monitor) -> Iterator[tuple[int, Sequence[FloatArray]]]:
        """Yield the first row and the rows of all evidences."""
        for row, block in self._read(monitor):
            if len(block) != self._evidences:
                raise InputError(f"There are {self._evidences} weights for {len(block)} evidences. Give one for each.")
            for values in block:
                if values.shape != block[0].shape:
                    raise GridMismatchError(f"The evidences differ in size: {block[0].shape} and {values.shape} cells.")
            yield row, block

    def passes(self, monitor: Monitor) -> Iterator[Sequence[FloatArray]]:
        """Yield values of the cells where all have data."""
        for _, block in self.blocks(monitor):
            for values, valid in chunks(block, monitor):
                if valid.any():
                    yield [one[valid] for one in values]

    def survey(self, monitor: Monitor, *, within: bool) -> None:
        """Look at all cells once; `within` refuses values beyond 0 to 1."""
        held = np.zeros(self._evidences, dtype=np.int64)
        for _, block in self.blocks(monitor):
            self.kinds = [values.dtype for values in block]
            for values, valid in chunks(block, monitor):
                absent = np.array([np.isnan(one) for one in values])
                held += np.count_nonzero(~absent, axis=1)
                some = ~valid & ~absent.all(axis=0)
                self.count += int(np.count_nonzero(valid))
                self.missing += int(np.count_nonzero(~valid))
                self.partial += int(np.count_nonzero(some))
                self.lacking += np.count_nonzero(absent & some, axis=1)
                for k, one in enumerate(values):
                    if np.isinf(one).any():
                        raise InputError(
                            f"'{self._names[k]}' holds infinite values. Make them NoData or numbers first."
                        )
                    if valid.any():
                        self.low[k] = min(self.low[k], float(one[valid].min()))
                        self.high[k] = max(self.high[k], float(one[valid].max()))
        for name, count in zip(self._names, held):
            if not count:
                raise InputError(f"'{name}' has no cell with data. Leave it out, or choose another raster.")
        if not self.count:
            raise InputError("There is no cell in which all evidences have data. Check that they cover the same area.")
        for name, low, high in zip(self._names, self.low, self.high):
            if low == high:
                raise InputError(
                    f"'{name}' has one value only, {low:g}, in the {self.count:,} cells where all evidences have data, and "
                    "tells no cell from another. Leave it out; or, if its NoData means 'none', fill that with 0 first."
                )
            if within and not (low >= 0.0 and high <= 1.0):
                raise InputError(
                    f"'{name}' goes from {low:g} to {high:g}. Evidences that are taken as they are must lie between 0 and "
                    "1. Choose another normalisation."
                )

    def worst(self, turned: Sequence[bool]) -> list[FloatArray]:
        """Return the worst value of each evidence."""
        ends = [high if turn else low for low, high, turn in zip(self.low, self.high, turned)]
        return [np.array([end], dtype=kind) for end, kind in zip(ends, self.kinds)]


def chunks(block: Sequence[FloatArray], monitor: Monitor) -> Iterator[tuple[list[FloatArray], BoolArray]]:
    """Yield parts of a block: the values of each evidence, and where all have data."""
    flat = [values.reshape(-1) for values in block]
    for start in range(0, flat[0].size, _CHUNK):
        monitor.check()
        values = [one[start : start + _CHUNK] for one in flat]
        valid = ~np.isnan(values[0])
        for one in values[1:]:
            valid &= ~np.isnan(one)
        yield values, valid


def gather(
    passes: Passes,
    found: Sequence[Distribution],
    parts: Sequence[Callable[[Distribution], IntArray]],
    monitor: Monitor,
) -> None:
    """Count the values of the first so many variables, again and again until each distribution is split as it is wanted."""
    left, done = list(range(len(found))), 0
    while left:
        for values in passes(monitor.part(1.0 - 0.5**done, 1.0 - 0.5 ** (done + 1))):
            for k in left:
                found[k].add(values[k])
                monitor.check()
        left = [k for k in left if found[k].split(parts[k](found[k]))]
        done += 1
