import re

import numpy as np
import pytest
from ecosecnet.core.choices import Overlay
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.sources import patches as module
from ecosecnet.core.sources.patches import find_patches
from scipy import ndimage


def mask(*rows):
    return np.array([[cell == "#" for cell in row] for row in rows])


CORE = mask(
    "##....##",
    "##....##",
    "........",
    "...##...",
)
PROTECTED = mask(
    "........",
    ".##.....",
    "........",
    "........",
)


@pytest.mark.parametrize(
    ("overlay", "cells", "core", "protected"),
    [
        ("union", [5, 4, 2], [4, 4, 2], [2, 0, 0]),
        ("intersection", [1], [1], [1]),
        ("touch", [4], [4], [1]),
    ],
)
def test_overlays_by_hand(overlay, cells, core, protected):
    found = find_patches(CORE, PROTECTED, overlay=overlay)
    assert found.cells.tolist() == cells
    assert found.core_cells.tolist() == core
    assert found.protected_cells.tolist() == protected
    assert found.untouched == (2 if overlay == "touch" else 0)
    assert found.labels.dtype == np.int32


def test_neighbouring_protected_land_touches():
    beside = mask("...", "#..")
    core = mask("...", ".##")
    assert find_patches(core, beside, overlay="touch").cells.tolist() == [2]
    corner = mask("#..", "...")
    assert find_patches(core, corner, overlay="touch").count == 1
    with pytest.raises(InputError, match="2 cells of core and 1 cells of protected"):
        find_patches(core, corner, overlay="touch", neighbours=4)


def test_minimum_area_drops_and_counts():
    found = find_patches(CORE, minimum=3)
    assert found.cells.tolist() == [4, 4]
    assert (found.removed, found.removed_cells) == (1, 2)
    assert np.unique(found.labels).tolist() == [0, 1, 2]
    assert found.labels[0, 0] == 1
    assert found.labels[0, 7] == 2


def test_an_area_that_equals_the_minimum_stays():
    assert find_patches(CORE, minimum=4.0).count == 2


def test_corners_join_with_eight_neighbours_only():
    diagonal = np.eye(4, dtype=bool)
    assert find_patches(diagonal).count == 1
    assert find_patches(diagonal, neighbours=4).cells.tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("gap", [1, 2, 3, 4])
@pytest.mark.parametrize("turned", [False, True])
def test_a_road_is_closed_exactly_up_to_the_gap(width, gap, turned):
    land = np.zeros((40, 40), dtype=bool)
    land[8:32, 5:15] = True
    land[8:32, 15 + width : 30 + width] = True
    found = find_patches(land.T if turned else land, gap=gap)
    closed = width <= gap
    road = found.labels.T if turned else found.labels
    road = road[12:28, 15 : 15 + width]
    assert found.count == (1 if closed else 2)
    assert (road > 0).all() == closed
    if not closed:
        assert found.filled_cells == 0


def test_gaps_are_a_closing_on_half_cells(monkeypatch):
    monkeypatch.setattr(module, "_STRIP_CELLS", 2000)
    land = np.random.default_rng(2).random((50, 37)) < 0.25
    gap = 3
    found = find_patches(land, gap=gap)
    fine = np.pad(land, 6).repeat(2, 0).repeat(2, 1)
    y, x = np.ogrid[-gap : gap + 1, -gap : gap + 1]
    expected = ndimage.binary_closing(fine, x**2 + y**2 <= (gap + 0.5) ** 2)[12:-12, 12:-12]
    expected = expected.reshape(50, 2, 37, 2).all(axis=(1, 3))
    assert ((found.labels > 0) == expected).all()
    assert found.filled_cells == expected.sum() - land.sum()
    assert expected[land].all()


def test_gaps_are_not_filled_outside_the_landscape():
    land = mask("##.##", "##.##")
    valid = mask("##.##", "#####")
    assert find_patches(land, gap=1).filled_cells == 2
    found = find_patches(land, gap=1, valid=valid)
    assert found.filled_cells == 1
    assert found.labels[0, 2] == 0


