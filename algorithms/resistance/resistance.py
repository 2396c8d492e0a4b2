"""Tool: the resistance surface."""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
from qgis.core import QgsProcessing, QgsProcessingOutputNumber

from ... import core
from ...core.choices import CorrectionMethod
from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.corrections import check_correction, correction_choices, read_correction
from ..support.inputs.declarations import impassable_classes, land_use, road_scores
from ..support.inputs.landclasses import ListedClasses
from ..support.inputs.roads import check_roads, read_road_cells
from ..support.inputs.scores import factor_name
from ..support.inputs.sources import read_sources
from ..support.inputs.weights import read_weights
from ..support.io import rasters
from ..support.io.rasterfiles import NO_AMOUNT
from ..support.io.tables import columns
from ..support.run import palette, ramps, styling

_CLOSED_BYTES, _SOURCE_BYTES = 4, 6
"""For each cell, where land is impassable: masks of it; and of the sources their labels, a byte to look at these, a mask."""


class ResistanceAlgorithm(EcoSecNetAlgorithm):
    """Lays weighted factors over each other."""

    NAME = "resistance"
    LABEL = "Resistance surface"
    GROUP = base.RESISTANCE
    TAGS = ("weighted overlay", "resistance surface", "AHP", "night light", "综合阻力面", "加权叠加", "阻力面修正")
    SUMMARY = "Overlays weighted factors to a resistance surface, and corrects it by further rasters."
    HELP = (
        "<p><b>Overlay</b>: sum of weight x score. Weights that do not sum to 1 are divided by their sum, with a warning. "
        "Where a factor has no data the cell is NoData, or the factor is left out and the other weights are divided by "
        "their sum; the cells are counted.</p>"
        "<p><b>Correction</b> by rock desertification, erosion, geohazards, night light, slope and the like, with R the "
        "surface and f the raster: <i>value / mean</i>: R f / mean(f), the mean of the whole area or of the zone (a "
        "land-use map gives the usual night-light correction); <i>multiply</i>: R f; <i>add weighted</i>: R + w f; <i>1 + "
        "weight x normalised value</i>: R (1 + w c), c stretched to 0 to 1. Floor and cap hold the multiplier of each "
        "raster, so that a value of 0 does not make resistance vanish. Cells without a value are left as they are.</p>"
        "<p>Studies that correct in this way: night light in Kangbao (Jiao et al. 2024, doi:10.3389/fevo.2023.1301149), "
        "ecological sensitivity in karst Guangnan (Zhao et al. 2021, doi:10.3390/ijerph18136863). They differ in detail, "
        "and many give no formula: state which one you use.</p>"
        "<p><b>Rescaling</b> to MIN and MAX is linear and comes after that.</p>"
        "<p><b>Roads and impassable land</b> come last, on the finished surface. A road that is a factor only (the distance "
        "to it) costs next to nothing to cross; with road scores each cell it runs through has at least that resistance, and "
        "the cells of a road join edge to edge, so that no path slips through diagonally. Impassable land uses become "
        "NoData, also under a road, and where two such cells touch at a corner only, one cell beside it is closed too. The "
        "cells of sources stay passable, and one cell of the same land around them (the edge that MSPA leaves out of a "
        "core), so that a lake that is a source can be reached from its shore. Where a source lies deep inside such land it "
        "is cut off; the tools of the corridors say so.</p>"
        "<p>The table gives what each factor contributes: its share of the mean, and its share of the variance (the "
        "covariance of its weighted part with the whole, over the variance of the whole).</p>"
        "<p>Works in bands of rows: rasters larger than memory are fine when they lie on one grid. Five factors of 20,000 x "
        "20,000 cells took 41 s and 0.7 GB in all, with a correction by zones and rescaling 3 minutes and 0.9 GB. Rasters on "
        "another grid are resampled first, held in memory, and it is said how.</p>"
        "<p><b>Output</b>: float raster, above 0.</p>"
    )
    METRIC = False

    def declare(self):
        return [
            p.rasters(
                "FACTORS",
                "Score rasters of the factors",
                "Score rasters, two or more. Higher scores mean more resistance.",
            ),
            p.text(
                "WEIGHTS",
                "Weights of the factors",
                "One number for each factor, in their order, with commas or blanks between, such as 0.35, 0.1, 0.1, 0.2.",
                optional=True,
            ),
            p.table(
                "WEIGHTS_TABLE",
                "Table of weights",
                "Instead of the numbers: columns factor and weight, as 'Weights by AHP' makes it, or the table of scores "
                "with a weight once per factor. Rasters are found by their factors or names, else taken in their order.",
                optional=True,
            ),
            p.raster(
                "GRID",
                "Raster whose grid to use",
                "Raster onto whose grid all others are resampled. Empty: all must lie on one grid.",
                optional=True,
            ),
            p.choice(
                "MISSING",
                "Cells where a factor has no data",
                "NoData, or leave the factor out and divide the other weights by their sum.",
                ["become NoData", "leave the factor out"],
                advanced=True,
            ),
            p.rasters(
                "CORRECTIONS", "Correction rasters", "Rasters that raise or lower the resistance.", optional=True
            ),
            *correction_choices(tuple(CorrectionMethod)),
            p.number(
                "MIN",
                "Smallest resistance after stretching",
                "Stretch the surface to start here; give both or none.",
                optional=True,
                decimals=3,
            ),
            p.number(
                "MAX",
                "Largest resistance after stretching",
                "Stretch the surface to end here; give both or none.",
                optional=True,
                decimals=3,
            ),
            land_use("the impassable values"),
            impassable_classes(),
            p.vector(
                "SOURCES",
                "Ecological sources that stay passable",
                "Polygons whose cells stay passable where their land use is impassable.",
                optional=True,
                advanced=True,
            ),
            p.vector(
                "ROADS",
                "Roads",
                "Lines whose cells get a resistance of their own; needs the resistance below.",
                [QgsProcessing.SourceType.TypeVectorLine],
                optional=True,
            ),
            *road_scores(),
            p.raster_output("OUTPUT", "Resistance surface", "Resistance of every cell, above 0."),
            p.raster_output(
                "CORRECTION_OUTPUT",
                "Multiplier of the corrections",
                "Corrected over uncorrected resistance.",
                optional=True,
                default=False,
            ),
            p.table_output(
                "TABLE",
                "Contribution of the factors",
                "Weight, statistics, share of the mean and of the variance.",
                optional=True,
                default=False,
            ),
            QgsProcessingOutputNumber("MINIMUM", "Smallest resistance"),
            QgsProcessingOutputNumber("MEAN", "Mean resistance"),
            QgsProcessingOutputNumber("MAXIMUM", "Largest resistance"),
        ]

    def check(self, job: Job) -> str | None:
        if job.given("WEIGHTS") == job.given("WEIGHTS_TABLE"):
            return (
                "There are weights as numbers and as a table. Give one of the two."
                if job.given("WEIGHTS")
                else "There are no weights. Give one number for each factor, or a table, for example from 'Weights by AHP'."
            )
        if job.given("MIN") != job.given("MAX"):
            return "Give both the new minimum and the new maximum, or none of them."
        if job.given("IMPASSABLE") and not job.given("LANDUSE"):
            return (
                f"The impassable values {job.text('IMPASSABLE')} are classes of a land-use raster. Give it (LANDUSE)."
            )
        core.sources.parse_values(job.text("IMPASSABLE"))
        return check_roads(job) or check_correction(job, tuple(CorrectionMethod))

    def execute(self, job: Job) -> None:
        factors, corrections = job.rasters("FACTORS"), job.rasters("CORRECTIONS")
        if len(factors) < 2:
            raise InputError(f"An overlay needs two factors or more, not {len(factors)}.")
        onto = job.raster("GRID") or factors[0]
        zones = [job.raster("CORRECTION_ZONES")] if corrections and job.raster("CORRECTION_ZONES") else []
        names = [factor_name(source) for source in factors]
        weights = read_weights(job.text("WEIGHTS"), job.vector("WEIGHTS_TABLE"), factors, job.monitor)
        everything = [*factors, *corrections, *zones]
        many, more = len(factors), len(corrections)
        if not job.given("GRID"):
            rasters.require_one_grid([*everything, *([job.raster("LANDUSE")] if job.given("IMPASSABLE") else [])])
        # a band of all rasters in float32, and their sums in float64; impassable cells and sources of the whole grid
        cells = onto.grid.rows * onto.grid.cols
        kept = (_CLOSED_BYTES + _SOURCE_BYTES * job.given("SOURCES")) * cells if job.given("IMPASSABLE") else 0
        job.need_memory(12 * min(rasters.BLOCK_CELLS, len(everything) * cells) + kept)
        categorical = range(many + more, len(everything))
        read_rows = rasters.read_together(everything, onto, job.monitor, categorical=categorical)
        obstacles = _Obstacles(job, onto)

        def read(monitor):
            for row, found in read_rows(monitor):
                yield core.resistance.Block(
                    row,
                    found[:many],
                    found[many : many + more],
                    found[many + more] if zones else None,
                    *obstacles.rows(row, len(found[0])),
                )

        with ExitStack() as writers:
            surface = writers.enter_context(
                job.raster_writer("OUTPUT", onto.grid, "float32", NO_AMOUNT, description="Resistance")
            )
            gain = None
            if corrections and job.given("CORRECTION_OUTPUT"):
                gain = writers.enter_context(
                    job.raster_writer(
                        "CORRECTION_OUTPUT",
                        onto.grid,
                        "float32",
                        NO_AMOUNT,
                        description="Multiplier of the corrections",
                    )
                )
            summary = core.resistance.build_resistance(
                read,
                weights,
                write=surface.write,
                write_correction=gain.write if gain else None,
                names=names,
                correction_names=[source.name for source in corrections],
                correction=read_correction(job, tuple(CorrectionMethod)) if corrections else None,
                leave_out_missing=job.chosen("MISSING") == 1,
                rescale=(job.number("MIN"), job.number("MAX")) if job.given("MIN") else None,
                monitor=job.monitor,
            )
        obstacles.tell(summary)
        _tell(summary, job)
        ramp = ramps.over(palette.RESISTANCE, ramps.sample(surface.path), extremes=(summary.minimum, summary.maximum))
        job.finish("OUTPUT", styling.surface(ramp))
        if gain:
            job.finish("CORRECTION_OUTPUT", styling.surface(ramps.over(palette.SCORE, ramps.sample(gain.path))))
        _write_table(summary, job)
        job.results.update(MINIMUM=summary.minimum, MEAN=summary.mean, MAXIMUM=summary.maximum)


