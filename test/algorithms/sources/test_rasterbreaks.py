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


def test_limits_of_another_run_are_held(run, raster, tmp_path):
    before = np.random.default_rng(3).lognormal(size=(40, 50)).astype(np.float32)
    first = run(
        "rasterbreaks", INPUT=raster("before", before), OUTPUT=str(tmp_path / "b.tif"), BREAKS=str(tmp_path / "b.gpkg")
    )
    after = raster("after", before / 2)
    upper = [row["upper"] for row in read_table(first["BREAKS"])]
    text = {"LIMITS": ", ".join(f"{one:.10g}" for one in upper)}  # as it is reported
    same = run("rasterbreaks", INPUT=raster("again", before), OUTPUT=str(tmp_path / "same.tif"), **text)
    np.testing.assert_array_equal(read_raster(same["OUTPUT"])[0], read_raster(first["OUTPUT"])[0])
    wanted = np.searchsorted(upper[:-1], before.astype(float) / 2, side="left") + 1
    given = {"table": {"LIMITS_TABLE": first["BREAKS"]}, "text": {"LIMITS": "; ".join(f"{one!r}" for one in upper)}}
    for name, limits in given.items():
        again = run(
            "rasterbreaks",
            INPUT=after,
            CLASSES=9,
            OUTPUT=str(tmp_path / f"{name}.tif"),
            BREAKS=str(tmp_path / f"{name}.gpkg"),
            **limits,
        )
        np.testing.assert_array_equal(read_raster(again["OUTPUT"])[0], wanted)
        assert [row["upper"] for row in read_table(again["BREAKS"])] == upper
        assert "Upper limits of the classes, lowest first, held: " in run.feedback.textLog()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"LIMITS": "3, 2, 1"}, "2 follows 3"),
        ({"LIMITS": "many"}, "'many' is not a number"),
        ({"LIMITS": "5"}, "1 limit.s. make no classes"),
    ],
)
def test_limits_that_are_none_are_refused(run, raster, given, message):
    with pytest.raises(Exception, match=message):
        run("rasterbreaks", INPUT=raster("plain", np.arange(12.0).reshape(3, 4)), OUTPUT="TEMPORARY_OUTPUT", **given)


def test_a_table_without_limits_and_limits_given_twice_are_refused(run, raster, polygons):
    plain = raster("plain", np.arange(12.0).reshape(3, 4))
    table = polygons("areas", [("POLYGON((0 0, 1 0, 1 1, 0 0))", {"name": "a"})], kind="Polygon")
    with pytest.raises(Exception, match=r"'areas' has no column 'upper' .* It has: fid, name"):
        run("rasterbreaks", INPUT=plain, OUTPUT="TEMPORARY_OUTPUT", LIMITS_TABLE=table)
    with pytest.raises(Exception, match="The limits are given twice"):
        run("rasterbreaks", INPUT=plain, OUTPUT="TEMPORARY_OUTPUT", LIMITS_TABLE=table, LIMITS="1, 2")
