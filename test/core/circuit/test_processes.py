"""Circuits that several processes solve: the bits are those of one."""

import numpy as np
import pytest
from ecosecnet.core import circuit
from ecosecnet.core.circuit import iterative, shares, solves
from ecosecnet.core.circuit.potentials import SharedPotentials
from ecosecnet.core.circuit.solvers import wants_multigrid
from ecosecnet.core.circuit.solves import Rehearsed
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.spread import Checkpoint, Where, interpreter
from ecosecnet.core.spread.processes import Crew

SIDE = 130
"""Cells on a side from which on multigrid solves the circuit."""


@pytest.fixture(scope="module")
def surface():
    resistance = np.exp(np.random.default_rng(4).normal(size=(SIDE, SIDE)))
    resistance[40, :90] = np.nan
    return resistance


def block(row, col, size):
    rows, cols = np.mgrid[row : row + size, col : col + size]
    return np.ravel_multi_index((rows.ravel(), cols.ravel()), (SIDE, SIDE))


POINTS = {k + 1: np.array([cell]) for k, cell in enumerate((5, 700, 8_000, 12_345, 16_000))}
REGIONS = {1: block(3, 3, 9), 2: block(60, 10, 20), 3: block(100, 100, 5), 4: block(10, 110, 2), 7: np.array([9_000])}


class Maps:
    """Keeps what a listener is given, and what a monitor is told."""

    def __init__(self):
        self.maps, self.monitor = [], Monitor()
        self.fractions = []
        self.monitor.progress = self.fractions.append

    def __call__(self, *found):
        self.maps.append(found)


@pytest.mark.parametrize(
    ("solve", "focal", "maps"),
    [
        (circuit.pairwise, POINTS, True),
        (circuit.pairwise, REGIONS, True),
        (circuit.all_to_one, REGIONS, True),
        (circuit.one_to_all, POINTS, True),
    ],
)
def test_the_bits_are_the_same_for_any_number_of_processes(surface, solve, focal, maps, monkeypatch):
    monkeypatch.setattr(solves, "_PIECE_CELLS", 1)
    monkeypatch.setattr(shares, "_WORTH_A_STAR", 0)
    assert wants_multigrid(circuit.raster_graph(surface))
    found, hired, hire = [], [], Crew.hire
    monkeypatch.setattr(Crew, "hire", lambda crew: hired.append(hire(crew)))
    for where in (Where(), Where(2)):
        ear = Maps()
        more = {"listener": ear, "maximum": True} if maps else {}
        found.append((solve(surface, focal, where=where, monitor=ear.monitor, **more), ear))
    assert len(hired) == 2  # for both parts of the run
    (here, ear), (there, other) = found
    np.testing.assert_array_equal(there.resistance, here.resistance)
    np.testing.assert_array_equal(there.cumulative, here.cumulative)
    assert (here.maximum is None) == (not maps)
    if maps:
        np.testing.assert_array_equal(there.maximum, here.maximum)
    assert len(ear.maps) == len(other.maps)
    for one, two in zip(ear.maps, other.maps):
        for value, same in zip(one, two):
            np.testing.assert_array_equal(value, same)
    assert other.fractions == sorted(other.fractions)
    assert other.fractions[-1] > 0.9


@pytest.mark.parametrize("solve", [circuit.one_to_all, circuit.all_to_one])
@pytest.mark.parametrize("full", [(), (0, 2), range(5)])
def test_potentials_that_the_disk_has_no_room_for_are_handed_on(surface, monkeypatch, solve, full):
    plain = solve(surface, POINTS, maximum=True)
    written, write = [], SharedPotentials.write

    def fails(file, place, potential, monitor):
        return place not in full and written.append(place) is None and write(file, place, potential, monitor)

    monkeypatch.setattr(interpreter, "find_python", lambda: None)  # so that it is all done here
    monkeypatch.setattr(SharedPotentials, "write", fails)
    again = solve(surface, POINTS, maximum=True, where=Where(2))
    assert written == [place for place in range(5) if place not in full]
    np.testing.assert_array_equal(again.cumulative, plain.cumulative)
    np.testing.assert_array_equal(again.maximum, plain.maximum)


def test_nothing_is_left_of_what_processes_share(surface):
    with Where(2).kept() as where:
        circuit.one_to_all(surface, POINTS, where=where)
        folder = where.folder()
        assert (folder / "potentials").stat().st_size == 8 * 5 * np.count_nonzero(~np.isnan(surface))
    assert not folder.exists()
    assert Where(2).folder() is None
    with Where(1).kept() as where:
        assert where.folder() is None


def test_chunks_are_known_by_the_inputs_whatever_was_solved_beforehand(surface, tmp_path, monkeypatch):
    monkeypatch.setattr(shares, "_WORTH_A_STAR", 0)
    plain = circuit.pairwise(surface, REGIONS)
    begun = circuit.pairwise(surface, REGIONS, where=Where(checkpoint=Checkpoint(tmp_path)))
    monkeypatch.setattr(iterative, "_TOLERANCE", 1e-4)  # as on a machine whose last digits are others
    assert np.any(circuit.pairwise(surface, REGIONS).cumulative != plain.cumulative)
    again = circuit.pairwise(surface, REGIONS, where=Where(checkpoint=Checkpoint(tmp_path)))
    np.testing.assert_array_equal(begun.cumulative, plain.cumulative)
    np.testing.assert_array_equal(again.cumulative, plain.cumulative)


class Learns:
    """Solves problems in another manner once it has met a difficult one, as multigrid does."""

    made = 0

    def __init__(self):
        Learns.made += 1
        self.manner = 0

    def solve(self, problem):
        self.manner = max(self.manner, problem % 10)
        return problem, self.manner


def rehearsed(first):
    def make():
        solver = Learns()
        return solver.solve, lambda: solver.manner

    Learns.made = 0
    return Rehearsed(make, first)


def test_what_the_first_problem_teaches_is_known_to_all_others():
    solver = rehearsed(51)
    assert [solver.solve(problem) for problem in (51, 40, 30)] == [(51, 1), (40, 1), (30, 1)]
    solver.settle()
    assert Learns.made == 1
    # one that has never solved the first for anybody does the others in the same manner
    other = rehearsed(51)
    assert other.solve(40) == (40, 1)


def test_what_a_later_problem_teaches_is_forgotten_after_its_piece():
    solver = rehearsed(10)
    assert [solver.solve(problem) for problem in (10, 23, 40)] == [(10, 0), (23, 3), (40, 3)]
    solver.settle()
    assert solver.solve(40) == (40, 0)
    assert Learns.made == 2
    # and the first, asked for again by a process that has had it, is what it was
    assert [solver.solve(problem) for problem in (10, 10, 25, 10)] == [(10, 0), (10, 0), (25, 5), (10, 0)]
