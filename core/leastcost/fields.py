"""Cost distances of many links at once: bounded searches that are exact where it matters.

The engine itself, `CostGraph`, is in `costgraph` and offered here too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray, IntArray
from .graph import SPARE_BYTES, STEPS, UNREACHED, CostField, CostGraph, check_resistance, graph_bytes

__all__ = [
    "SPARE_BYTES",
    "STEPS",
    "UNREACHED",
    "CostField",
    "CostGraph",
    "LinkCosts",
    "cells_of",
    "check_resistance",
    "corridor_costs",
    "graph_bytes",
    "least_costs",
]

_CACHED_FIELDS = 2
"""Cost fields, in rasters of the full size, that `corridor_costs` keeps at most where rasters are large."""

_GROWTH = 1.5
"""Factor by which a search is widened that has not reached its targets; its area grows with the square."""

_WORTH_GROWING = 1.2
"""A search that has reached less than this many times the cells of the one before is repeated without a limit."""


@dataclass(frozen=True)
class LinkCosts:
    """The two cost-distance fields of a link, cropped to its corridor.

    Attributes
    ----------
    index : int
        Position of the link in the pairs given.
    rows, cols : slice
        The box of cells that holds every cell with ``cost_a + cost_b <= least + slack``; empty when disconnected.
    cost_a, cost_b : ndarray, float64
        Cost distance from either source inside the box, infinite where too large to matter.
    least : float
        Least-cost distance of the two sources; infinite when disconnected.
    """

    index: int
    rows: slice
    cols: slice
    cost_a: FloatArray
    cost_b: FloatArray
    least: float


def corridor_costs(
    graph: CostGraph,
    labels: IntArray,
    pairs: IntArray,
    *,
    slack: float | FloatArray = 0.0,
    least: FloatArray | None = None,
    field: CostField | None = None,
    monitor: Monitor = SILENT,
) -> Iterator[LinkCosts]:
    """Yield the cost fields and the least-cost distance of every link, in the order of the pairs.

    Parameters
    ----------
    graph : CostGraph
        The resistance surface.
    labels : ndarray, int, shape (rows, cols)
        0 outside sources, 1 .. n in them.
    pairs : ndarray, int, shape (m, 2)
        Labels of the two ends of each link.
    slack : float or ndarray, float64, shape (m,)
        How much more than the least-cost distance still matters, in cost units; one number, or one for each link.
    least : ndarray, float64, shape (m,), optional
        The least-cost distances, where an earlier run has found them: the searches are tighter then.
    field : CostField, optional
        `graph.allocate(labels)`, where it has been made already.
    monitor : Monitor
        Progress and cancellation.

    Yields
    ------
    LinkCosts

    Raises
    ------
    InputError
        If shapes or labels do not fit or the slack is negative.

    Notes
    -----
    One pass from all sources at once gives an upper bound of the least-cost distance of every two sources whose zones
    touch. One search per source then stops at the largest bound of its links plus the slack, which leaves every cell
    with ``cost_a + cost_b <= least + slack`` exact. Links between zones that do not touch have no bound; their search
    stops when the other end is reached or, with SciPy on a whole raster, is repeated with a limit half as large again
    until it is. Fields are kept while later links need them, up to two rasters in all, or more where rasters are small.
    """
    pairs = _checked_pairs(graph, labels, pairs)
    slacks = np.broadcast_to(np.asarray(slack, dtype=np.float64), len(pairs))
    if not (slacks >= 0).all():
        raise InputError(f"The slack of a corridor must not be negative, but is {slacks[~(slacks >= 0)][0]}.")
    return _Corridors(graph, labels, pairs, slacks, least, field, monitor).run(monitor)


@dataclass(frozen=True)
class SourceCosts:
    """The cost distance from one source, and its links.

    Attributes
    ----------
    links : ndarray, int64, shape (k,)
        Positions of the links whose first end is the source.
    least : ndarray, float64, shape (k,)
        Their least-cost distances; infinite when disconnected.
    cost : ndarray, float64, shape (rows, cols)
        Cost distance from the source, exact up to the largest of these distances, infinite where too large to matter.
    """

    links: IntArray
    least: FloatArray
    cost: FloatArray


def least_costs(
    graph: CostGraph,
    labels: IntArray,
    pairs: IntArray,
    *,
    field: CostField | None = None,
    monitor: Monitor = SILENT,
) -> Iterator[SourceCosts]:
    """Yield the least-cost distances of links, by the source that is their first end: one search a source.

    Parameters
    ----------
    graph, labels, pairs, field, monitor
        As in `corridor_costs`.

    Yields
    ------
    SourceCosts
        In the order of the labels.

    Raises
    ------
    InputError
        If shapes or labels do not fit.
    """
    pairs = _checked_pairs(graph, labels, pairs)
    passable = _passable(graph, labels)
    cells = _cells_of_ends(passable, pairs)
    bound = _upper_bounds(graph, passable, pairs, field, monitor)
    del passable
    sources = np.unique(pairs[:, 0]).tolist()
    for done, label in enumerate(sources):
        monitor.step(done, len(sources))
        links = np.flatnonzero(pairs[:, 0] == label)
        least = np.full(links.size, np.inf)
        cost = np.full(graph.shape, np.inf)
        joined = ~np.isnan(bound[links])
        if joined.any():
            targets = [cells[end] for end in pairs[links[joined], 1].tolist()]
            nothing = np.zeros(len(targets))
            unknown = nothing > 0
            cost, least[joined] = _reach(graph, cells[label], targets, bound[links[joined]], unknown, nothing, monitor)
        yield SourceCosts(links, least, cost)


@dataclass(frozen=True)
class _Window:
    """A cost field cropped to the cells it reaches."""

    top: int
    left: int
    cost: FloatArray


class _Corridors:
    """The state of one `corridor_costs` run."""

    def __init__(
        self,
        graph: CostGraph,
        labels: IntArray,
        pairs: IntArray,
        slack: FloatArray,
        least: FloatArray | None,
        field: CostField | None,
        monitor: Monitor,
    ) -> None:
        self.graph, self.pairs, self.slack = graph, pairs, slack
        passable = _passable(graph, labels)
        self.cells = _cells_of_ends(passable, pairs)
        self.least = np.full(len(pairs), np.nan)
        self.bound = np.full(len(pairs), np.inf)
        if least is not None:
            self.least[:] = least
        else:
            self.bound = _upper_bounds(graph, passable, pairs, field, monitor)
            self.least[np.isnan(self.bound)] = np.inf
        self.kept: dict[int, _Window] = {}
        self.links_of: dict[int, list[int]] = {label: [] for label in self.cells}
        for index, (a, b) in enumerate(pairs.tolist()):
            self.links_of[a].append(index)
            self.links_of[b].append(index)

    def run(self, monitor: Monitor) -> Iterator[LinkCosts]:
        for index, (a, b) in enumerate(self.pairs.tolist()):
            monitor.step(index, len(self.pairs))
            first = None if np.isinf(self.least[index]) else self._field(a, index, monitor)
            if first is None or np.isinf(self.least[index]):
                yield LinkCosts(index, slice(0, 0), slice(0, 0), np.empty((0, 0)), np.empty((0, 0)), np.inf)
            else:
                yield self._crop(index, first, self._field(b, index, monitor))
            for label in (a, b):
                if self.links_of[label][-1] == index:
                    self.kept.pop(label, None)
        monitor.step(1, 1)

    def _crop(self, index: int, a: _Window, b: _Window) -> LinkCosts:
        top, left = max(a.top, b.top), max(a.left, b.left)
        bottom = min(a.top + a.cost.shape[0], b.top + b.cost.shape[0])
        right = min(a.left + a.cost.shape[1], b.left + b.cost.shape[1])
        cost_a = a.cost[top - a.top : bottom - a.top, left - a.left : right - a.left]
        cost_b = b.cost[top - b.top : bottom - b.top, left - b.left : right - b.left]
        least = float(self.least[index])
        total = cost_a + cost_b
        rows, cols = _box((total <= _a_little_more(least + self.slack[index])) & np.isfinite(total))
        return LinkCosts(
            index,
            slice(top + rows.start, top + rows.stop),
            slice(left + cols.start, left + cols.stop),
            cost_a[rows, cols],
            cost_b[rows, cols],
            least,
        )

    def _field(self, label: int, index: int, monitor: Monitor) -> _Window:
        """Return the cost field of a source, searched far enough for all its links from `index` on."""
        if label not in self.kept:
            links = [link for link in self.links_of[label] if link >= index and not np.isinf(self.least[link])]
            known = ~np.isnan(self.least[links])
            reach = np.where(known, self.least[links], self.bound[links])
            ends = self.pairs[links].sum(axis=1) - label
            targets = [self.cells[end] for end in ends.tolist()]
            cost, self.least[links] = _reach(
                self.graph, self.cells[label], targets, reach, known, self.slack[links], monitor
            )
            rows, cols = _box(np.isfinite(cost))
            window = cost[rows, cols]
            if 2 * window.size < cost.size:
                window = window.copy()
            self.kept[label] = _Window(rows.start, cols.start, window)
            self._make_room(index)
        return self.kept[label]

    def _make_room(self, index: int) -> None:
        """Drop the fields that are needed last until the rest fit; the two of the current link always stay."""
        budget = max(_CACHED_FIELDS * self.graph.shape[0] * self.graph.shape[1], SPARE_BYTES // 4)
        current = set(self.pairs[index].tolist())
        while sum(window.cost.size for window in self.kept.values()) > budget:
            others = [label for label in self.kept if label not in current]
            if not others:
                return
            del self.kept[max(others, key=lambda label: self._next_use(label, index))]

    def _next_use(self, label: int, index: int) -> int:
        return next((link for link in self.links_of[label] if link > index), len(self.pairs))


def _checked_pairs(graph: CostGraph, labels: IntArray, pairs: IntArray) -> IntArray:
    graph.check_labels(labels)
    pairs = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    if pairs.size and (pairs.min() < 1 or (pairs[:, 0] == pairs[:, 1]).any()):
        raise InputError("Links must join two different sources with labels from 1 up.")
    return pairs


def _passable(graph: CostGraph, labels: IntArray) -> IntArray:
    passable: IntArray = np.where(np.isnan(graph.resistance), 0, labels)
    return passable


def _cells_of_ends(labels: IntArray, pairs: IntArray) -> dict[int, IntArray]:
    ends = np.unique(pairs).tolist()
    return dict(zip(ends, cells_of(labels, ends)))


def _upper_bounds(
    graph: CostGraph, labels: IntArray, pairs: IntArray, field: CostField | None, monitor: Monitor
) -> FloatArray:
    """Return upper bounds of least-cost distances: infinite where none is known, NaN where there is no way at all."""
    bound = np.full(len(pairs), np.nan)
    if not len(pairs) or not labels.any():
        return bound
    touching, cost = graph.contacts(field or graph.allocate(labels, monitor=monitor.part(0.0, 0.0)))
    size = max(int(labels.max()), int(pairs.max())) + 1
    joined = csr_matrix((np.ones(len(touching)), (touching[:, 0], touching[:, 1])), shape=(size, size))
    _, group = connected_components(joined, directed=False)
    there = np.bincount(labels.ravel(), minlength=size) > 0
    same = (group[pairs[:, 0]] == group[pairs[:, 1]]) & there[pairs].all(axis=1)
    bounds = dict(zip(map(tuple, touching.tolist()), cost.tolist()))
    bound[same] = [bounds.get((min(a, b), max(a, b)), np.inf) for a, b in pairs[same].tolist()]
    return bound


def _reach(
    graph: CostGraph,
    start: IntArray,
    targets: list[IntArray],
    reach: FloatArray,
    known: BoolArray,
    slack: FloatArray,
    monitor: Monitor,
) -> tuple[FloatArray, FloatArray]:
    """Search from a source until every target is reached, and `slack` beyond.

    `reach` holds the least-cost distances where `known`, else upper bounds of them, infinite where there is none.
    """
    finite = reach[np.isfinite(reach)]
    limit = _a_little_more(float(finite.max())) if finite.size else np.inf
    if graph.stops_at_targets and np.isinf(reach).any():
        limit = np.inf
    least = np.where(known, reach, np.nan)
    stops = targets if graph.stops_at_targets and not known.all() else []
    covered = 0
    while True:
        far = max(float((np.minimum(reach, limit) + slack).max()), limit)
        cost = graph.cost_from(start, limit=_a_little_more(far), targets=stops, beyond=slack, monitor=monitor)
        for target in np.flatnonzero(np.isnan(least)).tolist():
            nearest = cost[np.divmod(targets[target], graph.shape[1])].min()
            if nearest <= limit:
                least[target] = nearest
        if limit == np.inf or not np.isnan(least).any():
            break
        before, covered = covered, int(np.count_nonzero(np.isfinite(cost)))
        limit = limit * _GROWTH if covered > _WORTH_GROWING * before else np.inf
    return cost, least


def cells_of(labels: IntArray, wanted: list[int]) -> list[IntArray]:
    """Return the flat indices of the cells of each wanted label, in one pass over the raster."""
    flat = labels.ravel()
    cells = np.flatnonzero(flat)
    cells = cells[np.argsort(flat[cells], kind="stable")]
    first = np.searchsorted(flat[cells], wanted, side="left")
    last = np.searchsorted(flat[cells], wanted, side="right")
    return [cells[start:stop] for start, stop in zip(first, last)]


def _a_little_more(cost: float) -> float:
    """Return a cost raised by what rounding may add to a sum along a path."""
    return cost * (1.0 + 1e-9)


def _box(mask: BoolArray) -> tuple[slice, slice]:
    """Return the smallest box that holds every true cell."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)
