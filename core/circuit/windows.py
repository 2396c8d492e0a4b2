"""Omnidirectional current: what flows to every place from all around it, in a moving window."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..choices import Average
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..spread.spreading import spread
from ..spread.where import HERE, Where
from ..surface import check_resistance
from ..types import FloatArray, IntArray
from . import compiledfronts
from .conditions import COMPARISONS, Condition
from .scratch import Scratch
from .windowbatch import Alike, batch_bytes, cut_alike
from .windowflow import block_correction, correction_bytes
from .windowpieces import Run, Setting, Share, Tally, Windows, bundles, solve, tiles

_PIECES = 64
"""Pieces that the windows are solved in, as far as these are of a sensible size."""

_PIECE_CELLS, _MOST_CELLS = 500_000, 20_000_000
"""Fewest and most cells of the windows of a piece: from less than a second to a minute."""

_UNIFORM = 4
"""Cells on uniform ground, where windows share a factor, that take the time of one of the landscape."""

_TILE_SIDE = 1_000
"""Most cells on a side of the square that the centres of a piece's windows lie in."""

_ROWS = 64
"""Rows that are worked out at a time."""

_BEFORE_BYTES, _RASTER_BYTES, _MAP_BYTES = 16, 22, 8
"""Memory of a run for each cell of the raster, its resistance included: before there are maps, with the current, and of
the flow potential or of what else is read."""

_WINDOW_BYTES = 100
"""Memory of a run for each window."""

_TILE_BYTES, _KEPT_BYTES = 77, 41
"""Memory of a process for each cell that the windows of a piece cover: while their links are made, and afterwards."""

_NUMBA_BYTES = 70_000_000
"""Memory of numba and of what it compiles for windows."""


@dataclass(frozen=True)
class WindowFlow:
    """Current through a landscape from everywhere to everywhere within a radius.

    Attributes
    ----------
    current : float64 (rows, cols)
        Sum of the currents of all windows, in amperes; NaN where there is no resistance.
    potential : float64 (rows, cols) or None
        The same on uniform ground: what would flow if nothing resisted more than anything else.
    normalised : float64 (rows, cols) or None
        `current` over `potential`, 0 where both are 0. Below 1 = impeded, about 1 = diffuse, above = channelled.
    windows : int
        Windows solved.
    """

    current: FloatArray
    potential: FloatArray | None
    normalised: FloatArray | None
    windows: int


