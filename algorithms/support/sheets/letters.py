"""Size of the letters of a label or of a part of a legend, in whichever way this QGIS says it."""

from __future__ import annotations

from qgis.core import QgsLayoutItemLabel, QgsLegendStyle
from qgis.PyQt.QtGui import QFont


def font_of(part: QgsLayoutItemLabel | QgsLegendStyle) -> QFont:
    """Return the font of a part, with its size in points."""
    if not hasattr(part, "textFormat"):  # before QGIS 3.24 and 3.30
        return part.font()
    text = part.textFormat()
    font = text.font()
    font.setPointSizeF(text.size())
    return font


def set_points(part: QgsLayoutItemLabel | QgsLegendStyle, points: float) -> None:
    """Give the letters of a part another size."""
    if not hasattr(part, "textFormat"):
        font = part.font()
        font.setPointSizeF(points)
        part.setFont(font)
        return
    text = part.textFormat()
    text.setSize(points)
    part.setTextFormat(text)
