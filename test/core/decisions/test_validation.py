"""Whether points agree with a map: answers in closed form, scikit-learn, and p-values that are what they say."""

import numpy as np
import pytest
from ecosecnet.core.choices import Available, Relocation
from ecosecnet.core.decisions.percentiles import boyce, enrichment, percentiles
from ecosecnet.core.decisions.permutations import Moves
from ecosecnet.core.decisions.validation import available_cells, validate
from ecosecnet.core.errors import InputError
from scipy import ndimage

stats = pytest.importorskip("scipy.stats")

EVERYWHERE = np.ones((100, 100), dtype=bool)
RISING = np.tile(np.arange(100.0), (100, 1))


def test_points_in_the_highest_tenth():
    rising = np.tile(np.arange(2000.0), (20, 1))
    used = np.concatenate([2000 * row + np.arange(1800 + row, 2000, 20) for row in range(20)])
    for how in Relocation:
        found = validate([rising], used, np.ones((20, 2000), dtype=bool), permutations=99, how=how)
        (one,) = found.surfaces
        assert one.auc == pytest.approx(0.95, abs=1e-14)
        assert one.classes.ratio.tolist() == [0.0] * 9 + [10.0]
        assert one.p == 1 / 100
        assert one.mean_ratio == pytest.approx(1899.5 / 999.5)


def test_a_constant_surface_says_nothing():
    with np.errstate(all="raise"):
        found = validate([np.full((100, 100), 7.0)], np.arange(0, 9000, 100), EVERYWHERE, permutations=99)
    (one,) = found.surfaces
    assert (one.auc, one.p, one.classes.top, one.mean_ratio) == (0.5, 1.0, 1.0, 1.0)
    assert np.isnan(one.boyce)
    assert (one.null == 0.5).all()


def test_the_area_under_the_curve_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(5)
    surface = rng.integers(0, 12, (25, 40)).astype(float)  # with ties
    used = rng.choice(1000, 70, replace=False)
    (one,) = validate([surface], used, np.ones((25, 40), dtype=bool), permutations=1).surfaces
    truth = np.repeat([1, 0], [70, 1000])
    assert one.auc == pytest.approx(
        metrics.roc_auc_score(truth, np.concatenate((surface.ravel()[used], surface.ravel()))), abs=1e-12
    )


def test_percentiles_are_the_ranks_of_scipy_within_each_stratum():
    rng = np.random.default_rng(6)
    values, strata = rng.integers(0, 30, 400).astype(float), rng.integers(0, 4, 400)
    found = percentiles(values, strata)
    for number in range(4):
        own = values[strata == number]
        np.testing.assert_allclose(found[strata == number], (stats.rankdata(own) - 0.5) / own.size, rtol=1e-12)


@pytest.mark.parametrize("sign", [1, -1])
def test_boyce_follows_a_monotone_preference(sign):
    values = sign * np.repeat(np.arange(101.0), 200)
    more_and_more = np.concatenate([200 * k + np.arange(k) for k in range(101)])
    assert boyce(values, more_and_more) == pytest.approx(sign)


SIDE = 60


def random_points(rng, count=60):
    return rng.choice(SIDE**2, count, replace=False)


def clustered_points(rng):
    """Ten clusters of twenty."""
    middle = rng.integers(SIDE, size=(2, 10, 1))
    rows, cols = (middle + np.rint(rng.normal(0.0, 1.5, (2, 10, 20))).astype(int)) % SIDE
    return np.unique(rows * SIDE + cols)


def p_values(points, how, seeds):
    found = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        surface = ndimage.gaussian_filter(rng.normal(size=(SIDE, SIDE)), 5.0)
        land = np.ones((SIDE, SIDE), dtype=bool)
        found.append(validate([surface], points(rng), land, permutations=59, how=how, seed=seed).surfaces[0].p)
    return np.array(found)


