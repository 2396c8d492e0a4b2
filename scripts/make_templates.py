"""Makes the page layouts of the map sheets, templates/*.qpt, with the Python of the oldest QGIS that is to read them.

usage: QT_QPA_PLATFORM=offscreen /usr/bin/python3 scripts/make_templates.py

Users change copies of them in the layout designer of QGIS; `algorithms/support/sheets` finds the items by their ids.
"""

import re
import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFillSymbol,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsLayoutItemMapGrid,
    QgsLayoutItemPicture,
    QgsLayoutItemScaleBar,
    QgsLayoutItemShape,
    QgsLayoutMeasurement,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsLegendStyle,
    QgsLineSymbol,
    QgsPrintLayout,
    QgsProject,
    QgsReadWriteContext,
    QgsTextFormat,
)
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor, QFont
from qgis.PyQt.QtXml import QDomDocument

FOLDER = Path(__file__).resolve().parents[1] / "templates"
FONT = "Arial"
INK, PALE = QColor(34, 42, 46), QColor(110, 120, 124)

ARROW = """<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 60'>
<path d='M20 20 L31 58 L20 50 Z' fill='#222a2e' stroke='#222a2e' stroke-linejoin='round'/>
<path d='M20 20 L9 58 L20 50 Z' fill='#fff' stroke='#222a2e' stroke-linejoin='round'/>
<path d='M14 15 V2 L26 15 V2' fill='none' stroke='#222a2e' stroke-width='2.6' stroke-linecap='round'
 stroke-linejoin='round'/></svg>"""


class Page:
    """A page of a size in mm, with items put on it."""

    def __init__(self, name, width, height):
        self.project = QgsProject()
        self.layout = QgsPrintLayout(self.project)
        self.layout.initializeDefaults()
        self.layout.setName(name)
        page = self.layout.pageCollection().page(0)
        page.setPageSize(QgsLayoutSize(width, height))
        self.name = name

    def put(self, item, id, x, y, width, height):
        item.setId(id)
        item.attemptMove(QgsLayoutPoint(x, y))
        item.attemptResize(QgsLayoutSize(width, height))
        self.layout.addLayoutItem(item)
        return item

    def text(self, id, x, y, width, height, points, *, bold=False, colour=INK, centre=False, top=False):
        item = QgsLayoutItemLabel(self.layout)
        item.setText(f"[{id}]")
        item.setFont(font(points, bold))
        item.setFontColor(colour)
        item.setHAlign(Qt.AlignmentFlag.AlignHCenter if centre else Qt.AlignmentFlag.AlignLeft)
        item.setVAlign(Qt.AlignmentFlag.AlignTop if top else Qt.AlignmentFlag.AlignVCenter)
        item.setMarginX(0.0)
        item.setMarginY(0.0)
        return self.put(item, id, x, y, width, height)

    def frame(self, x, y, width, height, line=0.4):
        item = QgsLayoutItemShape(self.layout)
        item.setShapeType(QgsLayoutItemShape.Shape.Rectangle)
        symbol = QgsFillSymbol.createSimple({"style": "no", "outline_color": INK.name(), "outline_width": str(line)})
        item.setSymbol(symbol)
        self.put(item, "frame", x, y, width, height)

    def map(self, x, y, width, height, points):
        item = QgsLayoutItemMap(self.layout)
        item.setFrameEnabled(True)
        item.setFrameStrokeColor(INK)
        item.setFrameStrokeWidth(QgsLayoutMeasurement(0.3))
        item.setBackgroundColor(QColor(255, 255, 255))
        self.put(item, "map", x, y, width, height)
        grid = QgsLayoutItemMapGrid("graticule", item)
        grid.setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
        grid.setIntervalX(1.0)
        grid.setIntervalY(1.0)
        # Drawn, they would cross out thin corridors: ticks at the frame and crosses where lines meet.
        grid.setStyle(QgsLayoutItemMapGrid.GridStyle.Cross)
        grid.setCrossLength(1.6)
        line = {"line_color": PALE.name(), "line_width": "0.12"}
        grid.setLineSymbol(QgsLineSymbol.createSimple(line))
        grid.setFrameStyle(QgsLayoutItemMapGrid.FrameStyle.ExteriorTicks)
        grid.setFrameWidth(1.2)
        grid.setFramePenSize(0.25)
        grid.setFramePenColor(INK)
        grid.setAnnotationEnabled(True)
        grid.setAnnotationFormat(QgsLayoutItemMapGrid.AnnotationFormat.DegreeMinute)
        grid.setAnnotationPrecision(0)
        grid.setAnnotationFrameDistance(0.6)
        grid.setAnnotationTextFormat(text_format(points))
        sides, ways = QgsLayoutItemMapGrid.BorderSide, QgsLayoutItemMapGrid.AnnotationDirection
        grid.setAnnotationDirection(ways.Vertical, sides.Left)
        grid.setAnnotationDirection(ways.Vertical, sides.Right)
        for side in (sides.Right, sides.Top):
            grid.setAnnotationDisplay(QgsLayoutItemMapGrid.DisplayMode.HideAll, side)
        item.grids().addGrid(grid)
        self.shown = item

    def north(self, x, y, width, height):
        item = QgsLayoutItemPicture(self.layout)
        item.setPicturePath("base64:" + __import__("base64").b64encode(ARROW.encode()).decode())
        item.setLinkedMap(self.shown)
        item.setNorthMode(QgsLayoutItemPicture.NorthMode.TrueNorth)
        self.put(item, "north", x, y, width, height)

    def legend(self, x, y, width, height, points):
        item = QgsLayoutItemLegend(self.layout)
        item.setLinkedMap(self.shown)
        item.setResizeToContents(False)
        parts = QgsLegendStyle.Style
        for part in (parts.Title, parts.Group, parts.Subgroup, parts.SymbolLabel):
            style = item.style(part)
            style.setFont(font(points + (0.5 if part != parts.SymbolLabel else 0.0), part != parts.SymbolLabel))
            style.setMargin(QgsLegendStyle.Side.Top, {parts.Subgroup: 2.4, parts.SymbolLabel: 1.0}.get(part, 1.0))
            style.setMargin(QgsLegendStyle.Side.Bottom, 0.0)
            item.setStyle(part, style)
        item.setFontColor(INK)
        item.setSymbolWidth(0.62 * points)
        item.setSymbolHeight(0.36 * points)
        item.setColumnSpace(3.0)
        item.setBoxSpace(0.0)
        item.setWrapString("\n")
        item.setBackgroundEnabled(False)
        self.put(item, "legend", x, y, width, height)

    def scale_bar(self, x, y, width, height, points):
        item = QgsLayoutItemScaleBar(self.layout)
        item.setStyle("Single Box")
        item.setLinkedMap(self.shown)
        item.setNumberOfSegmentsLeft(0)
        item.setNumberOfSegments(2)
        item.setHeight(1.4)
        item.setLabelBarSpace(0.8)
        item.setBoxContentSpace(0.0)
        item.setTextFormat(text_format(points))
        item.setMinimumBarWidth(0.3 * width)
        item.setMaximumBarWidth(0.8 * width)
        self.put(item, "scalebar", x, y, width, height)

    def save(self):
        document = QDomDocument()
        document.appendChild(self.layout.writeXml(document, QgsReadWriteContext()))
        text = document.toString(1)
        # Ids of one run would make every other a change.
        for k, one in enumerate(dict.fromkeys(re.findall(r"\{[0-9a-f-]{36}\}", text)), start=1):
            text = text.replace(one, f"{{00000000-0000-4000-8000-{k:012d}}}")
        text = re.sub(r"<customproperties>.*?</customproperties>", "<customproperties/>", text, flags=re.S)
        (FOLDER / f"{self.name}.qpt").write_text(text, encoding="utf-8", newline="\n")


