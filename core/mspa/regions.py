"""Connected regions of packed rasters: labels, holes, and how regions lie inside one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

import numpy as np
from scipy import ndimage

from ..types import Array, BoolArray, IntArray
from . import bits
from .runs import Runs

_STRUCTURES = {4: ndimage.generate_binary_structure(2, 1), 8: ndimage.generate_binary_structure(2, 2)}


class Cells:
    """Connected regions of a packed raster, 1 .. `count` in the order of their first cells, as a label for each cell."""

    def __init__(self, words: Array, cols: int, connectivity: int) -> None:
        labels, count = ndimage.label(bits.unpack(words, cols), _STRUCTURES[connectivity], output=np.int32)
        self._words, self._labels, self.count = words, labels, int(count)

    def at(self, cells: IntArray) -> IntArray:
        """Return the labels of cells, given as flat indices in ascending order; 0 elsewhere."""
        labels: IntArray = self._labels.ravel().take(cells)
        return labels

    def first_cells(self) -> IntArray:
        """Return the flat index of the first cell of each label 0 .. count, 0 for label 0."""
        first = np.zeros(self.count + 1, np.int64)
        rows, cols = self._labels.shape
        starts = self._words & ~bits.shift(self._words, 1)
        step = bits.block_rows(cols)
        # From the last block to the first and backwards inside each: the first cell is written last, and stays.
        for top in reversed(range(0, rows, step)):
            cells = bits.places(starts[top : top + step], cols)[::-1]
            first[self._labels[top : top + step].ravel().take(cells)] = top * cols + cells
        return first

    def touched(self, words: Array) -> BoolArray:
        """Return, for each label 0 .. count, whether a packed raster that lies within the regions has a cell of it."""
        rows, cols = self._labels.shape
        flags = np.zeros(self.count + 1, bool)
        step = bits.block_rows(cols)
        for top in range(0, rows, step):
            # A cell of each run is enough.
            block = words[top : top + step]
            starts = bits.places(block & ~bits.shift(block, 1), cols)
            flags[self._labels[top : top + step].ravel().take(starts)] = True
        flags[0] = False
        return flags

    def paint(self, flags: BoolArray) -> Array:
        """Return the packed raster of the cells whose label is flagged (label 0 is not)."""
        rows, cols = self._labels.shape
        out = np.empty((rows, bits.words_per_row(cols)), "<u8")
        step = bits.block_rows(cols)
        for top in range(0, rows, step):
            out[top : top + step] = bits.pack(flags.take(self._labels[top : top + step], mode="clip"))
        return out

    def scratch(self) -> IntArray:
        """Return a flat int32 raster to write to, 0 outside the regions; they are lost."""
        flat: IntArray = self._labels.ravel()
        return flat


Regions = Union[Cells, Runs]


def label(words: Array, cols: int, connectivity: int, *, accelerate: bool = False) -> Regions:
    """Return the regions of a packed raster, found cell by cell or, with numba, by runs."""
    return (Runs if accelerate else Cells)(words, cols, connectivity)


def enclosed(words: Array, cols: int, connectivity: int, *, accelerate: bool = False) -> Array:
    """Return the cells outside a raster that no path of outside cells joins to the border.

    The border rows and columns of `words` must be empty, so that all of the exterior is one region.
    """
    rest = label(bits.invert(words, cols), cols, connectivity, accelerate=accelerate)
    return rest.paint(_inside(rest))


def _inside(rest: Regions) -> BoolArray:
    """Return which regions are not the one at the border, which holds the first cell."""
    flags = np.ones(rest.count + 1, bool)
    flags[:2] = False
    return flags


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
    cores : Regions
        The core regions.
    """

    holes: Array
    levels: list[tuple[Array, Array]]
    cores: Regions


def nest(core: Array, cols: int, connectivity: int, *, accelerate: bool = False) -> Nesting:
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
    accelerate : bool
        Whether to use numba, with the same result.
    """
    rest = label(bits.invert(core, cols), cols, 12 - connectivity, accelerate=accelerate)
    in_hole = _inside(rest)
    holes = rest.paint(in_hole)
    cores = label(core, cols, connectivity, accelerate=accelerate)
    levels: list[tuple[Array, Array]] = []
    core_parent = _around(cores, rest)
    if in_hole[core_parent].any():
        depth, level = _depths(core_parent, _around(rest, cores))
        levels = [(rest.paint(depth == m), cores.paint(level >= m)) for m in range(1, level.max() + 1)]
    return Nesting(holes, levels, cores)


def _around(regions: Regions, others: Regions) -> IntArray:
    """Return for each label the region of the other kind to the left of its first cell (0 for 0 and the exterior)."""
    parent = others.at(np.maximum(regions.first_cells() - 1, 0))
    parent[0] = 0
    return parent


def _depths(core_parent: IntArray, hole_parent: IntArray) -> tuple[IntArray, IntArray]:
    """Return the depth of each hole label and the level of each core label; index 0 gets -1."""
    unknown = -1
    depth = np.full(hole_parent.size, unknown, np.int32)
    level = np.full(core_parent.size, unknown, np.int32)
    depth[1] = 0
    while True:
        level[1:] = depth[core_parent[1:]]
        around = level[hole_parent]
        fresh = (depth == unknown) & (around != unknown)
        fresh[0] = False
        if not fresh.any():
            return depth, level
        depth[fresh] = around[fresh] + 1
