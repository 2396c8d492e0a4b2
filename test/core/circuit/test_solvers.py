"""The solvers of circuits against each other, on ordinary and on hard surfaces."""

import numpy as np
import pytest
from circuits import dense_pair, sparse_pair
from ecosecnet.core import circuit
from ecosecnet.core.circuit import compiled, iterative, passes, solvers
from ecosecnet.core.circuit import regions as pairs
from ecosecnet.core.circuit.conductances import DIRECTIONS
from ecosecnet.core.circuit.direct import DirectSolver
from ecosecnet.core.circuit.iterative import MultigridSolver
from ecosecnet.core.circuit.stencil import Interpolation, Stencil, coarsen
from ecosecnet.core.errors import ConvergenceError, OperationCancelled
from ecosecnet.core.monitor import Monitor
from scipy.ndimage import gaussian_filter

SHAPE = (90, 83)


def classes(values, seed=1, smooth=4.0):
    rng = np.random.default_rng(seed)
    field = gaussian_filter(rng.normal(size=SHAPE), smooth)
    edges = np.quantile(field, np.linspace(0, 1, len(values) + 1)[1:-1])
    return np.array(values, dtype=float)[np.digitize(field, edges)]


def holes(resistance, share=0.06, seed=2):
    resistance = resistance.copy()
    resistance[np.random.default_rng(seed).random(resistance.shape) < share] = np.nan
    return resistance


def serpentine(spacing):
    resistance = np.ones(SHAPE)
    resistance[spacing :: 2 * spacing, :-2] = np.nan
    resistance[2 * spacing :: 2 * spacing, 2:] = np.nan
    return resistance


def maze(shape=SHAPE, seed=3):
    """Make a perfect maze of corridors one cell wide by a random walk that backs up (depth first)."""
    rng = np.random.default_rng(seed)
    open_cells = np.zeros(shape, dtype=bool)
    way = [(0, 0)]
    open_cells[0, 0] = True
    while way:
        row, col = way[-1]
        steps = [(row + 2 * a, col + 2 * b, row + a, col + b) for a, b in ((0, 1), (1, 0), (0, -1), (-1, 0))]
        steps = [s for s in steps if 0 <= s[0] < shape[0] and 0 <= s[1] < shape[1] and not open_cells[s[0], s[1]]]
        if not steps:
            way.pop()
            continue
        row, col, between_row, between_col = steps[rng.integers(len(steps))]
        open_cells[row, col] = open_cells[between_row, between_col] = True
        way.append((row, col))
    return np.where(open_cells, 1.0, np.nan)


SURFACES = {
    "five classes": holes(classes([1, 2, 3, 4, 5])),
    "1 to 100": holes(classes([1, 3, 10, 30, 100])),
    "shuffled 1 to 1e4": classes([10, 1, 1e4, 3, 100]),
    "noise over 1e6": 10.0 ** np.random.default_rng(4).uniform(-3, 3, SHAPE),
    "serpentine": serpentine(8),
    "narrow serpentine": serpentine(3),
    "maze": maze(),
}


def problem(graph, kind):
    """Return held nodes, grounds, injected currents and held potentials in the largest component."""
    nodes = np.flatnonzero(graph.component == np.bincount(graph.component).argmax())
    held, ground, injected, fixed = np.zeros(graph.size, dtype=bool), None, np.zeros(graph.size), None
    if kind == "points":
        held[nodes[0]] = True
        injected[nodes[-1]] = 1.0
    elif kind == "regions":
        held[nodes[:20]] = held[nodes[-30:]] = True
        fixed = np.zeros(graph.size)
        fixed[nodes[-30:]] = 1.0
    else:
        ground = np.zeros(graph.size)
        ground[nodes[50:70]] = np.linspace(0.1, 2.0, 20)
        injected[nodes[-10:]] = 1.0
    return held, ground, injected, fixed


@pytest.fixture
def small_levels(monkeypatch):
    """Make the hierarchy deep although the rasters are small."""
    monkeypatch.setattr(iterative, "_COARSEST", (150, 900, 6000))


