"""Section 5: what is to be done where."""

from __future__ import annotations

from ....support.reports import html
from ....support.reports.actionsheet import action_parts, draw, keys
from ..outputs import NetworkOutputs
from .drawing import Drawing


def measures(drawing: Drawing, outputs: NetworkOutputs) -> list[str]:
    """Return the section; nothing where there are no measures."""
    said = outputs.actions
    if said is None:
        return []
    figure = drawing.figure(draw(drawing.blank(), said), "Measures", keys(said))
    return [
        html.heading("5 Measures"),
        html.paragraph(
            "Each pinch point, barrier and source of the lowest grade is cut by land use, protected land and zones, and each "
            "part gets a measure by the rules of the tool 'Action sheet', which takes other rules, and costs. Which land use "
            "gets which is a judgement to be checked on the ground."
        ),
        *action_parts(said, figure, by_first=True),
    ]
