"""Which links of a graph matter, and the best paths along them."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse.csgraph import dijkstra

from ..monitor import Monitor
from ..types import BoolArray, FloatArray, IntArray
from .dense import link_costs, two_ways
from .graph import PatchGraph

BLOCK_CELLS = 1 << 14
"""Path costs held at a time when a graph is worked through source by source."""

_LASTING: WeakKeyDictionary[PatchGraph, BoolArray] = WeakKeyDictionary()
_PRUNED: WeakKeyDictionary[PatchGraph, PatchGraph] = WeakKeyDictionary()
"""What was found out about graphs that are still in use: indices, importances and betweenness all ask for it."""


def pruned(graph: PatchGraph, monitor: Monitor) -> PatchGraph:
    """Return the graph with the links that `lasting` keeps."""
    found = _PRUNED.get(graph)
    if found is None:
        found = graph.with_links(lasting(graph, monitor))
        if found is graph:  # a value that refers to its key would keep it for ever
            return graph
        _PRUNED[graph] = found
    return found


def lasting(graph: PatchGraph, monitor: Monitor) -> BoolArray:
    """Return which links could carry a best path when any one patch or link is gone; bool, shape (m,).

    A link is of no use when two ways over one patch each, of shorter links, are no longer than it: one of them is
    always left. In binary graphs no link is shorter than another, so all count.
    """
    if graph not in _LASTING:
        if graph.binary:
            _LASTING[graph] = np.ones(len(graph.pairs), dtype=bool)
        elif graph.is_dense:
            spare = two_ways(link_costs(graph), monitor)
            _LASTING[graph] = ~spare[graph.pairs[:, 0], graph.pairs[:, 1]]
        else:
            _LASTING[graph] = _find_lasting(graph, monitor)
    return _LASTING[graph]


def best_paths(
    graph: PatchGraph, monitor: Monitor, *, limit: float = np.inf
) -> Iterator[tuple[IntArray, FloatArray, IntArray]]:
    """Yield sources, path costs and predecessors, a block of sources at a time.

    Costs are inf beyond `limit` and where there is no path; predecessors are negative there and at the source.
    """
    yield from paths_from(range(graph.size), pruned(graph, monitor), monitor, limit=limit)


def paths_from(
    patches: range, graph: PatchGraph, monitor: Monitor, *, limit: float = np.inf
) -> Iterator[tuple[IntArray, FloatArray, IntArray]]:
    """Yield the `best_paths` of some of the patches, along all links of a graph that has been pruned."""
    block = block_of(graph)
    for first in range(patches.start, patches.stop, block):
        monitor.step(first - patches.start, len(patches))
        sources = np.arange(first, min(first + block, patches.stop))
        cost, before = dijkstra(graph.matrix, indices=sources, return_predecessors=True, limit=limit)
        yield sources, cost, before


def block_of(graph: PatchGraph) -> int:
    """Return the number of sources that are searched together."""
    return max(1, BLOCK_CELLS // graph.size)


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
