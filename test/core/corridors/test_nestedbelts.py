"""Belts of several widths: distances against GEOS, sums, and a current whose shape is known."""

import numpy as np
import pytest
from ecosecnet.core.corridors import LEFT_OUT, Belt, level_off, nested_belts, read_widths
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.grid import Grid
from ecosecnet.core.monitor import Monitor

GRID = Grid(80, 120, left=500_000.0, top=2_900_000.0, dx=30.0, dy=30.0)
WIDTHS = [30.0, 70.0, 130.0, 400.0]


def line(*points):
    return [np.array([(GRID.left + x, GRID.top - y) for x, y in points], dtype=float)]


def belts(paths, classes=None, *, grid=GRID, widths=WIDTHS, count=1, **more):
    classes = np.zeros(grid.shape, dtype=np.int16) if classes is None else classes
    return nested_belts(paths, classes, grid=grid, widths=widths, count=count, **more)


WINDING = line((400, 900), (1200, 800), (1210, 1400), (1800, 600), (1800, 605), (3300, 2100))


def centres(grid):
    rows, cols = np.indices(grid.shape)
    return grid.left + (cols + 0.5) * grid.dx, grid.top - (rows + 0.5) * grid.dy


def test_cells_are_those_within_the_exact_distance_to_the_line():
    shapely = pytest.importorskip("shapely", reason="a peer of the core")
    apart = shapely.distance(shapely.linestrings(WINDING[0]), shapely.points(*centres(GRID)))
    found = belts([WINDING]).whole
    assert found.cells[:, 0].tolist() == [np.count_nonzero(apart <= width / 2) for width in WIDTHS]
    assert not found.off_grid.any()


def test_area_is_that_of_the_buffer():
    """Length times width and a circle: what a fine grid must come to."""
    fine = Grid(800, 1200, GRID.left, GRID.top, 3.0, 3.0)
    found = belts([line((500, 500), (2000, 1600))], grid=fine, widths=[100.0, 400.0]).whole
    length = np.hypot(1500, 1100)
    wanted = [width * length + np.pi * width**2 / 4 for width in (100.0, 400.0)]
    np.testing.assert_allclose(found.cells[:, 0] * 9.0, wanted, rtol=2e-3)


@pytest.mark.parametrize("path", [line((15, 1215), (3585, 1215)), line((1815, 15), (1815, 2385))])
def test_centres_on_the_edge_count_on_one_side(path):
    """Widths of a whole number of cells around a path along cell centres have that area, whichever way it runs."""
    found = belts([path], widths=[60.0, 120.0]).whole
    along = np.abs(path[0][1] - path[0][0]).max() / 30.0
    assert found.cells[:, 0] + found.off_grid == pytest.approx([2 * along, 4 * along], abs=14)


def test_rings_sum_to_belts_and_classes_to_the_area():
    rng = np.random.default_rng(1)
    classes = rng.integers(-1, 5, GRID.shape).astype(np.int16)
    paths = [WINDING, line((100, 2300), (3500, 100)), line((-500, 1200), (4000, 1250))]
    found = belts(paths, classes, count=5)
    plain = belts(paths)
    for one, other in zip([found.whole, *found.paths], [plain.whole, *plain.paths]):
        np.testing.assert_array_equal(one.cells.sum(axis=1) + one.no_class, other.cells[:, 0])
        np.testing.assert_array_equal(one.off_grid, other.off_grid)
        assert (np.diff(one.cells, axis=0) >= 0).all()
    assert found.whole.no_class[-1] > 0
    assert found.whole.off_grid[-1] > 0


def test_a_belt_alone_is_as_among_others():
    paths = [WINDING, line((100, 2300), (3500, 100))]
    rng = np.random.default_rng(2)
    classes, current = rng.integers(0, 3, GRID.shape), rng.random(GRID.shape)
    together = belts(paths, classes, count=3, current=current)
    for path, one in zip(paths, together.paths):
        alone = belts([path], classes, count=3, current=current)
        for name in ("cells", "no_class", "off_grid", "current", "flowing"):
            np.testing.assert_array_equal(getattr(one, name), getattr(alone.paths[0], name))
            np.testing.assert_array_equal(getattr(alone.whole, name), getattr(alone.paths[0], name))
    for k, width in enumerate(WIDTHS):
        single = belts(paths, classes, count=3, widths=[width]).whole
        np.testing.assert_array_equal(single.cells[0], together.whole.cells[k])


def test_cells_near_several_paths_count_once():
    found = belts([WINDING, WINDING, WINDING[::1]])
    np.testing.assert_array_equal(found.whole.cells, found.paths[0].cells)
    crossing = belts([line((500, 1200), (3000, 1200)), line((1700, 300), (1700, 2000))])
    sums = sum(one.cells for one in crossing.paths)
    assert (crossing.whole.cells < sums).all()


