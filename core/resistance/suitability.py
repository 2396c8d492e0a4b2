"""From habitat suitability to resistance."""

from __future__ import annotations

import math

import numpy as np

from ..choices import SuitabilityCurve
from ..errors import InputError
from ..types import FloatArray


def suitability_to_resistance(
    suitability: FloatArray,
    *,
    curve: SuitabilityCurve | str = SuitabilityCurve.EXPONENTIAL,
    shape: float = 4.0,
    worst: float = 0.0,
    best: float = 1.0,
    largest: float = 100.0,
) -> FloatArray:
    """Turn habitat suitability into resistance, 1 where it is best.

    With h the suitability stretched to 0 to 1 between `worst` and `best`, and M the largest resistance:
    linear: ``M - (M - 1) h``;
    exponential: ``M - (M - 1) (1 - exp(-c h)) / (1 - exp(-c))``: with c > 0 resistance falls fast over the first steps
    from the worst habitat, so that only the least suitable cells are avoided; c < 0 bends the other way; near 0 it is
    linear;
    inverse: ``1 / h``, at most M.

    Parameters
    ----------
    suitability : ndarray, float, any shape
        Suitability, NaN = NoData. Values beyond `worst` and `best` count as these.
    curve : {"linear", "exponential", "inverse"}, optional
        The curve.
    shape : float, optional
        c of the exponential.
    worst, best : float, optional
        Suitability that gets the largest resistance, and the one that gets 1. `worst` may be the larger one.
    largest : float, optional
        Resistance of the worst habitat, above 1.

    Returns
    -------
    ndarray, float32, same shape
        Resistance from 1 to `largest`; NaN where there is no data.

    Raises
    ------
    InputError
        If an option cannot be used.

    References
    ----------
    Keeley, Beier & Gagnon (2016), doi:10.1007/s10980-016-0387-5, with c from 0.25 to 16 and 100 as the largest resistance.

    Examples
    --------
    >>> suitability_to_resistance(np.array([0.0, 0.5, 1.0]), curve="linear", largest=101.0).tolist()
    [101.0, 51.0, 1.0]
    """
    curve = SuitabilityCurve.of(curve)
    if not largest > 1 or not math.isfinite(largest):
        raise InputError(f"The largest resistance must be above 1, not {largest:g}.")
    if worst == best:
        raise InputError(f"The worst and the best suitability are both {best:g}; give two values.")
    if not math.isfinite(shape) or abs(shape) > 100:
        raise InputError(f"The shape of the exponential must be between -100 and 100, not {shape:g}.")
    h = np.clip((suitability.astype(np.float64) - worst) / (best - worst), 0.0, 1.0)
    if curve is SuitabilityCurve.INVERSE:
        return (1.0 / np.maximum(h, 1.0 / largest)).astype(np.float32)
    if curve is SuitabilityCurve.EXPONENTIAL and abs(shape) > 1e-6:
        h = np.expm1(-shape * h) / math.expm1(-shape)
    return np.asarray(largest - (largest - 1.0) * h, dtype=np.float32)
