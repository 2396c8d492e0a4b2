"""The areas of an action sheet: what each layer holds, and its features as polygons with an id, a kind and a grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsMapLayer, QgsWkbTypes

from .... import core
from ....core.choices import AreaKind
from ....core.errors import InputError
from ....core.monitor import Monitor
from ..geometry.cutting import polygons_of, repaired
from ..io.rasters import metres_per_unit
from ..io.vectors import VectorSource, is_null, name_ids
from ..run.roles import PROPERTY

SMALLEST_HA = 0.5e-4
"""Areas are reported in whole square metres."""

_ROLES = {"pinchpoints": AreaKind.PINCH_POINT, "barriers": AreaKind.BARRIER, "sources": AreaKind.WEAK_SOURCE}
_WORDS = {
    AreaKind.PINCH_POINT: ("pinch", "夹点"),
    AreaKind.BARRIER: ("barrier", "障碍"),
    AreaKind.BREAK_POINT: ("breakpoint", "break point", "断裂点", "断点"),
    AreaKind.WEAK_SOURCE: ("source", "源地"),
}
"""What the names of layers say that they hold."""

_KIND = "kind"
"""Field that says what features are; strategic points are break points, and others that need no measure."""

_IDS = ("area_id", "patch_id", "source_id", "point_id", "id")
_GRADES = {AreaKind.WEAK_SOURCE: ("grade", "level"), AreaKind.BREAK_POINT: ("grade", "link_grade")}
_GRADES_OF_PLACES = ("link_grade", "grade")
_IMPORTANCE = "dpc"
_CORNERS = 12
"""Of a quarter of the circle around a point."""


@dataclass
class NamedAreas:
    """Areas of several layers in one list.

    Attributes
    ----------
    kind : list of AreaKind
        What each is.
    name : list of str
        Its id in its layer.
    grade : list of float
        From 1, the highest; NaN where there is none.
    shapes : list of QgsGeometry
        Valid polygons.
    """

    kind: list[AreaKind] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    grade: list[float] = field(default_factory=list)
    shapes: list[QgsGeometry] = field(default_factory=list)

    def add(self, kind: AreaKind, name: str, grade: float, shape: QgsGeometry) -> None:
        """Add an area."""
        self.kind.append(kind)
        self.name.append(name)
        self.grade.append(grade)
        self.shapes.append(shape)

    def measured(self, metres: float) -> core.decisions.Areas:
        """Return their kinds, grades and sizes; `metres` is the length of a map unit."""
        size = np.array([shape.area() for shape in self.shapes]) * metres**2 / 10_000.0
        return core.decisions.Areas(self.kind, np.array(self.grade, dtype=float), size)

    def counted_once(self, metres: float) -> float:
        """Return the hectares of ground under all areas, counted once where they overlap."""
        return QgsGeometry.unaryUnion(self.shapes).area() * metres**2 / 10_000.0


def parse_kinds(text: str) -> list[AreaKind]:
    """Read what layers hold, such as ``pinch point; barrier``, in English or Chinese.

    Raises
    ------
    InputError
        If one is none; the message lists them.
    """
    found = []
    for one in (
        part.strip().lower() for part in text.replace("；", ";").replace(",", ";").replace("，", ";").split(";")
    ):
        if not one:
            continue
        kind = _kind_called(one)
        if kind is None:
            known = ", ".join(f"{kind.value} ({core.decisions.CHINESE[kind]})" for kind in AreaKind)
            raise InputError(f"There is no type of areas '{one}' (TYPES). Write for each layer one of: {known}.")
        found.append(kind)
    return found


def read_areas(
    layers: Sequence[tuple[QgsMapLayer, VectorSource]],
    kinds: Sequence[AreaKind],
    crs: QgsCoordinateReferenceSystem,
    *,
    radius: float,
    monitor: Monitor,
) -> NamedAreas:
    """Return the areas of layers.

    Parameters
    ----------
    layers : sequence of (QgsMapLayer, VectorSource)
        Polygons, and points for break points.
    kinds : sequence of AreaKind
        What each layer holds; empty: it is found from its fields, its role in the project or its name, and reported.
    crs : QgsCoordinateReferenceSystem
        What shapes are read in.
    radius : float
        Of the discs that points become, in metres.
    monitor : Monitor
        What was found and left out.

    Raises
    ------
    InputError
        If it cannot be told what a layer holds, it holds lines, or there are no areas at all.
    """
    if kinds and len(kinds) != len(layers):
        raise InputError(
            f"There are {len(layers)} layers of areas but {len(kinds)} types (TYPES). Write one for each layer, in their "
            f"order: {', '.join(source.name for _, source in layers)}."
        )
    found = NamedAreas()
    for number, (layer, source) in enumerate(layers):
        features = source.shaped(crs, monitor)
        if any(one.geometry().type() == QgsWkbTypes.GeometryType.LineGeometry for one in features):
            raise InputError(f"'{source.name}' holds lines, but AREAS takes points or polygons. Choose another layer.")
        kind, features = (kinds[number], features) if kinds else _kind_of(layer, source, features, monitor)
        before = len(found.kind)
        _add(found, source, kind, features, radius / metres_per_unit(crs), metres_per_unit(crs), monitor)
        monitor.info(f"'{source.name}': {len(found.kind) - before:,} of type {kind.value}.")
    if not found.kind:
        names = "', '".join(source.name for _, source in layers)
        raise InputError(f"'{names}' has no areas. Choose layers of pinch points, barriers, break points or sources.")
    return found


def _add(
    found: NamedAreas,
    source: VectorSource,
    kind: AreaKind,
    features: Sequence[QgsFeature],
    radius: float,
    metres: float,
    monitor: Monitor,
) -> None:
    called = {name.lower(): name for name in reversed(source.field_names)}
    key = next((called[name] for name in _IDS if name in called), "")
    graded = next((called[name] for name in _GRADES.get(kind, _GRADES_OF_PLACES) if name in called), "")
    grades = np.array([_number(one[graded]) if graded else np.nan for one in features], dtype=float)
    if kind is AreaKind.WEAK_SOURCE and len(features):
        by = called.get(_IMPORTANCE)
        weak = core.decisions.weakest(
            grades, None if by is None else np.array([_number(one[by]) for one in features], dtype=float)
        )
        if not weak.all():
            quarter = "" if by is None else f" in the quarter of all sources with the lowest {by}"
            monitor.info(
                f"'{source.name}': the weak sources are the {np.count_nonzero(weak):,} of the lowest grade "
                f"({graded} {np.nanmax(grades):g}){quarter}; the others are left out."
            )
        features, grades = [one for one, is_weak in zip(features, weak) if is_weak], grades[weak]
    small = []
    for feature, grade in zip(features, grades.tolist()):
        shape = feature.geometry()
        name = str(feature.id()) if not key or is_null(feature[key]) else str(feature[key])
        if shape.type() == QgsWkbTypes.GeometryType.PointGeometry:
            shape = QgsGeometry.unaryUnion([part.buffer(radius, _CORNERS) for part in shape.asGeometryCollection()])
        shape = repaired(polygons_of(shape))
        if shape.area() * metres**2 / 10_000.0 < SMALLEST_HA:
            small.append(name)
            continue
        found.add(kind, name, grade, shape)
    if small:
        monitor.warn(f"Areas {name_ids(small)} of '{source.name}' are smaller than a square metre and were left out.")


def _kind_of(
    layer: QgsMapLayer, source: VectorSource, features: list[QgsFeature], monitor: Monitor
) -> tuple[AreaKind, list[QgsFeature]]:
    """Return what a layer holds, and its features that are that."""
    held = {_kind_called(str(one[_KIND]).lower()) for one in features} if _KIND in source.field_names else set()
    kinds = held - {None}
    if len(kinds) == 1:
        kind = kinds.pop()
        kept = [one for one in features if _kind_called(str(one[_KIND]).lower()) is kind]
        if len(kept) < len(features):
            monitor.info(
                f"'{source.name}': {len(features) - len(kept):,} features that are no {kind.value} are left out."
            )
        return kind, kept
    role = layer.customProperty(PROPERTY)
    if role in _ROLES:
        return _ROLES[role], features
    called = set(map(str.lower, source.field_names))
    named = [kind for kind, words in _WORDS.items() if any(_plain(word) in _plain(source.name) for word in words)]
    if len(named) == 1:
        return named[0], features
    if not named and "source_id" in called:
        return AreaKind.WEAK_SOURCE, features
    known = ", ".join(kind.value for kind in AreaKind)
    raise InputError(
        f"It cannot be told what '{source.name}' holds: {known}? Name it so, or write the types of all layers, in their "
        "order, as TYPES, for example: pinch point; barrier."
    )


def _kind_called(text: str) -> AreaKind | None:
    for kind in AreaKind:
        if text in (kind.value, f"{kind.value}s", core.decisions.CHINESE[kind], *_WORDS[kind]):
            return kind
    return None


def _number(value: object) -> float:
    try:
        return np.nan if is_null(value) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return np.nan


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
