"""Sums of products whose last bits are the same in every process."""

from __future__ import annotations

import numpy as np

from ..types import FloatArray


def weighted_sums(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the sum of each row times some weights, as ``values @ weights``.

    Notes
    -----
    Libraries of linear algebra add in an order that depends on where in memory the arrays happen to lie: a run in another
    process, or the same run again, would have other last bits.

    Examples
    --------
    >>> weighted_sums(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 1.0])).tolist()
    [12.0, 34.0]
    """
    found: FloatArray = np.einsum("ij,j->i", values, weights)
    return found


def weighted_sum(values: FloatArray, weights: FloatArray) -> float:
    """Return the sum of some values times their weights; see `weighted_sums`.

    Examples
    --------
    >>> weighted_sum(np.array([1.0, 2.0]), np.array([10.0, 1.0]))
    12.0
    """
    return float(np.einsum("i,i->", values, weights))
