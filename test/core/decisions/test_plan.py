"""Restoration plans: known answers, enumeration by a search that is not ours, invariants, refusals."""

import numpy as np
import pytest
import restorationcases as cases
from ecosecnet.core.connectivity import PatchGraph, dispersal_rate, probability_indices
from ecosecnet.core.decisions import Candidates, Habitat, restoration_plan
from ecosecnet.core.errors import DisconnectedError, InputError, OperationCancelled
from ecosecnet.core.keyareas import pinchpoints
from ecosecnet.core.leastcost import CostFields, CostGraph, Links
from ecosecnet.core.monitor import Monitor


def gains(case, sets, weights=1.0):
    """Return the gain of sets of candidates by the peer."""
    resistance, labels, pairs, _ = case
    start = cases.least_costs(resistance, labels, pairs)
    counted = np.isfinite(start)
    found = []
    for chosen in sets:
        now = cases.least_costs(cases.restored_by(case, chosen), labels, pairs)
        found.append(float(np.sum((weights * (start - now))[counted])))
    return np.array(found)


def test_a_place_on_a_parallel_way_is_worth_nothing_once_the_other_is_restored():
    plan = restoration_plan(*cases.given(cases.redundant()), budgets=[2.0])
    assert [pick.candidate for pick in plan.picks] == [0, 2]
    assert [pick.gain for pick in plan.picks] == pytest.approx([36.0, 27.0])
    (point,) = plan.frontier
    assert (point.gain, point.static_gain, point.static_spent) == pytest.approx((63.0, 36.0, 2.0))
    assert (point.optimum, point.gap) == pytest.approx((63.0, 0.0))


def test_walls_in_series_are_taken_together_or_not_at_all():
    plan = restoration_plan(*cases.given(cases.in_series()), budgets=[1.0, 2.0])
    one, two = plan.frontier
    assert (one.picks, one.gain, one.spent) == ((), 0.0, 0.0)
    assert two.gain == pytest.approx(6.828427, abs=5e-7)
    assert [(pick.candidate, pick.reason, pick.alone) for pick in plan.picks] == [
        (0, "bundle 1", 0.0),
        (1, "bundle 1", 0.0),
    ]
    assert [pick.links for pick in plan.picks] == [(0,), (0,)]


def test_a_bundle_that_is_too_dear_gives_way_to_one_that_can_be_paid_for():
    """Three walls on the straight way, two on a way that is a little longer: the first costs 3, the second 2."""
    resistance, labels = np.full((7, 15), np.nan), np.zeros((7, 15), dtype=np.int32)
    resistance[[1, 3, 5], 1:14] = 1.0
    resistance[1:6, [1, 13]] = 1.0
    resistance[1, [4, 7, 10]] = resistance[3, [5, 9]] = 60.0
    resistance[5, 1:14] = 6.0
    labels[1, [1, 13]] = 1, 2
    case = resistance, labels, [(1, 2)], [[(1, 4)], [(1, 7)], [(1, 10)], [(3, 5)], [(3, 9)]]
    plan = restoration_plan(*cases.given(case), budgets=[2.0, 3.0], swap=False)
    assert sorted(plan.frontier[0].picks) == [3, 4]
    for point in plan.frontier:
        assert point.gain == pytest.approx(gains(case, [point.picks])[0])
    assert plan.frontier[0].gain == pytest.approx(plan.frontier[0].optimum)


def test_what_is_locked_in_and_better_already_costs_and_gains_nothing():
    case = cases.redundant()
    fields, links, candidates = cases.given(case)
    restored = np.array([100.0, *candidates.restored[1:]])
    locked = Candidates(
        candidates.cells, candidates.cost, restored, np.array([True] + [False] * (candidates.count - 1))
    )
    plan = restoration_plan(fields, links, locked, budgets=[2.0])
    assert [(pick.candidate, pick.reason) for pick in plan.picks] == [(0, "locked in"), (1, "alone")]
    assert [pick.gain for pick in plan.picks] == [0.0, pytest.approx(gains(case, [(1,)])[0])]


