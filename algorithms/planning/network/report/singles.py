"""The single key areas: where each lies, on which corridor, what it is and what is to be done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qgis.core import QgsGeometry

from .....core.choices import AreaKind
from ....support.geometry.cutting import Divider
from ....support.geometry.zones import OUTSIDE
from ....support.reports.document import Table
from ..outputs import NetworkOutputs

if TYPE_CHECKING:
    from .....core.keyareas.areas import KeyAreas
    from .....core.keyareas.measures import AreaMeasures

_MOST_USES = 2
"""Land uses that are named of an area."""


def single_areas(
    outputs: NetworkOutputs,
    kind: AreaKind,
    areas: KeyAreas,
    measures: AreaMeasures,
    shapes: Sequence[QgsGeometry],
) -> Table:
    """Return a row for each key area of a kind, and the total."""
    found = outputs.network.corridors
    active = [int(k) + 1 for k in found.links.active.nonzero()[0]]
    zones = outputs.layers.zones
    where = _zones_of(outputs, shapes)
    to_do = _measures_of(outputs, kind)
    rows = []
    for k, shape in enumerate(shapes):
        link = int(measures.link[k])
        corridor = [str(active[link]), int(found.grade[link])] if link >= 0 else ["", None]
        rows.append(
            [
                str(k + 1),
                *where[k],
                *corridor,
                float(areas.area_ha[k]),
                _uses_of(outputs, shape),
                to_do.get(str(k + 1), ""),
            ]
        )
    width = 0 if zones is None else len(zones.fields)
    # of zones without others within them the field is called 'name'
    places = [{"village": "Village"}.get(name, "Township") for name in (() if zones is None else zones.fields)]
    total = ["total", *[""] * width, "", None, float(areas.area_ha.sum()), "", ""]
    headers = ["No.", *places, "Corridor", "Grade", "Area (ha)", "Land use", "Measure"]
    rows.append(total)
    kept = [c for c in range(len(headers)) if headers[c] != "Measure" or to_do]
    return Table(
        [headers[c] for c in kept],
        [[row[c] for c in kept] for row in rows],
        "The single pinch points: where most of each lies, its corridor, and what is to be done on most of it"
        if kind is AreaKind.PINCH_POINT
        else "The single barriers: where most of each lies, its corridor, and what is to be done on most of it",
        total=True,
        names=[0, *range(1, width + 2)],
    )


def _zones_of(outputs: NetworkOutputs, shapes: Sequence[QgsGeometry]) -> list[list[str]]:
    """Return the parts of the name of the zone that holds most of each shape."""
    zones = outputs.layers.zones
    if zones is None:
        return [[] for _ in shapes]
    found = []
    for cut in Divider(zones.shapes).divide_all(shapes, outputs.job.monitor.part(0.97, 0.97)):
        sizes: dict[int, float] = {}
        for position, part in cut.parts:
            sizes[position] = sizes.get(position, 0.0) + part.area()
        most = max(sizes, key=lambda k: (sizes[k], -k), default=-1)
        found.append(list(zones.names[most]) if most >= 0 else [OUTSIDE, *[""] * (len(zones.fields) - 1)])
    return found


def _uses_of(outputs: NetworkOutputs, shape: QgsGeometry) -> str:
    """Return the land uses of most of a shape, with their shares."""
    held = sorted(outputs.use_of(shape).items(), key=lambda one: (-one[1], one[0]))
    names = {str(code): name for code, name, _ in outputs.classes}
    whole = sum(area for _, area in held)
    return "; ".join(f"{names.get(code, code)} {100.0 * area / whole:.0f} %" for code, area in held[:_MOST_USES])


def _measures_of(outputs: NetworkOutputs, kind: AreaKind) -> dict[str, str]:
    """Return the measure of the largest part of each area, by its number; none without an action sheet."""
    said = outputs.actions
    if said is None:
        return {}
    place = {column.name: k for k, column in enumerate(said.row_columns())}
    largest: dict[str, tuple[float, str]] = {}
    for row in said.rows():
        if row[place["type"]] == kind.label:
            area, size = row[place["area"]], row[place["area_ha"]]
            if size > largest.get(area, (0.0, ""))[0]:
                largest[area] = size, row[place["measure"]] or row[place["measure_class"]]
    return {area: measure for area, (_, measure) in largest.items()}
