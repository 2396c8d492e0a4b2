"""Tool: what to restore for a budget, the network solved again after every pick."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessing, QgsProcessingOutputNumber

from ... import core
from ...core.choices import PlanObjective
from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.declarations import (
    corridor_cutoff,
    cutoff_rule,
    dispersal_distance,
    dispersal_probability,
    link_layer,
    read_budgets,
    read_cutoff,
    resistance_surface,
    source_layer,
)
from ..support.inputs.linked import Linked, need_memory, read_linked
from ..support.inputs.nodes import attribute_field, read_attributes
from ..support.io.vectors import is_null, name_ids
from ..support.reports.restoration import Outcome, frontier_columns, summary
from ..support.run import palette
from ..support.run.forecast import Forecast
from ..support.run.layertree import UNSEEN
from .restoration import layers, report
from .restoration.candidates import candidate_parameters, check_places, read_places

_KEPT = 80
"""Bytes a cell beside a least-cost graph and its searches: the surface with everything restored, the one with the picks so
far, and the cost fields on both."""

_ADVICE = "Fewer places, budgets or options to try (TOP), no swaps, or larger cells make it shorter."


class RestorationPlanAlgorithm(EcoSecNetAlgorithm):
    """Plans what to restore."""

    NAME = "restorationplan"
    LABEL = "Restoration plan"
    GROUP = base.DECISIONS
    TAGS = (
        *("restoration", "budget", "prioritisation", "barrier removal", "cost-effectiveness", "optimisation"),
        *("生态修复", "修复优先级", "预算", "障碍点修复"),
    )
    REQUIRES = ("scipy", "networkx")
    SUMMARY = "Chooses what to restore, in which order, for a budget: the network is solved again after every pick."
    HELP = (
        "<p>Barrier scores rank places as if each were restored alone. Here a place is restored in earnest before the next "
        "is chosen: what lies on a parallel way is worth less then, and what stands behind it may be worth more.</p>"
        "<p><b>Objectives</b>: <i>least-cost distance</i>, what comes off the distances of all links, each times its "
        "LINK_WEIGHT (centrality, priority; 1 without); <i>effective resistance</i>, the same inside the corridors, which "
        "stay as they are drawn at the start by CUTOFF; <i>equivalent connectivity</i> EC(PC) with least-cost distances, "
        "the area of one connected patch that would do as much. Links whose sources no way joins count in EC only. A metre "
        "of dispersal costs what a metre of the least-cost paths does before anything is restored.</p>"
        "<p><b>How</b>: before each pick every place that can still be paid for gets an estimate of its gain that needs no "
        "new search (enter it at the cost of its rim from one source, cross it restored, leave it towards the other), never "
        "above the true gain; by effective resistance the derivatives serve, a lower bound as well. Walls one behind the "
        "other bring nothing one by one: for every link the places that its path crosses where all are restored, and parts "
        "of them, are options too, as <i>bundles</i>. The TOP options by estimated gain for the cost are carried out, and "
        "that with the largest true gain for its cost is taken. Then each pick is exchanged, once, where another brings "
        "more (SWAP). A smaller budget buys the first picks of the largest one that fit, and goes on from there. No plan "
        "brings less than the order of the first scores.</p>"
        "<p><b>No guarantee holds.</b> Where gains only shrink as more is restored and all places cost the same, taking the "
        "best first brings at least 63 % of the best plan. Gains here do not only shrink: redundant ways make places "
        "replace each other, walls in series make them need each other. The frontier shows what that costs in your case: "
        "beside the plan stands the order of the first scores, restored and solved as honestly, and with up to 12 places "
        "the best of all sets and the gap to it.</p>"
        "<p><b>Costs</b>: COST_FIELD, a COST raster summed over the cells of a place, or the area in hectares of the cells "
        "that may be restored. Cells locked out are not restored and cost nothing. Restored cells get RESTORED or what they "
        "have if that is lower; NoData cells of the resistance are opened.</p>"
        "<p><b>Plan</b>: one polygon a pick, with cost, gain when picked and alone, and the links that get shorter; the "
        "gain of a bundle stands with its last members. RESISTANCE_AFTER is the surface to run 'linkages' on again.</p>"
        "<p>McRae et al. 2012, PLoS ONE 7(12), doi:10.1371/journal.pone.0052604 (barriers); Saura et al. 2011, Ecol. Indic. "
        "11:407-416, doi:10.1016/j.ecolind.2010.06.011 (EC); Nemhauser et al. 1978, Math. Program. 14:265-294, "
        "doi:10.1007/BF01588971 (when taking the best first is nearly best).</p>"
    )

    def declare(self):
        return [
            resistance_surface(),
            source_layer(),
            p.id_field(),
            link_layer(),
            *candidate_parameters(),
            p.text(
                "BUDGET",
                "Budget, or several",
                "In the unit of the costs: 10, 20, 50. The plan is that of the largest; the frontier shows all.",
            ),
            p.choice("OBJECTIVE", "Objective", "What the plan is to gain; the help describes each.", PlanObjective),
            p.field(
                "LINK_WEIGHT",
                "Weight field of the links",
                "How much each link counts: centrality, priority. Empty: all the same. Not for equivalent connectivity.",
                "LINKS",
                numeric=True,
                optional=True,
                advanced=True,
            ),
            corridor_cutoff("For effective resistance."),
            cutoff_rule(),
            attribute_field(advanced=True),
            dispersal_distance("For EC(PC): distance at which dispersal has the probability below."),
            dispersal_probability(advanced=True),
            p.integer(
                "TOP",
                "Options tried in full before each pick",
                "So many options of the largest estimated gain for their cost are restored and solved; the best is taken.",
                5,
                low=1,
                advanced=True,
            ),
            p.flag(
                "SWAP",
                "Exchange picks afterwards",
                "Each pick goes, once, for another place if that brings more for the budget. Takes about as long again for "
                "each budget.",
                True,
                advanced=True,
            ),
            p.vector_output("PLAN", "Restoration plan", "The places to restore for the largest budget, in order."),
            p.table_output(
                "FRONTIER",
                "What a budget buys",
                "For each budget what is spent and gained, also by the order of the first scores.",
            ),
            p.vector_output(
                "OUTPUT_LINKS",
                "Links before and after",
                "The links with their least-cost distance before and after the plan.",
                QgsProcessing.SourceType.TypeVectorLine,
                optional=True,
            ),
            p.raster_output(
                "RESISTANCE_AFTER",
                "Resistance surface after restoration",
                "The resistance surface with the plan carried out.",
                optional=True,
            ),
            p.html_output(
                "HTML", "Restoration report", "Map with the order of the picks, curve, tables.", default=True
            ),
            QgsProcessingOutputNumber("SPENT", "Spent"),
            QgsProcessingOutputNumber("GAIN", "Gain"),
            QgsProcessingOutputNumber("GAIN_STATIC", "Gain by the order of the first scores"),
        ]

    def check(self, job: Job) -> str | None:
        read_budgets(job)
        read_cutoff(job)
        if job.given("LINK_WEIGHT") and job.choice("OBJECTIVE", PlanObjective) is PlanObjective.EQUIVALENT:
            return (
                "Equivalent connectivity takes no weights of links (LINK_WEIGHT): what links count follows from the sources "
                "they join (ATTRIBUTE). Leave it empty, or choose another objective."
            )
        return check_places(job)

    def execute(self, job: Job) -> None:
        raster, objective = job.raster("RESISTANCE"), job.choice("OBJECTIVE", PlanObjective)
        each = _KEPT + core.leastcost.SPARE_BYTES // (raster.grid.rows * raster.grid.cols)
        need_memory(raster.grid, each, job.monitor, circuits=objective is PlanObjective.RESISTANCE)
        given = read_linked(job, raster)
        places = read_places(job, raster)
        fields, links, limits = given.cost_fields(job.monitor), given.links.table(), None
        if objective is PlanObjective.RESISTANCE:
            belts = given.corridors(read_cutoff(job), job.monitor.part(0.06, 0.08))
            fields, limits = belts.fields, belts.limits
        plan = core.decisions.restoration_plan(
            fields,
            links,
            places.candidates,
            budgets=read_budgets(job),
            objective=objective,
            weights=_weights(job, given),
            limits=limits,
            habitat=_habitat(job, given, fields, links),
            top=job.integer("TOP"),
            swap=job.flag("SWAP"),
            monitor=Forecast(job.monitor.part(0.08, 0.95), _ADVICE),
        )
        attribute = job.field("ATTRIBUTE")
        unit = (f"of '{attribute}'" if attribute else "ha") if objective is PlanObjective.EQUIVALENT else "cost units"
        outcome = Outcome(plan, [one.id() for one in places.features], given.links.ids, places.unit, unit)
        for sentence in summary(outcome):
            job.monitor.info(sentence)
        cheapest = float(places.candidates.cost.min())
        for point in plan.frontier:
            if point.budget < cheapest:
                job.monitor.warn(
                    f"The budget of {point.budget:,.6g} buys nothing: the cheapest place costs {cheapest:,.6g}."
                )
        layers.write_plan(job, outcome, places, given)
        job.write_table("FRONTIER", frontier_columns(outcome), outcome.frontier_rows())
        layers.write_links(job, outcome, given)
        job.write_surface(
            "RESISTANCE_AFTER",
            plan.resistance,
            raster.grid,
            palette.RESISTANCE,
            "",
            "Resistance with the restoration plan carried out",
            place=UNSEEN,
        )
        if job.given("HTML"):
            job.write_html("HTML", report.plan_page(outcome, places, given))
        best = outcome.best
        job.results.update(SPENT=best.spent, GAIN=best.gain, GAIN_STATIC=best.static_gain)


def _weights(job: Job, given: Linked) -> np.ndarray | None:
    """Return what each link counts; None for all the same."""
    name = job.field("LINK_WEIGHT")
    if not name:
        return None
    values = [feature[name] for feature in given.links.features]
    lacking = [one for one, value in zip(given.links.ids, values) if is_null(value) or not float(value) >= 0]
    if lacking:
        raise InputError(f"Links {name_ids(lacking)} have no number of 0 or more in '{name}' (LINK_WEIGHT).")
    return np.array(values, dtype=np.float64)


def _habitat(job: Job, given: Linked, fields, links) -> core.decisions.Habitat:
    """Return what the sources hold, and the dispersal distance in cost units."""
    if np.isnan(links.cost + links.length).any():
        links = core.corridors.traced(fields, links)
    factor = core.corridors.mean_resistance(links)
    sources = given.sources
    hectares = given.raster.grid.metres_per_unit**2 / 1e4
    attributes = read_attributes(sources.ids, sources.features, job.field("ATTRIBUTE"), hectares)
    return core.decisions.Habitat(attributes, job.number("DISPERSAL") * factor, job.number("PROBABILITY"))
