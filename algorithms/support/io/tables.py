"""Rows of tables in and out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Callable

import numpy as np
from qgis.core import QgsFeature, QgsField, QgsFields, QgsGeometry

from ....core.errors import InputError
from ....core.monitor import SILENT, Monitor
from .compat import date_kind, field
from .fields import COMMON, FIELDS, SAME_IN_EVERY_TOOL, Shown
from .formulas import guard
from .vectors import VectorSource, is_null

LONGEST_CELL = 32_767
"""Letters of a cell of Excel."""

_MOST_LISTED = 40
"""Classes that are named in a text; legends have up to 73, of which few are in one place."""

_UNREADABLE = "\ufffd"
"""What QGIS puts where bytes are no character."""


@dataclass(frozen=True)
class Column:
    """A column of an output.

    Attributes
    ----------
    name : str
        Of the field.
    kind : type
        `int`, `float`, `str`, `bool`, or a date, time or both of Qt.
    own : Shown, optional
        How it is shown where the name has another meaning than in `fields.FIELDS`.
    """

    name: str
    kind: type
    own: Shown | None = None

    @property
    def shown(self) -> Shown:
        """How the column is shown; a field that nobody has described by its name."""
        return self.own or FIELDS.get(self.name) or Shown(self.name)


def columns(**kinds: type | tuple[type, Shown]) -> list[Column]:
    """Return columns from ``name=type`` or ``name=(type, shown)`` pairs, in their order."""
    return [Column(name, *(kind if isinstance(kind, tuple) else (kind,))) for name, kind in kinds.items()]


_ENDS = (("from_id", "to_id"), ("from", "to"))
"""How tables of this toolbox and of Circuitscape call the two ids of a pair."""


def pair_columns(table: VectorSource, value: str = "") -> list[str]:
    """Return the columns of a table that hold the two ids of a pair and, where asked for, a value.

    They are found by name, in any case. A table that calls no ids has them in the first columns, the value after them.

    Parameters
    ----------
    table : VectorSource
        The table.
    value : str
        Name of the column of values, if one is wanted.

    Raises
    ------
    InputError
        If there are too few columns, or the ids are called by name and several others may be the value.
    """
    count = 3 if value else 2
    names = table.field_names
    if len(names) > count:
        names = [name for name in names if name.lower() not in ("fid", "ogc_fid")]
    if len(names) < count:
        wanted = f"three columns: two ids and a {value}" if value else "two columns of ids"
        raise InputError(f"'{table.name}' needs {wanted}. It has: {', '.join(table.field_names)}.")
    called = {name.lower(): name for name in names}
    ends = next(([called[one] for one in pair] for pair in _ENDS if set(pair) <= set(called)), None)
    if ends is None:
        return names[:count]
    others = [name for name in names if name not in ends]
    if not value:
        return ends
    if value in called:
        return [*ends, called[value]]
    if len(others) > 1:
        raise InputError(
            f"'{table.name}' has no column '{value}', and each of {', '.join(others)} could be meant. Rename the right one "
            f"to '{value}', or leave out the others."
        )
    return [*ends, *others]


def fields_of(cols: Sequence[Column]) -> QgsFields:
    """Return QGIS fields."""
    fields = QgsFields()
    for column in cols:
        fields.append(field(column.name, column.kind))
    return fields


def kept(
    features: Sequence[QgsFeature], added: Sequence[Column], of: str, monitor: Monitor, *, ids: Sequence[Column] = ()
) -> tuple[list[Column], list[list[object]]]:
    """Return the columns and rows of features to which columns are to be added.

    Nothing is lost: a column whose name the tool gives to its own moves to a free name, which is reported. Left out are
    `ids`, which are written again as they are, measures that are the same in every tool, and the key of a GeoPackage, a
    whole number that the output makes itself.

    Parameters
    ----------
    features : sequence of QgsFeature
        Features of one layer.
    added : sequence of Column
        Columns that the tool writes; other tools give some of these names to something else.
    of : str
        What the features are, for the message.
    monitor : Monitor
        Gets it.
    ids : sequence of Column
        Columns with the ids.
    """
    if not features:
        return [], []
    new = {column.name.lower() for column in added}
    again = {column.name.lower() for column in ids} | (new & SAME_IN_EVERY_TOOL)
    held = [
        one
        for one in features[0].fields()
        if one.name().lower() not in again and not (one.name().lower() == "fid" and _kind(one) is int)
    ]
    names = [one.name() for one in held]
    taken = {name.lower() for name in names} | new
    cols, moved = [], []
    for one in held:
        name, shown = one.name(), _shown(one)
        if name.lower() in new:
            name = free_name(f"{name}_old", taken)
            shown = shown._replace(label=f"{shown.label}, before")
            taken.add(name.lower())
            moved.append(f"{name} ({one.name()})")
        cols.append(Column(name, _kind(one), shown))
    if moved:
        monitor.info(
            f"The {of} have fields of names that this tool gives to its own; theirs are kept: {', '.join(moved)}."
        )
    return cols, [[None if is_null(one[n]) else c.kind(one[n]) for n, c in zip(names, cols)] for one in features]


def free_name(name: str, taken: Container[str]) -> str:
    """Return a name, or it with the first number from 2 with which it is not among the taken ones, in lower case."""
    free, number = name, 1
    while free.lower() in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def _shown(field: QgsField) -> Shown:
    """Return how a field of a layer is shown: as that layer does, or as we do where it is surely ours."""
    known = FIELDS.get(field.name())
    if known is not None and (field.alias() == known.heading or (not field.alias() and field.name() not in COMMON)):
        return known
    return Shown(field.alias() or field.name())


def _kind(field: QgsField) -> type:
    name = field.typeName().lower()
    if "bool" in name:
        return bool
    if not field.isNumeric():
        return date_kind(field) or str
    return int if "int" in name and field.precision() == 0 else float


def in_chinese(columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> tuple[list[Column], list[list]]:
    """Return a table whose columns in both languages, such as `measure` and `measure_zh`, are one that is Chinese."""
    names = [column.name for column in columns]
    beside = {
        k: names.index(other)
        for k, name in enumerate(names)
        for other in (f"{name}_zh", f"{name.rpartition('_')[2]}_zh")
        if other in names and other != name
    }
    kept = [k for k in range(len(names)) if k not in beside.values()]
    said = [[(row[beside[k]] if k in beside else None) or row[k] for k in kept] for row in rows]
    return [columns[k] for k in kept], said


def plain(value: object) -> object:
    """Return a value that any QGIS accepts: numpy scalars become Python's, NaN and infinity become NULL."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def as_text(value: object) -> object:
    """Return a value for a spreadsheet, see `formulas`."""
    value = plain(value)
    return guard(value) if isinstance(value, str) else value


