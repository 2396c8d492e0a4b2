import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

# Two core patches of GuidosToolbox codes, an edge around, and one core cell on its own.
PATTERN = np.full((10, 20), 33, dtype=np.uint8)
PATTERN[1:5, 1:5] = 17
PATTERN[1:5, 8:13] = 117
PATTERN[8, 18] = 17
PATTERN[9, :] = 0
LEFT, TOP, CELL = 500_000.0, 2_900_000.0, 30.0


def box(row, col, rows, cols):
    left, top = LEFT + col * CELL, TOP - row * CELL
    right, bottom = left + cols * CELL, top - rows * CELL
    return f"MultiPolygon((({left} {top},{right} {top},{right} {bottom},{left} {bottom},{left} {top})))"


@pytest.fixture
def pattern(raster):
    return raster("pattern", PATTERN, nodata=0)


def test_core_alone(run, pattern, tmp_path):
    out = run("sources", INPUT=pattern, OUTPUT="memory:", RASTER=str(tmp_path / "ids.tif"))
    rows = read_table(out["OUTPUT"])
    assert [row["source_id"] for row in rows] == [1, 2, 3]
    assert [row["area_ha"] for row in rows] == pytest.approx([16 * 0.09, 20 * 0.09, 0.09])
    assert [row["_geometry"].area() / 1e4 for row in rows] == pytest.approx([row["area_ha"] for row in rows])
    assert (out["COUNT"], out["AREA_HA"]) == (3, pytest.approx(37 * 0.09))
    cells, nodata = read_raster(out["RASTER"])
    assert np.bincount(cells.ravel()).tolist() == [163, 16, 20, 1]
    assert nodata == 0


@pytest.mark.parametrize(
    ("overlay", "areas", "core", "protected"),
    [
        (0, [18, 20, 4, 1], [16, 20, 0, 1], [4, 0, 4, 0]),
        (1, [2], [2], [2]),
        (2, [16], [16], [2]),
    ],
)
def test_overlays_with_protected_land(run, pattern, polygons, overlay, areas, core, protected):
    land = polygons("line", [(box(2, 4, 2, 2), {"name": "a"})])
    reserve = polygons("reserve", [(box(7, 1, 2, 2), {"name": "b"})])
    out = run("sources", INPUT=pattern, PROTECTED=[land, reserve], OVERLAY=overlay, OUTPUT="memory:")
    rows = sorted(read_table(out["OUTPUT"]), key=lambda row: row["source_id"])
    for column, expected in (("area_ha", areas), ("core_ha", core), ("protected_ha", protected)):
        assert [row[column] / 0.09 for row in rows] == pytest.approx(expected)


def test_minimum_area_and_gap(run, pattern):
    out = run("sources", INPUT=pattern, MIN_AREA=16 * 0.09, GAP=90.0, OUTPUT="memory:")
    assert out["COUNT"] == 1
    assert out["AREA_HA"] >= (36 + 3 * 2) * 0.09
    assert "1 patches smaller than 1.44 ha" in run.feedback.textLog()
    assert "Gaps filled" in run.feedback.textLog()


def test_gaps_over_missing_data_stay_open(run, raster):
    cells = np.full((6, 7), 17, dtype=np.uint8)
    cells[:, 3] = 0
    split = raster("split", cells, nodata=0)
    assert run("sources", INPUT=split, GAP=30.0, OUTPUT="memory:")["COUNT"] == 1  # nothing but core: a plain mask
    cells[0, 0] = 1
    assert run("sources", INPUT=raster("land", cells, nodata=0), GAP=30.0, OUTPUT="memory:")["COUNT"] == 2


def test_a_patch_of_exactly_the_minimum_stays(run, pattern):
    assert run("sources", INPUT=pattern, MIN_AREA=1.44, OUTPUT="memory:")["COUNT"] == 2


