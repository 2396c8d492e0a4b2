"""Pairs of regions that share one hierarchy, against solvers and hierarchies of their own."""

import weakref
from itertools import combinations

import numpy as np
import pytest
from circuits import dense_pair
from ecosecnet.core import circuit
from ecosecnet.core.circuit import iterative, multigrid, regions, shares, solvers
from ecosecnet.core.circuit.direct import DirectSolver
from ecosecnet.core.circuit.iterative import MultigridSolver
from ecosecnet.core.circuit.regions import HeldRegions, Regions
from ecosecnet.core.errors import OperationCancelled
from ecosecnet.core.monitor import SILENT, Monitor
from scipy.ndimage import binary_dilation, gaussian_filter

SHAPE = (91, 84)


@pytest.fixture(autouse=True)
def deep_multigrid(monkeypatch):
    """Use multigrid, with a deep hierarchy, although the rasters are small."""
    monkeypatch.setattr(solvers, "_MULTIGRID_LEAST", 0)
    monkeypatch.setattr(solvers, "_MULTIGRID_CELL", 0.0)
    monkeypatch.setattr(iterative, "_COARSEST", (150, 900, 6000))
    monkeypatch.setattr(regions, "_TILE", 4)
    monkeypatch.setattr(regions, "_PIECE_CELLS", 0)


def landscape(seed, shape=SHAPE, values=(1, 3, 10, 30, 100)):
    rng = np.random.default_rng(seed)
    field = gaussian_filter(rng.normal(size=shape), 4)
    edges = np.quantile(field, np.linspace(0, 1, len(values) + 1)[1:-1])
    resistance = np.array(values, dtype=float)[np.digitize(field, edges)]
    resistance[rng.random(shape) < 0.05] = np.nan
    return resistance


def blob(rng, shape, steps):
    """Grow a region of some shape from a random cell, often up to the edge of the raster."""
    cells = np.zeros(shape, dtype=bool)
    cells[rng.integers(shape[0]), rng.integers(shape[1])] = True
    for _ in range(steps):
        cells |= binary_dilation(cells) & (rng.random(shape) < 0.5)
    return cells


def some_regions(seed, shape=SHAPE):
    rng = np.random.default_rng(seed)
    shapes = [blob(rng, shape, steps) for steps in (1, 3, 6, 10)]
    shapes.append(binary_dilation(shapes[2], iterations=2) & ~shapes[2])  # a ring, touching the third
    shapes.append(np.zeros(shape, dtype=bool))
    shapes[-1][:, 0] = True  # an edge of the raster
    shapes.append(blob(rng, shape, 2) | blob(rng, shape, 2) | blob(rng, shape, 3))  # scattered
    shapes.append(np.zeros(shape, dtype=bool))
    shapes[-1][-1, -1] = shapes[-1][-2, -1] = True
    return shapes


def own_solve(graph, nodes_i, nodes_j, solver=DirectSolver):
    held, fixed = np.zeros(graph.size, dtype=bool), np.zeros(graph.size)
    held[nodes_i] = held[nodes_j] = True
    fixed[nodes_j] = 1.0
    made = solver(graph, held=held)
    return made.solve(np.zeros(graph.size), fixed), made


def at_nodes(graph, volts):
    """Return the potentials of nodes, given those of cells."""
    potential, has_node = np.zeros(graph.size), graph.node >= 0
    potential[graph.node[has_node]] = volts[has_node]
    return potential


def state(held):
    levels = held._hierarchy._operators()
    arrays = [held._operator.leak, *held._operator.couplings]
    for operator in levels:
        arrays += [operator.leak if operator.leak is not None else operator.zeros(), *operator.couplings]
    for level in held._hierarchy._levels:
        arrays += [level.sweep, *level.weights.weights]
    return [np.array(0.0) if array is None else array.copy() for array in arrays]


