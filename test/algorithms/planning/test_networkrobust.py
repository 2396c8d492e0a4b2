"""Runs on other judgements in the whole network: what 'robustness' finds on the layers of the network."""

import re

import numpy as np
import pytest
from layerio import read_raster, read_table
from qgis.core import QgsProcessingException

TEMPORARY = "TEMPORARY_OUTPUT"


@pytest.fixture(scope="module")
def given(county):
    return {
        "LANDUSE": county["LANDUSE"],
        "LEGEND": 1,
        "DEM": county["DEM"],
        "ROADS": county["ROADS"],
        "MINES": county["MINES"],
        "CORRECTIONS": [county["DESERTIFICATION"]],
        "MIN_AREA": 20.0,
        "DISPERSAL": 600.0,
        "CUTOFF": 300.0,
        "MIN_KEY_AREA": 0.0,
    }


@pytest.fixture(scope="module")
def folder(qgis, given, tmp_path_factory):
    """The outputs of a network with runs on other judgements."""
    folder = tmp_path_factory.mktemp("network")
    layers = {name: str(folder / f"{name}.gpkg") for name in ("SOURCES", "LINKS", "PINCHPOINTS", "BARRIERS")}
    more = {"FACTORS_FOLDER": str(folder / "factors"), "REPORT": str(folder / "report.html"), "ROBUSTNESS_RUNS": 2}
    qgis.run("ecosecnet:securitynetwork", {**given, **layers, **more})
    return folder


def headlines(path):
    with open(path, encoding="utf-8") as file:
        return set(re.findall(r"Of the \d+ [a-z ]+ \d+ stays? in nine runs of ten", file.read()))


def test_the_network_finds_what_the_tool_finds_on_its_layers(run, given, folder, tmp_path):
    factors = sorted(str(one) for one in (folder / "factors").glob("*.tif"))
    weights = {"Land use": 1 / 3, "Elevation": 2 / 21, "Slope": 2 / 21, "road": 5 / 21, "mining": 5 / 21}
    outputs = ("PATH_SHARE", "CORRIDOR_SHARE", "OUTPUT_LINKS", "ROBUST", "TABLE", "TORNADO")
    out = run(
        "robustness",
        FACTORS=factors,
        WEIGHTS="; ".join(repr(next(w for name, w in weights.items() if name in one)) for one in factors),
        CORRECTIONS=given["CORRECTIONS"],
        SOURCES=str(folder / "SOURCES.gpkg"),
        CUTOFF=given["CUTOFF"],
        MIN_KEY_AREA=0.0,
        DISPERSAL=given["DISPERSAL"],
        RUNS=2,
        TOLERANCE=0,
        **dict.fromkeys(outputs, TEMPORARY),
        HTML=str(tmp_path / "robust.html"),
    )
    found = {(row["from_id"], row["to_id"]): row["share"] for row in read_table(out["OUTPUT_LINKS"])}
    links = read_table(str(folder / "LINKS.gpkg"))
    assert all(row["share"] == pytest.approx(found.get((row["from_id"], row["to_id"]), 0.0)) for row in links)
    assert any(row["active"] for row in links)
    assert headlines(tmp_path / "robust.html") == headlines(folder / "report.html")
    assert len(headlines(folder / "report.html")) == 2


def test_key_areas_have_the_share_of_the_runs(folder):
    for name in ("PINCHPOINTS", "BARRIERS"):
        shares = [row["share"] for row in read_table(str(folder / f"{name}.gpkg"))]
        assert shares
        assert set(shares) <= {0.0, 50.0, 100.0}


@pytest.mark.slow
def test_inside_a_study_area_links_have_their_own_shares(run, given, folder, polygons, tmp_path):
    from qgis.core import QgsVectorLayer

    whole = str(folder / "LINKS.gpkg")
    box = QgsVectorLayer(whole, "links", "ogr").extent()
    box.setXMaximum(box.center().x())
    area = polygons("area", [(box.asWktPolygon(), {"name": "west"})])
    part = run("securitynetwork", **given, AREA=area, ROBUSTNESS_RUNS=2, LINKS=str(tmp_path / "part.gpkg"))
    by_cost = {round(row["cw_dist"], 3): row["share"] for row in read_table(whole)}
    rows = read_table(part["LINKS"])
    assert 0 < len(rows) < len(by_cost)
    assert all(row["share"] == by_cost[round(row["cw_dist"], 3)] for row in rows)


def test_a_surface_that_is_given_has_no_judgements_to_vary(run, given, raster):
    own = raster("own", np.ones((200, 200), dtype="f4"))
    with pytest.raises(QgsProcessingException, match="ROBUSTNESS_RUNS varies the weights"):
        run("securitynetwork", **given, ROBUSTNESS_RUNS=2, RESISTANCE_IN=own, LINKS=TEMPORARY)


def test_the_report_says_what_varied(run, given, folder, tmp_path):
    both = (folder / "report.html").read_text(encoding="utf-8")
    assert "computed 2 times with weights that spread by 25 % around those given and scores of the classes" in both
    alone = {**given, **dict.fromkeys(("DEM", "ROADS", "MINES", "CORRECTIONS"))}
    run("securitynetwork", **alone, ROBUSTNESS_RUNS=1, REPORT=str(tmp_path / "alone.html"))
    text = (tmp_path / "alone.html").read_text(encoding="utf-8")
    assert "computed 1 times with scores of the classes" in text  # one factor has no weights to vary


def test_two_processes_give_the_bits_of_one(qgis, given, tmp_path):
    from qgis.core import QgsProcessingFeedback

    found, needed = [], []
    for count in (1, 2):
        names = ("LINKS.gpkg", "PINCHPOINTS.gpkg", "BARRIERS.gpkg", "CORRIDORS.tif", "CURRENT.tif", "SCORE.tif")
        layers = {name.split(".")[0]: str(tmp_path / f"{count}{name}") for name in names}
        feedback = QgsProcessingFeedback(False)
        more = {"ROBUSTNESS_RUNS": 2, "PROCESSES": count}
        qgis.run("ecosecnet:securitynetwork", {**given, **layers, **more}, feedback=feedback)
        for path in layers.values():
            if path.endswith("tif"):
                found.append(read_raster(path)[0])
            else:
                found.append([{**row, "_geometry": row["_geometry"].asWkt(17)} for row in read_table(path)])
        needed.append(max(int(size) for size in re.findall(r"about (\d+) MB", feedback.textLog())))
    np.testing.assert_equal(found[6:], found[:6])
    assert needed[1] > needed[0] + 2 * 100
