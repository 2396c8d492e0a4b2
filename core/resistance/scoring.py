"""From the values of a factor to its resistance scores, and the distance and relief factors themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..stats.breaks import Breaks
from ..types import Array, BoolArray, FloatArray, IntArray
from .scoretable import FALLS, RISES, ScoreClass


@dataclass(frozen=True)
class Scored:
    """Scores of a raster or of a part of it.

    Parameters
    ----------
    scores : ndarray, float32
        The scores; NaN where the value is NoData or in no class.
    unmatched : int
        Number of valid cells that no class catches.
    counts : ndarray, int64, shape (classes,)
        Number of cells in each class, in the order the classes were given.
    """

    scores: FloatArray
    unmatched: int
    counts: IntArray


class FactorValues:
    """What a factor's raster holds, gathered block by block for `core.resistance.scorechecks`.

    Attributes
    ----------
    minimum, maximum : float
        Range of the valid values; infinite before the first.
    codes : set of float or None
        The different values; None when there are more than a class map has (1,000).
    """

    def __init__(self) -> None:
        self.minimum = math.inf
        self.maximum = -math.inf
        self.codes: set[float] | None = set()

    def add(self, values: FloatArray) -> None:
        """Take in a block; NaN is left out."""
        known = values[~np.isnan(values)]
        if not known.size:
            return
        self.minimum = min(self.minimum, float(known.min()))
        self.maximum = max(self.maximum, float(known.max()))
        # In pieces, so that a continuous raster is recognised by the first one.
        for start in range(0, known.size, _CHUNK):
            if self.codes is None:
                return
            self.codes.update(np.unique(known[start : start + _CHUNK]).tolist())
            if len(self.codes) > _MOST_CODES:
                self.codes = None

    def leave_out(self, ranges: list[tuple[float, float]]) -> None:
        """Forget codes that turn out to be no data."""
        if ranges and self.codes is not None:
            self.codes = {code for code in self.codes if not any(low <= code <= high for low, high in ranges)}
            self.minimum, self.maximum = min(self.codes, default=math.inf), max(self.codes, default=-math.inf)


_MOST_CODES = 1000
_FEW = 40
_CHUNK = 1 << 16


def score_values(values: Array, classes: Sequence[ScoreClass], *, valid: BoolArray | None = None) -> Scored:
    """Give every cell the score of the class that holds its value.

    Classes are closed ranges; a limit that two classes share belongs to the lower one.

    Parameters
    ----------
    values : ndarray, integer or float, any shape
        Values of the factor, NaN = NoData.
    classes : sequence of ScoreClass
        Disjoint classes, in any order. Gaps between them are allowed; their cells get no score.
    valid : ndarray of bool, same shape, optional
        False where an integer raster has no data.

    Returns
    -------
    Scored
        Scores, cells in no class and cells in each.

    Raises
    ------
    InputError
        If there is no class, or a class is reversed, overlaps another or has no finite score.

    Notes
    -----
    O(cells x classes), log(classes) when there are many; cell-wise, so it may be called block by block.

    Examples
    --------
    >>> classes = [ScoreClass(-np.inf, 8.0, 1.0), ScoreClass(8.0, 15.0, 3.0)]
    >>> scored = score_values(np.array([2.0, 8.0, 12.0, 40.0]), classes)
    >>> scored.scores.tolist(), scored.unmatched
    ([1.0, 1.0, 3.0, nan], 1)
    """
    order = _check_classes(classes)
    ordered = [classes[place] for place in order]
    # In the type of the raster, so that a cell holding 0.1 in float32 still lies on the limit 0.1.
    kind = values.dtype if values.dtype.kind == "f" else np.dtype(np.float64)
    lowest = np.array([item.minimum for item in ordered], dtype=kind)
    highest = np.array([item.maximum for item in ordered], dtype=kind)
    table = np.array([item.score for item in ordered] + [np.nan], dtype=np.float32)
    outside = np.zeros(values.shape, dtype=bool) if valid is None else ~valid
    if values.dtype.kind == "f":
        outside |= np.isnan(values)
    missing = np.count_nonzero(outside)
    index = _first_class_up_to(values, highest)
    outside |= values > highest[-1]
    for place, low in enumerate(lowest):
        if place == 0 or low > highest[place - 1]:
            outside |= (index == place) & (values < low)
    index[outside] = len(ordered)
    found = np.bincount(index.reshape(-1), minlength=len(ordered) + 1)
    counts = np.empty(len(ordered), dtype=np.int64)
    counts[order] = found[:-1]
    return Scored(table[index], int(values.size - missing - counts.sum()), counts)


def _first_class_up_to(values: Array, highest: FloatArray) -> IntArray:
    """Return the position of the first limit that is not below each value."""
    if len(highest) > _FEW:
        return np.asarray(np.searchsorted(highest, values, side="left"))
    # With few limits, counting those below is several times faster than a search.
    index = np.zeros(values.shape, dtype=np.uint8)
    for limit in highest:
        index += values > limit
    return index


def classes_from_breaks(breaks: Breaks, direction: str, *, scores: Sequence[float] | None = None) -> list[ScoreClass]:
    """Turn class breaks into a score table.

    Parameters
    ----------
    breaks : Breaks
        Result of `core.stats.breaks`; the outer classes are left open, so that rounding loses no cell.
    direction : {"rises", "falls"}
        Whether the score rises or falls with the value.
    scores : sequence of float, optional
        Scores from the lowest to the highest; default 1, 2, ... one per class.

    Returns
    -------
    list of ScoreClass
        In ascending order of the values.

    Raises
    ------
    InputError
        If the direction is unknown or the scores do not fit the classes.

    Examples
    --------
    >>> from ecosecnet.core.stats import natural_breaks
    >>> breaks = natural_breaks(np.array([1.0, 2.0, 10.0, 11.0]), 2)
    >>> classes = classes_from_breaks(breaks, "rises")
    >>> score_values(np.array([1.5, 99.0]), classes).scores.tolist()
    [1.0, 2.0]
    """
    limits = [float(limit) for limit in breaks.limits]
    given = [float(i) for i in range(1, len(limits) + 1)] if scores is None else sorted(float(s) for s in scores)
    if len(given) != len(limits):
        raise InputError(f"There are {len(limits)} classes but {len(given)} scores. Give one score per class.")
    if direction not in (RISES, FALLS):
        raise InputError(f"The direction must be '{RISES}' or '{FALLS}', not '{direction}'.")
    if direction == FALLS:
        given.reverse()
    starts = [-math.inf, *limits[:-1]]
    ends = [*limits[:-1], math.inf]
    return [ScoreClass(low, high, score) for low, high, score in zip(starts, ends, given)]


def distance_to(
    features: BoolArray,
    *,
    cell_size: float | tuple[float, float] = 1.0,
    maximum: float = math.inf,
    margin: tuple[int, int] = (0, 0),
    monitor: Monitor = SILENT,
) -> FloatArray:
    """Return the exact Euclidean distance of every cell to the nearest feature cell.

    Parameters
    ----------
    features : ndarray of bool, shape (rows, cols)
        True in the cells of the features.
    cell_size : float or (float, float), optional
        Edge of a cell, or its height and width, in metres.
    maximum : float, optional
        Larger distances are set to this value, in metres.
    margin : (int, int), optional
        Rows and columns at each edge of `features` that are looked at but left out of the result, so that features just
        beyond the area count too.

    Returns
    -------
    ndarray, float32, shape (rows - 2 margin, cols - 2 margin)
        Distance from cell centre to cell centre, in metres; 0 in the cells of the features. It differs from the
        distance to the features themselves by at most half a cell diagonal.

    Raises
    ------
    InputError
        If no cell holds a feature, or the maximum is not positive.

    Notes
    -----
    O(cells), about 15 bytes per cell while it runs.

    References
    ----------
    Maurer, Qi & Raghavan (2003), doi:10.1109/TPAMI.2003.1177156, as in SciPy's ``distance_transform_edt``.

    Examples
    --------
    >>> roads = np.array([[True, False, False], [False, False, True]])
    >>> distance_to(roads, cell_size=30.0).tolist()
    [[0.0, 30.0, 30.0], [30.0, 30.0, 0.0]]
    """
    if not features.any():
        raise InputError("No feature lies on the grid: there is nothing to measure the distance to.")
    if not maximum > 0:
        raise InputError(f"The largest distance must be above 0, not {maximum:g}.")
    monitor.check()
    height, width = cell_size if isinstance(cell_size, tuple) else (cell_size, cell_size)
    nearest = ndimage.distance_transform_edt(
        ~features, sampling=(height, width), return_distances=False, return_indices=True
    )
    top, left = margin
    rows, cols = features.shape[0] - 2 * top, features.shape[1] - 2 * left
    nearest = nearest[:, top : top + rows, left : left + cols]
    distance = np.empty((rows, cols), dtype=np.float32)
    step = max(1, _CHUNK // cols)
    for row in range(0, rows, step):
        monitor.step(row, rows)
        part = slice(row, row + step)
        down = (nearest[0, part] - np.arange(top + row, top + min(row + step, rows))[:, None]) * height
        across = (nearest[1, part] - np.arange(left, left + cols)) * width
        distance[part] = np.minimum(np.sqrt(down * down + across * across), maximum)
    return distance


def relief(elevation: FloatArray, *, window: int = 3, monitor: Monitor = SILENT) -> FloatArray:
    """Return the range of elevation in a square window around every cell.

    Parameters
    ----------
    elevation : ndarray, float, shape (rows, cols)
        Elevation, NaN = NoData. Cells without data, and those beyond the edge, are left out of the window.
    window : int, optional
        Edge of the window in cells, odd, 3 or more.

    Returns
    -------
    ndarray, float32, shape (rows, cols)
        Highest minus lowest elevation, in the unit of the elevation; NaN where the cell itself has no data.

    Raises
    ------
    InputError
        If the window is even or below 3.

    Notes
    -----
    O(cells), whatever the window.

    Examples
    --------
    >>> relief(np.array([[100.0, 120.0, 150.0, 150.0]])).tolist()
    [[20.0, 50.0, 30.0, 0.0]]
    """
    if window < 3 or window % 2 == 0:
        raise InputError(f"The window must be an odd number of cells, 3 or more, not {window}.")
    missing = np.isnan(elevation)
    monitor.step(0, 3)
    highest = ndimage.maximum_filter(np.where(missing, -np.inf, elevation), window, mode="constant", cval=-np.inf)
    monitor.step(1, 3)
    lowest = ndimage.minimum_filter(np.where(missing, np.inf, elevation), window, mode="constant", cval=np.inf)
    monitor.step(2, 3)
    return np.where(missing, np.nan, highest - lowest).astype(np.float32)


def _check_classes(classes: Sequence[ScoreClass]) -> list[int]:
    """Return the positions of the classes in ascending order of their limits."""
    if not classes:
        raise InputError("The score table has no classes. Give at least one class with its score.")
    for item in classes:
        if item.is_reversed:
            raise InputError(
                f"The class {item.describe()} ends before it starts. Swap its limits, or correct the one that is wrong."
            )
        if not math.isfinite(item.score):
            raise InputError(f"The class {item.describe()} has the score {item.score}. Give it a finite number.")
    order = sorted(range(len(classes)), key=lambda place: (classes[place].minimum, classes[place].maximum))
    for lower, upper in ((classes[a], classes[b]) for a, b in zip(order, order[1:])):
        if upper.minimum < lower.maximum or (lower.is_code and upper.is_code and lower.minimum == upper.minimum):
            raise InputError(
                f"The classes {lower.describe()} and {upper.describe()} overlap. A value may belong to one class only."
            )
    return order
