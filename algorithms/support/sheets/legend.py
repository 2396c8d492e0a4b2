"""The legend of a map: what occurs in it, as large as there is room."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from osgeo import gdal
from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsLayerTreeLayer,
    QgsLayoutItemLegend,
    QgsLegendRenderer,
    QgsLegendStyle,
    QgsMapLayer,
    QgsMapLayerLegendUtils,
    QgsPalettedRasterRenderer,
    QgsRasterLayer,
    QgsSimpleLegendNode,
    QgsVectorLayer,
)

from ..io.rasterheaders import tried
from ..language import tr
from .letters import font_of, set_points

_SMALLER = (1.0, 0.92, 0.84, 0.76)
"""Sizes of the letters that are tried before entries are left out."""

_COLUMNS = (1, 2, 3)
_PARTS = (
    QgsLegendStyle.Style.Title,
    QgsLegendStyle.Style.Group,
    QgsLegendStyle.Style.Subgroup,
    QgsLegendStyle.Style.SymbolLabel,
)
_ROWS = 1024
"""Of a raster that are read at once."""


def fill_legend(
    legend: QgsLayoutItemLegend,
    layers: Sequence[tuple[QgsMapLayer, str]],
) -> int:
    """List layers in a legend that keeps its size; return how many entries there was no room for.

    Parameters
    ----------
    legend : QgsLayoutItemLegend
        Of a template.
    layers : sequence of (QgsMapLayer, str)
        With their headings; the top one first.
    """
    legend.setAutoUpdateModel(False)
    legend.setResizeToContents(False)
    root = legend.model().rootGroup()
    root.clear()
    held = [(root.addLayer(layer), occurring(layer)) for layer, _ in layers]
    for (node, entries), (_, name) in zip(held, layers):
        node.setUseLayerName(False)
        node.setName(literal(name))
        _list(legend, node, entries)
    if _fits(legend):
        return 0
    # The longest lists are cut first.
    counts = [len(entries) for _, entries in held]
    left_out = 0
    while max(counts, default=0) > 1:
        k = counts.index(max(counts))
        counts[k] -= 1
        left_out += 1
        node, entries = held[k]
        _list(legend, node, entries[: counts[k]])
        if _size(legend)[1] <= legend.rect().height():
            break
    return left_out


def _list(legend: QgsLayoutItemLegend, node: QgsLayerTreeLayer, entries: Sequence[int]) -> None:
    QgsMapLayerLegendUtils.setLegendNodeOrder(node, list(entries))
    legend.model().refreshLayerLegend(node)
    for k, entry in enumerate(legend.model().layerLegendNodes(node)):
        text = str(entry.data(0) or "")
        if text and not entry.isEmbeddedInParent():
            QgsMapLayerLegendUtils.setLegendNodeUserLabel(
                node, entries[k] if k < len(entries) else k, literal(_said(text))
            )
    legend.model().refreshLayerLegend(node)


def literal(text: str) -> str:
    """Return a text that a layout shows as it is: what stands between [% and %] it would compute."""
    return text.replace("[%", "[\N{ZERO WIDTH SPACE}%")


def _said(text: str) -> str:
    """Return an entry in the language of the map; of a value with its unit, which is no text of the sources, the unit."""
    value = re.match(r"[≤≥]?\s*[-\d.,e+]+\s+(?=\D)", text)
    return value[0] + tr(text[value.end() :]) if value else tr(text)


def occurring(layer: QgsMapLayer) -> list[int]:
    """Return the numbers of those entries of the legend of a layer that its data have."""
    nodes = layer.legend().createLayerTreeModelLegendNodes(QgsLayerTreeLayer(layer))
    if isinstance(layer, QgsRasterLayer):
        found = [k for k, node in enumerate(nodes) if not isinstance(node, QgsSimpleLegendNode)]  # the name of the band
        renderer = layer.renderer()
        if isinstance(renderer, QgsPalettedRasterRenderer):
            held = _values(layer.source(), renderer.band())
            there = [(k, one) for k, one in zip(found, renderer.classes()) if held is None or one.value in held]
            # What looks alike and is called alike is listed once.
            first = {(one.label, one.color.name()): k for k, one in reversed(there)}
            found = sorted(first.values())
        return found
    if isinstance(layer, QgsVectorLayer) and isinstance(layer.renderer(), QgsCategorizedSymbolRenderer):
        renderer = layer.renderer()
        place = layer.fields().lookupField(renderer.classAttribute())
        if place >= 0:
            held = {_plain(value) for value in layer.uniqueValues(place)}
            categories = renderer.categories()
            return [k for k, one in enumerate(categories) if one.renderState() and _plain(one.value()) in held]
    return list(range(len(nodes)))


def _plain(value: object) -> object:
    """Return a value as the categories of a renderer compare it: 3 is 3.0 is '3'."""
    text = "" if value is None or str(value) == "NULL" else str(value)
    try:
        return float(text)
    except ValueError:
        return text


def _values(path: str, band: int) -> set[float] | None:
    """Return the values of a class raster."""
    dataset = tried(gdal.Open, path)
    if dataset is None:
        return None
    held: set[float] = set()
    source = dataset.GetRasterBand(band)
    for row in range(0, dataset.RasterYSize, _ROWS):
        cells = source.ReadAsArray(0, row, dataset.RasterXSize, min(_ROWS, dataset.RasterYSize - row))
        held.update(np.unique(cells).tolist())
    return held - {source.GetNoDataValue()}


def _fits(legend: QgsLayoutItemLegend) -> bool:
    """Make the letters smaller, and columns more, until a legend fits; return whether it does."""
    sizes = [_points(legend, part) for part in _PARTS]
    symbol = legend.symbolWidth(), legend.symbolHeight()
    for columns in _COLUMNS:
        for factor in _SMALLER:
            for part, points in zip(_PARTS, sizes):
                _set_points(legend, part, factor * points)
            legend.setSymbolWidth(factor * symbol[0])
            legend.setSymbolHeight(factor * symbol[1])
            legend.setColumnCount(columns)
            legend.setSplitLayer(columns > 1)
            width, height = _size(legend)
            if width <= legend.rect().width() and height <= legend.rect().height():
                return True
    for columns in reversed(_COLUMNS):  # as many as are not too wide
        legend.setColumnCount(columns)
        if _size(legend)[0] <= legend.rect().width():
            break
    return False


def _size(legend: QgsLayoutItemLegend) -> tuple[float, float]:
    size = QgsLegendRenderer(legend.model(), legend.legendSettings()).minimumSize()
    return size.width(), size.height()


def _points(legend: QgsLayoutItemLegend, part: QgsLegendStyle.Style) -> float:
    return font_of(legend.style(part)).pointSizeF()


def _set_points(legend: QgsLayoutItemLegend, part: QgsLegendStyle.Style, points: float) -> None:
    style = legend.style(part)
    set_points(style, points)
    legend.setStyle(part, style)
