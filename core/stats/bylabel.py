"""Statistics of a raster by label: of sources, patches or zones."""

from __future__ import annotations

import numpy as np

from ..types import FloatArray, IntArray


def mean_by_label(labels: IntArray, values: FloatArray, count: int) -> FloatArray:
    """Return the mean of a raster over the cells of each label.

    Parameters
    ----------
    labels : ndarray, int, shape (rows, cols)
        1 .. count; 0 is none.
    values : ndarray, float, same shape
        NaN is left out.
    count : int
        Number of labels.

    Returns
    -------
    ndarray, float64, shape (count,)
        NaN for a label without a value.

    Examples
    --------
    >>> labels = np.array([[1, 1, 2, 0]])
    >>> mean_by_label(labels, np.array([[2.0, 4.0, 9.0, 5.0]]), 2).tolist()
    [3.0, 9.0]
    """
    inside = (labels > 0) & ~np.isnan(values)
    held = labels[inside]
    total = np.bincount(held, weights=values[inside].astype(np.float64), minlength=count + 1)[1:]
    cells = np.bincount(held, minlength=count + 1)[1:]
    mean: FloatArray = np.divide(total, cells, out=np.full(count, np.nan), where=cells > 0)
    return mean
