"""The pattern analysis against the reference set, hand-known maps and what must hold on any map."""

import json

import numpy as np
import pytest
from conftest import REFERENCE
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.mspa import (
    CODES,
    bytes_per_cell,
    class_colour,
    compiled,
    mspa,
    regions,
    segmentation,
    seven_classes,
)

MSPA = REFERENCE / "mspa"
CHOOSE = segmentation._faster


@pytest.fixture(scope="module", params=["numpy", "numba"], autouse=True)
def engine(request):
    if request.param == "numba":
        pytest.importorskip("numba")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segmentation, "_faster", lambda cells, reach: request.param == "numba")
        yield request.param


def grid(text):
    """A map drawn with # foreground, . background, ? missing."""
    return np.array([["?.#".index(sign) for sign in row] for row in text.split()], np.uint8)


def codes(text):
    """Codes drawn as numbers."""
    return np.array([[int(value) for value in row.split()] for row in text.strip().splitlines()])


def read(path):
    if path.suffix == ".csv":
        return np.loadtxt(path, delimiter=",", dtype=np.uint8, ndmin=2)
    try:
        from osgeo import gdal

        return gdal.Open(str(path)).ReadAsArray()
    except ImportError:
        return pytest.importorskip("rasterio").open(path).read(1)


def cases():
    manifest = MSPA / "manifest.json"
    return json.loads(manifest.read_text()) if manifest.exists() else []


def fractal(shape, seed, share=0.5, rough=2.2):
    """A random map in which near cells are alike."""
    rng = np.random.default_rng(seed)
    waves = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None])
    waves[0, 0] = 1.0
    surface = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(shape)) * waves ** (-rough / 2), s=shape)
    return np.where(surface > np.quantile(surface, 1 - share), 2, 1).astype(np.uint8)


@pytest.mark.skipif(not cases(), reason="the reference set is not beside the checkout")
@pytest.mark.parametrize("case", cases(), ids=[case["expected"].split("/")[-1] for case in cases()] or None)
def test_equals_guidostoolbox_cell_for_cell(case):
    given = case["params"]
    found = mspa(
        read(MSPA / case["input"]),
        connectivity=given["fg_conn"],
        edge_width=given["edge_width"],
        intext=bool(given["intext"]),
    )
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, read(MSPA / case["expected"]))


def test_square_with_a_hole():
    forest = np.ones((11, 11), int)
    forest[1:10, 1:10] = 2
    forest[5, 5] = 1
    found = mspa(forest)
    assert (found[1, 1:10] == 3).all()
    assert (found[4:7, 4:7] == codes("105 105 105 \n 105 100 105 \n 105 105 105")).all()
    assert (found == 17).sum() == 49 - 9
    assert found[0, 0] == 0


def test_hole_in_an_edge_is_a_border_opening():
    forest = np.ones((11, 11), int)
    forest[1:10, 1:10] = 2
    forest[5, 5] = 1
    found = mspa(forest, edge_width=2)
    assert found[5, 5] == 220
    assert mspa(forest, edge_width=2, intext=False)[5, 5] == 0


def test_bridge_loop_branch_and_islet():
    found = mspa(
        grid("""
            ...................
            .#####...#####...#.
            .#####...#####.....
            .#############.##..
            .#####...#####.##..
            .#####...#####.....
            ....#......#.#.....
            ....#......###.....
            ...................
        """)
    )
    assert (found[3, 5:10] == [35, 33, 33, 33, 35]).all()
    assert (found[1, 17], found[3, 15], found[4, 16]) == (9, 9, 9)
    assert (found[6:8, 4] == 1).all()
    # The loop keeps to the inside of its bend; the two corners hang on it.
    assert (found[6:8, 11:14] == codes("65 220 65 \n 1 65 1")).all()
    assert (found[5, 11:14] == 67).all()


def test_diagonal_bridge_needs_eight_neighbours():
    forest = grid("""
        ............
        .###........
        .###........
        .###........
        ....#.......
        .....#......
        ......#.....
        .......####.
        .......####.
        .......####.
        .......####.
        ............
    """)
    assert {mspa(forest)[k, k] for k in (4, 5, 6)} == {33}
    assert {mspa(forest, connectivity=4)[k, k] for k in (4, 5, 6)} == {9}


def test_island_in_a_hole_has_an_edge_and_its_hole_a_perforation():
    forest = np.ones((31, 31), int)
    forest[1:30, 1:30] = 2
    forest[5:26, 5:26] = 1
    forest[9:22, 9:22] = 2
    forest[15, 15] = 1
    found = mspa(forest)
    assert found[1, 15] == 3
    assert found[4, 15] == 105
    assert found[9, 15] == 103
    assert found[14, 15] == 105
    assert found[12, 15] == 117
    assert (found[7, 15], found[15, 15]) == (100, 100)


