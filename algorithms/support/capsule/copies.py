"""Copies of what a tool saw, where that is not what stands in a file that can be copied as it is."""

from __future__ import annotations

import os

import numpy as np
from osgeo import gdal
from qgis.core import (
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsVectorFileWriter,
)

from ....core.monitor import Monitor
from ..io.compat import field
from ..io.filenames import FileNames
from ..io.rasterfiles import NO_NUMBER
from ..io.rasters import RasterSource
from ..io.vectorfiles import layer_name
from ..io.vectors import VectorSource
from ..run.outputs import OutputError

RASTERS = ("GTiff", "HFA", "AAIGrid", "EHdr", "SAGA")
VECTORS = ("GPKG", "ESRI Shapefile", "CSV", "GeoJSON", "FlatGeobuf", "XLSX", "ODS")
"""Formats that hold data and nothing else: no reference to other files or to services, no commands."""


def save_raster(source: RasterSource, folder: str, monitor: Monitor) -> str:
    """Write what a layer shows of a raster as a GeoTIFF; returns the file."""
    path = os.path.join(folder, f"{FileNames().of([source.name])}.tif")
    dataset = None
    for row, values, valid in source.blocks(monitor):
        if dataset is None:
            real = values.dtype.kind == "f"
            kind = gdal.GDT_Float64 if values.dtype.itemsize > 4 else gdal.GDT_Float32 if real else gdal.GDT_Int32
            nodata = float("nan") if real else NO_NUMBER
            if values.dtype == np.uint32:
                kind, nodata = gdal.GDT_UInt32, 2**32 - 1
            options = ["TILED=YES", "COMPRESS=DEFLATE", "BIGTIFF=IF_SAFER"]
            rows, cols = source.grid.shape
            dataset = gdal.GetDriverByName("GTiff").Create(path, cols, rows, 1, kind, options)
            dataset.SetGeoTransform(source.place)
            if source.grid.crs:
                dataset.SetProjection(source.grid.crs)
            dataset.GetRasterBand(1).SetNoDataValue(nodata)
        dataset.GetRasterBand(1).WriteArray(np.where(valid, values, nodata), 0, row)
    del dataset
    return path


def save_features(source: VectorSource, name: str, folder: str, monitor: Monitor) -> str:
    """Write the features that a tool saw to a GeoPackage, with their ids; returns the file."""
    path = os.path.join(folder, f"{FileNames().of([name])}.gpkg")
    held = source.source.fields()
    fields = QgsFields()
    keyed = held.lookupField("fid") >= 0
    if not keyed:
        fields.append(field("fid", int))
    for one in held:
        fields.append(one)
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName = "GPKG", layer_name(name)
    kind = source.source.wkbType()
    writer = QgsVectorFileWriter.create(path, fields, kind, source.crs, QgsCoordinateTransformContext(), options)
    for number, feature in enumerate(source.features()):
        if number % 1000 == 0:
            monitor.check()
        copy = QgsFeature(fields)
        copy.setAttributes(([] if keyed else [feature.id()]) + feature.attributes())
        copy.setGeometry(feature.geometry())
        if not writer.addFeature(copy, QgsFeatureSink.Flag.FastInsert):
            raise OutputError(f"'{name}' cannot be copied into the capsule: {writer.lastError()}")
    del writer
    return path
