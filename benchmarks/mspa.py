"""MSPA beside pyguidos (the JRC's C program) and landschaft (C++, one thread): CPU seconds and peak memory.

usage: python benchmarks/mspa.py [cells on a side ... , default 1000 4000]
       [--shapes mosaic,fractal,checkerboard,spiral,noise] [--widths 1,10] [--repeats 3]
       [--engine default|numpy|numba] [--alone]      (--alone: without the peers, of which those are run that are there)

Each program runs a case in one process: first once unmeasured, which also lets numba compile, then a few times for
the median (10,000 cells and more: once, and nothing before but a small map). Memory is the peak of the first
whole run above the process with the input loaded; below 4,000 cells a side it is not shown, since memory left over
from making the input hides it. Results are compared by their checksums: those of pyguidos must be the same. landschaft
gives some cells on the border and wide connectors other codes than the JRC's program; a star marks where.
"""

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np


def fractal(size, rough=2.2):
    """Half the cells forest, near cells alike; built from one tile where it is large."""
    tile = min(size, 4000)
    rng = np.random.default_rng(1)
    waves = np.hypot(np.fft.fftfreq(tile)[:, None], np.fft.rfftfreq(tile)[None])
    waves[0, 0] = 1.0
    surface = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((tile, tile))) * waves ** (-rough / 2), s=(tile, tile))
    forest = np.where(surface > np.median(surface), 2, 1).astype(np.uint8)
    # The surface is periodic, so the tiles fit together.
    return np.tile(forest, (-(-size // tile),) * 2)[:size, :size]


def mosaic(size):
    """Fields and woods with straight rims, lanes, gaps and single trees: like a real land-cover map."""
    rng = np.random.default_rng(2)
    forest = fractal(size, 3.2)
    for _ in range(size * size // 2500):
        row, col = rng.integers(0, size, 2)
        height, width = rng.integers(1, 40, 2)
        forest[row : row + height, col : col + width] = rng.integers(1, 3)
    forest[:: size // 20] = 1
    return np.ascontiguousarray(forest)


def checkerboard(size):
    rows, cols = np.ogrid[:size, :size]
    return np.where((rows + cols) % 2, 2, 1).astype(np.uint8)


def spiral(size):
    """One arm, ten cells wide, wound round the centre."""
    rows, cols = np.ogrid[-(size // 2) : size - size // 2, -(size // 2) : size - size // 2]
    turns = np.hypot(rows, cols, dtype=np.float32) + np.float32(10 / np.pi) * np.arctan2(rows, cols, dtype=np.float32)
    return np.where(turns % 20 < 10, 2, 1).astype(np.uint8)


def noise(size):
    """Each cell by the toss of a coin."""
    return np.random.default_rng(3).integers(1, 3, (size, size)).astype(np.uint8)


SHAPES = {"mosaic": mosaic, "fractal": fractal, "checkerboard": checkerboard, "spiral": spiral, "noise": noise}
PEERS = ("pyguidos", "landschaft")


def measure(engine, shape, size, width, repeats):
    """Run one engine in this process; print the median of its CPU seconds, its peak memory and a checksum."""
    cells = SHAPES[shape](size)
    if engine == "pyguidos":
        from pyguidos._mspa._mspa import mspa as peer

        def work(raster):
            return peer(raster, float(width), 8, 1, 1)[0]
    elif engine == "landschaft":
        import landschaft

        def work(raster):
            return np.ascontiguousarray(landschaft.mspa(raster, edge_width=width, n_threads=1))
    else:
        import checkout  # noqa: F401
        from ecosecnet.core.mspa import mspa, uses_numba

        accelerate = {"numpy": False, "numba": True, "default": uses_numba(cells.size, width)}[engine]

        def work(raster):
            return mspa(raster, edge_width=width, accelerate=accelerate)

    work(fractal(200))
    reset_peak()
    before = memory("VmRSS")
    seconds = []
    whole_warm_up = size < 10_000
    for number in range(repeats + 1 if whole_warm_up else 1):
        start = time.process_time()
        codes = work(cells)
        seconds.append(time.process_time() - start)
        if number == 0:
            peak = memory("VmHWM") - before
    print(json.dumps([statistics.median(seconds[whole_warm_up:]), peak, zlib.crc32(codes)]))


def reset_peak():
    """Forget the peak so far, which came from making the input (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


def memory(field):
    """Return a memory figure of this process in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) * 1024


def run(engine, *arguments):
    command = [sys.executable, __file__, "--measure", engine, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", type=int, default=[1000, 4000])
    parser.add_argument("--shapes", default=",".join(SHAPES))
    parser.add_argument("--widths", default="1,10")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--engine", choices=["default", "numpy", "numba"], default="default")
    parser.add_argument("--alone", action="store_true")
    chosen = parser.parse_args()
    ours = chosen.engine
    peers = [] if chosen.alone else [peer for peer in PEERS if importlib.util.find_spec(peer)]
    heads = [head for peer in peers for head in (f"{peer} s", "ratio", "MB")]
    print(f"{'grid':<18}{'width':>6}{'ours s':>9}{'MB':>7}{'B/cell':>8}" + "".join(f"{head:>14}" for head in heads))
    for size in chosen.sizes:
        for shape in chosen.shapes.split(","):
            for width in map(int, chosen.widths.split(",")):
                found = {engine: run(engine, shape, size, width, chosen.repeats) for engine in (*peers, ours)}
                seconds, peak, checksum = found.pop(ours)

                def megabytes(value, size=size):
                    return f"{value / 1e6:.0f}" if size >= 4000 else "-"

                per_cell = f"{peak / size**2:.1f}" if size >= 4000 else "-"
                line = f"{shape + ' ' + str(size):<18}{width:>6}{seconds:>9.2f}{megabytes(peak):>7}{per_cell:>8}"
                for peer, (theirs, their_peak, their_checksum) in found.items():
                    other = "" if their_checksum == checksum else "*"
                    if other and peer == "pyguidos":
                        raise SystemExit(f"{shape} {size}, edge width {width}: the results differ")
                    line += f"{theirs:>14.2f}{f'{seconds / theirs:.2f}{other}':>14}{megabytes(their_peak):>14}"
                print(line, flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:]))
    else:
        main()
