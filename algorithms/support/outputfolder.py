"""A folder of GeoTIFFs and a GeoPackage that appears as a whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import traceback
from collections.abc import Iterable, Sequence
from types import TracebackType

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsGeometry,
    QgsMapLayer,
    QgsRasterLayer,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ...core.grid import Grid
from ...core.monitor import SILENT, Monitor
from . import rasterfiles, tables
from .rasterfiles import OutputError
from .styling import Style
from .tables import Column

_COMPANIONS = (".aux.xml", "-wal", "-shm", "-journal")
"""What GDAL and SQLite keep beside a file; it must not outlive the file it belongs to."""


class OutputFolder:
    """Collects files aside and moves them into the folder at the end, over files of the same name.

    Use as a context manager; when the block fails, nothing in the folder has changed.

    Parameters
    ----------
    path : str
        The folder; made if it is not there.
    """

    def __init__(self, path: str) -> None:
        self._path = os.path.abspath(path)

    def __enter__(self) -> OutputFolder:
        self._new = not os.path.exists(self._path)
        try:
            os.makedirs(self._path, exist_ok=True)
            self._aside = tempfile.mkdtemp(prefix=".unfinished-", dir=self._path)
        except OSError as error:
            raise OutputError(
                f"{self._path} cannot be written ({error.strerror}). Choose a folder that you may write to."
            ) from None
        return self

    def __exit__(self, kind: object, value: object, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self._move()
        finally:
            # A writer that a failure has left behind in its frames would write once more when they go.
            traceback.clear_frames(trace)
            shutil.rmtree(self._aside, ignore_errors=True)
            if self._new and not os.listdir(self._path):
                os.rmdir(self._path)

    def _move(self) -> None:
        # GeoPackages go first: they are what another program may hold open.
        for file in sorted(os.listdir(self._aside), key=lambda name: (not name.endswith(".gpkg"), name)):
            target = os.path.join(self._path, file)
            try:
                for companion in _COMPANIONS:
                    if os.path.exists(target + companion):
                        os.remove(target + companion)
                os.replace(os.path.join(self._aside, file), target)
            except OSError as error:
                raise OutputError(
                    f"{target} cannot be replaced ({error.strerror}); is it open in QGIS or elsewhere? "
                    "Remove its layers from the project, or choose another folder."
                ) from None

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
        path = os.path.join(self._aside, file)
        rasterfiles.write(path, values, grid, nodata=nodata, description=description, classes=classes, monitor=monitor)
        layer = QgsRasterLayer(path, file)
        style(layer)
        layer.saveNamedStyle(os.path.splitext(path)[0] + ".qml")
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
        path = os.path.join(self._aside, file)
        actions = QgsVectorFileWriter.ActionOnExistingFile
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.driverName = "GPKG"
        options.layerName = name
        options.actionOnExistingFile = (
            actions.CreateOrOverwriteLayer if os.path.exists(path) else actions.CreateOrOverwriteFile
        )
        fields = tables.fields_of(columns)
        writer = QgsVectorFileWriter.create(path, fields, kind, crs, QgsCoordinateTransformContext(), options)
        if writer.hasError() != QgsVectorFileWriter.WriterError.NoError:
            raise OutputError(f"Layer '{name}' of {file} could not be written: {writer.errorMessage()}")
        problem = ""
        try:
            tables.add_rows(writer, fields, rows, geometries, monitor)
        except OSError as error:
            problem = str(error)
        del writer
        if problem:
            raise OutputError(f"Layer '{name}' of {file} could not be written: {problem}")
        self._save_style(QgsVectorLayer(f"{path}|layername={name}", name, "ogr"), style)
        return f"{os.path.join(self._path, file)}|layername={name}"

    def _save_style(self, layer: QgsMapLayer, style: Style) -> None:
        style(layer)
        layer.saveStyleToDatabase(layer.name(), "", True, "")
