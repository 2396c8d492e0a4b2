"""Current from given sources to given grounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..choices import Average, Conflict
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..surface import check_resistance
from ..types import FloatArray, IntArray
from .graph import Graph, raster_graph
from .solvers import make_solver, tell_solver

_NAMED = 10
"""Places that a warning names."""


@dataclass(frozen=True)
class GroundedFlow:
    """Currents from sources to grounds.

    Attributes
    ----------
    current : float64
        Amperes through every cell or node, the larger of inflow and outflow; 0 where there is no node.
    voltage : float64
        Volts of every cell or node; 0 where there is no node or no ground or source in the component.
    """

    current: FloatArray
    voltage: FloatArray


def advanced(
    resistance: FloatArray,
    sources: FloatArray,
    grounds: FloatArray,
    *,
    neighbours: int = 8,
    average: Average | str = Average.RESISTANCE,
    regions: IntArray | None = None,
    conflict: Conflict | str = Conflict.KEEP_BOTH,
    monitor: Monitor = SILENT,
) -> GroundedFlow:
    """Put given currents into cells and let them drain through given grounds.

    Parameters
    ----------
    resistance, neighbours, average, regions
        See `raster_graph`.
    sources : float (rows, cols)
        Amperes put into every cell, negative = taken out; NaN or 0 = none.
    grounds : float (rows, cols)
        Conductance to ground of every cell, >= 0; inf = direct (0 V), NaN or 0 = none.
    conflict : {"keep_both", "remove_source", "remove_ground", "remove_both"}
        What to do with a source and a ground in one place, first cell by cell, then node by node (short-circuit
        regions; there "remove_both" removes the source). A kept source always beats a direct ground.
    monitor : Monitor
        Progress, cancellation, and a warning that names sources and grounds without a node.

    Returns
    -------
    GroundedFlow
        Maps of (rows, cols). Several sources or grounds of one node add up. Components without a source or without a
        ground carry nothing.

    Raises
    ------
    InputError
        If a resistance is not positive, a ground is negative, or no source or no ground lies on a valid cell.

    Notes
    -----
    Semantics of Circuitscape 4.0.5, except that a ground that a conflict rule removes is really gone.

    Examples
    --------
    >>> resistance = np.ones((1, 5))
    >>> sources, grounds = np.zeros((2, 1, 5))
    >>> sources[0, 2] = 3.0
    >>> grounds[0, 0], grounds[0, 4] = np.inf, 0.5
    >>> flow = advanced(resistance, sources, grounds)
    >>> flow.voltage.round(6).tolist()
    [[0.0, 2.0, 4.0, 3.0, 2.0]]
    >>> flow.current.round(6).tolist()
    [[2.0, 2.0, 3.0, 1.0, 1.0]]
    """
    check_resistance(resistance)
    graph = raster_graph(resistance, neighbours=neighbours, average=average, regions=regions, monitor=monitor)
    has_node = graph.node >= 0
    for name, values in (("source(s)", sources), ("ground(s)", grounds)):
        _name_lost(name, np.argwhere(~has_node & (np.nan_to_num(values) != 0.0)).tolist(), monitor)
    injected = np.where(has_node & ~np.isnan(sources), sources, 0.0)
    conductance = np.where(has_node & ~np.isnan(grounds), grounds, 0.0)
    injected, conductance = resolve(injected, conductance, conflict)
    nodes = graph.node[has_node]
    flow = grounded_flow(
        graph,
        np.bincount(nodes, weights=injected[has_node], minlength=graph.size).astype(np.float64),
        np.bincount(nodes, weights=conductance[has_node], minlength=graph.size).astype(np.float64),
        conflict=conflict,
        monitor=monitor,
    )
    return GroundedFlow(graph.on_cells(flow.current), graph.on_cells(flow.voltage))


def _name_lost(name: str, places: list[list[int]], monitor: Monitor) -> None:
    if not places:
        return
    shown = "; ".join(f"row {row + 1}, column {col + 1}" for row, col in places[:_NAMED])
    more = f" and {len(places) - _NAMED:,} more" if len(places) > _NAMED else ""
    monitor.warn(
        f"{len(places):,} {name} lie on cells without a resistance (NoData) and are left out: {shown}{more} "
        "(counted from the top left)."
    )


def grounded_flow(
    graph: Graph,
    sources: FloatArray,
    grounds: FloatArray,
    *,
    conflict: Conflict | str = Conflict.KEEP_BOTH,
    monitor: Monitor = SILENT,
) -> GroundedFlow:
    """Put given currents into nodes of a circuit and let them drain through given grounds.

    Parameters
    ----------
    graph : Graph
        The circuit.
    sources : float64 (size,)
        Amperes put into every node, 0 = none.
    grounds : float64 (size,)
        Conductance to ground of every node, inf = direct, 0 = none.
    conflict, monitor
        See `advanced`.

    Returns
    -------
    GroundedFlow
        Values of (size,).

    Examples
    --------
    >>> graph = raster_graph(np.array([[1.0, 1.0, 3.0]]))
    >>> flow = grounded_flow(graph, np.array([2.0, 0.0, 0.0]), np.array([0.0, 0.0, np.inf]))
    >>> flow.voltage.round(6).tolist()
    [6.0, 4.0, 0.0]
    """
    for name, values in (("source", sources), ("ground", grounds)):
        if not np.any(values):
            raise InputError(f"There is no {name} on a valid cell or node; nothing can flow.")
    at_node = Conflict.REMOVE_SOURCE if Conflict.of(conflict) is Conflict.REMOVE_BOTH else conflict
    injected, conductance = resolve(sources, grounds, at_node)
    held = np.isinf(conductance)
    ground = np.where(held, 0.0, conductance)
    tell_solver(graph, monitor)
    voltage = make_solver(graph, held=held, ground=ground, monitor=monitor).solve(injected)
    return GroundedFlow(graph.currents(voltage, ground), voltage)


def resolve(sources: FloatArray, grounds: FloatArray, conflict: Conflict | str) -> tuple[FloatArray, FloatArray]:
    """Return sources and grounds after a conflict rule was applied where both are.

    Raises
    ------
    InputError
        If a ground is negative or the rule is unknown.
    """
    conflict = Conflict.of(conflict)
    if np.any(grounds < 0):
        raise InputError(f"A ground has the negative conductance {float(grounds.min()):g}.")
    both = (sources != 0) & (grounds != 0)
    drop_source = both & (conflict in (Conflict.REMOVE_SOURCE, Conflict.REMOVE_BOTH))
    drop_ground = both & (np.isinf(grounds) if conflict == Conflict.KEEP_BOTH else conflict != Conflict.REMOVE_SOURCE)
    return np.where(drop_source, 0.0, sources), np.where(drop_ground, 0.0, grounds)
