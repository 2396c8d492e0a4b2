"""Rasters of any kind onto one grid: compared with GDAL's own warper, with maps made by hand and with measured areas."""

import os

import numpy as np
import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis

WORLD = "EPSG:4326"


@pytest.fixture
def placed(tmp_path):
    """Write an array with any geotransform, type, NoData and CRS; returns its path."""

    def write(name, values, place, crs=WORLD, nodata=None, change=None):
        from osgeo import gdal, osr

        values = np.asarray(values)
        kinds = {"uint8": "Byte", "int16": "Int16", "uint16": "UInt16", "int32": "Int32", "float32": "Float32"}
        path = str(tmp_path / f"{name}.tif")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        dataset = gdal.GetDriverByName("GTiff").Create(
            path, values.shape[1], values.shape[0], 1, gdal.GetDataTypeByName(kinds[values.dtype.name])
        )
        dataset.SetGeoTransform(place)
        if crs:
            reference = osr.SpatialReference()
            reference.SetFromUserInput(crs)
            dataset.SetProjection(reference.ExportToWkt())
        if nodata is not None:
            dataset.GetRasterBand(1).SetNoDataValue(nodata)
        if change:
            change(dataset)
        dataset.GetRasterBand(1).WriteArray(values)
        return path

    return write


@pytest.fixture
def study(run, tmp_path):
    """Run the tool; returns the land cover, the dataset it is from, the table, and the log."""

    def call(landcover, **given):
        from osgeo import gdal

        out, table = str(tmp_path / "out" / "cover.tif"), str(tmp_path / "out" / "table.gpkg")
        if "RASTERS" in given or "CLASSED" in given:
            given.setdefault("OUTPUT_FOLDER", str(tmp_path / "out" / "others"))
        found = run("studygrid", LANDCOVER=landcover, OUTPUT=out, TABLE=table, **given)
        dataset = gdal.Open(out)
        return dataset.ReadAsArray(), dataset, read_table(table), run.feedback.textLog(), found

    return call


