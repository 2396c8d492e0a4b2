"""Zones: named polygons, such as townships and villages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry

from ....core.errors import InputError
from ....core.monitor import SILENT, Monitor
from ..io.vectors import VectorSource, is_null
from ..run.roles import name_field
from .cutting import Divider, repaired

OUTSIDE = "outside"
"""What lies in no zone."""

_NO_NAME = "(no name)"


@dataclass(frozen=True)
class Zones:
    """Named polygons.

    Attributes
    ----------
    fields : list of str
        Names of the columns for the parts of the names.
    shapes : list of QgsGeometry
        The polygons.
    names : list of tuple of str
        The name of each, in as many parts as there are fields.
    """

    fields: list[str]
    shapes: list[QgsGeometry]
    names: list[tuple[str, ...]]

    @property
    def titles(self) -> list[str]:
        """The name of each zone as one text."""
        return [" / ".join(name) for name in self.names]


def read_zones(
    source: VectorSource,
    chosen: Sequence[str],
    crs: QgsCoordinateReferenceSystem,
    monitor: Monitor = SILENT,
    *,
    within: Zones | None = None,
) -> Zones:
    """Return the zones of a layer.

    Parameters
    ----------
    source : VectorSource
        Polygons.
    chosen : sequence of str
        Fields with their names; without any the one that is surely meant, which is reported.
    crs : QgsCoordinateReferenceSystem
        What the shapes are read in.
    monitor : Monitor
        Progress and warnings.
    within : Zones, optional
        Larger zones, townships around villages: the names get two parts, that of the larger zone that holds most of the
        zone, and its own.

    Raises
    ------
    InputError
        Without any zone, or one of the chosen fields.
    """
    features = source.shaped(crs, monitor)
    if not features:
        raise InputError(f"'{source.name}' has no polygon. Choose another layer for the zones.")
    fields = _fields(source, chosen, monitor)
    shapes, names = [feature.geometry() for feature in features], _names(features, fields)
    if within is not None:
        fields = ["township", "village"]
        names = [(around, " / ".join(own)) for around, own in zip(_holding(shapes, within, monitor), names)]
    double = [" / ".join(name) for name, count in Counter(names).items() if count > 1]
    if fields and double:
        monitor.warn(
            f"'{source.name}' has several features with the name {', '.join(double[:5])}; each is a row of its own. "
            "Dissolve the zones by their name if they belong together."
        )
    return Zones(fields or ["zone"], shapes, names)


def _fields(zones: VectorSource, chosen: Sequence[str], monitor: Monitor) -> list[str]:
    absent = [name for name in chosen if name not in zones.field_names]
    if absent:
        raise InputError(f"'{zones.name}' has no field '{absent[0]}'. It has: {', '.join(zones.field_names)}.")
    if chosen:
        return list(chosen)
    found = name_field(zones.source.fields())
    if found:
        monitor.info(f"The zones of '{zones.name}' are called by their field '{found}'.")
        return [found]
    monitor.warn(
        f"No field of '{zones.name}' is surely the name of its zones, which are called by the number of their feature "
        "('feature 4'). That is the feature id of QGIS, not an id in a field: choose the field with their names. "
        f"It has: {', '.join(zones.field_names) or 'none'}."
    )
    return []


def _names(features: list[QgsFeature], fields: Sequence[str]) -> list[tuple[str, ...]]:
    if not fields:
        return [(f"feature {feature.id()}",) for feature in features]
    return [tuple(_NO_NAME if is_null(f[one]) or f[one] == "" else str(f[one]) for one in fields) for f in features]


def _holding(shapes: Sequence[QgsGeometry], around: Zones, monitor: Monitor) -> list[str]:
    """Return the name of the zone around each shape that holds most of it."""
    titles = [*around.titles, OUTSIDE]
    cuts = Divider(around.shapes).divide_all([repaired(shape) for shape in shapes], monitor)
    return [titles[max(cut.parts, key=lambda part: part[1].area())[0]] for cut in cuts]
