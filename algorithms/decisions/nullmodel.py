"""Tool: compare corridors, pinch points or barriers with those that chance makes."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessingOutputNumber

from ... import core
from ...core.choices import NullKind, Stage
from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs import spreading
from ..support.inputs.declarations import (
    barrier_radii,
    corridor_cutoff,
    cutoff_rule,
    dispersal_distance,
    dispersal_probability,
    land_use,
    read_cutoff,
    read_radii,
)
from ..support.inputs.linked import linked_inputs, read_linked
from ..support.io.fields import Shown
from ..support.io.rasterfiles import NO_AMOUNT
from ..support.io.rasters import RasterSource, require_aligned
from ..support.io.tables import columns
from ..support.reports import nullmodel as report
from ..support.run import memory, palette, styling
from ..support.run.forecast import FEWER_LINKS, Forecast

_STAGES = (Stage.CORRIDORS, Stage.PINCH_POINTS, Stage.BARRIERS)
_TABLE = columns(
    index=str,
    observed=float,
    null_mean=float,
    null_deviation=float,
    percentile=(float, Shown("Percentile of the observed figure", "%", 1)),
    p=(float, Shown("P-value, two-sided", "", 4)),
    draws=int,
)

_KEPT, _EACH = 60, 64
"""Bytes a cell that are needed once, and by every process beside the least-cost graph."""


class NullModelAlgorithm(EcoSecNetAlgorithm):
    """Compares maps with null models."""

    NAME = "nullmodel"
    LABEL = "Null model"
    GROUP = base.DECISIONS
    TAGS = ("null model", "Monte Carlo", "significance", "false discovery rate", "零模型", "显著性检验", "随机化")
    REQUIRES = ("scipy", "networkx")
    SUMMARY = (
        "Tests whether corridors, pinch points or barriers are more than what chance and geometry would make anyway."
    )
    HELP = (
        "<p>Any sources have pinch points between them, on any surface. This tool makes the same map many times on "
        "landscapes that chance could have made, with the same pairs of sources and cutoffs, and counts how often a cell "
        "gets as high a value as on the real one.</p>"
        "<p><b>Null models</b>: <i>uniform</i>, the mean resistance everywhere; what is left is geometry alone. "
        "<i>Shuffled scores</i>: the resistances of the classes change places, so that patches stay and their meaning goes. "
        "<i>Shuffled land</i>: the same resistances, exactly, as patchy as they are (power spectrum), elsewhere. <i>Moved "
        "sources</i>: all sources shifted, turned and mirrored together; those that would come to lie on no land or on "
        "another one are slid to the nearest place where nine tenths of them fit. <i>Straight lines</i> between the ends of "
        "the least-cost paths, for corridors. The first and the last have no chance in them and so a single draw: read the "
        "ratio.</p><p><b>P</b> of a cell is (1 + number of draws with at least its value) / (1 + number of draws), so that "
        "the smallest is 1 in 100 with 99 draws; <b>percentile</b> is the share of draws below it. With thousands of cells "
        "some are rare by chance: the log and the report state how many are left at 0.05 after the correction of Benjamini "
        "and Hochberg for all cells outside the sources, as in the rule 'Against a null model' of 'keyareas', which takes P. "
        "P is 1 where the map has no value; without these cells any narrow corridor would stand out, as most draws have none "
        "just there. With N draws no cell can pass unless a share of 20 / (N + 1) of the land has the smallest p-value: 99 "
        "draws show percentiles and the figures of the network, what stands out takes 999 or more.</p>"
        "<p><b>Values</b>: current at 1 A between the two sources of a link, barrier score (maximum of the links, discs), or "
        "for corridors 1 on the least-cost path falling to 0 where the corridor ends. Cells without a value in a draw count "
        "as 0.</p><p><b>Figures of the network</b> against the draws: length of the paths, mean least-cost distance, EC(PC) "
        "with least-cost distances (a metre of dispersal costs what a metre of the paths does), and the Gini coefficient of "
        "the current-flow centrality of the sources.</p>"
        "<p>Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57:289-300, doi:10.1111/j.2517-6161.1995.tb02031.x; Schreiber & "
        "Schmitz 1996, Phys. Rev. Lett. 77:635-638, doi:10.1103/PhysRevLett.77.635 (shuffled land); North et al. 2002, Am. "
        "J. Hum. Genet. 71:439-441, doi:10.1086/341527 (p-value).</p>"
    )

    def declare(self):
        return [
            *linked_inputs(),
            p.choice(
                "NULL",
                "Compared with",
                "What is left to chance in the landscapes that the map is compared with; the help describes each.",
                NullKind,
                NullKind.LAND,
            ),
            p.choice("STAGE", "Map that is compared", "The map whose cells are compared.", _STAGES, Stage.PINCH_POINTS),
            p.integer(
                "RUNS",
                "Number of draws",
                "How many landscapes are drawn by chance; each takes as long as the map itself. Take 999 or more for cells "
                "that stand out.",
                99,
                low=1,
                high=100_000,
            ),
            corridor_cutoff(),
            cutoff_rule(),
            land_use("the null model 'Shuffled scores' where the resistance has more than 256 different values"),
            *barrier_radii(advanced=True),
            dispersal_distance("For EC(PC): distance at which dispersal has the probability below."),
            dispersal_probability(advanced=True),
            p.integer(
                "SEED", "Seed of the random numbers", "The same seed gives the same draws.", 0, low=0, advanced=True
            ),
            *spreading.long_run(),
            p.raster_output(
                "P",
                "P-value",
                "Share of the draws, the map among them, with at least the observed value; 1 where it has none.",
            ),
            p.raster_output(
                "PERCENTILE", "Percentile among the draws", "Share of the draws below the observed value, percent."
            ),
            p.raster_output(
                "RATIO",
                "Observed over expected",
                "Observed value over the mean of the draws; NoData where that is 0.",
                optional=True,
                default=False,
            ),
            p.table_output("TABLE", "Figures of the network", "Each as observed and in the draws."),
            p.html_output("HTML", "Null model report", "Maps, histograms and a paragraph for reading.", default=True),
            QgsProcessingOutputNumber("CELLS", "Cells with a value"),
            QgsProcessingOutputNumber("SIGNIFICANT", "Cells that stand out after the correction"),
        ]

    def check(self, job: Job) -> str | None:
        read_cutoff(job)
        kind, stage = job.choice("NULL", NullKind), job.choice("STAGE", _STAGES)
        if kind is NullKind.LINE and stage is not Stage.CORRIDORS:
            return (
                f"Straight lines carry no current and have no barriers: choose '{Stage.CORRIDORS.label}' for the map "
                "(STAGE), or another null model (NULL)."
            )
        if stage is Stage.BARRIERS:
            read_radii(job.number, job.raster("RESISTANCE").grid)
        return None

    def execute(self, job: Job) -> None:
        raster = job.raster("RESISTANCE")
        grid, cells = raster.grid, raster.grid.rows * raster.grid.cols
        kind, stage = job.choice("NULL", NullKind), job.choice("STAGE", _STAGES)
        each = core.leastcost.graph_bytes(grid.shape) + _EACH * cells
        where = spreading.where(
            job,
            each=each,
            kept=_KEPT * cells,
            at_most=each + core.circuit.most_solver_bytes(cells) * (stage is Stage.PINCH_POINTS),
            cause=memory.FULL,
        )
        given = read_linked(job, raster)
        belts = given.corridors(read_cutoff(job), job.monitor.part(0.05, 0.07))
        question = core.decisions.question_of(
            belts.fields,
            belts.links,
            belts.limits,
            cell_ha=grid.cell_ha,
            dispersal=job.number("DISPERSAL"),
            probability=job.number("PROBABILITY"),
            kind=kind,
            stage=stage,
            radii=read_radii(job.number, grid) if stage is Stage.BARRIERS else (),
            classes=_classes(job, raster, given.resistance) if kind is NullKind.SCORES else None,
            seed=job.integer("SEED"),
        )
        belts.fields.release()
        del belts
        runs = job.integer("RUNS")
        if kind in core.decisions.WITHOUT_CHANCE:
            job.monitor.info(f"'{kind.label}' has no chance in it: there is one draw. Read the ratio (RATIO), not P.")
        found = core.decisions.nullmodel(
            question,
            runs=runs,
            where=where,
            monitor=Forecast(job.monitor.part(0.07, 0.95), f"Fewer draws. {FEWER_LINKS}"),
        )
        said = report.Said(raster, kind, stage, found)
        for sentence in said.sentences():
            job.monitor.info(sentence)
        job.write_raster(
            "P",
            found.p,
            grid,
            nodata=NO_AMOUNT,
            description=f"P-value against {kind.value}",
            style=styling.surface(report.P_RAMP),
        )
        job.write_raster(
            "PERCENTILE",
            found.percentile,
            grid,
            nodata=NO_AMOUNT,
            description=f"Percentile among draws of {kind.value}",
            style=styling.surface(report.PERCENTILE_RAMP),
        )
        job.write_surface("RATIO", found.ratio, grid, palette.SCORE, "", f"Observed over mean of {kind.value}")
        job.write_table("TABLE", _TABLE, said.rows())
        if job.given("HTML"):
            job.write_html("HTML", report.null_page(said, given.sources.geometries))
        job.results.update(CELLS=found.cells, SIGNIFICANT=found.significant)


def _classes(job: Job, raster: RasterSource, resistance: np.ndarray) -> np.ndarray:
    """Return the class of each cell whose scores are shuffled, -1 for none."""
    land = job.raster("LANDUSE")
    if land is None:
        try:
            return core.decisions.classes_of(resistance)
        except InputError as error:
            raise InputError(f"{error} (LANDUSE, NULL)") from None
    require_aligned(raster, land)
    values, valid = land.read(job.monitor.part(0.07, 0.08))
    classes = np.full(values.shape, -1, dtype=np.int32)
    classes[valid] = np.unique(values[valid], return_inverse=True)[1]
    return classes