@pytest.mark.parametrize("first", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in range(20, 200, 20))])
def test_no_plan_is_above_the_best_of_all_sets_and_the_gap_is_as_stated(first):
    for seed in range(first, first + 20):
        case = cases.scattered(seed, size=9, count=5, sources=3)
        random = np.random.default_rng([seed, 1])
        cost = random.integers(1, 5, 5).astype(float)
        budgets = [max(2.0, cost.min()), 6.0]
        try:
            plan = restoration_plan(*cases.given(case, cost=cost), budgets=budgets)
        except DisconnectedError:
            continue
        sets = list(cases.all_sets(5))
        worth = gains(case, sets)
        price = np.array([cost[list(some)].sum() for some in sets])
        for point in plan.frontier:
            best = worth[price <= point.budget].max()
            assert point.optimum == pytest.approx(best, rel=1e-9, abs=1e-9)
            own = worth[sets.index(tuple(sorted(point.picks)))]
            assert point.gain == pytest.approx(own, rel=1e-9, abs=1e-9)
            assert point.gap == pytest.approx(100.0 * (best - own) / best if best > 1e-9 else 0.0, abs=1e-6)
            assert point.spent == cost[list(point.picks)].sum() <= point.budget
            assert point.static_spent <= point.budget
            assert point.gain >= point.static_gain - 1e-9
            assert own <= best + 1e-9


def test_the_swaps_repair_what_the_rate_of_gain_got_wrong():
    """A small bargain leaves too little for the one place that matters; a swap takes it."""
    resistance, labels = np.ones((3, 9)), np.zeros((3, 9), dtype=np.int32)
    resistance[1] = np.nan
    labels[[0, 0, 2, 2], [0, 8, 0, 8]] = 1, 2, 3, 4
    resistance[0, 4], resistance[2, 4] = 6.0, 40.0
    case = resistance, labels, [(1, 2), (3, 4)], [[(0, 4)], [(2, 4)]]
    found = {
        swap: restoration_plan(*cases.given(case, cost=[1.0, 10.0]), budgets=[10.0], swap=swap)
        for swap in (False, True)
    }
    assert [found[swap].frontier[0].picks for swap in (False, True)] == [(0,), (1,)]
    assert found[False].frontier[0].gap == pytest.approx(100.0 * 34.0 / 39.0)
    assert found[True].frontier[0].gap == 0.0


@pytest.mark.parametrize("seed", range(6))
def test_the_table_is_that_of_a_fresh_search_on_the_surface_after(seed):
    case = cases.scattered(seed, size=24, count=14, sources=5)
    fields, links, candidates = cases.given(case, cell_size=30.0)
    plan = restoration_plan(fields, links, candidates, budgets=[4.0])
    again = CostGraph(plan.resistance, cell_size=30.0)
    for (a, b), cost in zip(case[2], plan.after):
        fresh = again.cost_from(case[1] == a)[case[1] == b].min()
        assert cost == pytest.approx(fresh, rel=1e-9)
    assert plan.after == pytest.approx(cases.least_costs(plan.resistance, case[1], case[2], 30.0), rel=1e-9)
    fallen = (plan.before - plan.after)[np.isfinite(plan.before)].sum()
    assert plan.frontier[-1].gain == pytest.approx(fallen, rel=1e-9)
    assert sum(pick.gain for pick in plan.picks) == pytest.approx(fallen, rel=1e-9)
    touched = set(np.flatnonzero((plan.resistance != case[0]).ravel() & ~np.isnan(plan.resistance).ravel()).tolist())
    allowed = {cell for pick in plan.picks for cell in candidates.cells[pick.candidate].tolist()}
    assert touched <= allowed


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_candidates_changes_nothing(seed):
    case = cases.scattered(seed + 50, size=20, count=9, sources=4)
    cost = np.random.default_rng(seed).uniform(1.0, 3.0, 9)
    order = np.random.default_rng(seed + 1).permutation(9)
    shuffled = (*case[:3], [case[3][one] for one in order])
    plan = restoration_plan(*cases.given(case, cost=cost), budgets=[3.0, 8.0])
    other = restoration_plan(*cases.given(shuffled, cost=cost[order]), budgets=[3.0, 8.0])
    assert [point.gain for point in plan.frontier] == pytest.approx([point.gain for point in other.frontier])
    assert [sorted(point.picks) for point in plan.frontier] == [
        sorted(order[list(point.picks)].tolist()) for point in other.frontier
    ]


def test_budgets_are_kept_and_more_never_buys_less():
    case = cases.scattered(7, size=24, count=16, sources=6)
    cost = np.random.default_rng(3).uniform(0.5, 4.0, 16)
    plan = restoration_plan(*cases.given(case, cost=cost), budgets=[9.0, 3.0, 6.0, 3.0, 15.0])
    assert [point.budget for point in plan.frontier] == [3.0, 6.0, 9.0, 15.0]
    assert all(point.spent <= point.budget for point in plan.frontier)
    assert all(one.gain <= two.gain for one, two in zip(plan.frontier, plan.frontier[1:]))
    assert all(point.gain >= point.static_gain for point in plan.frontier)
    assert [pick.spent for pick in plan.picks] == pytest.approx(np.cumsum([pick.cost for pick in plan.picks]))
    assert np.isnan(plan.frontier[0].optimum)


