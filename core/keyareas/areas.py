"""Key areas: the places of the highest class of a current, barrier or priority surface, as patches with an area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ..choices import BY_VALUE, ClassRule
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..stats.breaks import check_limits, natural_breaks, quantile_breaks, settled
from ..stats.discoveries import benjamini_hochberg
from ..surface import check_resistance
from ..types import Array, FloatArray, IntArray
from .splitting import split_large

_ROUNDING = 1e-9
"""An area given with a few digits must not lose, or cut, a patch of just that size."""

FALSE_SHARE = 0.05
"""Largest share of the cells found against a null model that may be owed to chance."""


class HeldLimits(NamedTuple):
    """Limits of classes that are held, such as those of another run.

    Attributes
    ----------
    upper : float64, shape (classes,)
        The largest value of each class, ascending; what is larger than the last belongs to the highest class too.
    most_resistance : float or None
        The resistance by which the overlay was normalised for which they were found; None where that is not known, or there
        was none.
    """

    upper: FloatArray
    most_resistance: float | None = None


@dataclass(frozen=True)
class KeyAreas:
    """Classes of a surface and the patches of the highest ones.

    Attributes
    ----------
    classes : uint8, shape (rows, cols)
        Class of each cell, 1 the lowest; 0 where the surface has no value. Against a null model 2 is significant, 1 is not.
    limits : float64, shape (classes,)
        Largest value of each class, ascending, on the graded surface.
    labels : int32, shape (rows, cols)
        Number of the key area a cell belongs to, 0 outside. Highest class first, then by falling area, then by the
        first cell.
    area_ha, mean, maximum : float64, shape (areas,)
        Area of each, and mean and largest input value in it.
    area_class : int64, shape (areas,)
        Its class.
    most_resistance : float
        The resistance by which the overlay was normalised; NaN without an overlay.
    """

    classes: IntArray
    limits: FloatArray
    labels: IntArray
    area_ha: FloatArray
    mean: FloatArray
    maximum: FloatArray
    area_class: IntArray
    most_resistance: float = np.nan


def overlay(values: Array, resistance: Array, maximum: float | None = None) -> FloatArray:
    """Return the values times the normalised resistance, ``value * R / max(R)``, NaN where either has no value.

    A study that grades barriers on 'the score superimposed with the resistance surface' is read like this: the place
    counts more the harder it is to cross. The maximum of R is taken over the cells that have a value, so the factor is
    1 at the hardest of them and never 0; it is `maximum` where that of another run is to be held.

    Raises
    ------
    InputError
        Different shapes, or a resistance that is not above 0.

    Examples
    --------
    >>> overlay(np.array([[0.5, 0.5]]), np.array([[10.0, 40.0]])).tolist()
    [[0.125, 0.5]]
    """
    values = np.asarray(values, dtype=np.float64)
    if resistance.shape != values.shape:
        raise InputError(f"The surface has {values.shape} cells, the resistance {resistance.shape}. Use one grid.")
    check_resistance(resistance)
    product = values * resistance
    known = ~np.isnan(product)
    if known.any():
        product /= resistance[known].max() if maximum is None else maximum
    return product


def class_limits(values: Array, method: ClassRule | str, classes: int, *, monitor: Monitor = SILENT) -> FloatArray:
    """Return the largest value of each class, ascending; a class holds its limit.

    Parameters
    ----------
    values : float array
        The surface; NaN is left out.
    method : {'natural breaks', 'quantile', 'share of maximum'}
        The last one cuts at equal shares of the maximum: with four classes the highest starts above 75 percent of it. Against
        a null model there are no limits of values; see `key_areas`.
    classes : int
        Number of classes, 2 or more. Natural breaks and quantiles give fewer if there are fewer distinct values.
    monitor : Monitor
        Progress and cancellation.

    Raises
    ------
    InputError
        No value, only one value, infinite values, an unknown method, fewer than 2 classes, or a share of a maximum that
        is not above 0.
    """
    method = ClassRule.of(method)
    if method not in BY_VALUE:
        raise InputError(
            "Key areas against a null model need the p-values of its cells, which the tool 'nullmodel' writes."
        )
    if not 2 <= classes <= 255:
        raise InputError(f"{classes} classes leave nothing to choose from; ask for 2 to 255.")
    values = np.asarray(values)
    highest, lowest = np.fmax.reduce(values, axis=None), np.fmin.reduce(values, axis=None)
    if np.isnan(highest):
        raise InputError("The surface has no value at all: every cell is NoData. No place stands out.")
    if highest == lowest:
        raise InputError(f"Every cell of the surface has the value {highest:g}. No place stands out.")
    if method is ClassRule.NATURAL:
        return natural_breaks(values, classes, monitor=monitor).limits
    if method is ClassRule.QUANTILE:
        return quantile_breaks(values, classes, monitor=monitor).limits
    if not 0 < highest < np.inf:
        raise InputError(f"Shares of the maximum need a finite maximum above 0; it is {highest:g}. Use another rule.")
    return float(highest) * np.arange(1, classes + 1) / classes


def check_sizes(min_area_ha: float, max_area_ha: float | None, cell_ha: float) -> None:
    """Raise `InputError` for a smallest and largest key area that leave none, before anything is computed.

    Examples
    --------
    >>> check_sizes(1.0, 0.5, 0.09)
    Traceback (most recent call last):
    ...
    ecosecnet.core.errors.InputError: The largest area is 0.5 ha; it must be at least the smallest area (1 ha) and one \
