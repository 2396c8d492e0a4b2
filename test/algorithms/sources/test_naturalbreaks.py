import numpy as np
import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis

DPC = [82.73, 39.11, 19.71, 45.12, 9.33, 5.51, 30.16, 2.94, 5.19, 15.83, 1.11, 7.19, 1.9, 1.16, 1.12, 1.88, 1.31]


def square(k):
    return f"MultiPolygon((({k} 0,{k + 1} 0,{k + 1} 1,{k} 1,{k} 0)))"


@pytest.fixture
def importance(polygons):
    return polygons("importance", [(square(k), {"name": f"s{k}", "dPC": value}) for k, value in enumerate(DPC)])


def test_grades_of_the_published_importances(run, importance):
    out = run("naturalbreaks", INPUT=importance, FIELD="dPC", CLASSES=3, OUTPUT="memory:", BREAKS="memory:")
    rows = read_table(out["OUTPUT"])
    assert {row["name"]: row["level"] for row in rows if row["level"] < 3} == {"s0": 1, "s1": 2, "s3": 2, "s6": 2}
    assert len(rows) == 17
    assert rows[0]["_geometry"].area() == 1.0
    table = [(row["level"], row["lower"], row["upper"], row["features"]) for row in read_table(out["BREAKS"])]
    assert table == [(1, 45.12, 82.73, 1), (2, 19.71, 45.12, 3), (3, 1.11, 19.71, 13)]
    assert "Goodness of variance fit 0.9303" in run.feedback.textLog()


# Sixth and twelfth smallest of 17; thirds of the range; third roots of the ratio.
OTHERS = [
    (1, [82.73, 15.83, 1.9]),
    (2, [82.73, 1.11 + 81.62 * 2 / 3, 1.11 + 81.62 / 3]),
    (3, [82.73, 1.11 * (82.73 / 1.11) ** (2 / 3), 1.11 * (82.73 / 1.11) ** (1 / 3)]),
]


@pytest.mark.parametrize(("method", "limits"), OTHERS)
def test_other_rules(run, importance, method, limits):
    out = run("naturalbreaks", INPUT=importance, FIELD="dPC", METHOD=method, OUTPUT="memory:", BREAKS="memory:")
    assert [row["upper"] for row in read_table(out["BREAKS"])] == pytest.approx(limits)


def test_lines_without_values_get_no_grade(run, tmp_path):
    from qgis.core import NULL, QgsFeature, QgsGeometry, QgsVectorLayer

    layer = QgsVectorLayer("LineString?crs=EPSG:32648&field=flow:double", "flows", "memory")
    for value in (1.0, None, 9.0):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([value])
        feature.setGeometry(QgsGeometry.fromWkt("LineString(0 0,1 1)"))
        layer.dataProvider().addFeature(feature)
    target = str(tmp_path / "graded.gpkg")
    run("naturalbreaks", INPUT=layer, FIELD="flow", CLASSES=5, OUTPUT=target)
    assert [None if row["level"] == NULL else row["level"] for row in read_table(target)] == [2, None, 1]
    log = run.feedback.textLog()
    assert "1 features have no value" in log
    assert "only 2 grade(s)" in log


def test_zero_is_no_geometric_class(run, polygons, tmp_path):
    layer = polygons("zero", [(square(k), {"v": float(k)}) for k in range(4)])
    target = tmp_path / "out.gpkg"
    with pytest.raises(Exception, match="above 0; the smallest is 0"):
        run("naturalbreaks", INPUT=layer, FIELD="v", METHOD=3, OUTPUT=str(target))
    assert not target.exists()


def test_a_field_called_level_is_the_users(run, polygons, tmp_path):
    layer = polygons("roads", [(square(k), {"v": float(k), "LEVEL": "county", "Level_2": k}) for k in range(2)])
    target = str(tmp_path / "out.gpkg")
    out = run("naturalbreaks", INPUT=layer, FIELD="v", CLASSES=2, OUTPUT=target)
    assert [(row["LEVEL"], row["Level_2"], row["level_3"]) for row in read_table(target)] == [
        ("county", 0, 2),
        ("county", 1, 1),
    ]
    assert out["LEVEL_FIELD"] == "level_3"
    assert "'roads' has a field 'level' already; the grade is in 'level_3'." in run.feedback.textLog()


def test_grades_of_another_layer_are_held(run, importance, polygons, tmp_path):
    first = run(
        "naturalbreaks", INPUT=importance, FIELD="dPC", OUTPUT=str(tmp_path / "a.gpkg"), BREAKS=str(tmp_path / "b.gpkg")
    )
    before = read_table(first["OUTPUT"])
    rows = [(square(k), {"dPC": row["dPC"] / 3}) for k, row in enumerate(before)]
    again = run(
        "naturalbreaks",
        INPUT=polygons("later", rows),
        FIELD="dPC",
        LIMITS_TABLE=first["BREAKS"],
        OUTPUT=str(tmp_path / "c.gpkg"),
    )
    limits = sorted(row["upper"] for row in read_table(first["BREAKS"]))
    for row in read_table(again["OUTPUT"]):
        assert row["level"] == len(limits) - np.searchsorted(limits[:-1], row["dPC"])
    assert 1 not in {row["level"] for row in read_table(again["OUTPUT"])}  # anew there would be one
