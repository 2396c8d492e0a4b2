"""The tool for current from sources to grounds in a real QGIS."""

import numpy as np
import pytest
from layerio import read_raster

pytestmark = pytest.mark.qgis


@pytest.fixture
def row_of_cells(raster):
    """Make five cells of resistance 1 in a row, 3 A into the middle, grounds at the ends: direct, and 2 ohms."""
    return {
        "RESISTANCE": raster("resistance", np.ones((1, 5), dtype=np.float32), nodata=-9),
        "CURRENT_SOURCES": raster("sources", np.array([[-9, -9, 3, -9, -9]], dtype=np.float32), nodata=-9),
        "GROUNDS": raster("grounds", np.array([[0, -9, -9, -9, 2]], dtype=np.float32), nodata=-9),
        "CURRENT": "TEMPORARY_OUTPUT",
        "VOLTAGE": "TEMPORARY_OUTPUT",
    }


def test_current_divides_by_the_resistances_to_ground(run, row_of_cells):
    out = run("currentflowadvanced", **row_of_cells)
    np.testing.assert_allclose(read_raster(out["VOLTAGE"])[0], [[0, 2, 4, 3, 2]], rtol=1e-6)
    np.testing.assert_allclose(read_raster(out["CURRENT"])[0], [[2, 2, 3, 1, 1]], rtol=1e-6)
    assert out["MAXIMUM"] == pytest.approx(3.0)


def test_grounds_as_conductances(run, raster, row_of_cells):
    row_of_cells["GROUNDS"] = raster("siemens", np.array([[0.5, -9, -9, -9, 0.5]], dtype=np.float32), nodata=-9)
    out = run("currentflowadvanced", **row_of_cells, GROUNDS_ARE=1)
    np.testing.assert_allclose(read_raster(out["VOLTAGE"])[0], [[3, 4.5, 6, 4.5, 3]], rtol=1e-6)


def test_points(run, row_of_cells, polygons):
    del row_of_cells["CURRENT_SOURCES"], row_of_cells["GROUNDS"]
    place = "POINT({} 2899985)".format
    sources = [(place(500_075), {"amperes": 1.0}), (place(500_075), {"amperes": 2.0})]
    grounds = [(place(500_015), {"ohms": 0.0}), (place(500_135), {"ohms": 2.0})]
    points = {
        "CURRENT_SOURCE_POINTS": polygons("sources", sources, kind="Point"),
        "GROUND_POINTS": polygons("grounds", grounds, kind="Point"),
    }
    out = run("currentflowadvanced", **row_of_cells, **points, STRENGTH_FIELD="amperes", GROUND_FIELD="ohms")
    np.testing.assert_allclose(read_raster(out["CURRENT"])[0], [[2, 2, 3, 1, 1]], rtol=1e-6)
    # without fields: 1 A for each of the two points, both ends held at 0 V; the 2 A leave the middle both ways
    out = run("currentflowadvanced", **row_of_cells, **points)
    np.testing.assert_allclose(read_raster(out["CURRENT"])[0], [[1, 1, 2, 1, 1]], rtol=1e-6)


def test_conflicts(run, raster, row_of_cells):
    row_of_cells["CURRENT_SOURCES"] = raster("two", np.array([[-9, -9, 3, -9, 1]], dtype=np.float32), nodata=-9)
    ends = [read_raster(run("currentflowadvanced", **row_of_cells, CONFLICT=k)["CURRENT"])[0][0, 1] for k in range(4)]
    # the way to the direct ground: half an ampere more of the end's source, nothing, all of both, all of the first
    np.testing.assert_allclose(ends, [2 + 1 / 3, 2, 4, 3], rtol=1e-6)


def test_nothing_is_connected(run, raster, row_of_cells, tmp_path):
    row_of_cells["RESISTANCE"] = raster("cut", np.array([[1, -9, 1, -9, 1]], dtype=np.float32), nodata=-9)
    row_of_cells["CURRENT"] = str(tmp_path / "current.tif")
    with pytest.raises(Exception, match="No source is connected to a ground"):
        run("currentflowadvanced", **row_of_cells)
    assert not (tmp_path / "current.tif").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"GROUNDS": None}, "Give the grounds either"),
        ({"STRENGTH_FIELD": "amperes"}, r"\(CURRENT_SOURCE_POINTS\), whose field it would be, is empty"),
    ],
)
def test_contradictions_are_named(run, row_of_cells, change, message):
    with pytest.raises(Exception, match=message):
        run("currentflowadvanced", **{**row_of_cells, **change})


def test_negative_resistance_to_ground(run, raster, row_of_cells):
    row_of_cells["GROUNDS"] = raster("bad", np.array([[0, -1, -9, -9, 2]], dtype=np.float32), nodata=-9)
    with pytest.raises(Exception, match="negative resistance to ground -1"):
        run("currentflowadvanced", **row_of_cells)


def test_sources_and_grounds_on_nodata_are_named_and_left_out(run, raster, row_of_cells):
    row_of_cells["RESISTANCE"] = raster("hole", np.array([[1, 1, 1, 1, -9]], dtype=np.float32), nodata=-9)
    row_of_cells["CURRENT_SOURCES"] = raster("two", np.array([[-9, -9, 3, -9, 1]], dtype=np.float32), nodata=-9)
    out = run("currentflowadvanced", **row_of_cells)
    text = run.feedback.textLog()
    assert "1 source(s) lie on cells without a resistance (NoData) and are left out: row 1, column 5" in text
    assert "1 ground(s) lie on cells without a resistance (NoData) and are left out: row 1, column 5" in text
    np.testing.assert_allclose(read_raster(out["CURRENT"])[0][0, :4], [3, 3, 3, 0], atol=1e-6)
    row_of_cells["CURRENT_SOURCES"] = raster("one", np.array([[-9, -9, -9, -9, 1]], dtype=np.float32), nodata=-9)
    with pytest.raises(Exception, match="no source on a valid cell"):
        run("currentflowadvanced", **row_of_cells)
