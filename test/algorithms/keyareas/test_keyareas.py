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


def test_links_that_were_dropped_name_no_area_and_grades_are_found(run, surface, polygons, tmp_path):
    line = "LINESTRING(500000 2899910, 500600 2899910)"
    rows = [
        (line, {"link_id": 1, "active": 0, "grade": 1, "Level": 7}),
        (line, {"link_id": 2, "active": 1, "grade": 2, "Level": 8}),
    ]
    layer = polygons("links", rows, kind="LineString")
    given = {"INPUT": surface, "LINKS": layer, "MIN_AREA": 1}
    (row,) = read_table(run("keyareas", **given, OUTPUT=str(tmp_path / "a.gpkg"))["OUTPUT"])
    assert (row["link_id"], row["link_grade"]) == (2, 8)
    graded = polygons(
        "graded", [(one, {k: v for k, v in held.items() if k != "Level"}) for one, held in rows], kind="LineString"
    )
    (row,) = read_table(run("keyareas", **{**given, "LINKS": graded}, OUTPUT=str(tmp_path / "b.gpkg"))["OUTPUT"])
    assert (row["link_id"], row["link_grade"]) == (2, 2)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"GRADE_FIELD": "importance", "LINKS": True}, "has no field 'importance', which is given for 'Grade field"),
        ({"GRADE_FIELD": "importance"}, r"but 'Links' \(LINKS\), whose field it would be, is empty"),
        ({"RULES": "TEMPORARY_OUTPUT"}, "choose the resistance surface"),
        ({"MIN_AREA": 2, "MAX_AREA": 1}, "largest area is 1 ha; it must be at least the smallest area"),
    ],
)
def test_choices_that_do_not_fit_are_said(run, surface, polygons, tmp_path, given, sentence):
    if "LINKS" in given:
        rows = [("LINESTRING(500000 2899910, 500600 2899910)", {"link_id": 1})]
        given = {**given, "LINKS": polygons("links", rows, kind="LineString")}
    with pytest.raises(Exception, match=sentence):
        run("keyareas", INPUT=surface, OUTPUT=str(tmp_path / "areas.gpkg"), **given)


def test_both_rules_the_edge_and_the_other_kind(run, raster, polygons, tmp_path):
    """A gully of high current beside a cliff of high resistance, and a cliff at the edge of the data."""
    current, ground = np.ones((40, 40), dtype=np.float32), np.ones((40, 40), dtype=np.float32)
    current[20, 10:20], current[21, 10:20], ground[21, 10:20] = 40, 30, 8
    current[10:20, 37], ground[10:20, 37] = 30, 8
    ground[:, 38:] = -9999
    other = "POLYGON((500300 2900000, 500300 2899355, 500450 2899355, 500450 2900000, 500300 2900000))"
    given = {"INPUT": raster("current", current), "RESISTANCE": raster("ground", ground, nodata=-9999)}
    out = run(
        "keyareas",
        **given,
        OTHER_AREAS=polygons("barriers", [(other, {"name": "b"})], kind="Polygon"),
        OUTPUT=str(tmp_path / "areas.gpkg"),
        RULES=str(tmp_path / "rules.tif"),
    )
    rules, nodata = read_raster(out["RULES"])
    assert nodata == 0
    assert (rules[20, 10:20] == 3).all()
    assert (rules[21, 10:20] == 2).all()
    assert (rules[10:20, 37] == 2).all()
    edge, cliff = read_table(out["OUTPUT"])
    assert (edge["edge_ha"], edge["overlap_ha"]) == (pytest.approx(0.9), 0)
    # columns 10 to 14 of row 21, whose centres lie above 2899355
    assert (cliff["edge_ha"], cliff["overlap_ha"]) == (0, pytest.approx(0.45))
    assert (out["EDGE_HA"], out["OVERLAP_HA"]) == (pytest.approx(0.9), pytest.approx(0.45))
    log = run.feedback.textLog()
    assert (
        "50 % of the area of the key areas lie within 5 cells of the edge of the data, where 45 % of the data lie."
        in log
    )
    assert "0.0 ha are found with and without the overlay with the resistance, 1.8 ha only with it, 0.9 ha only" in log


