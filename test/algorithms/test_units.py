"""The same county in metres and in feet gives the same network: as a whole and through every single tool."""

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

METRES, FEET = ("EPSG:32119", 1.0), ("EPSG:2264", 3937.0 / 1200.0)
"""North Carolina in metres and in US survey feet: one projection, two units."""

PLACES = {"x", "y", "narrow_x", "narrow_y"}


def twin_raster(path, target, crs, scale):
    """Write a raster again with its coordinates scaled."""
    from osgeo import gdal, osr

    source = gdal.Open(path)
    copy = gdal.GetDriverByName("GTiff").CreateCopy(str(target), source)
    left, dx, _, top, _, dy = source.GetGeoTransform()
    copy.SetGeoTransform((left * scale, dx * scale, 0.0, top * scale, 0.0, dy * scale))
    reference = osr.SpatialReference()
    reference.SetFromUserInput(crs)
    copy.SetProjection(reference.ExportToWkt())
    return str(target)


def twin_vector(path, target, crs, scale):
    """Write a vector layer again with its coordinates scaled, off the edges of cells, where rounding would decide."""
    from qgis.core import QgsCoordinateReferenceSystem, QgsFeatureRequest, QgsVectorFileWriter, QgsVectorLayer
    from qgis.PyQt.QtGui import QTransform

    source = QgsVectorLayer(path, "source", "ogr")
    layer = source.materialize(QgsFeatureRequest())
    layer.startEditing()
    for feature in layer.getFeatures():
        shape = feature.geometry()
        shape.transform(QTransform.fromScale(scale, scale).translate(7.3, 4.1))
        layer.changeGeometry(feature.id(), shape)
    layer.commitChanges()
    layer.setCrs(QgsCoordinateReferenceSystem(crs))
    options = QgsVectorFileWriter.SaveVectorOptions()
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(target), layer.transformContext(), options)
    return str(target)


@pytest.fixture(scope="module")
def county(qgis, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("county"))
    return qgis.run("ecosecnet:demolandscape", {"SIZE": 160, "SEED": 2, "LOAD": False, "OUTPUT_FOLDER": folder})


@pytest.fixture
def twins(county, tmp_path):
    """The layers of the county in metres and in feet, with a folder each for the outputs."""
    from osgeo import gdal

    # Without ties: where two ways cost the same, rounding would decide.
    rough = gdal.GetDriverByName("GTiff").CreateCopy(str(tmp_path / "rough.tif"), gdal.Open(county["DEM"]))
    rough.GetRasterBand(1).WriteArray(np.random.default_rng(1).uniform(1.0, 9.0, (160, 160)))
    del rough
    found = []
    for unit in (METRES, FEET):
        folder = tmp_path / unit[0].replace(":", "")
        folder.mkdir()
        layers = {
            name: twin_raster(county[name], folder / f"{name}.tif", *unit)
            for name in ("LANDUSE", "DEM", "DESERTIFICATION", "GEOHAZARDS")
        }
        layers["ROUGH"] = twin_raster(str(tmp_path / "rough.tif"), folder / "rough.tif", *unit)
        for name in ("ROADS", "MINES", "REDLINE", "RESERVES", "TOWNSHIPS"):
            layers[name] = twin_vector(county[name], folder / f"{name}.gpkg", *unit)
        found.append((layers, folder))
    return found


def assert_same(metres, feet):
    """Compare two outputs: cells of a raster, or the numbers and texts of a table."""
    if str(metres).endswith(".tif"):
        (a, none_a), (b, none_b) = read_raster(metres), read_raster(feet)
        assert (none_a is None and none_b is None) or none_a == none_b
        np.testing.assert_allclose(b, a, rtol=2e-4, atol=1e-4 * np.abs(a[a != none_a]).max(), err_msg=metres)
        return
    a, b = read_table(metres), read_table(feet)
    assert len(a) == len(b) > 0, metres
    for one, other in zip(a, b):
        for name in set(one) - PLACES - {"_geometry"}:
            if isinstance(one[name], float):
                # A cell as far from one section of a profile as from the next may go to either.
                close = 0.02 if metres.endswith("profile.gpkg") else 1e-4
                assert other[name] == pytest.approx(one[name], rel=close, abs=1e-6), (metres, name)
            elif not isinstance(one[name], str):
                assert other[name] == one[name], (metres, name)


@pytest.mark.slow
def test_the_whole_network(run, twins):
    found, written = [], []
    for layers, folder in twins:
        outputs = {name: str(folder / f"{name}.tif") for name in ("RESISTANCE", "CORRIDORS", "CURRENT", "SCORE")}
        tables = ("SOURCES", "LINKS", "PINCHPOINTS", "BARRIERS", "PINCH_TABLE", "BARRIER_TABLE")
        outputs.update({name: str(folder / f"out_{name}.gpkg") for name in tables})
        found.append(
            run(
                "securitynetwork",
                **{name: layers[name] for name in ("LANDUSE", "DEM", "ROADS", "MINES", "TOWNSHIPS")},
                LEGEND=1,
                PROTECTED=[layers["REDLINE"], layers["RESERVES"]],
                CORRECTIONS=[layers["DESERTIFICATION"], layers["GEOHAZARDS"]],
                TOWNSHIP_NAME=["name"],
                MIN_AREA=10.0,
                GAP=70.0,
                DISPERSAL=600.0,
                CUTOFF=300.0,
                MIN_KEY_AREA=0.0,
                REPORT=str(folder / "report.html"),
                **outputs,
            )
        )
        written.append(outputs)
    for name, value in found[0].items():
        if name.endswith(("_COUNT", "_HA", "_KM")):
            assert found[1][name] == pytest.approx(value, rel=1e-4), name
    for name in written[0]:
        assert_same(written[0][name], written[1][name])
    report = (twins[1][1] / "report.html").read_text(encoding="utf-8")
    assert "Cost distance (resistance x m)" in report
    assert "map unit" not in report


