"""A page layout of QGIS that is made of a template and filled with a map.

Its items are found by their ids: `map`, `title`, `heading`, `legend`, `scalebar`, `scale`, `north` and `note`; a template may
lack any but the map, and have others. All of this belongs to the main thread.
"""

from __future__ import annotations

import os

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsLayoutItem,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsLayoutItemPicture,
    QgsLayoutItemScaleBar,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsMapLayer,
    QgsPathResolver,
    QgsPrintLayout,
    QgsProject,
    QgsReadWriteContext,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QFont, QFontMetricsF
from qgis.PyQt.QtXml import QDomDocument

from ....core.errors import InputError
from ..io.crs import stated
from ..language import CHINESE, speaking, tr
from ..language import language as spoken
from .description import Sheet
from .frame import draw_graticule, draw_scale_bar, frame, is_planar, planar
from .legend import fill_legend, literal
from .letters import font_of, set_points
from .looks import FONT

FOLDER = os.path.join(os.path.dirname(__file__), *[os.pardir] * 3, "templates")
FIGURE = os.path.join(FOLDER, "figure.qpt")
"""A map without title and note, for a report that has a caption below it."""

_SMALLEST = 0.6
"""Of the letters of a text that is too long for its place."""


def template_of(paper: str) -> str:
    """Return the template of a paper that ships with the plugin."""
    return os.path.join(FOLDER, f"sheet_{paper.lower()}.qpt")


def can_write(language: str | None) -> bool:
    """Return whether a font is there that has the letters of a language, 'en' or 'zh_CN'; None for that of QGIS."""
    letter = "生" if (language or spoken()) == CHINESE else "a"
    return QFontMetricsF(QFont(FONT)).inFontUcs4(ord(letter))


class Page:
    """A map on a page.

    Parameters
    ----------
    sheet : Sheet
        What is drawn.
    template : str
        Path of a .qpt file.
    language : str, optional
        Of the texts, 'en' or 'zh_CN'; None for that of QGIS.
    size : (float, float), optional
        Width and height in mm; None for those of the template.

    Attributes
    ----------
    layout : QgsPrintLayout
        To be exported.
    map : QgsLayoutItemMap
        The map on it.
    left_out : int
        Entries of the legend that there was no room for.

    Raises
    ------
    InputError
        If a layer cannot be opened, nothing is to be drawn, or the template cannot be used.
    """

    def __init__(
        self, sheet: Sheet, template: str, language: str | None = None, size: tuple[float, float] | None = None
    ) -> None:
        with speaking(language):
            self._fill(sheet, template, size)

    def _fill(self, sheet: Sheet, template: str, size: tuple[float, float] | None) -> None:
        self.project = QgsProject()
        # That of the graticule in the templates: QGIS transforms it while it reads them.
        self.project.setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
        self.layout = _read(template, self.project)
        layers = [drawn.layer() for drawn in sheet.layers]
        self.project.addMapLayers(layers, False)
        crs = sheet.crs if sheet.crs is not None else stated(layers[-1].crs())
        if not crs.isValid():
            crs = planar()
        # Bars and scales are those of the plane that areas and lengths are measured in.
        self.project.setEllipsoid(crs.ellipsoidAcronym() if crs.isGeographic() else "NONE")
        if size is not None:
            _resize(self.layout, *size)
        self.map = _item(self.layout, "map", QgsLayoutItemMap)
        if self.map is None:
            raise InputError(
                f"{template} has no map with the id 'map'. Give the map of that layout this id (Item properties, Item id), "
                "or leave the template out."
            )
        if is_planar(crs):
            for grid in self.map.grids().asList():
                grid.setCrs(QgsCoordinateReferenceSystem())
        self.map.setCrs(crs)
        self.project.setCrs(crs)
        self.map.setFollowVisibilityPreset(False)
        self.map.setKeepLayerSet(True)
        self.map.setLayers(layers)
        scale = frame(self.map, sheet.extent if sheet.extent is not None else _around(layers, self.map, self.project))
        draw_graticule(self.map, self.project)
        self._write("title", tr(sheet.title))
        self._write("heading", sheet.heading)
        self._write("scale", f"1 : {scale:,}".replace(",", "\N{NARROW NO-BREAK SPACE}"))
        self.left_out = 0
        legend = _item(self.layout, "legend", QgsLayoutItemLegend)
        if legend is not None:
            listed = [(layer, tr(drawn.name)) for layer, drawn in zip(layers, sheet.layers) if drawn.name]
            self.left_out = fill_legend(legend, listed)
        note = [tr(sentence) for sentence in sheet.note]
        if self.left_out:
            note.insert(0, tr(f"Not in the legend for want of room: {self.left_out} more classes."))
        self._write("note", "\n".join(note))
        bar = _item(self.layout, "scalebar", QgsLayoutItemScaleBar)
        if bar is not None:
            draw_scale_bar(bar, self.map)
        north = _item(self.layout, "north", QgsLayoutItemPicture)
        if north is not None:
            north.setLinkedMap(self.map)
            north.setVisibility(not is_planar(crs))  # which way north is, nobody has said
        self.layout.refresh()

    def _write(self, id: str, text: str) -> None:
        """Write a text into a label, in smaller letters where it is too long."""
        label = _item(self.layout, id, QgsLayoutItemLabel)
        if label is None:
            return
        label.setMode(QgsLayoutItemLabel.Mode.ModeFont)
        label.setText(literal(text))
        font = font_of(label)
        points = font.pointSizeF()
        factor = 1.0
        while factor > _SMALLEST and _height(label, text, font) > label.rect().height() * 1.02:
            factor -= 0.05
            font.setPointSizeF(factor * points)
        set_points(label, font.pointSizeF())


