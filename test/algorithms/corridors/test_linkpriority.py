import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

CELL = 30.0
LEFT, TOP = 500_000.0, 2_900_000.0


def box(row, col, rows, cols, **attributes):
    """Return a source of a block of cells."""
    left, top = LEFT + col * CELL, TOP - row * CELL
    right, bottom = left + cols * CELL, top - rows * CELL
    return f"MULTIPOLYGON((({left} {top},{right} {top},{right} {bottom},{left} {bottom},{left} {top})))", attributes


@pytest.fixture
def given(run, raster, polygons, tmp_path):
    """Three sources with their links as 'linkages' writes them."""
    resistance = np.ones((12, 60), dtype=np.float32)
    resistance[:, 40:45] = 4.0
    inputs = {
        "RESISTANCE": raster("r", resistance),
        "SOURCES": polygons(
            "s",
            [
                box(4, 2, 4, 4, source_id=1, expert=1.0),
                box(4, 20, 2, 8, source_id=2, expert=2.0),
                box(4, 50, 6, 8, source_id=3, expert=5.0),
            ],
        ),
    }
    out = run("linkages", **inputs, LINKS=str(tmp_path / "links.gpkg"), CORRIDORS="TEMPORARY_OUTPUT")
    assert out["LINK_COUNT"] == 2
    return {**inputs, "LINKS": out["LINKS"]}


def test_values_priorities_and_map(run, given, tmp_path):
    out = run(
        "linkpriority",
        **given,
        CUTOFF=60.0,
        OUTPUT_SOURCES=str(tmp_path / "out_sources.gpkg"),
        OUTPUT_LINKS=str(tmp_path / "out_links.gpkg"),
        PRIORITY=str(tmp_path / "p.tif"),
    )
    sources = read_table(out["OUTPUT_SOURCES"])
    area = np.array([16, 16, 48])
    shape = area / np.array([16, 20, 28])
    np.testing.assert_allclose([row["p_area"] for row in sources], area / 48)
    np.testing.assert_allclose([row["p_shape"] for row in sources], shape / shape.max())
    assert [row["p_permeable"] for row in sources] == [1.0, 1.0, 1.0]
    total = 0.33 + 0.33 * area / 48 + 0.34 * shape / shape.max()
    value = (total - total.min()) / (total.max() - total.min())
    np.testing.assert_allclose([row["value"] for row in sources], value)
    first, second = read_table(out["OUTPUT_LINKS"])
    assert (first["p_close"], second["p_close"]) == (1.0, 0.0)
    assert (first["p_path"], second["p_path"]) == (1.0, 0.0)
    ends = [value[:2].mean(), value[1:].mean()]
    np.testing.assert_allclose([first["p_ends"], second["p_ends"]], ends)
    raw = [0.66 + 0.34 * ends[0], 0.34 * ends[1]]
    np.testing.assert_allclose([first["priority"], second["priority"]], [1.0, raw[1] / raw[0]])
    assert (first["rank"], first["rank_best"], first["rank_worst"]) == (1, 1, 1)
    found, nodata = read_raster(out["PRIORITY"])
    assert found[4, 10] == pytest.approx(1.0)
    assert found[4, 35] == pytest.approx(0.5 + 0.5 * raw[1] / raw[0])
    assert found[0, 0] == nodata


def test_experts_and_climate_count_when_they_have_a_weight(run, given, raster, tmp_path):
    now = np.full((12, 60), 280.0, dtype=np.float32)
    now[:, :15] = 300.0
    future = now + 5.0
    future[:, 15:35] = 300.0
    out = run(
        "linkpriority",
        **given,
        SOURCE_EXPERT="expert",
        SOURCE_EXPERT_WEIGHT=1.0,
        PERMEABILITY_WEIGHT=0.0,
        AREA_WEIGHT=0.0,
        SHAPE_WEIGHT=0.0,
        CLIMATE=raster("now", now),
        FUTURE=raster("future", future),
        CLOSE_WEIGHT=0.0,
        PATH_WEIGHT=0.0,
        ENDS_WEIGHT=0.5,
        CLIMATE_WEIGHT=0.5,
        OUTPUT_SOURCES=str(tmp_path / "out_sources.gpkg"),
        OUTPUT_LINKS=str(tmp_path / "out_links.gpkg"),
    )
    assert [row["value"] for row in read_table(out["OUTPUT_SOURCES"])] == [0.0, 0.25, 1.0]
    first, second = read_table(out["OUTPUT_LINKS"])
    # 1 -> 2 leads to what 1 is now; 2 -> 3 from 280 to 285.
    assert (first["p_climate"], second["p_climate"]) == (1.0, 0.0)
    raw = [0.5 * 0.125 + 0.5, 0.5 * 0.625]
    np.testing.assert_allclose([first["priority"], second["priority"]], [1.0, raw[1] / raw[0]])


