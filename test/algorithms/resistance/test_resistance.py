import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

MEAN_RATIO, MULTIPLY, ADD, NORMALISED = range(4)
WEIGHTS = [0.5, 0.3, 0.2]


class Log:
    """A feedback that remembers what it was told."""

    def __new__(cls):
        from qgis.core import QgsProcessingFeedback

        class Feedback(QgsProcessingFeedback):
            def __init__(self):
                super().__init__(False)
                self.warnings, self.infos = [], []

            def pushWarning(self, text):
                self.warnings.append(text)

            def pushInfo(self, text):
                self.infos.append(text)

        return Feedback()


@pytest.fixture
def scores():
    random = np.random.default_rng(1)
    values = random.integers(1, 6, (3, 300, 20)).astype(np.float32)
    values[1, 5, 5] = -1
    return values


@pytest.fixture
def factors(raster, scores):
    return [raster(name, values, nodata=-1) for name, values in zip(("land", "slope", "road"), scores)]


@pytest.fixture
def expected(scores):
    held = np.where(scores < 0, np.nan, scores)
    return 0.5 * held[0] + 0.3 * held[1] + 0.2 * held[2]


def cells(path):
    values, nodata = read_raster(path)
    return np.where(values == nodata, np.nan, values)


def test_the_overlay_and_its_numbers(run, factors, expected, tmp_path):
    log = Log()
    out = run(
        "resistance",
        feedback=log,
        FACTORS=factors,
        WEIGHTS="0.5 0.3 0.2",
        OUTPUT=str(tmp_path / "r.tif"),
        TABLE=str(tmp_path / "t.gpkg"),
    )
    np.testing.assert_allclose(cells(out["OUTPUT"]), expected, rtol=1e-6)
    assert out["MINIMUM"] == pytest.approx(np.nanmin(expected))
    assert out["MEAN"] == pytest.approx(np.nanmean(expected))
    assert out["MAXIMUM"] == pytest.approx(np.nanmax(expected))
    assert log.warnings == ["1 cells have no data in some of the factors; they became NoData."]
    rows = read_table(out["TABLE"])
    assert [row["factor"] for row in rows] == ["land", "slope", "road"]
    assert sum(row["share_of_mean"] for row in rows) == pytest.approx(100)
    assert sum(row["share_of_variance"] for row in rows) == pytest.approx(100)


def test_weights_from_the_table_of_ahp_by_name_and_by_order(run, factors, expected, tmp_path):
    table = tmp_path / "w.csv"
    table.write_text('factor,weight\nroad,"0,2"\nland,0.5\nslope,0.3\n', encoding="utf-8")
    out = run("resistance", FACTORS=factors, WEIGHTS_TABLE=str(table), OUTPUT=str(tmp_path / "r.tif"))
    np.testing.assert_allclose(cells(out["OUTPUT"]), expected, rtol=1e-6)
    log = Log()
    table.write_text("factor,weight\na,0.5\nb,0.3\nc,0.2\n", encoding="utf-8")
    out = run("resistance", feedback=log, FACTORS=factors, WEIGHTS_TABLE=str(table), OUTPUT=str(tmp_path / "s.tif"))
    np.testing.assert_allclose(cells(out["OUTPUT"]), expected, rtol=1e-6)
    assert any("land: a, slope: b, road: c" in text for text in log.warnings)


def test_weights_are_normalised_with_a_warning_that_states_the_sum(run, factors, expected, tmp_path):
    log = Log()
    out = run("resistance", feedback=log, FACTORS=factors, WEIGHTS="0.525, 0.315, 0.21", OUTPUT=str(tmp_path / "r.tif"))
    np.testing.assert_allclose(cells(out["OUTPUT"]), expected, rtol=1e-6)
    assert "The weights sum to 1.05, not 1; each was divided by the sum." in log.warnings


@pytest.mark.parametrize("text", ["60,40", "60、40", "60；40", "60， 40", "60 40", "0,6 0,4", "0,6; 0,4"])
def test_weights_as_people_write_them(run, factors, scores, tmp_path, text):
    out = run("resistance", FACTORS=[factors[0], factors[2]], WEIGHTS=text, OUTPUT=str(tmp_path / "r.tif"))
    np.testing.assert_allclose(cells(out["OUTPUT"]), 0.6 * scores[0] + 0.4 * scores[2], rtol=1e-6)


def test_missing_factors_are_left_out(run, factors, scores, tmp_path):
    out = run("resistance", FACTORS=factors, WEIGHTS="0.5 0.3 0.2", MISSING=1, OUTPUT=str(tmp_path / "r.tif"))
    value = (0.5 * scores[0, 5, 5] + 0.2 * scores[2, 5, 5]) / 0.7
    assert cells(out["OUTPUT"])[5, 5] == pytest.approx(value)


