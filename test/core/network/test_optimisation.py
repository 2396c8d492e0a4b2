"""Additions to a network against enumeration, networkx, closed forms and the indices of connectivity."""

import itertools
import math

import networkx as nx
import numpy as np
import pytest
from ecosecnet.core.choices import Attack, NetworkObjective
from ecosecnet.core.connectivity.graph import PatchGraph
from ecosecnet.core.connectivity.indices import probability_indices
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.network.candidates import Candidates, Network
from ecosecnet.core.network.objectives import Rules
from ecosecnet.core.network.optimisation import figures, optimise

EVERY = list(NetworkObjective)
RULES = Rules(math.log(2.0) / 4.0)
NO_STONES = np.empty(0)


def some_network(seed, count=8, links=9, candidates=7, stones=0):
    """Return a network of sources, and links or stepping stones that could be added."""
    rng = np.random.default_rng(seed)
    every = rng.permutation(np.array(list(itertools.combinations(range(count), 2))))
    held = rng.uniform(1, 20, count)
    network = Network(held, every[:links], rng.uniform(1, 9, links))
    if not stones:
        new = every[links : links + candidates]
        return network, Candidates(new, rng.uniform(1, 9, len(new)), NO_STONES)
    new = np.array([[near, count + k] for k in range(stones) for near in rng.permutation(count + k)[:3]])
    return network, Candidates(new, rng.uniform(1, 4, len(new)), rng.uniform(0, 5, stones))


def joined(network, candidates, chosen):
    """Return the graph that networkx makes of a network with some candidates, and what its nodes hold."""
    graph = nx.Graph()
    count = len(network.attributes)
    held = dict(enumerate(network.attributes))
    graph.add_nodes_from(held)
    graph.add_weighted_edges_from((a, b, far) for (a, b), far in zip(network.pairs.tolist(), network.length))
    if len(candidates.stones):
        # in the order in which they came, as ties are broken by it
        held |= {count + k: candidates.stones[k] for k in chosen}
        graph.add_nodes_from(count + k for k in chosen)
    for link, ((a, b), far) in enumerate(zip(candidates.pairs.tolist(), candidates.length)):
        if (link in chosen) if not len(candidates.stones) else (a in held and b in held):
            graph.add_edge(a, b, weight=far)
    return graph, held


def area(graph, lose, order):
    """Return the area under the curve of the largest component while things of a graph are lost in an order."""
    rest, count = graph.copy(), len(graph)
    heights = [max(map(len, nx.connected_components(rest)))]
    for one in order:
        lose(rest, one)
        heights.append(max(map(len, nx.connected_components(rest)), default=0))
    return np.mean([(a + b) / 2 for a, b in zip(heights, heights[1:])]) / count if order else 0.0


def plain(network, candidates, chosen, objective):
    """Return an objective as its definition has it, with networkx."""
    graph, held = joined(network, candidates, chosen)
    far = dict(nx.all_pairs_dijkstra_path_length(graph))
    if objective is NetworkObjective.CONNECTIVITY:
        total = sum(held[a] * held[b] * math.exp(-RULES.rate * d) for a, to in far.items() for b, d in to.items())
        return math.sqrt(total)
    if objective is NetworkObjective.EFFICIENCY:
        ends = len(network.attributes)
        return sum(1 / d for a, to in far.items() for b, d in to.items() if a != b and a < ends and b < ends) / (
            ends * (ends - 1)
        )
    place = {node: k for k, node in enumerate(graph)}
    nodes = sorted(graph, key=lambda node: (-graph.degree(node), place[node]))
    links = sorted(
        graph_links(network, candidates, graph), key=lambda ends: -graph.degree(ends[0]) * graph.degree(ends[1])
    )
    return (
        area(graph, lambda rest, node: rest.remove_node(node), nodes)
        + area(graph, lambda rest, ends: rest.remove_edge(*ends), links)
    ) / 2


def graph_links(network, candidates, graph):
    """Return the links of a graph: those that were there, and those that came, in the order of the candidates."""
    return [ends for ends in [*network.pairs.tolist(), *candidates.pairs.tolist()] if graph.has_edge(*ends)]


