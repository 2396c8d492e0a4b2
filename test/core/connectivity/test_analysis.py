"""The whole analysis, and the distances that it may start from."""

import math

import numpy as np
import pytest
from ecosecnet.core.connectivity import analyse, cost_distances
from ecosecnet.core.errors import InputError
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.stats.ranks import ranks


def test_analysis_puts_the_parts_together():
    distances = np.array([400.0, 500.0, 2000.0])
    found = analyse(
        np.array([10.0, 1.0, 9.0]),
        [(0, 1), (1, 2), (0, 2)],
        distances,
        dispersal=500.0,
        landscape=100.0,
        links=True,
    )
    assert found.rate == pytest.approx(math.log(2) / 500)
    assert found.binary.links == 2
    assert found.component.tolist() == [1, 1, 1]
    assert found.share == pytest.approx([50.0, 5.0, 45.0])
    assert found.freeman.tolist() == [0.0, 1.0, 0.0]
    assert found.rank.tolist() == [1, 3, 2]
    assert found.probabilities == pytest.approx([0.5**0.8, 0.5, 0.5**4])
    assert np.isnan(found.link_iic).tolist() == [False, False, True]
    assert found.link_pc[2] == 0.0
    assert found.probable.pc == pytest.approx(found.pc.numerator / 1e4)
    plain = analyse(np.array([10.0, 1.0, 9.0]), [(0, 1), (1, 2), (0, 2)], distances, dispersal=500.0)
    assert (plain.probable.pc, plain.binary.iic, plain.link_pc) == (None, None, None)
    assert plain.pc.total == pytest.approx(found.pc.total)


def test_a_threshold_of_its_own_changes_the_links_only():
    distances = np.array([400.0, 900.0])
    near, far = (
        analyse(np.ones(3), [(0, 1), (1, 2)], distances, dispersal=500.0, threshold=threshold)
        for threshold in (None, 900.0)
    )
    assert (near.binary.links, far.binary.links) == (1, 2)
    assert (near.binary.components, far.binary.components) == (2, 1)
    assert near.pc.total.tolist() == far.pc.total.tolist()
    with pytest.raises(InputError, match="threshold distance is -1"):
        analyse(np.ones(2), [(0, 1)], [1.0], threshold=-1.0)


def test_equal_importances_share_a_rank():
    assert ranks(np.array([3.0, 9.0, 3.0, 1.0])).tolist() == [2, 1, 2, 4]


def test_cost_distances_in_closed_form():
    resistance = np.ones((5, 9))
    resistance[:, 4] = 10.0
    labels = np.zeros((5, 9), dtype=np.int32)
    labels[2, 0], labels[2, 3], labels[2, 8] = 1, 2, 3
    graph = CostGraph(resistance, cell_size=30.0)
    pairs, distance = cost_distances(graph, labels)
    assert pairs.tolist() == [[0, 1], [0, 2], [1, 2]]
    # Three steps; over the wall two steps cost (1 + 10) / 2 each.
    assert distance == pytest.approx([90.0, 30.0 * (6 + 11), 30.0 * (3 + 11)])
    pairs, distance = cost_distances(graph, labels, limit=420.0)
    assert pairs.tolist() == [[0, 1], [1, 2]]


def test_cost_distances_do_not_cross_barriers():
    resistance = np.ones((3, 5))
    resistance[:, 2] = np.nan
    labels = np.zeros((3, 5), dtype=np.int32)
    labels[1, 0], labels[1, 4] = 1, 2
    pairs, _ = cost_distances(CostGraph(resistance), labels)
    assert len(pairs) == 0
