"""Areas built over, against removal and a dense solve, a fresh search, and the indices of connectivity."""

import math

import numpy as np
import pytest
from circuits import dense_pair
from ecosecnet.core.connectivity.graph import PatchGraph
from ecosecnet.core.connectivity.indices import probability_indices
from ecosecnet.core.errors import InputError
from ecosecnet.core.keyareas import corridorcircuit
from ecosecnet.core.keyareas.blocking import blocking
from ecosecnet.core.keyareas.pinchpoints import pinchpoints
from ecosecnet.core.leastcost.fields import CostFields
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.leastcost.links import Links
from ecosecnet.core.spread.where import Where

RATE = math.log(2.0) / 200.0
CELL = 10.0


def dense(window, a, b, neighbours=8):
    """Return the effective resistance between two sets of cells by a dense solve; infinite if no path joins them."""
    if np.isinf(CostGraph(window, neighbours=neighbours).cost_from(a)[b].min()):
        return np.inf
    return dense_pair(window, a & ~np.isnan(window), b & ~np.isnan(window), neighbours)[1]


def world(seed, *, shape=(14, 18), neighbours=8):
    """Return a surface with walls, four sources in the corners, and their fields."""
    rng = np.random.default_rng(seed)
    resistance = rng.integers(1, 30, shape).astype(float)
    resistance[rng.random(shape) < 0.12] = np.nan
    labels = np.zeros(shape, dtype=np.int32)
    for label, (row, col) in enumerate([(0, 0), (0, shape[1] - 2), (shape[0] - 2, 0), (shape[0] - 2, shape[1] - 2)], 1):
        labels[row : row + 2, col : col + 2] = label
        resistance[row : row + 2, col : col + 2] = 3.0
    graph = CostGraph(resistance, cell_size=CELL, neighbours=neighbours)
    return resistance, labels, CostFields(graph, labels)


def areas_of(seed, shape, count=9):
    """Return areas of different sizes, some over sources or walls, as flat indices."""
    rng = np.random.default_rng(seed)
    found = []
    for k in range(count):
        mask = np.zeros(shape, dtype=bool)
        row, col, high, wide = *(int(rng.integers(0, size - 1)) for size in shape), 1 + k % 3, 1 + k % 5
        mask[row : row + high, col : col + wide] = True
        found.append(np.flatnonzero(mask))
    column = np.zeros(shape, dtype=bool)
    column[:, shape[1] // 2] = True
    return [*found, np.flatnonzero(column), np.empty(0, dtype=np.int64)]


LINKS = Links.between([(1, 2), (1, 3), (2, 4), (3, 4), (1, 4)])


@pytest.mark.parametrize("neighbours", [8, 4])
@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(k, marks=pytest.mark.slow) for k in (2, 3, 4))])
@pytest.mark.parametrize("limit", [24, 0, 10_000])
def test_equals_removal_and_solving_again(seed, neighbours, limit, monkeypatch):
    """With updates where they pay, without any, and with nothing else."""
    monkeypatch.setattr(corridorcircuit, "_LOW_RANK", limit)
    resistance, labels, fields = world(seed, neighbours=neighbours)
    areas = areas_of(seed, resistance.shape)
    cutoff = 150.0
    held = np.array([5.0, 8.0, 2.0, 9.0])
    found = blocking(fields, LINKS, areas, cutoff=cutoff, attributes=held, rate=RATE)
    least = {}
    for k, (a, b) in enumerate(LINKS.pairs.tolist()):
        costs = [fields.graph.cost_from(labels == label) for label in (a, b)]
        least[k] = float(costs[0][labels == b].min())
        inside = sum(costs) <= (least[k] + cutoff) * (1 + 1e-10)
        corridor = np.where(inside, resistance, np.nan)
        touched = []
        for number, cells in enumerate(areas):
            gone = np.zeros(resistance.size, dtype=bool)
            gone[cells] = True
            gone = gone.reshape(resistance.shape) & (labels == 0)
            if not (gone & inside).any():
                continue
            touched.append(number)
            (place,) = np.flatnonzero((found.link == k) & (found.area == number))
            before, after = (
                CELL * dense(window, labels == a, labels == b, neighbours)
                for window in (corridor, np.where(gone, np.nan, corridor))
            )
            assert found.before[place] == pytest.approx(before, rel=1e-9)
            assert found.after[place] == pytest.approx(after, rel=1e-8)
            assert np.isinf(found.after[place]) == np.isinf(after)
            blocked = CostGraph(np.where(gone, np.nan, resistance), cell_size=CELL, neighbours=neighbours)
            far = float(blocked.cost_from(labels == a)[labels == b].min())
            assert found.distance[place] == pytest.approx(far, rel=1e-9)
        assert found.area[found.link == k].tolist() == touched
    assert found.difference <= 1e-8
    assert (found.checked > 0) == (limit > 0)
    distances = np.array([least[k] for k in range(len(LINKS.pairs))])
    for number in range(-1, len(areas)):
        own = found.area == number
        far = distances.copy()
        far[found.link[own]] = found.distance[own]
        graph = PatchGraph.dispersing(held, LINKS.pairs - 1, far, RATE)
        value = found.equivalent_before if number < 0 else found.equivalent[number]
        assert value == pytest.approx(probability_indices(graph).equivalent, rel=1e-9)
    assert (found.equivalent <= found.equivalent_before * (1 + 1e-12)).all()
    # the column across the middle parts left and right
    column = found.area == len(areas) - 2
    assert np.isinf(found.after[column]).all()
    assert np.isinf(found.distance[column]).all()
    assert column.any()