def test_fork_is_thinned_one_round_later():
    # Found by comparing random maps with pyguidos; shrunk. The cell where the side branches meet is a branch.
    found = mspa(
        grid("""
            ..###.
            ....#.
            .#.#..
            .####.
            .#.#..
            ....#.
            ...#..
            ..#...
            ...###
        """),
        intext=False,
    )
    assert (
        found
        == codes("""
            0 0 3 35 35 0
            0 0 0 0 33 0
            0 1 0 33 0 0
            0 1 33 1 1 0
            0 1 0 33 0 0
            0 0 0 0 33 0
            0 0 0 33 0 0
            0 0 33 0 0 0
            0 0 0 35 3 3
        """)
    ).all()


def test_notch_is_thinned_one_round_later():
    # The counterpart for 4-connectivity, shrunk from a random map: the block of 2 x 3 cells stays.
    found = mspa(
        grid("""
            .....#
            ...#.#
            ######
            #.###.
            #.#.#.
            ......
        """),
        connectivity=4,
        intext=False,
    )
    assert ((found & 96 > 0) == np.array([[0] * 6, [0] * 5 + [1], [1] * 6, [1, 0, 1, 1, 1, 0], [0] * 6, [0] * 6])).all()


@pytest.mark.parametrize("connectivity", [8, 4])
@pytest.mark.parametrize("edge_width", [1, 4])
def test_maps_of_one_kind(connectivity, edge_width):
    def run(value, shape=(9, 7)):
        return set(np.unique(mspa(np.full(shape, value), connectivity=connectivity, edge_width=edge_width)))

    assert run(2) == {17}
    assert run(1) == {0}
    assert run(0) == {129}
    assert run(2, (1, 1)) == {17}
    assert run(2, (1, 12)) == {17}


def test_no_core_means_islets_only():
    lines = np.ones((9, 9), int)
    lines[4, 1:8] = 2
    assert set(np.unique(mspa(lines))) == {0, 9}


def test_missing_cells_make_no_edge():
    forest = np.zeros((12, 12), int)
    forest[3:9, 3:9] = 2
    assert set(np.unique(mspa(forest, edge_width=2))) == {17, 129}


def test_border_of_the_raster_makes_no_edge():
    forest = np.ones((10, 10), int)
    forest[:5] = 2
    found = mspa(forest)
    assert (found[:4] == 17).all()
    assert (found[4] == 3).all()


@pytest.fixture(scope="module", params=[(8, 1), (8, 3), (4, 1), (4, 2)], ids=str)
def run(request):
    forest = fractal((90, 130), 5)
    forest[20:24, 30:60] = 0
    connectivity, edge_width = request.param
    return forest, {"connectivity": connectivity, "edge_width": edge_width}


def test_classes_are_a_partition_of_the_input(run):
    forest, options = run
    found = mspa(forest, **options)
    known = {code.code: code for code in CODES}
    assert set(np.unique(found)) <= set(known)
    classes = seven_classes(found)
    np.testing.assert_array_equal(classes == 255, forest == 0)
    np.testing.assert_array_equal((classes > 0) & (classes < 255), forest == 2)


def test_intext_splits_but_does_not_change_the_classes(run):
    forest, options = run
    plain = mspa(forest, intext=False, **options)
    np.testing.assert_array_equal(seven_classes(mspa(forest, **options)), seven_classes(plain))
    assert not set(np.unique(plain)) & {100, 220}


def test_core_is_what_lies_further_than_the_edge_width_from_background(run):
    from scipy import ndimage

    forest, options = run
    reach = options["edge_width"]
    padded = np.pad(forest, 2 * reach + 2, mode="edge")
    near_forest = ndimage.distance_transform_edt(padded != 2) < reach + 1
    distance = ndimage.distance_transform_edt((padded == 2) | ((padded == 0) & near_forest))
    inside = distance[2 * reach + 2 : -2 * reach - 2, 2 * reach + 2 : -2 * reach - 2] >= reach + 1
    core = np.isin(mspa(forest, **options), [17, 117])
    np.testing.assert_array_equal(core, inside & (forest == 2))


@pytest.mark.parametrize("turn", range(1, 8))
def test_turning_the_map_turns_all_but_the_ties(turn, run):
    # What a connector joins can hang on the order of cells; core, islets, rims and openings cannot.
    forest, options = run

    def turned(values):
        return np.rot90(values if turn < 4 else values[:, ::-1], turn % 4)

    def settled(found):
        kinds = np.isin(found, [9, 109]) * 1 + np.isin(found, [17, 117]) * 2
        kinds += (((found % 100) & 2) > 0) * 4 * (found != 129) * (found != 220) + (((found % 100) & 4) > 0) * 8 * (
            (found != 129) & (found != 220)
        )
        return kinds + 16 * (found == 100) + 32 * (found == 220) + 64 * (found == 129)

    np.testing.assert_array_equal(
        settled(mspa(np.ascontiguousarray(turned(forest)), **options)), turned(settled(mspa(forest, **options)))
    )


def test_thinned_lines_turn_with_the_map():
    forest = fractal((120, 80), 3, share=0.6, rough=1.5)

    def connectors(values):
        return (mspa(np.ascontiguousarray(values), intext=False) & 96) > 0

    for turn in range(1, 4):
        np.testing.assert_array_equal(connectors(np.rot90(forest, turn)), np.rot90(connectors(forest), turn))
    np.testing.assert_array_equal(connectors(forest[::-1]), connectors(forest)[::-1])


