"""Moving minima against scipy's footprint filter."""

import math

import numpy as np
import pytest
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.keyareas import focal
from ecosecnet.core.monitor import Monitor
from scipy import ndimage


def footprint(radius, inner=None):
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    inside = x**2 + y**2 <= radius**2
    return inside if inner is None else inside & (x**2 + y**2 > inner**2)


def values(shape, kind, seed=1):
    return np.random.default_rng(seed).gamma(1.0, 50.0, shape).astype(kind)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("radius", [1, 2, 3, 5, 8, 13, 20])
def test_disc_and_ring_equal_the_footprint_filter(radius, kind):
    raster = values((67, 91), kind)
    for window, shape in (
        (focal.disc(radius), footprint(radius)),
        (focal.ring(radius), footprint(radius, radius - 1)),
    ):
        expected = ndimage.minimum_filter(raster, footprint=shape, mode="constant", cval=np.inf)
        found = focal.focal_minimum(raster, window)
        assert found.dtype == kind
        assert np.array_equal(found, expected)
        highest = ndimage.maximum_filter(raster, footprint=shape, mode="constant", cval=-np.inf)
        assert np.array_equal(focal.focal_maximum(raster, window), highest)


@pytest.mark.parametrize("radius", range(1, 41))
def test_windows_hold_exactly_the_cells_at_those_distances(radius):
    for window, inner in ((focal.disc(radius), -1.0), (focal.ring(radius), radius - 1.0)):
        cells = [(row, col) for run in window.runs for row in run.rows for col in range(run.first, run.last + 1)]
        assert len(set(cells)) == len(cells)
        expected = {
            (row, col)
            for row in range(-radius, radius + 1)
            for col in range(-radius, radius + 1)
            if inner < math.hypot(row, col) <= radius
        }
        assert set(cells) == expected


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (3, 2), (9, 5000), (300, 2100)])
def test_rasters_of_any_shape_with_windows_larger_than_they_are(shape):
    raster = values(shape, np.float64, seed=3)
    for radius in (1, 7):
        expected = ndimage.minimum_filter(raster, footprint=footprint(radius), mode="constant", cval=np.inf)
        assert np.array_equal(focal.focal_minimum(raster, focal.disc(radius)), expected)


def test_missing_cells_do_not_count():
    raster = values((40, 40), np.float64)
    raster[raster < 30] = np.nan
    filled = np.where(np.isnan(raster), np.inf, raster)
    expected = ndimage.minimum_filter(filled, footprint=footprint(4), mode="constant", cval=np.inf)
    assert np.array_equal(focal.focal_minimum(raster, focal.disc(4)), expected)
    nothing = np.full((5, 5), np.nan)
    assert np.isposinf(focal.focal_minimum(nothing, focal.disc(2))).all()
    assert np.isneginf(focal.focal_maximum(nothing, focal.disc(2))).all()


@pytest.mark.parametrize("radius", [1, 4, 11])
def test_sums_equal_a_convolution(radius):
    raster = values((30, 25), np.float64)
    raster[raster < 20] = np.nan
    for window, shape in (
        (focal.disc(radius), footprint(radius)),
        (focal.ring(radius), footprint(radius, radius - 1)),
    ):
        expected = ndimage.convolve(np.nan_to_num(raster), shape.astype(float), mode="constant")
        np.testing.assert_allclose(focal.focal_sum(raster, window), expected, rtol=1e-12, atol=1e-9)


def test_the_input_is_left_alone():
    raster = values((30, 30), np.float64)
    raster[3, 3] = np.nan
    before = raster.copy()
    focal.focal_maximum(raster, focal.disc(3))
    assert np.array_equal(raster, before, equal_nan=True)


def test_radius_in_cells_survives_cells_of_odd_size():
    assert focal.cells_in(1200.0, 399.887656228056) == 3
    assert focal.cells_in(0.3, 0.1) == 3
    assert focal.cells_in(59.9, 30.0) == 1
    assert focal.cells_in(10.0, 30.0) == 0


def test_what_cannot_be_done_is_said():
    with pytest.raises(InputError, match="at least 1 cells; 0"):
        focal.ring(0)
    with pytest.raises(InputError, match="int64"):
        focal.focal_minimum(np.ones((3, 3), dtype=np.int64), focal.disc(1))


def test_it_can_be_cancelled():
    class Impatient(Monitor):
        def cancelled(self):
            return True

    with pytest.raises(OperationCancelled):
        focal.focal_minimum(values((300, 300), np.float64), focal.disc(3), monitor=Impatient())
