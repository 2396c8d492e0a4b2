"""One cutoff makes one corridor in every tool that draws corridors."""

import re

import numpy as np
import pytest
from layerio import read_raster, read_table
from scipy import ndimage

pytestmark = pytest.mark.qgis

SIZE = 60
BOXES = {3: (4, 5), 5: (48, 10), 8: (20, 45), 9: (50, 50)}
OUTPUTS = {
    "linkages": "CORRIDORS",
    "pinchpoints": "CURRENT",
    "circuitbarriers": "GAIN",
    "linkpriority": "PRIORITY",
}


def square(row, col):
    x, y = 500_000 + 30 * col, 2_900_000 - 30 * row
    return f"POLYGON(({x} {y}, {x + 150} {y}, {x + 150} {y - 150}, {x} {y - 150}, {x} {y}))"


@pytest.fixture
def net(run, raster, polygons):
    """Four sources on rough ground of resistance 10 to 90, and their links."""
    rough = ndimage.gaussian_filter(np.random.default_rng(5).normal(size=(SIZE, SIZE)), 2)
    ranks = np.argsort(np.argsort(rough, axis=None)).reshape(rough.shape) / rough.size
    given = {
        "RESISTANCE": raster("ground", np.ceil(10 + 80 * ranks).astype(np.float32)),
        "SOURCES": polygons("sources", [(square(*box), {"source_id": one}) for one, box in BOXES.items()]),
    }
    return {**given, "LINKS": run("linkages", **given, LINKS="TEMPORARY_OUTPUT")["LINKS"]}


@pytest.fixture
def corridors(run, net):
    """Return the cells of the corridors outside the sources, and the cutoff, that a tool makes of a choice."""

    def draw(tool, feedback=None, **choice):
        given = dict(net)
        if tool == "linkages":
            given["LINKS"] = "TEMPORARY_OUTPUT"
        more = {"linkpriority": {"OUTPUT_SOURCES": "TEMPORARY_OUTPUT", "OUTPUT_LINKS": "TEMPORARY_OUTPUT"}}
        out = run(tool, feedback, **given, **choice, **more.get(tool, {}), **{OUTPUTS[tool]: "TEMPORARY_OUTPUT"})
        values, nodata = read_raster(out[OUTPUTS[tool]])
        cells = values != nodata
        for row, col in BOXES.values():
            cells[row : row + 5, col : col + 5] = False
        return cells, out["CUTOFF_USED"]

    return draw


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"CUTOFF": 300.0, "CUTOFF_RULE": 1},
        {"CUTOFF": 4000.0},
        {"CUTOFF": 0.08, "CUTOFF_RULE": 2},
        {"CUTOFF": 150.0, "CUTOFF_RULE": 3},
    ],
    ids=["empty", "metres", "cost units", "share", "width"],
)
def test_all_tools_draw_the_same_corridor(corridors, choice):
    belt, used = corridors("linkages", **choice)
    assert np.count_nonzero(belt) > 0
    for tool in ("pinchpoints", "circuitbarriers", "linkpriority"):
        cells, cutoff = corridors(tool, **choice)
        np.testing.assert_array_equal(cells, belt, tool)
        assert cutoff == pytest.approx(used, rel=1e-9), tool


def test_a_number_alone_is_in_cost_units_as_it_always_was(corridors):
    for tool in OUTPUTS:
        assert corridors(tool, CUTOFF=2000)[1] == 2000.0
    # 2000 m here are many more.
    assert corridors("linkages", CUTOFF=2000, CUTOFF_RULE=1)[1] > 40_000


def test_without_a_number_it_is_2000_m_over_the_resistance_of_the_paths_as_far_as_a_third(run, net, corridors):
    links = [link for link in read_table(net["LINKS"]) if link["active"]]
    mean = sum(link["cw_dist"] for link in links) / sum(link["lcp_length"] for link in links)
    full = corridors("pinchpoints", CUTOFF=2000, CUTOFF_RULE=1)[1]
    assert full == pytest.approx(2000.0 * mean)
    cells, used = corridors("pinchpoints")
    assert f"2,000 m times {mean:.4g}, the mean resistance of the least-cost paths" in run.feedback.textLog()
    assert used < full
    land = SIZE**2 - 100
    assert 0.3 * land < np.count_nonzero(cells) <= land / 3


