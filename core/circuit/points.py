"""Potentials between single nodes of a circuit, by linearity."""

from __future__ import annotations

import numpy as np

from ..monitor import Monitor
from ..spread.where import Where
from ..types import FloatArray, IntArray
from .potentials import Potentials
from .solves import Circuit, solve_each


class Points:
    """Potentials of all pairs of some nodes, as differences of those of every node against one of its component.

    Parameters
    ----------
    circuit : Circuit
        The circuit.
    nodes : list of int
        The nodes that current goes in or out at.
    where : Where
        Where it is solved.
    monitor : Monitor
        Progress and cancellation.
    """

    def __init__(self, circuit: Circuit, nodes: list[int], where: Where, monitor: Monitor) -> None:
        graph = circuit.graph(monitor)
        self._component = graph.component
        self._nodes = np.array(nodes, dtype=np.int64)
        last = {int(self._component[node]): node for node in nodes}
        others = sorted(set(nodes) - set(last.values()))
        self._potential = Potentials(len(others), graph.size, monitor)
        zero = np.broadcast_to(np.float64(0.0), graph.size)
        for node in last.values():
            self._potential.keep(node, zero)
        held, put_in = (np.array(some, dtype=np.int64) for some in (sorted(last.values()), others))

        def take(place: int, potential: FloatArray) -> None:
            self._potential[others[place]] = potential

        solve_each(circuit, held, put_in, take, where=where, monitor=monitor)

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
        return between(self._component, i, j, self._potential[i], self._potential[j])

    def of(self, node: int) -> FloatArray:
        """Return the potentials of one of the nodes, against that of its component; see `between`."""
        return self._potential[node]


def between(component: IntArray, i: int, j: int, one: FloatArray, other: FloatArray) -> tuple[FloatArray, float]:
    """Return the potentials when 1 A enters at j and leaves at i (0 V), and the resistance; inf = not connected.

    Parameters
    ----------
    component : int (size,)
        Component of every node.
    i, j : int
        The nodes.
    one, other : float64 (size,)
        Potentials when 1 A enters at i and at j and leaves at the same node.
    """
    if component[i] != component[j]:
        return np.empty(0), np.inf
    potential = other - one
    potential -= potential[i]
    potential[component != component[i]] = 0.0
    return potential, float(potential[j])
