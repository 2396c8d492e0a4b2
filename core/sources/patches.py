"""Ecological sources: patches of core area and protected land that are large enough."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..choices import Overlay
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..types import BoolArray, IntArray

_STRIP_CELLS = 1 << 20


@dataclass(frozen=True)
class Patches:
    """Patches on a grid.

    Attributes
    ----------
    labels : int32, shape (rows, cols)
        0 outside, else the number of the patch, 1 to n by the first cell in reading order.
    cells, core_cells, protected_cells : int64, shape (n,)
        Cells of each patch, and how many of them are core and protected.
    removed : int
        Patches that were smaller than the minimum area.
    removed_cells : int
        Cells of those.
    filled_cells : int
        Cells that were neither core nor protected and now close a gap or a hole.
    untouched : int
        Core patches that were dropped because no protected land touches them.
    """

    labels: IntArray
    cells: IntArray
    core_cells: IntArray
    protected_cells: IntArray
    removed: int
    removed_cells: int
    filled_cells: int
    untouched: int

    @property
    def count(self) -> int:
        """Number of patches."""
        return self.cells.size


def find_patches(
    core: BoolArray,
    protected: BoolArray | None = None,
    *,
    overlay: Overlay | str = Overlay.UNION,
    gap: float = 0.0,
    hole: float = 0.0,
    minimum: float = 0.0,
    neighbours: int = 8,
    valid: BoolArray | None = None,
    cell_ha: float | None = None,
    monitor: Monitor = SILENT,
) -> Patches:
    """Return the patches that core area and protected land make together.

    Parameters
    ----------
    core : bool, shape (rows, cols)
        Core area, for instance of MSPA.
    protected : bool, shape (rows, cols), optional
        Land under a conservation red line, reserves.
    overlay : {"union", "intersection", "touch"}
        All of both; only what is both; or whole core patches with at least one cell that is protected or a neighbour
        of protected land. Without `protected` all are the core area.
    gap : float
        Widest gap that is filled, in cells.
    hole : float
        Largest hole inside a patch that is filled, in cells. What reaches the border of the raster, or land that is not
        `valid`, is no hole.
    minimum : float
        Smallest patch that is kept, in cells.
    neighbours : {8, 4}
        Whether cells that touch only at a corner belong together.
    valid : bool, shape (rows, cols), optional
        Cells of the landscape; gaps are filled only there.
    cell_ha : float, optional
        Hectares of a cell: then areas are said in hectares, else in cells.

    Returns
    -------
    Patches
        Holes stay holes unless they are small enough for `hole`, or as narrow as a gap that is filled.

    Raises
    ------
    InputError
        Shapes that differ, an unknown overlay or neighbourhood, a negative gap or area, or no patch at all.

    Notes
    -----
    Gaps are filled by a closing with a disc of the width `gap`: a place is filled when no such disc that keeps clear of
    the patches reaches it. It is done on half cells, so that gaps of odd and even widths are treated alike.

    Examples
    --------
    >>> core = np.array([[1, 1, 0, 0, 1], [1, 1, 0, 0, 0]], dtype=bool)
    >>> find_patches(core, minimum=2).labels.tolist()
    [[1, 1, 0, 0, 0], [1, 1, 0, 0, 0]]
    >>> find_patches(core).cells.tolist()
    [4, 1]
    """
    core = np.asarray(core, dtype=bool)
    for other in (protected, valid):
        if other is not None and other.shape != core.shape:
            raise InputError(f"The masks have {core.shape} and {other.shape} cells; they must lie on the same grid.")
    overlay = Overlay.of(overlay)
    if neighbours not in (4, 8):
        raise InputError(f"Cells have 8 or 4 neighbours, not {neighbours}.")
    if not (gap >= 0.0 and hole >= 0.0 and minimum >= 0.0):
        raise InputError(
            f"The gap ({gap:g}), the largest hole ({hole:g}) and the smallest area ({minimum:g}) must be 0 or more."
        )
    near = ndimage.generate_binary_structure(2, 2 if neighbours == 8 else 1)
    untouched = 0
    if protected is None:
        land = core
    elif overlay is Overlay.TOUCH:
        labels, count = ndimage.label(core, near)
        touched = np.zeros(count + 1, dtype=bool)
        touched[labels[ndimage.binary_dilation(protected, near)]] = True
        touched[0] = False
        land = touched[labels]
        untouched = count - int(touched.sum())
    else:
        land = core | protected if overlay is Overlay.UNION else core & protected
    if not land.any():
        raise InputError(_nothing(core, protected))
    monitor.step(1, 4)
    filled_cells = 0
    if gap > max(land.shape):
        raise InputError(
            f"Gaps of up to {gap:,.0f} cells are wider than the whole raster ({land.shape[0]} x {land.shape[1]} cells). "
            "Use a smaller width."
        )
    if gap > 0.0:
        filled = _close(land, gap, monitor.part(0.25, 0.7))
        if valid is not None:
            filled &= valid
        filled_cells = int(np.count_nonzero(filled & ~land))
        land = land | filled
    if hole > 0.0:
        holes = _holes(land, hole, neighbours, valid)
        filled_cells += int(np.count_nonzero(holes))
        land = land | holes
    labels, count = ndimage.label(land, near)
    monitor.step(8, 10)
    cells = np.bincount(labels.ravel(), minlength=count + 1)
    kept = cells >= minimum
    kept[0] = False
    number = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    removed = ~kept
    removed[0] = False
    if not kept.any():
        raise InputError(_too_small(cells[1:], minimum, cell_ha))
    result = number[labels]
    n = int(kept.sum())

    def within(mask: BoolArray | None) -> IntArray:
        if mask is None:
            return np.zeros(n, dtype=np.int64)
        return np.bincount(result[mask], minlength=n + 1)[1:].astype(np.int64)

    return Patches(
        labels=result,
        cells=cells[kept].astype(np.int64),
        core_cells=within(core),
        protected_cells=within(protected),
        removed=int(removed.sum()),
        removed_cells=int(cells[removed].sum()),
        filled_cells=filled_cells,
        untouched=untouched,
    )


def _nothing(core: BoolArray, protected: BoolArray | None) -> str:
    if not core.any() and protected is None:
        return (
            "There is no core area. Check the values that stand for core, or analyse the pattern with a narrower edge."
        )
    have = f"{int(core.sum()):,} cells of core" + (
        "" if protected is None else f" and {int(protected.sum()):,} cells of protected land"
    )
    return f"No patch is left: there are {have}, but they do not meet. Choose another overlay, or check the layers."


def _holes(land: BoolArray, largest: float, neighbours: int, valid: BoolArray | None) -> BoolArray:
    """Return the holes in the land, up to so many cells; they are connected the other way than the land."""
    around = ndimage.generate_binary_structure(2, 1 if neighbours == 8 else 2)
    labels, count = ndimage.label(~land, around)
    fill = np.bincount(labels.ravel(), minlength=count + 1) <= largest
    fill[0] = False
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        fill[edge] = False
    if valid is not None:
        fill[labels[~valid]] = False
    holes: BoolArray = fill[labels]
    return holes


def _close(land: BoolArray, gap: float, monitor: Monitor) -> BoolArray:
    """Return where the land and its gaps up to `gap` cells wide are."""
    # In half cells; the edge of the land is half of one nearer than its outermost centres.
    radius = gap + 0.5
    pad = int(np.ceil(radius)) + 1
    margin = 2 * pad
    rows, cols = land.shape
    strip = max(1, _STRIP_CELLS // (4 * (cols + 2 * pad)))
    closed = np.empty_like(land)
    padded = np.pad(land, pad)
    for top in range(0, rows, strip):
        monitor.step(top, rows)
        bottom = min(top + strip, rows)
        fine = padded[top : bottom + 2 * pad].repeat(2, axis=0).repeat(2, axis=1)
        if not fine.any():
            closed[top:bottom] = False
            continue
        if fine.all():
            closed[top:bottom] = True
            continue
        wide = ndimage.distance_transform_edt(~fine) <= radius
        if not wide.all():
            wide = ndimage.distance_transform_edt(wide) > radius
        inside = wide[margin : fine.shape[0] - margin, margin : fine.shape[1] - margin]
        closed[top:bottom] = inside.reshape(bottom - top, 2, cols, 2).all(axis=(1, 3))
    return closed


def _too_small(cells: IntArray, minimum: float, cell_ha: float | None) -> str:
    """Return that no patch is as large as asked for, with the smallest area that would leave ten."""
    size, unit = (1.0, "cells") if cell_ha is None else (cell_ha, "ha")
    largest = np.sort(cells)[::-1][:_PROPOSED] * size
    decimals = 2 - math.floor(math.log10(largest[-1]))
    cut = math.floor(largest[-1] * 10.0**decimals * (1.0 + 1e-12)) / 10.0**decimals
    left = int(np.count_nonzero(cells * size >= cut))
    return (
        f"None of the {cells.size:,} patches has {minimum * size:,.7g} {unit} or more; the largest has {largest[0]:,.7g}. "
        f"Lower the smallest area (MIN_AREA): {cut:.10g} {unit} leaves {'all ' if left == cells.size else ''}{left:,}."
    )


_PROPOSED = 10
"""Patches that a proposed smallest area leaves."""
