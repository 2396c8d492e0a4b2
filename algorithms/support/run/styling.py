"""Default styles of the outputs, attached when QGIS loads them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Callable

from qgis.core import (
    Qgis,
    QgsCategorizedSymbolRenderer,
    QgsColorRampLegendNodeSettings,
    QgsColorRampShader,
    QgsEditorWidgetSetup,
    QgsFillSymbol,
    QgsHillshadeRenderer,
    QgsLineSymbol,
    QgsMapLayer,
    QgsMarkerSymbol,
    QgsPalettedRasterRenderer,
    QgsPalLayerSettings,
    QgsProcessingContext,
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

from ..io.crs import stated
from ..io.fields import Shown
from ..io.spreadsheets import columns_of
from ..io.tables import Column
from ..language import tr
from . import roles
from .layertree import Place, Run, put
from .palette import (
    CORRIDOR_WIDTHS,
    CORRIDORS,
    DROPPED,
    INK,
    SOURCE,
    SOURCES,
    TEXT_HALO,
    WHITE,
    ZONES,
    Colour,
    Mark,
    spread,
)
from .ramps import Ramp

Style = Callable[[QgsMapLayer], None]
"""Something that gives a loaded layer its look."""

_ALIVE: list[QgsProcessingLayerPostProcessorInterface] = []


class _PostProcessor(QgsProcessingLayerPostProcessorInterface):
    def __init__(self, run: Run, style: Style | None, place: Place | None, role: str, order: int, tool: str) -> None:
        super().__init__()
        self._style = style
        self._marks = role, tool
        self.where = run, place, order

    def postProcessLayer(self, layer, context, feedback) -> None:
        layer.reload()  # one that was loaded before a run replaced its file is used again, with the file that was
        roles.mark(layer, *self._marks)
        if layer.isSpatial() and stated(layer.crs()) != layer.crs():
            layer.setCrs(stated(layer.crs()))
        if self._style is not None:
            self._style(layer)
            layer.triggerRepaint()
        put(layer, *self.where)
        _ALIVE.remove(self)


def post_processor(
    run: Run, style: Style | None, place: Place | None = None, role: str = "", order: int = 0, tool: str = ""
) -> QgsProcessingLayerPostProcessorInterface:
    """Return what QGIS calls when the layer is loaded; kept alive until then, since QGIS does not own it."""
    processor = _PostProcessor(run, style, place, role, order, tool)
    _ALIVE.append(processor)
    return processor


def move(details: QgsProcessingContext.LayerDetails, run: Run, place: Place, order: int) -> None:
    """Have a layer that a tool has offered put elsewhere: where the model that the tool is a step of wants it."""
    processor = details.postProcessor()
    if isinstance(processor, _PostProcessor):
        processor.where = run, place, order


def colour(parts: Colour) -> QColor:
    """Return a QColor."""
    return QColor(*parts)


def classes(entries: Sequence[tuple[int, str, Colour]]) -> Style:
    """Style a class raster: value, name, colour."""

    def apply(layer: QgsMapLayer) -> None:
        palette = [QgsPalettedRasterRenderer.Class(value, colour(c), tr(name)) for value, name, c in entries]
        # The layer connects it to its provider. Asked for the provider here, in a thread, Python may hand out the wrapper of
        # another one that has died at the same address.
        layer.setRenderer(QgsPalettedRasterRenderer(None, 1, palette))

    return apply


def numbered(entries: Sequence[tuple[int, str]]) -> Style:
    """Style a raster of numbers that name something: number, name."""
    return classes([(number, name, ZONES[k % len(ZONES)]) for k, (number, name) in enumerate(entries)])


def surface(ramp: Ramp) -> Style:
    """Style a continuous raster; its legend lists the stops with their unit."""

    def apply(layer: QgsMapLayer) -> None:
        items = [
            QgsColorRampShader.ColorRampItem(stop, colour(c), f"{label} {tr(ramp.unit)}".strip())
            for stop, c, label in zip(ramp.stops, ramp.colours, ramp.labels())
        ]
        shader = QgsColorRampShader(ramp.stops[0], ramp.stops[-1])
        shader.setColorRampType(QgsColorRampShader.Type.Interpolated)
        shader.setColorRampItemList(items)
        settings = QgsColorRampLegendNodeSettings()
        settings.setUseContinuousLegend(False)  # that one would show the two ends only
        shader.setLegendSettings(settings)
        raster_shader = QgsRasterShader()
        raster_shader.setRasterShaderFunction(shader)
        renderer = QgsSingleBandPseudoColorRenderer(None, 1, raster_shader)
        renderer.setClassificationMin(ramp.stops[0])
        renderer.setClassificationMax(ramp.stops[-1])
        layer.setRenderer(renderer)

    return apply


def described(style: Style | None, columns: Sequence[Column]) -> Style:
    """Add to a style the headings and formats of the fields, and what stands for a feature in lists and map tips."""

    def apply(layer: QgsMapLayer) -> None:
        if style is not None:
            style(layer)
        table = layer.attributeTableConfig()
        table.update(layer.fields())
        for column in columns:
            # Shapefiles cut names after ten letters.
            place = max(layer.fields().lookupField(column.name), layer.fields().lookupField(column.name[:10]))
            if place < 0 or column.shown == Shown(column.name):
                continue
            heading = tr(column.shown.heading)
            layer.setFieldAlias(place, heading)
            letters = max(columns_of(heading) + 3, _TEXT_LETTERS if column.kind is str else 0)
            table.setColumnWidth(place, _PIXELS_PER_LETTER * letters)
            if column.kind is float:
                options = {"Precision": column.shown.decimals, "AllowNull": True}
                layer.setEditorWidgetSetup(place, QgsEditorWidgetSetup("Range", options))
        layer.setAttributeTableConfig(table)
        names = {column.name for column in columns}
        title = next((title for needed, title in _TITLES if names.issuperset(needed)), None)
        if title is not None and layer.isSpatial():
            layer.setDisplayExpression(re.sub(r"'([A-Z][a-z]+) '", lambda word: f"'{tr(word[1])} '", title))

    return apply


_PIXELS_PER_LETTER, _TEXT_LETTERS = 8, 26
"""Of the columns of attribute tables."""

_TITLES = (
    (("from_id", "to_id"), """'Link ' || "from_id" || ' - ' || "to_id\""""),
    (("source_id",), """'Source ' || "source_id\""""),
    (("area_id",), """'Area ' || "area_id" || ' (' || format_number("area_ha", 1) || ' ha)'"""),
    (("patch_id",), """'Place ' || "patch_id\""""),
    (("name",), '"name"'),
)
"""What stands for a feature, by the fields it needs; the first that fits."""


