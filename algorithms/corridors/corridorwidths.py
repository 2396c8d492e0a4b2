"""Tool: land use and current in belts of several widths."""

from __future__ import annotations

import math

import numpy as np
from qgis.core import QgsProcessing, QgsProcessingOutputNumber, QgsWkbTypes

from ... import core
from ...core.errors import InputError
from ...core.lists import value_text
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.declarations import link_layer
from ..support.inputs.legends import (
    check_names,
    class_names,
    drawn_classes,
    given_names,
    legend,
    read_scheme,
    with_data,
)
from ..support.inputs.links import active_lines
from ..support.io.fields import Shown
from ..support.io.rasters import require_aligned
from ..support.io.tables import Column, columns, kept
from ..support.io.vectors import burn_mask, is_null, vertices
from ..support.reports.corridorwidths import TABLE, Widths, widths_page
from ..support.run import palette, styling

_WIDTHS = "30, 60, 100, 200, 400, 1000"
_SHARE = 10.0
_NAMED = 4
"""Land uses of a belt that are listed in the table of the links."""

_BYTES_PER_CELL = 14


class CorridorWidthsAlgorithm(EcoSecNetAlgorithm):
    """Tabulates belts of several widths around links."""

    NAME = "corridorwidths"
    LABEL = "Corridor widths"
    GROUP = base.CORRIDORS
    TAGS = ("corridor width", "buffer", "belt", "land use", "current", "廊道宽度", "缓冲区", "土地利用")
    REQUIRES = ("scipy", "networkx")
    SUMMARY = "Tabulates land use and current in belts of several widths around the links, to choose a width by."
    HELP = (
        "<p>A <b>width</b> is from edge to edge: a cell is in a belt if its centre is no farther from the line of a link "
        "than half of it, by exact distance (a centre exactly on the edge counts on one side). Belts end in half circles. "
        "They are nested: what a width adds to the one before is its ring. Inactive links are left out.</p>"
        "<p><b>All links together</b> (TABLE): a cell near several links counts once, so that the table is the land one "
        "would have to keep. <b>Each link</b> (OUTPUT_LINKS) has its whole belt, so that their sums are more. Shares are of "
        "the belt's cells with a land use; what has none or lies off the raster stands beside (<i>nodata_ha</i>, "
        "<i>off_ha</i>). With sources, cells in them are in no belt.</p>"
        "<p><b>Current levels off</b> at the narrowest width beyond which the ring up to the next one gathers less current "
        "by area than a share (10 %) of what the first width does. Beside a straight path an added hectare is an added metre "
        "of width; counted by area, a belt does not seem to level off where it meets others or the edge of the raster. Cells "
        "without current, as outside the corridors of 'pinchpoints', gather none; the mean current is of cells that have "
        "some. It answers how wide a belt must be for most of the flow, for the listed widths only and not for what a "
        "species needs: species ask for more, and each for another.</p>"
        "<p>With the corridor polygons of 'linkages' (ZONES), or a field 'mean_width' of the links, the mean width that the "
        "cost cutoff gives stands beside.</p>"
        "<p>Current as a measure of width: McRae et al. 2008, doi:10.1890/07-1861.1.</p>"
    )

    def declare(self):
        return [
            link_layer(),
            p.raster("LANDUSE", "Land use", "Class raster; it gives the grid.", classes=True),
            legend("It fills in the names of the land uses."),
            p.text(
                "NAMES",
                "Names of the land uses",
                "Code and name of each, for example: 1=Forest; 2=Grassland; 3=Cropland. Empty: those of the legend, else "
                "those that the file of the raster holds.",
                optional=True,
            ),
            p.text(
                "WIDTHS",
                "Widths (m)",
                "From edge to edge, in metres. Those narrower than a cell are left out.",
                _WIDTHS,
            ),
            p.raster(
                "CURRENT",
                "Current density",
                "Raster of current on the same grid, as 'pinchpoints' makes it. Empty: land use only.",
                optional=True,
            ),
            p.number(
                "SHARE",
                "Current that is little (%)",
                "A ring that gathers less than this share of what the first width does, by area, adds little.",
                _SHARE,
                low=0.1,
                high=99.9,
                decimals=1,
                advanced=True,
            ),
            p.vector("SOURCES", "Ecological sources", "Cells in them are in no belt. Empty: they are.", optional=True),
            p.vector(
                "ZONES",
                "Corridor polygons",
                "Those that 'linkages' wrote (ZONES), for their mean width. Empty: the field 'mean_width' of the links, if "
                "there is one.",
                optional=True,
                advanced=True,
            ),
            p.table_output(
                "TABLE", "Land use by width", "A row for each width and land use, and the total of each width."
            ),
            p.vector_output(
                "OUTPUT_LINKS",
                "Links with widths",
                "The active links with area, land uses and mean current by width, and where their current levels off.",
                QgsProcessing.SourceType.TypeVectorLine,
            ),
            p.html_output("HTML", "Corridor widths report", "Tables and charts.", default=True),
            QgsProcessingOutputNumber("LEVEL_OFF", "Width at which the current levels off (m)"),
            QgsProcessingOutputNumber("AREA_HA", "Area of the widest belts (ha)"),
            QgsProcessingOutputNumber("LOST_HA", "Of them without land use or off the raster (ha)"),
        ]

    def measured_in(self, job: Job) -> str:
        return "LANDUSE"

    def check(self, job: Job) -> str | None:
        land, current = job.raster("LANDUSE"), job.raster("CURRENT")
        core.corridors.read_widths(job.text("WIDTHS") or _WIDTHS, land.grid.cell_size)
        given_names(job, "NAMES")
        require_aligned(land, current)
        zones = job.vector("ZONES")
        if zones is not None and not {"link_id", "mean_width"} <= set(zones.field_names):
            return (
                f"'{zones.name}' has no fields 'link_id' and 'mean_width' (ZONES). Give the corridor polygons that "
                "'linkages' wrote, or leave them out."
            )
        return None

    def execute(self, job: Job) -> None:
        land, monitor = job.raster("LANDUSE"), job.monitor
        grid = land.grid
        job.need_memory((_BYTES_PER_CELL + 8 * job.given("CURRENT")) * grid.rows * grid.cols)
        widths, narrow = core.corridors.read_widths(job.text("WIDTHS") or _WIDTHS, grid.cell_size)
        if narrow:
            monitor.warn(
                f"Widths of {', '.join(f'{one:g}' for one in narrow)} m are narrower than a cell ({grid.cell_size:g} m) and "
                "were left out."
            )
        ids, features = active_lines(job.vector("LINKS"), land.crs, monitor=monitor)
        if not features:
            raise InputError(f"'{job.vector('LINKS').name}' has no active link with a line.")
        classes, drawn = _classes(job)
        current = None if job.raster("CURRENT") is None else job.raster("CURRENT").read_surface(monitor.part(0.2, 0.3))
        found = core.corridors.nested_belts(
            [vertices(feature.geometry()) for feature in features],
            classes,
            grid=grid,
            widths=widths,
            count=len(drawn),
            current=current,
            monitor=monitor.part(0.3, 0.9),
        )
        if not found.whole.cells[-1].any():
            raise InputError(
                f"No cell of '{land.name}' with a land use lies within {widths[-1] / 2:g} m of a link. Check the CRS of both."
            )
        share = job.number("SHARE")
        mean_width = _mean_widths(job, ids, features)
        known = mean_width[~np.isnan(mean_width)]
        said = Widths(
            widths,
            drawn,
            found.whole,
            grid.cell_ha,
            core.corridors.level_off(found.whole, widths, share / 100.0),
            share,
            current is not None,
            float(known.mean()) if known.size else math.nan,
        )
        for sentence in said.sentences():
            monitor.info(sentence)
        added, rows = _links(said, found.paths, mean_width)
        own = columns(link_id=int if all(isinstance(one, int) for one in ids) else str)
        old, held = kept(features, added, "links", monitor, ids=own)
        job.write_table("TABLE", TABLE, said.rows())
        job.write_features(
            "OUTPUT_LINKS",
            [*own, *old, *added],
            [[one, *before, *row] for one, before, row in zip(ids, held, rows)],
            [feature.geometry() for feature in features],
            QgsWkbTypes.Type.MultiLineString,
            land.crs,
            style=styling.lines(palette.CORRIDORS[1]),
        )
        if job.given("HTML"):
            page = widths_page(said, [*own, *added], [[one, *row] for one, row in zip(ids, rows)])
            job.write_html("HTML", page)
        lost = (found.whole.no_class[-1] + found.whole.off_grid[-1]) * grid.cell_ha
        job.results.update(AREA_HA=float(found.whole.cells[-1].sum() * grid.cell_ha), LOST_HA=float(lost))
        if not math.isnan(said.level_off):
            job.results["LEVEL_OFF"] = said.level_off


