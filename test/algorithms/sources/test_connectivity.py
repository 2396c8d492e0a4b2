import math

import numpy as np
import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis

# Three squares of 1, 4 and 9 ha in a row, 500 m and 1000 m apart, and one of 1 ha 20 km off.
SQUARES = [("a", 0.0, 100.0), ("b", 600.0, 200.0), ("c", 1800.0, 300.0), ("d", 22_100.0, 100.0)]


def square(left, edge, bottom=0.0):
    right, top = left + edge, bottom + edge
    return f"MultiPolygon((({left} {bottom},{right} {bottom},{right} {top},{left} {top},{left} {bottom})))"


@pytest.fixture
def squares(polygons):
    rows = [(square(left, edge), {"name": name, "quality": edge / 10}) for name, left, edge in SQUARES]
    return polygons("squares", rows)


def by_hand(distance=1000.0):
    """PC of the four squares, path by path."""
    a = [1.0, 4.0, 9.0, 1.0]
    cost = [0.0, 500.0, 1500.0, 21_500.0]  # from the first, through the ones between
    total = sum(x * x for x in a)
    for i in range(4):
        for j in range(i + 1, 4):
            total += 2 * a[i] * a[j] * 0.5 ** ((cost[j] - cost[i]) / distance)
    return total


def test_indices_by_hand(run, squares):
    out = run(
        "connectivity",
        SOURCES=squares,
        ID_FIELD="name",
        DISPERSAL=1000.0,
        LANDSCAPE_AREA=1000.0,
        OUTPUT="memory:",
        INDICES="memory:",
    )
    assert out["EC_PC"] == pytest.approx(math.sqrt(by_hand()), rel=1e-9)
    assert out["PC"] == pytest.approx(by_hand() / 1e6, rel=1e-9)
    assert (out["NL"], out["NC"]) == (2, 2)
    iic = 1 + 16 + 81 + 1 + 2 * (4 / 2 + 36 / 2 + 9 / 3)
    assert out["IIC"] == pytest.approx(iic / 1e6)
    assert out["EC_IIC"] == pytest.approx(math.sqrt(iic))
    table = {row["index"]: row["value"] for row in read_table(out["INDICES"])}
    assert set(table) >= {"NL", "NC", "H", "CCP", "LCP", "IIC", "F", "AWF", "PC", "EC(PC)", "PCintra(%)"}
    assert table["H"] == pytest.approx(2.5)
    assert table["LCP"] == pytest.approx((14**2 + 1) / 1e6)
    rows = {row["source_id"]: row for row in read_table(out["OUTPUT"])}
    assert set(rows) == {"a", "b", "c", "d"}
    assert rows["c"]["dA"] == pytest.approx(60.0)
    assert rows["c"]["rank"] == 1
    for row in rows.values():
        parts = row["dPCintra"] + row["dPCflux"] + row["dPCconnector"]
        assert row["dPC"] == pytest.approx(parts)
    # Without b the way from a to c is 1700 m instead of 1500 m, and to d likewise.
    lost = 2 * (1 * 9 + 1 * 1 * 0.5**20) * (0.5**1.5 - 0.5**1.7)
    assert rows["b"]["dPCconnector"] == pytest.approx(100 * lost / by_hand(), rel=1e-6)
    assert rows["b"]["BC"] == 1.0
    assert rows["b"]["quality"] == 20.0
    log = run.feedback.textLog()
    assert "Kernel p = exp(-k d), k = 0.000693147" in log


def test_without_the_landscape_only_the_rest_is_given(run, squares):
    out = run("connectivity", SOURCES=squares, OUTPUT="memory:", INDICES="memory:")
    assert "PC" not in out
    assert "IIC" not in out
    assert out["EC_PC"] > 9
    assert "PC" not in {row["index"] for row in read_table(out["INDICES"])}
    assert "the area of the landscape is not given" in run.feedback.textLog()


def test_weak_sources_are_left_out(run, squares):
    everything = read_table(run("connectivity", SOURCES=squares, ID_FIELD="name", OUTPUT="memory:")["OUTPUT"])
    dpc = {row["source_id"]: row["dPC"] for row in everything}
    cut = sorted(dpc.values())[1]
    out = run("connectivity", SOURCES=squares, ID_FIELD="name", MIN_DPC=cut, OUTPUT="memory:")
    assert {row["source_id"]: row["dPC"] for row in read_table(out["OUTPUT"])} == {
        name: value for name, value in dpc.items() if value >= cut
    }
    assert "1 sources with a dPC below" in run.feedback.textLog()


