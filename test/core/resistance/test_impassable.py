"""Land that nothing crosses: without gaps at its corners, and open to the sources that lie in it."""

import numpy as np
import pytest
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.resistance.impassable import closed_at_corners, impassable_cells
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


def test_sources_keep_their_cells_and_a_lake_its_shore():
    """A core of 3 x 3 cells in a lake of 7 x 7, a forest beside a river of one cell."""
    lake, labels = np.zeros((9, 20), dtype=bool), np.zeros((9, 20), dtype=int)
    lake[1:8, 1:8] = lake[:, 12] = True
    labels[2:7, 2:7], labels[3:6, 13:16] = 1, 2
    closed = impassable_cells(lake, labels)
    assert not closed[1:8, 1:8].any()
    assert closed[:, 12].all()
    wide = labels.copy()
    wide[2:7, 2:7] = 0
    wide[3:6, 3:6] = 1  # of an edge of two cells
    assert impassable_cells(lake, wide)[1:8, 1:8].sum() == 49 - 25
    assert not impassable_cells(lake, wide, edge=2)[1:8, 1:8].any()
    surface = np.where(closed, np.nan, 1.0)
    cost = CostGraph(surface, cell_size=1.0).cost_from(labels == 1)
    assert cost[0, 4] == 2.0
    assert np.isinf(cost[4, 14])
