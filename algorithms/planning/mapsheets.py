"""Tool: the maps of a run as sheets to print."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from qgis.core import QgsProcessing, QgsProcessingOutputNumber

from ...core.choices import MapSheet, Paper, SheetLanguage
from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.io.filenames import FileNames

if TYPE_CHECKING:
    from ..support.sheets.description import Sheet

_TOLD = {"LANDUSE": "landuse", "DEM": "dem", "TOWNSHIPS": "townships", "AREA": "boundary"}
"""Parameters of layers whose roles are known."""


class MapSheetsAlgorithm(EcoSecNetAlgorithm):
    """Draws the maps of a network as the pages of a PDF, and as pictures."""

    NAME = "mapsheets"
    LABEL = "Map sheets"
    GROUP = base.PLANNING
    TAGS = ("print", "layout", "atlas", "PDF", "map", "figure", "legend", "图集", "制图", "出图", "打印")
    REQUIRES = ()
    SUMMARY = "Draws the maps of a run as sheets to print: a PDF with a page for each, and pictures of them."
    HELP = (
        "<p>Each sheet has a title, a legend of what occurs on it, a scale bar, the scale as a round number, an arrow to the "
        "north, a graticule with longitudes and latitudes, the borders and names of townships, and a note on CRS, data, date "
        "and versions. Layers are drawn in their own styles; sources, corridors and key areas have their numbers.</p>"
        "<p><b>What is drawn</b>: the layers of a folder that 'securitynetwork' (RESULTS_FOLDER) or a script has written, "
        "and layers that you give, which come first. They are recognised by what the tools have noted on them, or by their "
        "names and those of their files, such as sources, links, resistance, mspa, current, pinch_points. A sheet for which "
        "there is no layer is left out, and the log names it. Elevations lie below as pale light and shade; without them the "
        "land use does, paler.</p>"
        "<p><b>The PDF</b> holds texts and lines as such, rasters at the resolution that is asked for, and coordinates, so "
        "that QGIS opens its pages as maps.</p>"
        "<p><b>Your own design</b>: copy templates/sheet_a4.qpt of this plugin, open it in a print layout of QGIS (Add items "
        "from template), change it, save it as a template, and give it as TEMPLATE. Items are found by their ids: map (must "
        "be there), title, heading, legend, scalebar, scale, north, note; what has another id, or none, stays as it is. "
        "The legend keeps its frame: letters become smaller and columns more until it fits.</p>"
    )
    METRIC = False
    UPRIGHT = False

    def declare(self):
        polygon = QgsProcessing.SourceType.TypeVectorPolygon
        return [
            p.folder_input(
                "FOLDER",
                "Folder of a run",
                "Results of 'securitynetwork', with or without a project. Folders in it are looked into as well.",
                optional=True,
            ),
            p.layers(
                "LAYERS",
                "Layers of a run",
                "Layers of the project, in their styles; recognised by what tools have noted on them, or by name. They take "
                "the place of those of the folder.",
            ),
            p.choices(
                "SHEETS",
                "Sheets",
                "Which maps are drawn. The order is always that of the work.",
                MapSheet,
                list(MapSheet),
            ),
            p.text("TITLE", "Title", "Below the title of each sheet: place, project, year.", optional=True),
            p.choice("LANGUAGE", "Language", "Of titles, legends and notes.", SheetLanguage),
            p.choice("PAPER", "Paper", "Of the template that ships with the plugin.", Paper),
            p.raster("LANDUSE", "Land use", "For the study area, and to lie below.", optional=True, advanced=True),
            p.raster("DEM", "Elevation", "To lie below as light and shade.", optional=True, advanced=True),
            p.vector(
                "TOWNSHIPS",
                "Townships",
                "Borders and names; the names are those of a field called name or 名称.",
                optional=True,
                advanced=True,
            ),
            p.vector(
                "AREA",
                "Study area",
                "Its border is drawn, and the maps reach as far.",
                [polygon],
                optional=True,
                advanced=True,
            ),
            p.text_input(
                "TEMPLATE",
                "Template of the page",
                "A print layout of your own design, in place of the paper; see the help for the ids of its items.",
                kind="qpt",
                what="Templates of QGIS",
                optional=True,
                advanced=True,
            ),
            p.integer("DPI", "Dots per inch", "Of rasters and pictures.", 300, low=72, high=600, advanced=True),
            p.text_output("PDF", "Map sheets", "A page for each sheet.", kind="PDF files (*.pdf)"),
            p.folder_output(
                "IMAGES_FOLDER", "Folder of the pictures", "A PNG of each sheet, such as sources.png.", advanced=True
            ),
            QgsProcessingOutputNumber("COUNT", "Sheets"),
        ]

    def check(self, job: Job) -> str | None:
        if not job.given("FOLDER") and not job.given("LAYERS"):
            return "Nothing is there to be drawn. Give the folder of a run (FOLDER) or its layers (LAYERS)."
        folder = job.text("FOLDER")
        if folder and not os.path.isdir(folder):
            return f"{folder} is not a folder. Choose the one that holds the results of a run."
        if not job.choices("SHEETS", MapSheet):
            return "No sheet is chosen."
        return None

    def execute(self, job: Job) -> None:
        from ..support.sheets.layout import template_of
        from ..support.sheets.pages import noted, write_pages

        heading = job.text("TITLE")
        sheets = noted(self._sheets(job), heading)
        language = job.choice("LANGUAGE", SheetLanguage)
        how = {
            "template": job.text("TEMPLATE") or template_of(job.choice("PAPER", Paper).value),
            "dpi": job.integer("DPI"),
            "language": None if language is SheetLanguage.QGIS else language.value,
        }
        share = 0.5 if job.given("IMAGES_FOLDER") else 0.95
        write_pages(job, "PDF", sheets, job.monitor.part(0.05, share), title=heading or self.LABEL, **how)
        job.results["COUNT"] = len(sheets)
        if job.given("IMAGES_FOLDER"):
            self._write_images(job, sheets, how, job.monitor.part(share, 1.0))

    def _sheets(self, job: Job) -> list[Sheet]:
        """Return the sheets that are asked for and can be drawn."""
        from ..support.sheets.figures import FACTOR, figures
        from ..support.sheets.found import layers_of, study_area
        from ..support.sheets.mainthread import in_main_thread

        def find() -> dict[str, Sheet]:
            given = job.layers(job.definition("LAYERS"))
            told = {role: job.map_layers(job.definition(name)) for name, role in _TOLD.items()}
            known = {role: layers[0] for role, layers in told.items() if layers}
            found = layers_of(given, known, job.text("FOLDER"))
            return figures(found, *study_area(found))

        drawn = in_main_thread(find, job.monitor)
        wanted, missing = [], []
        for kind in job.choices("SHEETS", MapSheet):
            begin = FACTOR if kind is MapSheet.FACTORS else kind.value
            sheets = [
                one for name, one in drawn.items() if name == begin or (begin == FACTOR and name.startswith(FACTOR))
            ]
            wanted += sheets
            missing += [] if sheets else [kind]
        if not wanted:
            raise InputError(
                "None of the sheets can be drawn: no layer of a network was recognised. Layers are recognised when tools of "
                "EcoSecNet have written them, or by name: sources, links, resistance, mspa, current, pinchpoints, score, "
                "barriers, actions, landuse."
            )
        for kind in missing:
            job.monitor.info(f"Left out, for there is no layer of it: {kind.label}.")
        return wanted

    def _write_images(self, job: Job, sheets: list[Sheet], how: dict, monitor) -> None:
        from ..support.sheets.drawing import picture

        folder = job.folder("IMAGES_FOLDER")
        aside = job.outputs.folder(folder)
        names = FileNames()
        for k, sheet in enumerate(sheets):
            made = picture(sheet, monitor, size=None, **how)
            with open(os.path.join(aside, f"{names.of([sheet.name])}.png"), "wb") as file:
                file.write(made)
            monitor.step(k + 1, len(sheets))
        job.results["IMAGES_FOLDER"] = folder
