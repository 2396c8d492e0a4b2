"""The action sheet in a real QGIS: a barrier, a pinch point, break points and sources on four land uses in two villages."""

import csv
import json
import zipfile
from decimal import Decimal
from xml.etree import ElementTree

import numpy as np
import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis


def box(left, top, width, height):
    """A rectangle in metres from the corner of the map, downwards."""
    x, y = 500_000 + left, 2_900_000 - top
    return f"POLYGON(({x} {y}, {x + width} {y}, {x + width} {y - height}, {x} {y - height}, {x} {y}))"


LAND = np.ones((30, 40), dtype=np.uint8)
LAND[:, 10:20] = 5
LAND[:, 20:30] = 8
LAND[:, 30:] = 7
"""Woods, fields, town and roads of the Liuzhi study, 300 m wide each."""


@pytest.fixture
def county(raster, polygons):
    slope = np.full(LAND.shape, 3.0, dtype=np.float32)
    slope[15:] = 30.0
    return {
        "LANDUSE": raster("land", LAND),
        "LEGEND": 1,
        "SLOPE": raster("slope", slope),
        "ZONES": polygons(
            "villages",
            [
                (box(0, 0, 450, 900), {"town": "郎岱镇", "village": "岩脚村"}),
                (box(450, 0, 750, 900), {"town": "郎岱镇", "village": "=cmd|'/c calc'!A1"}),
            ],
        ),
        "NAME": ["town", "village"],
        "PROTECTED": [polygons("redline", [(box(0, 0, 60, 900), {"k": 1})])],
    }


@pytest.fixture
def areas(polygons):
    return [
        polygons("pinch_points", [(box(0, 0, 330, 90), {"area_id": 7, "link_grade": 1})]),
        polygons(
            "barriers",
            [
                (box(270, 60, 400, 90), {"area_id": 1, "link_grade": 2}),
                (box(310, 600, 200, 60), {"area_id": 2, "link_grade": 1}),
            ],
        ),
    ]


@pytest.fixture
def outputs(tmp_path):
    return {
        "OUTPUT": str(tmp_path / "sheet.gpkg"),
        "TABLE": str(tmp_path / "table.csv"),
        "HTML": str(tmp_path / "表.html"),
        "XLSX": str(tmp_path / "表.xlsx"),
    }


def exact(rows, field):
    return sum((Decimal(repr(row[field])) for row in rows), Decimal(0))


def test_every_part_has_its_measure_and_the_sums_are_those_of_the_layers(run, county, areas, outputs):
    out = run("actionsheet", AREAS=areas, **county, **outputs)
    rows = read_table(out["OUTPUT"])
    found = {(r["type"], r["area"], r["village"][:2], r["rule"]): r["area_ha"] for r in rows}
    assert found == {
        # 60 of 300 m of wood are protected; 30 m of field
        ("Pinch point", "7", "岩脚", "P1"): 0.54,
        ("Pinch point", "7", "岩脚", "P2"): 2.16,
        ("Pinch point", "7", "岩脚", "C3"): 0.27,
        ("Barrier", "1", "岩脚", "B1"): 0.27,
        ("Barrier", "1", "岩脚", "C3"): 1.35,
        ("Barrier", "1", "=c", "C3"): 1.35,
        ("Barrier", "1", "=c", "U2"): 0.63,
        ("Barrier", "2", "岩脚", "C1"): 0.84,
        ("Barrier", "2", "=c", "C1"): 0.36,
    }
    for row in rows:
        assert row["area_ha"] == pytest.approx(row["_geometry"].area() / 1e4, rel=1e-9)
    table = read_table(out["TABLE"])
    assert exact(rows, "area_ha") == exact(table[:-1], "area_ha") == Decimal("7.77") == Decimal(str(out["AREA_HA"]))
    assert table[-1]["area_ha"] == 7.77
    assert (sum(r["count"] for r in table[:-1]), table[-1]["count"], out["COUNT"]) == (3, 3, 3)
    first = next(r for r in rows if r["rule"] == "P1")
    assert (first["measure_class"], first["class_zh"]) == ("Protection and conservation", "保护保育")
    assert (first["priority"], first["slope"], first["protected_ha"]) == (1, 3.0, 0.54)
    log = run.feedback.textLog()
    # 60 m x 30 m are in both layers
    assert "0.18 ha stand in more than one area" in log
    assert out["NO_RULE_HA"] == 0