def single_tools(run, layers, folder):
    """Run the chain of single tools with one set of parameters; returns what they wrote."""
    outputs = []

    def to(name):
        outputs.append(str(folder / name))
        return outputs[-1]

    run(
        "distancefactor", FEATURES=layers["ROADS"], GRID=layers["LANDUSE"], MAX=900.0, MARGIN=60.0, OUTPUT=to("far.tif")
    )
    run("terrainfactor", DEM=layers["DEM"], OUTPUT=to("slope.tif"))
    run(
        "mspa",
        INPUT=layers["LANDUSE"],
        FOREGROUND="1,2,6",
        EDGE_WIDTH_METRES=60.0,
        OUTPUT=to("mspa.tif"),
        STATISTICS=to("mspa.gpkg"),
    )
    sources = to("sources.gpkg")
    run("sources", INPUT=outputs[2], CORE_VALUES="17,117", MIN_AREA=10.0, GAP=70.0, OUTPUT=sources)
    resistance = layers["ROUGH"]
    for distance in (0, 1, 2):
        run(
            "connectivity",
            SOURCES=sources,
            DISTANCE=distance,
            RESISTANCE=resistance,
            DISPERSAL=900.0,
            THRESHOLD=2500.0,
            OUTPUT=to(f"importance{distance}.gpkg"),
            LINKS=to(f"near{distance}.gpkg"),
            INDICES=to(f"indices{distance}.gpkg"),
        )
    run(
        "dispersalsweep",
        SOURCES=sources,
        DISTANCES_LIST="200,400,800",
        AREAS_LIST="0,20",
        OUTPUT=to("sweep.gpkg"),
        TABLE=to("settings.gpkg"),
    )
    run("costdistance", RESISTANCE=resistance, SOURCES=sources, MAX=2000.0, OUTPUT=to("cost.tif"))
    given = {"RESISTANCE": resistance, "SOURCES": sources}
    links = to("links.gpkg")
    run(
        "linkages",
        **given,
        MAX_CWD=6000.0,
        MAX_EUCLID=1500.0,
        WIDTH=143.0,
        PROFILE_STEP=200.0,
        LINKS=links,
        CORRIDORS=to("belt.tif"),
        ZONES=to("zones.gpkg"),
        PROFILE=to("profile.gpkg"),
    )
    given["LINKS"] = links
    run("pinchpoints", **given, CUTOFF=300.0, CURRENT=to("current.tif"), OUTPUT_LINKS=to("pinched.gpkg"))
    radii = {"MIN_RADIUS": 60.0, "MAX_RADIUS": 180.0, "STEP": 60.0}
    run(
        "barriers",
        **given,
        **radii,
        SCORE=to("score.tif"),
        PERCENT=to("percent.tif"),
        RADIUS=to("radius.tif"),
        OUTPUT_LINKS=to("barred.gpkg"),
    )
    run(
        "circuitbarriers",
        **given,
        CUTOFF=300.0,
        RADIUS=70.0,
        GAIN=to("gain.tif"),
        DERIVATIVE=to("derivative.tif"),
        OUTPUT_LINKS=to("gained.gpkg"),
    )
    run("cutoffsweep", **given, CUTOFFS="200, 400", TABLE=to("cutoffs.gpkg"), STABILITY=to("stability.tif"))
    run(
        "centrality",
        SOURCES=sources,
        LINKS=links,
        OUTPUT_SOURCES=to("flow.gpkg"),
        OUTPUT_LINKS=to("ranked.gpkg"),
        INDICES=to("figures.gpkg"),
    )
    run("gravity", **given, OUTPUT_LINKS=to("gravity.gpkg"))
    run(
        "linkpriority",
        **given,
        CUTOFF=400.0,
        OUTPUT_SOURCES=to("value.gpkg"),
        OUTPUT_LINKS=to("priority.gpkg"),
        PRIORITY=to("priority.tif"),
    )
    areas = to("areas.gpkg")
    run("keyareas", INPUT=str(folder / "current.tif"), MIN_AREA=0.1, OUTPUT=areas)
    run("tabulate", AREAS=areas, ZONES=layers["TOWNSHIPS"], NAME=["name"], TABLE=to("zones_table.gpkg"))
    return outputs


def test_every_single_tool(run, twins):
    metres, feet = (single_tools(run, layers, folder) for layers, folder in twins)
    for one, other in zip(metres, feet):
        assert_same(one, other)
