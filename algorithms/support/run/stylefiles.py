"""Styles beside the files of layers, where QGIS finds them when a file is dragged into it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from qgis.core import QgsMapLayer, QgsRasterLayer, QgsVectorLayer

if TYPE_CHECKING:
    from .styling import Style

_MARK = b"<!-- Default style of EcoSecNet. A style that is saved over it is kept by later runs. -->"

_INSIDE = "Default style of EcoSecNet"
"""Description of a style that a run has saved in a GeoPackage."""


def beside(path: str) -> str:
    """Return the file in which QGIS looks for the style of a layer."""
    return f"{os.path.splitext(path)[0]}.qml"


def is_of_others(file: str) -> bool:
    """Return whether a style file is there that no run has written, or that was saved over."""
    try:
        with open(file, "rb") as style:
            return _MARK not in style.read()
    except OSError:
        return os.path.lexists(file)


def open_layer(path: str, layer: str = "", *, raster: bool) -> QgsMapLayer:
    """Return the layer of a file."""
    if raster:
        return QgsRasterLayer(path, layer or os.path.basename(path))
    return QgsVectorLayer(f"{path}|layername={layer}" if layer else path, layer or os.path.basename(path), "ogr")


def save_style(layer: QgsMapLayer, style: Style, file: str) -> bool:
    """Write how a layer looks; returns whether that could be done."""
    if not layer.isValid():
        return False
    style(layer)
    done = layer.saveNamedStyle(file)[1]
    if done:
        try:
            with open(file, "ab") as text:
                text.write(b"\n" + _MARK + b"\n")
        except OSError:
            return False
    return done


def save_inside(path: str, layer: str, style: Style) -> None:
    """Make a style the default one of a layer of a GeoPackage with others, where a file beside it would be for all.

    Styles that somebody else has saved for the layer are kept, and stay the default.
    """
    opened = open_layer(path, layer, raster=False)
    if not opened.isValid():
        return
    related, ids, _, descriptions, _ = opened.listStylesInDatabase()
    if any(one != _INSIDE for one in descriptions[:related]):
        return
    for one in ids[:related]:  # before a style of the same name is replaced, QGIS asks in a window of its own
        opened.deleteStyleFromDatabase(one)
    style(opened)
    opened.saveStyleToDatabase(layer, _INSIDE, True, "")
