"""Validation in a real QGIS: points in every CRS, tracks, what is compared with what, and what is refused."""

import numpy as np
import pytest
from layerio import read_table
from scipy import ndimage

pytestmark = pytest.mark.qgis

LEFT, TOP, CELL = 500_000.0, 2_900_000.0, 30.0
SHAPE = (60, 80)


def place(row, col):
    return f"POINT({LEFT + CELL * (col + 0.5)} {TOP - CELL * (row + 0.5)})"


def where_high(surface, count, seed=1):
    """Return places, the likelier the higher the surface."""
    likely = np.exp(3 * (surface - surface.mean()) / surface.std()).ravel()
    cells = np.random.default_rng(seed).choice(surface.size, count, replace=False, p=likely / likely.sum())
    return np.column_stack(np.divmod(cells, surface.shape[1]))


@pytest.fixture
def surface():
    return (1 + ndimage.gaussian_filter(np.random.default_rng(0).normal(size=SHAPE), 5.0)).astype(np.float32)


@pytest.fixture
def seen(surface, polygons):
    """Forty points where the surface is high."""
    rows = [(place(*one), {"kind": "roe"}) for one in where_high(surface, 40)]
    return polygons("seen", rows, kind="Point")


def test_table_points_and_numbers(run, raster, surface, seen, tmp_path):
    other = ndimage.gaussian_filter(np.random.default_rng(5).normal(size=SHAPE), 5.0).astype(np.float32)
    given = {"SURFACES": [raster("good", surface), raster("resistance", -surface), raster("other", other)]}
    out = run(
        "validate",
        POINTS=seen,
        HIGH_IS_USED="yes no yes",
        TABLE=str(tmp_path / "t.gpkg"),
        POINTS_OUT=str(tmp_path / "p.gpkg"),
        HTML=str(tmp_path / "v.html"),
        **given,
    )
    first, second, third = read_table(out["TABLE"])
    assert [one["surface"] for one in (first, second, third)] == ["good", "resistance", "other"]
    assert first["points"] == 40
    ranks = np.argsort(np.argsort(surface.ravel())) + 0.5
    cells = [row * SHAPE[1] + col for row, col in where_high(surface, 40)]
    assert out["AUC"] == first["auc"] == pytest.approx(ranks[cells].mean() / surface.size, rel=1e-9)
    assert out["P"] == first["p"] == 0.001
    assert out["ENRICHMENT"] > 2
    assert out["BOYCE"] > 0.5
    # A surface of which low values are used is the same turned round.
    assert second["auc"] == pytest.approx(first["auc"], rel=1e-6)
    assert second["p_first"] == 1.0
    assert third["p_first"] < 0.05
    points = {one["point_id"]: one for one in read_table(out["POINTS_OUT"])}
    assert len(points) == 40
    one = points[1]
    col = int((one["_geometry"].asPoint().x() - LEFT) / CELL)
    row = int((TOP - one["_geometry"].asPoint().y()) / CELL)
    assert one["value"] == pytest.approx(float(surface[row, col]), rel=1e-6)
    assert one["value_2"] == pytest.approx(-float(surface[row, col]), rel=1e-6)
    assert one["percentile"] == pytest.approx(100 * ranks[row * SHAPE[1] + col] / surface.size, rel=1e-6)
    page = (tmp_path / "v.html").read_text(encoding="utf-8")
    for words in ("What it does not say", "In words", "Which map agrees better?", "<svg", "observed: 0."):
        assert words in page


def test_points_in_degrees_and_twice_in_a_cell_count_once(run, raster, surface, seen, polygons, tmp_path):
    from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsGeometry, QgsProject

    turn = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:32648"), QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance()
    )
    rows = []
    for one in read_table(seen):
        shape = QgsGeometry(one["_geometry"])
        shape.transform(turn)
        rows += [(shape.asWkt(12), {"kind": "roe"})] * 2
    given = {"SURFACES": [raster("surface", surface)], "TABLE": str(tmp_path / "t.gpkg")}
    plain = run("validate", POINTS=seen, **given)
    found = run("validate", POINTS=polygons("degrees", rows, kind="Point", crs="EPSG:4326"), **given)
    assert found["AUC"] == plain["AUC"]
    assert "40 points lie in a cell with another one" in run.feedback.textLog()


