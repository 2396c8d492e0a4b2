"""The barriers tool in a real QGIS."""

import csv

import numpy as np
import pytest
from conftest import REFERENCE
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

SIZE = 21
"""Cells of 30 m: a source at either side, a wall of resistance 100 in the middle column."""


def square(col, width=2, rows=SIZE):
    left, right, top = 500_000 + 30 * col, 500_000 + 30 * (col + width), 2_900_000
    bottom = top - 30 * rows
    return f"POLYGON(({left} {top}, {right} {top}, {right} {bottom}, {left} {bottom}, {left} {top}))"


@pytest.fixture
def wall(raster, polygons):
    ground = np.ones((SIZE, SIZE), dtype=np.float32)
    ground[:, 10] = 100
    line = "LINESTRING(500045 2899700, 500600 2899700)"
    links = [
        (line, {"link_id": 7, "from_id": "west", "to_id": "east", "active": 1}),
        (line, {"link_id": 8, "from_id": "north", "to_id": "east", "active": 0}),
    ]
    return {
        "RESISTANCE": raster("resistance", ground, nodata=-9999),
        "SOURCES": polygons("sources", [(square(0), {"name": "west"}), (square(19), {"name": "east"})]),
        "ID_FIELD": "name",
        "LINKS": polygons("links", links, kind="LineString"),
        "MIN_RADIUS": 30,
        "MAX_RADIUS": 30,
        "STEP": 0,
        "SCORE": "TEMPORARY_OUTPUT",
    }


def test_a_wall(run, wall, tmp_path):
    out = run(
        "barriers",
        **wall,
        CHECK=True,
        PERCENT=str(tmp_path / "percent.tif"),
        RADIUS=str(tmp_path / "radius.tif"),
        BEST_LINK=str(tmp_path / "best.tif"),
        GAINING_LINKS=str(tmp_path / "count.tif"),
        OUTPUT_LINKS=str(tmp_path / "with_barriers.gpkg"),
    )
    score, nodata = read_raster(out["SCORE"])
    # From column 1 to 19: 16 plain steps of 30 and two of 50.5 x 30; restoring saves 2 x 49.5 x 30 over 60 m.
    distance = 16 * 30 + 101 * 30
    np.testing.assert_allclose(score[:, 9:12], 99 * 30 / 60, rtol=1e-6)
    assert (score[:, :7] == nodata).all()
    np.testing.assert_allclose(read_raster(out["PERCENT"])[0][:, 10], 100 * 49.5 / distance, rtol=1e-6)
    assert (read_raster(out["RADIUS"])[0][:, 10] == 30).all()
    best, none = read_raster(out["BEST_LINK"])
    assert np.array_equal(best == 7, score != nodata)
    assert np.array_equal(best == none, score == nodata)
    assert np.array_equal(read_raster(out["GAINING_LINKS"])[0] == 1, score != nodata)
    (link,) = read_table(out["OUTPUT_LINKS"])
    assert link["gain_ha"] == pytest.approx(0.09 * np.count_nonzero(score != nodata))
    assert (link["link_id"], link["from_id"], link["to_id"]) == (7, "west", "east")
    assert link["cw_dist"] == pytest.approx(distance)
    assert link["gain"] == pytest.approx(99 * 30)
    assert link["real_gain"] == pytest.approx(link["gain"])
    assert link["x"] == 500_000 + 10.5 * 30
    assert out["MAXIMUM"] == pytest.approx(49.5)
    assert out["LINK_COUNT"] == 1


def test_nodata_is_scored_as_linkage_mapper_does_unless_told_not_to(run, wall, raster):
    ground = np.ones((SIZE, SIZE), dtype=np.float32)
    ground[:, 10] = 100
    ground[5:9, 9:12] = -9999
    wall["RESISTANCE"] = raster("holed", ground, nodata=-9999)
    # A disc of one cell on the upper or lower rim of the hole reaches the wall; one in its middle reaches no land.
    for outside, count in (({}, 6), ({"OUTSIDE": True}, 6), ({"OUTSIDE": False}, 0)):
        score, nodata = read_raster(run("barriers", **wall, **outside)["SCORE"])
        assert np.count_nonzero(score[5:9, 9:12] != nodata) == count
        assert (score[12:, 10] != nodata).all()


