"""Tool: morphological spatial pattern analysis."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessingOutputNumber

from ... import core
from ...core.errors import InputError
from ...core.grid import USE_STUDY_GRID
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.legends import describe_codes
from ..support.io.rasters import RasterSource
from ..support.io.tables import columns
from ..support.reports import html
from ..support.run import styling
from ..support.run.inputlayers import cell_hectares

CONNECTIVITIES = (8, 4)


class MspaAlgorithm(EcoSecNetAlgorithm):
    """Segments the foreground into core, islet, perforation, edge, loop, bridge and branch."""

    NAME = "mspa"
    LABEL = "Morphological spatial pattern analysis (MSPA)"
    GROUP = base.SOURCES
    TAGS = (
        "MSPA",
        "GuidosToolbox",
        "core",
        "islet",
        "bridge",
        "edge",
        "morphology",
        "pattern",
        "形态学空间格局分析",
        "核心区",
    )
    SUMMARY = (
        "Segments habitat (the foreground) into core, islet, perforation, edge, loop, bridge and branch, cell for cell "
        "as GuidosToolbox does."
    )
    HELP = (
        "<p><b>Core</b>: further from the background than the edge width. <b>Islet</b>: patch without core. <b>Edge</b>, "
        "<b>perforation</b>: outer rim of a core, and rim round a hole in it. <b>Bridge</b>: joins different cores. "
        "<b>Loop</b>: returns to the same core. <b>Branch</b>: hangs on at one end.</p>"
        "<p>Foreground at the border of the raster is taken to go on outside, and missing cells near foreground count "
        "as foreground while the classes are found; neither makes an edge.</p>"
        "<p><b>The four parameters of GuidosToolbox</b>: connectivity, edge width, transition, intext. <b>Transition "
        "changes colours only</b>: the codes, the class raster and the statistics are the same with and without it. "
        "On, the code raster shows bridges and loops running through edges and perforations; off, it shows edges and "
        "perforations closed.</p>"
        "<p><b>Code raster</b>: the byte codes of GuidosToolbox: 17 core, 9 islet, 5 perforation, 3 edge, 65 loop (67 "
        "in an edge, 69 in a perforation), 33 bridge (35, 37), 1 branch; 100 more inside a core hole; 0 background, "
        "100 core-opening, 220 border-opening, 129 missing. Feed it to <i>Ecological sources</i> with the core values "
        "17,117.</p>"
        "<p><b>Class raster and statistics</b> count the cells of a bridge or loop inside an edge or perforation as "
        "edge or perforation, as the statistics of GuidosToolbox do.</p>"
        "<p>With numba installed, large rasters (from 5 million cells; at an edge width of 1 from 10 million) are thinned "
        "and thickened several times faster, with the same codes; the log says so.</p>"
        "<p>There is no standard edge width. Ask for the <b>profile</b> to see how the seven areas change with it.</p>"
        "<p>P. Soille and P. Vogt (2009), Pattern Recognition Letters 30, 456-459, doi:10.1016/j.patrec.2008.10.015. "
        "Same cells as the program of the Joint Research Centre (mspa 2.4, in GuidosToolbox Workbench and "
        "pyGuidos). As there, a map that is mirrored or turned can have other classes in a few cells (up to some in 10,000, "
        "mostly with connectivity 4): where either of two cells can hold a bridge or loop together, their order decides.</p>"
    )

    METRIC = False
    HECTARES = True

    def declare(self):
        return [
            p.raster(
                "INPUT", "Foreground or land-cover map", "Coded 0 missing, 1 background, 2 foreground.", classes=True
            ),
            p.text(
                "FOREGROUND",
                "Land-cover values of the foreground",
                "For a land-cover map: values and ranges that are foreground, for example 1,2,5-7. All other cells "
                "with data are background. Empty: the raster is coded 0, 1, 2 already.",
                optional=True,
            ),
            p.choice(
                "CONNECTIVITY",
                "Connectivity of the foreground",
                "Whether cells that touch at a corner belong together. The background has the other connectivity.",
                ["8 neighbours", "4 neighbours"],
            ),
            p.integer(
                "EDGE_WIDTH", "Edge width (cells)", "Width of edges and perforations, in cells.", 1, low=1, high=1000
            ),
            p.flag(
                "TRANSITION",
                "Show bridges and loops through edges (transition)",
                "Colours of the code raster only; no code changes.",
                True,
            ),
            p.flag(
                "INTEXT",
                "Distinguish inside from outside (intext)",
                "Adds 100 to the codes inside core holes, and marks openings with 100 and 220.",
                True,
            ),
            p.distance(
                "EDGE_WIDTH_METRES",
                "Edge width",
                "If given, used instead of the width in cells: the nearest whole number of cells, at least 1. "
                "The log states it.",
                optional=True,
                advanced=True,
            ),
            p.integer(
                "PROFILE_WIDEST",
                "Widest edge of the profile (cells)",
                "The profile is made for edge widths from 1 to this.",
                10,
                low=2,
                high=100,
                advanced=True,
            ),
            p.raster_output("OUTPUT", "MSPA codes", "The byte codes of GuidosToolbox; 129 is NoData."),
            p.raster_output(
                "CLASSES",
                "MSPA classes",
                "0 background, 1 core, 2 islet, 3 perforation, 4 edge, 5 loop, 6 bridge, 7 branch, 255 NoData.",
                optional=True,
                default=False,
            ),
            p.table_output(
                "STATISTICS",
                "MSPA statistics",
                "Class, patches, cells, area (ha), percent of the foreground and of the landscape (all cells with data).",
                optional=True,
                default=False,
            ),
            p.table_output(
                "PROFILE",
                "Edge width profile",
                "Area (ha) of the seven classes for every edge width from 1 to the widest.",
                optional=True,
                default=False,
            ),
            p.html_output("PROFILE_CHART", "Chart of the edge width profile", "The same as a page with a chart."),
            QgsProcessingOutputNumber("FOREGROUND_HA", "Foreground area (ha)"),
            QgsProcessingOutputNumber("CORE_HA", "Core area (ha)"),
            QgsProcessingOutputNumber("EDGE_WIDTH_CELLS", "Edge width used (cells)"),
        ]

    def check(self, job: Job) -> str | None:
        if core.sources.parse_values(job.text("FOREGROUND")):
            return None
        source = job.raster("INPUT")
        values = source.glance()
        return None if _is_coded(values) else _not_coded(source, values)

    def execute(self, job: Job) -> None:
        source = job.raster("INPUT")
        grid = source.grid
        width = _edge_width(job, source)
        connectivity = job.choice("CONNECTIVITY", CONNECTIVITIES)
        profile_wanted = job.given("PROFILE") or job.given("PROFILE_CHART")
        widest = job.integer("PROFILE_WIDEST")
        job.need_memory(
            core.mspa.bytes_per_cell(max(width, widest) if profile_wanted else width) * grid.rows * grid.cols
        )
        cells = _coded(job, source)
        self._tell(job, cells)
        cell_ha = cell_hectares(source, job.context.transformContext(), job.monitor)

        if core.mspa.uses_numba(cells.size, width):
            job.monitor.info("Segmenting with numba.")
        codes = core.mspa.mspa(
            cells,
            connectivity=connectivity,
            edge_width=width,
            intext=job.flag("INTEXT"),
            monitor=job.monitor.part(0.1, 0.4 if profile_wanted else 0.8),
        )
        result = core.mspa.statistics(codes, connectivity=connectivity, monitor=job.monitor)
        areas = {row.name: row.cells * cell_ha for row in result.classes}
        if result.foreground and not areas["Core"]:
            job.monitor.warn(
                f"There is no core: with an edge width of {width} cell(s) every patch is too narrow, and all foreground "
                "is islet. Use a smaller edge width or smaller cells."
            )
        if profile_wanted:
            widths = list(range(1, widest + 1))
            table = core.mspa.edge_width_profile(
                cells, widths, connectivity=connectivity, monitor=job.monitor.part(0.4, 0.8)
            )
            self._write_profile(job, widths, table * cell_ha, width, source)
        del cells

        transition = job.flag("TRANSITION")
        entries = [(c.code, c.name, c.colour if transition else c.plain_colour) for c in core.mspa.CODES]
        there = np.flatnonzero(np.bincount(codes.ravel(), minlength=256))
        shown = [entry for entry in entries if entry[0] in there and entry[0] != core.mspa.MISSING_CODE]
        job.write_raster(
            "OUTPUT",
            codes,
            grid,
            nodata=core.mspa.MISSING_CODE,
            description="MSPA code (GuidosToolbox)",
            classes=entries,
            style=styling.classes(shown),
        )
        if job.given("CLASSES"):
            names = [
                (k, name, core.mspa.class_colour(k))
                for k, name in core.mspa.CLASS_NAMES.items()
                if k != core.mspa.MISSING_CLASS
            ]
            classes = core.mspa.seven_classes(codes, transition=False)
            job.write_raster(
                "CLASSES", classes, grid, nodata=core.mspa.MISSING_CLASS, description="MSPA class", classes=names
            )
        names = {"class": str, "patches": int, "cells": int, "area_ha": float}
        job.write_table(
            "STATISTICS",
            columns(**names, foreground_pct=float, landscape_pct=float),
            (
                (row.name, row.patches, row.cells, areas[row.name], row.of_foreground, row.of_landscape)
                for row in result.classes
            ),
        )
        if result.foreground:
            job.monitor.info(
                ", ".join(f"{row.name.lower()} {row.of_foreground:.1f} %" for row in result.classes[:7])
                + f" of {result.foreground * cell_ha:,.1f} ha foreground."
            )
        job.results["FOREGROUND_HA"] = result.foreground * cell_ha
        job.results["CORE_HA"] = areas["Core"]
        job.results["EDGE_WIDTH_CELLS"] = width

    def _tell(self, job: Job, cells: np.ndarray) -> None:
        source, counts = job.raster("INPUT"), np.bincount(cells.ravel(), minlength=3)
        if not counts[core.sources.FOREGROUND] + counts[core.sources.BACKGROUND]:
            raise InputError(f"'{source.name}' holds only NoData: there is nothing to segment.")
        if not counts[core.sources.FOREGROUND]:
            job.monitor.warn(
                "There is no foreground: no cell of the raster is coded 2, so all of it is background. Give the foreground "
                "values, or use the output of 'Foreground from land cover'."
                if not job.given("FOREGROUND")
                else f"No cell has one of the foreground values {job.text('FOREGROUND')}, so all of it is background; "
                + describe_codes(source, core.sources.held_codes(*source.read()))
                + "."
            )
        if not counts[core.sources.BACKGROUND]:
            job.monitor.warn("There is no background: every cell with data is foreground, so all of it is core.")

    def _write_profile(self, job: Job, widths: list[int], areas: np.ndarray, used: int, source: RasterSource) -> None:
        in_degrees = source.crs.isGeographic()
        metres = np.nan if in_degrees else source.grid.cell_size
        kinds = range(1, areas.shape[1] + 1)
        names = {f"{core.mspa.CLASS_NAMES[k].lower()}_ha": float for k in kinds}
        share = 100 * areas[:, 0] / (areas[0].sum() or np.nan)
        rows = [[w, w * metres, *map(float, areas[k]), float(share[k])] for k, w in enumerate(widths)]
        job.write_table("PROFILE", columns(edge_width=int, edge_m=float, **names, core_pct=float), rows)
        if not job.given("PROFILE_CHART"):
            return
        legend = [html.Key(core.mspa.CLASS_NAMES[k], core.mspa.class_colour(k)) for k in kinds]
        parts = [
            html.stacked_bars(
                [
                    (f"{w} cell(s)" + ("" if in_degrees else f", {w * metres:g} m"), list(map(float, areas[k])))
                    for k, w in enumerate(widths)
                ],
                legend,
                "Share of the foreground in each class, by edge width",
            ),
            html.table(["Edge width", "m", *(key.name for key in legend), "Core %"], rows, caption="Areas in hectares"),
            html.paragraph(
                f"Core falls from {share[0]:.1f} % of the foreground at 1 cell to {share[-1]:.1f} % at {widths[-1]} cells. "
                "The foreground is the same in every row. A cell where a bridge or loop runs through an edge or "
                "perforation counts as edge or perforation."
            ),
        ]
        size = f"{source.grid.dx:g} degrees" if in_degrees else f"{metres:g} m"
        lead = f"{source.name}, cells of {size}; the map was made with an edge width of {used} cell(s)."
        job.write_html("PROFILE_CHART", html.page("How the MSPA classes change with the edge width", lead, parts))


def _edge_width(job: Job, source: RasterSource) -> int:
    grid = source.grid
    width = job.integer("EDGE_WIDTH")
    metres = job.number("EDGE_WIDTH_METRES")
    if metres:
        if source.crs.isGeographic():
            raise InputError(
                f"'{source.name}' is in degrees, where {metres:g} m are not a number of cells. Give the edge width in cells, "
                f"or bring the raster into metres. {USE_STUDY_GRID}"
            )
        cell = grid.cell_size
        width = max(1, round(metres / cell))
        job.monitor.info(f"Edge width: {metres:g} m is {width} cell(s) of {cell:g} m, that is {width * cell:g} m.")
    if width > max(grid.rows, grid.cols):
        raise InputError(
            f"The edge width of {width} cells is larger than the raster ({grid.rows} rows, {grid.cols} columns). "
            "Use a smaller one."
        )
    return width


def _is_coded(values: np.ndarray) -> bool:
    return bool(np.isin(values, (core.sources.MISSING, core.sources.BACKGROUND, core.sources.FOREGROUND)).all())


def _not_coded(source: RasterSource, values: np.ndarray) -> str:
    held = describe_codes(source, core.sources.held_codes(values, np.ones(values.shape, dtype=bool)))
    return (
        f"'{source.name}' is not coded 0 missing, 1 background, 2 foreground; {held}. Give the foreground values, or "
        "use the output of 'Foreground from land cover', which takes them from a legend."
    )


def _coded(job: Job, source: RasterSource) -> np.ndarray:
    """Read the raster block by block as 0 missing, 1 background, 2 foreground."""
    foreground = core.sources.parse_values(job.text("FOREGROUND"))
    cells = np.empty(source.grid.shape, np.uint8)
    for row, values, valid in source.blocks(job.monitor.part(0.0, 0.1)):
        if foreground:
            coded = core.sources.code_foreground(values, valid, foreground)
        else:
            if not _is_coded(values[valid]):
                raise InputError(_not_coded(source, values[valid]))
            coded = np.where(valid, values, core.sources.MISSING).astype(np.uint8)
        cells[row : row + len(coded)] = coded
    return cells