def test_what_lies_off_the_grid_is_known():
    """A path half on the grid: as many cells are lost as are there."""
    path = line((-1500, 1200), (1500, 1200))
    found = belts([path], widths=[100.0, 500.0]).whole
    np.testing.assert_allclose(found.off_grid, found.cells[:, 0], rtol=0.02)
    beside = belts([line((100, -40), (3000, -40))], widths=[50.0, 200.0]).whole
    assert beside.cells[0, 0] == 0
    assert beside.cells[1, 0] > 0


def test_cells_left_out_are_nowhere():
    classes = np.zeros(GRID.shape, dtype=np.int16)
    classes[:, 60:] = LEFT_OUT
    found, plain = belts([WINDING], classes).whole, belts([WINDING]).whole
    assert (found.cells < plain.cells).all()
    assert not found.no_class.any()
    assert not found.off_grid.any()


def test_current_is_summed_where_it_flows():
    current = np.full(GRID.shape, np.nan)
    current[30:50] = 2.0
    current[0, 0] = 99.0
    found = belts([line((100, 1200), (3500, 1200))], widths=[60.0, 300.0, 2000.0], current=current).whole
    np.testing.assert_allclose(found.current, 2.0 * found.flowing)
    np.testing.assert_allclose(found.mean_current, 2.0)
    assert found.flowing[0] == found.cells[0]
    assert found.flowing[2] < found.cells[2]
    assert np.isnan(belts([WINDING]).whole.mean_current).all()


# where current levels off ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decay", [40.0, 90.0, 200.0])
@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_levels_off_where_an_exponential_does(decay, share):
    """Current falls off from a straight path as exp(-d / decay): the mean of a ring is known."""
    fine = Grid(1200, 60, dx=2.0, dy=2.0, top=2400.0)
    path = [np.array([(-3000.0, 1200.0), (3120.0, 1200.0)])]
    y = 2400.0 - (np.arange(1200) + 0.5) * 2.0
    current = np.repeat(np.exp(-np.abs(y - 1200.0) / decay)[:, None], 60, axis=1)
    widths = np.arange(40.0, 2400.0, 40.0)
    found = nested_belts(
        [path], np.zeros(fine.shape, dtype=np.int16), grid=fine, widths=widths[:50], count=1, current=current
    )
    inner, outer = widths / 2 - 20.0, widths / 2
    ring = decay * (np.exp(-inner / decay) - np.exp(-outer / decay)) / 20.0
    wanted = widths[np.flatnonzero(ring < share * ring[0])[0] - 1]
    assert level_off(found.whole, widths[:50], share) == wanted
    # near where the current by area is that share of the one in the middle
    assert abs(wanted / 2 - (inner[1] / 2 + decay * np.log(1 / share))) < 40.0


def belt_of(cells, current):
    cells, none = np.array(cells)[:, None], np.zeros(len(cells), dtype=np.int64)
    return Belt(cells, none, none, np.array(current, dtype=float)[:, None], cells)


@pytest.mark.parametrize(
    ("cells", "current", "width"),
    [
        ([10, 20, 40], [10, 20, 40], np.nan),  # the same everywhere
        ([10, 20, 40], [10, 10, 10], 30),  # all of it in the narrowest
        ([10, 20, 40], [10, 15, 16], 60),
        ([10, 10, 40], [10, 10, 10], 30),  # the second ring has no cell
        ([0, 10, 40], [0, 10, 10], 60),  # nor has the first
        ([10, 20, 40], [0, 0, 0], np.nan),
        ([0, 0, 0], [0, 0, 0], np.nan),
    ],
)
def test_level_off_by_hand(cells, current, width):
    found = level_off(belt_of(cells, current), [30, 60, 120], 0.1)
    assert found == width or (np.isnan(found) and np.isnan(width))


# refusals --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "There is no width"),
        ("30, wide", "number 2: 'wide' is not a number"),
        ("30, 0", "0 is not above 0"),
        ("60, 30, 60", "60 is given twice"),
        ("5, 10", "All widths are narrower than a cell of 30 m .the widest is 10 m."),
        (", ".join(map(str, range(30, 90))), "There are 60 widths; give 50 at most"),
    ],
)
def test_widths_that_are_none(text, message):
    with pytest.raises(InputError, match=message):
        read_widths(text, 30.0)


def test_refuses_a_path_without_length():
    with pytest.raises(InputError, match="Link number 2 has no path"):
        belts([WINDING, line((5, 5), (5, 5))])


def test_can_be_cancelled():
    class Stop(Monitor):
        def cancelled(self):
            return True

    with pytest.raises(OperationCancelled):
        belts([WINDING], monitor=Stop())
