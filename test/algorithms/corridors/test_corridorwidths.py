"""The tool 'corridorwidths' on belts whose cells can be counted, and on inputs that are not as they should be."""

import re

import numpy as np
import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis

X, Y, CELL, SHAPE = 500_000.0, 2_900_000.0, 30.0, (100, 200)


def wkt(*points):
    return f"LINESTRING({', '.join(f'{X + x} {Y - y}' for x, y in points)})"


PATHS = [((300, 1515), (5700, 1515)), ((3015, 300), (3015, 2700))]


@pytest.fixture
def world(raster, polygons):
    """Two links that cross, land of two halves with a hole in the data, and a current that falls off from the first."""
    land = np.ones(SHAPE, dtype=np.uint8)
    land[50:] = 2
    land[52:54, 20:24] = 0
    rows = np.abs(np.arange(SHAPE[0]) + 0.5 - 50.5) * CELL
    current = np.repeat(np.exp(-rows / 60.0)[:, None], SHAPE[1], axis=1).astype(np.float32)

    def links(paths=PATHS, name="links", **more):
        rows = [
            (
                wkt(*path),
                {"link_id": k, "from_id": k, "to_id": k + 1, "active": 1, **{f: v[k - 1] for f, v in more.items()}},
            )
            for k, path in enumerate(paths, start=1)
        ]
        return polygons(name, rows, kind="LineString")

    def layers(**changed):
        return {
            "LINKS": None if "LINKS" in changed else links(),
            "LANDUSE": raster("land", land, nodata=0),
            "NAMES": "1=Forest; 2=Cropland",
            "WIDTHS": "30, 100, 400",
            "TABLE": "TEMPORARY_OUTPUT",
            "OUTPUT_LINKS": "TEMPORARY_OUTPUT",
            **changed,
        }

    layers.links, layers.land, layers.current = links, land, lambda: raster("current", current, nodata=-9999)
    return layers


def table(found):
    return {(row["width"], row["land_use"]): row for row in read_table(found["TABLE"])}


def test_land_use_is_that_of_buffers_burnt_by_gdal(run, world):
    from osgeo import gdal, ogr

    widths = [100.0, 400.0]  # no cell centre lies on their edges
    found = run("corridorwidths", **world(WIDTHS="100 400"))
    held = table(found)
    for width in widths:
        target = gdal.GetDriverByName("MEM").Create("", SHAPE[1], SHAPE[0], 1, gdal.GDT_Byte)
        target.SetGeoTransform((X, CELL, 0, Y, 0, -CELL))
        store = ogr.GetDriverByName("Memory").CreateDataSource("")
        layer = store.CreateLayer("belts")
        for path in PATHS:
            feature = ogr.Feature(layer.GetLayerDefn())
            feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt(*path)).Buffer(width / 2, 90))
            layer.CreateFeature(feature)
        gdal.RasterizeLayer(target, [1], layer, burn_values=[1])
        belt = target.ReadAsArray() == 1
        for code, name in ((1, "Forest"), (2, "Cropland")):
            wanted = np.count_nonzero(belt & (world.land == code)) * 0.09
            assert held[width, name]["area_ha"] == pytest.approx(wanted), (width, name)
        assert held[width, "total"]["nodata_ha"] == pytest.approx(np.count_nonzero(belt & (world.land == 0)) * 0.09)
        assert held[width, "total"]["off_ha"] == 0.0


def test_the_table_adds_up(run, world):
    found = run("corridorwidths", **world(CURRENT=world.current()))
    held, before = table(found), {"Forest": 0.0, "Cropland": 0.0, "total": 0.0}
    for width in (30.0, 100.0, 400.0):
        uses = [held[width, name] for name in ("Forest", "Cropland")]
        total = held[width, "total"]
        for field in ("area_ha", "ring_ha", "gathered"):
            assert sum(row[field] for row in uses) == pytest.approx(total[field])
        assert sum(row["share"] for row in uses) == pytest.approx(100.0)
        for name, area in before.items():
            assert area + held[width, name]["ring_ha"] == pytest.approx(held[width, name]["area_ha"])
            before[name] = held[width, name]["area_ha"]
    assert found["AREA_HA"] == pytest.approx(before["total"])
    assert found["LOST_HA"] == pytest.approx(8 * 0.09)


