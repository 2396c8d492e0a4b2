"""Tool: ecological importance from ready rasters."""

from __future__ import annotations

from contextlib import ExitStack

from qgis.core import QgsProcessingOutputNumber

from ... import core
from ...core import defaults
from ...core.choices import Normalisation, SourceRule
from ...core.errors import InputError
from ...core.lists import parse_answers
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.weights import read_weights
from ..support.io import rasters
from ..support.io.rasterfiles import NO_AMOUNT, NO_CLASS
from ..support.run import palette, ramps, styling
from ..support.run.forecast import LARGER_CELLS, Forecast
from ..support.run.inputlayers import cell_hectares

_MOST = 250
"""Evidences whose agreement can be counted in a byte."""

_MANY = 1.05
"""How many times the cells asked for are kept before that is worth a warning."""


class EvidenceAlgorithm(EcoSecNetAlgorithm):
    """Weighs evidences for ecological sources."""

    NAME = "evidence"
    LABEL = "Ecological importance from evidence rasters"
    GROUP = base.SOURCES
    TAGS = (
        *(
            "ecosystem services",
            "InVEST",
            "RUSLE",
            "sensitivity",
            "habitat quality",
            "importance",
            "overlay",
            "quantile",
        ),
        *("生态系统服务", "生态敏感性", "生态重要性", "生境质量", "生态源地"),
    )
    SUMMARY = (
        "Weighs ready rasters (ecosystem services, sensitivity, MSPA core) to an importance from 0 to 1, and marks the most "
        "important cells, of which 'Ecological sources' makes sources."
    )
    HELP = (
        "<p>No service is modelled here: bring the rasters of the programs that do. Usual ones, each the more the better: "
        "<i>habitat quality</i> of InVEST (quality_c.tif, 0 to 1); <i>carbon</i> (c_storage_bas.tif, t per ha; in "
        "older versions tot_c_cur.tif, t per pixel); <i>water yield</i> (wyield.tif, mm); <i>avoided erosion</i> "
        "(avoided_erosion.tif, t per ha and year; formerly per pixel; NoData where land drains to no stream); and "
        "<i>MSPA</i> core as 1 with all other land as 0. <i>Soil loss</i> by RUSLE or InVEST (usle.tif, t per ha and year) "
        "is the better the less there is, unless it stands for sensitivity, which most studies count in favour. Units do not "
        "matter, but a raster must have one.</p>"
        "<p><b>One scale from 0 to 1</b>: <i>range</i>, linear from the smallest to the largest value; <i>ranks</i>, "
        "the share of the other cells below, which a few extreme values do not squeeze, equal values sharing the mean"
        " of their places; <i>classes</i>, natural breaks, (class - 1) / (classes - 1); <i>as they are</i>, for "
        "rasters from 0 to 1. Where high is not good the scale is turned round. Importance is the weighted sum. All "
        "cells count, none is sampled.</p>"
        "<p><b>Mask</b>: the <i>highest share</i> of the cells, the threshold exact to the cell (cells that tie with "
        "the last are kept, and their number is said); the <i>highest natural-breaks classes</i> of the importance; "
        "or all cells of <i>at least</i> a value. Give it to <i>Ecological sources</i> with 1 as the value of core "
        "area.</p>"
        "<p><b>Agreement</b>: the same rule for each evidence alone, and in how many a cell fulfils it. The lowest "
        "value of an evidence never counts, as 0 outside the MSPA core. A place that is important by one raster only "
        "is a weak source.</p>"
        "<p>A cell without data in any evidence has no importance and is left out of all limits; such cells are "
        "counted. Fill NoData that means 'none' with 0 first.</p>"
        "<p>Ranks of more than 262,144 cells with many different values are off by at most 0.0002 % of the cells; natural "
        "breaks of more than 131,072 different values are the best among the edges of as many narrow bins.</p>"
        "<p>Works in bands of rows, in five to ten passes over the rasters. Three rasters of 4,000 x 20,000 cells took 35 s "
        "of computing and 0.5 GB in all, by ranks with classes and agreement 3 minutes and 0.6 GB; time grows with the "
        "number of cells, memory does not. Rasters on another grid are resampled first, held in memory, and it is said how; "
        "0 and 1 become shares between.</p>"
    )
    METRIC = False
    HECTARES = True

    def declare(self):
        return [
            p.rasters("EVIDENCE", "Evidence rasters", "One or more rasters that speak for or against a source."),
            p.text(
                "WEIGHTS",
                "Weights of the evidences",
                "One number for each raster, in their order, with commas or blanks between. Empty: all the same.",
                optional=True,
            ),
            p.table(
                "WEIGHTS_TABLE",
                "Table of weights",
                "Instead of the numbers: columns factor and weight, as the tool 'Weights by AHP' makes it. Rasters are "
                "found by the names of the layers, else taken in their order.",
                optional=True,
            ),
            p.text(
                "HIGH_IS_GOOD",
                "High values are good",
                "yes or no (1 or 0) for each raster, in their order: whether high values speak for a source. Empty: all yes.",
                optional=True,
            ),
            p.choice(
                "NORMALISE", "One scale from 0 to 1 by", "How rasters of different units are made alike.", Normalisation
            ),
            p.choice("RULE", "Rule for the important cells", "Which cells the mask marks.", SourceRule),
            p.number(
                "VALUE",
                "Number of the rule",
                "Per cent of the cells for the highest share; how many of the highest classes; or the least importance, 0 "
                "to 1.",
                defaults.IMPORTANT_SHARE,
                low=0.0,
                high=100.0,
                decimals=3,
            ),
            p.integer(
                "CLASS_COUNT",
                "Number of natural-breaks classes",
                "Of the evidences, where classes make the scale, and of the importance.",
                defaults.IMPORTANCE_CLASSES,
                low=2,
                high=254,
            ),
            p.raster(
                "GRID",
                "Raster whose grid to use",
                "Raster onto whose grid all others are resampled. Empty: all must lie on one grid.",
                optional=True,
            ),
            p.raster_output("OUTPUT", "Ecological importance", "0, the lowest, to 1, the highest."),
            p.raster_output(
                "CLASSES",
                "Classes of importance",
                "Natural-breaks class of every cell, 1 is the lowest; 0 is NoData.",
                optional=True,
                default=False,
            ),
            p.raster_output(
                "MASK",
                "Important cells",
                "1 where a cell is important by the rule, else 0; 255 is NoData. What 'Ecological sources' takes.",
                optional=True,
            ),
            p.raster_output(
                "AGREEMENT",
                "Agreeing evidences",
                "In how many of the evidences, each for itself, a cell is important by the rule; 255 is NoData.",
                optional=True,
                default=False,
            ),
            QgsProcessingOutputNumber("THRESHOLD", "Smallest importance in the mask"),
            QgsProcessingOutputNumber("SHARE", "Share of the mask (%)"),
            QgsProcessingOutputNumber("AREA_HA", "Area of the mask (ha)"),
            QgsProcessingOutputNumber("MISSING", "Cells without data in some or all of the evidences"),
        ]

    def check(self, job: Job) -> str | None:
        if job.given("WEIGHTS") and job.given("WEIGHTS_TABLE"):
            return "There are weights as numbers and as a table. Give one of the two, or none."
        return None

    def execute(self, job: Job) -> None:
        evidences = job.rasters("EVIDENCE")
        names = [source.name for source in evidences]
        count = len(evidences)
        if count > _MOST:
            raise InputError(f"There are {count} evidences; {_MOST} are the most.")
        weights = [1.0 / count] * count
        if job.given("WEIGHTS") or job.given("WEIGHTS_TABLE"):
            table = job.vector("WEIGHTS_TABLE")
            weights = read_weights(job.text("WEIGHTS"), table, evidences, job.monitor, "evidences")
        method, rule = job.choice("NORMALISE", Normalisation), job.choice("RULE", SourceRule)
        good, classes, value = _answers(job, names), job.integer("CLASS_COUNT"), job.number("VALUE")
        core.sources.check_rule(rule, value, classes)
        onto = job.raster("GRID") or evidences[0]
        if not job.given("GRID"):
            rasters.require_one_grid(evidences)
        grid, agreement = onto.grid, job.given("AGREEMENT")
        counted = (1 + count * agreement) + count * (method in (Normalisation.RANKS, Normalisation.CLASSES))
        cells = grid.rows * grid.cols
        job.need_memory(12 * min(rasters.BLOCK_CELLS, count * cells) + counted * core.sources.COUNTED_BYTES)
        hectares = cell_hectares(onto, job.context.transformContext(), job.monitor)
        monitor = Forecast(job.monitor, LARGER_CELLS)
        read = rasters.read_together(evidences, onto, monitor)
        entries = {
            "CLASSES": _class_entries(classes),
            "MASK": [(0, "Other land", palette.BACKGROUND), (1, "Important", palette.FOREGROUND)],
            "AGREEMENT": [
                (k, f"{k} of {count} evidences", colour)
                for k, colour in enumerate(palette.spread(palette.SCORE, count + 1))
            ],
        }
        with ExitStack() as writers:
            surface = writers.enter_context(
                job.raster_writer("OUTPUT", grid, "float32", NO_AMOUNT, description="Ecological importance, 0 to 1")
            )
            others = {
                name: writers.enter_context(
                    job.raster_writer(
                        name,
                        grid,
                        "uint8",
                        NO_CLASS if name == "CLASSES" else core.sources.NO_MASK,
                        description=p.in_english(self.parameterDefinition(name))[0],
                        classes=entries[name],
                    )
                )
                for name in entries
                if job.given(name)
            }

            def write(row: int, block: core.sources.ImportanceBlock) -> None:
                surface.write(row, block.importance)
                for name, writer in others.items():
                    writer.write(row, getattr(block, name.lower()))

            summary = core.sources.build_importance(
                read,
                weights,
                write=write,
                high_is_good=good,
                normalise=method,
                rule=rule,
                value=value,
                classes=classes,
                with_classes=job.given("CLASSES"),
                with_agreement=agreement,
                names=names,
                monitor=monitor,
            )
        ramp = ramps.over(palette.SCORE, ramps.sample(surface.path), extremes=(summary.minimum, summary.maximum))
        job.finish("OUTPUT", styling.surface(ramp))
        for name in others:
            shown = _class_entries(classes, summary.breaks) if name == "CLASSES" else entries[name]
            job.finish(name, styling.classes(shown))
        _tell(summary, names, hectares, job)
        job.results.update(
            THRESHOLD=summary.threshold,
            SHARE=100.0 * summary.kept / summary.cells,
            AREA_HA=summary.kept * hectares,
            MISSING=summary.missing,
        )


