import csv
import shutil

import numpy as np
import pytest
from conftest import REFERENCE
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

LINKAGE = REFERENCE / "linkage"
CELL = 30.0
LEFT, TOP = 500_000.0, 2_900_000.0


def box(row, col, rows=1, cols=1):
    """Return the WKT of a block of cells."""
    left, top = LEFT + col * CELL, TOP - row * CELL
    right, bottom = left + cols * CELL, top - rows * CELL
    return f"MULTIPOLYGON((({left} {top},{right} {top},{right} {bottom},{left} {bottom},{left} {top})))"


@pytest.fixture
def messages(qgis):
    """A feedback that keeps its warnings."""
    from qgis.core import QgsProcessingFeedback

    class Messages(QgsProcessingFeedback):
        def __init__(self):
            super().__init__(False)
            self.warnings = []

        def pushWarning(self, text):
            self.warnings.append(text)

    return Messages()


@pytest.fixture
def chain(raster, polygons):
    """Three sources in a row on an even surface, 40 x 90 cells."""
    return {
        "RESISTANCE": raster("r", np.ones((40, 90), dtype=np.float32)),
        "SOURCES": polygons(
            "s",
            [
                (box(10, 5, 20, 10), {"name": "west"}),
                (box(10, 40, 20, 10), {"name": "middle"}),
                (box(10, 75, 20, 10), {"name": "east"}),
            ],
        ),
        "ID_FIELD": "name",
    }


def test_conductances_are_averaged_where_wanted(run, chain, raster, tmp_path):
    values = np.ones((40, 90), dtype=np.float32)
    values[:, 30] = 100.0
    chain["RESISTANCE"] = raster("wall", values)
    given = {**chain, "ADJACENCY": 1}
    ours = read_table(run("linkages", **given, LINKS=str(tmp_path / "a.gpkg"))["LINKS"])[0]
    theirs = read_table(run("linkages", **given, AVERAGE=1, LINKS=str(tmp_path / "b.gpkg"))["LINKS"])[0]
    # 24 steps of 1 and two into or out of the wall.
    assert ours["cw_dist"] == pytest.approx((24 + 101.0) * CELL)
    assert theirs["cw_dist"] == pytest.approx((24 + 4.0 / 1.01) * CELL)


def test_links_alone_without_a_corridor_raster(run, chain, tmp_path):
    out = run("linkages", **chain, LINKS=str(tmp_path / "links.gpkg"))
    assert "CORRIDORS" not in out
    assert len(read_table(out["LINKS"])) == 2
    assert sorted(path.suffix for path in tmp_path.iterdir() if path.stem == "links") == [".gpkg", ".qml"]


def test_links_corridors_and_zones(run, chain, tmp_path):
    out = run(
        "linkages",
        **chain,
        ADJACENCY=3,
        CUTOFF=100.0,
        LINKS=str(tmp_path / "links.gpkg"),
        CORRIDORS=str(tmp_path / "corridors.tif"),
        ZONES=str(tmp_path / "zones.gpkg"),
        CWD=str(tmp_path / "cwd.tif"),
        ALLOCATION=str(tmp_path / "allocation.tif"),
    )
    links = read_table(out["LINKS"])
    assert [(link["from_id"], link["to_id"], link["active"]) for link in links] == [
        ("west", "middle", True),
        ("west", "east", False),
        ("middle", "east", True),
    ]
    assert links[1]["reason"] == "dropped: the least-cost path runs through source middle"
    first = links[0]
    assert first["euc_dist"] == pytest.approx(25 * CELL)
    assert first["cw_dist"] == pytest.approx(26 * CELL)
    assert first["lcp_length"] == pytest.approx(26 * CELL)
    assert first["_geometry"].length() == pytest.approx(26 * CELL)
    assert first["cwd_euc"] == pytest.approx(26 / 25)
    assert first["cwd_path"] == pytest.approx(1.0)
    assert (out["LINK_COUNT"], out["INACTIVE_COUNT"]) == (2, 1)
    zones = read_table(out["ZONES"])
    assert [zone["link_id"] for zone in zones] == [1, 3]
    for zone in zones:
        assert zone["_geometry"].area() / 1e4 == pytest.approx(zone["area_ha"])
        assert zone["mean_width"] == pytest.approx(zone["area_ha"] * 1e4 / (25 * CELL))
        assert zone["min_width"] <= zone["mean_width"]
        assert zone["cutoff"] == 100.0
        assert zone["mean_res"] == 1.0
    excess, nodata = read_raster(out["CORRIDORS"])
    assert excess[20, 15:40].max() == 0.0
    assert excess[excess != nodata].max() <= 100.0
    # Left of the middle source's centre all cells belong to the first corridor; those of the sources are not counted.
    outside = np.ones((40, 45), dtype=bool)
    outside[10:30, 5:15] = outside[10:30, 40:45] = False
    assert np.count_nonzero((excess[:, :45] != nodata) & outside) == round(zones[0]["area_ha"] * 1e4 / CELL**2)
    assert read_raster(out["CWD"])[0][20, 16] == pytest.approx(2 * CELL)
    assert sorted(np.unique(read_raster(out["ALLOCATION"])[0])) == [1, 2, 3]


