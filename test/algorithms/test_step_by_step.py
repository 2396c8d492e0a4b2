"""The single tools, one after the other with what their dialogs offer, give what the one run gives; so does their model."""

from pathlib import Path

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

SCORES = str(Path(__file__).resolve().parents[2] / "docs" / "examples" / "scores_liuzhi_corrected.csv")


@pytest.fixture(scope="module", params=[320, pytest.param(1000, marks=pytest.mark.slow)])
def county(qgis, tmp_path_factory, request):
    given = {"SIZE": request.param, "SEED": 1, "LOAD": False}
    return qgis.run("ecosecnet:demolandscape", {**given, "OUTPUT_FOLDER": str(tmp_path_factory.mktemp("county"))})


@pytest.fixture(scope="module")
def step(qgis, tmp_path_factory):
    """Run a tool with what its dialog offers, and the inputs it needs; outputs are files."""
    from qgis.core import QgsApplication

    folder = tmp_path_factory.mktemp("steps")
    number = iter(range(100))

    def run(name, outputs, **inputs):
        tool = QgsApplication.processingRegistry().createAlgorithmById(f"ecosecnet:{name}")
        offered = {d.name(): d.defaultValueForGui() for d in tool.parameterDefinitions() if not d.isDestination()}
        offered = {key: value for key, value in offered.items() if value is not None}
        files = {key: str(folder / f"{next(number)}.{kind}") for key, kind in outputs.items()}
        return qgis.run(f"ecosecnet:{name}", {**offered, **inputs, **files})

    return run


@pytest.fixture(scope="module")
def dem(county, tmp_path_factory):
    """The elevation as it is downloaded: in degrees, with cells of its own."""
    from osgeo import gdal

    path = str(tmp_path_factory.mktemp("dem") / "elevation.tif")
    gdal.Warp(path, county["DEM"], dstSRS="EPSG:4326", resampleAlg="cubic", xRes=2e-4, yRes=2e-4)
    return path


@pytest.fixture(scope="module")
def given(county, dem):
    """What a planner has, by the names in the model; in capitals those of the one run."""
    return {
        "landuse": county["LANDUSE"],
        "foreground": "1,2,6",
        "dem": dem,
        "roads": county["ROADS"],
        "mines": county["MINES"],
        "protected": [county["REDLINE"], county["RESERVES"]],
        "scores": SCORES,
        "corrections": [county[name] for name in ("DESERTIFICATION", "EROSION", "GEOHAZARDS")],
        "townships": county["TOWNSHIPS"],
    }


@pytest.fixture(scope="module")
def whole(given, step):
    return step(
        "securitynetwork",
        {
            "SOURCES": "gpkg",
            "RESISTANCE": "tif",
            "CORRIDORS": "tif",
            "LINKS": "gpkg",
            "CURRENT": "tif",
            "SCORE": "tif",
            "PINCHPOINTS": "gpkg",
            "BARRIERS": "gpkg",
            "PINCH_RULES": "tif",
            "BARRIER_RULES": "tif",
            "PINCH_TABLE": "gpkg",
            "BARRIER_TABLE": "gpkg",
        },
        **{name.upper(): value for name, value in given.items()},
    )


@pytest.fixture(scope="module")
def modelled(given, step):
    """The whole chain as the one model that comes with the plugin."""
    outputs = {
        "mspa:mspa": "tif",
        "importance:sources": "gpkg",
        "resistance:resistance": "tif",
        "linkages:corridors": "tif",
        "grades:links": "gpkg",
        "pinch:current": "tif",
        "barriers:score": "tif",
        "pinchareas:pinch_points": "gpkg",
        "barrierareas:barriers": "gpkg",
        "pinchtable:pinch_table": "gpkg",
        "barriertable:barrier_table": "gpkg",
    }
    found = step("networkstepbystep", outputs, **given)
    return {name.partition(":")[2].upper().replace("PINCH_POINTS", "PINCHPOINTS"): found[name] for name in outputs}


