"""What the other patches lose when a patch or a link fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from ..monitor import Monitor
from ..spread.job import Task
from ..spread.spreading import spread
from ..spread.where import HERE, Where
from ..stats.products import weighted_sums
from ..types import Array, BoolArray, FloatArray, IntArray
from . import compiled
from .graph import PatchGraph
from .pruning import block_of, lasting, paths_from, pruned
from .trees import PathTrees, path_trees

CHUNK = 50_000
"""Neighbours looked at in one go; larger does not pay as the queue of the path search grows."""

_PIECES = 64
"""About as many pieces are the sources worked through in, where there are so many."""

WORTH_STARTING_NUMBA = 400
"""Patches from which numba makes up for the time it takes to start."""


def uses_numba(patches: int) -> bool:
    """Return whether numba is there and pays for so many patches.

    Examples
    --------
    >>> uses_numba(2)
    False
    """
    return patches >= WORTH_STARTING_NUMBA and compiled.available()


def patch_losses(
    whole: PatchGraph, monitor: Monitor, limit: float = np.inf, where: Where = HERE
) -> tuple[FloatArray, FloatArray]:
    """Return, for each patch, the sum over the other pairs of what their connection loses without it, and more.

    Both directions of a pair are counted, pairs with a best path above the limit are not; float64, shape (n,). The
    second is what each patch receives: the attributes it reaches, its own included, by how well it does.
    """
    graph = pruned(whole, monitor)
    if uses_numba(graph.size):
        return _lost(_of_patches, _Network(graph, limit), graph.size, where, monitor)
    left_out = _busiest_side(graph, monitor.part(0.0, 0.1), limit)
    return _lost(_of_patches, _Network(graph, limit, left_out), graph.size, where, monitor.part(0.1, 1.0))


def link_losses(
    whole: PatchGraph, monitor: Monitor, limit: float = np.inf, where: Where = HERE
) -> tuple[FloatArray, FloatArray]:
    """Return, for each link, the sum over the pairs of what their connection loses without it, and what patches receive.

    As `patch_losses`; float64, shapes (m,) and (n,).
    """
    graph = pruned(whole, monitor)
    every: FloatArray = np.zeros(len(whole.pairs))
    lost, received = _lost(_of_links, _Network(graph, limit), len(graph.pairs), where, monitor)
    every[lasting(whole, monitor)] = lost
    return every, received


@dataclass(frozen=True)
class _Network:
    """A graph that has been pruned, the longest path that counts, and the sources `left_out` of each patch."""

    graph: PatchGraph
    limit: float
    left_out: Array | None = None


def _lost(task: Task, network: _Network, count: int, where: Where, monitor: Monitor) -> tuple[FloatArray, FloatArray]:
    """Return what is lost with each of so many failures, summed over pieces of the sources, and what those receive."""
    lost: FloatArray = np.zeros(count)
    received: list[FloatArray] = []
    size, block = network.graph.size, block_of(network.graph)
    each = block * max(1, round(size / (_PIECES * block)))
    pieces = [(first, min(first + each, size)) for first in range(0, size, each)]

    def add(part: tuple[FloatArray, FloatArray]) -> None:
        np.add(lost, part[0], out=lost)
        received.append(part[1])

    spread(task, network, pieces, add, where=where, monitor=monitor)
    return lost, np.concatenate(received)


def _of_patches(network: _Network, patches: tuple[int, int], monitor: Monitor) -> tuple[FloatArray, FloatArray]:
    """Return what some sources lose with each patch, and what they receive."""
    graph, left_out = network.graph, network.left_out
    if left_out is None:
        return compiled.losses(graph, range(*patches), network.limit, None, monitor)
    lost: FloatArray = np.zeros(graph.size)
    received: list[FloatArray] = []
    for trees in path_trees(graph, monitor, limit=network.limit, patches=range(*patches)):
        received.append(weighted_sums(graph.connection(trees.costs), graph.attributes))
        wanted = (trees.parent != np.arange(trees.parent.size)) & (trees.size > 1)
        wanted &= ~_bit(left_out, trees.sources[trees.tree], trees.patch)
        for part, loss in _losses(network, trees, np.flatnonzero(wanted), monitor):
            lost += np.bincount(trees.patch[part], weights=loss, minlength=graph.size)
    return lost, np.concatenate(received)


def _of_links(network: _Network, patches: tuple[int, int], monitor: Monitor) -> tuple[FloatArray, FloatArray]:
    """Return what some sources lose with each link, and what they receive."""
    graph = network.graph
    key = graph.pairs[:, 0] * graph.size + graph.pairs[:, 1]
    sorting = np.argsort(key)

    def number(one: IntArray, other: IntArray) -> IntArray:
        wanted = np.minimum(one, other).astype(np.int64) * graph.size + np.maximum(one, other)
        found: IntArray = sorting[np.searchsorted(key, wanted, sorter=sorting)]
        return found

    if uses_numba(graph.size):
        start = np.repeat(np.arange(graph.size), np.diff(graph.matrix.indptr))
        numbers = number(start, graph.matrix.indices)
        return compiled.losses(graph, range(*patches), network.limit, numbers, monitor)
    lost: FloatArray = np.zeros(len(graph.pairs))
    received: list[FloatArray] = []
    for trees in path_trees(graph, monitor, limit=network.limit, patches=range(*patches)):
        received.append(weighted_sums(graph.connection(trees.costs), graph.attributes))
        before = trees.patch[trees.parent]
        # A pair uses the link in one direction from one end and in the other from the other end: one is enough.
        for part, loss in _losses(network, trees, np.flatnonzero(before < trees.patch), monitor):
            lost += np.bincount(number(before[part], trees.patch[part]), weights=2.0 * loss, minlength=lost.size)
    return lost, np.concatenate(received)


def _busiest_side(graph: PatchGraph, monitor: Monitor, limit: float) -> Array:
    """Return which sources (rows) reach a patch (columns) over the link that most pairs with it inside use; bits."""
    n = graph.size
    link_from = np.repeat(np.arange(n), np.diff(graph.matrix.indptr))
    key = link_from * n + graph.matrix.indices
    load = np.zeros(key.size)
    for trees in path_trees(graph, monitor.part(0.0, 0.7), limit=limit):
        inner = np.flatnonzero((trees.parent != np.arange(trees.parent.size)) & (trees.size > 1))
        link = trees.patch[trees.parent[inner]] * n + trees.patch[inner]
        load += np.bincount(np.searchsorted(key, link), weights=trees.size[inner] - 1, minlength=key.size)
    heaviest = np.full(n, -1)
    rising = np.argsort(load, kind="stable")
    heaviest[graph.matrix.indices[rising]] = link_from[rising]
    paths = paths_from(range(n), graph, monitor.part(0.7, 1.0), limit=limit)
    return np.concatenate([np.packbits(before == heaviest, axis=1) for _, _, before in paths])


def _bit(packed: Array, row: IntArray, column: IntArray) -> BoolArray:
    bit: BoolArray = (packed[row, column >> 3] >> (7 - (column & 7)) & 1).astype(bool)
    return bit


def _losses(
    network: _Network, trees: PathTrees, failing: IntArray, monitor: Monitor
) -> Iterator[tuple[IntArray, FloatArray]]:
    """Yield positions in the trees and what the source and the patches beyond lose when that one fails.

    What fails is the patch at the position, the pairs with patches that are `left_out` as sources counted twice; or,
    without, the link that leads to it.
    """
    below = np.concatenate(([0], np.cumsum(np.diff(network.graph.matrix.indptr)[trees.patch])))
    first = failing if network.left_out is None else failing + 1
    work = np.cumsum(below[failing + trees.size[failing]] - below[first])
    for part in np.split(failing, np.searchsorted(work, np.arange(CHUNK, work.max(initial=0), CHUNK))):
        if part.size:
            monitor.check()
            yield part, _repair(network, trees, part)


def _repair(network: _Network, trees: PathTrees, failed: IntArray) -> FloatArray:
    """Return what is lost with each failure: the patches cut off get their best path around it, within the limit."""
    graph, left_out = network.graph, network.left_out
    links = left_out is None
    first = failed if links else failed + 1
    stop = failed + trees.size[failed]
    count = stop - first
    start = np.cumsum(count) - count
    failure = np.repeat(np.arange(failed.size), count)
    cut = np.arange(failure.size) + np.repeat(first - start, count)
    patch, tree = trees.patch[cut], trees.tree[cut]
    cost = trees.costs[tree, patch]

    # Neighbours of every patch that is cut off, by position in its tree.
    matrix = graph.matrix
    degree = np.diff(matrix.indptr)[patch]
    slot_start = np.cumsum(degree) - degree
    item = np.repeat(np.arange(cut.size), degree)
    slot = np.arange(item.size) + np.repeat(matrix.indptr[patch] - slot_start, degree)
    neighbour = np.repeat(tree * graph.size, degree) + matrix.indices[slot]
    beside = trees.position.ravel()[neighbour]
    step = matrix.data[slot]
    at = failure[item]
    inside = (beside >= first[at]) & (beside < stop[at])
    barred = beside == (trees.parent[failed] if links else failed)[at]
    if links:
        barred &= (cut == failed[failure])[item]

    # Best way in from outside, then on between patches that are cut off.
    way_in = trees.costs.ravel()[neighbour] + step
    way_in[inside | barred] = np.inf
    entry = np.minimum.reduceat(way_in, slot_start)
    onward = np.flatnonzero(inside)
    target = beside[onward] + (start - first)[at[onward]]
    entered = np.flatnonzero(np.isfinite(entry))
    pointer = np.concatenate(([0], np.cumsum(np.bincount(item[onward], minlength=cut.size)), [0]))
    pointer[-1] = pointer[-2] + entered.size
    around = csr_matrix(
        (np.concatenate((step[onward], entry[entered])), np.concatenate((target, entered)), pointer),
        shape=(cut.size + 1, cut.size + 1),
    )
    repaired = dijkstra(around, indices=cut.size)[:-1]
    repaired[repaired > network.limit] = np.inf
    a = graph.attributes
    loss = a[trees.sources[tree]] * a[patch] * (graph.connection(cost) - graph.connection(repaired))
    if left_out is not None:
        loss *= 1 + _bit(left_out, patch, trees.patch[failed][failure])
    return np.maximum(np.add.reduceat(loss, start), 0.0)
