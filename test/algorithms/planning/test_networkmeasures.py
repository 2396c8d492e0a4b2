"""The measures of a whole run: those that the tool for them gives on the layers of the run."""

import numpy as np
import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis

NAMED = ("type", "area", "priority", "measure_class", "measure", "area_ha", "land_uses", "protected_ha", "rule")


@pytest.fixture
def whole(run, county, parameters, tmp_path):
    """A run with a legend, townships and villages; returns its results and what was given."""
    given = {**parameters, "LEGEND": 1, "VILLAGES": county["VILLAGES"], "VILLAGE_NAME": ["name"]}
    layers = ("SOURCES", "PINCHPOINTS", "BARRIERS", "ACTIONS", "ACTION_TABLE")
    outputs = {name: str(tmp_path / f"{name}.gpkg") for name in layers}
    outputs.update(REPORT=str(tmp_path / "report.html"), ACTION_BOOK=str(tmp_path / "book.xlsx"))
    return run("securitynetwork", **given, **outputs), given


def test_the_measures_are_those_of_the_single_tool(run, whole, tmp_path):
    found, given = whole
    slope = run("terrainfactor", DEM=given["DEM"], FACTOR=0, OUTPUT=str(tmp_path / "slope.tif"))["OUTPUT"]
    single = run(
        "actionsheet",
        AREAS=[found[name] for name in ("PINCHPOINTS", "BARRIERS", "SOURCES")],
        LANDUSE=given["LANDUSE"],
        LEGEND=1,
        SLOPE=slope,
        PROTECTED=given["PROTECTED"],
        ZONES=given["VILLAGES"],
        NAME=["town", "name"],
        OUTPUT=str(tmp_path / "single.gpkg"),
        TABLE=str(tmp_path / "single_table.gpkg"),
    )
    rows, same = read_table(found["ACTIONS"]), read_table(single["OUTPUT"])
    assert {row["type"] for row in rows} == {"Pinch point", "Barrier", "Weak source"}
    assert [[row[name] for name in (*NAMED, "village")] for row in rows] == [
        [row[name] for name in (*NAMED, "name")] for row in same
    ]
    np.testing.assert_allclose([row["slope"] for row in rows], [row["slope"] for row in same], rtol=1e-5)
    table, other = read_table(found["ACTION_TABLE"]), read_table(single["TABLE"])
    assert [row["area_ha"] for row in table] == [row["area_ha"] for row in other]
    assert table[-1]["area_ha"] == single["AREA_HA"]
    assert sum(row["count"] for row in table[:-1]) == table[-1]["count"] == single["COUNT"]


def test_the_report_has_a_section_by_township(whole, county):
    found, _ = whole
    with open(found["REPORT"], encoding="utf-8") as file:
        report = file.read()
    section = report.partition(">5 Measures</h2>")[2].partition("<h2")[0]
    assert "保护保育" in section
    total = read_table(found["ACTION_TABLE"])[-1]["area_ha"]
    assert section.count(f"{total:,.4f}") >= 2  # the tables by class and by township
    towns = {row["name"] for row in read_table(county["TOWNSHIPS"])}
    assert any(town in section for town in towns)
    villages = {row["name"] for row in read_table(county["VILLAGES"])} - towns
    assert not any(f"<td>{village}</td>" in section for village in villages)


def test_without_a_legend_there_are_none_and_the_run_says_so(run, county, parameters, tmp_path):
    report = str(tmp_path / "report.html")
    given = {name: value for name, value in parameters.items() if name != "LEGEND"}
    given.update(FOREGROUND="1,2,6", SCORES=county["SCORES"])
    found = run("securitynetwork", **given, ACTIONS=str(tmp_path / "a.gpkg"), REPORT=report)
    assert "ACTIONS" not in found
    assert "Measures are given where a LEGEND says what the land uses are" in run.feedback.textLog()
    with open(report, encoding="utf-8") as file:
        assert "5 Measures" not in file.read()


def test_the_plan_is_that_of_the_single_tool(run, parameters, tmp_path):
    layers = ("SOURCES", "LINKS", "BARRIERS", "PLAN", "FRONTIER")
    outputs = {name: str(tmp_path / f"{name}.gpkg") for name in layers}
    outputs.update(RESISTANCE=str(tmp_path / "resistance.tif"), REPORT=str(tmp_path / "report.html"))
    found = run("securitynetwork", **parameters, **outputs, BUDGET="1, 2")
    single = run(
        "restorationplan",
        **{name: found[name] for name in ("RESISTANCE", "SOURCES", "LINKS")},
        CANDIDATES=found["BARRIERS"],
        BUDGET="1, 2",
        DISPERSAL=parameters["DISPERSAL"],
        PLAN=str(tmp_path / "single.gpkg"),
        FRONTIER=str(tmp_path / "single_frontier.gpkg"),
    )
    assert (found["PLAN_SPENT"], found["PLAN_GAIN"]) == pytest.approx((single["SPENT"], single["GAIN"]), rel=1e-6)
    frontier, other = read_table(found["FRONTIER"]), read_table(single["FRONTIER"])
    assert [row["picks"] for row in frontier] == [row["picks"] for row in other]
    for name in ("spent", "gain", "static_gain", "EC_PC"):
        np.testing.assert_allclose([row[name] for row in frontier], [row[name] for row in other], rtol=1e-6)
    plan, same = read_table(found["PLAN"]), read_table(single["PLAN"])
    assert plan
    assert [(row["candidate"], row["links"], row["why"]) for row in plan] == [
        (row["candidate"], row["links"], row["why"]) for row in same
    ]
    for row, twin in zip(plan, same):
        assert row["_geometry"].area() == pytest.approx(twin["_geometry"].area())
        assert (row["gain"], row["restored_ha"]) == pytest.approx((twin["gain"], twin["restored_ha"]), rel=1e-6)
    with open(found["REPORT"], encoding="utf-8") as file:
        section = file.read().partition(">5 Measures</h2>")[2].partition("<h2")[0]
    assert "Barriers to restore, in order" in section
    assert section.index("Restoration plan") < section.index("What a budget buys") < section.index("Action sheet")


def test_a_budget_that_buys_nothing_costs_no_result(run, parameters, tmp_path):
    found = run(
        "securitynetwork", **parameters, BUDGET="0.0001", SOURCES=str(tmp_path / "s.gpkg"), PLAN="TEMPORARY_OUTPUT"
    )
    assert read_table(found["SOURCES"])
    assert "PLAN" not in found
    assert "There is no restoration plan" in run.feedback.textLog()


@pytest.mark.parametrize(("budget", "sentence"), [("-3", "-3 is not"), ("much", "much")])
def test_a_budget_that_is_none_is_refused_at_once(run, parameters, budget, sentence):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match=sentence):
        run("securitynetwork", **parameters, BUDGET=budget)