def _classes(job: Job) -> tuple[np.ndarray, list[tuple[int, str, palette.Colour]]]:
    """Return the number of the land use of each cell, and code, name and colour of each number."""
    land, monitor = job.raster("LANDUSE"), job.monitor
    values, valid = land.read(monitor.part(0.0, 0.15))
    scheme = read_scheme(job, land, core.sources.held_codes(values, valid))
    valid = with_data(scheme, values, valid)
    codes = core.sources.held_codes(values, valid)
    if not codes:
        raise InputError(f"'{land.name}' holds only NoData.")
    given = given_names(job, "NAMES")
    check_names(land, codes, given, "NAMES", monitor)
    if scheme is not None:
        core.resistance.require_same_names(scheme, given, "NAMES", raster=land.name, codes=codes)
    names = class_names(land, scheme, [], codes, given)
    classes = np.full(values.shape, -1, dtype=np.int16)
    classes[valid] = np.searchsorted(np.array(codes), values[valid])
    sources = job.vector("SOURCES")
    if sources is not None:
        classes[burn_mask([sources], land.grid, land.crs, monitor)] = core.corridors.LEFT_OUT
    return classes, drawn_classes(land, scheme, codes, names)


def _mean_widths(job: Job, ids: list, features: list) -> np.ndarray:
    """Return the mean width of the corridor of each link by the cost cutoff, NaN where it is not known."""
    zones = job.vector("ZONES")
    if zones is None:
        held = ids if "mean_width" in features[0].fields().names() else []
        values = {value_text(one): feature["mean_width"] for one, feature in zip(held, features)}
    else:
        values = {value_text(one["link_id"]): one["mean_width"] for one in zones.features()}
    found = [values.get(value_text(one)) for one in ids]
    return np.array([math.nan if is_null(one) else float(one) for one in found])


