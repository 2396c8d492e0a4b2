"""Fronts against dense solves, and windows against the solver they replace."""

import numpy as np
import pytest
from ecosecnet.core import circuit
from ecosecnet.core.circuit import compiledfronts, windowbatch
from ecosecnet.core.circuit.fronts import Factor, Fronts
from ecosecnet.core.circuit.windowflow import disc

STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))


def random_window(inside, rng, holes=0.0):
    """Return links, degrees and the dense matrix of a window that leaks a little everywhere."""
    side = inside.shape[0]
    kept = inside & (rng.random(inside.shape) >= holes)
    links = np.zeros((4, side, side))
    matrix = np.diag(rng.uniform(0.1, 1.0, side * side))
    for row, col in zip(*np.nonzero(kept)):
        for direction, (down, right) in enumerate(STEPS):
            other = row + down, col + right
            if max(other) < side and min(other) >= 0 and kept[other]:
                conductance = np.exp(rng.normal())
                links[direction, row, col] = conductance
                a, b = row * side + col, other[0] * side + other[1]
                matrix[a, a] += conductance
                matrix[b, b] += conductance
                matrix[a, b] = matrix[b, a] = -conductance
    return links.ravel(), np.diag(matrix).copy(), matrix


@pytest.mark.parametrize("side", [1, 2, 5, 14, 23])
@pytest.mark.parametrize("leaf", [1, 9, 30])
def test_every_cell_is_eliminated_once_after_what_it_takes_up(side, leaf):
    fronts = Fronts(disc(side // 2, side // 2)[:side, :side] if side % 2 else np.ones((side, side), dtype=bool), leaf)
    eliminated = np.concatenate([front.cells[: front.own] for front in fronts.fronts])
    assert (
        eliminated.size
        == np.unique(eliminated).size
        == (side**2 if side % 2 == 0 else disc(side // 2, side // 2).sum())
    )
    for number, front in enumerate(fronts.fronts):
        for part, runs in front.parts:
            assert part < number
            rim = fronts.fronts[part].cells[fronts.fronts[part].own :]
            for here, there in runs:
                np.testing.assert_array_equal(rim[here], front.cells[there])
            assert sum(here.stop - here.start for here, _ in runs) == rim.size


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("holes", [0.0, 0.3])
@pytest.mark.parametrize("radius", [1, 4, 9])
def test_potentials_are_those_of_a_dense_solve(engine, holes, radius):
    if engine == "numba" and not compiledfronts.available():
        pytest.skip("needs numba")
    rng = np.random.default_rng(radius)
    inside = disc(radius, radius)
    fronts = Fronts(inside, 6)
    links, degrees, matrices = zip(*(random_window(inside, rng, holes) for _ in range(3)))
    injected = np.where(inside.ravel(), rng.normal(size=(3, inside.size)), 0.0)
    expected = np.array([np.linalg.solve(matrix, put_in) for matrix, put_in in zip(matrices, injected)])
    if engine == "numba":
        volts = compiledfronts.CompiledFronts(fronts).solve(np.array(links), np.array(degrees), injected)
    else:
        volts = Factor(fronts, np.array(links), np.array(degrees)).solve(injected[..., None])[..., 0]
    np.testing.assert_allclose(volts[:, inside.ravel()], expected[:, inside.ravel()], rtol=1e-10, atol=1e-12)


def test_one_factor_serves_many_right_hand_sides():
    rng = np.random.default_rng(3)
    inside = np.ones((12, 12), dtype=bool)
    links, degrees, matrix = random_window(inside, rng)
    injected = rng.normal(size=(144, 5))
    volts = Factor(Fronts(inside), links[None], degrees[None]).solve(injected[None])[0]
    np.testing.assert_allclose(volts, np.linalg.solve(matrix, injected), rtol=1e-10)


def landscape(contrast=1.5, nodata=0.15):
    rng = np.random.default_rng(7)
    resistance = np.exp(rng.normal(size=(40, 46)) * contrast)
    resistance[rng.random(resistance.shape) < nodata] = np.nan
    resistance[20:24] = np.nan  # cuts windows in two
    resistance[22, 10:12] = 3.0  # a part that nothing is connected to
    return resistance


@pytest.mark.parametrize("neighbours", [8, 4])
def test_windows_are_those_of_the_general_solver(monkeypatch, neighbours):
    options = {"radius": 8, "block_size": 3, "buffer": 2, "neighbours": neighbours, "flow_potential": True}
    fast = circuit.omniscape(landscape(), **options)
    for limit in ("_LARGEST", "_LARGEST_COMPILED", "_LARGEST_UNIFORM"):
        monkeypatch.setattr(windowbatch, limit, 0)
    plain = circuit.omniscape(landscape(), **options)
    np.testing.assert_allclose(fast.current, plain.current, rtol=1e-8, atol=1e-9 * np.nanmax(plain.current))
    np.testing.assert_allclose(fast.potential, plain.potential, rtol=1e-8, atol=1e-9 * np.nanmax(plain.potential))


def test_a_matrix_that_rounding_has_spoilt_goes_to_the_general_solver(monkeypatch):
    monkeypatch.setattr(windowbatch, "_potentials", lambda *_: np.full((_[-1].shape), np.nan))
    spoilt = circuit.omniscape(landscape(), radius=5)
    monkeypatch.undo()
    np.testing.assert_allclose(spoilt.current, circuit.omniscape(landscape(), radius=5).current, rtol=1e-8, atol=1e-12)
