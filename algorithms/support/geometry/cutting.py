"""Cutting polygons by polygons, so that every part is kept once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from qgis.core import QgsGeometry, QgsSpatialIndex, QgsWkbTypes

from ....core.monitor import SILENT, Monitor

SMALLEST = 1e-7
"""Share of a polygon below which a part of it is rounding, not a part."""


@dataclass
class Cut:
    """A polygon divided among others.

    Parameters
    ----------
    parts : list of (int, QgsGeometry)
        Position of the dividing polygon, and the part inside it. -1 for what lies in none.
    overlaps : list of (int, int, float)
        Two dividing polygons that both hold a part, and the size of it; the part was given to the first.
    """

    parts: list[tuple[int, QgsGeometry]] = field(default_factory=list)
    overlaps: list[tuple[int, int, float]] = field(default_factory=list)


class Divider:
    """Polygons that others are divided by; where they overlap, the earlier one takes the part."""

    def __init__(self, polygons: Sequence[QgsGeometry]) -> None:
        self._polygons = [repaired(polygon) for polygon in polygons]
        self._index = QgsSpatialIndex()
        for k, polygon in enumerate(self._polygons):
            self._index.addFeature(k, polygon.boundingBox())

    def divide(self, polygon: QgsGeometry) -> Cut:
        """Return the parts of a valid polygon."""
        cut = Cut()
        least = SMALLEST * polygon.area()
        rest = polygon
        for k in sorted(self._index.intersects(polygon.boundingBox())):
            inside = polygon.intersection(self._polygons[k])
            if inside.area() <= least:
                continue
            part = inside if rest is polygon else rest.intersection(self._polygons[k])
            # What the part is smaller by lies in parts that were given away before.
            if inside.area() - part.area() > least / 2.0:
                for other, taken in cut.parts:
                    shared = inside.intersection(taken).area()
                    if shared > least:
                        cut.overlaps.append((other, k, shared))
            if part.area() > least:
                cut.parts.append((k, part))
                rest = rest.difference(self._polygons[k])
        if rest.area() > least:
            cut.parts.append((-1, rest))
        return cut

    def lengths(self, line: QgsGeometry) -> list[tuple[int, float]]:
        """Return how much of a line lies in each polygon it meets, and at -1 how much in none."""
        found, rest = [], line
        for k in sorted(self._index.intersects(line.boundingBox())):
            length = rest.intersection(self._polygons[k]).length()
            if length > 0.0:
                found.append((k, length))
                rest = rest.difference(self._polygons[k])
        return [*found, (-1, rest.length())]

    def divide_all(self, polygons: Sequence[QgsGeometry], monitor: Monitor = SILENT) -> Iterator[Cut]:
        """Yield the parts of each polygon."""
        for done, polygon in enumerate(polygons):
            monitor.step(done, len(polygons))
            yield self.divide(polygon)


def repaired(polygon: QgsGeometry) -> QgsGeometry:
    """Return a polygon that GEOS accepts; a good one, or one that has collapsed to a line, comes back as it is."""
    if polygon.isGeosValid():
        return polygon
    # Part by part: what lies in two parts belongs to the whole, which not every version of QGIS knows.
    mended = QgsGeometry.unaryUnion([part.makeValid() for part in polygon.asGeometryCollection()])
    mended.convertGeometryCollectionToSubclass(QgsWkbTypes.GeometryType.PolygonGeometry)
    return mended if mended.area() > 0.0 else polygon


def polygons_of(shape: QgsGeometry) -> QgsGeometry:
    """Return a shape without the lines and points that borders leave where they only touch."""
    if shape.type() == QgsWkbTypes.GeometryType.PolygonGeometry:
        return shape
    kept = QgsGeometry(shape)
    kept.convertGeometryCollectionToSubclass(QgsWkbTypes.GeometryType.PolygonGeometry)
    return kept
