"""The store of cost fields searches each source once, and gives what single searches give."""

import numpy as np
import pytest
from ecosecnet.core.choices import Adjacency
from ecosecnet.core.corridors.adjacency import find_pairs
from ecosecnet.core.corridors.linkages import find_links
from ecosecnet.core.corridors.normalised import corridors
from ecosecnet.core.errors import InputError
from ecosecnet.core.keyareas.barriers import barriers
from ecosecnet.core.keyareas.circuitbarriers import circuit_barriers
from ecosecnet.core.keyareas.pinchpoints import pinchpoints
from ecosecnet.core.leastcost import graph as costgraph
from ecosecnet.core.leastcost.fields import CostFields
from ecosecnet.core.leastcost.graph import CostGraph

CELL = 10.0
CUTOFF = 120.0


@pytest.fixture(params=["whole", "blocks"])
def landscape(request, monkeypatch):
    """A surface of 90 x 110 cells and seven sources, searched by SciPy as a whole or by blocks."""
    if request.param == "blocks":
        monkeypatch.setattr(costgraph, "_WHOLE_MOST", 0)
    random = np.random.default_rng(14)
    resistance = 1.0 + 20.0 * random.random((90, 110)) ** 3
    resistance[40:50, 50:60] = np.nan
    labels = np.zeros(resistance.shape, dtype=np.int32)
    for label, (row, col) in enumerate([(5, 5), (8, 60), (12, 100), (45, 20), (47, 90), (80, 15), (82, 75)], start=1):
        labels[row : row + 4, col : col + 5] = label
    return CostGraph(resistance, cell_size=CELL, accelerate=False), labels


def chain(fields):
    """Return the results of a whole chain of functions on links."""
    pairs = find_pairs(fields, adjacency=Adjacency.ALL).pairs
    links = find_links(fields, pairs, np.zeros(len(pairs)))
    belts = [(c.index, c.rows, c.cols, c.excess) for c in corridors(fields, links, cutoff=CUTOFF)]
    pinch = pinchpoints(fields, links, cutoff=CUTOFF)
    barrier = barriers(fields, links, radii=[20.0, 40.0])
    circuit = circuit_barriers(fields, links, cutoff=CUTOFF, radius=20.0)
    return links, belts, pinch, barrier, circuit


def test_a_chain_searches_each_source_once(landscape):
    fields = CostFields(*landscape, slack=CUTOFF)
    links, *_ = chain(fields)
    assert (~links.active).any()
    assert fields.searches == landscape[1].max()


def test_a_chain_gives_what_separate_runs_give(landscape):
    """Whether fields are found in the store, were dropped, or are searched by each function anew."""
    graph, labels = landscape
    shared = chain(CostFields(graph, labels, slack=CUTOFF))
    dropped = CostFields(graph, labels, slack=CUTOFF, budget=0)
    for links, belts, pinch, barrier, circuit in (chain(dropped), chain(CostFields(graph, labels))):
        np.testing.assert_array_equal(links.cost, shared[0].cost)
        assert all(np.array_equal(a, b) for a, b in zip(links.paths, shared[0].paths))
        for mine, theirs in zip(belts, shared[1]):
            assert mine[:3] == theirs[:3]
            np.testing.assert_array_equal(mine[3], theirs[3])
        np.testing.assert_array_equal(pinch.current, shared[2].current)
        np.testing.assert_array_equal(barrier.score, shared[3].score)
        np.testing.assert_array_equal(circuit.gain, shared[4].gain)
    assert dropped.searches > labels.max()


def test_the_budget_is_kept(landscape):
    graph, labels = landscape
    budget = 3 * 8 * labels.size
    fields = CostFields(graph, labels, budget=budget)
    pairs = find_pairs(fields, adjacency=Adjacency.ALL).pairs
    for _ in fields.along(pairs, slack=np.inf):
        assert sum(field.cost.nbytes for field in fields._kept.values()) <= budget


def test_a_field_that_reaches_further_answers_for_others(landscape):
    graph, labels = landscape
    fields = CostFields(graph, labels)
    far = fields.field(1, [7])
    assert np.isnan(fields.least(1, 4))
    assert fields.field(1, [4]) is far
    assert fields.searches == 1
    assert fields.least(4, 1) == graph.cost_from(labels == 1)[labels == 4].min()


def test_sources_that_cannot_be_reached():
    resistance = np.ones((3, 9))
    resistance[:, 4] = np.nan
    labels = np.zeros(resistance.shape, dtype=int)
    labels[1, 1], labels[1, 7], labels[1, 4] = 1, 2, 3
    fields = CostFields(CostGraph(resistance), labels)
    assert fields.field(1, [2, 3, 99]).cost.size == 0
    assert fields.least(1, 2) == np.inf
    assert fields.searches == 0
    assert fields.cells(3).size == 0


def test_labels_of_another_raster_are_refused(landscape):
    with pytest.raises(InputError, match="raster of"):
        CostFields(landscape[0], np.ones((2, 2), dtype=int))
