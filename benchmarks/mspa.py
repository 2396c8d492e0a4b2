"""MSPA beside pyguidos (the JRC's C program): CPU seconds and peak memory.

usage: python benchmarks/mspa.py [cells on a side ... , default 1000 4000] [--shapes fractal,mosaic,checkerboard,spiral]
       [--widths 1,10] [--repeats 3] [--engine default|numpy|numba] [--alone]      (--alone: without pyguidos)

Each program runs a case in one process: first once unmeasured, which also lets numba compile, then a few times for
the median (10,000 cells and more: once, and nothing before but a small map). Memory is the peak of the first
whole run above the process with the input loaded; below 4,000 cells a side it is not shown, since memory left over
from making the input hides it. Results are compared by their checksums.
"""

import argparse
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


SHAPES = {"fractal": fractal, "mosaic": mosaic, "checkerboard": checkerboard, "spiral": spiral}


def measure(engine, shape, size, width, repeats):
    """Run one engine in this process; print the median of its CPU seconds, its peak memory and a checksum."""
    cells = SHAPES[shape](size)
    if engine == "pyguidos":
        from pyguidos._mspa._mspa import mspa as peer

        def work(raster):
            return peer(raster, float(width), 8, 1, 1)[0]
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
    parser.add_argument("--shapes", default="fractal,mosaic,checkerboard,spiral")
    parser.add_argument("--widths", default="1,10")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--engine", choices=["default", "numpy", "numba"], default="default")
    parser.add_argument("--alone", action="store_true")
    chosen = parser.parse_args()
    ours = chosen.engine
    engines = [ours] if chosen.alone else ["pyguidos", ours]
    print(
        f"{'grid':<20}{'width':>6}{'pyguidos s':>12}{'ours s':>9}{'ratio':>7}{'pyguidos MB':>13}{'ours MB':>9}{'B/cell':>8}"
    )
    for size in chosen.sizes:
        for shape in chosen.shapes.split(","):
            for width in map(int, chosen.widths.split(",")):
                found = {engine: run(engine, shape, size, width, chosen.repeats) for engine in engines}
                if len({checksum for _, _, checksum in found.values()}) > 1:
                    raise SystemExit(f"{shape} {size}, edge width {width}: the results differ")
                seconds = {engine: one[0] for engine, one in found.items()}
                peak = {engine: one[1] for engine, one in found.items()}
                theirs = seconds.get("pyguidos", float("nan"))
                memory_columns = f"{'-':>13}{'-':>9}{'-':>8}"
                if size >= 4000:
                    their_peak = f"{peak['pyguidos'] / 1e6:.0f}" if "pyguidos" in peak else "-"
                    memory_columns = f"{their_peak:>13}{peak[ours] / 1e6:>9.0f}{peak[ours] / size**2:>8.1f}"
                print(
                    f"{shape + ' ' + str(size):<20}{width:>6}{theirs:>12.2f}{seconds[ours]:>9.2f}"
                    f"{seconds[ours] / theirs:>7.3f}{memory_columns}",
                    flush=True,
                )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:]))
    else:
        main()
