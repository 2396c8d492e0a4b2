"""The only place that knows what differs between QGIS 3.22 and 4.x."""

from __future__ import annotations

from qgis.core import Qgis, QgsField
from qgis.PyQt.QtCore import QDate, QDateTime, QMetaType, QTime, QVariant

if Qgis.QGIS_VERSION_INT >= 33800:
    _INTEGER, _REAL, _TEXT, _BOOL = (
        QMetaType.Type.LongLong,
        QMetaType.Type.Double,
        QMetaType.Type.QString,
        QMetaType.Type.Bool,
    )
    _DATE, _TIME, _DATE_TIME = QMetaType.Type.QDate, QMetaType.Type.QTime, QMetaType.Type.QDateTime
else:
    _INTEGER, _REAL, _TEXT, _BOOL = QVariant.LongLong, QVariant.Double, QVariant.String, QVariant.Bool
    _DATE, _TIME, _DATE_TIME = QVariant.Date, QVariant.Time, QVariant.DateTime

_TYPES = {int: _INTEGER, float: _REAL, str: _TEXT, bool: _BOOL, QDate: _DATE, QTime: _TIME, QDateTime: _DATE_TIME}


def field(name: str, kind: type) -> QgsField:
    """Return a field that holds `int`, `float`, `str`, `bool`, or a date, time or both of Qt."""
    return QgsField(name, _TYPES[kind])


def date_kind(field: QgsField) -> type | None:
    """Return the class of the values of a field of dates, times or both; None for any other."""
    return next((kind for kind in (QDate, QTime, QDateTime) if field.type() == _TYPES[kind]), None)
