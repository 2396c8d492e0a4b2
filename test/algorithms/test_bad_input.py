"""Inputs that cannot work get a plain sentence from every tool they concern, and no file is left behind."""

import numpy as np
import pytest

pytestmark = pytest.mark.qgis

GROUND = np.ones((40, 40), dtype=np.float32)
LEFT, TOP, CELL = 500_000.0, 2_900_000.0, 30.0


def square(col, row, size=4):
    x, y = LEFT + CELL * col, TOP - CELL * row
    far = CELL * size
    return f"MultiPolygon ((({x} {y}, {x + far} {y}, {x + far} {y - far}, {x} {y - far}, {x} {y})))"


@pytest.fixture
def layers(raster, polygons, run, tmp_path):
    """Resistance, two sources and the link between them."""
    resistance = raster("resistance", GROUND)
    sources = polygons("sources", [(square(2, 18), {"source_id": 1}), (square(33, 18), {"source_id": 2})])
    links = run(
        "linkages",
        RESISTANCE=resistance,
        SOURCES=sources,
        LINKS=str(tmp_path / "links.gpkg"),
        CORRIDORS=str(tmp_path / "corridors.tif"),
    )["LINKS"]
    return {"RESISTANCE": resistance, "SOURCES": sources, "LINKS": links}


def needs(tool, layers, out):
    """Return the parameters of a tool that works on resistance and sources."""
    common = {"RESISTANCE": layers["RESISTANCE"], "SOURCES": layers["SOURCES"]}
    return {
        "costdistance": {**common, "OUTPUT": out},
        "linkages": {**common, "LINKS": out.replace(".tif", ".gpkg"), "CORRIDORS": out},
        "pinchpoints": {
            **common,
            "LINKS": layers["LINKS"],
            "CUTOFF": 500.0,
            "CURRENT": out,
            "OUTPUT_LINKS": out.replace(".tif", ".gpkg"),
        },
        "barriers": {**common, "LINKS": layers["LINKS"], "MIN_RADIUS": 60.0, "MAX_RADIUS": 60.0, "SCORE": out},
    }[tool]


TOOLS = ["costdistance", "linkages", "pinchpoints", "barriers"]


@pytest.fixture
def refused(run, layers, tmp_path):
    def check(tool, message, **change):
        out = tmp_path / "out" / "result.tif"
        with pytest.raises(Exception, match=message) as caught:
            run(tool, **needs(tool, {**layers, **change}, str(out)))
        assert "Traceback" not in str(caught.value)
        assert not out.parent.exists() or not list(out.parent.iterdir())

    return check


@pytest.mark.parametrize("tool", TOOLS)
def test_degrees(tool, refused, raster):
    path = raster("degrees", GROUND, cell=0.0003, left=105.0, top=26.5, crs="EPSG:4326")
    refused(tool, r"'degrees' is in degrees \(EPSG:4326\).*EPSG:32648.*'Study grid' \(studygrid\)", RESISTANCE=path)


@pytest.mark.parametrize("tool", TOOLS)
def test_zeros_and_negatives_in_the_resistance(tool, refused, raster):
    bad = GROUND.copy()
    bad[7, 9] = 0.0
    bad[8, 3] = -2.0
    refused(tool, r"(?s)2 cells.*row 8, column 10", RESISTANCE=raster("bad", bad))


@pytest.mark.parametrize("tool", TOOLS)
def test_source_outside_the_raster(tool, refused, polygons):
    sources = polygons("far", [(square(2, 18), {"source_id": 1}), (square(400, 18), {"source_id": 2})])
    refused(tool, "Sources 2 of 'far' lie outside the raster", SOURCES=sources)


@pytest.mark.parametrize("tool", TOOLS)
def test_source_on_nodata(tool, refused, raster):
    holed = GROUND.copy()
    holed[15:25, 30:40] = -9999
    refused(tool, "Sources 2 of 'sources' have no cell with data", RESISTANCE=raster("holed", holed, nodata=-9999))


@pytest.mark.parametrize("tool", TOOLS[1:])
def test_one_source(tool, refused, polygons):
    refused(tool, "at least 2", SOURCES=polygons("lonely", [(square(2, 18), {"source_id": 1})]))


@pytest.mark.parametrize("tool", TOOLS[1:])
def test_an_empty_layer(tool, refused, polygons):
    refused(tool, "0 usable source", SOURCES=polygons("empty", [("", {"source_id": 1})]))


@pytest.mark.parametrize("tool", TOOLS[1:])
def test_an_id_given_twice(tool, refused, polygons):
    rows = [(square(2, 18), {"source_id": 1}), (square(33, 18), {"source_id": 1})]
    refused(tool, "more than one feature with the same 'source_id': 1", SOURCES=polygons("twice", rows))


@pytest.mark.parametrize("tool", TOOLS)
def test_an_output_that_cannot_be_written(tool, run, layers, tmp_path):
    blocked = tmp_path / "a file, no folder"
    blocked.write_text("x")
    with pytest.raises(Exception, match="cannot be written"):
        run(tool, **needs(tool, layers, str(blocked / "result.tif")))


def test_misaligned_rasters_print_both_grids(run, raster, tmp_path):
    first = raster("first", GROUND)
    second = raster("second", GROUND, left=LEFT + 13.0)
    with pytest.raises(Exception, match=r"(?s)same grid.*first: 40 rows.*second: 40 rows.*'Study grid'"):
        run("resistance", FACTORS=[first, second], WEIGHTS="0.5,0.5", OUTPUT=str(tmp_path / "r.tif"))
    assert not (tmp_path / "r.tif").exists()


def test_cancel_in_the_middle_leaves_nothing(run, layers, tmp_path):
    from qgis.core import QgsProcessingFeedback

    class Impatient(QgsProcessingFeedback):
        def setProgress(self, percent):
            self.cancel()

    for tool in TOOLS:
        out = tmp_path / tool / "result.tif"
        with pytest.raises(Exception, match="Cancelled"):
            run(tool, feedback=Impatient(False), **needs(tool, layers, str(out)))
        assert not out.parent.exists() or not list(out.parent.iterdir())


@pytest.mark.parametrize("place", ["check", "execute"])
def test_an_unforeseen_error_is_owned_up_to_and_can_be_reported(run, layers, tmp_path, monkeypatch, place):
    from ecosecnet.algorithms.corridors.costdistance import CostDistanceAlgorithm
    from qgis.core import QgsProcessingFeedback

    class Ear(QgsProcessingFeedback):
        log = ""

        def pushDebugInfo(self, text):
            self.log += text

    def fail(self, job):
        return {}["cw_dist"]

    monkeypatch.setattr(CostDistanceAlgorithm, place, fail)
    ear, out = Ear(False), tmp_path / "out"
    with pytest.raises(
        Exception, match=r"\(KeyError: 'cw_dist'\)\. This is a fault of the tool\. Keep this log .*faults"
    ) as caught:
        run("costdistance", feedback=ear, **{**needs("costdistance", layers, str(out / "cost.tif"))})
    assert "Traceback" not in str(caught.value)
    if place == "execute":
        assert "Traceback" in ear.log
        assert "in fail" in ear.log
    assert not out.exists()
