"""Small maps for reports, painted without a map canvas so that any thread can make them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from qgis.core import QgsGeometry
from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, QPointF, Qt
from qgis.PyQt.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

from ...core.grid import Grid

Colour = tuple


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
        self._image.fill(QColor(255, 255, 255))

    def classes(self, cells: np.ndarray, entries: Sequence[tuple[int, str, Colour]]) -> Map:
        """Paint a class raster; values without an entry stay white."""
        table = np.full((256, 3), 255, dtype=np.uint8)
        for value, _, colour in entries:
            table[int(value)] = colour[:3]
        return self._paint(table[self._sample(cells).astype(np.uint8)])

    def surface(self, values: np.ndarray, colours: Sequence[Colour], low: float, high: float) -> Map:
        """Paint a continuous raster from `low` to `high`; NaN stays as it is."""
        sample = self._sample(values)
        place = np.clip((sample - low) / ((high - low) or 1.0), 0.0, 1.0) * (len(colours) - 1)
        known = np.isfinite(sample)
        steps = np.arange(len(colours))
        rgb = np.stack(
            [np.interp(np.where(known, place, 0), steps, [c[k] for c in colours]) for k in range(3)], axis=-1
        )
        return self._paint(rgb.astype(np.uint8), known)

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
        self, shapes: Iterable[QgsGeometry], fill: Colour | None, outline: Colour = (60, 60, 60), width: float = 1.0
    ) -> Map:
        """Paint polygons; without a fill only their outlines."""
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.OddEvenFill)
        for shape in shapes:
            for polygon in self._simple(shape).asGeometryCollection():
                for ring in polygon.asPolygon() if not polygon.isMultipart() else polygon.asMultiPolygon()[0]:
                    path.addPolygon(self._points(ring))
        return self._draw(path, QBrush(QColor(*fill)) if fill else None, outline, width)

    def lines(self, shapes: Iterable[QgsGeometry], colour: Colour, width: float = 2.0) -> Map:
        """Paint lines."""
        path = QPainterPath()
        for shape in shapes:
            for part in self._simple(shape).asGeometryCollection():
                path.addPolygon(self._points(part.asPolyline()))
        return self._draw(path, None, colour, width)

    def _simple(self, shape: QgsGeometry) -> QgsGeometry:
        return shape.simplify(0.5 / self._scale)

    def _points(self, ring: Sequence) -> QPolygonF:
        left, top, scale = self._grid.left, self._grid.top, self._scale
        return QPolygonF([QPointF((p.x() - left) * scale, (top - p.y()) * scale) for p in ring])

    def _draw(self, path: QPainterPath, brush: QBrush | None, colour: Colour, width: float) -> Map:
        painter = QPainter(self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(*colour))
        pen.setWidthF(width)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(brush or QBrush(Qt.BrushStyle.NoBrush))
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
        painter.fillRect(12, self.height - 22, round(pixels) + 6, 12, QColor(255, 255, 255))
        painter.fillRect(15, self.height - 18, round(pixels), 4, QColor(20, 20, 20))
        painter.end()
        return f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"

    def png(self) -> bytes:
        """Return the picture as a PNG file."""
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self._image.save(buffer, "PNG")
        return bytes(data)
