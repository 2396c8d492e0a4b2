"""The page about a restoration plan."""

from __future__ import annotations

import numpy as np

from ...support.inputs.linked import Linked
from ...support.reports import html
from ...support.reports.maps import Map
from ...support.reports.restoration import LIMITS, Outcome, curve, draw_picks, frontier_table, pick_keys, picks, summary
from ...support.run import palette, ramps
from .candidates import Places


def plan_page(outcome: Outcome, places: Places, given: Linked) -> str:
    """Return the report as one self-contained page."""
    plan, best = outcome.plan, outcome.best
    cost, gain = outcome.unit, outcome.gain_unit
    spent, budget = (f"{value:,.6g} {cost}".strip() for value in (best.spent, best.budget))
    cards = [
        (f"{len(plan.picks)}", f"of {len(places.features)} places"),
        (spent, f"of {budget} spent"),
        (f"{best.gain:,.6g}", f"gain ({gain})"),
        (f"{best.static_gain:,.6g}", "by the order of the first scores"),
    ]
    if not np.isnan(best.optimum):
        cards.append((f"{best.gap:.2g} %", "gap to the best of all sets"))
    parts = [html.cards(cards), _map(outcome, places, given), html.heading("What a budget buys"), curve(outcome)]
    parts.append(frontier_table(outcome))
    if plan.picks:
        parts += [html.heading("The picks, in order"), picks(outcome)]
    parts += [
        html.heading("In words"),
        *map(html.paragraph, summary(outcome)),
        html.heading("What it does not say"),
        html.paragraph(LIMITS),
    ]
    return html.page(
        "Restoration plan",
        f"{given.raster.name}: what to restore first. Objective: {plan.objective.label}.",
        parts,
    )


def _map(outcome: Outcome, places: Places, given: Linked) -> str:
    grid = given.raster.grid
    surface = outcome.plan.resistance
    ramp = ramps.over(palette.RESISTANCE, surface, "")
    view = Map(grid).surface(surface, ramp)
    view.polygons(given.sources.geometries, palette.PALE_SOURCE.fill, palette.PALE_SOURCE.edge)
    view.lines([feature.geometry() for feature in given.links.features], palette.CORRIDORS[1])
    shapes = [feature.geometry() for feature in places.features]
    draw_picks(view, shapes, [pick.candidate for pick in outcome.plan.picks])
    scale = view.scale_bar()
    keys = [
        *pick_keys("Other places"),
        html.Key("Links before", palette.CORRIDORS[1], line=2.0),
        html.Key("Ecological sources", palette.PALE_SOURCE.fill, palette.PALE_SOURCE.edge),
    ]
    caption = f"The plan on the resistance after it. The bar is {scale}."
    return html.figure(view.png(), caption, keys, [("Resistance", ramp)], overlay=view.overlay())
