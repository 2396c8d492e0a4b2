"""Indices and importances by hand, by recomputing, by peers and in closed form."""

import functools
import math
import warnings

import numpy as np
import pytest
from ecosecnet.core.connectivity import (
    PatchGraph,
    betweenness,
    binary_indices,
    compiled,
    dispersal_rate,
    distance_at,
    failures,
    link_importance,
    node_importance,
    probability_indices,
    pruning,
    uses_numba,
)
from ecosecnet.core.connectivity.pruning import BLOCK_CELLS, lasting, pruned
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.monitor import SILENT, Monitor
from patchgraphs import chain, index, random_graph, spread_out, without_link, without_patch

METHODS = ["trees", "halving"]
NUMBA = pytest.mark.skipif(not compiled.available(), reason="needs numba")


# ---------------------------------------------------------------- worked examples


def test_chain_by_hand():
    found = probability_indices(chain(), landscape=4.0)
    assert found.numerator == pytest.approx(5.5)
    assert found.pc == pytest.approx(5.5 / 16)
    assert (found.flux, found.weighted_flux) == pytest.approx((2.0, 2.0))
    part = node_importance(chain())
    assert part.total == pytest.approx([100 * 2.5 / 5.5, 100 * 3.5 / 5.5, 100 * 2.5 / 5.5])
    assert part.connector == pytest.approx([0.0, 100 * 0.5 / 5.5, 0.0])
    assert betweenness(chain()) == pytest.approx([0.0, 0.25, 0.0])
    assert link_importance(chain()) == pytest.approx([100 * 1.5 / 5.5] * 2)


def test_links_by_hand():
    # Patches 1, 2, 3 in a row and 4 alone. H: two pairs one link apart, one pair two: 1 + 1 + 1/2.
    # CCP: components of 6 and 4 among 10: (36 + 16) / 100. LCP: (36 + 16) / 20^2.
    # IIC: 1 + 4 + 9 + 16 = 30 for the patches and 2 x (2/2 + 6/2 + 3/3) = 10 between them, over 20^2.
    graph = PatchGraph.linked(np.array([1.0, 2.0, 3.0, 4.0]), [(0, 1), (1, 2)])
    found = binary_indices(graph, landscape=20.0)
    assert (found.links, found.components) == (2, 2)
    assert found.harary == pytest.approx(2.5)
    assert found.coincidence == pytest.approx(0.52)
    assert found.landscape_coincidence == pytest.approx(0.13)
    assert found.numerator == pytest.approx(40.0)
    assert found.iic == pytest.approx(0.1)


def test_stepping_stone_beats_a_direct_link():
    graph = PatchGraph.probabilistic(np.ones(3), [(0, 1), (1, 2), (0, 2)], [0.8, 0.8, 0.1])
    assert probability_indices(graph).numerator == pytest.approx(3 + 2 * (0.8 + 0.8 + 0.64))
    # Without the stone the direct link is left.
    assert node_importance(graph).connector[1] == pytest.approx(100 * 2 * (0.64 - 0.1) / 7.48)
    assert link_importance(graph)[2] == 0.0


def test_touching_patches_stay_linked():
    graph = PatchGraph.dispersing(np.array([10.0, 20.0, 5.0]), [(0, 1), (1, 2)], [0.0, 1000.0], math.log(2) / 1000)
    assert probability_indices(graph).numerator == pytest.approx(1075.0)
    assert betweenness(graph) == pytest.approx([0.0, 25.0, 0.0])
    assert node_importance(graph).total == pytest.approx([100 * 550 / 1075, 100 * 950 / 1075, 100 * 175 / 1075])


def test_kernel():
    k = dispersal_rate(5000.0, 0.5)
    assert k == pytest.approx(1.3862943611e-4)
    assert distance_at(k, 0.01) == pytest.approx(33219.28, abs=0.01)
    assert dispersal_rate(distance_at(k, 0.05), 0.05) == pytest.approx(k)


@pytest.mark.parametrize("binary", [False, True])
def test_one_patch_is_everything(binary):
    graph = PatchGraph(np.array([3.0]), np.empty((0, 2), dtype=int), np.empty(0), binary)
    found = (binary_indices if binary else probability_indices)(graph, landscape=6.0)
    assert (found.iic if binary else found.pc) == 0.25
    assert node_importance(graph).total == pytest.approx([100.0])
    assert betweenness(graph).tolist() == [0.0]
    assert link_importance(graph).size == 0


def test_no_habitat_gives_zero_and_no_nan():
    graph = PatchGraph.linked(np.zeros(3), [(0, 1)])
    assert binary_indices(graph).coincidence == 0.0
    for part in (node_importance(graph).total, link_importance(graph), betweenness(graph)):
        assert part.tolist() == [0.0] * part.size


