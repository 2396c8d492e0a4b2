"""Trees of best paths, laid out so that everything beyond a patch is one slice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..monitor import Monitor
from ..types import FloatArray, IntArray
from .graph import PatchGraph
from .pruning import paths_from


@dataclass(frozen=True)
class PathTrees:
    """The trees of best paths of a block of sources, one after another, each in preorder.

    Attributes
    ----------
    sources : int, shape (b,)
        Patch at the root of each tree.
    costs : float64, shape (b, n)
        Cost of the best path; inf where there is none.
    tree, patch : int, shape (t,)
        Which tree (0 to b - 1) and which patch stands at each position; patches that are not reached have none.
    position : int, shape (b, n)
        Position of each patch of each tree, -1 where it is not reached.
    size : int, shape (t,)
        Number of patches at and below each position: they stand at position to position + size - 1.
    parent : int, shape (t,)
        Position of the patch before on the path; of a root, its own.
    """

    sources: IntArray
    costs: FloatArray
    tree: IntArray
    patch: IntArray
    position: IntArray
    size: IntArray
    parent: IntArray


def path_trees(
    graph: PatchGraph, monitor: Monitor, *, limit: float = np.inf, patches: range | None = None
) -> Iterator[PathTrees]:
    """Yield the trees of all patches, or of some, of a graph that has been pruned, a block of sources at a time."""
    whole = range(graph.size)
    for sources, costs, before in paths_from(whole if patches is None else patches, graph, monitor, limit=limit):
        yield _lay_out(sources, costs, before)


def _lay_out(sources: IntArray, costs: FloatArray, before: IntArray) -> PathTrees:
    blocks, n = costs.shape
    start = np.arange(blocks)[:, None] * n
    parent = np.where(before < 0, 0, before + start).ravel()
    roots = start[:, 0] + sources
    parent[roots] = roots
    reached = np.flatnonzero(np.isfinite(costs))

    # Depth by doubling: how far up `ancestor` is, until it is the root for all.
    depth = np.ones(blocks * n, dtype=np.int64)
    depth[roots] = 0
    ancestor = parent
    while not np.array_equal(further := ancestor[ancestor], ancestor):
        depth += depth[ancestor]
        ancestor = further

    level = reached[np.lexsort((parent[reached], depth[reached]))]
    above = parent[level]
    level_start = np.flatnonzero(np.diff(depth[level], prepend=-1))
    level_stop = np.append(level_start[1:], level.size)
    brood = np.flatnonzero(np.diff(above, prepend=-1) | np.diff(depth[level], prepend=-1))
    brood_start = np.searchsorted(brood, level_start)
    brood_stop = np.append(brood_start[1:], brood.size)

    size = np.ones(blocks * n, dtype=np.int64)
    for low, high, first, last in zip(level_start[:0:-1], level_stop[:0:-1], brood_start[:0:-1], brood_stop[:0:-1]):
        heads = brood[first:last]
        size[above[heads]] += np.add.reduceat(size[level[low:high]], heads - low)

    older = np.cumsum(size[level]) - size[level]
    older -= np.repeat(older[brood], np.diff(brood, append=level.size))
    position = np.full(blocks * n, -1, dtype=np.int64)
    position[roots] = np.cumsum(size[roots]) - size[roots]
    for low, high in zip(level_start[1:], level_stop[1:]):
        position[level[low:high]] = position[above[low:high]] + 1 + older[low:high]

    order = np.empty(reached.size, dtype=np.int64)
    order[position[reached]] = reached
    return PathTrees(
        sources=sources,
        costs=costs,
        tree=order // n,
        patch=order % n,
        position=position.reshape(blocks, n),
        size=size[order],
        parent=position[parent[order]],
    )
