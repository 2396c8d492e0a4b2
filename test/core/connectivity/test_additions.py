"""What patches that are not there yet would add."""

import math

import numpy as np
import pytest
from ecosecnet.core.connectivity import PatchGraph, addition_gains, node_importance
from ecosecnet.core.errors import InputError
from patchgraphs import chain, index, random_graph, without_patch


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_gain_is_what_adding_gives(seed, binary):
    graph = random_graph(seed + 30, 14, 0.3, binary=binary)
    there = np.random.default_rng(seed).random(14) < 0.6
    found = addition_gains(graph, there)
    alone = graph
    for k in np.flatnonzero(~there)[::-1]:
        alone = without_patch(alone, k)
    before = index(alone)
    assert found.candidates.tolist() == np.flatnonzero(~there).tolist()
    for k, gain, stepping, equivalent in zip(found.candidates, found.gain, found.stepping, found.equivalent):
        with_k = graph
        for other in np.flatnonzero(~there)[::-1]:
            if other != k:
                with_k = without_patch(with_k, other)
        after = index(with_k)
        assert gain == pytest.approx(100 * (after - before) / before, rel=1e-9, abs=1e-9)
        assert equivalent == pytest.approx(100 * (math.sqrt(after / before) - 1), rel=1e-9, abs=1e-9)
        # In the landscape with the candidate, the stepping part is its connector fraction.
        position = int(np.count_nonzero(there[:k]))
        connector = node_importance(with_k).connector[position]
        assert stepping == pytest.approx(connector * after / before, rel=1e-9, abs=1e-9)


def test_a_stone_between_two_patches_by_hand():
    graph = PatchGraph.probabilistic(np.array([1.0, 0.0, 1.0, 1.0]), [(0, 1), (1, 2), (0, 2)], [0.8, 0.8, 0.1])
    found = addition_gains(graph, np.array([True, False, True, False]))
    before = 2 + 2 * 0.1
    assert found.gain == pytest.approx([100 * 2 * (0.64 - 0.1) / before, 100 * 1 / before])
    assert found.stepping == pytest.approx([found.gain[0], 0.0])


def test_additions_need_a_start():
    with pytest.raises(InputError, match="No patch is there"):
        addition_gains(chain(), np.zeros(3, bool))
    with pytest.raises(InputError, match="2 marks for 3 patches"):
        addition_gains(chain(), np.ones(2, bool))
