"""Section 6: which corridors and key areas stay when weights and scores are others."""

from __future__ import annotations

import numpy as np

from ..... import core
from ....support.reports import html
from ....support.reports.html import Key
from ....support.reports.robustness import SHARE_RAMP, in_words, tornado_parts
from ....support.run.palette import INK, PALE_SOURCE, WHITE
from ..outputs import NetworkOutputs
from .drawing import Drawing, key


def robust(drawing: Drawing, outputs: NetworkOutputs) -> list[str]:
    """Return the section; nothing where no runs were asked for."""
    found = outputs.robust
    if found is None:
        return []
    parts = [html.heading("6 Which places stay with other judgements")]
    for kind, title, shapes in (
        (core.decisions.PINCH, "Pinch points", outputs.pinch_shapes),
        (core.decisions.BARRIER, "Barriers", outputs.barrier_shapes),
    ):
        share = found.shares[kind]
        map_ = drawing.pale_sources(drawing.other(np.where(share > 0, share, np.nan), SHARE_RAMP))
        map_.polygons(shapes, None, INK)
        keys = [key("Source", PALE_SOURCE), Key(f"{title} of the network (outlined)", WHITE, INK)]
        caption = f"{title}: share of {found.runs:,} runs on other judgements in which a cell is one. White: in none"
        parts.append(drawing.figure(map_, caption, keys, ramp=("Share", SHARE_RAMP)))
    parts += [html.paragraph(text) for text in in_words(found)]
    if outputs.network.places.pinch_rules is not None:
        parts.append(
            html.paragraph(
                "All runs grade current and score as the network does. So what stays here can still be owed to the overlay "
                "with the resistance (section 4): the surest places stay here and are found by both rules there."
            )
        )
    return parts + tornado_parts(found)
