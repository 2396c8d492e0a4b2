"""Tool: code a class map for MSPA."""

from __future__ import annotations

from qgis.core import QgsProcessingOutputNumber

from ... import core
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import legends
from ..support.inputs import parameters as p
from ..support.run import palette
from ..support.run.inputlayers import cell_hectares

_BYTES_PER_CELL = 5


class ForegroundAlgorithm(EcoSecNetAlgorithm):
    """Codes a class map as missing, background and foreground."""

    NAME = "foreground"
    LABEL = "Foreground from land cover"
    GROUP = base.SOURCES
    TAGS = ("land use", "reclassify", "binary", "MSPA", "前景", "土地利用", "重分类")
    SUMMARY = "Codes a land-cover map as foreground (habitat), background and missing, the input of MSPA."
    HELP = (
        "<p>Foreground are the classes with high ecosystem service value and little disturbance, in the usual practice "
        "forest, grassland and water. NoData stays missing.</p>"
        "<p>With a <b>legend</b> the foreground are its habitat classes, unless FOREGROUND names some of them; its codes of "
        "no data are missing.</p>"
        "<p><b>Output</b>: byte raster, 0 missing, 1 background, 2 foreground.</p>"
    )
    METRIC = False
    HECTARES = True

    def declare(self):
        return [
            p.raster("INPUT", "Land-cover map", "Class raster with whole numbers as class values.", classes=True),
            p.text(
                "FOREGROUND",
                "Land-cover values of the foreground",
                "Values and ranges of the foreground classes, both ends included, for example 1,2,5-7. Empty: the habitat "
                "of the legend.",
                optional=True,
            ),
            legends.legend("Fills in the foreground."),
            p.text(
                "MISSING",
                "Land-cover values of missing data",
                "Values that count as missing data, beside the NoData of the raster.",
                optional=True,
            ),
            p.raster_output("OUTPUT", "Foreground", "0 missing, 1 background, 2 foreground."),
            QgsProcessingOutputNumber("FOREGROUND_HA", "Foreground area (ha)"),
        ]

    def check(self, job: Job) -> str | None:
        if core.sources.parse_values(job.text("FOREGROUND")) or job.chosen("LEGEND"):
            return None
        source = job.raster("INPUT")
        return legends.no_values(source, legends.codes_at_a_glance(source), "FOREGROUND", "foreground")

    def execute(self, job: Job) -> None:
        source = job.raster("INPUT")
        foreground = core.sources.parse_values(job.text("FOREGROUND"))
        missing = core.sources.parse_values(job.text("MISSING"))
        job.need_memory(_BYTES_PER_CELL * source.grid.rows * source.grid.cols)
        values, valid = source.read(job.monitor.part(0.0, 0.6))
        valid &= ~core.sources.members(values, missing)
        found = legends.read_habitat(job, source, values, valid, foreground)
        coded = core.sources.code_foreground(values, found.valid, found.ranges)
        count = int((coded == core.sources.FOREGROUND).sum())
        hectares = count * cell_hectares(source, job.context.transformContext(), job.monitor)
        valid_count = int((coded != core.sources.MISSING).sum())
        job.monitor.info(f"Foreground: {count:,} of {valid_count:,} cells ({100 * count / valid_count:.1f} %).")
        classes = [
            (core.sources.BACKGROUND, "Background", palette.BACKGROUND),
            (core.sources.FOREGROUND, "Foreground", palette.FOREGROUND),
        ]
        job.write_raster(
            "OUTPUT", coded, source.grid, nodata=core.sources.MISSING, description="Foreground coding", classes=classes
        )
        job.results["FOREGROUND_HA"] = hectares
