"""The pinch-point tool in a real QGIS."""

import csv

import numpy as np
import pytest
from conftest import REFERENCE
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

ROWS, COLS = 5, 12


def band(col):
    left, right, top, bottom = 500_000 + 30 * col, 500_030 + 30 * col, 2_900_000, 2_900_000 - 30 * ROWS
    return f"POLYGON(({left} {top}, {right} {top}, {right} {bottom}, {left} {bottom}, {left} {top}))"


@pytest.fixture
def strait(raster, polygons):
    """Make two sources with a wall between them that has one gap, in row 2 and column 6."""
    ground = np.ones((ROWS, COLS), dtype=np.float32)
    ground[[0, 1, 3, 4], 6] = -9999
    line = "LINESTRING(500015 2899925, 500345 2899925)"
    links = [
        (line, {"link_id": 4, "from_id": "西", "to_id": "东", "active": 1}),
        (line, {"link_id": 5, "from_id": "nowhere", "to_id": "东", "active": 0}),
    ]
    return {
        "RESISTANCE": raster("resistance", ground, nodata=-9999),
        "SOURCES": polygons("sources", [(band(0), {"name": "西"}), (band(COLS - 1), {"name": "东"})]),
        "ID_FIELD": "name",
        "LINKS": polygons("links", links, kind="LineString"),
        "CUTOFF": 1000,
        "CURRENT": "TEMPORARY_OUTPUT",
    }


def test_all_the_current_passes_the_gap(run, strait, tmp_path):
    folder = tmp_path / "电 流"
    folder.mkdir()
    strait["CURRENT"] = str(folder / "current.tif")
    out = run("pinchpoints", **strait, RELATIVE=str(tmp_path / "relative.tif"), OUTPUT_LINKS=str(folder / "links.gpkg"))
    current, nodata = read_raster(out["CURRENT"])
    assert current[2, 6] == pytest.approx(1.0, abs=1e-6)
    assert out["MAXIMUM"] == pytest.approx(1.0, abs=1e-9)
    assert (current[:, [0, -1]] == nodata).all()
    assert (current[[0, 1, 3, 4], 6] == nodata).all()
    assert (np.delete(current[:, 1:-1], 5, axis=1) < 1).all()
    assert read_raster(out["RELATIVE"])[0].max() == pytest.approx(1.0)
    (link,) = read_table(out["OUTPUT_LINKS"])
    assert (link["link_id"], link["from_id"], link["to_id"]) == (4, "西", "东")
    assert link["cw_dist"] == pytest.approx(11 * 30)
    assert link["cwd_effres"] == pytest.approx(link["cw_dist"] / link["eff_res"])
    assert link["cwd_effres"] > 1


def test_every_choice_does_something_of_its_own(run, strait):
    maps = {}
    for mode in range(4):
        out = run("pinchpoints", **strait, MODE=mode, OUTPUT_LINKS="TEMPORARY_OUTPUT")
        maps[mode] = read_raster(out["CURRENT"])[0]
    # one pair: each way round the same current; all-to-one counts both turns when they are added
    np.testing.assert_allclose(maps[0], maps[2], atol=1e-5)
    np.testing.assert_allclose(maps[0], maps[1], atol=1e-5)
    np.testing.assert_allclose(maps[0], maps[3], atol=1e-5)
    added = read_raster(run("pinchpoints", **strait, MODE=1, COMBINE=1)["CURRENT"])[0]
    assert added[2, 6] == pytest.approx(2.0, abs=1e-6)


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the shared reference data are not beside the checkout")
def test_washington(run, polygons):
    data = REFERENCE / "linkage"
    with open(data / "lm_links_expected.csv") as file:
        expected = [row for row in csv.DictReader(file) if row["linkType"] == "1"]
    line = "LINESTRING(500000 2000000, 600000 2000000)"
    names = {"link_id": "link", "from_id": "coreId1", "to_id": "coreId2"}
    rows = [(line, {ours: int(row[theirs]) for ours, theirs in names.items()}) for row in expected]
    out = run(
        "pinchpoints",
        RESISTANCE=str(data / "lm_resistances.tif"),
        SOURCES=str(data / "lm_cores.gpkg"),
        ID_FIELD="core_id",
        LINKS=polygons("links", rows, kind="LineString"),
        CUTOFF=5000,
        CURRENT="TEMPORARY_OUTPUT",
        OUTPUT_LINKS="TEMPORARY_OUTPUT",
    )
    for link, row in zip(read_table(out["OUTPUT_LINKS"]), expected):
        assert link["cw_dist"] == pytest.approx(float(row["lcDist"]), rel=1e-6)
        assert 0 < link["eff_res"] < link["cw_dist"]
    assert 0.5 < out["MAXIMUM"] <= 1.0


def test_links_of_other_sources_are_refused(run, strait, polygons, tmp_path):
    line = "LINESTRING(500015 2899925, 500345 2899925)"
    strait["LINKS"] = polygons("others", [(line, {"link_id": 1, "from_id": "a", "to_id": "b"})], kind="LineString")
    strait["CURRENT"] = str(tmp_path / "current.tif")
    with pytest.raises(Exception, match=r"does not match the sources: .*1 \(a - b\)"):
        run("pinchpoints", **strait)
    assert not (tmp_path / "current.tif").exists()
