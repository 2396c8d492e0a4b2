"""Length, width, link, edge and overlap of key areas: counted by hand, and against shapely."""

import numpy as np
import pytest
from ecosecnet.core.keyareas.measures import hectares_in, near_edge, shares_by_grade
from ecosecnet.core.keyareas.measures import measure_areas as measured
from scipy import ndimage


def picture(*rows):
    return np.array([[int(cell) for cell in row] for row in rows])


def measure_areas(labels, lines=(), *, cell):
    return measured(labels, lines, valid=np.ones(labels.shape, dtype=bool), cell=cell)


def centres(*cells):
    return np.array(cells, dtype=np.float64) + 0.5


def test_sides_are_those_of_the_smallest_rectangle():
    labels = picture(
        "1110200",
        "1110020",
        "0000002",
        "3000000",
        "3330000",
    )
    found = measure_areas(labels, cell=(10.0, 10.0))
    # 2: three cells along a diagonal, in a rectangle of 4 half-diagonals and 1 diagonal; 3: an L, upright
    half = 10.0 / np.sqrt(2.0)
    np.testing.assert_allclose(found.length, [30, 6 * half, 30])
    np.testing.assert_allclose(found.width, [20, 2 * half, 20])
    assert found.link.tolist() == [-1, -1, -1]


def test_of_equally_small_rectangles_the_longest_counts():
    found = measure_areas(picture("10", "01"), cell=(10.0, 10.0))
    np.testing.assert_allclose([found.length[0], found.width[0]], [20 * np.sqrt(2.0), 10 * np.sqrt(2.0)])


def test_cells_that_are_not_square():
    found = measure_areas(picture("10", "11"), cell=(10.0, 30.0))
    np.testing.assert_allclose([found.length[0], found.width[0]], [60, 20])


def test_the_link_with_the_longest_part_inside():
    labels = picture("1110", "0010", "0022")
    across, down = centres((0, 0), (0, 3)), centres((0, 2), (2, 2))
    # area 1 holds 2.5 cells of `across` and 1.5 of `down`; area 2 half a cell of `down`
    found = measure_areas(labels, [[across], [down]], cell=(10.0, 10.0))
    assert found.link.tolist() == [0, 1]
    swapped = measure_areas(labels, [[down], [across]], cell=(10.0, 10.0))
    assert swapped.link.tolist() == [1, 0]


def test_where_paths_run_together_the_order_of_the_links_does_not_matter():
    labels = np.zeros((12, 12), dtype=int)
    labels[0, 2:5] = 1  # on the part that both have
    labels[2, 2:4] = 2  # beside it
    short, long = centres((0, 0), (0, 6)), centres((0, 0), (0, 6), (11, 11))
    assert measure_areas(labels, [[short], [long]], cell=(10.0, 10.0)).link.tolist() == [0, 0]
    assert measure_areas(labels, [[long], [short]], cell=(10.0, 10.0)).link.tolist() == [1, 1]


def test_parts_of_a_line_count_together_and_equal_lengths_take_the_first():
    labels = picture("11111")
    whole, parts = [centres((0, 1), (0, 3))], [centres((0, 0), (0, 1)), centres((0, 3), (0, 4))]
    rounded = [whole[0] + 3e-10]
    assert measure_areas(labels, [whole, parts], cell=(1.0, 1.0)).link.tolist() == [0]
    assert measure_areas(labels, [parts, whole], cell=(1.0, 1.0)).link.tolist() == [0]
    assert measure_areas(labels, [whole, rounded], cell=(1.0, 1.0)).link.tolist() == [0]


def test_a_line_that_touches_a_corner_does_not_lie_inside():
    labels = picture("100", "000", "000")
    corner = np.array([[2.0, 0.0], [0.0, 2.0]])
    inside = centres((0, 0), (1, 0))
    assert measure_areas(labels, [[corner], [inside]], cell=(1.0, 1.0)).link.tolist() == [1]


def test_an_area_off_all_lines_takes_the_nearest():
    labels = picture("1000", "0000", "0000", "0002")
    lines = [[centres((0, 3), (1, 3))], [centres((2, 0), (2, 1))], []]
    found = measure_areas(labels, lines, cell=(1.0, 1.0))
    assert found.link.tolist() == [1, 0]
    far = measure_areas(labels, [[centres((0, 3), (0, 9))], [centres((-4, 0), (-2, 0))]], cell=(1.0, 1.0))
    assert far.link.tolist() == [1, 0]
    assert measure_areas(labels, [[]], cell=(1.0, 1.0)).link.tolist() == [-1, -1]


