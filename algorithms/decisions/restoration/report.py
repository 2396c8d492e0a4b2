"""The page about a restoration plan."""

from __future__ import annotations

import numpy as np

from ...support.reports import html
from ...support.reports.charts import Line, line_chart
from ...support.reports.maps import Map
from ...support.run import palette, ramps
from .layers import Outcome, frontier_columns, summary

_LIMITS = (
    "No guarantee comes with a plan. Places on parallel ways replace each other: once one way is open the others bring "
    "little. Walls one behind the other need each other: alone each brings nothing. So the next best place need not belong "
    "to the best set, and only trying all sets, done here with up to 12 places, proves one. The estimates choose which few "
    "options are carried out in full before each pick; a larger number of them (TOP) finds more and takes longer. Gains "
    "hold for this resistance surface, these links and this resistance after restoration."
)


def plan_page(outcome: Outcome) -> str:
    """Return the report as one self-contained page."""
    plan, best = outcome.plan, outcome.best
    cost, gain = outcome.places.unit, outcome.gain_unit
    cards = [
        (f"{len(plan.picks)}", f"of {len(outcome.places.features)} places"),
        (f"{best.spent:,.6g} {cost}".strip(), f"of {best.budget:,.6g} {cost} spent".replace("  ", " ")),
        (f"{best.gain:,.4g}", f"gain ({gain})"),
        (f"{best.static_gain:,.4g}", "by the order of the first scores"),
    ]
    if not np.isnan(best.optimum):
        cards.append((f"{best.gap:.2g} %", "gap to the best of all sets"))
    parts = [html.cards(cards), _map(outcome), html.heading("What a budget buys"), _curve(outcome)]
    parts.append(html.table([column.shown.heading for column in frontier_columns(outcome)], outcome.frontier_rows()))
    if plan.picks:
        parts += [html.heading("The picks, in order"), _picks(outcome)]
    parts += [
        html.heading("In words"),
        html.paragraph(" ".join(summary(outcome))),
        html.heading("What it does not say"),
        html.paragraph(_LIMITS),
    ]
    return html.page(
        "Restoration plan",
        f"{outcome.given.raster.name}: what to restore first. Objective: {plan.objective.label}.",
        parts,
    )


def _map(outcome: Outcome) -> str:
    grid = outcome.given.raster.grid
    surface = outcome.plan.resistance
    ramp = ramps.over(palette.RESISTANCE, surface, "")
    view = Map(grid).surface(surface, ramp)
    view.polygons(outcome.given.sources.geometries, palette.PALE_SOURCE.fill, palette.PALE_SOURCE.edge)
    view.lines([feature.geometry() for feature in outcome.given.links.features], palette.CORRIDORS[1])
    shapes = [feature.geometry() for feature in outcome.places.features]
    mark = palette.BARRIER
    view.polygons(shapes, None, mark.edge, 0.8, mark.halo)
    for order, pick in enumerate(outcome.plan.picks, start=1):
        shape = shapes[pick.candidate]
        view.polygons([shape], mark.fill, mark.edge, 1.2, mark.halo)
        view.label(str(order), shape)
    scale = view.scale_bar()
    keys = [
        html.Key("Restored, with the order", mark.fill, mark.edge),
        html.Key("Other places", palette.WHITE, mark.edge),
        html.Key("Links before", palette.CORRIDORS[1], line=2.0),
        html.Key("Ecological sources", palette.PALE_SOURCE.fill, palette.PALE_SOURCE.edge),
    ]
    caption = f"The plan on the resistance after it. The bar is {scale}."
    return html.figure(view.png(), caption, keys, [("Resistance", ramp)], overlay=view.overlay())


def _curve(outcome: Outcome) -> str:
    """Return the gain over the budgets, or with a single one over what the picks cost together."""
    points = outcome.plan.frontier
    cost, gain = outcome.places.unit, outcome.gain_unit
    unit = f" ({cost})" if cost else ""
    if len(points) == 1:
        picks = outcome.plan.picks
        places = [0.0, *(pick.spent for pick in picks)]
        values = [0.0, *np.cumsum([pick.gain for pick in picks]).tolist()]
        line = Line("solved again after every pick", values)
        return line_chart(
            places, [line], f"Spent{unit}", f"Gain ({gain})", "What each pick adds. Of a bundle the last does."
        )
    lines = [
        Line("solved again after every pick", [point.gain for point in points]),
        Line("order of the first scores", [point.static_gain for point in points]),
    ]
    if not np.isnan(outcome.best.optimum):
        lines.append(Line("best of all sets", [point.optimum for point in points]))
    caption = (
        "What a budget brings in truth: restored in earnest and solved again, whichever way the places were chosen."
    )
    return line_chart([point.budget for point in points], lines, f"Budget{unit}", f"Gain ({gain})", caption)


def _picks(outcome: Outcome) -> str:
    cost, gain = outcome.places.unit, outcome.gain_unit
    unit = f" ({cost})" if cost else ""
    return html.table(
        ["Order", "Place", f"Cost{unit}", f"Together{unit}", f"Gain ({gain})", f"Alone ({gain})", "Links", "Why"],
        [
            [
                order,
                outcome.id_of(pick.candidate),
                pick.cost,
                pick.spent,
                pick.gain,
                pick.alone,
                outcome.links_of(pick),
                pick.reason,
            ]
            for order, pick in enumerate(outcome.plan.picks, start=1)
        ],
    )
