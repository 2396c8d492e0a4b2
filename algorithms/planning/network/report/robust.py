"""Section 6: which corridors and key areas stay when weights and scores are others."""

from __future__ import annotations

import numpy as np

from ..... import core
from ....support.io import rasterfiles
from ....support.io.rasterfiles import NO_MEASURE
from ....support.reports.document import Block, Heading, Paragraph
from ....support.reports.robustness import SHARE_RAMP, in_words, tornado_parts
from ....support.run import styling
from ....support.run.palette import CLEAR, INK
from ....support.sheets.description import Drawn
from ..outputs import NetworkOutputs
from .maps import NetworkMaps


def robust(maps: NetworkMaps, outputs: NetworkOutputs) -> list[Block]:
    """Return the section; nothing where no runs were asked for."""
    found = outputs.robust
    if found is None:
        return []
    blocks: list[Block] = [Heading("6 Which places stay with other judgements")]
    for kind, title, role in (
        (core.decisions.PINCH, "Pinch points", "pinchpoints"),
        (core.decisions.BARRIER, "Barriers", "barriers"),
    ):
        share = found.shares[kind]
        path = outputs.job.scratch(f"share_{role}.tif")
        values = np.where(share > 0, share, np.nan).astype(np.float32)
        rasterfiles.write(path, values, outputs.grid, nodata=NO_MEASURE, description="Share of the runs")
        layers = [
            *maps.own(role, f"{title} of the network", styling.polygons(CLEAR, INK, 0.3)),
            *maps.borders(),
            *maps.pale_sources(),
            Drawn(path, "Share of the runs", styling.surface(SHARE_RAMP)),
        ]
        blocks.append(
            maps.other(
                f"robust_{role}",
                layers,
                f"{title}: share of {found.runs:,} runs on other judgements in which a cell is one. White: in none",
            )
        )
    blocks += [Paragraph(text) for text in in_words(found)]
    if outputs.network.places.pinch_rules is not None:
        blocks.append(
            Paragraph(
                "All runs grade current and score as the network does. So what stays here can still be owed to the overlay "
                "with the resistance (section 4): the surest places stay here and are found by both rules there."
            )
        )
    return blocks + tornado_parts(found)
