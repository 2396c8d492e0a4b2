"""What a run has found, in sentences made from its numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from qgis.core import QgsGeometry

from .....core.choices import AreaKind
from ....support.geometry.zones import OUTSIDE
from ..outputs import NetworkOutputs
from ..outputs import Table as Rows

_MOST_PLACES = 3
"""Townships that are named."""


def findings(outputs: NetworkOutputs) -> list[str]:
    """Return the findings, a sentence or two each."""
    return [
        *_sources(outputs),
        *_corridors(outputs),
        *_places(outputs),
        *_first_measures(outputs),
    ]


def _sources(outputs: NetworkOutputs) -> Iterator[str]:
    found = outputs.network.sources
    area, within = found.area_ha, float(outputs.source_inside_ha.sum())
    share = 100.0 * within / outputs.inside_ha
    largest, first = int(np.argmax(area)), int(np.argmax(found.dpc.total))
    yield (
        f"The {area.size} ecological sources hold {share:.1f} % of the study area; the largest, source "
        f"{outputs.ids[largest]}, is {100.0 * float(area[largest] / area.sum()):.0f} % of their area."
    )
    if area.size > 1:
        yield (
            f"Source {outputs.ids[first]} matters most for connectivity: without it {float(found.dpc.total[first]):.1f} % of "
            "the probability of connectivity would be lost."
        )
    table = outputs.by_township
    if table is not None:
        place = [column.name for column in table[0]].index("source_ha")
        names = _most([(row[0], row[place]) for row in table[1][:-1]])
        if names:
            yield f"Most of the area of the sources lies in {names}."


def _corridors(outputs: NetworkOutputs) -> Iterator[str]:
    found = outputs.network.corridors
    active = found.links.active
    length = found.links.length[active]
    if not length.size:
        return
    grades = np.unique(found.grade).tolist()
    share = {grade: 100.0 * float(length[found.grade == grade].sum() / length.sum()) for grade in grades}
    km = {grade: float(length[found.grade == grade].sum()) / 1000.0 for grade in grades}
    most = max(grades, key=lambda grade: share[grade])
    yield (
        f"{share[most]:.0f} % of the length of the corridors is of grade {most}; grade 1, the most important for the flow "
        f"through the network, is {share[grades[0]]:.0f} % of it ({km[grades[0]]:,.1f} km)."
    )
    structure = found.structure
    yield (
        "The corridors join all sources to one network."
        if structure.components == 1
        else f"The network is in {structure.components} parts that no corridor joins."
    )


def _places(outputs: NetworkOutputs) -> Iterator[str]:
    """Yield where the key areas lie, and on what land."""
    for kind, shapes, table in (
        ("pinch points", outputs.pinch_shapes, outputs.pinch_table),
        ("barriers", outputs.barrier_shapes, outputs.barrier_table),
    ):
        if not shapes:
            yield f"There are no {kind}."
            continue
        if table is not None:
            sizes = _by_township(table)
            names = _most(sizes)
            if names:
                yield f"Most of the area of the {kind} lies in {names}."
        use, share = _land_under(outputs, shapes)
        yield f"The largest part of the land under the {kind}, {share:.0f} %, is {use}."


def _by_township(table: Rows) -> list[tuple[str, float]]:
    headers, rows = table
    place = [column.name for column in headers].index("area_ha")
    found: Counter = Counter()
    for row in rows[:-1]:
        found[row[0]] += row[place]
    return list(found.items())


def _most(sizes: Sequence[tuple[str, float]]) -> str:
    """Return the places that hold most, with their shares; nothing where none stands out."""
    whole = sum(size for _, size in sizes)
    known = sorted(((n, s) for n, s in sizes if n != OUTSIDE and s > 0.0), key=lambda one: (-one[1], one[0]))
    if not known or not whole:
        return ""
    chosen, held = [], 0.0
    for name, size in known[:_MOST_PLACES]:
        chosen.append(f"{name} ({100.0 * size / whole:.0f} %)")
        held += size
        if held > 0.6 * whole:
            break
    # of many that hold a little each, none is where most lies
    return ", ".join(chosen) if held > 0.35 * whole else ""


def _land_under(outputs: NetworkOutputs, shapes: Sequence[QgsGeometry]) -> tuple[str, float]:
    """Return the land use that makes most of the ground under shapes, and its share in percent."""
    found: Counter = Counter()
    for shape in shapes:
        found.update(outputs.use_of(shape))
    code, most = found.most_common(1)[0]
    names = {str(code): name for code, name, _ in outputs.classes}
    return names.get(code, code), 100.0 * most / sum(found.values())


def _first_measures(outputs: NetworkOutputs) -> Iterator[str]:
    """Yield what is to be done first: on the corridors of grade 1, and in the plan."""
    said = outputs.actions
    if said is not None:
        place = {column.name: k for k, column in enumerate(said.row_columns())}
        size, areas = Counter(), {}
        for row in said.rows():
            if row[place["priority"]] == 1 and row[place["type"]] != AreaKind.WEAK_SOURCE.label:
                measure = row[place["measure_class"]]
                size[measure] += row[place["area_ha"]]
                areas.setdefault(measure, set()).add((row[place["type"]], row[place["area"]]))
        for measure, hectares in size.most_common(3):
            yield (
                f"First, on corridors of grade 1: {measure.lower()} on {hectares:,.1f} ha in {len(areas[measure])} of the "
                "pinch points and barriers."
            )
    if outputs.planned is not None and outputs.planned.outcome.plan.picks:
        first = outputs.planned.outcome.plan.picks[0]
        number = outputs.planned.outcome.id_of(first.candidate)
        yield f"The restoration plan begins with barrier {number}."
