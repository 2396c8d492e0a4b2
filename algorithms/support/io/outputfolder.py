"""A folder of GeoTIFFs and a GeoPackage with their default styles."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsWkbTypes,
)

from ....core.grid import Grid
from ....core.monitor import SILENT, Monitor
from ..run.outputs import Outputs
from ..run.stylefiles import beside, is_of_others, open_layer, save_inside, save_style
from ..run.styling import Style, described
from . import rasterfiles, vectorfiles
from .tables import Column


class OutputFolder:
    """Writes files into a folder, over files of the same name, when the run is complete.

    Parameters
    ----------
    outputs : Outputs
        The outputs of the run.
    path : str
        The folder; made if it is not there.
    """

    def __init__(self, outputs: Outputs, path: str) -> None:
        self._path = os.path.abspath(path)
        self._aside = outputs.folder(path)

    def path(self, file: str) -> str:
        """Return where to write a file of any kind; it is moved with the others."""
        return os.path.join(self._aside, file)

    def raster(
        self,
        file: str,
        values: np.ndarray,
        grid: Grid,
        *,
        nodata: float,
        description: str,
        classes: Sequence[tuple[int, str, tuple[int, int, int]]] = (),
        style: Style,
        monitor: Monitor = SILENT,
    ) -> str:
        """Write a GeoTIFF with its default style; returns the path it will have."""
        path = self.path(file)
        rasterfiles.write(path, values, grid, nodata=nodata, description=description, classes=classes, monitor=monitor)
        return self.styled(file, style)

    def styled(self, file: str, style: Style) -> str:
        """Give a raster that has been written at its `path` a default style; returns the path it will have."""
        if not is_of_others(beside(os.path.join(self._path, file))):
            save_style(open_layer(self.path(file), raster=True), style, beside(self.path(file)))
        return os.path.join(self._path, file)

    def table(
        self, file: str, columns: Sequence[Column], rows: Iterable[Sequence[object]], monitor: Monitor = SILENT
    ) -> str:
        """Write a table such as a CSV file; returns the path it will have."""
        bare = None, QgsWkbTypes.Type.NoGeometry, QgsCoordinateReferenceSystem()
        vectorfiles.write(self.path(file), columns, rows, *bare, monitor=monitor)
        return os.path.join(self._path, file)

    def layer(
        self,
        file: str,
        name: str,
        columns: Sequence[Column],
        rows: Iterable[Sequence[object]],
        geometries: Iterable[QgsGeometry],
        kind: QgsWkbTypes.Type,
        crs: QgsCoordinateReferenceSystem,
        *,
        style: Style,
        monitor: Monitor = SILENT,
    ) -> str:
        """Add a layer with its default style to a GeoPackage; returns the source it will have."""
        path = self.path(file)
        vectorfiles.write(path, columns, rows, geometries, kind, crs, layer=name, monitor=monitor)
        save_inside(path, name, described(style, columns))
        return f"{os.path.join(self._path, file)}|layername={name}"
