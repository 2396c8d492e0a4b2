"""The pattern analysis against the JRC's own program, on maps that hypothesis draws."""

import numpy as np
import pytest
from ecosecnet.core.mspa import mspa, segmentation

hypothesis = pytest.importorskip("hypothesis")
peer = pytest.importorskip("pyguidos._mspa._mspa")
given, settings, strategies = hypothesis.given, hypothesis.settings, hypothesis.strategies

from hypothesis.extra import numpy as arrays  # noqa: E402


@pytest.fixture(scope="module", params=["numpy", "numba"], autouse=True)
def engine(request):
    if request.param == "numba":
        pytest.importorskip("numba")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segmentation, "_faster", lambda cells, reach: request.param == "numba")
        yield request.param


parameters = {
    "connectivity": strategies.sampled_from([8, 4]),
    "edge_width": strategies.integers(1, 10),
    "intext": strategies.booleans(),
}


def assert_same(cells, connectivity, edge_width, intext):
    expected, _ = peer.mspa(np.ascontiguousarray(cells, np.uint8), float(edge_width), connectivity, 1, int(intext))
    found = mspa(cells, connectivity=connectivity, edge_width=edge_width, intext=intext)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("missing", [False, True])
def test_a_map_without_foreground(missing):
    cells = np.ones((20, 30), np.uint8)
    if missing:
        cells[5:9, 11] = 0
    for connectivity in (8, 4):
        assert_same(cells, connectivity, 1, True)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    cells=arrays.arrays(
        np.uint8,
        strategies.tuples(strategies.integers(1, 40), strategies.integers(1, 40)),
        elements=strategies.integers(0, 2),
        fill=strategies.sampled_from([1, 2]),
    ),
    **parameters,
)
def test_drawn_cells(cells, connectivity, edge_width, intext):
    assert_same(cells, connectivity, edge_width, intext)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    shape=strategies.tuples(strategies.integers(1, 150), strategies.integers(1, 150)),
    seed=strategies.integers(0, 2**32 - 1),
    share=strategies.floats(0.2, 0.98),
    smooth=strategies.floats(0.0, 4.0),
    speckle=strategies.sampled_from([0.0, 0.0, 0.02, 0.2]),
    missing=strategies.sampled_from([0.0, 0.0, 0.01, 0.1, 0.4]),
    **parameters,
)
def test_drawn_landscapes(shape, seed, share, smooth, speckle, missing, connectivity, edge_width, intext):
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    surface = ndimage.gaussian_filter(rng.standard_normal(shape), smooth)
    forest = surface > np.quantile(surface, 1 - share)
    forest ^= rng.random(shape) < speckle
    cells = np.where(forest, 2, 1)
    clouds = ndimage.gaussian_filter(rng.random(shape), smooth / 2)
    if missing:
        cells[clouds < np.quantile(clouds, missing)] = 0
    assert_same(cells, connectivity, edge_width, intext)


@pytest.mark.parametrize("turn", [np.flipud, np.transpose])
def test_turned_maps_differ_in_a_few_cells_as_those_of_the_program_do(turn):
    from scipy import ndimage

    surface = ndimage.gaussian_filter(np.random.default_rng(1).standard_normal((300, 360)), 1.0)
    cells = np.where(surface > np.quantile(surface, 0.25), 2, 1).astype(np.uint8)
    straight, turned = (peer.mspa(np.ascontiguousarray(one), 1.0, 4, 1, 1)[0] for one in (cells, turn(cells)))
    assert 0 < np.count_nonzero(turn(straight) != turned) < 1e-3 * cells.size
    np.testing.assert_array_equal(mspa(turn(cells), connectivity=4), turned)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    left=arrays.arrays(np.uint8, (5, 6), elements=strategies.integers(1, 2)),
    right=arrays.arrays(np.uint8, (3, 6), elements=strategies.integers(1, 2)),
    turn=strategies.integers(0, 3),
    connectivity=parameters["connectivity"],
)
def test_side_branches_that_shrink_in_a_race(left, right, turn, connectivity):
    # A line between two cores, bent so that either of two cells can hold it together. Which one goes depends on the
    # round in which the branches on both sides have shrunk away: a difference of one round shows.
    line = [
        "........###.",
        "..........#.",
        ".........#..",
        "........##..",
        ".........#..",
        "..........#.",
        ".........#..",
    ]
    line += ["........#...", ".........###"]
    cells = np.array([[".#".index(sign) + 1 for sign in row] for row in line], np.uint8)
    cells = np.pad(np.pad(cells, ((6, 4), (0, 0)), mode="edge"), ((0, 0), (6, 12)), constant_values=1)
    cells[7:12, 8:14] = left
    cells[8:11, 16:22] = right
    assert_same(np.rot90(cells, turn), connectivity, 1, False)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    above=arrays.arrays(np.uint8, (4, 9), elements=strategies.integers(1, 2)),
    below=arrays.arrays(np.uint8, (3, 9), elements=strategies.integers(1, 2)),
    turn=strategies.integers(0, 3),
    connectivity=parameters["connectivity"],
)
def test_a_line_with_a_block_that_branches_grow_from(above, below, turn, connectivity):
    # Another race, for 4-connectivity: the block of 2 x 3 cells goes only if its middle goes first.
    cells = np.ones((22, 26), np.uint8)
    cells[4:18, :6] = cells[4:18, -6:] = 2
    cells[10, 4:22] = cells[11, 11:14] = 2
    cells[6:10, 8:17] = above
    cells[12:15, 8:17] = below
    assert_same(np.rot90(cells, turn), connectivity, 1, False)


@pytest.mark.parametrize("connectivity", [8, 4])
@pytest.mark.parametrize("edge_width", [1, 2, 5, 15, 26, 34])
def test_shapes_at_their_worst(connectivity, edge_width):
    rows, cols = np.mgrid[-60:60, -75:75]
    ring = np.hypot(rows, cols)
    shapes = {
        "checkerboard": (rows + cols) % 2,
        "fine checkerboard with blocks": ((rows + cols) % 2) | ((rows // 20 + cols // 20) % 2),
        "stripes": rows % 3 > 0,
        "lattice": (rows % 7 > 0) & (cols % 7 > 0),
        "rings": ring % 16 < 9,
        "spiral": (ring + 8 * np.arctan2(rows, cols) / np.pi) % 16 < 8,
        "nested squares": np.maximum(abs(rows), abs(cols)) % 14 < 8,
        "single gaps": (rows % 9 > 0) | (cols % 11 == 5),
    }
    for shape in shapes.values():
        assert_same(np.where(shape, 2, 1), connectivity, edge_width, True)


@pytest.mark.slow
@pytest.mark.parametrize("edge_width", [1, 3, 10, 50])
@pytest.mark.parametrize("connectivity", [8, 4])
def test_large_fractal(connectivity, edge_width):
    rng = np.random.default_rng(edge_width)
    waves = np.hypot(np.fft.fftfreq(1500)[:, None], np.fft.rfftfreq(1500)[None])
    waves[0, 0] = 1.0
    for rough in (1.5, 2.2, 3.0):
        surface = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((1500, 1500))) * waves ** (-rough / 2), s=(1500, 1500))
        assert_same(np.where(surface > 0, 2, 1), connectivity, edge_width, True)
