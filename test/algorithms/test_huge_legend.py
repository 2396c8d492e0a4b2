"""A land-use map with thousands of classes, as a land register has them."""

import numpy as np
import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis

CODES = np.arange(10_000, 15_000)


@pytest.fixture
def register(raster):
    """Return a function that writes a raster of 5,000 codes, named in the file or not."""

    def write(named):
        from osgeo import gdal

        path = raster("register", np.repeat(np.repeat(CODES.reshape(50, 100), 2, axis=0), 2, axis=1).astype(np.int32))
        if named:
            table = gdal.RasterAttributeTable()
            table.CreateColumn("Value", gdal.GFT_Integer, gdal.GFU_MinMax)
            table.CreateColumn("Class", gdal.GFT_String, gdal.GFU_Name)
            for row, code in enumerate(CODES.tolist()):
                table.SetValueAsInt(row, 0, code)
                table.SetValueAsString(row, 1, f"地类 {code}")
            dataset = gdal.Open(path, gdal.GA_Update)
            dataset.GetRasterBand(1).SetDefaultRAT(table)
        return path

    return write


def test_thousands_of_named_classes_are_classes(run, register, tmp_path):
    path = register(named=True)
    found = run("foreground", INPUT=path, FOREGROUND="10000-12499", OUTPUT=str(tmp_path / "a.tif"))
    assert found["FOREGROUND_HA"] == pytest.approx(2_500 * 4 * 0.09)
    listed = ", ".join(str(code) for code in range(10_000, 12_500))
    assert run("foreground", INPUT=path, FOREGROUND=listed, OUTPUT=str(tmp_path / "b.tif")) == {
        **found,
        "OUTPUT": str(tmp_path / "b.tif"),
    }


def test_whole_numbers_without_names_may_be_measured(run, register, tmp_path):
    with pytest.raises(Exception, match=r"holds measured values \([\d,]+ different values"):
        run("foreground", INPUT=register(named=False), FOREGROUND="10000-12499", OUTPUT=str(tmp_path / "a.tif"))


def test_a_table_names_the_largest_classes(run, register, polygons, tmp_path):
    square = "MultiPolygon (((500000 2900000, 506000 2900000, 506000 2897000, 500000 2897000, 500000 2900000)))"
    area = polygons("area", [(square, {"name": "county"})])
    run(
        "tabulate",
        AREAS=area,
        ZONES=area,
        LANDUSE=register(named=True),
        TABLE=str(tmp_path / "t.xlsx"),
        HTML=str(tmp_path / "t.html"),
    )
    uses = read_table(str(tmp_path / "t.xlsx"))[-1]["land_uses"]
    assert len(uses) < 1_000
    assert "地类 1" in uses
    assert uses.endswith("%")
    assert "4,960 others" in uses
    assert (tmp_path / "t.html").stat().st_size < 100_000
