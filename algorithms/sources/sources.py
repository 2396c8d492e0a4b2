"""Tool: make ecological sources from core area and protected land."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsProcessingOutputNumber, QgsWkbTypes

from ... import core
from ...core.choices import Overlay
from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import legends
from ..support.inputs import parameters as p
from ..support.inputs.declarations import overlay, smallest_source
from ..support.inputs.sources import read_sources
from ..support.io.rasterfiles import NO_CLASS
from ..support.io.rasters import RasterSource
from ..support.io.tables import columns
from ..support.io.vectors import burn_mask, polygonise
from ..support.run import palette, styling

if TYPE_CHECKING:
    from ...core.sources.patches import Patches

_MSPA_CORE = "17,117"

_MARKED = ("MSPA class", "Important cells")
"""What rasters of 'mspa' and 'evidence' say they hold in which core area is 1."""


class SourcesAlgorithm(EcoSecNetAlgorithm):
    """Makes ecological sources."""

    NAME = "sources"
    LABEL = "Ecological sources"
    GROUP = base.SOURCES
    TAGS = ("core", "patches", "MSPA", "red line", "reserve", "minimum area", "生态源地", "核心区", "生态保护红线")
    SUMMARY = "Makes ecological sources: core area and protected land put together, gaps closed, small patches dropped."
    HELP = (
        "<p><b>Overlay</b>: <i>union</i> takes core area and protected land, <i>intersection</i> only what is both; "
        "the third keeps whole core patches that hold or adjoin protected land. Without protected layers the core area "
        "alone makes the sources.</p>"
        "<p><b>Gaps</b>: a gap is filled when no disc as wide as the distance given fits into it (morphological "
        "closing on half cells); patches on its two sides become one. Holes stay unless they are that narrow. NoData is not "
        "filled, unless the raster holds nothing but core area.</p>"
        "<p><b>Output</b>: one polygon (with parts, where cells touch only at corners) for each source. "
        "<i>source_id</i> counts from 1 in reading order; <i>area_ha</i> is the area of the polygon, <i>core_ha</i> "
        "and <i>protected_ha</i> the parts of it that are core and protected. The log reports what was dropped and "
        "filled.</p>"
        "<p>A cell belongs to a protected polygon when its centre lies inside; a polygon without any takes one "
        "cell.</p>"
    )

    def declare(self):
        return [
            p.raster(
                "INPUT", "MSPA map or class map", "Raster in which some values stand for core area.", classes=True
            ),
            p.text(
                "CORE_VALUES",
                "Map values of core area",
                "Values and ranges. 17,117, the GuidosToolbox codes of core, also stands for 1 in the class map of 'mspa' "
                "and the mask of 'evidence', and with a legend for its habitat.",
                _MSPA_CORE,
            ),
            legends.legend("For a land-use map: core area are its habitat classes, or those of them given above."),
            p.vectors(
                "PROTECTED",
                "Protected land",
                "Polygon layers: ecological red line, nature reserves, scenic areas.",
                optional=True,
            ),
            overlay(),
            smallest_source(),
            p.distance(
                "GAP",
                "Widest gap closed",
                "Gaps between and inside patches up to this width are filled, for instance narrow roads. Empty: none.",
                optional=True,
            ),
            p.number(
                "HOLES",
                "Largest hole filled (ha)",
                "Holes inside a patch up to this area become part of it; 0 keeps all holes.",
                0.0,
                low=0.0,
            ),
            p.choice(
                "CONNECTIVITY",
                "Neighbours of a cell",
                "Whether cells that touch only at a corner belong to one patch (8) or not (4).",
                ("8", "4"),
            ),
            p.vector(
                "SOURCES_BEFORE",
                "Sources of another run",
                "Sources of another year or scenario, so that ids stay: one that shares at least half of the smaller of both "
                "keeps its id; of one that is split the largest part does, one that is merged has that of the largest part. "
                "New ones get numbers that none had. Empty: numbered anew.",
                optional=True,
                advanced=True,
            ),
            p.vector_output("OUTPUT", "Ecological sources", "Polygons with source_id, area_ha, core_ha, protected_ha."),
            p.raster_output(
                "RASTER", "Sources as raster", "source_id of every cell, 0 outside.", optional=True, default=False
            ),
            QgsProcessingOutputNumber("COUNT", "Number of sources"),
            QgsProcessingOutputNumber("AREA_HA", "Area of the sources (ha)"),
        ]

    def execute(self, job: Job) -> None:
        source = job.raster("INPUT")
        grid, monitor = source.grid, job.monitor
        wanted = core.sources.parse_values(job.text("CORE_VALUES"))
        if wanted == core.sources.parse_values(_MSPA_CORE):
            if job.chosen("LEGEND"):
                wanted = []
            elif source.about in _MARKED:
                wanted = core.sources.parse_values("1")
                monitor.info(f"'{source.name}' says that it holds: {source.about}. Core area is 1 in it.")
        gap = job.number("GAP") or 0.0
        job.need_memory((40 if gap else 13) * grid.rows * grid.cols)
        values, valid = source.read(monitor.part(0.0, 0.2))
        habitat = legends.read_habitat(job, source, values, valid, wanted, parameter="CORE_VALUES", what="core area")
        valid = habitat.valid
        inside = core.sources.members(values, habitat.ranges) & valid
        del values
        layers = job.vectors("PROTECTED")
        protected = burn_mask(layers, grid, source.crs, monitor) if layers else None
        overlay = job.choice("OVERLAY", Overlay)
        if protected is None and overlay is not Overlay.UNION:
            monitor.warn("There is no protected land, so all core area was kept.")
        found = core.sources.find_patches(
            inside,
            protected,
            overlay=overlay,
            gap=gap / grid.cell_size if gap else 0.0,
            hole=job.number("HOLES") / grid.cell_ha * (1.0 + 1e-9),
            minimum=_cells(job.number("MIN_AREA"), grid.cell_ha),
            neighbours=job.choice("CONNECTIVITY", (8, 4)),
            # In a raster of core area alone NoData is the background, not land that nobody has seen.
            valid=None if np.array_equal(valid, inside) else valid,
            cell_ha=grid.cell_ha,
            monitor=monitor.part(0.2, 0.7),
        )
        area, core_area, protected_area = (
            grid.cell_ha * cells for cells in (found.cells, found.core_cells, found.protected_cells)
        )
        ids = _ids(job, source, found)
        shapes = polygonise(found.labels, grid, monitor.part(0.7, 0.9))
        job.write_features(
            "OUTPUT",
            columns(source_id=int, area_ha=float, core_ha=float, protected_ha=float),
            ((ids[k], area[k], core_area[k], protected_area[k]) for k in range(found.count)),
            shapes.values(),
            QgsWkbTypes.Type.MultiPolygon,
            source.crs,
            style=styling.marked(palette.SOURCE),
        )
        style = styling.numbered([(one, f"Source {one}") for one in sorted(ids)])
        job.write_raster(
            "RASTER",
            np.array([0, *ids], dtype=np.int32)[found.labels],
            grid,
            nodata=NO_CLASS,
            description="source_id",
            style=style,
        )
        monitor.info(
            f"{found.count:,} sources of {area.sum():,.2f} ha; the largest has {area.max():,.2f} ha, "
            f"the smallest {area.min():,.2f} ha."
        )
        if found.untouched:
            monitor.info(f"{found.untouched:,} core patches that no protected land touches were dropped.")
        if found.removed:
            monitor.info(
                f"{found.removed:,} patches smaller than {job.number('MIN_AREA'):g} ha were dropped "
                f"({found.removed_cells * grid.cell_ha:,.2f} ha together)."
            )
        if found.filled_cells:
            monitor.info(f"Gaps filled: {found.filled_cells * grid.cell_ha:,.2f} ha.")
        job.results["COUNT"] = found.count
        job.results["AREA_HA"] = float(area.sum())


def _ids(job: Job, source: RasterSource, found: Patches) -> list[int]:
    """Return the ids of the sources: 1, 2, 3 ..., or where there are sources of another run those that go on."""
    fresh = list(range(1, found.count + 1))
    if not job.given("SOURCES_BEFORE"):
        return fresh
    layer = job.vector("SOURCES_BEFORE")
    before = read_sources(layer, source.grid, source.crs, monitor=job.monitor)
    if before.id_type is not int:
        raise InputError(f"'{layer.name}' (SOURCES_BEFORE) has ids that are no whole numbers; only those can go on.")
    matches = core.sources.match_areas(before.labels, found.labels, counts=(len(before.ids), found.count))
    counts = {fate: matches.count(fate) for fate in core.sources.FATES}
    said = ", ".join(f"{count} {fate}" for fate, count in counts.items() if count)
    job.monitor.info(f"Of the sources of '{layer.name}' and these: {said}. Ids go on.")
    return core.sources.carried_ids(matches, before.ids)


def _cells(hectares: float, cell_ha: float) -> float:
    # A patch of exactly the smallest area stays, whatever the rounding of the division.
    return hectares / cell_ha * (1.0 - 1e-9)
