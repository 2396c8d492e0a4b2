"""The restoration plan in a real QGIS: layers, tables, page, costs, locks and refusals on rasters with known answers."""

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

LEFT, TOP, CELL = 500_000.0, 2_900_000.0, 30.0


def square(row, col, high=1, wide=1):
    x, y = LEFT + CELL * col, TOP - CELL * row
    far, low = x + CELL * wide, y - CELL * high
    return f"POLYGON(({x} {y}, {far} {y}, {far} {low}, {x} {low}, {x} {y}))"


@pytest.fixture
def redundant(raster, polygons):
    """Two equal ways between A and B with X and Y in them, and Z between C and D: 36, 36 and 27 times 30 m."""
    surface = np.full((11, 15), -9999.0, dtype=np.float32)
    surface[[1, 5, 9], 1:14] = 1
    surface[1:6, [1, 13]] = 1
    surface[[1, 5, 9], 7] = 37, 37, 28
    line = f"LINESTRING({LEFT + 45} {TOP - 105}, {LEFT + 405} {TOP - 105})"
    links = [
        {"link_id": 7, "from_id": 1, "to_id": 2, "weight": 1.0},
        {"link_id": 9, "from_id": 3, "to_id": 4, "weight": 5.0},
    ]
    ends = ((1, 3, 1), (2, 3, 13), (3, 9, 1), (4, 9, 13))
    places = ((1, 7, "X", 1.0), (5, 7, "Y", 1.0), (9, 7, "Z", 1.0))
    return {
        "RESISTANCE": raster("resistance", surface, nodata=-9999),
        "SOURCES": polygons("sources", [(square(row, col), {"source_id": k}) for k, row, col in ends]),
        "LINKS": polygons("links", [(line, one) for one in links], kind="LineString"),
        "CANDIDATES": polygons(
            "places",
            [(square(row, col), {"name": name, "cost": cost, "after": 1.0}) for row, col, name, cost in places],
        ),
        "COST_FIELD": "cost",
        "BUDGET": "1, 2",
    }


def outputs(folder):
    files = {"PLAN": "plan.gpkg", "FRONTIER": "frontier.gpkg", "OUTPUT_LINKS": "links_after.gpkg"}
    files |= {"RESISTANCE_AFTER": "after.tif", "HTML": "plan.html"}
    return {name: str(folder / file) for name, file in files.items()}


def test_layers_tables_and_page_of_the_known_case(run, redundant, tmp_path):
    out = run("restorationplan", **redundant, **outputs(tmp_path))
    assert (out["SPENT"], out["GAIN"], out["GAIN_STATIC"]) == pytest.approx((2.0, 63 * CELL, 36 * CELL))
    rows = read_table(out["PLAN"])
    assert [(row["pick"], row["name"], row["links"], row["why"]) for row in rows] == [
        (1, "X", "7", "alone"),
        (2, "Z", "9", "alone"),
    ]
    assert [row["gain"] for row in rows] == pytest.approx([36 * CELL, 27 * CELL])
    assert [row["spent"] for row in rows] == [1.0, 2.0]
    assert [row["restored_ha"] for row in rows] == pytest.approx([0.09, 0.09])
    one, two = read_table(out["FRONTIER"])
    assert (one["budget"], one["gain"], one["picks"], one["count"]) == (1.0, pytest.approx(36 * CELL), "1", 1)
    assert (two["gap"], two["optimum"], two["picks"]) == (0.0, pytest.approx(63 * CELL), "1, 3")
    assert two["static_gain"] == pytest.approx(36 * CELL)
    links = {row["link_id"]: row for row in read_table(out["OUTPUT_LINKS"])}
    assert links[7]["cost_before"] - links[7]["cost_after"] == pytest.approx(36 * CELL)
    assert links[9]["saved"] == pytest.approx(27 * CELL)
    after, nodata = read_raster(out["RESISTANCE_AFTER"])
    before, _ = read_raster(redundant["RESISTANCE"])
    assert [tuple(place) for place in np.argwhere((after != before) & (after != nodata))] == [(1, 7), (9, 7)]
    page = (tmp_path / "plan.html").read_text(encoding="utf-8")
    for words in ("What a budget buys", "best of all sets", "No guarantee comes with a plan", "<svg"):
        assert words in page
    log = run.feedback.textLog()
    assert "2 of 3 places for 2 of 2 gain 1,890 cost units off the least-cost distances." in log
    assert "a gap of 0 %" in log


