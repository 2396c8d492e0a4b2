"""Best paths of graphs with very many links, as matrices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..monitor import Monitor
from ..spread.spreading import spread
from ..spread.where import HERE, Where
from ..stats.products import weighted_sums
from ..types import BoolArray, FloatArray, IntArray
from .graph import PatchGraph

TILE_CELLS = 1 << 15
"""Cells of the cost matrix updated together, so that they stay in the cache of the processor."""

TOGETHER = 64
"""Stops that are allowed together."""


def link_costs(graph: PatchGraph) -> FloatArray:
    """Return the costs of the links as a symmetric float64 matrix: 0 on the diagonal, inf where there is no link."""
    cost = np.full((graph.size, graph.size), np.inf)
    np.fill_diagonal(cost, 0.0)
    cost[graph.pairs[:, 0], graph.pairs[:, 1]] = graph.costs
    cost[graph.pairs[:, 1], graph.pairs[:, 0]] = graph.costs
    return cost


def allow(cost: FloatArray, stops: IntArray, monitor: Monitor) -> FloatArray:
    """Return the symmetric path costs when paths may also stop at these patches."""
    result: FloatArray = cost.copy()
    size = cost.shape[0]
    tile = max(1, TILE_CELLS // size)
    for first in range(0, stops.size, TOGETHER):
        some = stops[first : first + TOGETHER]
        rows = result[some]
        for k, stop in enumerate(some):
            np.minimum(rows, rows[:, stop, None] + rows[k], out=rows)
        for low in range(0, size, tile):
            monitor.check()
            part = result[low : low + tile, low:].copy()
            work = np.empty_like(part)
            for row in rows:
                np.add(row[low : low + tile, None], row[low:], out=work)
                np.minimum(part, work, out=part)
            result[low : low + tile, low:] = part
            result[low:, low : low + tile] = part.T
    return result


def two_ways(cost: FloatArray, monitor: Monitor) -> BoolArray:
    """Return which pairs i < j have two ways over one other patch each that are no longer than their link; bool (n, n).

    Both parts of a way are shorter than the link; links that cost (next to) nothing make no way.
    """
    size = cost.shape[0]
    longest = float(cost[np.isfinite(cost)].max())
    part_of_way = np.where(cost > 1e-9 * longest, cost, np.inf)
    tile = max(1, TILE_CELLS // size)
    found = np.zeros((size, size), dtype=bool)
    for low in range(0, size, tile):
        monitor.check()
        part = cost[low : low + tile, low:].copy()
        work, ways = np.empty_like(part), np.zeros(part.shape, dtype=np.uint8)
        for row in part_of_way:
            np.add(row[low : low + tile, None], row[low:], out=work)
            np.minimum(ways + (work <= part), 2, out=ways)
        found[low : low + tile, low:] = ways > 1
    return found


def losses_by_halving(graph: PatchGraph, monitor: Monitor, where: Where = HERE) -> tuple[FloatArray, FloatArray]:
    """Return what all lose with each patch and what each patch receives, as `failures.patch_losses`.

    Notes
    -----
    The cost matrix that allows every patch but one as a stop is reached by allowing one half of the patches and going
    on with the other half, down to a single patch that is left: each level costs one all-pairs update. The first two
    halves have no step in common, so they are the pieces that two processes share.
    """
    n = graph.size
    cost = link_costs(graph)
    dense = _Dense(graph, cost, allow(cost, np.arange(n), monitor.part(0.0, 0.15)))
    lost = np.zeros(n)
    halves = [(0, n // 2), (n // 2, n)] if n > 1 else []
    spread(
        _lost_with_half,
        dense,
        halves,
        lambda part: np.add(lost, part, out=lost),
        where=where,
        monitor=monitor.part(0.15, 1.0),
    )
    return lost, weighted_sums(graph.connection(dense.full), graph.attributes)


@dataclass(frozen=True)
class _Dense:
    """A graph, the costs of its links, and those of its best paths."""

    graph: PatchGraph
    cost: FloatArray
    full: FloatArray


def _lost_with_half(dense: _Dense, failing: tuple[int, int], monitor: Monitor) -> FloatArray:
    """Return what is lost with each of one half of the patches; 0 for the others."""
    graph, full, n = dense.graph, dense.full, dense.graph.size
    connected = graph.connection(full)
    lost = np.zeros(n)
    half = np.arange(*failing)
    others_allowed = allow(dense.cost, np.setdiff1d(np.arange(n), half), monitor)
    for done, (patch, without) in enumerate(_all_but_one(others_allowed, half, monitor)):
        monitor.step(done, half.size)
        # Sums in another order differ in the last digits; these are no losses.
        i, j = np.nonzero(np.triu(without > full * (1.0 + 1e-14), 1))
        others = (i != patch) & (j != patch)
        i, j = i[others], j[others]
        change = connected[i, j] - graph.connection(without[i, j])
        lost[patch] = 2.0 * float(np.sum(graph.attributes[i] * graph.attributes[j] * change))
    return lost


def _all_but_one(cost: FloatArray, left: IntArray, monitor: Monitor) -> Iterator[tuple[int, FloatArray]]:
    """Yield each patch of `left` with the costs when all of `left` but this one are allowed as stops."""
    if left.size == 1:
        yield int(left[0]), cost
        return
    half = left.size // 2
    for kept, allowed in ((left[:half], left[half:]), (left[half:], left[:half])):
        yield from _all_but_one(allow(cost, allowed, monitor), kept, monitor)
