"""The functions of `passes` compiled by numba: the same sums in fewer passes over memory."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..accelerators import numba_works
from ..types import FloatArray
from .stencil import STRIP, Interpolation, Stencil
from .surfacestencil import SurfaceStencil

_CHUNK = 2_048
"""Elements worked on at a time, so that their sums stay in the fastest cache."""


def available() -> bool:
    """Return whether numba is installed, works, and can keep what it compiles."""
    return numba_works(lambda: _fast(_dot))


def presmooth(operator: Stencil, sweep: FloatArray, rhs: FloatArray, x: FloatArray, residual: FloatArray) -> None:
    """As `passes.presmooth`."""
    _fast(_sweep)(sweep, rhs, x)
    _apply(operator, x, rhs, None, residual)


def postsmooth(
    operator: Stencil, sweep: FloatArray, rhs: FloatArray, x: FloatArray, residual: FloatArray
) -> FloatArray:
    """As `passes.postsmooth`."""
    _apply(operator, x, rhs, sweep, residual)
    return residual


def restrict(weights: Interpolation, fine: Stencil, x: FloatArray, coarse: Stencil, out: FloatArray) -> None:
    """As `passes.restrict`."""
    _fast(_restrict)(*weights.weights, fine.raster(x), coarse.raster(out))


def prolong(weights: Interpolation, coarse: Stencil, x: FloatArray, fine: Stencil, out: FloatArray) -> None:
    """As `passes.prolong`."""
    right, below, across = (coarse.raster(x, offset) for offset in coarse.offsets[:3])
    _fast(_prolong)(*weights.weights, coarse.raster(x), right, below, across, fine.raster(out))


def negative(operator: Stencil, p: FloatArray, q: FloatArray) -> float:
    """As `passes.negative`."""
    if not isinstance(operator, SurfaceStencil):
        return _apply(operator, p, None, None, q)
    inside, leak = operator.inside, np.empty(0) if operator.leak is None else operator.leak
    ways = operator.offsets[: len(operator.factors)], operator.factors
    vectors = p, operator.summands, leak, q
    return float(_fast(_made)(*vectors, operator.in_series, inside.start, inside.stop, *ways))


def _apply(operator: Stencil, x: FloatArray, rhs: Any, sweep: Any, out: FloatArray) -> float:
    inside = operator.inside
    none = np.empty(0, x.dtype)  # not None, for which numba would compile once more
    vectors = [none if v is None else v for v in (x, rhs, sweep, out, *operator.couplings, operator.leak)]
    return float(_fast(_residual)(*vectors, operator.leaky, inside.start, inside.stop, operator.width))


def dot(one: FloatArray, other: FloatArray) -> float:
    """As `passes.dot`."""
    return float(_fast(_dot)(one, other))


def combine(keep: float, target: FloatArray, factor: float, vector: FloatArray) -> None:
    """As `passes.combine`."""
    _fast(_combine)(keep, target, factor, vector)


def take_step(one: float, p: FloatArray, x: FloatArray, other: float, q: FloatArray, r: FloatArray) -> None:
    """As `passes.take_step`."""
    _fast(_take_step)(one, p, x, other, q, r)


def scaled(r: FloatArray, out: FloatArray) -> float:
    """As `passes.scaled`."""
    return float(_fast(_scaled)(r, out))


def add_flow(coupling: FloatArray, high: FloatArray, low: FloatArray, here: FloatArray, there: FloatArray) -> float:
    """As `passes.add_flow`."""
    return float(_fast(_add_flow)(coupling, high, low, here, there))


def links(one: FloatArray, two: FloatArray, factor: float, in_series: bool) -> FloatArray:
    """Return the conductances between cells, to the last bit as `Conductances.rows` makes them."""
    out = np.empty(one.shape)
    _exact(_links)(one, two, factor, in_series, out)
    return out


@functools.cache
def _exact(function: Callable[..., Any]) -> Any:
    import numba

    return numba.njit(cache=True, nogil=True, error_model="numpy")(function)


def _links(one: Any, two: Any, factor: float, in_series: bool, out: Any) -> None:
    for i in range(out.shape[0]):
        head, tail, target = one[i], two[i], out[i]
        for k in range(target.size):
            total = np.float64(head[k]) + np.float64(tail[k])
            link = factor / total if in_series else total / factor
            target[k] = link if link == link else 0.0


@functools.cache
def _fast(function: Callable[..., Any]) -> Any:
    import numba

    # sums may be taken in any order, so that several additions can be done at once
    return numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})(function)


def _residual(
    x: Any,
    rhs: Any,
    sweep: Any,
    out: Any,
    east: Any,
    south: Any,
    southeast: Any,
    southwest: Any,
    leak: Any,
    leaky: Any,
    start: int,
    stop: int,
    width: int,
) -> float:
    """Set `out` to the residual, or to `x` after a sweep; without a right-hand side return the product with `x`."""
    # slices and few arrays in a loop, or the loops would not become vector instructions
    net = np.empty(_CHUNK, x.dtype)
    total = 0.0
    for first in range(start, stop, _CHUNK):
        last = min(first + _CHUNK, stop)
        here = x[first:last]
        link, there = east[first:last], x[first + 1 : last + 1]
        before, back = east[first - 1 : last - 1], x[first - 1 : last - 1]
        for k in range(here.size):
            net[k] = link[k] * (here[k] - there[k]) + before[k] * (here[k] - back[k])
        link, there = south[first:last], x[first + width : last + width]
        before, back = south[first - width : last - width], x[first - width : last - width]
        for k in range(here.size):
            net[k] += link[k] * (here[k] - there[k]) + before[k] * (here[k] - back[k])
        if southeast.size > 0:
            step = width + 1
            link, there = southeast[first:last], x[first + step : last + step]
            before, back = southeast[first - step : last - step], x[first - step : last - step]
            for k in range(here.size):
                net[k] += link[k] * (here[k] - there[k]) + before[k] * (here[k] - back[k])
        if southwest.size > 0:
            step = width - 1
            link, there = southwest[first:last], x[first + step : last + step]
            before, back = southwest[first - step : last - step], x[first - step : last - step]
            for k in range(here.size):
                net[k] += link[k] * (here[k] - there[k]) + before[k] * (here[k] - back[k])
        if leak.size > 0 and leaky[(first - start) // STRIP]:
            drain = leak[first:last]
            for k in range(here.size):
                net[k] += drain[k] * here[k]
        target = out[first:last]
        if rhs.size == 0:
            for k in range(here.size):
                target[k] = -net[k]
                total -= net[k] * here[k]
        elif sweep.size == 0:
            given = rhs[first:last]
            for k in range(here.size):
                target[k] = given[k] - net[k]
        else:
            given, factor = rhs[first:last], sweep[first:last]
            for k in range(here.size):
                target[k] = here[k] + factor[k] * (given[k] - net[k])
    return total


def _made(
    x: Any,
    summands: Any,
    leak: Any,
    out: Any,
    in_series: bool,
    start: int,
    stop: int,
    steps: tuple[int, ...],
    factors: tuple[float, ...],
) -> float:
    """Set `out` to minus the product with `x` of what the sums of neighbours link; return the product of both."""
    flow = np.empty(_CHUNK)
    ahead = out.size - stop  # at least as far as the farthest neighbour
    out[: start + ahead] = 0.0
    total = 0.0
    for first in range(start, stop, _CHUNK):
        last = min(first + _CHUNK, stop)
        out[first + ahead : last + ahead] = 0.0
        here, mine, net = x[first:last], summands[first:last], out[first:last]
        for number in range(len(steps)):
            step, factor = steps[number], factors[number]
            there, other = x[first + step : last + step], summands[first + step : last + step]
            target = out[first + step : last + step]
            if in_series:
                for k in range(here.size):
                    flow[k] = factor * (here[k] - there[k]) / (np.float64(mine[k]) + np.float64(other[k]))
            else:
                for k in range(here.size):
                    one, two = np.float64(mine[k]), np.float64(other[k])
                    flow[k] = factor * (here[k] - there[k]) * (one + two if one > 0.0 and two > 0.0 else 0.0)
            for k in range(here.size):
                total -= flow[k] * (here[k] - there[k])
            for k in range(here.size):
                net[k] -= flow[k]
            for k in range(here.size):
                target[k] += flow[k]
        if leak.size > 0:
            drain = leak[first:last]
            for k in range(here.size):
                net[k] -= drain[k] * here[k]
                total -= drain[k] * here[k] * here[k]
    return total


def _prolong(
    west: Any,
    east: Any,
    north: Any,
    south: Any,
    nw: Any,
    ne: Any,
    sw: Any,
    se: Any,
    coarse: Any,
    on_right: Any,
    on_below: Any,
    on_across: Any,
    fine: Any,
) -> None:
    rows, cols = west.shape
    for i in range(rows):
        upper, lower = fine[2 * i], fine[2 * i + 1]
        for j in range(cols):
            here, right, below, across = coarse[i, j], on_right[i, j], on_below[i, j], on_across[i, j]
            upper[2 * j] += here
            upper[2 * j + 1] += west[i, j] * here + east[i, j] * right
            lower[2 * j] += north[i, j] * here + south[i, j] * below
            lower[2 * j + 1] += nw[i, j] * here + ne[i, j] * right + sw[i, j] * below + se[i, j] * across


def _restrict(
    west: Any, east: Any, north: Any, south: Any, nw: Any, ne: Any, sw: Any, se: Any, fine: Any, coarse: Any
) -> None:
    rows, cols = west.shape
    for i in range(rows):
        upper, lower = fine[2 * i], fine[2 * i + 1]
        for j in range(cols):
            coarse[i, j] = (
                upper[2 * j] + west[i, j] * upper[2 * j + 1] + north[i, j] * lower[2 * j] + nw[i, j] * lower[2 * j + 1]
            )
        for j in range(1, cols):
            coarse[i, j] += east[i, j - 1] * upper[2 * j - 1] + ne[i, j - 1] * lower[2 * j - 1]
        if i > 0:
            above = fine[2 * i - 1]
            for j in range(cols):
                coarse[i, j] += south[i - 1, j] * above[2 * j] + sw[i - 1, j] * above[2 * j + 1]
            for j in range(1, cols):
                coarse[i, j] += se[i - 1, j - 1] * above[2 * j - 1]


def _sweep(sweep: Any, rhs: Any, x: Any) -> None:
    for k in range(x.size):
        x[k] = sweep[k] * rhs[k]


def _dot(one: Any, other: Any) -> float:
    total = 0.0
    for k in range(one.size):
        total += one[k] * float(other[k])
    return total


def _combine(keep: float, target: Any, factor: float, vector: Any) -> None:
    for k in range(target.size):
        target[k] = keep * target[k] + factor * vector[k]


def _take_step(one: float, p: Any, x: Any, other: float, q: Any, r: Any) -> None:
    for k in range(x.size):
        x[k] += one * p[k]
        r[k] += other * q[k]


def _scaled(r: Any, out: Any) -> float:
    low = high = 0.0
    for k in range(r.size):
        low, high = min(low, r[k]), max(high, r[k])
    largest = max(high, -low)
    scale = 1.0 / largest if largest > 0.0 else 1.0
    for k in range(r.size):
        out[k] = scale * r[k]
    return scale


def _add_flow(coupling: Any, high: Any, low: Any, here: Any, there: Any) -> float:
    power = 0.0
    flow = np.empty(coupling.shape[1])
    for i in range(coupling.shape[0]):
        link, one, other = coupling[i], high[i], low[i]
        for k in range(flow.size):
            drop = abs(one[k] - other[k])
            flow[k] = link[k] * drop
            power += flow[k] * drop
        target = here[i]
        for k in range(flow.size):
            target[k] += flow[k]
        target = there[i]
        for k in range(flow.size):
            target[k] += flow[k]
    return power