@pytest.mark.parametrize("neighbours", [8, 4])
@pytest.mark.parametrize("seed", range(3))
def test_every_pair_equals_a_factorisation_of_its_own(seed, neighbours):
    graph = circuit.raster_graph(landscape(seed), neighbours=neighbours)
    members = [graph.nodes_of(np.flatnonzero(cells)) for cells in some_regions(seed)]
    shared = Regions(graph, members, SILENT)
    solved = 0
    for i, j in combinations(range(len(members)), 2):
        volts, amperes, effective = shared.pair(i, j)
        potential = at_nodes(graph, volts)
        if np.intersect1d(members[i], members[j]).size:
            assert effective == 0.0
            continue
        if not np.isfinite(effective):
            continue
        expected, _ = own_solve(graph, members[i], members[j])
        resistance = 1.0 / graph.power(expected)
        assert effective == pytest.approx(resistance, rel=1e-9)
        current = graph.currents(expected * resistance)
        assert np.abs(graph.currents(potential) - current).max() <= 2e-6 * current.max()
        current[members[i]] = current[members[j]] = 1.0
        assert np.abs(amperes - graph.on_cells(current)).max() <= 1e-6
        assert np.all(potential[members[i]] == 0.0)
        assert np.ptp(potential[members[j]]) == 0.0
        assert shared._held.iterations <= 12
        solved += 1
    assert solved >= 15


@pytest.mark.parametrize("seed", range(4))
def test_windows_hold_what_a_new_hierarchy_holds(seed):
    graph = circuit.raster_graph(landscape(seed + 10))
    members = [graph.nodes_of(np.flatnonzero(cells)) for cells in some_regions(seed)]
    held = HeldRegions(graph, members, SILENT)
    held._hierarchy = held._build()
    held._hierarchy.admit_leaks()
    before = state(held)
    for region in (3, 0):
        held._hold(region, held._operator.zeros())
    assert held._built_in == 0
    changed = state(held)
    held._hierarchy, shared = multigrid.Hierarchy(held._operator, held._limit), held._hierarchy
    new = state(held)
    assert any(np.any(a != b) for a, b in zip(before, changed))
    for got, expected in zip(changed, new):
        np.testing.assert_allclose(got, expected, rtol=2e-4, atol=2e-6 * max(1.0, np.abs(expected).max()))
    held._hierarchy = shared
    while held._stack:
        held._release()
    for got, expected in zip(state(held), before):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("seed", range(3))
def test_a_start_from_the_pairs_of_the_first_region_saves_iterations_only(seed, monkeypatch):
    resistance = landscape(seed)
    resistance[:9, 9] = resistance[9, :10] = np.nan  # a corner that is not connected with the rest
    corner = np.zeros(SHAPE, dtype=bool)
    corner[2:5, 3:6] = True
    focal = {k + 1: np.flatnonzero(cells) for k, cells in enumerate([*some_regions(seed), corner])}
    solve, iterations = HeldRegions.pair, []

    def counted(self, *pair):
        potential = solve(self, *pair)
        iterations[-1] += self.iterations
        return potential

    monkeypatch.setattr(HeldRegions, "pair", counted)

    def listen(i, j, current, voltage):
        volts[-1][i, j] = voltage

    flows, volts = [], []
    for worth, least in ((0, 0), (10**9, 0), (10**9, 10**9)):
        monkeypatch.setattr(shares, "_WORTH_A_STAR", worth)
        monkeypatch.setattr(solvers, "_MULTIGRID_LEAST", least)
        iterations.append(0)
        volts.append({})
        flows.append(circuit.pairwise(resistance, focal, maximum=True, listener=listen))
    found, _, factorised = flows
    assert np.any(found.resistance < 0.0)
    for pair, expected in volts[2].items():
        assert np.abs(volts[0][pair] - expected).max() <= 1e-6 * expected.max()
    np.testing.assert_allclose(found.resistance, factorised.resistance, rtol=1e-9)
    assert np.abs(found.cumulative - factorised.cumulative).max() <= 1e-7 * factorised.cumulative.max()
    assert np.abs(found.maximum - factorised.maximum).max() <= 5e-7
    assert 0 < iterations[0] < iterations[1]


