"""The current-flow tool in a real QGIS."""

import re

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis


@pytest.fixture
def row_of_cells(raster):
    """Make five cells in a row, resistances 1 to 5, with focal nodes 10, 20 and 30 in the first, third and last."""
    return {
        "RESISTANCE": raster("resistance", np.array([[1, 2, 3, 4, 5]], dtype=np.float32), nodata=-1),
        "FOCAL": raster("focal", np.array([[10, 0, 20, 0, 30]], dtype=np.int32), nodata=0),
        "CURRENT": "TEMPORARY_OUTPUT",
        "RESISTANCES": "TEMPORARY_OUTPUT",
    }


def resistances(out):
    return [(row["from"], row["to"], row["resistance"], row["connected"]) for row in read_table(out["RESISTANCES"])]


def test_every_pair_has_a_map_of_its_own_whatever_the_ids(run, row_of_cells, polygons, tmp_path):
    """Ids may climb out of the folder, be no file name on Windows, or be the same once they are mended or joined."""
    from osgeo import gdal

    ids = ["a:b", "a/b", "../A?B", "a-b_a", "b"]
    points = [(f"POINT({500_015 + 30 * k} 2899985)", {"name": one}) for k, one in enumerate(ids)]
    del row_of_cells["FOCAL"]
    run(
        "currentflow",
        **row_of_cells,
        FOCAL_LAYER=polygons("points", points, kind="Point"),
        ID_FIELD="name",
        CURRENT_FOLDER=str(tmp_path / "maps"),
    )
    files = list((tmp_path / "maps").glob("*.tif"))
    assert len({path.name.casefold() for path in files}) == len(files) == 10
    assert not any(set(path.name) & set('<>:"/\\|?*') for path in files)
    maps = [gdal.Open(str(path)) for path in files]
    told = {one.GetRasterBand(1).GetDescription() for one in maps}
    ordered = sorted(ids)
    assert told == {f"current of {one} and {other}" for k, one in enumerate(ordered) for other in ordered[k + 1 :]}


def test_pairwise(run, row_of_cells, tmp_path):
    out = run(
        "currentflow",
        **row_of_cells,
        MAXIMUM="TEMPORARY_OUTPUT",
        CURRENT_FOLDER=str(tmp_path / "maps"),
        VOLTAGE_FOLDER=str(tmp_path / "maps"),
    )
    # mean resistances of the links: 1.5, 2.5, 3.5, 4.5
    assert resistances(out) == [
        (10, 20, pytest.approx(4.0), True),
        (10, 30, pytest.approx(12.0), True),
        (20, 30, pytest.approx(8.0), True),
    ]
    np.testing.assert_allclose(read_raster(out["CURRENT"])[0].ravel(), [2, 2, 3, 2, 2], rtol=1e-6)
    np.testing.assert_allclose(read_raster(out["MAXIMUM"])[0], 1.0, rtol=1e-6)
    assert out["SOLVED"] == 3
    files = sorted(path.name for path in (tmp_path / "maps").glob("*.tif"))
    assert files == [f"{kind}_{pair}.tif" for kind in ("current", "voltage") for pair in ("10_20", "10_30", "20_30")]
    voltage = read_raster(str(tmp_path / "maps" / "voltage_10_20.tif"))[0]
    np.testing.assert_allclose(voltage.ravel(), [0, 1.5, 4, 4, 4], rtol=1e-6)


def test_each_mode_does_what_it_says(run, row_of_cells):
    one = run("currentflow", **row_of_cells, MODE=1)
    assert resistances(one) == [
        (10, None, pytest.approx(4.0), True),
        (20, None, pytest.approx(1 / (1 / 4 + 1 / 8)), True),
        (30, None, pytest.approx(8.0), True),
    ]
    back = run("currentflow", **row_of_cells, MODE=2)
    assert [row[3] for row in resistances(back)] == [True] * 3
    # ground 10: 2 A and 1 A in the two gaps; ground 20: 1 and 1; ground 30: 1 and 2
    np.testing.assert_allclose(read_raster(back["CURRENT"])[0].ravel(), [4, 4, 6, 4, 4], rtol=1e-6)


