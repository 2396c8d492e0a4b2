"""Several processes against one: seconds on the clock and of all cores, and whether the results are the same to the last bit.

usage: python benchmarks/spread.py [PROCESSES, default 2] [CASE ...]

The ratio of the seconds on the clock means something only on a machine that does nothing else; that of the CPU seconds is
what several processes do twice. POSIX only.
windows: a raster of 1,000 x 1,000 cells, radius 50, block 15, with flow potential. points: 60 points on the same raster.
regions: all pairs of 12 regions on it. turns: one-to-all of 40 of the points.
"""

import os
import resource
import sys
import time

import checkout  # noqa: F401
import numpy as np
import surfaces
from ecosecnet.core import circuit
from ecosecnet.core.spread import Where

SIZE, REGION = 1000, 40


def points(count):
    cells = np.random.default_rng(2).choice(SIZE**2, count, replace=False)
    return {k + 1: np.array([cell]) for k, cell in enumerate(cells.tolist())}


def regions(count):
    corners = np.random.default_rng(3).integers(0, SIZE - REGION, (count, 2)).tolist()
    rows, cols = np.mgrid[:REGION, :REGION]
    return {k + 1: ((row + rows) * SIZE + col + cols).ravel() for k, (row, col) in enumerate(corners)}


CASES = {
    "windows": lambda r, w: circuit.omniscape(r, radius=50, block_size=15, flow_potential=True, where=w).normalised,
    "points": lambda r, w: circuit.pairwise(r, points(60), where=w).cumulative,
    "regions": lambda r, w: circuit.pairwise(r, regions(12), where=w).cumulative,
    "turns": lambda r, w: circuit.one_to_all(r, points(40), where=w).cumulative,
}


def cpu():
    """CPU seconds of this process and of all that it has ended."""
    who = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(sum(resource.getrusage(one)[:2]) for one in who)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    resistance = surfaces.smooth(SIZE, missing=0.0)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    circuit.omniscape(resistance[:150, :150], radius=50, block_size=15, flow_potential=True)  # compiles
    print(
        f"{'':10s}{'1 process':>12s}{f'{count} processes':>14s}{'ratio':>8s}{'CPU':>10s}{'CPU':>10s}{'ratio':>8s}  same bits"
    )
    for name in sys.argv[2:] or CASES:
        found, spent, used = [], [], []
        for where in (Where(), Where(count)):
            start, before = time.perf_counter(), cpu()
            found.append(CASES[name](resistance, where))
            spent.append(time.perf_counter() - start)
            used.append(cpu() - before)
        line = f"{name:10s}{spent[0]:11.1f}s{spent[1]:13.1f}s{spent[0] / spent[1]:8.2f}"
        line += f"{used[0]:9.1f}s{used[1]:9.1f}s{used[1] / used[0]:8.2f}"
        print(f"{line}  {np.array_equal(*found, equal_nan=True)}", flush=True)


if __name__ == "__main__":
    main()