@pytest.mark.parametrize("kind", ["points", "regions", "grounds"])
@pytest.mark.parametrize("neighbours", [8, 4])
@pytest.mark.parametrize("name", SURFACES)
def test_multigrid_equals_the_factorisation(small_levels, name, neighbours, kind):
    graph = circuit.raster_graph(SURFACES[name], neighbours=neighbours)
    held, ground, injected, fixed = problem(graph, kind)
    direct = DirectSolver(graph, held=held, ground=ground).solve(injected, fixed)
    multigrid = MultigridSolver(graph, held=held, ground=ground)
    multigrid.solve(injected, fixed)
    found = multigrid.solve(injected, fixed)
    assert multigrid.iterations <= (40 if name == "noise over 1e6" else 30)
    current = graph.currents(direct, ground)
    assert np.abs(graph.currents(found, ground) - current).max() <= 2e-6 * current.max()
    if ground is None:
        assert graph.power(found) == pytest.approx(graph.power(direct), rel=1e-6)


@pytest.mark.skipif(not compiled.available(), reason="needs numba")
@pytest.mark.parametrize("kind", ["points", "regions", "grounds"])
@pytest.mark.parametrize("neighbours", [8, 4])
@pytest.mark.parametrize("name", ["1 to 100", "shuffled 1 to 1e4", "five classes"])
def test_numba_gives_the_same_answers(small_levels, name, neighbours, kind):
    regions = np.zeros(SHAPE, dtype=int)
    regions[20:28, 20:31], regions[50:55, 8:12] = 1, 2
    for shorts in (None, regions):
        graph = circuit.raster_graph(SURFACES[name], neighbours=neighbours, regions=shorts)
        held, ground, injected, fixed = problem(graph, kind)
        plain, fast = (MultigridSolver(graph, held=held, ground=ground, accelerate=use) for use in (False, True))
        expected, found = (solver.solve(injected, fixed) for solver in (plain, fast))
        assert abs(plain.iterations - fast.iterations) <= 1
        current = graph.currents(expected, ground)
        assert np.abs(graph.currents(found, ground) - current).max() <= 1e-6 * current.max()
        assert graph.power(found) == pytest.approx(graph.power(expected), rel=1e-9)


@pytest.mark.skipif(not compiled.available(), reason="needs numba")
@pytest.mark.parametrize("shape", [(37, 52), (64, 63), (2, 2)])
@pytest.mark.parametrize("neighbours", [8, 4])
@pytest.mark.parametrize("leaking", [False, True])
def test_compiled_passes_do_what_the_plain_ones_do(shape, neighbours, leaking):
    rng = np.random.default_rng(5)
    graph = circuit.raster_graph(10.0 ** rng.uniform(-2, 2, shape), neighbours=neighbours)
    fine = Stencil(*shape)
    for number, (coupling, (here, _, _)) in enumerate(zip(graph.couplings, DIRECTIONS)):
        fine.couplings[number] = fine.zeros()
        fine.raster(fine.couplings[number])[: shape[0], : shape[1]][here] = coupling
    if leaking:
        fine.leak = fine.zeros()
        fine.raster(fine.leak)[: shape[0], : shape[1]] = rng.random(shape)
    weights = Interpolation(fine)
    coarse = coarsen(fine, weights)

    def vector(stencil):
        filled = stencil.zeros()
        stencil.raster(filled)[: shape[0], : shape[1]] = 1.0 + rng.random(
            stencil.raster(filled)[: shape[0], : shape[1]].shape
        )
        return filled

    x, r, sweep, above = vector(fine), vector(fine), vector(fine), vector(coarse)
    results = []
    for module in (passes, compiled):
        first, residual, q, grown, low = (fine.zeros(), fine.zeros(), fine.zeros(), x.copy(), coarse.zeros())
        module.presmooth(fine, sweep, r, first, residual)
        dot = module.negative(fine, x, q)
        module.prolong(weights, coarse, above, fine, grown)
        module.restrict(weights, fine, x, coarse, low)
        swept = module.postsmooth(fine, sweep, r, x.copy(), fine.zeros())
        total, moved, rest = x.copy(), x.copy(), r.copy()
        module.combine(0.5, total, -2.0, r)
        module.take_step(0.25, sweep, moved, -0.5, q, rest)
        small = np.zeros(fine.size, dtype=np.float32)
        assert module.scaled(-r, small) * r.max() == pytest.approx(1.0)
        assert module.dot(x, r) == pytest.approx(float(x @ r), rel=1e-12)
        results.append(
            [
                first,
                residual[fine.inside],
                q[fine.inside],
                grown,
                low,
                swept,
                total,
                moved,
                rest[fine.inside],
                small,
                dot,
            ]
        )
    for got, expected in zip(*results):
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10 * np.abs(expected).max())