def test_points_on_nodata_outside_and_few_are_said(run, raster, surface, polygons, tmp_path):
    values = surface.copy()
    values[:10] = -9999
    rows = [(place(row, 3), {"a": 1}) for row in (2, 5, 20, 30, 41, -7)]
    run(
        "validate",
        SURFACES=[raster("gap", values, nodata=-9999)],
        POINTS=polygons("few", rows, kind="Point"),
        TABLE=str(tmp_path / "t.gpkg"),
    )
    log = run.feedback.textLog()
    assert "2 of the 5 cells with points have no value of 'gap'" in log
    assert "1 of the 6 points of 'few' lie outside the surfaces" in log
    assert "Only 3 points could be compared" in log


def test_cells_of_a_mask_or_at_the_same_distance_are_compared(run, raster, polygons, tmp_path):
    """Roadkill on a surface that is high near the road: no news once only the road is compared."""
    surface = -np.abs(np.arange(80.0) - 40.0).astype(np.float32) * np.ones((60, 1), dtype=np.float32)
    road = np.zeros(SHAPE, dtype=np.uint8)
    road[:, 40] = 1
    kills = polygons("kills", [(place(2 * row, 40), {"a": 1}) for row in range(30)], kind="Point")
    line = f"LINESTRING({LEFT + 40.5 * CELL} {TOP}, {LEFT + 40.5 * CELL} {TOP - 60 * CELL})"
    given = {"SURFACES": [raster("surface", surface)], "POINTS": kills, "TABLE": str(tmp_path / "t.gpkg")}
    assert run("validate", **given)["AUC"] > 0.95
    assert run("validate", AVAILABLE=2, MASK=raster("road", road), **given)["AUC"] == 0.5
    roads = polygons("roads", [(line, {"a": 1})], kind="LineString")
    assert run("validate", AVAILABLE=3, FEATURES=roads, **given)["AUC"] == 0.5
    near = run("validate", AVAILABLE=1, WITHIN=90.0, **given)
    assert 0.5 < near["AUC"] < 0.95


def test_tracks_of_points_with_a_time_and_of_lines(run, raster, polygons, tmp_path):
    surface = np.zeros(SHAPE, dtype=np.float32)
    surface[30] = 1
    cols = [10, 13, 16, 19, 22, 25]
    fixes = [
        (place(30, col), {"animal": "a", "when": f"2024-05-{day:02d} 06:00:00"}) for day, col in enumerate(cols, 1)
    ]
    fixes += [(place(30, 40 + col), {"animal": "b", "when": f"2024-06-{day:02d}"}) for day, col in enumerate(cols, 1)]
    points = polygons("fixes", fixes[::-1], kind="Point")
    given = {"SURFACES": [raster("surface", surface)], "TABLE": str(tmp_path / "t.gpkg")}
    out = run("validate", TRACKS=points, ID_FIELD="animal", TIME_FIELD="when", HTML=str(tmp_path / "v.html"), **given)
    (row,) = read_table(out["TABLE"])
    assert row["steps"] == 10
    assert row["step_p"] == 0.001
    assert row["step_ratio"] > 0.4
    assert out["P"] < 0.05
    assert "Step by step" in (tmp_path / "v.html").read_text(encoding="utf-8")
    lines = [
        f"LINESTRING({', '.join(f'{LEFT + CELL * (col + first + 0.5)} {TOP - CELL * 30.5}' for col in cols)})"
        for first in (0, 40)
    ]
    same = run("validate", TRACKS=polygons("lines", [(one, {"a": 1}) for one in lines], kind="LineString"), **given)
    assert same["AUC"] == out["AUC"]
    with pytest.raises(Exception, match="not known without their time"):
        run("validate", TRACKS=points, ID_FIELD="animal", **given)
    odd = polygons("odd", [(place(3, 3), {"when": "noon"}), (place(3, 9), {"when": "dusk"})], kind="Point")
    with pytest.raises(Exception, match=r"The time 'noon' of feature 1 of 'odd' .* cannot be read"):
        run("validate", TRACKS=odd, TIME_FIELD="when", **given)


def test_key_areas(run, raster, surface, seen, polygons, tmp_path):
    run(
        "validate",
        SURFACES=[raster("surface", surface)],
        POINTS=seen,
        AREAS=polygons("areas", [(square(0, 0, 40), {"a": 1})]),
        TABLE=str(tmp_path / "t.gpkg"),
    )
    inside = np.mean((where_high(surface, 40) < 40).all(axis=1))
    assert f"The key areas hold {inside / (1 / 3):.1f} times the share of the points" in run.feedback.textLog()


def square(row, col, side=8):
    x, y = LEFT + CELL * col, TOP - CELL * row
    far, low = x + CELL * side, y - CELL * side
    return f"POLYGON(({x} {y}, {far} {y}, {far} {low}, {x} {low}, {x} {y}))"


