"""Tool: compare maps with points or tracks that nobody used to make them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qgis.core import QgsGeometry, QgsPointXY, QgsProcessing, QgsProcessingOutputNumber, QgsWkbTypes

from ... import core
from ...core.choices import Available, Relocation
from ...core.errors import InputError
from ...core.lists import parse_answers
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.observations import read_observations, read_tracks, refuse_sources
from ..support.inputs.sources import read_sources
from ..support.io.fields import Shown
from ..support.io.rasters import RasterSource, require_aligned
from ..support.io.tables import columns
from ..support.io.vectors import burn, burn_mask, name_ids, overlaps
from ..support.reports import validation as report
from ..support.run import palette, styling

_TABLE = columns(
    surface=str,
    high_is_used=str,
    points=int,
    auc=float,
    p=(float, Shown("P-value", "", 4)),
    top_enrichment=float,
    boyce=float,
    mean_ratio=float,
    blocks=int,
    block_auc=float,
    block_min=float,
    block_max=float,
    p_first=float,
    steps=int,
    step_ratio=float,
    step_p=float,
)


class ValidateAlgorithm(EcoSecNetAlgorithm):
    """Validates surfaces with independent points or tracks."""

    NAME = "validate"
    LABEL = "Validate with independent points"
    GROUP = base.DECISIONS
    TAGS = ("validation", "AUC", "Boyce", "roadkill", "camera trap", "GPS tracks", "验证", "红外相机", "路杀")
    REQUIRES = ("scipy", "networkx")
    SUMMARY = "Tests whether roadkill, cameras, occurrences or tracks that nobody used to make a map agree with it."
    HELP = (
        "<p><b>What is compared</b>: the surface where the points are with the surface wherever they could have been "
        "recorded. <i>AUC</i> is how likely a cell with a point is higher than another one, from the ranks of all cells: 0.5 "
        "is chance, 1 perfect. The <i>enrichment</i> of a class is the share of the points in it over its share of the "
        "cells; classes hold a tenth of the cells each. <i>Boyce</i> is the rank correlation of that with the value in 101 "
        "windows, -1 to 1.</p><p><b>P-values keep the clusters of the points.</b> Animals are recorded in clusters, and "
        "against points strewn singly any map seems to be right, or wrong, far too often: a test at 5 % says so in about a "
        "third of the cases where there are ten clusters. So all points are moved together, PERMUTATIONS times: shifted on "
        "the box of the available cells, whose edges are joined, mirrored and, on a square, turned by a quarter, so that at "
        "least 90 % of them come to lie on available cells. Where the area is too ragged for that at least a third must, and "
        "the AUC is scaled by the root of their number (Mrkvička et al. 2021); on the cells of roads all are shifted along a "
        "curve through these cells (p-values are then a little too small: 11 % below 0.05 instead of 5). The log states "
        "which. The same moves serve all surfaces, so that the difference of two has a p-value too.</p>"
        "<p><b>Available</b>: roadkill is found on roads only, cameras stand where people can get to. Choose 'Cells of a "
        "mask', or 'At the same distance from features' (distances up to 1, 2, 4, 8 ... cells are compared each with "
        "itself), else the tool finds the roads and not the animals.</p>"
        "<p><b>Points that are not independent</b> are refused where that shows: a layer with the field 'source_id' was made "
        "of the sources; and with the sources given, points that lie one in each source are the sources. Cells in sources "
        "are not compared then. Other points that went into the map the tool cannot know: leave them out yourself. Several "
        "points in a cell count once.</p>"
        "<p><b>Tracks</b>, lines or points with a time, are compared with copies of themselves that are turned about their "
        "first fix by any angle; and each step with ten of the same length in random directions: the mean logarithm of the "
        "percentile at its end over the mean of theirs (<i>step_ratio</i>, above 0 where higher ground is preferred).</p>"
        "<p><b>Blocks</b>: the AUC of the points within squares of BLOCK metres against the cells of the same square. What "
        "is left there is not owed to differences between regions.</p>"
        "<p>McClure, Hansen & Inman 2016, Landsc. Ecol. 31:1419-1432, doi:10.1007/s10980-016-0347-0; Hirzel et al. 2006, "
        "Ecol. Modell. 199:142-152, doi:10.1016/j.ecolmodel.2006.05.017; Roberts et al. 2017, Ecography 40:913-929, "
        "doi:10.1111/ecog.02881; Mrkvička et al. 2021, Spat. Stat. 42:100430, doi:10.1016/j.spasta.2020.100430. Departures: "
        "percentiles instead of values along tracks and at the ends of steps, so that negative surfaces and 0 can be used; "
        "tracks are turned, not shifted out of the range of their animal.</p>"
    )

    def declare(self):
        return [
            p.rasters(
                "SURFACES",
                "Surfaces to validate",
                "Current, normalised current, corridors, resistance ... on one grid. Cells where one of them has no value "
                "are not compared.",
            ),
            p.text(
                "HIGH_IS_USED",
                "High values are used (yes or no)",
                "yes or no (1 or 0) for each surface, in their order: no for resistance and for corridors, where low values "
                "are good. Empty: all yes.",
                optional=True,
            ),
            p.vector(
                "POINTS",
                "Points",
                "Where the species was recorded: roadkill, cameras, occurrences. In any CRS.",
                (QgsProcessing.SourceType.TypeVectorPoint,),
                optional=True,
            ),
            p.vector(
                "TRACKS",
                "Tracks",
                "Instead of points: lines, or points with a time.",
                (QgsProcessing.SourceType.TypeVectorLine, QgsProcessing.SourceType.TypeVectorPoint),
                optional=True,
            ),
            p.field(
                "ID_FIELD",
                "Id field of the tracks",
                "Which animal or journey. Empty: each line is a track, all points are one.",
                "TRACKS",
                optional=True,
            ),
            p.field(
                "TIME_FIELD",
                "Time field of the tracks",
                "Dates with time, texts such as 2024-05-31 18:30:00, or numbers that grow. Needed for points.",
                "TRACKS",
                optional=True,
            ),
            p.choice(
                "AVAILABLE",
                "Points could have been recorded in",
                "The cells with which those with points are compared.",
                Available,
            ),
            p.distance("WITHIN", "Distance around the points", "For 'Within a distance of the points'.", optional=True),
            p.raster(
                "MASK",
                "Mask raster",
                "For 'Cells of a mask': cells above 0, on the grid of the surfaces.",
                optional=True,
            ),
            p.vector(
                "FEATURES",
                "Features",
                "For 'At the same distance from features': roads, paths, rivers, settlements.",
                (QgsProcessing.SourceType.TypeVectorAnyGeometry,),
                optional=True,
            ),
            p.vector(
                "SOURCES",
                "Ecological sources",
                "The sources from which the surfaces were made. Their cells are not compared.",
                optional=True,
            ),
            p.vector(
                "AREAS",
                "Key areas",
                "Pinch points, barriers or other polygons: how much more often points lie in them than their area says.",
                optional=True,
            ),
            p.choice(
                "RELOCATION",
                "Points are moved",
                "How chance is made. Each by itself makes p-values far too small where points come in clusters.",
                Relocation,
                advanced=True,
            ),
            p.integer(
                "PERMUTATIONS",
                "Number of moves",
                "How often the points are moved to see what chance does. The smallest p-value is 1 / (moves + 1).",
                999,
                low=19,
                high=1_000_000,
                advanced=True,
            ),
            p.distance(
                "BLOCK",
                "Edge of the blocks",
                "Squares within which the agreement is reported too, if they hold 5 points. Empty: a fifth of the longer "
                "side.",
                optional=True,
                advanced=True,
            ),
            p.integer(
                "SEED", "Seed of the random numbers", "The same seed gives the same p-values.", 0, low=0, advanced=True
            ),
            p.table_output(
                "TABLE", "Agreement by surface", "AUC, p-values, enrichment, Boyce index and blocks of each surface."
            ),
            p.vector_output(
                "POINTS_OUT",
                "Points with their percentile",
                "The points that were compared, with value and percentile of each surface.",
                QgsProcessing.SourceType.TypeVectorPoint,
                optional=True,
            ),
            p.html_output("HTML", "Validation report", "Map, curves and a paragraph for reading.", default=True),
            QgsProcessingOutputNumber("AUC", "AUC of the first surface"),
            QgsProcessingOutputNumber("BOYCE", "Boyce index of the first surface"),
            QgsProcessingOutputNumber("ENRICHMENT", "Enrichment of the highest tenth of the first surface"),
            QgsProcessingOutputNumber("P", "P-value of the first surface"),
        ]

    def check(self, job: Job) -> str | None:
        if job.given("POINTS") == job.given("TRACKS"):
            return (
                "Give either points (POINTS) or tracks (TRACKS) of animals, and not both: places where the species was "
                "recorded and that nobody used to make the map."
            )
        needed = {Available.NEAR: "WITHIN", Available.MASK: "MASK", Available.SAME_DISTANCE: "FEATURES"}
        how = job.choice("AVAILABLE", Available)
        name = needed.get(how)
        if name and not job.given(name):
            label = job.definition(name).description()
            return f"Points could have been recorded in '{how.label}', but '{label}' ({name}) is empty. Give it."
        _answers(job)
        require_aligned(*job.rasters("SURFACES"), job.raster("MASK"))
        return None

    def execute(self, job: Job) -> None:
        rasters = job.rasters("SURFACES")
        first, grid = rasters[0], rasters[0].grid
        seen = _Seen.read(job, first)
        cells = grid.rows * grid.cols
        restricted = job.choice("AVAILABLE", Available) is not Available.EVERYWHERE
        job.need_memory((8 * len(rasters) + 86 + 16 * restricted) * cells)
        surfaces = []
        for number, (raster, high) in enumerate(zip(rasters, _answers(job))):
            values = raster.read_surface(job.monitor.part(0.2 + 0.1 * number / len(rasters), 0.3))
            if np.isnan(values).all():
                raise InputError(f"'{raster.name}' has no value at all: every cell is NoData.")
            surfaces.append(values if high else np.negative(values, out=values))
            lost = int(np.count_nonzero(np.isnan(values.ravel()[seen.cells])))
            if lost:
                job.monitor.warn(
                    f"{lost:,} of the {seen.cells.size:,} cells with {seen.what} have no value of '{raster.name}' (NoData), "
                    "and are not compared."
                )
        available, strata = _available(job, first, seen, surfaces)
        areas = None
        if job.given("AREAS"):
            areas = burn_mask([job.vector("AREAS")], grid, first.crs, job.monitor)
        block = job.number("BLOCK")
        given = {
            "strata": strata,
            "block_cells": None if not block else max(1, round(block / grid.cell_size)),
            "areas": areas,
            "permutations": job.integer("PERMUTATIONS"),
            "seed": job.integer("SEED"),
            "monitor": job.monitor.part(0.35, 0.9),
        }
        steps = ()
        if seen.tracks:
            found, steps, fixed = core.decisions.validate_tracks(surfaces, seen.tracks, available, **given)
            if fixed:
                job.monitor.warn(
                    f"Tracks {name_ids(seen.names[k] for k in fixed)} have no room to be turned on available cells and were "
                    "left out."
                )
        else:
            how = job.choice("RELOCATION", Relocation)
            found = core.decisions.validate(surfaces, seen.cells, available, how=how, **given)
            _say_how_points_move(job, found, how)
        few = core.decisions.FEW_POINTS
        if not seen.tracks and found.used.size < few:
            job.monitor.warn(
                f"Only {found.used.size:,} points could be compared; with fewer than {few} AUC and p-value say little, and a "
                "map that is right can fail."
            )
        said = report.Said(
            first,
            [one.name for one in rasters],
            _answers(job),
            found,
            steps,
            seen.what,
            job.choice("AVAILABLE", Available),
            job.given("SOURCES"),
        )
        for sentence in said.sentences():
            job.monitor.info(sentence)
        job.write_table("TABLE", _TABLE, said.rows())
        self._write_points(job, said, seen)
        if job.given("HTML"):
            job.write_html("HTML", report.validation_page(said, surfaces[0], job.monitor.warnings))
        best = found.surfaces[0]
        job.results.update(AUC=best.auc, BOYCE=best.boyce, ENRICHMENT=best.classes.top, P=best.p)

    def _write_points(self, job: Job, said: report.Said, seen: _Seen) -> None:
        found, grid = said.found, said.raster.grid
        kinds, values = {"point_id": int}, [seen.ids_of(found.used)]
        for number, (one, high) in enumerate(zip(found.surfaces, said.high), start=1):
            more = "" if number == 1 else f"_{number}"
            name = said.names[number - 1]
            kinds[f"value{more}"] = (float, Shown(f"Value of {name}", "", 4))
            kinds[f"percentile{more}"] = (float, Shown(f"Percentile of {name}", "%", 1))
            values += [one.values if high else -one.values, 100.0 * one.percentile]
        places = seen.places_of(found.used, grid)
        classes = """CASE WHEN "percentile" >= 90 THEN 3 WHEN "percentile" >= 50 THEN 2 ELSE 1 END"""
        names = ("Lower half of the available cells", "Upper half", "Highest tenth")
        colours = (palette.SCORE[1], palette.SCORE[2], palette.SCORE[4])
        entries = [
            (number, name, styling.marker_symbol(colour, 2.2, outline=palette.WHITE))
            for number, name, colour in zip((1, 2, 3), names, colours)
        ]
        job.write_features(
            "POINTS_OUT",
            columns(**kinds),
            ([None if one is None else one for one in (int(row[0]), *map(float, row[1:]))] for row in zip(*values)),
            [QgsGeometry.fromPointXY(QgsPointXY(*place)) for place in places],
            QgsWkbTypes.Type.Point,
            said.raster.crs,
            style=styling.categories(classes, entries[::-1]),
        )


def _answers(job: Job) -> list[bool]:
    """Return for each surface whether high values are used."""
    rasters = job.rasters("SURFACES")
    answers = parse_answers(job.text("HIGH_IS_USED"), "High values are used (HIGH_IS_USED)")
    if answers and len(answers) != len(rasters):
        raise InputError(
            f"There are {len(rasters)} surfaces, but {len(answers)} answers whether high values are used (HIGH_IS_USED). "
            "Give one for each, or none."
        )
    return answers or [True] * len(rasters)


@dataclass(frozen=True)
class _Seen:
    """Where the species was: cells with points, or tracks."""

    cells: np.ndarray
    tracks: list[np.ndarray]
    names: list[str]
    ids: np.ndarray
    x: np.ndarray
    y: np.ndarray

    @classmethod
    def read(cls, job: Job, raster: RasterSource) -> _Seen:
        """Return what the layer of points or tracks holds."""
        grid, monitor = raster.grid, job.monitor.part(0.0, 0.2)
        if job.given("POINTS"):
            layer = job.vector("POINTS")
            found = read_observations(layer, grid, raster.crs, monitor)
            return cls(found.cells, [], [], found.ids, found.x, found.y)
        names, tracks = read_tracks(
            job.vector("TRACKS"),
            grid,
            raster.crs,
            id_field=job.field("ID_FIELD"),
            time_field=job.field("TIME_FIELD"),
            monitor=monitor,
        )
        job.monitor.info(f"{len(tracks):,} tracks with {sum(map(len, tracks)):,} fixes.")
        fixes = np.floor(np.concatenate(tracks)).astype(np.int64)
        inside = ((fixes >= 0) & (fixes < grid.shape)).all(axis=1)
        cells = np.unique(fixes[inside, 0] * grid.cols + fixes[inside, 1])
        none = np.empty(0)
        return cls(cells, tracks, names, none, none, none)

    @property
    def what(self) -> str:
        return "fixes of tracks" if self.tracks else "points"

    def ids_of(self, used: np.ndarray) -> np.ndarray:
        """Return the ids of the points in cells; numbers for places along tracks."""
        return np.arange(1, used.size + 1) if self.tracks else self.ids[np.searchsorted(self.cells, used)]

    def places_of(self, used: np.ndarray, grid) -> list[tuple[float, float]]:
        """Return the coordinates of the points in cells; the centres of the cells along tracks."""
        if self.tracks:
            return [grid.centre(*divmod(cell, grid.cols)) for cell in used.tolist()]
        place = np.searchsorted(self.cells, used)
        return list(zip(self.x[place].tolist(), self.y[place].tolist()))


def _available(job: Job, raster: RasterSource, seen: _Seen, surfaces: list[np.ndarray]):
    """Return where points could have been recorded, and the strata within which they are compared."""
    grid, monitor = raster.grid, job.monitor
    valid = ~np.isnan(surfaces[0])
    for surface in surfaces[1:]:
        valid &= ~np.isnan(surface)
    if job.given("SOURCES"):
        layer = job.vector("SOURCES")
        labels = read_sources(
            layer, grid, raster.crs, id_field="", valid=np.ones(grid.shape, dtype=bool), minimum=1, monitor=monitor
        ).labels
        if not seen.tracks:
            refuse_sources(seen, job.vector("POINTS").name, labels)
        within = int(np.count_nonzero(labels.ravel()[seen.cells]))
        if within:
            monitor.info(
                f"{within:,} of the {seen.cells.size:,} cells with {seen.what} lie in sources and are not compared."
            )
        valid &= labels == 0
    mask = features = None
    how = job.choice("AVAILABLE", Available)
    if how is Available.MASK:
        mask = np.nan_to_num(job.raster("MASK").read_surface(monitor.part(0.3, 0.32))) > 0
    if how is Available.SAME_DISTANCE:
        shapes = [one for one in job.vector("FEATURES").geometries(raster.crs, monitor) if overlaps(one, grid)]
        features = burn(shapes, grid, all_touched=True) > 0 if shapes else np.zeros(grid.shape, dtype=bool)
    available, strata = core.decisions.available_cells(
        how, valid, seen.cells, cell_size=grid.cell_size, within=job.number("WITHIN"), mask=mask, features=features
    )
    beside = int(np.count_nonzero(valid.ravel()[seen.cells] & ~available.ravel()[seen.cells]))
    if beside:
        monitor.warn(
            f"{beside:,} of the {seen.cells.size:,} cells with {seen.what} lie where, by '{how.label}', none could have been "
            "recorded. They are not compared."
        )
    return available, strata


def _say_how_points_move(job: Job, found: core.decisions.Validation, how: Relocation) -> None:
    moves, times = found.moves, job.integer("PERMUTATIONS")
    if how is Relocation.SINGLY:
        job.monitor.warn(
            f"Points were strewn singly, {times:,} times. Where they come in clusters this makes p-values far too small; "
            f"'{Relocation.TOGETHER.label}' (RELOCATION) keeps the clusters."
        )
    elif moves.rigid:
        job.monitor.info(
            f"All points were moved together {times:,} times, at least {100 * moves.kept:.0f} % of them on available cells "
            "each time."
        )
    else:
        job.monitor.info(
            f"The available cells are too ragged for points to be moved as they lie: all were shifted {times:,} times along "
            "a curve through these cells, which keeps neighbours together mostly. P-values are a little too small."
        )