class _Obstacles:
    """What lies in the way on the finished surface: roads, and land that nothing crosses."""

    def __init__(self, job: Job, onto: rasters.RasterSource) -> None:
        self._job = job
        self._roads = read_road_cells(job, onto.grid, onto.crs)
        self._impassable = self._closed(onto) if job.given("IMPASSABLE") else None

    def _closed(self, onto: rasters.RasterSource) -> np.ndarray:
        """Return the cells that nothing crosses."""
        job, land = self._job, self._job.raster("LANDUSE")
        listed = ListedClasses(job.text("IMPASSABLE"), "impassable")
        mask = np.zeros(onto.grid.shape, dtype=bool)
        for row, (values,) in rasters.read_together([land], onto, job.monitor, categorical=[0])(job.monitor.quiet()):
            mask[row : row + len(values)] = listed.among(values)
        listed.require_some(land, job.monitor)
        labels = None
        if job.given("SOURCES"):
            labels = read_sources(job.vector("SOURCES"), onto.grid, onto.crs, monitor=job.monitor).labels
        return core.resistance.impassable_cells(mask, labels)

    def rows(self, row: int, count: int) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Return what some rows resist at least, and which of their cells nothing crosses."""
        roads = None if self._roads is None else self._roads.rows(row, count)
        return roads, None if self._impassable is None else self._impassable[row : row + count]

    def tell(self, summary: core.resistance.ResistanceSummary) -> None:
        """Say how many cells the obstacles have changed."""
        monitor = self._job.monitor
        cells = summary.cells + summary.impassable
        if self._impassable is not None:
            monitor.info(
                f"Impassable: {summary.impassable:,} of {cells:,} cells with a resistance "
                f"({summary.impassable / cells:.1%}) became NoData."
            )
        if self._roads is not None:
            monitor.info(
                f"Roads: {self._roads.cells.size:,} cells; in {summary.raised:,} of them the road resists more than the land."
            )


def _tell(summary: core.resistance.ResistanceSummary, job: Job) -> None:
    monitor = job.monitor
    monitor.info(
        f"Resistance: {summary.minimum:.4g} to {summary.maximum:.4g}, mean {summary.mean:.4g}, contrast "
        f"{summary.contrast:.4g}; {summary.cells:,} cells, {summary.missing:,} NoData."
    )
    if summary.partial:
        what = "those factors were left out" if job.chosen("MISSING") == 1 else "they became NoData"
        monitor.warn(f"{summary.partial:,} cells have no data in some of the factors; {what}.")
    for part in summary.contributions:
        monitor.info(
            f"{part.name}: weight {part.weight:.4f}, {100 * part.share_of_mean:.1f} % of the mean, "
            f"{100 * part.share_of_variance:.1f} % of the variance"
        )
    for effect in summary.corrections:
        share = 100.0 / summary.cells
        monitor.info(
            f"Correction by {effect.name}: {share * effect.neutral:.1f} % of the cells without a value and left as they "
            f"are, {share * effect.raised:.1f} % held at the floor, {share * effect.lowered:.1f} % at the cap."
        )


def _write_table(summary: core.resistance.ResistanceSummary, job: Job) -> None:
    job.write_table(
        "TABLE",
        columns(
            factor=str,
            weight=float,
            mean=float,
            deviation=float,
            minimum=float,
            maximum=float,
            share_of_mean=float,
            share_of_variance=float,
        ),
        [
            (
                part.name,
                part.weight,
                part.mean,
                part.deviation,
                part.minimum,
                part.maximum,
                100.0 * part.share_of_mean,
                100.0 * part.share_of_variance,
            )
            for part in summary.contributions
        ],
    )