@pytest.mark.parametrize("seeds", [60, pytest.param(200, marks=pytest.mark.slow)])
def test_random_points_have_uniform_p_values(seeds):
    assert stats.kstest(p_values(random_points, Relocation.TOGETHER, seeds), "uniform").pvalue > 0.01


@pytest.mark.slow
def test_clustered_points_deceive_the_plain_test_only():
    """At 5 %, points in clusters that have nothing to do with the surface."""
    together = np.mean(p_values(clustered_points, Relocation.TOGETHER, 800) <= 0.05)
    singly = np.mean(p_values(clustered_points, Relocation.SINGLY, 200) <= 0.05)
    assert singly > 0.2
    assert 0.03 <= together <= 0.08


def test_clustered_points_deceive_the_plain_test_in_a_few_runs():
    assert np.mean(p_values(clustered_points, Relocation.SINGLY, 60) <= 0.05) > 0.2
    assert np.mean(p_values(clustered_points, Relocation.TOGETHER, 60) <= 0.05) < 0.15


def distances(cells, cols):
    places = np.column_stack(np.divmod(cells, cols))
    return np.abs(places[:, None] - places[None])


def test_moves_keep_points_as_they_lie():
    """All distances on the ring of the box stay, but for those of points that come to lie outside."""
    rng = np.random.default_rng(1)
    used = rng.choice(40 * 60, 30, replace=False)
    moves = Moves(used, np.ones((40, 60), dtype=bool), how=Relocation.TOGETHER, seed=3)
    before = distances(used, 60)
    ring = np.array([40, 60])
    for moved in moves(20):
        after = distances(moved, 60)
        np.testing.assert_array_equal(np.minimum(after, ring - after), np.minimum(before, ring - before))
    assert len({tuple(moved) for moved in moves(20)}) == 20
    np.testing.assert_array_equal(moves.draw(7), list(moves(7))[-1])


def test_on_ragged_land_a_third_of_the_points_stays():
    field = ndimage.gaussian_filter(np.random.default_rng(2).normal(size=(100, 100)), 15.0)
    land = field > np.quantile(field, 0.4)
    used = np.random.default_rng(3).choice(np.flatnonzero(land), 80, replace=False)
    moves = Moves(used, land, how=Relocation.TOGETHER, seed=0)
    assert moves.kept == 1 / 3
    for moved in moves(30):
        assert moved.size >= 80 / 3
        assert land.ravel()[moved].all()


def test_on_roads_points_move_along_a_curve():
    """Every point stays on a road, and no two come to lie on one cell."""
    roads = np.zeros((100, 100), dtype=bool)
    roads[::9], roads[:, 50] = True, True
    roads[:, :20] = roads[70:, :60] = False
    roads[3, :20] = True
    used = np.random.default_rng(3).choice(np.flatnonzero(roads), 30, replace=False)
    moves = Moves(used, roads, how=Relocation.TOGETHER, seed=0)
    assert not moves.rigid
    for moved in moves(20):
        assert roads.ravel()[moved].all()
        assert np.unique(moved).size == 30


def test_of_two_surfaces_the_better_one_wins_on_the_same_moves():
    rng = np.random.default_rng(9)
    truth = ndimage.gaussian_filter(rng.normal(size=(100, 100)), 6.0)
    other = ndimage.gaussian_filter(rng.normal(size=(100, 100)), 6.0)
    used = rng.choice(10_000, 80, replace=False, p=np.exp(60 * truth.ravel()) / np.exp(60 * truth.ravel()).sum())
    found = validate([truth, other, truth], used, EVERYWHERE, permutations=199)
    assert found.beats[0, 1] < 0.05 < 0.9 < found.beats[1, 0]
    assert found.beats[0, 2] == found.beats[2, 0] == 1.0
    np.testing.assert_array_equal(found.surfaces[0].null, found.surfaces[2].null)