def as_cell(value: object) -> object:
    """Return a value for a cell of a workbook; Excel repairs, and so loses, files with longer ones."""
    value = as_text(value)
    return f"{value[: LONGEST_CELL - 1]}…" if isinstance(value, str) and len(value) > LONGEST_CELL else value


def listed_shares(parts: Iterable[tuple[str, float]]) -> str:
    """Return classes with their percentages as a text, the largest first as they come; many small ones together.

    Examples
    --------
    >>> listed_shares([("Woodland", 60.0), ("Grassland", 40.0)])
    'Woodland 60.0 %; Grassland 40.0 %'
    """
    parts = list(parts)
    named, others = parts[:_MOST_LISTED], parts[_MOST_LISTED:]
    if others:
        named.append((f"{len(others):,} others", sum(share for _, share in others)))
    return "; ".join(f"{name} {share:.1f} %" for name, share in named)


def features(
    fields: QgsFields,
    rows: Iterable[Sequence[object]],
    geometries: Iterable[QgsGeometry] | None = None,
    monitor: Monitor = SILENT,
    clean: Callable[[object], object] = plain,
) -> Iterator[QgsFeature]:
    """Yield rows as features, with a geometry each where given."""
    shapes = iter(geometries) if geometries is not None else None
    for number, row in enumerate(rows):
        if number % 1000 == 0:
            monitor.check()
        feature = QgsFeature(fields)
        feature.setAttributes([clean(value) for value in row])
        if shapes is not None:
            feature.setGeometry(next(shapes))
        yield feature


def require_readable(layer: str, value: object) -> None:
    """Refuse a text of a layer that was read in another encoding than it is in.

    Raises
    ------
    InputError
        If it holds what stands for bytes that are no character.
    """
    if isinstance(value, str) and _UNREADABLE in value:
        raise InputError(
            f"'{layer}' is not in UTF-8: '{value}' holds characters that cannot be read. Save it as 'CSV UTF-8' "
            "(Excel: Save As), or load it as a layer and set its encoding (Properties, Source)."
        )


def read_rows(source: VectorSource) -> Iterator[dict[str, object]]:
    """Yield the rows of a table by field name; missing values are None.

    Raises
    ------
    InputError
        If a name or text cannot be read, as in a CSV that a spreadsheet has saved in the encoding of its country.
    """
    names = source.field_names
    for feature in source.features():
        row = {name: None if is_null(feature[name]) else feature[name] for name in names}
        for text in (*names, *row.values()):
            require_readable(source.name, text)
        yield row
