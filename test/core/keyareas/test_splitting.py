"""Areas larger than allowed are cut at higher limits: by hand, and against a plain search over all limits."""

import numpy as np
import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.keyareas.areas import key_areas
from ecosecnet.core.keyareas.splitting import split_large
from ecosecnet.core.monitor import SILENT, Monitor
from scipy import ndimage

LOW = [1.0] * 8


def test_every_peak_keeps_as_much_around_it_as_fits():
    values = np.array([LOW, [1, 9, 8, 7, 6, 8, 7, 1], LOW])
    found = key_areas(values, cell_ha=1.0, classes=2, max_area_ha=3.0)
    # at 7 the six cells fall into 9 8 7 and 8 7
    assert found.labels[1].tolist() == [0, 1, 1, 1, 0, 2, 2, 0]
    assert found.area_ha.tolist() == [3.0, 2.0]
    tighter = key_areas(values, cell_ha=1.0, classes=2, max_area_ha=2.0)
    # 8 7 has come off at 7 and stays; 9 8 7 goes on to 9 8
    assert tighter.labels[1].tolist() == [0, 1, 1, 0, 0, 2, 2, 0]
    assert (tighter.classes == found.classes).all()


def test_an_area_that_fits_is_left_alone():
    values = np.array([LOW, [1, 9, 8, 7, 6, 1, 8, 1], LOW])
    plain = key_areas(values, cell_ha=1.0, classes=2)
    found = key_areas(values, cell_ha=1.0, classes=2, max_area_ha=4.0)
    np.testing.assert_array_equal(found.labels, plain.labels)


def test_a_plateau_stays_whole_and_is_said():
    said = []

    class Said(Monitor):
        def info(self, message):
            said.append(message)

        warn = info

    values = np.array([LOW, [1, 9, 9, 9, 5, 7, 1, 1], LOW])
    found = key_areas(values, cell_ha=1.0, classes=2, max_area_ha=2.0, monitor=Said())
    assert found.labels[1].tolist() == [0, 1, 1, 1, 0, 2, 0, 0]
    assert said == [
        "1 area(s) of more than 2 ha were cut at higher limits than the rest.",
        "1 area(s) of more than 2 ha have one value throughout and could not be cut; they stay as they are.",
    ]


def test_a_plateau_below_another_peak_stays_too():
    values = np.array([LOW, [1, 9, 9, 5, 7, 7, 7, 1], LOW])
    found = key_areas(values, cell_ha=1.0, classes=2, max_area_ha=2.0)
    assert found.labels[1].tolist() == [0, 2, 2, 0, 1, 1, 1, 0]


def test_areas_of_two_classes_that_touch_stay_apart():
    values = np.array([LOW, [1, 9, 8, 4, 5, 4, 5, 1], LOW])
    found = key_areas(values, cell_ha=1.0, classes=3, keep=2, max_area_ha=1.0)
    assert found.limits.tolist() == [1, 5, 9]
    assert found.labels[1].tolist() == [0, 1, 0, 0, 2, 0, 3, 0]
    assert found.area_class.tolist() == [3, 2, 2]


def test_small_parts_are_dropped_after_the_cut():
    values = np.array([LOW, [1, 9, 8, 7, 6, 8, 7, 1], LOW])
    found = key_areas(values, cell_ha=1.0, classes=2, max_area_ha=3.0, min_area_ha=3.0)
    assert found.area_ha.tolist() == [3.0]


def test_a_largest_area_below_the_smallest_is_refused():
    with pytest.raises(InputError, match=r"largest area is 2 ha; it must be at least the smallest area \(3 ha\)"):
        key_areas(np.eye(3), cell_ha=1.0, classes=2, min_area_ha=3.0, max_area_ha=2.0)
    with pytest.raises(InputError, match=r"one cell \(9 ha\)"):
        key_areas(np.eye(3), cell_ha=9.0, classes=2, max_area_ha=2.0)


@pytest.mark.parametrize("seed", range(3))
def test_a_cell_stays_if_what_lies_as_high_around_it_fits(seed):
    """The definition, cell by cell: the patch of cells at least as high that holds it is small enough."""
    rng = np.random.default_rng(seed)
    values = ndimage.gaussian_filter(rng.normal(size=(30, 30)), 2.0)
    values = np.floor(values * 200)  # with equal values
    eight = np.ones((3, 3))
    labels, count = ndimage.label(values > 0, eight)
    parts, classes, large, whole = split_large(labels.astype(np.int32), np.full(count, 2), values, 12, SILENT)
    kept = np.zeros(values.shape, dtype=bool)
    for row, col in np.argwhere(labels > 0):
        if np.count_nonzero(labels == labels[row, col]) <= 12:
            kept[row, col] = True
            continue
        patches, _ = ndimage.label(values >= values[row, col], eight)
        kept[row, col] = np.count_nonzero(patches == patches[row, col]) <= 12
    np.testing.assert_array_equal(parts > 0, kept)
    assert np.bincount(parts[parts > 0]).max() <= 12
    assert parts.max() == classes.size
    assert large == np.count_nonzero(np.bincount(labels[labels > 0]) > 12)
    assert whole == 0
