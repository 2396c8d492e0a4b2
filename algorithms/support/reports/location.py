"""Where in the world a study area lies: a small map of the coasts, from the world map that comes with QGIS."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsFeatureRequest,
    QgsGeometry,
    QgsPointXY,
    QgsRectangle,
    QgsVectorLayer,
)

from ....core.grid import Grid
from ..run.palette import CLEAR, GRATICULE, LAND, PINCH, SEA
from .maps import Map

_WIDTH = 260
"""Of the picture, in pixels."""

_REACH = 2_000_000.0
"""Half the width of the map, in metres."""

_WIDE, _HIGH = 30.0, 25.0
"""Degrees around the place within which land is looked for."""

_DEGREES = QgsCoordinateReferenceSystem("EPSG:4326")


def centre_of(
    grid: Grid, crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext
) -> QgsPointXY | None:
    """Return longitude and latitude of the middle of a grid; None where its CRS does not say where that is."""
    if not crs.isValid():
        return None
    middle = QgsPointXY((grid.left + grid.right) / 2.0, (grid.top + grid.bottom) / 2.0)
    try:
        return QgsCoordinateTransform(crs, _DEGREES, context).transform(middle)
    except QgsCsException:
        return None


def place_in_words(centre: QgsPointXY) -> str:
    """Return a place as people write it, such as 26.21 N, 105.40 E."""
    north = f"{abs(centre.y()):.2f}\N{DEGREE SIGN} {'N' if centre.y() >= 0 else 'S'}"
    return f"{north}, {abs(centre.x()):.2f}\N{DEGREE SIGN} {'E' if centre.x() >= 0 else 'W'}"


def location_map(centre: QgsPointXY, size: float, context: QgsCoordinateTransformContext) -> bytes:
    """Return a PNG of the coasts and the graticule around a place; empty without the world map of QGIS.

    `size` is the width of the study area in metres. There are no borders of countries: where these lie is not the same
    to all who read a report, and in some countries a matter of law.
    """
    path = os.path.join(QgsApplication.pkgDataPath(), "resources", "data", "world_map.gpkg")
    if not os.path.exists(path):
        return b""
    flat = QgsCoordinateReferenceSystem.fromProj(
        f"+proj=laea +lat_0={centre.y():.6f} +lon_0={centre.x():.6f} +datum=WGS84 +units=m +no_defs"
    )
    project = QgsCoordinateTransform(_DEGREES, flat, context)
    half = max(_REACH, 3.0 * size)
    view = Map(Grid(1, 1, left=-half, top=half, dx=2.0 * half, dy=2.0 * half), _WIDTH)
    view.polygons([_square(2.0 * half)], SEA, SEA)
    layer = QgsVectorLayer(f"{path}|layername=countries", "countries", "ogr")
    around = QgsRectangle(centre.x() - _WIDE, centre.y() - _HIGH, centre.x() + _WIDE, centre.y() + _HIGH)
    view.polygons(
        _projected((one.geometry() for one in layer.getFeatures(QgsFeatureRequest(around))), project), LAND, LAND
    )
    view.lines(_projected(_graticule(around), project), GRATICULE, 0.6, CLEAR)
    # A study area too small to be seen gets a square of a few pixels.
    return view.polygons([_square(max(size / 2.0, 4.0 * half / _WIDTH))], PINCH.fill, PINCH.edge, 1.2).png()


def _square(half: float) -> QgsGeometry:
    return QgsGeometry.fromRect(QgsRectangle(-half, -half, half, half))


def _graticule(around: QgsRectangle) -> Iterator[QgsGeometry]:
    """Yield the meridians and parallels at full tens of degrees."""
    tens = range(-36, 37)
    for line in (10.0 * k for k in tens):
        if around.xMinimum() <= line <= around.xMaximum():
            yield QgsGeometry.fromPolylineXY([QgsPointXY(line, 2.0 * k) for k in range(-44, 45)])
        if max(around.yMinimum(), -88.0) <= line <= min(around.yMaximum(), 88.0):
            steps = range(int(around.xMinimum()), int(around.xMaximum()), 2)
            yield QgsGeometry.fromPolylineXY([QgsPointXY(k, line) for k in steps])


def _projected(shapes: Iterable[QgsGeometry], project: QgsCoordinateTransform) -> list[QgsGeometry]:
    found = []
    for shape in shapes:
        try:
            shape.transform(project)
        except QgsCsException:  # it reaches to the other end of the world
            continue
        found.append(shape)
    return found
