"""Pinch points: where current between sources is squeezed through what is left of their corridors.

A corridor of the sources A and B is where CWD_A + CWD_B exceeds the least-cost distance by no more than a cutoff. The
corridor is made into a circuit, the sources become nodes, and 1 A is sent through.

References
----------
.. [1] B. H. McRae, B. G. Dickson, T. H. Keitt, V. B. Shah (2008), Using circuit theory to model connectivity in
   ecology, evolution, and conservation, Ecology 89: 2712-2724, doi:10.1890/07-1861.1.
.. [2] B. H. McRae (2012), Pinchpoint Mapper connectivity analysis software, The Nature Conservancy, Seattle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..choices import Combination, PinchPointMode
from ..circuit import all_to_one, circuit_bytes, one_to_all, pairwise, solve_pair
from ..errors import InputError
from ..leastcost.fields import CostFields, cells_of
from ..leastcost.gathering import gather, search_all
from ..leastcost.links import Links
from ..leastcost.results import Field, LinkCosts
from ..monitor import SILENT, Monitor
from ..spread.spreading import spread
from ..spread.where import HERE, Where
from ..types import Array, BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class PinchPoints:
    """Current in the corridors.

    Attributes
    ----------
    current : float64, shape (rows, cols)
        Amperes at 1 A between the ends; NaN outside the corridors and, link by link, in the link's own sources.
    relative : float64, shape (rows, cols)
        The same with the current of each link (or turn) as a share of its own largest, 0 to 1, always combined by
        maximum.
    effective_resistance : float64, shape (active links,)
        Effective resistance of the link's corridor times the cell size, in cost units; infinite if the sources are not
        connected, NaN where the mode sends no current between the link's two sources alone.
    least_cost : float64, shape (active links,)
        Least-cost distance; infinite if not connected.
    """

    current: FloatArray
    relative: FloatArray
    effective_resistance: FloatArray
    least_cost: FloatArray

    @property
    def ratio(self) -> FloatArray:
        """Least-cost distance over effective resistance: 1 on a one-cell path, more with room and detours."""
        with np.errstate(invalid="ignore"):
            ratio: FloatArray = self.least_cost / self.effective_resistance
        return ratio


def pinchpoints(
    fields: CostFields,
    links: Links,
    *,
    cutoff: float | FloatArray,
    mode: PinchPointMode | str = PinchPointMode.ADJACENT,
    combine: Combination | str = Combination.MAXIMUM,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> PinchPoints:
    """Map the current that flows through the corridors.

    Parameters
    ----------
    fields : CostFields
        The sources on the resistance surface. Cells are linked as steps go there: with 8 or 4 neighbours, by the mean
        resistance or conductance.
    links : Links
        The link table.
    cutoff : float or ndarray, float64, shape (active links,)
        How much longer than the least-cost path a way through the corridor may be, in cost units, in all corridors or in
        each; see `cutoffs`.
    mode : {"adjacent", "all_to_one", "all_pairs", "one_to_all"}
        "adjacent": each link on its own, from one source to the other inside its own corridor.
        "all_to_one": on the union of corridors and sources, each source grounded in turn, 1 A into every other one.
        "one_to_all": on the same union, 1 A into each source in turn, every other one grounded.
        "all_pairs": on the same union, every two sources, linked or not; other sources are ordinary cells.
    combine : {"maximum", "sum"}
        What a cell shows of several links, turns or pairs.
    where : Where
        Where searches are made and links, turns or pairs solved; the results are the same to the last bit.
    monitor : Monitor
        Progress, messages and cancellation.

    Returns
    -------
    PinchPoints

    Raises
    ------
    InputError
        If the links or the cutoff cannot be used.

    Notes
    -----
    Each corridor is cut out and solved on its own window. All-to-one and one-to-all take one set-up for the union and a
    solve per source, with the potentials of all sources in memory; all pairs take a set-up and a solve per pair.

    Departures from Pinchpoint Mapper: the union mask comes from corridors as they are, not rounded to whole numbers;
    sources are NaN in the maps of their own link or pair, and in all-to-one and one-to-all always (it writes 0 or their
    full current); one-to-all is an addition.

    Examples
    --------
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> resistance = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, np.nan, 1.0, 1.0]])
    >>> labels = np.array([[1, 0, 0, 2], [1, 0, 0, 2]], dtype=np.int32)
    >>> fields = CostFields(CostGraph(resistance, cell_size=10.0), labels)
    >>> found = pinchpoints(fields, Links.between([(1, 2)]), cutoff=30.0)
    >>> found.current.round(4).tolist()
    [[nan, 1.0, 0.5701, nan], [nan, nan, 0.4677, nan]]
    """
    limits = links.limits(cutoff)
    mode, combine = PinchPointMode.of(mode), Combination.of(combine)
    result = _Mosaic(fields.graph.shape, combine)
    if mode is PinchPointMode.ADJACENT:
        effective, least = _adjacent(fields, links.joined, limits, result, where, monitor)
    else:
        effective, least = _union(fields, links.joined, limits, mode, result, where, monitor)
    return PinchPoints(result.current, result.relative, effective * fields.graph.cell_size, least)


def corridor_bytes(
    fields: CostFields,
    links: Links,
    *,
    cutoff: float | FloatArray,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> int:
    """Return about the most memory, in bytes, that the circuit of one of the corridors needs.

    The corridors are searched, which `pinchpoints` then does not do again. Parameters are those of `pinchpoints`.

    Examples
    --------
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.array([[1, 0, 0, 2], [0, 0, 0, 0], [0, 0, 0, 0]], dtype=np.int32)
    >>> fields = CostFields(CostGraph(np.ones((3, 4))), labels)
    >>> narrow, wide = (corridor_bytes(fields, Links.between([(1, 2)]), cutoff=cutoff) for cutoff in (0.0, 9.0))
    >>> 0 < narrow < wide
    True
    """
    limits, pairs, most = links.limits(cutoff), links.joined, 0
    search_all(fields, pairs, slack=limits, where=where.here(), monitor=monitor.part(0.0, 0.9))
    for link in fields.along(pairs, slack=limits, monitor=monitor.part(0.9, 1.0)):
        inside = link.inside(float(limits[link.index]))
        most = max(most, circuit_bytes(inside.size, int(np.count_nonzero(inside))))
    return most


class _Mosaic:
    """Combines maps of current, NaN where a map has no value."""

    def __init__(self, shape: tuple[int, int], combine: Combination) -> None:
        self.current = np.full(shape, np.nan)
        self.relative = np.full(shape, np.nan)
        self._sum = combine is Combination.SUM

    def add(self, rows: slice, cols: slice, current: FloatArray) -> None:
        """Add the map of a window."""
        has_value = ~np.isnan(current)
        if not has_value.any():
            return
        whole = self.current[rows, cols]
        if self._sum:
            whole[has_value] = np.nan_to_num(whole[has_value]) + current[has_value]
        else:
            np.fmax(whole, current, out=whole)
        largest = float(np.nanmax(current))
        if largest > 0:
            share = self.relative[rows, cols]
            np.fmax(share, current / largest, out=share)


@dataclass(frozen=True)
class Corridor:
    """The corridor of a link in its window of the raster: resistance, NaN outside it, and the cells of the two sources."""

    link: LinkCosts
    window: FloatArray
    first: BoolArray
    second: BoolArray


@dataclass(frozen=True)
class Corridors:
    """What the circuits of all corridors are made from."""

    fields: Mapping[int, Field]
    pairs: IntArray
    least: FloatArray
    limits: FloatArray
    resistance: Array
    labels: IntArray
    cell_size: float
    steps: dict[str, Any]

    def circuit(self, index: int) -> Corridor:
        """Return the corridor of a link whose sources are connected."""
        a, b = self.pairs[index].tolist()
        limit = float(self.limits[index])
        link = LinkCosts.between(index, self.fields[a], self.fields[b], float(self.least[index]), limit)
        inside = link.inside(limit)
        window = np.where(inside, self.resistance[link.rows, link.cols], np.nan)
        labels = self.labels[link.rows, link.cols]
        return Corridor(link, window, (labels == a) & inside, (labels == b) & inside)


def corridors_of(fields: CostFields, pairs: IntArray, limits: FloatArray, where: Where, monitor: Monitor) -> Corridors:
    """Return the corridors of links; the memory of the searches is given back."""
    gathered = gather(fields, pairs, slack=limits, where=where, monitor=monitor)
    least = np.array([fields.least(a, b) for a, b in pairs.tolist()])
    graph = fields.graph
    graph.release()
    return Corridors(gathered, pairs, least, limits, graph.resistance, fields.labels, graph.cell_size, _steps(fields))


@dataclass(frozen=True)
class _Flow:
    """The current through a corridor: its link, its window of the raster, and the effective resistance."""

    index: int
    rows: slice
    cols: slice
    current: FloatArray
    resistance: float


def _adjacent(
    fields: CostFields, pairs: IntArray, limits: FloatArray, result: _Mosaic, where: Where, monitor: Monitor
) -> tuple[FloatArray, FloatArray]:
    effective = np.full(len(pairs), np.inf)
    corridors = corridors_of(fields, pairs, limits, where, monitor.part(0.0, 0.3))

    def add(flow: _Flow) -> None:
        effective[flow.index] = flow.resistance
        result.add(flow.rows, flow.cols, flow.current)

    pieces = np.flatnonzero(np.isfinite(corridors.least)).tolist()
    spread(_flow, corridors, pieces, add, where=where, monitor=monitor.part(0.3, 1.0))
    return effective, corridors.least


def _flow(corridors: Corridors, index: int, monitor: Monitor) -> _Flow:
    corridor = corridors.circuit(index)
    first, second = corridor.first, corridor.second
    flow = solve_pair(corridor.window, first, second, **corridors.steps, monitor=monitor)
    current = np.where(first | second, np.nan, flow.current)
    return _Flow(index, corridor.link.rows, corridor.link.cols, current, flow.resistance)


def _steps(fields: CostFields) -> dict[str, Any]:
    """Return how cells are linked in a circuit: as the steps of the least-cost paths go."""
    return {"neighbours": fields.graph.neighbours, "average": fields.graph.average}


def _union(
    fields: CostFields,
    pairs: IntArray,
    limits: FloatArray,
    mode: PinchPointMode,
    result: _Mosaic,
    where: Where,
    monitor: Monitor,
) -> tuple[FloatArray, FloatArray]:
    labels = fields.labels
    least = np.full(len(pairs), np.inf)
    inside = labels > 0
    if where.processes > 1:
        search_all(fields, pairs, slack=limits, where=where, monitor=monitor.part(0.0, 0.2))
    for link in fields.along(pairs, slack=limits, monitor=monitor.part(0.2, 0.3)):
        least[link.index] = link.least
        if np.isfinite(link.least):
            inside[link.rows, link.cols] |= link.inside(float(limits[link.index]))
    if not inside.any():
        raise InputError("No source has a cell with a resistance. Do the sources lie on the raster?")
    rows, cols = (slice(int(place.min()), int(place.max()) + 1) for place in np.nonzero(inside))
    window = np.where(inside, fields.graph.resistance, np.nan)[rows, cols]
    ids = np.unique(labels[inside & (labels > 0)]).tolist()
    focal = dict(zip(ids, cells_of(labels[rows, cols], ids)))
    effective = np.full(len(pairs), np.nan)
    rest = monitor.part(0.3, 1.0)

    def add(current: FloatArray, sources: list[IntArray]) -> None:
        shown = np.where(np.isnan(window), np.nan, current)
        shown.ravel()[np.concatenate(sources)] = np.nan
        result.add(rows, cols, shown)

    if mode in (PinchPointMode.ALL_TO_ONE, PinchPointMode.ONE_TO_ALL):
        sources = list(focal.values())
        solve = all_to_one if mode is PinchPointMode.ALL_TO_ONE else one_to_all
        solve(
            window,
            focal,
            **_steps(fields),
            listener=lambda _, current, __: add(current, sources),
            where=where,
            monitor=rest,
        )
        return effective, least
    flow = pairwise(
        window,
        focal,
        **_steps(fields),
        listener=lambda a, b, current, _: add(current, [focal[a], focal[b]]),
        where=where,
        monitor=rest,
    )
    place = {label: k for k, label in enumerate(flow.ids.tolist())}
    for index, (a, b) in enumerate(pairs.tolist()):
        value = flow.resistance[place[a], place[b]] if a in place and b in place else -1.0
        effective[index] = value if value >= 0 else np.inf
    return effective, least