@pytest.mark.parametrize("objective", EVERY)
@pytest.mark.parametrize(("seed", "stones"), [*((seed, 0) for seed in range(6)), *((seed, 5) for seed in range(6, 10))])
def test_values_and_the_best_set_equal_enumeration_by_networkx(objective, seed, stones):
    network, candidates = some_network(seed, stones=stones)
    found = optimise(network, candidates, add=3, objective=objective, rules=RULES)
    for turn, value in enumerate(found.values):
        assert value == pytest.approx(plain(network, candidates, found.order[:turn].tolist(), objective), rel=1e-12)
    sets = [few for size in range(4) for few in itertools.combinations(range(candidates.count), size)]
    values = [plain(network, candidates, few, objective) for few in sets]
    assert found.sets == len(sets) - 1
    assert found.best == pytest.approx(max(values), rel=1e-12)
    assert plain(network, candidates, found.best_set, objective) == pytest.approx(max(values), rel=1e-12)
    assert found.values[-1] <= max(values) * (1 + 1e-12)
    assert found.gap == pytest.approx(max(values) - found.values[-1], abs=1e-9 * max(values))
    first = [plain(network, candidates, (one,), objective) for one in range(candidates.count)]
    assert found.values[1] == pytest.approx(max(first), rel=1e-12)


@pytest.mark.parametrize("objective", EVERY[:2])
def test_steps_that_are_best_each_need_not_be_best_together(objective):
    """Two halves of a bridge bring nothing alone; a short stub of a link is taken first, and the gap says what it cost."""
    pairs = np.array([[0, 1], [2, 3]])
    network = Network(np.array([10.0, 10.0, 10.0, 10.0, 0.01]), pairs, np.array([4.0, 4.0]))
    # node 4 lies in the gap between the two pairs and holds next to nothing
    candidates = Candidates(np.array([[1, 4], [2, 4], [0, 2]]), np.array([1.0, 1.0, 30.0]), NO_STONES)
    found = optimise(network, candidates, add=2, objective=objective, rules=RULES)
    pairwise = {few: plain(network, candidates, few, objective) for few in itertools.combinations(range(3), 2)}
    assert found.best_set == max(pairwise, key=pairwise.get) == (0, 1)
    assert found.gap == pytest.approx(pairwise[0, 1] - found.values[-1], abs=1e-12)
    assert found.gap > 0.01 if objective is NetworkObjective.CONNECTIVITY else found.gap >= 0


def test_a_chord_of_a_ring_shortens_what_it_should():
    """A ring of 2 m with unit links: a chord across of length c gives pairs (i, j) min(|i - j|, a + c + b)."""
    m, chord = 5, 1.0
    count = 2 * m
    ring = np.array([[k, (k + 1) % count] for k in range(count)])
    network = Network(np.ones(count), ring, np.ones(count))
    candidates = Candidates(np.array([[0, m]]), np.array([chord]), NO_STONES)
    found = optimise(network, candidates, add=1, objective="global efficiency", rules=RULES)
    harmonic = 2 * sum(1 / k for k in range(1, m)) + 1 / m
    assert found.values[0] == pytest.approx(harmonic / (count - 1))

    def round_way(i, j):
        return min(abs(i - j), count - abs(i - j))

    total = sum(
        1 / min(round_way(i, j), round_way(i, 0) + chord + round_way(m, j), round_way(i, m) + chord + round_way(0, j))
        for i in range(count)
        for j in range(count)
        if i != j
    )
    assert found.values[1] == pytest.approx(total / (count * (count - 1)))


def test_a_bridge_between_two_components_joins_what_both_hold():
    """Two single sources apart: EC rises from sqrt(a^2 + b^2) to sqrt(a^2 + b^2 + 2 a b p); the areas from 3/8 to 1/2."""
    network = Network(np.array([3.0, 4.0]), np.empty((0, 2), dtype=np.int64), np.empty(0))
    candidates = Candidates(np.array([[0, 1]]), np.array([4.0]), NO_STONES)
    found = optimise(network, candidates, add=1, objective="equivalent connectivity", rules=RULES)
    np.testing.assert_allclose(found.values, [5.0, math.sqrt(25 + 2 * 12 * 0.5)])
    assert (found.before.structure.components, found.after.structure.components) == (2, 1)
    # one of two, one of two, none; then two, one, none of two
    assert (found.before.sources.robustness, found.after.sources.robustness) == (0.375, 0.5)
    assert (found.before.links.robustness, found.after.links.robustness) == (0.0, 0.75)


