"""Lines as arrays, against GEOS and by hand."""

import numpy as np
import pytest
from ecosecnet.core.corridors.polylines import meetings, polylines
from ecosecnet.core.errors import OperationCancelled
from ecosecnet.core.grid import Grid
from ecosecnet.core.monitor import Monitor

PLAIN = Grid(1, 1)


def lines_of(*lines, grid=PLAIN):
    return polylines([[np.array(line, dtype=float)] for line in lines], grid)


def steps(rng, count, *, on_cells):
    """Return a line of many short segments: between centres of cells of 30 m, or anywhere."""
    turns = rng.integers(-1, 2, (count, 2)) if on_cells else rng.normal(0, 1, (count, 2))
    return np.cumsum(np.concatenate((rng.integers(0, 300, (1, 2)), turns)), axis=0) * 30.0 + 15.0


def test_same_pairs_of_segments_as_geos():
    shapely = pytest.importorskip("shapely", reason="a peer of the core")
    rng = np.random.default_rng(4)
    paths = lines_of(*(steps(rng, 200, on_cells=True) for _ in range(40)))
    for on_cells in (True, False):  # on cells many touch at their ends and lie on each other
        roads = lines_of(*(steps(rng, 90, on_cells=on_cells) for _ in range(60)), [[0, 0], [9000, 8000]])
        found = meetings(paths, roads)
        segments = [shapely.linestrings(np.stack((one.start, one.start + one.step), axis=1)) for one in (paths, roads)]
        wanted = shapely.STRtree(segments[1]).query(segments[0], predicate="intersects")
        assert set(zip(found.first, found.second)) == set(zip(*wanted))
        assert found.first.size > 300
        shared = shapely.intersection(segments[0][found.first], segments[1][found.second])
        lengths = (found.high - found.low) * paths.length[found.first]
        np.testing.assert_allclose(lengths, shapely.length(shared), atol=1e-6)
        assert (lengths > 1).any() == on_cells
        for share in (found.low, found.high):
            apart = shapely.distance(shared, shapely.points(paths.place(found.first, share)))
            assert apart.max() < 1e-6


def test_places_on_the_second_lie_on_the_first_too():
    rng = np.random.default_rng(5)
    lines = lines_of(*(steps(rng, 200, on_cells=True) for _ in range(30)))
    found = meetings(lines, lines, ordered=True)
    assert (lines.line[found.first] < lines.line[found.second]).all()
    ends = [lines.place(found.first, one) for one in (found.low, found.high)]
    others = [lines.place(found.second, one) for one in (found.other_low, found.other_high)]
    same = [np.abs(a - b).max(axis=1) < 1e-6 for a in ends for b in others]
    assert ((same[0] & same[3]) | (same[1] & same[2])).all()


def test_straight_vertices_change_nothing():
    dense = np.stack((np.arange(0.0, 300.0, 30.0), np.arange(0.0, 300.0, 30.0)), axis=1) + 500_000.0
    found = lines_of(dense, grid=Grid(9, 9, 499_000.0, 501_000.0))
    assert found.line.size == 1
    np.testing.assert_allclose(found.total, 270 * np.sqrt(2))
    back = lines_of([[0, 0], [5, 0], [2, 0]])  # turns about on itself
    assert back.line.size == 2
    assert back.total[0] == 8


def test_parts_holes_and_points():
    parts = [np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[9.0, 9.0], [9.0, 10.0]])]
    found = polylines([[], parts, [np.array([[1.0, 1.0], [1.0, 1.0]])], [np.array([[np.nan, 0.0], [1.0, 0.0]])]], PLAIN)
    assert found.total.tolist() == [0.0, 6.0, 0.0, 0.0]
    assert found.along.tolist() == [0.0, 5.0]
    at = found.at(np.array([1, 1, 1]), np.array([2.5, 5.0, 6.0]))
    np.testing.assert_allclose(at, [[1.5, 2.0], [9.0, 9.0], [9.0, 10.0]])


def test_map_units_and_origin():
    feet = Grid(9, 9, left=1000.0, top=2000.0, metres_per_unit=0.3048)
    found = lines_of([[1000, 2000], [1100, 2000]], grid=feet)
    np.testing.assert_allclose(found.total, 30.48)
    assert found.start.tolist() == [[0.0, 0.0]]


def test_can_be_cancelled():
    class Stop(Monitor):
        def cancelled(self):
            return True

    rng = np.random.default_rng(6)
    lines = lines_of(*(steps(rng, 50, on_cells=True) for _ in range(9)))
    with pytest.raises(OperationCancelled):
        meetings(lines, lines, monitor=Stop())
