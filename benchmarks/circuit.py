"""Circuits against the same solves by pyamg, which is what Circuitscape 4 does: CPU seconds in one run.

usage: OPENBLAS_NUM_THREADS=1 python benchmarks/circuit.py [cells on a side, default 1000] [--no-peer] [--sharp]

A surface of five classes from 1 to 100 with 2 % NoData, 8 neighbours. With --sharp it is one that iterations grow on with
the raster: a fractal, so that there are patches of every size, with its classes in an order that jumps from 1 to 1,000 and
back, and roads and rivers across it. The peer: smoothed aggregation with symmetric Gauss-Seidel sweeps as preconditioner of
conjugate gradients to a relative residual of 1e-6; for points both as Circuitscape uses it, a solve a pair, and with what
we use too, that the currents of n points follow from n - 1 solves. Set-up and solve are shown with numpy alone and, where
it is installed, with numba; the rest with what the size of the raster gets.
"""

import resource
import statistics
import sys
import time

import checkout  # noqa: F401
import numpy as np
import surfaces
from ecosecnet.core import circuit
from ecosecnet.core.circuit import compiled
from ecosecnet.core.circuit.iterative import MultigridSolver
from scipy.sparse.linalg import norm


def cpu(work, repeats=3):
    """Median CPU time of a call in seconds, and what it returned last."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return statistics.median(times), result


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def show(what, ours, peer=None):
    ratio = f"{peer:9.2f} {ours / peer:7.3f}" if peer else ""
    print(f"{what:46s} {ours:9.3f} {ratio}")


def ends(graph):
    """What is held and what is put in to send 1 A from the last node of the largest component to its first."""
    nodes = np.flatnonzero(graph.component == np.bincount(graph.component).argmax())
    held, injected = np.zeros(graph.size, dtype=bool), np.zeros(graph.size)
    held[nodes[0]], injected[nodes[-1]] = True, 1.0
    return nodes, held, injected


def set_up(graph, held, injected, accelerate):
    solver = MultigridSolver(graph, held=held, accelerate=accelerate)
    solver.solve(injected)
    return solver


def main():
    numbers = [argument for argument in sys.argv[1:] if argument.isdigit()]
    size = int(numbers[0]) if numbers else 1000
    engines = {"numpy": False, "numba": True} if compiled.available() else {"numpy": False}
    make = surfaces.sharp if "--sharp" in sys.argv else surfaces.smooth
    small = circuit.raster_graph(make(200))
    for accelerate in engines.values():
        set_up(small, *ends(small)[1:], accelerate)  # so that starting numba is not measured
    resistance = make(size)
    start = peak()
    graph = circuit.raster_graph(resistance)
    nodes, held, injected = ends(graph)
    volts, times = {}, {}
    for engine, accelerate in engines.items():
        set_up(graph, held, injected, accelerate)
        if engine == "numpy":
            memory = (peak() - start) * 2**20 / size**2
        once, solver = cpu(lambda accelerate=accelerate: set_up(graph, held, injected, accelerate))
        solve, volts[engine] = cpu(lambda solver=solver: solver.solve(injected))
        times[engine] = once - solve, solve
        print(f"{engine}: {solver.iterations} iterations, resistance {volts[engine][nodes[-1]]:.12g}")
        del solver
    print(f"{size} x {size} cells, {graph.size:,} nodes")
    print(f"memory for circuit, set-up and solve: {memory:.0f} bytes a cell")
    print(f"{'CPU seconds':46s} {'ours':>9s} {'pyamg':>9s} {'ratio':>7s}")

    peer_set_up = peer_solve = None
    if "--no-peer" not in sys.argv:
        import pyamg

        kept = nodes[1:]
        matrix = graph.laplacian[kept][:, kept].tocsr()
        right = injected[kept]
        peer_set_up, hierarchy = cpu(lambda: pyamg.smoothed_aggregation_solver(matrix), 1)
        peer_solve, found = cpu(lambda: hierarchy.solve(right, tol=1e-6, accel="cg"))
        ours = volts["numpy"]
        residual = np.linalg.norm(right - matrix @ ours[kept]) / np.linalg.norm(right)
        theirs = np.linalg.norm(right - matrix @ found) / np.linalg.norm(right)
        print(f"relative residuals: ours {residual:.1e}, pyamg {theirs:.1e}; matrix norm {norm(matrix):.1e}")
        print(f"resistance: ours {ours[nodes[-1]]:.9g}, pyamg {found[-1]:.9g}")
        del matrix, hierarchy
    for engine, (once, solve) in times.items():
        show(f"set-up, {engine}", once, peer_set_up)
        show(f"one solve, {engine}", solve, peer_solve)
    rng = np.random.default_rng(3)
    for count in (5, 20):
        cells = np.flatnonzero(~np.isnan(resistance))[rng.permutation(graph.size)[:count]]
        focal = {k + 1: cells[[k]] for k in range(count)}
        seconds, _ = cpu(lambda focal=focal: circuit.pairwise(resistance, focal), 1)
        for what, solves in (("a solve a pair", count * (count - 1) // 2), ("n - 1 solves", count - 1)):
            peer = peer_set_up + solves * peer_solve if peer_solve else None
            show(f"{count} points, all pairs; pyamg with {what}", seconds, peer)
    print("(pyamg for points: its set-up once and so many solves, without the maps, which ours has)")
    radius = max(2, size // 100)
    for count in (5, 20):
        regions = {}
        for k, (row, col) in enumerate(rng.integers(radius, size - radius, (count, 2))):
            mask = np.zeros(resistance.shape, dtype=bool)
            mask[row - radius : row + radius, col - radius : col + radius] = True
            regions[k + 1] = np.flatnonzero(mask)
        seconds, _ = cpu(lambda regions=regions: circuit.pairwise(resistance, regions), 1)
        pairs = count * (count - 1) // 2
        peer = pairs * (peer_set_up + peer_solve) if peer_solve else None
        show(f"{count} regions, resistances and current of all pairs", seconds, peer)
    print("(pyamg for regions: a set-up and a solve a pair, which is what Circuitscape does, without the maps)")


main()
