import json
import math
import warnings

import numpy as np
import pytest
from conftest import REFERENCE
from ecosecnet.core.connectivity import (
    PatchGraph,
    addition_gains,
    analyse,
    betweenness,
    binary_indices,
    compiled,
    cost_distances,
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
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.monitor import SILENT, Monitor
from ecosecnet.core.stats.ranks import ranks

CASES = REFERENCE / "connectivity"
needs_reference = pytest.mark.skipif(not CASES.exists(), reason="needs the reference cases beside the checkout")
TOYS = sorted(path.stem for path in (CASES / "toys").glob("*.json"))
METHODS = ["trees", "halving"]


# ---------------------------------------------------------------- an independent brute force


def all_costs(graph):
    """All-pairs path costs by the plainest Floyd-Warshall."""
    n = graph.size
    cost = [[0.0 if i == j else math.inf for j in range(n)] for i in range(n)]
    for (i, j), c in zip(graph.pairs.tolist(), graph.costs.tolist()):
        cost[i][j] = cost[j][i] = c
    for k in range(n):
        for i in range(n):
            for j in range(n):
                cost[i][j] = min(cost[i][j], cost[i][k] + cost[k][j])
    return cost


def index(graph):
    a, cost = graph.attributes, all_costs(graph)
    total = 0.0
    for i in range(graph.size):
        for j in range(graph.size):
            if math.isfinite(cost[i][j]):
                total += a[i] * a[j] * (1 / (1 + cost[i][j]) if graph.binary else math.exp(-cost[i][j]))
    return total


def without_patch(graph, k):
    kept = np.arange(graph.size) != k
    number = np.cumsum(kept) - 1
    links = kept[graph.pairs].all(axis=1)
    return PatchGraph(graph.attributes[kept], number[graph.pairs[links]], graph.costs[links], graph.binary)


def without_link(graph, link):
    kept = np.arange(len(graph.pairs)) != link
    return PatchGraph(graph.attributes, graph.pairs[kept], graph.costs[kept], graph.binary)


def random_graph(seed, n, share, *, binary=False):
    """Random patches; some links cost nothing, many cost the same."""
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(n, 1)
    kept = rng.random(i.size) < share
    pairs = np.column_stack((i, j))[kept]
    if binary:
        return PatchGraph.linked(rng.integers(0, 9, n), pairs)
    costs = np.where(rng.random(len(pairs)) < 0.3, rng.integers(0, 4, len(pairs)) / 2, rng.random(len(pairs)) * 3)
    return PatchGraph(rng.random(n) * 100, pairs, costs, False)


# ---------------------------------------------------------------- worked examples


def chain(probability=0.5):
    return PatchGraph.probabilistic(np.ones(3), [(0, 1), (1, 2)], [probability, probability])


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


def test_square_meters_do_not_overflow():
    graph = PatchGraph.probabilistic(np.array([1e14, 1e14]), [(0, 1)], [0.5])
    assert probability_indices(graph).equivalent == pytest.approx(math.sqrt(3.0) * 1e14)


# ---------------------------------------------------------------- reference cases


def toy_graphs(case):
    names = {name: number for number, name in enumerate(case["nodes"])}
    a = np.array(list(case["nodes"].values()))
    key = next(key for key in ("distances", "probabilities", "links") if key in case)
    pairs = np.array([(names[i], names[j]) for i, j, *_ in case[key]]).reshape(-1, 2)
    value = np.array([rest[0] if rest else 0.0 for _, _, *rest in case[key]])
    probable = links = None
    if key == "distances":
        if "kernel" in case:
            probable = PatchGraph.dispersing(a, pairs, value, case["kernel"]["k"])
        if "threshold" in case:
            links = PatchGraph.within(a, pairs, value, case["threshold"])
    elif key == "probabilities":
        probable = PatchGraph.probabilistic(a, pairs, value)
    else:
        links = PatchGraph.linked(a, pairs)
    return names, probable, links


@needs_reference
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", TOYS)
def test_toys(name, method):
    case = json.loads((CASES / "toys" / f"{name}.json").read_text())
    names, probable, links = toy_graphs(case)
    expected = case["expected"]
    checked = 0
    if "probabilistic" in expected:
        found = probability_indices(probable, landscape=case["AL"])
        values = {
            "F": found.flux,
            "AWF": found.weighted_flux,
            "PCnum": found.numerator,
            "EC(PC)": found.equivalent,
            "PC": found.pc,
            "PCintra(%)": found.intra,
            "PCdirect(%)": found.direct,
            "PCstep(%)": found.step,
        }
        assert values == pytest.approx(expected["probabilistic"], rel=1e-11, abs=1e-11)
        check_nodes("PC", probable, names, expected["probabilistic_nodes"], method)
        check_links(probable, names, expected.get("PC_link_removal", []))
        checked += 1
    if "binary" in expected:
        found = binary_indices(links, landscape=case["AL"])
        values = {
            "NL": found.links,
            "NC": found.components,
            "H": found.harary,
            "CCP": found.coincidence,
            "LCP": found.landscape_coincidence,
            "IICnum": found.numerator,
            "EC(IIC)": found.equivalent,
            "IIC": found.iic,
        }
        assert values == pytest.approx({key: expected["binary"][key] for key in values}, rel=1e-11, abs=1e-11)
        check_nodes("IIC", links, names, expected["binary_nodes"], method)
        check_links(links, names, expected.get("IIC_link_removal", []))
        checked += 1
    assert checked


def check_nodes(which, graph, names, expected, method):
    part = node_importance(graph, method=method)
    weighted, plain = betweenness(graph), betweenness(graph, weighted=False)
    for name, values in expected.items():
        k = names[name]
        found = {
            f"d{which}": part.total[k],
            f"d{which}intra": part.intra[k],
            f"d{which}flux": part.flux[k],
            f"d{which}connector": part.connector[k],
            f"BC({which})": weighted[k],
        }
        if graph.binary:
            found["BC"] = plain[k]
            found.update(changes_without(graph, k))
        assert found == pytest.approx({key: values[key] for key in found}, rel=1e-9, abs=1e-9)


def changes_without(graph, k):
    """Change of the indices that have no fractions when a patch goes, per cent."""
    landscape = 1e6
    if graph.size == 1:
        return {}
    before = binary_indices(graph, landscape=landscape)
    after = binary_indices(without_patch(graph, k), landscape=landscape)

    def change(name):
        old, new = getattr(before, name), getattr(after, name)
        return 100 * (old - new) / old if old else 0.0

    return {
        "dNL": change("links"),
        "dNC": change("components"),
        "dH": change("harary"),
        "dCCP": change("coincidence"),
        "dLCP": change("landscape_coincidence"),
    }


def check_links(graph, names, expected):
    found = {tuple(pair): value for pair, value in zip(graph.pairs.tolist(), link_importance(graph))}
    for i, j, value in expected:
        assert found[tuple(sorted((names[i], names[j])))] == pytest.approx(value, rel=1e-9, abs=1e-9)


@needs_reference
def test_graphab_figures():
    folder = CASES / "graphab_10patch"
    patches = np.genfromtxt(folder / "patches.csv", delimiter=",", skip_header=1)
    links = np.genfromtxt(folder / "links.csv", delimiter=",", skip_header=1)
    expected = json.loads((folder / "expected.json").read_text())
    number = {int(name): k for k, name in enumerate(patches[:, 0])}
    pairs = [(number[int(i)], number[int(j)]) for i, j in links[:, :2]]
    graph = PatchGraph.dispersing(patches[:, 1], pairs, links[:, 2], dispersal_rate(600.0, 0.5))
    found = probability_indices(graph, landscape=expected["AL_m2"])
    assert found.pc == pytest.approx(expected["published_by_Graphab"]["PC"], rel=1e-14)
    part = node_importance(graph)
    # The local flux F of Graphab is the flux fraction without the attribute of the patch itself.
    local = part.flux * part.numerator / 200.0 / patches[:, 1]
    assert local == pytest.approx(patches[:, 2], rel=1e-13)
    for name, values in expected["independent"]["nodes"].items():
        k = number[int(name)]
        assert part.total[k] == pytest.approx(values["dPC"], rel=1e-12)
        assert part.connector[k] == pytest.approx(0.0, abs=1e-12)


@pytest.fixture(scope="module")
def volcanoes():
    """404 patches of the Trans-Mexican Volcanic System: areas, pairs, distances and what is known."""
    folder = CASES / "makurhini_tmvs_centroid"
    nodes = np.genfromtxt(folder / "nodes.csv", delimiter=",", skip_header=1)
    pairs = np.column_stack(np.triu_indices(len(nodes), 1))
    distance = np.hypot(*(nodes[pairs[:, 0], 1:3] - nodes[pairs[:, 1], 1:3]).T)
    return nodes[:, 3], pairs, distance, json.loads((folder / "expected.json").read_text())


@needs_reference
def test_makurhini_figures(volcanoes):
    area, pairs, distance, expected = volcanoes
    rate = dispersal_rate(10_000.0, 0.5)
    strong = np.exp(-rate * distance) >= 0.01
    graph = PatchGraph.dispersing(area, pairs[strong], distance[strong], rate)
    found = probability_indices(graph)
    published, independent = (expected[key]["PC_with_pij_min_0.01"] for key in ("published", "independent"))
    assert found.numerator == pytest.approx(independent["PCnum"], rel=1e-12)
    assert found.numerator == pytest.approx(published["PCnum"], rel=5e-7)
    assert found.equivalent == pytest.approx(published["EC(PC)"], rel=1e-7)
    assert found.intra == pytest.approx(published["PCintra(%)"], abs=5e-6)
    assert found.direct == pytest.approx(published["PCdirect(%)"], abs=5e-6)
    assert found.step == pytest.approx(published["PCstep(%)"], abs=5e-6)
    part = node_importance(graph)
    assert part.total[:10] == pytest.approx(published["dPC_first10"], abs=6e-8)
    assert part.intra[:10] == pytest.approx(published["dPCintra_first10"], abs=6e-8)
    assert part.flux[:10] == pytest.approx(published["dPCflux_first10"], abs=6e-8)
    connector = [values[3] for values in independent["nodes_first10[dPC,intra,flux,connector]"]]
    assert part.connector[:10] == pytest.approx(connector, abs=6e-10)


@needs_reference
def test_points_need_no_stepping_stones(volcanoes):
    area, pairs, distance, expected = volcanoes
    graph = PatchGraph.dispersing(area, pairs, distance, dispersal_rate(10_000.0, 0.5))
    part = node_importance(graph)
    assert part.numerator == pytest.approx(expected["independent"]["PC_complete_graph"]["PCnum"], rel=1e-12)
    rows = np.array(expected["independent"]["PC_complete_graph"]["nodes_first10[dPC,intra,flux,connector]"])
    assert part.total[:10] == pytest.approx(rows[:, 0], abs=6e-10)
    assert part.connector.max() < 1e-11


@needs_reference
def test_makurhini_iic(volcanoes):
    area, pairs, distance, expected = volcanoes
    near = distance < 10_000.0
    graph = PatchGraph.linked(area, pairs[near])
    independent = expected["independent"]["IIC_strict_less_than"]
    part = node_importance(graph)
    assert part.numerator == pytest.approx(independent["IICnum"], rel=1e-12)
    rows = np.array(independent["nodes_first10[dIIC,intra,flux,connector]"])
    found = np.column_stack((part.total, part.intra, part.flux, part.connector))[:10]
    assert found == pytest.approx(rows, abs=6e-10)
    # Makurhini adds the same connector of 3.66e-5 % to every patch; what is left agrees with its tables.
    published = np.array(expected["published"]["IIC"]["dIIC_first10"])
    assert published - part.total[:10] == pytest.approx(3.66e-5, abs=2e-7)


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


def spread_out(seed, n, reach):
    """Round patches on a square; links up to `reach` between their edges."""
    rng = np.random.default_rng(seed)
    xy, radius = rng.random((n, 2)) * 10_000, rng.random(n) * 2500 / math.sqrt(n)
    pairs = np.column_stack(np.triu_indices(n, 1))
    distance = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T) - radius[pairs].sum(axis=1)
    distance = np.maximum(distance, 0.0)
    near = distance <= reach
    return PatchGraph.dispersing(radius**2, pairs[near], distance[near], dispersal_rate(1000.0, 0.5))


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


