"""Section 2: the resistance surface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....support.reports.document import Block, Bullets, Heading, Paragraph, Table
from ....support.reports.judgements import judgement_parts
from ..outputs import NetworkOutputs
from .maps import NetworkMaps

if TYPE_CHECKING:
    from .....core.resistance.scoretable import FactorScores
    from .....core.resistance.summary import ResistanceSummary
    from ..factors import NetworkFactors


def resistance(maps: NetworkMaps, outputs: NetworkOutputs, factors: NetworkFactors) -> list[Block]:
    """Return the section on the resistance surface."""
    facts = outputs.network.surface.summary
    names = [role for role in maps.found if role.startswith("factor:")]
    blocks: list[Block] = [Heading("2 Resistance surface")]
    if names:
        shown = [(name, name.partition(":")[2]) for name in names]
        blocks.append(
            maps.plate(
                shown, "Scores of the resistance factors, before weights and corrections, all in the same colours"
            )
        )
    blocks += [
        maps.figure("resistance", "Resistance surface"),
        Paragraph(
            f"Resistance from {facts.minimum:.2f} to {facts.maximum:.2f}, mean {facts.mean:.2f}, contrast "
            f"{facts.contrast:.1f}; {facts.missing:,} cells without data{_obstacles(outputs)}."
        ),
    ]
    scores = outputs.network.surface.scores
    if scores:
        blocks += _scores(scores, facts)
    if factors.judged is not None:
        blocks += judgement_parts(factors.judged)
    if factors.notes:
        blocks += [Paragraph("No table of scores was given:"), Bullets(list(factors.notes))]
    return blocks


def _obstacles(outputs: NetworkOutputs) -> str:
    """Return what roads and impassable land have done to the surface, as the end of a sentence."""
    job, facts = outputs.job, outputs.network.surface.summary
    said = ""
    if job.given("IMPASSABLE"):
        said += f", {facts.impassable:,} of them of land uses that nothing crosses ({job.text('IMPASSABLE')})"
    if job.given("ROAD_SCORES"):
        said += f"; in {facts.raised:,} cells a road resists more than the land ({job.text('ROAD_SCORES')})"
    return said


def _scores(scores: Sequence[FactorScores], facts: ResistanceSummary) -> list[Block]:
    """Return the tables of the factors and of their classes."""
    rows = [[factor.name, item.describe(), float(item.score)] for factor in scores for item in factor.classes]
    return [
        Table(
            ["Factor", "Weight", "Mean part", "Share of the mean (%)", "Share of the variance (%)"],
            [
                [c.name, float(c.weight), float(c.mean), 100.0 * c.share_of_mean, 100.0 * c.share_of_variance]
                for c in facts.contributions
            ],
            "What each factor contributes, before correction; below 0: high where the others are low",
        ),
        Table(["Factor", "Class", "Score"], rows, "Classes of the factors and their scores"),
    ]
