import numpy as np
import pytest
from ecosecnet.core.choices import SuitabilityCurve
from ecosecnet.core.errors import InputError
from ecosecnet.core.resistance.suitability import suitability_to_resistance

H = np.linspace(0, 1, 101)


@pytest.mark.parametrize("curve", SuitabilityCurve)
def test_every_curve_falls_from_the_largest_to_one(curve):
    resistance = suitability_to_resistance(H, curve=curve, largest=100)
    assert resistance[0] == 100
    assert resistance[-1] == pytest.approx(1)
    assert (np.diff(resistance) <= 0).all()
    assert resistance.dtype == np.float32


def test_linear_and_inverse_in_closed_form():
    np.testing.assert_allclose(suitability_to_resistance(H, curve="linear"), 100 - 99 * H, rtol=1e-6)
    expected = np.minimum(1 / np.maximum(H, 1e-9), 50)
    np.testing.assert_allclose(suitability_to_resistance(H, curve="inverse", largest=50), expected, rtol=1e-6)


@pytest.mark.parametrize("c", [0.25, 0.5, 1, 2, 4, 8, 16, -4])
def test_the_exponential_at_half_suitability(c):
    """At h = 1/2 the curve is 1 + (M - 1) / (1 + exp(c / 2))."""
    value = suitability_to_resistance(np.array([0.5]), shape=c)[0]
    assert value == pytest.approx(1 + 99 / (1 + np.exp(c / 2)), rel=1e-6)


def test_a_flat_exponential_is_linear_and_a_negative_one_bends_up():
    linear = suitability_to_resistance(H, curve="linear")
    np.testing.assert_allclose(suitability_to_resistance(H, shape=0), linear)
    np.testing.assert_allclose(suitability_to_resistance(H, shape=1e-5), linear, rtol=1e-4)
    bent = suitability_to_resistance(H, shape=-4)
    assert (bent[1:-1] > linear[1:-1]).all()
    np.testing.assert_allclose(bent - 1, 99 - (suitability_to_resistance(H[::-1], shape=4) - 1), atol=1e-4)


def test_another_range_and_nodata():
    values = np.array([0.0, 50.0, 100.0, 130.0, np.nan])
    result = suitability_to_resistance(values, curve="linear", worst=0, best=100, largest=11)
    np.testing.assert_array_equal(result, [11, 6, 1, 1, np.nan])
    turned = suitability_to_resistance(values, curve="linear", worst=100, best=0, largest=11)
    np.testing.assert_array_equal(turned, [1, 6, 11, 11, np.nan])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"curve": "magic"}, "no suitability curve 'magic'"),
        ({"largest": 1}, "above 1, not 1"),
        ({"worst": 1, "best": 1}, "both 1"),
        ({"shape": 1000}, "not 1000"),
    ],
)
def test_options_that_cannot_be_used(options, words):
    with pytest.raises(InputError, match=words):
        suitability_to_resistance(H, **options)
