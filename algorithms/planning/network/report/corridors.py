"""Section 3: corridors."""

from __future__ import annotations

import numpy as np

from ....support.reports import html
from ....support.run.palette import PALE_SOURCE
from ..outputs import NetworkOutputs
from .drawing import Drawing, key


def corridors(drawing: Drawing, outputs: NetworkOutputs) -> list[str]:
    """Return the section on the corridors."""
    found, pinch = outputs.network.corridors, outputs.network.places.pinch
    map_ = drawing.pale_sources(drawing.surface("CORRIDORS"))
    drawing.corridors(map_)
    keys = [key("Source", PALE_SOURCE), *drawing.corridor_keys()]
    headers, by_grade = outputs.corridors_by_grade
    rows = []
    for k, index in enumerate(np.flatnonzero(found.links.active)):
        a, b = (outputs.ids[label - 1] for label in found.links.pairs[index])
        rows.append(
            [int(index) + 1, f"{a} - {b}", float(found.links.length[index]), float(found.links.cost[index]),
             float(pinch.effective_resistance[k]), float(pinch.ratio[k]), float(found.flow.links[k]),
             int(found.grade[k])]
        )  # fmt: skip
    rows.sort(key=lambda row: (row[-1], -row[-2]))
    dropped = int((~found.links.active).sum())
    return [
        html.heading("3 Corridors"),
        html.paragraph(found.reach),
        drawing.figure(map_, "Corridors and their grade, and the belt along them", keys, "CORRIDORS"),
        html.table(
            [column.shown.heading for column in headers],
            by_grade,
            caption="Corridors by grade, and what lies near them; the last row is for comparison",
            total=True,
        ),
        html.table(
            [
                "Link",
                "Sources",
                "Length (m)",
                "Cost distance (resistance x m)",
                "Effective resistance (resistance x m)",
                "Ratio",
                "Centrality",
                "Grade",
            ],
            rows,
            caption="Corridors by current-flow centrality. Ratio: cost distance over effective resistance; near 1 "
            "there is one narrow way, above it many",
        ),
        html.paragraph(f"{dropped} candidate link(s) were dropped; the layer of corridors names the reason of each."),
    ]