def polygons(fill: Colour, outline: Colour = INK, width: float = 0.26) -> Style:
    """Style polygons with one fill and outline (mm)."""
    return _single(lambda: fill_symbol(fill, outline, width))


def marked(mark: Mark) -> Style:
    """Style areas that must stand out on any background."""
    return _single(lambda: mark_symbol(mark))


def lines(line: Colour, width: float = 0.6) -> Style:
    """Style lines with one colour and width (mm) beside white."""
    return _single(lambda: line_symbol(line, width, halo=WHITE))


def _single(symbol: Callable[[], QgsSymbol]) -> Style:
    def apply(layer: QgsMapLayer) -> None:
        renderer = QgsSingleSymbolRenderer(_levelled(symbol(), 1))
        renderer.setUsingSymbolLevels(True)
        layer.setRenderer(renderer)

    return apply


def categories(field: str, entries: Sequence[tuple[object, str, QgsSymbol]]) -> Style:
    """Style a vector layer by the values of a field (or an expression): value, name, symbol; the first lies on top."""

    def apply(layer: QgsMapLayer) -> None:
        renderer = QgsCategorizedSymbolRenderer(
            field,
            [
                QgsRendererCategory(value, _levelled(symbol.clone(), len(entries) - k), tr(name))
                for k, (value, name, symbol) in enumerate(entries)
            ],
        )
        renderer.setUsingSymbolLevels(True)
        layer.setRenderer(renderer)

    return apply


def _levelled(symbol: QgsSymbol, level: int) -> QgsSymbol:
    """Draw halos below everything else, so that they do not cut through the features beside."""
    top = symbol.symbolLayerCount() - 1
    for k in range(top + 1):
        symbol.symbolLayer(k).setRenderingPass(level if k == top else 0)
    return symbol


def graded(
    field: str, classes: int, symbol: Callable[[int, int], QgsSymbol], *more: tuple[object, str, QgsSymbol]
) -> Style:
    """Style a vector layer by a field with grades from 1 (highest).

    `symbol` makes the symbol of a grade among so many; `more` are categories beside the grades.
    """
    grades = [(grade, grade_name(grade), symbol(grade, classes)) for grade in range(1, classes + 1)]
    return categories(field, [*grades, *more])


def grade_name(grade: int) -> str:
    """Return what a legend writes for a grade."""
    return f"Grade {grade} (highest)" if grade == 1 else f"Grade {grade}"


def source_symbol(grade: int, classes: int) -> QgsFillSymbol:
    """Return the areas of a grade."""
    return mark_symbol(SOURCE._replace(fill=source_colour(grade, classes)), 0.2)


def source_colour(grade: int, classes: int) -> Colour:
    """Return the fill of sources of a grade."""
    return SOURCES[grade - 1] if classes <= len(SOURCES) else spread(SOURCES, classes)[grade - 1]


def corridor_symbol(grade: int, classes: int) -> QgsLineSymbol:
    """Return the line of corridors of a grade."""
    place = min(grade, len(CORRIDORS)) - 1
    return line_symbol(CORRIDORS[place], CORRIDOR_WIDTHS[place], halo=WHITE)