def test_wider_edges_leave_less_core():
    forest = fractal((150, 150), 9, rough=3.0)
    cores = [mspa(forest, edge_width=width, intext=False) == 17 for width in (1, 2, 3, 5, 8, 12)]
    for wide, wider in zip(cores, cores[1:]):
        assert not (wider & ~wide).any()
        assert wider.sum() < wide.sum()


def test_seven_classes_follow_the_colours_or_the_counts():
    values = np.array([17, 117, 9, 105, 3, 35, 137, 67, 169, 65, 133, 101, 0, 100, 220, 129])
    assert list(seven_classes(values)) == [1, 1, 2, 3, 4, 6, 6, 5, 5, 5, 6, 7, 0, 0, 0, 255]
    assert list(seven_classes(values, transition=False)) == [1, 1, 2, 3, 4, 4, 3, 4, 3, 5, 6, 7, 0, 0, 0, 255]


def test_table_of_codes_is_complete_and_official():
    table = {code.code: code for code in CODES}
    assert len(table) == len(CODES) == 26
    assert sorted(table) == sorted(
        [k + inside for inside in (0, 100) for k in (1, 3, 5, 9, 17, 33, 35, 37, 65, 67, 69)] + [0, 100, 129, 220]
    )
    assert (table[17].colour, table[9].colour, table[1].colour) == ((0, 200, 0), (160, 60, 0), (255, 140, 0))
    assert (table[35].colour, table[35].plain_colour) == ((255, 0, 0), (0, 0, 0))
    assert (table[169].colour, table[169].plain_colour) == ((255, 255, 0), (0, 0, 255))
    assert class_colour(1) == (0, 200, 0)


def test_seven_classes_refuses_other_values():
    with pytest.raises(InputError, match="2, 18, which are not MSPA codes"):
        seven_classes(np.array([[17, 2], [18, 0]], np.uint8))


@pytest.mark.parametrize(
    ("cells", "options", "message"),
    [
        (np.array([[1, 2], [3, 7]]), {}, r"holds 1, 2, 3, 7"),
        (np.array([[1.0, np.nan]]), {}, "holds 1"),
        (np.ones((2, 2, 2), int), {}, "shape"),
        (np.ones((0, 4), int), {}, "shape"),
        (np.ones((4, 4), int), {"connectivity": 6}, "8 or 4, not 6"),
        (np.ones((4, 4), int), {"edge_width": 0}, "at least 1, not 0"),
        (np.ones((4, 4), int), {"edge_width": 1.5}, "whole number"),
    ],
)
def test_bad_input_is_refused_with_the_value(cells, options, message):
    with pytest.raises(InputError, match=message):
        mspa(cells, **options)


def test_cancelling_stops_the_run():
    class Cancelling(Monitor):
        def __init__(self, after):
            self.left = after

        def cancelled(self):
            self.left -= 1
            return self.left < 0

    forest = fractal((200, 200), 1)
    for after in (0, 5, 20):
        with pytest.raises(OperationCancelled):
            mspa(forest, edge_width=3, monitor=Cancelling(after))


def test_progress_only_grows_and_ends_at_one():
    class Recording(Monitor):
        def __init__(self):
            self.seen = []

        def progress(self, fraction):
            self.seen.append(fraction)

    monitor = Recording()
    mspa(fractal((200, 200), 1), edge_width=3, monitor=monitor)
    assert monitor.seen == sorted(monitor.seen)
    assert monitor.seen[-1] == 1.0


@pytest.mark.parametrize("edge_width", [1, 10])
def test_memory_stays_within_the_estimate(edge_width):
    import tracemalloc

    forest = fractal((1000, 1000), 2)
    tracemalloc.start()
    try:
        mspa(forest, edge_width=edge_width)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak + forest.nbytes < bytes_per_cell(edge_width) * forest.size


def test_numba_is_used_when_asked_for(monkeypatch):
    seen = []
    plain = regions.label
    monkeypatch.setattr(segmentation, "thin", lambda body, *_, accelerate: seen.append(accelerate) or body)
    monkeypatch.setattr(regions, "label", lambda *given, accelerate: seen.append(accelerate) or plain(*given))
    forest = fractal((60, 60), 1)
    mspa(forest, accelerate=True)
    assert set(seen) == {True}
    seen.clear()
    mspa(forest, accelerate=False)
    assert set(seen) == {False}


@pytest.mark.parametrize("error", [ImportError("needs NumPy 1.21 or less"), RuntimeError("no locator available")])
def test_a_numba_that_does_not_load_is_left_alone(monkeypatch, error):
    def broken(function):
        raise error

    monkeypatch.setattr(compiled, "fast", broken)
    assert not compiled.available()


def test_numba_is_left_to_maps_that_make_up_for_its_start(monkeypatch):
    monkeypatch.setattr(compiled, "available", lambda: True)
    chosen = [CHOOSE(cells, segmentation._Reach(width)) for cells in (10**6, 7 * 10**6, 10**8) for width in (1, 10)]
    assert chosen == [False, False, False, True, True, True]
