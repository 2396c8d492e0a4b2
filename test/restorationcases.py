"""Small landscapes with places to restore, and the gains of sets of them by a search that is not ours."""

import heapq
from itertools import chain, combinations

import numpy as np
from ecosecnet.core.decisions import Candidates
from ecosecnet.core.leastcost import CostFields, CostGraph, Links


def redundant():
    """Return two equal ways between A and B with X and Y in them, and Z between C and D."""
    resistance, labels = np.full((11, 15), np.nan), np.zeros((11, 15), dtype=np.int32)
    resistance[[1, 5], 1:14] = 1.0
    resistance[1:6, [1, 13]] = 1.0
    resistance[9, 1:14] = 1.0
    resistance[[1, 5, 9], 7] = 37.0, 37.0, 28.0
    labels[[3, 3, 9, 9], [1, 13, 1, 13]] = 1, 2, 3, 4
    return resistance, labels, [(1, 2), (3, 4)], [[(1, 7)], [(5, 7)], [(9, 7)]]


def in_series():
    """Return a straight way with the walls P and Q one behind the other, and a bypass that costs as much as one of them."""
    resistance, labels = np.full((7, 15), np.nan), np.zeros((7, 15), dtype=np.int32)
    resistance[[1, 5], 1:14] = 1.0
    resistance[1:6, [1, 13]] = 1.0
    resistance[1, [4, 10]] = 20.0
    labels[1, [1, 13]] = 1, 2
    return resistance, labels, [(1, 2)], [[(1, 4)], [(1, 10)]]


def scattered(seed, *, size=14, count=6, sources=4):
    """Return a random surface with square places, some side by side, and links between all sources."""
    random = np.random.default_rng(seed)
    resistance = random.choice([1.0, 3.0, 10.0, 40.0], size=(size, size))
    resistance[random.random((size, size)) < 0.05] = np.nan
    labels = np.zeros((size, size), dtype=np.int32)
    places = random.choice(size * size, sources, replace=False)
    labels.ravel()[places] = np.arange(1, sources + 1)
    resistance.ravel()[places] = 1.0
    candidates = []
    for _ in range(count):
        row, col, edge = *random.integers(0, size - 2, 2), random.integers(1, 4)
        candidates.append(
            [(i, j) for i in range(row, min(row + edge, size)) for j in range(col, min(col + edge, size))]
        )
    return resistance, labels, list(combinations(range(1, sources + 1), 2)), candidates


def given(case, *, cost=None, restored=1.0, cell_size=1.0, locked_in=()):
    """Return the sources on the surface, the links and the candidates of a case."""
    resistance, labels, pairs, places = case
    cells = tuple(np.array([row * resistance.shape[1] + col for row, col in place]) for place in places)
    count = len(cells)
    fixed = np.isin(np.arange(count), list(locked_in))
    price = np.ones(count) if cost is None else np.asarray(cost, dtype=np.float64)
    candidates = Candidates(cells, price, np.full(count, restored), fixed)
    return CostFields(CostGraph(resistance, cell_size=cell_size), labels), Links.between(pairs), candidates


def restored_by(case, chosen, restored=1.0):
    """Return the surface of a case with some candidates restored."""
    surface = case[0].copy()
    for one in chosen:
        for place in case[3][one]:
            surface[place] = np.fmin(surface[place], restored)
    return surface


def least_costs(resistance, labels, pairs, cell_size=1.0):
    """Return least-cost distances by a plain search with a heap, infinite where there is no way."""
    found = []
    for a, b in pairs:
        best = np.where((labels == a) & ~np.isnan(resistance), 0.0, np.inf)
        heap = [(0.0, *map(int, place)) for place in np.argwhere(best == 0.0)]
        while heap:
            cost, i, j = heapq.heappop(heap)
            if cost > best[i, j]:
                continue
            for k in range(max(0, i - 1), min(labels.shape[0], i + 2)):
                for n in range(max(0, j - 1), min(labels.shape[1], j + 2)):
                    step = cell_size * np.hypot(k - i, n - j) * (resistance[i, j] + resistance[k, n]) / 2.0
                    if cost + step < best[k, n]:
                        best[k, n] = cost + step
                        heapq.heappush(heap, (cost + step, k, n))
        found.append(best[labels == b].min())
    return np.array(found)


def all_sets(count):
    """Return all sets of so many candidates."""
    return chain.from_iterable(combinations(range(count), size) for size in range(count + 1))
