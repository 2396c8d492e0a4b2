"""Losses in pieces of the sources: the same bits by several processes, the same numbers in one piece."""

import numpy as np
import pytest
from ecosecnet.core.connectivity import (
    PatchGraph,
    cost_distances,
    failures,
    link_importance,
    node_importance,
    sweep,
)
from ecosecnet.core.leastcost import CostGraph
from ecosecnet.core.spread import Where, processes


def scattered(n, reach, seed=5):
    rng = np.random.default_rng(seed)
    xy = rng.random((n, 2)) * 10_000
    pairs = np.column_stack(np.triu_indices(n, 1))
    distances = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T)
    near = distances < reach
    return rng.lognormal(3.0, 1.0, n), pairs[near], distances[near]


@pytest.fixture
def started(monkeypatch):
    """Pieces that were given to processes."""
    found, whole = [], processes.partials

    def noted(job, numbers, count, *rest):
        found.append(len(numbers))
        yield from whole(job, numbers, count, *rest)

    monkeypatch.setattr(processes, "partials", noted)
    return found


def bits(importance):
    return [getattr(importance, name).tobytes() for name in ("total", "intra", "flux", "connector")]


GRAPH = PatchGraph.dispersing(*scattered(170, 2_000.0), 1e-3)
FULL = PatchGraph.dispersing(*scattered(60, 9_000.0), 1e-3)
WAYS = {
    "trees": lambda where: bits(node_importance(GRAPH, method="trees", where=where)),
    "links": lambda where: link_importance(GRAPH, where=where).tobytes(),
    "halving": lambda where: bits(node_importance(FULL, method="halving", where=where)),
}


@pytest.mark.parametrize(
    ("way", "pieces"),
    [
        ("trees", 2),
        pytest.param("links", 2, marks=pytest.mark.slow),
        pytest.param("halving", 2, marks=pytest.mark.slow),
    ],
)
def test_processes_give_the_bits_of_one(started, way, pieces):
    assert WAYS[way](Where(2)) == WAYS[way](Where(1))
    assert started == [pieces]


def test_processes_give_the_same_sweep(started):
    given = (*scattered(60, 9_000.0), [500.0, 2_000.0, 4_000.0])
    one, two = sweep(*given), sweep(*given, where=Where(2))
    for mine, other in zip(one.landscapes, two.landscapes):
        assert mine.importance.tobytes() == other.importance.tobytes()
        assert (mine.binary.numerator, mine.probable.numerator) == (other.binary.numerator, other.probable.numerator)
    assert one.median_rank.tobytes() == two.median_rank.tobytes()
    assert started == [3]


def test_processes_find_the_same_costs(started):
    rng = np.random.default_rng(6)
    labels = np.zeros((40, 50), dtype=np.int32)
    labels.ravel()[rng.choice(2000, 12, replace=False)] = np.arange(1, 13)
    graph = CostGraph(rng.lognormal(size=labels.shape), cell_size=30.0)
    for limit in (np.inf, 600.0):
        one, two = (cost_distances(graph, labels, limit=limit, where=where) for where in (Where(), Where(2)))
        assert one[0].tolist() == two[0].tolist()
        assert one[1].tobytes() == two[1].tobytes()
        assert 0 < one[1].size <= 66
        # Each distance is the cost field of its first patch where it meets the second.
        for (i, j), cost in zip(*one):
            assert cost == graph.cost_from(np.flatnonzero(labels == i + 1))[labels == j + 1].min()
    assert started == [11, 11]


@pytest.mark.parametrize("size", [1, 2, 3, 200])
def test_one_piece_gives_the_same_numbers(size, monkeypatch):
    graph = PatchGraph.dispersing(*scattered(size, 4_000.0), 1e-3)
    nodes, links = node_importance(graph, method="trees"), link_importance(graph)
    halves = node_importance(graph, method="halving")
    monkeypatch.setattr(failures, "_PIECES", 1)
    np.testing.assert_allclose(node_importance(graph, method="trees").connector, nodes.connector, rtol=1e-12)
    np.testing.assert_allclose(link_importance(graph), links, rtol=1e-12)
    np.testing.assert_allclose(halves.connector, nodes.connector, rtol=1e-9, atol=1e-12)
