"""Key areas: classes, patches and the overlay, on surfaces whose answer is known, and against scikit-image."""

import numpy as np
import pytest
from ecosecnet.core.choices import BY_VALUE
from ecosecnet.core.errors import InputError
from ecosecnet.core.keyareas.areas import HeldLimits, agreement, class_limits, key_areas, overlay
from ecosecnet.core.monitor import Monitor
from scipy import ndimage


def surface(seed=1, shape=(60, 80)):
    rng = np.random.default_rng(seed)
    values = np.exp(ndimage.gaussian_filter(rng.normal(size=shape), 2.0) * 8.0)
    values[rng.random(shape) < 0.1] = np.nan
    return values


def test_four_plateaus_are_the_four_classes():
    values = np.ones((12, 12))
    values[2:5, 2:5], values[7:11, 1:4], values[7:11, 7:10] = 10.0, 20.0, 30.0
    values[0, :] = np.nan
    found = key_areas(values, cell_ha=0.09, classes=4)
    np.testing.assert_array_equal(found.limits, [1, 10, 20, 30])
    assert (found.classes[0] == 0).all()
    assert found.classes[3, 3] == 2
    assert found.area_ha.tolist() == pytest.approx([12 * 0.09])
    assert (found.mean[0], found.maximum[0], found.area_class[0]) == (30, 30, 4)
    assert np.array_equal(found.labels == 1, values == 30)


@pytest.mark.parametrize("method", BY_VALUE)
def test_patches_equal_those_of_scikit_image(method):
    measure = pytest.importorskip("skimage.measure")
    values = surface()
    found = key_areas(values, cell_ha=1.0, method=method, classes=4, keep=2)
    seen = 0
    for one in (4, 3):
        regions = measure.regionprops(measure.label(found.classes == one, connectivity=2), intensity_image=values)
        mine = found.area_class == one
        assert mine.sum() == len(regions) > 1
        key = sorted((r.area, r.intensity_mean, r.intensity_max) for r in regions)
        own = sorted(zip(found.area_ha[mine], found.mean[mine], found.maximum[mine]))
        np.testing.assert_allclose(own, key, rtol=1e-12)
        seen += mine.sum()
    assert found.labels.max() == seen


@pytest.mark.parametrize("method", BY_VALUE)
def test_classes_hold_their_limits_and_areas_are_sorted(method):
    values = surface(2)
    found = key_areas(values, cell_ha=0.5, method=method, classes=5, keep=2)
    lower = np.concatenate(([-np.inf], found.limits[:-1]))
    for one in range(1, 6):
        part = values[found.classes == one]
        assert (part > lower[one - 1]).all()
        assert (part <= found.limits[one - 1]).all()
    assert np.array_equal(found.classes == 0, np.isnan(values))
    order = sorted(zip(-found.area_class, -found.area_ha))
    assert order == list(zip(-found.area_class, -found.area_ha))
    assert found.area_ha.sum() == pytest.approx(0.5 * np.count_nonzero(found.classes >= 4))


def test_limits_of_the_rules():
    values = np.arange(1.0, 101.0).reshape(10, 10)
    np.testing.assert_array_equal(class_limits(values, "share of maximum", 4), [25, 50, 75, 100])
    np.testing.assert_array_equal(class_limits(values, "quantile", 4), [25, 50, 75, 100])
    skewed = values**2
    np.testing.assert_array_equal(class_limits(skewed, "share of maximum", 4), [2500, 5000, 7500, 10000])
    np.testing.assert_array_equal(class_limits(skewed, "quantile", 4), [625, 2500, 5625, 10000])


def test_natural_breaks_are_those_of_jenkspy():
    jenkspy = pytest.importorskip("jenkspy")
    values = surface(3, (20, 25))
    expected = jenkspy.jenks_breaks(values[~np.isnan(values)].tolist(), n_classes=4)[1:]
    np.testing.assert_allclose(class_limits(values, "natural breaks", 4), expected)


def test_corners_join_and_gaps_part():
    values = np.ones((6, 6))
    values[1, 1] = values[2, 2] = values[4, 4] = 9.0
    found = key_areas(values, cell_ha=1.0, classes=2)
    assert found.area_ha.tolist() == [2.0, 1.0]
    assert found.labels[1, 1] == found.labels[2, 2] == 1
    assert found.labels[4, 4] == 2


