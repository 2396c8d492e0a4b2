"""A sweep of the smoother over one vector, and over several at a time: whether a block of right-hand sides would pay.

usage: OPENBLAS_NUM_THREADS=1 python benchmarks/block.py [cells on a side, default 1000]

CPU milliseconds, the least of nine, in float32: the compiled sweep over one vector; the same over k, link by link from the
cache; and a sparse matrix of SciPy times one vector and times k.
"""

import sys
import time

import checkout  # noqa: F401
import numba
import numpy as np
from ecosecnet.core.circuit import compiled
from ecosecnet.core.circuit.stencil import Stencil
from scipy import sparse

CHUNK = 2_048


@numba.njit(nogil=True, fastmath={"reassoc", "contract", "nsz"})
def sweeps(xs, rhs, sweep, outs, links, steps, start, stop):
    """Set every row of `outs` to that of `xs` after a sweep."""
    net = np.empty(CHUNK, sweep.dtype)
    for first in range(start, stop, CHUNK):
        last = min(first + CHUNK, stop)
        for number in range(len(xs)):
            x, given, factor, out = xs[number], rhs[number, first:last], sweep[first:last], outs[number, first:last]
            here = x[first:last]
            net[:] = 0.0
            for way in range(len(steps)):
                step, coupling = steps[way], links[way]
                link, there = coupling[first:last], x[first + step : last + step]
                before, back = coupling[first - step : last - step], x[first - step : last - step]
                for k in range(here.size):
                    net[k] += link[k] * (here[k] - there[k]) + before[k] * (here[k] - back[k])
            for k in range(here.size):
                out[k] = here[k] + factor[k] * (given[k] - net[k])


def least(work):
    work()
    spent = []
    for _ in range(9):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return 1000 * min(spent)


def main():
    side = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rng = np.random.default_rng(0)
    operator = Stencil(side, side, np.float32)
    for way in range(4):
        operator.couplings[way] = operator.zeros()
        operator.raster(operator.couplings[way])[: side - 1, 1 : side - 1] = rng.random((side - 1, side - 2))
    x = operator.zeros()
    operator.raster(x)[:side, :side] = rng.random((side, side))
    out, inside = x.copy(), operator.inside
    one = least(lambda: compiled.postsmooth(operator, x, x, x, out))
    steps = range(9)
    shifts = [0, 1, -1, side, -side, side + 1, -side - 1, side - 1, 1 - side]
    values = [rng.random(side * side, dtype=np.float32) for _ in steps]
    matrix = sparse.diags(values, shifts, shape=(side * side, side * side), format="csr", dtype=np.float32)
    plain = least(lambda: matrix @ values[0])
    print(f"one vector: {one:.2f} ms compiled, {plain:.2f} ms SciPy")
    for count in (2, 4, 8):
        many = np.repeat(x[None], count, axis=0)
        outs, links = np.zeros_like(many), tuple(operator.couplings)
        spent = least(lambda: sweeps(many, many, x, outs, links, operator.offsets, inside.start, inside.stop))  # noqa: B023
        assert np.allclose(outs[-1, inside], out[inside], atol=1e-4)
        block = np.repeat(values[0][:, None], count, axis=1)
        other = least(lambda: matrix @ block)  # noqa: B023
        print(
            f"{count} vectors: {spent:.2f} ms compiled, {spent / one:.2f} times one; "
            f"{other:.2f} ms SciPy, {other / plain:.2f} times one"
        )


if __name__ == "__main__":
    main()
