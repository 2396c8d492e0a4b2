"""Tool: cost distance from the sources."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessingOutputNumber

from ... import core
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.declarations import neighbours, resistance_surface, source_layer
from ..support.inputs.sources import read_sources
from ..support.io.rasterfiles import NO_MEASURE
from ..support.io.vectors import name_ids
from ..support.run import palette, ramps, styling

_NO_LABEL = 0
_DIRECTIONS = list(
    zip(
        ("Source", "East", "South-east", "South", "South-west", "West", "North-west", "North", "North-east"),
        (palette.SOURCE.fill, *palette.DIRECTIONS),
    )
)


class CostDistanceAlgorithm(EcoSecNetAlgorithm):
    """Computes the cost distance to the nearest source."""

    NAME = "costdistance"
    LABEL = "Cost distance"
    GROUP = base.CORRIDORS
    TAGS = (
        "cost-weighted distance",
        "CWD",
        "MCR",
        "minimum cumulative resistance",
        "allocation",
        "最小累积阻力",
        "成本距离",
    )
    SUMMARY = "Computes how costly it is to get from the nearest ecological source to every cell."
    HELP = (
        "<p>The least sum of resistance times distance on the way from a source (the minimum cumulative resistance, "
        "MCR). A step between neighbouring cells costs the mean of the two resistances times the distance of the cell "
        "centres, diagonals included. Source cells start at 0; NoData is impassable.</p>"
        "<p><b>Allocation</b> gives the source each cell is nearest to, <b>direction</b> the next cell on the way: "
        "0 in a source, 1 east, 2 south-east, and so on clockwise to 8 north-east, 255 where no source is reached. Of "
        "equally good ways the lowest code is taken.</p>"
        "<p>Exact (Dijkstra 1959, doi:10.1007/BF01386390); equals GRASS r.cost without the knight's move and Cost "
        "Distance of ArcGIS. Memory: about 80 bytes a cell.</p>"
    )

    def declare(self):
        return [
            resistance_surface(),
            source_layer(),
            p.number(
                "MAX",
                "Largest cost distance (cost units)",
                "In cost units (resistance times metres). What costs more becomes NoData, and the run is shorter.",
                low=0.0,
                optional=True,
                decimals=1,
            ),
            neighbours(advanced=True),
            p.raster_output("OUTPUT", "Cost distance", "Resistance times metres from the nearest source."),
            p.raster_output(
                "ALLOCATION",
                "Nearest source of each cell",
                "Number of the nearest source: its position in the source layer, from 1.",
                optional=True,
                default=False,
            ),
            p.raster_output(
                "DIRECTION",
                "Direction to the nearest source",
                "Code of the next cell on the way to the nearest source.",
                optional=True,
                default=False,
            ),
            QgsProcessingOutputNumber("MAXIMUM", "Largest cost distance reached"),
        ]

    def execute(self, job: Job) -> None:
        raster = job.raster("RESISTANCE")
        neighbours = job.choice("NEIGHBOURS", (8, 4))
        limit = job.number("MAX")
        needed = core.leastcost.graph_bytes(raster.grid.shape, neighbours, corridors=False)
        job.need_memory(needed)
        resistance = raster.read_surface(job.monitor.part(0.0, 0.1))
        if core.leastcost.graph_bytes(raster.grid.shape, neighbours, resistance=resistance, corridors=False) > needed:
            job.need_memory(
                core.leastcost.graph_bytes(raster.grid.shape, neighbours, resistance=resistance, corridors=False)
            )
        sources = read_sources(
            job.vector("SOURCES"), raster.grid, raster.crs, valid=~np.isnan(resistance), monitor=job.monitor
        )
        graph = core.leastcost.CostGraph(
            resistance,
            cell_size=raster.grid.cell_size,
            neighbours=neighbours,
            monitor=job.monitor.part(0.1, 0.4),
        )
        field = graph.allocate(
            sources.labels, limit=np.inf if limit is None else limit, monitor=job.monitor.part(0.4, 0.8)
        )
        reached = np.isfinite(field.cost)
        missed = int(np.count_nonzero(~reached & ~np.isnan(resistance)))
        if missed:
            why = "behind NoData" if limit is None else "behind NoData or beyond the largest cost distance"
            job.monitor.info(f"{missed:,} cells are not reached by any source ({why}).")
        largest = float(field.cost[reached].max())
        cost = np.where(reached, field.cost, np.nan).astype(np.float32)
        job.monitor.progress(0.8)
        job.write_raster(
            "OUTPUT",
            cost,
            raster.grid,
            nodata=NO_MEASURE,
            description="Cost distance to the nearest source, resistance x m",
            style=styling.surface(ramps.over(palette.DISTANCE, cost, "cost units")),
        )
        if job.given("ALLOCATION"):
            named = name_ids(f"{k} = {one}" for k, one in enumerate(sources.ids, start=1))
            job.monitor.info(f"Numbers of the sources in the allocation: {named}.")
        job.write_raster(
            "ALLOCATION",
            field.allocation,
            raster.grid,
            nodata=_NO_LABEL,
            description="Position of the nearest source in the layer",
            style=styling.numbered([(k, f"Source {one}") for k, one in enumerate(sources.ids, start=1)]),
        )
        job.write_raster(
            "DIRECTION",
            field.direction,
            raster.grid,
            nodata=core.leastcost.UNREACHED,
            description="Direction to the nearest source: 0 source, 1 east, clockwise to 8",
            style=styling.classes([(k, name, colour) for k, (name, colour) in enumerate(_DIRECTIONS)]),
        )
        job.results["MAXIMUM"] = largest
