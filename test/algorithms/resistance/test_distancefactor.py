import numpy as np
import pytest
from layerio import read_raster

pytestmark = pytest.mark.qgis

LEFT, TOP = 500_000.0, 2_900_000.0
GRID = np.ones((40, 60), dtype=np.uint8)
ROAD = f"LineString({LEFT + 310} {TOP - 200}, {LEFT + 900} {TOP - 700}, {LEFT + 1500} {TOP - 640})"


def gdal_proximity(mask, cell):
    """GDAL's own distance to the nearest cell, in map units."""
    from osgeo import gdal

    def memory(kind, values=None):
        dataset = gdal.GetDriverByName("MEM").Create("", mask.shape[1], mask.shape[0], 1, kind)
        dataset.SetGeoTransform((0, cell, 0, 0, 0, -cell))
        if values is not None:
            dataset.GetRasterBand(1).WriteArray(values)
        return dataset

    source, target = memory(gdal.GDT_Byte, mask.astype(np.uint8)), memory(gdal.GDT_Float32)
    gdal.ComputeProximity(source.GetRasterBand(1), target.GetRasterBand(1), ["DISTUNITS=GEO"])
    return target.ReadAsArray()


def test_a_road_against_gdal_and_against_the_geometry(run, raster, polygons, tmp_path):
    from qgis.core import QgsGeometry, QgsPointXY

    out = run(
        "distancefactor",
        FEATURES=polygons("road", [(ROAD, {"n": 1})], kind="LineString"),
        GRID=raster("grid", GRID),
        OUTPUT=str(tmp_path / "d.tif"),
    )
    cells, nodata = read_raster(out["OUTPUT"])
    assert cells.dtype == np.float32
    assert not (cells == nodata).any()
    np.testing.assert_allclose(cells, gdal_proximity(cells == 0, 30.0), rtol=1e-5)
    line = QgsGeometry.fromWkt(ROAD)
    for row, col in [(0, 0), (39, 59), (5, 30), (20, 20), (39, 0)]:
        centre = QgsPointXY(LEFT + (col + 0.5) * 30, TOP - (row + 0.5) * 30)
        exact = line.distance(QgsGeometry.fromPointXY(centre))
        assert abs(cells[row, col] - exact) <= 30 / np.sqrt(2) + 1e-3


def test_points_polygons_and_the_largest_distance(run, raster, polygons, tmp_path):
    grid = raster("grid", GRID)
    mine = f"Point({LEFT + 15} {TOP - 15})"
    out = run(
        "distancefactor",
        FEATURES=polygons("mine", [(mine, {"n": 1})], kind="Point"),
        GRID=grid,
        MAX=100,
        OUTPUT=str(tmp_path / "d.tif"),
    )
    cells, _ = read_raster(out["OUTPUT"])
    assert cells[0, :5].tolist() == [0, 30, 60, 90, 100]
    assert cells.max() == 100
    tiny = f"Polygon(({LEFT + 61} {TOP - 31}, {LEFT + 64} {TOP - 31}, {LEFT + 64} {TOP - 34}, {LEFT + 61} {TOP - 31}))"
    out = run(
        "distancefactor",
        FEATURES=polygons("lake", [(tiny, {"n": 1})], kind="Polygon"),
        GRID=grid,
        OUTPUT=str(tmp_path / "e.tif"),
    )
    cells, _ = read_raster(out["OUTPUT"])
    assert np.argwhere(cells == 0).tolist() == [[1, 2]]


def test_a_margin_sees_the_road_beyond_the_edge(run, raster, polygons, tmp_path):
    beyond = f"LineString({LEFT - 45} {TOP + 500}, {LEFT - 45} {TOP - 5000})"
    far = f"LineString({LEFT + 1795} {TOP}, {LEFT + 1795} {TOP - 1200})"
    features = polygons("roads", [(beyond, {"n": 1}), (far, {"n": 2})], kind="LineString")
    grid = raster("grid", GRID)
    found = []
    for margin in (0, 90):
        out = run("distancefactor", FEATURES=features, GRID=grid, MARGIN=margin, OUTPUT=str(tmp_path / f"{margin}.tif"))
        found.append(read_raster(out["OUTPUT"])[0])
    assert found[0].shape == found[1].shape == GRID.shape
    assert found[0][:, 0].tolist() == [59 * 30] * 40
    assert found[1][:, 0].tolist() == [60] * 40
    np.testing.assert_array_equal(found[0][:, 30:], found[1][:, 30:])