def test_the_page_and_the_workbook_run_nothing(run, county, areas, outputs):
    out = run("actionsheet", AREAS=areas, **county, **outputs)
    with open(out["HTML"], encoding="utf-8") as file:
        page = file.read()
    assert "=cmd|&#x27;/c calc&#x27;!A1" in page
    assert "岩脚村" in page
    assert "GB/T 30600-2022" in page
    with zipfile.ZipFile(out["XLSX"]) as archive:
        assert archive.testzip() is None
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/")]
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))
    assert len(sheets) == 5
    assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)


def test_the_workbook_as_another_program_reads_it(run, county, areas, outputs):
    """GDAL's own reader of XLSX: names, numbers and totals."""
    from osgeo import gdal

    out = run("actionsheet", AREAS=areas, **county, **outputs)
    book = gdal.OpenEx(out["XLSX"], gdal.OF_VECTOR)
    assert [book.GetLayer(k).GetName() for k in range(book.GetLayerCount())] == [
        "Action sheet",
        "By zone",
        "By class",
        "Rules",
        "Notes",
    ]
    held = [[feature.GetField(k) for k in range(feature.GetFieldCount())] for feature in book.GetLayer(0)]
    head = next(k for k, row in enumerate(held) if "Area (ha)" in row)
    column = held[head].index("Area (ha)")
    values = [float(row[column]) for row in held[head + 1 :]]
    assert sum(values[:-1]) == pytest.approx(values[-1]) == pytest.approx(7.77)
    village = held[head].index("Village")
    assert {row[village] for row in held[head + 1 : -1]} == {"岩脚村", "=cmd|'/c calc'!A1"}


def test_costs(run, county, areas, outputs, tmp_path):
    costs = tmp_path / "costs.csv"
    costs.write_text(
        "measure,per_ha,per_place\n辅助再生,2.5,10\nP1,1,\nnatural recovery,,3\nhedgs,1,1\n", encoding="utf-8"
    )
    out = run("actionsheet", AREAS=areas, **county, **outputs, COST=str(costs))
    rows = read_table(out["OUTPUT"])
    cost = {(r["area"], r["village"][:2], r["rule"]): r["cost"] for r in rows}
    assert cost["7", "岩脚", "P1"] == 0.54
    assert not isinstance(cost["7", "岩脚", "P2"], float)
    # One barrier, one measure, two villages: the place is paid once.
    assert sorted((cost["1", "岩脚", "C3"], cost["1", "=c", "C3"])) == [3.38, 13.38]
    assert cost["1", "岩脚", "B1"] == 3.0
    total = round(sum(r["cost"] for r in rows if isinstance(r["cost"], float)), 2)
    assert read_table(out["TABLE"])[-1]["cost"] == total == out["TOTAL_COST"]
    log = run.feedback.textLog()
    assert "no price for: Keep free of building and fences, under control as an ecological corridor. 2.1600 ha" in log
    assert "prices of measures that no rule has: hedgs" in log


def test_what_is_not_known_is_said(run, county, areas, outputs):
    bare = {name: county[name] for name in ("LANDUSE", "LEGEND")}
    out = run("actionsheet", AREAS=areas, **bare, **outputs)
    log = run.feedback.textLog()
    # all fields: 330 x 90 m of pinch point and the barriers
    assert "asks for the slope might hold on 4.1700 ha" in log
    assert "Give SLOPE" in log
    assert {r["rule"] for r in read_table(out["OUTPUT"]) if r["type"] == "Barrier"} == {"B1", "C3", "U2"}