def test_numba_is_used_where_it_pays_and_said(monkeypatch):
    told = []

    class Ear(Monitor):
        def info(self, text):
            told.append(text)

    monkeypatch.setattr(solvers, "_WORTH_REPORTING", 1)
    monkeypatch.setattr(solvers, "wants_multigrid", lambda graph: True)
    graph = circuit.raster_graph(SURFACES["1 to 100"])
    held, _, _, _ = problem(graph, "points")
    for least, there in ((10**9, True), (1, False), (1, True)):
        monkeypatch.setattr(iterative, "_WORTH_COMPILED", least)
        monkeypatch.setattr(compiled, "available", lambda there=there: there)
        solvers.tell_solver(graph, Ear())
        used = iterative.MultigridSolver(graph, held=held)._passes is compiled
        assert used == (least == 1 and there)
        assert ("numba" in told[-1]) == used


@pytest.mark.parametrize("kind", ["points", "regions", "grounds"])
def test_shorted_regions_also_on_nodata(small_levels, kind):
    resistance = holes(classes([1, 3, 10, 30, 100]), share=0.15)
    regions = np.zeros(SHAPE, dtype=int)
    regions[20:28, 20:31], regions[50:55, 8:12], regions[70:72, 60:80] = 1, 2, 3
    regions[60:64, 40:44] = 2
    graph = circuit.raster_graph(resistance, regions=regions)
    held, ground, injected, fixed = problem(graph, kind)
    direct = DirectSolver(graph, held=held, ground=ground).solve(injected, fixed)
    found = MultigridSolver(graph, held=held, ground=ground).solve(injected, fixed)
    current = graph.currents(direct, ground)
    assert np.abs(graph.currents(found, ground) - current).max() <= 2e-6 * current.max()
    # the region of two parts is one node
    cells = graph.on_cells(found)
    inside = (regions == 2) & ~np.isnan(resistance)
    assert np.ptp(cells[inside]) == 0.0


@pytest.mark.parametrize("size", [100, 200, 400])
def test_iterations_do_not_grow_with_the_raster(size):
    rng = np.random.default_rng(size)
    field = gaussian_filter(rng.normal(size=(size, size)), 5)
    surface = np.array([1, 3, 10, 30, 100.0])[np.digitize(field, np.quantile(field, [0.2, 0.4, 0.6, 0.8]))]
    surface[rng.random(surface.shape) < 0.05] = np.nan
    graph = circuit.raster_graph(surface)
    held, _, injected, _ = problem(graph, "points")
    multigrid = MultigridSolver(graph, held=held)
    multigrid.solve(injected)
    assert multigrid.iterations <= 10


def test_iterations_do_not_grow_with_the_depth_of_the_hierarchy(monkeypatch):
    """As many levels as a raster of 30 million cells has; visited once each, they take 13 iterations."""
    monkeypatch.setattr(iterative, "_COARSEST", (100, 200, 400))
    rng = np.random.default_rng(1)
    field = gaussian_filter(rng.normal(size=(800, 800)), 6)
    surface = np.array([1, 3, 10, 30, 100.0])[np.digitize(field, np.quantile(field, [0.2, 0.4, 0.6, 0.8]))]
    surface[rng.random(surface.shape) < 0.02] = np.nan
    graph = circuit.raster_graph(surface)
    held, _, injected, _ = problem(graph, "points")
    multigrid = MultigridSolver(graph, held=held)
    multigrid.solve(injected)
    assert multigrid.iterations <= 9


