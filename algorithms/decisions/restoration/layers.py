"""The layers and tables of a restoration plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from qgis.core import QgsWkbTypes

from .... import core
from ....core.choices import PlanObjective
from ...support.inputs.linked import Linked
from ...support.io.fields import Shown
from ...support.io.tables import Column, columns, kept
from ...support.run import palette, styling
from ...support.run.job import Job
from .candidates import Places


@dataclass(frozen=True)
class Outcome:
    """A plan and what it was made from.

    Attributes
    ----------
    plan : RestorationPlan
        The plan.
    places : Places
        The candidates.
    given : Linked
        Surface, sources and links.
    gain_unit : str
        Of the gains.
    """

    plan: core.decisions.RestorationPlan
    places: Places
    given: Linked
    gain_unit: str

    @property
    def best(self) -> core.decisions.Frontier:
        """What the largest budget buys."""
        return self.plan.frontier[-1]

    def id_of(self, candidate: int) -> int:
        """Return the feature id of a candidate."""
        return self.places.features[candidate].id()

    def restored_ha(self, candidate: int) -> float:
        """Return the area of the cells of a candidate that restoration changes."""
        surface = self.given.resistance.ravel()[self.places.candidates.cells[candidate]]
        better = np.isnan(surface) | (surface > self.places.candidates.restored[candidate])
        return float(np.count_nonzero(better)) * self.given.raster.grid.cell_ha

    def links_of(self, pick: core.decisions.Pick) -> str:
        """Return the ids of the links that a pick makes shorter."""
        return ", ".join(str(self.given.links.ids[link]) for link in pick.links)

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
    cost, gain = outcome.places.unit, outcome.gain_unit
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


def write_plan(job: Job, outcome: Outcome) -> None:
    """Write the picks of the largest budget as polygons, in their order."""
    cost, gain = outcome.places.unit, outcome.gain_unit
    cols = columns(
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
    picks = outcome.plan.picks
    features = [outcome.places.features[pick.candidate] for pick in picks]
    old, held = kept(features, cols, "places", job.monitor)
    rows = [
        [
            order,
            outcome.id_of(pick.candidate),
            pick.cost,
            pick.spent,
            pick.gain,
            pick.alone,
            outcome.restored_ha(pick.candidate),
            outcome.links_of(pick),
            pick.reason,
            *before,
        ]
        for order, (pick, before) in enumerate(zip(picks, held), start=1)
    ]
    job.write_features(
        "PLAN",
        [*cols, *old],
        rows,
        [feature.geometry() for feature in features],
        QgsWkbTypes.Type.MultiPolygon,
        outcome.given.raster.crs,
        style=styling.labelled(styling.marked(palette.BARRIER), "pick"),
    )


def write_links(job: Job, outcome: Outcome) -> None:
    """Write the links with what they cost before and after."""
    plan = outcome.plan
    unit = "cost units"
    cols = columns(
        cost_before=(float, Shown("Least-cost distance before", unit, 1)),
        cost_after=(float, Shown("Least-cost distance after", unit, 1)),
        saved=(float, Shown("Saved", unit, 1)),
        saved_pct=(float, Shown("Saved", "%", 1)),
    )
    with np.errstate(invalid="ignore"):
        saved = plan.before - plan.after
        table = [plan.before, plan.after, saved, 100.0 * saved / plan.before]
    if plan.effective_before is not None:
        cols += columns(
            res_before=(float, Shown("Effective resistance before", unit, 1)),
            res_after=(float, Shown("Effective resistance after", unit, 1)),
        )
        table += [plan.effective_before, plan.effective_after]
    rows = ([float(value) if np.isfinite(value) else None for value in row] for row in zip(*table))
    job.write_features(
        "OUTPUT_LINKS",
        *outcome.given.with_columns(cols, rows, job.monitor),
        style=styling.lines(palette.CORRIDORS[1]),
    )


def summary(outcome: Outcome) -> Iterator[str]:
    """Yield what the log and the report say of a plan."""
    plan, best = outcome.plan, outcome.best
    cost, gain = (f" {unit}" if unit else "" for unit in (outcome.places.unit, outcome.gain_unit))
    what = {
        PlanObjective.COST: "off the least-cost distances",
        PlanObjective.RESISTANCE: "off the effective resistances",
        PlanObjective.EQUIVALENT: "of equivalent connectivity",
    }[plan.objective]
    if not plan.picks:
        yield (
            f"Nothing that can be paid for with {best.budget:,.6g}{cost} brings a gain: no place, and no set of places on "
            "one path. Raise the budget, or give other places."
        )
        return
    yield (
        f"{len(plan.picks)} of {len(outcome.places.features)} places for {best.spent:,.6g} of {best.budget:,.6g}{cost} gain "
        f"{best.gain:,.6g}{gain} {what}."
    )
    yield (
        f"The order of the first scores, taken as it stands, would gain {best.static_gain:,.6g}{gain} for "
        f"{best.static_spent:,.6g}{cost}."
    )
    bundles = len({pick.reason for pick in plan.picks if pick.reason.startswith("bundle")})
    if bundles:
        yield f"{bundles} of the picks {'is a bundle' if bundles == 1 else 'are bundles'} that bring little one by one."
    if not np.isnan(best.optimum):
        yield (
            f"All sets were tried: the largest gain for {best.budget:,.6g}{cost} is {best.optimum:,.6g}{gain}, a gap of "
            f"{best.gap:.2g} %."
        )
    if not np.isnan(plan.equivalent):
        yield f"EC(PC) rises from {plan.equivalent:,.6g} to {best.equivalent:,.6g}."
