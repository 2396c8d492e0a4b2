import numpy as np
import pytest
from ecosecnet.core.stats.moments import Moments


@pytest.mark.parametrize("offset", [0.0, 1e8])
def test_blocks_give_what_numpy_gives_at_once(offset):
    random = np.random.default_rng(1)
    values = random.normal(size=(3, 1000)) + offset
    values[2] = values[0] - 2 * values[1]
    moments = Moments(3)
    for part in np.split(values, [0, 1, 5, 400, 400, 999], axis=1):
        moments.add(part)
    assert moments.count == 1000
    np.testing.assert_allclose(moments.mean, values.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(moments.covariance, np.cov(values, bias=True), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(moments.deviation, values.std(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(moments.minimum, values.min(axis=1))
    np.testing.assert_array_equal(moments.maximum, values.max(axis=1))


def test_nothing_is_zero():
    moments = Moments(2)
    moments.add(np.empty((2, 0)))
    assert moments.count == 0
    np.testing.assert_array_equal(moments.covariance, np.zeros((2, 2)))