@pytest.mark.parametrize("shape", [(8, 8), (9, 13), (12, 7)])
@pytest.mark.parametrize("leaking", [False, True])
def test_coarse_operator_is_the_galerkin_product(shape, leaking):
    rng = np.random.default_rng(7)
    resistance = 10.0 ** rng.uniform(-2, 2, shape)
    resistance[rng.random(shape) < 0.1] = np.nan
    graph = circuit.raster_graph(resistance)
    fine = Stencil(*shape)
    for number, (coupling, (here, _, _)) in enumerate(zip(graph.couplings, DIRECTIONS)):
        fine.couplings[number] = fine.zeros()
        fine.raster(fine.couplings[number])[: shape[0], : shape[1]][here] = coupling
    if leaking:
        fine.leak = fine.zeros()
        fine.raster(fine.leak)[2:5, 2:5] = np.where(np.isnan(resistance[2:5, 2:5]), 0, 0.3)
    weights = Interpolation(fine)
    coarse = coarsen(fine, weights)

    def matrix(apply, source):
        columns = []
        for place in range(source.margin, source.size - source.margin):
            unit = source.zeros()
            unit[place] = 1.0
            columns.append(apply(unit))
        return np.array(columns).T

    def operator(stencil):
        def apply(x):
            out = stencil.zeros()
            stencil.subtract(x, out)
            return -out

        return apply

    def prolong(x):
        out = fine.zeros()
        weights.prolong(coarse, x, fine, out)
        return out

    def restrict(x):
        out = coarse.zeros()
        weights.restrict(fine, x, coarse, out)
        return out

    inside = slice(fine.margin, fine.size - fine.margin)
    interpolation = matrix(prolong, coarse)
    operator_f = np.zeros((fine.size, fine.size))
    operator_f[:, inside] = matrix(operator(fine), fine)
    np.testing.assert_allclose(operator_f, operator_f.T)
    product = interpolation.T @ operator_f @ interpolation
    got = matrix(operator(coarse), coarse)[coarse.margin : coarse.size - coarse.margin]
    np.testing.assert_allclose(got, product, atol=1e-12 * np.abs(product).max())
    np.testing.assert_allclose(
        matrix(restrict, fine)[coarse.margin : coarse.size - coarse.margin], interpolation[inside].T, atol=1e-15
    )


def test_large_rasters_get_multigrid_and_answer_alike(monkeypatch):
    resistance = holes(classes([1, 3, 10, 30, 100]))
    valid = np.flatnonzero(~np.isnan(resistance))
    focal = {k: valid[[k * 700]] for k in range(1, 5)}
    regions = {k: valid[k * 1500 : k * 1500 + 9] for k in range(1, 5)}

    def everything():
        return [
            circuit.pairwise(resistance, focal).cumulative,
            circuit.pairwise(resistance, regions).cumulative,
            circuit.one_to_all(resistance, regions).cumulative,
            circuit.all_to_one(resistance, focal).cumulative,
        ]

    direct = everything()
    made = []
    build, hold = solvers.MultigridSolver, pairs.HeldRegions
    monkeypatch.setattr(solvers, "_MULTIGRID_LEAST", 0)
    monkeypatch.setattr(solvers, "_MULTIGRID_CELL", 0.0)
    monkeypatch.setattr(iterative, "_COARSEST", (150, 900, 6000))
    monkeypatch.setattr(solvers, "MultigridSolver", lambda *a, **k: made.append(1) or build(*a, **k))
    monkeypatch.setattr(pairs, "HeldRegions", lambda *a, **k: made.append(1) or hold(*a, **k))
    for got, expected in zip(everything(), direct):
        assert np.abs(got - expected).max() <= 2e-6 * expected.max()
    assert len(made) == 1 + 1 + 1 + 1


def test_a_corridor_in_a_large_window_is_factorised(monkeypatch):
    monkeypatch.setattr(solvers, "MultigridSolver", None)
    resistance = np.full((300, 300), np.nan)
    np.fill_diagonal(resistance, 1.0)
    a, b = np.zeros((2, 300, 300), dtype=bool)
    a[0, 0] = b[-1, -1] = True
    assert circuit.solve_pair(resistance, a, b).resistance == pytest.approx(299 * 2**0.5, rel=1e-12)


