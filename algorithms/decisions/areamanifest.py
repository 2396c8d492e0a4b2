"""Tool: the whole network of many areas, such as the counties of a province."""

from __future__ import annotations

from qgis.core import QgsProcessing, QgsProcessingOutputNumber

from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.manifest import Row, files_named, named_in_rows, place_of, read_manifest
from ..support.io.fields import Shown
from ..support.io.filenames import FileNames
from ..support.io.tables import Column, columns
from ..support.reports import html
from ..support.run.outputchecks import refuse_in_place_of
from .manyareas.run import FIRST, Area, Areas, columns_of, destinations, layer_columns, numbers_of

_RUN = "securitynetwork"

_COLUMNS = (
    f"One row an area. {FIRST}: what it is called, and its folder. All other columns are parameters of 'securitynetwork' by "
    "their names, in any case and order, such as LANDUSE, LEGEND, DEM, ROADS, MIN_AREA; empty cells and columns that are "
    "not there take the default. Names of files start in the folder of the table; several layers have ; between them, a "
    "layer of a GeoPackage is county.gpkg|layername=roads. Choices are given by number or label, ticks by yes or no."
)


class AreaManifestAlgorithm(EcoSecNetAlgorithm):
    """Runs the whole method for many areas."""

    NAME = "areamanifest"
    LABEL = "Networks of many areas"
    GROUP = base.DECISIONS
    TAGS = ("batch", "counties", "province", "many areas", "resume", "批处理", "批量", "县域", "多县", "断点续算")
    REQUIRES = ("scipy", "networkx")
    METRIC = False
    SUMMARY = "Runs 'securitynetwork' for every area of a table, such as all counties, and lists what came of them."
    HELP = (
        f"<p><b>Table</b>. {_COLUMNS} Columns of other names are refused before anything runs.</p>"
        "<p><b>Each area</b> gets a folder with the layers, tables, report and capsule of 'securitynetwork'. An area that "
        "fails is named with the reason in the log and the table, and the others go on.</p>"
        "<p><b>Going on</b>. What an area has made is in its place as soon as it is finished, also when the run is cancelled "
        "later or the power fails. The same table with the same folder then goes on: an area is finished when its capsule "
        "has the same parameters and inputs with the same contents (hashes; a file that was only saved again counts as the "
        "same) and its outputs are there. Where a cell of its land use or a number has changed, that area is run again, and "
        "no other. Another version of the plugin is said, and does not count.</p>"
        "<p><b>Table of all areas</b>: the numbers of each network. Each capsule can be run again by 'replay'.</p>"
    )

    def declare(self):
        return [
            p.table("MANIFEST", "Table of the areas", _COLUMNS),
            p.flag(
                "AGAIN",
                "Run finished areas again",
                "Also those whose capsule has the same parameters and inputs.",
                advanced=True,
            ),
            p.folder_output(
                "OUTPUT_FOLDER", "Folder of the areas", "A folder for each, with its name.", optional=False
            ),
            p.table_output("TABLE", "Areas", "A row for each: the numbers of its network, or why it has none."),
            p.html_output("HTML", "Report of the areas", "The areas side by side.", default=True),
            QgsProcessingOutputNumber("FINISHED", "Areas with a network"),
            QgsProcessingOutputNumber("FAILED", "Areas without a network"),
        ]

    def check(self, job: Job) -> str | None:
        self._place = place_of(job, "MANIFEST")
        rows = self._rows(job)
        files = files_named(rows, layer_columns(self._tool()))
        self._inputs |= refuse_in_place_of(job, files, "MANIFEST", written=self._written(job, rows))
        return None

    def named_in_tables(self, job: Job):
        return named_in_rows(job, "MANIFEST", self._rows(job), layer_columns(self._tool()))

    def execute(self, job: Job) -> None:
        areas = Areas(job, self._tool()).run(self._rows(job))
        failed = [area for area in areas if area.failure]
        resumed = sum(area.resumed for area in areas)
        job.monitor.info(
            f"{len(areas) - len(failed)} of {len(areas)} areas have a network; {resumed} of them were finished before."
        )
        numbers = {
            name: label for name, label in numbers_of(self._tool()).items() if any(name in a.numbers for a in areas)
        }
        rows = [
            [area.name, area.folder, *(area.numbers.get(name) for name in numbers), area.failure or None]
            for area in areas
        ]
        names = [
            *columns(name=(str, Shown("Area")), folder=str),
            *(Column(name.lower(), _kind(areas, name), Shown(label)) for name, label in numbers.items()),
            *columns(failure=str),
        ]
        job.write_table("TABLE", names, rows)
        if job.given("HTML"):
            job.write_html("HTML", _page(areas, numbers))
        job.results.update(
            OUTPUT_FOLDER=job.folder("OUTPUT_FOLDER"), FINISHED=len(areas) - len(failed), FAILED=len(failed)
        )

    def _tool(self) -> EcoSecNetAlgorithm:
        return self.provider().algorithm(_RUN)

    def _written(self, job: Job, rows: list[Row]) -> list[str]:
        """Return the files of all areas, of which none may be in the place of an input of another; none in a new folder."""
        if job.texts("OUTPUT_FOLDER") == [QgsProcessing.TEMPORARY_OUTPUT]:
            return []
        names, folder, tool = FileNames(), job.destination("OUTPUT_FOLDER"), self._tool()
        return [file for row in rows for file in destinations(tool, folder, names.of([row.name])).values()]

    def _rows(self, job: Job):
        return read_manifest(job.vector("MANIFEST"), self._place, FIRST, columns_of(self._tool()))


def _kind(areas: list[Area], name: str) -> type:
    """Return whether a number counts or measures."""
    held = [area.numbers[name] for area in areas if name in area.numbers]
    return int if all(isinstance(one, int) for one in held) else float


def _page(areas: list[Area], numbers: dict[str, str]) -> str:
    """Return the report as one self-contained page."""
    done = [area for area in areas if not area.failure]
    parts = [html.cards([(f"{len(done)}", "areas with a network"), (f"{len(areas) - len(done)}", "areas without one")])]
    parts += [html.warning(f"{area.name} has no network: {area.failure}") for area in areas if area.failure]
    rows = [[area.name, *(area.numbers.get(name) for name in numbers)] for area in done]
    parts.append(html.table(["Area", *numbers.values()], rows))
    parts.append(html.paragraph("The report of each area lies in its folder."))
    return html.page("Networks of many areas", f"{len(areas)} areas.", parts)
