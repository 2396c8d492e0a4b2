"""Pieces give the same wherever they are worked out, and whatever happens on the way."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import spreadtasks
from ecosecnet.core.errors import DisconnectedError, OperationCancelled, WorkerError
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.spread import Where, interpreter, spread

ROOT = Path(__file__).resolve().parents[3]

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


class Listener(Monitor):
    """Keeps what is said."""

    def __init__(self):
        self.said, self.fractions = [], []

    def info(self, text):
        self.said.append(text)

    def warn(self, text):
        self.said.append(text)

    def progress(self, fraction):
        self.fractions.append(fraction)


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """The folder of temporary files, in which nothing may be left."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def gone(pid):
    """Return whether a process has ended; one that nobody has waited for yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def within(seconds, holds):
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


@pytest.fixture(scope="module")
def surface():
    return np.exp(np.random.default_rng(5).normal(size=(400, 60)))


def column_sums(surface, where, **more):
    total, listener = np.zeros(surface.shape[1]), Listener()
    pieces = [(top, top + 50) for top in range(0, len(surface), 50)]
    spread(
        spreadtasks.row_sums,
        surface,
        pieces,
        lambda sums: np.add(total, sums, out=total),
        where=where,
        monitor=listener,
        **more,
    )
    return total, listener


def test_the_bits_messages_and_progress_are_the_same_for_any_number_of_processes(surface):
    serial, listener = column_sums(surface, Where())
    np.testing.assert_allclose(serial, surface.sum(axis=0), rtol=1e-12)
    assert listener.said[:2] == ["rows 0 to 50", "rows 50 to 100"]
    for count in (2, 3):
        total, other = column_sums(surface, Where(count))
        np.testing.assert_array_equal(total, serial)
        assert other.said == listener.said
        assert other.fractions == listener.fractions == [(k + 1) / 8 for k in range(8)]


def test_every_process_prepares_and_one_of_them_reports_it(surface):
    def run(where):
        results, listener = [], Listener()
        spread(
            spreadtasks.row_sums,
            {"surface": surface, "factor": 2.0},
            [(0, 200), (200, 400)],
            results.append,
            prepare=spreadtasks.doubled,
            where=where,
            monitor=listener,
        )
        return results, listener.said

    (here, said), (there, reported) = run(Where()), run(Where(2))
    np.testing.assert_array_equal(here, there)
    np.testing.assert_allclose(sum(here), 2 * surface.sum(axis=0))
    assert said == reported
    assert said[0] == "prepared"
    assert said.count("prepared") == 1


def test_kept_processes_work_for_the_next_part_of_a_run_too(surface, scratch):
    def run(where, factor, count):
        found = []
        spread(spreadtasks.who, {"factor": factor, "surface": surface}, range(count), found.append, where=where)
        assert [value for _, value in found] == [factor * number for number in range(count)]
        return {process for process, _ in found}

    with Where(3).kept() as where:
        first = run(where, 2.0, 2)  # as many processes as pieces
        both = run(where.here(), 3.0, 9)
        with where.kept() as same:
            assert same.crew is where.crew
            assert run(same, 4.0, 9) == both
        assert len(first) == 2
        assert first < both
        assert len(both) == 3
        with pytest.raises(ZeroDivisionError):  # what the others are at is not wanted any more
            spread(spreadtasks.who, {"factor": 1.0}, range(9), lambda found: 1 / 0, where=where)
        assert all(map(gone, both))
        assert list(scratch.iterdir()) == []
        assert not run(where, 5.0, 4) & both
    assert list(scratch.iterdir()) == []


def test_results_are_merged_in_the_order_of_the_pieces():
    order = []
    spread(spreadtasks.slow_first, None, range(7), lambda result: order.append(int(result[0])), where=Where(2))
    assert order == list(range(7))


def test_no_process_can_change_the_arrays_of_the_others(surface):
    before, sums = surface.copy(), []
    spread(spreadtasks.writes, surface, [0, 1], sums.append, where=Where(2))
    np.testing.assert_array_equal(surface, before)


@posix
def test_a_piece_whose_process_ends_is_worked_out_again(tmp_path):
    results, listener = [], Listener()
    spread(spreadtasks.dies, str(tmp_path), [0, 1, 3, 4], results.append, where=Where(2), monitor=listener)
    assert results == [0, 1, 3, 4]
    (warning,) = listener.said
    assert "exit code -9 (last words)" in warning
    assert "worked out again" in warning


@posix
def test_a_second_end_over_the_same_piece_ends_the_run(tmp_path):
    results = []
    with pytest.raises(WorkerError, match=r"Two processes ended .*\(4 of 5\).*exit code -9.*fewer processes"):
        spread(spreadtasks.dies, str(tmp_path), [0, 3, 4, 2, 5], results.append, where=Where(2))
    assert results == [0, 3, 4][: len(results)]


@pytest.mark.parametrize("where", [Where(), Where(2)])
def test_the_error_of_the_first_piece_that_fails_comes_back_as_it_is(where):
    results, listener = [], Listener()
    with pytest.raises(DisconnectedError) as met:
        spread(spreadtasks.fails, None, range(5), results.append, where=where, monitor=listener)
    assert str(met.value) == "Source 4 is cut off. Look at the NoData around it."
    assert results == [0]
    assert listener.said == ["before 0", "before 1"]


def test_an_unexpected_error_comes_back_with_where_it_was_met():
    with pytest.raises(Exception, match="Singular matrix") as met:
        spread(spreadtasks.fails, None, [0, 3], print, where=Where(2))
    assert "in fails" in str(met.value.__cause__)
    with pytest.raises(TypeError, match="A object cannot be passed"):
        spread(spreadtasks.fails, None, [0, 4], print, where=Where(2))
    with pytest.raises(TypeError, match="A set cannot be passed"):
        spread(spreadtasks.echo, None, [0, {4}], print, where=Where(2))


@posix
def test_cancelling_ends_all_processes(tmp_path):
    class Cancels(Monitor):
        def cancelled(self):
            return len(list(tmp_path.glob("*.pid"))) == 2

    with pytest.raises(OperationCancelled):
        spread(spreadtasks.sleeps, str(tmp_path), [0, 1, 2], print, where=Where(2), monitor=Cancels())
    pids = [int(path.read_text()) for path in tmp_path.glob("*.pid")]
    assert len(pids) == 2
    assert all(map(gone, pids))


@posix
def test_an_error_of_the_caller_ends_all_processes(tmp_path):
    def refuse(result):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spread(spreadtasks.slow_first, None, range(9), refuse, where=Where(2))


@posix
@pytest.mark.parametrize("all_of_them", [False, True])
def test_processes_end_and_clear_up_when_their_parent_is_killed(tmp_path, scratch, all_of_them):
    """By the system, or by a batch system that tells every process of a job to end."""
    script = f"""
        import sys
        sys.path[:0] = {[str(ROOT / "test")]!r}
        import conftest, spreadtasks
        import numpy as np
        from ecosecnet.core.spread import Where, spread
        spread(spreadtasks.sleeps, {str(tmp_path)!r}, [0, 1], print, where=Where(2))
    """
    environment = {**os.environ, "TMPDIR": str(scratch)}
    command = [sys.executable, "-c", textwrap.dedent(script)]
    parent = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        assert within(30, lambda: len(list(tmp_path.glob("*.pid"))) == 2)
        assert len(list(scratch.iterdir())) == 1
    finally:
        if all_of_them:
            os.killpg(parent.pid, signal.SIGTERM)
        else:
            parent.send_signal(signal.SIGKILL)
        parent.wait()
    pids = [int(path.read_text()) for path in tmp_path.glob("*.pid")]
    assert within(2, lambda: all(map(gone, pids)))
    assert within(2, lambda: not list(scratch.iterdir()))


@posix
def test_what_a_killed_parent_was_writing_goes(tmp_path, scratch):
    """The arrays of a large raster take seconds to write."""
    script = f"""
        import sys, time
        sys.path[:0] = {[str(ROOT / "test")]!r}
        import conftest, spreadtasks
        import numpy as np
        from ecosecnet.core.spread import Where, spread
        def writing(path, *_, **__):
            path.touch()
            time.sleep(60)
        np.save = writing
        spread(spreadtasks.echo, np.zeros(100_000), [0, 1], print, where=Where(2))
    """
    environment = {**os.environ, "TMPDIR": str(scratch)}
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], env=environment)
    try:
        assert within(30, lambda: list(scratch.glob("*/*/shared_0.npy")))
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert within(20, lambda: not list(scratch.iterdir()))  # as soon as they have started


def test_without_a_python_to_start_the_run_goes_on_with_one_process(surface, monkeypatch):
    monkeypatch.setattr(interpreter, "find_python", lambda: None)
    total, listener = column_sums(surface, Where(2))
    np.testing.assert_array_equal(total, column_sums(surface, Where())[0])
    assert "goes on with one" in listener.said[0]


def test_a_disk_that_is_full_is_reported(surface, monkeypatch):
    def full(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(WorkerError, match=r"could not be written to .*No space left"):
        column_sums(surface, Where(2))