def _answers(job: Job, names: list[str]) -> list[bool]:
    """Return for each evidence whether high is good."""
    answers = parse_answers(job.text("HIGH_IS_GOOD"), "High values are good")
    if answers and len(answers) != len(names):
        raise InputError(
            f"There are {len(names)} evidences but {len(answers)} answers whether high is good. Give one for each, or none."
        )
    return answers


def _class_entries(count: int, breaks: core.stats.Breaks | None = None) -> list[tuple[int, str, tuple[int, int, int]]]:
    """Return value, name and colour of the classes of importance; named by their limits once these are known."""
    if breaks is None:
        return [(k + 1, f"Class {k + 1}", colour) for k, colour in enumerate(palette.spread(palette.SCORE, count))]
    count = breaks.limits.size
    lower = [breaks.minimum, *breaks.limits[:-1]]
    return [
        (k + 1, f"{k + 1} ({lower[k]:.3f} to {breaks.limits[k]:.3f})", colour)
        for k, colour in enumerate(palette.spread(palette.SCORE, count))
    ]


def _tell(summary: core.sources.ImportanceSummary, names: list[str], hectares: float, job: Job) -> None:
    monitor = job.monitor
    for name, (low, high) in zip(names, summary.ranges):
        monitor.info(f"{name}: {low:.6g} to {high:.6g}.")
    monitor.info(
        f"Importance: {summary.minimum:.4g} to {summary.maximum:.4g}, mean {summary.mean:.4g}; {summary.cells:,} cells, "
        f"{summary.missing:,} NoData."
    )
    if summary.partial:
        lacking = ", ".join(f"{name} in {count:,}" for name, count in zip(names, summary.lacking) if count)
        monitor.warn(
            f"{summary.partial:,} cells have no data in some of the evidences ({lacking}); they became NoData. Where that "
            "means 'none', fill it with 0 first."
        )
    if summary.rank_error:
        monitor.info(f"Ranks are exact to {100.0 * summary.rank_error:.2g} % of the cells.")
    if summary.kept > summary.wanted > 0:
        tell = monitor.warn if summary.kept > _MANY * summary.wanted else monitor.info
        tell(
            f"{summary.wanted:,} cells were asked for and {summary.kept:,} are kept: all that are as important as the last "
            f"of them ({summary.threshold:.6g})."
        )
    monitor.info(
        f"Important from {summary.threshold:.6g} on: {summary.kept:,} cells, {summary.kept * hectares:,.2f} ha, "
        f"{100.0 * summary.kept / summary.cells:.2f} % of those with data."
    )
    if summary.agreeing:
        shares = ", ".join(
            f"{k} in {100.0 * count / summary.kept:.1f} %" for k, count in enumerate(summary.agreeing) if count
        )
        monitor.info(f"Evidences that agree, of {len(names)}, in the important cells: {shares}.")
