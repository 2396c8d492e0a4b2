"""Many solves of one circuit, which several processes can share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Optional, Protocol, TypeVar, cast

import numpy as np

from ..choices import Average
from ..monitor import SILENT, Monitor
from ..spread.spreading import spread
from ..spread.where import Where
from ..types import FloatArray, IntArray
from .graph import Graph, RasterGraph, raster_graph
from .iterative import MultigridSolver
from .potentials import SharedPotentials
from .solvers import make_solver

K = TypeVar("K")
R = TypeVar("R")

_PIECE_CELLS = 1_000_000
"""Cells of the solves of a piece, so that those of small circuits are not handed out one by one."""


class Circuit(Protocol):
    """What a graph is made from."""

    def graph(self, monitor: Monitor = SILENT) -> Graph:
        """Return the graph."""
        ...


@dataclass
class MadeCircuit:
    """A graph that no other process needs."""

    made: Graph

    def graph(self, monitor: Monitor = SILENT) -> Graph:
        """Return the graph."""
        return self.made


@dataclass
class RasterCircuit:
    """What the graph of a raster is made from: it is passed on, and every process makes its own graph.

    Parameters
    ----------
    resistance, neighbours, average, regions
        See `raster_graph`.
    joined : sequence of int (k,), optional
        Cells of groups that become one node each, see `RasterGraph.short_circuit`.
    """

    resistance: FloatArray
    neighbours: int
    average: Average
    regions: IntArray | None = None
    joined: Sequence[IntArray] | None = None
    made: RasterGraph | None = field(default=None, init=False, repr=False, compare=False)

    def graph(self, monitor: Monitor = SILENT) -> RasterGraph:
        """Return the graph, which is made when it is first asked for."""
        if self.made is None:
            graph = raster_graph(
                self.resistance,
                neighbours=self.neighbours,
                average=self.average,
                regions=self.regions,
                monitor=monitor,
            )
            self.made = graph if self.joined is None else graph.short_circuit(self.joined)[0]
        return self.made


def solve_each(
    circuit: Circuit,
    held: IntArray,
    nodes: IntArray,
    take: Callable[[int, FloatArray], object],
    *,
    where: Where,
    monitor: Monitor,
) -> None:
    """Solve a circuit for each of some nodes, and hand over the potentials in that order.

    Parameters
    ----------
    circuit : Circuit
        The circuit.
    held : int (h,)
        Nodes held at 0 V.
    nodes : int (n,)
        1 A is put into each in turn, or it is at 1 V if it is one of those that are held.
    take : callable
        Is given the place of each in `nodes`, and the potentials of all nodes.
    where : Where
        Where the circuit is solved.
    monitor : Monitor
        Progress and cancellation.
    """
    places = iter(range(nodes.size))

    def merge(found: list[FloatArray]) -> None:
        for potential in found:
            take(next(places), potential)

    problem = _Problem(circuit, held, nodes)
    spread(_solve, problem, _pieces(problem, monitor), merge, prepare=_rehearse, where=where, monitor=monitor)


def solve_held(
    circuit: RasterCircuit,
    held: IntArray,
    take: Callable[[int, FloatArray | None, FloatArray], object],
    *,
    file: SharedPotentials | None,
    where: Where,
    monitor: Monitor,
) -> None:
    """Solve a circuit for 1 V at each of the held nodes in turn, while the others are at 0 V.

    Parameters
    ----------
    circuit : RasterCircuit
        The circuit.
    held : int (h,)
        Nodes held.
    take : callable
        Is given the place of each in `held`, the potentials of all nodes, None where these have been written to the file,
        and the currents that leave the held nodes.
    file : SharedPotentials, optional
        Takes the potentials as long as there is room.
    where : Where
        Where the circuit is solved.
    monitor : Monitor
        Progress and cancellation.
    """
    places = iter(range(held.size))

    def merge(found: list[tuple[FloatArray | None, FloatArray]]) -> None:
        for potential, leaving in found:
            take(next(places), potential, leaving)

    problem = _Problem(circuit, held, held, file)
    spread(_solve_held, problem, _pieces(problem, monitor), merge, prepare=_ready_held, where=where, monitor=monitor)


@dataclass(frozen=True)
class _Problem:
    circuit: Circuit
    held: IntArray
    nodes: IntArray
    file: SharedPotentials | None = None


def _pieces(problem: _Problem, monitor: Monitor) -> list[tuple[int, int]]:
    count = problem.nodes.size
    each = max(1, _PIECE_CELLS // max(1, problem.circuit.graph(monitor).size))
    return [(start, min(start + each, count)) for start in range(0, count, each)]


def _ready_held(problem: _Problem, monitor: Monitor) -> _HeldSolves:
    graph = problem.circuit.graph(monitor)
    around, between = cast("RasterGraph", graph).around(problem.held)
    places = np.searchsorted(between, problem.held)

    def leaving(potential: FloatArray) -> FloatArray:
        return around.apply(potential[between])[places]

    return _rehearse(problem, monitor), leaving, problem.file


def _solve_held(
    context: _HeldSolves, piece: tuple[int, int], monitor: Monitor
) -> list[tuple[FloatArray | None, FloatArray]]:
    solves, leaving, file = context
    found: list[tuple[FloatArray | None, FloatArray]] = []
    for place, potential in zip(range(*piece), _each(solves, piece, monitor)):
        written = file is not None and file.write(place, potential, monitor)
        found.append((None if written else potential, leaving(potential)))
    return found


def _rehearse(problem: _Problem, monitor: Monitor) -> _Solves:
    graph = problem.circuit.graph(monitor)
    held = np.zeros(graph.size, dtype=bool)
    held[problem.held] = True

    def make() -> tuple[Callable[[int], FloatArray], Callable[[], object]]:
        solver = make_solver(graph, held=held, monitor=monitor)

        def solve(node: int) -> FloatArray:
            unit = np.zeros(graph.size)
            unit[node] = 1.0
            return solver.solve(np.zeros(graph.size), unit) if held[node] else solver.solve(unit)

        return solve, lambda: solver.manner if isinstance(solver, MultigridSolver) else None

    nodes = problem.nodes.tolist()
    return nodes, Rehearsed(make, nodes[0])


def _solve(solves: _Solves, piece: tuple[int, int], monitor: Monitor) -> list[FloatArray]:
    """Return the potentials for some of the nodes."""
    return list(_each(solves, piece, monitor))


def _each(solves: _Solves, piece: tuple[int, int], monitor: Monitor) -> Iterator[FloatArray]:
    nodes, rehearsed = solves
    for place in range(*piece):
        monitor.step(place - piece[0], piece[1] - piece[0])
        yield rehearsed.solve(nodes[place])
    rehearsed.settle()


class Rehearsed(Generic[K, R]):
    """A solver that has solved the first problem, after which it knows how difficult the circuit is.

    So all processes solve in the same manner, whichever problems they have had before.

    Parameters
    ----------
    make : callable
        Returns what solves a problem, and what returns its manner.
    first : object
        The problem that all processes solve first.
    """

    def __init__(self, make: Callable[[], tuple[Callable[[K], R], Callable[[], object]]], first: K) -> None:
        self._make, self._first = make, first
        self._ready()

    def _ready(self) -> None:
        self._solve, self._manner = self._make()
        self._kept = [self._solve(self._first)]
        self._known = self._manner()

    def solve(self, problem: K) -> R:
        """Return the solution of a problem."""
        if problem != self._first:
            return self._solve(problem)
        if not self._kept:
            self._ready()
        return self._kept.pop()

    def settle(self) -> None:
        """Forget what has proved difficult since the first problem; to be called after each piece."""
        if self._manner() != self._known:
            self._ready()


_Solves = tuple[list[int], Rehearsed[int, FloatArray]]
"""The nodes of a problem, and what solves the circuit for one of them."""

_HeldSolves = tuple[_Solves, Callable[[FloatArray], FloatArray], Optional[SharedPotentials]]
"""The same, what gives the currents that leave the held nodes, and a file for the potentials."""
