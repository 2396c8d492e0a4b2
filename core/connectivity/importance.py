"""How much of the connectivity each patch and each link carries."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from ..monitor import SILENT, Monitor
from ..types import FloatArray, IntArray
from .dense import losses_by_halving
from .graph import MAX_DENSE, PatchGraph
from .trees import PathTrees, path_trees

CHUNK = 50_000
"""Neighbours looked at in one go; larger does not pay as the queue of the path search grows."""


@dataclass(frozen=True)
class Importance:
    """Share of the connectivity that is lost with each patch, in per cent, shape (n,).

    Attributes
    ----------
    numerator : float
        The index times the square of the landscape attribute, all patches present.
    total : float64
        dPC or dIIC, the sum of the three fractions.
    intra : float64
        What the patch holds itself.
    flux : float64
        What it exchanges with the others.
    connector : float64
        What the others lose because their best path led through it.
    """

    numerator: float
    total: FloatArray
    intra: FloatArray
    flux: FloatArray
    connector: FloatArray


def node_importance(graph: PatchGraph, *, method: str = "auto", monitor: Monitor = SILENT) -> Importance:
    """Return dPC, or dIIC for a binary graph, of every patch with its intra, flux and connector fractions.

    Exactly what removing each patch in turn and computing the index again gives, without doing so.

    Parameters
    ----------
    graph : PatchGraph
    method : {"auto", "trees", "halving"}
        Two exact ways, see below; "auto" takes the one that will be faster.

    Notes
    -----
    Removing patch k changes the best path from i to j only if k is an inner patch of both. For a source i these j hang
    below k in the tree of best paths of i; their new path enters from a patch outside that part and stays within. All k
    of a source are solved by one search over pairs (k, j), so the work is about n^2 times the mean number of inner
    patches times the links per patch, instead of n^3 times the links per patch. Memory grows with the links, not n^2.
    When there are so many links that it is cheaper, the paths around each patch come instead from a halving recursion
    of all-pairs updates, n^3 log2(n) / 2 steps with log2(n) matrices of n x n.

    References
    ----------
    .. [1] S. Saura and L. Rubio (2010), A common currency for the different ways in which patches and links can
       contribute to habitat availability, Ecography 33, doi:10.1111/j.1600-0587.2009.05760.x.
    """
    a = graph.attributes
    received = np.zeros(graph.size)
    lost: FloatArray = np.zeros(graph.size)
    halving = _prefers_halving(graph) if method == "auto" else method == "halving"
    for trees in path_trees(graph, monitor.part(0.0, 0.1) if halving else monitor):
        received[trees.sources] = graph.connection(trees.costs) @ a
        if not halving:
            for failed, loss in _losses(graph, trees, False, monitor):
                lost += np.bincount(trees.patch[failed], weights=loss, minlength=graph.size)
    if halving:
        lost = losses_by_halving(graph, monitor.part(0.1, 1.0))
    numerator = float(a @ received)
    share = 100.0 / numerator if numerator > 0.0 else 0.0
    intra = share * a * a
    flux = 2.0 * share * a * (received - a)
    connector = share * lost
    return Importance(numerator, intra + flux + connector, intra, flux, connector)


def link_importance(graph: PatchGraph, *, monitor: Monitor = SILENT) -> FloatArray:
    """Return the share of PC, or IIC for a binary graph, that is lost with each link, in per cent.

    float64, shape (m,), in the order of `graph.pairs`. A link that no best path needs has exactly 0. Method and
    reference as in `node_importance`.
    """
    a = graph.attributes
    numerator = 0.0
    lost = np.zeros(len(graph.pairs))
    key = graph.pairs[:, 0] * graph.size + graph.pairs[:, 1]
    sorting = np.argsort(key)
    for trees in path_trees(graph, monitor):
        numerator += float(a[trees.sources] @ (graph.connection(trees.costs) @ a))
        for failed, loss in _losses(graph, trees, True, monitor):
            ends = trees.patch[failed], trees.patch[trees.parent[failed]]
            link = np.minimum(*ends) * graph.size + np.maximum(*ends)
            place = sorting[np.searchsorted(key, link, sorter=sorting)]
            lost += np.bincount(place, weights=loss, minlength=lost.size)
    return lost * (100.0 / numerator) if numerator > 0.0 else lost


def _prefers_halving(graph: PatchGraph) -> bool:
    """Tell which method is cheaper from the trees of the first block of sources; constants measured."""
    n = graph.size
    trees = next(path_trees(graph, SILENT))
    degree = np.bincount(graph.pairs.ravel(), minlength=n)
    below = np.concatenate(([0], np.cumsum(degree[trees.patch])))
    top = np.arange(trees.patch.size)
    inner = trees.parent != top
    looks = (below[top + trees.size] - below[top + 1])[inner].sum() * n / trees.sources.size
    return bool(n <= MAX_DENSE and 52.0 * looks > 0.9 * n**3 * math.log2(n + 1))


def _losses(
    graph: PatchGraph, trees: PathTrees, links: bool, monitor: Monitor
) -> Iterator[tuple[IntArray, FloatArray]]:
    """Yield positions in the trees and what the source and the patches beyond lose when that one fails.

    What fails is the patch at the position or, with `links`, the link that leads to it.
    """
    matrix = graph.matrix()
    degree = np.diff(matrix.indptr)
    top = np.arange(trees.patch.size)
    failing = top[(trees.parent != top) & ((trees.size > 1) | links)]
    below = np.concatenate(([0], np.cumsum(degree[trees.patch])))
    first = failing if links else failing + 1
    work = np.cumsum(below[failing + trees.size[failing]] - below[first])
    for part in np.split(failing, np.searchsorted(work, np.arange(CHUNK, work.max(initial=0), CHUNK))):
        if part.size:
            monitor.check()
            yield part, _repair(graph, matrix, trees, part, links)


def _repair(graph: PatchGraph, matrix: Any, trees: PathTrees, failed: IntArray, links: bool) -> FloatArray:
    """Return what is lost with each failure: the patches cut off get their best path around it."""
    first = failed if links else failed + 1
    count = failed + trees.size[failed] - first
    start = np.cumsum(count) - count
    failure = np.repeat(np.arange(failed.size), count)
    cut = np.arange(failure.size) + np.repeat(first - start, count)
    patch, tree = trees.patch[cut], trees.tree[cut]
    cost = trees.costs[tree, patch]

    # Neighbours of every patch that is cut off, by position in its tree.
    degree = np.diff(matrix.indptr)[patch]
    slot_start = np.cumsum(degree) - degree
    item = np.repeat(np.arange(cut.size), degree)
    slot = np.arange(item.size) + np.repeat(matrix.indptr[patch] - slot_start, degree)
    beside = trees.position[tree[item], matrix.indices[slot]]
    step = matrix.data[slot]
    at = failure[item]
    inside = (beside >= first[at]) & (beside < (failed + trees.size[failed])[at])
    barred = beside == (trees.parent[failed] if links else failed)[at]
    if links:
        barred &= (cut == failed[failure])[item]

    # Best way in from outside, then on between patches that are cut off.
    way_in = trees.costs[tree[item], matrix.indices[slot]] + step
    way_in[inside | barred] = np.inf
    entry = np.minimum.reduceat(way_in, slot_start)
    onward = np.flatnonzero(inside)
    target = (beside - first[at] + start[at])[onward]
    entered = np.flatnonzero(np.isfinite(entry))
    pointer = np.concatenate(([0], np.cumsum(np.bincount(item[onward], minlength=cut.size)), [0]))
    pointer[-1] = pointer[-2] + entered.size
    around = csr_matrix(
        (np.concatenate((step[onward], entry[entered])), np.concatenate((target, entered)), pointer),
        shape=(cut.size + 1, cut.size + 1),
    )
    repaired = dijkstra(around, indices=cut.size)[:-1]
    a = graph.attributes
    loss = a[trees.sources[tree]] * a[patch] * (graph.connection(cost) - graph.connection(repaired))
    return np.maximum(np.add.reduceat(loss, start), 0.0)
