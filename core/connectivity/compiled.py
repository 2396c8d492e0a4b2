"""What is lost with each failure, compiled by numba: the numbers of `failures`, several times faster.

For one source, count what a link costs against the best paths to its two ends: `slack`, 0 along the tree of best paths
and never negative. When a patch or link fails, what hangs below it in the tree pays `more` than before: its distance,
in slacks, from all that stays. Everything below an entry pays no more than the entry, so that the search goes from
subtree to subtree, and looks only at links that leave one.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ..accelerators import numba_works
from ..monitor import Monitor
from ..types import FloatArray, IntArray
from .graph import PatchGraph
from .pruning import block_of


def available() -> bool:
    """Return whether numba is installed and works."""
    return numba_works(_kernels)


def losses(
    graph: PatchGraph, sources: range, limit: float, number: IntArray | None, monitor: Monitor
) -> tuple[FloatArray, FloatArray]:
    """Return what some sources lose with each failure, and what each of them receives, itself included.

    Parameters
    ----------
    number : int, shape (2 m,), or None
        Number of the link at each place of `graph.matrix`, if links fail; None if patches do.
    """
    n, matrix = graph.size, graph.matrix
    search, lay_beside, lose = _kernels()
    links = number is not None
    lost: FloatArray = np.zeros(len(graph.pairs) if links else n)
    received: FloatArray = np.zeros(len(sources))
    places = matrix.indices.size
    position, patch, size, parent, over, low = np.empty((6, n), dtype=np.int64)
    cost, share = np.empty((2, n))
    start = np.empty(n + 1, dtype=np.int64)
    beside, meet = np.empty((2, places), dtype=np.int64)
    slack_in, slack_out = np.empty((2, places))
    keys, items = np.empty(places + 3 * n), np.empty(places + 3 * n, dtype=np.int64)
    ways = (matrix.indptr, matrix.indices, matrix.data)
    held = (graph.attributes, graph.binary)
    tree = (patch, size, parent, cost)
    around = (start, beside, meet, slack_in, slack_out, low)
    block = block_of(graph)
    for done, source in enumerate(sources):
        if done % block == 0:
            monitor.step(done, len(sources))
        reached = search(*ways, *held, limit, source, *tree, share, over, position, keys, items)
        received[done] = share[:reached].sum()
        if reached == 1:  # nothing else to lose; where there are no links, none has a number
            continue
        lay_beside(*ways, reached, position, *tree, *around)
        failing = patch if number is None else number[over[:reached]]
        lose(*held, limit, reached, *tree, share, *around, links, failing, lost, keys, items)
    return lost, received


@functools.cache
def _kernels() -> tuple[Any, Any, Any]:
    import numba
    from numba.extending import register_jitable

    register_jitable(_push)
    register_jitable(_drop)
    compiled = numba.njit(cache=True, nogil=True)
    return compiled(_search), compiled(_lay_beside), compiled(_lose)


def _push(keys: Any, items: Any, count: int, key: float, item: int) -> int:
    """Put an item on a heap of so many; return how many there are then."""
    at = count
    while at > 0:
        above = (at - 1) >> 1
        if keys[above] <= key:
            break
        keys[at], items[at] = keys[above], items[above]
        at = above
    keys[at], items[at] = key, item
    return count + 1


def _drop(keys: Any, items: Any, count: int) -> int:
    """Take the first item off a heap of so many; return how many there are then."""
    count -= 1
    key, item = keys[count], items[count]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= count:
            break
        if below + 1 < count and keys[below + 1] < keys[below]:
            below += 1
        if keys[below] >= key:
            break
        keys[at], items[at] = keys[below], items[below]
        at = below
    keys[at], items[at] = key, item
    return count


def _search(
    pointer: Any,
    neighbour: Any,
    step: Any,
    attributes: Any,
    binary: bool,
    limit: float,
    source: int,
    patch: Any,
    size: Any,
    parent: Any,
    cost: Any,
    share: Any,
    over: Any,
    position: Any,
    keys: Any,
    items: Any,
) -> int:
    """Lay out the best paths of a source in preorder, as in `PathTrees`; return how many patches are reached.

    `share` is what the source receives from a patch, `over` the place in the matrix of the link that leads there.
    """
    n = attributes.size
    costs = np.full(n, np.inf)
    before, place, order = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    position[:] = -1
    costs[source], before[source], place[source] = 0.0, source, 0
    waiting = _push(keys, items, 0, 0.0, source)
    reached = 0
    while waiting > 0:
        so_far, u = keys[0], items[0]
        waiting = _drop(keys, items, waiting)
        if position[u] >= 0:
            continue
        position[u] = 0
        order[reached] = u
        reached += 1
        for slot in range(pointer[u], pointer[u + 1]):
            x = neighbour[slot]
            further = so_far + step[slot]
            if further < costs[x] and further <= limit:
                costs[x], before[x], place[x] = further, u, slot
                waiting = _push(keys, items, waiting, further, x)
    count, free = np.ones(n, np.int64), np.empty(n, np.int64)
    for i in range(reached - 1, 0, -1):
        count[before[order[i]]] += count[order[i]]
    free[source] = 0
    for i in range(reached):
        u = order[i]
        q = free[before[u]]
        position[u], patch[q], size[q], parent[q] = q, u, count[u], position[before[u]]
        free[before[u]] += count[u]
        free[u] = q + 1
        cost[q], over[q] = costs[u], place[u]
        share[q] = attributes[u] / (1.0 + costs[u]) if binary else attributes[u] * np.exp(-costs[u])
    return reached


def _lay_beside(
    pointer: Any,
    neighbour: Any,
    step: Any,
    reached: int,
    position: Any,
    patch: Any,
    size: Any,
    parent: Any,
    cost: Any,
    start: Any,
    beside: Any,
    meet: Any,
    slack_in: Any,
    slack_out: Any,
    low: Any,
) -> None:
    """Lay out the links beside the tree: those at position q are start[q] to start[q + 1] - 1, by falling `meet`.

    `meet` is where the ways from the source to the two ends part, `low` the smallest of a subtree.
    """
    k = 0
    for q in range(reached):
        start[q], low[q] = k, q
        for slot in range(pointer[patch[q]], pointer[patch[q] + 1]):
            p = position[neighbour[slot]]
            if p < 0 or p == parent[q] or parent[p] == q:
                continue
            apart, common = max(p, q), min(p, q)
            while apart > common:
                apart = parent[apart]
            at = k
            while at > start[q] and meet[at - 1] < apart:
                beside[at], meet[at] = beside[at - 1], meet[at - 1]
                slack_in[at], slack_out[at] = slack_in[at - 1], slack_out[at - 1]
                at -= 1
            beside[at], meet[at] = p, apart
            slack_in[at] = max(cost[p] + step[slot] - cost[q], 0.0)
            slack_out[at] = max(cost[q] + step[slot] - cost[p], 0.0)
            low[q] = min(low[q], apart)
            k += 1
    start[reached] = k
    for q in range(reached - 1, 0, -1):
        low[parent[q]] = min(low[parent[q]], low[q])


def _lose(
    attributes: Any,
    binary: bool,
    limit: float,
    reached: int,
    patch: Any,
    size: Any,
    parent: Any,
    cost: Any,
    share: Any,
    start: Any,
    beside: Any,
    meet: Any,
    slack_in: Any,
    slack_out: Any,
    low: Any,
    links: bool,
    failing: Any,
    lost: Any,
    keys: Any,
    items: Any,
) -> None:
    """Add to `lost`, at the number that is `failing` at each position, what the source and all beyond lose with it."""
    entry, through = np.empty(reached), np.empty(reached, np.int64)
    following, held = np.empty(reached, np.int64), np.empty(reached, np.int64)
    extra, settled = np.empty(reached), np.empty(reached, np.bool_)
    head = reached
    for k in range(reached - 1, 0, -1):
        # From `head` on: the patches behind k, in order, that have a link from outside of k; those behind k that had
        # one only from a patch further down have been taken out, or will be when they are next met.
        entry[k], through[k] = np.inf, k
        if links:
            following[k], head = head, k
        first, stop = (k if links else k + 1), k + size[k]
        # A pair uses a link in one direction from one end and in the other from the other end: one is enough.
        if first == stop or (links and patch[parent[k]] > patch[k]):
            if not links:
                following[k], head = head, k
            continue
        waiting = 0
        top, v, prior = first, head, -1
        while top < stop:
            end, most, met = top + size[top], np.inf, 0
            while v < end:
                if through[v] >= k:
                    entry[v] = np.inf
                    for slot in range(start[v], start[v + 1]):
                        if meet[slot] < k and slack_in[slot] < entry[v]:
                            entry[v], through[v] = slack_in[slot], meet[slot]
                if entry[v] == np.inf:
                    if prior < 0:
                        head = following[v]
                    else:
                        following[prior] = following[v]
                else:
                    most = min(most, entry[v] + 2.0 * (cost[v] - cost[top]))
                    held[met] = v
                    met += 1
                    prior = v
                v = following[v]
            # None below pays more than the top does, if it is entered and left upwards along the tree.
            extra[top:end] = most
            settled[top:end] = False
            if most < np.inf:
                waiting = _push(keys, items, waiting, most, top)
            covered, paid = 0, 0.0
            for i in range(met):
                v_in = held[i]
                pays = entry[v_in]
                if pays < most and not (v_in < covered and pays >= paid):
                    extra[v_in] = pays
                    waiting = _push(keys, items, waiting, pays, v_in)
                    if v_in >= covered:
                        covered, paid = v_in + size[v_in], pays
            top = end
        left, total = stop - first, 0.0
        while left > 0:
            if waiting > 0:
                more, v = keys[0], items[0]
                waiting = _drop(keys, items, waiting)
                if settled[v]:
                    continue
                end = v + size[v]
            else:
                more, v, end = np.inf, first, stop  # what is left is cut off
            # All below that does not have a shorter way pays the same more.
            weight = 0.0
            q = v
            while q < end:
                if settled[q]:
                    q += size[q]
                    continue
                settled[q], extra[q] = True, more
                if cost[q] + more > limit:
                    total += share[q]
                elif binary:
                    total += share[q] - attributes[patch[q]] / (1.0 + cost[q] + more)
                else:
                    weight += share[q]
                left -= 1
                q += 1
            total -= weight * np.expm1(-more)
            if left == 0:
                break
            above = parent[v]
            if above >= first and more + 2.0 * (cost[v] - cost[above]) < extra[above]:
                extra[above] = more + 2.0 * (cost[v] - cost[above])
                waiting = _push(keys, items, waiting, extra[above], above)
            q = v
            while q < end:
                if low[q] >= v or extra[q] != more:
                    q += size[q]
                    continue
                for slot in range(start[q], start[q + 1]):
                    if meet[slot] >= v:
                        continue
                    p = beside[slot]
                    if meet[slot] < k:
                        break
                    if p >= first and not settled[p] and more + slack_out[slot] < extra[p]:
                        extra[p] = more + slack_out[slot]
                        waiting = _push(keys, items, waiting, extra[p], p)
                q += 1
        total *= attributes[patch[0]]
        lost[failing[k]] += 2.0 * total if links else total
        if not links:
            following[k], head = head, k
