"""Places where something was observed: points thinned to one a cell, and tracks in the order of time."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsWkbTypes

from ....core.errors import InputError
from ....core.grid import Grid
from ....core.monitor import Monitor
from ..io.points import point_blocks
from ..io.vectors import VectorSource, is_null, name_ids, vertices
from .sources import SOURCE_FIELD


@dataclass(frozen=True)
class Observations:
    """Points on a grid, one a cell.

    Attributes
    ----------
    cells : ndarray, int64, shape (n,)
        Flat indices, ascending.
    ids : ndarray, int64, shape (n,)
        Id of the first feature in each.
    x, y : ndarray, float64, shape (n,)
        Its coordinates in the CRS of the grid.
    total : int
        Points of the layer.
    """

    cells: np.ndarray
    ids: np.ndarray
    x: np.ndarray
    y: np.ndarray
    total: int


def read_observations(
    source: VectorSource, grid: Grid, crs: QgsCoordinateReferenceSystem, monitor: Monitor
) -> Observations:
    """Return the points of a layer, and say how many were left out.

    Raises
    ------
    InputError
        If it holds sources, or none lies on the grid.
    """
    if SOURCE_FIELD in source.field_names:
        raise InputError(
            f"'{source.name}' has the field '{SOURCE_FIELD}': these are sources, or points made of them, from which the map "
            "was made. It agrees with them by construction. Take points that nobody used to make it."
        )
    seen = np.zeros(grid.rows * grid.cols, dtype=bool)
    blocks = []
    total = outside = bare = 0
    for ids, x, y in point_blocks(source, crs, monitor):
        known = np.isfinite(x)
        with np.errstate(invalid="ignore"):
            row, col = np.floor((grid.top - y) / grid.dy), np.floor((x - grid.left) / grid.dx)
            inside = (row >= 0) & (row < grid.rows) & (col >= 0) & (col < grid.cols)
        total, bare = total + ids.size, bare + int(np.count_nonzero(~known))
        outside += int(np.count_nonzero(known & ~inside))
        cells = (row[inside] * grid.cols + col[inside]).astype(np.int64)
        cells, first = np.unique(cells, return_index=True)
        new = ~seen[cells]
        seen[cells] = True
        place = np.flatnonzero(inside)[first[new]]
        blocks.append((cells[new], ids[place], x[place], y[place]))
    if not total:
        raise InputError(f"'{source.name}' has no points.")
    cells, ids, x, y = (np.concatenate(parts) for parts in zip(*blocks))
    if not cells.size:
        raise InputError(
            f"None of the {total:,} points of '{source.name}' lies on the surfaces ({grid.describe()}). Check the CRS "
            "of both."
        )
    if bare:
        monitor.warn(f"{bare:,} points of '{source.name}' have no coordinates and were left out.")
    if outside:
        monitor.warn(
            f"{outside:,} of the {total:,} points of '{source.name}' lie outside the surfaces and were left out."
        )
    again = total - bare - outside - cells.size
    if again:
        monitor.info(
            f"{again:,} points lie in a cell with another one: each cell counts once, so that {cells.size:,} are left."
        )
    order = np.argsort(cells, kind="stable")
    return Observations(cells[order], ids[order], x[order], y[order], total)


def refuse_sources(points: Observations, name: str, labels: np.ndarray) -> None:
    """Raise `InputError` if points are the sources: each lies in one, and each source holds just one.

    That is how centroids and points on sources lie, also those without the fields of the sources.
    """
    held = labels.ravel()[points.cells]
    count = int(labels.max(initial=0))
    if held.all() and points.cells.size == count and np.unique(held).size == count:
        raise InputError(
            f"Each of the {count:,} points of '{name}' lies in an ecological source, one in each: they are the sources, from "
            "which the map was made. It agrees with them by construction. Take points that nobody used to make it."
        )


def read_tracks(
    source: VectorSource,
    grid: Grid,
    crs: QgsCoordinateReferenceSystem,
    *,
    id_field: str,
    time_field: str,
    monitor: Monitor,
) -> tuple[list[str], list[np.ndarray]]:
    """Return names of tracks, and row and column of their fixes in the order of time.

    Lines are tracks in the order in which they were drawn; points need a time, and belong to the track of their id.

    Raises
    ------
    InputError
        For points without time, times that cannot be read, and layers without a track of two fixes.
    """
    features = source.shaped(crs, monitor)
    lines = [one for one in features if one.geometry().type() == QgsWkbTypes.GeometryType.LineGeometry]
    if lines:
        names = [str(one[id_field]) if id_field else str(one.id()) for one in lines]
        named = [(name, part) for name, one in zip(names, lines) for part in vertices(one.geometry())]
    else:
        if not time_field:
            raise InputError(
                f"'{source.name}' holds points: which comes after which in a track is not known without their time. Choose "
                "the field with it (TIME_FIELD), give lines, or give the points for POINTS, where no order is needed."
            )
        named = _joined(features, source, id_field, time_field, monitor)
    kept = [(name, places) for name, places in named if len(places) > 1]
    if len(kept) < len(named):
        monitor.warn(f"{len(named) - len(kept):,} tracks of '{source.name}' have a single fix and were left out.")
    if not kept:
        raise InputError(f"'{source.name}' has no track with two fixes.")
    tracks = [
        np.column_stack(((grid.top - places[:, 1]) / grid.dy, (places[:, 0] - grid.left) / grid.dx))
        for _, places in kept
    ]
    return [name for name, _ in kept], tracks


def _joined(
    features: list[QgsFeature], source: VectorSource, id_field: str, time_field: str, monitor: Monitor
) -> list[tuple[str, np.ndarray]]:
    """Return the points of each track in the order of time."""
    fixes: dict[str, list[tuple[float, float, float]]] = {}
    timeless = []
    for one in features:
        if is_null(one[time_field]):
            timeless.append(one.id())
            continue
        point = next(one.geometry().vertices())
        name = str(one[id_field]) if id_field else ""
        fixes.setdefault(name, []).append((_moment(one, source.name, time_field), point.x(), point.y()))
    if timeless:
        monitor.warn(f"Points {name_ids(timeless)} of '{source.name}' have no time ('{time_field}') and were left out.")
    return [(name, np.array(sorted(some))[:, 1:]) for name, some in fixes.items()]


def _moment(feature: QgsFeature, layer: str, field: str) -> float:
    """Return a time as a number that grows: of a date, a date with time, a text as ISO 8601 has it, or a number."""
    value = feature[field]
    if hasattr(value, "toPyDateTime"):
        value = value.toPyDateTime()
    elif hasattr(value, "toPyDate"):
        value = value.toPyDate()
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    try:
        if isinstance(value, str):
            text = value.strip().replace("/", "-")
            try:
                return float(text)
            except ValueError:
                value = datetime.datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
        if isinstance(value, datetime.datetime):
            zone = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
            return zone.timestamp()
        return float(value)
    except (TypeError, ValueError):
        raise InputError(
            f"The time '{feature[field]}' of feature {feature.id()} of '{layer}' ('{field}') cannot be read. Write times "
            "like 2024-05-31 18:30:00, or as numbers."
        ) from None