def test_holes_stay_unless_a_gap_that_wide_is_closed():
    ring = np.ones((9, 9), dtype=bool)
    ring[3:6, 3:6] = False
    assert find_patches(ring).cells.tolist() == [72]
    assert find_patches(ring, gap=2).cells.tolist() == [72]
    assert find_patches(ring, gap=5).cells.tolist() == [81]


@pytest.mark.parametrize("seed", range(5))
def test_every_cell_is_counted_once(seed):
    rng = np.random.default_rng(seed)
    core, protected = rng.random((60, 50)) < 0.3, rng.random((60, 50)) < 0.2
    for overlay in Overlay:
        found = find_patches(core, protected, overlay=overlay, minimum=4)
        assert found.cells.sum() == np.count_nonzero(found.labels)
        assert found.cells.min() >= 4
        assert (found.core_cells <= found.cells).all()
        everything = find_patches(core, protected, overlay=overlay)
        assert everything.cells.sum() == found.cells.sum() + found.removed_cells
        assert everything.count == found.count + found.removed


def test_three_thousand_patches_like_seventeen():
    dots = np.zeros((240, 200), dtype=bool)
    dots[::4, ::4] = True
    found = find_patches(dots)
    assert found.count == 60 * 50
    assert found.cells.tolist() == [1] * 3000


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"core": np.zeros((3, 3), bool)}, "no core area"),
        ({"minimum": 5.0}, "None of the 3 patches has 5 cells.*largest has 4.*MIN_AREA.: 2 cells leaves all 3"),
        ({"minimum": 5.0, "cell_ha": 0.09}, "has 0.45 ha or more; the largest has 0.36.*: 0.18 ha leaves all 3"),
        ({"protected": np.zeros((2, 2), bool)}, "same grid"),
        ({"overlay": "both"}, "no overlay 'both'"),
        ({"neighbours": 6}, "not 6"),
        ({"gap": -1.0}, "must be 0 or more"),
        ({"protected": np.zeros(CORE.shape, bool), "overlay": "intersection"}, "do not meet"),
    ],
)
def test_bad_input_is_named(options, part):
    with pytest.raises(InputError, match=part):
        find_patches(**{"core": CORE, **options})


def test_can_be_cancelled():
    class Stop(Monitor):
        def cancelled(self):
            return True

    with pytest.raises(OperationCancelled):
        find_patches(CORE, monitor=Stop())


HOLED = np.array(
    [
        [1, 1, 1, 1, 1, 1, 0],
        [1, 0, 1, 0, 0, 1, 0],
        [1, 1, 0, 1, 0, 1, 1],
        [1, 1, 1, 1, 1, 1, 0],
        [0, 1, 1, 1, 1, 1, 1],
    ],
    dtype=bool,
)


@pytest.mark.parametrize(
    ("hole", "neighbours", "filled"),
    [(0, 8, 0), (1, 8, 2), (2, 8, 2), (3, 8, 5), (4, 4, 0), (5, 4, 5), (99, 8, 5)],
)
def test_holes_are_filled_up_to_their_size(hole, neighbours, filled):
    # Around 8-connected land the holes are 4-connected: one cell, one cell and three; else all five are one hole.
    found = find_patches(HOLED, hole=hole, neighbours=neighbours)
    assert found.filled_cells == filled
    assert (found.labels > 0).sum() == HOLED.sum() + filled
    reached = found.labels[[1, 3, 4], [6, 6, 0]]  # what the border of the raster reaches is no hole
    assert not reached.any()


def test_a_hole_over_unknown_land_stays():
    valid = np.ones(HOLED.shape, dtype=bool)
    valid[1, 4] = False
    assert find_patches(HOLED, hole=9, valid=valid).filled_cells == 2
    with pytest.raises(InputError, match="largest hole"):
        find_patches(HOLED, hole=-1)


def test_the_smallest_area_that_is_proposed_leaves_ten():
    core = np.zeros((1, 400), bool)
    for k in range(1, 20):  # runs of 1, 2, 3 ... cells
        core[0, 20 * k : 20 * k + k] = True
    with pytest.raises(InputError) as error:
        find_patches(core, minimum=300.0, cell_ha=0.37)
    proposed = float(re.search(r"MIN_AREA\): (\S+) ha leaves 10\.", str(error.value))[1])
    assert find_patches(core, minimum=proposed / 0.37).count == 10