def test_the_largest_area(run, raster, tmp_path):
    values = np.ones((9, 12), dtype=np.float32)
    values[4, 2:8] = 9, 8, 7, 6, 8, 7
    out = run("keyareas", INPUT=raster("v", values), CLASSES=2, MAX_AREA=0.27, OUTPUT=str(tmp_path / "a.gpkg"))
    assert [row["area_ha"] for row in read_table(out["OUTPUT"])] == pytest.approx([0.27, 0.18])


def test_cells_outside_the_study_area_are_a_margin(run, surface, raster, polygons, tmp_path):
    """The two plateaus of 30 lie outside the left half: there 20 is the highest class, and the areas end at its edge."""
    half = f"POLYGON(({LEFT} {TOP}, {LEFT + 300} {TOP}, {LEFT + 300} {TOP - 600}, {LEFT} {TOP - 600}, {LEFT} {TOP}))"
    area = polygons("county", [(half, {"n": 1})])
    given = {"INPUT": surface, "AREA": area, "CLASSES": 3}
    out = run("keyareas", **given, OUTPUT=str(tmp_path / "areas.gpkg"), CLASSES_RASTER=str(tmp_path / "classes.tif"))
    (row,) = read_table(out["OUTPUT"])
    assert (row["mean"], row["area_ha"]) == (20, pytest.approx(9 * 0.09))
    classes, nodata = read_raster(out["CLASSES_RASTER"])
    assert (classes[:, 10:] == nodata).all()
    assert set(np.unique(classes[1:, :10])) == {1, 2, 3}
    values, none = read_raster(surface)
    cut = raster("cut", np.where(np.arange(20) < 10, values, none).astype(np.float32), nodata=none)
    same = run("keyareas", INPUT=cut, CLASSES=3, OUTPUT=str(tmp_path / "cut.gpkg"))
    assert [row["area_ha"] for row in read_table(same["OUTPUT"])] == [pytest.approx(9 * 0.09)]
    # A plateau across the border is cut there.
    third = half.replace(str(LEFT + 300), str(LEFT + 390))
    out = run("keyareas", INPUT=surface, AREA=polygons("third", [(third, {"n": 1})]), OUTPUT=str(tmp_path / "t.gpkg"))
    assert [row["area_ha"] for row in read_table(out["OUTPUT"])] == [pytest.approx(2 * 0.09)]


def test_a_study_area_elsewhere_is_refused(run, surface, polygons, tmp_path):
    far = polygons("far", [("POLYGON((0 0, 0 9, 9 9, 9 0, 0 0))", {"n": 1})])
    with pytest.raises(Exception, match="The study area 'far' lies outside the raster"):
        run("keyareas", INPUT=surface, AREA=far, OUTPUT=str(tmp_path / "areas.gpkg"))


def test_against_a_null_model(run, raster, tmp_path):
    """The cells that stand out against a null model, in the class raster and as areas with the values of the surface."""
    values = np.arange(400, dtype=np.float32).reshape(20, 20)
    p = np.full((20, 20), 0.5, dtype=np.float32)
    p[3:5, 3:8], p[0, 0] = 0.001, -1
    given = {"INPUT": raster("values", values), "METHOD": 3, "OUTPUT": str(tmp_path / "areas.gpkg")}
    out = run(
        "keyareas", P_VALUES=raster("p", p, nodata=-1), CLASSES_RASTER=str(tmp_path / "classes.tif"), CLASSES=4, **given
    )
    (area,) = read_table(out["OUTPUT"])
    assert area["area_ha"] == pytest.approx(10 * 0.09)
    assert (area["mean"], area["max"]) == (values[3:5, 3:8].mean(), values[4, 7])
    classes, _ = read_raster(out["CLASSES_RASTER"])
    assert (classes[0, 0], classes[0, 1], classes[3, 3]) == (0, 1, 2)
    with pytest.raises(Exception, match="needs p-values: choose the raster P that 'nullmodel' made"):
        run("keyareas", **given)