def test_conductance_average_and_neighbours(run, raster, row_of_cells):
    row_of_cells["RESISTANCE"] = raster("conductance", np.array([[1, 0.5, 0.25, 0.2, 0]], dtype=np.float64), nodata=-1)
    row_of_cells["FOCAL"] = raster("two", np.array([[1, 0, 0, 2, 0]], dtype=np.int32), nodata=0)
    by_resistance = run("currentflow", **row_of_cells, INPUT_IS=1)
    assert resistances(by_resistance)[0][2] == pytest.approx(1.5 + 3 + 4.5)
    by_conductance = run("currentflow", **row_of_cells, INPUT_IS=1, AVERAGE=1)
    assert resistances(by_conductance)[0][2] == pytest.approx(1 / 0.75 + 1 / 0.375 + 1 / 0.225)
    cells, nodata = read_raster(by_conductance["CURRENT"])
    assert cells[0, 4] == nodata
    square = {
        "RESISTANCE": raster("square", np.ones((2, 2), dtype=np.float32)),
        "FOCAL": raster("corners", np.array([[1, 0], [0, 2]], dtype=np.int32), nodata=0),
        "CURRENT": "TEMPORARY_OUTPUT",
        "RESISTANCES": "TEMPORARY_OUTPUT",
    }
    assert resistances(run("currentflow", **square))[0][2] == pytest.approx(1 / (1 + 0.5**0.5))
    assert resistances(run("currentflow", **square, NEIGHBOURS=1))[0][2] == pytest.approx(1.0)


def test_regions_mask_pairs_and_zeroed_focal_nodes(run, raster, row_of_cells, tmp_path):
    shorted = raster("shorted", np.array([[0, 7, 7, 0, 0]], dtype=np.int32), nodata=0)
    assert resistances(run("currentflow", **row_of_cells, SHORT_CIRCUIT=shorted))[0][2] == pytest.approx(1.5)
    mask = raster("mask", np.array([[1, 1, 1, 0, 1]], dtype=np.int32))
    masked = resistances(run("currentflow", **row_of_cells, MASK=mask))
    assert [row[2:] for row in masked] == [(pytest.approx(4.0), True), (None, False), (None, False)]
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("from,to\n30,10\n")
    only = run("currentflow", **row_of_cells, PAIRS=str(pairs), ZERO_FOCAL=True)
    assert resistances(only) == [(10, 30, pytest.approx(12.0), True)]
    np.testing.assert_allclose(read_raster(only["CURRENT"])[0].ravel(), [0, 1, 1, 1, 0], atol=1e-6)
    pairs.write_text("link_id,from_id,to_id\n10,30,20\n")
    of_links = run("currentflow", **row_of_cells, PAIRS=str(pairs))
    assert [row[:2] for row in resistances(of_links)] == [(20, 30)]
    pairs.write_text("from,to\n30,10\n")
    without = run("currentflow", **row_of_cells, PAIRS=str(pairs), PAIRS_ARE=1)
    assert [row[:2] for row in resistances(without)] == [(10, 20), (20, 30)]


def test_strengths(run, row_of_cells, tmp_path):
    strengths = tmp_path / "strengths.csv"
    strengths.write_text("id,strength\n30,5\n")
    out = run("currentflow", **row_of_cells, MODE=2, STRENGTHS=str(strengths))
    # ground 10: 6 A and 5 A; ground 20: 1 and 5; ground 30: 1 and 2
    np.testing.assert_allclose(read_raster(out["CURRENT"])[0].ravel()[[1, 3]], [8, 12], rtol=1e-6)


def test_points_with_text_ids(run, row_of_cells, polygons):
    del row_of_cells["FOCAL"]
    points = [(f"POINT({500_015 + 30 * col} 2899985)", {"name": name}) for col, name in ((0, "甲"), (4, "乙"))]
    out = run("currentflow", **row_of_cells, FOCAL_LAYER=polygons("points", points, kind="Point"), ID_FIELD="name")
    (found,) = resistances(out)
    assert {found[0], found[1]} == {"甲", "乙"}
    assert found[2] == pytest.approx(12.0)


def strip(first, last):
    """Return a polygon over the cells from the first to the last of the row."""
    left, right = 500_000 + 30 * first, 500_000 + 30 * (last + 1)
    return f"POLYGON(({left} 2899970, {right} 2899970, {right} 2900000, {left} 2900000, {left} 2899970))"


def test_polygons_that_share_cells_are_named(run, row_of_cells, polygons):
    del row_of_cells["FOCAL"]
    towns = [
        (strip(0, 1), {"name": "a"}),
        (strip(1, 2), {"name": "b"}),
        (strip(2, 2), {"name": "b"}),
        (strip(4, 4), {"name": "c"}),
    ]
    out = run("currentflow", **row_of_cells, FOCAL_LAYER=polygons("towns", towns), ID_FIELD="name")
    assert resistances(out)[0] == ("a", "b", 0.0, True)
    assert "Focal nodes share 1 cell(s): a and b (1). These cells belong to both" in run.feedback.textLog()


def test_polygons_that_share_only_nodata_share_nothing(run, raster, row_of_cells, polygons):
    row_of_cells["RESISTANCE"] = raster("holes", np.array([[1, -1, 3, 4, 5]], dtype=np.float32), nodata=-1)
    del row_of_cells["FOCAL"]
    towns = [(strip(0, 1), {"name": "a"}), (strip(1, 2), {"name": "b"}), (strip(4, 4), {"name": "c"})]
    run("currentflow", **row_of_cells, FOCAL_LAYER=polygons("towns", towns), ID_FIELD="name")
    assert "share" not in run.feedback.textLog()


