"""Small maps for reports, painted without a map canvas so that any thread can make them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from qgis.core import QgsGeometry
from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, QPointF, Qt
from qgis.PyQt.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

from ....core.grid import Grid
from ..run.palette import INK, WHITE, Colour
from ..run.ramps import Ramp


class Map:
    """A picture of a grid's extent: a raster below, shapes on top.

    Parameters
    ----------
    grid : Grid
        What the picture shows.
    width : int
        Largest width or height in pixels.
    """

    def __init__(self, grid: Grid, width: int = 900) -> None:
        self._grid = grid
        self._scale = min(width / (grid.cols * grid.dx), width / (grid.rows * grid.dy))
        self.width = max(1, round(grid.cols * grid.dx * self._scale))
        self.height = max(1, round(grid.rows * grid.dy * self._scale))
        self._image = QImage(self.width, self.height, QImage.Format.Format_RGB32)
        self._image.fill(QColor(*WHITE))

    def classes(self, cells: np.ndarray, entries: Sequence[tuple[int, str, Colour]]) -> Map:
        """Paint a class raster; values without an entry stay white."""
        table = np.full((256, 3), 255, dtype=np.uint8)
        for value, _, colour in entries:
            table[int(value)] = colour[:3]
        return self._paint(table[self._sample(cells).astype(np.uint8)])

    def surface(self, values: np.ndarray, ramp: Ramp) -> Map:
        """Paint a continuous raster; NaN stays as it is."""
        sample = self._sample(values)
        return self._paint(ramp.paint(sample), np.isfinite(sample))

    def _sample(self, cells: np.ndarray) -> np.ndarray:
        rows = np.minimum((np.arange(self.height) + 0.5) * cells.shape[0] / self.height, cells.shape[0] - 1)
        cols = np.minimum((np.arange(self.width) + 0.5) * cells.shape[1] / self.width, cells.shape[1] - 1)
        return cells[rows.astype(int)[:, None], cols.astype(int)[None, :]]

    def _paint(self, rgb: np.ndarray, where: np.ndarray | None = None) -> Map:
        packed = np.zeros((self.height, self.width, 4), dtype=np.uint8)
        packed[..., 2::-1] = rgb
        packed[..., 3] = 255 if where is None else np.where(where, 255, 0)
        data = packed.tobytes()
        layer = QImage(data, self.width, self.height, 4 * self.width, QImage.Format.Format_ARGB32)
        painter = QPainter(self._image)
        painter.drawImage(0, 0, layer)
        painter.end()
        return self

    def polygons(
        self,
        shapes: Iterable[QgsGeometry],
        fill: Colour | None,
        outline: Colour = INK,
        width: float = 1.0,
        halo: Colour | None = None,
    ) -> Map:
        """Paint polygons; without a fill only their outlines. A halo lies on both sides of the outline."""
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.OddEvenFill)
        for shape in shapes:
            for polygon in self._simple(shape).asGeometryCollection():
                for ring in polygon.asPolygon() if not polygon.isMultipart() else polygon.asMultiPolygon()[0]:
                    path.addPolygon(self._points(ring))
        if halo:
            self._draw(path, None, halo, width + 2.0)
        return self._draw(path, fill, outline, width)

    def lines(self, shapes: Iterable[QgsGeometry], colour: Colour, width: float = 2.0, halo: Colour = WHITE) -> Map:
        """Paint lines with a halo."""
        path = QPainterPath()
        for shape in shapes:
            for part in self._simple(shape).asGeometryCollection():
                path.addPolygon(self._points(part.asPolyline()))
        return self._draw(path, None, halo, width + 2.0)._draw(path, None, colour, width)

    def _simple(self, shape: QgsGeometry) -> QgsGeometry:
        return shape.simplify(0.5 / self._scale)

    def _points(self, ring: Sequence) -> QPolygonF:
        left, top, scale = self._grid.left, self._grid.top, self._scale
        return QPolygonF([QPointF((p.x() - left) * scale, (top - p.y()) * scale) for p in ring])

    def _draw(self, path: QPainterPath, fill: Colour | None, colour: Colour, width: float) -> Map:
        painter = QPainter(self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(*colour))
        pen.setWidthF(width)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.setBrush(QBrush(QColor(*fill)) if fill else QBrush(Qt.BrushStyle.NoBrush))
        painter.drawPath(path)
        painter.end()
        return self

    def scale_bar(self) -> str:
        """Paint a bar of a round length and return that length in words."""
        metres = self._grid.cols * self._grid.dx * self._grid.metres_per_unit / 5
        power = 10 ** int(np.floor(np.log10(metres)))
        length = next(power * k for k in (5, 2, 1) if power * k <= metres)
        pixels = length / self._grid.metres_per_unit * self._scale
        painter = QPainter(self._image)
        painter.fillRect(12, self.height - 22, round(pixels) + 6, 12, QColor(*WHITE))
        painter.fillRect(15, self.height - 18, round(pixels), 4, QColor(*INK))
        painter.end()
        return f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"

    def png(self) -> bytes:
        """Return the picture as a PNG file."""
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self._image.save(buffer, "PNG")
        return bytes(data)
