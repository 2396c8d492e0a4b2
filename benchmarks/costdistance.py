"""Cost distance beside scikit-image, a bare SciPy Dijkstra and (where installed) GRASS r.cost: CPU seconds, medians.

usage: python benchmarks/costdistance.py [rows = cols of the synthetic surface]
"""

import importlib.util
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
import checkout
import numpy as np
from ecosecnet.core.corridors.adjacency import find_pairs
from ecosecnet.core.corridors.linkages import find_links
from ecosecnet.core.corridors.normalised import corridors
from ecosecnet.core.leastcost import dial
from ecosecnet.core.leastcost.fields import CostFields
from ecosecnet.core.leastcost.graph import CostGraph
from scipy.ndimage import gaussian_filter, label
from scipy.sparse.csgraph import dijkstra

RUNS = 3

_SHARE = 0.1
"""Cutoff of the corridors, as a share of the least-cost distance."""


def cpu(work, runs=RUNS):
    """Return the median CPU time of a call, and its last result."""
    times, result = [], None
    for _ in range(runs):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return sorted(times)[len(times) // 2], result


def surface(size, seed=0):
    """Return a fractal surface of five classes with roads, streams and 5 % NoData."""
    rng = np.random.default_rng(seed)
    noise = sum(gaussian_filter(rng.standard_normal((size, size)), 2**k) * 2**k for k in range(1, 7))
    ranks = np.searchsorted(np.quantile(noise, [0.2, 0.4, 0.6, 0.8]), noise)
    cost = np.array([1.0, 3.0, 10.0, 30.0, 100.0])[ranks]
    cost[rng.integers(0, size, 4)] = 100.0
    cost[:, rng.integers(0, size, 4)] = 1.0
    holes = gaussian_filter(rng.standard_normal((size, size)), 8)
    cost[holes > np.quantile(holes, 0.95)] = np.nan
    zones, _ = label(~np.isnan(cost), structure=np.ones((3, 3)))
    cost[zones != np.argmax(np.bincount(zones.ravel())[1:]) + 1] = np.nan
    return cost


def grass(resistance, start):
    """Return the user time of r.cost, or None without GRASS."""
    if shutil.which("grass") is None or importlib.util.find_spec("rasterio") is None:
        return None
    import rasterio
    from rasterio.transform import from_origin

    with tempfile.TemporaryDirectory() as folder:
        rows, cols = resistance.shape
        profile = {
            "driver": "GTiff",
            "height": rows,
            "width": cols,
            "count": 1,
            "dtype": "float64",
            "nodata": -1.0,
            "transform": from_origin(0, rows, 1, 1),
        }
        with rasterio.open(f"{folder}/r.tif", "w", **profile) as target:
            target.write(np.where(np.isnan(resistance), -1.0, resistance), 1)
        row, col = divmod(start, cols)
        script = (
            f"r.in.gdal -o input={folder}/r.tif output=r --q; g.region raster=r; "
            f"r.cost --q --o input=r output=c start_coordinates={col + 0.5},{rows - row - 0.5} memory=4000"
        )
        command = ["grass", "--tmp-location", "XY", "--exec", "bash", "-c"]

        def seconds(text):
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            subprocess.run([*command, text], check=True, capture_output=True)
            return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before

        return seconds(script) - seconds(script.split("r.cost")[0])


def line(name, seconds, base, note=""):
    print(f"  {name:<44}{seconds:8.3f} s {seconds / base:7.2f}x  {note}")


def one_source(title, resistance):
    """Compare one source over the whole grid."""
    start = np.flatnonzero(~np.isnan(resistance))[[resistance.size // 5]]
    print(f"{title}: one source over {resistance.size:,} cells (ratio to a bare csgraph.dijkstra)")
    built, graph = cpu(lambda: CostGraph(resistance, accelerate=False), 1)
    engine = graph._engine
    node = engine._node[start]
    bare, _ = cpu(lambda: dijkstra(engine._matrix, directed=True, indices=node, min_only=True))
    line("csgraph.dijkstra, ready graph", bare, bare)
    line("ours, SciPy", *(cpu(lambda: graph.cost_from(start))[0], bare), f"graph {built:.2f} s")
    expected = graph.cost_from(start)
    if dial.available():
        fast = CostGraph(resistance, accelerate=True)
        fast.cost_from(start)
        line("ours, numba", cpu(lambda: fast.cost_from(start))[0], bare)
        assert np.array_equal(fast.cost_from(start), expected)
    if importlib.util.find_spec("skimage"):
        from skimage.graph import MCP_Geometric

        walls = np.where(np.isnan(resistance), -1, resistance)
        places = np.argwhere(np.arange(resistance.size).reshape(resistance.shape) == start[0])
        seconds, found = cpu(lambda: MCP_Geometric(walls, fully_connected=True).find_costs(places)[0])
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        line("scikit-image MCP_Geometric", seconds, bare)
    seconds = grass(resistance, int(start[0]))
    if seconds is not None:
        line("GRASS r.cost (user time, without start)", seconds, bare)


def all_links(title, resistance, labels, cell_size):
    """Compare all links and their corridors with one full search for each source."""
    count = int(labels.max())
    print(f"{title}: all links of {count} sources on {resistance.size:,} cells (ratio to full searches)")
    graph = CostGraph(resistance, cell_size=cell_size, accelerate=False)
    some = range(1, count + 1, max(1, count // 6))
    each, _ = cpu(lambda: [graph.cost_from(labels == k) for k in some], 1)
    full = each / len(some) * count
    line(f"csgraph.dijkstra, {count} full searches", full, full)

    def work(accelerate):
        engine = graph if not accelerate else CostGraph(resistance, cell_size=cell_size, accelerate=True)
        fields = CostFields(engine, labels, share=_SHARE)
        pairs = find_pairs(fields).pairs
        links = find_links(fields, pairs, np.zeros(len(pairs)))
        middle = time.process_time()
        mapped = sum(1 for _ in corridors(fields, links, cutoff=_SHARE * links.cost[links.active]))
        return links.cost, mapped, time.process_time() - middle

    reference = None
    for name, accelerate in (("SciPy", False), ("numba", True)):
        if accelerate and not dial.available():
            continue
        seconds, (cost, mapped, rest) = cpu(lambda accelerate=accelerate: work(accelerate), 1)
        line(f"ours, {name}: pairs, distances, paths", seconds - rest, full, f"{len(cost)} links")
        line(f"ours, {name}: with corridors", seconds, full, f"{mapped} corridors")
        assert reference is None or np.array_equal(cost, reference)
        reference = cost


def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    resistance = surface(size)
    one_source(f"synthetic {size} x {size}", resistance)
    labels = np.zeros(resistance.shape, dtype=np.int32)
    rng = np.random.default_rng(1)
    for k in range(1, 41):
        row, col = rng.integers(0, size - size // 40, 2)
        part = labels[row : row + size // 40, col : col + size // 40]
        part[~np.isnan(resistance[row : row + size // 40, col : col + size // 40])] = k
    all_links(f"synthetic {size} x {size}", resistance, labels, 30.0)
    folder = checkout.ROOT.parent / "shared" / "reference"
    if folder.exists() and importlib.util.find_spec("geopandas"):
        for name, cell_size, values, zones in real_inputs(folder):
            all_links(name, values, zones, cell_size)


def real_inputs(folder):
    """Yield the Washington set and northern Shaanxi with its sources of 10 square kilometres and more."""
    import geopandas
    import rasterio
    from rasterio.features import rasterize

    with rasterio.open(folder / "linkage" / "lm_resistances.tif") as source:
        values, transform = source.read(1, masked=True).astype(float).filled(np.nan), source.transform
    cores = geopandas.read_file(folder / "linkage" / "lm_cores.gpkg")
    zones = rasterize(zip(cores.geometry, cores.core_id), values.shape, transform=transform, dtype="int32")
    yield "Washington", transform.a, values, zones
    with rasterio.open(folder / "china_esp" / "ResistanceSurface.tif") as source:
        values, transform = source.read(1, masked=True).astype("float32").filled(np.nan), source.transform
    with rasterio.open(folder / "china_esp" / "EcologicalSource.tif") as source:
        patches, _ = label(source.read(1) > 0, structure=np.ones((3, 3)))
    large = np.bincount(patches.ravel()) * transform.a**2 >= 10e6
    large[0] = False
    yield "northern Shaanxi", transform.a, values, (np.cumsum(large) * large)[patches].astype(np.int32)


if __name__ == "__main__":
    main()