def test_nothing_within_reach_keeps_each_patch_for_itself():
    graph = PatchGraph.within(np.array([3.0, 4.0]), [(0, 1)], [900.0], 500.0)
    found = binary_indices(graph, landscape=10.0)
    assert (found.components, found.links, found.numerator) == (2, 0, 25.0)
    assert node_importance(graph).total == pytest.approx([36.0, 64.0])


def test_many_patches_without_a_link_lose_nothing():
    graph = PatchGraph.linked(np.ones(failures.WORTH_STARTING_NUMBA), [])
    assert link_importance(graph).size == 0
    assert node_importance(graph, method="trees").connector.max() == 0.0


def test_square_meters_do_not_overflow():
    graph = PatchGraph.probabilistic(np.array([1e14, 1e14]), [(0, 1)], [0.5])
    assert probability_indices(graph).equivalent == pytest.approx(math.sqrt(3.0) * 1e14)


# ---------------------------------------------------------------- against recomputing


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize(("seed", "n", "share"), [(1, 12, 0.15), (2, 14, 0.3), (3, 11, 1.0), (4, 16, 0.08)])
def test_importance_is_what_removal_gives(seed, n, share, binary, method):
    graph = random_graph(seed, n, share, binary=binary)
    part = node_importance(graph, method=method)
    whole = index(graph)
    assert part.numerator == pytest.approx(whole, rel=1e-12)
    for k in range(n):
        removed = 100 * (whole - index(without_patch(graph, k))) / whole
        assert part.total[k] == pytest.approx(removed, rel=1e-9, abs=1e-10)
    lost = link_importance(graph)
    for link in range(len(graph.pairs)):
        removed = 100 * (whole - index(without_link(graph, link))) / whole
        assert lost[link] == pytest.approx(removed, rel=1e-9, abs=1e-10)


@pytest.mark.parametrize(("n", "reach"), [(150, 1500.0), (90, np.inf)])
def test_both_methods_agree_on_a_landscape(n, reach):
    graph = spread_out(5, n, reach)
    trees, halving = (node_importance(graph, method=method) for method in METHODS)
    assert trees.connector.max() > 0.1
    assert trees.connector == pytest.approx(halving.connector, rel=1e-9, abs=1e-12)


