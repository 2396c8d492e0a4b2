"""The whole network through the tool, on a small county, and what it says to inputs that cannot work."""

import re

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis


@pytest.fixture(scope="module")
def county(qgis, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("county") / "示范 county")
    return qgis.run("ecosecnet:demolandscape", {"SIZE": 200, "SEED": 2, "LOAD": False, "OUTPUT_FOLDER": folder})


@pytest.fixture
def parameters(county):
    return {
        "LANDUSE": county["LANDUSE"],
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


def test_layers_tables_and_report_agree(run, parameters, tmp_path):
    names = ("MSPA", "RESISTANCE", "CORRIDORS", "CURRENT", "SCORE")
    layers = ("SOURCES", "LINKS", "PINCHPOINTS", "BARRIERS", "PINCH_TABLE", "BARRIER_TABLE")
    outputs = {name: str(tmp_path / f"{name}.tif") for name in names}
    outputs.update({name: str(tmp_path / f"{name}.gpkg") for name in layers})
    found = run("securitynetwork", **parameters, **outputs, REPORT=str(tmp_path / "report.html"))

    sources = read_table(outputs["SOURCES"])
    assert len(sources) == found["SOURCE_COUNT"] >= 2
    assert [row["source_id"] for row in sources] == list(range(1, len(sources) + 1))
    assert sum(row["area_ha"] for row in sources) == pytest.approx(found["SOURCE_HA"])
    for row in sources:
        assert row["_geometry"].isGeosValid()
        assert row["_geometry"].area() / 1e4 == pytest.approx(row["area_ha"])
        assert row["dPC"] > 1.0
    links = [row for row in read_table(outputs["LINKS"]) if row["active"]]
    assert len(links) == found["LINK_COUNT"]
    assert sum(row["lcp_length"] for row in links) / 1000 == pytest.approx(found["LINK_KM"])
    assert {row["grade"] for row in links} <= {1, 2, 3}
    assert all(row["eff_res"] <= row["cw_dist"] * (1 + 1e-9) for row in links)

    for areas, table, count, hectares in (
        ("PINCHPOINTS", "PINCH_TABLE", "PINCH_COUNT", "PINCH_HA"),
        ("BARRIERS", "BARRIER_TABLE", "BARRIER_COUNT", "BARRIER_HA"),
    ):
        rows = read_table(outputs[areas])
        assert len(rows) == found[count]
        *zones, total = read_table(outputs[table])
        assert total["name"] == "total"
        assert total["count"] == sum(row["count"] for row in zones) == found[count]
        assert total["area_ha"] == pytest.approx(sum(row["area_ha"] for row in zones)) == pytest.approx(found[hectares])

    codes, _ = read_raster(outputs["MSPA"])
    land, nothing = read_raster(parameters["LANDUSE"])
    assert (codes[land == nothing] == 129).all()
    resistance, nodata = read_raster(outputs["RESISTANCE"])
    assert ((resistance == nodata) == (land == nothing)).all()

    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert (
        len(re.findall(r"<img ", report)) == 8
    )  # network, land use, MSPA, sources, resistance, corridors and two more
    assert f"<b>{found['SOURCE_COUNT']}</b>" in report
    assert "weights printed sum to 1.05" in report


def test_an_own_score_table_and_factor(run, parameters, raster, tmp_path):
    csv = tmp_path / "scores.csv"
    csv.write_text(
        "factor,value,min,max,score,weight\n"
        + "".join(f"Land use,{k},,,{score},0.5\n" for k, score in enumerate((1, 1, 2, 2, 3, 3, 4, 5), start=1))
        + "night light,,0,1,1,0.5\nnight light,,1,9,3,0.5\n",
        encoding="utf-8",
    )
    land, nothing = read_raster(parameters["LANDUSE"])
    from osgeo import gdal

    left, cell, _, top, _, _ = gdal.Open(parameters["LANDUSE"]).GetGeoTransform()
    light = np.where(np.arange(land.shape[1]) < 100, 0.5, 5.0) * np.ones(land.shape)
    path = raster("night light", light.astype(np.float32), cell=cell, left=left, top=top, crs="EPSG:4544")
    parameters.pop("CORRECTIONS")
    found = run(
        "securitynetwork",
        **parameters,
        SCORES=str(csv),
        FACTORS=[path],
        RESISTANCE=str(tmp_path / "r.tif"),
    )
    resistance, _ = read_raster(found["RESISTANCE"])
    score = np.array([0, 1, 1, 2, 2, 3, 3, 4, 5])[land]
    inside = land != nothing
    np.testing.assert_allclose(resistance[inside], (0.5 * score + np.where(light < 1, 0.5, 1.5))[inside], rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"FOREGROUND": "7-"}, "neither a value nor a range"),
        ({"FOREGROUND": "44"}, "no core|No patch|There is no"),
        ({"MIN_DPC": 99.9}, "corridors need two"),
        ({"MIN_AREA": 1e6}, "Lower the smallest area"),
        ({"MIN_RADIUS": 300.0, "MAX_RADIUS": 100.0}, "below the smallest"),
    ],
)
def test_what_cannot_work_is_said_and_nothing_is_left(run, parameters, tmp_path, change, message):
    report = tmp_path / "report.html"
    parameters.update(change)
    if "FOREGROUND" in change:
        parameters.pop("PROTECTED")
    with pytest.raises(Exception, match=message):
        run("securitynetwork", **parameters, REPORT=str(report), RESISTANCE=str(tmp_path / "r.tif"))
    assert not list(tmp_path.glob("*.html"))
    assert not list(tmp_path.glob("*.tif*"))