def test_links_have_their_own_belts_and_the_table_counts_land_once(run, world):
    found = run("corridorwidths", **world())
    links = {row["link_id"]: row for row in read_table(found["OUTPUT_LINKS"])}
    assert set(links) == {1, 2}
    total = table(found)[400.0, "total"]["area_ha"]
    assert max(row["ha_400"] for row in links.values()) < total < sum(row["ha_400"] for row in links.values())
    assert re.fullmatch(r"Forest 50\.\d %; Cropland 49\.\d %", links[2]["use_30"])
    assert re.fullmatch(r"Cropland 5\d\.\d %; Forest 4\d\.\d %", links[1]["use_400"])
    assert links[1]["from_id"] == 1  # what the links had is kept
    assert "level_off" not in links[1]
    assert "LEVEL_OFF" not in found


def test_where_the_current_levels_off(run, world):
    """Along the first link it falls off as exp(-d / 60 m): a tenth is reached 138 m from the path."""
    across = ((-900, 1515), (6900, 1515))  # its ends lie off the raster
    widths = "30, 90, 150, 210, 270, 330, 390, 450"
    found = run("corridorwidths", **world(LINKS=world.links([across]), CURRENT=world.current(), WIDTHS=widths))
    rings = np.exp(-np.arange(8) * 30.0 / 60.0)  # a row of cells on either side is added by each
    wanted = 30 + 60 * (np.flatnonzero(rings < 0.1)[0] - 1)
    assert found["LEVEL_OFF"] == wanted == 270
    held = table(found)
    gained = [held[30.0 + 60 * k, "total"]["gained"] for k in range(8)]
    np.testing.assert_allclose(gained, 100 * rings, rtol=1e-5)
    assert read_table(found["OUTPUT_LINKS"])[0]["level_off"] == wanted
    log = run.feedback.textLog()
    assert "The current levels off at 270 m" in log
    wider = run("corridorwidths", **world(LINKS=world.links([across]), CURRENT=world.current(), SHARE=1.0))
    assert "LEVEL_OFF" not in wider
    assert "does not level off within 400 m" in run.feedback.textLog()


def test_the_width_of_the_cost_cutoff_stands_beside(run, world, polygons):
    square = f"POLYGON(({X} {Y}, {X + 60} {Y}, {X + 60} {Y - 60}, {X} {Y}))"
    zones = polygons("zones", [(square, {"link_id": 1, "mean_width": 150.0})], kind="Polygon")
    found = run("corridorwidths", **world(ZONES=zones))
    assert [row["mean_width"] or None for row in read_table(found["OUTPUT_LINKS"])] == [150.0, None]
    assert "cost cutoff are 150 m wide" in run.feedback.textLog()
    run("corridorwidths", **world(LINKS=world.links(mean_width=[100.0, 300.0])))
    assert "cost cutoff are 200 m wide" in run.feedback.textLog()
    wrong = polygons("areas", [(square, {"link_id": 1})], kind="Polygon")
    with pytest.raises(Exception, match="'areas' has no fields 'link_id' and 'mean_width'"):
        run("corridorwidths", **world(ZONES=wrong))


def test_cells_in_sources_are_in_no_belt(run, world, polygons):
    whole = f"MULTIPOLYGON((({X} {Y - 1500}, {X + 6000} {Y - 1500}, {X + 6000} {Y - 3000}, {X} {Y - 3000}, {X} {Y - 1500})))"
    found = run("corridorwidths", **world(SOURCES=polygons("sources", [(whole, {"source_id": 1})])))
    assert {row["land_use"] for row in read_table(found["TABLE"])} == {"Forest", "total"}
    assert found["LOST_HA"] == 0.0


