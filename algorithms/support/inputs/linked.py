"""Inputs of the tools that work on the links between sources across a resistance surface."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsProcessingParameterDefinition,
    QgsWkbTypes,
)

from .... import core
from ....core.choices import CutoffRule
from ....core.grid import Grid
from ....core.monitor import Monitor
from ..io.rasters import RasterSource
from ..io.tables import Column, columns, kept
from ..run import memory
from . import cwdfolder, spreading
from . import parameters as p
from .declarations import link_layer, resistance_surface, source_layer
from .links import Links, read_links
from .sources import Sources, read_sources

if TYPE_CHECKING:
    from ....core.corridors import Cutoff
    from ..run.job import Job


@dataclass(frozen=True)
class Belts:
    """The corridors of a run.

    Parameters
    ----------
    fields : CostFields
        The sources on the surface.
    links : Links
        Their links.
    cutoff : Cutoff
        What was asked for.
    limits : ndarray, float64, shape (links,)
        The cutoff of each, in cost units.
    """

    fields: core.leastcost.CostFields
    links: core.leastcost.Links
    cutoff: Cutoff
    limits: np.ndarray

    def report(self, job: Job, inside: np.ndarray) -> None:
        """Put the cutoff into the results, and warn where the cells of the corridors are too many or too few."""
        job.results["CUTOFF_USED"] = float(self.limits.mean())
        advice = core.corridors.belt_advice(
            self.fields, self.links, self.cutoff, self.limits, inside, monitor=job.monitor.part(0.95, 0.96)
        )
        if advice:
            job.monitor.warn(advice)


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
    costs : str
        Folder of the cost distances of the sources; empty for none.
    """

    raster: RasterSource
    resistance: np.ndarray
    sources: Sources
    links: Links
    costs: str = ""

    @property
    def cell_size(self) -> float:
        """Edge of a cell in metres."""
        return self.raster.grid.cell_size

    def cost_fields(self, monitor: Monitor) -> core.leastcost.CostFields:
        """Return the store of the sources' cost fields."""
        graph = core.leastcost.CostGraph(self.resistance, cell_size=self.cell_size, monitor=monitor)
        fields = core.leastcost.CostFields(graph, self.sources.labels)
        cwdfolder.take(self.costs, fields, self.raster.grid)
        return fields

    def corridors(self, cutoff: Cutoff, monitor: Monitor) -> Belts:
        """Return the corridors of the links, and state their cutoff.

        Costs and lengths of the paths are those the layer has; where it lacks them, or more of the paths is needed, they are
        searched for.
        """
        fields, links = self.cost_fields(monitor), self.links.table()
        known = cutoff.rule is CutoffRule.METRES and not np.isnan(links.cost + links.length).any()
        if cutoff.rule is not CutoffRule.COST and not known:
            if cutoff.rule is CutoffRule.SHARE:
                fields.expect(share=cutoff.value)
            links = core.corridors.traced(fields, links)
        limits = core.corridors.cutoffs(fields, links, cutoff, monitor=monitor)
        fields.expect(slack=float(limits.max()))
        monitor.info(core.corridors.stated(cutoff, limits, links))
        return Belts(fields, links, cutoff, limits)

    def with_columns(
        self, cols: Sequence[Column], rows: Iterable[Sequence[object]], monitor: Monitor
    ) -> tuple[list[Column], list[list[object]], list[QgsGeometry], QgsWkbTypes.Type, QgsCoordinateReferenceSystem]:
        """Return the link layer with new columns, a row of values for each link: what `Job.write_features` takes.

        The links keep their ids, those of their sources and what they had already.
        """
        ids = self.sources.ids
        ends = columns(link_id=self.links.id_type, from_id=self.sources.id_type, to_id=self.sources.id_type)
        old, held = kept(self.links.features, cols, "links", monitor, ids=ends)
        lines = [feature.geometry() for feature in self.links.features]
        return (
            [*ends, *old, *cols],
            [
                [one, ids[a - 1], ids[b - 1], *before, *row]
                for one, (a, b), before, row in zip(self.links.ids, self.links.pairs, held, rows)
            ],
            lines,
            QgsWkbTypes.multiType(lines[0].wkbType()),
            self.raster.crs,
        )

    def centre(self, row: int, col: int) -> tuple[float, float]:
        """Return the coordinates of a cell; NaN for row -1, which is none."""
        return self.raster.grid.centre(row, col) if row >= 0 else (math.nan, math.nan)


def linked_inputs() -> list[QgsProcessingParameterDefinition]:
    """Return the parameters that `read_linked` reads."""
    return [
        resistance_surface(),
        source_layer(),
        p.id_field(),
        link_layer(),
        cwdfolder.cwd_folder(),
    ]


def need_memory(
    grid: Grid,
    bytes_per_cell: int,
    monitor: Monitor,
    *,
    afterwards: int = 0,
    searches: bool = True,
    circuits: bool = False,
) -> None:
    """Announce the memory of a run on links; refuse one that cannot fit.

    Parameters
    ----------
    grid : Grid
        The grid of the resistance surface.
    bytes_per_cell : int
        Memory the run needs beside the least-cost graph.
    monitor : Monitor
        Where to report.
    afterwards : int
        Memory it needs for each cell once the graph is gone.
    searches : bool
        Whether it searches least-cost paths at all.
    circuits : bool
        Whether it makes circuits of corridors, whose size is not known before they are drawn.
    """
    cells = grid.rows * grid.cols
    needed = _needed(grid, bytes_per_cell, afterwards, searches=searches)
    at_most = needed + core.circuit.most_solver_bytes(cells) if circuits else 0.0
    memory.announce(needed, monitor, at_most=at_most, where=memory.FULL)


def where_links_are(
    job: Job, grid: Grid, bytes_per_cell: int, *, afterwards: int = 0, circuits: bool = False
) -> core.spread.Where:
    """Announce the memory of a long run on links, as `need_memory` does, and return where its pieces are worked out."""
    each = core.leastcost.graph_bytes(grid.shape, corridors=False)
    kept = max(0, _needed(grid, bytes_per_cell, afterwards) - each)
    at_most = each + core.circuit.most_solver_bytes(grid.rows * grid.cols) if circuits else 0.0
    return spreading.where(job, each=each, kept=kept, at_most=at_most, cause=memory.FULL)


def _needed(grid: Grid, bytes_per_cell: int, afterwards: int, *, searches: bool = True) -> int:
    cells = grid.rows * grid.cols
    needed = bytes_per_cell * cells
    if not searches:
        return needed
    return max(needed + core.leastcost.graph_bytes(grid.shape), core.leastcost.SPARE_BYTES + afterwards * cells)


def read_linked(job: Job, raster: RasterSource) -> Linked:
    """Read the resistance surface, and what else `linked_inputs` declares; takes 5 percent of the progress.

    Raises
    ------
    InputError
        If they cannot be used, or do not belong together.
    """
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
    return Linked(raster, resistance, sources, links, job.text(cwdfolder.NAME))
