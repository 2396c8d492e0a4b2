"""The one place that decides which colour a value has."""

import numpy as np
import pytest

pytest.importorskip("osgeo")

from ecosecnet.algorithms.support.run import ramps

BLACK_WHITE = ((0, 0, 0), (200, 100, 50))


def test_steps_are_equal_and_round_and_what_lies_beyond_is_marked():
    values = np.append(
        np.linspace(1.2, 9.8, 1001), [30.0]
    )  # from 1.3 to 9.8, so 8.5 in steps of 2, from 2 (1.3 / 2 = 0.64)
    ramp = ramps.over(BLACK_WHITE, values.reshape(2, -1), "A")
    assert ramp.stops == (2.0, 4.0, 6.0, 8.0, 10.0)
    assert ramp.labels() == ["≤ 2", "4", "6", "8", "≥ 10"]
    assert ramp.colours[0] == BLACK_WHITE[0]
    assert ramp.colours[2] == (100, 50, 25)


def test_no_mark_where_nothing_lies_beyond():
    ramp = ramps.over(BLACK_WHITE, np.linspace(0, 1, 10_000, dtype=np.float32).reshape(100, 100))
    assert ramp.labels() == ["0", "0.2", "0.4", "0.6", "0.8", "1"]


def test_values_crowded_at_the_low_end_get_their_quantiles():
    values = np.exp(np.random.default_rng(1).normal(0.0, 2.5, (300, 300)))
    ramp = ramps.over(BLACK_WHITE, values)
    assert len(ramp.stops) == 6
    for stop, share in zip(ramp.stops, (0.01, 0.3, 0.6, 0.8, 0.95, 0.99)):
        assert (values <= stop).mean() == pytest.approx(share, abs=0.012)
        assert float(f"{stop:.2g}") == stop
    values[:20] = 1e-9  # what is nothing beside the rest is written as 0
    assert ramps.over(BLACK_WHITE, values).labels()[0] == "0"


def test_colours_are_blended_between_stops_and_kept_beyond():
    ramp = ramps.fixed(BLACK_WHITE, (1.0, 3.0))
    painted = ramp.paint(np.array([[0.0, 1.0, 2.0, 2.5, 3.0, 99.0]]))
    assert painted.tolist() == [[[0, 0, 0], [0, 0, 0], [100, 50, 25], [150, 75, 38], [200, 100, 50], [200, 100, 50]]]


@pytest.mark.parametrize("values", [np.full((3, 3), 7.0), np.zeros((3, 3)), np.full((3, 3), np.nan), np.zeros((0, 0))])
def test_a_surface_of_one_value_or_none_has_a_ramp(values):
    ramp = ramps.over(BLACK_WHITE, values)
    assert len(ramp.stops) >= 2
    assert (np.diff(ramp.stops) > 0).all()
    assert not np.isfinite(values).any() or ramp.stops[0] <= values[0, 0] <= ramp.stops[-1]


def test_a_file_gets_the_ramp_of_its_array(tmp_path):
    from osgeo import gdal

    values = np.random.default_rng(2).gamma(2.0, 3.0, (1300, 900)).astype(np.float32)
    values[:50] = np.nan
    path = str(tmp_path / "surface.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(path, 900, 1300, 1, gdal.GDT_Float32)
    dataset.GetRasterBand(1).SetNoDataValue(-9999.0)
    dataset.GetRasterBand(1).WriteArray(np.where(np.isnan(values), -9999.0, values))
    del dataset
    extremes = float(np.nanmin(values)), float(np.nanmax(values))
    assert ramps.over(BLACK_WHITE, ramps.sample(path), extremes=extremes) == ramps.over(BLACK_WHITE, values)