def test_nodes_moved_to_one_cell_share_it(run, raster, row_of_cells):
    row_of_cells["RESISTANCE"] = raster("holes", np.array([[-1, -1, 3, 4, 5]], dtype=np.float32), nodata=-1)
    row_of_cells["FOCAL"] = raster("ends", np.array([[1, 2, 0, 0, 3]], dtype=np.int32), nodata=0)
    assert resistances(run("currentflow", **row_of_cells, SNAP=True))[0] == (1, 2, 0.0, True)
    assert "Focal nodes share 1 cell(s): 1 and 2 (1)." in run.feedback.textLog()


def test_focal_nodes_on_nodata(run, raster, row_of_cells, tmp_path):
    row_of_cells["RESISTANCE"] = raster("holes", np.array([[-1, 2, 3, 4, 5]], dtype=np.float32), nodata=-1)
    row_of_cells["CURRENT"] = str(tmp_path / "current.tif")
    places = r"10 \(nearest valid cell: row 1, column 2"
    out = run("currentflow", **row_of_cells)
    log = run.feedback.textLog()
    assert re.search(r"1 focal node\(s\) have no cell with a resistance and are left out: " + places, log)
    assert [row[2:] for row in resistances(out)] == [(None, False), (None, False), (pytest.approx(8.0), True)]
    cells, nodata = read_raster(out["CURRENT"])
    np.testing.assert_allclose(cells, [[nodata, 0, 1, 1, 1]], atol=1e-12)
    for mode, reached in ((1, [False, True, True]), (2, [False, True, True])):
        assert [row[3] for row in resistances(run("currentflow", **row_of_cells, MODE=mode))] == reached
    assert resistances(run("currentflow", **row_of_cells, SNAP=True))[0][2] == pytest.approx(2.5)


def test_a_focal_node_on_nodata_of_a_region_is_the_node_of_the_region(run, raster, row_of_cells):
    row_of_cells["RESISTANCE"] = raster("holes", np.array([[-1, 2, 3, 4, 5]], dtype=np.float32), nodata=-1)
    row_of_cells["FOCAL"] = raster("ends", np.array([[1, 0, 0, 0, 2]], dtype=np.int32), nodata=0)
    for shorted, value in (([7, 0, 7, 0, 0], 8.0), ([7, 7, 0, 0, 0], 10.5)):
        row_of_cells["SHORT_CIRCUIT"] = raster("shorted", np.array([shorted], dtype=np.int32), nodata=0)
        for snap in (False, True):
            assert resistances(run("currentflow", **row_of_cells, SNAP=snap)) == [(1, 2, pytest.approx(value), True)]
            assert "NoData" not in run.feedback.textLog()


@pytest.mark.parametrize("mode", range(3))
def test_one_focal_node_off_nodata_is_not_enough(run, raster, row_of_cells, tmp_path, mode):
    row_of_cells["RESISTANCE"] = raster("holes", np.array([[-1, 2, -1, 4, 5]], dtype=np.float32), nodata=-1)
    row_of_cells["CURRENT"] = str(tmp_path / "current.tif")
    with pytest.raises(Exception, match=r"10 \(.*; 20 \(.* At least two must be left, but there is 1"):
        run("currentflow", **row_of_cells, MODE=mode)
    assert not (tmp_path / "current.tif").exists()


def test_nothing_is_connected(run, raster, row_of_cells):
    row_of_cells["RESISTANCE"] = raster("holes", np.array([[1, -1, 3, -1, 5]], dtype=np.float32), nodata=-1)
    with pytest.raises(Exception, match="No two of the focal nodes"):
        run("currentflow", **row_of_cells)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"FOCAL": None}, "either as a raster"),
        ({"ZERO_FOCAL": True, "MODE": 1}, "pairwise mode only"),
    ],
)
def test_contradictions_are_named(run, row_of_cells, change, message):
    with pytest.raises(Exception, match=message):
        run("currentflow", **{**row_of_cells, **change})


def test_negative_resistance_is_refused_with_its_place(run, raster, row_of_cells):
    row_of_cells["RESISTANCE"] = raster("negative", np.array([[1, 2, -3, 4, 5]], dtype=np.float32), nodata=-9999)
    with pytest.raises(Exception, match="row 1, column 3"):
        run("currentflow", **row_of_cells)


def test_a_raster_on_another_grid_is_refused(run, raster, row_of_cells):
    row_of_cells["FOCAL"] = raster("shifted", np.array([[10, 0, 20, 0, 30]], dtype=np.int32), left=500_010.0)
    with pytest.raises(Exception, match="do not lie on the same grid"):
        run("currentflow", **row_of_cells)
