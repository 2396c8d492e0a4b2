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
    assert "made of one factor, 'Land use'" in run.feedback.textLog()


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
        ({"RIVERS": "far"}, "None of the 1 features of 'far' lies on the grid.*the nearest is [\\d,]+ m away"),
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
