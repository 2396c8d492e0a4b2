"""What a map is measured by: its scale, the graticule, the scale bar."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsLayoutItemMap,
    QgsLayoutItemMapGrid,
    QgsLayoutItemScaleBar,
    QgsProject,
    QgsRectangle,
    QgsUnitTypes,
)

from ..io.crs import stated

MARGIN = 0.03
"""Of the study area on each side of it, at least."""

_SCALES = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.5, 8.0, 10.0)
_LENGTHS = (1.0, 2.0, 3.0, 4.0, 5.0, 10.0)
_MINUTES = (0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800)
"""Between the lines of a graticule."""

_LINES = 4
"""Of a graticule along the shorter side, at most."""


def planar() -> QgsCoordinateReferenceSystem:
    """Return the CRS of maps of layers that have none: metres on a plane."""
    return QgsCoordinateReferenceSystem.fromWkt(
        'LOCAL_CS["Plane",UNIT["metre",1],AXIS["Easting",EAST],AXIS["Northing",NORTH]]'
    )


def is_planar(crs: QgsCoordinateReferenceSystem) -> bool:
    """Return whether a CRS is that of layers without one."""
    return not stated(crs).isValid() or crs.description() == "Plane"


def frame(map_: QgsLayoutItemMap, area: QgsRectangle) -> int:
    """Have a map show an area with a margin at a round scale, and return the n of its scale 1 : n."""
    area = QgsRectangle(area)
    if area.width() <= 0.0 and area.height() <= 0.0:  # a single point
        area.grow(0.005 if map_.crs().isGeographic() else 500.0)
    area.scale(1.0 + 2.0 * MARGIN)
    shape = map_.rect().width() / map_.rect().height()
    width, height = max(area.width(), area.height() * shape), max(area.height(), area.width() / shape)
    map_.setExtent(QgsRectangle.fromCenterAndSize(area.center(), width, height))
    scale = _round_up(map_.scale(), _SCALES)
    map_.setScale(scale)
    return round(scale)


def draw_graticule(map_: QgsLayoutItemMap, project: QgsProject) -> None:
    """Give the grids of a map steps that suit it: of minutes, or of metres where there is no CRS."""
    grids = [grid for grid in map_.grids().asList() if grid.enabled()]
    if not grids:
        return
    crs = map_.crs()
    box, geographic = map_.extent(), None
    if not is_planar(crs):
        geographic = (
            crs if crs.isGeographic() else QgsCoordinateReferenceSystem(crs.geographicCrsAuthId() or "EPSG:4326")
        )
        try:
            box = QgsCoordinateTransform(crs, geographic, project.transformContext()).transformBoundingBox(box)
        except QgsCsException:
            geographic = None
    for grid in grids:
        if geographic is None:
            grid.setCrs(QgsCoordinateReferenceSystem())
            step = _round_up(min(box.width(), box.height()) / _LINES, _LENGTHS)
            grid.setAnnotationFormat(QgsLayoutItemMapGrid.AnnotationFormat.Decimal)
        else:
            grid.setCrs(geographic)
            wanted = 60.0 * min(box.width(), box.height()) / _LINES
            minutes = next((one for one in _MINUTES if one >= wanted), _MINUTES[-1])
            step = minutes / 60.0
            formats = QgsLayoutItemMapGrid.AnnotationFormat
            grid.setAnnotationFormat(formats.DegreeMinute if minutes >= 1 else formats.DegreeMinuteSecond)
        grid.setAnnotationPrecision(0)
        grid.setIntervalX(step)
        grid.setIntervalY(step)


def draw_scale_bar(bar: QgsLayoutItemScaleBar, map_: QgsLayoutItemMap) -> None:
    """Give a scale bar a round length in kilometres or metres, up to the greatest width that its template says."""
    bar.setLinkedMap(map_)
    segments = max(1, bar.numberOfSegments())
    metres = bar.maximumBarWidth() / 1000.0 * map_.scale() / segments
    step = _round_down(metres, _LENGTHS)
    kilometres = step * segments >= 1000.0
    units = QgsUnitTypes.DistanceUnit
    bar.setUnits(units.DistanceKilometers if kilometres else units.DistanceMeters)
    bar.setUnitLabel("km" if kilometres else "m")
    bar.setMapUnitsPerScaleBarUnit(1.0)
    bar.setSegmentSizeMode(type(bar.segmentSizeMode()).SegmentSizeFixed)
    bar.setUnitsPerSegment(step / 1000.0 if kilometres else step)


def _round_up(value: float, steps: Sequence[float]) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in steps if power * step >= value * (1.0 - 1e-9))


def _round_down(value: float, steps: Sequence[float]) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in reversed(steps) if power * step <= value * (1.0 + 1e-9))
