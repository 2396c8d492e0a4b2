"""The table of areas by zone in a real QGIS."""

import numpy as np
import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis


def box(left, top, width, height):
    """A rectangle in metres from the corner of the map, downwards."""
    x, y = 500_000 + left, 2_900_000 - top
    return f"POLYGON(({x} {y}, {x + width} {y}, {x + width} {y - height}, {x} {y - height}, {x} {y}))"


@pytest.fixture
def layers(polygons):
    """Three areas and two villages of one township; the second area crosses the border, the third leaves them."""
    areas = [
        (box(0, 0, 100, 100), {"area_id": 1}),
        (box(150, 0, 200, 100), {"area_id": 2}),
        (box(380, 0, 100, 100), {"area_id": 3}),
    ]
    zones = [
        (box(200, 0, 200, 300), {"township": "郎岱镇", "village": "岩脚村"}),
        (box(0, 0, 200, 300), {"township": "郎岱镇", "village": "安乐村"}),
        (box(0, 300, 400, 300), {"township": "新场乡", "village": "空村"}),
    ]
    return {"AREAS": polygons("areas", areas), "ZONES": polygons("zones", zones)}


def test_counts_hectares_and_totals(run, layers, tmp_path):
    html = tmp_path / "table 表.html"
    out = run("tabulate", **layers, NAME=["township", "village"], TABLE=str(tmp_path / "t.gpkg"), HTML=str(html))
    rows = read_table(out["TABLE"])
    found = [(r["township"], r["village"], r["count"], r["count_touching"], round(r["area_ha"], 9)) for r in rows]
    assert found == [
        ("郎岱镇", "安乐村", 1, 2, 1.5),
        ("郎岱镇", "岩脚村", 1, 2, 1.7),
        ("outside", "", 1, 1, 0.8),
        ("total", "", 3, 5, 4.0),
    ]
    assert sum(r["share"] for r in rows[:-1]) == pytest.approx(100)
    page = html.read_text(encoding="utf-8")
    assert "安乐村" in page
    assert "class='total'" in page
    assert "lie in no zone" in run.feedback.textLog()


def test_zones_without_a_chosen_field_are_called_by_the_one_that_is_surely_their_name(run, layers, polygons, tmp_path):
    zones = [
        (box(200, 0, 200, 300), {"id": 4, "Township_Name": "岩脚", "owner": "b"}),
        (box(0, 0, 200, 300), {"id": 2, "Township_Name": "安乐", "owner": "a"}),
    ]
    out = run("tabulate", AREAS=layers["AREAS"], ZONES=polygons("named", zones), TABLE=str(tmp_path / "t.csv"))
    assert [r["Township_Name"] for r in read_table(out["TABLE"])] == ["安乐", "岩脚", "outside", "total"]
    assert "called by their field 'Township_Name'" in run.feedback.textLog()


def test_zones_without_a_sure_name_are_features(run, layers, polygons, tmp_path):
    """Two fields may be meant; ten zones show that features are sorted by number."""
    strips = [(box(10 * k, 0, 10, 300), {"township": "t", "village": f"v{k}"}) for k in range(11)]
    strips.append((box(110, 0, 400, 300), {"township": "t", "village": "v"}))
    out = run("tabulate", AREAS=layers["AREAS"], ZONES=polygons("strips", strips), TABLE=str(tmp_path / "t.csv"))
    zones = [r["zone"] for r in read_table(out["TABLE"])]
    assert zones == [*(f"feature {k}" for k in range(1, 11)), "feature 12", "total"]
    assert "choose the field with their names. It has: fid, township, village" in run.feedback.textLog()


def test_areas_and_zones_without_geometry_are_told(run, polygons, tmp_path):
    areas = polygons("areas", [("", {"k": 1}), (box(0, 0, 100, 100), {"k": 2})])
    zones = polygons("zones", [(box(0, 0, 400, 300), {"name": "A"}), ("", {"name": "B"}), ("", {"name": "C"})])
    use = polygons("use", [(box(0, 0, 400, 300), {"code": 1}), ("", {"code": 2})])
    out = run("tabulate", AREAS=areas, ZONES=zones, LANDUSE=use, LANDUSE_FIELD="code", TABLE=str(tmp_path / "t.csv"))
    assert [(row["name"], row["count"]) for row in read_table(out["TABLE"])] == [("A", 1), ("total", 1)]
    for who in ("Features 1 of 'areas'", "Features 2, 3 of 'zones'", "Features 2 of 'use'"):
        assert f"{who} have no geometry and were left out." in run.feedback.textLog()