def test_rules_of_ones_own_and_gaps(run, county, areas, outputs, tmp_path):
    rules = tmp_path / "规则.csv"
    rules.write_text("type,land_use,class,measure\nbarrier,耕地,辅助再生,植物篱\n", encoding="utf-8")
    out = run("actionsheet", AREAS=areas, **county, **outputs, RULES=str(rules))
    rows = read_table(out["OUTPUT"])
    assert {r["measure"] for r in rows if r["measure_class"] == "Assisted regeneration"} == {"植物篱"}
    open_ha = sum(r["area_ha"] for r in rows if r["measure_class"] == "No rule")
    assert out["NO_RULE_HA"] == pytest.approx(open_ha) == pytest.approx(7.77 - 3.9)
    assert "There is no rule for Pinch point, Woodland (woodland), slope 0 to 5 degrees, not protected, grade 1" in (
        run.feedback.textLog()
    )


def test_the_rules_used_are_rules_again(run, county, areas, outputs, tmp_path):
    given = str(tmp_path / "used.csv")
    first = run("actionsheet", AREAS=areas, **county, **outputs, RULES_USED=given)
    before = [r["rule"] for r in read_table(first["OUTPUT"])]
    again = run("actionsheet", AREAS=areas, **county, **{**outputs, "OUTPUT": str(tmp_path / "b.gpkg")}, RULES=given)
    assert [r["rule"] for r in read_table(again["OUTPUT"])] == before
    with open(given, encoding="utf-8") as file:
        assert next(csv.reader(file))[0] == "rule"


def test_own_codes_by_groups(run, county, areas, outputs):
    bare = {"LANDUSE": county["LANDUSE"], "GROUPS": "1=林地; 5=cropland; 8=built-up"}
    out = run("actionsheet", AREAS=areas, **bare, **outputs)
    assert {r["rule"] for r in read_table(out["OUTPUT"]) if r["type"] == "Barrier"} == {"B1", "C3", "U2"}
    assert {r["land_use"] for r in read_table(out["OUTPUT"])} == {"1", "5", "8"}
    run("actionsheet", AREAS=areas, LANDUSE=county["LANDUSE"], **outputs)
    assert "The land uses 1, 5, 8 belong to no group" in run.feedback.textLog()


def test_break_points_and_weak_sources(run, county, polygons, outputs):
    points = polygons(
        "strategic",
        [
            ("POINT(500900 2899500)", {"kind": "break point", "grade": 1}),
            ("POINT(500300 2899500)", {"kind": "break point", "grade": 3}),
            ("POINT(500100 2899500)", {"kind": "midpoint", "grade": 1}),
        ],
        kind="Point",
    )
    sources = polygons(
        "patches",
        [(box(0, 0, 90, 90), {"source_id": 1, "grade": 1}), (box(120, 0, 90, 90), {"source_id": 2, "grade": 3})],
    )
    out = run("actionsheet", AREAS=[points, sources], **county, **outputs)
    rows = {(r["type"], r["area"], r["rule"]) for r in read_table(out["OUTPUT"])}
    assert rows == {("Break point", "1", "K1"), ("Break point", "2", "K2"), ("Weak source", "2", "W2")}
    disc = sum(r["area_ha"] for r in read_table(out["OUTPUT"]) if r["rule"] == "K1")
    assert disc == pytest.approx(np.pi * 0.25, rel=5e-3)
    log = run.feedback.textLog()
    assert "1 features that are no break point are left out" in log
    assert "the weak sources are the 1 of the lowest grade (grade 3)" in log


def test_weak_sources_are_the_last_quarter_by_dpc(run, county, polygons, outputs):
    """Natural breaks of dPC leave all but the largest source in the lowest grade."""
    given = [(100.0, 1), (4.0, 3), (3.0, 3), (2.0, 3), (1.5, 3), (1.0, 3), (0.6, 3), (0.5, 3)]
    patches = [
        (box(30 * 5 * k, 0, 90, 90), {"source_id": k + 1, "grade": grade, "dPC": dpc})
        for k, (dpc, grade) in enumerate(given)
    ]
    out = run("actionsheet", AREAS=[polygons("patches", patches)], **county, **outputs)
    assert {r["area"] for r in read_table(out["OUTPUT"])} == {"7", "8"}
    said = "the weak sources are the 2 of the lowest grade (grade 3) in the quarter of all sources with the lowest dPC"
    assert said in run.feedback.textLog()


