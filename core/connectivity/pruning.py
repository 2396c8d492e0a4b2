"""Which links of a graph matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..monitor import Monitor
from ..types import BoolArray
from .dense import allow, link_costs

if TYPE_CHECKING:
    from .graph import PatchGraph

TIE = 1e-12
"""Paths whose costs differ by less than this share count as equally good."""


def essential(graph: PatchGraph, monitor: Monitor) -> PatchGraph:
    """Return the graph without most links that are no best path between their ends; no best path needs those."""
    if graph.binary:
        return graph
    if not graph.is_dense:
        return graph.with_links(lasting(graph, monitor))
    if "essential" not in graph.memo:
        best = allow(link_costs(graph), np.arange(graph.size), monitor)
        kept = graph.costs <= best[graph.pairs[:, 0], graph.pairs[:, 1]] * (1.0 + TIE)
        graph.memo["essential"] = graph.with_links(kept)
    pruned: PatchGraph = graph.memo["essential"]
    return pruned


def lasting(graph: PatchGraph, monitor: Monitor) -> BoolArray:
    """Return which links could carry a best path when any one patch or link is gone; bool, shape (m,).

    A link is of no use when two ways over one patch each, of shorter links, are no longer than it: one of them is
    always left. Not looked for in dense and binary graphs, where all links count.
    """
    if "lasting" not in graph.memo:
        graph.memo["lasting"] = _find_lasting(graph, monitor)
    useful: BoolArray = graph.memo["lasting"]
    return useful


def _find_lasting(graph: PatchGraph, monitor: Monitor) -> BoolArray:
    useful = np.ones(len(graph.pairs), dtype=bool)
    if graph.is_dense or graph.binary:
        return useful
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
