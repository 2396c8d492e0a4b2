"""Which links of a graph matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..monitor import Monitor
from ..types import BoolArray
from .dense import link_costs, two_ways

if TYPE_CHECKING:
    from .graph import PatchGraph


def pruned(graph: PatchGraph, monitor: Monitor) -> PatchGraph:
    """Return the graph with the links that `lasting` keeps."""
    if "pruned" not in graph.memo:
        graph.memo["pruned"] = graph.with_links(lasting(graph, monitor))
    found: PatchGraph = graph.memo["pruned"]
    return found


def lasting(graph: PatchGraph, monitor: Monitor) -> BoolArray:
    """Return which links could carry a best path when any one patch or link is gone; bool, shape (m,).

    A link is of no use when two ways over one patch each, of shorter links, are no longer than it: one of them is
    always left. In binary graphs no link is shorter than another, so all count.
    """
    if "lasting" not in graph.memo:
        if graph.binary:
            graph.memo["lasting"] = np.ones(len(graph.pairs), dtype=bool)
        elif graph.is_dense:
            spare = two_ways(link_costs(graph), monitor)
            graph.memo["lasting"] = ~spare[graph.pairs[:, 0], graph.pairs[:, 1]]
        else:
            graph.memo["lasting"] = _find_lasting(graph, monitor)
    useful: BoolArray = graph.memo["lasting"]
    return useful


def _find_lasting(graph: PatchGraph, monitor: Monitor) -> BoolArray:
    useful = np.ones(len(graph.pairs), dtype=bool)
    pointer, beside, cost = graph.matrix.indptr, graph.matrix.indices, graph.matrix.data
    degree = np.diff(pointer)
    direct = np.full(graph.size, -1.0)
    key = graph.pairs[:, 0] * graph.size + graph.pairs[:, 1]
    sorting = np.argsort(key)
    for patch in range(graph.size):
        monitor.check()
        slots = slice(pointer[patch], pointer[patch + 1])
        near, step = beside[slots], cost[slots]
        direct[near] = step
        count = degree[near]
        onward = np.arange(int(count.sum())) + np.repeat(pointer[near] - np.cumsum(count) + count, count)
        end, first, second = beside[onward], np.repeat(step, count), cost[onward]
        limit = direct[end]
        short = (first + second <= limit) & (first < limit) & (second < limit)
        ways = np.bincount(end[short], minlength=graph.size)
        spare = near[(ways[near] > 1) & (near > patch)]
        useful[sorting[np.searchsorted(key, patch * graph.size + spare, sorter=sorting)]] = False
        direct[near] = -1.0
    return useful
