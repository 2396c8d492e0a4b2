"""Inputs of the tools that work on the links between sources across a resistance surface."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsProcessing, QgsProcessingParameterDefinition, QgsWkbTypes

from .... import core
from ....core.monitor import Monitor
from ..io.rasterfiles import NO_AMOUNT
from ..io.rasters import RasterSource
from ..io.tables import Column, columns, kept
from ..run import ramps, styling
from ..run.memory import FULL
from ..run.palette import Colour
from . import parameters as p
from .links import Links, read_links
from .sources import Sources, read_sources

if TYPE_CHECKING:
    from ..run.job import Job


@dataclass(frozen=True)
class Linked:
    """A resistance surface, the sources on it and the active links between them.

    Parameters
    ----------
    raster : RasterSource
        Where the resistance comes from, with its grid and CRS.
    resistance : ndarray, shape (rows, cols)
        Its values, NaN where NoData.
    sources : Sources
        The sources, on the grid of the raster.
    links : Links
        Their links, in the CRS of the raster.
    """

    raster: RasterSource
    resistance: np.ndarray
    sources: Sources
    links: Links

    @property
    def cell_size(self) -> float:
        """Edge of a cell in metres."""
        return self.raster.grid.cell_size

    def cost_fields(self, monitor: Monitor, *, slack: float = 0.0) -> core.leastcost.CostFields:
        """Return the store of the sources' cost fields; `slack` says how far beyond the least-cost distances they go."""
        graph = core.leastcost.CostGraph(self.resistance, cell_size=self.cell_size, monitor=monitor)
        return core.leastcost.CostFields(graph, self.sources.labels, slack=slack)

    def write_surface(
        self, job: Job, name: str, values: np.ndarray, colours: Sequence[Colour], unit: str, description: str
    ) -> None:
        """Write a surface that is nowhere negative, if it was asked for."""
        if job.given(name):
            style = styling.surface(ramps.over(colours, values, unit))
            job.write_raster(name, values, self.raster.grid, nodata=NO_AMOUNT, description=description, style=style)

    def write_links(
        self, job: Job, name: str, cols: Sequence[Column], rows: Sequence[Sequence[object]], style: styling.Style
    ) -> None:
        """Write the links with their ids, those of their sources, what they had already, and a row of new values each."""
        ids = self.sources.ids
        ends = columns(link_id=self.links.id_type, from_id=self.sources.id_type, to_id=self.sources.id_type)
        old, held = kept(self.links.features, cols, "links", job.monitor, ids=ends)
        lines = [feature.geometry() for feature in self.links.features]
        job.write_features(
            name,
            [*ends, *old, *cols],
            [
                [one, ids[a - 1], ids[b - 1], *before, *row]
                for one, (a, b), before, row in zip(self.links.ids, self.links.pairs, held, rows)
            ],
            lines,
            QgsWkbTypes.multiType(lines[0].wkbType()),
            self.raster.crs,
            style=style,
        )

    def centre(self, row: int, col: int) -> tuple[float, float]:
        """Return the coordinates of a cell; NaN for row -1, which is none."""
        return self.raster.grid.centre(row, col) if row >= 0 else (math.nan, math.nan)


def linked_inputs() -> list[QgsProcessingParameterDefinition]:
    """Return the parameters that `read_linked` reads."""
    return [
        p.raster("RESISTANCE", "Resistance surface", "Resistance per metre, above 0; NoData is impassable."),
        p.vector("SOURCES", "Ecological sources", "Polygons, one feature for each source."),
        p.id_field(),
        p.vector(
            "LINKS",
            "Links",
            "The link layer that 'linkages' wrote for the same sources. Inactive links are left out.",
            (QgsProcessing.SourceType.TypeVectorLine,),
        ),
    ]


def read_linked(
    job: Job, bytes_per_cell: int, *, afterwards: int = 0, searches: bool = True, circuits: bool = False
) -> Linked:
    """Read the inputs of a run; takes 5 percent of its progress.

    Parameters
    ----------
    job : Job
        The run.
    bytes_per_cell : int
        Memory the run needs beside the least-cost graph.
    afterwards : int
        Memory it needs for each cell once the graph is gone.
    searches : bool
        Whether it searches least-cost paths at all.
    circuits : bool
        Whether it makes circuits of corridors, whose size is not known before they are drawn.

    Raises
    ------
    InputError
        If they cannot be used, or do not belong together.
    """
    raster = job.raster("RESISTANCE")
    cells = raster.grid.rows * raster.grid.cols
    needed = bytes_per_cell * cells
    if searches:
        needed = max(
            needed + core.leastcost.graph_bytes(raster.grid.shape), core.leastcost.SPARE_BYTES + afterwards * cells
        )
    job.need_memory(needed, at_most=needed + core.circuit.most_solver_bytes(cells) if circuits else 0.0, where=FULL)
    resistance = raster.read_surface(job.monitor.part(0.0, 0.05))
    sources = read_sources(
        job.vector("SOURCES"),
        raster.grid,
        raster.crs,
        id_field=job.field("ID_FIELD"),
        valid=~np.isnan(resistance),
        minimum=2,
        monitor=job.monitor,
    )
    links = read_links(job.vector("LINKS"), sources, raster.crs, monitor=job.monitor)
    return Linked(raster, resistance, sources, links)