def _height(label: QgsLayoutItemLabel, text: str, font) -> float:
    """Return how high a text stands in mm when it is broken into the lines of a label."""
    large = type(font)(font)
    large.setPixelSize(1000)  # metrics of small letters are of whole pixels
    millimetres = font.pointSizeF() * 25.4 / 72.0 / 1000.0
    metrics = QFontMetricsF(large)
    width = label.rect().width()
    lines = 0
    for line in text.split("\n"):
        lines += 1
        room = width
        for word in _words(line):
            wide = metrics.horizontalAdvance(word) * millimetres
            if wide > room and room < width:
                lines += 1
                room = width
            room -= wide
    return lines * metrics.lineSpacing() * millimetres


def _words(line: str) -> list[str]:
    """Return what a line may be broken between: words with their blanks, Chinese letters singly."""
    words: list[str] = []
    for letter in line:
        if not words or words[-1].endswith(" ") or ord(letter) > 0x2E7F:
            words.append("")
        words[-1] += letter
    return words


def _read(template: str, project: QgsProject) -> QgsPrintLayout:
    try:
        with open(template, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{template} cannot be read ({getattr(error, 'strerror', None) or error}).") from None
    document = QDomDocument()
    document.setContent(text)
    if document.documentElement().tagName() != "Layout":
        raise InputError(
            f"{template} is not a template of a page layout. Choose a .qpt file, as the layout designer of QGIS saves it."
        )
    context = QgsReadWriteContext()
    context.setPathResolver(QgsPathResolver(template))
    layout = QgsPrintLayout(project)
    layout.loadFromTemplate(document, context, True)
    if layout.pageCollection().pageCount() == 0:
        raise InputError(f"{template} has no page. Choose a template of a print layout.")
    return layout


def _item(layout: QgsPrintLayout, id: str, kind: type[QgsLayoutItem]):
    item = layout.itemById(id)
    return item if isinstance(item, kind) else None


def _resize(layout: QgsPrintLayout, width: float, height: float) -> None:
    """Stretch a page and the places on it; letters keep their size."""
    page = layout.pageCollection().page(0)
    x, y = width / page.rect().width(), height / page.rect().height()
    if (x, y) == (1.0, 1.0):
        return
    for item in layout.items():
        if isinstance(item, QgsLayoutItem) and item is not page:
            box = item.mapRectToScene(item.rect())
            item.attemptMove(QgsLayoutPoint(box.x() * x, box.y() * y))
            if not isinstance(item, QgsLayoutItemScaleBar):
                item.attemptResize(QgsLayoutSize(box.width() * x, box.height() * y))
    page.setPageSize(QgsLayoutSize(width, height))
    layout.pageCollection().reflow()


def _around(layers: list[QgsMapLayer], map_: QgsLayoutItemMap, project: QgsProject) -> QgsRectangle:
    """Return the extent of layers in the CRS of a map."""
    whole = QgsRectangle()
    for layer in layers:
        if isinstance(layer, QgsVectorLayer) and layer.featureCount() == 0:
            continue
        box = layer.extent()
        if stated(layer.crs()).isValid() and layer.crs() != map_.crs():
            transform = QgsCoordinateTransform(layer.crs(), map_.crs(), project.transformContext())
            try:
                box = transform.transformBoundingBox(box)
            except QgsCsException:
                continue
        whole.combineExtentWith(box)
    if whole.isNull():
        raise InputError("There is nothing to draw: the layers of the map have no features.")
    return whole
