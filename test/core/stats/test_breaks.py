import itertools
import json

import numpy as np
import pytest
from conftest import REFERENCE
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.stats import breaks as module
from ecosecnet.core.stats.breaks import (
    BREAK_METHODS,
    equal_breaks,
    geometric_breaks,
    held_breaks,
    natural_breaks,
    quantile_breaks,
)

CASES = REFERENCE / "connectivity" / "natural_breaks"


def squares_within(values, limits, weights=None):
    values = np.asarray(values, dtype=float)
    weights = np.ones(values.size) if weights is None else np.asarray(weights, dtype=float)
    total = 0.0
    lower = -np.inf
    for upper in limits:
        inside = (values > lower) & (values <= upper)
        if inside.any():
            mean = np.average(values[inside], weights=weights[inside])
            total += float(np.sum(weights[inside] * (values[inside] - mean) ** 2))
        lower = upper
    return total


def best_by_enumeration(values, classes, weights=None):
    distinct = np.unique(values)
    return min(
        squares_within(values, [*distinct[list(cuts)], distinct[-1]], weights)
        for cuts in itertools.combinations(range(distinct.size - 1), classes - 1)
    )


@pytest.mark.skipif(not CASES.exists(), reason="needs the reference cases beside the checkout")
@pytest.mark.parametrize("name", ["lognormal_25", "seed_dPC_17", "ties_small"])
def test_reference_cases(name):
    case = json.loads((CASES / f"{name}.json").read_text())
    found = natural_breaks(np.array(case["values"]), case["k"])
    assert [found.minimum, *found.limits] == case["breaks_min_then_upper_bounds"]
    assert found.goodness == pytest.approx(case["GVF"], rel=1e-12)
    assert found.error == 0.0


def test_grades_of_the_published_importances():
    # dPC of the 17 sources of the seed paper (Table 2).
    dpc = [82.73, 39.11, 19.71, 45.12, 9.33, 5.51, 30.16, 2.94, 5.19, 15.83, 1.11, 7.19, 1.9, 1.16, 1.12, 1.88, 1.31]
    found = natural_breaks(np.array(dpc), 3)
    assert list(found.limits) == [19.71, 45.12, 82.73]
    assert np.bincount(found.classify(np.array(dpc))).tolist() == [13, 3, 1]


@pytest.mark.parametrize("seed", range(40))
def test_no_other_limits_are_better(seed):
    rng = np.random.default_rng(seed)
    values = np.round(rng.lognormal(size=int(rng.integers(4, 13))), 1)
    weights = rng.integers(1, 5, values.size)
    classes = int(rng.integers(2, 5))
    if np.unique(values).size < classes:
        pytest.skip("fewer distinct values than classes: another test")
    found = natural_breaks(values, classes, weights=weights)
    assert found.limits.size == classes
    assert squares_within(values, found.limits, weights) == pytest.approx(
        best_by_enumeration(values, classes, weights), rel=1e-9, abs=1e-9
    )
    repeated = natural_breaks(np.repeat(values, weights), classes)
    assert repeated.limits.tolist() == found.limits.tolist()


@pytest.mark.parametrize(("size", "classes"), [(30, 3), (500, 5), (2000, 7)])
def test_same_as_jenkspy(size, classes):
    jenkspy = pytest.importorskip("jenkspy")
    values = np.random.default_rng(size).gamma(0.7, 30.0, size)
    found = natural_breaks(values, classes)
    assert [found.minimum, *found.limits] == pytest.approx(jenkspy.jenks_breaks(values, n_classes=classes), abs=0.0)


def test_same_as_the_exact_classifier_of_mapclassify():
    mapclassify = pytest.importorskip("mapclassify")
    values = np.random.default_rng(3).normal(size=300)
    assert natural_breaks(values, 5).limits.tolist() == mapclassify.FisherJenks(values, k=5).bins.tolist()
    assert equal_breaks(values, 5).limits == pytest.approx(mapclassify.EqualInterval(values, k=5).bins)


def test_mapclassify_own_example():
    # calemp: employment density of 58 Californian counties.
    mapclassify = pytest.importorskip("mapclassify")
    calemp = mapclassify.load_example()
    found = natural_breaks(np.asarray(calemp), 5)
    assert found.limits.tolist() == mapclassify.FisherJenks(calemp, k=5).bins.tolist()


@pytest.mark.parametrize("order", ["uniform", "skewed"])
def test_grouping_stays_within_its_stated_error(order, monkeypatch):
    rng = np.random.default_rng(8)
    values = rng.random(6000) if order == "uniform" else rng.lognormal(0.0, 2.0, 6000)
    exact = natural_breaks(values, 5)
    monkeypatch.setattr(module, "MAX_DISTINCT", 1000)
    grouped = natural_breaks(values, 5)
    best = squares_within(values, exact.limits)
    reached = squares_within(values, grouped.limits)
    assert 0.0 < grouped.error < 1.0
    assert best <= reached <= best * (1.0 + grouped.error)
    assert set(grouped.limits) <= set(values)


def test_a_raster_of_few_values_is_exact_and_equals_its_histogram():
    raster = np.random.default_rng(1).integers(0, 200, (300, 400)).astype(np.float32)
    raster[:10] = np.nan
    value, count = np.unique(raster[10:], return_counts=True)
    whole, histogram = natural_breaks(raster, 4), natural_breaks(value, 4, weights=count)
    assert whole.limits.tolist() == histogram.limits.tolist()
    assert whole.error == 0.0


