"""The repair of best paths after a failure, compiled by numba: the same losses, several times faster."""

from __future__ import annotations

import functools
from heapq import heappop, heappush
from typing import Any

import numpy as np

from ..accelerators import numba_works
from ..types import FloatArray, IntArray
from .graph import PatchGraph
from .trees import PathTrees


def available() -> bool:
    """Return whether numba is installed and works."""
    return numba_works(_kernel)


def repair(graph: PatchGraph, trees: PathTrees, failed: IntArray, left_out: Any) -> FloatArray:
    """Return what is lost with each failure; as `failures.repair`."""
    lost: FloatArray = np.zeros(failed.size)
    links = left_out is None
    _kernel()(
        graph.matrix.indptr,
        graph.matrix.indices,
        graph.matrix.data,
        graph.attributes,
        graph.binary,
        trees.sources,
        trees.costs,
        trees.tree,
        trees.patch,
        trees.position,
        trees.size,
        trees.parent,
        failed,
        links,
        np.zeros((1, 1), dtype=np.uint8) if links else left_out,
        lost,
    )
    return lost


@functools.cache
def _kernel() -> Any:
    import numba

    return numba.njit(cache=True, nogil=True)(_repair)


def _repair(
    pointer: Any,
    beside: Any,
    step: Any,
    attributes: Any,
    binary: bool,
    sources: Any,
    costs: Any,
    tree: Any,
    patch: Any,
    position: Any,
    size: Any,
    parent: Any,
    failed: Any,
    links: bool,
    left_out: Any,
    lost: Any,
) -> None:
    n = attributes.size
    cost, share = np.empty(n), np.empty(n)
    start = np.empty(n + 1, np.int64)
    near = np.empty(beside.size, np.int32)
    into, out_of = np.empty(beside.size), np.empty(beside.size)
    extra = np.empty(n)
    settled = np.empty(n, np.bool_)
    heap = [(0.0, 0)]
    laid_out, root = -1, 0
    for f in range(failed.size):
        top = failed[f]
        b = tree[top]
        if b != laid_out:
            # The links in the order of the tree. What each costs is counted against the best paths to its two ends, so
            # that the links of the tree cost nothing outwards.
            laid_out, root = b, position[b, sources[b]]
            k = 0
            for q in range(size[root]):
                at = patch[root + q]
                cost[q] = costs[b, at]
                share[q] = attributes[at] * np.exp(-cost[q])
                start[q] = k
                for slot in range(pointer[at], pointer[at + 1]):
                    p = position[b, beside[slot]]
                    if p >= 0:
                        near[k] = p - root
                        into[k] = max(costs[b, beside[slot]] + step[slot] - cost[q], 0.0)
                        out_of[k] = max(cost[q] + step[slot] - costs[b, beside[slot]], 0.0)
                        k += 1
            start[size[root]] = k
        gone = patch[top]
        first = top - root if links else top - root + 1
        stop = top - root + size[top]
        hole = parent[top] - root if links else top - root
        heap.clear()
        for q in range(first, stop):
            settled[q] = False
            best = np.inf
            for slot in range(start[q], start[q + 1]):
                p = near[slot]
                if not first <= p < stop and (p != hole or (links and q != first)):
                    best = min(best, into[slot])
            extra[q] = best
            if best < np.inf:
                heappush(heap, (best, q))
        total = 0.0
        while True:
            if len(heap) > 0:
                more, one = heappop(heap)
                if settled[one]:
                    continue
                last = one + size[root + one]
            else:
                more, one, last = np.inf, first, stop  # what is left is cut off
            # All beyond that is not yet reached over a shorter way pays the same more.
            fall = -np.expm1(-more)
            q = one
            while q < last:
                if settled[q]:
                    q += size[root + q]
                    continue
                settled[q] = True
                extra[q] = more
                at = patch[root + q]
                change = share[q] * fall
                if binary:
                    change = attributes[at] * (1.0 / (1.0 + cost[q]) - 1.0 / (1.0 + cost[q] + more))
                twice = not links and left_out[at, gone >> 3] >> (7 - (gone & 7)) & 1
                total += 2.0 * change if twice else change
                q += 1
            if more == np.inf:
                break
            q = one
            while q < last:
                if extra[q] != more:
                    q += size[root + q]
                    continue
                for slot in range(start[q], start[q + 1]):
                    p = near[slot]
                    if first <= p < stop and not settled[p] and more + out_of[slot] < extra[p]:
                        extra[p] = more + out_of[slot]
                        heappush(heap, (extra[p], np.int64(p)))
                q += 1
        lost[f] = max(total * attributes[sources[b]], 0.0)
