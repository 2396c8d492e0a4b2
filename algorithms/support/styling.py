"""Default styles of the outputs, attached when QGIS loads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

import numpy as np
from qgis.core import (
    Qgis,
    QgsCategorizedSymbolRenderer,
    QgsColorRampShader,
    QgsFillSymbol,
    QgsHillshadeRenderer,
    QgsLineSymbol,
    QgsMapLayer,
    QgsMarkerSymbol,
    QgsPalettedRasterRenderer,
    QgsPalLayerSettings,
    QgsProcessingLayerPostProcessorInterface,
    QgsRasterDataProvider,
    QgsRasterShader,
    QgsRendererCategory,
    QgsSingleBandPseudoColorRenderer,
    QgsSingleSymbolRenderer,
    QgsSymbol,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor, QPainter

from .layertree import Place, put
from .roles import mark

Style = Callable[[QgsMapLayer], None]
"""Something that gives a loaded layer its look."""

Colour = tuple  # (red, green, blue) or (red, green, blue, alpha), 0 to 255

# Colour-blind safe ramps, from low to high (after Crameri 2018 and ColorBrewer: own picks of their hues).
RESISTANCE = [(26, 112, 62), (133, 187, 96), (247, 236, 161), (230, 145, 67), (150, 46, 38)]
CURRENT = [(24, 32, 92), (45, 98, 163), (104, 172, 176), (240, 224, 121), (214, 69, 38)]
SCORE = [(252, 245, 227), (250, 200, 130), (226, 116, 76), (148, 44, 88), (62, 12, 72)]
DISTANCE = [(255, 250, 226), (189, 215, 186), (98, 160, 167), (45, 94, 132), (22, 36, 82)]
BELT = [(44, 92, 126), (118, 163, 186), (182, 208, 219), (226, 236, 240)]
"""Corridors from the least-cost path outwards; pale, so that lines stand out on them."""
SOURCES = [(8, 81, 99), (46, 139, 150), (128, 190, 192), (170, 212, 212), (200, 228, 226)]
"""Sources by grade, 1 (highest) first; bluish, so that they stand out on a resistance surface."""
GRADES = [(178, 24, 43), (224, 100, 20), (110, 72, 36), (140, 120, 100), (160, 150, 140)]
"""Grade 1 (highest) first."""

_ALIVE: list[QgsProcessingLayerPostProcessorInterface] = []


class _PostProcessor(QgsProcessingLayerPostProcessorInterface):
    def __init__(self, style: Style | None, place: Place | None, role: str) -> None:
        super().__init__()
        self._style = style
        self._place = place
        self._role = role

    def postProcessLayer(self, layer, context, feedback) -> None:
        if self._style is not None:
            self._style(layer)
            layer.triggerRepaint()
        if self._role:
            mark(layer, self._role)
        if self._place is not None:
            put(layer, self._place)
        _ALIVE.remove(self)


def post_processor(
    style: Style | None, place: Place | None = None, role: str = ""
) -> QgsProcessingLayerPostProcessorInterface:
    """Return what QGIS calls when the layer is loaded; kept alive until then, since QGIS does not own it."""
    processor = _PostProcessor(style, place, role)
    _ALIVE.append(processor)
    return processor


def spread(colours: Sequence[Colour], count: int) -> list[Colour]:
    """Return `count` colours from the first to the last of a ramp."""
    found = []
    for k in range(count):
        place = k * (len(colours) - 1) / (count - 1) if count > 1 else len(colours) - 1
        low = min(int(place), len(colours) - 2)
        found.append(tuple(round(a + (place - low) * (b - a)) for a, b in zip(colours[low], colours[low + 1])))
    return found


def colour(parts: Colour) -> QColor:
    """Return a QColor."""
    return QColor(*parts)


def classes(entries: Sequence[tuple[int, str, Colour]]) -> Style:
    """Style a class raster: value, name, colour."""

    def apply(layer: QgsMapLayer) -> None:
        palette = [QgsPalettedRasterRenderer.Class(value, colour(c), name) for value, name, c in entries]
        layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, palette))

    return apply


def ramp(colours: Sequence[Colour], stops: Sequence[float], unit: str = "") -> Style:
    """Style a continuous raster: colours spread over ascending stop values (two or more)."""

    def apply(layer: QgsMapLayer) -> None:
        items = []
        for k, c in enumerate(colours):
            place = k * (len(stops) - 1) / (len(colours) - 1)
            low = min(int(place), len(stops) - 2)
            value = stops[low] + (place - low) * (stops[low + 1] - stops[low])
            items.append(QgsColorRampShader.ColorRampItem(value, colour(c), f"{value:.4g} {unit}".strip()))
        shader = QgsColorRampShader(items[0].value, items[-1].value)
        shader.setColorRampType(QgsColorRampShader.Type.Interpolated)
        shader.setColorRampItemList(items)
        raster_shader = QgsRasterShader()
        raster_shader.setRasterShaderFunction(shader)
        renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1, raster_shader)
        renderer.setClassificationMin(items[0].value)
        renderer.setClassificationMax(items[-1].value)
        layer.setRenderer(renderer)

    return apply


def stretch(values: np.ndarray) -> list[float]:
    """Return ascending stops that spread the colours of a surface over its values."""
    known = values[np.isfinite(values)]
    if not known.size:
        return [0.0, 1.0]
    stops = np.quantile(known, [0.0, 0.5, 0.8, 0.95, 1.0])
    return [float(stop) for stop in np.maximum.accumulate(stops + np.arange(5) * 1e-9)]


def polygons(fill: Colour, outline: Colour = (60, 60, 60), width: float = 0.26) -> Style:
    """Style polygons with one fill and outline (mm)."""

    def apply(layer: QgsMapLayer) -> None:
        layer.setRenderer(QgsSingleSymbolRenderer(fill_symbol(fill, outline, width)))

    return apply


def lines(line: Colour, width: float = 0.6) -> Style:
    """Style lines with one colour and width (mm)."""

    def apply(layer: QgsMapLayer) -> None:
        layer.setRenderer(QgsSingleSymbolRenderer(line_symbol(line, width)))

    return apply


def categories(field: str, entries: Sequence[tuple[object, str, QgsSymbol]]) -> Style:
    """Style a vector layer by the values of a field (or an expression): value, name, symbol."""

    def apply(layer: QgsMapLayer) -> None:
        renderer = QgsCategorizedSymbolRenderer(
            field, [QgsRendererCategory(value, symbol.clone(), name) for value, name, symbol in entries]
        )
        layer.setRenderer(renderer)

    return apply


def graded(field: str, classes: int, symbol: Callable[[Colour], QgsSymbol]) -> Style:
    """Style a vector layer by a field with grades from 1 (highest); `symbol` makes a symbol of a colour."""
    entries = [
        (grade, f"Grade {grade}" + (" (highest)" if grade == 1 else ""), symbol(GRADES[min(grade, len(GRADES)) - 1]))
        for grade in range(1, classes + 1)
    ]
    return categories(field, entries)


def fill_symbol(fill: Colour, outline: Colour = (60, 60, 60), width: float = 0.26) -> QgsFillSymbol:
    """Return a simple fill."""
    return QgsFillSymbol.createSimple(
        {"color": _text(fill), "outline_color": _text(outline), "outline_width": str(width)}
    )


def line_symbol(line: Colour, width: float = 0.6, dash: str = "solid") -> QgsLineSymbol:
    """Return a simple line; `dash` is a Qt pen style in words ('solid', 'dash', 'dot')."""
    return QgsLineSymbol.createSimple(
        {"line_color": _text(line), "line_width": str(width), "line_style": dash, "capstyle": "round"}
    )


def points(fill: Colour, size: float = 2.0, shape: str = "circle", outline: Colour = (255, 255, 255)) -> Style:
    """Style points: size in mm, shape as QGIS names it ('circle', 'triangle', 'square', 'diamond' ...)."""

    def apply(layer: QgsMapLayer) -> None:
        symbol = {"name": shape, "color": _text(fill), "outline_color": _text(outline), "size": str(size)}
        layer.setRenderer(QgsSingleSymbolRenderer(QgsMarkerSymbol.createSimple(symbol)))

    return apply


def labelled(style: Style, field: str, size: float = 9.0, ink: Colour = (40, 40, 40)) -> Style:
    """Add labels with a white halo to the style of a vector layer; size in points."""

    def apply(layer: QgsMapLayer) -> None:
        style(layer)
        halo = QgsTextBufferSettings()
        halo.setEnabled(True)
        halo.setSize(0.8)
        halo.setColor(QColor(255, 255, 255, 210))
        text = QgsTextFormat()
        text.setSize(size)
        text.setColor(colour(ink))
        text.setBuffer(halo)
        settings = QgsPalLayerSettings()
        settings.fieldName = field
        settings.setFormat(text)
        layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
        layer.setLabelsEnabled(True)

    return apply


def relief(exaggeration: float = 1.2, opacity: float = 0.6) -> Style:
    """Style elevations as light and shade that darken the layers below."""

    def apply(layer: QgsMapLayer) -> None:
        provider = layer.dataProvider()
        # Shade of averaged elevations, not averages of shade: else a small map looks like sandpaper.
        provider.enableProviderResampling(True)
        provider.setZoomedOutResamplingMethod(QgsRasterDataProvider.ResamplingMethod.Bilinear)
        provider.setMaxOversampling(8.0)
        renderer = QgsHillshadeRenderer(provider, 1, 315.0, 45.0)
        renderer.setZFactor(exaggeration)
        renderer.setMultiDirectional(True)
        renderer.setOpacity(opacity)
        layer.setResamplingStage(Qgis.RasterResamplingStage.Provider)
        layer.setRenderer(renderer)
        layer.setBlendMode(QPainter.CompositionMode.CompositionMode_Multiply)

    return apply


def _text(parts: Colour) -> str:
    return ",".join(str(part) for part in (*parts, 255)[:4])
