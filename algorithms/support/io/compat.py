"""The only place that knows what differs between QGIS 3.22 and 4.x."""

from __future__ import annotations

from qgis.core import Qgis, QgsField
from qgis.PyQt.QtCore import QMetaType, QVariant

if Qgis.QGIS_VERSION_INT >= 33800:
    _INTEGER, _REAL, _TEXT, _BOOL = (
        QMetaType.Type.LongLong,
        QMetaType.Type.Double,
        QMetaType.Type.QString,
        QMetaType.Type.Bool,
    )
else:
    _INTEGER, _REAL, _TEXT, _BOOL = QVariant.LongLong, QVariant.Double, QVariant.String, QVariant.Bool

_TYPES = {int: _INTEGER, float: _REAL, str: _TEXT, bool: _BOOL}


def field(name: str, kind: type) -> QgsField:
    """Return a field that holds `int`, `float`, `str` or `bool`."""
    return QgsField(name, _TYPES[kind])
