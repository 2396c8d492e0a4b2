"""The layers that the factors of the whole network are taken from."""

import numpy as np
import pytest
from ecosecnet.core.stats import natural_breaks
from layerio import read_raster

pytestmark = pytest.mark.qgis

USE = np.array([0, 1, 1, 2, 2, 3, 3, 4, 5])
"""Scores of the land uses in the table of the study."""


@pytest.fixture
def land_alone(parameters):
    for unused in ("CORRECTIONS", "DEM", "ROADS", "MINES"):
        parameters.pop(unused)
    return parameters


@pytest.fixture
def surface(run, tmp_path):
    """Build the network and return its resistance, NaN = NoData."""

    def build(**given):
        found = run("securitynetwork", **given, RESISTANCE=str(tmp_path / "resistance.tif"))
        values, nodata = read_raster(found["RESISTANCE"])
        return np.where(values == nodata, np.nan, values)

    return build


def table(tmp_path, *rows):
    path = tmp_path / "scores.csv"
    text = "\n".join(["factor,value,min,max,score,weight", *rows, ""])
    path.write_text(text, encoding="utf-8")
    return str(path)


LAND = [f"Land use,{k},,,{USE[k]},0.5" for k in range(1, 9)]


def test_land_use_alone_is_enough(run, land_alone, surface):
    values = surface(**land_alone)
    land, nothing = read_raster(land_alone["LANDUSE"])
    np.testing.assert_array_equal(values[land != nothing], USE[land[land != nothing]])
    said = run.feedback.textLog()
    assert "made of one factor, 'Land use'" in said
    assert "No layer is given for Elevation (m), Slope" in said
    assert "There is no data for" not in said
    assert "This is one factor" not in said
    assert "other factors" not in said  # the factors of the study that are not there


@pytest.mark.parametrize(("parameter", "layer", "rises"), [("RIVERS", "RIVERS", True), ("SETTLEMENTS", "MINES", False)])
def test_a_distance_that_the_study_has_no_table_for(
    run, county, land_alone, surface, tmp_path, parameter, layer, rises
):
    values = surface(**land_alone, **{parameter: county[layer]})
    tool = run("distancefactor", FEATURES=county[layer], GRID=land_alone["LANDUSE"], OUTPUT=str(tmp_path / "d.tif"))
    land, nothing = read_raster(land_alone["LANDUSE"])
    inside = land != nothing
    distance = read_raster(tool["OUTPUT"])[0][inside]
    score = 1 + np.searchsorted(natural_breaks(distance, 5).limits[:-1], distance)
    score = score if rises else 6 - score
    weight = 0.1 / (0.35 / 1.05 + 0.1)
    np.testing.assert_allclose(values[inside], (1 - weight) * USE[land[inside]] + weight * score, rtol=1e-5)


def test_vegetation_lowers_the_resistance(county, land_alone, surface, raster):
    from osgeo import gdal

    land, nothing = read_raster(land_alone["LANDUSE"])
    left, cell, _, top, _, _ = gdal.Open(land_alone["LANDUSE"]).GetGeoTransform()
    ndvi = np.random.default_rng(3).uniform(0, 1, land.shape).round(1).astype(np.float32)
    given = raster("ndvi", ndvi, cell=cell, left=left, top=top, crs="EPSG:4544")
    plain = surface(**land_alone)
    values = surface(**land_alone, VEGETATION=given)
    inside = land != nothing
    weight = 0.1 / (0.35 / 1.05 + 0.1)
    score = (values[inside] - (1 - weight) * plain[inside]) / weight
    np.testing.assert_allclose(score, score.round(), atol=1e-4)
    assert {1.0, 5.0} <= set(score.round())
    order = np.argsort(ndvi[inside], kind="stable")
    assert (np.diff(score.round()[order]) <= 0).all()


