"""Tool: resistance scores of a factor."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ... import core
from ...core.choices import BreakMethod, SuitabilityCurve
from ...core.errors import InputError
from ...core.lists import parse_numbers
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import legends, scores
from ..support.inputs import parameters as p
from ..support.io import rasters
from ..support.io.rasterfiles import NO_AMOUNT
from ..support.io.tables import columns
from ..support.run import palette, ramps, styling
from ..support.run.forecast import LARGER_CELLS, Forecast
from ..support.run.inputlayers import cell_hectares

_TABLE = 0
_SUITABILITY = 5
"""First of the methods that turn suitability into resistance by a curve, without classes."""

_BYTES_PER_CELL = 45


class ScoreFactorAlgorithm(EcoSecNetAlgorithm):
    """Gives the values of a factor resistance scores."""

    NAME = "scorefactor"
    LABEL = "Score a factor"
    GROUP = base.RESISTANCE
    TAGS = ("reclassify", "resistance", "score", "natural breaks", "重分类", "阻力赋值", "阻力系数", "自然断点")
    SUMMARY = "Gives the classes of a factor (land use, slope, distance ...) their resistance scores."
    HELP = (
        "<p>Scores come from a table, or from classes made of the values (natural breaks, quantiles, equal or "
        "geometric intervals) with scores from 1 up, in the direction chosen.</p>"
        "<p>A class holds the values from its minimum to its maximum; a limit that two classes share belongs to the "
        "lower one. An empty limit is open. A land-use code has minimum = maximum.</p>"
        "<p>With the legend of a land-use map alone its classes get default scores from 1 (least) to 5; the log says where "
        "they come from.</p>"
        "<p>Habitat suitability h (0 worst, 1 best, or the range given) becomes resistance from M to 1: linear "
        "M - (M - 1) h; exponential M - (M - 1)(1 - exp(-c h)) / (1 - exp(-c)), after Keeley, Beier &amp; Gagnon (2016), "
        "doi:10.1007/s10980-016-0387-5; inverse 1 / h, at most M.</p>"
        "<p>The table is checked first: reversed and overlapping classes are refused; gaps, classes outside the values "
        "of the raster, values without a score and an unusual direction are warned of. See the tool 'Check scores'.</p>"
        "<p><b>Output</b>: float raster of scores; NoData where the input has none or no class holds the value.</p>"
    )
    METRIC = False
    HECTARES = True

    def declare(self):
        return [
            p.raster(
                "INPUT", "Factor raster", "Class map or continuous raster, such as land use, slope or a distance."
            ),
            p.choice(
                "METHOD",
                "How the classes are made",
                "By the table of scores, made from the values of the raster, or by a curve from habitat suitability.",
                [
                    "By the table of scores",
                    "Natural breaks",
                    "Quantiles",
                    "Equal intervals",
                    "Geometric intervals",
                    "From habitat suitability, linear",
                    "From habitat suitability, exponential",
                    "From habitat suitability, inverse",
                ],
            ),
            p.matrix(
                "SCORES",
                "Scores by class",
                "One class in each row: minimum, maximum (empty = open) and score. For a code give it as both limits.",
                ["Minimum", "Maximum", "Score"],
                [],
            ),
            p.table("SCORES_TABLE", "Table of scores", f"Instead of the rows above. {scores.COLUMNS}", optional=True),
            legends.legend(
                "For a land-use map: without a table it gives scores from 1 to 5, and it names the classes."
            ),
            p.text(
                "FACTOR",
                "Name of the factor in the table",
                "Name of the factor whose rows to use. Empty: the only one, or the one that the raster measures.",
                optional=True,
            ),
            p.integer("CLASSES", "Number of classes made", "For classes made from the values.", 5, low=2, high=100),
            p.choice(
                "DIRECTION",
                "Direction of the scores",
                "For classes made from the values: where the resistance is high.",
                ["Low (near) values have high resistance", "High (far) values have high resistance"],
            ),
            p.text(
                "CLASS_SCORES",
                "Scores of the classes made",
                "For classes made from the values: scores with blanks between, such as 1 10 30 60 100. Empty: 1, 2 ...",
                optional=True,
                advanced=True,
            ),
            p.number(
                "WORST",
                "Worst suitability",
                "Suitability that gets the largest resistance.",
                0.0,
                advanced=True,
                decimals=3,
            ),
            p.number("BEST", "Best suitability", "Suitability that gets resistance 1.", 1.0, advanced=True, decimals=3),
            p.number(
                "LARGEST",
                "Largest resistance",
                "For suitability: resistance of the worst habitat.",
                100.0,
                advanced=True,
                decimals=1,
            ),
            p.number(
                "SHAPE",
                "Shape of the exponential curve",
                "c of the exponential curve, usually 0.25 (nearly straight) to 16 (only the worst habitat resists).",
                4.0,
                advanced=True,
            ),
            p.raster_output("OUTPUT", "Score raster", "Resistance score of every cell."),
            p.table_output(
                "TABLE",
                "Classes and their scores",
                "Each class with its limits, score, cells, area and share.",
                optional=True,
                default=False,
            ),
        ]

    def check(self, job: Job) -> str | None:
        given = bool(scores.rows_of(job.matrix("SCORES"), 3)) + job.given("SCORES_TABLE")
        if job.chosen("METHOD") == _TABLE and given > 1:
            return "Give the scores either in the rows or as a table."
        if job.chosen("METHOD") == _TABLE and not given and not job.chosen("LEGEND"):
            return (
                "There are no scores. Fill in the rows, give a table, choose the legend of a land-use map, or let the "
                "classes be made from the values."
            )
        if job.chosen("METHOD") != _TABLE and job.chosen("LEGEND"):
            return "A legend is chosen, but another way to make scores than a table. Choose one of the two."
        if job.chosen("METHOD") != _TABLE and given:
            return "There is a table of scores, but another way to make scores is chosen. Choose one of the two."
        if job.chosen("METHOD") >= _SUITABILITY and job.given("TABLE"):
            return "Resistance from suitability has no classes. Leave the table of classes out."
        return None

    def execute(self, job: Job) -> None:
        if job.chosen("METHOD") >= _SUITABILITY:
            self._curve(job)
            return
        source, made = job.raster("INPUT"), job.chosen("METHOD") != _TABLE
        monitor = Forecast(job.monitor, LARGER_CELLS)
        factor = self._made(job) if made else self._given(job)
        read = rasters.read_together([source], source)
        values = core.resistance.FactorValues()
        for _, (surface,) in read(monitor.part(0.3 if made else 0.0, 0.5)):
            values.add(surface)
        if not math.isfinite(values.minimum):
            raise InputError(f"'{source.name}' holds only NoData.")
        factor, blanks = (factor, []) if made else self._with_legend(job, factor, values)
        ranges = {factor.name: (values.minimum, values.maximum)}
        codes = {} if values.codes is None else {factor.name: values.codes}
        core.resistance.report(
            core.resistance.check_scores([factor], ranges=ranges, codes=codes, overlay=False), job.monitor
        )
        unmatched, counts = 0, [0] * len(factor.classes)
        with job.raster_writer(
            "OUTPUT", source.grid, "float32", NO_AMOUNT, description=f"{scores.SCORE_OF}{factor.name}"
        ) as writer:
            for row, (surface,) in read(monitor.part(0.5, 1.0)):
                surface[core.sources.members(surface, blanks)] = np.nan
                scored = core.resistance.score_values(surface, factor.classes)
                writer.write(row, scored.scores)
                unmatched += scored.unmatched
                counts = [a + int(b) for a, b in zip(counts, scored.counts)]
            total = sum(counts)
            if not total:
                raise InputError(
                    f"No cell of '{source.name}' ({values.minimum:g} to {values.maximum:g}) falls in a class. "
                    "Check the unit and the limits."
                )
        if unmatched:
            share = 100 * unmatched / (total + unmatched)
            job.monitor.warn(f"{unmatched:,} cells ({share:.2f} %) are in no class and have no score.")
        job.finish("OUTPUT", styling.surface(ramps.over(palette.RESISTANCE, ramps.sample(writer.path))))
        hectares = (
            cell_hectares(source, job.context.transformContext(), job.monitor) if job.given("TABLE") else math.nan
        )
        job.write_table(
            "TABLE",
            columns(**{"class": str}, minimum=float, maximum=float, score=float, cells=int, area_ha=float, share=float),
            [
                (c.name or c.describe(), c.minimum, c.maximum, c.score, n, n * hectares, 100.0 * n / total)
                for c, n in zip(factor.classes, counts)
            ],
        )

    def _curve(self, job: Job) -> None:
        source = job.raster("INPUT")
        worst, best, largest = job.number("WORST"), job.number("BEST"), job.number("LARGEST")
        beyond, valid = 0, 0
        with job.raster_writer("OUTPUT", source.grid, "float32", NO_AMOUNT, description="Resistance") as writer:
            for row, (surface,) in rasters.read_together([source], source)(Forecast(job.monitor, LARGER_CELLS)):
                resistance = core.resistance.suitability_to_resistance(
                    surface,
                    curve=list(SuitabilityCurve)[job.chosen("METHOD") - _SUITABILITY],
                    shape=job.number("SHAPE"),
                    worst=worst,
                    best=best,
                    largest=largest,
                )
                writer.write(row, resistance)
                beyond += int(((surface < min(worst, best)) | (surface > max(worst, best))).sum())
                valid += int((surface == surface).sum())
            if not valid:
                raise InputError(f"'{source.name}' holds only NoData.")
        if beyond:
            job.monitor.warn(
                f"{beyond:,} cells ({100 * beyond / valid:.1f} %) lie beyond the worst ({worst:g}) or best ({best:g}) "
                "suitability and count as these. Check the range of the raster."
            )
        job.finish("OUTPUT", styling.surface(ramps.over(palette.RESISTANCE, ramps.sample(writer.path))))

    def _with_legend(
        self, job: Job, factor: core.resistance.FactorScores | None, values: core.resistance.FactorValues
    ) -> tuple[core.resistance.FactorScores, list[tuple[float, float]]]:
        """Return the scores with names of the classes, those of the legend where none are given; and its no data."""
        source = job.raster("INPUT")
        if values.codes is None:
            if job.chosen("LEGEND"):
                raise InputError(f"'{source.name}' has too many different values to be a land-use map with a legend.")
            return factor, []
        scheme = legends.read_scheme(job, source, values.codes)
        blanks = scheme.blanks if scheme is not None else []
        values.leave_out(blanks)
        if factor is None:
            job.monitor.info(f"Scores of the legend {scheme.name}: {scheme.scores}.")
            return scheme.factor(values.codes), blanks
        names = legends.class_names(source, scheme, factor.classes, values.codes)
        if not any(one.name for one in factor.classes):
            named = (replace(c, name=names.get(int(c.minimum), "") if c.is_code else "") for c in factor.classes)
            factor = replace(factor, classes=tuple(named))
        return factor, blanks

    def _given(self, job: Job) -> core.resistance.FactorScores | None:
        source, table = job.raster("INPUT"), job.vector("SCORES_TABLE")
        if table is not None:
            return scores.factor_from_table(table, job.text("FACTOR"), source)
        return scores.factor_from_matrix(job.matrix("SCORES"), job.text("FACTOR") or source.name)

    def _made(self, job: Job) -> core.resistance.FactorScores:
        source, classes = job.raster("INPUT"), job.integer("CLASSES")
        job.need_memory(_BYTES_PER_CELL * source.grid.rows * source.grid.cols)
        make = core.stats.BREAK_METHODS[list(BreakMethod)[job.chosen("METHOD") - 1]]
        found = make(source.read_surface(job.monitor.part(0.0, 0.1)), classes, monitor=job.monitor.part(0.1, 0.3))
        if len(found.limits) < classes:
            job.monitor.warn(f"The values of '{source.name}' make {len(found.limits)} classes only, not {classes}.")
        given = parse_numbers(job.text("CLASS_SCORES"), "Scores of the classes")
        direction = core.resistance.RISES if job.chosen("DIRECTION") else core.resistance.FALLS
        made = core.resistance.classes_from_breaks(found, direction, scores=given or None)
        for item in made:
            job.monitor.info(f"{item.describe()}: score {item.score:g}")
        return core.resistance.FactorScores(job.text("FACTOR") or source.name, tuple(made))
