"""Which sources are linked, along which least-cost paths, and which links are kept.

The steps are those of Linkage Mapper's Linkage Pathways: candidate pairs from touching allocation zones, least-cost
distances and paths, limits, links through third sources, and the choice of the nearest neighbours.

References
----------
McRae, B. H. & Kavanagh, D. M. (2011). *Linkage Mapper connectivity analysis software*. The Nature Conservancy, Seattle.
WHCWG (2010). *Washington connected landscapes project: statewide analysis*, https://waconnected.org
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from networkx.utils import UnionFind

from ..errors import DisconnectedError, InputError
from ..leastcost.fields import CostFields
from ..leastcost.gathering import search_all
from ..leastcost.links import LinkKind, Links
from ..monitor import SILENT, Monitor
from ..spread.where import HERE, Where
from ..types import FloatArray, IntArray
from .tracing import trace

THROUGH = "the least-cost path runs through source"
"""Words of the reason of a link that is none, as its sources have a third one between them."""


def find_links(
    fields: CostFields,
    pairs: IntArray,
    euclidean: FloatArray,
    *,
    max_cost: float | None = None,
    max_euclidean: float | None = None,
    drop_through_sources: bool = True,
    nearest: int | None = None,
    join_groups: bool = False,
    tree: bool = False,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> Links:
    """Trace the least-cost path of every pair and decide which links are kept.

    Parameters
    ----------
    fields : CostFields
        The sources on the resistance surface.
    pairs : ndarray, int, shape (m, 2)
        Candidate links, as of `find_pairs`.
    euclidean : ndarray, float64, shape (m,)
        Their straight distances in metres.
    max_cost, max_euclidean : float, optional
        Longest links kept, in cost units and in metres. Links beyond `max_euclidean` are not searched at all.
    drop_through_sources : bool
        Whether a link is dropped when every one of its least-cost paths runs through a third source.
    nearest : int, optional
        Keep only the links that are among this many least-cost links of one of their sources.
    join_groups : bool
        With `nearest`: keep in addition the least-cost links that join what would fall apart.
    tree : bool
        Keep only the links of a minimum spanning tree of the least-cost distances (after the limits).
    where : Where
        Where searches are made; the results are the same to the last bit.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    Links

    Raises
    ------
    InputError
        If shapes or options do not fit, or no link can be kept; the message says which limits would leave one.
    DisconnectedError
        If impassable cells cut off all sources from each other.

    Notes
    -----
    Of several least-cost paths one is drawn that crosses no third source, if there is one; see `tracing.trace`. Equal
    costs in the choice of the nearest are taken in the order of the pairs.

    Examples
    --------
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.zeros((3, 7), dtype=np.int32)
    >>> labels[1, [0, 3, 6]] = 1, 2, 3
    >>> fields = CostFields(CostGraph(np.ones((3, 7)), cell_size=10.0), labels)
    >>> links = find_links(fields, np.array([[1, 2], [1, 3]]), np.array([20.0, 50.0]))
    >>> links.cost.round(6).tolist(), links.active.tolist()
    ([30.0, 60.0], [True, False])
    >>> links.paths[0].tolist()
    [[1, 0], [1, 1], [1, 2], [1, 3]]
    """
    pairs = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    euclidean = np.asarray(euclidean, dtype=np.float64)
    if euclidean.shape != (len(pairs),):
        raise InputError(f"There are {len(pairs)} links, but {euclidean.size} straight distances.")
    if nearest is not None and nearest < 1:
        raise InputError(f"The number of nearest neighbours must be 1 or more, not {nearest}.")
    count = len(pairs)
    kind = np.full(count, int(LinkKind.ADJACENT))
    cost, length = np.full(count, np.nan), np.full(count, np.nan)
    paths: list[IntArray] = [np.empty((0, 2), dtype=np.int64)] * count
    through: list[tuple[int, ...]] = [()] * count
    if max_euclidean is not None:
        kind[euclidean > max_euclidean] = LinkKind.TOO_FAR
    searched = kind > 0
    if where.processes > 1:
        search_all(fields, pairs[searched], where=where, monitor=monitor.part(0.0, 0.8))
        monitor = monitor.part(0.8, 1.0)
    sources = np.unique(pairs[searched, 0]).tolist()
    for done, source in enumerate(sources):
        monitor.step(done, len(sources))
        own = np.flatnonzero(searched & (pairs[:, 0] == source))
        # The other links of the source that are kept will be asked for next: one search serves all.
        decided = searched & (pairs[:, 1] == source) & (kind > 0)
        field = fields.field(source, [*pairs[own, 1].tolist(), *pairs[decided, 0].tolist()], monitor=monitor)
        for index in own.tolist():
            a, b = pairs[index].tolist()
            least = cost[index] = fields.least(a, b)
            if np.isinf(least):
                kind[index] = LinkKind.CUT_OFF
                continue
            path = trace(fields, field, a, b, monitor)
            met = fields.labels[path[:, 0], path[:, 1]]
            paths[index] = path
            length[index] = path_length(path, fields.graph.cell_size)
            through[index] = tuple(dict.fromkeys(met[(met > 0) & (met != a) & (met != b)].tolist()))
            if max_cost is not None and least > max_cost:
                kind[index] = LinkKind.TOO_COSTLY
            elif drop_through_sources and through[index]:
                kind[index] = LinkKind.THROUGH_SOURCE
    if tree:
        _keep_tree(kind, pairs, cost)
    if nearest is not None:
        _keep_nearest(kind, pairs, cost, nearest, join_groups)
    links = Links(pairs, kind, euclidean, cost, length, tuple(paths), tuple(through))
    _require_one(links)
    return links


def traced(fields: CostFields, links: Links, *, monitor: Monitor = SILENT) -> Links:
    """Return links with their least-cost distances, lengths and paths; which are active stays as it is.

    Examples
    --------
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.array([[1, 0, 0, 2]], dtype=np.int32)
    >>> fields = CostFields(CostGraph(np.ones((1, 4)), cell_size=10.0), labels)
    >>> traced(fields, Links.between([[1, 2]])).length
    array([30.])
    """
    found = find_links(fields, links.pairs, links.euclidean, drop_through_sources=False, monitor=monitor)
    return replace(found, kind=links.kind)


def path_length(path: IntArray, cell_size: float) -> float:
    """Return the length of a path of cells from centre to centre, in metres."""
    diagonal = np.count_nonzero(np.abs(np.diff(path, axis=0)).sum(axis=1) == 2)
    return float(cell_size * (len(path) - 1 - diagonal + np.sqrt(2.0) * diagonal))


def outside_length(path: IntArray, cell_size: float) -> float:
    """Return the length of a least-cost path outside its two sources, in metres: to the edge of the end cells."""
    step = np.sqrt((np.diff(path, axis=0) ** 2).sum(axis=1)) * cell_size
    return float(step.sum() - (step[0] + step[-1]) / 2.0)


def describe(
    links: Links,
    index: int,
    names: Sequence[object],
    *,
    max_cost: float | None = None,
    max_euclidean: float | None = None,
) -> str:
    """Return what became of a link, in words.

    Parameters
    ----------
    links : Links
        The link table.
    index : int
        Position of the link.
    names : sequence
        Name of the source of each label, label 1 first.
    max_cost, max_euclidean : float, optional
        The limits that `find_links` was given.

    Examples
    --------
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.array([[1, 0, 2, 0, 3]], dtype=np.int32)
    >>> fields = CostFields(CostGraph(np.ones((1, 5)), cell_size=10.0), labels)
    >>> links = find_links(fields, np.array([[1, 2], [1, 3]]), np.array([10.0, 30.0]))
    >>> describe(links, 1, ["Forest", "Lake", "Hill"])
    'dropped: the least-cost path runs through source Lake'
    """
    kind = LinkKind(int(links.kind[index]))
    if kind is LinkKind.THROUGH_SOURCE:
        met = ", ".join(str(names[label - 1]) for label in links.through[index])
        return f"dropped: {THROUGH} {met}"
    if kind is LinkKind.TOO_FAR:
        return f"dropped: the straight distance {links.euclidean[index]:.10g} is over the limit of {max_euclidean:.10g}"
    if kind is LinkKind.TOO_COSTLY:
        return f"dropped: the least-cost distance {links.cost[index]:.10g} is over the limit of {max_cost:.10g}"
    return {
        LinkKind.ADJACENT: "kept: neighbouring sources",
        LinkKind.NEAREST: "kept: among the nearest of one of its sources",
        LinkKind.JOINS_GROUPS: "kept: joins groups of sources",
        LinkKind.IN_TREE: "kept: in the minimum spanning tree",
        LinkKind.NOT_IN_TREE: "dropped: not in the minimum spanning tree",
        LinkKind.NOT_NEAREST: "dropped: not among the nearest of either source",
        LinkKind.CUT_OFF: "dropped: impassable cells (NoData) lie between the sources",
    }[kind]


def _require_one(links: Links) -> None:
    """Raise if no link is active, saying which limits would leave one."""
    if links.active.any():
        return
    reasons = []
    far, costly = links.kind == LinkKind.TOO_FAR, links.kind == LinkKind.TOO_COSTLY
    if far.any():
        least = links.euclidean[far].min()
        reasons.append(
            f"{int(far.sum())} of them are over the largest straight distance: the shortest is {least:.10g}, so the "
            f"limit would have to be at least {_rounded_up(least)}."
        )
    if costly.any():
        least = links.cost[costly].min()
        reasons.append(
            f"{int(costly.sum())} of them are over the largest least-cost distance: the cheapest is {least:.10g}, so "
            f"the limit would have to be at least {_rounded_up(least)}."
        )
    cut = int((links.kind == LinkKind.CUT_OFF).sum())
    if cut:
        reasons.append(f"{cut} of them are cut off by impassable cells (NoData); give barriers a large resistance.")
    through = int((links.kind == LinkKind.THROUGH_SOURCE).sum())
    if through:
        reasons.append(f"{through} of them run through other sources.")
    error = DisconnectedError if cut == len(links.kind) else InputError
    raise error(f"None of the {len(links.kind)} links between the sources can be kept. {' '.join(reasons)}")


def _rounded_up(value: float) -> str:
    """Return a limit of six figures that lets a value pass."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 5)
    return f"{math.ceil(value / unit) * unit:.10g}"


