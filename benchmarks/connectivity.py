"""Importance of all patches (dPC with its fractions) against removing them one at a time.

usage: python benchmarks/connectivity.py [sizes, default 200 1000] [--links]
       python benchmarks/connectivity.py [sizes] --trees [--against CHECKOUT]

Peers compute what is left after a removal as a user would: all shortest paths on -ln p again, with scipy's Dijkstra or
with networkx. They are timed on a few removals (networkx on a few sources of one) and scaled up. CPU seconds, one thread.
Ours is timed with SciPy alone and, where it pays and is installed, with numba.
With --trees there are no peers: dPC by the trees of best paths, with numba where it is installed, here and with the code
of another checkout.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time

import checkout
import numpy as np
from ecosecnet.core.connectivity import (
    PatchGraph,
    dispersal_rate,
    failures,
    link_importance,
    node_importance,
    uses_numba,
)
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import Delaunay, cKDTree

REMOVALS = 6


def landscape(kind: str, n: int, seed: int = 1) -> PatchGraph:
    """Return round patches on a square; links between their edges."""
    rng = np.random.default_rng(seed)
    xy = rng.random((n, 2)) * 100 * np.sqrt(n)
    radius = 25 * rng.random(n)
    if kind == "Delaunay":
        corners = Delaunay(xy).simplices
        pairs = np.vstack((corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]))
    elif kind == "20 nearest":
        near = cKDTree(xy).query(xy, 21)[1][:, 1:]
        pairs = np.column_stack((np.repeat(np.arange(n), 20), near.ravel()))
    else:
        pairs = np.column_stack(np.triu_indices(n, 1))
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    distance = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T) - radius[pairs].sum(axis=1)
    return PatchGraph.dispersing(radius**2, pairs, np.maximum(distance, 0.0), dispersal_rate(150.0, 0.5))


def without(graph: PatchGraph, k: int) -> PatchGraph:
    """Return the graph without the links of a patch; the patch holds nothing."""
    links = (graph.pairs != k).all(axis=1)
    attributes = graph.attributes.copy()
    attributes[k] = 0.0
    return PatchGraph(attributes, graph.pairs[links], graph.costs[links], False)


def fresh(graph: PatchGraph) -> PatchGraph:
    """Return the graph without anything that is known of it from an earlier run."""
    return PatchGraph(graph.attributes, graph.pairs, graph.costs, graph.binary)


def numerator(graph: PatchGraph) -> float:
    """Return the numerator of PC with scipy alone."""
    return float(graph.attributes @ np.exp(-dijkstra(graph.matrix)) @ graph.attributes)


def cpu(call) -> tuple[float, object]:
    start = time.process_time()
    result = call()
    return time.process_time() - start, result


def networkx_seconds(graph: PatchGraph) -> float:
    """Return the time of all removals with networkx, from a few sources of the whole graph."""
    import networkx

    peer = networkx.Graph()
    peer.add_nodes_from(range(graph.size))
    peer.add_weighted_edges_from((int(i), int(j), float(c)) for (i, j), c in zip(graph.pairs, graph.costs))
    few = 2 if len(graph.pairs) > 1e5 else 10
    seconds, _ = cpu(
        lambda: [networkx.single_source_dijkstra_path_length(peer, source, weight="weight") for source in range(few)]
    )
    return seconds / few * graph.size**2


def one(kind: str, n: int) -> None:
    """Print the seconds and dPC of all patches by the trees of best paths; what numba compiles is compiled before."""
    node_importance(landscape("Delaunay", failures.WORTH_STARTING_NUMBA), method="trees")
    graph = landscape(kind, n)
    seconds, found = cpu(lambda: node_importance(graph, method="trees"))
    print(json.dumps([seconds, found.total.tolist()]))


def by_trees(sizes: list[int], other: str | None) -> None:
    """Print the seconds of this checkout and of another, each in a process of its own."""
    print(f"{'n':>6} {'links':>8} {'graph':<11} {'this s':>8} {'other s':>8} {'largest relative difference':>28}")
    for n in sizes:
        for kind in ("Delaunay", "20 nearest"):
            found = []
            for root in (str(checkout.ROOT), other)[: 2 if other else 1]:
                command = [sys.executable, __file__, "--one", kind, str(n)]
                environment = {**os.environ, "CHECKOUT": str(root)}
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=True)
                found.append(json.loads(done.stdout))
            line = f"{n:>6} {len(landscape(kind, n).pairs):>8,} {kind:<11} {found[0][0]:>8.1f}"
            if other:
                (_, total), (seconds, expected) = found
                line += f" {seconds:>8.1f} {np.max(np.abs(np.subtract(total, expected)) / expected):>28.1e}"
            print(line, flush=True)


def main(sizes: list[int], links: bool) -> None:
    print(
        f"{'n':>5} {'links':>8} {'graph':<11} {'ours s':>8} {'scipy x':>8} {'networkx x':>10} {'numba s':>8} "
        f"{'largest error %':>16}"
    )
    numba_from = failures.WORTH_STARTING_NUMBA
    if uses_numba(numba_from):
        node_importance(landscape("Delaunay", numba_from), method="trees")  # compiles
    for n in sizes:
        for kind in ("Delaunay", "20 nearest", "complete"):
            if kind == "complete" and n > 1000:
                continue
            graph = landscape(kind, n)
            repeats = 5 if n <= 200 else 1
            failures.WORTH_STARTING_NUMBA = numba_from
            quick = cpu(lambda graph=graph: node_importance(fresh(graph)))[0] if uses_numba(n) else np.nan
            failures.WORTH_STARTING_NUMBA = np.inf
            times = [cpu(lambda graph=graph: node_importance(fresh(graph))) for _ in range(repeats)]
            ours, found = sorted(times, key=lambda one: one[0])[repeats // 2]
            whole = numerator(graph)
            removed = np.random.default_rng(0).choice(n, REMOVALS if n * len(graph.pairs) < 1e8 else 2, replace=False)
            peers, errors = [], []
            for k in removed:
                seconds, left = cpu(lambda graph=graph, k=k: numerator(without(graph, k)))
                peers.append(seconds)
                errors.append(abs(100 * (whole - left) / whole - found.total[k]))
            scipy_seconds = float(np.median(peers)) * n
            print(
                f"{n:>5} {len(graph.pairs):>8,} {kind:<11} {ours:>8.2f} {scipy_seconds / ours:>8.1f} "
                f"{networkx_seconds(graph) / ours:>10.0f} {quick:>8.2f} {max(errors):>16.1e}",
                flush=True,
            )
            if links and len(graph.pairs) < 1e5:
                seconds, _ = cpu(lambda graph=graph: link_importance(graph))
                peer = float(np.median(peers)) * len(graph.pairs)
                print(f"{'':>14} {'its links':<11} {seconds:>8.2f} {peer / seconds:>8.1f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[200, 1000])
    parser.add_argument("--links", action="store_true")
    parser.add_argument("--against", metavar="CHECKOUT")
    parser.add_argument("--trees", action="store_true")
    parser.add_argument("--one", metavar="GRAPH", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        one(given.one, *given.sizes)
    elif given.trees:
        by_trees(given.sizes, given.against)
    else:
        main(given.sizes, given.links)
