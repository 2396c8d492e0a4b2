"""What is said of a restoration plan: its picks, what a budget buys, sentences and a curve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from qgis.core import QgsGeometry

from .... import core
from ....core.choices import PlanObjective
from ..io.fields import Shown
from ..io.tables import Column, columns
from ..run import palette, styling
from . import html
from .charts import Line, line_chart
from .maps import Map

LIMITS = (
    "No guarantee comes with a plan. Places on parallel ways replace each other: once one way is open the others bring "
    "little. Walls one behind the other need each other: alone each brings nothing. So the next best place need not belong "
    "to the best set, and only trying all sets, done here with up to 12 places, proves one. The estimates choose which few "
    "options are carried out in full before each pick; with more of them, as the tool 'Restoration plan' takes (TOP), it "
    "finds more and takes longer. Gains hold for this resistance surface, these links and this resistance after restoration."
)
"""What no plan says."""


@dataclass(frozen=True)
class Outcome:
    """A plan and what its parts are called.

    Attributes
    ----------
    plan : RestorationPlan
        The plan.
    places : sequence of int or str
        Ids of the candidates.
    links : sequence of int or str
        Ids of the active links.
    unit : str
        Of the costs; empty where it is the user's own.
    gain_unit : str
        Of the gains.
    """

    plan: core.decisions.RestorationPlan
    places: Sequence[object]
    links: Sequence[object]
    unit: str
    gain_unit: str

    @property
    def best(self) -> core.decisions.Frontier:
        """What the largest budget buys."""
        return self.plan.frontier[-1]

    def id_of(self, candidate: int) -> object:
        """Return the id of a candidate."""
        return self.places[candidate]

    def links_of(self, pick: core.decisions.Pick) -> str:
        """Return the ids of the links that a pick makes shorter."""
        return ", ".join(str(self.links[link]) for link in pick.links)

    def frontier_rows(self) -> Iterator[list[object]]:
        """Yield the rows of the frontier; None for what is not known."""
        for point in self.plan.frontier:
            numbers = (
                point.budget,
                point.spent,
                point.gain,
                point.static_spent,
                point.static_gain,
                point.equivalent,
                point.optimum,
                point.gap,
            )
            picks = ", ".join(str(self.id_of(one)) for one in point.picks)
            yield [*(None if np.isnan(one) else float(one) for one in numbers), len(point.picks), picks]


def frontier_columns(outcome: Outcome) -> list[Column]:
    """Return the columns of the frontier."""
    cost, gain = outcome.unit, outcome.gain_unit
    return columns(
        budget=(float, Shown("Budget", cost)),
        spent=(float, Shown("Spent", cost)),
        gain=(float, Shown("Gain, solved again after every pick", gain)),
        static_spent=(float, Shown("Spent by the order of the first scores", cost)),
        static_gain=(float, Shown("Gain by the order of the first scores", gain)),
        EC_PC=float,
        optimum=(float, Shown("Largest gain of all sets", gain)),
        gap=(float, Shown("Gap to the largest gain", "%")),
        count=(int, Shown("Places")),
        picks=(str, Shown("Places, in order")),
    )


def frontier_table(outcome: Outcome, caption: str = "") -> str:
    """Return the frontier as a table of a page, without the columns in which nothing is known."""
    rows = list(outcome.frontier_rows())
    known = [k for k, held in enumerate(zip(*rows)) if any(value is not None for value in held)]
    headers = [column.shown.heading for column in frontier_columns(outcome)]
    return html.table([headers[k] for k in known], [[row[k] for k in known] for row in rows], caption=caption)


def draw_picks(map_: Map, shapes: Sequence[QgsGeometry], picked: Sequence[int]) -> None:
    """Paint all places, and over them those that are picked, with their order."""
    mark = palette.RESTORED
    map_.polygons(shapes, palette.WHITE, palette.BARRIER.edge, 0.6)
    for order, place in enumerate(picked, start=1):
        map_.polygons([shapes[place]], mark.fill, mark.edge, 0.8, mark.halo)
        map_.label(str(order), shapes[place])


def pick_keys(others: str) -> list[html.Key]:
    """Return what the legend says of `draw_picks`."""
    mark = palette.RESTORED
    return [
        html.Key("Restored, with the order", mark.fill, mark.edge),
        html.Key(others, palette.WHITE, palette.BARRIER.edge),
    ]


def plan_columns(outcome: Outcome) -> list[Column]:
    """Return the columns of the picks."""
    cost, gain = outcome.unit, outcome.gain_unit
    return columns(
        pick=(int, Shown("Order")),
        candidate=(int, Shown("Place")),
        cost=(float, Shown("Cost", cost)),
        spent=(float, Shown("Cost of all up to it", cost)),
        gain=(float, Shown("Gain when picked", gain)),
        gain_alone=(float, Shown("Gain alone", gain)),
        restored_ha=(float, Shown("Area that changes", "ha")),
        links=(str, Shown("Links that get shorter")),
        why=(str, Shown("Why")),
    )


def plan_rows(outcome: Outcome, restored_ha: Sequence[float]) -> list[list[object]]:
    """Return the picks in their order; the hectares that restoration changes are those of each candidate."""
    return [
        [
            order,
            outcome.id_of(pick.candidate),
            pick.cost,
            pick.spent,
            pick.gain,
            pick.alone,
            restored_ha[pick.candidate],
            outcome.links_of(pick),
            pick.reason,
        ]
        for order, pick in enumerate(outcome.plan.picks, start=1)
    ]


def plan_style() -> styling.Style:
    """Return the style of the picks, with their order."""
    return styling.labelled(styling.marked(palette.RESTORED), "pick")


def restored_ha(resistance: np.ndarray, candidates: core.decisions.Candidates, cell_ha: float) -> list[float]:
    """Return the hectares of the cells of each candidate that restoration changes."""
    surface = resistance.ravel()
    return [
        float(np.count_nonzero(np.isnan(surface[cells]) | (surface[cells] > restored))) * cell_ha
        for cells, restored in zip(candidates.cells, candidates.restored)
    ]


def summary(outcome: Outcome) -> Iterator[str]:
    """Yield what the log and the report say of a plan."""
    plan, best = outcome.plan, outcome.best
    cost, gain = (f" {unit}" if unit else "" for unit in (outcome.unit, outcome.gain_unit))
    by_cost, by_size = (plan.objective is one for one in (PlanObjective.COST, PlanObjective.EQUIVALENT))
    if not plan.picks:
        yield (
            f"Nothing that can be paid for with {best.budget:,.6g}{cost} brings a gain: no place, and no set of places on "
            "one path. Raise the budget, or give other places."
        )
        return
    yield (
        f"{len(plan.picks)} of {len(outcome.places)} places for {best.spent:,.6g} of {best.budget:,.6g}{cost} gain "
        f"{best.gain:,.6g}{gain} "
        + (
            "off the least-cost distances"
            if by_cost
            else "of equivalent connectivity"
            if by_size
            else "off the effective resistances"
        )
        + "."
    )
    yield (
        f"The order of the first scores, taken as it stands, would gain {best.static_gain:,.6g}{gain} for "
        f"{best.static_spent:,.6g}{cost}."
    )
    bundles = len({pick.reason for pick in plan.picks if pick.reason.startswith("bundle")})
    if bundles:
        were = "bundle was" if bundles == 1 else "bundles were"
        yield f"{bundles} {were} taken: places that bring more together than apart."
    if not np.isnan(best.optimum):
        yield (
            f"All sets were tried: the largest gain for {best.budget:,.6g}{cost} is {best.optimum:,.6g}{gain}, a gap of "
            f"{best.gap:.2g} %."
        )
    if not np.isnan(plan.equivalent):
        yield f"EC(PC) rises from {plan.equivalent:,.6g} to {best.equivalent:,.6g}."


def curve(outcome: Outcome) -> str:
    """Return the gain over the budgets, or with a single one over what the picks cost together."""
    points = outcome.plan.frontier
    cost, gain = outcome.unit, outcome.gain_unit
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


def picks(outcome: Outcome) -> str:
    """Return the picks as a table."""
    cost, gain = outcome.unit, outcome.gain_unit
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