def test_key_areas_are_enriched_by_their_share():
    areas = np.zeros((100, 100), dtype=bool)
    areas[:, 80:] = True
    used = np.array([100 * row + 60 + row % 40 for row in range(80)])
    found = validate([RISING], used, EVERYWHERE, areas=areas, permutations=99, how="singly")
    assert found.areas.ratio.tolist() == pytest.approx([0.5 / 0.8, 0.5 / 0.2])
    assert found.areas_p == 0.01


def test_blocks_are_compared_with_themselves():
    """A surface that only differs between blocks agrees within none."""
    steps = np.repeat(np.repeat(np.arange(16.0).reshape(4, 4), 25, axis=0), 25, axis=1)
    used = np.random.default_rng(0).choice(np.flatnonzero(steps.ravel() >= 8), 400, replace=False)
    (one,) = validate([steps], used, EVERYWHERE, block_cells=25, permutations=9).surfaces
    assert one.auc > 0.7
    assert one.blocks.points.sum() == 400
    np.testing.assert_allclose(one.blocks.auc, 0.5)


def test_cells_without_a_value_are_left_out_and_counted():
    hole = RISING.copy()
    hole[:50] = np.nan
    found = validate([RISING, hole], np.arange(0, 10_000, 50), EVERYWHERE, permutations=9)
    assert (found.outside, found.used.size, found.available) == (100, 100, 5000)
    with pytest.raises(InputError, match="None of the 3 cells with points can be compared"):
        validate([hole], np.arange(3), EVERYWHERE)


def test_where_points_could_have_been_recorded():
    valid = np.ones((9, 9), dtype=bool)
    valid[0] = False
    near, _ = available_cells(Available.NEAR, valid, np.array([40]), cell_size=30.0, within=60.0)
    rows, cols = np.indices((9, 9)) - 4
    np.testing.assert_array_equal(near, valid & (np.hypot(rows, cols) <= 2))
    roads = np.zeros((9, 9), dtype=bool)
    roads[:, 0] = True
    # Points on the road and in the third column: strata of the distances 0 and 2 cells.
    found, strata = available_cells("same distance", valid, np.array([36, 38]), cell_size=30.0, features=roads)
    assert np.unique(np.nonzero(found)[1]).tolist() == [0, 2]
    assert np.unique(strata[found]).size == 2
    for how, given in ((Available.MASK, "mask"), (Available.SAME_DISTANCE, "features")):
        with pytest.raises(InputError, match="lie in the same place"):
            available_cells(how, valid, np.array([40]), cell_size=1.0, **{given: np.zeros((9, 9), dtype=bool)})


def test_distance_to_roads_explains_nothing_at_the_same_distance():
    """A surface that is the distance to roads is no news about points near roads."""
    roads = np.zeros((100, 100), dtype=bool)
    roads[:, 50] = True
    surface = -np.abs(np.arange(100.0) - 50.0) * np.ones((100, 1))
    used = np.array([100 * row + 50 + row % 2 for row in range(60)])
    plain = validate([surface], used, EVERYWHERE, permutations=9).surfaces[0]
    available, strata = available_cells("same distance", EVERYWHERE, used, cell_size=1.0, features=roads)
    (fair,) = validate([surface], used, available, strata=strata, permutations=9).surfaces
    assert plain.auc > 0.95
    assert fair.auc == 0.5


def test_points_on_every_available_cell_leave_nothing_to_compare_with():
    some = np.array([3, 40, 77])
    available, _ = available_cells("near", EVERYWHERE, some, cell_size=30.0, within=0.0)
    with pytest.raises(InputError, match=r"All 3 cells .* nothing to compare with"):
        validate([np.arange(10_000.0).reshape(100, 100)], some, available, permutations=9)


def test_enrichment_without_cells_in_a_class_is_nan():
    found = enrichment(percentiles(np.array([1.0, 1.0, 1.0, 2.0])), np.array([3]))
    assert np.isnan(found.ratio).sum() == 8
    assert found.top == 4.0
