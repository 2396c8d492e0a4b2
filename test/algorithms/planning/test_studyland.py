"""Inputs that do not fit are brought onto the grid of the study, as the tool 'Study grid' does it."""

import re

import numpy as np
import pytest
from layerio import read_raster, read_table
from osgeo import gdal

pytestmark = pytest.mark.qgis


def warped(source, target, **options):
    """Write a raster anew by GDAL; return its path."""
    gdal.Warp(target, source, **options)
    return target


@pytest.fixture
def few(parameters):
    """The land use with elevation, roads and townships alone."""
    names = ("LANDUSE", "LEGEND", "DEM", "ROADS", "TOWNSHIPS", "MIN_AREA", "DISPERSAL", "CUTOFF", "MIN_KEY_AREA")
    return {name: parameters[name] for name in names}


@pytest.fixture
def build(run, tmp_path):
    def call(name, **given):
        folder = tmp_path / name
        folder.mkdir()
        outputs = {"RESISTANCE": "r.tif", "MSPA": "m.tif", "SOURCES": "s.gpkg", "REPORT": "report.html"}
        return run("securitynetwork", **given, **{key: str(folder / file) for key, file in outputs.items()})

    return call


def same(first, second):
    for name in ("RESISTANCE", "MSPA"):
        np.testing.assert_array_equal(read_raster(first[name])[0], read_raster(second[name])[0])
        one, two = gdal.Open(first[name]), gdal.Open(second[name])
        assert one.GetGeoTransform() == pytest.approx(two.GetGeoTransform())
    assert first["SOURCE_HA"] == second["SOURCE_HA"]


@pytest.fixture(params=["degrees", "oblong", "rotated", "asked for"])
def misfit(request, few, tmp_path):
    """A land use that does not fit, and what else is asked for."""
    source, target = few["LANDUSE"], str(tmp_path / "use.tif")
    if request.param == "degrees":
        return warped(source, target, dstSRS="EPSG:4326", resampleAlg="near"), {}
    if request.param == "oblong":
        return warped(source, target, xRes=31.0, yRes=29.0, resampleAlg="near"), {}
    if request.param == "asked for":
        return source, {"CRS": "EPSG:32648", "CELL": 50.0}
    turned = gdal.GetDriverByName("GTiff").CreateCopy(target, gdal.Open(source))
    left, dx, _, top, _, dy = turned.GetGeoTransform()
    angle = np.radians(10.0)
    turned.SetGeoTransform((left, dx * np.cos(angle), 5.3, top, 5.2, dy * np.cos(angle)))
    return target, {}


def test_all_comes_onto_the_grid_that_the_tool_makes(build, run, few, misfit, tmp_path):
    land, asked = misfit
    height = warped(few["DEM"], str(tmp_path / "height.tif"), dstSRS="EPSG:4326")
    found = build("direct", **{**few, "LANDUSE": land, "DEM": height}, **asked)
    said = run.feedback.textLog()
    made = run(
        "studygrid",
        LANDCOVER=land,
        RASTERS=[height],
        **asked,
        OUTPUT=str(tmp_path / "use_on_grid.tif"),
        OUTPUT_FOLDER=str(tmp_path / "others"),
    )
    other = build("by hand", **{**few, "LANDUSE": made["OUTPUT"], "DEM": str(tmp_path / "others" / "height.tif")})
    same(found, other)
    assert "'height' was brought onto the grid of the study: " in said
    page = (tmp_path / "direct" / "report.html").read_text(encoding="utf-8")
    rows = re.findall(
        r"<tr><td[^>]*>(use|landuse|height)</td><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td>", page
    )
    assert [row[0] for row in rows] == ["landuse" if asked else "use", "height"]
    assert rows[1][1] == "EPSG:4326"
    assert "Brought onto the grid of the study: EPSG:" in page
    assert "Brought onto" not in (tmp_path / "by hand" / "report.html").read_text(encoding="utf-8")


def test_elevation_in_degrees_is_warped_onto_the_land_use(build, few, tmp_path):
    plain = build("plain", **few)
    height = warped(few["DEM"], str(tmp_path / "height.tif"), dstSRS="EPSG:4326", resampleAlg="bilinear")
    found = build("degrees", **{**few, "DEM": height})
    assert found["SOURCE_HA"] == plain["SOURCE_HA"]
    before, nodata = read_raster(plain["RESISTANCE"])
    after, _ = read_raster(found["RESISTANCE"])
    both = (before != nodata) & (after != nodata)
    assert both.sum() > 0.98 * (before != nodata).sum()
    assert (before[both] == after[both]).mean() > 0.8  # heights near the limit of a class fall on either side
    assert abs(before[both] - after[both]).max() < 0.5


def test_what_fits_is_left_as_it_is(build, run, few, tmp_path):
    found = build("plain", **few)
    assert gdal.Open(found["MSPA"]).GetGeoTransform() == gdal.Open(few["LANDUSE"]).GetGeoTransform()
    assert "brought onto the grid" not in run.feedback.textLog()
    assert sum(row["area_ha"] for row in read_table(found["SOURCES"])) == pytest.approx(found["SOURCE_HA"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"CRS": "EPSG:4326"}, "is in degrees. A study grid is in metres"),
        ({"CELL": 1e6}, "larger than the study area"),
        ({"CELL": -1.0}, "must be 0.001 or more"),
        ({"DEM": "far"}, r"'far' \(DEM\) lies [\d,]+ m beyond"),
        ({"LANDUSE": "bare", "CELL": 60.0}, "'bare' has no coordinate reference system"),
        ({"ROADS": "paths", "CRS": "EPSG:32648"}, "'paths' has no coordinate reference system.*that of the study"),
    ],
)
def test_what_cannot_be_brought_together_is_refused(build, few, raster, polygons, change, message):
    land, _ = read_raster(few["LANDUSE"])
    path = "LINESTRING(540000 2899000,541000 2899000)"
    layers = {
        "far": lambda: raster("far", np.ones((50, 50), np.float32), left=9e5, crs="EPSG:4544"),
        "bare": lambda: raster("bare", land, crs=None),
        "paths": lambda: polygons("paths", [(path, {"n": 1})], kind="LineString", crs=""),
    }
    change = {name: layers[value]() if value in layers else value for name, value in change.items()}
    with pytest.raises(Exception, match=message):
        build("refused", **{**few, **change})
