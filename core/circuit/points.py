"""Potentials between single nodes of a circuit, by linearity."""

from __future__ import annotations

import numpy as np

from ..monitor import Monitor
from ..types import FloatArray, IntArray
from .graph import Graph
from .potentials import Potentials
from .solvers import make_solver


class Points:
    """Potentials of all pairs of some nodes, as differences of those of every node against one of its component.

    Parameters
    ----------
    graph : Graph
        The circuit.
    nodes : list of int
        The nodes that current goes in or out at.
    monitor : Monitor
        Progress over the first half, and cancellation.
    """

    def __init__(self, graph: Graph, nodes: list[int], monitor: Monitor) -> None:
        self._component = graph.component
        self._nodes = np.array(nodes, dtype=np.int64)
        last = {int(self._component[node]): node for node in nodes}
        held = np.zeros(graph.size, dtype=bool)
        held[list(last.values())] = True
        solver = make_solver(graph, held=held, monitor=monitor)
        others = sorted(set(nodes) - set(last.values()))
        self._potential = Potentials(len(others), graph.size, monitor)
        zero = np.broadcast_to(np.float64(0.0), graph.size)
        for node in last.values():
            self._potential.keep(node, zero)
        for done, node in enumerate(others):
            monitor.step(done, 2 * len(others))
            injected = np.zeros(graph.size)
            injected[node] = 1.0
            self._potential[node] = solver.solve(injected)

    def groups(self) -> list[tuple[IntArray, list[FloatArray]]]:
        """Return the nodes of each component, repeated as they were given, and their potentials."""
        component = self._component[self._nodes]
        return [
            (members, [self._potential[node] for node in members.tolist()])
            for members in (self._nodes[component == number] for number in np.unique(component))
        ]

    def resistance(self, i: int, j: int) -> float:
        """Return the resistance between two of the nodes; inf = not connected."""
        if self._component[i] != self._component[j]:
            return np.inf
        one, other = self._potential[i], self._potential[j]
        return float((other[j] - one[j]) - (other[i] - one[i]))

    def pair(self, i: int, j: int) -> tuple[FloatArray, float]:
        """Return the potentials when 1 A enters at j and leaves at i (0 V), and the resistance."""
        if self._component[i] != self._component[j]:
            return np.empty(0), np.inf
        potential = self._potential[j] - self._potential[i]
        potential -= potential[i]
        potential[self._component != self._component[i]] = 0.0
        return potential, float(potential[j])