# limits that are held --------------------------------------------------------------------------------------------------


def test_limits_of_another_date_are_held(run, raster, tmp_path):
    """The second date is the first at 0.45 of the current: found anew, as much of it is key."""
    rng = np.random.default_rng(11)
    before = np.kron(rng.lognormal(size=(10, 12)), np.ones((4, 4))).astype(np.float32)
    ground = np.kron(rng.integers(1, 20, (10, 12)), np.ones((4, 4))).astype(np.float32)
    surfaces = {"INPUT": raster("before", before), "RESISTANCE": raster("ground", ground)}
    first = run("keyareas", **surfaces, OUTPUT=str(tmp_path / "a.gpkg"), BREAKS=str(tmp_path / "b.gpkg"))
    table = read_table(first["BREAKS"])
    assert [row["class"] for row in table] == [1, 2, 3, 4]
    assert {row["most_resistance"] for row in table} == {ground.max()}
    assert sum(row["cells"] for row in table) == before.size
    same = run("keyareas", **surfaces, LIMITS_TABLE=first["BREAKS"], OUTPUT=str(tmp_path / "same.gpkg"))
    assert (same["COUNT"], same["AREA_HA"]) == (first["COUNT"], first["AREA_HA"])
    later = {**surfaces, "INPUT": raster("after", np.float32(0.45) * before)}
    new = run("keyareas", **later, OUTPUT=str(tmp_path / "new.gpkg"))
    assert new["AREA_HA"] == pytest.approx(first["AREA_HA"])
    held = run("keyareas", **later, LIMITS_TABLE=first["BREAKS"], OUTPUT=str(tmp_path / "held.gpkg"))
    graded = 0.45 * before.astype(float) * ground / ground.max()
    wanted = np.count_nonzero(graded > table[2]["upper"]) * 0.09
    assert held["AREA_HA"] == pytest.approx(wanted)
    assert held["AREA_HA"] < new["AREA_HA"]
    log = run.feedback.textLog()
    assert "lowest first, held: " in log
    assert "do not mean the same" not in log
    run("keyareas", **later, LIMITS="0.1, 0.5, 1, 2", OUTPUT=str(tmp_path / "typed.gpkg"))
    assert "limits of a run with another one do not mean the same" in run.feedback.textLog()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"METHOD": 3, "P_VALUES": "surface", "LIMITS": "1, 2"}, "no limits of values to hold"),
        (
            {"AGREEMENT": "TEMPORARY_OUTPUT", "LIMITS": "1, 2"},
            "AGREEMENT compares rules for the limits, which are held",
        ),
        ({"LIMITS": "2, 1"}, "1 follows 2"),
    ],
)
def test_held_limits_that_cannot_be_are_refused(run, surface, given, message):
    given = {key: surface if value == "surface" else value for key, value in given.items()}
    with pytest.raises(Exception, match=message):
        run("keyareas", INPUT=surface, OUTPUT="TEMPORARY_OUTPUT", **given)


def test_limits_of_two_kinds_are_not_mixed(run, surface, tmp_path):
    """'securitynetwork' writes those of pinch points and barriers in one table."""
    table = tmp_path / "breaks.csv"
    rows = [
        f"{kind},{upper}\n" for kind, most in (("pinch point", 1.0), ("barrier", 50.0)) for upper in (most / 2, most)
    ]
    table.write_text("kind,upper\n" + "".join(rows))
    with pytest.raises(Exception, match=r"holds limits of several kinds of areas.*Keep the rows of one"):
        run("keyareas", INPUT=surface, OUTPUT="TEMPORARY_OUTPUT", LIMITS_TABLE=str(table))
    table.write_text("kind,upper\n" + "".join(rows[:2]))
    run("keyareas", INPUT=surface, OUTPUT="TEMPORARY_OUTPUT", LIMITS_TABLE=str(table))
    assert "held: 0.5, 1." in run.feedback.textLog()
