import numpy as np
import pytest
from ecosecnet.core.stats import distribution as module
from ecosecnet.core.stats.distribution import Distribution
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import rankdata


def arrays(dtype, width):
    numbers = st.floats(allow_nan=False, allow_infinity=False, width=width)
    crowded = st.sampled_from([-2.0, -0.0, 0.0, 1.0, 1.5])
    return hnp.arrays(dtype, st.integers(1, 60), elements=st.one_of(numbers, crowded))


values_of_both_kinds = st.one_of(arrays(np.float32, 32), arrays(np.float64, 64))


def gathered(values, parts):
    """Count values in two blocks, as often as it takes; return the distribution and the number of passes."""
    found, passes = Distribution(values.min(), values.max(), values.dtype), 0
    while True:
        passes += 1
        for block in np.array_split(values, 2):
            found.add(block)
        if not found.split(parts(found)):
            return found, passes


@settings(deadline=None, max_examples=200)
@given(values_of_both_kinds)
def test_ranks_of_few_cells_are_exact(values):
    found, _ = gathered(values, Distribution.parts_to_be_fine)
    ranks, error = found.ranks()
    expected = (rankdata(values) - 1) / max(values.size - 1, 1)
    np.testing.assert_allclose(ranks[found.places(values)], expected, atol=1e-12)
    assert error == 0.0
    assert found.total == values.size


@settings(deadline=None, max_examples=200)
@given(values_of_both_kinds, st.data())
def test_the_highest_values_are_exact(values, data):
    k = data.draw(st.integers(1, values.size))
    found, _ = gathered(values, lambda one: one.parts_at_highest(k))
    assert found.highest(k) == np.sort(values)[-k]


@pytest.mark.parametrize("kind", ["normal", "skewed", "mostly zero", "whole", "double"])
def test_many_cells_take_few_passes_and_errors_are_as_stated(kind):
    random = np.random.default_rng(4)
    count = 600_000
    values = {
        "normal": lambda: random.normal(size=count).astype(np.float32),
        "skewed": lambda: random.lognormal(0.0, 5.0, count).astype(np.float32),
        "mostly zero": lambda: np.where(random.random(count) < 0.9, 0.0, random.random(count)).astype(np.float32),
        "whole": lambda: random.integers(-3, 90, count).astype(np.float32),
        "double": lambda: random.random(count) * 1e-9 + 1.0,
    }[kind]()
    found, passes = gathered(values, Distribution.parts_to_be_fine)
    assert passes <= 5
    ranks, error = found.ranks()
    off = np.abs(ranks[found.places(values)] - (rankdata(values) - 1) / (count - 1)).max()
    assert off <= error + 1e-12
    assert error <= 2e-6
    assert error == 0.0 or kind != "whole"
    for share in (0.01, 0.2, 0.5):
        k = round(share * count)
        exact, passes = gathered(values, lambda one, k=k: one.parts_at_highest(k))
        assert exact.highest(k) == np.partition(values, count - k)[count - k]
        assert passes <= 5


def test_bins_hold_what_they_say(monkeypatch):
    monkeypatch.setattr(module, "FINENESS", 16)
    values = np.random.default_rng(5).normal(size=5000)
    found, _ = gathered(values, Distribution.parts_to_be_fine)
    assert np.all(found.low[1:] > found.high[:-1])
    for low, high, count in zip(found.low, found.high, found.count):
        assert np.count_nonzero((values >= low) & (values <= high)) == count
        assert count <= 5000 // 16 or low == high


def test_the_range_of_all_doubles():
    values = np.array([-1.7e308, 1.7e308, 0.0, 5e-324, 1.0, 1.0, -2.0])
    found, _ = gathered(values, Distribution.parts_to_be_fine)
    np.testing.assert_array_equal(found.low, np.unique(values))
    np.testing.assert_array_equal(found.high, np.unique(values))
