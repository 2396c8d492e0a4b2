"""What of the key areas is owed to a rule or to the edge of the map, rather than to the landscape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....support.reports.document import Block, Heading, Paragraph
from ..outputs import NetworkOutputs
from .maps import NetworkMaps

if TYPE_CHECKING:
    from .....core.keyareas.rules import RuleComparison


def caveats(maps: NetworkMaps, outputs: NetworkOutputs) -> list[Block]:
    """Return the section on the rules, the overlap of both kinds of areas, and the edge of the data."""
    places = outputs.network.places
    blocks = [
        *_rules(maps, "Pinch points", "pinch_rules", places.pinch_rules),
        *_rules(maps, "Barriers", "barrier_rules", places.barrier_rules),
    ]
    if blocks:
        blocks.append(
            Paragraph(
                "The overlay multiplies current and score by the resistance before they are classified. That draws both "
                "kinds of areas to hard ground: what is found only with it is as much hard as it is squeezed, what is found "
                "only without it is squeezed where the ground is easy. Places by both rules are the surest."
            )
        )
    if places.overlap is not None:
        blocks += [
            Paragraph(places.overlap.describe()),
            Paragraph(
                "Where a place is pinch point and barrier, the way is narrow and hard at once: keep it open, and make it "
                "easier. Where it is in both lists because of the overlay alone, look at the ground before it is fenced or "
                "planted."
            ),
        ]
    for what, measures in (("pinch points", places.pinch_measures), ("barriers", places.barrier_measures)):
        if measures is not None:
            blocks.append(Paragraph(measures.describe_edge(what), "warning" if measures.at_edge else ""))
    return [Heading("How sure these places are", 2), *blocks] if blocks else []


def _rules(maps: NetworkMaps, title: str, role: str, rules: RuleComparison | None) -> list[Block]:
    if rules is None:
        return []
    layers = [*maps.borders(), *maps.pale_sources(), *maps.own(role, title)]
    return [
        maps.other(role, layers, f"{title} with and without the overlay with the resistance"),
        Paragraph(rules.describe(title)),
    ]
