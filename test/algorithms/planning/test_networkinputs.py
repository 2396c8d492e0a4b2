"""Sources and a resistance surface of the user's own, instead of steps 1 and 2 of the whole network."""

import re

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

OUTPUTS = {"SOURCES": "gpkg", "LINKS": "gpkg", "RESISTANCE": "tif", "CURRENT": "tif", "SCORE": "tif"}


@pytest.fixture
def build(run, tmp_path):
    """Build the network into a folder of its own and return its outputs."""

    def call(name, **given):
        folder = tmp_path / name
        folder.mkdir()
        paths = {output: str(folder / f"{output}.{ending}") for output, ending in OUTPUTS.items()}
        return run("securitynetwork", **given, **paths, REPORT=str(folder / "report.html"))

    return call


def named(polygons, rows, prefix):
    """Write sources anew, in another order and under texts as ids."""
    order = sorted(rows, key=lambda row: row["area_ha"])
    return polygons(
        "own",
        [(row["_geometry"].asWkt(17), {"code": f"{prefix}{row['source_id']}"}) for row in order],
        crs="EPSG:4544",
    )


def test_what_a_run_has_made_given_to_another_one_gives_the_same_network(build, run, parameters, polygons):
    whole = build("whole", **parameters)
    sources = read_table(whole["SOURCES"])
    own = {"SOURCES_IN": named(polygons, sources, "源地"), "ID_FIELD": "code", "RESISTANCE_IN": whole["RESISTANCE"]}
    again = build("again", **{**parameters, "FOREGROUND": "8", "MIN_AREA": 5000.0, "MIN_DPC": 90.0}, **own)
    said = run.feedback.textLog()
    assert "the smallest area, gaps and the smallest dPC do not apply" in said
    assert "The resistance is that of 'RESISTANCE'. ROADS, DEM, MINES, CORRECTIONS are given too and not used." in said
    for name in ("CURRENT", "SCORE"):
        np.testing.assert_array_equal(read_raster(again[name])[0], read_raster(whole[name])[0])
    links, before = read_table(again["LINKS"]), read_table(whole["LINKS"])
    assert {(frozenset((row["from_id"], row["to_id"])), round(row["cw_dist"], 3)) for row in links} == {
        (frozenset((f"源地{row['from_id']}", f"源地{row['to_id']}")), round(row["cw_dist"], 3)) for row in before
    }
    found = {row["source_id"]: row for row in read_table(again["SOURCES"])}
    assert len(found) == len(sources)
    for row in sources:
        one = found[f"源地{row['source_id']}"]
        assert one["area_ha"] == pytest.approx(row["area_ha"])
        assert one["protected_ha"] == pytest.approx(row["protected_ha"])
        assert not isinstance(one["core_ha"], float)  # not known
    dpc = [row["dPC"] for row in read_table(again["SOURCES"])]
    assert dpc == sorted(dpc, reverse=True)
    with open(again["REPORT"], encoding="utf-8") as page:
        text = re.sub(r"base64,[^'\"]*", "", page.read())
    assert "sources that were given, by their dPC" in text
    assert "Resistance: as it was given" in text
    assert "MSPA (Soille and Vogt 2009) with" not in text
    assert "源地1" in text
    assert "nan" not in text


def test_importance_is_that_of_the_tool_connectivity(build, run, parameters, polygons, tmp_path):
    whole = build("whole", **parameters)
    own = named(polygons, read_table(whole["SOURCES"])[:5], "S")
    found = build("own", **parameters, SOURCES_IN=own, ID_FIELD="code")
    tool = run(
        "connectivity", SOURCES=own, ID_FIELD="code", DISPERSAL=600.0, OUTPUT=str(tmp_path / "connectivity.gpkg")
    )
    ranked = {row["source_id"]: row["dPC"] for row in read_table(tool["OUTPUT"])}
    assert {row["source_id"]: row["dPC"] for row in read_table(found["SOURCES"])} == pytest.approx(ranked, rel=1e-4)


def test_sources_of_a_part_of_the_land_keep_their_ids(build, parameters, polygons):
    whole = build("whole", **parameters)
    sources = read_table(whole["SOURCES"])
    path = next(row["_geometry"] for row in read_table(whole["LINKS"]) if row["active"] and row["from_id"] > 1)
    area = polygons("area", [(path.buffer(150.0, 8).asWkt(), {"name": "area"})], crs="EPSG:4544")
    own = named(polygons, sources, "S")
    part = build("part", **parameters, SOURCES_IN=own, ID_FIELD="code", AREA=area)
    areas = {f"S{row['source_id']}": row["area_ha"] for row in sources}
    found = read_table(part["SOURCES"])
    assert 2 <= len(found) < len(sources)
    assert {row["source_id"]: row["area_ha"] for row in found} == {
        row["source_id"]: pytest.approx(areas[row["source_id"]]) for row in found
    }


