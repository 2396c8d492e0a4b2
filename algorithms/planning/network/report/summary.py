"""The first section: the headline numbers, the network on one map, warnings."""

from __future__ import annotations

import numpy as np

from ....support.reports import html
from ....support.run.palette import BARRIER, PINCH, SOURCE
from ..outputs import NetworkOutputs
from .drawing import Drawing, key


def summary(drawing: Drawing, outputs: NetworkOutputs, numbers: dict[str, float]) -> list[str]:
    """Return the summary."""
    n = numbers
    structure = outputs.network.corridors.structure
    share = 100.0 * n["SOURCE_HA"] / (np.count_nonzero(outputs.inside) * outputs.grid.cell_ha)
    parts = [
        html.cards(
            [
                (f"{n['SOURCE_COUNT']}", f"sources, {n['SOURCE_HA']:,.0f} ha, {share:.1f} % of the area"),
                (f"{n['LINK_COUNT']}", f"corridors, {n['LINK_KM']:,.1f} km"),
                (f"{n['PINCH_COUNT']}", f"pinch points, {n['PINCH_HA']:,.1f} ha"),
                (f"{n['BARRIER_COUNT']}", f"barriers, {n['BARRIER_HA']:,.1f} ha"),
            ]
        )
    ]
    map_ = drawing.marked(drawing.surface("RESISTANCE"), outputs.source_shapes, SOURCE)
    drawing.corridors(map_)
    drawing.marked(map_, outputs.pinch_shapes, PINCH)
    drawing.marked(map_, outputs.barrier_shapes, BARRIER)
    keys = [key("Source", SOURCE), *drawing.corridor_keys(), key("Pinch point", PINCH), key("Barrier", BARRIER)]
    parts.append(drawing.figure(map_, "The network", keys, "RESISTANCE"))
    parts.append(
        html.paragraph(
            f"The network has {structure.components} component(s); alpha {structure.alpha:.2f}, beta "
            f"{structure.beta:.2f}, gamma {structure.gamma:.2f}."
        )
    )
    if outputs.by_township:
        headers, rows = outputs.by_township
        parts.append(
            html.table(
                [column.shown.heading for column in headers],
                rows,
                caption="The network by township, most sources first",
                total=True,
            )
        )
    warnings = outputs.job.monitor.warnings
    if warnings:
        parts.append(html.heading("Warnings", 3))
        parts += [html.warning(text) for text in warnings]
    return parts
