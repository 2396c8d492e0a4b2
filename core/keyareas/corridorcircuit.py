"""The circuit of one corridor: its effective resistance, what changes it, and what it becomes when cells change."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..choices import Average
from ..circuit import RasterGraph, raster_graph
from ..circuit.conductances import DIRECTIONS
from ..circuit.direct import DirectSolver
from ..circuit.solvers import Solver, make_solver
from ..monitor import Monitor
from ..types import BoolArray, FloatArray, IntArray

_LOW_RANK = 24
"""Nodes of a patch up to which an update (a solve a node) of a factorisation is cheaper than a new one."""


class CorridorCircuit:
    """The circuit of a corridor, its first source held at 0 V and the second at 1 V.

    Parameters
    ----------
    window : float64, shape (rows, cols)
        Resistance in the corridor, NaN outside.
    a, b : bool arrays of that shape
        The cells of the two sources.
    neighbours : int
        8 or 4.
    monitor : Monitor
        Cancellation.
    average : Average
        By the mean of what cells are connected; with conductances there is no `derivative`.
    """

    def __init__(
        self,
        window: FloatArray,
        a: BoolArray,
        b: BoolArray,
        neighbours: int,
        monitor: Monitor,
        average: Average = Average.RESISTANCE,
    ) -> None:
        self._window, self._ends = window, (a, b)
        self._neighbours, self._average = neighbours, average
        self._graph = self._circuit(window)
        self._held = np.zeros(self._graph.size, dtype=bool)
        self._boundary = np.zeros(self._graph.size)
        nodes_a, nodes_b = (self._graph.nodes_of(np.flatnonzero(cells)) for cells in (a, b))
        self._held[nodes_a] = self._held[nodes_b] = True
        self._boundary[nodes_b] = 1.0
        self._solver, self._potential = self._solve(self._graph, monitor)
        self._power = self._graph.power(self._potential)

    @property
    def resistance(self) -> float:
        """Effective resistance, in resistance units times cells."""
        return 1.0 / self._power

    def _circuit(self, window: FloatArray) -> RasterGraph:
        return raster_graph(window, neighbours=self._neighbours, average=self._average)

    def _solve(self, graph: RasterGraph, monitor: Monitor) -> tuple[Solver, FloatArray]:
        solver = make_solver(graph, held=self._held, monitor=monitor)
        return solver, solver.solve(-graph.apply(self._boundary)) + self._boundary

    def derivative(self) -> FloatArray:
        """Return the derivative of the effective resistance with respect to that of each cell, in cells."""
        volts = self._graph.on_cells(self._potential, np.nan)
        slope = np.where(np.isnan(volts), np.nan, 0.0)
        for coupling, (here, there, length) in zip(self._graph.couplings, DIRECTIONS):
            current = coupling * (volts[here] - volts[there]) * self.resistance
            # A link has the mean resistance of its two cells times its length.
            half = np.nan_to_num(current**2 * (length / 2.0))
            slope[here] += half
            slope[there] += half
        return slope

    def restored(self, patch: BoolArray, quality: float | FloatArray, monitor: Monitor) -> float:
        """Return the effective resistance with the cells of a patch at most `quality`: one number, or one for each cell."""
        better = self._circuit(np.where(patch, np.minimum(self._window, quality), self._window))
        power = self._updated(*self._changes(better))
        return 1.0 / (better.power(self._solve(better, monitor)[1]) if power is None else power)

    def blocked(self, patch: BoolArray, monitor: Monitor, *, solve: bool = False) -> tuple[float, bool]:
        """Return the effective resistance with the cells of a patch impassable, and whether an update gave it.

        Infinite where the two sources are not connected any more, which is found by looking at the cells, not at numbers.

        Parameters
        ----------
        patch : bool array
            Cells that become impassable; those of the two sources stay as they are.
        monitor : Monitor
            Cancellation.
        solve : bool
            Whether the circuit is solved again in any case.
        """
        a, b = self._ends
        gone = patch & ~(a | b) & ~np.isnan(self._window)
        around = np.ones((3, 3)) if self._neighbours == 8 else None
        part, count = ndimage.label(~np.isnan(self._window) & ~gone, around)
        reached = np.zeros((2, count + 1), dtype=bool)
        for side, cells in zip(reached, (a, b)):
            side[part[cells]] = True
        reached[:, 0] = False
        if not np.any(reached[0] & reached[1]):
            return np.inf, False
        # What is cut off from both sources carries nothing, and would be a circuit without a ground of its own.
        gone |= (part > 0) & ~(reached[0] | reached[1])[part]
        less = self._circuit(np.where(gone, np.nan, self._window))
        if not solve:
            heads, tails, change = self._changes(less)
            lost = np.unique(self._graph.node[gone])
            # Nodes that lose all their links are tied to 0 V, so that the matrix stays one that can be solved.
            zero = int(np.flatnonzero(self._held & (self._boundary == 0.0))[0])
            tie = self._graph.laplacian.diagonal()[lost]
            power = self._updated(
                np.concatenate((heads, lost)),
                np.concatenate((tails, np.full(lost.size, zero))),
                np.concatenate((change, tie)),
            )
            if power is not None:
                return 1.0 / power, True
        return 1.0 / self._again(less, monitor), False

    def _again(self, less: RasterGraph, monitor: Monitor) -> float:
        """Return the power of another circuit of cells of this one between the same sources."""
        held, boundary = np.zeros(less.size, dtype=bool), np.zeros(less.size)
        nodes_a, nodes_b = (less.nodes_of(np.flatnonzero(cells)) for cells in self._ends)
        held[nodes_a] = held[nodes_b] = True
        boundary[nodes_b] = 1.0
        solver = make_solver(less, held=held, monitor=monitor)
        return less.power(solver.solve(-less.apply(boundary)) + boundary)

    def _updated(self, heads: IntArray, tails: IntArray, change: FloatArray) -> float | None:
        """Return the power with the conductances of links changed; None where solving again is the cheaper way."""
        drop = self._potential[heads] - self._potential[tails]
        nodes = np.unique(np.concatenate((heads, tails)))
        free = nodes[~self._held[nodes]]
        if free.size > _LOW_RANK or not isinstance(self._solver, DirectSolver):
            return None
        power = self._power + float(np.sum(change * drop**2))
        if not free.size:
            return power
        slot = np.full(self._graph.size, -1)
        slot[free] = np.arange(free.size)
        update, right = np.zeros((free.size, free.size)), np.zeros(free.size)
        for i, j, value, volts in ((heads, tails, change, drop), (tails, heads, change, -drop)):
            inner = slot[i] >= 0
            np.add.at(update, (slot[i[inner]], slot[i[inner]]), value[inner])
            np.add.at(right, slot[i[inner]], (value * volts)[inner])
            both = inner & (slot[j] >= 0)
            np.add.at(update, (slot[i[both]], slot[j[both]]), -value[both])
        inverse = np.stack([self._response(int(node))[free] for node in free], axis=1)
        power -= float(right @ inverse @ np.linalg.solve(np.eye(free.size) + update @ inverse, right))
        return power

    def _response(self, node: int) -> FloatArray:
        injected = np.zeros(self._graph.size)
        injected[node] = 1.0
        return self._solver.solve(injected)

    def _changes(self, better: RasterGraph) -> tuple[IntArray, IntArray, FloatArray]:
        """Return the nodes and the change of the conductance of every link that changes."""
        heads, tails, changes = [], [], []
        for old, new, (here, there, _) in zip(self._graph.couplings, better.couplings, DIRECTIONS):
            changed = new != old
            heads.append(self._graph.node[here][changed])
            tails.append(self._graph.node[there][changed])
            changes.append((new - old)[changed])
        return np.concatenate(heads), np.concatenate(tails), np.concatenate(changes)


def in_window(cells: IntArray, shape: tuple[int, ...], place: tuple[slice, slice]) -> IntArray:
    """Return the flat indices, in a window of the raster, of those of some cells of the raster that lie in it.

    Examples
    --------
    >>> in_window(np.array([0, 5, 6]), (3, 4), (slice(1, 3), slice(1, 4))).tolist()
    [0, 1]
    """
    rows, cols = np.divmod(np.asarray(cells, dtype=np.int64), shape[1])
    rows, cols = rows - place[0].start, cols - place[1].start
    height, width = place[0].stop - place[0].start, place[1].stop - place[1].start
    here = (rows >= 0) & (rows < height) & (cols >= 0) & (cols < width)
    found: IntArray = rows[here] * width + cols[here]
    return found