def test_classes_are_closed_above_and_missing_is_minus_one():
    found = natural_breaks(np.array([1.0, 2.0, 10.0, 11.0, np.nan]), 2)
    assert found.limits.tolist() == [2.0, 11.0]
    assert found.classify(np.array([0.0, 2.0, 2.1, 11.0, 99.0, np.nan])).tolist() == [0, 0, 1, 1, 1, -1]


@pytest.mark.parametrize("method", BREAK_METHODS.values())
def test_fewer_distinct_values_than_classes(method):
    found = method(np.array([3.0, 3.0, 3.0]), 4)
    assert found.limits.tolist() == [3.0]
    assert found.goodness == 1.0


def test_two_values_make_two_natural_classes():
    assert natural_breaks(np.array([5, 7, 7, 5]), 4).limits.tolist() == [5.0, 7.0]


def test_values_that_differ_by_rounding_only():
    values = 1e9 + np.arange(5) * 1e-6
    found = natural_breaks(values, 3)
    assert found.limits.size == 3
    assert np.all(np.diff(found.limits) > 0)


def test_quantiles_hold_equal_shares():
    values = np.random.default_rng(5).permutation(1000).astype(float)
    found = quantile_breaks(values, 4)
    assert np.bincount(found.classify(values)).tolist() == [250] * 4
    assert found.limits.tolist() == [249.0, 499.0, 749.0, 999.0]


def test_quantiles_are_numpys_inverse_distribution():
    values = np.random.default_rng(6).integers(0, 40, 500)
    try:
        expected = np.quantile(values, [0.2, 0.4, 0.6, 0.8, 1.0], method="inverted_cdf")
    except TypeError:
        pytest.skip("this numpy has no inverted_cdf")
    assert quantile_breaks(values, 5).limits.tolist() == np.unique(expected).tolist()


def test_quantiles_follow_weights_and_merge_ties():
    assert quantile_breaks(np.array([1.0, 2.0, 3.0]), 2, weights=np.array([6.0, 1.0, 1.0])).limits.tolist() == [
        1.0,
        3.0,
    ]


def test_equal_and_geometric_steps():
    assert equal_breaks(np.array([0.0, 9.0, 1.0]), 3).limits.tolist() == [3.0, 6.0, 9.0]
    assert geometric_breaks(np.array([1.0, 1000.0]), 3).limits == pytest.approx([10.0, 100.0, 1000.0])


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: natural_breaks(np.array([np.nan]), 3), "no value"),
        (lambda: natural_breaks(np.array([]), 3), "no value"),
        (lambda: natural_breaks(np.array([1.0, np.inf]), 3), "Infinite"),
        (lambda: natural_breaks(np.array([1.0, 2.0]), 0), "0 classes"),
        (lambda: natural_breaks(np.array([1.0, 2.0]), 2, weights=np.array([1.0])), "1 weights for 2 values"),
        (lambda: natural_breaks(np.array([1.0, 2.0]), 2, weights=np.array([1.0, -1.0])), "negative"),
        (lambda: geometric_breaks(np.array([0.0, 2.0]), 2), "above 0"),
    ],
)
def test_bad_input_is_named(call, part):
    with pytest.raises(InputError, match=part):
        call()


def test_can_be_cancelled():
    class Stop(Monitor):
        def cancelled(self):
            return True

    for method in BREAK_METHODS.values():
        with pytest.raises(OperationCancelled):
            method(np.arange(1.0, 50.0), 4, monitor=Stop())


# limits that are held --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", BREAK_METHODS.values())
def test_held_limits_of_the_same_values_change_nothing(method):
    values = np.random.default_rng(8).lognormal(size=500)
    found = method(values, 4)
    held = held_breaks(values, found.limits)
    np.testing.assert_array_equal(held.classify(values), found.classify(values))
    assert held.goodness == pytest.approx(found.goodness)
    assert held.minimum == found.minimum


def test_held_limits_show_what_new_ones_hide():
    """Everything is half of what it was: new limits halve too and find no change."""
    before = np.random.default_rng(9).lognormal(size=2000)
    limits = natural_breaks(before, 4).limits
    after = before / 2.0
    new, held = natural_breaks(after, 4), held_breaks(after, limits)
    np.testing.assert_allclose(new.limits, limits / 2.0)
    np.testing.assert_array_equal(new.classify(after), natural_breaks(before, 4).classify(before))
    np.testing.assert_array_equal(held.classify(after), np.searchsorted(limits[:-1], after, side="left"))
    assert np.count_nonzero(held.classify(after) == 3) < np.count_nonzero(new.classify(after) == 3)


def test_what_lies_beyond_held_limits_is_in_the_outer_classes():
    held = held_breaks(np.array([-5.0, 3.0, 99.0, np.nan]), [1.0, 4.0, 9.0])
    assert held.classify(np.array([-5.0, 1.0, 3.0, 4.0, 99.0, np.nan])).tolist() == [0, 0, 1, 1, 2, -1]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ([1.0], "1 limit.s. make no classes"),
        ([1.0, 3.0, 2.0], "2 follows 3"),
        ([1.0, 1.0], "1 follows 1"),
        ([1.0, np.nan], "not a finite number"),
    ],
)
def test_limits_that_cannot_be_held(limits, message):
    with pytest.raises(InputError, match=message):
        held_breaks(np.array([1.0, 2.0]), limits)
