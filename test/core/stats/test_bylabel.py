"""Means by label, beside SciPy."""

import numpy as np
from ecosecnet.core.stats import mean_by_label
from scipy import ndimage


def test_as_scipy_where_there_are_values():
    random = np.random.default_rng(3)
    labels = random.integers(0, 6, (40, 50))
    labels[labels == 4] = 0
    values = random.random((40, 50)).astype(np.float32)
    values[random.random(values.shape) < 0.2] = np.nan
    known = np.where(np.isnan(values), 0, labels)
    expected = ndimage.mean(np.nan_to_num(values).astype(float), known, [1, 2, 3, 5])
    found = mean_by_label(labels, values, 5)
    np.testing.assert_allclose(found[[0, 1, 2, 4]], expected, rtol=1e-12)
    assert np.isnan(found[3])


def test_a_label_of_nothing_but_nodata_has_none():
    assert np.isnan(mean_by_label(np.array([[1, 1]]), np.full((1, 2), np.nan), 1)[0])
