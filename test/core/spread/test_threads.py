"""Linear algebra has one thread while pieces are worked out, here as elsewhere."""

import contextlib
import os

import numpy as np
import pytest
import spreadtasks
from ecosecnet.core.spread import Where, spread, threads


@pytest.fixture
def controls():
    found = list(threads._controls())
    if not found:
        pytest.skip("no library whose threads can be told")
    before = [get() for get, _ in found]
    for _, put in found:
        put(2)
    yield found
    for (_, put), count in zip(found, before):
        put(count)


def counts(controls):
    return [get() for get, _ in controls]


def test_the_number_is_one_within_and_as_before_after(controls):
    with contextlib.suppress(KeyError), threads.one_thread():
        assert set(counts(controls)) == {1}
        raise KeyError
    assert set(counts(controls)) == {2}


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two cores")
def test_the_last_bits_of_products_do_not_depend_on_where(controls):
    matrix = np.random.default_rng(1).normal(size=(301, 301))
    found = []
    for where in (Where(), Where(2)):
        results = []
        spread(spreadtasks.products, matrix, [16, 33, 301], results.append, where=where)
        found.append(results)
    for here, there in zip(*found):
        for one, other in zip(here, there):
            np.testing.assert_array_equal(one, other)
    assert set(counts(controls)) == {2}
