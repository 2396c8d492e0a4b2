"""The correction of p-values for their number, against what SciPy makes of them."""

import numpy as np
import pytest
from ecosecnet.core.stats.discoveries import benjamini_hochberg

stats = pytest.importorskip("scipy.stats")


@pytest.mark.parametrize("size", [1, 2, 50, 999])
def test_equals_scipy(size):
    if not hasattr(stats, "false_discovery_control"):
        pytest.skip("SciPy has it from 1.11 on")
    p = np.random.default_rng(size).random(size) ** 3
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p), rtol=1e-13)


def test_as_the_procedure_says_without_scipy():
    """The k smallest are discoveries at level a when the k-th is at most a k / m; missing ones do not count."""
    p = np.append(np.random.default_rng(3).random(60) ** 4, [np.nan, np.nan])
    known = np.sort(p[:60])
    for level in (0.01, 0.05, 0.2):
        last = np.flatnonzero(known <= level * np.arange(1, 61) / 60)
        expected = p <= (known[last[-1]] if last.size else -1.0)
        np.testing.assert_array_equal(benjamini_hochberg(p) <= level, expected)
    assert np.isnan(benjamini_hochberg(p)[60:]).all()
