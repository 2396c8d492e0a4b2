"""Barrier scores against a plain computation, closed forms, and by carrying the restoration out."""

import heapq
import itertools
import math
import tracemalloc

import numpy as np
import pytest
from ecosecnet.core.errors import DisconnectedError, InputError, OperationCancelled
from ecosecnet.core.keyareas.barriers import barriers, radii_between
from ecosecnet.core.keyareas.circuitbarriers import circuit_barriers
from ecosecnet.core.keyareas.pinchpoints import pinchpoints
from ecosecnet.core.keyareas.restoration import disc_mask, restored_distances
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.monitor import Monitor
from networks import on
from scipy import ndimage

OCTILE = math.sqrt(4.0 - 2.0 * math.sqrt(2.0))
"""Longest 8-neighbour path over straight line: 1.0824."""


def plain_distance(resistance, start, cell_size):
    """Dijkstra with a heap, cell by cell."""
    rows, cols = resistance.shape
    cost = np.full(resistance.shape, np.inf)
    cost[start & ~np.isnan(resistance)] = 0.0
    heap = [(0.0, int(r), int(c)) for r, c in np.argwhere(cost == 0)]
    while heap:
        here, r, c = heapq.heappop(heap)
        if here > cost[r, c]:
            continue
        for y in range(max(r - 1, 0), min(r + 2, rows)):
            for x in range(max(c - 1, 0), min(c + 2, cols)):
                step = cell_size * math.hypot(y - r, x - c) * (resistance[r, c] + resistance[y, x]) / 2.0
                if here + step < cost[y, x]:
                    cost[y, x] = here + step
                    heapq.heappush(heap, (here + step, y, x))
    return cost


def plain_barriers(resistance, labels, pairs, radii, cell_size, method, combine, restored):
    """The definition, on whole rasters: score at the centres, circles, best radius."""
    cwd = {s: plain_distance(resistance, labels == s, cell_size) for s in np.unique(pairs)}
    score, percent = np.zeros(labels.shape), np.zeros(labels.shape)
    for radius in radii:
        reach = int(radius / cell_size)
        y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        circle = np.hypot(x, y) <= reach
        window = circle if method == "disc" else circle & (np.hypot(x, y) > reach - 1)
        links = []
        for a, b in pairs:
            lcd = cwd[a][labels == b].min()
            m = [ndimage.minimum_filter(cwd[s], footprint=window, mode="constant", cval=np.inf) for s in (a, b)]
            gain = (lcd - m[0] - m[1] - 2 * radius * restored) / (2 * radius)
            links.append((np.maximum(gain, 0), np.maximum(100 * gain / lcd, 0)))
        for k, total in enumerate((score, percent)):
            stack = np.array([link[k] for link in links])
            centre = stack.max(axis=0) if combine == "maximum" else stack.sum(axis=0)
            np.maximum(total, ndimage.maximum_filter(centre, footprint=circle, mode="constant"), out=total)
    return np.where(score > 0, score, np.nan), np.where(score > 0, percent, np.nan)


def plain_links(resistance, labels, pairs, radii):
    """Per link: the best score of any disc that holds the cell, by discs of cells of size 1."""
    cwd = {s: plain_distance(resistance, labels == s, 1.0) for s in np.unique(pairs)}
    best = np.zeros((len(pairs), *labels.shape))
    for radius in radii:
        y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
        circle = np.hypot(x, y) <= radius
        for k, (a, b) in enumerate(pairs):
            m = [ndimage.minimum_filter(cwd[s], footprint=circle, mode="constant", cval=np.inf) for s in (a, b)]
            gain = (cwd[a][labels == b].min() - m[0] - m[1] - 2 * radius) / (2 * radius)
            disc = ndimage.maximum_filter(np.maximum(gain, 0), footprint=circle, mode="constant")
            np.maximum(best[k], disc, out=best[k])
    return best


