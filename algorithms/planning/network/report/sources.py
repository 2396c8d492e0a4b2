"""Section 1: ecological sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..... import core
from ....support.reports import html
from ....support.reports.html import Key
from ....support.run import styling
from ....support.run.palette import SOURCE
from ..outputs import NetworkOutputs, mspa_classes
from ..sourcesides import sources_by_grade
from .drawing import Drawing

if TYPE_CHECKING:
    from .....core.planning.options import SourceOptions


def sources(drawing: Drawing, outputs: NetworkOutputs, options: SourceOptions) -> list[str]:
    """Return the section on the sources."""
    found = outputs.network.sources
    share = 100.0 * outputs.source_inside_ha / outputs.inside_ha
    parts = [html.heading("1 Ecological sources")]
    if found.codes is not None:
        parts += _pattern(drawing, outputs, options)
    map_ = drawing.surface("RESISTANCE")
    grades = int(found.grade.max())
    colours = [styling.source_colour(grade, grades) for grade in range(1, grades + 1)]
    for grade, fill in enumerate(colours, start=1):
        shapes = [shape for shape, own in zip(outputs.source_shapes, found.grade) if own == grade]
        drawing.marked(map_, shapes, SOURCE._replace(fill=fill), 0.8)
    keys = [Key(styling.grade_name(g), c, SOURCE.edge) for g, c in enumerate(colours, start=1)]
    title = "Sources by their importance for connectivity (dPC)"
    parts.append(drawing.figure(map_, title, keys, "RESISTANCE"))
    parts.append(
        html.table(
            ["Source", "Area (ha)", "Share of the area (%)", "Core (ha)", "Protected (ha)", "dIIC (%)", "dPC (%)", "Grade"],
            [
                [outputs.ids[k], *(float(x[k]) for x in (found.area_ha, share, found.core_ha, found.protected_ha)),
                 float(found.diic.total[k]), float(found.dpc.total[k]), int(found.grade[k])]
                for k in range(found.area_ha.size)
            ]
            + [["All", *(float(x.sum()) for x in (found.area_ha, share, found.core_ha, found.protected_ha)),
                None, None, None]],
            caption=f"{found.area_ha.size} sources of {found.candidates} patches; dPC of {options.min_dpc:g} % or more"
            if found.codes is not None
            else f"{found.area_ha.size} sources that were given, by their dPC",
            total=True,
        )
    )  # fmt: skip
    headers, by_grade = sources_by_grade(outputs)
    parts.append(
        html.table(
            [column.shown.heading for column in headers],
            by_grade,
            caption=f"Sources by grade; near is within {outputs.layers.near:g} m",
            total=True,
        )
    )
    parts.append(
        html.table(
            ["Index", "Value", "Equivalent connected area (ha)"],
            [
                ["PC, probability of connectivity", f"{found.indices.pc:.4g}", found.indices.equivalent],
                ["IIC, integral index of connectivity", f"{found.binary.iic:.4g}", found.binary.equivalent],
            ],
            caption=f"Connectivity of all {found.candidates} patches, 0 to 1, in a landscape of "
            f"{found.indices.equivalent / found.indices.pc**0.5:,.0f} ha",
        )
    )
    rate = core.connectivity.dispersal_rate(options.dispersal, options.probability)
    parts.append(
        html.paragraph(
            f"Dispersal kernel: p = exp(-k d) with k = {rate:.4g} per metre, that is {options.probability:g} at "
            f"{options.dispersal:,.0f}, 0.05 at {core.connectivity.distance_at(rate, 0.05):,.0f} and 0.01 at "
            f"{core.connectivity.distance_at(rate, 0.01):,.0f} m; distances from edge to edge. IIC links patches at most "
            f"{options.dispersal:,.0f} m apart. {found.indices.step:.1f} % of PC come from stepping stones."
        )
    )
    return parts


def _pattern(drawing: Drawing, outputs: NetworkOutputs, options: SourceOptions) -> list[str]:
    """Return the map and the table of MSPA."""
    keys = [Key(name, colour) for _, name, colour in mspa_classes() if "(" not in name and " in " not in name]
    map_ = drawing.classes(outputs.network.sources.codes, mspa_classes())
    count = np.bincount(outputs.network.sources.classes.ravel(), minlength=256)
    foreground, data = int(count[1:8].sum()), int(count[:8].sum())
    return [
        drawing.figure(map_, "Morphological spatial pattern (MSPA)", keys),
        html.table(
            ["Class", "Area (ha)", "Share of foreground (%)", "Share of landscape (%)"],
            [
                [
                    core.mspa.CLASS_NAMES[k],
                    count[k] * outputs.grid.cell_ha,
                    100.0 * count[k] / foreground,
                    100.0 * count[k] / data,
                ]
                for k in range(1, 8)
            ]
            + [["Foreground", foreground * outputs.grid.cell_ha, 100.0, 100.0 * foreground / data]],
            caption=f"MSPA, {options.connectivity} neighbours, edge width {options.edge_width} cell(s)",
            total=True,
        ),
    ]