def test_a_value_raster_is_read_on_its_own_cells(run, given, raster, tmp_path):
    """Cells of 47 m beside those of 30 m: the mean over the centres inside, nothing resampled."""
    size = 47.0
    values = np.random.default_rng(2).uniform(0.0, 9.0, (10, 42)).astype(np.float32)
    x = LEFT - 31.0 + (np.arange(42) + 0.5) * size
    y = TOP + 17.0 - (np.arange(10) + 0.5) * size
    means = []
    for row, col, rows, cols in ((4, 2, 4, 4), (4, 20, 2, 8), (4, 50, 6, 8)):
        across = (x > LEFT + col * CELL) & (x < LEFT + (col + cols) * CELL)
        down = (y < TOP - row * CELL) & (y > TOP - (row + rows) * CELL)
        means.append(values[np.ix_(down, across)].mean(dtype=float))
    out = run(
        "linkpriority",
        **given,
        VALUE=raster("value", values, cell=size, left=LEFT - 31.0, top=TOP + 17.0),
        VALUE_WEIGHT=1.0,
        PERMEABILITY_WEIGHT=0.0,
        AREA_WEIGHT=0.0,
        SHAPE_WEIGHT=0.0,
        OUTPUT_SOURCES=str(tmp_path / "out_sources.gpkg"),
        OUTPUT_LINKS="TEMPORARY_OUTPUT",
    )
    means = np.array(means)
    expected = (means - means.min()) / (means.max() - means.min())
    np.testing.assert_allclose([row["value"] for row in read_table(out["OUTPUT_SOURCES"])], expected, rtol=1e-6)


def test_a_link_of_priority_0_stays_in_the_map(run, given, raster, tmp_path):
    """Its corridor is blended from its place alone; only a smallest priority above 0 takes it out."""
    now = np.full((12, 60), 280.0, dtype=np.float32)
    now[:, :15] = 300.0
    future = now + 5.0
    future[:, 15:35] = 300.0
    climate = {
        "CLIMATE": raster("now", now),
        "FUTURE": raster("future", future),
        "CLOSE_WEIGHT": 0.0,
        "PATH_WEIGHT": 0.0,
        "ENDS_WEIGHT": 0.0,
        "CLIMATE_WEIGHT": 1.0,
        "CUTOFF": 60.0,
    }
    layers = {"OUTPUT_SOURCES": "TEMPORARY_OUTPUT", "OUTPUT_LINKS": str(tmp_path / "out_links.gpkg")}
    out = run("linkpriority", **given, **climate, **layers, PRIORITY=str(tmp_path / "p.tif"))
    assert [row["priority"] for row in read_table(out["OUTPUT_LINKS"])] == [1.0, 0.0]
    found, nodata = read_raster(out["PRIORITY"])
    assert found[4, 15] == pytest.approx(1.0)
    assert found[5, 35] == pytest.approx(0.5)
    layers["OUTPUT_LINKS"] = str(tmp_path / "l2.gpkg")
    out = run("linkpriority", **given, **climate, **layers, MIN_PRIORITY=0.01, PRIORITY=str(tmp_path / "p2.tif"))
    assert read_raster(out["PRIORITY"])[0][5, 35] == nodata


def test_links_keep_what_other_tools_have_written(run, given, tmp_path):
    """One tool after the other on one link layer, ending with the one that needs what the first wrote."""
    fields = set(read_table(given["LINKS"])[0])
    links = given["LINKS"]
    for tool, options, added, moved in (
        ("pinchpoints", {"CUTOFF": 60.0}, "eff_res", {}),
        ("barriers", {}, "gain", {}),
        ("circuitbarriers", {"CUTOFF": 60.0}, "exact", {"percent": "percent_old", "x": "x_old", "y": "y_old"}),
        ("centrality", {}, "current_flow", {}),
        ("gravity", {}, "gravity", {"grade": "grade_old"}),
        ("linkpriority", {}, "priority", {"rank": "rank_old", "grade": "grade_old_2"}),
        ("linkpriority", {}, "priority", {"priority": "priority_old", "rank": "rank_old_2", "grade": "grade_old_3"}),
    ):
        inputs = {**given, "LINKS": links, **options}
        for name in ("CURRENT", "SCORE", "GAIN", "OUTPUT_SOURCES"):
            inputs[name] = "TEMPORARY_OUTPUT"
        before = read_table(links)[0]
        links = run(tool, **inputs, OUTPUT_LINKS=str(tmp_path / f"{len(fields)}{tool}.gpkg"))["OUTPUT_LINKS"]
        after = read_table(links)[0]
        fields |= {added, *moved.values()}
        assert fields <= set(after), tool
        for name, kept in moved.items():
            assert after[kept] == before[name], (tool, name)
            assert f"{kept} ({name})" in run.feedback.textLog()
        assert ("are kept:" in run.feedback.textLog()) == bool(moved), tool
    first = read_table(given["LINKS"])[0]
    last = read_table(links)[0]
    assert {name: last[name] for name in first if name not in ("fid", "_geometry")} == {
        name: first[name] for name in first if name not in ("fid", "_geometry")
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"CLIMATE_WEIGHT": 0.3}, "needs the present and the future climate"),
        ({"SOURCE_EXPERT_WEIGHT": 0.3}, "SOURCE_EXPERT is empty"),
        ({"CLOSE_WEIGHT": 0, "PATH_WEIGHT": 0, "ENDS_WEIGHT": 0}, "not all 0"),
        ({"MIN_PRIORITY": 1.0, "PRIORITY": "TEMPORARY_OUTPUT"}, "No link has a priority above 1"),
    ],
)
def test_refuses(run, given, options, message):
    with pytest.raises(Exception, match=message):
        run("linkpriority", **given, **options, OUTPUT_SOURCES="TEMPORARY_OUTPUT", OUTPUT_LINKS="TEMPORARY_OUTPUT")
