"""Rows of tables in and out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from qgis.core import QgsFeature, QgsFeatureSink, QgsField, QgsFields, QgsGeometry

from ...core.monitor import SILENT, Monitor
from .compat import field
from .vectors import VectorSource, is_null


@dataclass(frozen=True)
class Column:
    """A column of an output: name and type (`int`, `float`, `str` or `bool`)."""

    name: str
    kind: type


def columns(**kinds: type) -> list[Column]:
    """Return columns from ``name=type`` pairs, in their order."""
    return [Column(name, kind) for name, kind in kinds.items()]


def fields_of(cols: Sequence[Column]) -> QgsFields:
    """Return QGIS fields."""
    fields = QgsFields()
    for column in cols:
        fields.append(field(column.name, column.kind))
    return fields


def kept(features: Sequence[QgsFeature], added: Sequence[Column]) -> tuple[list[Column], list[list[object]]]:
    """Return the columns and rows of features to which columns are to be added.

    Left out are columns that are added anew, and the key of a GeoPackage, which the output numbers itself.
    """
    if not features:
        return [], []
    taken = {column.name.lower() for column in added} | {"fid"}
    fields = [field for field in features[0].fields() if field.name().lower() not in taken]
    cols = [Column(field.name(), _kind(field)) for field in fields]
    return cols, [[None if is_null(one[c.name]) else c.kind(one[c.name]) for c in cols] for one in features]


def _kind(field: QgsField) -> type:
    name = field.typeName().lower()
    if "bool" in name:
        return bool
    if not field.isNumeric():
        return str
    return int if "int" in name and field.precision() == 0 else float


def plain(value: object) -> object:
    """Return a value that any QGIS accepts: numpy scalars become Python's, NaN and infinity become NULL."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def add_rows(
    sink: QgsFeatureSink,
    fields: QgsFields,
    rows: Iterable[Sequence[object]],
    geometries: Iterable[QgsGeometry] | None = None,
    monitor: Monitor = SILENT,
) -> None:
    """Write rows, with a geometry each where given."""
    shapes = iter(geometries) if geometries is not None else None
    for number, row in enumerate(rows):
        if number % 1000 == 0:
            monitor.check()
        feature = QgsFeature(fields)
        feature.setAttributes([plain(value) for value in row])
        if shapes is not None:
            feature.setGeometry(next(shapes))
        if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
            raise OSError(f"A row could not be written: {sink.lastError()}")


def read_rows(source: VectorSource) -> Iterator[dict[str, object]]:
    """Yield the rows of a table by field name; missing values are None."""
    names = source.field_names
    for feature in source.features():
        yield {name: None if is_null(feature[name]) else feature[name] for name in names}
