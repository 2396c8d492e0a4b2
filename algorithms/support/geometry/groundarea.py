"""How large the cells of a raster are on the ground, whatever its CRS and however it is turned."""

from __future__ import annotations

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsPointXY,
)

from ....core.studygrid import degree_area

_NODES = 65
"""Places in a row and in a column of the raster at which cells are measured; between them areas are interpolated."""

_STRIPS = 256
_REACH = 4.0
"""Cells to each side over which is measured, so that rounding of small cells does not count."""

_SEMI_MAJOR, _SEMI_MINOR = 6_378_137.0, 6_356_752.314245179
"""Of WGS 84, in metres."""


class GroundArea:
    """Areas of the cells of a raster in hectares, on the ellipsoid.

    Parameters
    ----------
    place : tuple of float
        Where the cells lie, as GDAL says it.
    crs : QgsCoordinateReferenceSystem
        Of the raster, valid.
    rows, cols : slice
        The cells that will be asked for.
    transforms : QgsCoordinateTransformContext
        How to reproject.
    """

    def __init__(
        self,
        place: tuple[float, ...],
        crs: QgsCoordinateReferenceSystem,
        rows: slice,
        cols: slice,
        transforms: QgsCoordinateTransformContext,
    ) -> None:
        self._place = place
        self._degrees = QgsCoordinateTransform(crs, QgsCoordinateReferenceSystem("EPSG:4326"), transforms)
        self._rows = np.linspace(rows.start, rows.stop, _NODES)
        self._cols = np.linspace(cols.start, cols.stop, _NODES)
        self._edges = np.unique(np.linspace(cols.start, cols.stop, _STRIPS + 1).round().astype(int))
        nodes = np.array([[self._measured(row, col) for col in self._cols] for row in self._rows])
        middles = (self._edges[1:] + self._edges[:-1]) / 2.0
        self._strips = np.array([np.interp(middles, self._cols, line) for line in nodes])

    def _measured(self, row: float, col: float) -> float:
        """Return the area of a cell at a place; 0 where there is no place on earth."""
        try:
            (west, _), (east, _) = ends = [self._at(row, col - _REACH), self._at(row, col + _REACH)]
            (upper, _), (lower, _) = others = [self._at(row - _REACH, col), self._at(row + _REACH, col)]
        except QgsCsException:
            return 0.0
        across = (east - west + 180.0) % 360.0 - 180.0, ends[1][1] - ends[0][1]
        down = (lower - upper + 180.0) % 360.0 - 180.0, others[1][1] - others[0][1]
        latitude = np.array([(ends[0][1] + ends[1][1]) / 2.0])
        square = abs(across[0] * down[1] - across[1] * down[0]) / (2.0 * _REACH) ** 2
        found = square * degree_area(latitude, _SEMI_MAJOR, _SEMI_MINOR)[0] / 1e4
        return float(found) if np.isfinite(found) else 0.0

    def _at(self, row: float, col: float) -> tuple[float, float]:
        left, dx, skew_x, top, skew_y, dy = self._place
        point = self._degrees.transform(QgsPointXY(left + dx * col + skew_x * row, top + skew_y * col + dy * row))
        return point.x(), point.y()

    def of(self, row: int, count: int) -> np.ndarray:
        """Return the areas of the cells of some rows, shape (count, columns)."""
        middles = row + 0.5 + np.arange(count)
        strips = np.array([np.interp(middles, self._rows, line) for line in self._strips.T]).T
        return np.repeat(strips, np.diff(self._edges), axis=1)
