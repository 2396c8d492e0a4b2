"""Tool: link the sources by least-cost paths and corridors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from qgis.core import QgsProcessing, QgsProcessingOutputNumber, QgsWkbTypes

from ... import core
from ...core.choices import Adjacency, Average, CutoffRule
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.geometry.corridorzones import CorridorZones
from ..support.geometry.distances import distances_of_pairs, table_distances
from ..support.inputs import cwdfolder, spreading
from ..support.inputs import parameters as p
from ..support.inputs.declarations import (
    adjacency,
    corridor_cutoff,
    cutoff_rule,
    cutoff_used,
    drop_through_sources,
    read_cutoff,
    resistance_surface,
    source_layer,
)
from ..support.inputs.linked import Belts
from ..support.inputs.linktable import link_columns, link_lines, link_rows
from ..support.inputs.sources import Sources, read_sources
from ..support.io.rasterfiles import NO_CLASS, NO_MEASURE
from ..support.io.rasters import RasterSource, align, metres_per_unit
from ..support.io.vectors import name_ids
from ..support.run import palette, ramps, styling


class LinkagesAlgorithm(EcoSecNetAlgorithm):
    """Maps least-cost links and corridors between sources."""

    NAME = "linkages"
    LABEL = "Linkages and corridors"
    GROUP = base.CORRIDORS
    TAGS = ("corridor", "least-cost path", "LCP", "Linkage Mapper", "Linkage Pathways", "生态廊道", "最小成本路径")
    REQUIRES = ("scipy", "networkx")
    SUMMARY = "Links neighbouring ecological sources by least-cost paths and maps the corridors along them."
    HELP = (
        "<p><b>Links.</b> Two sources are candidates when their allocation zones touch (each cell belongs to the "
        "source it is nearest to, by cost or in a straight line). Each link gets its least-cost path. Links over a "
        "limit, or whose cheapest paths all run through a third source, stay in the layer with <i>active</i> = false and "
        "the reason in words. With 'nearest' only the cheapest links of each source are kept.</p>"
        "<p><b>Corridors.</b> A cell belongs to the corridor of a link when the best way through it costs at most the "
        "cutoff more than the least-cost path. Left empty, the cutoff is 2000 m times the mean resistance of the paths, so "
        "that corridors are alike whatever the scores, or less where they would cover more than a third of the land. "
        "Give it in cost units, as a share of the least-cost distance, or as a "
        "mean width from which that of each corridor is solved; or give an area for all of them. "
        "The raster is that excess cost, the smallest over all active links.</p>"
        "<p><b>Corridor zones</b> leave out the two sources. Mean width is the area over the length of the path "
        "outside the sources; smallest width the diameter of the largest disc that can be moved through, to one "
        "cell.</p>"
        "<p>As Linkage Pathways of Linkage Mapper (McRae and Kavanagh 2011), with these departures: corridors are "
        "not rounded to whole numbers, no bounding circles cut them, and straight distances are those of the "
        "unsimplified polygons.</p>"
        "<p>A step costs the mean resistance of its two cells times its length. With conductances averaged it costs its "
        "length over their mean, as in gdistance; 'pinchpoints' and 'barriers' average resistances always.</p>"
    )

    def declare(self):
        return [
            resistance_surface(),
            source_layer("At least two."),
            p.id_field(),
            adjacency(),
            p.table(
                "DISTANCES",
                "Table of straight distances between sources",
                "Table of two source ids and a distance, such as a Conefor distance file (named .csv or .tsv), to take "
                "instead of the distances between the polygons.",
                optional=True,
            ),
            p.choice(
                "AVERAGE",
                "A step between two cells has the mean of their",
                "Linkage Mapper and ArcGIS average resistances. gdistance and other packages of R average conductances, with "
                "which a step into a barrier costs less: distances can be a quarter smaller.",
                Average,
                advanced=True,
            ),
            p.number(
                "MAX_CWD",
                "Largest least-cost distance (cost units)",
                "In cost units (resistance times metres). Costlier links become inactive.",
                low=0.0,
                optional=True,
                decimals=1,
            ),
            p.distance(
                "MAX_EUCLID",
                "Largest straight distance",
                "Edge to edge. Longer links become inactive and are not searched.",
                optional=True,
            ),
            p.integer(
                "NEAREST",
                "Nearest links kept for each source",
                "A link stays when it is among so many cheapest links of one of its sources. Empty: all.",
                low=1,
                optional=True,
            ),
            p.flag(
                "CONNECT_GROUPS",
                "Join groups that the nearest links leave apart",
                "Adds the cheapest links between groups of sources, so that 'nearest' does not take the network apart.",
            ),
            drop_through_sources(),
            corridor_cutoff("With a width or an area below, not used."),
            cutoff_rule(),
            p.distance(
                "WIDTH",
                "Mean corridor width",
                "The cutoff of each corridor is solved so that the corridor has this mean width.",
                optional=True,
            ),
            p.number(
                "AREA",
                "Area of all corridors (ha)",
                "One cutoff for all corridors is solved so that together they cover this area outside the sources.",
                low=0.0,
                optional=True,
                advanced=True,
            ),
            p.raster(
                "LANDUSE",
                "Land use",
                "Class raster; the corridor zones get the shares of its classes.",
                optional=True,
                classes=True,
            ),
            p.distance(
                "PROFILE_STEP",
                "Section length of the width profile",
                "Empty: five cells.",
                optional=True,
                advanced=True,
            ),
            spreading.processes(),
            p.vector_output(
                "LINKS",
                "Links",
                "Least-cost paths (a straight line where none was searched or found).",
                QgsProcessing.SourceType.TypeVectorLine,
            ),
            p.raster_output(
                "CORRIDORS",
                "Corridor belt",
                "Excess cost over the least-cost path, smallest over all links.",
                optional=True,
            ),
            p.vector_output(
                "ZONES",
                "Corridor zones",
                "One polygon for each corridor, without its two sources.",
                optional=True,
                default=False,
            ),
            p.table_output(
                "PROFILE",
                "Width profile of the corridors",
                "Width and mean resistance of each corridor in sections along its least-cost path.",
                optional=True,
                default=False,
            ),
            p.raster_output(
                "CWD", "Cost distance", "Cost distance to the nearest source.", optional=True, default=False
            ),
            p.raster_output(
                "ALLOCATION",
                "Nearest source of each cell",
                "Number of the nearest source by cost: its position in the source layer, from 1.",
                optional=True,
                default=False,
            ),
            p.folder_output(
                cwdfolder.NAME,
                "Folder of cost distances",
                "For each source with an active link a GeoTIFF of the cost distance from it, out to the sources that it is "
                "linked with and the cutoff beyond; NoData from there on. "
                "'pinchpoints', 'barriers' and the other tools on links take the folder, and need not search again.",
            ),
            QgsProcessingOutputNumber("LINK_COUNT", "Active links"),
            QgsProcessingOutputNumber("INACTIVE_COUNT", "Inactive links"),
            cutoff_used(),
        ]

    def check(self, job: Job) -> str | None:
        if _uses_cutoff(job):
            _cutoff(job)
        if job.given("WIDTH") and job.given("AREA"):
            return "Give either a mean corridor width or the area of all corridors, not both."
        return None

    def execute(self, job: Job) -> None:
        raster = job.raster("RESISTANCE")
        # Conductances are held beside the resistance, in float64.
        more = 16 * raster.grid.rows * raster.grid.cols if job.choice("AVERAGE", Average) is Average.CONDUCTANCE else 0
        needed = core.leastcost.graph_bytes(raster.grid.shape)
        each = core.leastcost.graph_bytes(raster.grid.shape, corridors=False)
        where = spreading.where(job, each=each + more, kept=max(0, needed - each))
        resistance = raster.read_surface(job.monitor.part(0.0, 0.05))
        if core.leastcost.graph_bytes(raster.grid.shape, resistance=resistance) > needed:
            job.need_memory(core.leastcost.graph_bytes(raster.grid.shape, resistance=resistance) + more)
        sources = read_sources(
            job.vector("SOURCES"),
            raster.grid,
            raster.crs,
            id_field=job.field("ID_FIELD"),
            valid=~np.isnan(resistance),
            minimum=2,
            monitor=job.monitor,
        )
        graph = core.leastcost.CostGraph(
            resistance,
            cell_size=raster.grid.cell_size,
            average=job.choice("AVERAGE", Average),
            monitor=job.monitor.part(0.05, 0.1),
        )
        handed_on = job.given(cwdfolder.NAME)
        fields = core.leastcost.CostFields(graph, sources.labels, everywhere=handed_on)
        self._write_field(job, fields.allocate(job.monitor.part(0.1, 0.14)), sources, raster)
        adjacency = job.choice("ADJACENCY", Adjacency)
        pairs = core.corridors.find_pairs(fields, adjacency=adjacency).pairs
        limits = {"max_cost": job.number("MAX_CWD"), "max_euclidean": job.number("MAX_EUCLID")}
        straight = _straight(job, sources, pairs - 1, metres_per_unit(raster.crs))
        if _uses_cutoff(job):
            core.corridors.foresee(fields, pairs, straight, _cutoff(job))
        links = core.corridors.find_links(
            fields,
            pairs,
            straight,
            **limits,
            drop_through_sources=job.flag("DROP_THROUGH_SOURCES"),
            tree=adjacency is Adjacency.TREE,
            nearest=job.integer("NEAREST"),
            join_groups=job.flag("CONNECT_GROUPS"),
            where=where,
            monitor=job.monitor.part(0.15, 0.5),
        )
        active = int(links.active.sum())
        job.monitor.info(f"{active} active links, {len(pairs) - active} inactive ones.")
        lone = np.setdiff1d(np.arange(1, len(sources.ids) + 1), links.pairs[links.active])
        if lone.size:
            job.monitor.warn(f"Without an active link: sources {name_ids(sources.ids[k - 1] for k in lone)}.")
        self._write_links(job, links, limits, sources, raster)
        slack = 0.0
        if _with_corridors(job):
            slack = self._write_corridors(job, fields, links, sources, raster)
        elif _uses_cutoff(job):
            slack = core.corridors.cutoffs(fields, links, _cutoff(job), monitor=job.monitor.part(0.5, 0.95))
        if handed_on:
            # as far as 'pinchpoints' will ask, which finds the same cutoff where none is given
            monitor = job.monitor.part(0.96, 1.0)
            if _uses_cutoff(job) and _cutoff(job).limited:
                slack = core.corridors.cutoffs(fields, links, replace(_cutoff(job), limited=False))
            core.leastcost.search_all(fields, links.joined, slack=slack, where=where, monitor=monitor)
            cwdfolder.write(job, fields, links, slack, sources, raster.grid)
        job.results["LINK_COUNT"] = active
        job.results["INACTIVE_COUNT"] = len(pairs) - active

    def _write_field(self, job: Job, field, sources: Sources, raster: RasterSource) -> None:
        if not (job.given("CWD") or job.given("ALLOCATION")):
            return
        cost = np.where(np.isfinite(field.cost), field.cost, np.nan).astype(np.float32)
        job.write_raster(
            "CWD",
            cost,
            raster.grid,
            nodata=NO_MEASURE,
            description="Cost distance to the nearest source, resistance x m",
            style=styling.surface(ramps.over(palette.DISTANCE, cost, "cost units")),
        )
        job.write_raster(
            "ALLOCATION",
            field.allocation,
            raster.grid,
            nodata=NO_CLASS,
            description="Position of the nearest source in the layer",
            style=styling.numbered([(k, f"Source {one}") for k, one in enumerate(sources.ids, start=1)]),
        )

    def _write_links(self, job: Job, links, limits: dict, sources: Sources, raster: RasterSource) -> None:
        style = styling.categories(
            "active",
            [
                (True, "Active", styling.corridor_symbol(2, 3)),
                (False, "Inactive", styling.dropped_symbol()),
            ],
        )
        job.write_features(
            "LINKS",
            link_columns(sources.id_type),
            link_rows(links, sources.ids, **limits),
            link_lines(links, sources.geometries, raster.grid),
            QgsWkbTypes.Type.LineString,
            raster.crs,
            style=style,
        )

    def _write_corridors(self, job: Job, fields, links, sources: Sources, raster: RasterSource) -> np.ndarray:
        """Write the corridors of the active links; return the cutoff of each."""
        grid = raster.grid
        area = job.number("AREA")
        if area is None:
            cutoff = _cutoff(job)
        else:
            cells = round(area / grid.cell_ha)
            solved = core.corridors.cutoff_for_area(fields, links, cells, monitor=job.monitor.part(0.5, 0.6))
            cutoff = core.corridors.Cutoff(solved, CutoffRule.COST)
        limits = core.corridors.cutoffs(fields, links, cutoff, monitor=job.monitor.part(0.6, 0.7))
        job.monitor.info(core.corridors.stated(cutoff, limits, links))
        zones = self._zones(job, fields.graph, links, sources, raster)
        mosaic = np.full(grid.shape, np.nan, dtype=np.float32)
        for corridor in core.corridors.corridors(fields, links, cutoff=limits, monitor=job.monitor.part(0.7, 0.95)):
            core.corridors.add_to_mosaic(mosaic, corridor)
            if zones is not None:
                zones.add(corridor)
        Belts(fields, links, cutoff, limits).report(job, ~np.isnan(mosaic))
        job.write_raster(
            "CORRIDORS",
            mosaic,
            grid,
            nodata=NO_MEASURE,
            description="Excess cost over the least-cost path, resistance x m",
            style=styling.surface(ramps.over(palette.BELT, mosaic, "cost units")),
        )
        if zones is not None:
            style = styling.polygons((*palette.BELT[1], 150), palette.CORRIDORS[1])
            kind = QgsWkbTypes.Type.MultiPolygon
            job.write_features("ZONES", *zones.layer(), kind, raster.crs, style=style)
            job.write_table("PROFILE", *zones.profile())
        return limits

    def _zones(self, job: Job, graph, links, sources: Sources, raster: RasterSource) -> CorridorZones | None:
        if not (job.given("ZONES") or job.given("PROFILE")):
            return None
        grid = raster.grid
        step = job.number("PROFILE_STEP")
        step = 5.0 * grid.cell_size if step is None else step
        use = job.raster("LANDUSE")
        land_use = None if use is None else align(use, raster, categorical=True, monitor=job.monitor)
        return CorridorZones(
            graph, sources, links, grid, land_use=land_use, step=step if job.given("PROFILE") else None
        )


def _with_corridors(job: Job) -> bool:
    """Return whether corridors are drawn, and not only links."""
    return any(job.given(name) for name in ("CORRIDORS", "ZONES", "PROFILE"))


def _uses_cutoff(job: Job) -> bool:
    """Return whether anything that is asked for goes by the cutoff."""
    return not job.given("AREA") and (_with_corridors(job) or job.given(cwdfolder.NAME))


def _cutoff(job: Job):
    """Return the cutoff of the corridors; a wanted width goes first."""
    if job.given("WIDTH"):
        return core.corridors.Cutoff(job.number("WIDTH"), CutoffRule.WIDTH)
    return read_cutoff(job)


def _straight(job: Job, sources: Sources, pairs: np.ndarray, unit: float) -> np.ndarray:
    """Return the straight distances of pairs in metres: from the table where it has them, else between the polygons."""
    if not job.given("DISTANCES"):
        return distances_of_pairs(sources.geometries, pairs, job.monitor.part(0.1, 0.15), unit=unit)
    known = {(i, j): d for i, j, d in zip(*(a.tolist() for a in table_distances(job.vector("DISTANCES"), sources.ids)))}
    distances = np.array([known.get(tuple(pair), np.nan) for pair in pairs.tolist()])
    missing = np.isnan(distances)
    if missing.any():
        job.monitor.warn(
            f"{int(missing.sum())} of {len(pairs)} pairs are not in the table; their polygons were measured."
        )
        distances[missing] = distances_of_pairs(
            sources.geometries, pairs[missing], job.monitor.part(0.1, 0.15), unit=unit
        )
    return distances
