"""Links and stepping stones that could be added to a network: read, or searched on a resistance surface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry

from .... import core
from ....core.errors import InputError
from ....core.monitor import Monitor
from ...support.geometry.distances import edge_distances, near_limit
from ...support.inputs.links import COST_FIELDS, LENGTH_FIELDS, Links, numbers, read_links
from ...support.inputs.linktable import link_lines
from ...support.inputs.nodes import read_attributes
from ...support.inputs.sources import Sources, read_polygons, read_sources
from ...support.io.rasters import RasterSource, metres_per_unit
from ...support.io.vectors import VectorSource, name_ids

if TYPE_CHECKING:
    from ...support.run.job import Job

_PAIRS = 50_000
"""Pairs of sources up to which the straight distance of all is measured; of more, about as many of the nearest."""

_FIELDS = 16
"""Bytes of cost fields that stay in memory for each cell: those of two sources, as each is looked at once."""

_SAME = 0.01
"""Relative difference of two least-cost distances of one link up to which they are of the same surface."""


@dataclass(frozen=True)
class Given:
    """The network as it is.

    Attributes
    ----------
    sources : Sources
        With labels where there is a surface.
    links : Links
        The active ones.
    cost, length : ndarray, float64, shape (links,)
        Their least-cost distances, and the lengths of their paths in metres.
    attributes : ndarray, float64, shape (sources,)
        What the sources hold.
    crs : QgsCoordinateReferenceSystem
        That of all geometries.
    raster : RasterSource, optional
        The resistance surface.
    resistance : ndarray, optional
        Its values.
    """

    sources: Sources
    links: Links
    cost: np.ndarray
    length: np.ndarray
    attributes: np.ndarray
    crs: QgsCoordinateReferenceSystem
    raster: RasterSource | None
    resistance: np.ndarray | None

    @property
    def unit(self) -> float:
        """Length of a map unit in metres."""
        return metres_per_unit(self.crs)


@dataclass(frozen=True)
class Stones:
    """Stepping stones: ids that no source has, features and what they hold."""

    ids: list
    features: list[QgsFeature]
    attributes: np.ndarray


@dataclass(frozen=True)
class NewLinks:
    """Links that could be added; every array has one entry a link.

    Attributes
    ----------
    pairs : ndarray, int64, shape (m, 2)
        Positions of the two ends; stepping stones stand behind the sources.
    cost, length, straight : ndarray, float64, shape (m,)
        Least-cost distance, length of the path and straight distance; NaN where not known.
    lines : list of QgsGeometry
        Their paths.
    ids : list
        Ids of inactive links; none where links were searched.
    features : list of QgsFeature
        They as they were read.
    stones : Stones, optional
        Stepping stones they come with.
    """

    pairs: np.ndarray
    cost: np.ndarray
    length: np.ndarray
    straight: np.ndarray
    lines: list[QgsGeometry]
    ids: list
    features: list[QgsFeature]
    stones: Stones | None = None


def read_network(job: Job) -> Given:
    """Return the sources, their active links and, where one is given, the resistance surface."""
    raster, layer, id_field = job.raster("RESISTANCE"), job.vector("SOURCES"), job.field("ID_FIELD")
    resistance = None
    if raster is None:
        crs = layer.crs
        ids, features = read_polygons(layer, id_field, monitor=job.monitor)
        sources = Sources(np.empty((0, 0)), ids, [one.geometry() for one in features], features)
        if len(ids) < 2:
            raise InputError(f"'{layer.name}' has {len(ids)} usable source(s); this tool needs at least 2.")
    else:
        crs = raster.crs
        cells = raster.grid.rows * raster.grid.cols
        # the surface and the labels, beside a search and the fields that are kept
        job.need_memory(core.leastcost.graph_bytes(raster.grid.shape, corridors=False) + (8 + _FIELDS) * cells)
        resistance = raster.read_surface(job.monitor.part(0.0, 0.05))
        valid = ~np.isnan(resistance)
        sources = read_sources(layer, raster.grid, crs, id_field=id_field, valid=valid, minimum=2, monitor=job.monitor)
    links = read_links(job.vector("LINKS"), sources, crs, monitor=job.monitor)
    cost = numbers(links, COST_FIELDS, "least-cost distance")
    drawn = np.array([feature.geometry().length() for feature in links.features]) * metres_per_unit(crs)
    length = links.known(LENGTH_FIELDS)
    length = np.where(np.isnan(length), drawn, length)
    hectares = metres_per_unit(crs) ** 2 / 1e4
    attributes = read_attributes(sources.ids, sources.features, job.field("ATTRIBUTE"), hectares)
    return Given(sources, links, cost, length, attributes, crs, raster, resistance)


def find_candidates(job: Job, given: Given) -> NewLinks:
    """Return what can be added: stepping stones, new least-cost links, or the inactive links of the layer.

    Raises
    ------
    InputError
        If there is none; the message says what to do.
    """
    monitor = job.monitor.part(0.05, 0.6)
    if given.raster is None:
        return _inactive(job.vector("LINKS"), given, job.monitor)
    nearest = job.integer("NEAREST")
    if job.given("STONES"):
        return _stepping_stones(job.vector("STONES"), given, job.field("ATTRIBUTE"), nearest, monitor)
    inactive = read_links(job.vector("LINKS"), given.sources, given.crs, active=False).ids
    if inactive:
        job.monitor.info(
            f"Links are searched for on '{given.raster.name}'. To choose among the {len(inactive)} inactive links of the "
            "layer instead, leave the resistance surface (RESISTANCE) empty."
        )
    return _least_cost(given, nearest, monitor)


def _inactive(layer: VectorSource, given: Given, monitor: Monitor) -> NewLinks:
    links = read_links(layer, given.sources, given.crs, active=False, monitor=monitor)
    cost = links.known(COST_FIELDS)
    there = {tuple(pair) for pair in given.links.pairs.tolist()}
    apart = np.array([tuple(pair) not in there for pair in links.pairs.tolist()], dtype=bool)
    through = np.array([_runs_through(feature) for feature in links.features], dtype=bool)
    kept = np.flatnonzero(np.isfinite(cost) & apart & ~through)
    what_to_do = (
        "Give the resistance surface (RESISTANCE): then new least-cost links between sources that are not linked are the "
        "candidates. Or run 'linkages' with more pairs (ADJACENCY) and a limit (NEAREST, MAX_CWD, MAX_EUCLID), which leaves "
        "links inactive."
    )
    if not links.ids:
        raise InputError(f"'{layer.name}' has no inactive link that could be added. {what_to_do}")
    if not kept.size:
        raise InputError(
            f"None of the {len(links.ids)} inactive links of '{layer.name}' can be added: {int(through.sum())} run through a "
            f"third source, {int(np.isnan(cost).sum())} have no least-cost distance, and {int((~apart).sum())} join sources "
            f"that an active link joins. {what_to_do}"
        )
    if kept.size < len(links.ids):
        monitor.info(
            f"Of {len(links.ids)} inactive links {kept.size} can be added; the others run through a third source, have no "
            "least-cost distance, or join sources that an active link joins."
        )
    features = [links.features[k] for k in kept]
    return NewLinks(
        links.pairs[kept] - 1,
        cost[kept],
        links.known(LENGTH_FIELDS)[kept],
        links.known(("euc_dist", "Euc_Dist", "eucDist"))[kept],
        [feature.geometry() for feature in features],
        [links.ids[k] for k in kept],
        features,
    )


def _runs_through(feature: QgsFeature) -> bool:
    return feature.fieldNameIndex("reason") >= 0 and core.corridors.THROUGH in str(feature["reason"])


def _least_cost(given: Given, nearest: int, monitor: Monitor) -> NewLinks:
    count = len(given.sources.ids)
    pairs, straight = _straight(given.sources.geometries, given.unit, monitor.part(0.0, 0.1))
    there = {tuple(pair) for pair in (given.links.pairs - 1).tolist()}
    free = np.array([tuple(pair) not in there for pair in pairs.tolist()], dtype=bool)
    pairs, straight = pairs[free], straight[free]
    if not len(pairs):
        raise InputError(f"All {count} sources are linked with each other, so no link can be added.")
    near = core.corridors.near_pairs(count, pairs, straight, nearest)
    pairs, straight = pairs[near], straight[near]
    links = _searched(given, given.sources.labels, pairs, straight, monitor.part(0.1, 1.0))
    kept = core.corridors.usable(links, count)
    if not kept.any():
        cut = int(np.isinf(links.cost).sum())
        raise InputError(
            f"None of the {len(pairs)} pairs of near sources that are not linked can be: the least-cost paths of "
            f"{len(pairs) - cut} run through a third source, and impassable cells (NoData) cut off {cut}. Try more of the "
            "nearest sources (NEAREST)."
        )
    monitor.info(
        f"{len(pairs)} pairs of near sources are not linked; {int(kept.sum())} of them can be, the least-cost paths of the "
        "others run through a third source or are cut off."
    )
    return _kept(links, kept, straight, given, given.sources.geometries)


def _stepping_stones(layer: VectorSource, given: Given, attribute: str, nearest: int, monitor: Monitor) -> NewLinks:
    grid, sources = given.raster.grid, given.sources
    valid = ~np.isnan(given.resistance)
    read = read_sources(layer, grid, given.crs, valid=valid, monitor=monitor)
    own = np.where(sources.labels > 0, 0, read.labels)
    held = np.bincount(own.ravel(), minlength=len(read.ids) + 1)[1:] > 0
    if not held.all():
        inside = name_ids(one for one, has in zip(read.ids, held) if not has)
        if not held.any():
            raise InputError(
                f"All stepping stones of '{layer.name}' lie within sources ({inside}). Use other polygons."
            )
        monitor.warn(f"Stepping stones {inside} lie within sources and were left out.")
    count = len(sources.ids)
    number = np.zeros(len(read.ids) + 1, dtype=sources.labels.dtype)
    number[1:][held] = count + 1 + np.arange(held.sum())
    labels = np.where(sources.labels > 0, sources.labels, number[own])
    features = [one for one, has in zip(read.features, held) if has]
    ids = [one for one, has in zip(read.ids, held) if has]
    if attribute and attribute not in layer.field_names:
        raise InputError(
            f"'{layer.name}' has no field '{attribute}', which says what the sources hold (ATTRIBUTE). Add it, or leave "
            "ATTRIBUTE empty: then areas count."
        )
    attributes = read_attributes(ids, features, attribute, given.unit**2 / 1e4)
    stones = Stones(_free_ids(ids, sources), features, attributes)
    shapes = [*sources.geometries, *(feature.geometry() for feature in features)]
    pairs, straight = _straight(shapes, given.unit, monitor.part(0.0, 0.1))
    tried = _tried(pairs, straight, count, nearest)
    pairs, straight = pairs[tried], straight[tried]
    links = _searched(given, labels, pairs, straight, monitor.part(0.1, 1.0))
    kept = core.corridors.stone_links(links, count, nearest)
    joined = np.isin(np.arange(count + 1, count + 1 + len(ids)), links.pairs[kept, 1])
    lone = name_ids(one for one, has in zip(stones.ids, joined) if not has)
    if not joined.any():
        raise InputError(
            f"No stepping stone of '{layer.name}' can be linked with a source: impassable cells (NoData), or other sources, "
            "lie between."
        )
    if lone:
        monitor.warn(f"Stepping stones {lone} cannot be linked with any source and were left out.")
    monitor.info(f"{int(joined.sum())} stepping stones with {int(kept.sum())} links to sources and among each other.")
    found = _kept(links, kept, straight, given, shapes)
    place = np.concatenate((np.arange(count), count - 1 + np.cumsum(joined)))
    some = [k for k, has in enumerate(joined) if has]
    chosen = Stones([stones.ids[k] for k in some], [features[k] for k in some], attributes[some])
    return replace(found, pairs=place[found.pairs], stones=chosen)


def _tried(pairs: np.ndarray, straight: np.ndarray, sources: int, nearest: int) -> np.ndarray:
    """Return which pairs are searched: each stone with twice as many sources as it gets, and with some other stones."""
    count = int(pairs.max(initial=0)) + 1
    tried = np.zeros(len(pairs), dtype=bool)
    stone = np.arange(count) >= sources
    for chosen, wanted in (
        ((pairs[:, 0] < sources) & stone[pairs[:, 1]], 2 * nearest),
        (stone[pairs].all(axis=1), nearest),
    ):
        some = np.flatnonzero(chosen)
        tried[some[core.corridors.near_pairs(count, pairs[some], straight[some], np.where(stone, wanted, 0))]] = True
    return tried


def _straight(shapes: Sequence[QgsGeometry], unit: float, monitor: Monitor) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of positions and their straight distances in metres, of near ones where they are very many."""
    i, j, distance = edge_distances(shapes, unit=unit, limit=near_limit(shapes, _PAIRS) * unit, monitor=monitor)
    return np.column_stack((i, j)), distance


