"""The memory that is announced for a circuit against what numpy allocates (not the factor of the coarsest level)."""

import tracemalloc

import numpy as np
import pytest
from ecosecnet.core import circuit
from ecosecnet.core.circuit import compiled, direct, graph, iterative, multigrid, potentials, solves
from ecosecnet.core.circuit.iterative import MultigridSolver

SHAPE = 500, 520


@pytest.mark.parametrize("grounded", [False, True])
@pytest.mark.parametrize("accelerate", [False, True])
def test_what_is_announced_is_enough_and_not_far_too_much(accelerate, grounded):
    if accelerate and not compiled.available():
        pytest.skip("needs numba")
    rng = np.random.default_rng(4)
    resistance = rng.choice([1.0, 3.0, 10.0], SHAPE)
    held = np.zeros(resistance.size, dtype=bool)
    held[0] = True
    injected = np.zeros(resistance.size)
    injected[-1] = 1.0
    ground = np.full(resistance.size, 1e-3) if grounded else None
    if accelerate:  # what the compiler allocates is not part of it
        small = circuit.raster_graph(resistance[:150, :150])
        MultigridSolver(small, held=held[: small.size], accelerate=True).solve(injected[-small.size :])
    tracemalloc.start()
    try:
        made = circuit.raster_graph(resistance)
        solver = MultigridSolver(made, held=held, ground=ground, accelerate=accelerate)
        solver.solve(injected)
        solver.solve(injected)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0.5 * circuit.solver_bytes(resistance.size) < peak < circuit.solver_bytes(resistance.size)


@pytest.mark.parametrize("accelerate", [False, True])
def test_a_circuit_between_points_takes_110_bytes_a_cell(monkeypatch, accelerate):
    if accelerate and not compiled.available():
        pytest.skip("needs numba")
    monkeypatch.setattr(graph, "_KEPT", 0)
    monkeypatch.setattr(potentials, "_IN_MEMORY", 0)
    monkeypatch.setattr(multigrid, "_STRIP_CELLS", 10_000)  # strips are of one size: nothing on a large raster
    monkeypatch.setattr(solves, "_PIECE_CELLS", 1)  # as on a large raster
    monkeypatch.setattr(iterative, "uses_numba", lambda cells: accelerate)
    monkeypatch.setattr(iterative, "_COARSEST", (2000, 4000, 8000))
    resistance = np.random.default_rng(4).choice(np.array([1, 3, 10], np.float32), (600, 900))
    valid = np.flatnonzero(~np.isnan(resistance[:300]))
    focal = {k + 1: valid[[k * 50_000]] for k in range(3)}
    if accelerate:
        circuit.pairwise(resistance[:400], focal)
    tracemalloc.start()
    try:
        circuit.pairwise(resistance, focal)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    announced = circuit.solver_bytes(resistance.size, points=3)
    assert announced == 110 * resistance.size
    assert 0.8 * announced < peak < announced


@pytest.mark.parametrize("side", [120, 300])
def test_what_a_larger_level_takes_is_told(side):
    resistance = np.random.default_rng(4).choice([1.0, 3.0, 10.0], (side, side))
    held = np.zeros(resistance.size, dtype=bool)
    held[0] = True
    level = multigrid._CoarsestSolver(MultigridSolver(circuit.raster_graph(resistance), held=held)._operator)
    # SuperLU keeps a number and an index for each entry of its factors.
    assert direct.factor_bytes(resistance.size) == pytest.approx(12 * level._factor.nnz, rel=0.3)
    # all nodes, as long as they may be factorised; beyond that a level of a third
    for cells, solved in ((resistance.size, resistance.size), (3_000_000, 1_000_000), (10**8, 1_200_000)):
        most = circuit.most_solver_bytes(cells) - circuit.solver_bytes(cells)
        assert most == direct.factor_bytes(solved)
