"""The pinch-point tool in a real QGIS."""

import csv

import numpy as np
import pytest
from conftest import REFERENCE
from layerio import read_raster, read_table
from qgis.core import NULL

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


def cells(left, top, wide, high):
    x, y = 500_000 + 30 * left, 2_900_000 - 30 * top
    far, low = x + 30 * wide, y - 30 * high
    return f"MULTIPOLYGON((({x} {y}, {far} {y}, {far} {low}, {x} {low}, {x} {y})))"


@pytest.fixture
def areas(polygons):
    """The gap, a cell in the open, one at the gap that is in a source too, and one far away."""
    places = [("夹点", cells(6, 2, 1, 1)), ("open", cells(3, 1, 1, 1)), ("in a source", cells(0, 0, 1, 3)),
              ("away", cells(500, 500, 2, 2)), ("less than a cell", cells(6.2, 2.2, 0.2, 0.2))]  # fmt: skip
    return polygons("areas", [(shape, {"名称": name, "effect": "x"}) for name, shape in places])


def test_what_is_lost_where_areas_are_built_over(run, strait, areas, tmp_path):
    plain = run("pinchpoints", **strait, OUTPUT_LINKS=str(tmp_path / "written.gpkg"))
    out = run("pinchpoints", **strait, BLOCKING=areas, BLOCKED=str(tmp_path / "建 设.gpkg"), DISPERSAL=330.0)
    np.testing.assert_array_equal(read_raster(out["CURRENT"])[0], read_raster(plain["CURRENT"])[0])
    log = run.feedback.textLog()
    assert "2 of 5 areas cut the corridor of a link, 1 raise its effective resistance, and 2 touch no corridor" in log
    assert "solved again: the largest relative difference is" in log
    rows = {row["名称"]: row for row in read_table(out["BLOCKED"])}
    assert [row["effect"] for row in rows.values()] == [
        *("cut", "resistance rises", "no corridor", "no corridor", "cut")
    ]
    assert {row["effect_old"] for row in rows.values()} == {"x"}
    (link,) = read_table(plain["OUTPUT_LINKS"])
    gap, around = rows["夹点"], rows["open"]
    assert (gap["links"], gap["touched"], gap["cut_links"], gap["worst_link"]) == ("4", 1, 1, 4)
    assert gap["res_before"] == pytest.approx(link["eff_res"], rel=1e-9)
    assert gap["res_after"] == NULL
    assert gap["rise"] == NULL
    # each source holds 5 cells of 900 m2; their path costs 330, half a chance; without the gap there is no way
    assert gap["ec_before"] == pytest.approx(0.45 * np.sqrt(2 + 2 * 0.5))
    assert gap["ec_after"] == pytest.approx(0.45 * np.sqrt(2))
    assert gap["ec_loss"] == pytest.approx(100 * (1 - np.sqrt(2 / 3)))
    ground = np.ones((ROWS, COLS), dtype=np.float32)
    ground[[0, 1, 3, 4], 6] = ground[1, 3] = -9999
    ground_now = {**strait, "RESISTANCE": write_again(strait["RESISTANCE"], ground, tmp_path)}
    built = run("pinchpoints", **ground_now, OUTPUT_LINKS=str(tmp_path / "built.gpkg"))
    (link_now,) = read_table(built["OUTPUT_LINKS"])
    assert around["res_after"] == pytest.approx(link_now["eff_res"], rel=1e-8)
    assert around["rise"] == pytest.approx(100 * (link_now["eff_res"] / link["eff_res"] - 1), rel=1e-6)
    assert around["ec_loss"] == 0.0
    assert out["CUTTING"] == 2


def write_again(path, values, folder):
    """Write other values on the grid of a raster."""
    from osgeo import gdal

    copy = str(folder / "built.tif")
    dataset = gdal.GetDriverByName("GTiff").CreateCopy(copy, gdal.Open(path))
    dataset.GetRasterBand(1).WriteArray(values)
    del dataset
    return copy


def test_areas_built_over_by_two_processes_are_the_same(run, strait, areas, tmp_path):
    tables = [
        read_table(
            run("pinchpoints", **strait, BLOCKING=areas, BLOCKED=str(tmp_path / f"{n}.gpkg"), PROCESSES=n)["BLOCKED"]
        )
        for n in (1, 2)
    ]
    first, second = ([{k: v for k, v in row.items() if k != "_geometry"} for row in table] for table in tables)
    assert first == second


def test_areas_to_build_over_need_their_output(run, strait, areas, polygons):
    with pytest.raises(Exception, match=r"Give the output that says what is lost with each area \(BLOCKED\)"):
        run("pinchpoints", **strait, BLOCKING=areas)
    assert "BLOCKED" not in run("pinchpoints", **strait, BLOCKED="TEMPORARY_OUTPUT")  # as dialogs offer it
    both = {"BLOCKING": areas, "BLOCKED": "TEMPORARY_OUTPUT"}
    with pytest.raises(Exception, match="between 0 and 1"):
        run("pinchpoints", **strait, **both, PROBABILITY=0.0)
    none = polygons("none", [("", {"name": "x"})])
    with pytest.raises(Exception, match="has no polygon to build over"):
        run("pinchpoints", **strait, **{**both, "BLOCKING": none})