def test_correction_by_zone_with_its_multiplier(run, raster, factors, expected, tmp_path):
    random = np.random.default_rng(2)
    light = random.uniform(0.5, 2, expected.shape).astype(np.float32)
    land = random.integers(1, 4, expected.shape).astype(np.uint8)
    out = run(
        "resistance",
        FACTORS=factors,
        WEIGHTS="0.5 0.3 0.2",
        CORRECTIONS=[raster("light", light)],
        CORRECTION_ZONES=raster("zones", land),
        CORRECTION_METHOD=0,
        OUTPUT=str(tmp_path / "r.tif"),
        CORRECTION_OUTPUT=str(tmp_path / "g.tif"),
    )
    gain = np.full(light.shape, np.nan)
    for zone in (1, 2, 3):
        inside = (land == zone) & ~np.isnan(expected)
        gain[inside] = light[inside] / light[inside].mean(dtype=float)
    np.testing.assert_allclose(cells(out["OUTPUT"]), expected * gain, rtol=1e-5)
    np.testing.assert_allclose(cells(out["CORRECTION_OUTPUT"]), gain, rtol=1e-5)


@pytest.mark.parametrize("method", [MULTIPLY, ADD, NORMALISED])
def test_the_other_corrections(run, raster, factors, expected, tmp_path, method):
    erosion = np.random.default_rng(3).integers(1, 6, expected.shape).astype(np.float32)
    out = run(
        "resistance",
        FACTORS=factors,
        WEIGHTS="0.5 0.3 0.2",
        CORRECTIONS=[raster("erosion", erosion)],
        CORRECTION_METHOD=method,
        CORRECTION_WEIGHTS="" if method == MULTIPLY else "0.5",
        OUTPUT=str(tmp_path / "r.tif"),
    )
    wanted = {
        MULTIPLY: expected * erosion,
        ADD: expected + 0.5 * erosion,
        NORMALISED: expected * (1 + 0.5 * (erosion - 1) / 4),
    }[method]
    np.testing.assert_allclose(cells(out["OUTPUT"]), wanted, rtol=1e-5)


def test_rescaling(run, factors, tmp_path):
    out = run("resistance", FACTORS=factors, WEIGHTS="5 3 2", MIN=1, MAX=100, OUTPUT=str(tmp_path / "r.tif"))
    assert (out["MINIMUM"], out["MAXIMUM"]) == (pytest.approx(1), pytest.approx(100))


def test_another_grid_is_resampled_and_said(run, raster, factors, tmp_path):
    log = Log()
    coarse = raster("coarse", np.full((150, 10), 3, dtype=np.float32), cell=60.0)
    out = run(
        "resistance",
        feedback=log,
        FACTORS=[*factors, coarse],
        WEIGHTS="0.5 0.3 0.2 1",
        GRID=factors[0],
        OUTPUT=str(tmp_path / "r.tif"),
    )
    assert cells(out["OUTPUT"]).shape == (300, 20)
    assert any("'coarse' was resampled onto the grid of 'land' (bilinear)" in text for text in log.infos)
    out = run("resistance", FACTORS=[*factors, coarse], WEIGHTS="1 1 1 1", GRID=coarse, OUTPUT=str(tmp_path / "s.tif"))
    assert cells(out["OUTPUT"]).shape == (150, 10)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "There are no weights"),
        ({"WEIGHTS": "0.5 0.5"}, "3 factors but 2 weights"),
        ({"WEIGHTS": "0.5 0.7 -0.2"}, "Weight 3 is -0.2"),
        ({"WEIGHTS": "0.5 a 0.2"}, "Weights, number 2: 'a' is not a number"),
        ({"WEIGHTS": "1 1 1", "MIN": 1}, "both the new minimum"),
        ({"WEIGHTS": "1 1 1", "MIN": 0, "MAX": 5}, "from 0 to 5"),
        ({"WEIGHTS": "1 1 1", "CORRECTION_FLOOR": 0, "CORRECTIONS": True}, "floor of a correction"),
        (
            {"WEIGHTS": "1 1 1", "CORRECTION_WEIGHTS": "2", "CORRECTIONS": True, "CORRECTION_METHOD": 0},
            "takes no weights",
        ),
    ],
)
def test_bad_input_gets_a_sentence_and_no_file(run, factors, tmp_path, options, words):
    target = tmp_path / "r.tif"
    if options.get("CORRECTIONS"):
        options = {**options, "CORRECTIONS": [factors[0]]}
    with pytest.raises(Exception, match=words):
        run("resistance", FACTORS=factors, OUTPUT=str(target), **options)
    assert list(tmp_path.glob("r.tif*")) == []


