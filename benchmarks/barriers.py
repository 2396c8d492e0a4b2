"""Barriers: moving minima against scipy's footprint filter, and the whole search, CPU seconds in one run.

usage: python benchmarks/barriers.py [cells on a side, default 1000]
"""

import statistics
import sys
import time

import checkout  # noqa: F401
import numpy as np
from ecosecnet.core.keyareas import focal
from ecosecnet.core.keyareas.barriers import barriers
from ecosecnet.core.leastcost.fields import CostFields
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.leastcost.links import Links
from scipy import ndimage


def cpu(work, repeats=3):
    """Median CPU time of a call, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def footprint(radius, ring):
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    square = x**2 + y**2
    return (square <= radius**2) & ((square > (radius - 1) ** 2) if ring else True)


def minima(raster):
    print(f"{'window':<14}{'ndimage ns':>12}{'ours ns':>10}{'ratio':>8}")
    for radius in (1, 5, 10, 20):
        for ring in (False, True):
            shape = footprint(radius, ring)
            window = focal.ring(radius) if ring else focal.disc(radius)
            theirs = cpu(lambda s=shape: ndimage.minimum_filter(raster, footprint=s, mode="constant", cval=np.inf), 1)
            ours = cpu(lambda w=window: focal.focal_minimum(raster, w))
            name = f"{'ring' if ring else 'disc'} {radius}"
            print(
                f"{name:<14}{theirs / raster.size * 1e9:>12.1f}{ours / raster.size * 1e9:>10.1f}{ours / theirs:>8.3f}"
            )


def search(size):
    """All radii 1 to 20 for ten sources joined in a ring, against the footprint minima that the definition takes."""
    rng = np.random.default_rng(1)
    resistance = np.exp(ndimage.gaussian_filter(rng.normal(size=(size, size)), 3) * 10) + 1
    labels = np.zeros((size, size), dtype=np.int32)
    for k in range(10):
        angle = 2 * np.pi * k / 10
        row, col = (int(size * (0.5 + 0.35 * f(angle))) for f in (np.sin, np.cos))
        labels[row - size // 40 : row + size // 40, col - size // 40 : col + size // 40] = k + 1
    pairs = [(k, k % 10 + 1) if k < 10 else (1, 10) for k in range(1, 11)]
    pairs = sorted({tuple(sorted(pair)) for pair in pairs})
    radii = list(range(1, 21))
    ours = cpu(lambda: barriers(CostFields(CostGraph(resistance), labels), Links.between(pairs), radii=radii))
    part = resistance[: size // 2, : size // 2]
    theirs = 40 * sum(
        cpu(lambda r=radius: ndimage.minimum_filter(part, footprint=footprint(r, False)), 1) for radius in radii
    )
    print(f"\nradii 1 to 20, 10 sources, {len(pairs)} links, {size} x {size} cells")
    print(f"footprint minima alone (a quarter of the raster, one source, times 40): {theirs:.1f} s")
    print(f"whole search, cost distances, scores and circles included: {ours:.2f} s, ratio {ours / theirs:.3f}")


if __name__ == "__main__":
    SIZE = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    minima(np.random.default_rng(0).random((SIZE, SIZE), dtype=np.float32))
    search(SIZE)
