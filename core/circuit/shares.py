"""Pairs of focal nodes in pieces that several processes can share, and the sums over pairs or turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np

from ..monitor import Monitor
from ..spread.spreading import spread
from ..spread.where import Where
from ..types import BoolArray, FloatArray, IntArray
from .graph import RasterGraph
from .points import between
from .potentials import Potentials
from .regions import Regions
from .solvers import wants_multigrid
from .solves import RasterCircuit, Rehearsed

Pair = tuple[int, int]
"""Ranks of two focal nodes, the lower first."""

_MOST = 8
"""Pairs of a piece."""

_WORTH_A_STAR = 10
"""Pairs of regions that a start must be worth solving those of the first one beforehand for."""


@dataclass(frozen=True)
class PairProblem:
    """What is wanted of pairs of focal nodes.

    Parameters
    ----------
    circuit : RasterCircuit
        The circuit.
    cells : list of int (k,)
        Cells of every focal node.
    first : list of (int, int)
        The first pair, if there is one.
    maximum : bool
        Whether the largest currents are wanted too.
    zero_focal : bool
        Whether the current of a pair counts as 0 in its own two nodes.
    single_maps : bool
        Whether the maps of single pairs are wanted, which makes each a piece of its own.
    potentials : dict of int to float64 (size,), optional
        If all focal nodes are single nodes, the potentials of each by its rank, see `between`; else pairs are solved.
    star : dict of int to float64 (rows, cols), optional
        Those of the cells for regions, by their ranks, the first of all first; see `Regions`.
    """

    circuit: RasterCircuit
    cells: list[IntArray]
    first: list[Pair]
    maximum: bool
    zero_focal: bool
    single_maps: bool
    potentials: dict[int, FloatArray] | None = None
    star: dict[int, FloatArray] | None = None

    @property
    def inputs(self) -> PairProblem:
        """The same without what was solved beforehand, whose last bits depend on the machine; see `Checkpoint`."""
        return replace(self, star=None)

    def pieces(self, pairs: Sequence[Pair]) -> list[list[Pair]]:
        """Return runs of pairs that have the lower node in common, which regions are solved best in."""
        most = 1 if self.single_maps else _MOST
        rows = (list(row) for _, row in groupby(pairs, key=lambda pair: pair[0]))
        return [row[start : start + most] for row in rows for start in range(0, len(row), most)]


class PairMaps:
    """Makes maps of the potentials of pairs.

    Parameters
    ----------
    graph : RasterGraph
        Of the circuit of the problem.
    problem : PairProblem
        What is wanted.
    """

    def __init__(self, graph: RasterGraph, problem: PairProblem) -> None:
        self.graph, self._problem = graph, problem
        self.nodes = [graph.nodes_of(members) for members in problem.cells]

    def current(self, pair: Pair, amperes: FloatArray, value: float) -> FloatArray:
        """Return the amperes through every cell, given those before the ends are counted, and the resistance of the pair."""
        amperes[self._of(pair)] = 0.0 if self._problem.zero_focal or value == 0.0 else 1.0
        return amperes

    def voltage(self, pair: Pair, volts: FloatArray, value: float) -> FloatArray:
        """Return the volts of every cell."""
        component, ends = self.graph.component, np.concatenate([self.nodes[k] for k in pair])
        reached = np.append(np.isin(component, component[ends]), False)[self.graph.node]
        voltage: FloatArray = np.where(reached, volts, 0.0)
        voltage.ravel()[self._problem.cells[pair[1]]] = value
        return voltage

    def _of(self, pair: Pair) -> BoolArray:
        """Return the cells of both focal nodes."""
        cells = np.zeros(self.graph.shape, dtype=bool)
        for k in pair:
            cells.ravel()[self._problem.cells[k]] = True
            if self.graph.shorted:
                cells |= np.isin(self.graph.node, self.nodes[k])
        return cells


@dataclass
class Share:
    """Sums over some pairs or turns.

    Attributes
    ----------
    values : list of float
        Resistances of pairs, inf = not connected.
    total, largest : float64 (rows, cols) or None
        Sum and maximum of the currents; None where nothing flows, or it is not wanted.
    voltage : float64 (rows, cols) or None
        Of a single pair or turn.
    """

    values: list[float] = field(default_factory=list)
    total: FloatArray | None = None
    largest: FloatArray | None = None
    voltage: FloatArray | None = None

    def add(self, current: FloatArray, maximum: bool) -> None:
        """Add a map of currents, which is used up."""
        if self.total is None:
            self.total = current
            self.largest = current.copy() if maximum else None
            return
        self.total += current
        if self.largest is not None:
            np.maximum(self.largest, current, out=self.largest)

    def into(self, total: FloatArray, largest: FloatArray | None) -> None:
        """Add the sums to those of all pairs or turns."""
        if self.total is not None:
            total += self.total
        if largest is not None and self.largest is not None:
            np.maximum(largest, self.largest, out=largest)


_Solved = tuple[FloatArray, FloatArray, float]
"""Potentials and currents of the cells for a pair, and its resistance."""

ReadyPairs = tuple[PairProblem, PairMaps, Rehearsed[Pair, _Solved]]
"""A problem, what makes its maps, and what solves the circuit for a pair."""


def rehearse(problem: PairProblem, monitor: Monitor) -> ReadyPairs:
    """Return a circuit made ready for pairs."""
    maps = PairMaps(problem.circuit.graph(monitor), problem)

    def make() -> tuple[Callable[[Pair], _Solved], Callable[[], object]]:
        if problem.potentials is not None:
            return _of_points(maps, problem.potentials), lambda: None
        regions = Regions(maps.graph, maps.nodes, monitor, problem.star)
        return lambda pair: regions.pair(*pair), lambda: regions.manner

    return problem, maps, Rehearsed(make, *problem.first)


def _of_points(maps: PairMaps, potentials: dict[int, FloatArray]) -> Callable[[Pair], _Solved]:
    graph = maps.graph

    def solve(pair: Pair) -> _Solved:
        i, j = pair
        node, other = (int(maps.nodes[k][0]) for k in pair)
        potential, value = between(graph.component, node, other, potentials[i], potentials[j])
        if value == np.inf:
            return potential, potential, value
        return graph.on_cells(potential), graph.on_cells(graph.currents(potential)), value

    return solve


def with_star(problem: PairProblem, pairs: list[Pair], where: Where, monitor: Monitor) -> tuple[PairProblem, Monitor]:
    """Solve the pairs of the first region where that gives enough others a start; return problem and monitor for the rest."""
    graph = problem.circuit.graph(monitor)
    others = [pair for pair in pairs if pair[0] != pairs[0][0]]
    if len(others) < _WORTH_A_STAR or graph.shorted or not wants_multigrid(graph):
        return problem, monitor
    spokes = pairs[: len(pairs) - len(others)]
    kept = Potentials(len(spokes), graph.node.size, monitor)
    star: dict[int, FloatArray] = {spokes[0][0]: np.broadcast_to(np.float64(0.0), graph.shape)}
    ends = iter([other for _, other in spokes])
    share = len(spokes) / (len(spokes) + len(pairs))

    def merge(volts: FloatArray | None) -> None:
        end = next(ends)
        if volts is not None:
            kept[end] = volts.ravel()
            star[end] = kept[end].reshape(graph.shape)

    spread(_potential, problem, spokes, merge, prepare=rehearse, where=where.here(), monitor=monitor.part(0.0, share))
    return replace(problem, first=others[:1], star=star), monitor.part(share, 1.0)


def _potential(context: ReadyPairs, pair: Pair, monitor: Monitor) -> FloatArray | None:
    """Return the potentials of the cells when 1 A enters at the second of a pair; None where nothing flows."""
    _, _, rehearsed = context
    volts, _, value = rehearsed.solve(pair)
    rehearsed.settle()
    return volts if 0.0 < value < np.inf else None


def solve_pairs(context: ReadyPairs, pairs: list[Pair], monitor: Monitor) -> Share:
    """Return the sums over some pairs."""
    problem, maps, rehearsed = context
    share = Share()
    for done, pair in enumerate(pairs):
        monitor.step(done, len(pairs))
        volts, amperes, value = rehearsed.solve(pair)
        share.values.append(value)
        if value == np.inf:
            continue
        if problem.single_maps:
            share.voltage = maps.voltage(pair, volts, value)
        share.add(maps.current(pair, amperes, value), problem.maximum)
        del volts, amperes  # not while the next pair is solved
    rehearsed.settle()
    return share
