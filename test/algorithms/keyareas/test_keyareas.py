"""The key-areas tool in a real QGIS."""

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

LEFT, TOP = 500_000, 2_900_000


@pytest.fixture
def surface(raster):
    """Plateaus of 1, 10, 20 and 30; two of 30, one of them with cells that touch at a corner."""
    values = np.ones((20, 20), dtype=np.float32)
    values[2:5, 2:5], values[8:11, 2:5] = 10, 20
    values[2:4, 12:18] = 30
    values[15, 15] = values[16, 16] = 30
    values[0] = -9999
    return raster("surface", values, nodata=-9999)


def test_areas_classes_and_numbers(run, surface, tmp_path):
    out = run(
        "keyareas",
        INPUT=surface,
        OUTPUT=str(tmp_path / "areas.gpkg"),
        CLASSES_RASTER=str(tmp_path / "classes.tif"),
        AGREEMENT=str(tmp_path / "agreement.tif"),
    )
    first, second = read_table(out["OUTPUT"])
    assert (first["area_id"], second["area_id"]) == (1, 2)
    assert first["area_ha"] == pytest.approx(12 * 0.09)
    assert (first["length"], first["width"]) == (pytest.approx(180), pytest.approx(60))
    assert second["area_ha"] == pytest.approx(2 * 0.09)
    assert (first["mean"], first["max"], first["level"]) == (30, 30, 4)
    assert first["_geometry"].area() == pytest.approx(12 * 900)
    box = first["_geometry"].boundingBox()
    assert (box.xMinimum(), box.yMaximum()) == (LEFT + 12 * 30, TOP - 2 * 30)
    classes, nodata = read_raster(out["CLASSES_RASTER"])
    assert nodata == 0
    assert (classes[0] == 0).all()
    assert classes[2, 2] == 2
    assert classes[2, 12] == 4
    agreement, nodata = read_raster(out["AGREEMENT"])
    assert (agreement[0] == nodata).all()
    assert agreement[2, 12] == 3
    assert out["COUNT"] == 2
    assert out["AREA_HA"] == pytest.approx(14 * 0.09)


def test_smallest_area_and_links(run, surface, polygons):
    lines = [
        ("LINESTRING(500000 2899910, 500600 2899910)", {"link_id": "through", "level": 1}),
        ("LINESTRING(500000 2899500, 500600 2899300)", {"link_id": "far", "level": 3}),
    ]
    links = polygons("links", lines, kind="LineString")
    out = run(
        "keyareas",
        INPUT=surface,
        MIN_AREA=1,
        LINKS=links,
        GRADE_FIELD="level",
        OUTPUT="TEMPORARY_OUTPUT",
    )
    from qgis.core import QgsProcessingUtils

    layer = (
        QgsProcessingUtils.mapLayerFromString(out["OUTPUT"], run.context)
        if isinstance(out["OUTPUT"], str)
        else (out["OUTPUT"])
    )
    (row,) = read_table(layer)
    assert (row["link_id"], row["link_grade"]) == ("through", 1)


def test_decimal_grades_stay_numbers_and_a_missing_one_stays_missing(run, surface, polygons, tmp_path):
    from qgis.core import QgsVectorLayer

    path = polygons(
        "links",
        [
            ("LINESTRING(500000 2899410, 500600 2899410)", {"link_id": 5, "flow": 2.5}),
            ("LINESTRING(500000 2899990, 500600 2899990)", {"link_id": 6, "flow": 1.0}),
        ],
        kind="LineString",
    )
    layer = QgsVectorLayer(path, "links", "ogr")
    last = max(feature.id() for feature in layer.getFeatures())
    layer.dataProvider().changeAttributeValues({last: {layer.fields().indexOf("flow"): None}})
    out = run("keyareas", INPUT=surface, LINKS=path, GRADE_FIELD="flow", OUTPUT=str(tmp_path / "areas.gpkg"))
    assert [(row["link_id"], row["link_grade"]) for row in read_table(out["OUTPUT"])] == [(6, None), (5, 2.5)]


def test_an_area_off_all_links_takes_the_nearest(run, surface, polygons, tmp_path):
    lines = [
        ("", {"link_id": 4}),
        ("LINESTRING(500000 2899410, 500600 2899410)", {"link_id": 5}),
        ("LINESTRING(500000 2899990, 500600 2899990)", {"link_id": 6}),
    ]
    out = run(
        "keyareas",
        INPUT=surface,
        LINKS=polygons("links", lines, kind="LineString"),
        OUTPUT=str(tmp_path / "areas.gpkg"),
    )
    assert [row["link_id"] for row in read_table(out["OUTPUT"])] == [6, 5]
    assert "Features 1 of 'links' have no geometry and were left out." in run.feedback.textLog()


def test_overlay_changes_which_places_stand_out(run, surface, raster, tmp_path):
    resistance = np.ones((20, 20), dtype=np.float32)
    resistance[8:11, 2:5] = 5
    out = run(
        "keyareas", INPUT=surface, RESISTANCE=raster("resistance", resistance), OUTPUT=str(tmp_path / "areas.gpkg")
    )
    (row,) = read_table(out["OUTPUT"])
    # 20 x 5 beats 30 x 1; the value reported is that of the surface.
    assert row["max"] == 20
    assert row["area_ha"] == pytest.approx(9 * 0.09)


def test_other_rules(run, surface, tmp_path):
    out = run("keyareas", INPUT=surface, METHOD=2, CLASSES=2, OUTPUT=str(tmp_path / "areas.gpkg"))
    assert sorted(row["max"] for row in read_table(out["OUTPUT"])) == [20, 30, 30]


@pytest.mark.parametrize(
    ("values", "message"),
    [(np.zeros((5, 5)), "has the value 0"), (np.full((5, 5), -1.0), "no value at all")],
)
def test_surfaces_without_a_place_that_stands_out(run, raster, tmp_path, values, message):
    target = tmp_path / "areas.gpkg"
    with pytest.raises(Exception, match=message):
        run("keyareas", INPUT=raster("flat", values.astype(np.float32), nodata=-1), OUTPUT=str(target))
    assert not target.exists()


def test_another_grid_is_refused(run, surface, raster):
    other = raster("other", np.ones((20, 20), dtype=np.float32), left=500_010.0)
    with pytest.raises(Exception, match="do not lie on the same grid"):
        run("keyareas", INPUT=surface, RESISTANCE=other, OUTPUT="TEMPORARY_OUTPUT")


def test_degrees_are_refused(run, raster):
    values = np.arange(25, dtype=np.float32).reshape(5, 5)
    degrees = raster("degrees", values, cell=0.001, left=105.0, top=26.0, crs="EPSG:4326")
    with pytest.raises(Exception, match=r"in degrees.*EPSG:32648"):
        run("keyareas", INPUT=degrees, OUTPUT="TEMPORARY_OUTPUT")
