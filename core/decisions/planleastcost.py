"""The least-cost distances of links with candidates restored: exact ones, estimates, and bundles of candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..corridors.tracing import down
from ..keyareas.barrierscan import NOTHING
from ..leastcost.fields import CostFields, Passed, cells_of
from ..leastcost.gathering import search_all
from ..leastcost.graph import CostGraph
from ..leastcost.results import Field, LinkCosts, a_little_more, box
from ..monitor import Monitor
from ..types import FloatArray, IntArray
from .planestimates import values_in, ways_through
from .planpatches import Patches, members
from .planroutes import Route, Walk, crossed_by

_BUDGET_PER_CELL = 16
"""Bytes of cost fields with the picks so far, for each cell of the raster, that stay in memory: two rasters."""

_RETRACES = 6
"""How often the path of a link is searched anew without the weakest of a bundle that cannot be paid for."""


class LeastCosts:
    """Distances of links for sets of candidates; what was searched once is remembered.

    Parameters
    ----------
    fields : CostFields
        The sources on the surface as it is.
    pairs : int64, shape (links, 2)
        Labels of the two sources of each link, the lower first.
    patches : Patches
        What can be restored.
    monitor : Monitor
        Progress and cancellation.

    Attributes
    ----------
    start : float64, shape (links,)
        The distances before anything is restored.
    relevant : list of int
        For each link the candidates that can shorten it at all: those on a way that costs less than the link does, where
        everything is restored.

    Notes
    -----
    Every distance is searched from the first source of the pair, so that no gain comes from the order in which a sum was
    formed. A link keeps its distance until a relevant candidate is restored.
    """

    def __init__(self, fields: CostFields, pairs: IntArray, patches: Patches, monitor: Monitor) -> None:
        self._patches, self._pairs, self._monitor = patches, pairs, monitor.quiet()
        self._labels, self._graph = fields.labels, fields.graph
        search_all(fields, pairs, everywhere=True, monitor=monitor.part(0.0, 0.5))
        self.start = np.array([fields.least(a, b) for a, b in pairs.tolist()])
        ends = np.unique(pairs).tolist()
        self._cells = dict(zip(ends, cells_of(fields.labels, ends)))
        self._passed = self._pass(fields)
        fields.graph.release()
        self._full = self._store(patches.everything, budget=0)
        self.relevant = self._reached(monitor.part(0.5, 1.0))
        self._full.graph.release()
        self._known: list[dict[int, float]] = [{0: float(cost)} for cost in self.start]
        self._routes: list[list[Route]] = [[] for _ in self.relevant]
        self._parts: dict[tuple[int, int, int], list[tuple[int, float]]] = {}
        self._chosen, self._here = 0, fields
        self._version = dict.fromkeys(ends, 0)
        self._estimates: dict[int, tuple[list[int], FloatArray]] = {}

    def _pass(self, fields: CostFields) -> Passed:
        """Return bounds that hold whatever is restored, and which sources can be joined at all."""
        passed = fields.passed(self._monitor)
        pairs, cost = passed.pairs, passed.cost
        if self._patches.opens:
            graph = self._built(self._patches.everything)
            joined, _ = graph.contacts(graph.allocate(self._labels, monitor=self._monitor))
            pairs = np.concatenate((joined, pairs))
            cost = np.concatenate((np.full(len(joined), np.inf), cost))
        return Passed(pairs, cost, None)

    def _built(self, chosen: int) -> CostGraph:
        like = self._graph
        surface = self._patches.surface(chosen)
        return CostGraph(
            surface,
            cell_size=like.cell_size,
            neighbours=like.neighbours,
            average=like.average,
            monitor=self._monitor,
        )

    def _store(self, chosen: int, budget: int) -> CostFields:
        return CostFields(self._built(chosen), self._labels, passed=self._passed, budget=budget)

    def _reached(self, monitor: Monitor) -> list[int]:
        """Search with everything restored as far as the links cost now, and return what each can gain from."""
        graph, sources = self._full.graph, np.unique(self._pairs).tolist()
        for done, source in enumerate(sources):
            monitor.step(done, len(sources))
            far = float(self.start[(self._pairs == source).any(axis=1)].max())
            cost = graph.cost_from(self._cells[source], limit=a_little_more(far), monitor=self._monitor)
            rows, cols = box(np.isfinite(cost))
            window = cost[rows, cols].copy()
            self._full.take(source, Field(rows.start, cols.start, window, far, cost.shape[1], everywhere=True))
        relevant = []
        for index, (a, b) in enumerate(self._pairs.tolist()):
            monitor.check()
            least = float(self.start[index])
            one = LinkCosts.between(index, self._field(self._full, a), self._field(self._full, b), least, 0.0)
            total = one.cost_a + one.cost_b
            i, j = np.nonzero(total < least * (1.0 - NOTHING))
            cells = (i + one.rows.start) * self._labels.shape[1] + j + one.cols.start
            _, owner = self._patches.at(cells)
            found = 0
            for candidate in np.unique(owner).tolist():
                found |= 1 << candidate
            relevant.append(found)
        return relevant

    @staticmethod
    def _field(store: CostFields, source: int) -> Field:
        field = store.kept(source)
        return Field(0, 0, np.empty((0, 0)), -np.inf, store.graph.shape[1], everywhere=True) if field is None else field

    def distances(self, sets: Sequence[int]) -> FloatArray:
        """Return the exact distance of each link with each set of candidates restored; shape (sets, links)."""
        return np.array([self._exact(chosen) for chosen in sets]).reshape(len(sets), len(self.relevant))

    def _exact(self, chosen: int) -> list[float]:
        keys = [chosen & some for some in self.relevant]
        missing = [link for link, key in enumerate(keys) if key not in self._known[link]]
        if missing:
            needed = 0
            for link in missing:
                needed |= keys[link]
            graph = self._built(needed)
            for source in np.unique(self._pairs[missing, 0]).tolist():
                self._monitor.check()
                links = [link for link in missing if self._pairs[link, 0] == source]
                targets = [self._cells[end] for end in self._pairs[links, 1].tolist()]
                limit = a_little_more(float(self.start[links].max()))
                cost = graph.cost_from(self._cells[source], limit=limit, targets=targets, monitor=self._monitor).ravel()
                for link, target in zip(links, targets):
                    self._known[link][keys[link]] = min(float(cost[target].min()), float(self.start[link]))
        return [known[key] for known, key in zip(self._known, keys)]

    def move(self, chosen: int) -> None:
        """Make a set the one that estimates and bundles start from; only fields that changed are searched again."""
        changed = chosen ^ self._chosen
        if not changed:
            return
        before, after = self.distances([self._chosen, chosen])
        old, new = self._here, self._store(chosen, budget=_BUDGET_PER_CELL * self._labels.size)
        new.know({(a, b): float(cost) for (a, b), cost in zip(self._pairs.tolist(), after)})
        places = [self._patches.around(one) for one in members(changed) if self._patches.cells[one].size]
        for source in self._version:
            self._monitor.check()
            own = (self._pairs == source).any(axis=1)
            far = a_little_more(float(np.maximum(before, after)[own].max()))
            field = old.kept(source)
            if field is not None and field.reach >= float(before[own].max()):
                cost = (float(values_in(field, rows, cols)[ring].min()) for rows, cols, ring in places)
                near = min(cost, default=np.inf)  # locked in, but what it has is better already
                if near > far:
                    new.take(source, replace(field, reach=float(before[own].max())))
                    continue
            self._version[source] += 1
        self._chosen, self._here = chosen, new

    def _current(self, source: int) -> Field:
        ends = self._pairs[(self._pairs == source).any(axis=1)].sum(axis=1) - source
        return self._here.field(source, ends.tolist(), everywhere=True, monitor=self._monitor)

    def estimates(self, open_ones: Sequence[int]) -> FloatArray:
        """Return distances of the links with each of some candidates restored as well, never below the true ones.

        Shape (candidates, links).
        """
        now = self.distances([self._chosen])[0]
        found = np.tile(now, (len(open_ones), 1))
        for row, one in enumerate(open_ones):
            links = np.flatnonzero([some >> one & 1 for some in self.relevant])
            if not links.size:
                continue
            self._monitor.check()
            sources = np.unique(self._pairs[links]).tolist()
            versions = [self._version[source] for source in sources]
            kept = self._estimates.get(one)
            if kept is None or kept[0] != versions:
                fields = {source: self._current(source) for source in sources}
                rows, cols, _ = place = self._patches.around(one)
                better = np.array(self._here.graph.resistance[rows, cols], dtype=self._patches.resistance.dtype)
                inside = np.zeros(better.shape, dtype=bool)
                i, j = np.divmod(self._patches.cells[one], self._labels.shape[1])
                inside[i - rows.start, j - cols.start] = True
                better[inside] = np.fmin(better[inside], self._patches.restored[one])
                pairs = list(map(tuple, self._pairs[links].tolist()))
                kept = versions, np.array(ways_through(self._graph, better, place, fields, pairs))
                self._estimates[one] = kept
            found[row, links] = np.minimum(now[links], kept[1])
        return found

    def bundles(self, open_ones: Sequence[int], price: FloatArray, purse: float) -> dict[int, FloatArray]:
        """Return sets of candidates that can be paid for, with distances of the links that are never below the true ones.

        Parameters
        ----------
        open_ones : sequence of int
            Candidates that can be taken, each for at most what is left.
        price : float64, shape (candidates,)
            What each costs.
        purse : float
            What is left.
        """
        now = self.distances([self._chosen])[0]
        can = 0
        for one in open_ones:
            can |= 1 << one
        found: dict[int, FloatArray] = {}
        for link, relevant in enumerate(self.relevant):
            allowed = relevant & (can | self._chosen)
            for _ in range(_RETRACES):
                if not allowed & ~self._chosen:
                    break
                self._monitor.check()
                parts = self._parts_of(link, allowed, price)
                if not parts or not parts[0][1] < now[link] * (1.0 - NOTHING):
                    break
                for some, cost in parts:
                    if cost < now[link] and price[members(some)].sum() <= a_little_more(purse):
                        better = found.setdefault(some, now.copy())
                        better[link] = min(better[link], cost)
                if price[members(parts[0][0])].sum() <= a_little_more(purse):
                    break
                # What the bundle would miss least for its price is no longer allowed.
                allowed &= ~parts[0][0] | parts[1][0] if len(parts) > 1 else 0
        return found

    def _parts_of(self, link: int, allowed: int, price: FloatArray) -> list[tuple[int, float]]:
        key = link, allowed, self._chosen & self.relevant[link]
        if key not in self._parts:
            walk = Walk(self._graph, self._patches, self._route(link, allowed), self._chosen)
            self._parts[key] = list(walk.parts(price))
        return self._parts[key]

    def _route(self, link: int, allowed: int) -> Route:
        """Return the least-cost path of a link with a set of candidates restored."""
        for route in self._routes[link]:
            if route.serves(allowed):
                return route
        a, b = self._pairs[link].tolist()
        if allowed == self.relevant[link]:
            graph, field = self._full.graph, self._field(self._full, a)
        else:
            graph = self._built(allowed)
            limit = a_little_more(float(self.start[link]))
            cost = graph.cost_from(self._cells[a], limit=limit, targets=[self._cells[b]], monitor=self._monitor)
            field = Field(0, 0, cost, limit, cost.shape[1], everywhere=True)
        path: IntArray = np.empty((0, 2), dtype=np.int64)
        if np.isfinite(field.least(self._cells[b])):
            path = down(graph, field, self._cells[b], self._monitor)
        route = Route(allowed, crossed_by(path, self._patches, allowed), path)
        self._routes[link].append(route)
        return route