def test_iterations_are_those_of_an_own_hierarchy(monkeypatch):
    monkeypatch.setattr(regions, "_TILE", 32)
    graph = circuit.raster_graph(landscape(5, (210, 190)))
    cells = [np.zeros(graph.shape, dtype=bool) for _ in range(4)]
    for k, (row, col) in enumerate(((5, 5), (100, 90), (180, 20), (60, 160))):
        cells[k][row : row + 20, col : col + 25] = True
    members = [graph.nodes_of(np.flatnonzero(where)) for where in cells]
    shared = Regions(graph, members, SILENT)
    for i, j in combinations(range(4), 2):
        shared.pair(i, j)
        _, own = own_solve(graph, members[i], members[j], MultigridSolver)
        assert abs(shared._held.iterations - own.iterations) <= 1


def test_regions_on_short_circuit_regions_and_nodata():
    resistance = landscape(7)
    shorts = np.zeros(SHAPE, dtype=int)
    shorts[20:30, 20:40], shorts[60:64, 50:80], shorts[62:70, 10:14] = 1, 2, 2
    graph = circuit.raster_graph(resistance, regions=shorts)
    cells = [np.zeros(SHAPE, dtype=bool) for _ in range(4)]
    cells[0][25:33, 35:44] = True  # touches the first
    cells[1][80:85, 70:80] = True
    cells[2][58:66, 60:62] = True  # touches the second, which has two parts
    cells[3][2:6, 2:6] = True
    members = [graph.nodes_of(np.flatnonzero(where)) for where in cells]
    shared = Regions(graph, members, SILENT)
    for i, j in combinations(range(4), 2):
        volts, _, effective = shared.pair(i, j)
        potential = at_nodes(graph, volts)
        expected, _ = own_solve(graph, members[i], members[j])
        resistance_ij = 1.0 / graph.power(expected)
        assert effective == pytest.approx(resistance_ij, rel=1e-9)
        current = graph.currents(expected * resistance_ij)
        assert np.abs(graph.currents(potential) - current).max() <= 2e-6 * current.max()


@pytest.mark.parametrize("neighbours", [8, 4])
def test_islands_without_a_region_count_for_nothing(neighbours):
    resistance = landscape(5)
    resistance[20:60, 20:60] = np.nan
    places = [np.flatnonzero(cells) for cells in some_regions(5)[:5]]
    focal = {number: cells[~np.isnan(resistance.ravel()[cells])] for number, cells in enumerate(places)}
    alone = circuit.pairwise(resistance, focal, neighbours=neighbours, maximum=True)
    resistance[22:40:5, 22:58] = resistance[45:58, 22:58:7] = 2.0
    beside = circuit.pairwise(resistance, focal, neighbours=neighbours, maximum=True)
    assert (alone.resistance > 0).sum() == 20
    np.testing.assert_allclose(beside.resistance, alone.resistance, rtol=1e-9)
    np.testing.assert_allclose(beside.cumulative, alone.cumulative, atol=1e-5)
    np.testing.assert_allclose(beside.maximum, alone.maximum, atol=1e-5)


def test_adjacent_regions_that_leave_little_between_them():
    resistance = landscape(8, (24, 31))
    cells = [np.zeros(resistance.shape, dtype=bool) for _ in range(3)]
    cells[0][:, :15], cells[1][:, 15:30], cells[2][3:5, 30] = True, True, True
    cells = [where & ~np.isnan(resistance) for where in cells]
    graph = circuit.raster_graph(resistance)
    shared = Regions(graph, [graph.nodes_of(np.flatnonzero(where)) for where in cells], SILENT)
    for i, j in combinations(range(3), 2):
        current, effective = dense_pair(resistance, cells[i], cells[j])
        volts, _, found = shared.pair(i, j)
        potential = at_nodes(graph, volts)
        assert found == pytest.approx(effective, rel=1e-9)
        whole = graph.on_cells(graph.currents(potential))
        outside = ~cells[i] & ~cells[j] & ~np.isnan(resistance)
        np.testing.assert_allclose(whole[outside], np.nan_to_num(current)[outside], atol=2e-6)


