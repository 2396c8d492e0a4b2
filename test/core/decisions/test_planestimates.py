"""Estimates of restoration: never above the true gain, and equal to it where a way enters the place once."""

import numpy as np
import pytest
import restorationcases as cases
from ecosecnet.core.decisions.plancircuits import Circuits
from ecosecnet.core.decisions.planleastcost import LeastCosts
from ecosecnet.core.decisions.planpatches import Patches, members
from ecosecnet.core.monitor import SILENT


@pytest.mark.parametrize("seed", range(20))
def test_no_estimate_is_above_the_true_gain(seed):
    """200 random candidates on 20 surfaces, at the start and with others restored already."""
    case = cases.scattered(seed + 300, size=18, count=10, sources=4)
    fields, links, candidates = cases.given(case)
    patches = Patches(case[0], candidates, 8)
    costs = LeastCosts(fields, links.joined, patches, SILENT)
    for chosen in (0, 0b1000100001):
        costs.move(chosen)
        rest = [one for one in range(10) if not chosen >> one & 1]
        estimated = costs.estimates(rest)
        true = np.array(
            [cases.least_costs(cases.restored_by(case, [*members(chosen), one]), case[1], case[2]) for one in rest]
        )
        assert (estimated >= true * (1 - 1e-9)).all()
        assert np.mean(estimated <= true * (1 + 1e-9)) > 0.9
        assert costs.distances([chosen | 1 << one for one in rest]) == pytest.approx(true, rel=1e-9)
        for some, row in costs.bundles(rest, np.ones(10), 3.0).items():
            now = cases.least_costs(cases.restored_by(case, [*members(chosen), *members(some)]), case[1], case[2])
            assert len(members(some)) <= 3
            assert (row >= now * (1 - 1e-9)).all()


@pytest.mark.parametrize("seed", range(4))
def test_no_estimate_by_derivatives_is_above_the_true_gain(seed):
    case = cases.scattered(seed + 30, size=18, count=8, sources=4)
    fields, links, candidates = cases.given(case)
    patches = Patches(case[0], candidates, 8)
    circuits = Circuits(fields, links.joined, patches, np.full(len(case[2]), 40.0), SILENT)
    for chosen in (0, 0b1001):
        circuits.move(chosen)
        rest = [one for one in range(8) if not chosen >> one & 1]
        true = circuits.distances([chosen | 1 << one for one in rest])
        assert (circuits.estimates(rest) >= true * (1 - 1e-9)).all()
        assert (true < circuits.start).any()


def test_estimates_follow_when_a_place_is_given_up_again():
    case = cases.scattered(77, size=26, count=10, sources=5)
    fields, links, candidates = cases.given(case)
    patches = Patches(case[0], candidates, 8)
    costs = LeastCosts(fields, links.joined, patches, SILENT)
    first = costs.estimates(range(1, 10))
    costs.move(0b11)
    costs.move(0b1)
    there = costs.estimates(range(1, 10))
    costs.move(0)
    assert costs.estimates(range(1, 10)) == pytest.approx(first)
    fresh = LeastCosts(cases.given(case)[0], links.joined, patches, SILENT)
    fresh.move(0b1)
    assert fresh.estimates(range(1, 10)) == pytest.approx(there)
