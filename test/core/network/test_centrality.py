"""Network measures against networkx, plain solves and closed forms."""

import itertools

import numpy as np
import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.network.centrality import (
    betweenness,
    components,
    current_flow,
    degree,
    gravity,
    link_betweenness,
    structure,
)


def random_network(seed, count=12, links=20):
    rng = np.random.default_rng(seed)
    every = np.array(list(itertools.combinations(range(count), 2)))
    pairs = every[np.sort(rng.permutation(len(every))[:links])]
    return pairs, rng.random(links) * 9 + 0.5


def plain_current_flow(count, pairs, conductance):
    """Solve every pair on its own, as Circuitscape does, and add up."""
    nodes, links = np.zeros(count), np.zeros(len(pairs))
    group = components(count, pairs)
    laplacian = np.zeros((count, count))
    for (a, b), c in zip(pairs, conductance):
        laplacian[[a, b], [a, b]] += c
        laplacian[[a, b], [b, a]] -= c
    for s, t in itertools.combinations(range(count), 2):
        if group[s] != group[t]:
            continue
        injected = np.zeros(count)
        injected[s], injected[t] = 1.0, -1.0
        volt = np.linalg.lstsq(laplacian, injected, rcond=None)[0]
        current = conductance * (volt[pairs[:, 0]] - volt[pairs[:, 1]])
        links += np.abs(current)
        inflow, outflow = np.maximum(injected, 0), np.maximum(-injected, 0)
        for (a, b), i in zip(pairs, current):
            source, sink = (a, b) if i > 0 else (b, a)
            outflow[source] += abs(i)
            inflow[sink] += abs(i)
        nodes += np.maximum(inflow, outflow)
    return nodes, links


class TestCurrentFlow:
    def test_two_sources_are_trivially_one(self):
        flow = current_flow(2, np.array([[0, 1]]), np.array([0.001]))
        np.testing.assert_allclose(flow.links, [1.0])
        np.testing.assert_allclose(flow.nodes, [1.0, 1.0])

    def test_chain_carries_every_pair_it_separates(self):
        flow = current_flow(5, np.array([[0, 1], [1, 2], [2, 3], [3, 4]]), np.array([1.0, 7.0, 0.2, 3.0]))
        np.testing.assert_allclose(flow.links, [4.0, 6.0, 6.0, 4.0])
        np.testing.assert_allclose(flow.nodes, [4.0, 7.0, 8.0, 7.0, 4.0])

    def test_complete_network_of_four(self):
        flow = current_flow(4, np.array(list(itertools.combinations(range(4), 2))), np.ones(6))
        np.testing.assert_allclose(flow.links, 0.5 + 4 * 0.25)
        np.testing.assert_allclose(flow.nodes, 3 + 3 * 0.25)

    @pytest.mark.parametrize("seed", range(6))
    def test_equals_solving_every_pair(self, seed):
        pairs, conductance = random_network(seed, links=14 if seed % 2 else 30)
        flow = current_flow(12, pairs, conductance)
        nodes, links = plain_current_flow(12, pairs, conductance)
        np.testing.assert_allclose(flow.links, links, rtol=1e-10)
        np.testing.assert_allclose(flow.nodes, nodes, rtol=1e-10, atol=1e-12)

    def test_equals_networkx(self):
        networkx = pytest.importorskip("networkx")
        pairs, conductance = random_network(3, links=30)
        graph = networkx.Graph()
        graph.add_weighted_edges_from((int(a), int(b), c) for (a, b), c in zip(pairs, conductance))
        assert networkx.is_connected(graph)
        try:
            expected = networkx.edge_current_flow_betweenness_centrality(graph, normalized=False, weight="weight")
        except ValueError:
            pytest.skip("this networkx fails with the sparse arrays of this SciPy")
        flow = current_flow(12, pairs, conductance)
        for (a, b), current in zip(pairs.tolist(), flow.links):
            # networkx halves the sum when it is not normalised.
            assert current / 2 == pytest.approx(expected.get((a, b), expected.get((b, a))), rel=1e-9)

    def test_wide_range_of_conductances(self):
        pairs, _ = random_network(5, links=25)
        conductance = 10.0 ** -np.random.default_rng(5).uniform(2, 7, 25)
        nodes, links = plain_current_flow(12, pairs, conductance * 1e4)
        flow = current_flow(12, pairs, conductance)
        np.testing.assert_allclose(flow.links, links, rtol=1e-6)
        np.testing.assert_allclose(flow.nodes, nodes, rtol=1e-6)

    def test_lone_source_has_no_current(self):
        assert current_flow(3, np.array([[0, 1]]), np.array([1.0])).nodes.tolist() == pytest.approx([1.0, 1.0, 0.0])

    @pytest.mark.parametrize("conductance", [[0.0], [np.inf], [-1.0], [np.nan], []])
    def test_refuses_impossible_conductances(self, conductance):
        with pytest.raises(InputError, match="conductance"):
            current_flow(2, np.array([[0, 1]]), np.array(conductance))

    def test_refuses_unknown_sources(self):
        with pytest.raises(InputError, match="names source 2, but there are only 2"):
            current_flow(2, np.array([[0, 2]]), np.array([1.0]))
        with pytest.raises(InputError, match="with itself"):
            degree(2, np.array([[1, 1]]))