def font(points, bold=False):
    found = QFont(FONT)
    found.setPointSizeF(points)
    found.setBold(bold)
    return found


def text_format(points):
    found = QgsTextFormat()
    found.setFont(font(points))
    found.setSize(points)
    found.setColor(INK)
    return found


def sheet(name, width, height, k):
    """Make a page with everything; sizes of A4 grow by a factor `k`."""
    page = Page(name, width, height)
    edge, beside = 7.0 * k, 68.0 * k
    column = width - edge - beside - 3.0 * k
    page.frame(edge, edge, width - 2 * edge, height - 2 * edge)
    top = edge + 3.0 * k
    page.text("title", edge + 4.0 * k, top, column - edge - 8.0 * k, 8.0 * k, 15.0 * k, bold=True)
    page.text("heading", edge + 4.0 * k, top + 8.0 * k, column - edge - 8.0 * k, 5.0 * k, 8.5 * k, colour=PALE)
    left, upper = edge + 8.0 * k, top + 14.5 * k
    page.map(left, upper, column - left - 5.0 * k, height - edge - 8.0 * k - upper, 6.5 * k)
    page.north(column + beside - 14.0 * k, top, 10.0 * k, 15.0 * k)
    page.legend(column, top + 17.0 * k, beside, 116.0 * k, 7.5 * k)
    low = height - edge - 44.0 * k
    page.scale_bar(column, low, beside - 4.0 * k, 10.0 * k, 7.5 * k)
    page.text("scale", column, low + 11.0 * k, beside - 4.0 * k, 4.5 * k, 8.0 * k)
    page.text("note", column, low + 17.0 * k, beside - 2.0 * k, 24.0 * k, 6.2 * k, colour=PALE, top=True)
    page.save()


def figure():
    """Make a page without title and note, for a report that has a caption below it."""
    width, height = 165.0, 115.0
    page = Page("figure", width, height)
    column = width - 46.0
    page.map(5.0, 1.0, column - 9.0, height - 5.5, 6.0)
    page.north(width - 9.0, 0.5, 7.0, 10.5)
    page.legend(column, 1.0, 45.0, height - 20.0, 6.8)
    page.scale_bar(column, height - 16.0, 44.0, 8.5, 6.8)
    page.text("scale", column, height - 7.0, 44.0, 4.0, 6.8)
    page.save()


def main():
    """Make all."""
    application = QgsApplication([], False)
    application.initQgis()
    FOLDER.mkdir(exist_ok=True)
    sheet("sheet_a4", 297.0, 210.0, 1.0)
    sheet("sheet_a3", 420.0, 297.0, 1.35)
    figure()
    application.exitQgis()


if __name__ == "__main__":
    sys.exit(main())