def test_what_is_locked_in_is_in_every_plan_and_paid_for():
    plan = restoration_plan(*cases.given(cases.redundant(), locked_in=[1]), budgets=[1.0, 2.0, 3.0])
    assert [point.picks for point in plan.frontier] == [(1,), (1, 2), (1, 2)]
    assert [pick.reason for pick in plan.picks] == ["locked in", "alone"]
    with pytest.raises(InputError, match=r"locked in cost 2, more than the budget of 1"):
        restoration_plan(*cases.given(cases.redundant(), locked_in=[0, 1]), budgets=[1.0, 2.0])


def test_links_count_by_their_weights():
    plan = restoration_plan(*cases.given(cases.redundant()), budgets=[1.0], weights=np.array([1.0, 10.0]))
    assert plan.frontier[0].picks == (2,)
    assert plan.frontier[0].gain == pytest.approx(270.0)


@pytest.mark.parametrize("seed", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in range(1, 5))])
def test_equivalent_connectivity_is_that_of_the_distances_solved_again(seed):
    case = cases.scattered(seed + 20, size=16, count=8, sources=5)
    habitat = Habitat(np.random.default_rng(seed).uniform(1.0, 9.0, 5), 40.0, 0.5)
    plan = restoration_plan(
        *cases.given(case), budgets=[1.0, 3.0], objective="equivalent connectivity", habitat=habitat
    )

    def equivalent(chosen):
        cost = cases.least_costs(cases.restored_by(case, chosen), case[1], case[2])
        pairs = np.array(case[2]) - 1
        graph = PatchGraph.dispersing(habitat.attributes, pairs, cost, dispersal_rate(40.0, 0.5))
        return probability_indices(graph).equivalent

    start = equivalent([])
    assert plan.equivalent == pytest.approx(start, rel=1e-12)
    for point in plan.frontier:
        assert point.equivalent == pytest.approx(equivalent(point.picks), rel=1e-12)
        assert point.gain == pytest.approx(point.equivalent - start, abs=1e-9)
        sets = [some for some in cases.all_sets(8) if len(some) <= point.budget]
        assert point.optimum == pytest.approx(max(map(equivalent, sets)) - start, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_effective_resistance_is_that_of_solving_the_corridors_again(seed):
    case = cases.scattered(seed + 10, size=13, count=5, sources=3)
    fields, links, candidates = cases.given(case, cell_size=10.0)
    limits = np.full(len(case[2]), 400.0)
    plan = restoration_plan(fields, links, candidates, budgets=[3.0], objective="effective resistance", limits=limits)
    start = pinchpoints(fields, links, cutoff=limits).effective_resistance
    assert plan.effective_before == pytest.approx(start, rel=1e-8)
    again = _resistances_inside(case, limits, plan.resistance, 10.0)
    assert plan.effective_after == pytest.approx(again, rel=1e-8)
    sets = [some for some in cases.all_sets(5) if len(some) <= 3]
    best = max(np.sum(start - _resistances_inside(case, limits, cases.restored_by(case, some), 10.0)) for some in sets)
    assert plan.frontier[0].optimum == pytest.approx(best, rel=1e-8)
    assert 0.0 < plan.frontier[0].gain <= best * (1 + 1e-9)


def _resistances_inside(case, limits, surface, cell_size):
    """Return effective resistances by a dense solve, on another surface inside the corridors of the case."""
    resistance, labels, pairs, _ = case
    graph = CostGraph(resistance, cell_size=cell_size)
    found = []
    for (a, b), limit in zip(pairs, limits):
        total = graph.cost_from(labels == a) + graph.cost_from(labels == b)
        inside = total <= (total[labels == b].min() + limit) * (1 + 1e-10)
        node = np.full(labels.shape, -1)
        node[inside] = np.arange(np.count_nonzero(inside))
        laplacian = np.zeros((node.max() + 1, node.max() + 1))
        for i, j in np.argwhere(inside):
            for k, n in ((i, j + 1), (i + 1, j + 1), (i + 1, j), (i + 1, j - 1)):
                if k < labels.shape[0] and 0 <= n < labels.shape[1] and inside[k, n]:
                    ends = [node[i, j], node[k, n]]
                    g = 2.0 / (surface[i, j] + surface[k, n]) / np.hypot(k - i, n - j)
                    laplacian[np.ix_(ends, ends)] += [[g, -g], [-g, g]]
        p, q = node[labels == a][0], node[labels == b][0]
        inverse = np.linalg.pinv(laplacian)
        found.append(cell_size * (inverse[p, p] + inverse[q, q] - 2.0 * inverse[p, q]))
    return np.array(found)


def test_impassable_cells_are_opened_and_links_cut_off_count_in_equivalent_connectivity_alone():
    resistance, labels = np.array([[1.0, np.nan, 1.0, 9.0, 1.0]]), np.array([[1, 0, 2, 0, 3]], dtype=np.int32)
    case = resistance, labels, [(1, 2), (2, 3)], [[(0, 1)], [(0, 3)]]

    class Heard(Monitor):
        said = ""

        def warn(self, text):
            self.said += text

    heard = Heard()
    plan = restoration_plan(*cases.given(case), budgets=[1.0], monitor=heard)
    assert plan.frontier[0].picks == (1,)
    assert "1 of 2 links" in heard.said
    habitat = Habitat(np.array([5.0, 5.0, 1.0]), 10.0)
    plan = restoration_plan(*cases.given(case), budgets=[1.0], objective="equivalent connectivity", habitat=habitat)
    assert plan.frontier[0].picks == (0,)
    assert np.isinf(plan.before[0])
    assert plan.after[0] == pytest.approx(2.0)
    assert plan.picks[0].links == (0,)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"budgets": []}, "no budget"),
        ({"budgets": [0.0]}, "budget of 0"),
        ({"budgets": [0.5]}, r"buys nothing: the cheapest candidate \(number 1\) costs 1"),
        ({"budgets": [2.0], "top": 0}, "0 options"),
        ({"budgets": [2.0], "objective": "effective resistance"}, "cutoff"),
        ({"budgets": [2.0], "objective": "equivalent connectivity"}, "habitat"),
        ({"budgets": [2.0], "weights": np.ones(3)}, "3 weights"),
        ({"budgets": [2.0], "weights": np.array([1.0, -1.0])}, "weights of links"),
    ],
)
def test_what_cannot_be_used_is_refused(change, words):
    with pytest.raises(InputError, match=words):
        restoration_plan(*cases.given(cases.redundant()), **change)


