"""Section 5: which corridors and key areas stay when weights and scores are others."""

from __future__ import annotations

import numpy as np

from ..... import core
from ....support.reports import html
from ....support.reports.robustness import SHARE_RAMP, in_words, tornado_parts
from ....support.run.palette import PALE_SOURCE
from ..outputs import NetworkOutputs
from ..steps.robust import VARIED
from .drawing import Drawing, key


def robust(drawing: Drawing, outputs: NetworkOutputs) -> list[str]:
    """Return the section; nothing where no runs were asked for."""
    found = outputs.robust
    if found is None:
        return []
    parts = [html.heading("5 Which places stay with other judgements")]
    for kind, title in ((core.decisions.PINCH, "Pinch points"), (core.decisions.BARRIER, "Barriers")):
        share = found.shares[kind]
        map_ = drawing.pale_sources(drawing.other(np.where(share > 0, share, np.nan), SHARE_RAMP))
        caption = f"{title}: share of {found.runs:,} runs on other judgements in which a cell is one"
        parts.append(drawing.figure(map_, caption, [key("Source", PALE_SOURCE)], ramp=("Share", SHARE_RAMP)))
    parts += [html.paragraph(text) for text in in_words(found, VARIED)]
    return parts + tornado_parts(found)
