"""Pinch points: the currents of all links beside the cost distances of the same links, and in two threads.

usage: python benchmarks/pinchpoints.py [SIZE]        CPU seconds, median of three; SIZE cells of a synthetic county
"""

import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import checkout  # noqa: F401
import numpy as np
from ecosecnet.core.circuit import solve_pair
from ecosecnet.core.corridors.adjacency import find_pairs
from ecosecnet.core.landscapes import karst_county
from ecosecnet.core.leastcost.fields import CostFields
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.sources.patches import find_patches

CUTOFF = 2000.0


def timed(work):
    """Return the median CPU and wall seconds of three runs, and the last result."""
    cpu, wall, result = [], [], None
    for _ in range(3):
        starts = time.process_time(), time.perf_counter()
        result = work()
        cpu.append(time.process_time() - starts[0])
        wall.append(time.perf_counter() - starts[1])
    return statistics.median(cpu), statistics.median(wall), result


def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    county = karst_county(size)
    score = np.array([np.nan, 1, 1, 2, 2, 3, 3, 4, 5])[county.landuse]
    forest = np.isin(county.landuse, (1, 2, 6))
    labels = find_patches(forest, minimum=1200 * (size / 1000) ** 2).labels
    graph = CostGraph(score, cell_size=county.grid.cell_size)
    pairs = find_pairs(CostFields(graph, labels)).pairs

    def windows():
        return list(CostFields(graph, labels).along(pairs, slack=CUTOFF))

    distance_cpu, distance_wall, links = timed(windows)
    jobs = []
    for link in links:
        if np.isfinite(link.least):
            inside = link.inside(CUTOFF)
            part, here = score[link.rows, link.cols], labels[link.rows, link.cols]
            a, b = pairs[link.index]
            jobs.append((np.where(inside, part, np.nan), (here == a) & inside, (here == b) & inside))

    def one_by_one():
        return [solve_pair(*job).resistance for job in jobs]

    def two_threads():
        with ThreadPoolExecutor(2) as pool:
            return [found.resistance for found in pool.map(lambda job: solve_pair(*job), jobs)]

    solve_cpu, solve_wall, alone = timed(one_by_one)
    _, thread_wall, together = timed(two_threads)
    print(
        f"{size} x {size} cells, {len(jobs)} links, corridors of {sum(j[0].size for j in jobs):,} cells in their boxes"
    )
    print(f"cost distances of all links   {distance_cpu:7.2f} s CPU  {distance_wall:7.2f} s")
    print(
        f"currents one after another    {solve_cpu:7.2f} s CPU  {solve_wall:7.2f} s  {solve_cpu / distance_cpu:.2f} x"
    )
    print(f"currents in two threads       {'':7}        {thread_wall:7.2f} s  {thread_wall / solve_wall:.2f} x")
    print(f"largest difference            {np.abs(np.array(alone) / np.array(together) - 1).max():.1e}")


if __name__ == "__main__":
    main()
