"""A small county, read by all and changed by none, and what the whole network is built from in it."""

import pytest


@pytest.fixture(scope="session")
def county(qgis, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("county") / "示范 county")
    return qgis.run("ecosecnet:demolandscape", {"SIZE": 200, "SEED": 2, "LOAD": False, "OUTPUT_FOLDER": folder})


@pytest.fixture
def parameters(county):
    return {
        "LANDUSE": county["LANDUSE"],
        "LEGEND": 1,
        "DEM": county["DEM"],
        "ROADS": county["ROADS"],
        "MINES": county["MINES"],
        "PROTECTED": [county["REDLINE"], county["RESERVES"]],
        "CORRECTIONS": [county["DESERTIFICATION"], county["GEOHAZARDS"]],
        "TOWNSHIPS": county["TOWNSHIPS"],
        "TOWNSHIP_NAME": ["name"],
        "MIN_AREA": 10.0,
        "DISPERSAL": 600.0,
        "CUTOFF": 300.0,
        "MIN_KEY_AREA": 0.0,
    }


@pytest.fixture(autouse=True)
def _quick_maps(monkeypatch):
    """Leave the maps of reports blank: two seconds each; test_networkreport draws them, for its run is made before this."""
    import base64

    from ecosecnet.algorithms.planning.network.report import maps

    blank = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
    monkeypatch.setattr(maps, "picture", lambda *_, **options: base64.b64decode(blank))
