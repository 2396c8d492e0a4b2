"""The first section: the headline numbers, findings in words, the network on one map, warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....support.reports.document import Block, Bullets, Cards, Heading, Paragraph, Table
from ....support.reports.robustness import headline
from ..outputs import NetworkOutputs
from .findings import findings
from .maps import NetworkMaps

if TYPE_CHECKING:
    from .....core.network.centrality import Structure


def summary(maps: NetworkMaps, outputs: NetworkOutputs, numbers: dict[str, float]) -> list[Block]:
    """Return the summary."""
    n = numbers
    within = float(outputs.source_inside_ha.sum())
    sources = (
        f"sources, {n['SOURCE_HA']:,.0f} ha; {within:,.0f} ha of them are in the study area"
        if outputs.job.given("AREA")
        else f"sources, {n['SOURCE_HA']:,.0f} ha"
    )
    blocks: list[Block] = [
        Heading("Summary"),
        Cards(
            [
                (f"{n['SOURCE_COUNT']}", sources),
                (f"{n['LINK_COUNT']}", f"corridors, {n['LINK_KM']:,.1f} km"),
                (f"{n['PINCH_COUNT']}", f"pinch points, {n['PINCH_HA']:,.1f} ha"),
                (f"{n['BARRIER_COUNT']}", f"barriers, {n['BARRIER_HA']:,.1f} ha"),
            ]
        ),
    ]
    if maps.has("network"):
        blocks.append(maps.figure("network", "The ecological security network"))
    blocks.append(Bullets(findings(outputs)))
    warnings = outputs.job.monitor.warnings
    blocks += [Paragraph(text, "warning") for text in warnings]
    blocks.append(Paragraph(_indices(outputs.network.corridors.structure)))
    if outputs.robust is not None:
        blocks += [Paragraph(headline(outputs.robust, kind)) for kind in outputs.robust.stayed]
        blocks.append(Paragraph("These runs had other weights and scores, see section 6."))
    if outputs.by_township:
        headers, rows = outputs.by_township
        blocks.append(
            Table(
                [column.shown.heading for column in headers],
                rows,
                "The network by township, most sources first",
                total=True,
                names=[0],
            )
        )
    return blocks


def _indices(found: Structure) -> str:
    """Return the indices of the network in words."""
    if np.isnan(found.alpha):  # fewer than three sources
        return f"There are {found.beta:.2f} corridors for each source (beta)."
    return (
        f"There are {found.beta:.2f} corridors for each source (beta); {100 * found.gamma:.0f} % of the corridors that are "
        f"possible between neighbours are there (gamma), and {100 * found.alpha:.0f} % of the possible loops (alpha), by "
        "which a source can still be reached when a corridor is cut."
    )
