"""What a run writes."""

from __future__ import annotations

from qgis.core import QgsProcessing, QgsProcessingOutputNumber

from ....support.inputs import parameters as p
from ....support.inputs.declarations import rules_output
from ....support.run.job import Job
from ....support.run.resultsfolder import RESULTS


def reported(job: Job) -> bool:
    """Return whether a run has a report."""
    return job.given("REPORT") or job.given("REPORT_DOCX")


def mapped(job: Job) -> bool:
    """Return whether maps of a run are drawn."""
    return reported(job) or job.given("MAP_SHEETS")


def headings() -> list:
    """Return what the report has at its head."""
    return [
        p.text(
            "TITLE",
            "Title of the report",
            "What stands at the head of the report; 'Ecological security network' without it.",
            optional=True,
            advanced=True,
        ),
        p.text("PLACE", "Place", "The place that the report names, such as a county.", optional=True, advanced=True),
        p.text("AUTHOR", "Author", "Who has made the report, a person or an office.", optional=True, advanced=True),
    ]


def outputs() -> list:
    """Return the layers, tables, report and numbers of a run."""
    types = QgsProcessing.SourceType
    polygon, line, table = types.TypeVectorPolygon, types.TypeVectorLine, types.TypeVector
    return [
        p.folder_output(
            RESULTS,
            "Folder of all results",
            "Everything in one folder: layers with their styles, tables, reports, capsule, and a QGIS project that finds "
            "them wherever the folder is moved. Every output without a place of its own goes there, also those that are "
            "skipped below. The results of an earlier run are replaced at the end; a folder with other files of the same "
            "names is refused.",
        ),
        p.raster_output("MSPA", "MSPA codes", "Byte codes of GuidosToolbox with the official colours.", optional=True),
        p.vector_output(
            "SOURCES",
            "Ecological sources",
            "Polygons numbered by importance, with area, dPC, dIIC, grade and current-flow centrality.",
            polygon,
            optional=True,
        ),
        p.vector_output(
            "LITHOLOGY_TABLE",
            "Sources by lithology",
            "Area and share of each rock under the sources of each grade, and in the study area; needs a lithology.",
            table,
            optional=True,
        ),
        p.raster_output("RESISTANCE", "Resistance surface", "The weighted and corrected resistance.", optional=True),
        p.folder_output(
            "FACTORS_FOLDER",
            "Folder of the scored factors",
            "A GeoTIFF of the scores of each factor, before weights and corrections; they go into the project beside the "
            "surface.",
        ),
        p.raster_output(
            "CORRIDORS", "Corridor belt", "Cost above the least-cost path, up to the cutoff.", optional=True
        ),
        p.vector_output(
            "LINKS",
            "Ecological corridors",
            "Least-cost paths with cost, effective resistance, centrality and grade; dropped ones with the reason.",
            line,
            optional=True,
        ),
        p.vector_output(
            "TOWNSHIP_TABLE",
            "Network by township",
            "Area of the sources, mean resistance and length of the corridors in each township; needs townships.",
            table,
            optional=True,
        ),
        p.vector_output(
            "CORRIDOR_TABLE",
            "Corridors by grade",
            "Number and length of the corridors of each grade, and the land uses, mines, hazards and roads near them.",
            table,
            optional=True,
        ),
        p.raster_output(
            "CURRENT",
            "Current density",
            "Current at 1 A per link inside its corridor, maximum over links.",
            optional=True,
        ),
        p.vector_output(
            "PINCHPOINTS",
            "Pinch points",
            "Areas of the highest class of current, with link and its grade, length and width, what lies near the edge of "
            "the study area, and what is barrier too.",
            polygon,
            optional=True,
        ),
        rules_output("PINCH_RULES", "Pinch points by both rules"),
        p.raster_output(
            "SCORE",
            "Barrier score",
            "Cost saved per metre restored, the best of all discs that hold the cell.",
            optional=True,
        ),
        p.vector_output(
            "BARRIERS",
            "Barriers",
            "Areas of the highest class of barrier score, with what the pinch points have, and what is pinch point too.",
            polygon,
            optional=True,
        ),
        rules_output("BARRIER_RULES", "Barriers by both rules"),
        p.vector_output(
            "KEY_TABLE",
            "Key areas by corridor grade",
            "Number, area, length and width of the pinch points and barriers on corridors of each grade, and what is near.",
            table,
            optional=True,
        ),
        p.vector_output(
            "BREAKS",
            "Limits of the classes",
            "Class, lower and upper limit, cells and area of pinch points and barriers, and the largest resistance of the "
            "overlay: what another run takes to hold these limits (LIMITS_TABLE).",
            table,
            optional=True,
            default=False,
        ),
        p.vector_output(
            "PINCH_TABLE",
            "Pinch points by township",
            "Count, area and land use by township, and by village where villages are given; needs one of them.",
            table,
            optional=True,
        ),
        p.vector_output(
            "BARRIER_TABLE",
            "Barriers by township",
            "Count, area and land use by township, and by village where villages are given; needs one of them.",
            table,
            optional=True,
        ),
        p.vector_output(
            "PLAN",
            "Restoration plan",
            "Barriers to restore for the largest budget, in order, with gain and links; needs a budget.",
            polygon,
            optional=True,
        ),
        p.vector_output(
            "FRONTIER",
            "What a budget buys",
            "For each budget what is spent and gained, also by the order of the first scores; needs a budget.",
            table,
            optional=True,
        ),
        p.vector_output(
            "ACTIONS",
            "Action sheet",
            "What is to be done in each pinch point, barrier and weak source, by the rules of 'actionsheet': "
            "a polygon for each area, zone and measure; needs a legend.",
            polygon,
            optional=True,
        ),
        p.vector_output(
            "ACTION_TABLE",
            "Measures by township",
            "Areas and hectares of each class of measures by township, and by village where villages are given.",
            table,
            optional=True,
        ),
        p.text_output(
            "ACTION_BOOK",
            "Action sheet as a workbook",
            "The sheet, its tables and rules for any spreadsheet.",
            optional=True,
            kind="Excel workbooks (*.xlsx)",
        ),
        p.html_output(
            "REPORT",
            "Report",
            "Findings, maps, tables, charts, warnings and methods on one page that prints on A4 paper.",
            default=True,
        ),
        p.text_output(
            "REPORT_DOCX",
            "Report as a document",
            "The same for Word and LibreOffice, with headings, captions and contents to be worked on.",
            optional=True,
            kind="Documents (*.docx)",
        ),
        p.text_output(
            "MAP_SHEETS",
            "Map sheets",
            "The maps of the run to print on A4, a page each, in the language of reports (the first of both). 'mapsheets' "
            "draws them on other paper, or by a template of your own.",
            optional=True,
            kind="PDF files (*.pdf)",
        ),
        p.text_output(
            "TABLE_BOOK",
            "Tables as a workbook",
            "The sources, corridors and key areas and all tables of the run for any spreadsheet, a sheet each.",
            optional=True,
            kind="Excel workbooks (*.xlsx)",
        ),
        *(
            QgsProcessingOutputNumber(name, label)
            for name, label in (
                ("SOURCE_COUNT", "Sources"),
                ("SOURCE_HA", "Area of the sources (ha)"),
                ("LINK_COUNT", "Corridors"),
                ("LINK_KM", "Length of the corridors (km)"),
                ("CUTOFF_USED", "Corridor cutoff (cost units; mean of the links)"),
                ("PINCH_COUNT", "Pinch points"),
                ("PINCH_HA", "Area of the pinch points (ha)"),
                ("BARRIER_COUNT", "Barriers"),
                ("BARRIER_HA", "Area of the barriers (ha)"),
                ("OVERLAP_HA", "Area that is pinch point and barrier (ha)"),
                ("PINCH_EDGE_HA", "Area of pinch points near the edge of the study area (ha)"),
                ("PLAN_SPENT", "Area that the restoration plan restores (ha)"),
                ("PLAN_GAIN", "Least-cost distance that the restoration plan saves (cost units)"),
                ("BARRIER_EDGE_HA", "Area of barriers near the edge of the study area (ha)"),
            )
        ),
    ]
