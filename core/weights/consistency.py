"""Consistency of many matrices of judgements at once."""

from __future__ import annotations

import numpy as np

from ..choices import RandomIndex
from ..types import Array, FloatArray
from .ahp import random_index


def consistency_ratios(matrices: Array, *, table: RandomIndex | str = RandomIndex.SAATY) -> FloatArray:
    """Return the consistency ratio of each matrix of a stack, as `analyse` has it.

    Parameters
    ----------
    matrices : ndarray, float64, shape (m, n, n)
        Reciprocal matrices; NaN where a judgement is missing, in the same cells of all.
    table : RandomIndex
        Table of the random index.

    Returns
    -------
    ndarray, float64, shape (m,)
        0 for fewer than three factors.

    Examples
    --------
    >>> one = np.array([[1.0, 2.0, 4.0], [0.5, 1.0, 2.0], [0.25, 0.5, 1.0]])
    >>> other = np.array([[1.0, 2.0, 0.2], [0.5, 1.0, 2.0], [5.0, 0.5, 1.0]])
    >>> consistency_ratios(np.stack([one, other])).round(3).tolist()
    [0.0, 0.933]
    """
    absent = np.isnan(matrices)
    n = matrices.shape[-1]
    index = random_index(n, table=table, missing=int(np.count_nonzero(absent[0])) // 2)
    if not index > 0:
        return np.zeros(len(matrices))
    harker = np.where(absent, 0.0, matrices)
    diagonal = np.arange(n)
    harker[:, diagonal, diagonal] += absent.sum(axis=2)
    largest = np.linalg.eigvals(harker).real.max(axis=1)
    ratios: FloatArray = np.maximum(largest - n, 0.0) / (n - 1) / index
    return ratios