class TestBetweenness:
    @pytest.mark.parametrize("seed", range(6))
    def test_equals_networkx(self, seed):
        networkx = pytest.importorskip("networkx")
        pairs, length = random_network(seed, links=14 if seed % 2 else 30)
        graph = networkx.Graph()
        graph.add_nodes_from(range(12))
        graph.add_weighted_edges_from((int(a), int(b), c) for (a, b), c in zip(pairs, length))
        over = networkx.edge_betweenness_centrality(graph, normalized=False, weight="weight")
        np.testing.assert_allclose(
            link_betweenness(12, pairs, length), [over[tuple(sorted(ends))] for ends in pairs.tolist()]
        )
        expected = networkx.betweenness_centrality(graph, normalized=False, weight="weight")
        np.testing.assert_allclose(betweenness(12, pairs, length), [expected[k] for k in range(12)], atol=1e-12)

    def test_equal_paths_share(self):
        square = np.array([[0, 1], [1, 2], [2, 3], [0, 3]])
        np.testing.assert_allclose(betweenness(4, square, np.ones(4)), 0.5)

    def test_paths_that_differ_by_rounding_share(self):
        # 0.1 + 0.2 is not 0.3 to the last bit: between 0 and 3 networkx takes the way over 2 alone. 1 to 2 leads over 0.
        square = np.array([[0, 1], [1, 3], [0, 2], [2, 3]])
        assert 0.1 + 0.2 != 0.15 + 0.15
        np.testing.assert_allclose(betweenness(4, square, np.array([0.1, 0.2, 0.15, 0.15])), [1.0, 0.5, 0.5, 0.0])

    def test_star(self):
        star = np.array([[0, k] for k in range(1, 6)])
        np.testing.assert_allclose(betweenness(6, star, np.ones(5)), [10.0, 0, 0, 0, 0, 0])

    def test_refuses_no_length(self):
        with pytest.raises(InputError, match="length"):
            betweenness(2, np.array([[0, 1]]), np.array([0.0]))


def test_components_are_numbered_in_the_order_of_the_sources():
    assert components(6, np.array([[1, 4], [2, 5], [3, 5]])).tolist() == [0, 1, 2, 2, 1, 2]
    assert components(2, np.empty((0, 2), int)).tolist() == [0, 1]


def test_degree_counts_links():
    assert degree(4, np.array([[0, 1], [0, 2]])).tolist() == [2, 1, 1, 0]


class TestStructure:
    def test_tree_has_no_circuit(self):
        figures = structure(5, np.array([[0, 1], [1, 2], [1, 3], [3, 4]]))
        assert (figures.alpha, figures.beta, figures.gamma) == (0.0, 0.8, pytest.approx(4 / 9))

    def test_full_planar_network_is_one(self):
        # The octahedron: every planar link that six nodes can have.
        pairs = np.array([p for p in itertools.combinations(range(6), 2) if p not in [(0, 5), (1, 3), (2, 4)]])
        figures = structure(6, pairs)
        assert (figures.alpha, figures.beta, figures.gamma) == (1.0, 2.0, 1.0)

    def test_components_count(self):
        figures = structure(6, np.array([[0, 1], [1, 2], [0, 2], [3, 4]]))
        assert figures.components == 3
        assert figures.alpha == pytest.approx(1 / 7)

    def test_too_small_has_no_planar_share(self):
        figures = structure(2, np.array([[0, 1]]))
        assert np.isnan(figures.alpha)
        assert figures.beta == 0.5


class TestGravity:
    def test_worked_by_hand(self):
        size = np.exp([2.0, 3.0, 4.0])
        strength = gravity(np.array([[0, 1], [1, 2]]), np.array([10.0, 20.0]), size, np.array([1.0, 2.0, 4.0]))
        np.testing.assert_allclose(strength, [(20 / 10) ** 2 * 2 * 3 / (1 * 2), 3 * 4 / (2 * 4)])

    def test_unit_of_cost_does_not_matter(self):
        pairs, cost = random_network(1)
        size = np.random.default_rng(1).uniform(10, 1e6, 12)
        np.testing.assert_allclose(gravity(pairs, cost * 1000, size), gravity(pairs, cost, size), rtol=1e-12)

    @pytest.mark.parametrize(
        ("cost", "size", "resistance", "message"),
        [
            ([1.0], [1.0, 5.0], None, "above 1"),
            ([0.0], [2.0, 2.0], None, "least-cost"),
            ([1.0], [2, 2], [0, 1], "mean"),
        ],
    )
    def test_refuses(self, cost, size, resistance, message):
        resistance = None if resistance is None else np.array(resistance)
        with pytest.raises(InputError, match=message):
            gravity(np.array([[0, 1]]), np.array(cost), np.array(size), resistance)
