"""How values are distributed, gathered block by block and in as many passes as an exact answer takes."""

from __future__ import annotations

import numpy as np

from ..types import Array, FloatArray, IntArray

FIRST_BINS = 1 << 16
"""Bins of the first pass, and those a single bin is split into to find one value in it."""

FINENESS = 1 << 18
"""A distribution is fine when no bin with several values holds more than this part of the cells, or of the range."""

_SIGN = np.uint64(1 << 63)


class Distribution:
    """Counts of cells in bins of values; bins that matter are split and counted again.

    Bins are cut in the order of floating-point numbers, each of which has a whole number as its place. A bin can therefore
    be split until it is a single value, in at most a few passes, however the values crowd: an answer that hangs on one bin
    is exact and no cell has to be kept or sampled.

    Parameters
    ----------
    low, high : float
        Smallest and largest value that is added.
    dtype : float32 or float64
        Kind of the values.

    Attributes
    ----------
    count : ndarray, int64, shape (bins,)
        Cells in each bin.
    low, high : ndarray, float, shape (bins,)
        Smallest and largest value in each bin; infinite the wrong way round where it is empty.

    Notes
    -----
    A pass takes O(cells log bins). 32 bytes for each bin.

    Examples
    --------
    >>> values = np.array([3.0, 1.0, 2.0, 2.0, 9.0])
    >>> found = Distribution(1.0, 9.0, values.dtype)
    >>> found.add(values)
    >>> while found.split(found.parts_at_highest(3)):
    ...     found.add(values)
    >>> found.highest(3)
    2.0
    """

    def __init__(self, low: float, high: float, dtype: np.dtype[np.floating]) -> None:
        self._dtype = np.dtype(dtype)
        self.low: FloatArray
        self.high: FloatArray
        self.count: IntArray
        ends = np.array([low, high], dtype=self._dtype)
        self._cut(ends[:1], ends[1:], np.array([FIRST_BINS]))

    @property
    def total(self) -> int:
        """Number of cells."""
        return int(self.count.sum())

    def places(self, values: FloatArray) -> IntArray:
        """Return the bin of each value."""
        found: IntArray = np.searchsorted(self._starts, values, side="right") - 1
        return found

    def add(self, values: FloatArray) -> None:
        """Count values without NaN, within the range."""
        if not values.size:
            return
        # In order, values are found several times faster, and the ends of each bin lie at the ends of its stretch.
        values = np.sort(values)
        place = self.places(values)
        begin = np.flatnonzero(np.concatenate(([True], place[1:] != place[:-1])))
        end = np.append(begin[1:], values.size)
        bins = place[begin]
        self.count[bins] += end - begin
        self.low[bins] = np.minimum(self.low[bins], values[begin])
        self.high[bins] = np.maximum(self.high[bins], values[end - 1])

    def split(self, parts: IntArray) -> bool:
        """Drop empty bins and split each of the others into about so many; report whether all must be counted again.

        A bin of a single value is not split. Without any to split the counts stay.
        """
        held = self.count > 0
        low, high, parts = self.low[held], self.high[held], parts[held]
        if np.any((parts > 1) & (low != high)):
            self._cut(low, high, parts)
            return True
        self._starts = self.low = low
        self.high, self.count = high, self.count[held]
        return False

    def _cut(self, low: FloatArray, high: FloatArray, parts: IntArray) -> None:
        first, last = _places(low), _places(high)
        step = (last - first) // parts.astype(np.uint64) + np.uint64(1)
        pieces = ((last - first) // step).astype(np.int64) + 1
        before = np.cumsum(pieces) - pieces
        number = (np.arange(int(pieces.sum())) - np.repeat(before, pieces)).astype(np.uint64)
        self._starts = _values(np.repeat(first, pieces) + number * np.repeat(step, pieces), self._dtype)
        self.low = np.full(self._starts.size, np.inf, dtype=self._dtype)
        self.high = np.full(self._starts.size, -np.inf, dtype=self._dtype)
        self.count = np.zeros(self._starts.size, dtype=np.int64)

    def parts_to_be_fine(self) -> IntArray:
        """Return into how many parts each bin must be split for the whole distribution to be fine."""
        bearable = max(1, self.total // FINENESS)
        parts = np.ones(self.count.size, dtype=np.int64)
        coarse = np.flatnonzero(self.low < self.high)
        if not coarse.size:
            return parts
        # Halves, because the range of doubles is larger than any double.
        low, high = self.low.astype(np.float64) / 2.0, self.high.astype(np.float64) / 2.0
        wide = (high[coarse] - low[coarse]) * (FINENESS / (high.max() - low.min()))
        heavy = self.count[coarse] / bearable
        # Bins that hold few cells in a small range are fine; the others share the bins that may be made.
        wanted = np.ceil(2.0 * np.maximum(wide, heavy))
        fine = np.maximum(wide, heavy) <= 1.0
        each = max(2, FINENESS // max(1, int(np.count_nonzero(~fine))))
        parts[coarse] = np.where(fine, 1.0, np.maximum(wanted, each)).astype(np.int64)
        return parts

    def parts_at_highest(self, k: int) -> IntArray:
        """Return into how many parts each bin must be split to find the k-th highest value."""
        parts = np.ones(self.count.size, dtype=np.int64)
        parts[self._bin_of_highest(k)] = FIRST_BINS
        return parts

    def highest(self, k: int) -> float:
        """Return the k-th highest value; exact when its bin needs no more splitting."""
        return float(self.low[self._bin_of_highest(k)])

    def _bin_of_highest(self, k: int) -> int:
        at_least = np.cumsum(self.count[::-1])
        return int(self.count.size - 1 - np.searchsorted(at_least, k))

    def ranks(self) -> tuple[FloatArray, float]:
        """Return the share of the other cells below each bin, and the largest error.

        0 is the lowest cell and 1 the highest; equal values share the mean of their places. Values that share a bin with
        others are off by at most half the bin, which is the error.
        """
        others = max(self.total - 1, 1)
        middle = np.cumsum(self.count) - self.count + (self.count - 1) / 2.0
        shared = self.count[self.low != self.high]
        return middle / others, float(np.max(shared - 1, initial=0)) / 2.0 / others


def _places(values: FloatArray) -> Array:
    """Return whole numbers (uint64) in the order of the values, one after the other; both zeros are one."""
    bits = (values + values.dtype.type(0.0)).view(f"i{values.itemsize}").astype(np.int64)
    signed = bits ^ ((bits >> 63) & np.int64(np.iinfo(f"i{values.itemsize}").max))
    places: Array = signed.view(np.uint64) ^ _SIGN
    return places


def _values(places: Array, dtype: np.dtype[np.floating]) -> FloatArray:
    """Return the values at places; undoes `_places`."""
    signed = (places ^ _SIGN).view(np.int64)
    bits = signed ^ ((signed >> 63) & np.int64(np.iinfo(f"i{dtype.itemsize}").max))
    values: FloatArray = bits.astype(f"i{dtype.itemsize}").view(dtype)
    return values
