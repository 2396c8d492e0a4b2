"""Cells of roads: touched by the line, 4-connected, and closed to paths over 8 neighbours."""

import numpy as np
import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.grid import Grid
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.resistance.roads import read_class_scores, road_cells, score_roads
from scipy import ndimage

GRID = Grid(40, 60, left=500.0, top=900.0, dx=30.0, dy=30.0)
FOUR = ndimage.generate_binary_structure(2, 1)


class Log(Monitor):
    def __init__(self):
        self.warnings = []

    def warn(self, text):
        self.warnings.append(text)


def line(*places, grid=GRID):
    """Vertices given in columns and rows."""
    return np.array([(grid.left + grid.dx * col, grid.top - grid.dy * row) for col, row in places])


def mask(lines, grid=GRID):
    return road_cells(lines, [9.0] * len(lines), grid).rows(0, grid.rows) > 0


def overlap(start, end, row, col):
    """Length, as a share of the segment, that lies in a closed cell, by clipping (Liang and Barsky); -1 for none."""
    (x0, y0), (x1, y1) = start, end
    low, high = 0.0, 1.0
    for p, q in ((x0 - x1, x0 - col), (x1 - x0, col + 1 - x0), (y0 - y1, y0 - row), (y1 - y0, row + 1 - y0)):
        if p == 0.0:
            if q < 0.0:
                return -1.0
        elif p < 0.0:
            low = max(low, q / p)
        else:
            high = min(high, q / p)
    return high - low


@pytest.mark.parametrize("seed", range(20))
def test_cells_are_those_that_the_line_touches(seed):
    ends = np.random.default_rng(seed).uniform((-5, -5), (65, 45), (2, 2))
    found = mask([line(*ends)])
    shares = np.array([[overlap(*ends, row, col) for col in range(60)] for row in range(40)])
    assert (found == (shares >= 0.0)).all()


@pytest.mark.parametrize("seed", range(10))
def test_lines_are_connected_over_edges_also_through_corners(seed):
    rng = np.random.default_rng(seed)
    halves = rng.integers(0, (120, 80), (12, 2)) / 2.0  # many segments run through corners and along edges
    found = mask([line(*halves)])
    assert ndimage.label(found, FOUR)[1] == 1


def test_a_diagonal_is_as_closed_as_a_straight_line():
    """Step cost is the mean of two cells times the distance: over the road (1 + R) / 2 twice, once to each side."""
    for ends in (((0, 0), (40, 40)), ((0, 40), (40, 0)), ((20, 0), (20, 40)), ((0, 13), (40, 31))):
        square = Grid(40, 40)
        least = road_cells([line(*ends, grid=square)], [1e4], square).rows(0, 40)
        ground = np.maximum(1.0, least)
        free, count = ndimage.label(least == 0, np.ones((3, 3)))
        assert count == 2
        graph = CostGraph(ground, cell_size=1.0)
        assert graph.cost_from(free == 1)[free == 2].min() >= 1e4 + 1


def test_crossing_a_road_costs_its_resistance_for_a_cell():
    grid = Grid(9, 21, dx=30.0, dy=30.0)
    least = road_cells([line((10.5, 0), (10.5, 9), grid=grid)], [100.0], grid).rows(0, 9)
    start = np.zeros(grid.shape, dtype=bool)
    start[4, 0] = True
    cost = CostGraph(np.maximum(1.0, least), cell_size=30.0).cost_from(start)
    assert cost[4, 20] == pytest.approx(30.0 * (18 + 101))


def test_the_most_resistant_road_counts_and_bands_join():
    lines = [line((0, 5.5), (60, 5.5)), line((30.5, 0), (30.5, 40)), line((0, 20.5), (60, 20.5))]
    found = road_cells(lines, [100.0, 50.0, 0.0], GRID)
    whole = found.rows(0, 40)
    assert (whole[5] == 100).all()
    assert (np.delete(whole[:, 30], 5) == 50).all()
    assert np.count_nonzero(whole) == 60 + 39
    np.testing.assert_array_equal(np.concatenate([found.rows(0, 7), found.rows(7, 20), found.rows(27, 13)]), whole)


def test_lines_beyond_the_grid_and_points_of_a_line_that_are_one():
    assert not mask([line((-9, -9), (-2, 50)), line((70, 3), (90, 3))]).any()
    found = mask([line((-9, 3.5), (5.5, 3.5), (5.5, 3.5))])
    assert np.argwhere(found).tolist() == [[3, col] for col in range(6)]
    assert not mask([]).any()


def test_many_segments_are_as_few(monkeypatch):
    from ecosecnet.core.resistance import roads

    lines = [line(*np.random.default_rng(3).uniform(0, 40, (30, 2))), line((0, 0), (60, 40))]
    wanted = road_cells(lines, [3.0, 7.0], GRID).rows(0, 40)
    monkeypatch.setattr(roads, "_SEGMENTS", 4)
    np.testing.assert_array_equal(road_cells(lines, [3.0, 7.0], GRID).rows(0, 40), wanted)


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("motorway=100; trunk=50", {"motorway": 100, "trunk": 50}),
        ("高速公路＝100；省道：30.5", {"高速公路": 100, "省道": 30.5}),
        ("1 = 100, 2.5", {"1": 100, "": 2.5}),
        ("40", {"": 40}),
    ],
)
def test_scores_as_people_write_them(text, scores):
    assert read_class_scores(text) == scores


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Road scores: there is none"),
        ("motorway", "all others: 'motorway' is not a number"),
        ("motorway=0", "class 'motorway' has '0'"),
        ("motorway=", "class 'motorway' has ''"),
        ("=5", "names no class"),
        ("trunk=5; Trunk=6", "two for class 'Trunk'"),
        ("5; 6", "two for all others"),
    ],
)
def test_scores_that_cannot_be_read(text, words):
    with pytest.raises(InputError, match=words):
        read_class_scores(text)


def test_classes_without_a_score_are_said():
    log = Log()
    scores = {"motorway": 100.0, "2": 50.0, "rail": 9.0}
    assert score_roads(["Motorway ", 2, 2.0, "path", None], scores, monitor=log).tolist() == [100, 50, 50, 0, 0]
    assert log.warnings == [
        "Roads without a score resist as the land they run through: path (1), without a class (1).",
        "There is no road of class rail.",
    ]
    log = Log()
    assert score_roads(["path", None], {"": 7.0}, monitor=log).tolist() == [7, 7]
    assert not log.warnings
    with pytest.raises(InputError, match=r"a score \(motorway\). The roads are: path \(2\)"):
        score_roads(["path", "path"], {"motorway": 5.0})