def test_a_reserve_smaller_than_a_cell_keeps_one(run, pattern, polygons):
    left, top = LEFT + 16.1 * CELL, TOP - 6.1 * CELL
    tiny = polygons(
        "tiny", [(f"MultiPolygon((({left} {top},{left + 5} {top},{left} {top - 5},{left} {top})))", {"k": 1})]
    )
    out = run("sources", INPUT=pattern, PROTECTED=[tiny], OUTPUT="memory:")
    assert out["COUNT"] == 4
    assert "1 polygons of 'tiny' hold no cell centre" in run.feedback.textLog()


def test_reprojects_protected_land(run, pattern, polygons):
    from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsGeometry, QgsProject

    shape = QgsGeometry.fromWkt(box(2, 4, 2, 2))
    shape.transform(
        QgsCoordinateTransform(
            QgsCoordinateReferenceSystem("EPSG:32648"),
            QgsCoordinateReferenceSystem("EPSG:32649"),
            QgsProject.instance(),
        )
    )
    land = polygons("line", [(shape.asWkt(), {"name": "a"})], crs="EPSG:32649")
    out = run("sources", INPUT=pattern, PROTECTED=[land], OVERLAY=1, OUTPUT="memory:")
    assert out["AREA_HA"] == pytest.approx(2 * 0.09)


def test_says_which_values_there_are(run, pattern, tmp_path):
    target = tmp_path / "s.gpkg"
    with pytest.raises(Exception, match=r"core area values 5; found: 17, 33, 117"):
        run("sources", INPUT=pattern, CORE_VALUES="5", OUTPUT=str(target))
    assert not target.exists()


def test_nothing_large_enough_is_named(run, pattern):
    with pytest.raises(Exception, match=r"has 50 ha or more; the largest has 1\.8\. .*MIN_AREA.*leaves"):
        run("sources", INPUT=pattern, MIN_AREA=50.0, OUTPUT="memory:")


def test_holes_up_to_an_area_are_filled(run, raster, tmp_path):
    land = np.full((12, 12), 17, dtype=np.uint8)
    land[3, 3] = land[6:8, 6:8] = 0
    path = raster("holed", land)
    areas = [
        run("sources", INPUT=path, CORE_VALUES="17", HOLES=hectares, OUTPUT=str(tmp_path / f"{k}.gpkg"))["AREA_HA"]
        for k, hectares in enumerate((0, 0.09, 0.36))
    ]
    assert areas == pytest.approx([139 * 0.09, 140 * 0.09, 144 * 0.09])


def test_ids_of_another_run_go_on(run, raster, pattern, polygons, tmp_path):
    ids = {"OUTPUT": "memory:", "RASTER": str(tmp_path / "ids.tif")}
    boxes = [(box(1, 1, 4, 4), 7), (box(1, 8, 4, 5), 3), (box(6, 1, 2, 2), 12)]
    before = polygons("earlier", [(wkt, {"source_id": one}) for wkt, one in boxes])
    found = run("sources", INPUT=pattern, SOURCES_BEFORE=before, **ids)
    assert [row["source_id"] for row in read_table(found["OUTPUT"])] == [7, 3, 13]
    assert np.unique(read_raster(found["RASTER"])[0]).tolist() == [0, 3, 7, 13]
    assert "2 persistent, 1 lost, 1 new" in run.feedback.textLog()
    # A road through the second: its larger part keeps the id.
    split = PATTERN.copy()
    split[:, 10] = 1
    found = run("sources", INPUT=raster("split", split, nodata=0), SOURCES_BEFORE=before, **ids)
    held = {row["source_id"]: row["area_ha"] for row in read_table(found["OUTPUT"])}
    assert held[3] == pytest.approx(8 * 0.09)
    assert sorted(held) == [3, 7, 13, 14]
    named = polygons("named", [(box(1, 1, 4, 4), {"source_id": "east"})])
    with pytest.raises(Exception, match="no whole numbers"):
        run("sources", INPUT=pattern, SOURCES_BEFORE=named, **ids)