def test_small_areas_are_dropped_from_the_areas_only():
    values = surface(4)
    every = key_areas(values, cell_ha=0.09, keep=2)
    large = key_areas(values, cell_ha=0.09, keep=2, min_area_ha=0.45)
    assert np.array_equal(every.classes, large.classes)
    np.testing.assert_array_equal(large.area_ha, every.area_ha[every.area_ha >= 0.45 - 1e-12])
    assert 0 < large.area_ha.size < every.area_ha.size
    assert large.area_ha.min() == pytest.approx(0.45)
    kept = np.flatnonzero(every.area_ha >= 0.45 - 1e-12) + 1
    assert np.array_equal(large.labels > 0, np.isin(every.labels, kept))
    none = key_areas(values, cell_ha=0.09, min_area_ha=1e6)
    assert none.area_ha.size == none.mean.size == none.area_class.size == 0
    assert not none.labels.any()


def test_overlay_is_the_product_with_resistance_over_its_maximum():
    values = np.array([[1.0, 2.0, np.nan], [4.0, 5.0, 6.0]])
    resistance = np.array([[5.0, 1.0, 100.0], [2.0, np.nan, 4.0]])
    np.testing.assert_allclose(overlay(values, resistance), [[1.0, 0.4, np.nan], [1.6, np.nan, 4.8]])
    wide = surface(5)
    rough = np.nan_to_num(surface(6), nan=3.0) + 1.0
    found = key_areas(wide, resistance=rough, cell_ha=1.0)
    graded = overlay(wide, rough)
    np.testing.assert_array_equal(found.limits, class_limits(graded, "natural breaks", 4))
    assert np.array_equal(found.labels > 0, np.nan_to_num(graded) > found.limits[-2])
    # The areas report the values themselves, not the product.
    assert found.maximum[0] == wide[found.labels == 1].max()
    # Classes do not change with the unit of the resistance.
    assert np.array_equal(found.labels, key_areas(wide, resistance=40 * rough, cell_ha=1.0).labels)


def test_agreement_counts_the_rules():
    values = surface(7)
    votes = agreement(values, 4)
    expected = sum((key_areas(values, cell_ha=1, method=method).labels > 0).astype(int) for method in BY_VALUE)
    assert np.array_equal(np.where(np.isnan(values), -1, expected), votes)
    assert votes.min() == -1
    assert votes.max() == 3
    assert np.any((votes > 0) & (votes < 3))


def test_too_few_values_for_the_classes_are_reported():
    class Listener(Monitor):
        text = ""

        def warn(self, text):
            self.text += text

    listener = Listener()
    values = np.array([[1.0, 1.0, 2.0]])
    found = key_areas(values, cell_ha=1.0, classes=4, keep=3, monitor=listener)
    assert "2 were made" in listener.text
    assert found.area_ha.tolist() == [1.0]
    assert found.area_class.tolist() == [2]


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (np.full((3, 3), np.nan), {}, "no value at all"),
        (np.zeros((3, 3)), {}, "has the value 0"),
        (np.eye(3), {"classes": 1}, "1 classes"),
        (np.eye(3), {"keep": 4}, "4 of 4"),
        (np.eye(3), {"min_area_ha": -1.0}, "-1 ha"),
        (np.eye(3), {"method": "by eye"}, "by eye"),
        (-np.eye(3), {"method": "share of maximum"}, "above 0"),
        (np.eye(3), {"resistance": np.zeros((3, 3))}, "greater than 0"),
        (np.eye(3), {"resistance": np.ones((2, 3))}, "one grid"),
    ],
)
def test_bad_input_is_named(values, options, message):
    with pytest.raises(InputError, match=message):
        key_areas(values, cell_ha=1.0, **options)


def test_where_all_areas_are_too_small_the_largest_is_named():
    said = []

    class Said(Monitor):
        def warn(self, text):
            said.append(text)

    values = np.ones((5, 5))
    values[1, 1:3] = values[3, 3] = 9.0
    assert not key_areas(values, cell_ha=0.09, classes=2, min_area_ha=1.0, monitor=Said()).area_ha.size
    assert said == [
        "No area of the highest class has 1 ha or more: the largest has 0.18 ha. Lower the smallest area to keep it."
    ]


