"""Section 4: pinch points and barriers."""

from __future__ import annotations

import numpy as np

from .....core.choices import AreaKind
from ....support.reports import plots
from ....support.reports.document import Block, Figure, Heading, Paragraph, Picture, Table
from ....support.run import styling
from ....support.run.palette import CORRIDORS
from ..keyplaces import important_corridors, stated_limits
from ..outputs import NetworkOutputs
from ..outputs import Table as Rows
from .caveats import caveats
from .maps import NetworkMaps
from .singles import single_areas


def key_areas(maps: NetworkMaps, outputs: NetworkOutputs) -> list[Block]:
    """Return the section on pinch points and barriers."""
    places = outputs.network.places
    blocks: list[Block] = [Heading("4 Pinch points and barriers")]
    if maps.has("keyareas"):
        blocks.append(maps.figure("keyareas", "Pinch points and barriers on the network"))
    for title, name, kind, caption, shapes, areas, measures, table in (
        ("Pinch points", "current", AreaKind.PINCH_POINT, "Current density in the corridors, and pinch points",
         outputs.pinch_shapes, places.pinch_areas, places.pinch_measures, outputs.pinch_table),
        ("Barriers", "score", AreaKind.BARRIER, "Barrier score, and barriers", outputs.barrier_shapes,
         places.barrier_areas, places.barrier_measures, outputs.barrier_table),
    ):  # fmt: skip
        blocks.append(Heading(title, 2))
        if maps.has(name):
            blocks.append(maps.figure(name, caption))
        limits = stated_limits(outputs, title.lower())
        if limits:
            blocks.append(Paragraph(limits))
        blocks.append(_by_grade(title, outputs))
        if table is not None and shapes:
            blocks.append(_by_zone(title, table))
        if shapes and areas is not None and measures is not None:
            blocks.append(single_areas(outputs, kind, areas, measures, shapes))
    blocks += _shares(outputs)
    blocks += [Paragraph(sentence) for sentence in important_corridors(outputs)]
    if places.outside:
        blocks.append(
            Paragraph(
                f"{100 * places.outside:.0f} % of the area of the barriers lie outside the corridors: restored, they would "
                "open a shorter way beside them."
            )
        )
    return blocks + caveats(maps, outputs)


def _by_grade(title: str, outputs: NetworkOutputs) -> Table:
    columns, rows = outputs.key_areas_by_grade
    near = f"{outputs.layers.near:g}"
    return Table(
        [column.shown.heading for column in columns[1:]],
        [row[1:] for row in rows if row[0] == title],
        f"{title} by the grade of their corridor. The length is the sum, the width the mean, of the sides of the smallest "
        f"rectangle around each; near is within {near} m",
        total=True,
    )


def _by_zone(title: str, table: Rows) -> Table:
    headers, rows = table
    by_village = headers[1].name == "village"
    if by_village:  # as printed tables do, the township once for all its villages
        rows = [["" if k and rows[k - 1][0] == row[0] else row[0], *row[1:]] for k, row in enumerate(rows)]
    caption = (
        f"{title} by township and village. Each is counted once, where most of it lies; the totals equal the map"
        if by_village
        else f"{title} by township. Each is counted once, where most of it lies; the totals equal the map"
    )
    names = [0, 1] if by_village else [0]
    return Table([column.shown.heading for column in headers], rows, caption, total=True, names=names)


def _shares(outputs: NetworkOutputs) -> list[Block]:
    """Return the chart of how key areas are spread over the grades, beside the length of the corridors."""
    found, (_, rows) = outputs.network.corridors, outputs.key_areas_by_grade
    if not rows:
        return []
    length = found.links.length[found.links.active]
    grades = np.unique(found.grade).tolist()
    names = [styling.grade_name(grade) for grade in grades]
    bars = [("Length of the corridors", [100.0 * float(length[found.grade == g].sum() / length.sum()) for g in grades])]
    for kind in ("Pinch points", "Barriers"):
        share = {row[1]: row[5] for row in rows if row[0] == kind}
        if share:
            bars.append((kind, [share.get(name, 0.0) for name in names]))
    parts = [(name, CORRIDORS[grade - 1]) for name, grade in zip(names, grades)]
    return [
        Figure(
            lambda language, say: Picture(plots.bars(bars, parts, "Share (%)", say, decimals=0)),
            "Share of the grades in the length of the corridors, and in the area of the pinch points and barriers",
        )
    ]
