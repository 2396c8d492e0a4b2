"""Writing vector layers and tables: complete files that can be read back, or an error."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from osgeo import gdal, ogr
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsDataSourceUri,
    QgsFeatureSink,
    QgsFields,
    QgsGeometry,
    QgsProviderRegistry,
    QgsVectorFileWriter,
    QgsWkbTypes,
)

from ....core.monitor import SILENT, Monitor
from ..run.outputs import OutputError
from . import tables
from .crs import undefined
from .formulas import guard
from .rasterheaders import tried
from .tables import Column

LAYER_ENDINGS = ("gpkg", "shp", "geojson", "fgb", "gml", "kml", "sqlite", "tab", "csv", "xlsx", "ods")
"""Formats that keep every row, shape and attribute."""

TABLE_ENDINGS = ("gpkg", "csv", "xlsx", "ods", "geojson", "gml")
"""Formats that keep every row of a table without shapes under the name that is asked for."""

_TAKEN = {"GPKG": ("fid", "geom"), "SQLite": ("ogc_fid", "geometry")}
"""Names that these formats need for themselves; they do not tell upper from lower case either."""

_NO_LAYER = re.compile("[]`~!@#$%^&*()+={}|[\\\\:\";'<>?,./-]|gpkg|sqlite_", re.IGNORECASE)
_CSV_TYPES = ("STRING_QUOTING=", "CREATE_CSVT=")
_CELLS = {"CSV": tables.as_text, "XLSX": tables.as_cell, "ODS": tables.as_cell}
"""What values become in spreadsheets."""


@dataclass(frozen=True)
class Target:
    """A file to write a layer to.

    Parameters
    ----------
    path : str
        The file.
    layer : str
        The layer of a GeoPackage that keeps its others; empty: the file holds this layer only.
    """

    path: str
    layer: str = ""

    @classmethod
    def of(cls, destination: str) -> Target | None:
        """Return the file of a destination as QGIS writes it; None for memory and databases."""
        provider, _, uri = destination.partition(":")
        if provider == "ogr":
            parts = QgsDataSourceUri(uri)
            if driver_of(parts.database()) == "GPKG":
                return cls(parts.database(), parts.table() or os.path.splitext(os.path.basename(parts.database()))[0])
        if provider in ("memory", "postgis", *QgsProviderRegistry.instance().providerList()):
            return None
        return cls(destination if os.path.splitext(destination)[1] else f"{destination}.gpkg")

    @property
    def source(self) -> str:
        """What QGIS opens."""
        return f"{self.path}|layername={self.layer}" if self.layer else self.path

    def in_use(self) -> bool:
        """Return whether the file is there and its other layers are to be kept."""
        return bool(self.layer) and os.path.exists(self.path)


def driver_of(path: str) -> str:
    """Return the OGR driver that writes a file."""
    return QgsVectorFileWriter.driverForExtension(os.path.splitext(path)[1].lstrip(".").lower())


def layer_name(text: str) -> str:
    """Return a text as the name of a layer of a GeoPackage, which takes none that begins with a sign or a word of its own."""
    return f"_{text}" if _NO_LAYER.match(text) else text


def layer_names(path: str) -> list[str]:
    """Return the names of the vector layers, and of the rasters, of a GeoPackage; none where there is no such file."""
    if not os.path.exists(path):
        return []
    names = []
    for kind in (gdal.OF_VECTOR, gdal.OF_RASTER):
        dataset = tried(gdal.OpenEx, path, kind)
        if dataset is not None:
            names += [dataset.GetLayer(k).GetName() for k in range(dataset.GetLayerCount())]
            names += [name.rpartition(":")[2] for name, _ in dataset.GetSubDatasets()]
            if kind == gdal.OF_RASTER and not dataset.GetSubDatasets():
                names.append(dataset.GetMetadataItem("IDENTIFIER") or "a raster")
    return [name for name in dict.fromkeys(names) if name != "layer_styles"]


def write(
    path: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[object]],
    geometries: Iterable[QgsGeometry] | None,
    kind: QgsWkbTypes.Type,
    crs: QgsCoordinateReferenceSystem,
    *,
    layer: str = "",
    encoding: str = "",
    context: QgsCoordinateTransformContext | None = None,
    monitor: Monitor = SILENT,
) -> None:
    """Write a layer to a file, read it back and count its rows.

    Parameters
    ----------
    path : str
        The file; one that is there gets a further layer.
    columns, rows, geometries, kind, crs
        The attributes and shapes; no geometries for a table.
    layer : str
        Name of the layer; empty: that of the file.
    encoding : str
        Of the texts, where the format knows several; empty: UTF-8.
    context : QgsCoordinateTransformContext, optional
        How to reproject for formats that know one CRS only.
    monitor : Monitor
        Progress, cancellation, and names of fields that had to be changed.

    Raises
    ------
    OutputError
        If it could not be written, or not all of it.
    """
    driver = driver_of(path)
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = driver
    options.layerName = layer or (layer_name(os.path.splitext(os.path.basename(path))[0]) if driver == "GPKG" else "")
    options.fileEncoding = encoding or "UTF-8"
    options.datasourceOptions = QgsVectorFileWriter.defaultDatasetOptions(driver)
    options.layerOptions = QgsVectorFileWriter.defaultLayerOptions(driver)
    if driver == "CSV":
        # Numbers without quotation marks, and beside the file what its columns hold; else QGIS takes all for text.
        options.layerOptions = [one for one in options.layerOptions if not one.startswith(_CSV_TYPES)]
        options.layerOptions += ["STRING_QUOTING=IF_NEEDED", "CREATE_CSVT=YES"]
    actions = QgsVectorFileWriter.ActionOnExistingFile
    options.actionOnExistingFile = (
        actions.CreateOrOverwriteLayer if os.path.exists(path) else actions.CreateOrOverwriteFile
    )
    if driver == "GPKG" and not crs.isValid():
        crs = undefined()
    fields = _fields(columns, driver, monitor)
    writer = QgsVectorFileWriter.create(path, fields, kind, crs, context or QgsCoordinateTransformContext(), options)
    problem = writer.errorMessage().strip()
    count = 0
    if not problem:
        clean = _CELLS.get(driver, tables.plain)
        for count, feature in enumerate(tables.features(fields, rows, geometries, monitor, clean), start=1):
            if not writer.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                problem = f"row {count:,} is refused; is the disk full? {writer.lastError()}"
                break
    del writer  # which closes the file
    problem = problem or _what_is_missing(path, layer, count, driver)
    if problem:
        raise OutputError(f"{layer or os.path.basename(path)} could not be written: {problem}")


def _fields(columns: Sequence[Column], driver: str, monitor: Monitor) -> QgsFields:
    """Return the fields under names that the format can hold."""
    given = tables.fields_of(columns)
    taken = set(_TAKEN.get(driver, ()))
    fields = QgsFields()
    for field in given:
        name = free = guard(field.name()) if driver in _CELLS else field.name()
        number = 0
        while driver in _TAKEN and free.lower() in taken:
            number += 1
            free = f"{name}_{number}"
        if number:
            monitor.warn(f"The field '{name}' is written as '{free}': the file has another field of that name.")
        taken.add(free.lower())
        field.setName(free)
        fields.append(field)
    return fields


def _what_is_missing(path: str, layer: str, count: int, driver: str) -> str:
    """Return what is wrong with a file that should hold a layer of so many rows."""
    gdal.ErrorReset()
    found, problem = -1, ""
    try:
        dataset = gdal.OpenEx(path, gdal.OF_VECTOR)
        kept = None if dataset is None else dataset.GetLayerByName(layer) if layer else dataset.GetLayer(0)
        if kept is not None:
            found = sum(1 for _ in kept)
        elif dataset is not None and not dataset.GetLayerCount():
            found = 0  # an ODS without rows is read back as one without sheets
        if gdal.GetLastErrorType() >= gdal.CE_Failure:
            problem = gdal.GetLastErrorMsg()
    except RuntimeError as error:  # where GDAL raises
        problem = str(error)
    if found >= count and not problem and driver == "CSV":
        with open(path, "rb") as file:
            file.seek(-1, os.SEEK_END)
            problem = "" if file.read(1) == b"\n" else "its last row is cut"
    if found < count:
        problem = f"{max(found, 0):,} of {count:,} rows can be read back. {problem}"
    return f"{problem.strip().rstrip('.')}. Is the disk full?" if problem else ""


def merge(source: str, target: str) -> None:
    """Put all layers of a GeoPackage into another one, which keeps its own, in one transaction.

    Layers of the same name are replaced. Raises `OutputError` when that fails; the target is then as it was.
    """
    size = os.path.getsize(source)
    free = shutil.disk_usage(os.path.dirname(target)).free
    if free < 2 * size:
        # SQLite undoes a transaction that runs out of room, but not what GDAL notes beside it.
        raise OutputError(f"{target} cannot take {size:,} more bytes; the disk has {free:,} left. Make room first.")
    gdal.ErrorReset()
    done, problem = False, ""
    try:
        fresh, kept = gdal.OpenEx(source, gdal.OF_VECTOR), gdal.OpenEx(target, gdal.OF_VECTOR | gdal.OF_UPDATE)
        if fresh is not None and kept is not None and kept.StartTransaction() == ogr.OGRERR_NONE:
            copied = all(_copy(fresh.GetLayer(k), kept) for k in range(fresh.GetLayerCount()))
            done = (kept.CommitTransaction() if copied else kept.RollbackTransaction()) == ogr.OGRERR_NONE and copied
        fresh = kept = None
    except RuntimeError as error:  # where GDAL raises
        problem = str(error)
    if not done:
        problem = problem or gdal.GetLastErrorMsg()
        raise OutputError(f"{target} could not be changed; is it open elsewhere, or write-protected? {problem}")


def _copy(layer: ogr.Layer, target: gdal.Dataset) -> bool:
    """Copy a layer; `CopyLayer` would open a transaction of its own."""
    options = ["OVERWRITE=YES", f"GEOMETRY_NAME={layer.GetGeometryColumn() or 'geom'}", f"FID={layer.GetFIDColumn()}"]
    copy = target.CreateLayer(layer.GetName(), layer.GetSpatialRef(), layer.GetGeomType(), options)
    if copy is None:
        return False
    definition = layer.GetLayerDefn()
    for k in range(definition.GetFieldCount()):
        copy.CreateField(definition.GetFieldDefn(k))
    for feature in layer:
        one = ogr.Feature(copy.GetLayerDefn())
        one.SetFrom(feature)
        one.SetFID(feature.GetFID())
        if copy.CreateFeature(one) != ogr.OGRERR_NONE:
            return False
    return True
