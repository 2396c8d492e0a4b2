"""Reference systems of inputs: degrees only where nothing is measured, scales that are off, layers without any."""

import math

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

GROUND = np.ones((40, 40), dtype=np.float32)
LEFT, TOP, CELL = 500_000.0, 2_900_000.0, 30.0
DEGREES, ZONE_48, WEB, STATE_PLANE = "EPSG:4326", "EPSG:32648", "EPSG:3857", "EPSG:2264"


def square(col, row, size=4, left=LEFT, top=TOP, cell=CELL):
    x, y, far = left + cell * col, top - cell * row, cell * size
    return f"MultiPolygon ((({x} {y}, {x + far} {y}, {x + far} {y - far}, {x} {y - far}, {x} {y})))"


def reprojected(wkt, source, target):
    from qgis.core import (
        QgsCoordinateReferenceSystem,
        QgsCoordinateTransform,
        QgsCoordinateTransformContext,
        QgsGeometry,
    )

    geometry = QgsGeometry.fromWkt(wkt)
    systems = QgsCoordinateReferenceSystem(source), QgsCoordinateReferenceSystem(target)
    geometry.transform(QgsCoordinateTransform(*systems, QgsCoordinateTransformContext()))
    return geometry.asWkt(15)


ROWS = [(square(2, 18), {"source_id": 1}), (square(33, 18), {"source_id": 2})]
OUT = {"LINKS": "TEMPORARY_OUTPUT", "CORRIDORS": "TEMPORARY_OUTPUT"}


def said(run, text):
    return [line for line in run.feedback.textLog().splitlines() if text in line]


@pytest.fixture
def in_degrees(qgis, polygons):
    return polygons("lonlat", [(reprojected(wkt, ZONE_48, DEGREES), row) for wkt, row in ROWS], crs=DEGREES)


def test_sources_in_degrees_are_brought_onto_the_raster(run, raster, polygons, in_degrees):
    costs = []
    for layer in (polygons("metres", ROWS), in_degrees):
        found = run("linkages", RESISTANCE=raster("ground", GROUND), SOURCES=layer, **OUT)
        costs.append([row["cw_dist"] for row in read_table(found["LINKS"])])
    assert costs[0] == costs[1]


def test_roads_in_degrees_are_brought_onto_the_grid(run, raster, polygons, tmp_path):
    line = f"MultiLineString (({LEFT} {TOP - 500}, {LEFT + 1200} {TOP - 520}))"
    found = []
    for name, wkt, crs in (("metres", line, ZONE_48), ("lonlat", reprojected(line, ZONE_48, DEGREES), DEGREES)):
        road = polygons(name, [(wkt, {"id": 1})], kind="MultiLineString", crs=crs)
        out = run("distancefactor", FEATURES=road, GRID=raster("ground", GROUND), OUTPUT=str(tmp_path / f"{name}.tif"))
        found.append(read_raster(out["OUTPUT"])[0])
    np.testing.assert_array_equal(*found)


def test_a_land_use_in_degrees_beside_the_resistance_is_resampled(run, raster, polygons):
    use = raster("use", np.full((60, 60), 3, dtype=np.uint8), cell=0.0003, left=104.997, top=26.222, crs=DEGREES)
    found = run(
        "linkages",
        RESISTANCE=raster("ground", GROUND),
        SOURCES=polygons("plain", ROWS),
        LANDUSE=use,
        ZONES="TEMPORARY_OUTPUT",
        **OUT,
    )
    assert found["LINK_COUNT"] == 1
    assert said(run, "'use' was resampled onto the grid of 'ground'")


@pytest.mark.parametrize(
    ("tool", "parameters"),
    [
        ("connectivity", {"OUTPUT": "TEMPORARY_OUTPUT"}),
        ("tabulate", {"TABLE": "TEMPORARY_OUTPUT", "HTML": "TEMPORARY_OUTPUT"}),
    ],
)
def test_vectors_in_degrees_are_refused_where_no_raster_says_what_to_measure_in(
    run, in_degrees, polygons, raster, tool, parameters
):
    # Not even beside a raster that the choice of distance leaves unused.
    beside = {"SOURCES": in_degrees, "RESISTANCE": raster("ground", GROUND)}
    given = beside if tool == "connectivity" else {"AREAS": in_degrees, "ZONES": polygons("plain", ROWS)}
    with pytest.raises(Exception, match=r"'lonlat' is in degrees \(EPSG:4326\).*EPSG:32648"):
        run(tool, **given, **parameters)