def landscape(seed, shape=(34, 41), holes=True):
    """Rough ground, some of it impassable, and four sources."""
    rng = np.random.default_rng(seed)
    resistance = np.exp(ndimage.gaussian_filter(rng.normal(size=shape), 1.5) * 6.0) + 1.0
    if holes:
        resistance[rng.random(shape) < 0.05] = np.nan
    labels = np.zeros(shape, dtype=np.int32)
    labels[1:5, 2:7], labels[25:31, 3:8] = 1, 2
    labels[4:8, 31:37], labels[24:28, 30:38] = 3, 4
    resistance[labels > 0] = np.fmin(resistance[labels > 0], 1.5)
    return resistance, labels, np.array([[1, 2], [1, 3], [2, 4], [3, 4], [1, 4]])


@pytest.mark.parametrize("restored", [1.0, 0.4])
@pytest.mark.parametrize("combine", ["maximum", "sum"])
@pytest.mark.parametrize("method", ["disc", "ring"])
def test_equals_the_plain_computation(method, combine, restored):
    for seed in (1, 2):
        resistance, labels, pairs = landscape(seed)
        radii = (60.0, 100.0, 170.0)
        found = barriers(
            *on(resistance, labels, pairs, 30.0), radii=radii, method=method, combine=combine, restored=restored
        )
        score, percent = plain_barriers(resistance, labels, pairs, radii, 30.0, method, combine, restored)
        assert np.isfinite(score).any()
        assert np.isnan(score).any()
        np.testing.assert_allclose(found.score, score, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(found.percent, percent, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("combine", ["maximum", "sum"])
def test_scores_of_centres_make_those_of_discs(combine):
    """One radius: the discs show the largest of the centres within it, and the best of each link is the same."""
    resistance, labels, pairs = landscape(3)
    given = {"radii": (90.0,), "combine": combine}
    centres = barriers(*on(resistance, labels, pairs, 30.0), centres=True, **given)
    discs = barriers(*on(resistance, labels, pairs, 30.0), **given)
    y, x = np.mgrid[-3:4, -3:4]
    for one, other in ((centres.score, discs.score), (centres.percent, discs.percent)):
        spread = ndimage.maximum_filter(np.nan_to_num(one), footprint=np.hypot(x, y) <= 3, mode="constant")
        np.testing.assert_allclose(spread, np.nan_to_num(other), rtol=1e-12)
    assert np.count_nonzero(np.isfinite(centres.score)) < np.count_nonzero(np.isfinite(discs.score))
    np.testing.assert_array_equal(centres.links.score, discs.links.score)
    np.testing.assert_array_equal(centres.links.row, discs.links.row)


def test_cost_distances_agree_with_scikit_image():
    graph = pytest.importorskip("skimage.graph")
    resistance, labels, pairs = landscape(5, (90, 120))
    found = barriers(*on(resistance, labels, pairs, 30.0), radii=[90.0])
    ground = np.where(np.isnan(resistance), -1.0, resistance)
    for (a, b), distance in zip(pairs, found.links.distance):
        cost, _ = graph.MCP_Geometric(ground).find_costs(np.argwhere((labels == a) & (ground > 0)))
        assert distance == pytest.approx(30.0 * cost[(labels == b) & (ground > 0)].min(), rel=1e-12)


def wall(size=41, at=20, height=100.0):
    """Even ground between a source on the left and one on the right, and a wall between them."""
    resistance = np.ones((9, size))
    resistance[:, at] = height
    labels = np.zeros((9, size), dtype=np.int32)
    labels[:, 0], labels[:, -1] = 1, 2
    return resistance, labels


def test_a_wall_has_the_score_known_from_theory():
    resistance, labels = wall()
    found = barriers(*on(resistance, labels, [[1, 2]], 1.0), radii=[1.0, 2.0])
    # 38 plain steps and two of 50.5; radius 1 replaces the latter and saves 99 over a length of 2.
    assert found.links.distance[0] == pytest.approx(38 + 101)
    assert found.links.score[0] == pytest.approx(99 / 2)
    assert found.links.gain[0] == pytest.approx(99)
    assert found.links.radius[0] == 1.0
    assert (found.links.row[0], found.links.col[0]) == (0, 20)
    # Further away only one of the two steps into the wall is saved, or radius 2 is needed.
    assert np.isnan(found.score[:, :16]).all()
    np.testing.assert_allclose(found.score[:, 16], 99 / 8)
    np.testing.assert_allclose(found.score[:, 17:19], 99 / 4)
    np.testing.assert_allclose(found.score[:, 19:22], 99 / 2)
    np.testing.assert_allclose(found.percent[:, 20], 100 * 99 / 2 / 139)
    assert (found.radius[:, 18:23] == 1.0).all()
    assert (found.radius[:, [16, 17, 23, 24]] == 2.0).all()


def test_even_ground_has_no_barrier():
    resistance, labels = wall(height=1.0)
    found = barriers(*on(resistance, labels, [[1, 2]], 1.0), radii=[1.0, 3.0])
    assert np.isnan(found.score).all()
    assert np.isnan(found.percent).all()
    assert np.isnan(found.radius).all()
    assert np.isnan(found.links.score[0])
    assert found.links.row[0] == -1
    assert np.isnan(restored_distances(*on(resistance, labels, [[1, 2]], 1.0), found.links)[0])


def test_an_impassable_wall_with_a_way_round_is_a_barrier():
    resistance, labels = wall(height=np.nan)
    resistance[0, 20] = 60.0
    found = barriers(*on(resistance, labels, [[1, 2]], 1.0), radii=[1.0])
    assert np.isfinite(found.score[3:, 20]).all()
    real = restored_distances(*on(resistance, labels, [[1, 2]], 1.0), found.links)
    assert real[0] == pytest.approx(40.0)


@pytest.mark.parametrize("seed", range(4))
def test_carrying_the_restoration_out_brings_what_the_score_says(seed):
    resistance, labels, pairs = landscape(seed, (24, 28))
    pairs = pairs[:2]
    labels[:] = 0
    labels[1:5, 2:7], labels[17:22, 3:8], labels[4:8, 20:25] = 1, 2, 3
    resistance[labels > 0] = 1.5
    cell, radius = 30.0, 65.0
    found = barriers(*on(resistance, labels, pairs, cell), radii=[radius])
    real = restored_distances(*on(resistance, labels, pairs, cell), found.links)
    for link, (a, b) in enumerate(pairs):
        better = resistance.copy()
        inside = disc_mask(better.shape, found.links.row[link], found.links.col[link], radius, cell)
        assert inside.sum() == 13
        better[inside] = np.fmin(better[inside], 1.0)
        assert real[link] == pytest.approx(plain_distance(better, labels == a, cell)[labels == b].min(), rel=1e-12)
    # A path inside the disc is at most OCTILE times the straight strip; every other error is to the safe side.
    assert (found.links.gain > 0).all()
    saved = found.links.distance - real
    assert (saved >= found.links.gain - (OCTILE - 1.0) * 2 * radius).all()


def test_restoring_any_disc_never_raises_a_distance():
    resistance, labels, _ = landscape(9)
    rng = np.random.default_rng(0)
    before = [plain_distance(resistance, labels == a, 1.0) for a in (1, 3)]
    for _ in range(12):
        better = resistance.copy()
        inside = disc_mask(better.shape, rng.integers(34), rng.integers(41), rng.integers(1, 6), 1.0)
        better[inside] = np.fmin(better[inside], 1.0)
        for a, cost in zip((1, 3), before):
            assert (plain_distance(better, labels == a, 1.0) <= cost + 1e-9).all()


def test_windows_and_combinations_keep_their_order():
    resistance, labels, pairs = landscape(3)
    runs = {
        (method, combine): np.nan_to_num(
            barriers(*on(resistance, labels, pairs, 1.0), radii=[3, 5], method=method, combine=combine).score
        )
        for method in ("disc", "ring")
        for combine in ("maximum", "sum")
    }
    for combine in ("maximum", "sum"):
        assert (runs["disc", combine] >= runs["ring", combine]).all()
    for method in ("disc", "ring"):
        assert (runs[method, "sum"] >= runs[method, "maximum"]).all()
        assert (runs[method, "sum"] > runs[method, "maximum"]).any()


def test_the_place_does_not_depend_on_how_the_map_lies():
    resistance, labels, pairs = landscape(4)
    score = barriers(*on(resistance, labels, pairs, 1.0), radii=[2, 4]).score
    for turn in (np.flipud, np.fliplr, np.transpose):
        turned = barriers(*on(turn(resistance), turn(labels), pairs[:, ::-1], 1.0), radii=[4, 2]).score
        np.testing.assert_allclose(turned, turn(score), rtol=1e-9, atol=1e-9)


def test_units_cancel_as_they_should():
    resistance, labels, pairs = landscape(6)
    base = barriers(*on(resistance, labels, pairs, 1.0), radii=[2, 4])
    longer = barriers(*on(resistance, labels, pairs, 25.0), radii=[50, 100])
    np.testing.assert_allclose(longer.score, base.score, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(longer.percent, base.percent / 25.0, rtol=1e-9, atol=1e-9)
    harder = barriers(*on(7 * resistance, labels, pairs, 1.0), radii=[2, 4], restored=7.0)
    np.testing.assert_allclose(harder.score, 7 * base.score, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(harder.percent, base.percent, rtol=1e-9, atol=1e-9)


def test_the_best_of_the_links_is_the_best_of_the_map():
    resistance, labels, pairs = landscape(7)
    found = barriers(*on(resistance, labels, pairs, 1.0), radii=[2, 3, 5])
    best = int(np.nanargmax(found.links.score))
    assert np.nanmax(found.score) == found.links.score[best]
    row, col = found.links.row[best], found.links.col[best]
    assert found.score[row, col] == found.links.score[best]
    assert found.radius[row, col] == found.links.radius[best]
    for link in range(len(pairs)):
        alone = barriers(*on(resistance, labels, pairs[[link]], 1.0), radii=[2, 3, 5])
        assert alone.links.score[0] == found.links.score[link]
        assert (alone.links.row[0], alone.links.col[0]) == (found.links.row[link], found.links.col[link])


@pytest.mark.parametrize("combine", ["maximum", "sum"])
def test_which_links_gain(combine):
    for seed in (10, 11):
        resistance, labels, pairs = landscape(seed)
        found = barriers(*on(resistance, labels, pairs, 1.0), radii=[2, 4], combine=combine)
        best = plain_links(resistance, labels, pairs, (2, 4))
        some = best.max(axis=0) > 0
        assert np.array_equal(found.link, np.where(some, best.argmax(axis=0), -1))
        assert np.array_equal(found.count, (best > 0).sum(axis=0))
        assert np.array_equal(found.links.cells, (best > 0).sum(axis=(1, 2)))
        assert found.count.max() > 1


def test_no_cell_gains_more_than_its_own_resistance_when_capped():
    resistance, labels, pairs = landscape(8)
    free = barriers(*on(resistance, labels, pairs, 1.0), radii=[2, 4])
    capped = barriers(*on(resistance, labels, pairs, 1.0), radii=[2, 4], cap=True)
    most = np.where(np.isnan(resistance), np.inf, resistance - 1.0)
    expected = np.minimum(free.score, most)
    expected[~(expected > 0)] = np.nan
    np.testing.assert_array_equal(capped.score, expected)
    assert (np.nan_to_num(capped.score) < np.nan_to_num(free.score)).any()
    assert np.array_equal(np.isnan(capped.radius), np.isnan(capped.score))


def test_radii():
    assert radii_between(400, 1200, 400, cell_size=30) == (400, 800, 1200)
    assert radii_between(400, 1100, 400, cell_size=30) == (400, 800)
    assert radii_between(400, 400, 0, cell_size=30) == (400,)
    assert len(radii_between(0.1, 1.0, 0.1, cell_size=0.1)) == 10
    assert radii_between(None, None, None, cell_size=30) == (60, 120, 180)
    assert radii_between(100, None, 0, cell_size=30) == (100,)
    for wrong in ((0, 5, 1), (5, 4, 1), (5, 9, -1)):
        with pytest.raises(InputError):
            radii_between(*wrong, cell_size=1)


class Listener(Monitor):
    def __init__(self, patience=None):
        self.patience, self.warnings, self.fractions = patience, [], []

    def warn(self, text):
        self.warnings.append(text)

    def progress(self, fraction):
        self.fractions.append(fraction)

    def cancelled(self):
        if self.patience is None:
            return False
        self.patience -= 1
        return self.patience < 0


def test_sources_that_are_cut_off():
    resistance, labels, pairs = landscape(1, holes=False)
    resistance[:, 20] = np.nan
    listener = Listener()
    found = barriers(*on(resistance, labels, pairs, 1.0), radii=[3], monitor=listener)
    assert "3 of 5 links" in listener.warnings[0]
    assert np.array_equal(np.isinf(found.links.distance), [False, True, True, False, True])
    assert np.array_equal(np.isnan(found.links.score), [False, True, True, False, True])
    alone = barriers(*on(resistance, labels, pairs[[0, 3]], 1.0), radii=[3])
    np.testing.assert_array_equal(found.score, alone.score)
    with pytest.raises(DisconnectedError, match="cut all of them off"):
        barriers(*on(resistance, labels, [[1, 3]], 1.0), radii=[3])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"radii": [0.5]}, "0.5 m is smaller than a cell"),
        ({"radii": [41.0]}, "beyond the whole raster"),
        ({"radii": []}, "no radius"),
        ({"pairs": np.empty((0, 2))}, "no link"),
        ({"pairs": [[1, 9]]}, "source 9"),
        ({"method": "square"}, "square"),
        ({"combine": "mean"}, "mean"),
        ({"restored": 0.0}, "above 0"),
        ({"labels": np.ones((3, 3), dtype=int)}, "raster of"),
        ({"resistance": -np.ones((34, 41))}, "greater than 0"),
    ],
)
def test_bad_input_is_named(change, message):
    resistance, labels, pairs = landscape(1)
    given = {"resistance": resistance, "labels": labels, "pairs": pairs, "radii": [2.0], **change}
    with pytest.raises(InputError, match=message):
        barriers(*on(given.pop("resistance"), given.pop("labels"), given.pop("pairs"), 1.0), **given)


