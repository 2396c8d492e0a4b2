"""The passes of a multigrid solve over its vectors, strip by strip in numpy; `compiled` has the same functions."""

from __future__ import annotations

import numpy as np

from ..types import FloatArray
from .stencil import STRIP, Interpolation, Stencil


def presmooth(operator: Stencil, sweep: FloatArray, rhs: FloatArray, x: FloatArray, residual: FloatArray) -> None:
    """Set `x` to one Jacobi sweep from 0 and `residual` to the residual."""
    np.multiply(sweep, rhs, out=x)
    np.copyto(residual, rhs)
    operator.subtract(x, residual)


def postsmooth(
    operator: Stencil, sweep: FloatArray, rhs: FloatArray, x: FloatArray, residual: FloatArray
) -> FloatArray:
    """Return `x` after one more Jacobi sweep, in one of the two vectors; the other is used up."""
    np.copyto(residual, rhs)
    operator.subtract(x, residual)
    residual *= sweep
    x += residual
    return x


def restrict(weights: Interpolation, fine: Stencil, x: FloatArray, coarse: Stencil, out: FloatArray) -> None:
    """Set a coarse vector to the transposed interpolation of a fine one."""
    weights.restrict(fine, x, coarse, out)


def prolong(weights: Interpolation, coarse: Stencil, x: FloatArray, fine: Stencil, out: FloatArray) -> None:
    """Add the interpolated coarse vector to a fine one."""
    weights.prolong(coarse, x, fine, out)


def negative(operator: Stencil, p: FloatArray, q: FloatArray) -> float:
    """Set `q` to minus the product of the operator with `p`; return p q."""
    q[:] = 0.0
    operator.subtract(p, q)
    return dot(p, q)


def dot(one: FloatArray, other: FloatArray) -> float:
    """Return the dot product of two vectors, summed in float64.

    Without BLAS, whose threads would spin on vectors of this length for longer than they work.
    """
    total = 0.0
    for start in range(0, one.size, STRIP):
        part = one[start : start + STRIP].astype(np.float64)
        part *= other[start : start + STRIP]
        total += float(part.sum())
    return total


def combine(keep: float, target: FloatArray, factor: float, vector: FloatArray) -> None:
    """Set a vector to `keep` times itself plus `factor` times another, in its precision, in place and without temporaries."""
    scratch: FloatArray = np.empty(STRIP, target.dtype)
    for start in range(0, target.size, STRIP):
        here = target[start : start + STRIP]
        part = scratch[: here.size]
        np.multiply(vector[start : start + STRIP], factor, out=part, dtype=target.dtype, casting="same_kind")
        if keep != 1.0:
            here *= keep
        here += part


def take_step(one: float, p: FloatArray, x: FloatArray, other: float, q: FloatArray, r: FloatArray) -> None:
    """Add `one` times `p` to `x` and `other` times `q` to `r`."""
    combine(1.0, x, one, p)
    combine(1.0, r, other, q)


def scaled(r: FloatArray, out: FloatArray) -> float:
    """Bring a float64 vector into the middle of the range of float32; return the factor."""
    largest = max(float(r.max()), -float(r.min()))
    scale = 1.0 / largest if largest > 0.0 else 1.0
    np.multiply(r, scale, out=out, casting="same_kind")
    return scale


def add_flow(coupling: FloatArray, high: FloatArray, low: FloatArray, here: FloatArray, there: FloatArray) -> float:
    """Add the currents of links, without their directions, to those at their two ends; return their power."""
    drop: FloatArray = high - low
    np.abs(drop, out=drop)
    flow = coupling * drop
    here += flow
    there += flow
    return float(np.einsum("ij,ij", flow, drop))
