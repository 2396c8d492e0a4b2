"""Class limits for numbers: natural breaks, quantiles, equal steps and geometric steps.

All four work on the distinct values and their weights, so a raster costs no more than its number of distinct values.
A class holds the values above the limit before it, up to and including its own limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable

import numpy as np

from ..choices import BreakMethod
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..types import Array, FloatArray, IntArray

MAX_DISTINCT = 1 << 17
"""Distinct values up to which natural breaks are exact; beyond, near values are grouped first."""


_ROUNDED = 1e-9
"""Share of a limit that text may have cost it: ten digits are kept."""


@dataclass(frozen=True)
class Breaks:
    """Limits of classes, and how well they fit.

    Attributes
    ----------
    minimum : float
        Smallest value.
    limits : float64, shape (classes,)
        Largest value that belongs to each class, ascending; the last is the largest value.
    goodness : float
        Goodness of variance fit, 1 - SSW / SST: 1 when every class is a single value.
    error : float
        Natural breaks only: by how much the sum of squares within the classes can exceed that of the best limits,
        as a share of it. 0 when the limits are the best ones.
    """

    minimum: float
    limits: FloatArray
    goodness: float
    error: float = 0.0

    def classify(self, values: Array) -> IntArray:
        """Return the class of each value: 0 is the lowest; -1 where the value is NaN.

        Values outside the range the limits were made from fall in the first or the last class.
        """
        values = np.asarray(values)
        found = np.searchsorted(self.limits[:-1], values, side="left").astype(np.int32)
        if values.dtype.kind == "f":
            found[np.isnan(values)] = -1
        return found


def natural_breaks(values: Array, classes: int, *, weights: Array | None = None, monitor: Monitor = SILENT) -> Breaks:
    """Return the limits that make the classes as uniform as possible (Fisher-Jenks).

    The sum of squared deviations from the class means is the smallest possible one. Equal values are never separated.
    Of limits that are equally good, the higher classes start as low as they can.

    Parameters
    ----------
    values : array of any shape
        Numbers to classify. NaN is left out.
    classes : int
        Number of classes wanted. Fewer come back when there are fewer distinct values.
    weights : array of the same shape, optional
        How often each value counts, at least 0 (for instance the area of its polygon).

    Returns
    -------
    Breaks

    Raises
    ------
    InputError
        No value, infinite values, a bad weight, or fewer than one class.

    Notes
    -----
    Dynamic programming over the d distinct values; the best start of the last class moves up with its end, which
    brings the work down to O(classes d log d) [2]_. With more than `MAX_DISTINCT` distinct values, neighbours are
    grouped into that many bins, narrow in width and light in weight; the sums of squares stay exact and only the
    limits are held to the edges of bins. Giving a bin that the best limits cut to one side costs twice its weight
    times its width times the distance of the two class means, and these distances add up to no more than the range:
    the excess is at most 2 x range x the largest weight x width of a bin. `Breaks.error` states it as a share.

    References
    ----------
    .. [1] W. D. Fisher (1958), On grouping for maximum homogeneity, J. Am. Stat. Assoc. 53,
       doi:10.1080/01621459.1958.10501479.
    .. [2] H. Wang and M. Song (2011), Ckmeans.1d.dp, The R Journal 3(2), doi:10.32614/RJ-2011-015.

    Examples
    --------
    >>> found = natural_breaks(np.array([1.0, 2.0, 10.0, 11.0, 30.0]), 3)
    >>> found.limits.tolist()
    [2.0, 11.0, 30.0]
    """
    x, w = _distinct(values, weights, classes)
    k = min(classes, x.size)
    low, high, counted = _bins(x, w)
    mean = float(np.average(x, weights=w))
    centred = x - mean
    moments = [np.add.reduceat(w * centred**power, low) for power in range(3)]
    starts = _best_starts(moments, k, monitor)
    ends = np.append(starts[1:], low.size) - 1
    limits = x[high[ends]]
    excess = 2.0 * (x[-1] - x[0]) * float(np.max(counted * (x[high] - x[low])))
    return _finish(x, w, limits, excess)


def quantile_breaks(values: Array, classes: int, *, weights: Array | None = None, monitor: Monitor = SILENT) -> Breaks:
    """Return limits that give every class the same share of the values, as far as equal values allow.

    A limit is the smallest value with at least its share of the weight at or below it (the inverse of the distribution
    function, no interpolation). Equal limits are merged, so fewer classes may come back. See `natural_breaks` for the
    parameters and errors.

    Examples
    --------
    >>> found = quantile_breaks(np.array([1.0, 2.0, 10.0, 11.0]), 2)
    >>> found.limits.tolist()
    [2.0, 11.0]
    """
    x, w = _distinct(values, weights, classes)
    monitor.check()
    share = np.cumsum(w)
    share /= share[-1]
    wanted = np.arange(1, classes + 1) / classes
    place = np.searchsorted(share, wanted * (1.0 - 1e-12), side="left")
    return _finish(x, w, x[np.unique(np.minimum(place, x.size - 1))])


def equal_breaks(values: Array, classes: int, *, weights: Array | None = None, monitor: Monitor = SILENT) -> Breaks:
    """Return limits at equal distances from the smallest to the largest value.

    A class may hold no value. Values that are all equal make one class. See `natural_breaks` for the parameters and
    errors.
    """
    x, w = _distinct(values, weights, classes)
    monitor.check()
    steps = classes if x.size > 1 else 1
    limits = np.linspace(x[0], x[-1], steps + 1)[1:]
    return _finish(x, w, limits)


def geometric_breaks(values: Array, classes: int, *, weights: Array | None = None, monitor: Monitor = SILENT) -> Breaks:
    """Return limits at equal ratios from the smallest to the largest value, for values that spread over magnitudes.

    See `natural_breaks` for the parameters and errors.

    Raises
    ------
    InputError
        Also if a value is not above 0.
    """
    x, w = _distinct(values, weights, classes)
    monitor.check()
    if x[0] <= 0.0:
        raise InputError(
            f"Geometric classes need values above 0; the smallest is {x[0]:g}. "
            "Mask such values out or use another method."
        )
    steps = classes if x.size > 1 else 1
    limits = np.exp(np.linspace(np.log(x[0]), np.log(x[-1]), steps + 1)[1:])
    limits[-1] = x[-1]
    return _finish(x, w, limits)


def check_limits(limits: Sequence[float] | FloatArray) -> FloatArray:
    """Return the upper limits of classes as an array.

    Raises
    ------
    InputError
        If there are fewer than two or more than 255, one is not finite, or they do not ascend.

    Examples
    --------
    >>> check_limits([1, 2.5, 7]).tolist()
    [1.0, 2.5, 7.0]
    """
    held = np.asarray(limits, dtype=np.float64)
    if not 2 <= held.size <= 255:
        raise InputError(
            f"{held.size} limit(s) make no classes to choose from; give the upper limits of 2 to 255 classes, the highest "
            "class too."
        )
    if not np.isfinite(held).all():
        raise InputError("A limit of a class is not a finite number.")
    back = np.flatnonzero(np.diff(held) <= 0)
    if back.size:
        raise InputError(
            f"The limits of classes ascend, but {held[back[0] + 1]:g} follows {held[back[0]]:g}. Give upper limits, the "
            "lowest class first."
        )
    return held


def settled(limits: FloatArray, values: FloatArray) -> FloatArray:
    """Return limits as the values that they were rounded from, where there are such values.

    Limits are values. Those that have been through text, a CSV or a message, have lost digits, and the value itself would
    lie above its limit: the largest value within a thousand millionth of a limit is taken for it.

    Parameters
    ----------
    limits : float64, shape (classes,)
        See `check_limits`.
    values : float array of any shape
        What is classified; NaN is nothing.

    Examples
    --------
    >>> settled(np.array([0.3333333333, 2.0]), np.array([1 / 3, 0.5])).tolist()
    [0.3333333333333333, 2.0]
    """
    found: FloatArray = limits.copy()
    for k, limit in enumerate(limits[:-1]):  # what is above the last one is in its class anyway
        near = values[np.abs(values - limit) <= _ROUNDED * abs(limit)]
        if near.size:
            found[k] = near.max()
    return found


def held_breaks(
    values: Array,
    limits: Sequence[float] | FloatArray,
    *,
    weights: Array | None = None,
    monitor: Monitor = SILENT,
) -> Breaks:
    """Return limits that were found for other values, such as those of an earlier year, and how well they fit these.

    Limits that are found anew for each of two dates move with the values: a class then holds as large a part of either,
    whether there is more of it or not. Held limits tell.

    Parameters
    ----------
    values : array of any shape
        Numbers to classify. NaN is left out.
    limits : sequence of float
        The largest value of each class, ascending; what is larger than the last belongs to the highest class too.
    weights, monitor
        As for `natural_breaks`.

    Raises
    ------
    InputError
        No value, infinite values, or limits that are none, see `check_limits`.

    Examples
    --------
    >>> first = natural_breaks(np.array([1.0, 2.0, 10.0, 11.0]), 2)
    >>> held_breaks(np.array([1.0, 12.0, 13.0]), first.limits).classify(np.array([1.0, 12.0, 13.0])).tolist()
    [0, 1, 1]
    """
    held = check_limits(limits)
    x, w = _distinct(values, weights, held.size)
    monitor.check()
    return _finish(x, w, settled(held, x))


BREAK_METHODS: dict[BreakMethod, Callable[..., Breaks]] = {
    BreakMethod.NATURAL: natural_breaks,
    BreakMethod.QUANTILE: quantile_breaks,
    BreakMethod.EQUAL: equal_breaks,
    BreakMethod.GEOMETRIC: geometric_breaks,
}


def _distinct(values: Array, weights: Array | None, classes: int) -> tuple[FloatArray, FloatArray]:
    """Return the distinct values, ascending, and the weight of each."""
    if classes < 1:
        raise InputError(f"{classes} classes cannot be made. Ask for at least 1.")
    values = np.asarray(values)
    flat = values.ravel()
    if weights is None:
        if flat.dtype.kind == "f":
            flat = flat[~np.isnan(flat)]
        x, counts = np.unique(flat, return_counts=True)
        w: FloatArray = counts.astype(np.float64)
    else:
        given = np.asarray(weights, dtype=np.float64)
        if given.shape != values.shape:
            raise InputError(f"There are {given.size} weights for {values.size} values. Give one weight per value.")
        if not bool(np.all(given >= 0.0)) or bool(np.isinf(given).any()):
            raise InputError("A weight is negative, infinite or missing. Weights must be numbers of 0 or more.")
        use = given.ravel() > 0.0
        if flat.dtype.kind == "f":
            use &= ~np.isnan(flat)
        x, inverse = np.unique(flat[use], return_inverse=True)
        w = np.bincount(inverse.ravel(), weights=given.ravel()[use], minlength=x.size).astype(np.float64)
    if x.size == 0:
        raise InputError("There is no value to classify: all are missing. Choose another field or raster.")
    x = x.astype(np.float64)
    if not np.isfinite(x[[0, -1]]).all():
        raise InputError("Infinite values cannot be classified. Replace them or mark them as NoData.")
    return x, w


def _bins(x: FloatArray, w: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Group distinct values into at most `MAX_DISTINCT` bins: first and last value of each, and its weight."""
    if x.size <= MAX_DISTINCT:
        every = np.arange(x.size)
        return every, every, w
    # Half of the scale is the value, half the weight: no bin is wide and none is heavy, unless it is one value.
    weight = np.cumsum(w)
    scale = (x - x[0]) / (x[-1] - x[0]) + weight / weight[-1]
    name = np.minimum((scale * (MAX_DISTINCT / 2.0)).astype(np.int64), MAX_DISTINCT - 1)
    low = np.flatnonzero(np.concatenate(([True], name[1:] != name[:-1])))
    high = np.append(low[1:], x.size) - 1
    return low, high, np.add.reduceat(w, low)


