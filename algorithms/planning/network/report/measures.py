"""Section 5: what to restore for a budget, and what is to be done where."""

from __future__ import annotations

from dataclasses import replace

from ....support.reports.actionsheet import action_parts
from ....support.reports.document import Block, Heading, Paragraph, Table
from ....support.reports.restoration import LIMITS, curve, frontier_table, picks, summary
from ....support.run import palette, styling
from ..outputs import NetworkOutputs
from .maps import NetworkMaps


def measures(maps: NetworkMaps, outputs: NetworkOutputs) -> list[Block]:
    """Return the section; nothing where there are neither a plan nor measures."""
    blocks = [*_plan(maps, outputs), *_actions(maps, outputs)]
    return [Heading("5 Measures"), *blocks] if blocks else []


def _plan(maps: NetworkMaps, outputs: NetworkOutputs) -> list[Block]:
    planned = outputs.planned
    if planned is None:
        return []
    outcome = planned.outcome
    layers = [
        *maps.own("plan", "Restored, with the order"),
        *maps.own("barriers", "Other barriers", styling.polygons(palette.WHITE, palette.BARRIER.edge, 0.2)),
        *maps.own("links"),
        *maps.pale_sources(),
        *maps.borders(),
        *maps.own("resistance"),
    ]
    return [
        Heading("Restoration plan", 2),
        *(Paragraph(sentence) for sentence in summary(outcome)),
        maps.other("plan", layers, "Barriers to restore, in order"),
        curve(outcome),
        frontier_table(outcome, "What a budget buys"),
        *([_captioned(picks(outcome), "The barriers of the plan, in order")] if outcome.plan.picks else []),
        Paragraph(LIMITS),
    ]


def _captioned(table: Table, caption: str) -> Table:
    return replace(table, caption=caption)


def _actions(maps: NetworkMaps, outputs: NetworkOutputs) -> list[Block]:
    said = outputs.actions
    if said is None or not maps.has("actions"):
        return []
    return [
        Heading("Action sheet", 2),
        Paragraph(
            "Each pinch point, barrier and weak source is cut by land use, protected land and zones, and each part gets a "
            "measure by the rules of the tool 'Action sheet', which takes other rules, and costs. Weak sources are those of "
            "the lowest grade in the quarter of all sources with the lowest dPC. Which land use gets which measure is a "
            "judgement to be checked on the ground."
        ),
        *action_parts(said, maps.figure("actions", "Measures"), by_first=True),
    ]
