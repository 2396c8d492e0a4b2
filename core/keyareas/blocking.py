"""What is lost where key areas are built over: the other direction of restoration.

A pinch point whose loss cuts a link must be protected; one beside which the current finds other ways need not be.

References
----------
.. [1] B. H. McRae, B. G. Dickson, T. H. Keitt, V. B. Shah (2008), Using circuit theory to model connectivity in
   ecology, evolution, and conservation, Ecology 89: 2712-2724, doi:10.1890/07-1861.1.
.. [2] W. W. Hager (1989), Updating the inverse of a matrix, SIAM Review 31, doi:10.1137/1031049.
.. [3] S. Saura, L. Pascual-Hortal (2007), A new habitat availability index to integrate connectivity in landscape
   conservation planning, Landscape and Urban Planning 83: 91-103, doi:10.1016/j.landurbplan.2007.03.005.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..connectivity.graph import PatchGraph
from ..connectivity.indices import probability_indices
from ..errors import InputError
from ..leastcost.fields import CostFields, cells_of
from ..leastcost.graph import CostGraph
from ..leastcost.links import Links
from ..monitor import SILENT, Monitor
from ..spread.spreading import spread
from ..spread.where import HERE, Where
from ..types import BoolArray, FloatArray, IntArray
from .corridorcircuit import CorridorCircuit, in_window
from .pinchpoints import Corridors, corridors_of

_NO_CELLS: IntArray = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Blocking:
    """What is lost where areas become impassable, each on its own.

    The first arrays have an entry for every link and area that touches its corridor, by links and then areas.

    Attributes
    ----------
    link, area : ndarray, int64, shape (k,)
        The active link, and the area.
    before, after : ndarray, float64, shape (k,)
        Effective resistance of the corridor, in cost units; infinite after if it is cut.
    distance : ndarray, float64, shape (k,)
        Least-cost distance of the link, over the whole surface, with the area impassable; infinite if there is no way.
    equivalent_before : float
        EC(PC) of the network with the least-cost distances as they are.
    equivalent : ndarray, float64, shape (areas,)
        The same with each area impassable.
    checked : int
        How many of the values found by an update were solved again.
    difference : float
        The largest relative difference between the two; 0 where none was solved again.
    """

    link: IntArray
    area: IntArray
    before: FloatArray
    after: FloatArray
    distance: FloatArray
    equivalent_before: float
    equivalent: FloatArray
    checked: int
    difference: float

    def losses(self) -> list[AreaLoss]:
        """Return what is lost with each area."""
        found = []
        for number in range(len(self.equivalent)):
            own = np.flatnonzero(self.area == number)
            lost = 100.0 * (1.0 - self.equivalent[number] / self.equivalent_before) if self.equivalent_before else 0.0
            if not own.size:
                found.append(AreaLoss((), 0, None, np.nan, np.nan, lost))
                continue
            worst = own[np.argmax(self.after[own] / self.before[own])]
            found.append(
                AreaLoss(
                    tuple(self.link[own].tolist()),
                    int(np.count_nonzero(np.isinf(self.after[own]))),
                    int(self.link[worst]),
                    float(self.before[worst]),
                    float(self.after[worst]),
                    lost,
                )
            )
        return found


@dataclass(frozen=True)
class AreaLoss:
    """What is lost where one area becomes impassable.

    Attributes
    ----------
    links : tuple of int
        Active links whose corridor it touches.
    cut : int
        How many of their corridors it cuts.
    worst : int, or None
        The link whose effective resistance rises most by ratio, the first that is cut before others; None if none is touched.
    before, after : float
        Effective resistance of that link in cost units; infinite after if it is cut, NaN without a link.
    equivalent : float
        Loss of EC(PC) in percent.
    """

    links: tuple[int, ...]
    cut: int
    worst: int | None
    before: float
    after: float
    equivalent: float

    @property
    def rise(self) -> float:
        """By how many percent the effective resistance of the worst link rises; infinite if it is cut."""
        return 100.0 * (self.after / self.before - 1.0)


def blocking(
    fields: CostFields,
    links: Links,
    areas: Sequence[IntArray],
    *,
    cutoff: float | FloatArray,
    attributes: FloatArray,
    rate: float,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> Blocking:
    """Return what is lost where areas become impassable.

    Parameters
    ----------
    fields : CostFields
        The sources on the resistance surface.
    links : Links
        The link table.
    areas : sequence of ndarray, int
        The cells of each area, as flat indices of the raster. Cells of sources stay passable.
    cutoff : float or ndarray, float64, shape (active links,)
        As for `pinchpoints`.
    attributes : ndarray, float64, shape (n,)
        What each source holds, label 1 first.
    rate : float
        Of the dispersal kernel, per cost unit; see `core.connectivity.dispersal_rate`.
    where : Where
        Where links and areas are worked out; the results are the same to the last bit.
    monitor : Monitor
        Progress, messages and cancellation.

    Returns
    -------
    Blocking

    Raises
    ------
    InputError
        If links, cutoff, areas or attributes cannot be used.

    Notes
    -----
    The effective resistance is that of the corridor as it was drawn, without the area: a low-rank update of its
    factorisation [2]_ where that is cheaper, else the circuit is solved again. That a corridor is cut is seen from its
    cells. The first update of each link is solved again as a check.

    The least-cost distance is searched again for links whose least-cost paths (any of them) run through the area, and is
    exact: a way through the rest of the corridor that costs no more than the cutoff is the best one there is; where there
    is none, the search is over the whole surface. Distances of other links stay. EC(PC) takes the links of the network
    with these distances; no other pair of sources becomes a link.

    Examples
    --------
    >>> from ecosecnet.core.leastcost import CostGraph

    One way above an obstacle, two below it; the area takes the first.

    >>> resistance = np.array([[1.0, 1.0, 1.0], [1.0, np.nan, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    >>> labels = np.zeros((4, 3), dtype=np.int32)
    >>> labels[:, 0], labels[:, 2] = 1, 2
    >>> fields = CostFields(CostGraph(resistance, neighbours=4), labels)
    >>> found = blocking(fields, Links.between([(1, 2)]), [np.array([1])], cutoff=9.0, attributes=np.ones(2), rate=0.1)
    >>> found.before.round(6).tolist(), found.after.round(6).tolist(), found.distance.tolist()
    ([0.666667], [1.0], [2.0])
    """
    limits = links.limits(cutoff)
    pairs = links.joined
    fields.require(pairs)
    size = int(np.prod(fields.graph.shape))
    for number, cells in enumerate(areas, start=1):
        if len(cells) and not 0 <= np.min(cells) <= np.max(cells) < size:
            raise InputError(f"Area {number} has cells outside the raster.")
    if len(attributes) < int(pairs.max()):
        raise InputError(f"There are {len(attributes)} attributes, but links name source {int(pairs.max())}.")
    corridors = corridors_of(fields, pairs, limits, where, monitor.part(0.0, 0.2))
    held = [np.asarray(cells, dtype=np.int64) for cells in areas]
    study = _Study(corridors, np.concatenate([*held, _NO_CELLS]), np.cumsum([0, *(one.size for one in held)]))
    parts: list[_OfLink] = []
    pieces = np.flatnonzero(np.isfinite(corridors.least)).tolist()
    spread(_of_link, study, pieces, parts.append, where=where, monitor=monitor.part(0.2, 0.6))
    link = np.repeat([one.index for one in parts], [one.area.size for one in parts]).astype(np.int64)
    area = np.concatenate([*(one.area for one in parts), _NO_CELLS])
    distance = np.concatenate([*(one.distance for one in parts), np.empty(0)])
    lacking = np.flatnonzero(np.isnan(distance))
    surface = _Surface(study, link[lacking], area[lacking])

    def take(found: _Again) -> None:
        distance[lacking[found.places]] = found.distance

    pieces = np.unique(area[lacking]).tolist()
    spread(_search_again, surface, pieces, take, where=where, monitor=monitor.part(0.6, 0.95))
    ends = pairs - 1
    whole = _equivalent(attributes, ends, corridors.least, rate)
    equivalent = np.full(len(held), whole)
    for number in np.unique(area[distance != corridors.least[link]]).tolist():
        monitor.check()
        far, own = corridors.least.copy(), area == number
        far[link[own]] = distance[own]
        equivalent[number] = _equivalent(attributes, ends, far, rate)
    differences = [one.difference for one in parts if one.difference is not None]
    return Blocking(
        link,
        area,
        fields.graph.cell_size * np.repeat([one.before for one in parts], [one.area.size for one in parts]),
        fields.graph.cell_size * np.concatenate([*(one.after for one in parts), np.empty(0)]),
        distance,
        whole,
        equivalent,
        len(differences),
        max(differences, default=0.0),
    )


def _equivalent(attributes: FloatArray, pairs: IntArray, distance: FloatArray, rate: float) -> float:
    return probability_indices(PatchGraph.dispersing(attributes, pairs, distance, rate)).equivalent


@dataclass(frozen=True)
class _Study:
    """What all links have in common: their corridors, and the cells of the areas, one after the other."""

    corridors: Corridors
    cells: IntArray
    starts: IntArray

    def area(self, number: int) -> IntArray:
        """Return the flat cells of an area."""
        return self.cells[self.starts[number] : self.starts[number + 1]]


@dataclass(frozen=True)
class _OfLink:
    """What areas take from a link: which touch it, and its resistance (in cells) and least-cost distance without each.

    A distance is NaN where the whole surface has to be searched.
    """

    index: int
    before: float
    area: IntArray
    after: FloatArray
    distance: FloatArray
    difference: float | None


def _of_link(study: _Study, index: int, monitor: Monitor) -> _OfLink:
    corridors = study.corridors
    corridor = corridors.circuit(index)
    place, window = (corridor.link.rows, corridor.link.cols), corridor.window
    least, limit = float(corridors.least[index]), float(corridors.limits[index])
    can_go = ~np.isnan(window) & (corridors.labels[place] == 0)
    inside = [in_window(study.area(k), corridors.labels.shape, place) for k in range(len(study.starts) - 1)]
    inside = [cells[can_go.ravel()[cells]] for cells in inside]
    touched = [number for number, cells in enumerate(inside) if cells.size]
    if not touched:
        return _OfLink(index, np.nan, np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), None)
    on_path = (corridor.link.excess() <= 0.0).ravel()
    circuit = CorridorCircuit(
        window, corridor.first, corridor.second, corridors.steps["neighbours"], monitor, corridors.steps["average"]
    )
    after, distance = np.empty(len(touched)), np.full(len(touched), least)
    difference = None
    for turn, number in enumerate(touched):
        monitor.step(turn, len(touched))
        gone = np.zeros(window.shape, dtype=bool)
        gone.ravel()[inside[number]] = True
        after[turn], updated = circuit.blocked(gone, monitor)
        if updated and difference is None:
            again, _ = circuit.blocked(gone, monitor, solve=True)
            difference = abs(after[turn] - again) / again
        if on_path[inside[number]].any():
            far = np.inf
            if np.isfinite(after[turn]):
                graph = CostGraph(np.where(gone, np.nan, window), cell_size=corridors.cell_size, **corridors.steps)
                far = _least(graph, corridor.first, corridor.second, least + limit, monitor)
            # What costs more than the corridor was drawn for may be undercut outside it.
            distance[turn] = far if far <= least + limit else np.nan
    return _OfLink(index, circuit.resistance, np.array(touched), after, distance, difference)


def _least(graph: CostGraph, a: BoolArray, b: BoolArray, limit: float, monitor: Monitor) -> float:
    """Return the least-cost distance between two sets of cells; infinite beyond the limit."""
    cost = graph.cost_from(a, limit=limit, targets=[np.flatnonzero(b)], monitor=monitor)
    return float(cost[b].min())


@dataclass(frozen=True)
class _Surface:
    """Links whose least-cost distance without an area has to be searched on the whole surface."""

    study: _Study
    link: IntArray
    area: IntArray


@dataclass(frozen=True)
class _Again:
    """Least-cost distances that were searched again, and their places among those that had to be."""

    places: IntArray
    distance: FloatArray


def _search_again(surface: _Surface, number: int, monitor: Monitor) -> _Again:
    """Search the least-cost distances of the links that an area has a path of."""
    corridors = surface.study.corridors
    blocked = np.array(corridors.resistance)
    cells = surface.study.area(number)
    blocked.ravel()[cells[corridors.labels.ravel()[cells] == 0]] = np.nan
    graph = CostGraph(blocked, cell_size=corridors.cell_size, **corridors.steps)
    places = np.flatnonzero(surface.area == number)
    pairs = corridors.pairs[surface.link[places]]
    ends = np.unique(pairs).tolist()
    held = dict(zip(ends, cells_of(np.where(np.isnan(blocked), 0, corridors.labels), ends)))
    distance = np.empty(len(places))
    for source in np.unique(pairs[:, 0]).tolist():
        own = np.flatnonzero(pairs[:, 0] == source)
        targets = [held[end] for end in pairs[own, 1].tolist()]
        cost = graph.cost_from(held[source], targets=targets, monitor=monitor).ravel()
        distance[own] = [float(cost[target].min()) for target in targets]
    return _Again(places, distance)
