"""Columns that a tool hands on from its input."""

import pytest

pytestmark = pytest.mark.qgis


def test_types_stay_and_no_name_is_lost(qgis):
    from ecosecnet.algorithms.support.io.tables import columns, fields_of, kept
    from ecosecnet.core.monitor import SILENT
    from qgis.core import QgsFeature, QgsVectorLayer
    from qgis.PyQt.QtCore import QDate, QDateTime, QTime

    held = (
        "field=Grade:integer&field=grade_old:double&field=seen:date&field=at:time&field=both:datetime&field=open:bool"
    )
    layer = QgsVectorLayer(f"Point?crs=EPSG:32648&{held}", "links", "memory")
    feature = QgsFeature(layer.fields())
    day, hour = QDate(2024, 2, 29), QTime(6, 30)
    feature.setAttributes([2, 0.5, day, hour, QDateTime(day, hour), True])
    empty = QgsFeature(layer.fields())
    empty.setAttributes([None] * 6)
    cols, rows = kept([feature, empty], columns(grade=int), "links", SILENT)
    assert [column.name for column in cols] == ["Grade_old_2", "grade_old", "seen", "at", "both", "open"]
    assert cols[0].shown.heading == "Grade, before"
    assert rows == [[2, 0.5, day, hour, QDateTime(day, hour), True], [None] * 6]
    assert [field.type() for field in fields_of(cols)][2:5] == [field.type() for field in layer.fields()][2:5]