@pytest.mark.parametrize("width", [150.0, 600.0])
def test_width_in_metres_is_met(run, raster, polygons, tmp_path, width):
    resistance = np.random.default_rng(4).uniform(1, 30, (60, 80)).astype(np.float32)
    out = run(
        "linkages",
        RESISTANCE=raster("r", resistance),
        SOURCES=polygons("s", [(box(row, col, 3, 3), {"source_id": row}) for row, col in [(5, 5), (30, 50), (50, 10)]]),
        WIDTH=width,
        LINKS=str(tmp_path / "l.gpkg"),
        CORRIDORS=str(tmp_path / "c.tif"),
        ZONES=str(tmp_path / "z.gpkg"),
    )
    zones = read_table(out["ZONES"])
    links = {link["link_id"]: link for link in read_table(out["LINKS"])}
    assert [zone["link_id"] for zone in zones] == [k for k, link in links.items() if link["active"]]
    for zone in zones:
        assert zone["mean_width"] * (zone["lcp_length"] - CELL) == pytest.approx(zone["area_ha"] * 1e4, rel=0.03)
        # All cells of one detour have the same excess cost and enter together.
        assert width - 1.0 <= zone["mean_width"] <= 1.05 * width


def test_area_profile_and_land_use(run, chain, raster, tmp_path):
    use = np.full((40, 90), 3, dtype=np.uint8)
    use[:20] = 7
    out = run(
        "linkages",
        **chain,
        AREA=100.0,
        LANDUSE=raster("use", use, nodata=0),
        PROFILE_STEP=100.0,
        LINKS="TEMPORARY_OUTPUT",
        CORRIDORS=str(tmp_path / "c.tif"),
        ZONES=str(tmp_path / "z.gpkg"),
        PROFILE=str(tmp_path / "p.gpkg"),
    )
    excess, nodata = read_raster(out["CORRIDORS"])
    outside = np.ones((40, 90), dtype=bool)
    for col in (5, 40, 75):
        outside[10:30, col : col + 10] = False
    # On this even surface the corridors grow by rows, of 50 cells together.
    assert 100.0 <= np.count_nonzero(excess[outside] != nodata) * 0.09 <= 110.0
    zones = read_table(out["ZONES"])
    assert [zone["land_use"] for zone in zones] == ["3: 50.0 %, 7: 50.0 %"] * 2
    sections = [row for row in read_table(out["PROFILE"]) if row["link_id"] == 1]
    assert [row["stop"] for row in sections] == [100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 750.0]
    area = sum(row["width"] * (row["stop"] - row["start"]) for row in sections)
    assert area / 1e4 == pytest.approx(zones[0]["area_ha"])


def test_a_width_takes_the_place_of_the_cutoff(run, chain):
    found = []
    for given in ({"WIDTH": 100}, {"WIDTH": 100, "CUTOFF": 9000}, {"CUTOFF": 9000}):
        out = run("linkages", **chain, **given, LINKS="TEMPORARY_OUTPUT", CORRIDORS="TEMPORARY_OUTPUT")
        found.append(read_raster(out["CORRIDORS"])[0])
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] != found[2]).any()


