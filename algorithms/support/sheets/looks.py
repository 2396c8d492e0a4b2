"""How layers look on a map sheet: labels, what lies pale below, and the styles of the tools for files that have none."""

from __future__ import annotations

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsHillshadeRenderer,
    QgsLabeling,
    QgsMapLayer,
    QgsPalettedRasterRenderer,
    QgsPalLayerSettings,
    QgsRasterDataProvider,
    QgsRasterLayer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
    QgsWkbTypes,
)
from qgis.PyQt.QtGui import QFont, QPainter

from .... import core
from ..reports import actionsheet
from ..run import palette, ramps, styling
from ..run.palette import INK, TEXT_HALO, Colour
from .description import Look

FONT = "Arial"
"""Where it is missing, the system has one of its kind; Chinese letters come from another by themselves."""

_PALE = 0.3
"""Opacity of what lies below."""

_SURFACES = {
    "resistance": (palette.RESISTANCE, ""),
    "corridors": (palette.BELT, "cost units"),
    "current": (palette.CURRENT, "A"),
    "score": (palette.SCORE, "cost units per m"),
}


def own(role: str) -> Look:
    """Return the look of a layer that has its own, or else that which our tools give one of its role."""

    def apply(layer: QgsMapLayer) -> None:
        if not layer.loadDefaultStyle()[1]:
            _look_of(role, layer)

    return apply


def _look_of(role: str, layer: QgsMapLayer) -> None:
    fields = layer.fields().names() if isinstance(layer, QgsVectorLayer) else []
    grades = 0
    if "grade" in fields:
        grades = max((int(one) for one in layer.uniqueValues(fields.index("grade")) if one), default=0)
    if role in _SURFACES or role.startswith("factor:"):
        colours, unit = _SURFACES.get(role, _SURFACES["resistance"])
        styling.surface(ramps.over(colours, ramps.sample(layer.source()), unit))(layer)
    elif role == "mspa":
        styling.classes([(code.code, code.name, code.colour) for code in core.mspa.CODES])(layer)
    elif role == "sources" and grades:
        styling.graded("grade", grades, styling.source_symbol)(layer)
    elif role == "links" and grades:
        dropped = (None, "Dropped", styling.dropped_symbol())
        styling.graded("grade", grades, styling.corridor_symbol, dropped)(layer)
    elif role == "actions" and "measure_class" in fields:
        actionsheet.class_style()(layer)
    elif role in _MARKS:
        styling.marked(_MARKS[role])(layer)
    elif role == "links":
        styling.lines(palette.CORRIDORS[1], 0.8)(layer)


_MARKS = {"sources": palette.SOURCE, "pinchpoints": palette.PINCH, "barriers": palette.BARRIER}


def labelled(
    expression: str,
    size: float,
    *,
    ink: Colour = INK,
    bold: bool = False,
    priority: int = 5,
    movable: bool = False,
) -> Look:
    """Return what adds labels with a white halo to the look of a vector layer.

    Size in points; those of polygons stand in the middle, or where there is room if they are `movable`.
    """

    def apply(layer: QgsMapLayer) -> None:
        halo = QgsTextBufferSettings()
        halo.setEnabled(True)
        halo.setSize(0.6)
        halo.setColor(styling.colour(TEXT_HALO))
        font = QFont(FONT)
        font.setBold(bold)
        text = QgsTextFormat()
        text.setFont(font)
        text.setSize(size)
        text.setColor(styling.colour(ink))
        text.setBuffer(halo)
        settings = QgsPalLayerSettings()
        settings.fieldName = expression
        settings.isExpression = True
        settings.priority = priority
        if layer.geometryType() == QgsWkbTypes.GeometryType.LineGeometry:
            settings.placement = QgsPalLayerSettings.Placement.Line
            lines = settings.lineSettings()
            lines.setPlacementFlags(QgsLabeling.LinePlacementFlags(QgsLabeling.LinePlacementFlag.OnLine))
            settings.setLineSettings(lines)
        elif layer.geometryType() == QgsWkbTypes.GeometryType.PolygonGeometry and movable:
            settings.placement = QgsPalLayerSettings.Placement.Horizontal
        elif layer.geometryType() == QgsWkbTypes.GeometryType.PolygonGeometry:
            settings.placement = QgsPalLayerSettings.Placement.OverPoint
            settings.centroidInside = True
        obstacles = settings.obstacleSettings()
        obstacles.setIsObstacle(False)  # labels of other layers may lie on these features
        settings.setObstacleSettings(obstacles)
        settings.setFormat(text)
        layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
        layer.setLabelsEnabled(True)

    return apply


def unlabelled(layer: QgsMapLayer) -> None:
    """Take the labels off a vector layer."""
    layer.setLabelsEnabled(False)


def shaded(layer: QgsMapLayer) -> None:
    """Show elevations as pale light and shade, to lie below everything.

    Without blending, with which all above would be drawn as a picture in a PDF.
    """
    renderer = QgsHillshadeRenderer(None, 1, 315.0, 45.0)
    renderer.setZFactor(1.2)
    renderer.setMultiDirectional(True)
    renderer.setOpacity(_PALE)
    layer.setRenderer(renderer)
    layer.setBlendMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    averaged(layer)


def pale(layer: QgsMapLayer) -> None:
    """Have the own colours of a raster show through only, to lie below everything."""
    layer.renderer().setOpacity(_PALE)
    layer.setBlendMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    averaged(layer)


def averaged(layer: QgsMapLayer) -> None:
    """Have cells that are smaller than the dots of a page averaged, or their most frequent class drawn; none is skipped."""
    if not isinstance(layer, QgsRasterLayer):
        return
    methods = QgsRasterDataProvider.ResamplingMethod
    classes = isinstance(layer.renderer(), QgsPalettedRasterRenderer)
    provider = layer.dataProvider()
    provider.enableProviderResampling(True)
    provider.setZoomedOutResamplingMethod(methods.Mode if classes else methods.Average)
    provider.setMaxOversampling(16.0)
    layer.setResamplingStage(type(layer.resamplingStage()).Provider)


def kept(layer: QgsMapLayer) -> None:
    """Hide the links that are not corridors."""
    renderer = layer.renderer()
    if isinstance(renderer, QgsCategorizedSymbolRenderer):
        for k, category in enumerate(renderer.categories()):
            if category.value() is None or str(category.value()) in ("", "NULL"):
                renderer.updateCategoryRenderState(k, False)


def seven(layer: QgsMapLayer) -> None:
    """Call a class of MSPA inside openings what it is called outside, where it has the same colour.

    A legend names what looks alike and is called alike once.
    """
    renderer = layer.renderer()
    if isinstance(renderer, QgsPalettedRasterRenderer):
        named: dict[str, str] = {}
        for one in renderer.classes():
            renderer.setLabel(int(one.value), named.setdefault(one.color.name(), one.label))


def together(*looks: Look | None) -> Look:
    """Return looks as one, applied in turn."""

    def apply(layer: QgsMapLayer) -> None:
        for look in looks:
            if look is not None:
                look(layer)

    return apply