def test_stepping_stones(run, polygons):
    rows = [
        (square(0.0, 300.0), {"name": "west"}),
        (square(5000.0, 300.0), {"name": "east"}),
        (square(2600.0, 50.0), {"name": "between"}),
        (square(2600.0, 50.0, 9000.0), {"name": "aside"}),
    ]
    out = run(
        "connectivity",
        SOURCES=polygons("stones", rows),
        ID_FIELD="name",
        DISPERSAL=1000.0,
        MIN_DPC=30.0,
        OUTPUT="memory:",
        STEPPING_STONES="memory:",
    )
    assert {row["source_id"] for row in read_table(out["OUTPUT"])} == {"west", "east"}
    stones = {row["source_id"]: row for row in read_table(out["STEPPING_STONES"])}
    assert set(stones) == {"between", "aside"}
    assert (stones["between"]["rank"], stones["aside"]["rank"]) == (1, 2)
    before = 2 * 81 * (1 + 0.5**4.7)
    stepping = 2 * 81 * (0.5 ** (2.3 + 2.35) - 0.5**4.7)
    assert stones["between"]["stepping"] == pytest.approx(100 * stepping / before)
    assert stones["aside"]["stepping"] == 0.0
    assert "between would raise EC(PC) most" in run.feedback.textLog()


def test_no_stepping_stones_without_a_cut(run, squares):
    out = run("connectivity", SOURCES=squares, OUTPUT="memory:", STEPPING_STONES="memory:")
    assert read_table(out["STEPPING_STONES"]) == []
    assert "Raise the smallest dPC" in run.feedback.textLog()


def test_attribute_and_links(run, squares):
    out = run(
        "connectivity",
        SOURCES=squares,
        ID_FIELD="name",
        ATTRIBUTE="quality",
        DISPERSAL=1000.0,
        LINKS_IMPORTANCE=True,
        OUTPUT="memory:",
        LINKS="memory:",
    )
    assert {row["source_id"]: row["attribute"] for row in read_table(out["OUTPUT"])} == {
        "a": 10.0,
        "b": 20.0,
        "c": 30.0,
        "d": 10.0,
    }
    links = {(row["from_id"], row["to_id"]): row for row in read_table(out["LINKS"])}
    assert links["a", "b"]["distance"] == pytest.approx(500.0)
    assert links["a", "b"]["p"] == pytest.approx(0.5**0.5)
    assert links["a", "b"]["_geometry"].length() == pytest.approx(500.0)
    assert links["a", "b"]["linked"]
    assert ("a", "c") not in links  # farther than the threshold, and no best path needs it
    assert not links["c", "d"]["linked"]
    assert links["c", "d"]["dPC"] > 0.0


def test_centroids_warn_of_missing_connectors(run, squares):
    out = run("connectivity", SOURCES=squares, DISTANCE=1, DISPERSAL=1000.0, OUTPUT="memory:")
    assert max(row["dPCconnector"] for row in read_table(out["OUTPUT"])) == pytest.approx(0.0, abs=1e-9)
    assert "Between centroids a detour is never shorter" in run.feedback.textLog()


def test_table_of_distances(run, squares, table):
    distances = table("distances", [("a", "b", 100.0), ("b", "c", 200.0), ("b", "a", 100.0)])
    out = run(
        "connectivity",
        SOURCES=squares,
        ID_FIELD="name",
        DISTANCE=3,
        DISTANCES=distances,
        DISPERSAL=100.0,
        OUTPUT="memory:",
    )
    total = 1 + 16 + 81 + 1 + 2 * (4 * 0.5 + 36 * 0.25 + 9 * 0.125)
    assert out["EC_PC"] == pytest.approx(math.sqrt(total))
    assert "4 of 6 pairs are not in the table" in run.feedback.textLog()


@pytest.mark.parametrize(
    ("rows", "part"),
    [
        ([("a", "z", 1.0), ("a", "y", 1.0)], "ids that no source has: z, y.*sources are a, b, c, d"),
        ([("a", "b", -1.0)], "distance between a and b is -1"),
        ([("a", "b", 1.0), ("b", "a", 2.0)], "two distances for b and a: 1 and 2"),
    ],
)
def test_bad_tables_are_named(run, squares, table, rows, part):
    with pytest.raises(Exception, match=part):
        run(
            "connectivity",
            SOURCES=squares,
            ID_FIELD="name",
            DISTANCE=3,
            DISTANCES=table("distances", rows),
            OUTPUT="memory:",
        )


@pytest.mark.parametrize("ending", ["csv", "xlsx", "ods"])
def test_ids_like_formulas_are_the_same_in_a_table_of_ours(run, polygons, tmp_path, ending):
    """Spreadsheets get an apostrophe before them."""
    ids = ("=SUM(A1)", "+east", "-1", "-west", "@home", "'quoted'", "\ttab")
    rows = [(square(400.0 * k, 100.0), {"name": one}) for k, one in enumerate(ids)]
    given = {"SOURCES": polygons("signs", rows), "ID_FIELD": "name", "DISPERSAL": 300.0, "THRESHOLD": 3000.0}
    links = str(tmp_path / f"links.{ending}")
    measured = run("connectivity", **given, OUTPUT="memory:", LINKS=links)
    stored = [row["from_id"] for row in read_table(links)]
    assert "'=SUM(A1)" in stored
    assert "'quoted'" in stored
    again = str(tmp_path / f"again.{ending}")
    told = run("connectivity", **given, DISTANCE=3, DISTANCES=links, OUTPUT="memory:", LINKS=again)
    assert told["EC_PC"] == pytest.approx(measured["EC_PC"], rel=1e-9)
    assert [row["from_id"] for row in read_table(again)] == stored


