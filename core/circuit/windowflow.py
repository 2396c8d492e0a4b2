"""Current through one moving window: its circuit, its uniform counterpart, and the correction for blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import fft

from ..errors import ConvergenceError
from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray
from .conductances import DIRECTIONS
from .direct import FACTORISED_MOST, DirectSolver, factor_bytes
from .graph import RasterGraph
from .solvers import Solver, make_solver, solver_bytes

_TOLERANCE = 1e-10
"""Residual at which a uniform window is solved, relative to the injected currents (Euclidean norms)."""

_MOST = 100
"""Iterations after which a uniform window is given up; it takes about ten."""

_NOTHING = 1e-9
"""Share of the largest uniform current below which a current is rounding."""

_CORRECTION_BYTES = 200
"""Memory of `block_correction` for each cell of a window, beside that of the factor."""


@dataclass(frozen=True)
class Window:
    """A square around a target, cut at the edges of the raster.

    Parameters
    ----------
    cells : (slice, slice)
        Its rows and columns in the raster, or in a part of it.
    part : (slice, slice)
        Its rows and columns in a window that is not cut.
    centre : (int, int)
        Row and column of its centre in the window itself.
    """

    cells: tuple[slice, slice]
    part: tuple[slice, slice]
    centre: tuple[int, int]

    @classmethod
    def around(cls, row: int, col: int, reach: int, shape: tuple[int, int]) -> Window:
        """Return the window that reaches so many cells from a cell in each direction."""
        cells, part, centre = [], [], []
        for place, size in zip((row, col), shape):
            start, stop = max(place - reach, 0), min(place + reach + 1, size)
            cells.append(slice(start, stop))
            part.append(slice(start - place + reach, stop - place + reach))
            centre.append(place - start)
        return cls((cells[0], cells[1]), (part[0], part[1]), (centre[0], centre[1]))

    def within(self, box: tuple[slice, slice]) -> Window:
        """Return the window with its rows and columns in a part of the raster that holds it."""
        rows, cols = (slice(own.start - of.start, own.stop - of.start) for own, of in zip(self.cells, box))
        return Window((rows, cols), self.part, self.centre)


@dataclass(frozen=True)
class Drained:
    """What flows through a window.

    Attributes
    ----------
    current : float64 (rows, cols)
        Amperes through every cell.
    amperes : float
        What reached the target.
    """

    current: FloatArray
    amperes: float


def disc(radius: int, reach: int) -> BoolArray:
    """Return the cells of an uncut window of some reach whose centres are within the radius of its centre."""
    steps = np.arange(-reach, reach + 1)
    inside: BoolArray = steps[:, None] ** 2 + steps**2 <= radius**2
    return inside


def drain(
    couplings: Sequence[FloatArray],
    valid: BoolArray,
    amounts: FloatArray,
    target: tuple[int, int],
    monitor: Monitor = SILENT,
    make: Callable[..., Solver] = make_solver,
) -> Drained:
    """Let currents drain through one cell at 0 V.

    Parameters
    ----------
    couplings : sequence of float64
        Conductances of the links of the window, see `RasterGraph`.
    valid : bool (rows, cols)
        Cells with a node; links of others count for nothing.
    amounts : float64 (rows, cols)
        Amperes put into every cell. What is put into cells that are not connected to the target is lost.
    target : (int, int)
        Row and column of the grounded cell, a valid one.
    monitor : Monitor
        Cancellation.
    make : callable
        Makes the solver, as `make_solver` does.
    """
    linked = [coupling * (valid[here] & valid[there]) for coupling, (here, there, _) in zip(couplings, DIRECTIONS)]
    node = np.full(valid.shape, -1, dtype=np.int64)
    size = int(np.count_nonzero(valid))
    node[valid] = np.arange(size)
    graph = RasterGraph(linked, node, size)
    component = graph.component
    injected = np.where(component == component[node[target]], amounts[valid], 0.0)
    amperes = float(injected.sum())
    if not amperes > 0.0:
        return Drained(np.zeros(valid.shape), 0.0)
    held = np.zeros(size, dtype=bool)
    held[node[target]] = True
    volts = np.zeros(valid.shape)
    volts[valid] = make(graph, held=held, monitor=monitor).solve(injected)
    return Drained(through(linked, volts), amperes)


def through(couplings: Sequence[FloatArray], volts: FloatArray) -> FloatArray:
    """Return the larger of inflow and outflow of every cell, in amperes."""
    net, total = np.zeros(volts.shape), np.zeros(volts.shape)
    for coupling, (here, there, _) in zip(couplings, DIRECTIONS):
        flow = volts[here] - volts[there]
        flow *= coupling
        net[here] += flow
        net[there] -= flow
        np.abs(flow, out=flow)
        total[here] += flow
        total[there] += flow
    np.abs(net, out=net)
    total += net
    total /= 2.0
    return total


class UniformWindow:
    """A rectangle of cells of conductance 1.

    With straight links only, cosine waves are its eigenvectors. Diagonal links break this along the edges alone: there
    the operator with mirrored edges is at most 1.71 times the true one, so that conjugate gradients preconditioned with
    it take about ten iterations whatever the size, and no factor need be kept for each shape of window.

    Parameters
    ----------
    rows, cols : int
        Size of the rectangle.
    neighbours : {8, 4}
        Cells that a cell is linked to.
    """

    def __init__(self, rows: int, cols: int, neighbours: int) -> None:
        self.shape = rows, cols
        self._weights = [1.0 / length for _, _, length in DIRECTIONS[: neighbours // 2]]
        down = 2.0 * np.cos(np.pi * np.arange(rows) / rows)[:, None]
        right = 2.0 * np.cos(np.pi * np.arange(cols) / cols)[None, :]
        waves = 4.0 - down - right
        if neighbours == 8:
            waves = waves + (4.0 - down * right) / np.sqrt(2.0)
        waves[0, 0] = np.inf
        self._inverse = 1.0 / waves

    def currents(self, amounts: FloatArray, target: tuple[int, int], monitor: Monitor = SILENT) -> FloatArray:
        """Return the amperes through every cell when what is put in drains through one of them.

        Raises
        ------
        ConvergenceError
            If the iterations do not end.
        """
        residual = amounts.copy()
        residual[target] = 0.0
        residual[target] = -residual.sum()
        goal = _TOLERANCE * float(np.sqrt(np.square(residual).sum()))
        volts, direction, slope = np.zeros_like(residual), np.zeros_like(residual), 0.0
        for _ in range(_MOST):
            if float(np.sqrt(np.square(residual).sum())) <= goal:
                return through([np.float64(weight) for weight in self._weights], volts)
            monitor.check()
            preconditioned = fft.idctn(fft.dctn(residual, norm="ortho") * self._inverse, norm="ortho")
            before, slope = slope, float((preconditioned * residual).sum())
            direction *= slope / before if before else 0.0
            direction += preconditioned
            flow = self._apply(direction)
            step = slope / float((direction * flow).sum())
            volts += step * direction
            residual -= step * flow
        raise ConvergenceError(
            f"A uniform window of {residual.shape[0]} x {residual.shape[1]} cells could not be solved."
        )

    def _apply(self, volts: FloatArray) -> FloatArray:
        net = np.zeros_like(volts)
        for weight, (here, there, _) in zip(self._weights, DIRECTIONS):
            flow = volts[here] - volts[there]
            flow *= weight
            net[here] += flow
            net[there] -= flow
        return net


def block_correction(
    radius: int, reach: int, block_size: int, neighbours: int, monitor: Monitor = SILENT
) -> FloatArray:
    """Return what the currents of an uncut window are to be multiplied with to make up for its block.

    Parameters
    ----------
    radius, reach : int
        Radius of the sources and of the window, in cells.
    block_size : int
        Odd number of cells.
    neighbours, monitor
        See `omniscape`.

    Returns
    -------
    float64 (2 * reach + 1, 2 * reach + 1)
        On uniform ground: current of as many single targets as the block has cells, each draining 1 A, over that of
        the block draining as much through its centre; 1 where that is nothing.
    """
    inside, sources = disc(reach, reach), disc(radius, reach)
    couplings = [np.full(inside[here].shape, 1.0 / length) for here, _, length in DIRECTIONS[: neighbours // 2]]
    half = block_size // 2
    centre = reach, reach
    single, block = sources.copy(), sources.copy()
    single[centre] = False
    block[reach - half : reach + half + 1, reach - half : reach + half + 1] = False
    # Weak currents are divided by weak ones: an accuracy in terms of the whole current would not do.
    make = DirectSolver if inside.size <= FACTORISED_MOST else make_solver
    one = drain(couplings, inside, single / np.count_nonzero(single), centre, monitor, make).current
    many = drain(couplings, inside, block * (block_size**2 / np.count_nonzero(block)), centre, monitor, make).current
    total = _box_sum(_box_sum(one, half).T, half).T
    correction = np.ones_like(one)
    flows = many > _NOTHING * many.max()
    correction[flows] = total[flows] / many[flows]
    return correction


def correction_bytes(side: int) -> int:
    """Return about how much memory, in bytes, `block_correction` needs for windows of so many cells on a side.

    Examples
    --------
    >>> correction_bytes(201) > correction_bytes(101)
    True
    """
    cells = side * side
    if cells > FACTORISED_MOST:
        return solver_bytes(cells)
    return factor_bytes(cells) + _CORRECTION_BYTES * cells


def _box_sum(values: FloatArray, half: int) -> FloatArray:
    """Return the sums over runs of 2 * half + 1 rows, centred; there is nothing beyond the edges."""
    sums = np.zeros((values.shape[0] + 2 * half + 1, values.shape[1]))
    sums[half + 1 : half + 1 + values.shape[0]] = values
    np.cumsum(sums, axis=0, out=sums)
    return sums[2 * half + 1 :] - sums[: values.shape[0]]
