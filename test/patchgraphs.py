"""Graphs of patches to test on, and their indices by the plainest of ways."""

import math

import numpy as np
from ecosecnet.core.connectivity import PatchGraph, dispersal_rate


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


def chain(probability=0.5):
    return PatchGraph.probabilistic(np.ones(3), [(0, 1), (1, 2)], [probability, probability])


def spread_out(seed, n, reach):
    """Round patches on a square; links up to `reach` between their edges."""
    rng = np.random.default_rng(seed)
    xy, radius = rng.random((n, 2)) * 10_000, rng.random(n) * 2500 / math.sqrt(n)
    pairs = np.column_stack(np.triu_indices(n, 1))
    distance = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T) - radius[pairs].sum(axis=1)
    distance = np.maximum(distance, 0.0)
    near = distance <= reach
    return PatchGraph.dispersing(radius**2, pairs[near], distance[near], dispersal_rate(1000.0, 0.5))