def test_zones_in_degrees_are_brought_onto_the_areas(run, in_degrees, polygons):
    out = {"TABLE": "TEMPORARY_OUTPUT", "HTML": "TEMPORARY_OUTPUT"}
    rows = read_table(run("tabulate", AREAS=polygons("plain", ROWS), ZONES=in_degrees, **out)["TABLE"])
    assert [row["area_ha"] for row in rows] == pytest.approx([1.44, 1.44, 2.88], rel=1e-4)


def test_links_in_degrees_have_their_length_in_metres(run, polygons, tmp_path):
    line = f"MultiLineString (({LEFT + 180} {TOP - 600}, {LEFT + 990} {TOP - 600}))"
    found = []
    for name, wkt, crs in (("metres", line, ZONE_48), ("lonlat", reprojected(line, ZONE_48, DEGREES), DEGREES)):
        links = polygons(name, [(wkt, {"from_id": 1, "to_id": 2, "cw_dist": 5.0})], kind="MultiLineString", crs=crs)
        out = {"OUTPUT_SOURCES": "TEMPORARY_OUTPUT", "OUTPUT_LINKS": "TEMPORARY_OUTPUT", "INDICES": "TEMPORARY_OUTPUT"}
        rows = read_table(run("centrality", SOURCES=polygons("plain", ROWS), LINKS=links, **out)["INDICES"])
        found.append(next(row["value"] for row in rows if row["name"] == "length_km"))
    assert found == pytest.approx([0.81, 0.81], rel=1e-6)


def web_mercator(latitude):
    """Return the northing of a latitude in Web Mercator."""
    return 6378137.0 * math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))


def scales(latitude):
    """Return the scales of Web Mercator along meridian and parallel (radii of curvature: Snyder 1987, page 25)."""
    sine, cosine, e2 = math.sin(math.radians(latitude)), math.cos(math.radians(latitude)), 0.00669437999014
    return (1 - e2 * sine**2) ** 1.5 / (1 - e2) / cosine, math.sqrt(1 - e2 * sine**2) / cosine


def test_web_mercator_is_warned_of_with_the_size_of_the_error(run, raster, polygons):
    left, top = 11_688_000.0, web_mercator(27.0) + 20 * CELL
    ground = raster("web", GROUND, left=left, top=top, crs=WEB)
    rows = [(square(c, 18, left=left, top=top), {"source_id": k}) for k, c in ((1, 2), (2, 33))]
    run("linkages", RESISTANCE=ground, SOURCES=polygons("plain", rows, crs=WEB), **OUT)
    lines = said(run, "scale of EPSG:3857")
    assert len(lines) == 1
    h, k = scales(27.0)
    assert f"lengths are {max(h, k) - 1:.1%} too long" in lines[0]
    assert f"areas are {h * k - 1:.1%} too large" in lines[0]
    assert "EPSG:32648 (UTM zone 48)" in lines[0]


@pytest.mark.parametrize(
    ("tool", "parameters"),
    [
        ("mspa", {"FOREGROUND": "1"}),
        ("foreground", {"FOREGROUND": "1"}),
        ("rasterbreaks", {"CLASSES": 2}),
        ("scorefactor", {"METHOD": 3, "CLASSES": 2}),
    ],
)
def test_tools_that_only_tell_areas_warn_of_the_scale_too(run, raster, tool, parameters):
    land = np.ones((40, 40), dtype=np.uint8)
    land[:, 20:] = 2
    web = raster("web", land, left=11_688_000.0, top=web_mercator(27.0) + 20 * CELL, crs=WEB)
    run(tool, INPUT=web, OUTPUT="TEMPORARY_OUTPUT", **parameters)
    assert f"areas are {math.prod(scales(27.0)) - 1:.1%} too large" in said(run, "scale of EPSG:3857")[0]


