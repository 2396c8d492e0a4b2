"""Conductances that are made where they are needed against the same that are kept."""

import numpy as np
import pytest
from ecosecnet.core import circuit
from ecosecnet.core.circuit import compiled, iterative, multigrid, solvers
from ecosecnet.core.circuit import graph as graphs
from ecosecnet.core.circuit.iterative import MultigridSolver
from ecosecnet.core.circuit.surfacestencil import SurfaceStencil
from scipy.ndimage import gaussian_filter

SHAPE = (96, 85)


@pytest.fixture
def surface():
    rng = np.random.default_rng(5)
    field = gaussian_filter(rng.normal(size=SHAPE), 3)
    values = np.array([0.3, 1, 7, 30, 100], np.float32)[np.digitize(field, np.quantile(field, [0.2, 0.4, 0.6, 0.8]))]
    values[rng.random(SHAPE) < 0.08] = np.nan
    values[40:43, :60] = np.nan
    return values


@pytest.fixture
def both(monkeypatch):
    """Return a function that makes the graph of a raster with couplings that are kept, and that are not."""

    def make(resistance, **options):
        kept = circuit.raster_graph(resistance, **options)
        monkeypatch.setattr(graphs, "_KEPT", 0)
        made = circuit.raster_graph(resistance, **options)
        monkeypatch.undo()
        monkeypatch.setattr(iterative, "_COARSEST", (150, 900, 6000))
        assert (kept.made, made.made is None) == (None, False)
        return kept, made

    return make


@pytest.mark.parametrize("average", ["resistance", "conductance"])
@pytest.mark.parametrize("neighbours", [8, 4])
def test_graph_is_the_same_to_the_bit(surface, both, neighbours, average):
    kept, made = both(surface, neighbours=neighbours, average=average)
    for one, other in zip(kept.couplings, made.couplings):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(kept.linked, made.linked)
    np.testing.assert_array_equal(kept.component, made.component)
    assert kept.contrast == made.contrast
    potential = np.random.default_rng(1).normal(size=kept.size)
    np.testing.assert_array_equal(kept.currents(potential), made.currents(potential))
    assert kept.power(potential) == made.power(potential)


@pytest.mark.parametrize("joined", [False, True])
def test_currents_that_leave_some_nodes_are_those_of_the_whole(surface, joined):
    graph = circuit.raster_graph(surface)
    if joined:
        graph, _ = graph.short_circuit([np.arange(5), np.arange(3_000, 3_400), np.array([17])])
    nodes = np.unique(
        np.concatenate([graph.nodes_of(np.arange(3_000, 3_400)), graph.nodes_of(np.array([17, 18, 6_000]))])
    )
    potential = np.random.default_rng(1).normal(size=graph.size)
    around, between = graph.around(nodes)
    np.testing.assert_allclose(
        around.apply(potential[between])[np.searchsorted(between, nodes)], graph.apply(potential)[nodes], rtol=1e-13
    )
    assert around.size < graph.size


@pytest.mark.parametrize("accelerate", [False, True])
@pytest.mark.parametrize("kind", ["points", "held", "grounds"])
@pytest.mark.parametrize("average", ["resistance", "conductance"])
@pytest.mark.parametrize("neighbours", [8, 4])
@pytest.mark.parametrize("dtype", [pytest.param(np.float32, marks=pytest.mark.slow), np.float64])
def test_solves_are_the_same(surface, both, dtype, neighbours, average, kind, accelerate):
    if accelerate and not compiled.available():
        pytest.skip("needs numba")
    graphs_of = both(surface.astype(dtype) * dtype(1.1), neighbours=neighbours, average=average)
    nodes = np.flatnonzero(graphs_of[0].component == np.bincount(graphs_of[0].component).argmax())
    size = graphs_of[0].size
    held, injected, fixed, ground = np.zeros(size, dtype=bool), np.zeros(size), None, None
    injected[nodes[-1]] = 1.0
    if kind == "points":
        held[nodes[0]] = True
    elif kind == "held":
        fixed = np.zeros(size)
        held[nodes[:40]] = held[nodes[700:760]] = True
        fixed[nodes[700:760]] = 2.0
    else:
        ground = np.zeros(size)
        ground[nodes[100:130]] = np.linspace(0.1, 2.0, 30)
    solvers_of = [MultigridSolver(graph, held=held, ground=ground, accelerate=accelerate) for graph in graphs_of]
    assert [isinstance(solver._operator, SurfaceStencil) for solver in solvers_of] == [False, True]
    kept, made = (solver.solve(injected, fixed) for solver in solvers_of)
    assert solvers_of[0].iterations == solvers_of[1].iterations
    # the first decimals of the error itself may differ, which is at most 1e-7
    np.testing.assert_allclose(made, kept, rtol=0, atol=1e-9 * np.abs(kept).max())
    assert graphs_of[1].power(made) == pytest.approx(graphs_of[0].power(kept), rel=1e-10)


