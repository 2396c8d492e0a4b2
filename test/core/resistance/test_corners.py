"""Walls of cells without gaps at their corners."""

import numpy as np
import pytest
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.resistance.corners import closed_at_corners
from scipy import ndimage

FOUR, EIGHT = ndimage.generate_binary_structure(2, 1), np.ones((3, 3))


@pytest.mark.parametrize("seed", range(8))
def test_cells_joined_over_corners_are_joined_over_edges_and_few_are_added(seed):
    mask = np.random.default_rng(seed).random((30, 40)) < 0.3
    closed = closed_at_corners(mask)
    assert (closed >= mask).all()
    over_corners, count = ndimage.label(mask, EIGHT)
    over_edges, _ = ndimage.label(closed, FOUR)
    for k in range(1, count + 1):
        assert len(np.unique(over_edges[over_corners == k])) == 1
    # Each cell that was added lies beside a corner at which two cells of the wall touch, and no edge is there.
    for row, col in np.argwhere(closed & ~mask):
        assert any(
            0 <= col + side < 40 and mask[row - 1, col] and mask[row, col + side] and not mask[row - 1, col + side]
            for side in (-1, 1)
        )


def test_a_diagonal_river_is_crossed_nowhere():
    river = np.eye(20, dtype=bool) | np.eye(20, k=7, dtype=bool)[::-1]
    start = np.zeros((20, 20), dtype=bool)
    start[19, 0] = True
    surface = np.where(np.eye(20, dtype=bool), np.nan, 1.0)
    assert np.isfinite(CostGraph(surface, cell_size=1.0).cost_from(start)[0, 19])  # over the corners
    surface[closed_at_corners(np.eye(20, dtype=bool))] = np.nan
    assert np.isinf(CostGraph(surface, cell_size=1.0).cost_from(start)[0, 19])
    assert closed_at_corners(river).sum() > river.sum()


def test_parts_are_closed_as_the_whole():
    mask = np.random.default_rng(9).random((30, 40)) < 0.3
    whole = closed_at_corners(mask)
    parts = [
        closed_at_corners(mask[:11]),
        closed_at_corners(mask[11:12], mask[10]),
        closed_at_corners(mask[12:], mask[11]),
    ]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