def test_width_and_area_together_are_refused(run, chain):
    with pytest.raises(Exception, match="either a mean corridor width or the area"):
        run("linkages", **chain, WIDTH=100, AREA=10, LINKS="TEMPORARY_OUTPUT", CORRIDORS="TEMPORARY_OUTPUT")


def test_nearest_keeps_the_network_together_only_when_asked(run, raster, polygons):
    columns = [0, 3, 40, 43]
    given = {
        "RESISTANCE": raster("r", np.ones((3, 45), dtype=np.float32)),
        "SOURCES": polygons("s", [(box(1, col), {"source_id": k}) for k, col in enumerate(columns, start=1)]),
        "NEAREST": 1,
        "LINKS": "TEMPORARY_OUTPUT",
        "CORRIDORS": "TEMPORARY_OUTPUT",
    }
    assert run("linkages", **given)["LINK_COUNT"] == 2
    out = run("linkages", **given, CONNECT_GROUPS=True)
    assert out["LINK_COUNT"] == 3


def test_minimum_spanning_tree(run, raster, polygons, tmp_path):
    places = [(1, 1), (1, 12), (12, 1), (12, 14)]
    out = run(
        "linkages",
        RESISTANCE=raster("r", np.ones((16, 16), dtype=np.float32)),
        SOURCES=polygons("s", [(box(*place), {"source_id": k}) for k, place in enumerate(places, start=1)]),
        ADJACENCY=5,
        LINKS=str(tmp_path / "l.gpkg"),
        CORRIDORS="TEMPORARY_OUTPUT",
    )
    links = read_table(out["LINKS"])
    kept = [(row["from_id"], row["to_id"]) for row in links if row["active"]]
    assert kept == [(1, 2), (1, 3), (2, 4)]
    assert {row["reason"] for row in links if not row["active"]} == {"dropped: not in the minimum spanning tree"}


def test_distances_of_a_conefor_file(run, chain, tmp_path, messages):
    file = tmp_path / "distances.csv"
    file.write_text("from_id,to_id,distance\neast,middle,1234.5\n", encoding="utf-8")
    out = run(
        "linkages",
        feedback=messages,
        **chain,
        DISTANCES=str(file),
        LINKS=str(tmp_path / "l.gpkg"),
        CORRIDORS="TEMPORARY_OUTPUT",
    )
    distances = {(row["from_id"], row["to_id"]): row["euc_dist"] for row in read_table(out["LINKS"])}
    assert distances == {("west", "middle"): pytest.approx(750.0), ("middle", "east"): 1234.5}
    assert any("1 of 2 pairs are not in the table" in text for text in messages.warnings)


@pytest.mark.skipif(not LINKAGE.exists(), reason="the reference data set is not there")
def test_distances_of_linkage_mapper_as_they_come(run, tmp_path):
    """Tab-separated, without a header, ids as numbers: the file users have."""
    shutil.copy(LINKAGE / "lm_distances_conefor.txt", tmp_path / "distances.tsv")
    out = run(
        "linkages",
        RESISTANCE=str(LINKAGE / "lm_resistances.tif"),
        SOURCES=str(LINKAGE / "lm_cores.gpkg"),
        ID_FIELD="core_id",
        DISTANCES=str(tmp_path / "distances.tsv"),
        CUTOFF=0.0,
        LINKS=str(tmp_path / "l.gpkg"),
        CORRIDORS="TEMPORARY_OUTPUT",
    )
    assert read_table(out["LINKS"])[0]["euc_dist"] == 32399.384557163


def test_cut_off_sources_are_named_and_the_others_go_on(run, raster, polygons, messages):
    resistance = np.ones((5, 30), dtype=np.float32)
    resistance[:, 20] = -1
    out = run(
        "linkages",
        feedback=messages,
        RESISTANCE=raster("r", resistance, nodata=-1),
        SOURCES=polygons("s", [(box(2, col), {"source_id": f"s{col}"}) for col in (2, 12, 26)]),
        LINKS="TEMPORARY_OUTPUT",
        CORRIDORS="TEMPORARY_OUTPUT",
    )
    assert out["LINK_COUNT"] == 1
    assert any("s26" in text for text in messages.warnings)