# ---------------------------------------------------------------- the whole analysis


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


def test_dense_and_sparse_views_of_a_graph_agree():
    graph = spread_out(7, 120, np.inf)
    assert graph.is_dense
    assert len(pruned(graph, SILENT).pairs) < len(graph.pairs) / 4
    assert probability_indices(graph).numerator == pytest.approx(index(graph), rel=1e-12)


# ---------------------------------------------------------------- with numba


@pytest.mark.skipif(not compiled.available(), reason="needs numba")
@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize(("seed", "n", "share"), [(1, 12, 0.15), (2, 14, 0.3), (3, 11, 1.0), (4, 60, 0.05)])
def test_numba_gives_the_same(monkeypatch, seed, n, share, binary):
    graph = random_graph(seed, n, share, binary=binary)
    plain = node_importance(graph, method="trees"), link_importance(graph), node_importance(graph, negligible=0.1)
    monkeypatch.setattr(failures, "WORTH_STARTING_NUMBA", 0)
    fast = node_importance(graph, method="trees"), link_importance(graph), node_importance(graph, negligible=0.1)
    assert uses_numba(n)
    assert fast[0].connector == pytest.approx(plain[0].connector, rel=1e-11, abs=1e-12)
    assert fast[1] == pytest.approx(plain[1], rel=1e-11, abs=1e-12)
    assert fast[2].total == pytest.approx(plain[2].total, rel=1e-11, abs=1e-12)


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


# ---------------------------------------------------------------- stepping stones


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