def test_one_factor_and_zero_scores_are_refused(run, raster, factors, tmp_path):
    target = tmp_path / "r.tif"
    with pytest.raises(Exception, match="two factors or more, not 1"):
        run("resistance", FACTORS=factors[:1], WEIGHTS="1", OUTPUT=str(target))
    zero = raster("zero", np.zeros((300, 20), dtype=np.float32))
    with pytest.raises(Exception, match=r"6,000 cells .* not above 0"):
        run("resistance", FACTORS=[zero, zero], WEIGHTS="1 1", OUTPUT=str(target))
    assert list(tmp_path.glob("r.tif*")) == []


def test_a_cancelled_run_leaves_nothing(run, factors, tmp_path):
    from qgis.core import QgsProcessingFeedback

    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    with pytest.raises(Exception, match="Cancelled"):
        run("resistance", feedback=feedback, FACTORS=factors, WEIGHTS="1 1 1", OUTPUT=str(tmp_path / "r.tif"))
    assert list(tmp_path.glob("r.tif*")) == []


@pytest.fixture
def flat(raster):
    """Two factors of resistance 2 with a corner of NoData, and a land use with a lake (6) across the middle."""
    ground = np.full((40, 60), 2, dtype=np.float32)
    ground[:3, :3] = -1
    land = np.ones((40, 60), dtype=np.uint8)
    land[18:22, 5:55] = 6
    land[0, :5] = 8
    factors = [raster("flat", ground, nodata=-1), raster("even", ground, nodata=-1)]
    return {"FACTORS": factors, "WEIGHTS": "1 1", "LANDUSE": raster("land_use", land)}, land


def corners(col, row, wide, high):
    left, top = 500_000 + 30 * col, 2_900_000 - 30 * row
    right, bottom = left + 30 * wide, top - 30 * high
    return f"POLYGON(({left} {top}, {right} {top}, {right} {bottom}, {left} {bottom}, {left} {top}))"


def test_impassable_land_uses_become_nodata_but_for_sources(run, flat, polygons, tmp_path):
    given, land = flat
    log = Log()
    source = polygons("lake", [(corners(10, 17, 8, 4), {"source_id": 1})])
    free = cells(run("resistance", **given, OUTPUT=str(tmp_path / "f.tif"))["OUTPUT"])
    out = run("resistance", feedback=log, **given, IMPASSABLE="6, 8", SOURCES=source, OUTPUT=str(tmp_path / "r.tif"))
    lake = np.isin(land, (6, 8))
    lake[17:22, 9:19] = False  # the source, and a cell of the lake around it
    np.testing.assert_array_equal(cells(out["OUTPUT"]), np.where(lake, np.nan, free))
    gone = np.count_nonzero(lake & ~np.isnan(free))
    assert gone == 4 * 50 - 4 * 10 + 2
    assert f"Impassable: {gone} of 2,391 cells with a resistance (6.8%) became NoData." in log.infos
    log = Log()
    run("resistance", feedback=log, **given, IMPASSABLE="6 99", OUTPUT=str(tmp_path / "s.tif"))
    assert "No cell of 'land_use' has the impassable value 99." in log.warnings


def test_least_cost_paths_go_round_a_lake(run, flat, polygons, tmp_path):
    """From the middle of the upper edge to that of the lower: round the lake, 25 columns to one side and back."""
    given, _ = flat
    sources = polygons("two", [(corners(29, 0, 1, 1), {"source_id": 1}), (corners(29, 39, 1, 1), {"source_id": 2})])
    costs = {}
    for name, impassable in (("over", ""), ("round", "6")):
        surface = run("resistance", **given, IMPASSABLE=impassable, OUTPUT=str(tmp_path / f"{name}.tif"))["OUTPUT"]
        links = run("linkages", RESISTANCE=surface, SOURCES=sources, LINKS=str(tmp_path / f"{name}.gpkg"))["LINKS"]
        costs[name] = read_table(links)[0]["cw_dist"]
    assert costs["over"] == pytest.approx(2 * 30 * 39)
    # to column 4 or 55 beside the lake: 25 columns, most of them diagonal, on the 17 rows above and as many below
    assert costs["round"] > costs["over"] + 2 * 30 * 15