def test_what_lies_off_the_raster_is_reported(run, world):
    path = ((-3000, 1515), (3000, 1515))
    found = run("corridorwidths", **world(LINKS=world.links([path]), WIDTHS="100"))
    total = table(found)[100.0, "total"]
    assert total["off_ha"] == pytest.approx(total["area_ha"] + total["nodata_ha"], rel=0.03)
    assert "lie off the raster" in run.feedback.textLog()


def test_links_in_another_crs(run, world):
    from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsProject, QgsVectorLayer

    layer = QgsVectorLayer(world.links(), "links", "ogr")
    transform = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:32648"), QgsCoordinateReferenceSystem("EPSG:32647"), QgsProject.instance()
    )
    moved = QgsVectorLayer("LineString?crs=EPSG:32647&field=link_id:integer&field=active:integer", "moved", "memory")
    features = []
    for feature in layer.getFeatures():
        shape = feature.geometry()
        shape.transform(transform)
        feature.setGeometry(shape)
        feature.setFields(moved.fields(), True)
        feature.setAttributes([len(features) + 1, 1])
        features.append(feature)
    moved.dataProvider().addFeatures(features)
    QgsProject.instance().addMapLayer(moved)
    plain, again = (table(run("corridorwidths", **world(**more)))[400.0, "total"] for more in ({}, {"LINKS": moved}))
    assert again["area_ha"] == pytest.approx(plain["area_ha"], rel=0.01)


def test_report(run, world, tmp_path):
    page = tmp_path / "widths.html"
    run("corridorwidths", **world(CURRENT=world.current(), HTML=str(page)))
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == 3
    assert "levels off" in text
    assert "Cropland" in text
    assert "nan" not in text.lower().replace("finance", "")


def test_names_of_a_legend_and_of_own_codes(run, world):
    held = table(run("corridorwidths", **world(LEGEND=1, NAMES="")))
    assert (30.0, "Woodland") in held
    held = table(run("corridorwidths", **world(NAMES="")))
    assert (30.0, "1") in held
    held = table(run("corridorwidths", **world(NAMES="1=林地；2=耕地")))
    assert (30.0, "耕地") in held


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"WIDTHS": "30, wide"}, "Widths, number 2: 'wide' is not a number"),
        ({"WIDTHS": "-30, 60"}, "-30 is not above 0"),
        ({"WIDTHS": "5, 20"}, "All widths are narrower than a cell of 30 m"),
        ({"NAMES": "7=Ice"}, "NAMES names 7, of which 'land' has none"),
        ({"NAMES": "forest=1"}, "NAMES names values of the land use, which are whole numbers"),
    ],
)
def test_refuses_in_a_sentence(run, world, given, message):
    with pytest.raises(Exception, match=message):
        run("corridorwidths", **world(**given))


def test_narrow_widths_are_left_out_with_a_warning(run, world):
    found = run("corridorwidths", **world(WIDTHS="10; 20; 60"))
    assert {row["width"] for row in read_table(found["TABLE"])} == {60.0}
    assert "Widths of 10, 20 m are narrower than a cell" in run.feedback.textLog()


def test_links_that_are_none_or_elsewhere(run, world):
    with pytest.raises(Exception, match="has no active link with a line"):
        run("corridorwidths", **world(LINKS=world.links(active=[0, 0])))
    far = [((90_000, 0), (95_000, 0))]
    with pytest.raises(Exception, match="No cell of 'land' with a land use lies within 200 m of a link"):
        run("corridorwidths", **world(LINKS=world.links(far)))


def test_current_on_another_grid(run, world, raster):
    other = raster("coarse", np.ones((50, 100), dtype=np.float32), cell=60.0)
    with pytest.raises(Exception, match="do not lie on the same grid"):
        run("corridorwidths", **world(CURRENT=other))