def test_land_that_cannot_be_restored_has_no_score_and_is_not_bridged(run, wall, raster, tmp_path):
    """The wall is a river but for a ford of six cells: only there a disc opens it."""
    land = np.ones((SIZE, SIZE), dtype=np.uint8)
    land[:, 10] = 6
    land[12:18, 10] = 3
    wall["LANDUSE"] = raster("land_use", land)
    free = read_raster(run("barriers", **wall)["SCORE"])[0]
    links = str(tmp_path / "best.gpkg")
    out = run("barriers", **wall, NOT_RESTORABLE="6", CHECK=True, OUTPUT_LINKS=links)
    score, nodata = read_raster(out["SCORE"])
    assert (score[land == 6] == nodata).all()
    np.testing.assert_allclose(score[12:18, 9:12], free[12:18, 9:12])
    assert (score[:10] == nodata).all()
    (link,) = read_table(links)
    assert link["gain"] == pytest.approx(99 * 30)
    assert link["real_gain"] == pytest.approx(link["gain"])
    assert "Not restorable: 15 cells, 3.4% of the raster; they keep their resistance." in run.feedback.textLog()
    wall["LANDUSE"] = raster("all_river", np.where(land == 3, 6, land).astype(np.uint8))
    score, nodata = read_raster(run("barriers", **wall, NOT_RESTORABLE="6")["SCORE"])
    assert (score == nodata).all()
    assert "No place would shorten any link" in run.feedback.textLog()


@pytest.mark.parametrize("tool", ["barriers", "circuitbarriers"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"NOT_RESTORABLE": "6", "LANDUSE": None},
            r"values 6 that cannot be restored are classes .*Give it \(LANDUSE\)",
        ),
        (
            {"NOT_RESTORABLE": "9"},
            "No cell of 'land_use' has one of the not restorable values 9. It holds the values 1",
        ),
        ({"NOT_RESTORABLE": "1"}, "No cell can be restored"),
        ({"NOT_RESTORABLE": "river"}, "'river' is neither a value nor a range"),
    ],
)
def test_classes_that_cannot_be_used(run, wall, raster, tool, options, words):
    land = raster("land_use", np.ones((SIZE, SIZE), dtype=np.uint8))
    radii = ("MIN_RADIUS", "MAX_RADIUS", "STEP", "SCORE")
    given = {k: v for k, v in wall.items() if k not in radii} if tool == "circuitbarriers" else wall
    with pytest.raises(Exception, match=words):
        run(tool, **{**given, "LANDUSE": land, **options, "GAIN": "TEMPORARY_OUTPUT"})


def test_scores_can_be_clipped_to_the_corridor_belt(run, wall, raster, polygons, tmp_path):
    """A wall with a gap far from both sources: opening it straight between them is outside the belt through the gap."""
    ground = np.ones((SIZE, SIZE), dtype=np.float32)
    ground[:, 10] = 100
    ground[3, 10] = 5

    def corner(col):
        left, right, top, bottom = 500_000 + 30 * col, 500_060 + 30 * col, 2_899_490, 2_899_370
        return f"POLYGON(({left} {top}, {right} {top}, {right} {bottom}, {left} {bottom}, {left} {top}))"

    wall["RESISTANCE"] = raster("gap", ground)
    wall["SOURCES"] = polygons("low", [(corner(0), {"name": "west"}), (corner(19), {"name": "east"})])
    free = read_raster(run("barriers", **wall)["SCORE"])[0]
    wide = read_raster(run("barriers", **wall, BELT=1e7)["SCORE"])[0]
    np.testing.assert_array_equal(wide, free)
    clipped, nodata = read_raster(
        run("barriers", **wall, BELT=40.0, GAINING_LINKS=str(tmp_path / "n.tif"), RADIUS=str(tmp_path / "r.tif"))[
            "SCORE"
        ]
    )
    said = next(line for line in run.feedback.textLog().splitlines() if "outside the corridor belt" in line)
    belt, none = read_raster(
        run(
            "linkages",
            RESISTANCE=wall["RESISTANCE"],
            SOURCES=wall["SOURCES"],
            ID_FIELD="name",
            CUTOFF=40.0,
            LINKS="TEMPORARY_OUTPUT",
            CORRIDORS=str(tmp_path / "belt.tif"),
        )["CORRIDORS"]
    )
    inside = belt != none
    np.testing.assert_array_equal(clipped, np.where(inside, free, nodata))
    assert free[18, 10] > 0
    assert clipped[18, 10] == nodata
    assert clipped[3, 10] == free[3, 10] > 0
    scored = free != nodata
    assert f"{100 * (scored & ~inside).sum() / scored.sum():.1f} %" in said
    for name in ("n.tif", "r.tif"):
        values, missing = read_raster(str(tmp_path / name))
        assert ((values != missing) == (clipped != nodata)).all()


def test_radii_of_their_own_accord(run, wall):
    for name in ("MIN_RADIUS", "MAX_RADIUS", "STEP"):
        wall.pop(name)
    out = run("barriers", **wall, RADIUS="TEMPORARY_OUTPUT")
    radius, nodata = read_raster(out["RADIUS"])
    assert set(np.unique(radius[radius != nodata])) <= {60, 120, 180}