def test_a_surface_of_ones_own_on_another_grid_is_brought_over(build, run, parameters, raster, tmp_path):
    from osgeo import gdal

    left, cell, _, top, _, _ = gdal.Open(parameters["LANDUSE"]).GetGeoTransform()
    coarse = raster("own", np.full((100, 100), 2.5, np.float32), cell=2 * cell, left=left, top=top, crs="EPSG:4544")
    found = build("own", **parameters, RESISTANCE_IN=coarse)
    assert (read_raster(found["RESISTANCE"])[0] == 2.5).all()
    assert "'own' was brought onto the grid of the study: " in run.feedback.textLog()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"SOURCES_IN": "far"}, r"'far' \(SOURCES_IN\) lies [\d,]+ m beyond"),
        ({"SOURCES_IN": "one"}, "'one' has 1 usable source"),
        ({"SOURCES_IN": "one", "ID_FIELD": "code"}, "has no field 'code'.*It has: fid, name|It has: name"),
        ({"SOURCES_IN": "twice", "ID_FIELD": "name"}, "more than one feature with the same 'name': a"),
        ({"RESISTANCE_IN": "zero"}, "Resistance must be greater than 0 and finite, but 1 cell is not"),
        ({"RESISTANCE_IN": "far"}, r"'far' \(RESISTANCE_IN\) lies [\d,]+ m beyond"),
    ],
)
def test_what_cannot_be_taken_is_refused(build, parameters, polygons, raster, given, message):
    from osgeo import gdal

    left, cell, _, top, _, _ = gdal.Open(parameters["LANDUSE"]).GetGeoTransform()
    x, y = left + 100 * cell, top - 100 * cell
    box = f"POLYGON(({x} {y},{x + 300} {y},{x + 300} {y + 300},{x} {y + 300},{x} {y}))"
    beside = f"POLYGON(({x + 900} {y},{x + 1200} {y},{x + 1200} {y + 300},{x + 900} {y + 300},{x + 900} {y}))"
    values = np.ones((200, 200), np.float32)
    values[100, 100] = 0.0
    layers = {
        "one": lambda: polygons("one", [(box, {"name": "a"})], crs="EPSG:4544"),
        "twice": lambda: polygons("twice", [(box, {"name": "a"}), (beside, {"name": "a"})], crs="EPSG:4544"),
        "zero": lambda: raster("zero", values, cell=cell, left=left, top=top, crs="EPSG:4544"),
    }
    if "RESISTANCE_IN" in given:
        layers["far"] = lambda: raster("far", values + 1, cell=cell, left=left + 1e6, top=top, crs="EPSG:4544")
    else:
        away = [(f"POLYGON(({k} 0,{k + 9} 0,{k + 9} 9,{k} 9,{k} 0))", {"name": str(k)}) for k in (0, 50)]
        layers["far"] = lambda: polygons("far", away, crs="EPSG:4544")
    given = {name: layers[value]() if value in layers else value for name, value in given.items()}
    with pytest.raises(Exception, match=message):
        build("refused", **parameters, **given)


def test_a_source_without_resistance_is_refused_by_its_own_id(build, parameters, polygons, raster):
    from osgeo import gdal

    left, cell, _, top, _, _ = gdal.Open(parameters["LANDUSE"]).GetGeoTransform()
    boxes = []
    for k, code in enumerate(("湖", "лес", "wood")):
        x, y, size = left + (40 + 40 * k) * cell, top - 90 * cell, (10 + k) * cell
        box = f"POLYGON(({x} {y},{x + size} {y},{x + size} {y - size},{x} {y - size},{x} {y}))"
        boxes.append((box, {"code": code}))
    values = np.full((200, 200), 3.0, np.float32)
    values[80:120, 75:100] = -1.0
    own = raster("own", values, cell=cell, left=left, top=top, nodata=-1.0, crs="EPSG:4544")
    given = {"SOURCES_IN": polygons("own", boxes, crs="EPSG:4544"), "ID_FIELD": "code", "RESISTANCE_IN": own}
    with pytest.raises(
        Exception, match=r"Source лес \(.* ha, at x .* has no resistance anywhere: the surface has no value"
    ):
        build("refused", **parameters, **given)
