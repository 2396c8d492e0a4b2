"""Curves of removal against networkx and closed forms."""

import itertools

import numpy as np
import pytest
from ecosecnet.core.choices import Attack
from ecosecnet.core.errors import InputError
from ecosecnet.core.network.robustness import STRATEGIES, efficiency, fall, removal_curves

STAR = np.array([[0, k] for k in range(1, 7)])


def test_a_star_falls_apart_with_its_hub():
    curves = removal_curves(7, STAR, np.ones(6), runs=5)
    assert set(curves) == set(STRATEGIES)
    for name in STRATEGIES[1:]:
        assert curves[name].removed.tolist() == list(range(8))
        np.testing.assert_allclose(curves[name].largest, [[1, *[1 / 7] * 6, 0]])
        np.testing.assert_allclose(curves[name].efficiency, [[1, *[0] * 7]])
        # Trapezoids: half of the first fall, then a flat sixth, then half of the last.
        assert curves[name].robustness == pytest.approx(((1 + 1 / 7) / 2 + 5 / 7 + 1 / 14) / 7)


def test_a_complete_network_loses_one_at_a_time_in_any_order():
    pairs = np.array(list(itertools.combinations(range(6), 2)))
    left = 1 - np.arange(7) / 6
    for curve in removal_curves(6, pairs, np.ones(15), runs=4).values():
        np.testing.assert_allclose(curve.largest, np.tile(left, (len(curve.largest), 1)))
        assert curve.robustness == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(3))
def test_efficiency_and_component_equal_networkx(seed):
    networkx = pytest.importorskip("networkx")
    rng = np.random.default_rng(seed)
    every = np.array(list(itertools.combinations(range(10), 2)))
    pairs = every[np.sort(rng.permutation(45)[:16])]
    length = rng.uniform(1, 9, 16)
    curve = removal_curves(10, pairs, length, runs=1)["degree"]
    graph = networkx.Graph()
    graph.add_nodes_from(range(10))
    graph.add_weighted_edges_from((int(a), int(b), far) for (a, b), far in zip(pairs, length))
    order = sorted(range(10), key=lambda k: (-graph.degree(k), k))
    whole = None
    for lost, largest, reached in zip(curve.removed, curve.largest[0], curve.efficiency[0]):
        rest = graph.subgraph(order[lost:])
        sizes = [len(part) for part in networkx.connected_components(rest)]
        assert largest == pytest.approx(max(sizes, default=0) / 10)
        total = sum(
            1 / far for a, ends in networkx.all_pairs_dijkstra_path_length(rest) for b, far in ends.items() if a != b
        )
        whole = whole or total
        assert reached == pytest.approx(total / whole)


def test_random_orders_repeat_with_their_seed_and_differ_between_runs():
    first, again = (removal_curves(7, STAR, np.ones(6), runs=8, seed=3)["random"] for _ in range(2))
    other = removal_curves(7, STAR, np.ones(6), runs=8, seed=4)["random"]
    assert np.array_equal(first.largest, again.largest)
    assert not np.array_equal(first.largest, other.largest)
    assert len(np.unique(first.largest, axis=0)) > 1
    assert first.robustness > removal_curves(7, STAR, np.ones(6), runs=1)["degree"].robustness


def test_ranks_taken_anew_take_a_network_apart_faster():
    # Two hubs share most of their neighbours; once the first is lost, the bridge to the tail matters more.
    pairs = np.array([[0, 2], [0, 3], [0, 4], [0, 5], [1, 2], [1, 3], [1, 4], [5, 6], [6, 7], [7, 8]])
    length = np.ones(len(pairs))
    static = removal_curves(9, pairs, length, runs=1)["betweenness"]
    anew = removal_curves(9, pairs, length, runs=1, recalculate=True)["betweenness"]
    assert anew.robustness < static.robustness


@pytest.mark.parametrize(
    ("count", "pairs", "runs", "message"),
    [(1, [], 1, "nothing to lose"), (4, [], 1, "nothing to lose"), (2, [[0, 1]], 0, "random runs, not 0")],
)
def test_refuses(count, pairs, runs, message):
    pairs = np.array(pairs, dtype=int).reshape(-1, 2)
    with pytest.raises(InputError, match=message):
        removal_curves(count, pairs, np.ones(len(pairs)), runs=runs)


class TestFall:
    @pytest.mark.parametrize("recalculate", [False, True])
    @pytest.mark.parametrize("seed", range(3))
    def test_sources_fall_as_in_the_removal_curves(self, seed, recalculate):
        pairs, length = random_links(seed, 24, 40)
        curves = removal_curves(24, pairs, length, runs=1, recalculate=recalculate)
        for name in STRATEGIES[1:]:
            found = fall(24, pairs, length, attack=name, recalculate=recalculate)
            np.testing.assert_array_equal(found.largest, curves[name].largest[0])
            assert found.robustness == curves[name].robustness

    @pytest.mark.parametrize("attack", list(Attack))
    @pytest.mark.parametrize("recalculate", [False, True])
    def test_links_fall_as_in_networkx(self, attack, recalculate):
        networkx = pytest.importorskip("networkx")
        pairs, length = random_links(4, 10, 17)

        def ranked(kept):
            graph = networkx.Graph()
            graph.add_nodes_from(range(10))
            ends = [tuple(pairs[k].tolist()) for k in kept]
            graph.add_edges_from((a, b, {"far": length[k], "near": 1 / length[k]}) for k, (a, b) in zip(kept, ends))
            if attack is Attack.DEGREE:
                return {k: graph.degree(a) * graph.degree(b) for k, (a, b) in zip(kept, ends)}, graph
            if attack is Attack.BETWEENNESS:
                found = networkx.edge_betweenness_centrality(graph, normalized=False, weight="far")
            else:
                found = {}
                for part in networkx.connected_components(graph):
                    if len(part) > 1:
                        found |= networkx.edge_current_flow_betweenness_centrality(
                            graph.subgraph(part), normalized=False, weight="near"
                        )
            return {k: found.get((a, b), found.get((b, a))) for k, (a, b) in zip(kept, ends)}, graph

        kept, heights = list(range(17)), []
        fixed, graph = ranked(kept)
        while kept:
            rank, graph = ranked(kept)
            heights.append(max(map(len, networkx.connected_components(graph))) / 10)
            rank = rank if recalculate else fixed
            kept.remove(max(kept, key=lambda k: (round(rank[k], 9), -k)))
        found = fall(10, pairs, length, attack=attack, links=True, recalculate=recalculate)
        np.testing.assert_allclose(found.largest, [*heights, 0.1])

    def test_nothing_to_lose_has_no_area(self):
        none = np.empty((0, 2), dtype=np.int64)
        assert fall(3, none, np.empty(0), links=True).robustness == 0.0
        with pytest.raises(InputError, match="without sources"):
            fall(0, none, np.empty(0))


def test_efficiency_between_some_goes_over_all():
    """Two sources two steps apart over a third place, which does not count as an end."""
    pairs = np.array([[0, 2], [1, 2]])
    assert efficiency(3, pairs, np.ones(2), ends=2) == 0.5
    assert efficiency(3, pairs, np.ones(2)) == pytest.approx((1 + 1 + 0.5) / 3)
    assert efficiency(1, np.empty((0, 2), dtype=np.int64), np.empty(0)) == 0.0


def random_links(seed, count, links):
    rng = np.random.default_rng(seed)
    every = np.array(list(itertools.combinations(range(count), 2)))
    return every[np.sort(rng.permutation(len(every))[:links])], rng.uniform(1, 9, links)