def test_limits_that_leave_nothing_say_what_would(run, chain):
    outputs = {"LINKS": "TEMPORARY_OUTPUT", "CORRIDORS": "TEMPORARY_OUTPUT"}
    with pytest.raises(Exception, match=r"shortest is 750.*at least 750"):
        run("linkages", **chain, MAX_EUCLID=100.0, **outputs)
    with pytest.raises(Exception, match=r"cheapest is 780.*at least 780"):
        run("linkages", **chain, MAX_CWD=100.0, **outputs)


def test_one_source_is_refused(run, raster, polygons):
    with pytest.raises(Exception, match="at least 2"):
        run(
            "linkages",
            RESISTANCE=raster("r", np.ones((5, 5), dtype=np.float32)),
            SOURCES=polygons("s", [(box(2, 2), {"source_id": 1})]),
            LINKS="TEMPORARY_OUTPUT",
            CORRIDORS="TEMPORARY_OUTPUT",
        )


@pytest.mark.skipif(not LINKAGE.exists(), reason="the reference data set is not there")
class TestWashington:
    @pytest.fixture
    def expected(self):
        with open(LINKAGE / "lm_links_expected.csv", newline="") as table:
            return list(csv.DictReader(table))

    def links(self, run, tmp_path, **options):
        out = run(
            "linkages",
            RESISTANCE=str(LINKAGE / "lm_resistances.tif"),
            SOURCES=str(LINKAGE / "lm_cores.gpkg"),
            ID_FIELD="core_id",
            CUTOFF=0.0,
            LINKS=str(tmp_path / "links.gpkg"),
            CORRIDORS=str(tmp_path / "corridors.tif"),
            **options,
        )
        return read_table(out["LINKS"])

    def test_link_table(self, run, expected, tmp_path):
        links = self.links(run, tmp_path)
        assert len(links) == len(expected)
        for link, row in zip(links, expected):
            assert [link["from_id"], link["to_id"]] == [int(row["coreId1"]), int(row["coreId2"])]
            assert link["active"] == (int(row["linkType"]) > 0)
            assert link["euc_dist"] == pytest.approx(float(row["eucDist"]), abs=1e-3)
            assert link["cw_dist"] == pytest.approx(float(row["lcDist"]), rel=1e-6)
            assert link["lcp_length"] == pytest.approx(float(row["lcpLength"]), abs=1e-2)
            assert link["_geometry"].length() == pytest.approx(float(row["lcpLength"]), abs=1e-2)
            assert link["cwd_euc"] == pytest.approx(float(row["cwdToEucRatio"]), rel=1e-5)
            assert link["cwd_path"] == pytest.approx(float(row["cwdToPathRatio"]), rel=1e-5)
            if row["intermediate"]:
                assert link["reason"].endswith(f"source {row['intermediate']}")

    def test_limited_link_table(self, run, expected, tmp_path):
        links = self.links(run, tmp_path, MAX_CWD=100_000.0, MAX_EUCLID=40_000.0, NEAREST=4, CONNECT_GROUPS=True)
        word = {"10": "among the nearest", "-12": "100000", "-15": "runs through source 3"}
        for link, row in zip(links, expected):
            assert link["active"] == (int(row["linkType_limited"]) > 0)
            assert word[row["linkType_limited"]] in link["reason"]


def test_sources_that_touch_have_a_corridor_round_the_corner_without_a_narrowest_place(run, raster, polygons, tmp_path):
    resistance = np.full((12, 12), 9.0, dtype=np.float32)
    resistance[5, 6] = 1.0
    out = run(
        "linkages",
        RESISTANCE=raster("r", resistance),
        SOURCES=polygons("s", [(box(2, 2, 4, 4), {"source_id": 1}), (box(6, 6, 4, 4), {"source_id": 2})]),
        CUTOFF=0.0,
        LINKS=str(tmp_path / "l.gpkg"),
        CORRIDORS=str(tmp_path / "c.tif"),
        ZONES=str(tmp_path / "z.gpkg"),
        PROFILE=str(tmp_path / "p.csv"),
    )
    (zone,) = read_table(out["ZONES"])
    assert zone["area_ha"] == pytest.approx(CELL**2 / 1e4)
    assert zone["mean_width"] == pytest.approx(CELL)
    assert [zone[name] for name in ("min_width", "narrow_x", "narrow_y")] == [None] * 3
    assert len(read_table(out["PROFILE"])) == 1