def test_key_areas_say_what_they_are(run, county, raster, outputs, tmp_path):
    """The file of 'keyareas' is enough, whatever it is called."""
    from osgeo import gdal

    values = np.full(LAND.shape, 1.0, dtype=np.float32)
    values[4:8, 4:8] = 9.0
    for text, kind in (("Current, amperes at 1 A", "Pinch point"), ("Barrier score, cost units", "Barrier")):
        path = raster(kind, values)
        dataset = gdal.Open(path, gdal.GA_Update)
        dataset.GetRasterBand(1).SetDescription(text)
        dataset = None
        found = run("keyareas", INPUT=path, CLASSES=2, OUTPUT=str(tmp_path / f"x{len(text)}.gpkg"))["OUTPUT"]
        out = run("actionsheet", AREAS=[found], **county, **{**outputs, "OUTPUT": "TEMPORARY_OUTPUT"})
        assert {r["type"] for r in read_table(out["OUTPUT"])} == {kind}


REFUSED = [
    ({"TYPES": "barrier"}, "2 layers of areas but 1 types"),
    ({"TYPES": "barrier; bottleneck"}, "There is no type of areas 'bottleneck'.*生态障碍点"),
    ({"GROUPS": "1=woods"}, "There is no group of land uses 'woods'.*woodland"),
]


@pytest.mark.parametrize(("given", "sentence"), REFUSED)
def test_wrong_texts_are_refused(run, county, areas, outputs, given, sentence):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match=sentence):
        run("actionsheet", AREAS=areas, **county, **outputs, **given)


@pytest.mark.parametrize(
    ("name", "text", "encoding", "sentence"),
    [
        ("RULES", "type,land_use,class,measure,remark\n,,自然恢复,x,\n", "utf-8", "unknown columns: remark"),
        ("RULES", "type,land_use,class,measure\n,,自然恢复,封育\n", "gbk", "is not in UTF-8"),
        ("RULES", "type,land_use,class,measure\nneck,,自然恢复,x\n", "utf-8", "Row 1 .*no type 'neck'"),
        ("RULES", "type,land_use,class,measure\n,,heal,x\n", "utf-8", "no class 'heal'"),
        ("COST", "measure,per_ha\n自然恢复,-2\n", "utf-8", "is -2. A cost is 0 or more"),
    ],
)
def test_wrong_tables_are_refused(run, county, areas, outputs, tmp_path, name, text, encoding, sentence):
    from qgis.core import QgsProcessingException

    path = tmp_path / "given.csv"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(QgsProcessingException, match=sentence):
        run("actionsheet", AREAS=areas, **county, **outputs, **{name: str(path)})
    assert not any(tmp_path.glob("sheet*"))


def test_layers_that_hold_nothing_known_are_refused(run, county, polygons, outputs):
    from qgis.core import QgsProcessingException

    strange = polygons("places", [(box(0, 0, 90, 90), {"k": 1})])
    with pytest.raises(QgsProcessingException, match="It cannot be told what 'places' holds"):
        run("actionsheet", AREAS=[strange], **county, **outputs)
    lines = polygons("barriers", [("LINESTRING(500000 2899900, 500300 2899900)", {"k": 1})], kind="LineString")
    with pytest.raises(QgsProcessingException, match="holds lines, but AREAS takes points or polygons"):
        run("actionsheet", AREAS=[lines], **county, **outputs)
    far = polygons("barriers", [(box(90_000, 0, 90, 90), {"k": 1})])
    with pytest.raises(QgsProcessingException, match="lie outside the raster 'land'"):
        run("actionsheet", AREAS=[far], **county, **outputs)


def test_results_are_numbers(run, county, areas, outputs):
    out = run("actionsheet", AREAS=areas, **county, **outputs)
    json.dumps({name: out[name] for name in ("COUNT", "ROWS", "AREA_HA", "NO_RULE_HA")})
    assert "TOTAL_COST" not in out  # nothing is known of it without a table of costs
