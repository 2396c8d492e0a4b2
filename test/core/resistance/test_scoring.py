import math

import numpy as np
import pytest
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.resistance.scoretable import FALLS, RISES, ScoreClass
from ecosecnet.core.resistance.scoring import FactorValues, classes_from_breaks, distance_to, relief, score_values
from ecosecnet.core.stats.breaks import natural_breaks, quantile_breaks

NAN = np.nan
SLOPE = [ScoreClass(0, 10, 1), ScoreClass(10, 18, 2), ScoreClass(18, 28, 3), ScoreClass(39, math.inf, 5)]


class Cancelled(Monitor):
    def cancelled(self):
        return True


def brute_scores(values, classes):
    """The rule in plain words: the lowest class that holds the value."""
    scores = np.full(values.shape, np.nan, dtype=np.float32)
    for item in sorted(classes, key=lambda c: c.minimum, reverse=True):
        scores[(values >= item.minimum) & (values <= item.maximum)] = item.score
    return scores


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, np.uint8])
@pytest.mark.parametrize("shuffle", [0, 1, 2])
def test_scores_follow_the_rule(dtype, shuffle):
    random = np.random.default_rng(shuffle)
    values = random.integers(0, 60, (40, 30)).astype(dtype)
    classes = list(SLOPE)
    random.shuffle(classes)
    result = score_values(values, classes)
    expected = brute_scores(values, SLOPE)
    np.testing.assert_array_equal(result.scores, expected)
    assert result.scores.dtype == np.float32
    assert result.unmatched == np.isnan(expected).sum() > 0
    assert result.counts.tolist() == [(expected == item.score).sum() for item in classes]


@pytest.mark.parametrize("classes", [40, 41, 300])
def test_many_classes_are_searched_and_few_are_counted_with_the_same_answer(classes):
    values = np.random.default_rng(classes).uniform(-5, classes + 5, 4000).astype(np.float32)
    values[::7] = np.round(values[::7])
    values[::50] = np.nan
    table = [ScoreClass(k, k + 1, k + 1) for k in range(classes) if k % 9 != 4]
    result = score_values(values, table)
    np.testing.assert_array_equal(result.scores, brute_scores(values, table))


def test_a_shared_limit_belongs_to_the_lower_class_and_outer_limits_are_inside():
    values = np.array([[-0.001, 0.0, 10.0, np.nextafter(10.0, 11.0), 18.0, 28.0, 28.5, 39.0, 1e30]])
    scores = score_values(values, SLOPE).scores
    np.testing.assert_array_equal(scores, [[np.nan, 1, 1, 2, 2, 3, np.nan, 5, 5]])


def test_values_are_gathered_block_by_block():
    values = FactorValues()
    values.add(np.array([[NAN, NAN]]))
    assert (values.minimum, values.maximum, values.codes) == (math.inf, -math.inf, set())
    values.add(np.array([[3.0, NAN], [1.0, 3.0]]))
    values.add(np.array([8.0], dtype=np.float32))
    assert (values.minimum, values.maximum, values.codes) == (1, 8, {1, 3, 8})
    values.add(np.arange(2000.0))
    assert (values.maximum, values.codes) == (1999, None)


def test_codes_that_turn_out_to_be_no_data_are_forgotten():
    values = FactorValues()
    values.add(np.array([0.0, 3.0, 8.0, 255.0]))
    values.leave_out([(0, 0), (250, 255)])
    assert (values.minimum, values.maximum, values.codes) == (3, 8, {3, 8})
    values.leave_out([(1, 9)])
    assert (values.minimum, values.maximum, values.codes) == (math.inf, -math.inf, set())


def test_codes_and_nodata():
    values = np.array([[1, 2, 3, 9]], dtype=np.uint8)
    valid = np.array([[True, True, True, False]])
    classes = [ScoreClass(1, 1, 1), ScoreClass(3, 3, 5)]
    result = score_values(values, classes, valid=valid)
    np.testing.assert_array_equal(result.scores, [[1, np.nan, 5, np.nan]])
    assert result.unmatched == 1
    with_nan = score_values(np.array([1.0, np.nan, 2.0]), classes)
    assert with_nan.unmatched == 1


def test_a_single_value_class_may_touch_a_range():
    classes = [ScoreClass(0, 0, 9), ScoreClass(0, 10, 1)]
    np.testing.assert_array_equal(score_values(np.array([0.0, 1e-9, 10.0]), classes).scores, [9, 1, 1])


