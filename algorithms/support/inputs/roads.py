"""Reading roads as cells of their own resistance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.core import QgsCoordinateReferenceSystem

from .... import core
from ....core.errors import InputError
from ....core.grid import Grid
from ..io.vectors import is_null, overlaps, vertices

if TYPE_CHECKING:
    from ..run.job import Job


def check_roads(job: Job) -> str | None:
    """Return what is wrong with the parameters of `declarations.road_scores`."""
    if not job.given("ROAD_SCORES"):
        if job.given("ROAD_CLASS"):
            return (
                f"The class field of the roads ({job.field('ROAD_CLASS')}) is given, but not the resistance of the classes "
                "(ROAD_SCORES), such as: motorway=100; trunk=50."
            )
        return None
    if not job.given("ROADS"):
        return "There are road scores but no roads. Give the layer of the roads, or leave the scores out."
    named = [key for key in core.resistance.read_class_scores(job.text("ROAD_SCORES")) if key]
    if named and not job.field("ROAD_CLASS"):
        roads = job.vector("ROADS")
        return (
            f"The road scores name classes ({', '.join(named)}), but not the field with the class of each road (ROAD_CLASS). "
            f"'{roads.name}' has the fields: {', '.join(roads.field_names)}."
        )
    return None


def read_road_cells(job: Job, grid: Grid, crs: QgsCoordinateReferenceSystem) -> core.resistance.RoadCells | None:
    """Return the cells of the roads that have a score, see `core.resistance.road_cells`; None without road scores.

    Raises
    ------
    InputError
        If no road has a score or lies on the grid.
    """
    if not job.given("ROAD_SCORES"):
        return None
    roads, class_field, monitor = job.vector("ROADS"), job.field("ROAD_CLASS"), job.monitor
    given = core.resistance.read_class_scores(job.text("ROAD_SCORES"))
    features = [one for one in roads.shaped(crs, monitor) if overlaps(one.geometry(), grid)]
    if not features:
        raise InputError(
            f"No road of '{roads.name}' lies on the grid ({grid.describe()}). Check the CRS of both, or leave the roads out."
        )
    kinds = [one[class_field] if class_field else None for one in features]
    each = core.resistance.score_roads([None if is_null(one) else one for one in kinds], given, monitor=monitor)
    lines, resistance = [], []
    for feature, score in zip(features, each):
        parts = vertices(feature.geometry())
        lines += parts
        resistance += [score] * len(parts)
    return core.resistance.road_cells(lines, resistance, grid, monitor=monitor)