@pytest.mark.parametrize("choice", [{}, {"CUTOFF": 0.08, "CUTOFF_RULE": 2}, {"CUTOFF": 150.0, "CUTOFF_RULE": 3}])
def test_links_that_lack_costs_are_searched(run, net, corridors, polygons, choice):
    belt, used = corridors("pinchpoints", **choice)
    bare = [
        ("LINESTRING(500060 2899850, 501140 2899340)", {name: link[name] for name in ("link_id", "from_id", "to_id")})
        for link in read_table(net["LINKS"])
        if link["active"]
    ]
    net["LINKS"] = polygons("bare", bare, kind="LineString")
    cells, cutoff = corridors("pinchpoints", **choice)
    assert cutoff == pytest.approx(used)
    np.testing.assert_array_equal(cells, belt)


def test_the_belt_of_barriers_is_the_corridor(run, net, corridors):
    belt, used = corridors("linkages", CUTOFF=300.0, CUTOFF_RULE=1)
    out = run("barriers", **net, BELT=300.0, CUTOFF_RULE=1, SCORE="TEMPORARY_OUTPUT")
    assert out["CUTOFF_USED"] == pytest.approx(used)
    score, nodata = read_raster(out["SCORE"])
    for row, col in BOXES.values():
        score[row : row + 5, col : col + 5] = nodata
    assert (score != nodata).any()
    assert not ((score != nodata) & ~belt).any()


def test_a_sweep_without_numbers_goes_by_the_paths(run, net, corridors):
    used = corridors("linkages", CUTOFF=2000, CUTOFF_RULE=1)[1]
    for given in ({}, {"CUTOFFS": "1000, 2000, 5000", "CUTOFF_RULE": 1}):
        rows = read_table(run("cutoffsweep", **net, **given, SURFACE=1, TABLE="TEMPORARY_OUTPUT")["TABLE"])
        assert [row["cutoff_a"] for row in rows] == pytest.approx([0.5 * used, 0.5 * used, used])
    rows = read_table(run("cutoffsweep", **net, CUTOFFS="1000 2000", SURFACE=1, TABLE="TEMPORARY_OUTPUT")["TABLE"])
    assert (rows[0]["cutoff_a"], rows[0]["cutoff_b"]) == (1000.0, 2000.0)


@pytest.mark.parametrize("tool", ["linkages", "pinchpoints"])
def test_belts_over_much_land_are_warned_of_with_a_cutoff_that_mends_it(run, corridors, tool):
    corridors(tool, CUTOFF=2000, CUTOFF_RULE=1)
    log = run.feedback.textLog()
    assert re.search(r"The corridors cover \d+ % of the land outside the sources", log)
    cells, _ = corridors(tool, CUTOFF=float(re.search(r"CUTOFF = (\S+) cost units", log)[1]))
    assert np.count_nonzero(cells) <= (SIZE**2 - 100) / 3
    assert "The corridors cover" not in run.feedback.textLog()
    assert "cells wide in the mean" not in run.feedback.textLog()


def test_narrow_belts_are_warned_of(run, corridors):
    corridors("pinchpoints", CUTOFF=10.0)
    log = run.feedback.textLog()
    assert "cells wide in the mean" in log
    corridors("pinchpoints", CUTOFF=float(re.search(r"CUTOFF = (\S+) cost units", log)[1]))
    assert "cells wide in the mean" not in run.feedback.textLog()


@pytest.mark.parametrize("tool", sorted(OUTPUTS))
def test_a_unit_without_a_number_is_refused(corridors, tool):
    with pytest.raises(Exception, match="CUTOFF is empty"):
        corridors(tool, CUTOFF_RULE=2)


def test_a_unit_without_a_number_is_no_fault_where_no_cutoff_is_used(run, net, corridors):
    """An area goes before the cutoff; links alone, ranks alone and barriers without a belt do without."""
    areas = [corridors("linkages", AREA=20.0, **unit) for unit in ({}, {"CUTOFF_RULE": 2})]
    np.testing.assert_array_equal(*(cells for cells, _ in areas))
    assert areas[0][1] == areas[1][1]
    scores = [run("barriers", **net, **unit, SCORE="TEMPORARY_OUTPUT")["SCORE"] for unit in ({}, {"CUTOFF_RULE": 2})]
    np.testing.assert_array_equal(*(read_raster(score)[0] for score in scores))
    ranked = run(
        "linkpriority", **net, CUTOFF_RULE=2, OUTPUT_SOURCES="TEMPORARY_OUTPUT", OUTPUT_LINKS="TEMPORARY_OUTPUT"
    )
    assert len(read_table(ranked["OUTPUT_LINKS"])) == sum(link["active"] for link in read_table(net["LINKS"]))
    again = run("linkages", **{**net, "LINKS": "TEMPORARY_OUTPUT"}, CUTOFF_RULE=2)
    assert len(read_table(again["LINKS"])) == len(read_table(net["LINKS"]))
