import numpy as np
import pytest
from layerio import read_raster

pytestmark = pytest.mark.qgis

SLOPE, RELIEF, ELEVATION = range(3)
_, COLS = np.indices((20, 25))


@pytest.fixture
def hills():
    random = np.random.default_rng(3)
    surface = 1200 + 40 * np.sin(np.arange(25) / 4)[None] + 30 * np.cos(np.arange(20) / 3)[:, None]
    return (surface + random.normal(0, 2, surface.shape)).astype(np.float32)


def test_a_plane_has_its_slope_everywhere(run, raster, tmp_path):
    plane = (1000 + COLS * 30 * np.tan(np.radians(25))).astype(np.float32)
    out = run("terrainfactor", DEM=raster("dem", plane), FACTOR=SLOPE, OUTPUT=str(tmp_path / "s.tif"))
    cells, _ = read_raster(out["OUTPUT"])
    np.testing.assert_allclose(cells, 25.0, atol=0.01)


def test_slope_agrees_with_the_slope_of_qgis(run, qgis, raster, hills, tmp_path):
    dem = raster("dem", hills)
    out = run("terrainfactor", DEM=dem, FACTOR=SLOPE, OUTPUT=str(tmp_path / "s.tif"))
    peer = qgis.run("native:slope", {"INPUT": dem, "Z_FACTOR": 1, "OUTPUT": str(tmp_path / "peer.tif")})
    ours, theirs = read_raster(out["OUTPUT"])[0], read_raster(peer["OUTPUT"])[0]
    np.testing.assert_allclose(ours[1:-1, 1:-1], theirs[1:-1, 1:-1], atol=0.01)


def test_elevation_in_degrees_is_brought_onto_the_grid_first(run, raster, tmp_path):
    from osgeo import gdal

    dem = str(tmp_path / "degrees.tif")
    _, cols = np.indices((60, 60))
    plane = (1000 + cols * 30 * np.tan(np.radians(25))).astype(np.float32)
    gdal.Warp(dem, raster("wide", plane, left=499_400.0, top=2_900_600.0), dstSRS="EPSG:4326", resampleAlg="cubic")
    grid = raster("land", np.ones((20, 25), dtype=np.uint8))
    with pytest.raises(Exception, match="degrees"):
        run("terrainfactor", DEM=dem, FACTOR=SLOPE, OUTPUT=str(tmp_path / "no.tif"))
    for factor, expected in ((SLOPE, 25.0), (ELEVATION, plane[20:40, 20:45])):
        out = run("terrainfactor", DEM=dem, GRID=grid, FACTOR=factor, OUTPUT=str(tmp_path / f"{factor}.tif"))
        cells, _ = read_raster(out["OUTPUT"])
        assert cells.shape == (20, 25)
        np.testing.assert_allclose(cells, expected, atol=1.5)


def test_horizontal_feet_are_converted(run, raster, tmp_path):
    plane = (1000 + COLS * 9.0).astype(np.float32)
    dem = raster("dem", plane, left=1_500_000.0, top=600_000.0, crs="EPSG:2264")
    out = run("terrainfactor", DEM=dem, FACTOR=SLOPE, OUTPUT=str(tmp_path / "s.tif"))
    expected = np.degrees(np.arctan(9.0 / (30 * 1200 / 3937)))
    np.testing.assert_allclose(read_raster(out["OUTPUT"])[0], expected, atol=0.01)


def test_nodata_stays_nodata_and_no_other_cell_is_lost(run, raster, hills, tmp_path):
    hills[4:6, 7] = -9999
    hole = hills == -9999
    dem = raster("dem", hills, nodata=-9999)
    for factor in (SLOPE, RELIEF, ELEVATION):
        out = run("terrainfactor", DEM=dem, FACTOR=factor, WINDOW=3, OUTPUT=str(tmp_path / f"{factor}.tif"))
        cells, nodata = read_raster(out["OUTPUT"])
        np.testing.assert_array_equal(cells == nodata, hole)
        if factor != ELEVATION:
            assert cells[~hole].max() < 90


def test_relief_and_elevation(run, raster, hills, tmp_path):
    dem = raster("dem", hills)
    out = run("terrainfactor", DEM=dem, FACTOR=RELIEF, WINDOW=5, OUTPUT=str(tmp_path / "r.tif"))
    cells, _ = read_raster(out["OUTPUT"])
    part = hills[8:13, 10:15]
    assert cells[10, 12] == pytest.approx(part.max() - part.min())
    out = run("terrainfactor", DEM=dem, FACTOR=ELEVATION, OUTPUT=str(tmp_path / "e.tif"))
    np.testing.assert_array_equal(read_raster(out["OUTPUT"])[0], hills)


def test_an_even_window_and_an_empty_dem_are_refused(run, raster, hills, tmp_path):
    target = tmp_path / "r.tif"
    with pytest.raises(Exception, match="odd number of cells, not 4"):
        run("terrainfactor", DEM=raster("dem", hills), FACTOR=RELIEF, WINDOW=4, OUTPUT=str(target))
    with pytest.raises(Exception, match="holds only NoData"):
        run(
            "terrainfactor",
            DEM=raster("nothing", np.full((5, 5), -9999, dtype=np.float32), nodata=-9999),
            FACTOR=SLOPE,
            OUTPUT=str(target),
        )
    assert not target.exists()