def test_a_river_of_cells_is_closed_at_its_corners_also_between_bands(run, raster, factors, tmp_path, monkeypatch):
    """The rasters are read in bands of 256 rows; the river runs diagonally over the border of two."""
    from ecosecnet.algorithms.support.io import rasters
    from ecosecnet.core.resistance import closed_at_corners

    monkeypatch.setattr(rasters, "BLOCK_CELLS", 1)
    land = np.ones((300, 20), dtype=np.uint8)
    rows = np.arange(250, 262)
    land[rows, rows - 248] = land[rows, 266 - rows] = 6
    given = {"FACTORS": factors, "WEIGHTS": "1 1 1", "LANDUSE": raster("land_use", land), "IMPASSABLE": "6"}
    found = cells(run("resistance", **given, OUTPUT=str(tmp_path / "r.tif"))["OUTPUT"])
    wanted = closed_at_corners(land == 6)
    wanted[5, 5] = True  # no data in a factor
    np.testing.assert_array_equal(np.isnan(found), wanted)


def test_a_road_costs_what_its_class_says_and_leaves_no_gap(run, flat, polygons, tmp_path):
    given, _ = flat
    top = 2_900_000
    diagonal = f"LINESTRING(499900 {top - 1250}, 501900 {top + 60})"
    level = f"LINESTRING(500000 {top - 30 * 30.5}, 501800 {top - 30 * 30.5})"
    roads = polygons("roads", [(diagonal, {"kind": "Motorway"}), (level, {"kind": "path"})], kind="LineString")
    log = Log()
    out = run(
        "resistance", feedback=log, **given, ROADS=roads, ROAD_CLASS="kind", ROAD_SCORES="motorway = 500",
        OUTPUT=str(tmp_path / "r.tif"),
    )  # fmt: skip
    found = cells(out["OUTPUT"])
    assert set(found[~np.isnan(found)].tolist()) == {2.0, 500.0}
    assert (found[30, 20:] == 2).all()
    assert out["MAXIMUM"] == 500
    assert log.warnings[0] == "Roads without a score resist as the land they run through: path (1)."
    said = next(line for line in log.infos if line.startswith("Roads: "))
    assert f"in {np.count_nonzero(found == 500)} of them the road resists more than the land" in said
    sources = polygons("two", [(corners(20, 5, 1, 1), {"source_id": 1}), (corners(40, 35, 1, 1), {"source_id": 2})])
    links = run("linkages", RESISTANCE=out["OUTPUT"], SOURCES=sources, LINKS=str(tmp_path / "l.gpkg"))["LINKS"]
    assert read_table(links)[0]["cw_dist"] >= 30 * (500 + 2)
    out = run("resistance", **given, ROADS=roads, ROAD_SCORES="1.5", OUTPUT=str(tmp_path / "low.tif"))
    assert out["MAXIMUM"] == 2
    free = run("resistance", **given, ROADS=roads, OUTPUT=str(tmp_path / "free.tif"))
    assert free["MAXIMUM"] == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"IMPASSABLE": "60"}, r"No cell of 'land_use' has one of the impassable values 60. It holds the values 1, 6"),
        ({"IMPASSABLE": "lake"}, "'lake' is neither a value nor a range"),
        ({"IMPASSABLE": "6", "LANDUSE": None}, "impassable values 6 are classes of a land-use raster. Give it"),
        ({"IMPASSABLE": "1, 6, 8"}, "All 2,391 cells with a resistance are of impassable classes"),
        ({"ROAD_SCORES": "5", "ROADS": None}, "There are road scores but no roads"),
        ({"ROAD_CLASS": "kind"}, r"class field of the roads \(kind\) is given, but not the resistance"),
        ({"ROAD_SCORES": "trunk=5"}, r"name classes \(trunk\), but not the field .*ROAD_CLASS.*kind"),
        (
            {"ROAD_SCORES": "trunk=5", "ROAD_CLASS": "kind"},
            r"No road is of a class that has a score \(trunk\).*path \(1\)",
        ),
        ({"ROAD_SCORES": "path=-5", "ROAD_CLASS": "kind"}, "class 'path' has '-5'"),
        ({"ROAD_SCORES": "5", "ROADS": "far"}, "No road of 'far' lies on the grid"),
    ],
)
def test_obstacles_that_cannot_be_placed(run, flat, polygons, tmp_path, options, words):
    given, _ = flat
    layers = {
        "roads": polygons(
            "roads", [("LINESTRING(500100 2899900, 500900 2899500)", {"kind": "path"})], kind="LineString"
        ),
        "far": polygons("far", [("LINESTRING(100 2899900, 900 2899500)", {"kind": "path"})], kind="LineString"),
    }
    road = options.get("ROADS", "roads")
    given = {**given, **options, "ROADS": layers.get(road)}
    with pytest.raises(Exception, match=words):
        run("resistance", **given, OUTPUT=str(tmp_path / "r.tif"))
    assert list(tmp_path.glob("r.tif*")) == []