def omniscape(
    resistance: FloatArray,
    strength: FloatArray | None = None,
    *,
    radius: int,
    block_size: int = 1,
    buffer: int = 0,
    neighbours: int = 8,
    average: Average | str = Average.CONDUCTANCE,
    threshold: float = 0.0,
    cutoff: float = math.inf,
    conditions: Sequence[Condition] = (),
    flow_potential: bool = False,
    correct_blocks: bool = True,
    clear_own_block: bool = False,
    move_targets: bool = False,
    scratch: Scratch | None = None,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> WindowFlow:
    """Map the current that flows to every place from all sources around it.

    Parameters
    ----------
    resistance : float (rows, cols)
        Resistance of every cell, > 0; NaN = no node.
    strength : float (rows, cols), optional
        Strength of every cell as a source and as a target, >= 0; NaN = 0. Left out: the conductance, of cells with a
        resistance up to `cutoff`.
    radius : int
        How far from its target a source may lie, in cells, >= 1.
    block_size : int
        Targets stand for blocks of so many cells on a side; an even number is raised by 1. Blocks that the right or
        lower edge cuts have no target.
    buffer : int
        Cells beyond the radius that current may pass through.
    neighbours, average
        See `raster_graph`. Omniscape averages conductances.
    threshold : float
        Strengths below this are 0.
    cutoff : float
        Largest resistance of a source where no strengths are given.
    conditions : sequence of Condition
        Which sources may send current to a target. Sources are left out after the current has been shared among
        all, so less flows.
    flow_potential : bool
        Whether to compute the potential and the normalised current too.
    correct_blocks : bool
        Whether to make up for the pattern that targets of more than one cell leave.
    clear_own_block : bool
        Whether the sources cleared around a target are those of its own block also nearer to the upper or left edge
        than the window reaches. Omniscape.jl 0.6 clears cells farther down and to the right there.
    move_targets : bool
        Whether a target on NoData moves to the nearest valid cell of its block. In Omniscape.jl 0.6 it draws nothing.
    scratch : Scratch, optional
        Where the maps are made; see `windows_scratch`, whose it is if left out.
    where : Where
        Where the windows are solved; the result is the same to the last bit.
    monitor : Monitor
        Progress in proportion to the cells solved, and cancellation; gets the number of windows and what could not flow.

    Returns
    -------
    WindowFlow

    Raises
    ------
    InputError
        If a parameter is out of its range, a resistance is not positive, a strength is negative, or there is no source.
    ConvergenceError
        If a window cannot be solved to the accuracy promised.

    Notes
    -----
    Each target draws as many amperes as its block has strength, from the cells within the radius but outside the block,
    in proportion to their strength, and is grounded. The window ends at the circle of radius + buffer. The uniform
    counterpart is the whole square, NoData included. All this is as in Omniscape.jl 0.6, except that the block
    correction is 1 where nothing flows, where Omniscape divides rounding errors.

    Time grows with the number of windows (cells / block_size^2) and, slightly more than linearly, with the cells of a
    window. Memory grows with the cells of the raster up to some ten million; the maps of larger ones are mapped from
    temporary files, which the inputs can be too, and the memory of the process is that of the windows of a tile.

    References
    ----------
    McRae BH, Popper K, Jones A, Schindel M, Buttrick S, Hall K, Unnasch RS, Platt J (2016). Conserving nature's stage:
    mapping omnidirectional connectivity for resilient terrestrial landscapes in the Pacific Northwest. The Nature
    Conservancy, Portland.

    Landau VA, Shah VB, Anantharaman R, Hall KR (2021). Omniscape.jl: software to compute omnidirectional landscape
    connectivity. J. Open Source Softw. 6:2829. doi:10.21105/joss.02829

    Examples
    --------
    >>> flow = omniscape(np.ones((3, 5)), radius=2)
    >>> flow.windows, flow.current.shape
    (15, (3, 5))
    >>> bool(flow.current[1, 2] > flow.current[1, 0])
    True
    """
    _check(resistance, strength, radius, block_size, buffer, conditions)
    if block_size % 2 == 0:
        block_size += 1
        monitor.info(f"Blocks need a middle cell: their size is raised to {block_size} cells.")
    half, reach = block_size // 2, radius + buffer
    shape = resistance.shape[0], resistance.shape[1]
    scratch = scratch or windows_scratch(shape, flow_potential=flow_potential)
    strengths = _strengths(resistance, strength, threshold, cutoff, scratch)
    centres, amperes = _targets(strengths, block_size)
    each, blocks = _piece(shape, reach, block_size, amperes.size)
    order, runs = tiles(centres, blocks * block_size)
    centres, amperes = centres[order], amperes[order]
    pieces: list[Run | list[Alike]] = [*runs]
    correction = None
    if correct_blocks and block_size > 1:
        correction = block_correction(radius, reach, block_size, neighbours, monitor)
    setting = Setting(
        resistance=resistance,
        strengths=strengths,
        centres=centres,
        amperes=amperes,
        radius=radius,
        reach=reach,
        half=half,
        neighbours=neighbours,
        average=Average.of(average),
        conditions=list(conditions),
        correction=correction,
        clear_own_block=clear_own_block,
        move_targets=move_targets,
    )
    monitor.info(f"{amperes.size:,} windows of up to {2 * reach + 1:,} x {2 * reach + 1:,} cells.")
    tally, current = Tally(), scratch.zeros(shape)
    potential = scratch.zeros(shape) if flow_potential else None

    def merge(shares: list[Share]) -> None:
        for share in shares:
            (current if share.tally or potential is None else potential)[share.cells] += share.current
            if share.tally:
                tally.add(share.tally)

    if flow_potential:
        pieces += bundles(cut_alike(centres, reach, shape), _UNIFORM * each)
    spread(solve, setting, pieces, merge, prepare=Windows, where=where, monitor=monitor)
    _tell(tally, monitor)
    del setting, strengths  # which the normalised current takes the place of
    normalised = None if potential is None else scratch.zeros(shape)
    for rows in _strips(shape):
        monitor.check()
        missing = np.isnan(resistance[rows])
        current[rows][missing] = np.nan
        if potential is not None and normalised is not None:
            potential[rows][missing] = normalised[rows][missing] = np.nan
            np.divide(current[rows], potential[rows], out=normalised[rows], where=potential[rows] > 0.0)
    return WindowFlow(current, potential, normalised, amperes.size)


def windows_scratch(shape: tuple[int, int], *, flow_potential: bool = True, layers: int = 0) -> Scratch:
    """Return where `omniscape` makes the maps of a raster: in memory, or in temporary files where there are many cells.

    Parameters
    ----------
    shape, flow_potential, layers
        See `windows_bytes`.

    Examples
    --------
    >>> windows_scratch((500, 500)).on_disk
    False
    """
    each = _RASTER_BYTES + _MAP_BYTES * (layers + (2 if flow_potential else 0))
    return Scratch(float(each) * shape[0] * shape[1])


def windows_bytes(
    shape: tuple[int, int],
    reach: int,
    block_size: int = 1,
    *,
    flow_potential: bool = True,
    correct_blocks: bool = True,
    layers: int = 0,
    scratch: Scratch | None = None,
) -> tuple[int, int]:
    """Return about how much memory, in bytes, `omniscape` needs for a raster, and each process for windows in it.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the raster.
    reach : int
        Radius + buffer of the windows, in cells.
    block_size, flow_potential, correct_blocks
        See `omniscape`.
    layers : int
        Rasters that are read beside the resistance.
    scratch : Scratch, optional
        Where the rasters are made, all that are read among them; left out: in memory.

    Examples
    --------
    >>> windows_bytes((500, 500), 50)[1] > windows_bytes((500, 500), 10)[1]
    True
    """
    block_size += block_size % 2 == 0
    cells, side = shape[0] * shape[1], 2 * reach + 1
    windows = max(1, cells // block_size**2)
    window = min(side, shape[0]) * min(side, shape[1])
    piece, blocks = _piece(shape, reach, block_size, windows)
    rows, cols = (min(size, (blocks - 1) * block_size + side) for size in shape)
    each = max(rows * cols * _TILE_BYTES, rows * cols * _KEPT_BYTES + batch_bytes(window))
    each += _NUMBA_BYTES if compiledfronts.available() else 0
    if flow_potential:
        each += int(_MAP_BYTES * min(cells, _UNIFORM * piece / window * block_size**2))
    correction = correction_bytes(side) if correct_blocks and block_size > 1 else 0
    if scratch and scratch.on_disk:
        return max(_WINDOW_BYTES * windows, correction - each), each
    maps = (_RASTER_BYTES + _MAP_BYTES * (layers + flow_potential)) * cells
    return max(maps, _BEFORE_BYTES * cells + correction - each), each


def _piece(shape: tuple[int, int], reach: int, block_size: int, windows: int) -> tuple[float, int]:
    """Return the cells of the windows of a piece, and the blocks on a side of its tile."""
    area = float(np.minimum(2 * reach + 1, shape).prod())
    cells = max(_PIECE_CELLS, min(area * windows / _PIECES, _MOST_CELLS))
    return cells, max(1, min(int(np.sqrt(cells / area)), _TILE_SIDE // block_size))


def _check(
    resistance: FloatArray,
    strength: FloatArray | None,
    radius: int,
    block_size: int,
    buffer: int,
    conditions: Sequence[Condition],
) -> None:
    check_resistance(resistance)
    if radius < 1 or buffer < 0 or block_size < 1:
        raise InputError(
            f"The radius ({radius}) and the block size ({block_size}) must be at least 1 cell, the buffer ({buffer}) "
            "at least 0."
        )
    if radius > 10 * sum(resistance.shape):
        raise InputError(
            f"The radius of {radius:,} cells reaches far beyond the whole raster ({resistance.shape[0]} x "
            f"{resistance.shape[1]} cells). Use a smaller one."
        )
    if block_size // 2 >= radius:
        raise InputError(
            f"Blocks of {block_size} x {block_size} cells leave no source within the radius of {radius} cells. "
            "Use smaller blocks (a tenth of the radius is usual) or a larger radius."
        )
    layers = [("strengths", strength)]
    for condition in conditions:
        layers += [("values of a condition", condition.present), ("values of a condition", condition.future)]
        if condition.compare not in COMPARISONS:
            raise InputError(f"Conditions compare {' or '.join(COMPARISONS)}, not {condition.compare!r}.")
        if condition.lower > condition.upper:
            raise InputError(
                f"The lower limit of a condition, {condition.lower:g}, is above the upper, {condition.upper:g}."
            )
    for name, values in layers:
        if values is not None and values.shape != resistance.shape:
            raise InputError(f"The {name} have the shape {values.shape}, the resistances {resistance.shape}.")
    if strength is not None and np.nanmin(strength, initial=0.0) < 0:
        raise InputError(f"Strengths must not be negative; the smallest is {float(np.nanmin(strength)):g}.")


def _strips(shape: tuple[int, int]) -> Iterator[slice]:
    """Yield runs of rows."""
    for first in range(0, shape[0], _ROWS):
        yield slice(first, first + _ROWS)


def _strengths(
    resistance: FloatArray, strength: FloatArray | None, threshold: float, cutoff: float, scratch: Scratch
) -> FloatArray:
    strengths: FloatArray = scratch.zeros(resistance.shape)
    for rows in _strips(resistance.shape):
        if strength is None:
            exact = resistance[rows].astype(np.float64)
            with np.errstate(invalid="ignore"):
                some = np.where(exact <= cutoff, 1.0 / exact, 0.0)
        else:
            some = strength[rows].astype(np.float64)
        np.nan_to_num(some, copy=False)
        some[some < threshold] = 0.0
        strengths[rows] = some
    return strengths


def _targets(strengths: FloatArray, block_size: int) -> tuple[IntArray, FloatArray]:
    """Return row and column of the centre, and the strength, of every block that has some."""
    rows, cols = (size // block_size for size in strengths.shape)
    height = max(1, _ROWS // block_size)
    found, amperes = [np.empty((0, 2), dtype=np.int64)], [np.empty(0)]
    for first in range(0, rows, height):
        some = strengths[first * block_size : min(first + height, rows) * block_size, : cols * block_size]
        sums = some.reshape(-1, block_size, cols, block_size).sum(axis=(1, 3))
        found.append(np.argwhere(sums > 0.0) + np.array([first, 0]))
        amperes.append(sums[sums > 0.0])
    places = np.concatenate(found)
    if not places.size:
        raise InputError(
            "There is no source: no cell in a whole block has a strength above 0 that reaches the threshold. Look at "
            f"the strengths, the threshold, the largest resistance of a source, and the blocks of {block_size} x "
            f"{block_size} cells."
        )
    return places * block_size + block_size // 2, np.concatenate(amperes)


def _tell(tally: Tally, monitor: Monitor) -> None:
    if tally.moved:
        monitor.info(f"{tally.moved:,} targets lay on NoData and were moved to the nearest valid cell of their block.")
    if tally.buried:
        monitor.warn(f"{tally.buried:,} targets lie on NoData and draw no current.")
    if tally.alone:
        monitor.info(f"{tally.alone:,} targets have no source within the radius outside their own block.")
    stuck = tally.offered - tally.arrived
    if stuck > 1e-9 * tally.offered:
        monitor.warn(
            f"{stuck:,.4g} of {tally.offered:,.4g} amperes ({100 * stuck / tally.offered:.2g} %) could not flow: their "
            "sources lie on NoData or are cut off from the target by NoData within the window."
        )