def _best_starts(moments: list[FloatArray], k: int, monitor: Monitor) -> IntArray:
    """Return the first item of each of the k classes of least sum of squares.

    `moments` are the sums of w, w x and w x^2 of each item, items in ascending order of x, x centred on its mean.
    """
    n = moments[0].size
    total, first, second = (np.concatenate(([0.0], np.cumsum(m))) for m in moments)

    def squares(i: IntArray, j: IntArray) -> FloatArray:
        """Sum of squares of the items i to j."""
        inside = second[j + 1] - second[i]
        inside -= (first[j + 1] - first[i]) ** 2 / (total[j + 1] - total[i])
        inside[inside < 0.0] = 0.0
        return inside

    every = np.arange(n)
    best = squares(np.zeros(n, dtype=np.int64), every)
    chosen = np.zeros((k, n), dtype=np.int64)
    for level in range(1, k):
        monitor.step(level, k)
        before = np.concatenate(([0.0], best[:-1]))
        best, chosen[level] = _row_minima(before, squares, monitor)
    starts = np.zeros(k, dtype=np.int64)
    end = n - 1
    for level in range(k - 1, 0, -1):
        # With no more items than classes left, each class is one item.
        starts[level] = max(min(int(chosen[level, end]), end), level)
        end = int(starts[level]) - 1
    return starts


