"""Morphological spatial pattern analysis of a binary raster."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..types import Array, IntArray
from . import bits, compiled, regions
from .codes import BORDER_OPENING, INTERNAL, MISSING_CODE
from .connectors import bridges
from .thickening import thicken
from .thinning import thin

MISSING_CELL, BACKGROUND_CELL, FOREGROUND_CELL = 0, 1, 2
"""The three values of the input."""

_WORTH_THICKENING, _WORTH_THINNING = 5_000_000, 10_000_000
"""Cells from which numba makes up for the time it takes to start, with and without thickening."""


def mspa(
    cells: IntArray,
    *,
    connectivity: int = 8,
    edge_width: int = 1,
    intext: bool = True,
    accelerate: bool | None = None,
    monitor: Monitor = SILENT,
) -> Array:
    """Segment the foreground of a binary raster into core, islet, perforation, edge, loop, bridge and branch.

    Parameters
    ----------
    cells : ndarray, int, shape (rows, cols)
        0 missing, 1 background, 2 foreground.
    connectivity : int
        Connectivity of the foreground, 8 or 4; the background has the other one.
    edge_width : int
        Width of edges and perforations, and half the width of connectors, in cells.
    intext : bool
        Tell what lies inside core holes (+100) and mark openings in the foreground (100 and 220).
    accelerate : bool, optional
        Whether to use numba, with the same result; by default where it is installed and pays.
    monitor : Monitor
        Receives progress and can cancel.

    Returns
    -------
    ndarray, uint8, shape (rows, cols)
        The codes of GuidosToolbox, see `CODES`. Missing cells are 129.

    Raises
    ------
    InputError
        If the raster is not two-dimensional, is empty or holds another value, or a parameter is out of range.

    Notes
    -----
    Cell for cell the result of the JRC's own program (mspa 2.4, as in pyguidos and GuidosToolbox Workbench). Its
    fourth parameter, transition, changes colours and no code: see `Code.plain_colour` and `seven_classes`.

    Foreground that touches the border of the raster is taken to continue outside, and missing cells near foreground
    are taken to be foreground, so neither makes an edge.

    The whole raster is worked on at once: islets, holes and connectors depend on entire regions, so tiles would
    change the result. Time is proportional to the number of cells; memory is `bytes_per_cell` of it.

    References
    ----------
    Soille, P. and Vogt, P. (2009): Morphological segmentation of binary patterns. Pattern Recognition Letters 30,
    456-459, doi:10.1016/j.patrec.2008.10.015.
    Vogt, P. and Riitters, K. (2017): GuidosToolbox: universal digital image object analysis. European Journal of
    Remote Sensing 50, 352-361, doi:10.1080/22797254.2017.1330650.

    Examples
    --------
    >>> forest = np.ones((7, 7), int)
    >>> forest[1:6, 1:5] = 2
    >>> mspa(forest)[3]
    array([ 0,  3, 17, 17,  3,  0,  0], dtype=uint8)
    """
    cells = _checked(cells, connectivity, edge_width)
    reach = _Reach(edge_width)
    cols = cells.shape[1]
    foreground = bits.pack(cells == FOREGROUND_CELL)
    missing = bits.pack(cells == MISSING_CELL)
    # Missing cells near foreground count as foreground.
    body = foreground | (missing & bits.dilate(foreground, cols, reach.disc, monitor) if missing.any() else missing)
    framed = bits.pack(np.pad(bits.unpack(body, cols), reach.frame, mode="edge"))
    if accelerate is None:
        accelerate = _faster(cells.size, reach)
    planes = _segment(framed, cols + 2 * reach.frame, connectivity, reach, accelerate, monitor.part(0.0, 0.85))
    inner, opening = np.zeros_like(framed), np.zeros_like(framed)
    if intext:
        back = 12 - connectivity
        framed_cols = cols + 2 * reach.frame
        inner = planes.holes
        if inner.any():
            inner = inner | regions.enclosed(inner, framed_cols, back, accelerate=accelerate)
        monitor.step(0.9, 1.0)
        joined = _bridged(cells, reach.frame)
        opening = regions.enclosed(joined, framed_cols, back, accelerate=accelerate) & ~planes.holes
    monitor.step(0.95, 1.0)
    codes = _compose(planes.weighted(framed), inner, opening, cells.shape, reach.frame)
    codes[cells == MISSING_CELL] = MISSING_CODE
    monitor.progress(1.0)
    return codes


def bytes_per_cell(edge_width: int) -> float:
    """Return an upper estimate of the memory `mspa` takes for each cell of the raster, input and output included.

    Examples
    --------
    >>> bytes_per_cell(10) >= bytes_per_cell(1)
    True
    """
    return 18.0 if edge_width == 1 else 22.0


def uses_numba(cells: int, edge_width: int) -> bool:
    """Return whether `mspa` uses numba for a raster of so many cells by default.

    Examples
    --------
    >>> uses_numba(25, 1)
    False
    """
    return _faster(cells, _Reach(edge_width))


class _Reach:
    """What follows from the edge width; the rounding to single precision is part of the method.

    Attributes
    ----------
    disc : int
        Largest squared distance, in cells, within the disc of erosion and dilation.
    frame : int
        Width of the frame of replicated cells.
    lines : float32
        Distance up to which connectors are thickened.
    flood : int
        Number of rounds after which the flood of core labels has covered every edge and perforation.
    """

    def __init__(self, edge_width: int) -> None:
        root2 = np.float32(math.sqrt(2.0))
        size = np.float32((edge_width + 0.98) / math.sqrt(2.0))
        radius = size * root2
        disc = (edge_width + 2) ** 2
        while np.sqrt(np.float32(disc)) > radius:
            disc -= 1
        self.disc = disc
        self.frame = math.floor(1.5 * float(size) + 0.5) + 1
        self.lines = np.float32((size - np.float32(1.0)) * root2)

    @property
    def thickens(self) -> bool:
        """Whether connectors become wider than one cell."""
        return bool(self.lines >= 1)

    def flood(self, connectivity: int) -> int:
        return math.isqrt(self.disc if connectivity == 8 else 2 * self.disc) + 1


class _Planes(NamedTuple):
    """The parts of the foreground, as packed rasters that may overlap."""

    edge: Array
    perforation: Array
    islet: Array
    core: Array
    bridge: Array
    loop: Array
    holes: Array

    def weighted(self, body: Array) -> list[tuple[int, Array]]:
        """Return the bit of the code that each part stands for; what has no bit but the first is branch."""
        return [
            (1, body),
            (2, self.edge),
            (4, self.perforation),
            (8, self.islet),
            (16, self.core),
            (32, self.bridge),
            (64, self.loop),
        ]


def _faster(cells: int, reach: _Reach) -> bool:
    """Return whether numba is there and pays."""
    return cells >= (_WORTH_THICKENING if reach.thickens else _WORTH_THINNING) and compiled.available()


def _segment(body: Array, cols: int, connectivity: int, reach: _Reach, accelerate: bool, monitor: Monitor) -> _Planes:
    """Segment a framed foreground without missing cells."""
    full_core = bits.invert(bits.dilate(bits.invert(body, cols), cols, reach.disc, monitor), cols)
    patches = regions.label(body, cols, connectivity, accelerate=accelerate)
    without_core = ~patches.touched(full_core)
    without_core[0] = False
    islet = patches.paint(without_core)
    del patches
    monitor.step(0.15, 1.0)

    core = bits.clear_border(full_core, cols, 2)
    room = body & ~islet
    lean = bits.clear_border(room, cols, 2)
    connectors = thin(lean, core, connectivity, monitor.part(0.15, 0.4), accelerate=accelerate) & ~core
    if reach.thickens:
        within = room & ~core
        connectors = thicken(connectors, within, cols, reach.lines, monitor.part(0.4, 0.7), accelerate=accelerate)
    monitor.step(0.7, 1.0)

    nesting = regions.nest(core, cols, connectivity, accelerate=accelerate)
    monitor.step(0.85, 1.0)
    near_core = bits.dilate(full_core, cols, reach.disc, monitor)
    band = near_core & ~full_core
    edge = band & ~nesting.holes
    for hole, inside in nesting.levels:
        edge |= band & hole & bits.dilate(inside, cols, reach.disc, monitor)

    parts = bits.clear_border(connectors, cols, 1)
    flooded = bits.clear_border(near_core | connectors, cols, 1) & ~core
    bridge = bridges(
        parts,
        core,
        flooded,
        nesting.cores,
        cols,
        connectivity=connectivity,
        rounds=reach.flood(connectivity),
        accelerate=accelerate,
        monitor=monitor,
    )
    return _Planes(edge, band & ~edge, islet, core, bridge, connectors & ~bridge, nesting.holes)


def _bridged(cells: Array, frame: int) -> Array:
    """Return the foreground in a frame of missing cells, grown by its 8 neighbours over missing cells."""
    framed = np.pad(cells, frame, mode="constant", constant_values=MISSING_CELL)
    cols = framed.shape[1]
    foreground = bits.pack(framed == FOREGROUND_CELL)
    return foreground | (bits.pack(framed == MISSING_CELL) & bits.dilate(foreground, cols, 2))


def _compose(
    weighted: list[tuple[int, Array]], inner: Array, opening: Array, shape: tuple[int, int], frame: int
) -> Array:
    """Return the codes without the frame."""
    rows, cols = shape
    out = np.empty(shape, np.uint8)
    step = bits.block_rows(cols)

    def block(plane: Array, top: int) -> Array:
        part = plane[frame + top : frame + min(top + step, rows)]
        return bits.unpack(part, cols + frame)[:, frame:]

    for top in range(0, rows, step):
        codes = out[top : top + step]
        codes[:] = block(inner, top) * np.uint8(INTERNAL)
        for weight, plane in weighted:
            codes += block(plane, top) * np.uint8(weight)
        codes[block(opening, top) == 1] = BORDER_OPENING
    return out


def _some_values(cells: Array, most: int = 6) -> str:
    values = np.unique(cells[~np.isnan(cells)] if cells.dtype.kind == "f" else cells)
    text = ", ".join(f"{value:g}" for value in values[:most])
    return text + (f" and {values.size - most} more values" if values.size > most else "")


def _checked(cells: IntArray, connectivity: int, edge_width: int) -> IntArray:
    cells = np.asarray(cells)
    if cells.ndim != 2 or cells.size == 0:
        raise InputError(f"MSPA needs a raster of rows and columns, not an array of shape {cells.shape}.")
    if cells.dtype.kind not in "iu" or cells.min() < MISSING_CELL or cells.max() > FOREGROUND_CELL:
        raise InputError(
            f"The raster must be coded 0 missing, 1 background, 2 foreground, but holds {_some_values(cells)}. "
            "Say which values are foreground."
        )
    if connectivity not in (4, 8):
        raise InputError(f"The connectivity must be 8 or 4, not {connectivity}.")
    if edge_width != int(edge_width) or edge_width < 1:
        raise InputError(f"The edge width must be a whole number of cells, at least 1, not {edge_width}.")
    return cells
