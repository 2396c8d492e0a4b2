"""Ranks, grades and how well two rankings agree."""

from __future__ import annotations

import numpy as np

from ..types import FloatArray, IntArray
from .breaks import natural_breaks

NOISE = 1e-9
"""Share of the largest value below which a difference is rounding, on which no rank may hang."""


def ranks(values: FloatArray) -> IntArray:
    """Return 1 for the highest value; equal values share the better rank.

    Examples
    --------
    >>> ranks(np.array([5.0, 9.0, 9.0, 1.0])).tolist()
    [3, 1, 1, 4]
    """
    ordered = np.sort(-values)
    found: IntArray = np.searchsorted(ordered, -values, side="left") + 1
    return found


def strict_ranks(values: FloatArray) -> IntArray:
    """Return 1 for the highest value; of equal values the first comes first.

    Examples
    --------
    >>> strict_ranks(np.array([5.0, 9.0, 9.0, 1.0])).tolist()
    [3, 1, 2, 4]
    """
    found = np.empty(values.size, dtype=np.int64)
    found[np.argsort(-values, kind="stable")] = np.arange(1, values.size + 1)
    return found


def grades(values: FloatArray, count: int) -> IntArray:
    """Return the grade of each value by natural breaks, 1 for the highest class; at most `count` grades.

    Examples
    --------
    >>> grades(np.array([1.0, 9.0, 2.0, 10.0]), 2).tolist()
    [2, 1, 2, 1]
    """
    breaks = natural_breaks(values, count)
    found: IntArray = breaks.limits.size - breaks.classify(values)
    return found


def rank_correlation(first: FloatArray, second: FloatArray) -> float:
    """Return Spearman's rank correlation of two lists of numbers, ties ranked by their mean; NaN if undefined.

    Examples
    --------
    >>> round(rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 15.0])), 4)
    0.5
    """
    if first.size < 2:
        return float("nan")
    ranks = [mean_ranks(values) for values in (first, second)]
    centred = [rank - rank.mean() for rank in ranks]
    spread = float(np.sqrt(np.sum(centred[0] ** 2) * np.sum(centred[1] ** 2)))
    return float(np.sum(centred[0] * centred[1])) / spread if spread > 0 else float("nan")


def mean_ranks(values: FloatArray) -> FloatArray:
    """Return 1 for the lowest value; equal values share the mean of their ranks.

    As `scipy.stats.rankdata` does, whose module is slow to load.
    """
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    mean: FloatArray = np.cumsum(count) - (count - 1) / 2.0
    return mean[place]


def without_noise(values: FloatArray) -> FloatArray:
    """Return values in steps of `NOISE`, so that those that are equal but for rounding are equal on every computer.

    Examples
    --------
    >>> without_noise(np.array([0.1 + 0.2, 0.3, 1.0])).tolist()
    [300000000.0, 300000000.0, 1000000000.0]
    """
    step = NOISE * float(np.abs(values).max(initial=0.0))
    found: FloatArray = np.rint(values / step) if step else values
    return found