def test_hectares_of_cells_in_degrees_are_those_on_the_ground(run, raster, tmp_path):
    land = np.ones((40, 40), dtype=np.uint8)
    land[:, 20:] = 2
    edge = 0.0003
    degrees = raster("degrees", land, cell=edge, left=105.0, top=27.0 + 20 * edge, crs=DEGREES)
    table = tmp_path / "classes.csv"
    coded = run("foreground", INPUT=degrees, FOREGROUND="1", OUTPUT="TEMPORARY_OUTPUT")
    assert len(said(run, "hectares are approximate")) == 1
    run("scorefactor", INPUT=degrees, METHOD=3, CLASSES=2, OUTPUT="TEMPORARY_OUTPUT", TABLE=str(table))
    sine, e2 = math.sin(math.radians(27.0)), 0.00669437999014
    along, across = (1 - e2) / (1 - e2 * sine**2) ** 1.5, math.cos(math.radians(27.0)) / (1 - e2 * sine**2) ** 0.5
    hectares = 800 * along * across * (6378137.0 * math.radians(edge)) ** 2 / 1e4
    assert coded["FOREGROUND_HA"] == pytest.approx(hectares, rel=1e-3)
    assert [float(row["area_ha"]) for row in read_table(str(table))] == pytest.approx([hectares, hectares], rel=1e-3)


def test_a_scale_that_is_off_is_in_the_report(run, raster, tmp_path):
    rng = np.random.default_rng(5)
    land = np.full((60, 60), 4, dtype=np.uint8)
    land[5:25, 5:25] = land[35:55, 35:55] = 1
    here = {"left": 11_688_000.0, "top": web_mercator(27.0), "crs": WEB}
    dem = raster("dem", rng.uniform(900, 1500, land.shape).astype(np.float32), **here)
    report = tmp_path / "report.html"
    run(
        "securitynetwork",
        LANDUSE=raster("land", land, **here),
        LEGEND=1,
        DEM=dem,
        MIN_AREA=5.0,
        MIN_DPC=0.1,
        REPORT=str(report),
    )
    assert "The scale of EPSG:3857 is off" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("crs", "left", "top"),
    [
        (ZONE_48, LEFT, TOP),
        (STATE_PLANE, 2_000_000.0, 600_000.0),  # US survey feet: the unit is not the scale
        ("EPSG:3035", 4_321_000.0, 3_210_000.0),
    ],
)
def test_true_scales_are_not_warned_of(run, raster, polygons, crs, left, top):
    rows = [(square(c, 18, left=left, top=top), {"source_id": k}) for k, c in ((1, 2), (2, 33))]
    ground = raster("ground", GROUND, left=left, top=top, crs=crs)
    run("linkages", RESISTANCE=ground, SOURCES=polygons("plain", rows, crs=crs), **OUT)
    assert not said(run, "The scale of")


def test_areas_of_sources_are_warned_of_where_there_is_no_raster(run, polygons):
    top = web_mercator(60.0) + 20 * CELL
    rows = [(square(c, 18, top=top), {"source_id": k}) for k, c in ((1, 2), (2, 33))]
    run("connectivity", SOURCES=polygons("north", rows, crs=WEB), OUTPUT="TEMPORARY_OUTPUT")
    assert f"areas are {math.prod(scales(60.0)) - 1:.1%} too large" in said(run, "at the middle of 'north'")[0]


def test_a_raster_without_crs_that_looks_like_degrees(run, raster, polygons):
    ground = raster("bare", GROUND, cell=0.0003, left=105.0, top=26.5, crs=None)
    rows = [(square(c, 18, left=105.0, top=26.5, cell=0.0003), {"source_id": k}) for k, c in ((1, 2), (2, 33))]
    run("linkages", RESISTANCE=ground, SOURCES=polygons("plain", rows, crs=""), **OUT)
    assert len(said(run, "'bare' has no coordinate reference system, and its extent (x 105 to 105.012")) == 1


def test_a_raster_without_crs_beside_sources_with_one(run, raster, polygons):
    run("linkages", RESISTANCE=raster("bare", GROUND, crs=None), SOURCES=polygons("plain", ROWS), **OUT)
    text = "'bare' has no coordinate reference system; it is taken to be in that of 'plain' (EPSG:32648)"
    assert len(said(run, text)) == 1


