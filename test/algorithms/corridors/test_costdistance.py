import numpy as np
import pytest
from layerio import read_raster

pytestmark = pytest.mark.qgis

CELL = 30.0
LEFT, TOP = 500_000.0, 2_900_000.0


def box(row, col, rows=1, cols=1):
    """Return the WKT of a block of cells."""
    left, top = LEFT + col * CELL, TOP - row * CELL
    right, bottom = left + cols * CELL, top - rows * CELL
    return f"MULTIPOLYGON((({left} {top},{right} {top},{right} {bottom},{left} {bottom},{left} {top})))"


def test_costs_zones_and_directions(run, raster, polygons, tmp_path):
    resistance = np.array([[2, 4, 6, -1, 1, 1, 1]], dtype=np.float32)
    out = run(
        "costdistance",
        RESISTANCE=raster("r", resistance, nodata=-1),
        SOURCES=polygons("s", [(box(0, 0), {"source_id": 7}), (box(0, 6), {"source_id": 3})]),
        OUTPUT=str(tmp_path / "cwd.tif"),
        ALLOCATION=str(tmp_path / "zones.tif"),
        DIRECTION=str(tmp_path / "ways.tif"),
    )
    cost, nodata = read_raster(out["OUTPUT"])
    np.testing.assert_allclose(cost, [[0, 90, 240, nodata, 60, 30, 0]])
    assert read_raster(out["ALLOCATION"])[0].tolist() == [[1, 1, 1, 0, 2, 2, 2]]
    assert read_raster(out["DIRECTION"])[0].tolist() == [[0, 5, 5, 255, 1, 1, 0]]
    assert out["MAXIMUM"] == 240.0


def test_largest_cost_and_four_neighbours(run, raster, polygons, tmp_path):
    settings = {
        "RESISTANCE": raster("r", np.ones((3, 3), dtype=np.float32)),
        "SOURCES": polygons("s", [(box(0, 0), {"source_id": 1})]),
        "OUTPUT": str(tmp_path / "cwd.tif"),
    }
    cost, nodata = read_raster(run("costdistance", MAX=45.0, **settings)["OUTPUT"])
    np.testing.assert_allclose(cost, np.array([[0, 30, nodata], [30, 30 * 2**0.5, nodata], [nodata] * 3]), rtol=1e-6)
    cost, _ = read_raster(run("costdistance", NEIGHBOURS=1, **settings)["OUTPUT"])
    np.testing.assert_allclose(cost, [[0, 30, 60], [30, 60, 90], [60, 90, 120]])


@pytest.mark.parametrize(
    ("resistance", "message"),
    [
        ([[1, 0, 0, 3]], r"2 cells are not; the first is 0 in row 1, column 2"),
        ([[-9999, -9999, -9999, -9999]], "no valid cell|no cell with data"),
    ],
)
def test_refuses_unusable_resistance(run, raster, polygons, tmp_path, resistance, message):
    target = tmp_path / "cwd.tif"
    with pytest.raises(Exception, match=message):
        run(
            "costdistance",
            RESISTANCE=raster("r", np.array(resistance, dtype=np.float32), nodata=-9999),
            SOURCES=polygons("s", [(box(0, 0), {"source_id": 1})]),
            OUTPUT=str(target),
        )
    assert not target.exists()
