"""How time and memory of a circuit grow with the raster: 5 points, all pairs, each size in a process of its own.

usage: OPENBLAS_NUM_THREADS=1 python benchmarks/growth.py [--no-numba] [cells on a side ...]   (default 1000 2000 4000)
       python benchmarks/growth.py --write FOLDER [cells on a side]    (surface.tif and points.geojson there, by GDAL)

A fractal surface of five classes from 1 to 100 in float32 with 2 % NoData, 8 neighbours. CPU seconds are those of
`core.circuit.pairwise`, from the raster to the resistances and the cumulative current; bytes are the peak of the process
less what it held before, for each cell: libraries and the raster itself are not in it.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import checkout  # noqa: F401
import numpy as np
from ecosecnet.core import circuit
from ecosecnet.core.circuit import compiled, iterative
from ecosecnet.core.landscapes.noise import fractal_noise

POINTS = 5


def surface(size, seed=1):
    rng = np.random.default_rng(seed)
    field = fractal_noise((size, size), rng)
    edges = np.quantile(field[:: max(1, size // 1000), :: max(1, size // 1000)], [0.2, 0.4, 0.6, 0.8])
    resistance = np.array([1, 3, 10, 30, 100], np.float32)[np.digitize(field, edges)]
    resistance[rng.random(resistance.shape, np.float32) < 0.02] = np.nan
    return resistance


def places(resistance):
    """Flat indices of valid cells, the middle of the raster and of its quarters."""
    size = len(resistance)
    spots = [(0.5, 0.5), (0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75)]
    valid = np.flatnonzero(~np.isnan(resistance))
    wanted = [int(row * size) * size + int(col * size) for row, col in spots]
    return {k + 1: valid[[np.searchsorted(valid, cell)]] for k, cell in enumerate(wanted[:POINTS])}


def write(size, folder):
    from osgeo import gdal, osr

    resistance = surface(size)
    left, top, cell = 400_000, 3_200_000, 30
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(32648)
    driver, options = gdal.GetDriverByName("GTiff"), ["TILED=YES", "COMPRESS=DEFLATE"]
    dataset = driver.Create(str(folder / "surface.tif"), size, size, 1, gdal.GDT_Float32, options)
    dataset.SetGeoTransform((left, cell, 0, top, 0, -cell))
    dataset.SetProjection(crs.ExportToWkt())
    dataset.GetRasterBand(1).SetNoDataValue(-1)
    dataset.GetRasterBand(1).WriteArray(np.nan_to_num(resistance, nan=-1))
    features = []
    for number, (place,) in places(resistance).items():
        row, col = divmod(int(place), size)
        spot = {"type": "Point", "coordinates": [left + cell * (col + 0.5), top - cell * (row + 0.5)]}
        features.append({"type": "Feature", "properties": {"id": number}, "geometry": spot})
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32648"}}
    points = {"type": "FeatureCollection", "crs": named, "features": features}
    (folder / "points.geojson").write_text(json.dumps(points))


def kilobytes(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name))


def measure(size, numba):
    if not numba:
        compiled.available = lambda: False
    iterations = []
    solve = iterative.MultigridSolver._conjugate_gradients

    def counted(self, *given):
        found = solve(self, *given)
        iterations.append(self.iterations)
        return found

    iterative.MultigridSolver._conjugate_gradients = counted
    if compiled.available():  # so that starting it is not measured
        small = surface(150)
        graph = circuit.raster_graph(small)
        held, injected = np.arange(graph.size) == 0, 1.0 * (np.arange(graph.size) == graph.size - 1)
        iterative.MultigridSolver(graph, held=held, accelerate=True).solve(injected)
        iterations.clear()
    resistance = surface(size)
    focal = places(resistance)
    Path("/proc/self/clear_refs").write_text("5")
    before, start, wall = kilobytes("VmRSS"), time.process_time(), time.perf_counter()
    flow = circuit.pairwise(resistance, focal)
    seconds, wall = time.process_time() - start, time.perf_counter() - wall
    used = (kilobytes("VmHWM") - before) * 1024 / size**2
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{size**2 / 1e6:7.1f} M {seconds:9.1f} {wall:9.1f} {used:8.0f} {peak:7.2f}   {max(iterations):3d}"
        f"   {flow.resistance[0, 1]:.12g} {np.nansum(flow.cumulative):.12g}"
    )


def main():
    numba = "--no-numba" not in sys.argv
    sizes = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    if "--write" in sys.argv:
        write(sizes[0] if sizes else 1000, Path(sys.argv[sys.argv.index("--write") + 1]))
        return
    if "--one" in sys.argv:
        measure(sizes[0], numba)
        return
    print("    cells   CPU (s)  wall (s)   B/cell peak GiB iterations   first resistance, sum of the map", flush=True)
    for size in sizes or (1000, 2000, 4000):
        given = [str(size), "--one", *(() if numba else ("--no-numba",))]
        subprocess.run([sys.executable, __file__, *given], check=True)


main()