def test_land_use_of_a_raster(run, layers, raster, tmp_path):
    land = np.zeros((30, 50), dtype=np.uint8)
    land[:, :10], land[:, 10:24], land[:, 24:] = 1, 2, 30
    out = run(
        "tabulate",
        **layers,
        NAME=["village"],
        LANDUSE=raster("land", land, cell=10.0, nodata=30),
        NAMES="1=林地; 2 = Cropland",
        TABLE=str(tmp_path / "t.gpkg"),
    )
    uses = {r["village"]: r["land_uses"] for r in read_table(out["TABLE"])}
    # West: 100 x 100 m of 1 and 50 x 100 m of 2. East: 40 of 170 m are 2, the rest is NoData.
    assert uses["安乐村"] == "林地 66.7 %; Cropland 33.3 %"
    assert uses["岩脚村"] == "Cropland 23.5 %; not known 76.5 %"
    assert uses["total"] == "林地 25.0 %; Cropland 22.5 %; not known 52.5 %"


def test_a_piece_smaller_than_a_cell_takes_the_cell_it_lies_in(run, layers, raster, tmp_path):
    land = np.array([[4, 5], [6, 7]], dtype=np.uint8)
    out = run(
        "tabulate",
        **layers,
        NAME=["village"],
        LANDUSE=raster("land", land, cell=400.0),
        TABLE=str(tmp_path / "t.gpkg"),
    )
    uses = {r["village"]: r["land_uses"] for r in read_table(out["TABLE"])}
    assert uses["安乐村"] == "4 100.0 %"
    assert uses["岩脚村"].startswith("4 100")
    assert uses["outside"] == "5 100.0 %"


def test_land_use_of_polygons_with_a_table_of_names(run, layers, polygons, tmp_path):
    land = [(box(0, 0, 120, 100), {"code": 3}), (box(120, 0, 500, 40), {"code": 5})]
    names = tmp_path / "names.csv"
    names.write_text("code,name\n3,Forest\n5,Garden\n", encoding="utf-8")
    out = run(
        "tabulate",
        **layers,
        NAME=["village"],
        LANDUSE=polygons("land", land),
        LANDUSE_FIELD="code",
        NAMES_TABLE=str(names),
        TABLE=str(tmp_path / "t.gpkg"),
    )
    uses = {r["village"]: r["land_uses"] for r in read_table(out["TABLE"])}
    assert uses["安乐村"] == "Forest 66.7 %; Garden 13.3 %; not known 20.0 %"
    assert uses["outside"] == "Garden 40.0 %; not known 60.0 %"


def test_overlapping_zones_are_named_and_counted_once(run, layers, polygons, tmp_path):
    zones = [(box(0, 0, 220, 300), {"name": "A"}), (box(200, 0, 400, 300), {"name": "B"})]
    out = run(
        "tabulate", AREAS=layers["AREAS"], ZONES=polygons("both", zones), NAME=["name"], TABLE=str(tmp_path / "t.gpkg")
    )
    rows = {r["name"]: r for r in read_table(out["TABLE"])}
    assert rows["A"]["area_ha"] == pytest.approx(1.7)
    assert rows["B"]["area_ha"] == pytest.approx(2.3)
    assert rows["total"]["area_ha"] == pytest.approx(4.0)
    assert "Zones A and B overlap on 0.2 ha" in run.feedback.textLog()


def test_zones_in_another_crs(run, layers, qgis, tmp_path):
    moved = qgis.run(
        "native:reprojectlayer", {"INPUT": layers["ZONES"], "TARGET_CRS": "EPSG:3857", "OUTPUT": "TEMPORARY_OUTPUT"}
    )["OUTPUT"]
    out = run("tabulate", AREAS=layers["AREAS"], ZONES=moved, NAME=["village"], TABLE=str(tmp_path / "t.gpkg"))
    rows = {r["village"]: r["area_ha"] for r in read_table(out["TABLE"])}
    assert rows["安乐村"] == pytest.approx(1.5, rel=1e-4)
    assert rows["total"] == pytest.approx(4.0, rel=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"NAME": ["district"]}, "no field 'district'"),
        ({"NAMES": "1 Forest"}, "is not a code with a name"),
    ],
)
def test_bad_parameters_are_named(run, layers, raster, tmp_path, change, message):
    target = tmp_path / "t.csv"
    land = raster("land", np.ones((30, 50), dtype=np.uint8), cell=10.0)
    with pytest.raises(Exception, match=message):
        run("tabulate", **{**layers, "LANDUSE": land, "TABLE": str(target), **change})
    assert not target.exists()