def test_points_that_are_the_sources_are_refused(run, raster, surface, polygons, tmp_path):
    corners = [(5, 5), (5, 60), (40, 30)]
    sources = polygons("patches", [(square(*one), {"name": "x"}) for one in corners])
    given = {"SURFACES": [raster("surface", surface)], "SOURCES": sources, "TABLE": str(tmp_path / "t.gpkg")}
    middles = [(place(row + 4, col + 4), {"source_id": k}) for k, (row, col) in enumerate(corners)]
    with pytest.raises(Exception, match="has the field 'source_id': these are sources"):
        run("validate", POINTS=polygons("centroids", middles, kind="Point"), **given)
    bare = polygons("bare", [(wkt, {"a": 1}) for wkt, _ in middles], kind="Point")
    with pytest.raises(Exception, match="Each of the 3 points of 'bare' lies in an ecological source"):
        run("validate", POINTS=bare, **given)
    beside = [*middles, (place(30, 10), {"source_id": 9})]
    run("validate", POINTS=polygons("beside", [(wkt, {"a": 1}) for wkt, _ in beside], kind="Point"), **given)
    assert "3 of the 4 cells with points lie in sources and are not compared" in run.feedback.textLog()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "Give either points \\(POINTS\\) or tracks"),
        ({"POINTS": "seen", "AVAILABLE": 1}, "'Distance around the points' \\(WITHIN\\) is empty"),
        ({"POINTS": "seen", "AVAILABLE": 2}, "'Mask raster' \\(MASK\\) is empty"),
        ({"POINTS": "seen", "AVAILABLE": 3}, "'Features' \\(FEATURES\\) is empty"),
        ({"POINTS": "seen", "HIGH_IS_USED": "yes, no"}, "There are 1 surfaces, but 2 answers"),
        ({"POINTS": "seen", "HIGH_IS_USED": "often"}, "number 1 is 'often'"),
        ({"POINTS": "seen", "SURFACES": ["surface", "small"]}, "do not lie on the same grid"),
        ({"POINTS": "away"}, "None of the 1 points of 'away' lies on the surfaces"),
        ({"POINTS": "seen", "SURFACES": ["nothing"]}, "no value at all: every cell is NoData"),
    ],
)
def test_what_cannot_be_compared_is_said(run, raster, surface, seen, polygons, tmp_path, given, message):
    layers = {
        "seen": seen,
        "away": polygons("away", [(place(500, 500), {"a": 1})], kind="Point"),
        "surface": raster("surface", surface),
        "small": raster("small", surface[:30]),
        "nothing": raster("nothing", np.full(SHAPE, -9999, dtype=np.float32), nodata=-9999),
    }
    filled = {
        key: [layers[one] for one in value] if isinstance(value, list) else layers.get(value, value)
        for key, value in {"SURFACES": ["surface"], **given}.items()
    }
    with pytest.raises(Exception, match=message):
        run("validate", TABLE=str(tmp_path / "t.gpkg"), **filled)


def test_a_constant_surface_and_one_point(run, raster, polygons, tmp_path):
    flat = raster("flat", np.full(SHAPE, 3.0, dtype=np.float32))
    one = polygons("one", [(place(5, 5), {"a": 1})], kind="Point")
    out = run("validate", SURFACES=[flat], POINTS=one, TABLE=str(tmp_path / "t.gpkg"), HTML=str(tmp_path / "v.html"))
    assert (out["AUC"], out["P"], out["ENRICHMENT"]) == (0.5, 1.0, 1.0)
    assert np.isnan(out["BOYCE"])
    assert "Only 1 points could be compared" in (tmp_path / "v.html").read_text(encoding="utf-8")


def test_the_page_says_that_points_were_moved_along_a_curve(run, raster, surface, seen, tmp_path):
    there = np.random.default_rng(0).random(SHAPE) < 0.05
    there[tuple(where_high(surface, 40).T)] = True
    ragged = raster("ragged", np.where(there, surface, -9999.0).astype(np.float32), nodata=-9999)
    run("validate", SURFACES=[ragged], POINTS=seen, TABLE=str(tmp_path / "t.gpkg"), HTML=str(tmp_path / "v.html"))
    page = (tmp_path / "v.html").read_text(encoding="utf-8")
    assert "along a curve through these cells" in page
    assert "p-values are a little too small" in page
    assert "as a whole" not in page


def test_points_strewn_singly_are_warned_of(run, raster, surface, seen, tmp_path):
    run("validate", SURFACES=[raster("s", surface)], POINTS=seen, RELOCATION=1, TABLE=str(tmp_path / "t.gpkg"))
    assert "far too small" in run.feedback.textLog()
