"""What is said of a smallest dPC that leaves too few sources keeps as many as it says when it is followed."""

import re

import numpy as np
import pytest
from ecosecnet.core.connectivity import cut_advice, important


@pytest.mark.parametrize("seed", range(4))
def test_the_proposed_cut_leaves_what_it_says(seed):
    dpc = np.random.default_rng(seed).lognormal(-2.0, 2.0, 60)
    advice = cut_advice(dpc, float(dpc.max()))
    cut, left = re.search(r"MIN_DPC = (\S+) leaves (\d+)\.$", advice).groups()
    assert np.count_nonzero(important(dpc, float(cut))) == int(left) >= 10
    assert advice.startswith("Of 60 patches 1 has a dPC of")
    # Only what is lost by rounding down lies between the proposal and the tenth.
    assert float(cut) >= np.sort(dpc)[-10] * 0.99 - 1e-4


def test_a_giant_that_leaves_few_is_named():
    dpc = np.concatenate(([98.7, 1.2], np.geomspace(0.9, 0.002, 205)))
    advice = cut_advice(dpc, 1.0)
    assert advice.startswith("Of 207 patches 2 have a dPC of 1 % or more. One patch holds 98.7 % of the connectivity.")
    assert np.count_nonzero(important(dpc, float(re.search("= (.*) leaves 10", advice)[1]))) == 10
    # The same two among patches of a kind are a choice of the user.
    dpc[0] = 30.0
    assert cut_advice(dpc, 1.0) == ""


def test_fewer_than_ten_are_all_proposed():
    assert cut_advice(np.array([60.0, 50.0, 0.00001]), 70.0).endswith("MIN_DPC = 0 leaves all 3.")
    assert cut_advice(np.array([60.0, 50.0, np.nan]), 55.0).endswith("MIN_DPC = 50 leaves 2.")


@pytest.mark.parametrize("dpc", [[60.0, 50.0], [60.0, *[1.0] * 9, 0.5], [9.0, 8.0, 0.1]])
def test_nothing_is_said_where_enough_are_left(dpc):
    assert cut_advice(np.array(dpc), 1.0) == ""


def test_one_patch_is_not_a_matter_of_the_cut():
    assert cut_advice(np.array([100.0]), 1.0) == "There is only one patch."
