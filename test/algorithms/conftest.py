"""A real QGIS with the provider registered, and small layers to run the tools on."""

import os

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytest.importorskip("qgis.core", reason="needs the Python bindings of QGIS")
pytest.importorskip("scipy")

CRS = "EPSG:32648"


@pytest.fixture(scope="session")
def qgis():
    """Start QGIS with Processing and the provider; yields the `processing` module."""
    import sys

    from qgis.core import QgsApplication
    from qgis.testing import start_app

    start_app()
    sys.path.append(os.path.join(QgsApplication.pkgDataPath(), "python", "plugins"))
    import processing
    from processing.core.Processing import Processing

    Processing.initialize()
    from ecosecnet.plugin import EcoSecNetPlugin

    plugin = EcoSecNetPlugin(None)
    plugin.initProcessing()
    yield processing
    plugin.unload()


@pytest.fixture
def run(qgis):
    """Run a tool by its short id; returns its results, raises on failure."""

    def call(tool, feedback=None, **parameters):
        from qgis.core import QgsProcessingContext, QgsProcessingFeedback

        context = QgsProcessingContext()
        call.context = context
        call.feedback = feedback or QgsProcessingFeedback(False)
        return qgis.run(f"ecosecnet:{tool}", parameters, context=context, feedback=call.feedback)

    return call


@pytest.fixture
def raster(tmp_path):
    """Write an array as a GeoTIFF (30 m cells unless said) and return its path."""

    def write(name, values, *, cell=30.0, left=500_000.0, top=2_900_000.0, nodata=None, crs=CRS):
        from osgeo import gdal, osr

        values = np.asarray(values)
        kind = {"u1": gdal.GDT_Byte, "i4": gdal.GDT_Int32, "i2": gdal.GDT_Int16, "f4": gdal.GDT_Float32}.get(
            values.dtype.str[1:], gdal.GDT_Float64 if values.dtype.kind == "f" else gdal.GDT_Int32
        )
        path = str(tmp_path / f"{name}.tif")
        dataset = gdal.GetDriverByName("GTiff").Create(path, values.shape[1], values.shape[0], 1, kind)
        dataset.SetGeoTransform((left, cell, 0, top, 0, -cell))
        if crs:
            reference = osr.SpatialReference()
            reference.SetFromUserInput(crs)
            dataset.SetProjection(reference.ExportToWkt())
        if nodata is not None:
            dataset.GetRasterBand(1).SetNoDataValue(float(nodata))
        dataset.GetRasterBand(1).WriteArray(values)
        return path

    return write


@pytest.fixture
def polygons(tmp_path):
    """Write polygons (WKT with attributes) as a GeoPackage and return its path."""

    def write(name, rows, *, kind="MultiPolygon", crs=CRS):
        from qgis.core import QgsFeature, QgsGeometry, QgsVectorFileWriter, QgsVectorLayer

        columns = list(rows[0][1]) if rows else []
        types = {int: "integer", float: "double", str: "string"}
        fields = "&".join(f"field={c}:{types[type(rows[0][1][c])]}" for c in columns)
        layer = QgsVectorLayer(f"{kind}?crs={crs}&{fields}", name, "memory")
        features = []
        for wkt, attributes in rows:
            feature = QgsFeature(layer.fields())
            feature.setAttributes([attributes[c] for c in columns])
            if wkt:
                feature.setGeometry(QgsGeometry.fromWkt(wkt))
            features.append(feature)
        layer.dataProvider().addFeatures(features)
        path = str(tmp_path / f"{name}.gpkg")
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.layerName = name
        QgsVectorFileWriter.writeAsVectorFormatV3(layer, path, layer.transformContext(), options)
        return path

    return write
