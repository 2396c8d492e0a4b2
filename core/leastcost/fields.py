"""The cost fields of the sources on a surface: each searched once, as far as it matters, and kept within a budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..types import Array, BoolArray, FloatArray, IntArray
from .graph import SPARE_BYTES, CostField, CostGraph
from .results import Field, LinkCosts, a_little_more, box
from .shelf import Shelf

_BUDGET_PER_CELL = 16
"""Bytes of cost fields, for each cell of the raster, that stay in memory where nothing else is asked for: two rasters."""

_GROWTH = 1.5
"""Factor by which a search is widened that has not reached its targets; its area grows with the square."""

_WORTH_GROWING = 1.2
"""A search that has reached less than this many times the cells of the one before is repeated without a limit."""

_NOTHING: FloatArray = np.empty((0, 0))


class _Contacts(NamedTuple):
    """Touching allocation zones, the least cost of crossing there, and which sources are connected at all."""

    pairs: IntArray
    cost: FloatArray
    group: IntArray
    there: BoolArray


@dataclass(frozen=True)
class Passed:
    """What one pass from all sources has found.

    Attributes
    ----------
    pairs : ndarray, int64, shape (m, 2)
        Sources whose allocation zones touch.
    cost : ndarray, float64, shape (m,)
        The least cost of crossing there.
    ahead : ndarray, float32, shape (rows, cols), or None
        How far each cell is from the nearest source at least; None where searches make no use of it.
    """

    pairs: IntArray
    cost: FloatArray
    ahead: Array | None


class CostFields:
    """The sources on a resistance surface and the cost-distance fields around them.

    All functions on links take one of these. What one of them has searched the next one finds, so that in a chain of
    them (links, corridors, pinch points, barriers) each source is searched once. Fields beyond the budget of memory wait in
    a temporary file.

    Parameters
    ----------
    graph : CostGraph
        The resistance surface.
    labels : ndarray, int, shape (rows, cols)
        0 outside sources, 1 .. n in them.
    slack : float
        How far beyond the least-cost distances the later ones of a chain will ask, in cost units: first searches go that
        far at once.
    share : float
        As `slack`, as a share of the least-cost distance; both together count.
    budget : int, optional
        Bytes of fields to keep in memory; by default those of two full rasters, or 128 MB if that is more.
    everywhere : bool
        Whether the later ones of a chain will ask for the cost of cells off the ways to other sources, as `barriers` does:
        first searches take these in at once.
    passed : Passed, optional
        What another store has found on the same surface, so that this one need not make a pass from all sources.

    Attributes
    ----------
    graph : CostGraph
        The surface.
    labels : ndarray, int, shape (rows, cols)
        The sources.
    searches : int
        Searches made so far, one for each source unless more of a field was asked for later.
    slack, share, everywhere
        As given; `expect` sets the first two anew.

    Raises
    ------
    InputError
        If the labels have another shape.

    Notes
    -----
    One pass from all sources at once gives an upper bound of the least-cost distance of every two sources whose zones
    touch. The search from a source then stops at the largest bound of its links plus the slack, which leaves every cell
    with ``cost_a + cost_b <= least + slack`` exact. The same pass tells how far each cell is from the nearest source: where
    that and the cost so far are more than the search is for, no way to another source leads through the cell, and it is
    left out. Links between zones that do not touch have no bound; their search stops when the other end is reached or, with
    SciPy on a whole raster, is repeated with a limit half as large again until it is. n sources take n searches of
    O(c log c) for the c cells within their reach.
    """

    def __init__(
        self,
        graph: CostGraph,
        labels: IntArray,
        *,
        slack: float = 0.0,
        share: float = 0.0,
        budget: int | None = None,
        everywhere: bool = False,
        passed: Passed | None = None,
    ) -> None:
        graph.check_labels(labels)
        self.graph = graph
        self.labels = labels
        self.searches = 0
        self.slack, self.share, self.everywhere = slack, share, everywhere
        cells = graph.shape[0] * graph.shape[1]
        self._shelf = Shelf(max(_BUDGET_PER_CELL * cells, 2 * SPARE_BYTES) if budget is None else budget)
        self._frames: dict[int, Field] = {}
        self._ahead: Array | None = None
        self._least: dict[tuple[int, int], float] = {}
        self._found: _Contacts | None = None
        present = np.unique(labels[(labels > 0) & ~np.isnan(graph.resistance)]).tolist()
        self._cells = dict(zip(present, cells_of(np.where(np.isnan(graph.resistance), 0, labels), present)))
        if passed is not None:
            self._found = self._grouped(passed.pairs, passed.cost)
            self._ahead = None if passed.ahead is None else graph.ahead(passed.ahead)

    def expect(self, *, slack: float = 0.0, share: float = 0.0) -> None:
        """Let searches from now on go as far as the `slack` and `share` say that a new store is given."""
        self.slack, self.share = slack, share

    def cells(self, label: int) -> IntArray:
        """Return the flat indices of the passable cells of a source."""
        cells: IntArray = self._cells.get(label, np.empty(0, dtype=np.int64))
        return cells

    def require(self, pairs: IntArray) -> None:
        """Raise `InputError` unless each source that links name has a passable cell."""
        missing = [source for source in np.unique(pairs).tolist() if not self.cells(source).size]
        if missing:
            raise InputError(
                f"The links name source {missing[0]}, which has no passable cell on the resistance raster. "
                "Use the sources that the links were made from."
            )

    def allocate(self, monitor: Monitor = SILENT) -> CostField:
        """Return the cost distance to the nearest source and which that is; see `CostGraph.allocate`. It is not kept."""
        allocation = self.graph.allocate(self.labels, monitor=monitor)
        self._found = self._grouped(*self.graph.contacts(allocation))
        self._ahead = self.graph.ahead(allocation.cost)
        return allocation

    def contacts(self, monitor: Monitor = SILENT) -> tuple[IntArray, FloatArray]:
        """Return which allocation zones touch, and the least cost of crossing there; see `CostGraph.contacts`."""
        found = self._contacts(monitor)
        return found.pairs, found.cost

    def field(
        self,
        label: int,
        ends: Sequence[int],
        *,
        slack: float | FloatArray = 0.0,
        everywhere: bool = False,
        monitor: Monitor = SILENT,
    ) -> Field:
        """Return the field of a source that is exact as far as some other sources, and the slack of the store beyond.

        Parameters
        ----------
        label : int
            The source.
        ends : sequence of int
            The sources to be reached; those that cannot be are left out.
        slack : float or ndarray, float64, shape (ends,)
            How much more than the least-cost distance to them matters; one number, or one for each.
        everywhere : bool
            Whether cells matter that lie off the ways to other sources.
        monitor : Monitor
            Cancellation.

        Returns
        -------
        Field
            Empty when none of the ends can be reached.
        """
        slacks = np.broadcast_to(np.asarray(slack, dtype=np.float64), len(ends))
        return self._field(label, np.asarray(ends, dtype=np.int64), slacks, monitor, everywhere=everywhere)

    def has(self, label: int, ends: IntArray, slack: FloatArray, *, everywhere: bool = False) -> bool:
        """Return whether the field of a source needs no search, see `field`."""
        return self._enough(self.kept(label), label, ends, slack, everywhere)

    def searched(self) -> list[int]:
        """Return the labels of the sources whose fields are kept."""
        return sorted(self._frames)

    def kept(self, label: int) -> Field | None:
        """Return the field of a source as far as it was searched; None if it was not."""
        return self._taken(label, {label}, int)

    def take(self, label: int, field: Field) -> None:
        """Keep the field of a source that another store on the same surface has searched."""
        self._keep(label, field, {label}, int)

    def distances(self) -> list[tuple[tuple[int, int], float]]:
        """Return the least-cost distances that are known, each with the lower and the higher label of its sources."""
        return list(self._least.items())

    def know(self, distances: dict[tuple[int, int], float]) -> None:
        """Take over least-cost distances of another store; those known already stay, as there and back differ by rounding."""
        for pair, cost in distances.items():
            self._least.setdefault(pair, cost)

    def passed(self, monitor: Monitor = SILENT) -> Passed:
        """Return what the pass from all sources has found, for a copy of this store."""
        found, ahead = self._contacts(monitor), self._ahead
        margin = 0 if ahead is None else (ahead.shape[0] - self.graph.shape[0]) // 2
        return Passed(found.pairs, found.cost, None if ahead is None else ahead[margin:-margin, margin:-margin])

    def forget(self) -> None:
        """Drop all fields and least-cost distances."""
        self._shelf.clear()
        self._frames.clear()
        self._least.clear()

    def release(self) -> None:
        """Give back the memory of the fields and of the searches; what is asked for again is searched again."""
        self._shelf.clear()
        self._frames.clear()
        self._ahead = None
        self.graph.release()

    def least(self, a: int, b: int) -> float:
        """Return the least-cost distance of two sources: infinite if there is no way, NaN if it was not searched yet."""
        return self._least.get((min(a, b), max(a, b)), np.nan)

    def along(
        self, pairs: IntArray, *, slack: float | FloatArray = 0.0, monitor: Monitor = SILENT
    ) -> Iterator[LinkCosts]:
        """Yield the cost fields and the least-cost distance of every link, in the order of the pairs.

        Parameters
        ----------
        pairs : ndarray, int, shape (m, 2)
            Labels of the two ends of each link.
        slack : float or ndarray, float64, shape (m,)
            How much more than the least-cost distance still matters, in cost units; one number, or one for each link.
        monitor : Monitor
            Progress and cancellation.

        Yields
        ------
        LinkCosts

        Raises
        ------
        InputError
            If labels do not fit or the slack is negative.
        """
        pairs = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
        if pairs.size and (pairs.min() < 1 or (pairs[:, 0] == pairs[:, 1]).any()):
            raise InputError("Links must join two different sources with labels from 1 up.")
        slacks = np.broadcast_to(np.asarray(slack, dtype=np.float64), len(pairs))
        if not (slacks >= 0).all():
            raise InputError(f"The slack of a corridor must not be negative, but is {slacks[~(slacks >= 0)][0]}.")
        return self._along(pairs, slacks, monitor)

    def _along(self, pairs: IntArray, slacks: FloatArray, monitor: Monitor) -> Iterator[LinkCosts]:
        links_of: dict[int, list[int]] = {}
        for index, pair in enumerate(pairs.tolist()):
            for label in pair:
                links_of.setdefault(label, []).append(index)

        def next_use(label: int) -> int:
            """Return when a source is asked for again, going round, as this run is likely to be followed by its like."""
            links = links_of.get(label, [])
            return next((link for link in links if link > index), len(pairs) + (links[0] if links else len(pairs)))

        def field_of(label: int) -> Field:
            links = [link for link in links_of[label] if link >= index]
            ends = pairs[links].sum(axis=1) - label
            return self._field(label, ends, slacks[links], monitor, {a, b}, next_use)

        for index, (a, b) in enumerate(pairs.tolist()):
            monitor.step(index, len(pairs))
            first = field_of(a)
            if np.isfinite(self.least(a, b)):
                yield LinkCosts.between(index, first, field_of(b), self.least(a, b), float(slacks[index]))
            else:
                yield LinkCosts.none(index)
        monitor.step(1, 1)

    def _field(
        self,
        label: int,
        ends: IntArray,
        slacks: FloatArray,
        monitor: Monitor,
        current: Sequence[int] | set[int] = (),
        next_use: Callable[[int], int] = int,
        *,
        everywhere: bool = False,
    ) -> Field:
        """Return a field that is exact as far as its ends and `slacks` beyond; search for it if need be."""
        kept = self._taken(label, {label, *current}, next_use)
        if kept is not None and self._enough(kept, label, ends, slacks, everywhere):
            return kept
        least = np.array([self.least(label, end) for end in ends.tolist()])
        reach = self._bounds(label, ends, monitor)
        reachable = ~np.isnan(reach)
        for end in ends[~reachable].tolist():
            self._least[min(label, end), max(label, end)] = np.inf
        if not reachable.any():
            return Field(0, 0, _NOTHING, -np.inf, self.graph.shape[1], everywhere)
        ends, least, reach, slacks = ends[reachable], least[reachable], reach[reachable], slacks[reachable]
        known = ~np.isnan(least)
        reach = np.where(known, least, reach)
        beyond = self.slack + self.share * np.where(np.isfinite(reach), reach, 0.0)
        everywhere = everywhere or self.everywhere
        field, found = self._search(label, ends, reach, known, np.maximum(slacks, beyond), everywhere, monitor)
        self.know({(min(label, end), max(label, end)): cost for end, cost in zip(ends.tolist(), found.tolist())})
        self._keep(label, field, {label, *current}, next_use)
        return field

    def _keep(self, label: int, field: Field, current: set[int], next_use: Callable[[int], int]) -> None:
        self._shelf.put(label, field.cost)
        self._frames[label] = replace(field, cost=_NOTHING)
        self._shelf.make_room(current, next_use)

    def _enough(self, kept: Field | None, label: int, ends: IntArray, slacks: FloatArray, everywhere: bool) -> bool:
        """Return whether a field reaches its ends, and `slacks` beyond."""
        if kept is None:
            return False
        self._look_up(label, ends, kept)
        least = np.array([self.least(label, end) for end in ends.tolist()])
        wanted = (least + slacks)[~np.isinf(least)]
        return bool((wanted <= kept.reach).all()) and kept.everywhere >= everywhere

    def _taken(self, label: int, current: set[int], next_use: Callable[[int], int]) -> Field | None:
        """Return the field of a source if there is one."""
        if label not in self._shelf:
            return None
        field = replace(self._frames[label], cost=self._shelf[label])
        self._shelf.make_room(current, next_use)
        return field

    def _look_up(self, label: int, ends: IntArray, field: Field) -> None:
        """Take distances from a field that reaches ends nobody asked for when it was searched."""
        for end in ends.tolist():
            if np.isnan(self.least(label, end)):
                cost = field.least(self.cells(end))
                if cost <= field.reach:
                    self._least[min(label, end), max(label, end)] = cost

    def _search(
        self,
        label: int,
        ends: IntArray,
        reach: FloatArray,
        known: BoolArray,
        slack: FloatArray,
        everywhere: bool,
        monitor: Monitor,
    ) -> tuple[Field, FloatArray]:
        """Search from a source until every end is reached, and `slack` beyond.

        `reach` holds the least-cost distances where `known`, else upper bounds of them, infinite where there is none.
        """
        self.searches += 1
        graph = self.graph
        targets = [self.cells(end) for end in ends.tolist()]
        finite = reach[np.isfinite(reach)]
        limit = a_little_more(float(finite.max())) if finite.size else np.inf
        if graph.stops_at_targets and np.isinf(reach).any():
            limit = np.inf
        least = np.where(known, reach, np.nan)
        stops = targets if graph.stops_at_targets and not known.all() else []
        ahead = None if everywhere else self._ahead
        covered = 0
        while True:
            far = max(float((np.minimum(reach, limit) + slack).max()), limit)
            cost = graph.cost_from(
                self.cells(label), limit=a_little_more(far), targets=stops, beyond=slack, ahead=ahead, monitor=monitor
            )
            for target in np.flatnonzero(np.isnan(least)).tolist():
                nearest = cost[np.divmod(targets[target], graph.shape[1])].min()
                if nearest <= limit:
                    least[target] = nearest
            if limit == np.inf or not np.isnan(least).any():
                break
            before, covered = covered, int(np.count_nonzero(np.isfinite(cost)))
            limit = limit * _GROWTH if covered > _WORTH_GROWING * before else np.inf
        rows, cols = box(np.isfinite(cost))
        window = cost[rows, cols]
        if 2 * window.size < cost.size:
            window = window.copy()
        far = float((least + slack).max())
        return Field(rows.start, cols.start, window, far, graph.shape[1], ahead is None), least

    def _bounds(self, label: int, ends: IntArray, monitor: Monitor) -> FloatArray:
        """Return upper bounds of least-cost distances: infinite where none is known, NaN where there is no way at all."""
        contacts = self._contacts(monitor)
        bound = np.full(ends.size, np.nan)
        size = contacts.there.size
        if label >= size or not contacts.there[label]:
            return bound
        some = ends < size
        some[some] &= contacts.there[ends[some]] & (contacts.group[ends[some]] == contacts.group[label])
        bound[some] = np.inf
        beside = (contacts.pairs == label).any(axis=1)
        others = contacts.pairs[beside].sum(axis=1) - label
        cost = dict(zip(others.tolist(), contacts.cost[beside].tolist()))
        bound[some] = [cost.get(end, np.inf) for end in ends[some].tolist()]
        return bound

    def _contacts(self, monitor: Monitor) -> _Contacts:
        if self._found is None and len(self._cells) > 1:
            self.allocate(monitor.part(0.0, 0.0))
        if self._found is None:
            self._found = self._grouped(np.empty((0, 2), dtype=np.int64), np.empty(0))
        return self._found

    def _grouped(self, pairs: IntArray, cost: FloatArray) -> _Contacts:
        size = int(max(self._cells, default=0)) + 1
        there = np.zeros(size, dtype=bool)
        there[list(self._cells)] = True
        joined = csr_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(size, size))
        _, group = connected_components(joined, directed=False)
        return _Contacts(pairs, cost, group, there)


def cells_of(labels: Array, wanted: list[int]) -> list[IntArray]:
    """Return the flat indices of the cells of each wanted label, in one pass over the raster.

    Examples
    --------
    >>> [cells.tolist() for cells in cells_of(np.array([[1, 0, 2], [2, 1, 3]]), [1, 2])]
    [[0, 4], [2, 3]]
    """
    flat = labels.ravel()
    cells = np.flatnonzero(flat)
    cells = cells[np.argsort(flat[cells], kind="stable")]
    first = np.searchsorted(flat[cells], wanted, side="left")
    last = np.searchsorted(flat[cells], wanted, side="right")
    return [cells[start:stop] for start, stop in zip(first, last)]
