"""Restoration plans against solving every candidate again in every round, CPU seconds in one run.

usage: python benchmarks/restorationplan.py [cells on a side, default 400] [candidates, default 24] [picks, default 8]

The peer knows no estimates: in each round it restores every candidate that is left, one at a time, searches all links
anew with scikit-image, and takes the one that gains most.
"""

import sys
import time

import checkout  # noqa: F401
import numpy as np
from ecosecnet.core.decisions import Candidates, restoration_plan
from ecosecnet.core.leastcost import CostFields, CostGraph, Links
from skimage.graph import MCP_Geometric
from surfaces import smooth


def landscape(size, count):
    """Return a surface, twelve sources, links between neighbours, and square candidates on dear land."""
    rng = np.random.default_rng(2)
    resistance = smooth(size, missing=0.0)
    labels = np.zeros((size, size), dtype=np.int32)
    edge, step = size // 40, size // 4
    for k in range(12):
        row, col = step // 2 + step * (k // 4), step // 2 + step * (k % 4)
        labels[row : row + edge, col : col + edge] = k + 1
    pairs = [(k, k + 1) for k in range(1, 12) if k % 4] + [(k, k + 4) for k in range(1, 9)]
    dear = np.argwhere(resistance[: -2 * edge, : -2 * edge] >= 30.0)
    cells = []
    for row, col in dear[rng.choice(len(dear), count, replace=False)]:
        block = np.zeros(labels.shape, dtype=bool)
        block[row : row + 2 * edge, col : col + 2 * edge] = True
        cells.append(np.flatnonzero(block))
    return resistance, labels, sorted(pairs), cells


def distances(resistance, labels, pairs):
    """Return the least-cost distances of all links with scikit-image."""
    found = {}
    for source in sorted({a for a, _ in pairs}):
        cost, _ = MCP_Geometric(resistance).find_costs(np.argwhere(labels == source))
        found |= {(a, b): cost[labels == b].min() for a, b in pairs if a == source}
    return np.array([found[pair] for pair in pairs])


def peer(resistance, labels, pairs, cells, picks):
    """Return the gain of greedy picks, every candidate solved in every round."""
    surface, left = resistance.copy(), dict(enumerate(cells))
    start = now = distances(surface, labels, pairs).sum()
    for _ in range(picks):
        tried = {}
        for one, some in left.items():
            better = surface.copy()
            better.ravel()[some] = 1.0
            tried[one] = distances(better, labels, pairs).sum()
        best = min(tried, key=tried.get)
        surface.ravel()[left.pop(best)] = 1.0
        now = tried[best]
    return start - now


def main(size=400, count=24, picks=8):
    resistance, labels, pairs, cells = landscape(size, count)
    ones = np.ones(count)
    candidates = Candidates(tuple(cells), ones, ones, ones < 0)
    print(f"{size} x {size} cells, {len(pairs)} links, {count} candidates, {picks} picks")
    times = {}
    for name, swap in (("greedy", False), ("with swaps", True)):
        begun = time.process_time()
        fields = CostFields(CostGraph(resistance), labels)
        plan = restoration_plan(fields, Links.between(pairs), candidates, budgets=[picks], swap=swap)
        times[name] = time.process_time() - begun
        point = plan.frontier[-1]
        print(
            f"{name:<14}{times[name]:8.2f} s   gain {point.gain:10.2f}   order of the first scores {point.static_gain:.2f}"
        )
    begun = time.process_time()
    gain = peer(resistance, labels, pairs, cells, picks)
    naive = time.process_time() - begun
    ratios = ", ".join(f"{name} {spent / naive:.3f}" for name, spent in times.items())
    print(f"{'every one':<14}{naive:8.2f} s   gain {gain:10.2f}   ratios: {ratios}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
