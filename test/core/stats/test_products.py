"""Sums of products: the same bits wherever the arrays lie in memory."""

import numpy as np
from ecosecnet.core.stats import weighted_sum, weighted_sums


def laid(values, offset):
    """Return an array that starts so many numbers after a multiple of 64 bytes."""
    room = np.empty(values.size + 16)
    start = (-room.ctypes.data // 8 + offset) % 8
    found = room[start : start + values.size].reshape(values.shape)
    found[:] = values
    return found


def test_sums_do_not_depend_on_where_the_arrays_lie():
    rng = np.random.default_rng(0)
    for size in (3, 14, 50):
        values, weights = rng.random((size, size)), rng.random(size)
        rows = {weighted_sums(laid(values, k), laid(weights, 3 * k)).tobytes() for k in range(8)}
        sums = {weighted_sum(laid(weights, k), laid(values[0], 5 * k)) for k in range(8)}
        assert len(rows) == len(sums) == 1
        assert np.allclose(weighted_sums(values, weights), values @ weights, rtol=1e-14)
        assert np.isclose(weighted_sum(weights, values[0]), weights @ values[0], rtol=1e-14)