def test_candidates_that_cannot_be_used_are_refused():
    case = cases.redundant()
    for cost in ([1.0, -2.0, 1.0], [0.0, 1.0, 1.0], [1.0, np.nan, 1.0]):
        with pytest.raises(InputError, match="cost of candidate"):
            restoration_plan(*cases.given(case, cost=cost), budgets=[2.0])
    with pytest.raises(InputError, match=r"Nothing is gained.* 37"):
        restoration_plan(*cases.given(case, restored=50.0), budgets=[2.0])
    fields, links, _ = cases.given(case)
    one = np.ones(1)
    with pytest.raises(InputError, match="outside the raster"):
        restoration_plan(fields, links, Candidates((np.array([999]),), one, one, one < 0), budgets=[2.0])
    with pytest.raises(InputError, match="no candidate"):
        restoration_plan(fields, links, Candidates((), one[:0], one[:0], one[:0] > 0), budgets=[2.0])
    with pytest.raises(InputError, match="There is no link"):
        restoration_plan(fields, Links.between([]), cases.given(case)[2], budgets=[2.0])


def test_a_run_can_be_cancelled_at_every_look_at_the_monitor():
    class Impatient(Monitor):
        def __init__(self, patience):
            self.left = patience

        def cancelled(self):
            self.left -= 1
            return self.left < 0

    case = cases.scattered(3, size=16, count=6, sources=4)
    patience = 1
    while patience < 10**5:
        try:
            restoration_plan(*cases.given(case), budgets=[2.0, 4.0], monitor=Impatient(patience))
        except OperationCancelled:
            patience *= 2
        else:
            break
    assert patience > 100


def test_progress_never_falls():
    class Kept(Monitor):
        def __init__(self):
            self.seen = [0.0]

        def progress(self, fraction):
            self.seen.append(fraction)

    heard = Kept()
    restoration_plan(*cases.given(cases.scattered(4, size=16)), budgets=[2.0, 4.0], monitor=heard)
    assert heard.seen == sorted(heard.seen)
    assert heard.seen[-1] <= 1.0


def test_steps_by_the_mean_conductance_and_four_neighbours_are_kept():
    case = cases.scattered(8, size=14, count=6, sources=3)
    _, links, candidates = cases.given(case)
    fields = CostFields(CostGraph(case[0], neighbours=4, average="conductance"), case[1])
    plan = restoration_plan(fields, links, candidates, budgets=[3.0])
    again = CostGraph(plan.resistance, neighbours=4, average="conductance")
    for (a, b), cost in zip(case[2], plan.after):
        assert cost == pytest.approx(again.cost_from(case[1] == a)[case[1] == b].min(), rel=1e-9)