@pytest.fixture(scope="module")
def chain(county, dem, step):
    coded = step("foreground", {"OUTPUT": "tif"}, INPUT=county["LANDUSE"], FOREGROUND="1,2,6")["OUTPUT"]
    codes = step("mspa", {"OUTPUT": "tif"}, INPUT=coded)["OUTPUT"]
    protected = [county["REDLINE"], county["RESERVES"]]
    candidates = step("sources", {"OUTPUT": "gpkg"}, INPUT=codes, PROTECTED=protected)["OUTPUT"]
    sources = step("connectivity", {"OUTPUT": "gpkg"}, SOURCES=candidates)["OUTPUT"]
    grid = county["LANDUSE"]
    measured = {
        "Land use": county["LANDUSE"],
        "Elevation (m)": step("terrainfactor", {"OUTPUT": "tif"}, DEM=dem, GRID=grid, FACTOR=2)["OUTPUT"],
        "Slope (°)": step("terrainfactor", {"OUTPUT": "tif"}, DEM=dem, GRID=grid)["OUTPUT"],
        "Distance from road (m)": step("distancefactor", {"OUTPUT": "tif"}, FEATURES=county["ROADS"], GRID=grid)[
            "OUTPUT"
        ],
        "Distance to mining area (m)": step("distancefactor", {"OUTPUT": "tif"}, FEATURES=county["MINES"], GRID=grid)[
            "OUTPUT"
        ],
    }
    scores = [
        step("scorefactor", {"OUTPUT": "tif"}, INPUT=path, SCORES_TABLE=SCORES, FACTOR=factor)["OUTPUT"]
        for factor, path in measured.items()
    ]
    resistance = step(
        "resistance",
        {"OUTPUT": "tif"},
        FACTORS=scores,
        WEIGHTS="0.35 0.1 0.1 0.25 0.25",
        CORRECTIONS=[county[name] for name in ("DESERTIFICATION", "EROSION", "GEOHAZARDS")],
    )["OUTPUT"]
    linked = {"RESISTANCE": resistance, "SOURCES": sources}
    corridors = step("linkages", {"LINKS": "gpkg", "CORRIDORS": "tif"}, **linked)
    linked["LINKS"] = corridors["LINKS"]
    central = step(
        "centrality", {"OUTPUT_LINKS": "gpkg", "OUTPUT_SOURCES": "gpkg"}, SOURCES=sources, LINKS=corridors["LINKS"]
    )
    current = step("pinchpoints", {"CURRENT": "tif"}, **linked)["CURRENT"]
    # Outside the study area Linkage Mapper scores too, and so does the tool unless told otherwise.
    barriers = step("barriers", {"SCORE": "tif"}, OUTSIDE=False, **linked)
    score = barriers["SCORE"]
    graded = {"RESISTANCE": resistance, "LINKS": central["OUTPUT_LINKS"]}
    return {
        "SOURCES": central["OUTPUT_SOURCES"],
        "RESISTANCE": resistance,
        "CORRIDORS": corridors["CORRIDORS"],
        "LINKS": central["OUTPUT_LINKS"],
        "CURRENT": current,
        "SCORE": score,
        "PINCHPOINTS": step("keyareas", {"OUTPUT": "gpkg"}, INPUT=current, **graded)["OUTPUT"],
        "BARRIERS": step("keyareas", {"OUTPUT": "gpkg"}, INPUT=score, MAX_AREA=barriers["DISC_HA"], **graded)["OUTPUT"],
    }


@pytest.mark.parametrize("name", ["RESISTANCE", "CORRIDORS", "CURRENT", "SCORE"])
def test_rasters_are_the_same(whole, chain, name):
    (expected, nodata), (found, other) = read_raster(whole[name]), read_raster(chain[name])
    np.testing.assert_array_equal(found != other, expected != nodata)
    inside = expected != nodata
    assert inside.any()
    np.testing.assert_allclose(found[inside], expected[inside], rtol=1e-4, atol=1e-6 * float(expected[inside].max()))


def test_sources_are_the_same(whole, chain):
    def rows(path):
        return sorted((row["area_ha"], row["dPC"], row["dIIC"], row["current_flow"]) for row in read_table(path))

    expected = rows(whole["SOURCES"])
    assert len(expected) >= 4
    np.testing.assert_allclose(rows(chain["SOURCES"]), expected, rtol=1e-6)


def test_links_are_the_same(whole, chain):
    def rows(path):
        return sorted(
            (row["cw_dist"], row["lcp_length"], row["current_flow"], row["grade"])
            for row in read_table(path)
            if row["active"]
        )

    np.testing.assert_allclose(rows(chain["LINKS"]), rows(whole["LINKS"]), rtol=1e-5)


_MEASURES = ("area_id", "level", "area_ha", "length", "width", "mean", "max", "edge_ha")