def test_the_single_tools_give_the_same_sources(run, parameters, tmp_path):
    found = run("securitynetwork", **parameters, SOURCES=str(tmp_path / "whole.gpkg"))
    codes = run("mspa", INPUT=parameters["LANDUSE"], FOREGROUND="1,2,6", OUTPUT=str(tmp_path / "codes.tif"))
    candidates = run(
        "sources",
        INPUT=codes["OUTPUT"],
        CORE_VALUES="17,117",
        PROTECTED=parameters["PROTECTED"],
        MIN_AREA=10.0,
        OUTPUT=str(tmp_path / "candidates.gpkg"),
    )
    ranked = run(
        "connectivity", SOURCES=candidates["OUTPUT"], DISPERSAL=600.0, MIN_DPC=1.0, OUTPUT=str(tmp_path / "ranked.gpkg")
    )
    whole = read_table(found["SOURCES"])
    single = sorted(read_table(ranked["OUTPUT"]), key=lambda row: -row["dPC"])
    for field in ("area_ha", "dPC", "dPCflux", "dPCconnector", "dIIC"):
        assert [row[field] for row in whole] == pytest.approx([row[field] for row in single], rel=1e-4)


def test_a_lake_without_ndvi_is_refused_by_name(run, raster, tmp_path):
    land = np.full((90, 100), 5, dtype=np.uint8)
    land[5:25, 5:25] = land[60:80, 60:80] = 1
    land[5:25, 70:90] = 6
    ndvi = np.where(land == 6, -9999.0, 0.3 + 0.4 * (land == 1)).astype(np.float32)
    scores = tmp_path / "scores.csv"
    scores.write_text(
        "factor,min,max,value,score,weight\nLand use,,,1,1,0.6\nLand use,,,5,3,\nLand use,,,6,3,\n"
        "ndvi,,0.5,,5,0.4\nndvi,0.5,,,1,\n",
        encoding="utf-8",
    )
    given = {
        "LANDUSE": raster("land", land),
        "FACTORS": [raster("ndvi", ndvi, nodata=-9999)],
        "SCORES": str(scores),
        "FOREGROUND": "1,6",
        "MIN_AREA": 1.0,
        "MIN_DPC": 0.01,
    }
    with pytest.raises(
        Exception, match=r"Source \d \(29.16 ha, at x .*no resistance anywhere: NoData of 'ndvi'\. Fill"
    ):
        run("securitynetwork", **given, SOURCES=str(tmp_path / "sources.gpkg"))
    ndvi[land == 6] = 0.1
    given["FACTORS"] = [raster("ndvi", ndvi, nodata=-9999)]
    assert run("securitynetwork", **given)["SOURCE_COUNT"] == 3