def test_progress_rises_to_the_end_and_cancelling_stops():
    resistance, labels, pairs = landscape(2)
    listener = Listener()
    barriers(*on(resistance, labels, pairs, 1.0), radii=[2, 3, 4], monitor=listener)
    assert listener.fractions == sorted(listener.fractions)
    assert listener.fractions[-1] > 0.9
    for patience in (0, 5, 12, 20):
        with pytest.raises(OperationCancelled):
            barriers(*on(resistance, labels, pairs, 1.0), radii=[2, 3, 4], monitor=Listener(patience))


def test_any_small_map():
    """Touching sources, holes, single rows and windows wider than the map included."""
    hypothesis = pytest.importorskip("hypothesis")
    from hypothesis import strategies as st

    @hypothesis.settings(max_examples=150, deadline=None, derandomize=True)
    @hypothesis.given(st.data())
    def check(data):
        rows, cols = data.draw(st.integers(1, 9)), data.draw(st.integers(3, 9))
        cost = st.sampled_from([0.5, 1.0, 2.0, 7.0, 60.0, np.nan])
        cells = st.lists(cost, min_size=rows * cols, max_size=rows * cols)
        resistance = np.array(data.draw(cells)).reshape(rows, cols)
        labels = np.zeros((rows, cols), dtype=np.int32)
        places = data.draw(st.lists(st.integers(0, rows * cols - 1), min_size=3, max_size=3, unique=True))
        for label, place in enumerate(places, start=1):
            labels.ravel()[place] = label
            resistance.ravel()[place] = 1.0
        pairs = np.array(data.draw(st.sampled_from([[[1, 2]], [[1, 2], [2, 3]], [[1, 2], [1, 3], [2, 3]]])))
        radii = data.draw(st.sampled_from([(1.0,), (2.0,), (1.0, 2.0)]))
        given = {
            "method": data.draw(st.sampled_from(["disc", "ring"])),
            "combine": data.draw(st.sampled_from(["maximum", "sum"])),
        }
        reached = {a: plain_distance(resistance, labels == a, 1.0) for a in (1, 2, 3)}
        joined = np.array([np.isfinite(reached[a][labels == b]).any() for a, b in pairs])
        if not joined.any():
            with pytest.raises(DisconnectedError):
                barriers(*on(resistance, labels, pairs, 1.0), radii=radii, **given)
            return
        found = barriers(*on(resistance, labels, pairs, 1.0), radii=radii, **given)
        score, percent = plain_barriers(resistance, labels, pairs[joined], radii, 1.0, *given.values(), 1.0)
        # A sum of steps may miss 0 by a rounding error, which is no gain to speak of.
        np.testing.assert_allclose(np.nan_to_num(found.score), np.nan_to_num(score), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(np.nan_to_num(found.percent), np.nan_to_num(percent), rtol=1e-9, atol=1e-9)
        assert not (found.score <= 0).any()
        real = restored_distances(*on(resistance, labels, pairs, 1.0), found.links)
        some = ~np.isnan(real)
        assert (real[some] <= found.links.distance[some] * (1 + 1e-12)).all()

    check()


@pytest.mark.parametrize("combine", ["maximum", "sum"])
def test_places_without_resistance_are_scored_only_if_asked_for(combine):
    # The path from (0, 0) to (0, 4) goes round the gap: 1 + 3 sqrt 2 + 3 sqrt 2 + 1. A disc on the gap reaches cost 1 from
    # both sides: (2 + 6 sqrt 2 - 1 - 1 - 2) / 2. Centred on (1, 1) it reaches cost 1 and, over (1, 2), 1 + 3 sqrt 2.
    resistance = np.array([[1.0, 1.0, np.nan, 1.0, 1.0], [5.0, 5.0, 5.0, 5.0, 5.0]])
    labels = np.array([[1, 0, 0, 0, 2], [0, 0, 0, 0, 0]])
    options = {"radii": [1.0], "combine": combine}
    gap, beside = 3.0 * math.sqrt(2.0) - 1.0, (3.0 * math.sqrt(2.0) - 2.0) / 2.0

    found = barriers(*on(resistance, labels, np.array([[1, 2]])), **options)
    expected = [[np.nan, gap, gap, gap, np.nan], [beside, beside, gap, beside, beside]]
    np.testing.assert_allclose(found.score, expected)
    assert (found.links.row[0], found.links.col[0]) == (0, 2)

    found = barriers(*on(resistance, labels, np.array([[1, 2]])), outside=False, **options)
    expected = [[np.nan, beside, np.nan, beside, np.nan], [beside] * 5]
    np.testing.assert_allclose(found.score, expected)
    assert np.isnan(found.percent[0, 2])
    assert found.count[0, 2] == 0
    assert found.link[0, 2] == -1
    assert (found.links.row[0], found.links.col[0]) == (1, 1)
    assert found.links.cells[0] == 7


@pytest.mark.parametrize("cell_size", [0.1, 1 / 3, 30 / 7])
@pytest.mark.parametrize("method", ["disc", "ring"])
@pytest.mark.parametrize("combine", ["maximum", "sum"])
def test_rounding_is_no_gain(cell_size, method, combine):
    """Ground as good as restored has no barrier, whatever the digits of the sums."""
    labels = np.zeros((30, 40), dtype=int)
    labels[3:5, 2:5], labels[22:26, 33:36], labels[20:22, 3:6] = 1, 2, 3
    found = barriers(
        *on(np.ones(labels.shape), labels, [[1, 2], [1, 3], [2, 3]], cell_size),
        radii=[2 * cell_size, 3 * cell_size],
        method=method,
        combine=combine,
    )
    assert np.isnan(found.score).all()
    assert not found.count.any()
    assert not found.links.cells.any()


def octile_span(radius):
    """Return the longest 8-neighbour path between two cells of a disc."""
    y, x = (part.ravel() for part in np.mgrid[-radius : radius + 1, -radius : radius + 1])
    y, x = y[np.hypot(y, x) <= radius], x[np.hypot(y, x) <= radius]
    steps = np.abs(np.subtract.outer(y, y)), np.abs(np.subtract.outer(x, x))
    return (np.maximum(*steps) + (math.sqrt(2.0) - 1.0) * np.minimum(*steps)).max()


@pytest.mark.parametrize("ground", [0.7, np.float32(0.8)])  # the latter is above 0.8
@pytest.mark.parametrize("method", ["disc", "ring"])
@pytest.mark.parametrize("combine", ["maximum", "sum"])
def test_a_disc_without_anything_to_restore_has_no_gain(ground, method, combine):
    """The octile path through a disc is longer than the strip of the formula; that is nobody's barrier."""
    radius, restored = 9, round(float(ground), 3)
    assert octile_span(radius) > 2 * radius + 1
    resistance = np.full((100, 100), float(ground))
    labels = np.zeros(resistance.shape, dtype=int)
    labels[10:13, 10:13], labels[45:48, 80:83] = 1, 2
    options = {"radii": [radius], "method": method, "combine": combine, "restored": restored}
    found = barriers(*on(resistance, labels, [[1, 2]]), **options)
    assert np.isnan(found.score).all()
    assert not found.links.cells.any()

    resistance[30, 45] = 1.01 * restored
    found = barriers(*on(resistance, labels, [[1, 2]]), **options)
    reached = ndimage.binary_dilation(
        resistance > restored * 1.001, disc_mask((19, 19), 9, 9, radius, 1.0), iterations=2
    )
    assert np.isfinite(found.score[reached]).any()
    assert np.isnan(found.score[~reached]).all()
    assert np.nanmax(found.score) <= restored * (octile_span(radius) / (2 * radius) - 1) * (1 + 1e-6)


@pytest.mark.parametrize("tool", ["barriers", "pinchpoints", "circuit_barriers"])
def test_every_search_can_be_cancelled(monkeypatch, tool):
    """Also the one from all sources at once, which takes longest: none runs without a look at the monitor."""
    resistance = np.random.default_rng(1).uniform(1, 9, (20, 30))
    labels = np.zeros(resistance.shape, dtype=int)
    labels[2:4, 2:4], labels[15:18, 24:28] = 1, 2
    looks, searches = [0], []
    search = CostGraph.cost_from

    class Ear(Monitor):
        def cancelled(self):
            looks[0] += 1
            return False

    def counted(*arguments, **options):
        before = looks[0]
        found = search(*arguments, **options)
        searches.append(looks[0] - before)
        return found

    monkeypatch.setattr(CostGraph, "cost_from", counted)
    options = {"monitor": Ear()}
    if tool == "barriers":
        barriers(*on(resistance, labels, [[1, 2]]), radii=[2.0], **options)
    elif tool == "pinchpoints":
        pinchpoints(*on(resistance, labels, [[1, 2]]), cutoff=9.0, **options)
    else:
        circuit_barriers(*on(resistance, labels, [[1, 2]]), cutoff=9.0, radius=2.0, **options)
    assert len(searches) >= 3
    assert min(searches) > 0


def test_memory_does_not_grow_with_sources_and_links():
    """All pairs of 4 and of 16 sources: fields and masks beyond a budget are not in memory."""
    resistance = 1.0 + 20.0 * np.random.default_rng(3).random((160, 160)).astype(np.float32)
    used = []
    for count in (2, 4):
        labels = np.zeros(resistance.shape, dtype=np.int32)
        places = np.linspace(10, 145, count).astype(int)
        for label, (row, col) in enumerate(itertools.product(places, places), start=1):
            labels[row : row + 5, col : col + 5] = label
        fields, links = on(resistance, labels, list(itertools.combinations(range(1, count**2 + 1), 2)), budget=0)
        tracemalloc.start()
        barriers(fields, links, radii=[2.0])
        used.append(tracemalloc.get_traced_memory()[1] / resistance.size)
        tracemalloc.stop()
    assert used[1] < 1.2 * used[0]
