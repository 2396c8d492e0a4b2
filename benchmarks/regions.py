"""All pairs of focal regions: CPU seconds here and with the code of another checkout, and what the answers differ by.

usage: OPENBLAS_NUM_THREADS=1 python benchmarks/regions.py [cells on a side, default 1000] [regions, default 12]
                                                    [--no-numba] [--against CHECKOUT]

The smooth surface of five classes from 1 to 100; square regions of a thirtieth of the side at random places. Each checkout
runs in a process of its own, after a run of two regions that compiles. Cumulative and largest currents are compared at
their maximum.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import checkout
import numpy as np
import surfaces
from ecosecnet.core import circuit
from ecosecnet.core.circuit import iterative, solvers


def regions(side, count):
    across = max(2, side // 30)
    corners = np.random.default_rng(3).integers(0, side - across, (count, 2)).tolist()
    rows, cols = np.mgrid[:across, :across]
    return {k + 1: ((row + rows) * side + col + cols).ravel() for k, (row, col) in enumerate(corners)}


def one(side, count, path):
    resistance = surfaces.smooth(side)
    focal = regions(side, count)
    circuit.pairwise(resistance, {number: focal[number] for number in (1, 2)}, maximum=True)
    start = time.process_time()
    flow = circuit.pairwise(resistance, focal, maximum=True)
    seconds = time.process_time() - start
    np.savez(path, seconds=seconds, resistance=flow.resistance, cumulative=flow.cumulative, maximum=flow.maximum)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("side", type=int, nargs="?", default=1000)
    parser.add_argument("count", type=int, nargs="?", default=12)
    parser.add_argument("--no-numba", action="store_true")
    parser.add_argument("--against")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.no_numba:
        iterative.uses_numba = solvers.uses_numba = lambda cells: False
    if asked.one:
        one(asked.side, asked.count, asked.one)
        return
    pairs = asked.count * (asked.count - 1) // 2
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name, root in (("this", checkout.ROOT), ("other", asked.against)):
            if root is None:
                continue
            path = Path(folder, f"{name}.npz")
            command = [sys.executable, __file__, str(asked.side), str(asked.count), "--one", str(path)]
            command += ["--no-numba"] if asked.no_numba else []
            subprocess.run(command, check=True, env={**os.environ, "CHECKOUT": str(Path(root).resolve())})
            found.append(dict(np.load(path)))
            seconds = float(found[-1]["seconds"])
            print(f"{name:6s}{seconds:8.1f} s  {1000 * seconds / pairs:7.0f} ms a pair", flush=True)
    if len(found) == 2:
        here, there = found
        print(f"ratio {float(here['seconds'] / there['seconds']):.2f}")
        for key in ("resistance", "cumulative", "maximum"):
            print(f"{key}: differs by {np.abs(here[key] - there[key]).max() / there[key].max():.1e} of the largest")


if __name__ == "__main__":
    main()