def test_a_limit_that_float32_cannot_hold_still_closes_the_class():
    classes = [ScoreClass(0, 0.1, 1), ScoreClass(0.1, 1, 2)]
    np.testing.assert_array_equal(score_values(np.array([0.1], dtype=np.float32), classes).scores, [1])


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        ([], "no classes"),
        ([ScoreClass(1043, 1032, 2)], "1043 to 1032 ends before it starts"),
        ([ScoreClass(30, 500, 1), ScoreClass(0, 888, 2)], "0 to 888 and 30 to 500 overlap"),
        ([ScoreClass(0, 100, 1), ScoreClass(10, 20, 2)], "overlap"),
        ([ScoreClass(1, 1, 1), ScoreClass(1, 1, 2)], "overlap"),
        ([ScoreClass(0, 1, math.nan)], "finite"),
    ],
)
def test_classes_that_give_no_single_answer_are_refused(classes, words):
    with pytest.raises(InputError, match=words):
        score_values(np.zeros((2, 2)), classes)


@pytest.mark.parametrize("make", [natural_breaks, quantile_breaks])
def test_scores_from_breaks_equal_the_classes_of_the_breaks(make):
    values = np.random.default_rng(5).lognormal(size=(50, 60)).astype(np.float32)
    breaks = make(values, 5)
    rising = score_values(values, classes_from_breaks(breaks, RISES)).scores
    falling = score_values(values, classes_from_breaks(breaks, FALLS)).scores
    np.testing.assert_array_equal(rising, breaks.classify(values) + 1)
    np.testing.assert_array_equal(falling, 6 - rising)
    wide = score_values(values, classes_from_breaks(breaks, RISES, scores=[1, 10, 30, 60, 100])).scores
    np.testing.assert_array_equal(np.unique(wide), [1, 10, 30, 60, 100])
    assert score_values(np.array([-1.0, 1e9]), classes_from_breaks(breaks, RISES)).unmatched == 0


def test_scores_from_breaks_refuse_a_misfit():
    breaks = quantile_breaks(np.arange(10.0), 3)
    with pytest.raises(InputError, match="3 classes but 2 scores"):
        classes_from_breaks(breaks, RISES, scores=[1, 2])
    with pytest.raises(InputError, match="not 'up'"):
        classes_from_breaks(breaks, "up")


@pytest.mark.parametrize("cell_size", [1.0, 30.0, (20.0, 50.0)])
def test_distance_is_the_least_of_all_distances(cell_size):
    features = np.random.default_rng(2).random((23, 31)) < 0.02
    height, width = (cell_size, cell_size) if isinstance(cell_size, float) else cell_size
    places = np.argwhere(features) * [height, width]
    rows, cols = np.indices(features.shape)
    centres = np.stack([rows * height, cols * width], axis=-1)
    expected = np.min(np.linalg.norm(centres[:, :, None] - places, axis=-1), axis=-1)
    np.testing.assert_allclose(distance_to(features, cell_size=cell_size), expected, rtol=1e-6)


def test_a_margin_is_looked_at_and_cut_off():
    features = np.random.default_rng(3).random((30, 40)) < 0.02
    whole = distance_to(features, cell_size=(20.0, 50.0))
    inner = distance_to(features, cell_size=(20.0, 50.0), margin=(4, 7))
    np.testing.assert_array_equal(inner, whole[4:-4, 7:-7])


def test_distance_is_capped_and_refuses_nothing():
    features = np.zeros((1, 9), dtype=bool)
    with pytest.raises(InputError, match="No feature lies on the grid"):
        distance_to(features)
    features[0, 0] = True
    np.testing.assert_array_equal(
        distance_to(features, cell_size=10, maximum=35), [[0, 10, 20, 30, 35, 35, 35, 35, 35]]
    )
    with pytest.raises(InputError, match="above 0, not 0"):
        distance_to(features, maximum=0)
    with pytest.raises(OperationCancelled):
        distance_to(features, monitor=Cancelled())


@pytest.mark.parametrize("window", [3, 5, 7])
def test_relief_is_the_range_in_the_window(window):
    random = np.random.default_rng(window)
    elevation = random.normal(1200, 80, (15, 12)).astype(np.float32)
    elevation[random.random(elevation.shape) < 0.1] = np.nan
    expected = np.full(elevation.shape, np.nan)
    half = window // 2
    for i, j in np.argwhere(~np.isnan(elevation)):
        part = elevation[max(i - half, 0) : i + half + 1, max(j - half, 0) : j + half + 1]
        expected[i, j] = np.nanmax(part) - np.nanmin(part)
    np.testing.assert_allclose(relief(elevation, window=window), expected, rtol=1e-6)


@pytest.mark.parametrize("window", [1, 4, -3])
def test_relief_refuses_an_even_or_tiny_window(window):
    with pytest.raises(InputError, match=f"not {window}"):
        relief(np.zeros((4, 4)), window=window)


def test_relief_of_a_plane_is_its_slope_times_the_window():
    plane = np.add.outer(np.arange(9) * 3.0, np.arange(9) * 4.0)
    np.testing.assert_allclose(relief(plane, window=3)[1:-1, 1:-1], 2 * (3 + 4))