def test_before_is_what_pinchpoints_says():
    _, _, fields = world(1)
    found = blocking(fields, LINKS, areas_of(1, fields.graph.shape), cutoff=200.0, attributes=np.ones(4), rate=RATE)
    effective = pinchpoints(fields, LINKS, cutoff=200.0).effective_resistance
    np.testing.assert_allclose(found.before, effective[found.link], rtol=1e-9)


def test_two_ways_in_parallel_and_one():
    """Of two equal strips one is built over: the resistance doubles; both: cut. The way round is outside the corridor."""
    resistance = np.full((5, 7), np.nan)
    resistance[[0, 2, 4]] = 1.0
    resistance[4] = 50.0
    resistance[:, [0, 6]] = 1.0
    labels = np.zeros(resistance.shape, dtype=np.int32)
    labels[:, 0], labels[:, 6] = 1, 2
    fields = CostFields(CostGraph(resistance, cell_size=CELL, neighbours=4), labels)
    one, both = np.array([3]), np.array([3, 14 + 3])
    found = blocking(
        fields, Links.between([(1, 2)]), [one, both], cutoff=5.0, attributes=np.array([3.0, 4.0]), rate=RATE
    )
    np.testing.assert_allclose(found.before, [30.0, 30.0])
    np.testing.assert_allclose(found.after, [60.0, np.inf])
    # from edge cell to edge cell: half a step into the dear strip, four steps in it, half a step out
    round_way = CELL * (2 * 25.5 + 4 * 50)
    np.testing.assert_allclose(found.distance, [60.0, round_way])
    np.testing.assert_allclose(
        [found.equivalent_before, *found.equivalent],
        [math.sqrt(25 + 24 * math.exp(-RATE * far)) for far in (60.0, 60.0, round_way)],
    )


def test_what_is_cut_off_beside_the_way_does_not_spoil_the_circuit():
    """An area that encloses cells: they belong to neither source, and no update may hang on them."""
    resistance = np.ones((9, 13))
    labels = np.zeros(resistance.shape, dtype=np.int32)
    labels[:, 0], labels[:, 12] = 1, 2
    fields = CostFields(CostGraph(resistance, cell_size=CELL), labels)
    ring = np.zeros(resistance.shape, dtype=bool)
    ring[3:6, 5:8] = True
    ring[4, 6] = False
    found = blocking(
        fields, Links.between([(1, 2)]), [np.flatnonzero(ring)], cutoff=1e3, attributes=np.ones(2), rate=RATE
    )
    window = np.where(ring, np.nan, resistance)
    assert found.after[0] == pytest.approx(CELL * dense(window, labels == 1, labels == 2), rel=1e-8)


def test_two_processes_find_the_same_bits():
    _, _, fields = world(3)
    given = {"cutoff": 150.0, "attributes": np.arange(1.0, 5.0), "rate": RATE}
    areas = areas_of(3, fields.graph.shape)
    first = blocking(fields, LINKS, areas, **given)
    _, _, again = world(3)
    second = blocking(again, LINKS, areas, where=Where(2), **given)
    for name in ("link", "area", "before", "after", "distance", "equivalent"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert (first.checked, first.difference) == (second.checked, second.difference)


def test_areas_off_all_corridors_lose_nothing():
    _, _, fields = world(2)
    found = blocking(fields, LINKS, [np.empty(0, dtype=np.int64)], cutoff=50.0, attributes=np.ones(4), rate=RATE)
    assert found.link.size == 0
    assert found.equivalent.tolist() == [found.equivalent_before]
    assert (found.checked, found.difference) == (0, 0.0)


def test_what_cannot_be_used_is_refused():
    _, _, fields = world(2)
    with pytest.raises(InputError, match="Area 1 has cells outside"):
        blocking(fields, LINKS, [np.array([10**6])], cutoff=50.0, attributes=np.ones(4), rate=RATE)
    with pytest.raises(InputError, match="3 attributes, but links name source 4"):
        blocking(fields, LINKS, [], cutoff=50.0, attributes=np.ones(3), rate=RATE)