@pytest.mark.parametrize("unit", [1e-33, 1e33])
def test_the_unit_of_resistance_does_not_matter(surface, both, unit):
    """Single precision ends at 1e-38 and 1e38."""
    found = []
    for values in (surface, surface * np.float32(unit)):
        _, made = both(values)
        solver = MultigridSolver(made, held=np.arange(made.size) == 0)
        found.append(solver.solve(np.arange(made.size) == made.size - 1.0))
    np.testing.assert_allclose(found[1] / unit, found[0], rtol=0, atol=1e-6 * np.abs(found[0]).max())


def test_levels_do_not_depend_on_the_strips_they_are_made_in(surface, both, monkeypatch):
    found = []
    for graph in both(surface):
        held = np.arange(graph.size) == 0
        for rows in (1, 7, 1000):
            monkeypatch.setattr(multigrid, "_STRIP_CELLS", 1)
            monkeypatch.setattr(multigrid, "_STRIP_ROWS", rows)
            solver = MultigridSolver(graph, held=held)
            solver.solve(np.arange(graph.size) == graph.size - 1.0)
            found.append(solver._hierarchy._levels)
    assert len(found[0]) == 3
    for levels in found[1:3] + found[4:]:
        expected = found[0] if levels in found[1:3] else found[3]
        for level, like in zip(levels, expected):
            for one, other in zip(level.operator.couplings, like.operator.couplings):
                np.testing.assert_array_equal(one, other)
            for one, other in zip((level.sweep, *level.weights.weights), (like.sweep, *like.weights.weights)):
                np.testing.assert_array_equal(one, other)


def test_regions_and_turns_on_couplings_that_are_made(surface, monkeypatch):
    valid = np.flatnonzero(~np.isnan(surface[:40].ravel()))
    points = {k: valid[[k * 500]] for k in range(1, 5)}
    areas = {k: valid[k * 600 : k * 600 + 9] for k in range(1, 5)}
    shorts = np.zeros(SHAPE, dtype=int)
    shorts[20:28, 20:31] = 1

    def everything():
        return [
            circuit.pairwise(surface, points).cumulative,
            circuit.pairwise(surface, points, maximum=True).maximum,
            circuit.pairwise(surface, points, regions=shorts).cumulative,
            circuit.pairwise(surface, areas).cumulative,
            circuit.one_to_all(surface, areas).cumulative,
            circuit.all_to_one(surface, points).cumulative,
        ]

    direct = everything()
    monkeypatch.setattr(solvers, "_MULTIGRID_LEAST", 0)
    monkeypatch.setattr(solvers, "_MULTIGRID_CELL", 0.0)
    monkeypatch.setattr(iterative, "_COARSEST", (150, 900, 6000))
    monkeypatch.setattr(graphs, "_KEPT", 0)
    for got, expected in zip(everything(), direct):
        assert np.abs(got - expected).max() <= 2e-6 * expected.max()


def test_whole_numbers_are_resistances():
    flow = circuit.pairwise(np.full((3, 3), 2), {1: np.array([0]), 2: np.array([8])})
    exact = circuit.pairwise(np.full((3, 3), 2.0), {1: np.array([0]), 2: np.array([8])})
    assert flow.resistance.tolist() == exact.resistance.tolist()
