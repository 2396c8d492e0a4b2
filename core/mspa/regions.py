"""Connected regions of packed rasters: labels, holes, and how regions lie inside one another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..types import Array, BoolArray, IntArray
from . import bits

_STRUCTURES = {4: ndimage.generate_binary_structure(2, 1), 8: ndimage.generate_binary_structure(2, 2)}


def label(words: Array, cols: int, connectivity: int) -> tuple[IntArray, int]:
    """Return the regions of a packed raster as int32 labels 1..n (0 elsewhere), and n."""
    labels, count = ndimage.label(bits.unpack(words, cols), _STRUCTURES[connectivity], output=np.int32)
    return labels, int(count)


def paint(labels: IntArray, flags: BoolArray) -> Array:
    """Return the packed raster of the cells whose label is flagged."""
    rows, cols = labels.shape
    out = np.empty((rows, bits.words_per_row(cols)), "<u8")
    step = bits.block_rows(cols)
    for top in range(0, rows, step):
        out[top : top + step] = bits.pack(flags.take(labels[top : top + step], mode="clip"))
    return out


def touched(labels: IntArray, count: int, words: Array) -> BoolArray:
    """Return, for each label 0..n, whether any cell of a packed raster has it (a cell of each run is looked at)."""
    rows, cols = labels.shape
    flags = np.zeros(count + 1, bool)
    step = bits.block_rows(cols)
    for top in range(0, rows, step):
        block = words[top : top + step]
        starts = bits.places(block & ~bits.shift(block, 1), cols)
        flags[labels[top : top + step].ravel().take(starts)] = True
    return flags


def enclosed(words: Array, cols: int, connectivity: int) -> Array:
    """Return the cells outside a raster that no path of outside cells joins to the border.

    The border rows and columns of `words` must be empty, so that all of the exterior is one region.
    """
    labels, count = label(bits.invert(words, cols), cols, connectivity)
    flags = np.ones(count + 1, bool)
    flags[[0, labels[0, 0]]] = False
    return paint(labels, flags)


@dataclass(frozen=True)
class Nesting:
    """How core regions and the holes in them lie inside one another.

    Attributes
    ----------
    holes : packed raster
        All cells of core holes, at any depth.
    levels : list of (packed raster, packed raster)
        For m = 1, 2, ... up to the deepest core: the cells of core holes of depth m, and the core of level >= m.
        A core in the open has level 0, a hole in it depth 1, a core in that hole level 1, and so on.
    labels : ndarray, int32, shape (rows, cols)
        The core regions.
    """

    holes: Array
    levels: list[tuple[Array, Array]]
    labels: IntArray


def nest(core: Array, cols: int, connectivity: int) -> Nesting:
    """Find the core holes and the depth of each region.

    Parameters
    ----------
    core : packed raster
        Its border rows and columns must be empty.
    cols : int
        Number of columns.
    connectivity : int
        Of the core, 8 or 4; the rest has the other one, which is what makes "the region around it" unique: the cell
        to the left of the first cell of a region, in raster order, always belongs to the region around it.
    """
    rest_labels, rest_count = label(bits.invert(core, cols), cols, 12 - connectivity)
    exterior = rest_labels[0, 0]
    in_hole = np.ones(rest_count + 1, bool)
    in_hole[[0, exterior]] = False
    holes = paint(rest_labels, in_hole)
    core_labels, core_count = label(core, cols, connectivity)
    levels: list[tuple[Array, Array]] = []
    core_parent = _outer_label(core & ~bits.shift(core, 1), core_labels, rest_labels, core_count)
    if in_hole[core_parent[1:]].any():
        after_core = bits.clear_spare(~core & bits.shift(core, 1), cols)
        hole_parent = _outer_label(after_core, rest_labels, core_labels, rest_count)
        depth, level = _depths(core_parent, hole_parent, int(exterior))
        levels = [(paint(rest_labels, depth == m), paint(core_labels, level >= m)) for m in range(1, level.max() + 1)]
    return Nesting(holes, levels, core_labels)


def _outer_label(starts: Array, labels: IntArray, others: IntArray, count: int) -> IntArray:
    """Return for each label the region of the other kind to the left of its first cell (0 if it has none)."""
    rows, cols = labels.shape
    parent = np.zeros(count + 1, np.int32)
    step = bits.block_rows(cols)
    # From the last block to the first and backwards inside each: the first cell is written last, and stays.
    for top in reversed(range(0, rows, step)):
        cells = bits.places(starts[top : top + step], cols)[::-1]
        own = labels[top : top + step].ravel().take(cells)
        parent[own] = others[top : top + step].ravel().take(cells - 1)
    return parent


def _depths(core_parent: IntArray, hole_parent: IntArray, exterior: int) -> tuple[IntArray, IntArray]:
    """Return the depth of each hole label and the level of each core label; index 0 gets -1."""
    unknown = -1
    depth = np.full(hole_parent.size, unknown, np.int32)
    level = np.full(core_parent.size, unknown, np.int32)
    depth[exterior] = 0
    while True:
        level[1:] = depth[core_parent[1:]]
        around = level[hole_parent]
        fresh = (depth == unknown) & (around != unknown)
        fresh[0] = False
        if not fresh.any():
            return depth, level
        depth[fresh] = around[fresh] + 1
