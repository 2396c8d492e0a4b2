"""Current between pairs of places on a raster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Callable

import numpy as np

from ..choices import Average
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..spread.spreading import spread
from ..spread.where import HERE, Where
from ..surface import check_resistance
from ..types import BoolArray, FloatArray, IntArray
from .graph import raster_graph
from .pairsum import sum_of_pairs
from .points import Points
from .regions import Regions
from .shares import PairProblem, Share, rehearse, solve_pairs, with_star
from .solvers import tell_solver
from .solves import RasterCircuit

UNREACHABLE = -1.0
"""Stands in tables for the resistance between places that are not connected."""

PairListener = Callable[[int, int, FloatArray, FloatArray], None]
"""Is given the two ids of a pair and its maps of current (A) and potential (V)."""


@dataclass(frozen=True)
class PairCurrent:
    """Current from one region to another.

    Attributes
    ----------
    current : float64 (rows, cols)
        Amperes through every cell when 1 A flows; NaN where there is no node.
    resistance : float
        Effective resistance, in resistance units times cells; inf = not connected.
    """

    current: FloatArray
    resistance: float


@dataclass(frozen=True)
class PairwiseFlow:
    """Currents between all pairs of focal nodes.

    Attributes
    ----------
    ids : int64 (n,)
        Focal nodes, ascending.
    resistance : float64 (n, n)
        Effective resistances, in resistance units times cells; -1 = not connected, not valid or not allowed.
    cumulative : float64 (rows, cols)
        Sum of the currents of all pairs, in amperes; 0 where there is no node.
    maximum : float64 (rows, cols), optional
        Largest current of any pair, if it was asked for.
    """

    ids: IntArray
    resistance: FloatArray
    cumulative: FloatArray
    maximum: FloatArray | None


def solve_pair(
    resistance: FloatArray,
    a: BoolArray,
    b: BoolArray,
    *,
    neighbours: int = 8,
    average: Average | str = Average.RESISTANCE,
    monitor: Monitor = SILENT,
) -> PairCurrent:
    """Send 1 A from one region to another.

    Parameters
    ----------
    resistance : float (rows, cols)
        Resistance of every cell, > 0; NaN = no node.
    a, b : bool (rows, cols)
        Cells of the two regions; each region is one node.
    neighbours, average
        See `raster_graph`.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    PairCurrent
        The current of a cell is the larger of its inflow and outflow; the cells of the regions show 1 A. Nothing
        flows when the regions are not connected (resistance inf) or share a cell (resistance 0).

    Raises
    ------
    InputError
        If a resistance is not positive, or a region has no valid cell.

    Examples
    --------
    >>> resistance = np.array([[1.0, 2.0, 1.0]])
    >>> ends = np.array([[True, False, False]]), np.array([[False, False, True]])
    >>> flow = solve_pair(resistance, *ends)
    >>> round(flow.resistance, 6), flow.current.round(6).tolist()
    (3.0, [[1.0, 1.0, 1.0]])
    """
    check_resistance(resistance)
    graph = raster_graph(resistance, neighbours=neighbours, average=average, monitor=monitor)
    nodes_a, nodes_b = (graph.nodes_of(np.flatnonzero(cells)) for cells in (a, b))
    for name, nodes in (("first", nodes_a), ("second", nodes_b)):
        if nodes.size == 0:
            raise InputError(f"The {name} of the two regions has no cell with a resistance.")
    _, current, effective = Regions(graph, [nodes_a, nodes_b], monitor).pair(0, 1)
    current[graph.node < 0] = np.nan
    return PairCurrent(current, effective)


def pairwise(
    resistance: FloatArray,
    focal: Mapping[int, IntArray],
    *,
    neighbours: int = 8,
    average: Average | str = Average.RESISTANCE,
    regions: IntArray | None = None,
    allowed: BoolArray | None = None,
    maximum: bool = False,
    zero_focal: bool = False,
    listener: PairListener | None = None,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> PairwiseFlow:
    """Send 1 A between every pair of focal nodes and add up the currents.

    Parameters
    ----------
    resistance : float (rows, cols)
        Resistance of every cell, > 0; NaN = no node.
    focal : mapping of int to int (k,)
        Flat indices of the cells of every focal node, by id. The cells of one id are one node while its pair is
        solved, together with every short-circuit region they touch; they are ordinary cells for all other pairs.
    neighbours, average, regions
        See `raster_graph`.
    allowed : bool (n, n), optional
        Which pairs to solve, by rank of the ids (upper triangle counts); all if left out.
    maximum : bool
        Also keep the largest current of every cell.
    zero_focal : bool
        Count the current of a pair as 0 in its own two nodes.
    listener : callable, optional
        Is given every pair's ids and maps; the potential is 0 V at the lower id, where the current leaves.
    where : Where
        Where the circuit is solved; the result is the same to the last bit.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    PairwiseFlow
        The current of a cell is the larger of its inflow and outflow, so the focal nodes of a pair show 1 A.

    Raises
    ------
    InputError
        If a resistance is not positive or there are fewer than two focal nodes.

    Notes
    -----
    Circuitscape 4.0.5 is followed, but currents below 1e-8 of the largest are not cut off. Focal nodes of one cell take
    n - 1 solves with one set-up, as the currents of all pairs are differences of those of n - 1; when only their sum is
    wanted no pair is gone through. Larger focal nodes take a solve per pair; on large rasters one set-up serves all pairs
    but those of nodes scattered over much of the raster.

    References
    ----------
    McRae BH, Shah VB, Mohapatra TK (2013). Circuitscape 4 user guide. The Nature Conservancy.
    Anantharaman R, Hall K, Shah VB, Edelman A (2020). Circuitscape in Julia: high performance connectivity modelling
    to support conservation decisions. Proc. JuliaCon Conf. 1:58. doi:10.21105/jcon.00058

    Examples
    --------
    >>> focal = {1: np.array([0]), 2: np.array([1]), 3: np.array([3])}
    >>> flow = pairwise(np.ones((1, 4)), focal)
    >>> flow.resistance.round(6).tolist()
    [[0.0, 1.0, 3.0], [1.0, 0.0, 2.0], [3.0, 2.0, 0.0]]
    >>> flow.cumulative.round(6).tolist()
    [[2.0, 3.0, 2.0, 2.0]]
    """
    check_resistance(resistance)
    circuit = RasterCircuit(resistance, neighbours, Average.of(average), regions)
    graph = circuit.graph(monitor)
    ids = np.array(sorted(focal), dtype=np.int64)
    if ids.size < 2:
        raise InputError(f"Pairs need at least two focal nodes; there are {ids.size}.")
    cells = [np.asarray(focal[number]) for number in ids.tolist()]
    nodes = [graph.nodes_of(members) for members in cells]
    single = all(members.size <= 1 for members in nodes)
    tell_solver(graph, monitor, points=ids.size if single and not graph.shorted else None)
    pairs = [
        (i, j)
        for i, j in combinations(range(ids.size), 2)
        if nodes[i].size and nodes[j].size and (allowed is None or allowed[i, j])
    ]
    effective = np.full((ids.size, ids.size), UNREACHABLE)
    np.fill_diagonal(effective, 0.0)
    with where.kept() as where:
        problem = PairProblem(circuit, cells, pairs[:1], maximum, zero_focal, listener is not None)
        if single:
            points = Points(
                circuit, [int(members[0]) for members in nodes if members.size], where, monitor.part(0.0, 0.5)
            )
            where, monitor = where.here(), monitor.part(0.5, 1.0)
            if allowed is None and not (maximum or zero_focal or listener):
                for i, j in pairs:
                    value = points.resistance(int(nodes[i][0]), int(nodes[j][0]))
                    effective[i, j] = effective[j, i] = UNREACHABLE if value == np.inf else value
                together: FloatArray = np.zeros(graph.size)
                for members, potentials in points.groups():
                    together += sum_of_pairs(graph, potentials, members, monitor)
                return PairwiseFlow(ids, effective, graph.on_cells(together), None)
            of_points = {k: points.of(int(members[0])) for k, members in enumerate(nodes) if members.size}
            problem = replace(problem, potentials=of_points)
        elif allowed is None:
            problem, monitor = with_star(problem, pairs, where, monitor)
        total = np.zeros(graph.shape)
        largest = np.zeros(graph.shape) if maximum else None
        following = iter(pairs)

        def merge(share: Share) -> None:
            for value, (i, j) in zip(share.values, following):
                effective[i, j] = effective[j, i] = UNREACHABLE if value == np.inf else value
            share.into(total, largest)
            if listener and share.total is not None and share.voltage is not None:
                listener(int(ids[i]), int(ids[j]), share.total, share.voltage)

        spread(solve_pairs, problem, problem.pieces(pairs), merge, prepare=rehearse, where=where, monitor=monitor)
        return PairwiseFlow(ids, effective, total, largest)