@pytest.mark.parametrize("stones", [0, 4])
def test_figures_are_those_of_the_rooms_that_define_them(stones):
    network, candidates = some_network(3, stones=stones)
    found = optimise(network, candidates, add=2, objective="equivalent connectivity", rules=RULES)
    after = found.network
    assert after.stones == (len(found.order) if stones else 0)
    graph = PatchGraph.dispersing(after.attributes, after.pairs, after.length, RULES.rate)
    assert found.values[-1] == pytest.approx(probability_indices(graph).equivalent, rel=1e-13)
    assert found.after.equivalent == probability_indices(graph).equivalent
    for objective, value in zip(EVERY, (found.after.equivalent, found.after.efficiency, found.after.robustness)):
        chosen = found.order.tolist()
        assert value == pytest.approx(plain(network, candidates, chosen, objective), rel=1e-12)
    links = len(network.pairs) + np.count_nonzero(found.link_turn)
    assert (found.before.structure.links, found.after.structure.links) == (len(network.pairs), links)


def test_unweighted_efficiency_is_that_of_networkx():
    graph = nx.random_geometric_graph(30, 0.25, seed=5)
    network = Network(np.ones(30), np.array(list(graph.edges)), np.ones(graph.size()))
    assert figures(network, RULES).efficiency == pytest.approx(nx.global_efficiency(graph))


@pytest.mark.parametrize("attack", list(Attack))
def test_an_addition_that_lowers_the_robustness_is_not_made(attack):
    """In a complete network nothing can be added but a stepping stone at one source, which does not help."""
    every = np.array(list(itertools.combinations(range(5), 2)))
    network = Network(np.ones(5), every, np.ones(10))
    leaf = Candidates(np.array([[0, 5]]), np.ones(1), np.ones(1))
    rules = Rules(RULES.rate, attack)
    found = optimise(network, leaf, add=1, objective="robustness", rules=rules)
    assert found.order.size == 0
    assert found.best_set == ()
    assert found.gap == 0.0


def test_links_that_bring_nothing_are_not_added():
    network = Network(np.ones(3), np.array([[0, 1], [1, 2]]), np.ones(2))
    long = Candidates(np.array([[0, 2]]), np.array([2.0]), NO_STONES)
    assert optimise(network, long, add=1, objective="global efficiency", rules=RULES).order.size == 0


def test_of_equal_links_the_first_is_taken():
    network = Network(np.ones(4), np.array([[0, 1]]), np.ones(1))
    alike = Candidates(np.array([[1, 3], [0, 2], [0, 3]]), np.ones(3), NO_STONES)
    for objective in EVERY[:2]:
        assert optimise(network, alike, add=1, objective=objective, rules=RULES).order.tolist() == [0]


def test_too_many_sets_are_not_tried():
    network, candidates = some_network(1)
    found = optimise(network, candidates, add=3, objective="global efficiency", rules=RULES, most_sets=62)
    assert (found.sets, found.best, found.best_set, found.gap) == (63, None, (), None)


@pytest.mark.parametrize("objective", EVERY)
def test_it_can_be_cancelled(objective):
    class Impatient(Monitor):
        calls = 0

        def check(self):
            Impatient.calls += 1
            if Impatient.calls > 40:
                raise OperationCancelled

        def part(self, low, high):
            return self

        def step(self, done, total):
            self.check()

    network, candidates = some_network(1, count=12, links=14, candidates=40)
    with pytest.raises(OperationCancelled):
        optimise(network, candidates, add=4, objective=objective, rules=RULES, monitor=Impatient(), most_sets=10**9)


def changed(**values):
    given = {"attributes": np.ones(3), "pairs": [[0, 1]], "length": [1.0], "new": [[1, 2]], "far": [1.0], "add": 1}
    given |= {"stones": NO_STONES} | values
    network = Network(np.asarray(given["attributes"]), np.array(given["pairs"]), np.array(given["length"]))
    candidates = Candidates(np.array(given["new"]).reshape(-1, 2), np.array(given["far"]), np.asarray(given["stones"]))
    return optimise(network, candidates, add=given["add"], objective="global efficiency", rules=RULES)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"attributes": np.ones(1)}, "1 source"),
        ({"add": 0}, "add 1 or more"),
        ({"new": [], "far": []}, "no link that could be added"),
        ({"new": [[0, 1]]}, "between 1 and 2 is given more than once"),
        ({"far": [0.0]}, "positive and finite"),
        ({"length": [np.inf]}, "positive and finite"),
        ({"attributes": [1.0, -1.0, 1.0]}, "0 or more"),
        ({"new": [[1, 2]], "stones": np.ones(1)}, "end at a stepping stone"),
        ({"new": [[1, 5]]}, "only 3"),
    ],
)
def test_what_cannot_be_used_is_refused(values, message):
    with pytest.raises(InputError, match=message):
        changed(**values)