def test_extreme_contrasts_are_factorised(monkeypatch):
    monkeypatch.setattr(solvers, "_MULTIGRID_LEAST", 0)
    monkeypatch.setattr(solvers, "_MULTIGRID_CELL", 0.0)
    monkeypatch.setattr(solvers, "MultigridSolver", None)
    noise = 10.0 ** np.random.default_rng(4).uniform(-6, 6, SHAPE)
    graph = circuit.raster_graph(noise)
    held, _, injected, _ = problem(graph, "points")
    volts = solvers.make_solver(graph, held=held).solve(injected)
    # Kirchhoff: only the two ends gain or lose current; potentials of 16 digits leave no more than this
    net = graph.apply(volts)
    assert net[held][0] == pytest.approx(-1, abs=1e-4)
    assert np.abs(net[1:-1]).max() < 1e-4


def test_dense_and_multigrid_agree_on_a_region_pair(small_levels, monkeypatch):
    monkeypatch.setattr(solvers, "_MULTIGRID_LEAST", 0)
    monkeypatch.setattr(solvers, "_MULTIGRID_CELL", 0.0)
    resistance = holes(classes([1, 3, 10, 30, 100]))[:24, :31]
    a, b = np.zeros((2, *resistance.shape), dtype=bool)
    a[2:5, 2:5], b[18:22, 25:29] = True, True
    a, b = a & ~np.isnan(resistance), b & ~np.isnan(resistance)
    flow = circuit.solve_pair(resistance, a, b)
    current, effective = dense_pair(resistance, a, b)
    assert flow.resistance == pytest.approx(effective, rel=1e-9)
    linked = current > 1e-9
    np.testing.assert_allclose(flow.current[linked], current[linked], atol=2e-6)


def test_what_cannot_be_met_is_said(small_levels, monkeypatch):
    monkeypatch.setattr(iterative, "_MOST", 3)
    monkeypatch.setattr(iterative, "FACTORISED_MOST", 1000)
    graph = circuit.raster_graph(SURFACES["1 to 100"])
    held, _, injected, _ = problem(graph, "points")
    with pytest.raises(ConvergenceError, match=r"after 3 iterations the currents miss by up to \d\.\de-\d\d"):
        MultigridSolver(graph, held=held).solve(injected)


def steep(size, seed=6):
    """Make the surface of k^8, k from 1 to 10 at random, which no coarse grid of 4 neighbours represents well."""
    return np.random.default_rng(seed).integers(1, 11, (size, size)) ** 8.0


def is_solved(resistance, **options):
    """Compare two regions of a raster with the direct solver of scipy, and two of its points by Kirchhoff's law."""
    a, b = np.zeros((2, *resistance.shape), dtype=bool)
    a[3:9, 4:8] = b[-9:-5, -12:-3] = True
    flow = circuit.solve_pair(resistance, a, b, **options)
    current, effective = sparse_pair(resistance, a, b, **options)
    assert flow.resistance == pytest.approx(effective, rel=1e-6)
    assert np.nanmax(np.abs(np.where(a | b, 0.0, flow.current - current))) <= 2e-6
    graph = circuit.raster_graph(resistance, **options)
    held, _, injected, _ = problem(graph, "points")
    net = graph.apply(solvers.make_solver(graph, held=held).solve(injected))
    assert np.abs(net - injected)[~held].max() <= 1e-6


@pytest.mark.parametrize("average", ["conductance", "resistance"])
def test_what_multigrid_does_not_suit_is_factorised(monkeypatch, average):
    made = []
    factorise = DirectSolver.__init__
    monkeypatch.setattr(DirectSolver, "__init__", lambda *a, **k: made.append(1) or factorise(*a, **k))
    resistance = steep(300)
    assert solvers.wants_multigrid(circuit.raster_graph(resistance, neighbours=4, average=average))
    is_solved(resistance, neighbours=4, average=average)
    assert len(made) == 2


