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
        OUTPUT_SOURCES=str(tmp_path / "s.gpkg"),
        OUTPUT_LINKS=str(tmp_path / "l.gpkg"),
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
        OUTPUT_SOURCES=str(tmp_path / "s.gpkg"),
        OUTPUT_LINKS=str(tmp_path / "l.gpkg"),
    )
    assert [row["value"] for row in read_table(out["OUTPUT_SOURCES"])] == [0.0, 0.25, 1.0]
    first, second = read_table(out["OUTPUT_LINKS"])
    # 1 -> 2 leads to what 1 is now; 2 -> 3 from 280 to 285.
    assert (first["p_climate"], second["p_climate"]) == (1.0, 0.0)
    raw = [0.5 * 0.125 + 0.5, 0.5 * 0.625]
    np.testing.assert_allclose([first["priority"], second["priority"]], [1.0, raw[1] / raw[0]])


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
