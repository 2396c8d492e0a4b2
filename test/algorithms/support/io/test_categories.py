import numpy as np
import pytest
from ecosecnet.algorithms.support.io.categories import read_categories
from ecosecnet.algorithms.support.io.rasters import RasterSource
from osgeo import gdal

pytestmark = pytest.mark.qgis


@pytest.fixture
def source(qgis, raster):
    """Open a raster of two classes again after something was written into it."""
    from qgis.core import QgsRasterLayer

    def build(change):
        path = raster("land", np.array([[1, 2]], dtype=np.uint8))
        dataset = gdal.Open(path, gdal.GA_Update)
        change(dataset.GetRasterBand(1))
        dataset = None
        return RasterSource.of(QgsRasterLayer(path, "land"))

    return build


def table(*columns):
    """Return an attribute table of columns: name, kind, usage, values."""
    made = gdal.RasterAttributeTable()
    for place, (name, kind, usage, values) in enumerate(columns):
        made.CreateColumn(name, kind, usage)
        for row, value in enumerate(values):
            (made.SetValueAsString if kind == gdal.GFT_String else made.SetValueAsInt)(row, place, value)
    return made


def test_category_names_beside_a_geotiff(source):
    found = source(lambda band: band.SetCategoryNames(["", "Fields", "2"]))
    assert read_categories(found).names == {1: "Fields"}  # a code is no name


@pytest.mark.parametrize(
    "columns",
    [
        (("x", gdal.GFT_Integer, gdal.GFU_MinMax), ("y", gdal.GFT_String, gdal.GFU_Name)),
        (("VALUE", gdal.GFT_Integer, gdal.GFU_Generic), ("Class_Name", gdal.GFT_String, gdal.GFU_Generic)),
    ],
    ids=["usage", "names of columns"],
)
def test_attribute_tables(source, columns):
    codes, names = columns
    found = source(lambda band: band.SetDefaultRAT(table((*codes, [1, 2]), (*names, ["Fields", "湖泊"]))))
    assert read_categories(found).names == {1: "Fields", 2: "湖泊"}


def test_colours(source):
    colours = gdal.ColorTable()
    colours.SetColorEntry(2, (10, 20, 30, 255))
    assert read_categories(source(lambda band: band.SetColorTable(colours))).colours[2] == (10, 20, 30)
    assert read_categories(source(lambda band: None)) == ({}, {})
