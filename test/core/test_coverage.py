"""The share of each cell that a polygon covers: closed forms, sums and sampling."""

import numpy as np
import pytest
from ecosecnet.core.coverage import cell_coverage
from ecosecnet.core.keyareas.tabulation import shown_shares


def area(ring):
    """Return the area of a ring by the shoelace formula."""
    y, x = np.asarray(ring).T
    return abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2.0


def star(random, points=24):
    """Return a ring without crossings around a random place, negative coordinates included."""
    angle = np.sort(random.uniform(0.0, 2.0 * np.pi, points))
    radius = random.uniform(0.3, 6.0, points)
    return random.uniform(-3.0, 9.0, 2) + np.column_stack((radius * np.sin(angle), radius * np.cos(angle)))


def test_a_rectangle_between_the_lines():
    row, col, shares = cell_coverage([np.array([[1.25, 2.5], [1.25, 4.0], [3.0, 4.0], [3.0, 2.5], [1.25, 2.5]])])
    assert (row, col) == (1, 2)
    np.testing.assert_allclose(shares, [[0.375, 0.75], [0.5, 1.0]])


def test_a_polygon_within_one_cell():
    row, col, shares = cell_coverage([np.array([[5.2, 7.2], [5.2, 7.7], [5.6, 7.7]])])
    assert (row, col, shares.shape) == (5, 7, (1, 1))
    assert shares[0, 0] == pytest.approx(0.1)


def test_a_hole_is_not_covered_whatever_its_direction():
    outer = np.array([[0.0, 0.0], [0.0, 3.0], [3.0, 3.0], [3.0, 0.0]])
    hole = np.array([[1.0, 1.0], [1.0, 2.0], [2.0, 2.0], [2.0, 1.0]])
    for ring in (hole, hole[::-1]):
        for around in (outer, outer[::-1]):
            np.testing.assert_allclose(cell_coverage([around, ring])[2], [[1, 1, 1], [1, 0, 1], [1, 1, 1]])


@pytest.mark.parametrize("seed", range(30))
def test_the_sum_is_the_area_and_each_cell_agrees_with_sampling(seed):
    random = np.random.default_rng(seed)
    ring = star(random)
    row, col, shares = cell_coverage([ring])
    assert shares.sum() == pytest.approx(area(ring), rel=1e-9)
    # Sample every cell at 40 x 40 places by the rule of crossings.
    steps = (np.arange(40) + 0.5) / 40
    y = (row + np.arange(shares.shape[0])[:, None] + steps).ravel()
    x = (col + np.arange(shares.shape[1])[:, None] + steps).ravel()
    inside = np.zeros((y.size, x.size), dtype=bool)
    for (y0, x0), (y1, x1) in zip(ring, np.roll(ring, -1, axis=0)):
        crossing = (y0 > y) != (y1 > y)
        at = x0 + (y - y0) * (x1 - x0) / np.where(y1 == y0, 1.0, y1 - y0)
        inside ^= crossing[:, None] & (x[None, :] < at[:, None])
    sampled = inside.reshape(shares.shape[0], 40, shares.shape[1], 40).mean(axis=(1, 3))
    np.testing.assert_allclose(shares, sampled, atol=0.05)


def test_parts_cover_together_what_the_whole_covers():
    random = np.random.default_rng(5)
    whole = np.array([[0.3, 0.4], [0.3, 9.7], [7.9, 9.7], [7.9, 0.4]])
    cut = 1.0 + 7.0 * random.random()
    left = np.array([[0.3, 0.4], [0.3, cut], [7.9, cut], [7.9, 0.4]])
    right = np.array([[0.3, cut], [0.3, 9.7], [7.9, 9.7], [7.9, cut]])
    together = np.zeros((9, 10))
    for part in (left, right):
        row, col, shares = cell_coverage([part])
        together[row : row + shares.shape[0], col : col + shares.shape[1]] += shares
    row, col, shares = cell_coverage([whole])
    np.testing.assert_allclose(together[row : row + shares.shape[0], col : col + shares.shape[1]], shares, atol=1e-12)


def test_shown_shares_add_up():
    assert shown_shares([100 / 3] * 3) == [33.4, 33.3, 33.3]
    assert shown_shares([61.24, 20.06, 18.70]) == [61.2, 20.1, 18.7]
    assert shown_shares([60.0, 40.0]) == [60.0, 40.0]
    assert shown_shares([]) == []
    random = np.random.default_rng(0)
    for _ in range(50):
        shares = random.dirichlet(np.ones(9)) * 100
        shown = np.array(shown_shares(shares))
        assert shown.sum() == pytest.approx(100.0, abs=1e-9)
        assert np.abs(shown - shares).max() < 0.1
