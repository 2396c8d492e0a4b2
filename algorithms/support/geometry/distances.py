"""Distances between polygons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qgis.core import QgsGeometry

from ....core.errors import InputError
from ....core.lists import parse_number, value_text
from ....core.monitor import SILENT, Monitor
from ..io.tables import pair_columns, read_rows
from ..io.vectors import VectorSource, name_ids


def edge_distances(
    geometries: Sequence[QgsGeometry], *, unit: float = 1.0, limit: float | None = None, monitor: Monitor = SILENT
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the exact distances between the edges of polygons.

    Parameters
    ----------
    geometries : sequence of QgsGeometry
        Single or multi part, all in one projected CRS.
    unit : float
        Length of a unit of that CRS in metres.
    limit : float, optional
        Pairs farther apart, in metres, are left out, most of them by their boxes without looking at their edges.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    i, j : ndarray of int64, shape (pairs,)
        Positions of the two polygons, i < j, ascending.
    d : ndarray of float64, shape (pairs,)
        Metres; 0 where they touch or overlap.
    """
    count = len(geometries)
    low, high = _boxes(geometries)
    far = None if limit is None else limit / unit
    # The polygon with more corners is the one that is indexed.
    shapes = [geometry.constGet() for geometry in geometries]
    order = np.argsort([-shape.nCoordinates() for shape in shapes], kind="stable")
    first, second, distance = [], [], []
    for done, k in enumerate(order):
        monitor.step(done * (2 * count - done), count * count)
        rest = order[done + 1 :]
        if far is not None:
            apart = np.maximum(np.maximum(low[rest] - high[k], low[k] - high[rest]), 0.0)
            rest = rest[np.hypot(apart[:, 0], apart[:, 1]) <= far]
        if not rest.size:
            continue
        engine = QgsGeometry.createGeometryEngine(shapes[k])
        engine.prepareGeometry()
        for position, other in enumerate(rest.tolist()):
            if position % 1000 == 0:
                monitor.check()
            found = engine.distance(shapes[other])
            if not found >= 0.0:
                raise InputError(
                    f"The distance between polygons {k + 1} and {other + 1} cannot be computed; one of them is "
                    "invalid. Run 'Fix geometries' first."
                )
            if far is None or found <= far:
                first.append(k)
                second.append(other)
                distance.append(found)
    i, j = np.array(first, dtype=np.int64), np.array(second, dtype=np.int64)
    i, j = np.minimum(i, j), np.maximum(i, j)
    sorting = np.lexsort((j, i))
    return i[sorting], j[sorting], unit * np.array(distance, dtype=np.float64)[sorting]


def distances_of_pairs(
    geometries: Sequence[QgsGeometry], pairs: np.ndarray, monitor: Monitor = SILENT, *, unit: float = 1.0
) -> np.ndarray:
    """Return the exact distances between the edges of given pairs of polygons.

    Parameters
    ----------
    geometries, monitor, unit
        As in `edge_distances`.
    pairs : ndarray of int, shape (pairs, 2)
        Positions of the polygons.

    Returns
    -------
    ndarray of float64, shape (pairs,)
        Metres; 0 where they touch or overlap.
    """
    engines: dict[int, object] = {}
    distances = np.empty(len(pairs))
    for k, (a, b) in enumerate(np.asarray(pairs).tolist()):
        monitor.step(k, len(pairs))
        if a not in engines:
            engines[a] = QgsGeometry.createGeometryEngine(geometries[a].constGet())
            engines[a].prepareGeometry()
        distances[k] = engines[a].distance(geometries[b].constGet())
    return unit * distances


def _boxes(geometries: Sequence[QgsGeometry]) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower left and upper right corners, float64, shape (n, 2)."""
    boxes = [geometry.boundingBox() for geometry in geometries]
    low = np.array([(box.xMinimum(), box.yMinimum()) for box in boxes]).reshape(-1, 2)
    return low, np.array([(box.xMaximum(), box.yMaximum()) for box in boxes]).reshape(-1, 2)


def inner_points(geometries: Sequence[QgsGeometry]) -> np.ndarray:
    """Return a point inside each polygon: its centroid or, where that falls outside, a point on its surface.

    float64, shape (n, 2).
    """
    points = np.empty((len(geometries), 2))
    for k, geometry in enumerate(geometries):
        point = geometry.centroid()
        if not geometry.contains(point):
            point = geometry.pointOnSurface()
        points[k] = point.asPoint().x(), point.asPoint().y()
    return points


def near_limit(geometries: Sequence[QgsGeometry], pairs: int) -> float:
    """Return a distance in map units within which not many more than so many pairs of polygons lie; inf when fewer do.

    Estimated from the boxes around 200 of them.
    """
    count = len(geometries)
    if count * (count - 1) // 2 <= pairs:
        return float("inf")
    low, high = _boxes(geometries)
    sample = np.arange(0, count, max(1, count // 200))
    apart = [np.maximum(np.maximum(low - high[k], low[k] - high), 0.0) for k in sample]
    distance = np.sort(np.concatenate([np.hypot(one[:, 0], one[:, 1]) for one in apart]))
    return float(distance[int(2.0 * pairs / count**2 * distance.size)])


def point_distances(
    points: np.ndarray, *, unit: float = 1.0, limit: float | None = None, monitor: Monitor = SILENT
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the straight distances between points, as `edge_distances` does for polygons."""
    first, second, distance = [], [], []
    for k in range(len(points) - 1):
        monitor.step(k, len(points))
        apart = unit * (points[k + 1 :] - points[k])
        found = np.hypot(apart[:, 0], apart[:, 1])
        near = np.arange(found.size) if limit is None else np.flatnonzero(found <= limit)
        first.append(np.full(near.size, k))
        second.append(near + k + 1)
        distance.append(found[near])
    if not first:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
    return np.concatenate(first), np.concatenate(second), np.concatenate(distance)


def table_distances(table: VectorSource, ids: Sequence[int | str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the distances of a table with two columns of ids and one of distances, as `edge_distances` does.

    See `tables.pair_columns` for which these are. A pair may stand in the table in both directions when the distance is
    the same.

    Raises
    ------
    InputError
        For ids that are no source, distances that are no number or negative, and pairs with two distances.
    """
    wanted = pair_columns(table, "distance")
    position = {value_text(one): k for k, one in enumerate(ids)}
    found: dict[tuple[int, int], float] = {}
    unknown = []
    for row in read_rows(table):
        ends = [value_text(row[name]) for name in wanted[:2]]
        missing = [one for one in ends if one not in position]
        if missing:
            unknown += missing
            continue
        distance = parse_number(row[wanted[2]], f"'{table.name}', distance between {ends[0]} and {ends[1]}")
        if distance is None or not distance >= 0.0:
            raise InputError(
                f"'{table.name}': the distance between {ends[0]} and {ends[1]} is {row[wanted[2]]}; "
                "it must be a number of 0 or more. Leave out pairs that are not linked."
            )
        pair = tuple(sorted(position[one] for one in ends))
        if pair[0] == pair[1]:
            continue
        if found.setdefault(pair, distance) != distance:
            raise InputError(
                f"'{table.name}' gives two distances for {ends[0]} and {ends[1]}: {found[pair]:g} and {distance:g}."
            )
    if unknown:
        raise InputError(
            f"'{table.name}' names ids that no source has: {name_ids(dict.fromkeys(unknown))}. "
            f"The sources are {name_ids(ids)}. Choose the id field that the table uses."
        )
    pairs = np.array(sorted(found), dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1], np.array([found[pair] for pair in sorted(found)], dtype=np.float64)
