"""Places against values, on surfaces where one moves and the other does not."""

import numpy as np
import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.keyareas.stability import stability
from ecosecnet.core.stats.ranks import rank_correlation
from scipy import ndimage, stats


def surface(seed=1, shape=(40, 50)):
    rng = np.random.default_rng(seed)
    return np.exp(ndimage.gaussian_filter(rng.normal(size=shape), 2.0) * 8.0)


def test_values_that_only_scale_leave_the_places():
    base = surface()
    found = stability([base, 3 * base, base / 7], cell_ha=0.09)
    assert [(p.first, p.second) for p in found.pairs] == [(0, 1), (0, 2), (1, 2)]
    assert all(p.jaccard == 1.0 for p in found.pairs)
    assert all(p.correlation == pytest.approx(1.0) for p in found.pairs)
    assert all(p.common == base.size for p in found.pairs)
    np.testing.assert_allclose(found.maximum, base.max() * np.array([1, 3, 1 / 7]))
    assert set(np.unique(found.share)) == {0.0, 1.0}
    assert len(set(found.areas.tolist())) == len(set(found.area_ha.tolist())) == 1


def test_places_that_move():
    left, right = np.ones((10, 20)), np.ones((10, 20))
    left[2:4, 2:6] = 5.0
    right[2:4, 4:8] = 5.0
    found = stability([left, right], cell_ha=1.0, classes=2)
    # Two of six columns are shared.
    assert found.pairs[0].jaccard == pytest.approx(2 / 6)
    assert found.area_ha.tolist() == [8.0, 8.0]
    assert found.share[2, 4] == 1.0
    assert found.share[2, 2] == found.share[2, 7] == 0.5
    assert found.share[0, 0] == 0.0


def test_reversed_values_are_anticorrelated():
    base = surface(2)
    found = stability([base, base.max() + base.min() - base], cell_ha=1.0)
    assert found.pairs[0].correlation == pytest.approx(-1.0)
    assert found.pairs[0].jaccard == 0.0


def test_only_common_cells_are_correlated():
    first, second = surface(3), surface(4)
    first[:, :20] = np.nan
    second[:15] = np.nan
    found = stability([first, second], cell_ha=1.0)
    both = ~np.isnan(first) & ~np.isnan(second)
    assert found.pairs[0].common == both.sum()
    assert found.pairs[0].correlation == pytest.approx(stats.spearmanr(first[both], second[both])[0])
    assert np.array_equal(np.isnan(found.share), np.isnan(first) & np.isnan(second))


def test_rank_correlation_is_that_of_scipy_with_ties():
    rng = np.random.default_rng(0)
    first = rng.integers(0, 6, 200).astype(float)
    second = first + rng.integers(0, 4, 200)
    assert rank_correlation(first, second) == pytest.approx(stats.spearmanr(first, second)[0], rel=1e-12)
    assert np.isnan(rank_correlation(np.ones(5), np.arange(5.0)))
    assert np.isnan(rank_correlation(np.ones(1), np.ones(1)))


def test_ranks_do_not_hang_on_the_rounding_of_a_solver():
    """Currents of dead ends are 0 on one computer and 1e-17 on another."""
    rng = np.random.default_rng(5)
    first, second = np.floor(surface(6)), np.floor(surface(7))
    first[:20], second[20:] = 0.0, 0.0
    noisy = [one * (1 + 1e-13 * rng.normal(size=one.shape)) + 1e-15 * rng.random(one.shape) for one in (first, second)]
    here, there = (stability(pair, cell_ha=1.0).pairs[0].correlation for pair in ((first, second), noisy))
    assert here == there == pytest.approx(stats.spearmanr(first.ravel(), second.ravel())[0])


def test_small_areas_can_be_left_out_everywhere():
    values = np.ones((9, 9))
    values[1, 1] = 4.0
    found = stability([values, values], cell_ha=1.0, classes=2, min_area_ha=2.0)
    assert found.areas.tolist() == [0, 0]
    assert np.isnan(found.pairs[0].jaccard)


def test_bad_input_is_named():
    with pytest.raises(InputError, match="at least two"):
        stability([surface()], cell_ha=1.0)
    with pytest.raises(InputError, match="different shapes"):
        stability([surface(), surface(shape=(9, 9))], cell_ha=1.0)
    with pytest.raises(InputError, match="has the value 1"):
        stability([surface(), np.ones((40, 50))], cell_ha=1.0)
