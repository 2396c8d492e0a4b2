"""The resistance tools beside GDAL, NumPy and SciPy in one run: CPU seconds, medians, and whether the answers agree.

usage: python benchmarks/resistance.py [rows = cols]      (an interpreter with GDAL's Python bindings, such as Debian's)
       python benchmarks/resistance.py --memory [rows = cols]   (one overlay of five factors in files, block by block)
"""

import os
import resource
import sys
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
import checkout  # noqa: F401
import numpy as np
from ecosecnet.core.resistance.overlay import resistance_surface
from ecosecnet.core.resistance.presets import liuzhi_corrected
from ecosecnet.core.resistance.scoring import distance_to, relief, score_values
from osgeo import gdal
from scipy import ndimage

RUNS = 5
WEIGHTS = [0.35, 0.1, 0.1, 0.2, 0.25]


def cpu(work):
    """Return the median CPU time of a call, and its last result."""
    times, result = [], None
    for _ in range(RUNS):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return sorted(times)[RUNS // 2], result


def row(name, ours, peer, theirs, same):
    print(f"{name:34s} {ours:8.3f} s   {peer:28s} {theirs:8.3f} s   {theirs / ours:6.2f} x   {same}")


def memory_raster(values):
    dataset = gdal.GetDriverByName("MEM").Create("", values.shape[1], values.shape[0], 1, gdal.GDT_Float32)
    dataset.SetGeoTransform((0, 30, 0, 0, 0, -30))
    dataset.GetRasterBand(1).WriteArray(values)
    return dataset


def proximity(mask):
    target = memory_raster(np.zeros(mask.shape, dtype=np.float32))
    source = memory_raster(mask.astype(np.float32))
    gdal.ComputeProximity(source.GetRasterBand(1), target.GetRasterBand(1), ["DISTUNITS=GEO"])
    return target.ReadAsArray()


def expression(factors):
    """The overlay as a raster calculator does it."""
    return sum(w * f for w, f in zip(WEIGHTS, factors))


def compare(size):
    random = np.random.default_rng(0)
    roads = np.zeros((size, size), dtype=bool)
    for _ in range(20):
        i, j = random.integers(0, size, 2)
        roads[i, : random.integers(size)] = True
        roads[: random.integers(size), j] = True
    print(f"{size} x {size} cells, numpy {np.__version__}, GDAL {gdal.__version__}; x = peer / ours")
    ours, distance = cpu(lambda: distance_to(roads, cell_size=30.0))
    theirs, peer = cpu(lambda: proximity(roads))
    worst = float(np.abs(distance - peer).max())
    row("distance to roads", ours, "GDAL proximity (not exact)", theirs, f"largest difference {worst:.3g} m")
    theirs, peer = cpu(lambda: ndimage.distance_transform_edt(~roads, sampling=30.0).astype(np.float32))
    row("", ours, "SciPy distance_transform_edt", theirs, f"equal: {np.allclose(distance, peer, rtol=1e-6)}")

    classes = liuzhi_corrected()[3].classes
    limits = np.array([c.maximum for c in classes], dtype=np.float32)
    scores = np.array([c.score for c in classes], dtype=np.float32)
    ours, scored = cpu(lambda: score_values(distance, classes))
    theirs, peer = cpu(lambda: scores[np.searchsorted(limits, distance)])
    row("score of five classes", ours, "NumPy searchsorted + take", theirs, f"equal: {(scored.scores == peer).all()}")

    elevation = ndimage.gaussian_filter(random.standard_normal((size, size)), 8).astype(np.float32) * 1000
    ours, range_of = cpu(lambda: relief(elevation, window=11))
    theirs, peer = cpu(lambda: np.ptp(np.lib.stride_tricks.sliding_window_view(elevation, (11, 11))[::8], axis=(2, 3)))
    same = np.allclose(range_of[5:-5:8, 5:-5], peer)
    row("relief in 11 x 11 cells", ours, "NumPy windows (x 8 rows)", theirs * 8, f"equal: {same}")

    factors = [random.integers(1, 6, (size, size)).astype(np.float32) for _ in WEIGHTS]
    ours, overlay = cpu(lambda: resistance_surface(factors, WEIGHTS))
    theirs, peer = cpu(lambda: expression(factors))
    same = np.allclose(overlay.values, peer, rtol=1e-6)
    row("overlay of five, with statistics", ours, "NumPy sum, no checks", theirs, f"equal: {same}")


def measure(size):
    """Run the reading, the overlay and the writing of the tool on files, and print time and memory."""
    from ecosecnet.algorithms.support.io.rasters import RasterSource, RasterWriter, read_together
    from ecosecnet.core.monitor import Monitor
    from ecosecnet.core.resistance.overlay import Block, build_resistance
    from qgis.core import QgsRasterLayer
    from qgis.testing import start_app

    start_app()

    class Progress(Monitor):
        def progress(self, fraction):
            print(f"\r{100 * fraction:.0f} %", end="", file=sys.stderr)

    with tempfile.TemporaryDirectory() as folder:
        sources = []
        random = np.random.default_rng(0)
        tile = np.kron(random.integers(1, 6, (8, size // 32 + 1)), np.ones((32, 32)))[:, :size].astype(np.float32)
        for k in range(len(WEIGHTS)):
            path = os.path.join(folder, f"factor{k}.tif")
            with RasterWriter(path, square(size), "float32", -1.0) as writer:
                for top in range(0, size, 256):
                    writer.write(top, np.roll(tile, top + 7 * k, axis=1)[: size - top])
            sources.append(RasterSource.of(QgsRasterLayer(path, f"factor{k}")))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        reader = read_together(sources, sources[0])
        start = time.perf_counter()
        with RasterWriter(os.path.join(folder, "resistance.tif"), sources[0].grid, "float32", -1.0) as writer:
            summary = build_resistance(
                lambda monitor: (Block(top, found) for top, found in reader(monitor)),
                WEIGHTS,
                write=writer.write,
                monitor=Progress(),
            )
        took = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"\n{size} x {size} cells, {len(WEIGHTS)} factors: {took:.1f} s, peak {peak / 1024:.0f} MB of the process")
    print(f"({before / 1024:.0f} MB before the overlay); {summary.cells:,} cells, mean {summary.mean:.4f}")


def square(size):
    from ecosecnet.core.grid import Grid

    return Grid(size, size, 0.0, 0.0, 30.0, 30.0)


if __name__ == "__main__":
    arguments = [a for a in sys.argv[1:] if not a.startswith("-")]
    if "--memory" in sys.argv:
        measure(int(arguments[0]) if arguments else 20_000)
    else:
        compare(int(arguments[0]) if arguments else 2000)
