"""The circuit core against closed forms, dense solves and the laws of circuits."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from circuits import dense_pair, plain_links
from ecosecnet.core import circuit
from ecosecnet.core.circuit.conductances import DIRECTIONS
from ecosecnet.core.circuit.graph import nested_dissection
from ecosecnet.core.circuit.pairsum import sorting_network
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.monitor import Monitor

SQRT2 = np.sqrt(2.0)


def cell_mask(shape, *cells):
    mask = np.zeros(shape, dtype=bool)
    for cell in cells:
        mask[cell] = True
    return mask


def landscape(seed, shape=(12, 15), holes=0.15, spread=2.0):
    rng = np.random.default_rng(seed)
    resistance = 10 ** rng.uniform(-spread / 2, spread / 2, shape)
    resistance[rng.random(shape) < holes] = np.nan
    resistance[[0, -1], [0, -1]] = 1.0
    return resistance


def test_series_adds_resistances():
    resistance = np.array([[1.0, 4.0, 2.0, 7.0]])
    flow = circuit.solve_pair(resistance, cell_mask((1, 4), (0, 0)), cell_mask((1, 4), (0, 3)))
    assert flow.resistance == pytest.approx(2.5 + 3.0 + 4.5, rel=1e-12)
    np.testing.assert_allclose(flow.current, 1.0, rtol=1e-12)


def test_parallel_rows_share_the_current_by_their_conductance():
    resistance = np.array([[1.0, 1.0, 1.0], [np.nan, np.nan, np.nan], [3.0, 3.0, 3.0]])
    a, b = (cell_mask((3, 3), (0, col), (2, col)) for col in (0, 2))
    flow = circuit.solve_pair(resistance, a, b)
    assert flow.resistance == pytest.approx(1 / (1 / 2 + 1 / 6), rel=1e-12)
    np.testing.assert_allclose(flow.current[[0, 2], 1], [0.75, 0.25], rtol=1e-12)
    assert np.isnan(flow.current[1]).all()


def test_square_of_four_cells_with_diagonals():
    resistance = np.ones((2, 2))
    opposite = circuit.solve_pair(resistance, cell_mask((2, 2), (0, 0)), cell_mask((2, 2), (1, 1)))
    assert opposite.resistance == pytest.approx(1 / (1 / SQRT2 + 1), rel=1e-12)
    np.testing.assert_allclose(opposite.current[[0, 1], [1, 0]], 0.5 / (1 / SQRT2 + 1), rtol=1e-12)


def test_complete_network_of_four():
    heads, tails = np.triu_indices(4, 1)
    flow = circuit.network_pairwise(circuit.NetworkGraph(heads, tails, np.ones(6), 4), range(4))
    np.testing.assert_allclose(flow.resistance, 0.5 * (1 - np.eye(4)), rtol=1e-12)
    # each pair: 1/2 A direct and 1/4 A over either other node; a link serves 1 pair directly and 4 indirectly
    np.testing.assert_allclose(flow.branch_current, 0.5 + 4 * 0.25, rtol=1e-12)
    np.testing.assert_allclose(flow.node_current, 3 * 1.0 + 3 * 0.25, rtol=1e-12)


@pytest.mark.parametrize("rungs", [1, 2, 5, 40])
def test_ladder(rungs):
    # unit ladder, 4 neighbours: adding a section maps R to the parallel of 1 with R + 2
    expected = Fraction(1)
    for _ in range(rungs - 1):
        expected = 1 / (1 + 1 / (expected + 2))
    resistance = np.ones((2, rungs))
    ends = cell_mask((2, rungs), (0, 0)), cell_mask((2, rungs), (1, 0))
    assert circuit.solve_pair(resistance, *ends, neighbours=4).resistance == pytest.approx(float(expected), rel=1e-11)


def test_infinite_square_lattice():
    # resistance between the ends of a link is 1/2, across the diagonal 2/pi (the lattice's edge adds about 1/n^2)
    shape = (121, 121)
    middle = cell_mask(shape, (60, 60))
    beside = circuit.solve_pair(np.ones(shape), middle, cell_mask(shape, (60, 61)), neighbours=4)
    across = circuit.solve_pair(np.ones(shape), middle, cell_mask(shape, (61, 61)), neighbours=4)
    assert beside.resistance == pytest.approx(0.5, abs=1e-4)
    assert across.resistance == pytest.approx(2 / np.pi, abs=2e-4)


@pytest.mark.parametrize("neighbours", [4, 8])
@pytest.mark.parametrize("average", ["resistance", "conductance"])
def test_pairs_of_regions_equal_a_dense_solve(neighbours, average):
    resistance = landscape(3, holes=0.08)
    a = cell_mask(resistance.shape, np.s_[2:5, 1:3], (7, 3))
    b = cell_mask(resistance.shape, np.s_[8:11, 11:14])
    flow = circuit.solve_pair(resistance, a, b, neighbours=neighbours, average=average)
    a, b = a & ~np.isnan(resistance), b & ~np.isnan(resistance)
    current, effective = dense_pair(resistance, a, b, neighbours, average)
    assert flow.resistance == pytest.approx(effective, rel=1e-9)
    linked = np.isfinite(current) & (current > 1e-12)
    np.testing.assert_allclose(flow.current[linked], current[linked], rtol=1e-7, atol=1e-10)
    np.testing.assert_array_equal(np.isnan(flow.current), np.isnan(resistance))


def exact_resistance(links, nodes, i, j):
    """Eliminate all other nodes by star-mesh transformations in exact arithmetic."""
    g = [[Fraction(0)] * nodes for _ in range(nodes)]
    for a, b, value in links:
        g[a][b] += value
        g[b][a] += value
    for k in range(nodes):
        if k in (i, j):
            continue
        others = [n for n in range(nodes) if g[k][n]]
        total = sum(g[k])
        for a in others:
            for b in others:
                if a != b:
                    g[a][b] += g[k][a] * g[k][b] / total
        for n in range(nodes):
            g[k][n] = g[n][k] = Fraction(0)
    return 1 / g[i][j]


@pytest.mark.parametrize("seed", range(6))
def test_twelve_orders_of_magnitude_keep_their_digits(seed):
    rng = np.random.default_rng(seed)
    resistance = 10.0 ** rng.integers(-6, 7, (6, 6))
    links = [
        (a, b, 2 / (Fraction(resistance.flat[a]) + Fraction(resistance.flat[b])))
        for a, b, _ in plain_links(resistance, 4, "resistance")
    ]
    expected = float(exact_resistance(links, 36, 0, 35))
    ends = cell_mask((6, 6), (0, 0)), cell_mask((6, 6), (5, 5))
    assert circuit.solve_pair(resistance, *ends, neighbours=4).resistance == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_kirchhoff_reciprocity_and_monotonicity(seed):
    resistance = landscape(seed, holes=0.05)
    graph = circuit.raster_graph(resistance)
    shape = resistance.shape
    a, b = cell_mask(shape, (0, 0)), cell_mask(shape, (11, 14))
    there, back = circuit.solve_pair(resistance, a, b), circuit.solve_pair(resistance, b, a)
    assert there.resistance == pytest.approx(back.resistance, rel=1e-10)
    np.testing.assert_allclose(there.current, back.current, rtol=1e-8, atol=1e-12)

    volts = []
    focal = {1: np.array([0]), 2: np.array([resistance.size - 1])}
    circuit.pairwise(resistance, focal, listener=lambda *maps: volts.append(maps[3]))
    leaving = graph.on_cells(graph.apply(volts[0][graph.node >= 0]))
    assert leaving[0, 0] == pytest.approx(-1, abs=1e-9)
    assert leaving[11, 14] == pytest.approx(1, abs=1e-9)
    leaving[[0, 11], [0, 14]] = 0
    assert np.abs(leaving).max() < 1e-9

    lower = resistance.copy()
    lower[5:8, 5:8] *= 0.5
    assert circuit.solve_pair(lower, a, b).resistance <= there.resistance * (1 + 1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_the_current_through_any_cut_is_what_was_put_in(seed):
    resistance = landscape(seed, holes=0.05)
    volts = []
    focal = {1: np.array([0]), 2: np.array([resistance.size - 1])}
    circuit.pairwise(resistance, focal, listener=lambda *maps: volts.append(maps[3]))
    voltage = volts[0].ravel()
    first, second, conductance = map(np.array, zip(*plain_links(resistance, 8, "resistance")))
    current = conductance * (voltage[second] - voltage[first])
    rng = np.random.default_rng(seed)
    rows, cols = np.indices(resistance.shape)
    sides = [(cols < k).ravel() for k in range(1, resistance.shape[1])]
    sides += [(rows + cols < k).ravel() for k in range(1, 20)]
    sides += [rng.random(resistance.size) < 0.5 for _ in range(20)]
    for side in sides:
        side[0], side[-1] = True, False
        through = current[side[first] & ~side[second]].sum() - current[~side[first] & side[second]].sum()
        assert through == pytest.approx(1.0, abs=1e-9)


def test_regions_in_different_components():
    resistance = np.ones((3, 5))
    resistance[:, 2] = np.nan
    flow = circuit.solve_pair(resistance, cell_mask((3, 5), (1, 0)), cell_mask((3, 5), (1, 4)))
    assert flow.resistance == np.inf
    assert np.nanmax(flow.current) == 0


def test_regions_that_share_a_cell():
    flow = circuit.solve_pair(np.ones((2, 3)), cell_mask((2, 3), (0, 0), (0, 1)), cell_mask((2, 3), (0, 1), (0, 2)))
    assert flow.resistance == 0
    assert flow.current.max() == 0


def test_short_circuit_region_equals_near_zero_resistance():
    resistance = landscape(8, holes=0.0)
    regions = np.zeros(resistance.shape, dtype=int)
    regions[4:8, 5:8] = 7
    focal = {1: np.array([0]), 2: np.array([resistance.size - 1])}
    shorted = circuit.pairwise(resistance, focal, regions=regions)
    # the links into the region keep the mean with the region's own cells; only links inside it are shorted
    merged = circuit.raster_graph(resistance, regions=regions)
    couplings = []
    for coupling, (here, there, _) in zip(circuit.raster_graph(resistance).couplings, DIRECTIONS):
        inside = (regions[here] > 0) & (regions[there] > 0)
        couplings.append(np.where(inside, 1e9, coupling))
    stiff = circuit.RasterGraph(couplings, np.arange(resistance.size).reshape(resistance.shape), resistance.size)
    laplacian = stiff.laplacian.toarray()
    injected = np.zeros(resistance.size)
    injected[0], injected[-1] = -1, 1
    volts = np.linalg.lstsq(laplacian, injected, rcond=None)[0]
    assert merged.size == resistance.size - 11
    assert shorted.resistance[0, 1] == pytest.approx(volts[-1] - volts[0], rel=1e-6)


def test_maps_of_points_and_of_regions_agree():
    resistance = landscape(11)
    cells = np.flatnonzero(~np.isnan(resistance))[[0, 40, 80, -1]]
    points = circuit.pairwise(resistance, {k + 1: cells[[k]] for k in range(4)}, maximum=True)
    total, largest = 0, 0
    for i in range(4):
        for j in range(i + 1, 4):
            ends = (np.isin(np.arange(resistance.size), cells[k]).reshape(resistance.shape) for k in (i, j))
            pair = circuit.solve_pair(resistance, *ends)
            if not np.isfinite(pair.resistance):
                assert points.resistance[i, j] == -1
                continue
            assert points.resistance[i, j] == pytest.approx(pair.resistance, rel=1e-9)
            current = np.nan_to_num(pair.current)
            total, largest = total + current, np.maximum(largest, current)
    np.testing.assert_allclose(points.cumulative, total, atol=1e-9)
    np.testing.assert_allclose(points.maximum, largest, atol=1e-9)


@pytest.mark.parametrize("count", [2, 3, 5, 8, 13])
def test_sum_over_sorted_drops_equals_the_sum_over_pairs(count):
    resistance = landscape(21, shape=(31, 27), holes=0.3)
    regions = np.zeros(resistance.shape, dtype=int)
    regions[3:6, 3:9], regions[20:22, 5:6] = 1, 1
    cells = np.random.default_rng(count).permutation(np.flatnonzero(~np.isnan(resistance)))[:count]
    focal = {k + 1: cells[[k]] for k in range(count)}
    focal[count + 1] = cells[[0]]
    for neighbours in (4, 8):
        quick = circuit.pairwise(resistance, focal, regions=regions, neighbours=neighbours)
        slow = circuit.pairwise(resistance, focal, regions=regions, neighbours=neighbours, maximum=True)
        np.testing.assert_allclose(quick.resistance, slow.resistance, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(quick.cumulative, slow.cumulative, atol=2e-6 * slow.cumulative.max())


@pytest.mark.parametrize("count", range(1, 13))
def test_sorting_network_sorts_every_row_of_zeros_and_ones(count):
    # the zero-one principle: a network that sorts all of these sorts everything
    rows = np.array([[k >> bit & 1 for bit in range(count)] for k in range(2**count)])
    expected = np.sort(rows, axis=1)
    for low, high in sorting_network(count):
        rows[:, [low, high]] = np.sort(rows[:, [low, high]], axis=1)
    np.testing.assert_array_equal(rows, expected)


def test_zeroed_focal_currents():
    flow = circuit.pairwise(np.ones((1, 4)), {1: np.array([0]), 2: np.array([3])}, zero_focal=True)
    np.testing.assert_allclose(flow.cumulative, [[0, 1, 1, 0]], atol=1e-12)


def test_one_to_all_is_the_parallel_of_the_ways_out():
    # a star of three arms: 1 in the middle, grounds at the ends
    resistance = np.full((3, 5), np.nan)
    resistance[1] = 1.0
    resistance[2, 2] = 1.0
    focal = {1: np.array([7]), 2: np.array([5]), 3: np.array([9]), 4: np.array([12])}
    flow = circuit.one_to_all(resistance, focal, neighbours=4, strengths={1: 2.0})
    assert flow.resistance[0] == pytest.approx(1 / (1 / 2 + 1 / 2 + 1), rel=1e-12)
    back = circuit.all_to_one(resistance, focal, neighbours=4, strengths={3: 5.0})
    np.testing.assert_array_equal(back.resistance, 0)
    # turn by turn: node 3 (cell 9) puts 5 A into the middle unless it is the ground itself
    assert back.cumulative[1, 3] == pytest.approx(3 * 5.0 + (1 + 1 + 1), rel=1e-10)


def test_advanced_divides_the_current_between_grounds():
    resistance = np.ones((1, 5))
    sources, grounds = np.zeros((1, 5)), np.zeros((1, 5))
    sources[0, 2] = 3.0
    grounds[0, 0], grounds[0, 4] = np.inf, 0.5
    flow = circuit.advanced(resistance, sources, grounds)
    # left way 2 ohms, right way 2 + 1 / 0.5 = 4 ohms
    np.testing.assert_allclose(flow.voltage, [[0, 2, 4, 3, 2]], rtol=1e-12)
    np.testing.assert_allclose(flow.current, [[2, 2, 3, 1, 1]], rtol=1e-12)


@pytest.mark.parametrize(
    ("conflict", "left", "right"),
    [("keep_both", 1.0, 1.0), ("remove_source", 0.0, 0.0), ("remove_ground", 0.0, 2.0), ("remove_both", 0.0, 0.0)],
)
def test_conflicts(conflict, left, right):
    # the source's own ground (1 S) competes with 1 ohm and a ground of 1e12 S: half of 2 A, unless one is dropped
    sources, grounds = np.array([[2.0, 0.0]]), np.array([[1.0, np.inf]])
    if conflict in ("remove_source", "remove_both"):
        with pytest.raises(InputError, match="no source"):
            circuit.advanced(np.ones((1, 2)), sources, grounds, conflict=conflict)
        return
    flow = circuit.advanced(np.ones((1, 2)), sources, grounds, conflict=conflict)
    assert flow.current[0, 1] == pytest.approx(right, rel=1e-12)
    assert flow.current[0, 0] == pytest.approx(left + right, rel=1e-12)


def test_keep_both_keeps_a_finite_ground_at_the_source():
    # 2 A into 1/2 S beside 1 ohm + 2 ohm: 2 / (1/2 + 1/3) = 2.4 V, of which 2.4 / 3 = 0.8 A take the long way.
    sources, grounds = np.array([[2.0, 0.0]]), np.array([[0.5, 0.5]])
    flow = circuit.advanced(np.ones((1, 2)), sources, grounds, conflict="keep_both")
    np.testing.assert_allclose(flow.voltage, [[2.4, 1.6]], rtol=1e-12)
    np.testing.assert_allclose(flow.current, [[2.0, 0.8]], rtol=1e-12)


def test_keep_both_gives_up_a_direct_ground_at_the_source():
    # All 2 A go through 1 ohm and the finite ground of 2 ohm: 2 x 3 = 6 V and 2 x 2 = 4 V.
    sources, grounds = np.array([[2.0, 0.0]]), np.array([[np.inf, 0.5]])
    flow = circuit.advanced(np.ones((1, 2)), sources, grounds, conflict="keep_both")
    np.testing.assert_allclose(flow.voltage, [[6.0, 4.0]], rtol=1e-12)
    np.testing.assert_allclose(flow.current, [[2.0, 2.0]], rtol=1e-12)


def test_keep_both_within_a_region():
    # Cells 1 and 2 are one node: its source and its ground of 1/2 S stay both, as in one cell (above).
    sources, grounds = np.array([[2.0, 0.0, 0.0]]), np.array([[0.0, 0.5, 0.5]])
    regions = np.array([[1, 1, 0]])
    flow = circuit.advanced(np.ones((1, 3)), sources, grounds, regions=regions, conflict="keep_both")
    np.testing.assert_allclose(flow.voltage, [[2.4, 2.4, 1.6]], rtol=1e-12)


def test_nested_dissection_numbers_every_cell_once_and_fills_in_less():
    order = nested_dissection(37, 53)
    np.testing.assert_array_equal(np.sort(order, axis=None), np.arange(37 * 53))


@pytest.mark.parametrize("value", [0.0, -2.0, np.inf])
def test_bad_resistance_is_refused(value):
    resistance = np.ones((3, 3))
    resistance[1, 2] = value
    with pytest.raises(InputError, match="1"):
        circuit.solve_pair(resistance, cell_mask((3, 3), (0, 0)), cell_mask((3, 3), (2, 2)))


def test_bad_choices_are_refused():
    ones, focal = np.ones((2, 2)), {1: np.array([0]), 2: np.array([3])}
    with pytest.raises(InputError, match="6"):
        circuit.pairwise(ones, focal, neighbours=6)
    with pytest.raises(InputError, match="median"):
        circuit.pairwise(ones, focal, average="median")
    with pytest.raises(InputError, match="two focal"):
        circuit.pairwise(ones, {1: np.array([0])})
    with pytest.raises(InputError, match="first"):
        circuit.solve_pair(np.array([[np.nan, 1.0]]), cell_mask((1, 2), (0, 0)), cell_mask((1, 2), (0, 1)))
    with pytest.raises(InputError, match="negative"):
        circuit.advanced(ones, np.eye(2), -np.eye(2))


def test_cancel_stops_between_pairs():
    class Impatient(Monitor):
        calls = 0

        def cancelled(self):
            self.calls += 1
            return self.calls > 8

    focal = {k + 1: np.array([k]) for k in range(12)}
    with pytest.raises(OperationCancelled):
        circuit.pairwise(np.ones((4, 4)), focal, monitor=Impatient())


def test_a_millionfold_range_is_warned_of():
    class Listener(Monitor):
        def __init__(self):
            self.warned = []

        def warn(self, text):
            self.warned.append(text)

    resistance = np.ones((3, 3))
    for largest, warnings in ((1e4, 0), (3e6, 1)):
        resistance[1] = largest
        listener = Listener()
        circuit.pairwise(resistance, {1: np.array([0]), 2: np.array([8])}, monitor=listener)
        assert len(listener.warned) == warnings, largest
    assert "outliers" in listener.warned[0]


@pytest.mark.parametrize("regions", [None, np.random.default_rng(3).integers(0, 3, (6, 7))])
def test_shared_cells_are_those_of_the_sets(regions):
    random = np.random.default_rng(2)
    resistance = np.where(random.random((6, 7)) < 0.3, np.nan, 1.0)
    focal = {
        k: np.sort(random.choice(42, size, replace=False)) for k, size in enumerate((20, 1, 15, 9, 0, 12), start=1)
    }
    valid = set(
        np.flatnonzero(~np.isnan(resistance) if regions is None else ~np.isnan(resistance) | (regions > 0)).tolist()
    )
    expected = {
        (i, j): len(set(focal[i].tolist()) & set(focal[j].tolist()) & valid)
        for i, j in itertools.combinations(focal, 2)
    }
    assert max(expected.values()) > 3
    assert circuit.shared_cells(focal, resistance, regions) == {
        pair: count for pair, count in expected.items() if count
    }
