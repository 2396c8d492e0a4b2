"""Two results of one computation, compared cell by cell."""

import math

import numpy as np
import pytest
from ecosecnet.core.decisions import CellDifferences, differ


def compared(before, now, tolerance=0.0, *, rows=3, before_valid=None, now_valid=None):
    found = CellDifferences(tolerance)
    first = np.ones(before.shape, dtype=bool) if before_valid is None else before_valid
    second = np.ones(now.shape, dtype=bool) if now_valid is None else now_valid
    for row in range(0, len(before), rows):
        part = slice(row, row + rows)
        found.add(before[part], first[part], now[part], second[part])
    return found.result()


@pytest.mark.parametrize("rows", [1, 3, 100])
def test_measures_are_those_of_the_whole_array(rows):
    rng = np.random.default_rng(1)
    before = rng.normal(size=(20, 30))
    now = before + rng.normal(scale=1e-7, size=before.shape) * (rng.random(before.shape) < 0.3)
    found = compared(before, now, 1e-7, rows=rows)
    share = np.abs(before - now) / np.maximum(np.abs(before), np.abs(now))
    assert found.compared == before.size
    assert found.differing == np.count_nonzero(share > 1e-7) > 0
    assert found.largest == np.abs(before - now).max()
    assert found.largest_share == pytest.approx(share.max(), rel=1e-12)
    assert math.isnan(found.jaccard)


def test_cells_that_only_one_has_differ():
    values = np.arange(12.0).reshape(3, 4)
    holes = np.ones((3, 4), dtype=bool)
    holes[0, 1] = holes[2, 2] = False
    found = compared(values, values, now_valid=holes)
    assert (found.compared, found.differing, found.largest) == (12, 2, 0.0)
    assert compared(values, values, before_valid=holes, now_valid=holes).compared == 10


def test_jaccard_is_that_of_the_class_that_agrees_least():
    before = np.array([[1, 1, 1, 1], [2, 2, 3, 3]], dtype=np.uint8)
    now = before.copy()
    now[1, 1] = 3
    found = compared(before, now)
    # 1: 4 of 4; 2: 1 of 2; 3: 2 of 3
    assert found.jaccard == 0.5
    assert (found.differing, found.largest) == (1, 1.0)
    assert compared(before, before).jaccard == 1.0
    many = np.arange(400, dtype=np.int32).reshape(20, 20)
    assert math.isnan(compared(many, many).jaccard)


def test_tolerance_is_a_share_of_the_larger_and_0_is_exact():
    assert differ(1e9, 1e9 + 1, 1e-9).tolist() is False
    assert differ(1e9, 1e9 + 1, 0.0).tolist() is True
    assert differ([0.0, 0.0], [-0.0, 1e-300], 1e-6).tolist() == [False, True]
    assert differ([np.inf, np.inf], [np.inf, -np.inf], 1e-6).tolist() == [False, True]


def test_what_is_nearly_0_is_held_to_the_scale():
    before = np.array([[1.0, 1e-9, 0.0]])
    now = before + 1e-9
    found = CellDifferences(1e-6, scale=0.5)
    found.add(before, np.ones((1, 3), dtype=bool), now, np.ones((1, 3), dtype=bool))
    assert found.result().differing == 0
    assert found.result().largest_share == pytest.approx(2e-9, rel=1e-6)
    assert compared(before, now, 1e-6).differing == 2
    assert differ(0.0, 1e-300, 0.0, scale=9.0).tolist() is True
