"""How high the values of cells are among those they are compared with, and how often each class of them is used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..stats.ranks import rank_correlation
from ..types import Array, BoolArray, FloatArray, IntArray

_WINDOWS, _WINDOW = 101, 0.1
"""Number of the windows of the Boyce index, and the width of each as a share of the range of the values."""


def percentiles(values: Array, strata: Array | None = None) -> FloatArray:
    """Return the share of values below each value, equal ones counted half: 0 to 1, in the mean 0.5.

    Parameters
    ----------
    values : float array, shape (n,)
        Without NaN.
    strata : int array, shape (n,), optional
        Values are only compared with those of the same stratum.

    Returns
    -------
    float64, shape (n,)

    Notes
    -----
    O(n log n). The mean of those of some of the values is the area under the ROC curve of these against all, exactly.

    Examples
    --------
    >>> percentiles(np.array([1.0, 5.0, 5.0, 9.0])).tolist()
    [0.125, 0.5, 0.5, 0.875]
    >>> percentiles(np.array([1.0, 5.0, 5.0, 9.0]), np.array([0, 0, 1, 1])).tolist()
    [0.25, 0.75, 0.25, 0.75]
    """
    order = np.argsort(values, kind="stable") if strata is None else np.lexsort((values, strata))
    held = values[order]
    new = np.ones(held.size, dtype=bool)
    new[1:] = held[1:] != held[:-1]
    del held
    if strata is not None:
        apart = np.diff(strata[order]) != 0
        new[1:] |= apart
    start = np.flatnonzero(new)
    equal = np.diff(start, append=new.size)
    share = equal / 2.0
    share += start
    if strata is None:
        share /= new.size
    else:
        first = np.concatenate(([0], np.flatnonzero(apart) + 1))
        own = np.searchsorted(first, start, side="right") - 1
        share = (share - first[own]) / np.diff(first, append=new.size)[own]
    del start, new
    found = np.empty(order.size)
    found[order] = np.repeat(share, equal)
    return found


@dataclass(frozen=True)
class Enrichment:
    """How often classes of cells are used for their area.

    Attributes
    ----------
    used, available : int64, shape (classes,)
        Used and all available cells of each class.
    """

    used: IntArray
    available: IntArray

    @property
    def ratio(self) -> FloatArray:
        """Share of the used cells over the share of the available ones; NaN for a class without cells."""
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio: FloatArray = (self.used / self.used.sum()) / (self.available / self.available.sum())
        return ratio

    @property
    def top(self) -> float:
        """That of the highest class that has cells."""
        return float(self.ratio[np.flatnonzero(self.available)[-1]])


def enrichment(percentile: FloatArray, used: IntArray, classes: int = 10) -> Enrichment:
    """Return how often classes of equal numbers of cells are used, the lowest first; cells of one value stay together.

    Examples
    --------
    >>> enrichment(percentiles(np.arange(20.0)), np.array([19, 18, 17, 0])).ratio.tolist()
    [2.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.5, 5.0]
    """
    number = np.minimum((percentile * classes).astype(np.uint8), classes - 1)
    return Enrichment(np.bincount(number[used], minlength=classes), np.bincount(number, minlength=classes))


def share_in(inside: BoolArray, used: IntArray) -> Enrichment:
    """Return how often cells outside (first) and inside (second) some areas are used."""
    number = inside.astype(np.int64)
    return Enrichment(np.bincount(number[used], minlength=2), np.bincount(number, minlength=2))


def boyce(values: Array, used: IntArray) -> float:
    """Return the continuous Boyce index: whether cells are used the more the higher their values, -1 to 1.

    Parameters
    ----------
    values : float array, shape (n,)
        Values of the available cells.
    used : int array
        Positions of the used ones.

    Returns
    -------
    float
        Rank correlation of the value with the enrichment in 101 windows, each as wide as a tenth of the range; windows
        without cells are left out. NaN if the values, or the enrichments, are all the same.

    References
    ----------
    Hirzel, A. H., Le Lay, G., Helfer, V., Randin, C. & Guisan, A. (2006). Evaluating the ability of habitat suitability
    models to predict species presences. *Ecological Modelling* 199, 142-152,
    https://doi.org/10.1016/j.ecolmodel.2006.05.017

    Examples
    --------
    >>> values = np.repeat(np.arange(101.0), 100)
    >>> more_and_more = np.concatenate([100 * k + np.arange(k // 2) for k in range(101)])
    >>> boyce(values, more_and_more)
    1.0
    """
    low, high = float(values.min()), float(values.max())
    if low == high:
        return float("nan")
    width = _WINDOW * (high - low)
    starts = np.linspace(low, high - width, _WINDOWS)
    # The last window holds the largest value, whatever rounding makes of its upper end.
    edges = starts, np.append(starts[:-1] + width, high)
    counts = []
    for some in (values[used], values):
        ordered = np.sort(some)
        counts.append(
            np.searchsorted(ordered, edges[1], side="right") - np.searchsorted(ordered, edges[0], side="left")
        )
    held = counts[1] > 0
    ratio = (counts[0][held] / used.size) / (counts[1][held] / values.size)
    return rank_correlation(starts[held], ratio)
