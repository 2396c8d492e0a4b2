"""Means, covariances and ranges of several rasters, gathered block by block."""

from __future__ import annotations

import numpy as np

from ..types import FloatArray

CHUNK = 1 << 13
"""Cells to work on at a time: the arrays stay in the cache, and the matrix products too small for threads to pay."""


class Moments:
    """Count, mean, covariance and range of k variables over any number of blocks.

    Blocks are merged by the update of Chan, Golub & LeVeque (1983), doi:10.1080/00031305.1983.10483115, which does not
    lose digits as plain sums of squares do.

    Parameters
    ----------
    variables : int
        Number of variables.

    Attributes
    ----------
    count : int
        Number of cells.
    mean : ndarray, float64, shape (k,)
        Means; 0 before the first block.
    minimum, maximum : ndarray, float64, shape (k,)
        Ranges.
    """

    def __init__(self, variables: int) -> None:
        self.count = 0
        self.mean: FloatArray = np.zeros(variables)
        self.minimum: FloatArray = np.full(variables, np.inf)
        self.maximum: FloatArray = np.full(variables, -np.inf)
        self._comoment: FloatArray = np.zeros((variables, variables))

    def add(self, values: FloatArray) -> None:
        """Take in cells: float64, shape (k, cells), without NaN."""
        added = values.shape[1]
        if not added:
            return
        mean = values.mean(axis=1)
        centred = values - mean[:, None]
        total = self.count + added
        shift = mean - self.mean
        self._comoment += centred @ centred.T + np.outer(shift, shift) * (self.count * added / total)
        self.mean = self.mean + shift * (added / total)
        self.count = total
        self.minimum = np.minimum(self.minimum, values.min(axis=1))
        self.maximum = np.maximum(self.maximum, values.max(axis=1))

    @property
    def covariance(self) -> FloatArray:
        """Covariance of the population, float64, shape (k, k)."""
        return self._comoment / max(self.count, 1)

    @property
    def deviation(self) -> FloatArray:
        """Standard deviation of the population, float64, shape (k,)."""
        return np.asarray(np.sqrt(np.diagonal(self.covariance)))