def _joins(groups: UnionFind, pair: IntArray) -> bool:
    """Join the ends of a link in their groups; tell whether they were apart."""
    first, second = pair.tolist()
    apart: bool = groups[first] != groups[second]
    groups.union(first, second)
    return apart


def _cheapest_first(kind: IntArray, cost: FloatArray) -> list[int]:
    """Return the active links by their cost, those of equal cost in their order."""
    active = np.flatnonzero(kind > 0)
    cheapest: list[int] = active[np.argsort(cost[active], kind="stable")].tolist()
    return cheapest


def _keep_tree(kind: IntArray, pairs: IntArray, cost: FloatArray) -> None:
    """Mark the links of a minimum spanning tree (Kruskal)."""
    groups = UnionFind()
    for index in _cheapest_first(kind, cost):
        kind[index] = LinkKind.IN_TREE if _joins(groups, pairs[index]) else LinkKind.NOT_IN_TREE


def _keep_nearest(kind: IntArray, pairs: IntArray, cost: FloatArray, nearest: int, join_groups: bool) -> None:
    """Mark the nearest links of each source and, if asked, the cheapest links that join the groups they leave."""
    active = _cheapest_first(kind, cost)
    used: dict[int, int] = {}
    groups = UnionFind()
    for index in active:
        ends = pairs[index].tolist()
        if any(used.get(label, 0) < nearest for label in ends):
            kind[index] = LinkKind.NEAREST
            _joins(groups, pairs[index])
        else:
            kind[index] = LinkKind.NOT_NEAREST
        for label in ends:
            used[label] = used.get(label, 0) + 1
    for index in active if join_groups else []:
        if kind[index] == LinkKind.NOT_NEAREST and _joins(groups, pairs[index]):
            kind[index] = LinkKind.JOINS_GROUPS
