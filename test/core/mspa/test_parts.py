"""The steps of the pattern analysis, each against a plain computation of the same thing."""

import numpy as np
import pytest
from ecosecnet.core.mspa import bits, regions, runs, thinning, window
from scipy import ndimage

STEPS = {
    "w": (0, -1),
    "e": (0, 1),
    "n": (-1, 0),
    "s": (1, 0),
    "nw": (-1, -1),
    "sw": (1, -1),
    "ne": (-1, 1),
    "se": (1, 1),
}
STRUCTURES = {4: ndimage.generate_binary_structure(2, 1), 8: ndimage.generate_binary_structure(2, 2)}


@pytest.mark.parametrize("cols", [1, 63, 64, 65, 128, 200])
def test_packing_keeps_every_cell_and_a_spare_bit(cols):
    mask = np.random.default_rng(cols).random((5, cols)) < 0.5
    words = bits.pack(mask)
    np.testing.assert_array_equal(bits.unpack(words, cols), mask)
    assert words.shape[1] * 64 > cols
    np.testing.assert_array_equal(bits.unpack(bits.invert(words, cols), words.shape[1] * 64)[:, cols:], 0)


@pytest.mark.parametrize("columns", [0, 1, 63, 64, 65, 130, 500, -1, -64, -70, -500])
def test_shift(columns):
    mask = np.random.default_rng(1).random((4, 150)) < 0.5
    moved = bits.unpack(bits.shift(bits.pack(mask), columns), 150)
    expected = np.zeros_like(mask)
    if abs(columns) < 150:
        if columns >= 0:
            expected[:, columns:] = mask[:, : 150 - columns]
        else:
            expected[:, :columns] = mask[:, -columns:]
    np.testing.assert_array_equal(moved, expected)


@pytest.mark.parametrize("reach2", [0, 1, 2, 3, 8, 15, 120, 674, 5000])
@pytest.mark.parametrize("shape", [(1, 90), (40, 7), (60, 140)])
def test_dilation_is_a_threshold_of_the_euclidean_distance(reach2, shape):
    mask = np.random.default_rng(reach2).random(shape) < 0.01
    mask[0, 0] = True
    grown = bits.unpack(bits.dilate(bits.pack(mask), shape[1], reach2), shape[1])
    np.testing.assert_array_equal(grown, np.rint(ndimage.distance_transform_edt(~mask) ** 2) <= reach2)


