import re

import numpy as np
import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis


def square(left, edge, bottom=0.0):
    right, top = left + edge, bottom + edge
    return f"MultiPolygon((({left} {bottom},{right} {bottom},{right} {top},{left} {top},{left} {bottom})))"


@pytest.fixture
def sources(polygons):
    rng = np.random.default_rng(2)
    rows = []
    for k in range(12):
        rows.append(
            (square(4000.0 * (k % 4) + 1000 * rng.random(), 100.0 + 40 * k, 4000.0 * (k // 4)), {"name": f"s{k}"})
        )
    return polygons("sources", rows)


def test_the_settings_are_those_of_connectivity(run, sources):
    swept = run(
        "dispersalsweep",
        SOURCES=sources,
        ID_FIELD="name",
        DISTANCES_LIST="2000, 8000",
        DPC_LIST="1,10",
        LANDSCAPE_AREA=50_000,
        OUTPUT="memory:",
        TABLE="memory:",
    )
    share = {row["source_id"]: 0.0 for row in read_table(swept["OUTPUT"])}
    rows = read_table(swept["TABLE"])
    assert [(row["dispersal"], row["min_dpc"]) for row in rows] == [(2000, 1), (2000, 10), (8000, 1), (8000, 10)]
    for dispersal in (2000.0, 8000.0):
        single = run(
            "connectivity",
            SOURCES=sources,
            ID_FIELD="name",
            DISPERSAL=dispersal,
            LANDSCAPE_AREA=50_000,
            OUTPUT="memory:",
        )
        dpc = {row["source_id"]: row["dPC"] for row in read_table(single["OUTPUT"])}
        for row in rows:
            if row["dispersal"] == dispersal:
                assert row["PC"] == pytest.approx(single["PC"])
                assert row["EC_IIC"] == pytest.approx(single["EC_IIC"])
                assert row["NL"] == single["NL"]
                chosen = [name for name, value in dpc.items() if value >= row["min_dpc"]]
                assert row["chosen"] == len(chosen)
                for name in chosen:
                    share[name] += 0.25
    for row in read_table(swept["OUTPUT"]):
        assert row["share"] == pytest.approx(share[row["source_id"]])
        assert row["best_rank"] <= row["median_rank"] <= row["worst_rank"]
        assert row["lowest_dPC"] <= row["highest_dPC"]


def test_areas_and_steps_and_report(run, sources, tmp_path):
    report = tmp_path / "report.html"
    out = run(
        "dispersalsweep",
        SOURCES=sources,
        FROM=1000,
        TO=5000,
        STEP=2000,
        AREAS_LIST="0; 10",
        OUTPUT="memory:",
        TABLE="memory:",
        HTML=str(report),
    )
    rows = read_table(out["TABLE"])
    assert [(row["min_area"], row["dispersal"]) for row in rows] == [
        (area, distance) for area in (0, 10) for distance in (1000, 3000, 5000)
    ]
    assert rows[-1]["sources"] < rows[0]["sources"] == 12
    assert out["STABLE"] == sum(row["share"] == 1.0 for row in read_table(out["OUTPUT"]))
    page = report.read_text(encoding="utf-8")
    heads = re.findall("<th[^>]*>([^<]+)</th>", page)
    assert heads[:3] == ["Dispersal distance (m)", "Smallest area (ha)", "Smallest dPC (%)"]
    assert page.count("<svg") == 2
    assert "What the sweep says" in page
    assert "are chosen in all 6 settings" in page
    assert "choice of distance" in run.feedback.textLog()


def test_seven_distances_around_the_usual_one(run, sources):
    out = run("dispersalsweep", SOURCES=sources, DISPERSAL=1000, OUTPUT="memory:", TABLE="memory:")
    assert [row["dispersal"] for row in read_table(out["TABLE"])] == [200, 400, 600, 1000, 2000, 3000, 5000]


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"DISTANCES_LIST": "1000-5000"}, "'1000-5000' is not a number"),
        ({"DISTANCES_LIST": "far"}, "'far' is not a number"),
        ({"DISTANCES_LIST": "0, 5"}, "must be above 0"),
        ({"FROM": 1000.0}, "need all three"),
        ({"FROM": 5000.0, "TO": 1000.0, "STEP": 10.0}, "gives no distances"),
        ({"AREAS_LIST": "100000"}, "No source has the minimum area"),
        ({"PROBABILITY": 1.0}, "must lie between 0 and 1"),
    ],
)
def test_bad_settings_are_named(run, sources, tmp_path, options, part):
    target = tmp_path / "out.gpkg"
    with pytest.raises(Exception, match=part):
        run("dispersalsweep", SOURCES=sources, OUTPUT=str(target), TABLE="memory:", **options)
    assert not target.exists()
