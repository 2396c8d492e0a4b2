"""Fewest corridors that keep species connected, against enumeration and closed forms."""

import itertools

import networkx as nx
import numpy as np
import pytest
from ecosecnet.core.connectivity import PatchGraph, probability_indices
from ecosecnet.core.decisions import Belt, Web, complementary_links
from ecosecnet.core.errors import InputError

SHAPE = (40, 40)


def web(seed, sources=6, links=9):
    """Return a random connected network whose corridors are boxes."""
    random = np.random.default_rng(seed)
    pairs = {(k, k + 1) for k in range(sources - 1)}
    while len(pairs) < links:
        a, b = sorted(random.choice(sources, 2, replace=False).tolist())
        pairs.add((a, b))
    belts = []
    for _ in pairs:
        top, left = random.integers(0, 30, 2).tolist()
        high, wide = random.integers(2, 10, 2).tolist()
        belts.append(Belt.of(slice(top, top + high), slice(left, left + wide), random.random((high, wide)) < 0.7))
    cost = random.uniform(10.0, 200.0, len(pairs))
    return Web(random.uniform(1.0, 50.0, sources), np.array(sorted(pairs)), cost, 0.01, tuple(belts))


def covered(webs, chosen):
    cells = np.zeros(SHAPE, dtype=bool)
    for one, kept in zip(webs, chosen):
        for belt in itertools.compress(one.belts, kept):
            cells[belt.rows, belt.cols] |= belt.mask
    return cells


def ec(one, kept):
    """Return EC(PC) along the links that are kept, from the paths of networkx."""
    graph = nx.Graph()
    graph.add_nodes_from(range(one.area.size))
    for (a, b), cost, there in zip(one.pairs.tolist(), one.cost, kept):
        if there:
            graph.add_edge(a, b, weight=cost)
    total = 0.0
    for a, found in nx.all_pairs_dijkstra_path_length(graph):
        total += sum(one.area[a] * one.area[b] * np.exp(-one.rate * cost) for b, cost in found.items())
    return np.sqrt(total)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("share", [0.5, 0.8, 0.95, 1.0])
def test_every_species_keeps_its_share_with_the_cells_that_are_stated(seed, share):
    webs = [web(10 * seed + k) for k in range(3)]
    found = complementary_links(webs, SHAPE, share=share)
    for one, kept, before, after in zip(webs, found.kept, found.before, found.after):
        assert before == pytest.approx(ec(one, np.ones(len(one.belts))), rel=1e-12)
        assert after == pytest.approx(ec(one, kept), rel=1e-12)
        assert after >= share * before * (1 - 1e-9)
    chosen = [turn > 0 for turn in found.turn]
    cells = covered(webs, chosen)
    assert found.cells == np.count_nonzero(cells)
    # a link is in the set exactly when its whole corridor is covered
    for one, kept in zip(webs, found.kept):
        for belt, there in zip(one.belts, kept):
            assert there == bool(cells[belt.rows, belt.cols][belt.mask].all())
    turns = np.sort(np.concatenate(found.turn))
    assert turns[turns > 0].tolist() == list(range(1, int((turns > 0).sum()) + 1))
    assert found.every == np.count_nonzero(covered(webs, [np.ones(len(one.belts)) for one in webs]))


@pytest.mark.parametrize("seed", range(8))
def test_none_of_the_chosen_can_be_done_without(seed):
    webs = [web(100 + 10 * seed + k, sources=5, links=7) for k in range(2)]
    found = complementary_links(webs, SHAPE, share=0.85)
    chosen = [turn > 0 for turn in found.turn]
    for s, picks in enumerate(chosen):
        for k in np.flatnonzero(picks):
            less = [one.copy() for one in chosen]
            less[s][k] = False
            cells = covered(webs, less)
            left = [ec(one, [bool(cells[belt.rows, belt.cols][belt.mask].all()) for belt in one.belts]) for one in webs]
            assert any(now < 0.85 * before for now, before in zip(left, found.before))


@pytest.mark.parametrize("seed", range(8))
def test_the_set_is_never_smaller_than_the_smallest_that_enumeration_finds(seed):
    webs = [web(500 + 10 * seed + k, sources=4, links=5) for k in range(2)]
    found = complementary_links(webs, SHAPE, share=0.85)
    least = min(
        np.count_nonzero(cells)
        for picks in itertools.product((False, True), repeat=10)
        for cells in [covered(webs, (picks[:5], picks[5:]))]
        if all(
            ec(one, [bool(cells[belt.rows, belt.cols][belt.mask].all()) for belt in one.belts]) >= 0.85 * before
            for one, before in zip(webs, found.before)
        )
    )
    assert least <= found.cells <= 2 * least


@pytest.mark.parametrize("seed", range(5))
def test_equal_species_need_the_set_of_one(seed):
    one = web(seed)
    single = complementary_links([one], SHAPE, share=0.8)
    double = complementary_links([one, one, one], SHAPE, share=0.8)
    assert double.cells == single.cells == single.alone[0]
    assert double.alone.tolist() == [single.cells] * 3
    for kept in double.kept:
        assert kept.tolist() == single.kept[0].tolist()


def test_two_species_far_apart_need_the_sum_of_both():
    one = web(3)
    moved = tuple(Belt(slice(b.rows.start + 40, b.rows.stop + 40), b.cols, b.packed, b.cells) for b in one.belts)
    other = Web(one.area, one.pairs, one.cost, one.rate, moved)
    found = complementary_links([one, other], (80, 40), share=0.8)
    assert found.cells == found.alone.sum()


def test_a_tree_is_kept_whole_where_all_of_ec_is_asked_for():
    one = web(4, sources=6, links=5)
    found = complementary_links([one], SHAPE, share=1.0)
    assert found.kept[0].all()
    assert found.after == pytest.approx(found.before)
    graph = PatchGraph.dispersing(one.area, one.pairs, one.cost, one.rate)
    assert found.before[0] == pytest.approx(probability_indices(graph).equivalent)


def test_sources_that_touch_need_no_corridor():
    belt = Belt.of(slice(0, 1), slice(0, 1), np.zeros((1, 1), dtype=bool))
    one = Web(np.array([3.0, 4.0]), np.array([[0, 1]]), np.array([0.0]), 0.1, (belt,))
    found = complementary_links([one], (3, 3))
    assert found.cells == 0
    assert found.kept[0].all()
    assert found.turn[0].tolist() == [0]
    assert found.before[0] == pytest.approx(7.0)  # p = 1: one patch


def test_links_whose_probabilities_underflow_do_not_stop_the_search():
    belts = tuple(Belt.of(slice(k, k + 1), slice(0, 2), np.ones((1, 2), dtype=bool)) for k in range(2))
    one = Web(np.array([3.0, 4.0, 5.0]), np.array([[0, 1], [1, 2]]), np.array([1e6, 1e6]), 1.0, belts)
    found = complementary_links([one], (3, 3), share=1.0)
    assert found.after[0] == found.before[0] == pytest.approx(np.sqrt(50.0))


@pytest.mark.parametrize("share", [0.0, -1.0, 1.01, float("nan")])
def test_shares_that_make_no_sense_are_refused(share):
    with pytest.raises(InputError, match="share of EC"):
        complementary_links([web(1)], SHAPE, share=share)


def test_no_web_is_refused():
    with pytest.raises(InputError, match="no network"):
        complementary_links([], SHAPE)