def point_symbol(grade: int, classes: int) -> QgsMarkerSymbol:
    """Return the point of a grade."""
    return marker_symbol(source_colour(grade, classes), 3.0, outline=SOURCE.edge)


def dropped_symbol() -> QgsLineSymbol:
    """Return the line of links that are not corridors."""
    return line_symbol(DROPPED, 0.3, "dash")


def fill_symbol(fill: Colour, outline: Colour = INK, width: float = 0.26) -> QgsFillSymbol:
    """Return a simple fill."""
    return QgsFillSymbol.createSimple(
        {"color": _text(fill), "outline_color": _text(outline), "outline_width": str(width), "joinstyle": "round"}
    )


def mark_symbol(mark: Mark, width: float = 0.3) -> QgsFillSymbol:
    """Return a fill with its two outlines, the inner one of this width (mm)."""
    symbol = fill_symbol(mark.halo, mark.halo, 3.0 * width)
    symbol.appendSymbolLayer(fill_symbol(mark.fill, mark.edge, width).takeSymbolLayer(0))
    return symbol


def line_symbol(line: Colour, width: float = 0.6, dash: str = "solid", halo: Colour | None = None) -> QgsLineSymbol:
    """Return a simple line; `dash` is a Qt pen style in words ('solid', 'dash', 'dot'), `halo` the colour beside it."""
    symbol = QgsLineSymbol.createSimple(
        {"line_color": _text(line), "line_width": str(width), "line_style": dash, "capstyle": "round"}
    )
    if halo is not None:
        beside = line_symbol(halo, width + 0.5).takeSymbolLayer(0)
        symbol.insertSymbolLayer(0, beside)
    return symbol


def marker_symbol(fill: Colour, size: float = 2.0, shape: str = "circle", outline: Colour = WHITE) -> QgsMarkerSymbol:
    """Return a point: size in mm, shape as QGIS names it ('circle', 'triangle', 'square', 'diamond' ...)."""
    return QgsMarkerSymbol.createSimple(
        {"name": shape, "color": _text(fill), "outline_color": _text(outline), "size": str(size)}
    )


def points(fill: Colour, size: float = 2.0, shape: str = "circle") -> Style:
    """Style points; see `marker_symbol`."""
    return _single(lambda: marker_symbol(fill, size, shape))


def labelled(
    style: Style,
    text: str,
    size: float = 9.0,
    ink: Colour = INK,
    *,
    along: bool = False,
    nearer_than: float = 0.0,
) -> Style:
    """Add labels with a white halo to the style of a vector layer.

    `text` is a field or an expression, the size in points; `along` bends the labels along lines; `nearer_than` is the
    denominator of the smallest scale at which they show, 0 for any.
    """

    def apply(layer: QgsMapLayer) -> None:
        style(layer)
        halo = QgsTextBufferSettings()
        halo.setEnabled(True)
        halo.setSize(0.8)
        halo.setColor(colour(TEXT_HALO))
        letters = QgsTextFormat()
        letters.setSize(size)
        letters.setColor(colour(ink))
        letters.setBuffer(halo)
        settings = QgsPalLayerSettings()
        settings.fieldName = text
        settings.isExpression = layer.fields().lookupField(text) < 0
        settings.setFormat(letters)
        if along:
            settings.placement = QgsPalLayerSettings.Placement.Curved
            lines = settings.lineSettings()
            lines.setMergeLines(True)
            settings.setLineSettings(lines)
        if nearer_than:
            settings.scaleVisibility = True
            settings.minimumScale = nearer_than
        layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
        layer.setLabelsEnabled(True)

    return apply


def relief(exaggeration: float = 1.2, opacity: float = 0.6) -> Style:
    """Style elevations as light and shade that darken the layers below."""

    def apply(layer: QgsMapLayer) -> None:
        provider = layer.dataProvider()
        # Shade of averaged elevations, not averages of shade: else a small map looks like sandpaper. And smoothed between
        # cells: else a large one shows the steps from cell to cell only.
        provider.enableProviderResampling(True)
        provider.setZoomedOutResamplingMethod(QgsRasterDataProvider.ResamplingMethod.Bilinear)
        provider.setZoomedInResamplingMethod(QgsRasterDataProvider.ResamplingMethod.Cubic)
        provider.setMaxOversampling(8.0)
        renderer = QgsHillshadeRenderer(None, 1, 315.0, 45.0)
        renderer.setZFactor(exaggeration)
        renderer.setMultiDirectional(True)
        renderer.setOpacity(opacity)
        layer.setResamplingStage(Qgis.RasterResamplingStage.Provider)
        layer.setRenderer(renderer)
        layer.setBlendMode(QPainter.CompositionMode.CompositionMode_Multiply)

    return apply


def _text(parts: Colour) -> str:
    return ",".join(str(part) for part in (*parts, 255)[:4])