def test_land_use_that_cannot_be_used(run, layers, raster, polygons):
    decimals = raster("decimals", np.full((30, 50), 1.5, dtype=np.float32), cell=10.0)
    with pytest.raises(Exception, match="not classes"):
        run("tabulate", **layers, LANDUSE=decimals, TABLE="TEMPORARY_OUTPUT")
    land = polygons("land", [(box(0, 0, 500, 300), {"code": 3})])
    with pytest.raises(Exception, match=r"Name the field of 'land'.*code"):
        run("tabulate", **layers, LANDUSE=land, TABLE="TEMPORARY_OUTPUT")


def test_no_areas(run, layers, polygons):
    empty = polygons("empty", [("", {"area_id": 1})])
    with pytest.raises(Exception, match="no area to tabulate"):
        run("tabulate", AREAS=empty, ZONES=layers["ZONES"], TABLE="TEMPORARY_OUTPUT")


def test_land_use_of_the_map_does_not_depend_on_the_zones(run, raster, polygons, tmp_path):
    """Slivers along borders: the totals are those of the cells on the map, however it is cut."""
    random = np.random.default_rng(3)
    land = random.choice([1, 2, 3], (40, 40), p=[0.6, 0.3, 0.1]).astype(np.uint8)
    areas = polygons("key", [(box(30 * k + 60, 30 * k + 90, 150, 120), {"area_id": k}) for k in range(25)])
    inside = np.zeros(4)
    for k in range(25):
        inside += np.bincount(land[k + 3 : k + 7, k + 2 : k + 7].ravel(), minlength=4)
    wanted = 100 * inside[1:] / inside.sum()
    totals = []
    for count in (1, 7, 60):
        width = 1300.0 / count
        zones = [(box(k * width - 7, -7, width, 1300), {"name": f"z{k}"}) for k in range(count)]
        out = run(
            "tabulate",
            AREAS=areas,
            ZONES=polygons(f"zones{count}", zones),
            NAME=["name"],
            LANDUSE=raster("land", land),
            TABLE=str(tmp_path / f"t{count}.gpkg"),
        )
        rows = read_table(out["TABLE"])
        totals.append(rows[-1]["land_uses"])
        for row in rows:
            shares = [float(one.split()[1]) for one in row["land_uses"].split("; ")]
            assert sum(shares) == pytest.approx(100.0)
        by_zone = {}
        for row in rows[:-1]:
            for one in row["land_uses"].split("; "):
                code, share, _ = one.split()
                by_zone[code] = by_zone.get(code, 0.0) + row["area_ha"] * float(share) / rows[-1]["area_ha"]
        for code, share in zip("123", wanted):
            assert by_zone[code] == pytest.approx(share, abs=0.06)
    assert totals[0] == totals[1] == totals[2]
    shown = {one.split()[0]: float(one.split()[1]) for one in totals[0].split("; ")}
    assert [shown[code] for code in "123"] == pytest.approx(list(wanted), abs=0.1)


def test_villages_are_named_with_the_township_that_holds_most_of_them(qgis, polygons):
    from ecosecnet.algorithms.support.geometry.zones import read_zones
    from ecosecnet.algorithms.support.io.vectors import VectorSource
    from qgis.core import QgsCoordinateTransformContext, QgsVectorLayer

    def source(path, name):
        layer = QgsVectorLayer(path, name, "ogr")
        return VectorSource(layer, name, QgsCoordinateTransformContext())

    towns = [(box(0, 0, 100, 100), {"name": "West"}), (box(100, 0, 100, 100), {"name": "East"})]
    villages = [
        (box(0, 0, 130, 50), {"name": "A"}),
        (box(0, 50, 70, 50), {"name": "B"}),
        (box(130, 0, 70, 50), {"name": "A"}),
        (box(300, 0, 50, 50), {"name": "C"}),
    ]
    around = read_zones(source(polygons("towns", towns), "towns"), [], None)
    found = read_zones(source(polygons("villages", villages), "villages"), ["name"], None, within=around)
    assert found.fields == ["township", "village"]
    assert found.names == [("West", "A"), ("West", "B"), ("East", "A"), ("outside", "C")]
