"""Section 5: what to restore for a budget, and what is to be done where."""

from __future__ import annotations

from ....support.reports import html
from ....support.reports.actionsheet import action_parts, draw, keys
from ....support.reports.restoration import LIMITS, curve, draw_picks, frontier_table, pick_keys, picks, summary
from ....support.run.palette import PALE_SOURCE
from ..outputs import NetworkOutputs
from .drawing import Drawing, key


def measures(drawing: Drawing, outputs: NetworkOutputs) -> list[str]:
    """Return the section; nothing where there are neither a plan nor measures."""
    parts = [*_plan(drawing, outputs), *_actions(drawing, outputs)]
    return [html.heading("5 Measures"), *parts] if parts else []


def _plan(drawing: Drawing, outputs: NetworkOutputs) -> list[str]:
    planned = outputs.planned
    if planned is None:
        return []
    outcome = planned.outcome
    map_ = drawing.pale_sources(drawing.surface("RESISTANCE"))
    drawing.corridors(map_)
    draw_picks(map_, outputs.barrier_shapes, planned.barriers)
    entries = [*pick_keys("Other barriers"), key("Source", PALE_SOURCE), *drawing.corridor_keys()]
    return [
        html.heading("Restoration plan", 3),
        *(html.paragraph(sentence) for sentence in summary(outcome)),
        drawing.figure(map_, "Barriers to restore, in order", entries, "RESISTANCE"),
        curve(outcome),
        frontier_table(outcome, "What a budget buys"),
        *([picks(outcome)] if outcome.plan.picks else []),
        html.paragraph(LIMITS),
    ]


def _actions(drawing: Drawing, outputs: NetworkOutputs) -> list[str]:
    said = outputs.actions
    if said is None:
        return []
    figure = drawing.figure(draw(drawing.blank(), said), "Measures", keys(said))
    return [
        html.heading("Action sheet", 3),
        html.paragraph(
            "Each pinch point, barrier and weak source is cut by land use, protected land and zones, and each part gets a "
            "measure by the rules of the tool 'Action sheet', which takes other rules, and costs. Weak sources are those of "
            "the lowest grade in the quarter of all sources with the lowest dPC. Which land use gets which measure is a "
            "judgement to be checked on the ground."
        ),
        *action_parts(said, figure, by_first=True),
    ]
