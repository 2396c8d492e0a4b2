"""What a map shows, said once: plain values that any thread may make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsMapLayer,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)

from ....core.errors import InputError
from ..io.rasterheaders import tried

Look = Callable[[QgsMapLayer], None]
"""Gives a layer its look; a `Style` of `run.styling`, or one of `looks`."""


@dataclass(frozen=True)
class Drawn:
    """A layer of a map.

    Attributes
    ----------
    source : str or QgsMapLayer
        A raster file, a vector file with or without '|layername=...', or a layer of a project.
    name : str
        What the legend calls it, in English; without one it is not in the legend.
    style : callable, optional
        Its look; None for its own, which lies beside the file or is that of the layer.
    more : callable, optional
        What is added to its look, such as labels.
    """

    source: str | QgsMapLayer
    name: str = ""
    style: Look | None = None
    more: Look | None = None

    def layer(self) -> QgsMapLayer:
        """Return a new layer with its look; to be called in the main thread.

        Raises
        ------
        InputError
            If it cannot be opened.
        """
        layer = self.source.clone() if isinstance(self.source, QgsMapLayer) else opened(self.source, self.name)
        if not layer.isValid():
            raise InputError(f"The layer '{self.name or layer.name()}' cannot be opened: {layer.source()}.")
        for look in (self.style, self.more):
            if look is not None:
                look(layer)
        return layer


@dataclass(frozen=True)
class Sheet:
    """A map.

    Attributes
    ----------
    name : str
        What its files are called.
    title : str
        In English.
    layers : tuple of Drawn
        The top one first.
    crs : QgsCoordinateReferenceSystem, optional
        Of the map; None for that of the lowest layer.
    extent : QgsRectangle, optional
        What is shown, in the CRS of the map; None for all of the layers.
    heading : str
        Below the title: what the sheets are of; in the words of the user.
    note : tuple of str
        Sentences below the legend, in English: data, date, method.
    """

    name: str
    title: str
    layers: tuple[Drawn, ...]
    crs: QgsCoordinateReferenceSystem | None = None
    extent: QgsRectangle | None = None
    heading: str = ""
    note: tuple[str, ...] = ()


def opened(source: str, name: str = "") -> QgsMapLayer:
    """Return the layer of a file, valid or not."""
    if "|" not in source and is_raster(source):
        return QgsRasterLayer(source, name)
    return QgsVectorLayer(source, name, "ogr")


def is_raster(path: str) -> bool:
    """Return whether GDAL takes a file for a raster."""
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        dataset = tried(gdal.OpenEx, path, gdal.OF_RASTER)
        return dataset is not None and dataset.RasterCount > 0
    finally:
        gdal.PopErrorHandler()