@pytest.mark.slow
@pytest.mark.parametrize("average", ["conductance", "resistance"])
@pytest.mark.parametrize("neighbours", [4, 8])
@pytest.mark.parametrize("name", ["steep", "two kinds", "shuffled 1 to 1000", "shuffled 1 to 1e4", "noise over 1e8"])
def test_the_hard_set(name, neighbours, average):
    rng = np.random.default_rng(1)
    field = gaussian_filter(rng.normal(size=(400, 400)), 6)
    kinds = {"two kinds": [1, 1e8] * 2, "shuffled 1 to 1000": [10, 1, 1e3, 3, 100]}.get(name, [10, 1, 1e4, 3, 100])
    resistance = np.array(kinds)[np.digitize(field, np.quantile(field, np.linspace(0, 1, len(kinds) + 1)[1:-1]))]
    if name == "steep":
        resistance = steep(400)
    elif name == "noise over 1e8":
        resistance = 10.0 ** rng.uniform(-4, 4, field.shape)
    is_solved(resistance, neighbours=neighbours, average=average)


@pytest.mark.slow
@pytest.mark.parametrize("reach", [2.5, 3.0])
def test_noise_is_factorised_once_before_many_iterations(monkeypatch, reach):
    """Where coarse grids do not help, a factor is quicker from the second solve on."""
    made = []
    factorise = DirectSolver.__init__
    monkeypatch.setattr(DirectSolver, "__init__", lambda *a, **k: made.append(1) or factorise(*a, **k))
    graph = circuit.raster_graph(10.0 ** np.random.default_rng(1).uniform(-reach, reach, (1000, 1000)), neighbours=4)
    solver = MultigridSolver(graph, held=np.arange(graph.size) == 0)
    for node in (graph.size // 2 + 500, graph.size - 1):
        injected = 1.0 * (np.arange(graph.size) == node)
        net = graph.apply(solver.solve(injected))
        assert solver.iterations <= 40
        assert np.abs(net - injected)[1:].max() <= 1e-6
    assert len(made) == 1


def test_a_range_that_costs_digits_is_said():
    warned = []

    class Ear(Monitor):
        def warn(self, text):
            warned.append(text)

    for contrast, words in ((1e5, None), (1e8, "seldom meant"), (1e11, "right to about 2e-05 of the whole")):
        warned.clear()
        solvers.tell_solver(circuit.raster_graph(np.array([[1.0, contrast, contrast, 1.0, 1.0]])), Ear())
        assert len(warned) == (words is not None)
        assert words is None or words in warned[0]


def test_the_unit_of_resistance_does_not_matter(small_levels):
    """Single precision ends at 1e-38 and 1e38; what is computed in it must not depend on the unit."""
    found = []
    for unit in (1.0, 1e-35, 1e35):
        graph = circuit.raster_graph(SURFACES["1 to 100"] * unit)
        held, _, injected, _ = problem(graph, "points")
        found.append(MultigridSolver(graph, held=held).solve(injected) / unit)
    for volts in found[1:]:
        np.testing.assert_allclose(volts, found[0], rtol=1e-9, atol=1e-9 * np.abs(found[0]).max())


def test_cancel_stops_within_a_solve(small_levels):
    class Impatient(Monitor):
        def __init__(self):
            self.calls = 0

        def cancelled(self):
            self.calls += 1
            return self.calls > 8

    graph = circuit.raster_graph(SURFACES["1 to 100"])
    held, _, injected, _ = problem(graph, "points")
    with pytest.raises(OperationCancelled):
        MultigridSolver(graph, held=held, monitor=Impatient()).solve(injected)


def test_a_maze_off_the_coarse_points_is_solved():
    # every second row and column, where the coarse points are, is wall
    graph = circuit.raster_graph(np.pad(maze((299, 299), seed=1), 1, constant_values=np.nan))
    held, _, injected, _ = problem(graph, "points")
    multigrid = MultigridSolver(graph, held=held)
    volts = multigrid.solve(injected)
    exact = DirectSolver(graph, held=held).solve(injected)
    assert np.abs(volts - exact).max() < 1e-6 * np.abs(exact).max()
    assert multigrid.iterations <= 30