def test_no_gain_is_a_warning_and_an_empty_map(run, wall, raster):
    from qgis.core import QgsProcessingFeedback

    wall["RESISTANCE"] = raster("even", np.ones((SIZE, SIZE), dtype=np.float32))
    feedback = QgsProcessingFeedback(False)
    out = run("barriers", feedback, **wall)
    score, nodata = read_raster(out["SCORE"])
    assert (score == nodata).all()
    assert out["MAXIMUM"] == 0
    assert out["LINK_COUNT"] == 0
    assert "No place would shorten any link" in feedback.textLog()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"MIN_RADIUS": 10, "MAX_RADIUS": 40}, "10 m is smaller than a cell"),
        ({"MIN_RADIUS": 900, "MAX_RADIUS": 900}, "beyond the whole raster"),
        ({"MAX_RADIUS": 10}, "Exchange them"),
        ({"ID_FIELD": "nothing"}, "has no field 'nothing'"),
    ],
)
def test_bad_parameters_are_named(run, wall, tmp_path, change, message):
    target = tmp_path / "score.tif"
    with pytest.raises(Exception, match=message):
        run("barriers", **{**wall, **change, "SCORE": str(target)})
    assert not list(tmp_path.glob("score*"))


def test_links_of_other_sources_are_refused(run, wall, polygons):
    line = "LINESTRING(500045 2899700, 500600 2899700)"
    wall["LINKS"] = polygons("other", [(line, {"from_id": 1, "to_id": 2})], kind="LineString")
    with pytest.raises(Exception, match=r"does not match the sources.*1 - 2.*west, east"):
        run("barriers", **wall)
    wall["LINKS"] = polygons("roads", [(line, {"name": "A1"})], kind="LineString")
    with pytest.raises(Exception, match="no fields 'from_id' and 'to_id'"):
        run("barriers", **wall)


def test_zero_resistance_is_refused_with_its_place(run, wall, raster):
    ground = np.ones((SIZE, SIZE), dtype=np.float32)
    ground[3, 4] = 0
    wall["RESISTANCE"] = raster("zero", ground)
    with pytest.raises(Exception, match="1 cell is not; the first is 0 in row 4, column 5"):
        run("barriers", **wall)


def test_cancelling_leaves_nothing(run, wall, tmp_path):
    from qgis.core import QgsProcessingFeedback

    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    with pytest.raises(Exception, match="Cancelled"):
        run("barriers", feedback, **{**wall, "SCORE": str(tmp_path / "score.tif")})
    assert not list(tmp_path.glob("score*"))


@pytest.fixture(scope="module")
def washington(tmp_path_factory, qgis):
    """The links of the Washington set as a layer of lines between the sources."""
    if not (REFERENCE / "linkage").exists():
        pytest.skip("the reference data are not beside this checkout")
    from qgis.core import QgsFeature, QgsGeometry, QgsPointXY, QgsVectorFileWriter, QgsVectorLayer

    sources = QgsVectorLayer(str(REFERENCE / "linkage" / "lm_cores.gpkg"), "sources", "ogr")
    centre = {f["core_id"]: f.geometry().centroid().asPoint() for f in sources.getFeatures()}
    fields = "field=link_id:integer&field=from_id:integer&field=to_id:integer&field=active:integer"
    layer = QgsVectorLayer(f"LineString?{fields}", "links", "memory")
    layer.setCrs(sources.crs())
    with open(REFERENCE / "linkage" / "lm_links_expected.csv", encoding="utf-8") as table:
        expected = list(csv.DictReader(table))
    for row in expected:
        feature = QgsFeature(layer.fields())
        a, b = int(row["coreId1"]), int(row["coreId2"])
        feature.setAttributes([int(row["link"]), a, b, int(row["linkType"] == "1")])
        feature.setGeometry(QgsGeometry.fromPolylineXY([QgsPointXY(centre[a]), QgsPointXY(centre[b])]))
        layer.dataProvider().addFeature(feature)
    path = str(tmp_path_factory.mktemp("washington") / "links 连接.gpkg")
    QgsVectorFileWriter.writeAsVectorFormatV3(
        layer, path, layer.transformContext(), QgsVectorFileWriter.SaveVectorOptions()
    )
    return path, [row for row in expected if row["linkType"] == "1"]


