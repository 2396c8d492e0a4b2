import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

VALUES = np.array([[1.0, 1.5, 2.0, -9.0], [10.0, 11.0, 30.0, 31.0]], dtype=np.float32)


def test_classes_and_limits(run, raster, tmp_path):
    out = run(
        "rasterbreaks",
        INPUT=raster("flow", VALUES, nodata=-9),
        CLASSES=3,
        OUTPUT=str(tmp_path / "classes.tif"),
        BREAKS="memory:",
    )
    cells, nodata = read_raster(out["OUTPUT"])
    assert cells.tolist() == [[1, 1, 1, 0], [2, 2, 3, 3]]
    assert nodata == 0
    rows = read_table(out["BREAKS"])
    assert [(row["class"], row["upper"], row["cells"]) for row in rows] == [(1, 2.0, 3), (2, 11.0, 2), (3, 31.0, 2)]
    assert [row["lower"] for row in rows] == [1.0, 2.0, 11.0]
    assert rows[0]["area_ha"] == pytest.approx(0.27)


def test_mask_leaves_cells_out(run, raster, tmp_path):
    mask = np.array([[1, 1, 1, 1], [1, 1, 0, 0]], dtype=np.uint8)
    out = run(
        "rasterbreaks",
        INPUT=raster("flow", VALUES, nodata=-9),
        MASK=raster("mask", mask),
        CLASSES=2,
        OUTPUT=str(tmp_path / "classes.tif"),
    )
    assert read_raster(out["OUTPUT"])[0].tolist() == [[1, 1, 1, 0], [2, 2, 0, 0]]


def test_a_large_raster_is_classed_whole(run, raster, tmp_path):
    values = np.random.default_rng(1).lognormal(0.0, 1.5, (700, 800)).astype(np.float32)
    out = run("rasterbreaks", INPUT=raster("large", values), CLASSES=5, OUTPUT=str(tmp_path / "classes.tif"))
    cells, _ = read_raster(out["OUTPUT"])
    within = sum(
        ((values[cells == k] - values[cells == k].mean(dtype=float)) ** 2).sum(dtype=float) for k in range(1, 6)
    )
    limits = [values[cells == k].max() for k in range(1, 5)]
    rng = np.random.default_rng(0)
    for _ in range(20):
        other = np.sort(np.array(limits) * rng.uniform(0.98, 1.02, 4))
        place = np.searchsorted(other, values)
        moved = sum(
            ((values[place == k] - values[place == k].mean(dtype=float)) ** 2).sum(dtype=float) for k in range(5)
        )
        assert within <= moved * (1 + 1e-9)
    assert "% above the smallest possible" in run.feedback.textLog()


def test_grids_that_differ_are_refused(run, raster, tmp_path):
    target = tmp_path / "classes.tif"
    with pytest.raises(Exception, match="same grid"):
        run(
            "rasterbreaks",
            INPUT=raster("flow", VALUES, nodata=-9),
            MASK=raster("mask", np.ones((2, 3), dtype=np.uint8)),
            OUTPUT=str(target),
        )
    assert not target.exists()


def test_nothing_to_class_is_named(run, raster, tmp_path):
    with pytest.raises(Exception, match="no cell with data"):
        run("rasterbreaks", INPUT=raster("void", np.full((2, 2), -9.0), nodata=-9), OUTPUT=str(tmp_path / "c.tif"))