def _links(
    said: Widths, belts: list[core.corridors.Belt], mean_width: np.ndarray
) -> tuple[list[Column], list[list[object]]]:
    """Return the columns that links get, and a row for each."""
    added = columns(lost_ha=float)
    added += columns(level_off=float) if said.flows else []
    added += columns(mean_width=float) if not np.isnan(mean_width).all() else []
    for width in said.widths:
        at = f"{width:g}".replace(".", "_")
        added.append(Column(f"ha_{at}", float, Shown(f"Area within {width:g} m", "ha")))
        added.append(Column(f"use_{at}", str, Shown(f"Land use within {width:g} m")))
        if said.flows:
            added.append(Column(f"cur_{at}", float, Shown(f"Mean current within {width:g} m", "A", 4)))
    rows = []
    for belt, wide in zip(belts, mean_width):
        row = [float(belt.no_class[-1] + belt.off_grid[-1]) * said.cell_ha]
        row += [core.corridors.level_off(belt, said.widths, said.share / 100.0)] if said.flows else []
        row += [wide] if not np.isnan(mean_width).all() else []
        for cells, mean in zip(belt.cells, belt.mean_current):
            row += [float(cells.sum()) * said.cell_ha, _listed(said, cells)]
            row += [mean] if said.flows else []
        rows.append(row)
    return added, rows


def _listed(said: Widths, cells: np.ndarray) -> str:
    """Return the largest land uses of a belt with their shares."""
    order = [k for k in np.argsort(-cells, kind="stable")[:_NAMED].tolist() if cells[k]]
    return "; ".join(f"{said.classes[k][1]} {100.0 * cells[k] / cells.sum():.1f} %" for k in order)