def test_against_a_null_model_the_cells_of_scipy_are_key():
    """Patches of the cells whose false discovery rate is at most 5 percent, whatever their values."""
    rng = np.random.default_rng(4)
    values, p = rng.random((30, 40)), rng.random((30, 40))
    p[5:9, 5:9] = rng.random((4, 4)) * 1e-3
    values[0], p[1] = np.nan, np.nan
    found = key_areas(values, cell_ha=0.5, method="null model", p=p)
    tested = ~np.isnan(values) & ~np.isnan(p)
    ordered = np.sort(p[tested])
    passing = np.flatnonzero(ordered <= 0.05 * np.arange(1, ordered.size + 1) / ordered.size)
    expected = tested & (p <= ordered[passing[-1]])
    np.testing.assert_array_equal(found.labels > 0, expected)
    np.testing.assert_array_equal(found.classes, np.where(tested, 1 + expected, 0))
    assert found.maximum[0] == values[found.labels == 1].max()


def test_nothing_significant_makes_no_areas_and_is_said():
    class Listener(Monitor):
        said = ()

        def warn(self, text):
            self.said += (text,)

    listener = Listener()
    values = np.arange(100.0).reshape(10, 10)
    found = key_areas(values, cell_ha=1.0, method="null model", p=np.full((10, 10), 0.01) + 0.9, monitor=listener)
    assert found.area_ha.size == 0
    assert len(listener.said) == 1
    assert "smallest p-value is 0.91, and 0.91 after the correction for 100 cells" in listener.said[0]


@pytest.mark.parametrize(
    ("p", "message"),
    [
        (None, "need the p-values of its cells"),
        (np.full((2, 2), 0.5), "Use one grid"),
        (np.full((10, 10), np.nan), "No cell has both"),
        (np.full((10, 10), 7.0), "between 7 and 7; they must lie between 0 and 1"),
    ],
)
def test_p_values_that_cannot_be_used_are_refused(p, message):
    with pytest.raises(InputError, match=message):
        key_areas(np.arange(100.0).reshape(10, 10), cell_ha=1.0, method="null model", p=p)


# limits that are held --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("overlaid", [False, True])
def test_held_limits_of_a_run_give_the_same_areas(overlaid):
    values = surface(3)
    ground = 1.0 + surface(4) if overlaid else None
    first = key_areas(values, cell_ha=0.09, resistance=ground)
    most = first.most_resistance if overlaid else None
    held = key_areas(values, cell_ha=0.09, resistance=ground, held=HeldLimits(first.limits, most), classes=9)
    for name in ("classes", "labels", "area_ha", "mean", "maximum", "area_class", "limits"):
        np.testing.assert_array_equal(getattr(held, name), getattr(first, name))
    assert np.isnan(first.most_resistance) != overlaid
    printed = [float(f"{limit:.10g}") for limit in first.limits]  # which has lost digits
    assert printed[2] != first.limits[2]
    typed = key_areas(values, cell_ha=0.09, resistance=ground, held=HeldLimits(printed, most))
    np.testing.assert_array_equal(typed.classes, first.classes)


def test_held_limits_mean_the_same_where_the_largest_resistance_differs():
    """A hard cell appears far from any value of note: the overlay is normalised by it, unless the first one is held."""
    values, before = surface(5), np.full((60, 80), 5.0)
    before[10:20, 10:30] = 9.0
    after = before.copy()
    after[np.unravel_index(np.nanargmin(values), values.shape)] = 90.0
    first = key_areas(values, cell_ha=1.0, resistance=before)
    kept = key_areas(values, cell_ha=1.0, resistance=after, held=HeldLimits(first.limits, first.most_resistance))
    np.testing.assert_array_equal(kept.labels, first.labels)
    moved = key_areas(values, cell_ha=1.0, resistance=after, held=HeldLimits(first.limits))
    assert moved.area_ha.sum() < first.area_ha.sum()


def test_a_surface_below_held_limits_has_no_key_area():
    values = surface(6)
    limits = key_areas(values, cell_ha=1.0).limits
    found = key_areas(values * limits[2] / np.nanmax(values) / 2, cell_ha=1.0, held=HeldLimits(limits))
    assert found.area_ha.size == 0
    one = np.full((3, 3), 5.0)  # for which no limits could be found
    assert key_areas(one, cell_ha=1.0, held=HeldLimits([1.0, 4.0, 9.0])).area_ha.tolist() == [9.0]


def test_held_limits_are_not_for_null_models_and_need_values():
    with pytest.raises(InputError, match="no limits of values to hold"):
        key_areas(surface(), cell_ha=1.0, p=surface(), method="null model", held=HeldLimits([1.0, 2.0]))
    with pytest.raises(InputError, match="no value at all"):
        key_areas(np.full((2, 2), np.nan), cell_ha=1.0, held=HeldLimits([1.0, 2.0]))
