"""A raster of measured values given for classes is refused before anything runs."""

import numpy as np
import pytest

pytestmark = pytest.mark.qgis

DEM = 1000.0 + 3.7 * np.add.outer(np.arange(40), np.arange(50)).astype(np.float32)
CLASSES = np.tile([1, 2, 6, 5], (40, 25)).astype(np.float32)

INPUTS = {
    "studygrid": ("LANDCOVER", {}),
    "foreground": ("INPUT", {"FOREGROUND": "1,2"}),
    "mspa": ("INPUT", {"FOREGROUND": "1,2"}),
    "sources": ("INPUT", {}),
    "securitynetwork": ("LANDUSE", {}),
}


@pytest.mark.parametrize("tool", INPUTS)
def test_measured_values_are_no_classes(run, raster, tmp_path, tool):
    from qgis.core import QgsProcessingException

    name, others = INPUTS[tool]
    path = raster("Elevation", DEM)
    with pytest.raises(QgsProcessingException, match=r"'Elevation' holds measured values \(fractions such as 1\d\d\d"):
        run(tool, **{name: path, "OUTPUT": "TEMPORARY_OUTPUT"}, **others)


def test_every_class_input_is_checked(run, raster, polygons, tmp_path):
    from qgis.core import QgsProcessingException

    square = "MultiPolygon (((500000 2900000, 500300 2900000, 500300 2899700, 500000 2899700, 500000 2900000)))"
    areas = polygons("areas", [(square, {"name": "a"})])
    dem = raster("dem", DEM)
    with pytest.raises(QgsProcessingException, match="'dem' holds measured values"):
        run("tabulate", AREAS=areas, ZONES=areas, LANDUSE=dem, TABLE=str(tmp_path / "t.csv"))
    with pytest.raises(QgsProcessingException, match="'dem' holds measured values"):
        run(
            "linkages",
            RESISTANCE=dem,
            SOURCES=areas,
            LANDUSE=dem,
            **dict.fromkeys(("LINKS", "CORRIDORS"), "TEMPORARY_OUTPUT"),
        )
    with pytest.raises(QgsProcessingException, match="'dem' holds measured values"):
        run("resistance", FACTORS=[dem, dem], WEIGHTS="1 1", CORRECTION_ZONES=dem, OUTPUT="TEMPORARY_OUTPUT")


def test_whole_metres_are_no_classes_either(run, raster):
    from qgis.core import QgsProcessingException

    path = raster("metres", np.arange(1000, 3000).reshape(40, 50).astype("i2"))
    with pytest.raises(QgsProcessingException, match=r"[\d,]+ different values in a few rows, from 1\d\d\d to 2"):
        run("foreground", INPUT=path, FOREGROUND="1", OUTPUT="TEMPORARY_OUTPUT")


@pytest.mark.parametrize("kind", ["f4", "u1", "i2"])
def test_classes_of_any_type_are_taken(run, raster, tmp_path, kind):
    values = CLASSES.astype(kind)
    values[0, :9] = 99  # NoData is not looked at
    output = str(tmp_path / "foreground.tif")
    found = run("foreground", INPUT=raster("landuse", values, nodata=99), FOREGROUND="1,2", OUTPUT=output)
    assert found["FOREGROUND_HA"] > 0


def test_nothing_but_a_few_rows_is_read(qgis, tmp_path):
    """A virtual raster of 10^10 cells is looked at in no time."""
    import time

    from ecosecnet.algorithms.support.io.rasters import RasterSource, measured_values
    from osgeo import gdal
    from qgis.core import QgsRasterLayer

    small = str(tmp_path / "small.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(small, 100, 100, 1, gdal.GDT_Byte)
    dataset.SetGeoTransform((500000, 30, 0, 2900000, 0, -30))
    dataset = None
    large = str(tmp_path / "large.vrt")
    gdal.Translate(large, small, format="VRT", width=100_000, height=100_000)
    source = RasterSource.of(QgsRasterLayer(large, "large"))
    started = time.process_time()
    assert measured_values(source.glance()) is None
    assert time.process_time() - started < 5.0