def masks():
    """Maps of every share and shape, those with the most runs and regions among them."""
    rng = np.random.default_rng(11)
    for shape in ((1, 1), (1, 200), (90, 1), (40, 63), (40, 64), (50, 65), (70, 190)):
        for share in (0.0, 0.03, 0.3, 0.5, 0.6, 0.97, 1.0):
            yield rng.random(shape) < share
        for smooth in (1.0, 4.0):
            yield ndimage.gaussian_filter(rng.standard_normal(shape), smooth) > 0
        rows, cols = np.indices(shape)
        yield (rows + cols) % 2 == 1
        yield np.hypot(rows - shape[0] // 2, cols - shape[1] // 2) % 8 < 4
        yield (rows % 4 == 0) | (cols % 9 == np.where(rows // 4 % 2, 0, 8))


@pytest.mark.parametrize("connectivity", [8, 4])
@pytest.mark.parametrize("way", [regions.Cells, runs.Runs])
def test_regions_are_those_of_labelling(way, connectivity):
    if way is runs.Runs:
        pytest.importorskip("numba")
    rng = np.random.default_rng(5)
    for mask in masks():
        cols = mask.shape[1]
        labels, count = ndimage.label(mask, STRUCTURES[connectivity])
        found = way(bits.pack(mask), cols, connectivity)
        assert found.count == count
        some = np.flatnonzero(rng.random(mask.size) < rng.choice([0.02, 0.5, 1.0]))
        np.testing.assert_array_equal(found.at(some), labels.ravel()[some])
        first = found.first_cells()
        assert first[0] == 0
        np.testing.assert_array_equal(first[1:], [np.flatnonzero(labels == k)[0] for k in range(1, count + 1)])
        flags = np.append(False, rng.random(count) < 0.5)
        np.testing.assert_array_equal(found.paint(flags), bits.pack(flags[labels]))
        words = mask & (rng.random(mask.shape) < 0.05)
        touched = np.zeros(count + 1, bool)
        touched[labels[words]] = True
        np.testing.assert_array_equal(found.touched(bits.pack(words)), touched)
        scratch = found.scratch()
        assert (scratch.dtype, scratch.size) == (np.int32, mask.size)
        assert not scratch.reshape(mask.shape)[~mask].any()


@pytest.mark.parametrize("connectivity", [8, 4])
@pytest.mark.parametrize("accelerate", [False, True])
def test_enclosed_is_what_filling_adds(connectivity, accelerate):
    if accelerate:
        pytest.importorskip("numba")
    mask = np.random.default_rng(3).random((50, 70)) < 0.55
    mask[[0, -1]] = mask[:, [0, -1]] = False
    holes = bits.unpack(regions.enclosed(bits.pack(mask), 70, connectivity, accelerate=accelerate), 70)
    filled = ndimage.binary_fill_holes(mask, STRUCTURES[connectivity])
    np.testing.assert_array_equal(holes, filled & ~mask)


@pytest.mark.parametrize("accelerate", [False, True])
def test_depth_of_nested_rings(accelerate):
    if accelerate:
        pytest.importorskip("numba")
    distance = np.maximum(*np.abs(np.mgrid[-20:21, -20:21]))
    nesting = regions.nest(bits.pack((distance < 19) & (distance % 6 < 3)), 41, 8, accelerate=accelerate)
    # Cores at 18, 12 to 14, 6 to 8 and 0 to 2 cells from the centre, with holes between.
    assert len(nesting.levels) == 3
    for depth, (holes, inside) in enumerate(nesting.levels, 1):
        outer = 18 - 6 * (depth - 1)
        np.testing.assert_array_equal(bits.unpack(holes, 41), (distance < outer) & (distance >= outer - 3))
        np.testing.assert_array_equal(bits.unpack(inside, 41), (distance <= outer - 4) & (distance % 6 < 3))


def windows():
    """All 256 windows without their centre, one in each bit of four words."""
    number = np.arange(256)
    planes = [bits.pack((number >> k & 1).astype(bool)[None])[0] for k in range(8)]
    return number, dict(zip(STEPS, planes))


def regions_at_centre(window, connectivity):
    labels, _ = ndimage.label(window, STRUCTURES[connectivity])
    touching = STRUCTURES[connectivity].copy()
    touching[1, 1] = False
    return len(set(labels[touching & window]))


@pytest.mark.parametrize("connectivity", [8, 4])
def test_simple_cells_by_their_definition(connectivity):
    numbers, planes = windows()
    if connectivity == 4:
        planes = {name: ~plane for name, plane in planes.items()}
    found = bits.unpack(window.is_simple(window.Window(**planes))[None], 256)[0]
    for number in numbers:
        ones, zeros = np.zeros((3, 3), bool), np.zeros((3, 3), bool)
        for k, (row, col) in enumerate(STEPS.values()):
            (ones if number >> k & 1 else zeros)[1 + row, 1 + col] = True
        one_each = regions_at_centre(ones, connectivity) == 1 and regions_at_centre(zeros, 12 - connectivity) == 1
        assert found[number] == one_each
    assert found.sum() == 116


@pytest.mark.parametrize("connectivity", [8, 4])
@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
@pytest.mark.parametrize("accelerate", [False, True])
def test_thinning_keeps_the_topology_and_nothing_more_can_go(connectivity, share, accelerate):
    if accelerate:
        pytest.importorskip("numba")
    rng = np.random.default_rng(4)
    body = np.zeros((80, 100), bool)
    body[2:-2, 2:-2] = rng.random((76, 96)) < share
    anchors = body & (rng.random(body.shape) < 0.02)
    labels, _ = ndimage.label(body, STRUCTURES[connectivity])
    body &= np.isin(labels, np.unique(labels[anchors]))
    thin = bits.unpack(
        thinning.thin(bits.pack(body), bits.pack(anchors), connectivity, accelerate=accelerate), 100
    ).astype(bool)
    assert (thin >= anchors).all()
    assert (thin <= body).all()
    for mask, structure in ((lambda m: m, STRUCTURES[connectivity]), (lambda m: ~m, STRUCTURES[12 - connectivity])):
        # Each region before holds exactly one region after, or the other way round for the background.
        before, count = ndimage.label(mask(body), structure)
        after, count_after = ndimage.label(mask(thin), structure)
        assert count == count_after
        both = mask(body) & mask(thin)
        assert len(set(zip(before[both], after[both]))) == count
    assert thin.sum() < body.sum()


@pytest.mark.parametrize("connectivity", [8, 4])
def test_numba_thins_to_the_same_cells(connectivity):
    pytest.importorskip("numba")
    rows, cols = np.mgrid[-200:200, -230:230]
    # Without anchors but at one end, the arm goes in a round for each cell of its length.
    arm = (np.hypot(rows, cols) + 10 / np.pi * np.arctan2(rows, cols)) % 20 < 10
    bodies = [arm, *(mask for mask in masks() if min(mask.shape) > 4)]
    for body in bodies:
        words = bits.clear_border(bits.pack(body), body.shape[1], 2)
        anchors = bits.pack(body & (np.random.default_rng(6).random(body.shape) < (1e-4 if body is arm else 0.02)))
        plain = thinning.thin(words, words & anchors, connectivity)
        np.testing.assert_array_equal(thinning.thin(words, words & anchors, connectivity, accelerate=True), plain)


@pytest.mark.parametrize("connectivity", [8, 4])
@pytest.mark.parametrize("share", [0.6, 0.8, 0.95])
def test_going_on_cell_by_cell_gives_the_same(connectivity, share, monkeypatch):
    rng = np.random.default_rng(8)
    body = np.zeros((90, 150), bool)
    body[2:-2, 2:-2] = rng.random((86, 146)) < share
    anchors = bits.pack(body & (rng.random(body.shape) < 0.01))
    whole = thinning.thin(bits.pack(body), anchors, connectivity)
    for start in (-1, 2):
        monkeypatch.setattr(thinning, "_MANY_ROUNDS", start)
        monkeypatch.setattr(thinning, "_FEW_WORDS", 10**9)
        np.testing.assert_array_equal(thinning.thin(bits.pack(body), anchors, connectivity), whole)


def test_an_accelerator_that_cannot_start_is_left_alone(monkeypatch):
    from ecosecnet.core import accelerators

    monkeypatch.setattr(accelerators.importlib.util, "find_spec", lambda name: object())
    assert accelerators.numba_works(lambda: None)
    for error in (ImportError("numpy is too new"), RuntimeError("no folder to cache in")):

        def fail(error=error):
            raise error

        assert not accelerators.numba_works(fail)
    monkeypatch.setattr(accelerators.importlib.util, "find_spec", lambda name: None)
    assert not accelerators.numba_works(lambda: None)
