"""Potentials in memory and in a file."""

import tempfile

import numpy as np
import pytest
from ecosecnet.core import circuit
from ecosecnet.core.circuit import potentials
from ecosecnet.core.circuit.potentials import Potentials, SharedPotentials
from ecosecnet.core.monitor import SILENT


def test_a_file_gives_back_what_was_put_into_it(monkeypatch):
    monkeypatch.setattr(potentials, "_PIECE", 7)
    vectors = np.random.default_rng(0).normal(size=(3, 50))
    for most in (10**6, 0):
        monkeypatch.setattr(potentials, "_IN_MEMORY", most)
        kept = Potentials(3, 50, SILENT)
        for node, vector in enumerate(vectors):
            kept[10 * node] = vector
        assert isinstance(kept[10], np.memmap) == (most == 0)
        for node, vector in enumerate(vectors):
            np.testing.assert_array_equal(kept[10 * node], vector)


@pytest.mark.filterwarnings("error")
def test_the_file_is_closed_with_its_owner(monkeypatch):
    monkeypatch.setattr(potentials, "_IN_MEMORY", 0)
    kept = Potentials(1, 50, SILENT)
    kept[3] = np.arange(50.0)
    file, read = kept._file, kept[3]
    del kept
    assert file.closed
    assert read[7] == 7.0


@pytest.mark.parametrize("room", [0, 500])
def test_a_full_disk_is_memory_instead(monkeypatch, room):
    class Full:
        def __init__(self, file):
            self._file, self._left = file, room

        def write(self, data):
            self._left -= data.nbytes
            if self._left < 0:
                raise OSError(28, "No space left on device")
            return self._file.write(data)

        def __getattr__(self, name):
            return getattr(self._file, name)

    make = tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: Full(make()))
    monkeypatch.setattr(potentials, "_IN_MEMORY", 0)
    vectors = np.random.default_rng(0).normal(size=(3, 50))
    kept = Potentials(3, 50, SILENT)
    for node, vector in enumerate(vectors):
        kept[node] = vector
    assert [isinstance(kept[node], np.memmap) for node in range(3)] == [room > 0, False, False]
    for node, vector in enumerate(vectors):
        np.testing.assert_array_equal(kept[node], vector)


def test_currents_do_not_depend_on_where_potentials_are(monkeypatch):
    resistance = np.random.default_rng(3).choice([1.0, 4.0, np.nan], (60, 60), p=[0.5, 0.4, 0.1])
    cells = np.flatnonzero(~np.isnan(resistance))[::700]
    focal = {k + 1: cells[[k]] for k in range(cells.size)}

    def currents():
        return [
            circuit.pairwise(resistance, focal).cumulative,
            circuit.pairwise(resistance, focal, maximum=True).maximum,
            circuit.one_to_all(resistance, focal).cumulative,
            circuit.all_to_one(resistance, focal).cumulative,
        ]

    here = currents()
    monkeypatch.setattr(potentials, "_IN_MEMORY", 0)
    np.testing.assert_array_equal(here, currents())


def test_a_shared_file_gives_back_what_was_put_into_it_in_any_order(monkeypatch, tmp_path):
    monkeypatch.setattr(potentials, "_PIECE", 7)
    vectors = np.random.default_rng(0).normal(size=(3, 50))
    file = SharedPotentials.within(tmp_path, 50)
    assert all(file.write(place, vectors[place], SILENT) for place in (2, 0, 1))
    for place in range(3):
        np.testing.assert_array_equal(SharedPotentials(file.path, 50)[place], vectors[place])


def test_without_a_folder_there_is_no_shared_file(tmp_path):
    assert SharedPotentials.within(tmp_path / "missing", 50) is None
    assert not SharedPotentials(str(tmp_path / "missing" / "file"), 50).write(0, np.zeros(50), SILENT)
