"""What parameters, headers and tables tell is told before a cell is read."""

import numpy as np
import pytest

pytestmark = pytest.mark.qgis


@pytest.fixture
def refusal(run, parameters, tmp_path, monkeypatch):
    """Return what a run is refused with, when nothing of it may be read or computed."""
    from ecosecnet.algorithms.support.io.rasters import RasterSource
    from ecosecnet.core import planning
    from ecosecnet.core.leastcost import CostGraph

    def refused(**change):
        run("selftest")  # libraries are loaded once, which takes its time
        with monkeypatch.context() as patched:

            def computed(*_, **__):
                pytest.fail("The run has begun.")

            for where, what in ((RasterSource, "blocks"), (CostGraph, "__init__"), (planning, "security_network")):
                patched.setattr(where, what, computed)
            with pytest.raises(Exception, match=r"\w") as error:
                run("securitynetwork", **{**parameters, **change}, REPORT=str(tmp_path / "report.html"))
        assert not list(tmp_path.glob("*.html"))
        return str(error.value)

    return refused


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"MIN_RADIUS": 20.0}, "barrier radius of 20 m is smaller than a cell (30 m)"),
        ({"MIN_RADIUS": 9000.0, "STEP": 0.0}, "barrier radius of 9000 m reaches beyond the whole raster"),
        ({"MIN_RADIUS": 300.0, "MAX_RADIUS": 100.0}, "below the smallest"),
        ({"STEP": 1e-6}, "at most 100 are tried"),
        ({"CUTOFF": None, "CUTOFF_RULE": 3}, "CUTOFF is empty"),
        ({"CUTOFF": 0.0, "CUTOFF_RULE": 3}, "width of the corridors is 0"),
        ({"FOREGROUND": "7-"}, "neither a value nor a range"),
        ({"LANDUSE_NAMES": "Forest"}, "Forest"),
        ({"LANDUSE_NAMES": "1=Forest; 1=Field"}, "1 is given two names, 'Forest' and 'Field'"),
        ({"LANDUSE_NAMES": "a=Forest"}, "whole numbers"),
        ({"DISPERSAL": 0.0}, "dispersal distance is 0"),
        ({"PROBABILITY": 1.0}, "probability"),
        ({"MIN_AREA": 1e6}, "(MIN_AREA) is 1,000,000 ha, but the whole raster has 3,600"),
        (
            {"MIN_KEY_AREA": 1.0, "MAX_KEY_AREA": 0.5},
            "largest area is 0.5 ha; it must be at least the smallest area (1 ha)",
        ),
        ({"GAP": 7000.0}, "wider than the whole raster"),
        ({"EDGE_WIDTH": 100}, "leaves no core"),
        ({"WEIGHTS": "0.5, 0.5"}, "There are 2 weights but 5 factors"),
        ({"WEIGHTS": "land use = much"}, "not a number"),
        ({"WEIGHTS": "0, 0, 0, 0, 0"}, "are 0. Give one of them a weight"),
        ({"CORRECTION_WEIGHTS": "1, 2, 3"}, "3 correction weights for 2 correction rasters"),
        ({"CORRECTION_WEIGHTS": "1", "CORRECTIONS": None}, "weights of corrections but no rasters"),
        ({"CLASS_DISTANCES": "8"}, "is not a name"),
        ({"ROAD_SCORES": "100", "ROADS": None}, "no roads"),
    ],
)
def test_wrong_parameters(refusal, change, words):
    assert words in refusal(**change)


def test_tables_that_do_not_fit(refusal, tmp_path):
    def table(*rows):
        path = tmp_path / "scores.csv"
        path.write_text("\n".join(["factor,min,max,score,weight", *rows, ""]), encoding="utf-8")
        return str(path)

    land = [f"Land use,{k},{k},1,1" for k in range(1, 9)]
    assert "No factor of the score table takes the layer given as DEM" in refusal(SCORES=table(*land))
    slope = ["Slope,,10,1,0.5", "Slope,5,,3,0.5"]
    without = {"ROADS": None, "MINES": None}
    assert "overlap from 5 to 10" in refusal(**without, SCORES=table(*land, *slope))
    assert "'much' is not a number" in refusal(**without, SCORES=table("Slope,,much,1,1"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("DEM", "Check the CRS of both layers"),
        ("CORRECTIONS", "Check the CRS of both layers"),
        ("VEGETATION", "Check the CRS of both layers"),
        ("RESISTANCE_IN", "Check the CRS of both layers"),
    ],
)
def test_rasters_elsewhere(refusal, raster, name, words):
    far = raster("far", np.ones((9, 9), np.float32), left=0.0, top=0.0, crs="EPSG:4544")
    said = refusal(**{name: [far] if name == "CORRECTIONS" else far})
    assert f"'far' ({name}) lies" in said
    assert words in said


@pytest.mark.parametrize("name", ["TOWNSHIPS", "PROTECTED", "AREA", "MINES"])
def test_polygons_elsewhere(refusal, polygons, name):
    far = polygons("far", [("POLYGON((0 0, 0 9, 9 9, 9 0, 0 0))", {"name": "a"})], crs="EPSG:4544")
    said = refusal(**{name: [far] if name == "PROTECTED" else far})
    assert f"'far' ({name}) lies" in said
    # Only what a distance is measured to counts beyond the edge.
    assert ("set the margin around the raster (MARGIN) to" in said) is (name == "MINES")


@pytest.mark.parametrize("cell", [5.0, 30.0, 100.0, 500.0, 2000.0])
def test_no_size_of_cells_stops_at_the_radii(qgis, raster, cell):
    from ecosecnet.algorithms.support.inputs.declarations import read_radii
    from ecosecnet.algorithms.support.io.rasters import RasterSource
    from qgis.core import QgsRasterLayer

    grid = RasterSource.of(QgsRasterLayer(raster("land", np.ones((20, 20), np.uint8), cell=cell))).grid
    assert read_radii(lambda name: None, grid) == (2 * cell, 4 * cell, 6 * cell)
