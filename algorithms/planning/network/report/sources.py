"""Section 1: ecological sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..... import core
from ....support.reports import plots
from ....support.reports.document import Block, Figure, Heading, Paragraph, Picture, Table
from ....support.run.palette import BACKGROUND, DPC_PARTS
from ..outputs import NetworkOutputs, mspa_classes
from ..sourcesides import sources_by_grade
from .maps import NetworkMaps

if TYPE_CHECKING:
    from .....core.planning.options import SourceOptions

_MOST_BARS = 30
_PARTS = (
    ("within the source (intra)", DPC_PARTS[0]),
    ("exchange (flux)", DPC_PARTS[1]),
    ("stepping stone (connector)", DPC_PARTS[2]),
)
"""What dPC is the sum of, with colours."""


def sources(maps: NetworkMaps, outputs: NetworkOutputs, options: SourceOptions) -> list[Block]:
    """Return the section on the sources."""
    found = outputs.network.sources
    share = 100.0 * outputs.source_inside_ha / outputs.inside_ha
    blocks: list[Block] = [Heading("1 Ecological sources")]
    if found.codes is not None:
        blocks += _pattern(maps, outputs, options)
    blocks.append(
        maps.figure("sources", "Ecological sources by their importance for connectivity (dPC), with their numbers")
    )
    caption = (
        f"The {found.area_ha.size} sources of {found.candidates} patches; those with a dPC of {options.min_dpc:g} % or more"
        if found.codes is not None
        else f"The {found.area_ha.size} sources that were given, by their dPC"
    )
    rows = [
        [
            outputs.ids[k],
            *(float(x[k]) for x in (found.area_ha, share, found.core_ha, found.protected_ha)),
            float(found.diic.total[k]),
            float(found.dpc.total[k]),
            int(found.grade[k]),
        ]
        for k in range(found.area_ha.size)
    ]
    sums = [float(x.sum()) for x in (found.area_ha, share, found.core_ha, found.protected_ha)]
    blocks.append(
        Table(
            [
                "Source",
                "Area (ha)",
                "Share of the area (%)",
                "Core (ha)",
                "Protected (ha)",
                "dIIC (%)",
                "dPC (%)",
                "Grade",
            ],
            [*([str(row[0]), *row[1:]] for row in rows), ["All", *sums, None, None, None]],
            caption,
            total=True,
            names=[0],
        )
    )
    shown = min(_MOST_BARS, len(rows))
    bars = [
        (f"{outputs.ids[k]}", [float(part[k]) for part in (found.dpc.intra, found.dpc.flux, found.dpc.connector)])
        for k in range(shown)
    ]
    blocks.append(
        Figure(
            lambda language, say: Picture(plots.bars(bars, _PARTS, "dPC (%)", say, decimals=2, names=True)),
            f"Importance of the first {shown} sources and what it consists of: habitat within, exchange with the others, and "
            "the way they open between others",
        )
    )
    headers, by_grade = sources_by_grade(outputs)
    blocks.append(
        Table(
            [column.shown.heading for column in headers],
            by_grade,
            f"Sources by grade; near is within {outputs.layers.near:g} m",
            total=True,
        )
    )
    landscape = found.indices.equivalent / found.indices.pc**0.5
    blocks.append(
        Table(
            ["Index", "Value", "Equivalent connected area (ha)"],
            [
                ["PC, probability of connectivity", f"{found.indices.pc:.4g}", found.indices.equivalent],
                ["IIC, integral index of connectivity", f"{found.binary.iic:.4g}", found.binary.equivalent],
            ],
            f"Connectivity of all {found.candidates} patches, 0 to 1, in a landscape of {landscape:,.0f} ha",
        )
    )
    rate = core.connectivity.dispersal_rate(options.dispersal, options.probability)
    blocks.append(
        Paragraph(
            f"Dispersal kernel: p = exp(-k d) with k = {rate:.4g} per metre, that is {options.probability:g} at "
            f"{options.dispersal:,.0f}, 0.05 at {core.connectivity.distance_at(rate, 0.05):,.0f} and 0.01 at "
            f"{core.connectivity.distance_at(rate, 0.01):,.0f} m; distances from edge to edge. IIC links patches at most "
            f"{options.dispersal:,.0f} m apart. {found.indices.step:.1f} % of PC come from stepping stones."
        )
    )
    return blocks


def _pattern(maps: NetworkMaps, outputs: NetworkOutputs, options: SourceOptions) -> list[Block]:
    """Return the map, the table and the chart of MSPA."""
    count = np.bincount(outputs.network.sources.classes.ravel(), minlength=256)
    foreground, data = int(count[1:8].sum()), int(count[:8].sum())
    hectares = outputs.grid.cell_ha
    colours = {name: colour for _, name, colour in mspa_classes()}
    names = [core.mspa.CLASS_NAMES[k] for k in range(1, 8)]
    rows = [
        [name, float(count[k] * hectares), 100.0 * count[k] / foreground, 100.0 * count[k] / data]
        for k, name in enumerate(names, start=1)
    ]
    total = ["Foreground", float(foreground * hectares), 100.0, 100.0 * foreground / data]
    return [
        maps.figure("mspa", "Morphological spatial pattern (MSPA)"),
        Table(
            ["Class", "Area (ha)", "Share of foreground (%)", "Share of landscape (%)"],
            [*rows, total],
            f"MSPA, {options.connectivity} neighbours, edge width {options.edge_width} cell(s)",
            total=True,
        ),
        Figure(
            lambda language, say: Picture(
                plots.bars(
                    [(row[0], [row[1] / 100.0]) for row in rows],
                    [("Area", BACKGROUND)],
                    "Area (km²)",
                    say,
                    colours=[colours.get(name, BACKGROUND) for name in names],
                    decimals=2,
                )
            ),
            "Area of the classes of MSPA",
        ),
    ]
