"""Each statement of the Liuzhi study has its counterpart in one run on the demonstration county."""

import re

import pytest
from layerio import read_table
from paper_statements import FIRST, STATEMENTS, Cell, Field, Made, NothingThereError, Text

pytestmark = pytest.mark.qgis

PLACES = [(statement, place) for statement in STATEMENTS for place in statement.places]
RASTERS = ("MSPA", "RESISTANCE", "CORRIDORS", "CURRENT", "SCORE")
LAYERS = ("SOURCES", "LINKS", "PINCHPOINTS", "BARRIERS")
TABLES = ("TOWNSHIP_TABLE", "LITHOLOGY_TABLE", "CORRIDOR_TABLE", "KEY_TABLE", "PINCH_TABLE", "BARRIER_TABLE")


@pytest.fixture(scope="module")
def county(qgis, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("county"))
    return qgis.run("ecosecnet:demolandscape", {"SIZE": 400, "LOAD": False, "OUTPUT_FOLDER": folder})


@pytest.fixture(scope="module")
def run_once(qgis, county, tmp_path_factory):
    """The results of the run, and its report."""
    folder = tmp_path_factory.mktemp("paper")
    outputs = {name: str(folder / f"{name}.tif") for name in RASTERS}
    outputs.update({name: str(folder / f"{name}.gpkg") for name in (*LAYERS, *TABLES)})
    parameters = {
        "LANDUSE": county["LANDUSE"],
        "LEGEND": 1,
        "DEM": county["DEM"],
        "ROADS": county["ROADS"],
        "MINES": county["MINES"],
        "HAZARDS": county["GEOHAZARD_POINTS"],
        "PROTECTED": [county["REDLINE"], county["RESERVES"]],
        "CORRECTIONS": [county["DESERTIFICATION"], county["EROSION"], county["GEOHAZARDS"]],
        "LITHOLOGY": county["LITHOLOGY"],
        "TOWNSHIPS": county["TOWNSHIPS"],
        "TOWNSHIP_NAME": ["name"],
        "VILLAGES": county["VILLAGES"],
        "VILLAGE_NAME": ["name"],
        "MIN_AREA": 20.0,
        "DISPERSAL": 2000.0,
        "CUTOFF": 800.0,
        "MIN_KEY_AREA": 0.0,
        "FACTORS_FOLDER": str(folder / "factors"),
        "REPORT": str(folder / "report.html"),
    }
    results = qgis.run("ecosecnet:securitynetwork", {**parameters, **outputs})
    return results, (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made(run_once):
    return Made(*run_once)


@pytest.mark.parametrize(("statement", "place"), PLACES, ids=[f"{s.section} {s.says} {p!r}" for s, p in PLACES])
def test_the_run_says_it_too(made, statement, place):
    place.find(made)


@pytest.mark.parametrize(("statement", "place"), PLACES, ids=[f"{s.section} {s.says} {p!r}" for s, p in PLACES])
def test_a_place_without_its_output_is_missed(run_once, tmp_path, statement, place):
    """A run that writes its layers and tables without rows, and a report whose numbers, keys and pictures are blank."""
    results, report = run_once
    blank = re.sub(r"(<td[^>]*>)[^<]*(</td>)", r"\1\2", report)
    blank = re.sub(r"base,[^']*'", "base64,'", re.sub(r"\d", "", blank))
    with pytest.raises(NothingThereError):
        place.find(Made(dict.fromkeys(results, ""), blank))


@pytest.mark.parametrize("place", [Field("PINCH_TABLE", "hamlet"), Text("PINCH_TABLE", "hamlet", "^.*$")])
def test_a_column_that_is_not_there_is_missed(made, place):
    with pytest.raises(NothingThereError):
        place.find(made)


@pytest.mark.parametrize(("row", "grades"), [(FIRST, (1,)), ("All sources", (1, 2, 3))])
@pytest.mark.parametrize(("column", "layer"), [("Mines near", "MINES"), ("Hazards near", "GEOHAZARD_POINTS")])
def test_what_is_near_sources_is_at_most_so_far_away(made, county, row, grades, column, layer):
    sources = [one["_geometry"] for one in made.layer("SOURCES") if one["grade"] in grades]
    apart = [min(one["_geometry"].distance(shape) for shape in sources) for one in read_table(county[layer])]
    # To the centre of a cell it is up to half a diagonal farther.
    least, most = (sum(distance <= limit for distance in apart) for limit in (500.0 - 22.0, 500.0))
    assert least <= Cell("Sources by grade", row, column).find(made) <= most
    assert most > 0
