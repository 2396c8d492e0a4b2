"""What people see of the fields: headings with units, rounded numbers, and numbers that are numbers in every format."""

import ast
import csv
from pathlib import Path

import pytest

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[4]


def declared():
    """Yield (file, name) of every column that a tool names in its code."""
    for path in sorted((ROOT / "algorithms").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "columns":
                for keyword in node.keywords:
                    if keyword.arg:
                        yield path.stem, keyword.arg
                    elif isinstance(keyword.value, ast.Dict):
                        yield from ((path.stem, k.value) for k in keyword.value.keys if isinstance(k, ast.Constant))


def test_every_field_of_our_layers_is_described():
    from ecosecnet.algorithms.support.io.fields import FIELDS
    from ecosecnet.core.landscapes import karst_county

    found = list(declared())
    assert len(found) > 150
    assert {f"{file}: {name}" for file, name in found if name not in FIELDS} == set()
    county = karst_county(150, seed=3)
    for features in (county.roads, county.rivers, county.mines, county.hazards):
        assert set(features[0].attributes) <= set(FIELDS)
    for zones in (county.townships, county.villages, county.redline, county.reserves):
        assert set(zones.attributes[0]) <= set(FIELDS)


def test_names_made_at_run_time_are_described():
    from types import SimpleNamespace

    from ecosecnet.algorithms.support.inputs.indices import importance_columns
    from ecosecnet.algorithms.support.io.fields import FIELDS
    from ecosecnet.core.defaults import LINK_WEIGHTS, SOURCE_WEIGHTS

    blank = SimpleNamespace(total=0, intra=0, flux=0, connector=0)
    found = SimpleNamespace(iic=blank, pc=blank, share=0, freeman=0, bc_iic=0, bc_pc=0)
    assert set(importance_columns(found)) <= set(FIELDS)
    assert {f"p_{part}" for part in (*SOURCE_WEIGHTS, *LINK_WEIGHTS)} <= set(FIELDS)


def test_headings_have_units_and_no_underscores():
    from ecosecnet.algorithms.support.io.fields import COMMON, FIELDS

    assert FIELDS["area_ha"].heading == "Area (ha)"
    assert FIELDS["cw_dist"].heading == "Least-cost distance (cost units)"
    for name, shown in FIELDS.items():
        assert "_" not in shown.heading, name
        assert shown.label[0].isupper() or name in ("x", "y", "dIIC", "dPC") or shown.label.startswith("d"), name
    assert set(FIELDS) >= COMMON


@pytest.fixture
def layer(qgis):
    from ecosecnet.algorithms.support.io.fields import Shown
    from ecosecnet.algorithms.support.io.tables import columns
    from ecosecnet.algorithms.support.run.styling import described
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

    fields = "field=from_id:int8&field=to_id:string&field=cw_dist:double&field=dPC:double&field=gain:double&field=mine:double"
    layer = QgsVectorLayer(f"LineString?crs=EPSG:32648&{fields}", "links", "memory")
    feature = QgsFeature(layer.fields())
    feature.setAttributes([3, "7", 12345.678912345, 0.12345678, 2.0, 0.1 + 0.2])
    feature.setGeometry(QgsGeometry.fromWkt("LINESTRING(0 0, 1 1)"))
    layer.dataProvider().addFeature(feature)
    gain = (float, Shown("Cost saved", "cost units", 0))
    described(None, columns(from_id=int, to_id=str, cw_dist=float, dPC=float, gain=gain, mine=float))(layer)
    return layer


def test_an_attribute_table_shows_words_units_and_few_digits(layer):
    from qgis.core import QgsApplication

    assert [layer.attributeDisplayName(k) for k in range(6)] == [
        "From source",
        "To source",
        "Least-cost distance (cost units)",
        "dPC (%)",
        "Cost saved (cost units)",
        "mine",
    ]
    table = layer.attributeTableConfig()
    assert table.columnWidth(2) > table.columnWidth(0) > 80
    assert table.columnWidth(1) > 150
    feature = next(layer.getFeatures())
    texts = []
    for k in range(2, 5):
        setup = layer.editorWidgetSetup(k)
        formatter = QgsApplication.fieldFormatterRegistry().fieldFormatter(setup.type())
        texts.append(formatter.representValue(layer, k, setup.config(), None, feature[k]))
    assert [text.replace(",", "") for text in texts] == ["12345.7", "0.123", "2"]


def test_a_feature_is_named_by_what_it_is(layer):
    from qgis.core import QgsExpression, QgsExpressionContext

    context = QgsExpressionContext()
    context.setFeature(next(layer.getFeatures()))
    assert QgsExpression(layer.displayExpression()).evaluate(context) == "Link 3 - 7"


def test_fields_kept_from_an_input_keep_their_own_meaning(qgis):
    from ecosecnet.algorithms.support.io.tables import columns, kept
    from ecosecnet.core.monitor import SILENT
    from qgis.core import QgsFeature, QgsVectorLayer

    layer = QgsVectorLayer("Point?field=dPC:double&field=width:double&field=height:double", "own", "memory")
    layer.setFieldAlias(2, "Height (ft)")
    feature = QgsFeature(layer.fields())
    feature.setAttributes([1.0, 2.0, 3.0])
    cols, _ = kept([feature], columns(rank=int), "points", SILENT)
    # 'width' is a name that others give too, in feet perhaps.
    assert [column.shown.heading for column in cols] == ["dPC (%)", "width", "Height (ft)"]


def test_counts_are_numbers_in_csv_and_when_it_is_loaded_again(run, polygons, tmp_path):
    from qgis.core import QgsVectorLayer

    areas = polygons(
        "areas", [(f"POLYGON(({x} 0, {x + 50} 0, {x + 50} 50, {x} 50, {x} 0))", {"k": x}) for x in (0, 100)]
    )
    zones = polygons("zones", [("POLYGON((0 0, 500 0, 500 500, 0 500, 0 0))", {"name": "007"})])
    path = str(tmp_path / "table.csv")
    run("tabulate", AREAS=areas, ZONES=zones, NAME=["name"], TABLE=path)
    text = Path(path).read_text(encoding="utf-8")
    assert list(csv.reader(text.splitlines()))[1] == ["007", "2", "2", "0.5", "100"]
    assert ",2,2,0.5,100" in text  # not in quotation marks
    table = QgsVectorLayer(path, "table", "ogr")
    assert [field.isNumeric() for field in table.fields()] == [False, True, True, True, True]
    assert next(table.getFeatures())["name"] == "007"
