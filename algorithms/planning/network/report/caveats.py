"""What of the key areas is owed to a rule or to the edge of the map, rather than to the landscape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....support.inputs.areatable import rule_classes
from ....support.reports import html
from ....support.reports.html import Key
from ..outputs import NetworkOutputs
from .drawing import Drawing

if TYPE_CHECKING:
    from .....core.keyareas.rules import RuleComparison


def caveats(drawing: Drawing, outputs: NetworkOutputs) -> list[str]:
    """Return the section on the rules, the overlap of both kinds of areas, and the edge of the data."""
    places = outputs.network.places
    parts = [
        *_rules(drawing, "Pinch points", places.pinch_rules),
        *_rules(drawing, "Barriers", places.barrier_rules),
    ]
    if parts:
        parts.append(
            html.paragraph(
                "The overlay multiplies current and score by the resistance before they are classified. That draws both "
                "kinds of areas to hard ground: what is found only with it is as much hard as it is squeezed, what is found "
                "only without it is squeezed where the ground is easy. Places by both rules are the surest."
            )
        )
    if places.overlap is not None:
        parts.append(
            html.paragraph(
                f"{places.overlap.describe()} There the way is narrow and hard at once: keep it open, and make it easier. "
                "Where a place is in both lists because of the overlay alone, look at the ground before it is fenced or "
                "planted."
            )
        )
    for what, measures in (("pinch points", places.pinch_measures), ("barriers", places.barrier_measures)):
        if measures is not None:
            parts.append(html.paragraph(measures.describe_edge(what)))
    return [html.heading("How sure these places are", 3), *parts] if parts else []


def _rules(drawing: Drawing, title: str, rules: RuleComparison | None) -> list[str]:
    if rules is None:
        return []
    keys = [Key(name, colour) for _, name, colour in rule_classes()]
    map_ = drawing.classes(np.where(rules.classes > 0, rules.classes, 255), rule_classes())
    return [
        drawing.figure(map_, f"{title} with and without the overlay with the resistance", keys),
        html.paragraph(rules.describe(title)),
    ]
