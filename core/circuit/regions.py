"""Potentials between regions of a raster, all pairs from one hierarchy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import ndimage

from ..errors import ConvergenceError
from ..monitor import Monitor
from ..types import FloatArray, IntArray
from . import solvers
from .direct import DirectSolver
from .graph import RasterGraph
from .iterative import MultigridSolver, factorised_instead, passes_for
from .multigrid import Hierarchy, Journal
from .stencil import Box

_COARSEST = 4_000
"""Most cells of the level that is solved directly at first: it is factorised again for every pair."""

_TILE = 32
"""Cells on a side of the tiles by whose contact a region is taken apart into pieces."""

_PIECE_CELLS = 20_000
"""Cells that a piece costs on top of those of its box, when renewing windows is weighed against a new hierarchy."""


class Regions:
    """Potentials between pairs of regions, each of which is one node while its pair is solved.

    Parameters
    ----------
    graph : RasterGraph
        The circuit.
    members : sequence of int (k,)
        Nodes of each region.
    monitor : Monitor
        Cancellation.
    star : dict of int to float64 (rows, cols), optional
        Potentials of the cells when 1 A enters at a region, by its number, and leaves at the first of all. What two of these
        differ by is about the potential of their pair: its iterations start there.
    """

    def __init__(
        self,
        graph: RasterGraph,
        members: Sequence[IntArray],
        monitor: Monitor,
        star: Mapping[int, FloatArray] | None = None,
    ) -> None:
        self._graph, self._members, self._monitor = graph, members, monitor
        self._star = star or {}
        place = np.zeros(graph.size, dtype=graph.node.dtype)
        has_node = np.flatnonzero(graph.node >= 0)
        place[graph.node.ravel()[has_node]] = has_node
        self._places = [np.unravel_index(place[nodes], graph.shape) for nodes in members]
        del place, has_node
        self._held: HeldRegions | None = None
        if solvers.wants_multigrid(graph):
            self._held = HeldRegions(graph, members, monitor)

    def pair(self, i: int, j: int) -> tuple[FloatArray, FloatArray, float]:
        """Return what there is when 1 A enters at region j and leaves at region i (0 V), each of which is one node.

        Pairs with the same i are best asked for one after another. Regions that share a node (resistance 0) or are not
        connected (inf) carry nothing.

        Returns
        -------
        volts : float64 (rows, cols)
            Potentials of the cells that are connected with one of the two; of others they have no meaning.
        amperes : float64 (rows, cols)
            Currents through the cells, 1 in both regions.
        resistance : float
            Between the two.
        """
        graph = self._graph
        nodes_i, nodes_j = self._members[i], self._members[j]
        joined = np.intersect1d(nodes_i, nodes_j).size > 0
        if joined or not np.intersect1d(graph.component[nodes_i], graph.component[nodes_j]).size:
            return np.zeros(graph.shape), np.zeros(graph.shape), 0.0 if joined else np.inf
        volts = self._solve(i, j)
        # the power at 1 V is the current; unlike a sum of currents it is right to the square of the error
        if graph.shorted:
            potential = np.zeros(graph.size)
            has_node = graph.node >= 0
            potential[graph.node[has_node]] = volts[has_node]
            through, power = graph.currents(potential), graph.power(potential)
            through[nodes_i] = through[nodes_j] = power
            amperes = graph.on_cells(through)
        else:
            amperes, power = graph.passing_and_power(volts, passes_for(graph.node.size).add_flow)
            amperes[self._places[i]] = amperes[self._places[j]] = power
        amperes *= 1.0 / power
        return volts * (1.0 / power), amperes, 1.0 / power

    @property
    def manner(self) -> object:
        """How pairs are solved, which changes when the circuit proves difficult."""
        return self._held and self._held.manner

    def _solve(self, i: int, j: int) -> FloatArray:
        """Return the potentials of the cells for 0 V on region i and 1 V on region j."""
        guess = self._guess(i, j)
        if guess is not None and i == next(iter(self._star)):
            return guess
        if self._held:
            try:
                volts = self._held.pair(i, j, guess)
                volts[self._places[i]], volts[self._places[j]] = 0.0, 1.0  # also where they have no links
                return volts
            except ConvergenceError as failure:
                factorised_instead(self._graph, failure, self._monitor)
                self._held = None
        held = np.zeros(self._graph.size, dtype=bool)
        held[self._members[i]] = held[self._members[j]] = True
        boundary = np.zeros(self._graph.size)
        boundary[self._members[j]] = 1.0
        solver = DirectSolver(self._graph, held=held, monitor=self._monitor)
        return self._graph.on_cells(solver.solve(np.zeros(self._graph.size), boundary))

    def _guess(self, i: int, j: int) -> FloatArray | None:
        """Return about the potentials for 0 V on region i and 1 V on region j, or just these where i is the first."""
        if i not in self._star or j not in self._star:
            return None
        guess: FloatArray = self._star[j] - self._star[i]
        low, high = (float(guess[self._places[region]].mean()) for region in (i, j))
        guess -= low
        guess *= 1.0 / (high - low)
        return guess


class HeldRegions(MultigridSolver):
    """A multigrid solver for one circuit with two regions held at a potential, different ones from solve to solve.

    The links of a region that is held become leaks of the cells around it; the hierarchy is adapted within windows
    around the region only, and brought back afterwards. The operator is exact, so are the solutions.

    Parameters are those of `Regions`.
    """

    _changes_couplings = True

    def __init__(self, graph: RasterGraph, members: Sequence[IntArray], monitor: Monitor) -> None:
        present = np.unique(np.concatenate([*members, np.empty(0, dtype=np.int64)]).astype(np.int64))
        _, first = np.unique(graph.component[present], return_index=True)
        zero = np.zeros(graph.size, dtype=bool)
        zero[present[first]] = True
        super().__init__(graph, held=zero, monitor=monitor)
        self._limits = (min(_COARSEST, self._limits[0]), *self._limits[1:])
        self._leak = self._operator.leak = self._operator.zeros()
        self._members = members
        self._stack: list[_Hold] = []
        self._built_in = 0
        self._cells_of: dict[int, IntArray] = {}
        # Nothing is solved where no region is, but the coarser levels reach there.
        self._idle = np.nonzero((graph.node >= 0) & ~np.append(self._free, True)[graph.node])

    def pair(self, i: int, j: int, guess: FloatArray | None = None) -> FloatArray:
        """Return the potentials of the cells for 0 V on region i and 1 V on region j, which share no node.

        The next pair overwrites them. Iterations start from a guess at them.
        """
        if [hold.region for hold in self._stack] != [i]:
            while self._stack:
                self._release()
            self._hold(i, self._operator.zeros())
        b = self._operator.zeros()
        power = self._hold(j, b)
        b = self._project(b)
        x = self._conjugate_gradients(b, power, 1.0, guess) if b.any() else b
        x[self._cells_in(i)], x[self._cells_in(j)] = 0.0, 1.0
        self._release()
        rows, cols = self._graph.shape
        if self._graph.shorted:  # of which some cells may have no links
            potential: FloatArray = x[self._cell]
            potential[self._members[i]], potential[self._members[j]] = 0.0, 1.0
            return self._graph.on_cells(potential)
        volts: FloatArray = self._operator.raster(x)[:rows, :cols]
        volts[self._idle] = 0.0
        return volts

    def _hold(self, region: int, b: FloatArray) -> float:
        """Hold a region; add to `b` what it feeds its surroundings at 1 V, and return the power while these are at 0 V."""
        operator, leak = self._operator, self._leak
        cells = self._cells_in(region)
        boxes = self._pieces(cells)
        area = sum(_PIECE_CELLS + (bottom - top) * (right - left) for top, bottom, left, right in boxes)
        if area > operator.rows * operator.width:
            # two hierarchies at a time would need much more memory
            self._hierarchy = None
        elif self._hierarchy is None:
            self._hierarchy = self._build()
        hold = _Hold(region)
        self._stack.append(hold)
        direct = float(leak[cells].sum())
        for top, bottom, left, right in boxes:
            for vector in (leak, *operator.couplings):
                if vector is not None:
                    hold.operator.keep(operator.raster(vector)[top:bottom, left:right])
        for offset, coupling in zip(operator.offsets, operator.couplings):
            if coupling is not None:
                for near, link in ((cells + offset, cells), (cells - offset, cells - offset)):
                    conductance = coupling[link]
                    leak[near] += conductance
                    b[near] += conductance
                    coupling[link] = 0.0
        leak[cells] = b[cells] = 0.0
        if self._hierarchy is not None:
            self._hierarchy.admit_leaks()
            for box in boxes:
                self._hierarchy.renew(operator, box, hold.levels)
        return direct + float(b.sum())

    def _release(self) -> None:
        """Let go of the region held last."""
        hold = self._stack.pop()
        hold.operator.undo()
        if self._built_in > len(self._stack):
            self._hierarchy = None
        elif self._hierarchy is not None:
            hold.levels.undo()
            self._hierarchy.settle()

    def _build(self) -> Hierarchy:
        """Return a hierarchy in which the regions that are held are built in, not adapted to."""
        self._built_in = len(self._stack)
        for hold in self._stack:
            hold.levels = Journal()
        return super()._build()

    def _cells_in(self, region: int) -> IntArray:
        """Return the cells of a region that have a link, in the padded raster."""
        if region not in self._cells_of:
            nodes = self._members[region]
            several = np.isin(self._groups, nodes)[self._shorted]
            single = self._cell[nodes[~np.isin(nodes, self._groups)]]
            self._cells_of[region] = np.concatenate([single[single > 0], self._shorted_cells[several]])
        return self._cells_of[region]

    def _pieces(self, cells: IntArray) -> list[Box]:
        """Return boxes that hold all couplings and leaks that change with some cells."""
        operator = self._operator
        row, col = np.divmod(cells - operator.margin, operator.width)
        tiles = np.zeros((operator.rows // _TILE + 1, operator.width // _TILE + 1), dtype=bool)
        tiles[row // _TILE, col // _TILE] = True
        labels, count = ndimage.label(tiles, np.ones((3, 3)))
        piece = labels[row // _TILE, col // _TILE]
        numbers = np.arange(1, count + 1)
        top, left = (ndimage.minimum(values, piece, numbers).astype(int) - 1 for values in (row, col))
        bottom, right = (ndimage.maximum(values, piece, numbers).astype(int) + 2 for values in (row, col))
        return [
            (max(a, 0), min(b, operator.rows), max(c, 0), min(d, operator.width))
            for a, b, c, d in zip(top.tolist(), bottom.tolist(), left.tolist(), right.tolist())
        ]


class _Hold:
    """A region that is held, and what there was before."""

    def __init__(self, region: int) -> None:
        self.region = region
        self.operator, self.levels = Journal(), Journal()
