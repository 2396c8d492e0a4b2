"""Key areas that are too large to be a place: cut at higher limits until they are not."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..monitor import Monitor
from ..types import BoolArray, FloatArray, IntArray

_STEPS = 256
"""Limits that are tried within an area that has more values than that; each leaves an equal part of its cells."""


def split_large(
    labels: IntArray, area_class: IntArray, graded: FloatArray, most: float, monitor: Monitor
) -> tuple[IntArray, IntArray, int, int]:
    """Cut the areas of more than `most` cells at higher limits, each part as little as it takes.

    The limit rises from value to value within an area. A part that has come off and is small enough is an area of its
    own, with all cells above the limit at which it came off; in larger ones the limit rises on. So every peak keeps as
    much around it as fits. What has one value throughout cannot be cut, and stays.

    Parameters
    ----------
    labels : int32, shape (rows, cols)
        Number of the area of each cell, from 1; 0 outside.
    area_class : int64, shape (areas,)
        Class of each.
    graded : float array, shape (rows, cols)
        The values that were classified.
    most : float
        Largest number of cells.
    monitor : Monitor
        Cancellation.

    Returns
    -------
    labels, area_class
        With the parts in place of the areas; numbers of areas that were cut are empty.
    int
        Areas that were too large.
    int
        Parts of them that still are.
    """
    labels, classes, whole = labels.copy(), area_class.tolist(), 0
    sizes = np.bincount(labels.ravel(), minlength=area_class.size + 1)[1:]
    large = sizes > most
    for k, place in enumerate(ndimage.find_objects(labels)):
        if not large[k]:
            continue
        inside = labels[place] == k + 1
        labels[place][inside] = 0
        parts, uncut = _cut(graded[place], inside, most, monitor)
        whole += uncut
        held = parts > 0
        labels[place][held] = parts[held] + len(classes)
        classes += [classes[k]] * int(parts.max())
    return labels, np.array(classes, dtype=np.int64), int(np.count_nonzero(large)), whole


def _cut(values: FloatArray, inside: BoolArray, most: float, monitor: Monitor) -> tuple[IntArray, int]:
    """Return the parts of an area, numbered from 1, and how many of them are too large but of one value."""
    ordered = np.unique(values[inside])
    if ordered.size > _STEPS:
        cells = np.sort(values[inside])
        ordered = np.unique(np.append(cells[:: -(-cells.size // _STEPS)], cells[-1]))
    parts = np.zeros(inside.shape, dtype=np.int32)
    count = 0
    for limit in ordered[1:]:
        monitor.check()
        found, number = ndimage.label(inside & (values >= limit), structure=np.ones((3, 3), dtype=bool))
        fits = np.bincount(found.ravel(), minlength=number + 1) <= most
        fits[0] = False
        numbers = np.where(fits, np.cumsum(fits) + count, 0)[found]
        parts += numbers
        count += int(fits.sum())
        inside = (found > 0) & (numbers == 0)
        if not inside.any():
            return parts, 0
    rest, number = ndimage.label(inside, structure=np.ones((3, 3), dtype=bool))
    parts[inside] = rest[inside] + count
    return parts, number