def test_the_distance_to_classes_of_the_land_use_needs_no_layer(run, land_alone, surface, tmp_path):
    from scipy import ndimage

    scores = table(tmp_path, *LAND, "Distance to built-up (m),,,300,5,0.3", "距水体距离,,,200,1,0.2", *LAST)
    values = surface(**land_alone, SCORES=scores, CLASS_DISTANCES="built-up = 7, 8； 水体＝6")
    land, nothing = read_raster(land_alone["LANDUSE"])
    inside = land != nothing
    built = 30.0 * ndimage.distance_transform_edt(~(np.isin(land, (7, 8)) & inside))
    water = 30.0 * ndimage.distance_transform_edt(~((land == 6) & inside))
    expected = 0.5 * USE[land] + 0.3 * np.where(built <= 300, 5, 1) + 0.2 * np.where(water <= 200, 1, 4)
    np.testing.assert_allclose(values[inside], expected[inside], rtol=1e-5)
    assert "(the distance to its classes 7, 8)" in run.feedback.textLog()


LAST = ["Distance to built-up (m),,300,,1,0.3", "距水体距离,,200,,4,0.2"]


def test_without_a_table_the_distance_to_built_up_land_lowers_the_resistance(land_alone, surface):
    from scipy import ndimage

    plain = surface(**land_alone)
    values = surface(**land_alone, CLASS_DISTANCES="built-up land = 8")
    land, nothing = read_raster(land_alone["LANDUSE"])
    inside = land != nothing
    built = ndimage.distance_transform_edt(~((land == 8) & inside))
    weight = 0.1 / (0.35 / 1.05 + 0.1)
    score = ((values - (1 - weight) * plain) / weight)[inside].round(3)
    order = np.argsort(built[inside], kind="stable")
    assert (np.diff(score[order]) <= 0).all()
    assert score[order[0]] == 5.0
    assert score[order[-1]] == 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"CLASS_DISTANCES": "8"}, "'8' is not a name and what it is given"),
        (
            {"CLASS_DISTANCES": "built-up = 44"},
            r"No cell of '.*' has one of the listed values 44\. It holds the values 1,",
        ),
        ({"CLASS_DISTANCES": "cropland = 5"}, r"'Distance to cropland \(m\)' does not tell whether resistance rises"),
        ({"RIVERS": "far"}, r"'far' \(RIVERS\) lies [\d,]+ m beyond .* set the margin"),
        (
            {"RIVERS": "mines", "SCORES": LAND},
            "No factor of the score table takes the layer given as RIVERS. Call one distance",
        ),
        ({"VEGETATION": "dem", "SCORES": LAND}, "the layer given as VEGETATION. Call one vegetation cover"),
        ({"CLASS_DISTANCES": "water = 6", "SCORES": LAND}, "distance to 'water', which is given as CLASS_DISTANCES"),
    ],
)
def test_what_cannot_be_a_factor_is_refused(county, land_alone, surface, polygons, tmp_path, change, message):
    far = polygons("far", [("LINESTRING(0 0,10 10)", {"name": "far"})], kind="LineString", crs="EPSG:4544")
    layers = {"far": far, "mines": county["MINES"], "dem": county["DEM"]}
    given = {name: layers.get(value, value) if isinstance(value, str) else value for name, value in change.items()}
    if "SCORES" in given:
        given["SCORES"] = table(tmp_path, *given["SCORES"])
    with pytest.raises(Exception, match=message):
        surface(**land_alone, **given)


def test_a_class_without_a_score_is_named(run, land_alone, surface, tmp_path):
    values = surface(**land_alone, SCORES=table(tmp_path, *(row for row in LAND if "use,5," not in row)))
    assert "The raster holds values that have no score: 5. Add a row for each" in run.feedback.textLog()
    land, _ = read_raster(land_alone["LANDUSE"])
    assert np.isnan(values[land == 5]).all()


@pytest.fixture
def with_roads(parameters):
    for unused in ("CORRECTIONS", "DEM", "MINES"):
        parameters.pop(unused)
    return parameters


