"""Section 2: the resistance surface."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase
from typing import TYPE_CHECKING

from ....support.reports import html
from ....support.reports.judgements import judgement_parts
from ..outputs import NetworkOutputs
from .drawing import Drawing

if TYPE_CHECKING:
    from .....core.resistance.scoretable import FactorScores
    from .....core.resistance.summary import ResistanceSummary
    from ..factorlayers import FactorLayers
    from ..factors import NetworkFactors


def resistance(drawing: Drawing, outputs: NetworkOutputs, factors: NetworkFactors, scored: FactorLayers) -> list[str]:
    """Return the section on the resistance surface."""
    facts = outputs.network.surface.summary
    parts = [
        html.heading("2 Resistance surface"),
        drawing.figure(drawing.surface("RESISTANCE"), "Resistance", [], "RESISTANCE"),
        *_factor_maps(drawing, scored),
        html.paragraph(
            f"Resistance from {facts.minimum:.2f} to {facts.maximum:.2f}, mean {facts.mean:.2f}, contrast "
            f"{facts.contrast:.1f}; {facts.missing:,} cells without data{_obstacles(outputs)}."
        ),
    ]
    scores = outputs.network.surface.scores
    if scores:
        parts += _scores(scores, facts)
    if factors.judged is not None:
        parts += judgement_parts(factors.judged)
    if factors.notes:
        parts.append(html.paragraph("No table of scores was given:"))
        parts.append("<ul>" + "".join(f"<li>{sentence}</li>" for sentence in factors.notes) + "</ul>")
    return parts


def _obstacles(outputs: NetworkOutputs) -> str:
    """Return what roads and impassable land have done to the surface, as the end of a sentence."""
    job, facts = outputs.job, outputs.network.surface.summary
    said = ""
    if job.given("IMPASSABLE"):
        said += f", {facts.impassable:,} of them of land uses that nothing crosses ({job.text('IMPASSABLE')})"
    if job.given("ROAD_SCORES"):
        said += f"; in {facts.raised:,} cells a road resists more than the land ({job.text('ROAD_SCORES')})"
    return said


def _scores(scores: Sequence[FactorScores], facts: ResistanceSummary) -> list[str]:
    """Return the tables of the factors and of their classes."""
    rows = [[factor.name, item.describe(), float(item.score)] for factor in scores for item in factor.classes]
    return [
        html.table(
            ["Factor", "Weight", "Mean part", "Share of the mean (%)", "Share of the variance (%)"],
            [
                [c.name, float(c.weight), float(c.mean), 100.0 * c.share_of_mean, 100.0 * c.share_of_variance]
                for c in facts.contributions
            ],
            caption="What each factor contributes, before correction; below 0: high where the others are low",
        ),
        html.table(["Factor", "Class", "Score"], rows, caption="Scores"),
    ]


def _factor_maps(drawing: Drawing, factors: FactorLayers) -> list[str]:
    """Return a small map of the scores of each factor, with one legend for all."""
    if not factors.samples:
        return []
    maps = [
        drawing.figure(drawing.scores(sample, factors.ramp), f"({ascii_lowercase[k % 26]}) {name}", [])
        for k, (name, sample) in enumerate(factors.samples.items())
    ]
    return [
        html.heading("Factors", 3),
        html.side_by_side(maps),
        html.legend("Resistance score of a factor, before weights and corrections", factors.ramp),
    ]
