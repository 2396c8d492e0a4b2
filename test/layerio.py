"""Reads back what the tools have written."""


def read_raster(path):
    """Return the cells of a raster and its NoData value."""
    from osgeo import gdal

    dataset = gdal.Open(path)
    return dataset.ReadAsArray(), dataset.GetRasterBand(1).GetNoDataValue()


def read_table(path):
    """Return the rows of a vector layer or table as dictionaries, geometry under ``_geometry``."""
    from qgis.core import QgsVectorLayer

    layer = path if hasattr(path, "getFeatures") else QgsVectorLayer(path, "table", "ogr")
    names = layer.fields().names()
    return [{**{n: f[n] for n in names}, "_geometry": f.geometry()} for f in layer.getFeatures()]