@pytest.mark.parametrize("piece", [0, 10**9])
def test_slow_convergence_solves_a_larger_level_for_the_pair_and_the_next(monkeypatch, piece):
    monkeypatch.setattr(regions, "_PIECE_CELLS", piece)
    monkeypatch.setattr(iterative, "_PATIENCE", 5)
    graph = circuit.raster_graph(landscape(9, values=(10, 1, 1e4, 3, 100)))
    members = [graph.nodes_of(np.flatnonzero(cells)) for cells in some_regions(9)[:3]]
    shared = Regions(graph, members, SILENT)
    for i, j in combinations(range(3), 2):
        _, _, effective = shared.pair(i, j)
        expected, _ = own_solve(graph, members[i], members[j])
        assert effective == pytest.approx(1.0 / graph.power(expected), rel=1e-9)
    assert shared._held._slowness > 0


def test_the_last_level_is_not_factorised_in_every_slow_iteration(monkeypatch):
    monkeypatch.setattr(iterative, "_COARSEST", (150,))
    monkeypatch.setattr(iterative, "_PATIENCE", 3)
    made = []
    factorise = multigrid._CoarsestSolver.__init__
    monkeypatch.setattr(multigrid._CoarsestSolver, "__init__", lambda *a: made.append(1) or factorise(*a))
    monkeypatch.setattr(iterative, "FACTORISED_MOST", 0)
    rng = np.random.default_rng(3)
    resistance = 10 ** rng.uniform(0, 6, SHAPE)
    graph = circuit.raster_graph(resistance, neighbours=4)
    members = [graph.nodes_of(np.flatnonzero(cells)) for cells in some_regions(9)[2:4]]
    shared = Regions(graph, members, SILENT)
    shared.pair(0, 1)
    assert shared._held.iterations > 15
    assert len(made) <= 2


def test_far_flung_regions_keep_one_hierarchy_at_a_time(monkeypatch):
    monkeypatch.setattr(regions, "_TILE", 32)
    monkeypatch.setattr(regions, "_PIECE_CELLS", 20_000)
    alive = weakref.WeakSet()
    build = multigrid.Hierarchy.__init__

    def counted(self, *args):
        assert not alive
        build(self, *args)
        alive.add(self._levels[0])

    monkeypatch.setattr(multigrid.Hierarchy, "__init__", counted)
    graph = circuit.raster_graph(landscape(4, (260, 250)))
    cells = [np.zeros(graph.shape, dtype=bool) for _ in range(5)]
    cells[0][8:16, 8:16], cells[3][200:210, 90:99] = True, True
    cells[1][::40, ::40], cells[2][20::40, 20::40], cells[4][30::40, 5::40] = True, True, True
    members = [graph.nodes_of(np.flatnonzero(where)) for where in cells]
    shared = Regions(graph, members, SILENT)
    for i, j in combinations(range(5), 2):
        _, _, effective = shared.pair(i, j)
        expected, _ = own_solve(graph, members[i], members[j])
        assert effective == pytest.approx(1.0 / graph.power(expected), rel=1e-9)
        assert shared._held.iterations <= 12


def test_a_cancelled_pair_leaves_nothing_behind():
    class Once(Monitor):
        calls = 0

        def cancelled(self):
            self.calls += 1
            return self.calls == 9

    graph = circuit.raster_graph(landscape(6))
    members = [graph.nodes_of(np.flatnonzero(cells)) for cells in some_regions(2)[:4]]
    shared = Regions(graph, members, Once())
    with pytest.raises(OperationCancelled):
        shared.pair(0, 1)
    expected, _ = own_solve(graph, members[2], members[3])
    assert shared.pair(2, 3)[2] == pytest.approx(1.0 / graph.power(expected), rel=1e-9)
