"""Tool: which corridors and key areas survive other judgements."""

from __future__ import annotations

import math

from qgis.core import QgsProcessing, QgsProcessingOutputNumber

from ... import core
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs import spreading
from ..support.reports.robustness import headline, how_ended
from .robust.inputs import SourceDistances, check_variation, declare_inputs, declare_variation, read_asked
from .robust.layers import write_links, write_robust, write_shares, write_tables
from .robust.report import robustness_report

_KEPT_PER_CELL = 40
"""Bytes a cell of the counters, shares and the base run."""


class RobustnessAlgorithm(EcoSecNetAlgorithm):
    """Runs the chain on what could as well have been judged."""

    NAME = "robustness"
    LABEL = "Robustness of the judgements"
    GROUP = base.DECISIONS
    TAGS = (
        "uncertainty",
        "sensitivity",
        "Monte Carlo",
        "AHP",
        "weights",
        "tornado",
        "稳健性",
        "不确定性",
        "敏感性",
        "蒙特卡洛",
    )
    REQUIRES = ("scipy", "networkx")
    SUMMARY = "Shows which corridors, pinch points and barriers stay when weights, judgements and scores are others."
    HELP = (
        "<p>The weights and scores behind a resistance surface are judgements. This tool draws others that could as well "
        "have been made, follows each through the whole chain - surface, least-cost paths, corridors, pinch points, "
        "barriers - and counts in how many of the runs each cell, link and area comes out again.</p>"
        "<p><b>What varies.</b> <i>Judgements</i>: each by up to so many steps of Saaty's scale, small changes likelier "
        "(triangle); only matrices with a consistency ratio below 0.1 count, missing judgements stay missing. "
        "<i>Weights</i>: a Dirichlet distribution around those given. <i>Experts</i>: as many tables as there are, drawn "
        "with replacement. <i>Scores</i>: each class by up to a share of the gap to the next; the order stays, equal "
        "scores stay equal. <i>Settings</i>: cutoff, dispersal distance, smallest source.</p>"
        "<p><b>Shares.</b> Cells in nine runs of ten or more are <i>certain</i>, in half or more <i>likely</i>, in a "
        "tenth or more open. A share p of n runs is known to 1.96 sqrt(p (1 - p) / n); near 0 and 1 by Wilson's interval. "
        "Runs end at the tolerance or at their number, and the log says which.</p>"
        "<p><b>Tornado.</b> How far each outcome (cells in common with the network as it was judged, length, equivalent "
        "connected area) follows each input: standardised rank regression coefficient, and the share of the variance that "
        "the input explains by itself, by bins and corrected for chance. Below 200 runs the bars are grey.</p>"
        "<p><b>Repeatable.</b> The draw of a run follows from the seed and its number alone. Uniform numbers come from Latin "
        "hypercubes of 50 runs (McKay et al. 1979, doi:10.2307/1268522).</p>"
        "<p>Uncertainty of weighted overlays: Feizizadeh et al. 2014, doi:10.1016/j.cageo.2013.11.009; Jankowski et al. "
        "2023, doi:10.4230/LIPIcs.GIScience.2023.42. Following it into corridors and key areas is ours.</p>"
    )

    def declare(self):
        return [
            *declare_inputs(),
            *declare_variation(),
            *spreading.long_run(),
            p.raster_output(
                "PATH_SHARE", "Share of paths", "Share of the runs in which a least-cost path crosses a cell."
            ),
            p.raster_output(
                "CORRIDOR_SHARE", "Share of corridors", "Share of the runs in which a cell is in a corridor."
            ),
            p.raster_output(
                "PINCH_SHARE",
                "Share of pinch points",
                "Share of the runs in which a cell is a pinch point; made where the stage has them.",
                optional=True,
            ),
            p.raster_output(
                "BARRIER_SHARE",
                "Share of barriers",
                "Share of the runs in which a cell is a barrier; made where the stage has them.",
                optional=True,
            ),
            p.vector_output(
                "OUTPUT_LINKS",
                "Links and their share",
                "Links that some run had, with the share of the runs, the cost distance and the rank by centrality.",
                QgsProcessing.SourceType.TypeVectorLine,
            ),
            p.vector_output(
                "ROBUST",
                "Certain and likely areas",
                "Corridors outside the sources, pinch points and barriers that are certain (nine runs of ten) or likely "
                "(half), with their area.",
            ),
            p.table_output("TABLE", "Runs", "One row for each run: what it was computed with and what came of it."),
            p.table_output("TORNADO", "What moves the result", "How far each outcome follows each input."),
            p.html_output(
                "HTML",
                "Robustness report",
                "Maps, headline numbers, a paragraph to paste, and the tornado.",
                default=True,
            ),
            QgsProcessingOutputNumber("RUNS_DONE", "Runs done"),
            QgsProcessingOutputNumber("HALF_WIDTH", "Half width of the 95 % interval of the shares (largest)"),
            QgsProcessingOutputNumber("CERTAIN_PINCH", "Area of the pinch points that is certain (%)"),
            QgsProcessingOutputNumber("CERTAIN_BARRIER", "Area of the barriers that is certain (%)"),
        ]

    def check(self, job: Job) -> str | None:
        return check_variation(job)

    def execute(self, job: Job) -> None:
        grid = job.rasters("FACTORS")[0].grid
        cells = grid.rows * grid.cols
        kept = (_KEPT_PER_CELL + len(job.rasters("FACTORS"))) * cells
        where = spreading.where(job, each=core.decisions.run_bytes(cells), kept=kept)
        asked = read_asked(job)
        found = core.decisions.robustness(
            asked.study,
            asked.uncertainty,
            distances=SourceDistances(asked.sources, asked.onto),
            weights=asked.weights,
            matrices=asked.matrices,
            runs=job.integer("RUNS"),
            tolerance=job.number("TOLERANCE"),
            seed=job.integer("SEED"),
            where=where,
            monitor=job.monitor.part(0.05, 0.95),
        )
        job.monitor.info(how_ended(found))
        for kind in found.stayed:
            job.monitor.info(headline(found, kind))
        write_shares(job, found, asked)
        write_links(job, found, asked)
        write_robust(job, found, asked)
        write_tables(job, found)
        job.write_html("HTML", robustness_report(job, found, asked))
        job.results.update(RUNS_DONE=found.runs, HALF_WIDTH=found.half_width)
        for kind, name in ((core.decisions.PINCH, "CERTAIN_PINCH"), (core.decisions.BARRIER, "CERTAIN_BARRIER")):
            share = found.certain.get(kind, math.nan)
            if not math.isnan(share):
                job.results[name] = 100.0 * share