cell (0.09 ha).
    """
    if not min_area_ha >= 0:
        raise InputError(f"The minimum area is {min_area_ha:g} ha; it must be 0 or more.")
    if max_area_ha is not None and not max_area_ha >= max(min_area_ha, cell_ha):
        raise InputError(
            f"The largest area is {max_area_ha:g} ha; it must be at least the smallest area ({min_area_ha:g} ha) and one "
            f"cell ({cell_ha:g} ha)."
        )


def key_areas(
    values: Array,
    *,
    cell_ha: float,
    resistance: Array | None = None,
    p: Array | None = None,
    method: ClassRule | str = ClassRule.NATURAL,
    classes: int = 4,
    keep: int = 1,
    min_area_ha: float = 0.0,
    max_area_ha: float | None = None,
    held: HeldLimits | None = None,
    monitor: Monitor = SILENT,
) -> KeyAreas:
    """Classify a surface and return the patches of its highest classes.

    Parameters
    ----------
    values : float array, shape (rows, cols)
        Current, barrier score or the like; NaN where there is none.
    cell_ha : float
        Area of a cell in hectares.
    resistance : array, shape (rows, cols), optional
        Grade the overlay with this surface instead of the values themselves, see `overlay`.
    p : float array, shape (rows, cols), optional
        P-value of each cell against a null model, NaN where there is none; also of cells without a value, which count in
        the correction.
    method, classes
        Rule and number of classes, see `class_limits`. With 'null model' key areas are the cells whose p-values are at most
        0.05 after the correction of Benjamini and Hochberg; there are two classes then, and nothing is overlaid.
    keep : int
        Number of classes, from the highest down, that become key areas. Each class makes areas of its own.
    min_area_ha : float
        Smaller areas are dropped; the class raster keeps them.
    max_area_ha : float, optional
        Larger areas are cut at higher limits, see `splitting.split_large`; before the small ones are dropped.
    held : HeldLimits, optional
        Limits of the classes that are held, see `stats.held_breaks`; `method` and `classes` do not count then. An overlay is
        normalised as it was for them, so that they mean the same.
    monitor : Monitor
        Progress, cancellation and warnings.

    Returns
    -------
    KeyAreas
        Cells that touch with an edge or a corner make one area.

    Raises
    ------
    InputError
        See `class_limits`; also a `keep` outside 1 to `classes` - 1, a negative minimum area, or a maximum below it.

    Notes
    -----
    O(cells) beside the class limits.

    Examples
    --------
    >>> current = np.array([[0.1, 0.1, 0.9], [0.2, 0.1, 0.8]])
    >>> found = key_areas(current, cell_ha=0.25, classes=2)
    >>> found.labels.tolist(), found.area_ha.tolist()
    ([[0, 0, 1], [0, 0, 1]], [0.5])
    """
    limits = None if held is None else check_limits(held.upper)
    if limits is not None:
        if ClassRule.of(method) is ClassRule.NULL_MODEL:
            raise InputError("Against a null model there are no limits of values to hold. Choose another rule.")
        classes = limits.size
    if not 1 <= keep < classes:
        raise InputError(f"{keep} of {classes} classes cannot be kept; keep at least 1 and fewer than all.")
    check_sizes(min_area_ha, max_area_ha, cell_ha)
    values, most = np.asarray(values, dtype=np.float64), float("nan")
    if p is not None and ClassRule.of(method) is ClassRule.NULL_MODEL:
        graded, classes, keep = _significance(values, p, monitor), 2, 1
        limits = np.array([np.nextafter(1.0 - FALSE_SHARE, 0.0), 1.0])
    else:
        graded = values
        if resistance is not None:
            known = None if held is None else held.most_resistance
            most = _most(values, resistance) if known is None else known
            graded = overlay(values, resistance, most)
        if limits is None:
            limits = class_limits(graded, method, classes, monitor=monitor.part(0.0, 0.6))
        elif np.isnan(graded).all():
            raise InputError("The surface has no value at all: every cell is NoData. No place stands out.")
        else:
            limits = settled(limits, graded)
            _warn_of_overlay(held, resistance is not None, most, monitor)
    if limits.size < classes:
        monitor.warn(f"The surface has too few distinct values for {classes} classes; {limits.size} were made.")
    class_map = _classify(graded, limits)
    monitor.step(0.7, 1.0)
    labels, area_class = _patches(class_map, limits.size, keep)
    if max_area_ha is not None:
        labels, area_class = _cut(labels, area_class, graded, max_area_ha, cell_ha, monitor)
    monitor.step(0.85, 1.0)
    largest_ha = int(np.bincount(labels.ravel())[1:].max(initial=0)) * cell_ha
    labels, area_class = _largest_first(labels, area_class, min_area_ha / cell_ha)
    if not area_class.size and largest_ha:
        monitor.warn(
            f"No area of the highest class has {min_area_ha:g} ha or more: the largest has {largest_ha:.4g} ha. Lower the "
            "smallest area to keep it."
        )
    inside = labels > 0
    number = labels[inside] - 1
    cells = np.bincount(number, minlength=area_class.size)
    total = np.bincount(number, weights=values[inside], minlength=area_class.size)
    maximum = np.full(area_class.size, -np.inf)
    np.maximum.at(maximum, number, values[inside])
    monitor.step(1.0, 1.0)
    mean = total / np.maximum(cells, 1)
    return KeyAreas(class_map, limits, labels, cells * cell_ha, mean, maximum, area_class, most)


def _warn_of_overlay(held: HeldLimits | None, overlaid: bool, most: float, monitor: Monitor) -> None:
    """Warn where held limits are not those of what is graded."""
    if held is None or overlaid == (held.most_resistance is not None):
        return
    if overlaid:
        monitor.warn(
            f"The overlay is normalised by the largest resistance here ({most:g}); held limits of a run with another one do "
            "not mean the same. The table of its limits (BREAKS) holds that."
        )
    else:
        monitor.warn("The held limits are those of an overlay with a resistance surface, and nothing is overlaid here.")


def _most(values: FloatArray, resistance: Array) -> float:
    """Return the largest resistance under values; NaN where there is none."""
    under = resistance[~np.isnan(values)] if resistance.shape == values.shape else np.empty(0)
    return float(np.fmax.reduce(under, initial=np.nan))


def _significance(values: FloatArray, p: Array, monitor: Monitor) -> FloatArray:
    """Return 1 minus the corrected p-value of each cell, NaN where the surface or its p has no value."""
    if p.shape != values.shape:
        raise InputError(f"The surface has {values.shape} cells, its p-values {p.shape}. Use one grid.")
    known = ~np.isnan(values)
    if np.isnan(p[known]).all():
        raise InputError("No cell has both a value and a p-value. Take the p-values of a null model of this surface.")
    if not 0.0 <= np.nanmin(p) <= np.nanmax(p) <= 1.0:
        raise InputError(
            f"The p-values lie between {np.nanmin(p):g} and {np.nanmax(p):g}; they must lie between 0 and 1. Take "
            "the raster P of the tool 'nullmodel'."
        )
    # For all cells that were tested: those with a value are a choice that the surface itself has made.
    corrected = np.where(known, benjamini_hochberg(p), np.nan)
    least = float(np.nanmin(corrected))
    if least > FALSE_SHARE:
        monitor.warn(
            f"No cell stands out against the null model: the smallest p-value is {np.nanmin(p[known]):.4g}, and "
            f"{least:.4g} after the correction for {np.count_nonzero(~np.isnan(p)):,} cells; {FALSE_SHARE:g} is asked for. "
            "With more draws p-values can be smaller."
        )
    return 1.0 - corrected


def agreement(graded: Array, classes: int, *, keep: int = 1, monitor: Monitor = SILENT) -> IntArray:
    """Return for each cell how many of the rules of `BY_VALUE` put it into the highest classes.

    Parameters
    ----------
    graded : float array, shape (rows, cols)
        The surface that is classified, NaN where there is no value.
    classes, keep : int
        As in `key_areas`.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    int16, shape (rows, cols)
        0 to 3; -1 where the surface has no value.

    Examples
    --------
    >>> agreement(np.array([[1.0, 1.0, 2.0, 9.0, np.nan]]), 2).tolist()
    [[0, 0, 1, 3, -1]]
    """
    votes = np.zeros(graded.shape, dtype=np.int16)
    for done, method in enumerate(BY_VALUE):
        part = monitor.part(done / len(BY_VALUE), (done + 1) / len(BY_VALUE))
        limits = class_limits(graded, method, classes, monitor=part)
        votes += _classify(graded, limits) > max(limits.size - keep, 1)
    votes[np.isnan(graded)] = -1
    return votes


def _classify(graded: FloatArray, limits: FloatArray) -> IntArray:
    class_map = (np.searchsorted(limits[:-1], graded, side="left") + 1).astype(np.uint8)
    class_map[np.isnan(graded)] = 0
    return class_map


def _cut(
    labels: IntArray, area_class: IntArray, graded: FloatArray, max_area_ha: float, cell_ha: float, monitor: Monitor
) -> tuple[IntArray, IntArray]:
    """Cut the areas that are too large, and say so."""
    most = max_area_ha / cell_ha * (1.0 + _ROUNDING)
    labels, area_class, large, uncut = split_large(labels, area_class, graded, most, monitor)
    if large:
        monitor.info(f"{large} area(s) of more than {max_area_ha:.4g} ha were cut at higher limits than the rest.")
    if uncut:
        monitor.warn(
            f"{uncut} area(s) of more than {max_area_ha:.4g} ha have one value throughout and could not be cut; they stay as "
            "they are."
        )
    return labels, area_class


def _patches(class_map: IntArray, classes: int, keep: int) -> tuple[IntArray, IntArray]:
    """Return 8-connected patches of the highest classes, and the class of each patch."""
    labels = np.zeros(class_map.shape, dtype=np.int32)
    area_class: list[int] = []
    for value in range(classes, max(classes - keep, 1), -1):
        found, count = ndimage.label(class_map == value, structure=np.ones((3, 3), dtype=bool))
        here = found > 0
        labels[here] = found[here] + len(area_class)
        area_class += [value] * count
    return labels, np.array(area_class, dtype=np.int64)


def _largest_first(labels: IntArray, area_class: IntArray, min_cells: float) -> tuple[IntArray, IntArray]:
    """Drop the small patches and number the rest by class, area and first cell."""
    cells = np.bincount(labels.ravel(), minlength=area_class.size + 1)[1:]
    held = np.flatnonzero(labels)[::-1]
    first = np.zeros(area_class.size + 1, dtype=np.int64)
    first[labels.ravel()[held]] = held
    order = np.lexsort((first[1:], -cells, -area_class))
    order = order[(cells[order] > 0) & (cells[order] >= min_cells * (1.0 - _ROUNDING))]
    number = np.zeros(area_class.size + 1, dtype=np.int32)
    number[order + 1] = np.arange(1, order.size + 1)
    return number[labels], area_class[order]
