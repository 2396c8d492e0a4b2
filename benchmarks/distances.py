"""Edge-to-edge distances of patches against measuring every pair, and against the indices that need them.

usage: python3 benchmarks/distances.py [patches, default 1000]      (a Python that has QGIS)

The peer measures every pair with QgsGeometry.distance; it is timed on every fifth patch and scaled up. CPU seconds.
"""

from __future__ import annotations

import os
import sys
import time

import checkout  # noqa: F401
import numpy as np
from scipy import ndimage

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from ecosecnet.algorithms.support.geometry.distances import edge_distances
from ecosecnet.algorithms.support.io.vectors import polygonise
from ecosecnet.core.connectivity import PatchGraph, dispersal_rate, node_importance
from ecosecnet.core.grid import Grid
from ecosecnet.core.sources.patches import find_patches


def patches(count: int) -> list:
    """Return the outlines of patches of smoothed noise on 30 m cells."""
    size = int(65 * np.sqrt(count))
    noise = ndimage.gaussian_filter(np.random.default_rng(1).standard_normal((size, size)), 6)
    found = find_patches(noise > np.quantile(noise, 0.75), minimum=10)
    return list(polygonise(found.labels, Grid(size, size, dx=30.0, dy=30.0)).values())[:count]


def cpu(call) -> tuple[float, object]:
    start = time.process_time()
    result = call()
    return time.process_time() - start, result


def main(count: int) -> None:
    shapes = patches(count)
    corners = np.mean([shape.constGet().nCoordinates() for shape in shapes])
    ours, (i, j, d) = cpu(lambda: edge_distances(shapes))
    some = range(0, len(shapes), 5)
    peer, _ = cpu(lambda: [shapes[a].distance(shapes[b]) for a in some for b in range(a + 1, len(shapes))])
    peer *= len(d) / sum(len(shapes) - 1 - a for a in some)
    area = np.array([shape.area() / 1e4 for shape in shapes])
    graph = PatchGraph.dispersing(area, np.column_stack((i, j)), d, dispersal_rate(5000.0, 0.5))
    indices, _ = cpu(lambda: node_importance(graph))
    print(f"{len(shapes):,} patches of {corners:.0f} corners, {len(d):,} pairs")
    print(f"ours {ours:.2f} s, every pair by itself {peer / ours:.1f} x, dPC of all patches {indices / ours:.1f} x")
    for limit in (1000.0, 5000.0):
        seconds, (near, _, _) = cpu(lambda limit=limit: edge_distances(shapes, limit=limit))
        print(f"up to {limit:,.0f} m: {seconds:.2f} s for {len(near):,} pairs")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
