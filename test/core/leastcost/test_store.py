"""The store of cost fields searches each source once, and gives what single searches give."""

from concurrent.futures import ThreadPoolExecutor

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
from ecosecnet.core.leastcost import blocks, dial, shelf
from ecosecnet.core.leastcost import graph as costgraph
from ecosecnet.core.leastcost.fields import CostFields
from ecosecnet.core.leastcost.gathering import cut_fields, search_all
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.spread import HERE, Where

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


@pytest.mark.parametrize("budget", [None, 0])
def test_a_chain_searches_each_source_once(landscape, budget):
    """With room for all fields in memory, and with none: they wait in a file then."""
    fields = CostFields(*landscape, slack=CUTOFF, everywhere=True, budget=budget)
    links, *_ = chain(fields)
    assert (~links.active).any()
    assert fields.searches == landscape[1].max()


def test_a_chain_gives_what_separate_runs_give(landscape, monkeypatch):
    """Whether fields are found in memory, in the file, or in memory as the disk is full, or are searched anew."""
    graph, labels = landscape
    shared = chain(CostFields(graph, labels, slack=CUTOFF))
    filed = chain(CostFields(graph, labels, slack=CUTOFF, budget=0))
    monkeypatch.setattr(shelf, "_SHARE_OF_DISK", 0.0)
    for links, belts, pinch, barrier, circuit in (filed, chain(CostFields(graph, labels, budget=0))):
        np.testing.assert_array_equal(links.cost, shared[0].cost)
        assert all(np.array_equal(a, b) for a, b in zip(links.paths, shared[0].paths))
        for mine, theirs in zip(belts, shared[1]):
            assert mine[:3] == theirs[:3]
            np.testing.assert_array_equal(mine[3], theirs[3])
        np.testing.assert_array_equal(pinch.current, shared[2].current)
        np.testing.assert_array_equal(barrier.score, shared[3].score)
        np.testing.assert_array_equal(circuit.gain, shared[4].gain)


def test_the_budget_is_kept(landscape):
    graph, labels = landscape
    budget = 3 * 8 * labels.size
    fields = CostFields(graph, labels, budget=budget)
    pairs = find_pairs(fields, adjacency=Adjacency.ALL).pairs
    for _ in fields.along(pairs, slack=np.inf):
        assert fields._shelf.bytes_held <= budget


def test_a_field_that_reaches_further_answers_for_others(landscape):
    graph, labels = landscape
    fields = CostFields(graph, labels)
    far = fields.field(1, [7])
    assert np.isnan(fields.least(1, 4))
    assert np.shares_memory(fields.field(1, [4]).cost, far.cost)
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


def maze(side):
    """Return walls of NoData and of high resistance with a gap each, alternating at the ends."""
    resistance = np.ones((side, side))
    resistance[4::8] = np.where(np.arange(side) < side - 5, 500.0, 1.0)
    resistance[8::8] = np.where(np.arange(side) > 5, np.nan, 1.0)
    return resistance


@pytest.mark.parametrize("engine", ["blocks", "numba"])
@pytest.mark.parametrize("kind", ["noise", "maze"])
def test_what_no_way_between_sources_crosses_is_left_out_and_nothing_else(engine, kind, monkeypatch):
    if engine == "numba":
        pytest.importorskip("numba")
    random = np.random.default_rng(3)
    noise = 1.0 + 60.0 * random.random((100, 100)) ** 4
    noise[random.random(noise.shape) < 0.1] = np.nan
    resistance = noise if kind == "noise" else maze(100)
    labels = np.zeros(resistance.shape, dtype=np.int32)
    for label, (row, col) in enumerate([(2, 2), (1, 80), (50, 45), (90, 4), (75, 88)], start=1):
        labels[row : row + 5, col : col + 5] = label
    monkeypatch.setattr(costgraph, "_WHOLE_MOST", np.inf)
    whole = CostGraph(resistance, cell_size=CELL, accelerate=False)
    full = {label: whole.cost_from(labels == label) for label in range(1, 6)}
    monkeypatch.setattr(costgraph, "_WHOLE_MOST", 0)
    monkeypatch.setattr(blocks, "_EDGE", 11)
    graph = CostGraph(resistance, cell_size=CELL, accelerate=engine == "numba")
    fields, everywhere = CostFields(graph, labels), CostFields(graph, labels, everywhere=True)
    pairs = find_pairs(fields).pairs
    for link in fields.along(pairs, slack=CUTOFF):
        a, b = pairs[link.index].tolist()
        total = full[a] + full[b]
        inside = total <= total.min() + CUTOFF
        assert link.least == full[a][labels == b].min()
        got = np.full(total.shape, np.inf)
        got[link.rows, link.cols] = link.cost_a + link.cost_b
        assert np.array_equal(got[inside], total[inside])
        assert (got[~inside] >= total[~inside]).all()
    for _ in everywhere.along(pairs, slack=CUTOFF):
        pass
    reached = [
        sum(np.count_nonzero(np.isfinite(store.field(label, []).cost)) for label in full)
        for store in (fields, everywhere)
    ]
    assert reached[0] < reached[1]