def test_scipy_agrees_on_a_landscape():
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    graph = spread_out(6, 300, 900.0)
    part = node_importance(graph, method="trees")
    for k in range(0, 300, 23):
        rest = without_patch(graph, k)
        # Distances of 0 become a distance that is nearly 0, so that no version of scipy drops them.
        i, j = rest.pairs.T
        matrix = csr_matrix((np.tile(np.maximum(rest.costs, 1e-13), 2), (np.r_[i, j], np.r_[j, i])), shape=(299, 299))
        numerator = rest.attributes @ np.exp(-dijkstra(matrix)) @ rest.attributes
        assert part.total[k] == pytest.approx(100 * (part.numerator - numerator) / part.numerator, abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_connector_never_exceeds_betweenness(seed):
    graph = random_graph(seed + 50, 25, 0.2)
    part = node_importance(graph)
    assert np.all(part.connector <= 200 * betweenness(graph) / part.numerator + 1e-9)
    assert np.all(part.connector >= 0.0)


def test_order_of_patches_does_not_matter():
    graph = random_graph(9, 40, 0.12)
    turn = np.random.default_rng(0).permutation(40)
    turned = PatchGraph(graph.attributes[np.argsort(turn)], np.sort(turn[graph.pairs], axis=1), graph.costs, False)
    assert node_importance(turned).total[turn] == pytest.approx(node_importance(graph).total, rel=1e-9)
    assert betweenness(turned)[turn] == pytest.approx(betweenness(graph), rel=1e-9, abs=1e-9)


def test_long_chain_is_solved_exactly():
    n = 300
    pairs = np.column_stack((np.arange(n - 1), np.arange(1, n)))
    part = node_importance(PatchGraph.linked(np.ones(n), pairs), method="trees")
    k = 40
    crossing = sum(1 / (1 + j - i) for i in range(k) for j in range(k + 1, n))
    assert part.connector[k] == pytest.approx(200 * crossing / part.numerator, rel=1e-12)
    assert n * 8 > BLOCK_CELLS // n  # more than one block of sources


@pytest.mark.parametrize("binary", [False, True])
def test_networkx_betweenness(binary):
    networkx = pytest.importorskip("networkx")
    rng = np.random.default_rng(3)
    graph = random_graph(21, 30, 0.15, binary=True)
    costs = np.ones(len(graph.pairs)) if binary else rng.integers(1, 4, len(graph.pairs)).astype(float)
    graph = PatchGraph(graph.attributes, graph.pairs, costs, binary)
    peer = networkx.Graph()
    peer.add_nodes_from(range(30))
    peer.add_weighted_edges_from((int(i), int(j), c) for (i, j), c in zip(graph.pairs, costs))
    expected = networkx.betweenness_centrality(peer, normalized=False, weight=None if binary else "weight")
    assert betweenness(graph, weighted=False) == pytest.approx(list(expected.values()), abs=1e-9)


@pytest.mark.parametrize("n", [4, 7])
def test_ring_and_star_in_closed_form(n):
    ring = PatchGraph.linked(np.ones(n), [(i, (i + 1) % n) for i in range(n)])
    # Each patch lies inside paths whose lengths add up the same way for all.
    assert np.ptp(betweenness(ring, weighted=False)) == pytest.approx(0.0, abs=1e-12)
    star = PatchGraph.linked(np.ones(n), [(0, i) for i in range(1, n)])
    assert betweenness(star, weighted=False).tolist() == [(n - 1) * (n - 2) / 2] + [0.0] * (n - 1)
    whole = n + 2 * (n - 1) / 2 + (n - 1) * (n - 2) / 3
    assert node_importance(star).connector[0] == pytest.approx(100 * (n - 1) * (n - 2) / 3 / whole)


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: dispersal_rate(0.0, 0.5), "distance is 0"),
        (lambda: dispersal_rate(100.0, 0.0), "is 0; it must lie between"),
        (lambda: dispersal_rate(100.0, 1.0), "is 1; it must lie between"),
        (lambda: PatchGraph.linked(np.array([]), []), "no patch"),
        (lambda: PatchGraph.linked(np.array([1.0, -2.0]), []), "1 patch.*patch 2 with -2"),
        (lambda: PatchGraph.linked(np.array([1.0, np.nan]), []), "patch 2 with nan"),
        (lambda: PatchGraph.linked(np.ones(2), [(0, 1), (1, 0)]), "patches 1 and 2 is given more than once"),
        (lambda: PatchGraph.linked(np.ones(2), [(1, 1)]), "Patch 2 is linked with itself"),
        (lambda: PatchGraph.linked(np.ones(2), [(0, 2)]), "outside 1 to 2"),
        (lambda: PatchGraph.probabilistic(np.ones(2), [(0, 1)], [1.5]), "outside 0 to 1.*1.5"),
        (lambda: PatchGraph.probabilistic(np.ones(2), [(0, 1)], []), "0 probabilities for 1 links"),
        (lambda: PatchGraph.dispersing(np.ones(2), [(0, 1)], [-3.0], 1.0), "negative.*-3"),
        (lambda: PatchGraph.within(np.ones(2), [(0, 1)], [np.nan], 1.0), "missing"),
        (lambda: probability_indices(chain(), landscape=2.0), "less than its patches together"),
        (lambda: probability_indices(PatchGraph.linked(np.ones(2), [])), "probabilities"),
        (lambda: binary_indices(chain()), "not of probabilities"),
    ],
)
def test_bad_input_is_named(call, part):
    with pytest.raises(InputError, match=part):
        call()


def test_probability_zero_is_no_link():
    graph = PatchGraph.probabilistic(np.ones(2), [(0, 1)], [0.0])
    assert len(graph.pairs) == 0


def test_no_warning_from_numpy():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        graph = PatchGraph.probabilistic(np.array([0.0, 1.0, 2.0]), [(0, 1)], [1.0])
        node_importance(graph), link_importance(graph), betweenness(graph), probability_indices(graph)


@pytest.mark.parametrize("method", METHODS)
def test_can_be_cancelled(method):
    class Stop(Monitor):
        def cancelled(self):
            return True

    graph = random_graph(1, 20, 0.3)
    with pytest.raises(OperationCancelled):
        node_importance(graph, method=method, monitor=Stop())


def test_dense_and_sparse_views_of_a_graph_agree():
    graph = spread_out(7, 120, np.inf)
    assert graph.is_dense
    assert len(pruned(graph, SILENT).pairs) < len(graph.pairs) / 4
    assert probability_indices(graph).numerator == pytest.approx(index(graph), rel=1e-12)


# ---------------------------------------------------------------- with numba


@pytest.fixture(params=["plain", pytest.param("numba", marks=NUMBA)])
def stack(request, monkeypatch):
    """Small graphs with SciPy alone, and as large ones are with numba."""
    monkeypatch.setattr(failures, "WORTH_STARTING_NUMBA", 0 if request.param == "numba" else math.inf)
    assert uses_numba(5) == (request.param == "numba")


NEGLIGIBLE = (0.0, 0.1, 0.3)