@pytest.mark.parametrize("ending", ["csv", "xlsx", "ods"])
def test_a_table_without_rows_is_no_full_disk(run, squares, tmp_path, ending):
    links = str(tmp_path / f"links.{ending}")
    run("connectivity", SOURCES=squares, ID_FIELD="name", DISPERSAL=1.0, OUTPUT="memory:", LINKS=links)
    assert read_table(links) == []


def test_least_cost_over_a_surface(run, raster, polygons):
    resistance = np.full((11, 40), 2.0, dtype=np.float32)
    path = raster("resistance", resistance, left=0.0, top=330.0)
    sources = polygons("pair", [(square(0.0, 90.0, 120.0), {"k": 1}), (square(600.0, 90.0, 120.0), {"k": 2})])
    out = run(
        "connectivity",
        SOURCES=sources,
        DISTANCE=2,
        RESISTANCE=path,
        DISPERSAL=540.0,
        OUTPUT="memory:",
        LINKS="memory:",
        COST_CONVERSION=0,
    )
    (link,) = read_table(out["LINKS"])
    assert link["distance"] == pytest.approx(18 * 30 * 2.0)
    assert link["p"] == pytest.approx(0.5)
    assert "taken as 2 units of cost, the mean resistance" in run.feedback.textLog()


def test_many_sources_take_the_sparse_path(run, squares, monkeypatch):
    from ecosecnet.algorithms.support.inputs import nodes

    exact = run("connectivity", SOURCES=squares, DISPERSAL=1000.0, OUTPUT="memory:")
    monkeypatch.setattr(nodes, "MAX_PAIRS", 2)
    out = run("connectivity", SOURCES=squares, DISPERSAL=1000.0, OUTPUT="memory:", NEGLIGIBLE=0.01)
    log = run.feedback.textLog()
    assert "too many pairs to measure all" in log
    assert "Paths of less than 0.01 were left out: PC misses less than" in log
    assert log.count("Needs about") == 1
    assert out["EC_PC"] == pytest.approx(exact["EC_PC"], rel=0.03)
    assert out["NL"] == exact["NL"]


def test_nothing_within_reach_is_said(run, squares):
    out = run("connectivity", SOURCES=squares, DISPERSAL=100.0, OUTPUT="memory:")
    assert (out["NL"], out["NC"]) == (0, 4)
    log = run.feedback.textLog()
    assert "No two sources are within 100" in log
    assert "The nearest two are 500" in log


def test_one_source_is_everything(run, polygons):
    out = run("connectivity", SOURCES=polygons("one", [(square(0, 100), {"k": 1})]), OUTPUT="memory:")
    (row,) = read_table(out["OUTPUT"])
    assert row["dPC"] == pytest.approx(100.0)
    assert out["EC_PC"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"PROBABILITY": 0.0}, "must lie between 0 and 1"),
        ({"PROBABILITY": 1.0}, "must lie between 0 and 1"),
        ({"DISPERSAL": 0.0}, "must be above 0"),
        ({"DISTANCE": 2}, "need a resistance surface"),
        ({"DISTANCE": 3}, "need the table"),
        ({"LANDSCAPE_AREA": 3.0}, "less than its patches together"),
    ],
)
def test_bad_parameters_are_named(run, squares, tmp_path, options, part):
    target = tmp_path / "out.gpkg"
    with pytest.raises(Exception, match=part):
        run("connectivity", SOURCES=squares, OUTPUT=str(target), **options)
    assert not target.exists()


def test_bad_sources_are_named(run, polygons):
    twice = polygons("twice", [(square(0, 1), {"k": 1, "v": 1.0}), (square(5, 1), {"k": 1, "v": -2.0})])
    with pytest.raises(Exception, match="more than one feature with the same 'k': 1"):
        run("connectivity", SOURCES=twice, ID_FIELD="k", OUTPUT="memory:")
    with pytest.raises(Exception, match="Sources 2 have a negative value in 'v'"):
        run("connectivity", SOURCES=twice, ATTRIBUTE="v", OUTPUT="memory:")
    degrees = polygons("degrees", [(square(0, 1), {"k": 1})], crs="EPSG:4326")
    with pytest.raises(Exception, match="is in degrees"):
        run("connectivity", SOURCES=degrees, OUTPUT="memory:")


@pytest.fixture
def table(tmp_path):
    def write(name, rows):
        path = tmp_path / f"{name}.csv"
        lines = ["from_id,to_id,distance", *(",".join(str(one) for one in row) for row in rows)]
        path.write_text("\n".join(lines) + "\n")
        (tmp_path / f"{name}.csvt").write_text('"String","String","Real"\n')
        return str(path)

    return write
