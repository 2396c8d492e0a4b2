"""The key areas by the grade of their corridor: number, size, what lies near them; and the limits of their classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...support.geometry.surroundings import belts_around, count_touching
from ...support.inputs.limits import area_limit_rows, area_limits, read_limits_of, said
from ...support.io.fields import Shown
from ...support.io.tables import Column, columns
from ...support.run import styling
from .steps.keyareas import KINDS
from .townships import IMPORTANT

if TYPE_CHECKING:
    from .outputs import NetworkOutputs

_IMPORTANT = f"Grade 1 to {IMPORTANT}"


def class_breaks(outputs: NetworkOutputs) -> tuple[list[Column], list[list]]:
    """Return a row for each class of currents and of barrier scores with its limits."""
    places, cell_ha = outputs.network.places, outputs.grid.cell_ha
    rows = []
    for kind, areas in zip(KINDS, (places.pinch_areas, places.barrier_areas)):
        if areas is not None:
            rows += [[kind, *row] for row in area_limit_rows(areas, cell_ha)]
    return [*columns(kind=str), *area_limits()], rows


def stated_limits(outputs: NetworkOutputs, kind: str) -> str:
    """Return the limits of the classes of a kind in words; empty where there are none."""
    places = outputs.network.places
    areas = dict(zip(KINDS, (places.pinch_areas, places.barrier_areas)))[kind]
    if areas is None:
        return ""
    text = said(areas.limits, held=kind in read_limits_of(outputs.job, KINDS), digits=4)
    if np.isnan(areas.most_resistance):
        return text
    return f"{text} They are of the value times the resistance over the largest one, {areas.most_resistance:.4g}."


def key_areas_by_grade(outputs: NetworkOutputs) -> tuple[list[Column], list[list]]:
    """Return a row for each grade of corridors and kind of key areas, one of the highest grades together, and one of all.

    Lengths and widths are sums and means of those of the areas.
    """
    network, layers = outputs.network, outputs.layers
    places, grades = network.places, network.corridors.grade
    kinds = (
        ("Pinch points", network.pinch_by_grade, places.pinch_measures, outputs.pinch_shapes),
        ("Barriers", network.barrier_by_grade, places.barrier_measures, outputs.barrier_shapes),
    )
    rows = []
    for kind, shares, measures, shapes in kinds:
        if shares is None or measures is None:
            continue
        grade = np.where(measures.link >= 0, grades[measures.link], 0)
        belts = belts_around(shapes, layers.near, outputs.grid)
        groups = [(styling.grade_name(one), one, one) for one in shares.grade.tolist()]
        groups += [(_IMPORTANT, 1, IMPORTANT), ("All", 1, int(shares.grade.max()))]
        for title, first, last in groups:
            count, area, count_share, area_share = shares.within(first, last)
            chosen = (grade >= first) & (grade <= last)
            near = count_touching([belts[k] for k in np.flatnonzero(chosen)], layers.counted, outputs.job.monitor)
            rows.append(
                [
                    kind,
                    title,
                    count,
                    100.0 * count_share,
                    area,
                    100.0 * area_share,
                    float(measures.length[chosen].sum()) / 1000.0,
                    float(measures.width[chosen].mean()) if count else None,
                    *near.values(),
                ]
            )
    head = columns(
        kind=str,
        corridors=str,
        count=int,
        count_pct=float,
        area_ha=float,
        area_pct=float,
        length_km=float,
        mean_width=float,
    )
    return [*head, *(Column(name.lower(), int, Shown(f"{name.capitalize()} near")) for name in layers.counted)], rows


def important_corridors(outputs: NetworkOutputs) -> list[str]:
    """Return what the share of each kind of key areas means that lies on corridors of the highest grades, in sentences."""
    found, (_, rows) = outputs.network.corridors, outputs.key_areas_by_grade
    length, important = found.links.length[found.links.active], found.grade <= IMPORTANT
    if not rows or important.all() or not important.any():
        return []  # nothing to compare
    of_all = 100.0 * float(length[important].sum() / length.sum())
    said = []
    for kind, title, _, share, *_ in rows:
        if title != _IMPORTANT:
            continue
        meaning = (
            "more than their length would give, so that these corridors are the ones to work on first"
            if share > of_all
            else "no more than their length would give, so that work on these alone would leave most places as they are"
        )
        said.append(
            f"{share:.1f} % of the {kind.lower()} lie on corridors of grade 1 and {IMPORTANT}, which are {of_all:.1f} % of "
            f"the length of all corridors: {meaning}."
        )
    means = float(length[important].mean()), float(length[~important].mean())
    why = "Short ones between large sources carry much current and have little room for narrow or blocked places. "
    said.append(
        "The Liuzhi study found 85 % of its pinch points and 65 % of its barriers there. The share depends on how long these "
        f"corridors are: on average {means[0]:,.0f} m, the others {means[1]:,.0f} m. {why if means[0] < means[1] else ''}"
        "Compare it with the share of the length, not with that of another study."
    )
    return said