def _row_minima(
    before: FloatArray, squares: Callable[[IntArray, IntArray], FloatArray], monitor: Monitor
) -> tuple[FloatArray, IntArray]:
    """Return, for each j, the least before[i] + squares(i, j) over i <= j and the first i that has it.

    The first best i never falls as j grows, so the rows are done coarse to fine, each between its two neighbours.
    """
    n = before.size
    least = np.zeros(n)
    where = np.zeros(n, dtype=np.int64)
    step = 1 << (n - 1).bit_length()
    while step:
        monitor.check()
        rows = np.arange(step, n, 2 * step)
        if rows.size:
            low = where[rows - step]
            after = rows + step
            high = np.minimum(rows, np.where(after < n, where[np.minimum(after, n - 1)], rows))
            count = high - low + 1
            offset = np.concatenate(([0], np.cumsum(count)[:-1]))
            i = np.arange(int(count.sum())) + np.repeat(low - offset, count)
            cost = before[i] + squares(i, np.repeat(rows, count))
            least[rows] = np.minimum.reduceat(cost, offset)
            hits = np.flatnonzero(cost == np.repeat(least[rows], count))
            where[rows] = i[hits[np.searchsorted(hits, offset)]]
        step >>= 1
    return least, where


def _finish(x: FloatArray, w: FloatArray, limits: FloatArray, excess: float = 0.0) -> Breaks:
    mean = np.average(x, weights=w)
    total = float(np.sum(w * (x - mean) ** 2))
    place = np.searchsorted(limits[:-1], x, side="left")
    weight = np.bincount(place, weights=w, minlength=limits.size)
    means = np.bincount(place, weights=w * x, minlength=limits.size) / np.where(weight > 0, weight, 1.0)
    within = float(np.sum(w * (x - means[place]) ** 2))
    goodness = 1.0 - within / total if total > 0 else 1.0
    error = excess / (within - excess) if excess and within > excess else (np.inf if excess else 0.0)
    return Breaks(float(x[0]), np.asarray(limits, dtype=np.float64), goodness, float(error))
