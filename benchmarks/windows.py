"""Moving windows against landschaft (C++, the fastest peer) and against SuperLU, window by window: CPU milliseconds a window.

usage: OPENBLAS_NUM_THREADS=1 python benchmarks/windows.py [RADIUS,BLOCK ...]        default 25,7 50,15 100,31

A fractal-like surface of 500 x 500 cells in five classes from 1 to 100, 8 neighbours, mean conductances. landschaft runs in
one thread, where it is installed. SuperLU (minimum degree) solves uncut windows without the time to build their matrices.
"""

import importlib.util
import statistics
import sys
import time

import checkout  # noqa: F401
import numpy as np
import surfaces
from ecosecnet.core import circuit
from ecosecnet.core.circuit import compiledfronts
from ecosecnet.core.circuit.windowflow import Window, disc
from scipy import sparse
from scipy.sparse.linalg import splu

SIZE, WINDOWS = 500, 9


def timed(call):
    start = time.process_time()
    result = call()
    return result, 1000.0 * (time.process_time() - start)


def by_superlu(resistance, radius):
    """Return the median time of a factorisation and solve of an uncut window."""
    inside = disc(radius, radius)
    times = []
    for place in np.linspace(radius, SIZE - radius - 1, WINDOWS).astype(int).tolist():
        window = Window.around(place, place, radius, resistance.shape)
        masked = np.where(inside, resistance[window.cells], np.nan)
        laplacian = circuit.raster_graph(masked, average="conductance").laplacian
        matrix = (laplacian + sparse.diags(np.full(laplacian.shape[0], 1e-6))).tocsc()
        put_in = np.full(matrix.shape[0], 1.0)
        _, spent = timed(
            lambda matrix=matrix, put_in=put_in: splu(
                matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
            ).solve(put_in)
        )
        times.append(spent)
    return statistics.median(times)


def main():
    resistance = surfaces.smooth(SIZE, missing=0.0)
    peer = importlib.util.find_spec("landschaft") is not None
    if peer:
        import landschaft
    numba = "with numba" if compiledfronts.available() else "numpy and SciPy alone"
    print(numba)
    heads = ("windows", "current", "both", "SuperLU", "landschaft", "both", "ratio")
    print("radius", *(f"{head:>10s}" for head in heads), " difference")
    for pair in sys.argv[1:] or ("25,7", "50,15", "100,31"):
        radius, block = map(int, pair.split(","))
        options = {"radius": radius, "block_size": block}
        circuit.omniscape(resistance[: 3 * radius, : 3 * radius], **options, flow_potential=True)  # compiles
        current, alone = timed(lambda o=options: circuit.omniscape(resistance, **o))
        flow, both = timed(lambda o=options: circuit.omniscape(resistance, **o, flow_potential=True))
        n = current.windows
        line = f"{radius:6d} {n:10d} {alone / n:10.2f} {both / n:10.2f} {by_superlu(resistance, radius):10.2f}"
        if peer:
            options["n_threads"] = 1
            _, their = timed(lambda o=options: landschaft.omniscape(resistance, **o))
            found, their_both = timed(lambda o=options: landschaft.omniscape(resistance, **o, flow_potential=True))
            values = np.asarray(found["cum_currmap"])
            error = np.abs(flow.current - values).max() / values.max()
            line += f" {their / n:10.2f} {their_both / n:10.2f} {both / their_both:10.2f}  {error:.0e}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
