"""Moving windows against the same windows by SuperLU (minimum degree) and by pyamg: CPU milliseconds a window.

usage: OPENBLAS_NUM_THREADS=1 python benchmarks/windows.py [RADIUS ...]        default 10 25 50 100

A fractal-like surface of five classes from 1 to 100 with 2 % NoData, 8 neighbours, mean conductances; sources all over the
disc, the middle grounded. Peers get their matrix built the short way, cell by cell numbers and sparse sums; the time
includes it. pyamg: smoothed aggregation and conjugate gradients to a relative residual of 1e-6.
"""

import importlib.util
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.ndimage import gaussian_filter
from scipy.sparse.linalg import splu

ROOT = Path(__file__).resolve().parents[1]
spec = importlib.util.spec_from_file_location("ecosecnet", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
sys.modules["ecosecnet"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["ecosecnet"])

from ecosecnet.core import circuit  # noqa: E402
from ecosecnet.core.circuit.graph import DIRECTIONS  # noqa: E402
from ecosecnet.core.circuit.windowflow import UniformWindow, Window, cut_out, disc, drain, through  # noqa: E402

SIZE, WINDOWS = 700, 15


def surface(rng):
    field = gaussian_filter(rng.normal(size=(SIZE, SIZE)), 6)
    classes = np.digitize(field, np.quantile(field, [0.2, 0.4, 0.6, 0.8]))
    resistance = np.array([1.0, 3.0, 10.0, 30.0, 100.0])[classes]
    resistance[rng.random(resistance.shape) < 0.02] = np.nan
    return resistance


def peer(couplings, valid, put_in, target, solve):
    """Return the currents by a matrix of the component of the target and some solver."""
    number = np.full(valid.shape, -1)
    number[valid] = np.arange(np.count_nonzero(valid))
    heads, tails, values = [], [], []
    for coupling, (here, there, _) in zip(couplings, DIRECTIONS):
        linked = valid[here] & valid[there]
        heads.append(number[here][linked])
        tails.append(number[there][linked])
        values.append(coupling[linked])
    size = number.max() + 1
    links = sparse.coo_matrix(
        (np.concatenate(values), (np.concatenate(heads), np.concatenate(tails))), shape=(size, size)
    ).tocsr()
    links = links + links.T
    component = sparse.csgraph.connected_components(links, directed=False)[1]
    kept = np.flatnonzero((component == component[number[target]]) & (np.arange(size) != number[target]))
    laplacian = sparse.diags(np.asarray(links.sum(axis=1)).ravel()) - links
    volts = np.zeros(size)
    volts[kept] = solve(laplacian.tocsr()[kept][:, kept], put_in[valid][kept])
    cells = np.zeros(valid.shape)
    cells[valid] = volts
    masked = [c * (valid[here] & valid[there]) for c, (here, there, _) in zip(couplings, DIRECTIONS)]
    return through(masked, cells)


def by_splu(matrix, right):
    factor = splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    return factor.solve(right)


def by_pyamg(matrix, right):
    import pyamg

    return pyamg.smoothed_aggregation_solver(matrix).solve(right, tol=1e-6, accel="cg")


def main():
    rng = np.random.default_rng(1)
    resistance = surface(rng)
    graph = circuit.raster_graph(resistance, average="conductance")
    print(
        f"{'radius':>6s} {'ours':>8s} {'uniform':>8s} {'splu':>8s} {'pyamg':>8s} {'/splu':>6s} {'/pyamg':>6s}  difference"
    )
    for radius in map(int, sys.argv[1:] or ("10", "25", "50", "100")):
        inside = disc(radius, radius)
        times, differences = {}, {"splu": 0.0, "pyamg": 0.0}
        uniform = UniformWindow(*inside.shape, 8)
        middle = resistance[radius : SIZE - radius, radius : SIZE - radius]
        places = np.argwhere(~np.isnan(middle)) + radius
        for row, col in rng.choice(places, WINDOWS, replace=False).tolist():
            window = Window.around(row, col, radius, resistance.shape)
            valid = ~np.isnan(resistance[window.cells]) & inside
            put_in = valid / np.count_nonzero(valid)
            couplings = cut_out(graph.couplings, window)
            work = {
                "ours": lambda c=couplings, v=valid, p=put_in, t=window.centre: drain(c, v, p, t).current,
                "uniform": lambda u=uniform, p=put_in, t=window.centre: u.currents(p, t),
                "splu": lambda c=couplings, v=valid, p=put_in, t=window.centre: peer(c, v, p, t, by_splu),
                "pyamg": lambda c=couplings, v=valid, p=put_in, t=window.centre: peer(c, v, p, t, by_pyamg),
            }
            found = {}
            for name, call in work.items():
                start = time.process_time()
                found[name] = call()
                times.setdefault(name, []).append(1000 * (time.process_time() - start))
            for name in differences:
                error = np.abs(found["ours"] - found[name]).max() / found["splu"].max()
                differences[name] = max(differences[name], error)
        ours, even, direct, amg = (statistics.median(times[name]) for name in ("ours", "uniform", "splu", "pyamg"))
        print(
            f"{radius:6d} {ours:8.2f} {even:8.2f} {direct:8.2f} {amg:8.2f} {ours / direct:6.2f} {ours / amg:6.2f}  "
            f"{differences['splu']:.0e} splu, {differences['pyamg']:.0e} pyamg"
        )


if __name__ == "__main__":
    main()