@pytest.mark.parametrize("name", ["PINCHPOINTS", "BARRIERS"])
def test_key_areas_are_the_same(whole, chain, name):
    """Under the same ids, and on the same links; only that the one run numbers its sources by importance."""

    def rows(outputs):
        links = {row["link_id"]: (row["cw_dist"], row["grade"]) for row in read_table(outputs["LINKS"])}
        for row in read_table(outputs[name]):
            assert row["link_grade"] == links[row["link_id"]][1]
            yield [row[field] for field in _MEASURES] + list(links[row["link_id"]])

    expected = list(rows(whole))
    assert expected
    np.testing.assert_allclose(list(rows(chain)), expected, rtol=1e-4)


@pytest.mark.parametrize(("name", "surface", "other"), [("PINCHPOINTS", "CURRENT", 1), ("BARRIERS", "SCORE", 0)])
def test_keyareas_makes_those_of_the_one_run_from_its_layers(whole, step, name, surface, other):
    from ecosecnet.core.keyareas import disc_ha, radii_between

    found = step(
        "keyareas",
        {"OUTPUT": "gpkg", "RULES": "tif"},
        INPUT=whole[surface],
        RESISTANCE=whole["RESISTANCE"],
        LINKS=whole["LINKS"],
        OTHER_AREAS=whole[("PINCHPOINTS", "BARRIERS")[other]],
        MAX_AREA=disc_ha(max(radii_between(None, None, None, cell_size=30.0)), 30.0) if name == "BARRIERS" else None,
    )

    def rows(path):
        fields = (*_MEASURES, "link_id", "link_grade", "overlap_ha")
        return [[row[field] for field in fields] for row in read_table(path)]

    expected = rows(whole[name])
    assert sum(row[-1] for row in expected) == pytest.approx(whole["OVERLAP_HA"])
    assert whole["OVERLAP_HA"] > 0
    np.testing.assert_allclose(rows(found["OUTPUT"]), expected, rtol=1e-4)
    rules, _ = read_raster(whole[{"PINCHPOINTS": "PINCH_RULES", "BARRIERS": "BARRIER_RULES"}[name]])
    np.testing.assert_array_equal(read_raster(found["RULES"])[0], rules)
    assert {1, 3} <= set(np.unique(rules))


def test_the_model_gives_the_numbers_of_the_one_run(whole, modelled):
    def count(name, field, kept=lambda row: True):
        values = [row[field] for row in read_table(modelled[name]) if kept(row)]
        return len(values), pytest.approx(sum(values), rel=1e-9)

    for name in ("SOURCE", "PINCH", "BARRIER"):
        layer = {"SOURCE": "SOURCES", "PINCH": "PINCHPOINTS", "BARRIER": "BARRIERS"}[name]
        assert (whole[f"{name}_COUNT"], whole[f"{name}_HA"]) == count(layer, "area_ha"), name
        assert whole[f"{name}_COUNT"] >= 1
    links, metres = count("LINKS", "lcp_length", lambda row: row["active"])
    assert (whole["LINK_COUNT"], 1000.0 * whole["LINK_KM"]) == (links, metres)


@pytest.mark.parametrize("name", ["RESISTANCE", "CORRIDORS", "CURRENT", "SCORE"])
def test_the_model_gives_the_rasters_of_the_one_run(whole, modelled, name):
    (expected, nodata), (found, other) = read_raster(whole[name]), read_raster(modelled[name])
    np.testing.assert_array_equal(found != other, expected != nodata)
    inside = expected != nodata
    np.testing.assert_allclose(found[inside], expected[inside], rtol=1e-4, atol=1e-6 * float(expected[inside].max()))


@pytest.mark.parametrize("name", ["PINCH_TABLE", "BARRIER_TABLE"])
def test_the_model_gives_the_tables_of_the_one_run(whole, modelled, name):
    def rows(path):
        return [(row["name"], row["count"], row["area_ha"]) for row in read_table(path)]

    expected = rows(whole[name])
    assert len(expected) >= 3
    for (zone, count, area), found in zip(expected, rows(modelled[name])):
        assert found == (zone, count, pytest.approx(area, rel=1e-9))


def test_key_areas_of_the_model_say_which_corridor_they_lie_on(modelled):
    graded = {row["link_id"]: row["level"] for row in read_table(modelled["LINKS"])}
    for name in ("PINCHPOINTS", "BARRIERS"):
        for row in read_table(modelled[name]):
            assert row["link_grade"] == graded[row["link_id"]]
