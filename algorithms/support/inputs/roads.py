"""Reading roads as cells of their own resistance."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem

from .... import core
from ....core.errors import InputError
from ....core.grid import Grid
from ....core.monitor import Monitor
from ..io.vectors import VectorSource, is_null, overlaps, vertices


def read_road_cells(
    roads: VectorSource,
    class_field: str,
    scores: str,
    grid: Grid,
    crs: QgsCoordinateReferenceSystem,
    monitor: Monitor,
) -> core.resistance.RoadCells:
    """Return the cells of the roads that have a score, see `core.resistance.road_cells`.

    Parameters
    ----------
    roads : VectorSource
        Lines.
    class_field : str
        Field with the class of each road; empty where all are alike.
    scores : str
        Resistance by class, see `core.resistance.read_road_scores`.
    grid, crs : Grid, QgsCoordinateReferenceSystem
        Where the cells are.

    Raises
    ------
    InputError
        For scores that cannot be read, classes without a field, and where no road has a score or lies on the grid.
    """
    given = core.resistance.read_road_scores(scores)
    named = [key for key in given if key]
    if named and not class_field:
        raise InputError(
            f"The road scores name classes ({', '.join(named)}), but not the field with the class of each road (ROAD_CLASS). "
            f"'{roads.name}' has the fields: {', '.join(roads.field_names)}."
        )
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
