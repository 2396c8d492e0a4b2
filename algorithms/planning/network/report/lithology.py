"""The sources over the rocks."""

from __future__ import annotations

import numpy as np

from ....support.reports import html
from ....support.reports.html import Key
from ....support.run import styling
from ....support.run.palette import SOURCE
from ..corridorsides import WHOLE
from ..outputs import NetworkOutputs
from .drawing import Drawing

_UNDER = 100
"""Added to the value of a rock that lies under a source."""


def sources_over_rocks(drawing: Drawing, outputs: NetworkOutputs) -> list[str]:
    """Return map and table of the sources over the rocks; nothing without a lithology."""
    lithology = outputs.layers.lithology
    if lithology is None:
        return []
    # Full colours under the sources, pale ones around them.
    under = np.where(outputs.network.sources.labels > 0, _UNDER, 0).astype(np.uint8)
    pale = [
        (value, name, tuple(255 - (255 - part) // 3 for part in colour[:3]))
        for value, name, colour in lithology.classes
    ]
    full = [(value + _UNDER, name, colour) for value, name, colour in lithology.classes]
    map_ = drawing.classes(lithology.cells + under, [*pale, *full])
    keys = [Key(name, colour) for _, name, colour in lithology.classes]
    found = outputs.network.sources
    grades = range(1, int(found.grade.max()) + 1)
    for grade in reversed(grades):
        shapes = [shape for shape, own in zip(outputs.source_shapes, found.grade) if own == grade]
        map_.polygons(shapes, None, styling.source_colour(grade, len(grades)), 1.4, SOURCE.edge)
    keys += [Key(f"Sources, {styling.grade_name(g).lower()} (outlined)", styling.source_colour(g, len(grades)), SOURCE.edge)
             for g in grades]  # fmt: skip
    _, rows = outputs.rocks_by_grade
    groups = list(dict.fromkeys(row[0] for row in rows))
    rocks = [row[1] for row in rows if row[0] == WHOLE]
    share = {(group, rock): percent for group, rock, _, percent in rows}
    hectares = [sum(row[2] for row in rows if row[0] == group) for group in groups]
    return [
        html.heading("Sources and rocks", 3),
        drawing.figure(map_, "Sources by grade over the lithology", keys),
        html.table(
            ["Sources", "Area (ha)", *(f"{rock} (%)" for rock in rocks)],
            [
                [group, area, *(share.get((group, rock), 0.0) for rock in rocks)]
                for group, area in zip(groups, hectares)
            ],
            caption="Rocks under the sources of each grade; the last row is for comparison",
            total=True,
        ),
    ]