def test_washington_agrees_with_the_reference(run, washington, tmp_path):
    links, expected = washington
    out = run(
        "barriers",
        RESISTANCE=str(REFERENCE / "linkage" / "lm_resistances.tif"),
        SOURCES=str(REFERENCE / "linkage" / "lm_cores.gpkg"),
        ID_FIELD="core_id",
        LINKS=links,
        MIN_RADIUS=400,
        MAX_RADIUS=400,
        STEP=0,
        CHECK=True,
        SCORE=str(tmp_path / "score.tif"),
        OUTPUT_LINKS=str(tmp_path / "out.gpkg"),
    )
    found = read_table(out["OUTPUT_LINKS"])
    assert [row["link_id"] for row in found] == [int(row["link"]) for row in expected]
    for row, wanted in zip(found, expected):
        assert row["cw_dist"] == pytest.approx(float(wanted["lcDist"]), rel=1e-5)
        # Restoring saves what the score says, or a little more: this set has no barrier with a bent way through it.
        assert row["real_gain"] >= row["gain"] * (1 - 1e-9)
    # The largest score of the set and the real gain per metre there, as found by separate code.
    assert out["MAXIMUM"] == pytest.approx(49.33, abs=0.01)
    best = max(found, key=lambda row: row["score"])
    assert best["real_gain"] / 800 == pytest.approx(53.0, abs=0.05)


def plain_cost(resistance, start, cell, limit):
    """Cost distance by scipy's Dijkstra on a graph put together edge by edge."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import dijkstra

    node = np.arange(resistance.size).reshape(resistance.shape)
    heads, tails, costs = [], [], []
    for here, there, length in (
        (np.s_[:, :-1], np.s_[:, 1:], 1.0),
        (np.s_[:-1], np.s_[1:], 1.0),
        (np.s_[:-1, :-1], np.s_[1:, 1:], np.sqrt(2)),
        (np.s_[:-1, 1:], np.s_[1:, :-1], np.sqrt(2)),
    ):
        cost = length * cell * (resistance[here] + resistance[there]) / 2
        known = ~np.isnan(cost)
        heads.append(node[here][known])
        tails.append(node[there][known])
        costs.append(cost[known])
    graph = coo_matrix(
        (np.concatenate(costs), (np.concatenate(heads), np.concatenate(tails))), shape=(node.size, node.size)
    ).tocsr()
    found = dijkstra(graph, directed=False, indices=np.flatnonzero(start), min_only=True, limit=limit)
    return found.reshape(resistance.shape)


@pytest.mark.parametrize("method", ["disc", "ring"])
def test_washington_agrees_with_a_plain_computation(run, washington, tmp_path, method):
    from osgeo import gdal, ogr
    from scipy import ndimage

    links, expected = washington
    out = run(
        "barriers",
        RESISTANCE=str(REFERENCE / "linkage" / "lm_resistances.tif"),
        SOURCES=str(REFERENCE / "linkage" / "lm_cores.gpkg"),
        ID_FIELD="core_id",
        LINKS=links,
        MIN_RADIUS=400,
        MAX_RADIUS=1200,
        STEP=800,
        METHOD=("disc", "ring").index(method),
        SCORE=str(tmp_path / "score.tif"),
    )
    raster = gdal.Open(str(REFERENCE / "linkage" / "lm_resistances.tif"))
    resistance = raster.ReadAsArray().astype(float)
    resistance[resistance < 0] = np.nan
    cell = raster.GetGeoTransform()[1]
    labels = gdal.GetDriverByName("MEM").Create("", raster.RasterXSize, raster.RasterYSize, 1, gdal.GDT_Int32)
    labels.SetGeoTransform(raster.GetGeoTransform())
    labels.SetProjection(raster.GetProjection())
    cores = ogr.Open(str(REFERENCE / "linkage" / "lm_cores.gpkg"))
    gdal.RasterizeLayer(labels, [1], cores.GetLayer(0), options=["ATTRIBUTE=core_id"])
    labels = labels.ReadAsArray()
    pairs = [(int(row["coreId1"]), int(row["coreId2"])) for row in expected]
    limit = 1.001 * max(float(row["lcDist"]) for row in expected)
    costs = {core: plain_cost(resistance, labels == core, cell, limit) for core in range(1, 7)}
    score = np.zeros(resistance.shape)
    for radius in (400, 1200):
        reach = int(radius / cell)
        y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        circle = np.hypot(x, y) <= reach
        window = circle if method == "disc" else circle & (np.hypot(x, y) > reach - 1)
        near = {c: ndimage.minimum_filter(v, footprint=window, mode="constant", cval=np.inf) for c, v in costs.items()}
        for a, b in pairs:
            least = costs[a][labels == b].min()
            gain = np.maximum((least - near[a] - near[b] - 2 * radius) / (2 * radius), 0)
            np.maximum(score, ndimage.maximum_filter(gain, footprint=circle, mode="constant"), out=score)
    found, nodata = read_raster(out["SCORE"])
    assert np.array_equal(found != nodata, score > 0)
    np.testing.assert_allclose(found[found != nodata], score[score > 0], rtol=1e-6)