@functools.cache
def networkx_numerators(seed, n, share, binary):
    """The numerators of a random graph: whole, without each patch, without each link; by what is negligible."""
    networkx = pytest.importorskip("networkx")
    graph = random_graph(seed, n, share, binary=binary)
    peer = networkx.Graph()
    peer.add_nodes_from(range(n))
    peer.add_weighted_edges_from((int(i), int(j), float(cost)) for (i, j), cost in zip(graph.pairs, graph.costs))

    def numerators(nodes, links):
        sums = np.zeros(len(NEGLIGIBLE))
        for i, costs in networkx.all_pairs_dijkstra_path_length(networkx.restricted_view(peer, nodes, links)):
            for j, cost in costs.items():
                connected = 1.0 / (1.0 + cost) if binary else math.exp(-cost)
                sums += graph.attributes[i] * graph.attributes[j] * connected * (connected >= np.array(NEGLIGIBLE))
        return sums

    patches = np.array([numerators([k], []) for k in range(n)])
    return (
        graph,
        numerators([], []),
        patches,
        np.array([numerators([], [tuple(link)]) for link in graph.pairs.tolist()]),
    )


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize(("seed", "n", "share"), [(1, 12, 0.15), (2, 14, 0.3), (3, 11, 1.0), (4, 30, 0.08)])
def test_failures_are_what_networkx_gives_without(stack, seed, n, share, binary):
    graph, whole, patches, links = networkx_numerators(seed, n, share, binary)
    for at, negligible in enumerate(NEGLIGIBLE):
        found = node_importance(graph, method="trees", negligible=negligible)
        assert found.numerator == pytest.approx(whole[at], rel=1e-11)
        assert found.total == pytest.approx(100.0 * (1.0 - patches[:, at] / whole[at]), rel=1e-9, abs=1e-11)
        expected = 100.0 * (1.0 - links[:, at] / whole[at])
        assert link_importance(graph, negligible=negligible) == pytest.approx(expected, rel=1e-9, abs=1e-11)


@NUMBA
@pytest.mark.parametrize("touching", [0.0, 0.5])
def test_numba_gives_the_same(monkeypatch, touching):
    rng = np.random.default_rng(3)
    graph = spread_out(5, 250, 1500.0)
    graph.costs[rng.random(len(graph.pairs)) < touching] = 0.0  # of many equally good paths either may be taken
    found = []
    for worth in (math.inf, 0):
        monkeypatch.setattr(failures, "WORTH_STARTING_NUMBA", worth)
        found.append((node_importance(graph, method="trees"), link_importance(graph)))
    (plain, links), (fast, fast_links) = found
    assert fast.numerator == pytest.approx(plain.numerator, rel=1e-12)
    assert fast.total == pytest.approx(plain.total, rel=1e-11)
    assert fast.connector == pytest.approx(plain.connector, rel=1e-9, abs=1e-12)
    assert fast_links == pytest.approx(links, rel=1e-9, abs=1e-12)


# ---------------------------------------------------------------- large graphs


@pytest.mark.parametrize(("n", "reach", "dense"), [(400, 900.0, False), (80, np.inf, True)])
def test_links_that_never_matter_are_left_out(monkeypatch, n, reach, dense):
    graph = spread_out(8, n, reach)
    assert graph.is_dense == dense
    assert 0 < np.count_nonzero(~lasting(graph, SILENT)) < len(graph.pairs)
    whole = PatchGraph(graph.attributes, graph.pairs, graph.costs, False)
    monkeypatch.setitem(pruning._LASTING, whole, np.ones(len(graph.pairs), dtype=bool))
    assert node_importance(graph, method="trees").total == pytest.approx(
        node_importance(whole, method="trees").total, rel=1e-11
    )
    assert link_importance(graph) == pytest.approx(link_importance(whole), rel=1e-9, abs=1e-12)


def test_what_is_negligible_is_bounded():
    graph = spread_out(9, 250, 900.0)
    exact = node_importance(graph)
    total = graph.attributes.sum()
    last = 0.0
    for negligible in (0.2, 1e-2, 1e-4):
        near = node_importance(graph, negligible=negligible)
        missed = exact.numerator - near.numerator
        assert 0.0 <= missed <= negligible * total**2
        assert near.numerator > last
        last = near.numerator
        found = probability_indices(graph, negligible=negligible)
        assert found.numerator == pytest.approx(near.numerator)
    assert near.total == pytest.approx(exact.total, rel=1e-2, abs=1e-2)
    assert node_importance(graph, negligible=1e-300).total == pytest.approx(exact.total, rel=1e-9)
    with pytest.raises(InputError, match="below 1, not 1"):
        node_importance(graph, negligible=1.0)