def _searched(given: Given, labels: np.ndarray, pairs: np.ndarray, straight: np.ndarray, monitor: Monitor):
    """Return the links of pairs of positions with their least-cost paths; warn where those there cost something else."""
    graph = core.leastcost.CostGraph(
        given.resistance, cell_size=given.raster.grid.cell_size, monitor=monitor.part(0.0, 0.1)
    )
    fields = core.leastcost.CostFields(graph, labels, budget=_FIELDS * labels.size)
    there = given.links.pairs
    links = core.corridors.find_links(
        fields,
        np.concatenate((there, pairs + 1)),
        np.concatenate((np.full(len(there), np.nan), straight)),
        drop_through_sources=False,
        monitor=monitor.part(0.1, 1.0),
    )
    ratio = links.cost[: len(there)] / given.cost
    worst = int(np.argmax(np.abs(ratio - 1.0)))
    if not abs(ratio[worst] - 1.0) <= _SAME:
        monitor.warn(
            f"Link {given.links.ids[worst]} costs {given.cost[worst]:,.6g} in the layer, but {links.cost[worst]:,.6g} on "
            f"'{given.raster.name}'. New links are measured on that surface, so they do not compare with those there are. "
            "Use the surface that the links were made on."
        )
    return _part(links, slice(len(there), None))


def _part(links, which):
    """Return some links of a table."""
    place = np.arange(len(links.pairs))[which].tolist()
    return core.leastcost.Links(
        links.pairs[place],
        links.kind[place],
        links.euclidean[place],
        links.cost[place],
        links.length[place],
        tuple(links.paths[k] for k in place),
        tuple(links.through[k] for k in place),
    )


def _kept(links, kept: np.ndarray, straight, given: Given, shapes) -> NewLinks:
    some = _part(links, kept)
    lines = link_lines(some, shapes, given.raster.grid)
    return NewLinks(some.pairs - 1, some.cost, some.length, straight[kept], lines, [], [])


def _free_ids(ids: list, sources: Sources) -> list:
    """Return ids of stepping stones that no source has, of the type of those: their own where all of them are free."""
    if sources.id_type is int:
        if all(isinstance(one, int) for one in ids) and not set(ids) & set(sources.ids):
            return ids
        return list(range(max(sources.ids) + 1, max(sources.ids) + 1 + len(ids)))
    names = [str(one) for one in ids]
    return [f"stone {name}" for name in names] if set(names) & set(sources.ids) else names