@pytest.mark.parametrize("seed", range(5))
def test_equals_shapely(seed):
    shapely = pytest.importorskip("shapely")
    rng = np.random.default_rng(seed)
    labels, count = ndimage.label(ndimage.gaussian_filter(rng.normal(size=(40, 50)), 1.5) > 0.15, np.ones((3, 3)))
    lines = [[rng.uniform(-5, 55, size=(6, 2)), rng.uniform(0, 40, size=(3, 2))] for _ in range(6)]
    found = measure_areas(labels, lines, cell=(2.0, 3.0))
    size = np.array([2.0, 3.0])
    drawn = [shapely.MultiLineString([part * size for part in parts]) for parts in lines]
    for k in range(count):
        area = shapely.union_all(
            [shapely.box(2 * r, 3 * c, 2 * r + 2, 3 * c + 3) for r, c in np.argwhere(labels == k + 1)]
        )
        box = area.minimum_rotated_rectangle
        assert found.length[k] * found.width[k] == pytest.approx(box.area)
        inside = [line.intersection(area).length for line in drawn]
        if max(inside) > 0:
            assert found.link[k] == np.argmax(inside)
        else:
            away = [line.distance(area) for line in drawn]
            assert away[found.link[k]] <= min(away) + np.hypot(*size)


def test_hectares_inside_a_mask():
    labels = picture("1103", "1002")
    mask = picture("1100", "0110").astype(bool)
    assert hectares_in(labels, mask, 0.25).tolist() == [0.5, 0.0, 0.0]


def test_the_edge_is_that_of_the_map_not_of_a_lake():
    valid = np.ones((15, 17), dtype=bool)
    valid[:, :3] = valid[7, 9] = False
    near = near_edge(valid, 2)
    inner = np.zeros_like(valid)
    inner[2:13, 5:15] = True
    np.testing.assert_array_equal(near, valid & ~inner)


def test_the_edge_is_counted_in_whole_cells_as_dilation_does():
    rng = np.random.default_rng(3)
    valid = ndimage.gaussian_filter(rng.normal(size=(60, 70)), 4.0) > -0.05
    outside = np.pad(~valid, 1, constant_values=True)
    labels, _ = ndimage.label(outside, np.ones((3, 3)))
    grown = ndimage.binary_dilation(labels == labels[0, 0], np.ones((3, 3)), iterations=3)[1:-1, 1:-1]
    np.testing.assert_array_equal(near_edge(valid, 3), grown & valid)


def test_what_lies_near_the_edge():
    labels = np.zeros((20, 20), dtype=np.int32)
    labels[10, 3:9], labels[10, 12] = 1, 2
    valid = np.ones(labels.shape, dtype=bool)
    found = measured(labels, valid=valid, cell=(100.0, 50.0))
    # columns 3 and 4 of the first are among the five next to the border
    assert found.edge_ha.tolist() == [1.0, 0.0]
    assert (found.edge_share, found.data_edge_share) == (2 / 7, 0.75)
    assert not found.at_edge
    assert found.describe_edge("barriers") == (
        "29 % of the area of the barriers lie within 5 cells of the edge of the data, where 75 % of the data lie."
    )
    valid[:, :2] = False
    assert measured(labels, valid=valid, cell=(100.0, 50.0)).edge_ha.tolist() == [2.0, 0.0]


def test_areas_that_crowd_along_the_edge():
    labels = np.zeros((100, 100), dtype=np.int32)
    labels[0:4, 20:30], labels[50, 40:50] = 1, 2
    found = measured(labels, valid=labels >= 0, cell=(100.0, 100.0))
    assert (found.edge_share, found.data_edge_share) == (0.8, pytest.approx(0.19))
    assert found.at_edge
    assert "80 % of the area of the pinch points lie" in found.describe_edge("pinch points")
    assert "Run again on data that reach beyond" in found.describe_edge("pinch points")


def test_shares_by_grade():
    area, link = np.array([4.0, 3.0, 2.0, 1.0]), np.array([0, 3, 3, -1])
    found = shares_by_grade(area, link, np.array([1, 2, 3, 2]))
    assert found.grade.tolist() == [1, 2, 3]
    assert found.count.tolist() == [1, 2, 0]
    assert found.area_ha.tolist() == [4.0, 5.0, 0.0]
    assert found.count_share.tolist() == [0.25, 0.5, 0.0]
    assert found.area_share.tolist() == [0.4, 0.5, 0.0]
    assert found.within(1, 2) == (3, 9.0, 0.75, 0.9)
    assert found.within(3, 3) == (0, 0.0, 0.0, 0.0)
    empty = shares_by_grade(np.empty(0), np.empty(0, dtype=int), np.array([1, 2]))
    assert empty.area_share.tolist() == [0.0, 0.0]
