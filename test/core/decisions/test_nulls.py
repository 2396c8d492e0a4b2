"""Landscapes as chance makes them: what they keep, exactly or nearly, and what they change."""

import numpy as np
import pytest
from ecosecnet.core.decisions import nulls
from ecosecnet.core.decisions.nulls import classes_of, moved_sources, shuffled_land, shuffled_scores, uniform
from ecosecnet.core.errors import InputError
from scipy import ndimage


def moran(surface, lag):
    """Moran's I of cells a lag apart along rows and columns."""
    off = surface - np.nanmean(surface)
    pairs = [off[lag:] * off[:-lag], off[:, lag:] * off[:, :-lag]]
    both = np.concatenate([one[~np.isnan(one)] for one in pairs])
    return both.mean() / np.nanmean(off**2)


def smooth(rng, shape=(200, 260)):
    return np.exp(1.5 * ndimage.gaussian_filter(rng.normal(size=shape), 4.0) / 0.07)


def patchy(rng, shape=(200, 260)):
    """Five land uses in patches, very unlike a Gaussian field."""
    field = ndimage.gaussian_filter(rng.normal(size=shape), 4.0)
    return np.array([1.0, 3.0, 8.0, 20.0, 100.0])[np.digitize(field, np.quantile(field, [0.4, 0.6, 0.8, 0.95]))]


@pytest.mark.parametrize("make", [smooth, patchy])
@pytest.mark.parametrize("ragged", [False, True])
def test_shuffled_land_has_the_histogram_and_the_patchiness(make, ragged):
    rng = np.random.default_rng(7)
    surface = make(rng)
    if ragged:
        surface[ndimage.gaussian_filter(rng.normal(size=surface.shape), 12.0) > 0.02] = np.nan
    found = shuffled_land(surface, np.random.default_rng(1))
    np.testing.assert_array_equal(np.isnan(found), np.isnan(surface))
    np.testing.assert_array_equal(np.sort(found.ravel()), np.sort(surface.ravel()))
    for lag in range(1, 6):
        assert moran(found, lag) == pytest.approx(moran(surface, lag), rel=0.05)
    known = ~np.isnan(surface)
    assert abs(np.corrcoef(found[known], surface[known])[0, 1]) < 0.3
    assert not np.array_equal(found[known], shuffled_land(surface, np.random.default_rng(2))[known])


def test_cells_of_flats_are_put_in_their_own_order_whatever_the_rounding_of_the_filters():
    """Their last digits differ between versions of SciPy."""
    flat = np.repeat([0.7, 0.3, 2.0], 50)
    noise = 1e-14 * np.random.default_rng(9).normal(size=flat.size)
    values = np.arange(150.0)
    expected = np.concatenate([values[50:100], values[:50], values[100:]])
    np.testing.assert_array_equal(nulls._in_order_of(flat + noise, values), expected)


@pytest.mark.filterwarnings("error")
def test_a_constant_surface_stays_as_it_is():
    surface = np.full((12, 15), 3.0)
    surface[2, 3] = np.nan
    np.testing.assert_array_equal(shuffled_land(surface, np.random.default_rng(0)), surface)


def test_shuffled_scores_permute_classes():
    surface = patchy(np.random.default_rng(0), (40, 50))
    surface[3] = np.nan
    classes = classes_of(surface)
    found = shuffled_scores(surface, classes, np.random.default_rng(5))
    assert {tuple(sorted(np.unique(found[classes == k]))) for k in range(5)} == {(x,) for x in (1, 3, 8, 20, 100)}
    np.testing.assert_array_equal(np.isnan(found), np.isnan(surface))


def test_within_a_class_resistances_keep_their_proportions():
    rng = np.random.default_rng(1)
    surface, land = rng.uniform(1, 9, (20, 20)), rng.integers(0, 4, (20, 20))
    found = shuffled_scores(surface, land, rng)
    means = [surface[land == k].mean() for k in range(4)]
    for k in range(4):
        factor = found[land == k] / surface[land == k]
        np.testing.assert_allclose(factor, factor[0])
        assert np.isclose(found[land == k].mean(), means).any()


def test_a_surface_of_many_values_has_no_classes():
    with pytest.raises(InputError, match="400 different values"):
        classes_of(np.arange(1.0, 401.0).reshape(20, 20))


def test_uniform_has_the_mean():
    surface = smooth(np.random.default_rng(0))
    surface[:5] = np.nan
    found = uniform(surface)
    assert np.isnan(found[:5]).all()
    np.testing.assert_allclose(found[5:], np.nanmean(surface))


def sources(shape=(80, 100)):
    labels = np.zeros(shape, dtype=np.int32)
    labels[10:20, 10:30], labels[50:60, 70:80], labels[40, 20], labels[60:75, 15:20] = 1, 2, 3, 4
    return labels


def test_sources_move_together_and_keep_their_area():
    labels = sources()
    land = np.ones(labels.shape, dtype=bool)
    land[:, 90:] = False
    area = np.bincount(labels.ravel())[1:]
    seen = set()
    for seed in range(12):
        found = moved_sources(labels, land, np.random.default_rng(seed))
        now = np.bincount(found.ravel(), minlength=5)[1:]
        assert (now >= 0.9 * area).all()
        assert (now <= area).all()
        assert not found[~land].any()
        seen.add(found.tobytes())
    assert len(seen) == 12


def test_sources_that_fit_nowhere_else_are_refused():
    labels = sources()
    with pytest.raises(InputError, match="The 4 sources cover 100 % of the land and fit nowhere else"):
        moved_sources(labels, labels > 0, np.random.default_rng(0))