def test_each_objective(run, redundant, tmp_path):
    weighted = run("restorationplan", **redundant, LINK_WEIGHT="weight", **outputs(tmp_path))
    assert [row["name"] for row in read_table(weighted["PLAN"])] == ["Z", "X"]
    assert weighted["GAIN"] == pytest.approx((5 * 27 + 36) * CELL)
    solved = run("restorationplan", **redundant, OBJECTIVE=1, CUTOFF=1000.0, **outputs(tmp_path))
    link = {row["link_id"]: row for row in read_table(solved["OUTPUT_LINKS"])}
    # Ways of 32 and 52 (or 16 and 52) metres of resistance 1 side by side, in cells.
    assert link[9]["res_before"] - link[9]["res_after"] == pytest.approx(27 * CELL)
    assert link[7]["res_after"] < link[7]["res_before"]
    equivalent = run("restorationplan", **redundant, OBJECTIVE=2, DISPERSAL=500.0, **outputs(tmp_path))
    assert "of equivalent connectivity" in run.feedback.textLog()
    two = read_table(equivalent["FRONTIER"])[1]
    assert two["gain"] == pytest.approx(equivalent["GAIN"])
    assert two["EC_PC"] > two["gain"] > 0


def test_costs_by_raster_by_area_and_by_field(run, redundant, raster, tmp_path):
    given = {key: value for key, value in redundant.items() if key != "COST_FIELD"}
    area = run("restorationplan", **{**given, "BUDGET": "0.1; 0.2"}, **outputs(tmp_path))
    assert area["SPENT"] == pytest.approx(0.18)
    prices = np.ones((11, 15), dtype=np.float32)
    prices[9, 7] = 50
    dear = run("restorationplan", **given, COST=raster("prices", prices), **outputs(tmp_path))
    assert [row["name"] for row in read_table(dear["PLAN"])] == ["X"]
    prices[5, 7] = -1
    with pytest.raises(Exception, match=r"cost of places 2 \(-1\).*not above 0"):
        run("restorationplan", **given, COST=raster("negative", prices), **outputs(tmp_path))
    prices[5, 7] = -9999
    with pytest.raises(Exception, match="Places 2 have cells without a cost"):
        run("restorationplan", **given, COST=raster("holes", prices, nodata=-9999), **outputs(tmp_path))
    with pytest.raises(Exception, match="not both"):
        run("restorationplan", **redundant, COST=raster("both", prices), **outputs(tmp_path))


def test_land_that_is_locked(run, redundant, polygons, tmp_path):
    locked = polygons("locked", [(square(0, 6, 3, 3), {"id": 1})])
    out = run("restorationplan", **redundant, LOCKED_OUT=locked, **outputs(tmp_path))
    assert "Places 1 of 'places' lie wholly in land that is locked out and were dropped." in run.feedback.textLog()
    assert [row["name"] for row in read_table(out["PLAN"])] == ["Y", "Z"]
    assert read_raster(out["RESISTANCE_AFTER"])[0][1, 7] == 37
    fixed = polygons("fixed", [(square(4, 6, 3, 3), {"id": 1})])
    out = run("restorationplan", **redundant, LOCKED_IN=fixed, **outputs(tmp_path))
    assert [(row["name"], row["why"]) for row in read_table(out["PLAN"])] == [("Y", "locked in"), ("Z", "alone")]
    everything = polygons("everything", [(square(0, 0, 11, 15), {"id": 1})])
    with pytest.raises(
        Exception, match="'places' has no place that can be restored: 0 lie outside the raster, 3 in land"
    ):
        run("restorationplan", **redundant, LOCKED_OUT=everything, **outputs(tmp_path))


