"""How far two results of one computation differ: cells, records, numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..types import BoolArray

_CLASSES = 256
"""More different whole numbers than that are no classes."""


@dataclass(frozen=True)
class Difference:
    """How far two results differ.

    Attributes
    ----------
    compared : int
        Values that either has.
    differing : int
        Values that only one has, or that differ by more than the tolerance.
    largest : float
        Largest absolute difference of values that both have; 0 where there is none.
    largest_share : float
        Largest difference as a share of the larger of both values, or of the scale where that is larger.
    jaccard : float
        Of class maps: cells that both call so over those that either does, of the class where that is least; else NaN.
    """

    compared: int
    differing: int
    largest: float
    largest_share: float
    jaccard: float = math.nan


def differ(before: Any, now: Any, tolerance: float, *, scale: float = 0.0) -> BoolArray:
    """Return where values differ by more than a tolerance, a share of the larger of both.

    Parameters
    ----------
    before, now : array_like
        Numbers, of one shape. Two NaN do not differ.
    tolerance : float
        0 takes equal numbers only; 0 and -0 are equal.
    scale : float
        Size of usual values: smaller ones are held to the same share of it, as what is nearly 0 is the noise of larger ones.

    Examples
    --------
    >>> differ([1.0, 100.0, np.nan, np.nan], [1.0, 100.001, np.nan, 1.0], 1e-6).tolist()
    [False, True, False, True]
    >>> differ([1e-12, 1e-12], [2e-12, 1e-5], 1e-6, scale=1.0).tolist()
    [False, True]
    """
    first, second = np.asarray(before, dtype=np.float64), np.asarray(now, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        apart = np.abs(first - second)
        near = np.isfinite(apart) & (apart <= tolerance * np.maximum(np.maximum(np.abs(first), np.abs(second)), scale))
    found: BoolArray = ~(near | (first == second) | (np.isnan(first) & np.isnan(second)))
    return found


class CellDifferences:
    """Compares two rasters band by band of rows.

    Parameters
    ----------
    tolerance, scale : float
        As in `differ`.

    Examples
    --------
    >>> found = CellDifferences(1e-6)
    >>> valid = np.ones((1, 3), dtype=bool)
    >>> found.add(np.array([[1.0, 2.0, 4.0]]), valid, np.array([[1.0, 2.0, 5.0]]), valid)
    >>> found.result()
    Difference(compared=3, differing=1, largest=1.0, largest_share=0.2, jaccard=nan)
    """

    def __init__(self, tolerance: float, *, scale: float = 0.0) -> None:
        self._tolerance, self._scale = tolerance, scale
        self._compared = self._differing = 0
        self._largest = self._share = 0.0
        self._classes: dict[int, list[int]] | None = {}

    def add(self, before: np.ndarray, before_valid: BoolArray, now: np.ndarray, now_valid: BoolArray) -> None:
        """Take some more rows: values and where they are valid, of both."""
        either, both = before_valid | now_valid, before_valid & now_valid
        first, second = before[both].astype(np.float64), now[both].astype(np.float64)
        apart = np.abs(first - second)
        self._compared += int(np.count_nonzero(either))
        beyond = differ(first, second, self._tolerance, scale=self._scale)
        self._differing += int(np.count_nonzero(either) - first.size + beyond.sum())
        if apart.size:
            self._largest = max(self._largest, float(apart.max()))
            scale = np.maximum(np.maximum(np.abs(first), np.abs(second)), self._scale)
            self._share = max(self._share, float(np.divide(apart, scale, out=apart, where=scale > 0).max()))
        self._count_classes(before, before_valid, now, now_valid)

    def _count_classes(
        self, before: np.ndarray, before_valid: BoolArray, now: np.ndarray, now_valid: BoolArray
    ) -> None:
        if self._classes is None:
            return
        if before.dtype.kind == "f" or now.dtype.kind == "f":
            self._classes = None
            return
        counts = ((before, before_valid), (now, now_valid), (now, now_valid & before_valid & (before == now)))
        for place, (values, where) in enumerate(counts):
            for value, count in zip(*np.unique(values[where], return_counts=True)):
                self._classes.setdefault(int(value), [0, 0, 0])[place] += int(count)
        if len(self._classes) > _CLASSES:
            self._classes = None

    def result(self) -> Difference:
        """Return how far the rows taken differ."""
        shares = [both / (first + second - both) for first, second, both in (self._classes or {}).values()]
        least = min(shares) if shares else math.nan
        return Difference(self._compared, self._differing, self._largest, self._share, least)
