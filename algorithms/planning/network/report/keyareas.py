"""Section 4: pinch points and barriers."""

from __future__ import annotations

from ....support.reports import html
from ....support.reports.html import Key
from ....support.run.palette import BARRIER, PALE_SOURCE, PINCH
from ..keyplaces import important_corridors, stated_limits
from ..outputs import NetworkOutputs, Table
from .caveats import caveats
from .drawing import Drawing, key


def key_areas(drawing: Drawing, outputs: NetworkOutputs) -> list[str]:
    """Return the section on pinch points and barriers."""
    parts = [html.heading("4 Pinch points and barriers")]
    for title, name, shapes, line, halo, table in (
        ("Pinch points", "CURRENT", outputs.pinch_shapes, PINCH.edge, PINCH.halo, outputs.pinch_table),
        ("Barriers", "SCORE", outputs.barrier_shapes, BARRIER.fill, BARRIER.edge, outputs.barrier_table),
    ):
        map_ = drawing.pale_sources(drawing.surface(name))
        map_.polygons(shapes, None, line, 1.8, halo)
        keys = [key("Source", PALE_SOURCE), Key(f"{title} (outlined)", halo, line)]
        parts.append(html.heading(title, 3))
        parts.append(drawing.figure(map_, title, keys, name))
        parts.append(html.paragraph(stated_limits(outputs, title.lower())))
        parts.append(_by_grade(title, outputs))
        parts.append(_by_zone(title, table) if table is not None and shapes else "")
    parts += [html.paragraph(sentence) for sentence in important_corridors(outputs)]
    if outputs.network.places.outside:
        parts.append(
            html.paragraph(
                f"{100 * outputs.network.places.outside:.0f} % of the area of the barriers lie outside the corridors: "
                "restored, they would open a shorter way beside them."
            )
        )
    return parts + caveats(drawing, outputs)


def _by_grade(title: str, outputs: NetworkOutputs) -> str:
    columns, rows = outputs.key_areas_by_grade
    return html.table(
        [column.shown.heading for column in columns[1:]],
        [row[1:] for row in rows if row[0] == title],
        caption=f"Key areas by the grade of their corridor: {title.lower()}. The length is the sum, the width the mean, of "
        f"the sides of the smallest rectangle around each; near is within {outputs.layers.near:g} m",
        total=True,
    )


def _by_zone(title: str, table: Table) -> str:
    headers, rows = table
    by_village = headers[1].name == "village"
    if by_village:  # as printed tables do, the township once for all its villages
        rows = [["" if k and rows[k - 1][0] == row[0] else row[0], *row[1:]] for k, row in enumerate(rows)]
    return html.table(
        [column.shown.heading for column in headers],
        rows,
        caption=f"{title} by township{' and village' if by_village else ''}. Each is counted once, where most of it lies; "
        "the totals equal the map",
        total=True,
    )