def test_fields_that_barriers_ask_for_reach_off_the_ways_between_sources(landscape):
    graph, labels = landscape
    full = graph.cost_from(labels == 4)
    fields = CostFields(graph, labels)
    pairs = find_pairs(fields).pairs
    ends = pairs[(pairs == 4).any(axis=1)].sum(axis=1) - 4
    fields.field(4, ends.tolist())
    field = fields.field(4, ends.tolist(), everywhere=True)
    inside = full[field.place] <= field.reach
    assert np.array_equal(field.cost[inside], full[field.place][inside])
    assert np.count_nonzero(full <= field.reach) == np.count_nonzero(inside)


@pytest.mark.parametrize("accelerate", [False, True])
def test_two_threads_search_one_surface(accelerate, monkeypatch):
    if accelerate:
        pytest.importorskip("numba")
    monkeypatch.setattr(costgraph, "_WHOLE_MOST", 0)
    monkeypatch.setattr(dial, "_CHUNK", 500)
    graph = CostGraph(1.0 + 30.0 * np.random.default_rng(5).random((120, 120)) ** 3, accelerate=accelerate)
    starts = [np.array([place]) for place in range(0, 14400, 700)]
    alone = [graph.cost_from(start) for start in starts]
    pool = ThreadPoolExecutor(4)
    together = [pool.submit(graph.cost_from, start) for start in starts]
    assert all(np.array_equal(one.result(timeout=60), cost) for one, cost in zip(together, alone))
    pool.shutdown()


def test_two_processes_give_the_bits_of_one():
    """Links, pinch points and barriers, one of the sources being cut off."""
    resistance = 1.0 + 20.0 * np.random.default_rng(14).random((60, 70)) ** 3
    resistance[26:34, 30:40] = np.nan
    resistance[29, 35] = 5.0
    labels = np.zeros(resistance.shape, dtype=np.int32)
    for label, (row, col) in enumerate([(3, 3), (5, 40), (8, 63), (29, 12), (31, 60), (54, 9), (55, 50)], start=1):
        labels[row : row + 3, col : col + 4] = label
    labels[29, 35] = 8
    graph = CostGraph(resistance, cell_size=CELL, accelerate=False)
    pairs = np.array([[1, 2], [1, 4], [2, 3], [3, 8], [4, 6], [5, 7], [6, 7]])

    def found(where):
        fields = CostFields(graph, labels, slack=CUTOFF)
        links = find_links(fields, pairs, np.zeros(len(pairs)), where=where)
        pinch = pinchpoints(fields, links, cutoff=CUTOFF, where=where)
        barrier = barriers(fields, links, radii=[20.0, 40.0], combine="sum", restorable=resistance > 2.0, where=where)
        return links, pinch, barrier, barrier.links

    one, two = found(HERE), found(Where(processes=2))
    assert np.isinf(one[0].cost).any()
    assert (one[2].score > 0).any()
    for mine, theirs in zip(one, two):
        for name, value in vars(mine).items():
            if name != "links":
                np.testing.assert_equal(getattr(theirs, name), value, err_msg=name)


def test_cut_fields_have_the_bits_of_one_process():
    """What searches find beyond what was asked for differs: one process has bounds from earlier searches."""
    rng = np.random.default_rng(0)
    resistance = 1.0 + 30.0 * rng.random((60, 60)) ** 4
    labels = np.zeros(resistance.shape, dtype=np.int32)
    for label, (row, col) in enumerate(rng.integers(0, 55, (9, 2)), start=1):
        labels[row : row + 4, col : col + 4] = label
    graph = CostGraph(resistance, cell_size=CELL, accelerate=False)
    pairs = find_pairs(CostFields(graph, labels), adjacency=Adjacency.COST).pairs
    slack = np.linspace(0.0, CUTOFF, len(pairs))

    def found(where):
        fields = CostFields(graph, labels, share=0.1, everywhere=True)
        find_links(fields, pairs, np.zeros(len(pairs)), where=where)
        search_all(fields, pairs, slack=slack, where=where)
        return {label: fields.kept(label) for label in fields.searched()}, dict(cut_fields(fields, pairs, slack=slack))

    (all_of_one, one), (all_of_two, two) = found(HERE), found(Where(processes=2))
    assert any(all_of_one[label].cost.tobytes() != all_of_two[label].cost.tobytes() for label in all_of_one)
    assert list(one) == list(two) == np.unique(pairs).tolist()
    for label, field in one.items():
        np.testing.assert_equal(vars(two[label]), vars(field))
        whole = np.full(labels.shape, np.inf)
        whole[field.place] = field.cost
        cost = graph.cost_from(np.flatnonzero(labels == label))
        assert np.array_equal(whole[cost <= field.reach], cost[cost <= field.reach])
        assert np.isinf(whole[cost > field.reach * (1 + 1e-8)]).all()
