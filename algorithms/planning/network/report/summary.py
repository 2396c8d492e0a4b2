"""The first section: the headline numbers, the network on one map, warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....support.reports import html
from ....support.reports.robustness import headline
from ....support.run.palette import BARRIER, PINCH, SOURCE
from ..outputs import NetworkOutputs
from .drawing import Drawing, key

if TYPE_CHECKING:
    from .....core.network.centrality import Structure


def summary(drawing: Drawing, outputs: NetworkOutputs, numbers: dict[str, float]) -> list[str]:
    """Return the summary."""
    n = numbers
    within = float(outputs.source_inside_ha.sum())
    share = 100.0 * within / outputs.inside_ha
    reach = f"; {within:,.0f} ha inside are" if outputs.job.given("AREA") else ","
    parts = [
        html.cards(
            [
                (f"{n['SOURCE_COUNT']}", f"sources, {n['SOURCE_HA']:,.0f} ha{reach} {share:.1f} % of the area"),
                (f"{n['LINK_COUNT']}", f"corridors, {n['LINK_KM']:,.1f} km"),
                (f"{n['PINCH_COUNT']}", f"pinch points, {n['PINCH_HA']:,.1f} ha"),
                (f"{n['BARRIER_COUNT']}", f"barriers, {n['BARRIER_HA']:,.1f} ha"),
            ]
        )
    ]
    map_ = drawing.marked(drawing.surface("RESISTANCE"), outputs.source_shapes, SOURCE)
    drawing.corridors(map_)
    drawing.marked(map_, outputs.barrier_shapes, BARRIER)
    drawing.marked(map_, outputs.pinch_shapes, PINCH)  # on top, as in the project
    keys = [key("Source", SOURCE), *drawing.corridor_keys(), key("Pinch point", PINCH), key("Barrier", BARRIER)]
    parts.append(drawing.figure(map_, "The network", keys, "RESISTANCE"))
    parts.append(html.paragraph(_structure(outputs.network.corridors.structure)))
    if outputs.robust is not None:
        said = " ".join(headline(outputs.robust, kind) for kind in outputs.robust.stayed)
        parts.append(html.paragraph(f"{said} The runs had other weights and scores, see section 6."))
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


def _structure(found: Structure) -> str:
    """Return whether the corridors join all sources, and the indices of the network in words."""
    said = (
        "Corridors join all sources to one network."
        if found.components == 1
        else f"The network is in {found.components} components, parts that no corridor joins."
    )
    said += f" Beta, corridors per source: {found.beta:.2f}."
    if np.isnan(found.alpha):  # fewer than three sources
        return said
    return (
        f"{said} Alpha, share of the possible loops: {found.alpha:.2f}. Gamma, share of the possible corridors: "
        f"{found.gamma:.2f}."
    )