def test_what_is_restored_to(run, redundant, polygons, tmp_path):
    out = run("restorationplan", **redundant, RESTORED=10.0, **outputs(tmp_path))
    assert out["GAIN"] == pytest.approx((27 + 18) * CELL)
    assert read_raster(out["RESISTANCE_AFTER"])[0][1, 7] == 10
    out = run("restorationplan", **redundant, RESTORED=10.0, RESTORED_FIELD="after", **outputs(tmp_path))
    assert out["GAIN"] == pytest.approx(63 * CELL)
    with pytest.raises(Exception, match=r"Nothing is gained.*the largest is 37"):
        run("restorationplan", **redundant, RESTORED=40.0, **outputs(tmp_path))


@pytest.mark.parametrize(
    ("costs", "words"),
    [
        ((1.0, None, 2.0), r"Places 2 have no number in 'cost' \(COST_FIELD\)"),
        (("1", "much", "2"), r"The field 'cost' of 'costs' holds 'much'"),
        ((1.0, -4.0, 0.0), r"Places 2 \(-4\), 3 \(0\) have a cost of 0 or less"),
        ((3.0, 4.0, 5.0), r"budget of 2 buys nothing: the cheapest candidate \(number 1\) costs 3"),
    ],
)
def test_costs_that_cannot_be_used(run, redundant, polygons, tmp_path, costs, words):
    places = polygons("costs", [(square(row, 7), {"cost": cost}) for row, cost in zip((1, 5, 9), costs)])
    given = {**redundant, "CANDIDATES": places}
    with pytest.raises(Exception, match=words):
        run("restorationplan", **given, **outputs(tmp_path))


def test_places_outside_the_raster_are_named(run, redundant, polygons, tmp_path):
    places = polygons("far", [(square(row, 7), {"cost": 1.0}) for row in (1, 5, 9, 500)])
    out = run("restorationplan", **{**redundant, "CANDIDATES": places}, **outputs(tmp_path))
    assert "Places 4 of 'far' lie outside the raster and were dropped." in run.feedback.textLog()
    assert out["GAIN"] == pytest.approx(63 * CELL)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"BUDGET": "much"}, "BUDGET"),
        ({"BUDGET": " "}, "BUDGET"),
        ({"BUDGET": "-3"}, r"-3 is not"),
        ({"LINK_WEIGHT": "weight", "OBJECTIVE": 2}, "takes no weights of links"),
    ],
)
def test_what_cannot_be_used_is_refused(run, redundant, tmp_path, change, words):
    with pytest.raises(Exception, match=words):
        run("restorationplan", **{**redundant, **change}, **outputs(tmp_path))


def test_links_of_other_sources_are_refused(run, redundant, polygons, tmp_path):
    line = f"LINESTRING({LEFT + 45} {TOP - 105}, {LEFT + 405} {TOP - 105})"
    other = polygons("other", [(line, {"link_id": 1, "from_id": 11, "to_id": 12})], kind="LineString")
    with pytest.raises(Exception, match="does not match the sources"):
        run("restorationplan", **{**redundant, "LINKS": other}, **outputs(tmp_path))


def test_a_smaller_budget_that_buys_nothing_is_said(run, redundant, tmp_path):
    run("restorationplan", **{**redundant, "BUDGET": "0.5, 2"}, **outputs(tmp_path))
    assert "The budget of 0.5 buys nothing: the cheapest place costs 1." in run.feedback.textLog()


def test_the_surface_of_the_plan_does_not_hide_the_map(run, redundant):
    import processing
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProject

    project = QgsProject.instance()
    project.clear()
    context = QgsProcessingContext()
    context.setProject(project)
    wanted = dict.fromkeys(("PLAN", "FRONTIER", "RESISTANCE_AFTER"), "TEMPORARY_OUTPUT")
    processing.runAndLoadResults(
        "ecosecnet:restorationplan", {**redundant, **wanted}, QgsProcessingFeedback(False), context
    )
    seen = {node.name(): node.itemVisibilityChecked() for node in project.layerTreeRoot().findLayers()}
    assert {layer.customProperty("ecosecnet/tool") for layer in project.mapLayers().values()} == {"restorationplan"}
    project.clear()
    assert seen["Restoration plan"]
    assert not seen["Resistance surface after restoration"]
