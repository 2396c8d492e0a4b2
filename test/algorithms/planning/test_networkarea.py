"""A study area inside the data: everything is computed on all data and reported inside, through the tool."""

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis


@pytest.fixture
def parameters(county, parameters):
    for unused in ("CORRECTIONS", "TOWNSHIP_NAME"):
        parameters.pop(unused)
    parameters.update({name: county[name] for name in ("VILLAGES", "LITHOLOGY")}, HAZARDS=county["GEOHAZARD_POINTS"])
    return {**parameters, "MIN_RADIUS": 60.0, "MAX_RADIUS": 120.0}


@pytest.fixture
def middle(county, polygons):
    """A square in the middle of the county, its corners at corners of cells."""
    from osgeo import gdal

    left, cell, _, top, _, _ = gdal.Open(county["LANDUSE"]).GetGeoTransform()
    (x, y), side = (left + 50 * cell, top - 50 * cell), 90 * cell
    ring = f"({x} {y}, {x + side} {y}, {x + side} {y - side}, {x} {y - side}, {x} {y})"
    return polygons("middle", [(f"POLYGON({ring})", {"n": 1})], crs="EPSG:4544")


def test_layers_tables_and_report_are_those_of_the_area(run, parameters, middle, tmp_path):
    rasters, layers = ("RESISTANCE", "CORRIDORS", "CURRENT", "SCORE"), ("SOURCES", "LINKS", "PINCHPOINTS", "BARRIERS")
    outputs = {
        which: {name: str(tmp_path / f"{which}_{name}.{kind}") for names, kind in ((rasters, "tif"), (layers, "gpkg"))
                for name in names}
        for which in ("all", "part")
    }  # fmt: skip
    run("securitynetwork", **parameters, **outputs["all"])
    found = run(
        "securitynetwork",
        **parameters,
        **outputs["part"],
        AREA=middle,
        PINCH_TABLE=str(tmp_path / "table.gpkg"),
        REPORT=str(tmp_path / "report.html"),
    )
    assert "corridors concern the study area and are reported" in run.feedback.textLog()
    inside = np.zeros((200, 200), dtype=bool)
    inside[50:140, 50:140] = True
    for name in rasters:
        whole, nodata = read_raster(outputs["all"][name])
        part, _ = read_raster(outputs["part"][name])
        np.testing.assert_array_equal(part, whole if name == "RESISTANCE" else np.where(inside, whole, nodata))
    border = read_table(middle)[0]["_geometry"]
    for name, count in (("PINCHPOINTS", "PINCH_COUNT"), ("BARRIERS", "BARRIER_COUNT")):
        rows = read_table(outputs["part"][name])
        assert len(rows) == found[count] > 0
        assert all(border.buffer(0.01, 1).contains(row["_geometry"]) for row in rows)
    sources, links = read_table(outputs["part"]["SOURCES"]), read_table(outputs["part"]["LINKS"])
    ends = {row[end] for row in links if row["active"] for end in ("from_id", "to_id")}
    assert len(sources) == found["SOURCE_COUNT"]
    for row in sources:
        assert row["_geometry"].intersects(border) or row["source_id"] in ends
    assert all(row["_geometry"].intersects(border) for row in links if row["active"])
    assert sum(row["active"] for row in links) == found["LINK_COUNT"]
    before = {row["source_id"]: row for row in read_table(outputs["all"]["SOURCES"])}
    assert len(sources) < len(before)
    for row in sources:  # with the ids, importance and shape they have in the whole
        assert before[row["source_id"]]["dPC"] == pytest.approx(row["dPC"])
        assert before[row["source_id"]]["_geometry"].equals(row["_geometry"])
    joined = {(row["from_id"], row["to_id"]): row["cw_dist"] for row in read_table(outputs["all"]["LINKS"])}
    assert all(joined[row["from_id"], row["to_id"]] == pytest.approx(row["cw_dist"]) for row in links if row["active"])
    *_, total = read_table(str(tmp_path / "table.gpkg"))
    assert total["area_ha"] == pytest.approx(found["PINCH_HA"])
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "All was computed on the whole of" in report
    within = sum(row["_geometry"].intersection(border).area() for row in sources)
    land, nothing = read_raster(parameters["LANDUSE"])
    share = 100 * within / (np.count_nonzero(land[inside] != nothing) * border.area() / inside.sum())
    assert f"{found['SOURCE_HA']:,.0f} hm²; {within / 10_000:,.0f} hm² of them are in the study area" in report
    assert f"hold {share:.1f} % of the study area" in report


@pytest.mark.parametrize(
    ("ring", "words"),
    [
        ("((0 0, 0 9, 9 9, 9 0, 0 0))", r"'other' \(AREA\) lies [\d,]+ m beyond"),
        (None, "'other' has no polygon"),
    ],
)
def test_an_area_that_cannot_be_used(run, parameters, polygons, tmp_path, ring, words):
    other = polygons("other", [(ring and f"POLYGON{ring}", {"n": 1})], crs="EPSG:4544")
    with pytest.raises(Exception, match=words):
        run("securitynetwork", **parameters, AREA=other, RESISTANCE=str(tmp_path / "r.tif"))
    assert not (tmp_path / "r.tif").exists()
