"""Tool: priority of links and corridors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from qgis.core import QgsCoordinateTransform, QgsGeometry, QgsProcessing, QgsWkbTypes

from ... import core
from ...core import defaults
from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.declarations import corridor_cutoff, cutoff_rule, cutoff_used, read_cutoff
from ..support.inputs.linked import Linked, linked_inputs, need_memory, read_linked
from ..support.inputs.links import COST_FIELDS, LENGTH_FIELDS, numbers
from ..support.io.rasterfiles import NO_AMOUNT
from ..support.io.rasters import RasterSource, metres_per_unit
from ..support.io.tables import columns, kept
from ..support.io.vectors import cells_inside, is_null, name_ids
from ..support.run import palette, ramps, styling

_SOURCE_WEIGHTS = {
    "permeable": ("PERMEABILITY_WEIGHT", "low mean resistance"),
    "area": ("AREA_WEIGHT", "a large area"),
    "shape": ("SHAPE_WEIGHT", "a compact shape (area over perimeter)"),
    "flow": ("FLOW_WEIGHT", "current-flow centrality"),
    "expert": ("SOURCE_EXPERT_WEIGHT", "the expert value"),
    "value": ("VALUE_WEIGHT", "another value (raster)"),
}
_LINK_WEIGHTS = {
    "close": ("CLOSE_WEIGHT", "a short path"),
    "path": ("PATH_WEIGHT", "low cost per length"),
    "ends": ("ENDS_WEIGHT", "the value of its sources"),
    "expert": ("LINK_EXPERT_WEIGHT", "the expert value"),
    "climate": ("CLIMATE_WEIGHT", "a suitable climate ahead"),
}


class LinkPriorityAlgorithm(EcoSecNetAlgorithm):
    """Ranks links by their sources, path and climate."""

    NAME = "linkpriority"
    LABEL = "Linkage priority"
    GROUP = base.CORRIDORS
    TAGS = ("priority", "Linkage Priority", "Linkage Mapper", "corridor ranking", "climate", "廊道优先级", "重要性")
    REQUIRES = ("scipy", "networkx")
    SUMMARY = "Ranks links and corridors by the value of their ecological sources, their path and the climate."
    HELP = (
        "<p>The <b>value of a source</b> is a weighted sum of low mean resistance, area, area over perimeter, "
        "current-flow centrality, an expert value and the mean of another raster (as that of a climate over the raster's own "
        "cells, on whatever grid it lies). The <b>priority of a link</b> is a "
        "weighted sum of a short path, low cost for its length, the mean value of its sources, an expert value and the "
        "climate it leads to. Parts are scaled to 0 - 1 within the run, so priorities compare within one run only; "
        "weights count as shares of their sum. The parts stay in the layers.</p>"
        "<p><b>How sure are the ranks?</b> <i>rank_best</i> and <i>rank_worst</i> are the extremes over 200 runs in "
        "which every weight is changed at random, by up to the share given.</p>"
        "<p><b>Climate</b> (higher is warmer, kelvin): the future climate at the cooler end over the present one at the "
        "warmer end is best at 1.</p>"
        "<p><b>Priority raster</b>: the place of a cell in a corridor (1 on the path, 0 at the cutoff) blended with the "
        "priority of the link; of several corridors the best.</p>"
        "<p>As Linkage Priority of Linkage Mapper (Gallo and Greene 2018, doi:10.6084/m9.figshare.5673715). Departures: "
        "costs per length are not rounded, the cutoff is not shifted by 10,000, and the climate curve picks its branch "
        "by the place of its top.</p>"
    )

    def declare(self):
        line = (QgsProcessing.SourceType.TypeVectorLine,)
        return [
            *linked_inputs(),
            p.raster(
                "CLIMATE",
                "Raster of the present climate",
                "For instance the mean temperature in kelvin.",
                optional=True,
            ),
            p.raster("FUTURE", "Raster of the future climate", "In the same unit as the present one.", optional=True),
            p.number(
                "PREFERRED",
                "Preferred climate",
                "Climate the species prefers. Empty: only the present and the future climate count.",
                optional=True,
                advanced=True,
                decimals=3,
            ),
            p.raster(
                "VALUE",
                "Raster with another value of the sources",
                "Its mean in each source counts, higher is better.",
                optional=True,
            ),
            p.field(
                "SOURCE_EXPERT",
                "Expert-value field of the sources",
                "Higher is better, 0 or more.",
                "SOURCES",
                numeric=True,
                optional=True,
                advanced=True,
            ),
            p.field(
                "LINK_EXPERT",
                "Expert-value field of the links",
                "Higher is better.",
                "LINKS",
                numeric=True,
                optional=True,
                advanced=True,
            ),
            *(
                _weight(name, f"Value of a source: weight of {what}", defaults.SOURCE_WEIGHTS[part])
                for part, (name, what) in _SOURCE_WEIGHTS.items()
            ),
            *(
                _weight(name, f"Priority of a link: weight of {what}", defaults.LINK_WEIGHTS[part])
                for part, (name, what) in _LINK_WEIGHTS.items()
            ),
            p.number(
                "CHANGE",
                "Change of the weights for the spread of ranks (0 to 1)",
                "Largest relative change of a weight, up or down: 0.25 is 25 percent.",
                0.25,
                low=0.0,
                high=1.0,
                advanced=True,
            ),
            corridor_cutoff(),
            cutoff_rule(),
            p.number(
                "CORRIDOR_WEIGHT",
                "Priority raster: weight of the place in the corridor (0 to 1)",
                "In the priority raster; the priority of the link has the rest.",
                0.5,
                low=0.0,
                high=1.0,
                advanced=True,
            ),
            p.number(
                "MIN_PRIORITY",
                "Priority raster: smallest priority of a link (0 to 1)",
                "Links of this priority or less leave no corridor in the priority raster; 0 keeps all.",
                0.0,
                low=0.0,
                high=1.0,
                advanced=True,
                decimals=3,
            ),
            p.vector_output("OUTPUT_SOURCES", "Sources with value", "The sources with their value and its parts."),
            p.vector_output(
                "OUTPUT_LINKS", "Links with priority", "The links with priority, ranks and parts.", line[0]
            ),
            p.raster_output("PRIORITY", "Corridor priority", "0 to 1; NoData outside the corridors.", optional=True),
            cutoff_used(),
        ]

    def check(self, job: Job) -> str | None:
        if job.given("PRIORITY"):
            read_cutoff(job)
        if job.number("CLIMATE_WEIGHT") > 0 and not (job.given("CLIMATE") and job.given("FUTURE")):
            return "A weight of the climate needs the present and the future climate."
        for weight, name, what in (
            ("SOURCE_EXPERT_WEIGHT", "SOURCE_EXPERT", "a field of the sources"),
            ("LINK_EXPERT_WEIGHT", "LINK_EXPERT", "a field of the links"),
            ("VALUE_WEIGHT", "VALUE", "a raster"),
        ):
            if job.number(weight) > 0 and not job.given(name):
                return f"{weight} is above 0, but {name} is empty: choose {what}, or set the weight to 0."
        return None

    def execute(self, job: Job) -> None:
        raster = job.raster("RESISTANCE")
        need_memory(raster.grid, 24, job.monitor, searches=job.given("PRIORITY"))
        linked = read_linked(job, raster)
        pairs = linked.links.pairs - 1
        cost = numbers(linked.links, COST_FIELDS, "least-cost distance")
        length = numbers(linked.links, LENGTH_FIELDS, "length of the least-cost path")
        source_parts = _source_parts(job, linked, cost)
        value = core.corridors.source_values(source_parts, _weights(job, _SOURCE_WEIGHTS))
        job.monitor.progress(0.3)
        link_parts = core.corridors.link_parts(
            pairs,
            cost,
            length,
            value,
            expert=_expert(linked.links.ids, linked.links.features, job.field("LINK_EXPERT")),
            climate=_climate(job, linked, pairs),
        )
        ranking = core.corridors.rank(link_parts, _weights(job, _LINK_WEIGHTS), change=job.number("CHANGE"))
        _write_sources(job, linked, source_parts, value)
        _write_links(job, linked, link_parts, ranking)
        self._write_map(job, linked, ranking.value)

    def _write_map(self, job: Job, linked: Linked, priority: np.ndarray) -> None:
        if not job.given("PRIORITY"):
            return
        least = job.number("MIN_PRIORITY")
        kept_links = (priority > least) | (least == 0.0)
        if not kept_links.any():
            raise InputError(
                f"No link has a priority above {job.number('MIN_PRIORITY'):g}; the highest is {priority.max():g}."
            )
        grid = linked.raster.grid
        belts = linked.corridors(read_cutoff(job), job.monitor.part(0.3, 0.4))
        job.results["CUTOFF_USED"] = float(belts.limits.mean())
        found = core.corridors.priority_map(
            belts.fields,
            linked.links.table(kept_links),
            priority[kept_links],
            belts.limits[kept_links],
            corridor_weight=job.number("CORRIDOR_WEIGHT"),
            monitor=job.monitor.part(0.4, 0.95),
        )
        job.write_raster(
            "PRIORITY",
            found,
            grid,
            nodata=NO_AMOUNT,
            description="Linkage priority, 0 to 1",
            style=styling.surface(ramps.fixed(palette.SCORE, [0.0, 0.25, 0.5, 0.75, 1.0])),
        )


def _weight(name: str, label: str, default: float):
    return p.number(
        name, label, "0 or more; weights count as shares of their sum.", default, low=0.0, decimals=3, advanced=True
    )


def _weights(job: Job, entries: dict[str, tuple[str, str]]) -> dict[str, float]:
    return {part: job.number(name) for part, (name, _) in entries.items()}


def _source_parts(job: Job, linked: Linked, cost: np.ndarray) -> dict[str, np.ndarray]:
    sources = linked.sources
    count = len(sources.ids)
    metres = metres_per_unit(linked.raster.crs)
    area = np.array([geometry.area() for geometry in sources.geometries]) * metres**2
    perimeter = np.array([geometry.length() for geometry in sources.geometries]) * metres
    flow = core.network.current_flow(count, linked.links.pairs - 1, 1.0 / cost).nodes
    return core.corridors.source_parts(
        core.stats.mean_by_label(sources.labels, linked.resistance, count),
        area,
        perimeter,
        flow,
        expert=_expert(sources.ids, sources.features, job.field("SOURCE_EXPERT")),
        value=_mean_of(job, linked, "VALUE"),
    )


def _expert(ids: list, features: list, field: str) -> np.ndarray | None:
    """Return the values of a field."""
    if not field:
        return None
    missing = [one for one, feature in zip(ids, features) if is_null(feature[field])]
    if missing:
        raise InputError(f"{name_ids(missing)} have no value in '{field}'.")
    return np.array([float(feature[field]) for feature in features])


def _mean_of(job: Job, linked: Linked, name: str) -> np.ndarray | None:
    """Return the mean of a raster in each source, over its own cells."""
    ids = linked.sources.ids
    raster = job.raster(name)
    if raster is None:
        return None
    surface = raster.read_surface(job.monitor).ravel()
    mean = np.full(len(ids), np.nan)
    for k, shape in enumerate(_shapes_on(raster, linked, job)):
        held = surface[cells_inside(shape, raster.grid)]
        held = held[~np.isnan(held)]
        if held.size:
            mean[k] = held.mean(dtype=np.float64)
    if np.isnan(mean).any():
        empty = [one for one, value in zip(ids, mean) if np.isnan(value)]
        raise InputError(f"'{raster.name}' has no data in sources {name_ids(empty)}.")
    return mean


def _shapes_on(raster: RasterSource, linked: Linked, job: Job) -> Iterator[QgsGeometry]:
    """Yield the sources in the CRS of a raster."""
    there, here = raster.crs, linked.raster.crs
    move = None
    if there.isValid() and here.isValid() and there != here:
        move = QgsCoordinateTransform(here, there, job.context.transformContext())
    for shape in linked.sources.geometries:
        moved = QgsGeometry(shape)
        if move is not None:
            moved.transform(move)
        yield moved


def _climate(job: Job, linked: Linked, pairs: np.ndarray) -> np.ndarray | None:
    if not (job.given("CLIMATE") and job.given("FUTURE")):
        return None
    now, future = _mean_of(job, linked, "CLIMATE"), _mean_of(job, linked, "FUTURE")
    return core.corridors.climate_fit(now, future, pairs, preferred=job.number("PREFERRED"))


def _part_columns(parts: dict[str, np.ndarray]) -> dict[str, type]:
    return {f"p_{part}": float for part in parts}


def _write_sources(job: Job, linked: Linked, parts: dict[str, np.ndarray], value: np.ndarray) -> None:
    added = columns(value=float, **_part_columns(parts))
    old, rows = kept(linked.sources.features, added, "sources", job.monitor)
    job.write_features(
        "OUTPUT_SOURCES",
        [*old, *added],
        [[*row, *new] for row, *new in zip(rows, value, *parts.values())],
        linked.sources.geometries,
        QgsWkbTypes.Type.MultiPolygon,
        linked.raster.crs,
        style=styling.marked(palette.SOURCE),
    )


def _write_links(job: Job, linked: Linked, parts: dict[str, np.ndarray], ranking) -> None:
    added = columns(priority=float, grade=int, rank=int, rank_best=int, rank_worst=int, **_part_columns(parts))
    old, rows = kept(linked.links.features, added, "links", job.monitor)
    grade = core.stats.grades(ranking.value, 3)
    new = zip(rows, ranking.value, grade, ranking.rank, ranking.best, ranking.worst, *parts.values())
    job.write_features(
        "OUTPUT_LINKS",
        [*old, *added],
        [[*row, *values] for row, *values in new],
        [feature.geometry() for feature in linked.links.features],
        QgsWkbTypes.Type.MultiLineString,
        linked.raster.crs,
        style=styling.graded("grade", 3, styling.corridor_symbol),
    )
