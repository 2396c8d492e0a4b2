"""P-values of many cells at once: how many of those called significant are owed to chance."""

from __future__ import annotations

import numpy as np

from ..types import Array, FloatArray


def benjamini_hochberg(p: Array) -> FloatArray:
    """Return the smallest share of false discoveries at which each of many tests counts as one.

    Parameters
    ----------
    p : float array
        P-values; NaN where nothing was tested.

    Returns
    -------
    float64, of the same shape
        Cells at or below 0.05 are those of which 5 % are owed to chance; NaN where `p` is.

    References
    ----------
    Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. *Journal of the Royal Statistical Society B*
    57, 289-300, https://doi.org/10.1111/j.2517-6161.1995.tb02031.x. It holds for tests that are positively dependent, as
    those of neighbouring cells are (Benjamini & Yekutieli 2001, https://doi.org/10.1214/aos/1013699998).

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, np.nan, 0.02])).round(4).tolist()
    [0.03, 0.04, nan, 0.03]
    """
    p = np.asarray(p, dtype=np.float64)
    found = np.full(p.shape, np.nan)
    known = ~np.isnan(p)
    tested = p[known]
    order = np.argsort(tested, kind="stable")
    scaled = tested[order] * tested.size / np.arange(1, tested.size + 1)
    corrected = np.empty(tested.size)
    corrected[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    found[known] = np.minimum(corrected, 1.0)
    return found