def test_cells_in_feet_give_metres(run, raster, polygons, tmp_path):
    feet = "EPSG:2264"
    out = run(
        "distancefactor",
        FEATURES=polygons("mine", [("Point(1500015 599985)", {"n": 1})], kind="Point", crs=feet),
        GRID=raster("grid", GRID, left=1_500_000.0, top=600_000.0, crs=feet),
        OUTPUT=str(tmp_path / "d.tif"),
    )
    cells, _ = read_raster(out["OUTPUT"])
    assert cells[0, 1] == pytest.approx(30 * 0.3048, rel=1e-5)


def test_features_in_another_crs_are_reprojected(run, raster, polygons, tmp_path):
    from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsGeometry, QgsProject

    line = QgsGeometry.fromWkt(ROAD)
    to = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:32648"), QgsCoordinateReferenceSystem("EPSG:32649"), QgsProject.instance()
    )
    line.transform(to)
    grid = raster("grid", GRID)
    results = []
    for name, wkt, crs in (("a", ROAD, "EPSG:32648"), ("b", line.asWkt(6), "EPSG:32649")):
        out = run(
            "distancefactor",
            FEATURES=polygons(name, [(wkt, {"n": 1})], kind="LineString", crs=crs),
            GRID=grid,
            OUTPUT=str(tmp_path / f"{name}.tif"),
        )
        results.append(read_raster(out["OUTPUT"])[0])
    np.testing.assert_allclose(results[0], results[1], atol=30)


@pytest.mark.parametrize(
    ("rows", "words"),
    [([], "has no features"), ([("Point(0 0)", {"n": 1})], "None of the 1 features .* lies on the grid")],
)
def test_nothing_to_measure_to(run, raster, polygons, tmp_path, rows, words):
    target = tmp_path / "d.tif"
    with pytest.raises(Exception, match=words):
        run("distancefactor", FEATURES=polygons("f", rows, kind="Point"), GRID=raster("g", GRID), OUTPUT=str(target))
    assert not target.exists()


def test_features_beyond_the_grid_are_reached_by_the_margin_that_is_named(run, raster, polygons, tmp_path):
    grid = raster("g", GRID)
    rows, cols = np.shape(GRID)
    x, y = 500_000 + 30 * cols + 400.5, 2_900_000 - 30 * rows - 300.5
    points = polygons("f", [(f"Point({x} {y})", {"n": 1}), (f"Point({x + 9e4} {y})", {"n": 2})], kind="Point")
    given = {"FEATURES": points, "GRID": grid, "OUTPUT": str(tmp_path / "d.tif")}
    with pytest.raises(
        Exception, match=r"within the margin of 90 m .* nearest is 501 m away.*\(MARGIN\) to 501 m or more"
    ):
        run("distancefactor", **given, MARGIN=90.0)
    run("distancefactor", **given, MARGIN=501.0)


def test_classes_of_the_grid_against_gdal(run, raster, tmp_path):
    land = np.random.default_rng(4).integers(1, 60, (40, 60)).astype(np.uint8)
    land[:4, :4] = 0
    given = {"GRID": raster("land", land, nodata=0), "OUTPUT": str(tmp_path / "d.tif")}
    cells, nodata = read_raster(run("distancefactor", **given, VALUES="7, 20-22")["OUTPUT"])
    wanted = gdal_proximity(np.isin(land, (7, 20, 21, 22)), 30.0)
    np.testing.assert_allclose(cells, wanted, rtol=1e-5)
    assert not (cells == nodata).any()
    assert read_raster(run("distancefactor", **given, VALUES="7", MAX=90)["OUTPUT"])[0].max() == 90


def test_features_or_values(run, raster, polygons, tmp_path):
    road = polygons("road", [(ROAD, {"n": 1})], kind="LineString")
    given = {"GRID": raster("grid", GRID), "OUTPUT": str(tmp_path / "d.tif")}
    for options, words in (
        ({"FEATURES": road, "VALUES": "1"}, r"values of the grid \(1\). Give one of the two"),
        ({}, "Give the features to measure from"),
        ({"VALUES": "8"}, "No cell of 'grid' has one of the listed values 8. It holds the values 1"),
        ({"VALUES": "1", "MARGIN": 60}, "a margin is for features"),
        ({"VALUES": "water"}, "'water' is neither a value nor a range"),
    ):
        with pytest.raises(Exception, match=words):
            run("distancefactor", **given, **options)
    assert not (tmp_path / "d.tif").exists()


def test_degrees_are_refused(run, raster, polygons, tmp_path):
    with pytest.raises(Exception, match="is in degrees"):
        run(
            "distancefactor",
            FEATURES=polygons("f", [("Point(105 26)", {"n": 1})], kind="Point", crs="EPSG:4326"),
            GRID=raster("g", GRID, cell=0.001, left=105, top=26, crs="EPSG:4326"),
            OUTPUT=str(tmp_path / "d.tif"),
        )