def csv(tmp_path, name, text):
    path = tmp_path / f"{name}.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    "given",
    [
        {"WEIGHTS": "距道路距离 = 3；Land_use=1"},
        {"WEIGHTS": "0.25; 0.75"},
        {"WEIGHTS_TABLE": "factor,weight\nRoads,0.75\nland cover,0.25\n"},
        {"JUDGEMENTS": "first,second,value\nroads,land use,3\n"},
    ],
)
def test_weights_of_ones_own_in_every_form(run, with_roads, surface, tmp_path, given):
    scores = table(tmp_path, *LAND, "Distance from road (m),,,500,5,0.5", "Distance from road (m),,500,,1,0.5")
    report = tmp_path / "report.html"
    given = {name: csv(tmp_path, name, text) if "\n" in text else text for name, text in given.items()}
    if "JUDGEMENTS" in given:
        given["JUDGEMENTS"] = [given["JUDGEMENTS"]]
    values = surface(**with_roads, SCORES=scores, **given, REPORT=str(report))
    tool = run(
        "distancefactor", FEATURES=with_roads["ROADS"], GRID=with_roads["LANDUSE"], OUTPUT=str(tmp_path / "d.tif")
    )
    road = np.where(read_raster(tool["OUTPUT"])[0] <= 500, 5, 1)
    land, nothing = read_raster(with_roads["LANDUSE"])
    np.testing.assert_allclose(values[land != nothing], (0.25 * USE[land] + 0.75 * road)[land != nothing], rtol=1e-5)
    assert ("consistency ratio" in report.read_text(encoding="utf-8")) is ("JUDGEMENTS" in given)


def test_contradicting_judgements_are_warned_of_and_reported(run, with_roads, county, tmp_path):
    judgements = csv(tmp_path, "专家", "土地利用,道路,河流\n1,5,1/5\n1/5,1,5\n5,1/5,1\n")
    report = tmp_path / "report.html"
    given = {**with_roads, "RIVERS": county["RIVERS"], "JUDGEMENTS": [judgements], "REPORT": str(report)}
    run("securitynetwork", **given)
    page = report.read_text(encoding="utf-8")
    matrix = np.array([[1, 5, 0.2], [0.2, 1, 5], [5, 0.2, 1]])
    largest = np.linalg.eigvals(matrix).real.max()
    ratio = (largest - 3) / 2 / 0.58
    assert f"The judgements contradict each other: CR = {ratio:.3f}" in page
    assert "These fit worst:" in page
    assert f"<b>{ratio:.3f}</b>" in page
    assert f"<b>{largest:.3f}</b>" in page
    assert f"Lambda max {largest:.4f}" in run.feedback.textLog()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"WEIGHTS": "land use = 1"}, r"no weight for Distance from road \(m\)\. The weights given are for land use"),
        ({"WEIGHTS": "land use = a lot"}, "Weights, 'land use': 'a lot' is not a number"),
        (
            {"WEIGHTS": "1 2 3"},
            r"3 weights but 2 factors with a layer, in this order: Land use, Distance from road \(m\)",
        ),
        ({"WEIGHTS": "1 2", "WEIGHTS_TABLE": "factor,weight\nroads,1\n"}, "WEIGHTS and WEIGHTS_TABLE are given"),
        ({"WEIGHTS_TABLE": "name,share\nroads,1\n"}, "must have the columns 'factor' and 'weight'"),
        ({"JUDGEMENTS": "first,second,value\nroads,mines,3\n"}, "no weight for Land use"),
        ({"CORRECTION_ZONES": "LANDUSE"}, "Zones are for the correction by value / mean"),
        ({"CORRECTION_METHOD": 1, "CORRECTION_WEIGHTS": "2"}, "takes no weights"),
    ],
)
def test_weights_and_corrections_that_cannot_be_are_refused(with_roads, surface, tmp_path, given, message):
    given = {name: csv(tmp_path, name, one) if "\n" in str(one) else one for name, one in given.items()}
    given = {name: [one] if name == "JUDGEMENTS" else with_roads.get(str(one), one) for name, one in given.items()}
    with pytest.raises(Exception, match=message):
        surface(**with_roads, **given)


def test_night_light_is_compared_with_the_mean_of_its_land_use(county, parameters, surface):
    """The formula of night-light corrections: the resistance times the light over the mean light of the land use."""
    plain = surface(**{**parameters, "CORRECTIONS": []})
    light = {"CORRECTIONS": [county["DEM"]], "CORRECTION_METHOD": 1}
    values = surface(**{**parameters, **light, "CORRECTION_ZONES": parameters["LANDUSE"], "CORRECTION_CAP": 1.2})
    land, nothing = read_raster(parameters["LANDUSE"])
    height = read_raster(county["DEM"])[0]
    for use in np.unique(land[land != nothing]):
        held = land == use
        expected = np.clip(height[held] / height[held].mean(dtype=float), 0.1, 1.2)
        np.testing.assert_allclose(values[held] / plain[held], expected, rtol=1e-4)