def classes(shape, seed=3, high=5, block=6):
    rng = np.random.default_rng(seed)
    small = rng.integers(1, high + 1, (-(-shape[0] // block), -(-shape[1] // block)))
    return np.kron(small, np.ones((block, block), dtype=int))[: shape[0], : shape[1]].astype(np.uint8)


def chessboard(rows, cols, block):
    return (1 + (np.indices((rows, cols)) // block).sum(axis=0) % 2).astype(np.uint8)


def warped(path, dataset, method, **options):
    """Return what GDAL's warper alone makes of a file on the grid of another one."""
    from osgeo import gdal

    left, dx, _, top, _, dy = dataset.GetGeoTransform()
    bounds = (left, top + dy * dataset.RasterYSize, left + dx * dataset.RasterXSize, top)
    made = gdal.Warp(
        "",
        path,
        format="MEM",
        outputBounds=bounds,
        width=dataset.RasterXSize,
        height=dataset.RasterYSize,
        dstSRS=dataset.GetProjection(),
        resampleAlg=method,
        **options,
    )
    return made.ReadAsArray()


def whole_of(table):
    """Return the first row that stands for a raster, not for a class."""
    return next(row for row in table if not isinstance(row["class"], int))


def ground_hectares(rectangles):
    """Return the area of boxes of degrees on the ellipsoid, by QGIS."""
    from qgis.core import (
        QgsCoordinateReferenceSystem,
        QgsCoordinateTransformContext,
        QgsDistanceArea,
        QgsGeometry,
        QgsRectangle,
    )

    measure = QgsDistanceArea()
    measure.setSourceCrs(QgsCoordinateReferenceSystem(WORLD), QgsCoordinateTransformContext())
    measure.setEllipsoid("WGS84")
    total = 0.0
    for box in rectangles:
        # Along parallels, which geodesics are not.
        ring = QgsGeometry.fromRect(QgsRectangle(*box)).densifyByCount(200)
        total += measure.measureArea(ring) / 1e4
    return total


def test_a_margin_around_the_study_area(study, placed, polygons, run):
    """A square of 10 cells with a margin of 5: cells whose centre is at most 5 cells away, and those of a narrower raster."""
    crs, (left, top) = "EPSG:32648", (499_980, 2_900_010)
    cover = placed("cover", np.ones((60, 60), np.uint8), (left, 30.0, 0, top, 0, -30.0), crs, nodata=0)
    half = np.ones((60, 26), np.uint8)  # ends 4 columns short of the grid
    narrow = placed("narrow", half, (left, 30.0, 0, top, 0, -30.0), crs, nodata=0)
    x, y = left + 600, top - 600
    square = f"POLYGON(({x} {y}, {x + 300} {y}, {x + 300} {y - 300}, {x} {y - 300}, {x} {y}))"
    area = polygons("county", [(square, {"n": 1})])
    cells, dataset, _, log, _ = study(cover, CLASSED=[narrow], AREA=area, MARGIN=150.0)
    assert dataset.GetGeoTransform() == (x - 150, 30, 0, y + 150, 0, -30)
    row, col = np.indices((20, 20)) + 0.5
    apart = np.hypot(np.maximum(abs(row - 10) - 5, 0), np.maximum(abs(col - 10) - 5, 0))
    sure = abs(apart - 5) > 0.03  # a circle has corners
    np.testing.assert_array_equal((cells == 1)[sure], (apart < 5)[sure])
    assert "Margin: 150 m around 'county'." in log
    lost = np.count_nonzero((cells == 1) & (col > 11))
    assert f"'narrow': nearest cell; no data in {lost} cells of the study area" in log
    with pytest.raises(Exception, match=r"kept around a study area\. Give its polygons"):
        run("studygrid", LANDCOVER=cover, MARGIN=150.0, OUTPUT="TEMPORARY_OUTPUT")


@pytest.mark.parametrize("cell", [None, 30.0, 60.0])
def test_cells_that_fit_stay_where_they_are(placed, study, cell):
    """Moved by a third of a cell, measured values would be blurred and classes shifted for nothing."""
    from osgeo import gdal

    land = chessboard(40, 40, 4)
    left, top = 535_510.0, 2_903_505.0
    cover = placed("land", land, place=(left, 30.0, 0.0, top, 0.0, -30.0), crs="EPSG:4544")
    heights = np.arange(1600.0, dtype=np.float32).reshape(40, 40)
    height = placed("dem", heights, place=(left, 30.0, 0.0, top, 0.0, -30.0), crs="EPSG:4544")
    cells, dataset, _, _, found = study(cover, RASTERS=[height], CELL=cell)
    size = cell or 30.0
    assert dataset.GetGeoTransform() == (left, size, 0.0, top, 0.0, -size)
    step = 2 if cell == 60.0 else 1
    np.testing.assert_array_equal(cells, land[::step, ::step])
    expected = heights.reshape(20, 2, 20, 2).mean(axis=(1, 3)) if step == 2 else heights
    np.testing.assert_allclose(gdal.Open(f"{found['OUTPUT_FOLDER']}/dem.tif").ReadAsArray(), expected)


def test_degrees_become_utm_and_areas_stay(placed, study):
    """A chessboard of large blocks: the areas before are those of the ellipsoid, those after within what UTM does."""
    step, block = 0.0025, 40
    board = chessboard(160, 200, block)
    path = placed("board", board, (105.2, step, 0, 26.4, 0, -step))
    cells, dataset, table, log, found = study(path)
    assert "UTM zone 48" in log
    # 249.2 m wide and 276.9 m high at 26.2 degrees: 262.7 m, which no neat number is within 5 % of but 250.
    assert found["CELL_SIZE"] == 250.0
    whole = whole_of(table)
    boxes = {1: [], 2: []}
    for i in range(4):
        for j in range(5):
            west, north = 105.2 + j * block * step, 26.4 - i * block * step
            boxes[1 + (i + j) % 2].append((west, north - block * step, west + block * step, north))
    for code, held in boxes.items():
        row = next(row for row in table if row["class"] == code)
        assert row["area_before_ha"] == pytest.approx(ground_hectares(held), rel=2e-5)
        assert row["area_after_ha"] == pytest.approx(row["area_before_ha"], rel=5e-3)
        assert row["area_after_ha"] == pytest.approx((cells == code).sum() * found["CELL_SIZE"] ** 2 / 1e4)
    assert whole["area_before_ha"] == pytest.approx(ground_hectares([b for h in boxes.values() for b in h]), rel=2e-5)
    assert whole["area_after_ha"] == pytest.approx(whole["area_before_ha"], rel=2e-3)
    left, dx, _, top, _, dy = dataset.GetGeoTransform()
    assert dx == -dy == found["CELL_SIZE"]
    assert left % dx == 0.0
    assert top % dx == 0.0


def test_wider_than_a_zone_becomes_albers_with_right_areas(placed, study):
    step, block = 0.05, 40
    path = placed("wide", chessboard(200, 240, block), (100.0, step, 0, 34.0, 0, -step))
    _, dataset, table, log, _ = study(path)
    assert "Albers" in log
    assert "12 degrees wide, more than the 6 of a UTM zone" in log
    assert "Albers" in dataset.GetProjection()
    for row in table:
        assert row["area_after_ha"] == pytest.approx(row["area_before_ha"], rel=2e-3)
    whole = whole_of(table)
    assert whole["area_before_ha"] == pytest.approx(ground_hectares([(100.0, 24.0, 112.0, 34.0)]), rel=2e-5)


@pytest.mark.parametrize(("cell", "classed", "measured"), [(90.0, "mode", "average"), (25.0, "near", "bilinear")])
def test_cells_are_those_of_gdalwarp(placed, study, tmp_path, cell, classed, measured):
    """Read whole or in bands, directly or through the reader: the numbers are GDAL's."""
    from osgeo import gdal

    place = (105.2, 0.0003, 0, 26.4, 0, -0.0003)
    cover = placed("lc", classes((300, 400)), place, nodata=0)
    heights = (1000 + 5 * np.indices((300, 400)).sum(axis=0)).astype(np.float32)
    dem = placed("dem", heights, (105.19, 0.0004, 0, 26.41, 0, -0.0004), nodata=-9999)
    whole = placed("whole metres", heights.astype(np.int16), (105.19, 0.0004, 0, 26.41, 0, -0.0004), nodata=-9999)
    cells, dataset, _, log, _ = study(cover, RASTERS=[dem, whole], CELL=cell)
    expected = warped(cover, dataset, classed, dstNodata=0)
    edge = cells == 0
    np.testing.assert_array_equal(cells[~edge], expected[~edge])
    assert edge.mean() < 0.04  # cells whose centre lies outside have corners inside
    folder = tmp_path / "out" / "others"
    for name, path in (("dem", dem), ("whole metres", whole)):
        found = gdal.Open(str(folder / f"{name}.tif")).ReadAsArray()
        expected = warped(path, dataset, measured, dstNodata=-99999, outputType=gdal.GDT_Float32)
        good = found != -99999
        np.testing.assert_allclose(found[good], expected[good], rtol=1e-6)
        np.testing.assert_array_equal(good, cells != 0)
    assert classed in log or classed == "near"


def test_bands_give_what_the_whole_gives(placed, study, monkeypatch):
    from ecosecnet.algorithms.support.io import rasters, warping

    path = placed("tall", classes((900, 120)), (105.2, 0.0003, 0, 26.4, 0, -0.0003))
    cells, *_ = study(path)
    monkeypatch.setattr(warping, "BAND_CELLS", 1)
    monkeypatch.setattr(rasters, "BLOCK_CELLS", 1)
    again, dataset, *_ = study(path)
    assert dataset.RasterYSize > 2 * 256
    np.testing.assert_array_equal(again, cells)


def turned(place, angle):
    """Return the geotransform of cells turned about their upper left corner."""
    left, dx, _, top, _, dy = place
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return (left, dx * c, dy * -s, top, dx * s, dy * c)


@pytest.mark.parametrize("how", ["south-up", "rotated", "not square"])
def test_what_other_tools_refuse(placed, study, run, tmp_path, how):
    utm = "EPSG:32648"
    board = chessboard(160, 160, 40)
    place = (500_000.0, 30.0, 0, 2_900_000.0, 0, -30.0)
    changed = {
        "south-up": (500_000.0, 30.0, 0, 2_895_200.0, 0, 30.0),
        "rotated": turned(place, 30.0),
        "not square": (500_000.0, 30.0, 0, 2_900_000.0, 0, -20.0),
    }[how]
    path = placed("strange", board[::-1] if how == "south-up" else board, changed, utm)
    if how != "not square":
        with pytest.raises(Exception, match=r"not north-up.*'Study grid' \(studygrid\)"):
            run("foreground", INPUT=path, FOREGROUND="1", OUTPUT=str(tmp_path / "no.tif"))
    else:
        from ecosecnet.core.grid import Grid

        with pytest.raises(Exception, match=r"square cells\..*'Study grid' \(studygrid\)"):
            Grid(160, 160, dx=30.0, dy=20.0).cell_size  # noqa: B018
    cells, dataset, table, *_ = study(path, CELL=30.0)
    per_cell = 0.06 if how == "not square" else 0.09
    for code in (1, 2):
        row = next(row for row in table if row["class"] == code)
        # UTM at its central meridian: 0.9996 in length.
        assert row["area_before_ha"] == pytest.approx((board == code).sum() * per_cell / 0.9996**2, rel=1e-4)
        assert row["area_after_ha"] == pytest.approx((board == code).sum() * per_cell, rel=1e-2)
    if how == "south-up":
        plain = warped(path, dataset, "near")
        np.testing.assert_array_equal(cells[plain > 0], plain[plain > 0])
        assert cells[dataset.RasterYSize // 2, 5] == board[80, 5]
    # The class at each centre, by the geotransform itself.
    left, dx, _, top, _, _ = dataset.GetGeoTransform()
    x = left + dx * (np.arange(cells.shape[1]) + 0.5)
    y = top - dx * (np.arange(cells.shape[0]) + 0.5)
    matrix = np.array([[changed[1], changed[2]], [changed[4], changed[5]]])
    xs, ys = np.meshgrid(x - changed[0], y - changed[3])
    col, row = np.floor(np.einsum("ij,jkl->ikl", np.linalg.inv(matrix), np.stack([xs, ys])) + 1e-9).astype(int)
    inside = (row >= 0) & (row < 160) & (col >= 0) & (col < 160)
    stored = board[::-1] if how == "south-up" else board
    expected = np.where(
        inside, stored[np.clip(row, 0, 159), np.clip(col, 0, 159)], dataset.GetRasterBand(1).GetNoDataValue()
    )
    assert (expected == cells).mean() > (0.97 if how == "not square" else 0.995)


def test_another_datum_and_feet(placed, study):
    """Pulkovo 1942 lies a hundred metres off; a grid in feet has cells in metres."""
    board = chessboard(120, 120, 30)
    place = (-79.0, 0.001, 0, 35.6, 0, -0.001)
    path = placed("nad27", board, place, "EPSG:4267")
    cells, dataset, table, _, found = study(path, CRS="EPSG:2264", CELL=100.0)
    assert dataset.GetGeoTransform()[1] == pytest.approx(100.0 * 3937 / 1200)
    assert found["CELL_SIZE"] == pytest.approx(100.0)
    np.testing.assert_array_equal(cells[5:-5, 5:-5], warped(path, dataset, "near")[5:-5, 5:-5])
    for row in table:
        assert row["area_after_ha"] == pytest.approx(row["area_before_ha"], rel=1e-2)


def test_scale_nodata_mask_alpha_and_nan_as_the_reader_has_them(placed, study, tmp_path):
    from osgeo import gdal

    place, utm = (500_000.0, 30.0, 0, 2_900_000.0, 0, -30.0), "EPSG:32648"
    cover = placed("cover", classes((60, 60)), place, utm)
    plain = np.arange(3600, dtype=np.int16).reshape(60, 60)

    def scale(dataset):
        dataset.GetRasterBand(1).SetScale(0.5)
        dataset.GetRasterBand(1).SetOffset(100.0)

    def mask(dataset):
        gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES")
        dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
        shown = np.full((60, 60), 255, np.uint8)
        shown[:20] = 0
        dataset.GetRasterBand(1).GetMaskBand().WriteArray(shown)

    holed = plain.astype(np.float32)
    holed[10:20, 10:20] = np.nan
    holed[30:40] = -9999
    rasters = [
        placed("in/scaled", plain, place, utm, nodata=7, change=scale),
        placed("in/masked", plain, place, utm, change=mask),
        placed("in/holed", holed, place, utm, nodata=-9999),
    ]
    _, dataset, table, _, _ = study(cover, RASTERS=rasters)

    def made(name):
        values = gdal.Open(str(tmp_path / "out" / "others" / f"{name}.tif")).ReadAsArray()
        top, left = round((dataset.GetGeoTransform()[3] - place[3]) / 30.0, 6), dataset.GetGeoTransform()[0] - place[0]
        assert left <= 0.0
        assert top >= 0.0
        return np.where(values == -99999, np.nan, values)

    shift = abs(made("scaled") - 100.0 - 0.5 * _shifted(dataset, place))
    assert np.nanmax(shift) < 1e-3
    good = np.isfinite(made("masked"))
    assert not good[:19].any()
    assert good[22:-2, 2:-2].all()
    missing = np.isnan(made("holed"))
    assert missing[32:39, 2:-2].all()
    assert missing[13:18, 13:18].all()
    assert not missing[2:8, 2:-2].any()
    assert np.nanmin(made("holed")) >= 0.0
    rows = {row["raster"]: row for row in table if not isinstance(row["class"], int)}
    assert rows["scaled"]["mean_before"] == pytest.approx(100 + 0.5 * plain[plain != 7].mean(), rel=1e-4)
    assert rows["scaled"]["mean_after"] == pytest.approx(rows["scaled"]["mean_before"], rel=1e-2)
    inside = dataset.ReadAsArray() != dataset.GetRasterBand(1).GetNoDataValue()
    assert rows["holed"]["nodata_cells"] == (missing & inside).sum()
    assert (missing & inside).sum() <= np.isnan(holed).sum() + (holed == -9999).sum()  # NaN does not spread
    # The grids are less than half a row apart, and a row is 60.
    assert rows["holed"]["mean_after"] == pytest.approx(rows["holed"]["mean_before"], abs=30.0)


def _shifted(dataset, place):
    """Return values that grow evenly, at the centres of the cells of a grid."""
    left, dx, _, top, _, _ = dataset.GetGeoTransform()
    cols = (left + dx * (np.arange(dataset.RasterXSize) + 0.5) - place[0]) / 30.0 - 0.5
    rows = (place[3] - top + dx * (np.arange(dataset.RasterYSize) + 0.5)) / 30.0 - 0.5
    found = 60.0 * rows[:, None] + cols[None, :]
    edge = (rows[:, None] < 1) | (rows[:, None] > 58) | (cols[None, :] < 1) | (cols[None, :] > 58)
    return np.where(edge | (abs(found - 7) < 130), np.nan, found)


def test_area_cuts_and_its_long_edges_stay_on_their_parallels(placed, polygons, study):
    path = placed("cover", classes((400, 500)), (103.0, 0.008, 0, 28.0, 0, -0.008))
    area = polygons(
        "area", [("MultiPolygon(((103.2 25.2, 106.6 25.2, 106.6 27.6, 103.2 27.6, 103.2 25.2)))", {"n": 1})], crs=WORLD
    )
    cells, dataset, table, log, _ = study(path, AREA=area, CELL=800.0)
    whole = whole_of(table)
    expected = ground_hectares([(103.2, 25.2, 106.6, 27.6)])
    assert whole["area_before_ha"] == pytest.approx(expected, rel=2e-3)
    assert whole["area_after_ha"] == pytest.approx(expected, rel=2e-3)
    nodata = dataset.GetRasterBand(1).GetNoDataValue()
    assert (cells == nodata).sum() > 0
    assert whole["nodata_cells"] == 0
    assert "UTM zone 48" in log


def test_names_of_one_kind_and_strange_ones(placed, study, tmp_path):
    place, utm = (500_000.0, 30.0, 0, 2_900_000.0, 0, -30.0), "EPSG:32648"
    cover = placed("cover", classes((40, 40)), place, utm)
    one = placed("a/soil", classes((40, 40), 4), place, utm)
    two = placed("b/soil", classes((40, 40), 5), place, utm)
    three = placed("c/土 壤", classes((40, 40), 6), place, utm)
    _, _, table, _, found = study(cover, CLASSED=[one, two, three])
    files = sorted(file for file in os.listdir(found["OUTPUT_FOLDER"]) if file.endswith(".tif"))
    assert files == ["soil.tif", "soil_2.tif", "土 壤.tif"]
    assert [row["file"] for row in table if not isinstance(row["class"], int)] == [
        "cover.tif",
        "soil.tif",
        "soil_2.tif",
        "土 壤.tif",
    ]


def test_a_raster_named_like_the_output_in_one_folder(placed, study, tmp_path):
    cover = placed("land", classes((40, 40)), TestBadInput.place, "EPSG:32648")
    other = placed("a/Cover", classes((40, 40), 4), TestBadInput.place, "EPSG:32648")
    _, _, table, _, _ = study(cover, CLASSED=[other], OUTPUT_FOLDER=str(tmp_path / "out"))
    assert [row["file"] for row in table if not isinstance(row["class"], int)] == ["cover.tif", "Cover_2.tif"]
    assert sorted(file for file in os.listdir(tmp_path / "out") if file.endswith(".tif")) == [
        "Cover_2.tif",
        "cover.tif",
    ]


def test_only_a_crs_that_was_asked_for_is_warned_of(placed, study):
    path = placed("land", classes((60, 60)), (105.2, 0.0003, 0, 26.4, 0, -0.0003))
    assert "The scale of EPSG:3857 is off" in study(path, CRS="EPSG:3857")[3]
    assert "The scale of" not in study(path)[3]


def test_classes_without_a_nodata_value_keep_all_their_codes(placed, study):
    codes = np.arange(256, dtype=np.uint8).repeat(16).reshape(64, 64)
    path = placed("all", codes, (500_000.0, 30.0, 0, 2_900_000.0, 0, -30.0), "EPSG:32648")
    cells, dataset, table, _, _ = study(path)
    nodata = dataset.GetRasterBand(1).GetNoDataValue()
    assert nodata not in range(256)
    assert set(np.unique(cells)) - {nodata} == set(range(256))
    assert len(table) == 257


def test_averaged_overviews_are_not_looked_at(placed, study):
    from osgeo import gdal

    board = np.where(chessboard(256, 256, 1) == 1, 1, 5).astype(np.uint8)
    path = placed("fine", board, (500_000.0, 10.0, 0, 2_900_000.0, 0, -10.0), "EPSG:32648")
    gdal.Open(path, gdal.GA_Update).BuildOverviews("AVERAGE", [2, 4, 8])
    cells, dataset, *_ = study(path, CELL=80.0)
    assert set(np.unique(cells)) <= {1, 5, dataset.GetRasterBand(1).GetNoDataValue()}


def test_names_and_colours_of_the_file_stay(placed, study):
    from osgeo import gdal

    def describe(dataset):
        band, colours, table = dataset.GetRasterBand(1), gdal.ColorTable(), gdal.RasterAttributeTable()
        for k, (name, usage) in enumerate((("Value", gdal.GFU_MinMax), ("名称", gdal.GFU_Name))):
            table.CreateColumn(name, (gdal.GFT_Integer, gdal.GFT_String)[k], usage)
        table.SetRowCount(2)
        for row, (code, name, colour) in enumerate(((1, "林地", (1, 99, 3, 255)), (4, "Water", (9, 9, 200, 255)))):
            table.SetValueAsInt(row, 0, code)
            table.SetValueAsString(row, 1, name)
            colours.SetColorEntry(code, colour)
        band.SetColorTable(colours)
        band.SetDefaultRAT(table)

    path = placed("named", classes((40, 40)), TestBadInput.place, "EPSG:32648", nodata=0, change=describe)
    _, dataset, *_ = study(path)
    band = dataset.GetRasterBand(1)
    table = band.GetDefaultRAT()
    rows = {table.GetValueAsInt(row, 0): table.GetValueAsString(row, 1) for row in range(table.GetRowCount())}
    assert rows == {1: "林地", 4: "Water"}
    assert band.GetColorTable().GetColorEntry(4)[:3] == (9, 9, 200)


def test_a_raster_without_crs_lies_in_that_of_the_land_cover(placed, study, polygons):
    """Though the study area and the grid are in another one."""
    cover = placed("cover", classes((100, 100)), (105.2, 0.0003, 0, 26.4, 0, -0.0003))
    bare = placed("bare", classes((100, 100)), (105.2, 0.0003, 0, 26.4, 0, -0.0003), None)
    ring = "105.21 26.38, 105.22 26.38, 105.22 26.39, 105.21 26.39, 105.21 26.38"
    area = polygons("area", [(f"MultiPolygon((({ring})))", {"n": 1})], crs=WORLD)
    _, _, table, log, _ = study(cover, CLASSED=[bare], AREA=area, CELL=30.0)
    assert "'bare' has no coordinate reference system" in log
    areas = [[row["area_after_ha"] for row in table if row["raster"] == name] for name in ("cover", "bare")]
    assert areas[0] == areas[1]
    assert len(areas[0]) > 2


class TestBadInput:
    place = (500_000.0, 30.0, 0, 2_900_000.0, 0, -30.0)

    @pytest.fixture
    def cover(self, placed):
        return placed("in/cover", classes((40, 40)), self.place, "EPSG:32648")

    @pytest.fixture
    def refused(self, study, tmp_path):
        def check(message, *given, **more):
            with pytest.raises(Exception, match=message) as caught:
                study(*given, **more)
            assert "Traceback" not in str(caught.value)
            assert "fault of the tool" not in str(caught.value)
            out = tmp_path / "out"
            assert not out.exists() or not [f for _, _, files in os.walk(out) for f in files]

        return check

    def test_layers_that_do_not_overlap(self, cover, placed, refused):
        far = placed("far", classes((40, 40)), (600_000.0, 30.0, 0, 2_900_000.0, 0, -30.0), "EPSG:32648")
        refused(r"(?s)'far' does not reach into the study area.*Study area: .*far: 40 rows", cover, CLASSED=[far])

    def test_an_area_outside_all_rasters(self, cover, polygons, refused):
        area = polygons("area", [("MultiPolygon(((100 20, 101 20, 101 21, 100 20)))", {"n": 1})], crs=WORLD)
        refused("'cover' does not reach into the study area", cover, AREA=area)

    def test_an_area_without_data(self, placed, polygons, refused):
        values = classes((40, 40))
        values[:, 20:] = 0
        cover = placed("holed", values, self.place, "EPSG:32648", nodata=0)
        ring = "500900 2899500, 501100 2899500, 501100 2899700, 500900 2899700, 500900 2899500"
        area = polygons("area", [(f"MultiPolygon((({ring})))", {"n": 1})])
        refused(r"'holed' has no data in the study area", cover, AREA=area)

    def test_a_crs_in_degrees(self, cover, refused):
        refused(r"EPSG:4326 is in degrees.*projected CRS", cover, CRS=WORLD)

    def test_a_cell_larger_than_the_area(self, cover, refused):
        refused(r"A cell of 5000 m is larger than the study area, which is 1200 x 1200 m", cover, CELL=5000.0)

    def test_far_too_many_cells(self, cover, refused):
        refused(r"would have .* cells of 0.001 m", cover, CELL=0.001)

    def test_no_crs(self, placed, refused):
        refused("'lost' has no coordinate reference system", placed("lost", classes((40, 40)), self.place, None))

    def test_measured_values_for_classes(self, cover, placed, refused):
        dem = placed("dem", np.linspace(0, 9, 1600, dtype=np.float32).reshape(40, 40), self.place, "EPSG:32648")
        refused(r"'dem' holds measured values.*'Other class rasters'", cover, CLASSED=[dem])
        refused(r"'dem' holds measured values", dem)

    def test_a_folder_that_holds_an_input(self, cover, placed, refused, tmp_path):
        other = placed("in/soil", classes((40, 40)), self.place, "EPSG:32648")
        refused(r"holds the input 'cover'", cover, CLASSED=[other], OUTPUT_FOLDER=str(tmp_path / "in"))

    def test_others_without_a_folder(self, cover, run, tmp_path):
        with pytest.raises(Exception, match="Give a folder"):
            run("studygrid", LANDCOVER=cover, RASTERS=[cover], OUTPUT=str(tmp_path / "o.tif"))

    def test_cancelled_within_a_step(self, cover, run, tmp_path):
        from qgis.core import QgsProcessingFeedback

        class Impatient(QgsProcessingFeedback):
            def setProgress(self, percent):
                self.cancel()

        out = tmp_path / "out" / "cover.tif"
        with pytest.raises(Exception, match="Cancelled"):
            run("studygrid", feedback=Impatient(False), LANDCOVER=cover, OUTPUT=str(out))
        assert not out.parent.exists() or not list(out.parent.iterdir())
