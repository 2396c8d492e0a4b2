"""Current between nodes of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Callable

import numpy as np

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..spread.where import HERE
from ..types import BoolArray, FloatArray
from .graph import NetworkGraph
from .pairwise import UNREACHABLE
from .points import Points
from .solves import MadeCircuit

NetworkListener = Callable[[int, int, FloatArray], None]
"""Is given the two nodes of a pair and the potentials (V) of all nodes."""


@dataclass(frozen=True)
class NetworkFlow:
    """Currents between all pairs of some nodes of a network.

    Attributes
    ----------
    resistance : float64 (n, n)
        Effective resistances, in ohms; -1 = not connected or not allowed.
    node_current : float64 (size,)
        Sum over the pairs of the current through every node, in amperes.
    branch_current : float64 (m,)
        Sum over the pairs of the current through every link, whatever its direction, in amperes.
    """

    resistance: FloatArray
    node_current: FloatArray
    branch_current: FloatArray


def network_pairwise(
    graph: NetworkGraph,
    focal: Sequence[int],
    *,
    allowed: BoolArray | None = None,
    listener: NetworkListener | None = None,
    monitor: Monitor = SILENT,
) -> NetworkFlow:
    """Send 1 A between every pair of focal nodes and add up the currents.

    Parameters
    ----------
    graph : NetworkGraph
        The network.
    focal : sequence of int
        Focal nodes, each once; the order is that of the result.
    allowed : bool (n, n), optional
        Which pairs to solve (upper triangle counts); all if left out.
    listener : callable, optional
        Is given every pair's nodes and potentials: 0 V at the first of the two, where the current leaves.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    NetworkFlow

    Raises
    ------
    InputError
        If there are fewer than two focal nodes, or one is not in the network.

    Examples
    --------
    >>> network = NetworkGraph(np.array([0, 1]), np.array([1, 2]), np.array([1.0, 0.5]), size=3)
    >>> flow = network_pairwise(network, [0, 2])
    >>> flow.resistance.round(6).tolist()
    [[0.0, 3.0], [3.0, 0.0]]
    >>> flow.branch_current.round(6).tolist()
    [1.0, 1.0]
    """
    if len(focal) < 2:
        raise InputError(f"Pairs need at least two focal nodes; there are {len(focal)}.")
    if min(focal) < 0 or max(focal) >= graph.size:
        raise InputError(f"Focal nodes must lie between 0 and {graph.size - 1}, not {min(focal)} to {max(focal)}.")
    points = Points(MadeCircuit(graph), list(focal), HERE, monitor.part(0.0, 0.5))
    resistance = np.full((len(focal), len(focal)), UNREACHABLE)
    np.fill_diagonal(resistance, 0.0)
    nodes = np.zeros(graph.size)
    branches = np.zeros(graph.conductance.size)
    pairs = [(i, j) for i, j in combinations(range(len(focal)), 2) if allowed is None or allowed[i, j]]
    for done, (i, j) in enumerate(pairs):
        monitor.step(len(pairs) + done, 2 * len(pairs))
        potential, value = points.pair(focal[i], focal[j])
        if value == np.inf:
            continue
        resistance[i, j] = resistance[j, i] = value
        nodes += graph.currents(potential)
        branches += np.abs(graph.branch_currents(potential))
        if listener:
            listener(focal[i], focal[j], potential)
    return NetworkFlow(resistance, nodes, branches)
