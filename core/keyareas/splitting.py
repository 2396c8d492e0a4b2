"""Key areas that are too large to be a place: cut at higher limits until they are not."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import minimum_spanning_tree

from ..monitor import Monitor
from ..types import BoolArray, FloatArray, IntArray

_CHECK = 1 << 16
"""Steps between two looks at whether the user has cancelled."""


def split_large(
    labels: IntArray, area_class: IntArray, graded: FloatArray, most: float, monitor: Monitor
) -> tuple[IntArray, IntArray, int, int]:
    """Cut the areas of more than `most` cells at higher limits, each part as little as it takes.

    As the limit rises, an area falls into parts. One that is small enough is an area of its own, with all cells above the
    limit at which it came off; in larger ones the limit rises on. So every peak keeps as much around it as fits. In other
    words, a cell stays if the patch of cells at least as high that holds it is small enough. A peak that is too large and of
    one value throughout cannot be cut, and stays whole.

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

    Notes
    -----
    The patches that merge as the limit falls are found along a minimum spanning tree of the cells, O(n log n) in the cells of
    the large areas.
    """
    sizes = np.bincount(labels.ravel(), minlength=area_class.size + 1)
    large = sizes > most
    large[0] = False
    if not large.any():
        return labels, area_class, 0, 0
    cells = np.flatnonzero(large[labels])
    level = np.unique(-graded.ravel()[cells], return_inverse=True)[1].astype(np.int64)
    stays, whole = _small_enough(level, *_tree(labels, cells, level), most, monitor)
    class_of = area_class[labels.ravel()[cells] - 1]
    found, classes = np.where(large[labels], 0, labels), area_class.tolist()
    for value in np.unique(class_of):
        # Cells that stay and touch are in one part: the patch of the lower one holds the other.
        held = np.zeros(labels.size, dtype=bool)
        held[cells[stays & (class_of == value)]] = True
        parts, count = ndimage.label(held.reshape(labels.shape), structure=np.ones((3, 3), dtype=bool))
        inside = parts > 0
        found[inside] = parts[inside] + len(classes)
        classes += [int(value)] * count
    return found, np.array(classes, dtype=np.int64), int(np.count_nonzero(large)), whole


def _tree(labels: IntArray, cells: IntArray, level: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return the steps by which patches grow as the limit falls: two cells, as positions, and the level of the lower."""
    rows, cols = labels.shape
    row, col, flat = cells // cols, cells % cols, labels.ravel()
    ends = []
    for down, right in ((0, 1), (1, -1), (1, 0), (1, 1)):
        on = np.flatnonzero((row + down < rows) & (col + right >= 0) & (col + right < cols))
        other = cells[on] + down * cols + right
        same = flat[other] == flat[cells[on]]
        ends.append((on[same], np.searchsorted(cells, other[same])))
    one, two = (np.concatenate(some) for some in zip(*ends))
    weight = np.maximum(level[one], level[two]) + 1.0  # the tree takes 0 for no step
    tree = minimum_spanning_tree(coo_matrix((weight, (one, two)), shape=(cells.size, cells.size)).tocsr()).tocoo()
    order = np.argsort(tree.data, kind="stable")
    return tree.row[order], tree.col[order], np.rint(tree.data[order]).astype(np.int64) - 1


def _small_enough(
    level: IntArray, one: IntArray, two: IntArray, step_level: IntArray, most: float, monitor: Monitor
) -> tuple[BoolArray, int]:
    """Return the cells whose patch at their own level is small enough, or a peak that cannot be cut, and how many of those.

    Level 0 is the highest; the steps come in the order of their levels.
    """
    parent, size, peak = list(range(level.size)), [1] * level.size, level.tolist()

    def root(cell: int) -> int:
        while parent[cell] != cell:
            parent[cell] = parent[parent[cell]]
            cell = parent[cell]
        return cell

    stays = np.zeros(level.size, dtype=bool)
    whole: set[tuple[int, int]] = set()
    order = np.argsort(level, kind="stable")
    ends = np.searchsorted(level[order], np.arange(level.max() + 1), side="right").tolist()
    step_ends = np.searchsorted(step_level, np.arange(level.max() + 1), side="right").tolist()
    order, first, second = order.tolist(), one.tolist(), two.tolist()
    done = steps = 0
    for now, (end, last) in enumerate(zip(ends, step_ends)):
        if (done + end) // _CHECK > done // _CHECK:
            monitor.check()
        for k in range(steps, last):
            a, b = root(first[k]), root(second[k])
            if size[a] < size[b]:
                a, b = b, a
            parent[b] = a
            size[a] += size[b]
            peak[a] = min(peak[a], peak[b])
        for cell in order[done:end]:
            top = root(cell)
            uncut = peak[top] == now and size[top] > most
            stays[cell] = uncut or size[top] <= most
            if uncut:
                whole.add((now, top))
        done, steps = end, last
    return stays, len(whole)
