"""What to restore for a budget: places taken one after the other, the network solved again after every pick.

Barrier scores rank places as if each were restored alone. A second place on a parallel way is worth nothing once the first is
restored, and two walls one behind the other are worth nothing until both are gone. Here the surface is restored in earnest:
the next place is chosen on what the last one has left.

References
----------
McRae, B. H. et al. (2012). Where to restore ecological connectivity? *PLoS ONE* 7(12), e52604,
https://doi.org/10.1371/journal.pone.0052604
Saura, S. et al. (2011). Network analysis to assess landscape connectivity trends. *Ecological Indicators* 11, 407-416,
https://doi.org/10.1016/j.ecolind.2010.06.011
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..choices import PlanObjective
from ..errors import DisconnectedError, InputError
from ..keyareas.barrierscan import NOTHING
from ..leastcost.fields import CostFields
from ..leastcost.links import Links
from ..monitor import SILENT, Monitor
from ..types import FloatArray
from .plancircuits import Circuits
from .planleastcost import LeastCosts
from .planpatches import Candidates, Patches, members, set_of
from .plansearch import Distances, Search, Taken, named
from .planvalue import Habitat, Value

_SWAPS = 1.5
"""How much longer the swaps of a plan take than its picks."""


@dataclass(frozen=True)
class Pick:
    """A candidate of a plan.

    Attributes
    ----------
    candidate : int
        Its position.
    reason : str
        "alone", "bundle 3" (taken together with the others of the bundle), or "locked in".
    cost, spent : float
        What it costs, and all picks up to it.
    gain : float
        What it adds to those before it. Of a bundle the last ones have what the whole brings.
    alone : float
        What it would bring by itself.
    links : tuple of int
        Positions of the active links that it, or its bundle, makes shorter.
    """

    candidate: int
    reason: str
    cost: float
    spent: float
    gain: float
    alone: float
    links: tuple[int, ...]


@dataclass(frozen=True)
class Frontier:
    """What a budget buys.

    Attributes
    ----------
    budget, spent, gain : float
        Of the plan that is solved again after every pick.
    static_spent, static_gain : float
        Of the order of the scores at the start, each place that still fits, and what these bring together in truth.
    equivalent : float
        EC(PC) with the plan; NaN without a habitat.
    optimum : float
        The largest gain of any set for the budget, by enumeration; NaN where it was not enumerated.
    picks : tuple of int
        The candidates, in order.
    """

    budget: float
    spent: float
    gain: float
    static_spent: float
    static_gain: float
    equivalent: float
    optimum: float
    picks: tuple[int, ...]

    @property
    def gap(self) -> float:
        """By how many percent of the optimum the gain falls short of it; NaN where that is not known."""
        if not self.optimum > 0:
            return 0.0 if self.optimum == 0 else float("nan")
        return max(0.0, 100.0 * (self.optimum - self.gain) / self.optimum)


@dataclass(frozen=True)
class RestorationPlan:
    """What to restore, in which order.

    Attributes
    ----------
    objective : PlanObjective
        What gains are of: cost units (resistance times metres), or units of the attribute for equivalent connectivity.
    picks : tuple of Pick
        The plan for the largest budget, in order.
    frontier : tuple of Frontier
        Of each budget, ascending.
    before, after : float64, shape (active links,)
        Least-cost distances without and with the plan; infinite where there is no way.
    effective_before, effective_after : float64, shape (active links,), or None
        Effective resistances inside the corridors of the start, times the cell size, where these are the objective.
    equivalent : float
        EC(PC) before anything is restored; NaN without a habitat.
    resistance : float array, shape (rows, cols)
        The surface with the plan carried out.
    """

    objective: PlanObjective
    picks: tuple[Pick, ...]
    frontier: tuple[Frontier, ...]
    before: FloatArray
    after: FloatArray
    effective_before: FloatArray | None
    effective_after: FloatArray | None
    equivalent: float
    resistance: FloatArray


def restoration_plan(
    fields: CostFields,
    links: Links,
    candidates: Candidates,
    *,
    budgets: Sequence[float],
    objective: PlanObjective | str = PlanObjective.COST,
    weights: FloatArray | None = None,
    limits: FloatArray | None = None,
    habitat: Habitat | None = None,
    top: int = 5,
    swap: bool = True,
    monitor: Monitor = SILENT,
) -> RestorationPlan:
    """Choose what to restore for one or several budgets.

    Parameters
    ----------
    fields : CostFields
        The sources on the resistance surface.
    links : Links
        The link table.
    candidates : Candidates
        The places, what they cost and what becomes of them.
    budgets : sequence of float
        In the unit of the costs, above 0.
    objective : {"cost distance", "effective resistance", "equivalent connectivity"}
        What is to gain: the fall of the weighted sum of least-cost distances, that of effective resistances inside the
        corridors of the start, or the rise of EC(PC) with least-cost distances.
    weights : float64, shape (active links,), optional
        What each link counts, 1 by default; EC takes none.
    limits : float64, shape (active links,), optional
        Cutoff of the corridor of each link, in cost units; needed for effective resistance.
    habitat : Habitat, optional
        What sources hold and how far species get; needed for equivalent connectivity, and reported with it.
    top : int
        How many options of the best estimate, by gain for the price, are tried exactly before one is taken.
    swap : bool
        Whether each pick is afterwards exchanged, once, for another candidate that brings more.
    monitor : Monitor
        Progress, messages and cancellation.

    Returns
    -------
    RestorationPlan

    Raises
    ------
    InputError
        If candidates, budgets or what the objective needs cannot be used, nothing can be gained, the largest budget does not
        buy the cheapest candidate, or a budget does not pay for what is locked in.
    DisconnectedError
        If the objective sums distances and no link joins connected sources.

    Notes ----- After each pick every candidate that can still be paid for is an option, with an estimate that needs no
    search over the raster (`planestimates`) and is never above the true gain; so is, for each link, the set of candidates
    that its least-cost path crosses where all of them are restored, and the parts of that set (`planroutes`). The `top`
    options are carried out, and the one with the largest gain for its price is taken. A smaller budget takes the first
    picks of the largest one as far as they fit, and goes on from there; it never buys more than a larger one, and none less
    than the order of the first scores. After swaps the picks are put in the order in which they would have been taken had
    there been no others, and what adds nothing any more is given up. Ties go to the cheaper, then the first.

    No guarantee comes with this: candidates on parallel ways replace each other, and those in series need each other, so the
    gain is neither submodular nor supermodular. With up to 12 candidates all sets are tried, which gives the true optimum.

    Links that no way joins at the start count in EC only. Costs: two searches from each source at first; an option searches
    from one end of each link that it can shorten.

    Examples
    --------
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> resistance = np.array([[1.0, 9.0, 1.0, 5.0, 1.0]])
    >>> fields = CostFields(CostGraph(resistance), np.array([[1, 0, 0, 0, 2]], dtype=np.int32))
    >>> candidates = Candidates((np.array([1]), np.array([3])), np.array([3.0, 1.0]), np.ones(2), np.zeros(2, dtype=bool))
    >>> plan = restoration_plan(fields, Links.between([(1, 2)]), candidates, budgets=[2.0, 4.0])
    >>> [(pick.candidate, pick.gain) for pick in plan.picks], [point.gain for point in plan.frontier]
    ([(1, 4.0), (0, 8.0)], [4.0, 12.0])
    """
    objective, pairs = PlanObjective.of(objective), links.joined
    if not len(pairs):
        raise InputError("There is no link: a plan shortens the ways between linked sources.")
    fields.require(pairs)
    candidates.check(fields.labels.size)
    wanted, fixed = _budgets(candidates, budgets)
    if top < 1:
        raise InputError(f"{top} options cannot be tried; try at least 1.")
    patches = Patches(fields.graph.resistance, candidates, fields.graph.neighbours)
    costs = LeastCosts(fields, pairs, patches, monitor.part(0.0, 0.08))
    distances: Distances = costs
    if objective is PlanObjective.RESISTANCE:
        if limits is None:
            raise InputError("A plan by effective resistance needs the cutoff of the corridor of each link (limits).")
        distances = Circuits(fields, pairs, patches, links.limits(limits), monitor.part(0.08, 0.15))
    _check_joined(objective, distances, monitor)
    value = Value(objective, pairs, distances.start, weights, habitat)
    search = Search(distances, value, candidates.cost, patches.everything | fixed, top, monitor)
    order = search.first_order(fixed)
    plans = _plans(search, wanted, fixed, order, monitor.part(0.15, 0.9), swap=swap)
    best = search.best_of_all(fixed, wanted, fields.labels.size, monitor.part(0.9, 0.94))
    sets = [set_of([one for choice in plan for one in choice.ones]) for plan in plans]
    after = costs.distances([0, *sets])
    static = [search.static(order, budget) for budget in wanted]

    def equivalent(row: FloatArray) -> float:
        return float("nan") if habitat is None else habitat.equivalent(pairs, row)

    def gain(chosen: int) -> float:
        return search.worth(chosen) - value.start

    frontier = [
        Frontier(
            budget,
            search.price_of(chosen),
            gain(chosen),
            search.price_of(static[place]),
            gain(static[place]),
            equivalent(after[1 + place]),
            float("nan") if best is None else max(gain(best[place]), gain(chosen)),
            tuple(one for choice in plans[place] for one in choice.ones),
        )
        for place, (budget, chosen) in enumerate(zip(wanted, sets))
    ]
    effective = distances.distances([0, sets[-1]]) if distances is not costs else None
    return RestorationPlan(
        objective,
        _picks(plans[-1], fixed, search, distances, monitor.part(0.94, 1.0)),
        tuple(frontier),
        after[0],
        after[-1],
        None if effective is None else effective[0],
        None if effective is None else effective[1],
        equivalent(after[0]),
        np.array(patches.surface(sets[-1])),
    )


def _budgets(candidates: Candidates, budgets: Sequence[float]) -> tuple[list[float], int]:
    """Return the budgets, ascending and each once, and the set of candidates that is locked in."""
    wanted = sorted({float(budget) for budget in budgets})
    if not wanted:
        raise InputError("There is no budget. Give one number or several.")
    if not (wanted[0] > 0 and np.isfinite(wanted[-1])):
        wrong = next(budget for budget in wanted if not (budget > 0 and np.isfinite(budget)))
        raise InputError(f"The budget of {wrong:g} cannot be used; it must be a number above 0.")
    cheapest = int(np.argmin(candidates.cost))
    if wanted[-1] * (1.0 + 1e-9) < candidates.cost[cheapest]:
        raise InputError(
            f"The budget of {wanted[-1]:,.6g} buys nothing: the cheapest candidate (number {cheapest + 1}) costs "
            f"{candidates.cost[cheapest]:,.6g}. Raise the budget, or give smaller candidates."
        )
    fixed = set_of(np.flatnonzero(candidates.locked_in))
    price = float(candidates.cost[members(fixed)].sum())
    if price > wanted[0] * (1.0 + 1e-9):
        raise InputError(
            f"The candidates that are locked in cost {price:,.6g}, more than the budget of {wanted[0]:,.6g}. Raise "
            "it, or lock in fewer."
        )
    return wanted, fixed


def _check_joined(objective: PlanObjective, distances: Distances, monitor: Monitor) -> None:
    """Say how many links do not count because no way joins their ends; refuse if none does."""
    cut_off = int(np.isinf(distances.start).sum())
    if objective is PlanObjective.EQUIVALENT or not cut_off:
        return
    if cut_off == distances.start.size:
        raise DisconnectedError(
            "No link joins sources that are connected: impassable (NoData) cells cut all of them off."
        )
    monitor.warn(
        f"{cut_off} of {distances.start.size} links join sources that are cut off from each other; they do not count. In "
        "equivalent connectivity they would."
    )


def _plans(
    search: Search, budgets: Sequence[float], fixed: int, order: Sequence[int], monitor: Monitor, *, swap: bool
) -> list[list[Taken]]:
    """Return what each budget buys: the first picks of the largest as far as they fit, and on from there."""
    ends = np.cumsum([1.0, *(_SWAPS * budget / budgets[-1] for budget in budgets)])
    ends /= ends[-1]
    start = [Taken((one,)) for one in order if fixed >> one & 1]
    whole = search.extend(start, budgets[-1], monitor.part(0.0, float(ends[0])))
    plans: list[list[Taken]] = []
    for place, budget in enumerate(budgets):
        part = monitor.part(float(ends[place]), float(ends[place + 1]))
        plan: list[Taken] = []
        chosen = 0
        for choice in whole:
            chosen |= set_of(choice.ones)
            if search.price_of(chosen) > budget * (1.0 + 1e-9):
                break
            plan.append(choice)
        plan = search.extend(plan, budget, part.part(0.0, 0.2))
        if swap:
            swapped = search.swapped(plan, fixed, budget, part.part(0.2, 0.8))
            if swapped != plan:
                plan = search.extend(search.ordered(swapped, start, part.part(0.8, 0.9)), budget, part.part(0.9, 1.0))
        static = search.static(order, budget)
        if search.worth(static) > search.worth_of(plan):
            plan = [Taken((one,)) for one in members(static)]
            plan = search.extend(search.ordered(plan, start, part.part(1.0, 1.0)), budget, part.part(1.0, 1.0))
        if plans and search.worth_of(plan) < search.worth_of(plans[-1]):
            plan = search.extend(plans[-1], budget, part.part(1.0, 1.0))
        plans.append(plan)
    return plans


def _picks(
    plan: Sequence[Taken], fixed: int, search: Search, distances: Distances, monitor: Monitor
) -> tuple[Pick, ...]:
    """Return the picks of a plan with what each brings."""
    reasons = dict(named(plan, fixed))
    picks: list[Pick] = []
    chosen = 0
    for choice in plan:
        whole = chosen | set_of(choice.ones)
        before, after = distances.distances([chosen, whole])
        shorter = np.flatnonzero((after < before * (1.0 - NOTHING)) | (np.isinf(before) & np.isfinite(after)))
        for one in choice.ones:
            monitor.step(len(picks), len(reasons))
            gain = search.worth(chosen | 1 << one) - search.worth(chosen)
            chosen |= 1 << one
            picks.append(
                Pick(
                    one,
                    reasons[one],
                    search.price_of(1 << one),
                    search.price_of(chosen),
                    gain,
                    search.worth(1 << one) - search.worth(0),
                    tuple(shorter.tolist()),
                )
            )
    return tuple(picks)
