"""Small maps for reports, painted without a map canvas so that any thread can make them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from qgis.core import QgsGeometry
from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, QPointF, Qt
from qgis.PyQt.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

from ....core.grid import Grid
from ..plaintext import escape
from ..run.palette import BORDERS, INK, WHITE, Colour
from ..run.ramps import Ramp

_SHADES = 220
"""Colours of a surface in a picture: so many that none is seen to be missing, and the palette of a small file holds them."""

_PALETTE = 256

_COMPRESSION = 50
"""Of a PNG file, 0 the most: takes less than half the time of the default, for files 5 % larger."""

ZONE_BORDER = (*BORDERS[1], 130)
"""Paler than in QGIS, where it can be hidden: here it must not be taken for a corridor."""

Outlines = dict[tuple[int, float], tuple[QgsGeometry, list[QPolygonF]]]
"""The rings of shapes in pixels, by the id of the shape and the pixels of a map unit."""

_LETTER = 12
"""Size of names on a map, in pixels."""


class Map:
    """A picture of a grid's extent: a raster below, shapes on top.

    Parameters
    ----------
    grid : Grid
        What the picture shows.
    width : int
        Largest width or height in pixels.
    background : Colour
        Clear for a picture that is only laid over others, see `lay`.
    outlines : Outlines, optional
        Of polygons that several maps of this extent show: each is prepared once for a width.
    """

    def __init__(
        self, grid: Grid, width: int = 900, background: Colour = WHITE, outlines: Outlines | None = None
    ) -> None:
        self._grid = grid
        self._scale = _scale(grid, width)
        self.height, self.width = _shape(grid, width)
        clear = len(background) > 3
        kind = QImage.Format.Format_ARGB32_Premultiplied if clear else QImage.Format.Format_RGB32
        self._image = QImage(self.width, self.height, kind)
        self._image.fill(QColor(*background))
        self._texts: list[tuple[str, float, float]] = []
        self._inks: set[int] = set()
        self._outlines: Outlines = {} if outlines is None else outlines

    def classes(
        self, cells: np.ndarray, entries: Sequence[tuple[int, str, Colour]], where: np.ndarray | None = None
    ) -> Map:
        """Paint a class raster, or the cells of it `where` there are any; values without an entry stay white."""
        ordered = sorted(entries)
        values = np.array([value for value, _, _ in ordered])
        colours = np.array([*(colour[:3] for _, _, colour in ordered), WHITE], dtype=np.uint8)
        sample = self._sample(cells)
        place = np.minimum(np.searchsorted(values, sample), values.size - 1)
        place[values[place] != sample] = values.size
        return self._paint(colours[place], None if where is None else self._sample(where))

    def surface(self, values: np.ndarray, ramp: Ramp) -> Map:
        """Paint a continuous raster; NaN stays as it is."""
        sample = self._sample(values)
        # Interpolated over places along the ramp, which need not lie evenly along the values.
        places = np.linspace(0.0, len(ramp.stops) - 1.0, _SHADES)
        shades = np.interp(places, np.arange(len(ramp.stops)), ramp.stops)
        nearest = np.searchsorted((shades[1:] + shades[:-1]) / 2.0, sample)
        return self._paint(ramp.paint(shades)[nearest], np.isfinite(sample))

    def _sample(self, cells: np.ndarray) -> np.ndarray:
        return _sample(cells, (self.height, self.width))

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

    def lay(self, other: Map) -> Map:
        """Lay another picture of the same size over this one: what many maps show is drawn once."""
        painter = QPainter(self._image)
        painter.drawImage(0, 0, other._image)
        painter.end()
        self._inks |= other._inks
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
            for ring in self._outline(shape):
                path.addPolygon(ring)
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

    def border(self, inside: np.ndarray) -> Map:
        """Paint the outline of the cells that are inside, such as those of the study area."""
        cells = np.pad(self._sample(inside), 1)
        core = cells[1:-1, 1:-1]
        around = cells[:-2, 1:-1] & cells[2:, 1:-1] & cells[1:-1, :-2] & cells[1:-1, 2:]
        edge = core & ~around
        return self._paint(np.full((*edge.shape, 3), BORDERS[0][:3], dtype=np.uint8), edge)

    def zones(self, shapes: Sequence[QgsGeometry], names: Sequence[str] = ()) -> Map:
        """Paint the borders of zones; their names, if any, go where there is room for them."""
        self.polygons(shapes, None, ZONE_BORDER, 0.8)
        for shape, name in zip(shapes, names):
            box = shape.boundingBox()
            if min(box.width(), box.height()) * self._scale >= 2 * _LETTER:
                self.label(name, shape)
        return self

    def label(self, text: str, shape: QgsGeometry) -> None:
        """Write a text into a shape; it is part of the overlay, not of the picture, so that it stays sharp."""
        place = shape.poleOfInaccessibility(20.0 / self._scale)[0]
        if place.isNull():  # QGIS finds none in parts that touch themselves
            place = shape.pointOnSurface()
        place = place.asPoint()
        self._texts.append((text, *self._pixel(place.x(), place.y())))

    def points(self, places: Iterable[QgsGeometry], fill: Colour, shape: str) -> Map:
        """Paint points as a 'triangle' or a 'diamond' with a white edge; other geometries by a point on them."""
        path = QPainterPath()
        half = 4.5  # pixels
        corners = {
            "triangle": ((0.0, -half), (half, half), (-half, half)),
            "diamond": ((0.0, -half), (half, 0.0), (0.0, half), (-half, 0.0)),
        }[shape]
        for place in places:
            point = place.pointOnSurface().asPoint() if place.type() else place.asPoint()
            x, y = self._pixel(point.x(), point.y())
            path.addPolygon(QPolygonF([QPointF(x + dx, y + dy) for dx, dy in (*corners, corners[0])]))
        return self._draw(path, fill, WHITE, 1.0)

    def _pixel(self, x: float, y: float) -> tuple[float, float]:
        return (x - self._grid.left) * self._scale, (self._grid.top - y) * self._scale

    def _outline(self, shape: QgsGeometry) -> list[QPolygonF]:
        """Return the rings of a polygon in pixels; the shape is kept with them, so that its id stays its own."""
        held = self._outlines.get((id(shape), self._scale))
        if held is None:
            rings = [
                self._points(ring)
                for polygon in self._simple(shape).asGeometryCollection()
                for ring in (polygon.asPolygon() if not polygon.isMultipart() else polygon.asMultiPolygon()[0])
            ]
            held = self._outlines[id(shape), self._scale] = shape, rings
        return held[1]

    def _simple(self, shape: QgsGeometry) -> QgsGeometry:
        return shape.simplify(1.0 / self._scale)

    def _points(self, ring: Sequence) -> QPolygonF:
        return QPolygonF([QPointF(*self._pixel(p.x(), p.y())) for p in ring])

    def _draw(self, path: QPainterPath, fill: Colour | None, colour: Colour, width: float) -> Map:
        self._inks |= {red << 16 | green << 8 | blue for red, green, blue, *_ in (fill or colour, colour)}
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

    def overlay(self) -> str:
        """Return names and an arrow to the north of the grid, as SVG to lie upon the picture."""
        texts = "".join(
            f"<text x='{x:.0f}' y='{y:.0f}' text-anchor='middle'>{escape(text)}</text>" for text, x, y in self._texts
        )
        north = f"<path d='M{self.width - 22} 44l8 -30l8 30l-8 -7z' stroke-width='1'/>"
        north += f"<text x='{self.width - 14}' y='60' text-anchor='middle' font-weight='600'>N</text>"
        return (
            f"<svg viewBox='0 0 {self.width} {self.height}' font-size='{_LETTER}' fill='rgb{INK}' stroke='#fff' "
            f"stroke-width='3' stroke-linejoin='round' paint-order='stroke'>{texts}{north}</svg>"
        )

    def png(self) -> bytes:
        """Return the picture as a PNG file with a palette, which makes it a third of the size.

        The palette holds the colours that were painted with, then those of which there is most; blends are rounded.
        """
        bits = self._image.constBits()
        bits.setsize(self._image.sizeInBytes())
        pixels = np.frombuffer(bits, np.uint32) & 0xFFFFFF
        # most pixels are like the one before, and few are left to be sorted
        starts = np.flatnonzero(np.diff(pixels, prepend=~pixels[:1]))
        lengths = np.diff(starts, append=pixels.size)
        colours, index = np.unique(pixels[starts], return_inverse=True)
        count = np.bincount(index, weights=lengths)
        if colours.size > _PALETTE:
            painted = np.isin(colours, list(self._inks))
            kept = colours[np.sort(np.lexsort((-count, ~painted))[:_PALETTE])]
            index = _nearest(colours, kept)[index]
            colours = kept
        rows = np.zeros((self.height, -(-self.width // 4) * 4), dtype=np.uint8)  # lines of a QImage are of 4 bytes
        rows[:, : self.width] = np.repeat(index, lengths).reshape(self.height, self.width)
        held = rows.tobytes()
        image = QImage(held, self.width, self.height, rows.shape[1], QImage.Format.Format_Indexed8)
        image.setColorTable([0xFF000000 | int(colour) for colour in colours])
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG", _COMPRESSION)
        return bytes(data)


def thinned(cells: np.ndarray, grid: Grid, width: int) -> np.ndarray:
    """Return those cells of a raster that a `Map` of this width shows, which draws them as it would the raster."""
    return _sample(cells, _shape(grid, width))


def _scale(grid: Grid, width: int) -> float:
    return min(width / (grid.cols * grid.dx), width / (grid.rows * grid.dy))


def _shape(grid: Grid, width: int) -> tuple[int, int]:
    scale = _scale(grid, width)
    return max(1, round(grid.rows * grid.dy * scale)), max(1, round(grid.cols * grid.dx * scale))


def _sample(cells: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    rows, cols = (
        np.minimum((np.arange(size) + 0.5) * held / size, held - 1).astype(int)
        for size, held in zip(shape, cells.shape)
    )
    return cells[rows[:, None], cols[None, :]]


def _nearest(colours: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return for each colour, packed into a number, the position of the most similar of those that are kept."""
    wanted, held = (np.stack([one >> shift & 255 for shift in (16, 8, 0)], axis=-1).astype(np.float32)
                    for one in (colours, kept))  # fmt: skip
    # Squared distance without what is the same for all that are kept.
    return ((held**2).sum(axis=-1) - 2.0 * wanted @ held.T).argmin(axis=1)
