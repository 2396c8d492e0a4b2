"""The fields of all sources that links name: searched by several processes, and as pieces of a computation take them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..choices import Average
from ..monitor import SILENT, Monitor
from ..spread.spreading import spread
from ..spread.where import HERE, Where
from ..types import Array, FloatArray, IntArray
from .fields import CostFields, Passed
from .graph import CostGraph
from .results import Field, a_little_more, box
from .shelf import Shelf


@dataclass(frozen=True)
class _Wanted:
    """A source, the other ends of its links, and how much more than the least-cost distance to each matters."""

    source: int
    ends: IntArray
    slack: FloatArray


def gather(
    fields: CostFields,
    pairs: IntArray,
    *,
    slack: float | FloatArray = 0.0,
    everywhere: bool = False,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> Mapping[int, Field]:
    """Return the fields of all sources that links name, each exact as far as the other ends of its links.

    Parameters
    ----------
    fields : CostFields
        The sources on the resistance surface; what it lacks is searched, and kept by it.
    pairs : ndarray, int, shape (m, 2)
        Labels of the two ends of each link.
    slack : float or ndarray, float64, shape (m,)
        How much more than the least-cost distance matters; one number, or one for each link.
    everywhere : bool
        Whether cells matter that lie off the ways to other sources.
    where : Where
        Where searches are made.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    mapping of int to Field
        In this process alone, each is read when it is asked for. For other processes, and to be recognised by a checkpoint,
        they hold nothing but what was asked for, and are mapped from a file; sources that nothing can be reached from are
        left out then.

    Examples
    --------
    >>> labels = np.array([[1, 0, 2]], dtype=np.int32)
    >>> found = gather(CostFields(CostGraph(np.ones((1, 3))), labels), np.array([[1, 2]]))
    >>> found[1].cost.tolist()
    [[0.0, 1.0, 2.0]]
    """
    search_all(fields, pairs, slack=slack, everywhere=everywhere, where=where, monitor=monitor)
    return _Kept(fields) if where == HERE else _mapped(cut_fields(fields, pairs, slack=slack))


def search_all(
    fields: CostFields,
    pairs: IntArray,
    *,
    slack: float | FloatArray = 0.0,
    everywhere: bool = False,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> None:
    """Have a store search the fields of all sources that links name, without giving them to anyone; as `gather`.

    Examples
    --------
    >>> fields = CostFields(CostGraph(np.ones((1, 3))), np.array([[1, 0, 2]], dtype=np.int32))
    >>> search_all(fields, np.array([[1, 2]]))
    >>> fields.searches, fields.least(1, 2)
    (2, 2.0)
    """
    wanted = _wanted(pairs, slack)
    if where.processes > 1:
        _search(fields, wanted, everywhere, where.here(), monitor.part(0.0, 0.9))
        monitor = monitor.part(0.9, 1.0)
    for done, one in enumerate(wanted):
        monitor.step(done, len(wanted))
        fields.field(one.source, one.ends.tolist(), slack=one.slack, everywhere=everywhere, monitor=monitor)


def cut_fields(fields: CostFields, pairs: IntArray, *, slack: float | FloatArray = 0.0) -> Iterator[tuple[int, Field]]:
    """Yield each source that links name and its field, as far as the links and `slack` need it and no further.

    What searches find beyond depends on what was searched before, so that it is cut for fields that are to be the same
    whoever searched. They have been searched by `search_all`; sources that nothing can be reached from are left out.

    Examples
    --------
    >>> fields = CostFields(CostGraph(np.ones((1, 4))), np.array([[1, 0, 2, 0]], dtype=np.int32))
    >>> search_all(fields, np.array([[1, 2]]))
    >>> [(source, field.cost.tolist()) for source, field in cut_fields(fields, np.array([[1, 2]]))]
    [(1, [[0.0, 1.0, 2.0]]), (2, [[2.0, 1.0, 0.0, 1.0]])]
    """
    for one in _wanted(pairs, slack):
        field = fields.kept(one.source)
        least = np.array([fields.least(one.source, end) for end in one.ends.tolist()])
        there = np.isfinite(least)
        if field is None or not there.any():
            continue
        far = float((least + one.slack)[there].max())
        near = field.cost <= a_little_more(far)
        rows, cols = box(near)
        cost = np.where(near[rows, cols], field.cost[rows, cols], np.inf)
        yield one.source, replace(field, top=field.top + rows.start, left=field.left + cols.start, cost=cost, reach=far)


def _wanted(pairs: IntArray, slack: float | FloatArray) -> list[_Wanted]:
    """Return what is wanted of each source that links name."""
    slacks = np.broadcast_to(np.asarray(slack, dtype=np.float64), len(pairs))
    wanted = []
    for source in np.unique(pairs).tolist():
        own = (pairs == source).any(axis=1)
        wanted.append(_Wanted(source, pairs[own].sum(axis=1) - source, slacks[own]))
    return wanted


class _Kept(Mapping[int, Field]):
    """The fields that a store keeps."""

    def __init__(self, store: CostFields) -> None:
        self._store = store

    def __getitem__(self, label: int) -> Field:
        field = self._store.kept(label)
        if field is None:
            raise KeyError(label)
        return field

    def __iter__(self) -> Iterator[int]:
        return iter(self._store.searched())

    def __len__(self) -> int:
        return len(self._store.searched())


def _mapped(fields: Iterator[tuple[int, Field]]) -> dict[int, Field]:
    """Return fields, mapped from a file."""
    shelf = Shelf(0)
    frames = {}
    for source, field in fields:
        shelf.put(source, field.cost)
        shelf.make_room()
        frames[source] = replace(field, cost=np.empty((0, 0)))
    return {source: replace(frame, cost=shelf.view(source)) for source, frame in frames.items()}


@dataclass(frozen=True)
class _Surface:
    """What a process needs to search from a source."""

    resistance: Array
    cell_size: float
    neighbours: int
    average: Average
    labels: IntArray
    passed: Passed
    slack: float
    share: float
    everywhere: bool


def _search(fields: CostFields, wanted: list[_Wanted], everywhere: bool, where: Where, monitor: Monitor) -> None:
    """Search from the sources whose fields the store lacks, and have it keep them."""
    graph = fields.graph
    lacking = [one for one in wanted if not fields.has(one.source, one.ends, one.slack, everywhere=everywhere)]
    if len(lacking) < 2:
        return
    surface = _Surface(
        graph.resistance,
        graph.cell_size,
        graph.neighbours,
        graph.average,
        fields.labels,
        fields.passed(monitor.part(0.0, 0.0)),
        fields.slack,
        fields.share,
        everywhere or fields.everywhere,
    )
    graph.release()

    def keep(found: _Found) -> None:
        if found.field is not None:
            fields.searches += 1
            fields.take(found.source, found.field)
        fields.know(found.least)

    spread(_from_source, surface, lacking, keep, prepare=_store, where=where, monitor=monitor)


@dataclass(frozen=True)
class _Found:
    """The field of a source, none where it reaches no other, and least-cost distances."""

    source: int
    field: Field | None
    least: dict[tuple[int, int], float]


def _store(surface: _Surface, monitor: Monitor) -> CostFields:
    graph = CostGraph(
        surface.resistance,
        cell_size=surface.cell_size,
        neighbours=surface.neighbours,
        average=surface.average,
        monitor=monitor,
    )
    return CostFields(
        graph,
        surface.labels,
        slack=surface.slack,
        share=surface.share,
        everywhere=surface.everywhere,
        passed=surface.passed,
    )


def _from_source(store: CostFields, wanted: _Wanted, monitor: Monitor) -> _Found:
    field = store.field(wanted.source, wanted.ends.tolist(), slack=wanted.slack, monitor=monitor)
    least = dict(store.distances())
    store.forget()
    return _Found(wanted.source, field if field.cost.size else None, least)
