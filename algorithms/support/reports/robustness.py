"""What runs on other judgements say of a network, in words, figures and maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import core
from ....core.choices import Variation
from ..run import palette, ramps
from . import html
from .tornado import tornado_chart

if TYPE_CHECKING:
    from ....core.decisions.robustness import Robustness
    from ....core.decisions.sampling import Uncertainty

SHARE_RAMP = ramps.fixed(palette.SCORE, [0.0, 0.1, 0.5, 0.9, 1.0], "of the runs")
"""Colours of shares of runs; the stops are the limits of open, likely and certain."""

NINE_OF_TEN = 0.9
_MOST_BARS = 8

PLURALS = {"pinch point": "pinch points", "barrier": "barriers"}
"""What stays or not, by kind of cells."""


def headline(found: Robustness, kind: str) -> str:
    """Return how many pinch points or barriers stay in nine runs of ten, in a sentence."""
    stayed = found.stayed[kind]
    many = PLURALS[kind]
    if not stayed.size:
        return f"The network has no {many}."
    kept = int(np.count_nonzero(stayed >= NINE_OF_TEN))
    return f"Of the {stayed.size:,} {many} {kept:,} {'stays' if kept == 1 else 'stay'} in nine runs of ten."


def how_ended(found: Robustness) -> str:
    """Return whether the runs ended at the tolerance or at their number, and how well the shares are known."""
    ended = (
        f"After {found.runs:,} of {found.asked:,} runs every share was known to the tolerance"
        if found.settled
        else f"All {found.asked:,} runs were done"
    )
    return f"{ended}; shares are known to \N{PLUS-MINUS SIGN}{100 * found.half_width:.1f} percentage points or better (95 %)."


def what_varied(what: Uncertainty) -> str:
    """Return what varied, as part of a sentence."""
    said = {
        Variation.JUDGEMENTS: f"judgements up to {what.steps} steps of Saaty's scale from those given",
        Variation.WEIGHTS: f"weights that spread by {100 * what.spread:.3g} % around those given",
        Variation.EXPERTS: "other draws of the experts",
        Variation.SCORES: f"scores of the classes moved by up to {100 * what.shift:.3g} % of the gap to the next",
        Variation.SETTINGS: f"other settings ({', '.join(what.settings)})",
    }
    parts = [said[one] for one in Variation if one in what.varies]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def in_words(found: Robustness) -> list[str]:
    """Return paragraphs that can be pasted: what was done, what stays, and what that does not say."""
    links = found.chain.network.links
    here = {tuple(pair) for pair in links.joined.tolist()}
    shares = {tuple(pair): share for pair, share in zip(found.links.pairs.tolist(), found.links.share.tolist())}
    kept = sum(shares.get(pair, 0.0) >= NINE_OF_TEN for pair in here)
    done = (
        f"The network was computed {found.runs:,} times with {what_varied(found.uncertainty)}. "
        f"{kept:,} of its {len(here):,} corridors join the same two sources in nine runs of ten or more."
    )
    if any(stayed.size for stayed in found.stayed.values()):
        done += " A pinch point or barrier stays in a run in which at least half of its cells are one again."
    for kind, name in PLURALS.items():
        if kind in found.stayed and found.stayed[kind].size:
            stayed = found.stayed[kind]
            half = int(np.count_nonzero((stayed >= 0.5) & (stayed < NINE_OF_TEN)))
            done += (
                f" {headline(found, kind)} {half:,} more {'stays' if half == 1 else 'stay'} in at least half of the runs, "
                f"{int(np.sum(stayed < 0.5)):,} in fewer. {100 * found.certain[kind]:.0f} % of the area of the {name} is "
                "certain, that is, the same cells come out in nine runs of ten."
            )
    if found.outcomes[core.decisions.SAME_CORRIDOR].size:
        low, middle = np.nanpercentile(found.outcomes[core.decisions.SAME_CORRIDOR], (5.0, 50.0))
        done += (
            f" The cells of the corridors agree with those of the network to {middle:.2f} in the median run and to more than "
            f"{low:.2f} in 95 % of them (Jaccard index; 1 is the same)."
        )
    done += f" {how_ended(found)}"
    if found.without:
        done += f" {found.without:,} runs found no network at all and count as runs without corridors."
    means = (
        "What this does not say: that the judgements, or the factors that were chosen, are right; what factors nobody "
        "thought of, errors in the maps, or settings that were not varied would change; or that animals use the "
        "corridors. A place that stays is one on which these judgements do not matter. A place that comes and goes is a "
        "matter of opinion, and should be decided on other grounds."
    )
    return [done, means]


def tornado_parts(found: Robustness) -> list[str]:
    """Return the bars of each outcome."""
    if not found.bars:
        return []
    grey = found.runs < core.decisions.ENOUGH
    parts = [html.heading("What moves the result", 3)]
    inputs = len({bar.factor for bar in found.bars})
    if found.runs < core.decisions.needed(inputs):
        parts.append(
            html.warning(
                f"{found.runs:,} runs are too few to tell {inputs:,} inputs apart, and no bars are drawn. Take "
                f"{core.decisions.needed(inputs):,} or more, and {core.decisions.ENOUGH} to compare them."
            )
        )
    elif grey:
        parts.append(
            html.warning(
                f"{found.runs:,} runs are too few to compare the bars, which are grey. Take {core.decisions.ENOUGH} or more."
            )
        )
    known = [bar for bar in found.bars if bar.coefficient == bar.coefficient]
    if not known:
        return parts
    for outcome in dict.fromkeys(bar.outcome for bar in known):
        bars = [bar for bar in known if bar.outcome == outcome][:_MOST_BARS]
        if bars:
            rows = [(bar.factor, bar.coefficient, bar.first_order) for bar in bars]
            caption = f"{outcome.capitalize()}: how far it follows each input (standardised rank regression)"
            parts.append(tornado_chart(rows, caption, grey=grey))
    parts.append(
        html.paragraph(
            "To the right the outcome grows with the input, to the left it falls. 'Alone' is the share of its variance that "
            "the input explains by itself; 0 with a long bar, or much with a short one, means that it acts together with "
            "others or not in one direction."
        )
    )
    return parts