def test_no_crs_at_all_is_said_once(run, raster, polygons):
    run("linkages", RESISTANCE=raster("bare", GROUND, crs=None), SOURCES=polygons("plain", ROWS, crs=""), **OUT)
    assert len(said(run, "No layer has a coordinate reference system (bare, plain)")) == 1
    assert len(said(run, "coordinate reference system")) == 1


def test_plain_layers_are_not_spoken_of(run, raster, polygons):
    run("linkages", RESISTANCE=raster("ground", GROUND), SOURCES=polygons("plain", ROWS), **OUT)
    assert not said(run, "coordinate reference system")
    assert not said(run, "The scale of")


def test_the_whole_network_takes_roads_and_elevation_in_degrees(run, raster, polygons, tmp_path):
    rng = np.random.default_rng(5)
    land = np.full((60, 60), 4, dtype=np.uint8)
    land[5:25, 5:25] = land[35:55, 35:55] = 1
    line = f"MultiLineString (({LEFT} {TOP - 900}, {LEFT + 1800} {TOP - 880}))"
    given = {
        "LANDUSE": raster("land", land),
        "LEGEND": 1,
        "MIN_AREA": 5.0,
        "MIN_DPC": 0.1,
        "DEM": raster("srtm", rng.uniform(900, 1500, (90, 90)), cell=0.0003, left=104.995, top=26.225, crs=DEGREES),
    }
    found = []
    for name, wkt, crs in (("metres", line, ZONE_48), ("osm", reprojected(line, ZONE_48, DEGREES), DEGREES)):
        roads = polygons(name, [(wkt, {"id": 1})], kind="MultiLineString", crs=crs)
        out = run("securitynetwork", **given, ROADS=roads, RESISTANCE=str(tmp_path / f"{name}.tif"))
        found.append(read_raster(out["RESISTANCE"])[0])
    assert said(run, "'srtm' was brought onto the grid of the study: bilinear interpolation; no data in 0 of its")
    np.testing.assert_array_equal(*found)


def test_layers_of_one_geopackage_are_named_by_their_layer(run, raster, polygons, tmp_path):
    """QGIS names a layer that is given as a text like its file: the roads and mines of one file looked alike."""
    from osgeo import gdal

    away = polygons("made", [(square(200, 200), {"source_id": 1})])
    gdal.VectorTranslate(str(tmp_path / "landscape.gpkg"), away, layerName="mines")
    source = f"{tmp_path / 'landscape.gpkg'}|layername=mines"
    with pytest.raises(Exception, match="of 'mines' lie outside"):
        run("costdistance", RESISTANCE=raster("plain", GROUND), SOURCES=source, OUTPUT="TEMPORARY_OUTPUT")


def test_changes_that_are_not_saved_are_used_and_named(run, polygons, tmp_path):
    from qgis.core import QgsProcessingFeedback, QgsVectorLayer

    class Ear(QgsProcessingFeedback):
        warned = ()

        def pushWarning(self, text):
            self.warned += (text,)

    square = "Polygon(({0} 0, {0} 90, {1} 90, {1} 0, {0} 0))"
    rows = [(square.format(500_000 + 100 * k, 500_090 + 100 * k), {"id": k, "value": float(k)}) for k in range(4)]
    path = polygons("township", rows)
    layer = QgsVectorLayer(path, "乡镇", "ogr")
    layer.startEditing()
    features = {feature["id"]: feature.id() for feature in layer.getFeatures()}
    layer.deleteFeature(features[3])
    layer.changeAttributeValue(features[2], layer.fields().lookupField("value"), 77.0)
    ear = Ear(False)
    found = run("naturalbreaks", feedback=ear, INPUT=layer, FIELD="value", OUTPUT=str(tmp_path / "a.gpkg"))
    assert sorted(row["value"] for row in read_table(found["OUTPUT"])) == [0.0, 1.0, 77.0]
    assert [text for text in ear.warned if "'乡镇' is being edited" in text]
    layer.rollBack()
    ear = Ear(False)
    run("naturalbreaks", feedback=ear, INPUT=layer, FIELD="value", OUTPUT=str(tmp_path / "b.gpkg"))
    assert len(read_table(str(tmp_path / "b.gpkg"))) == 4
    assert not [text for text in ear.warned if "being edited" in text]
