"""Workers of a scheduler that somebody runs give the same bits, and are asked first whether they can."""

import socket
import sys
import threading
import time
import types
from pathlib import Path

import numpy as np
import pytest
import spreadtasks
from ecosecnet.core.errors import DisconnectedError, InputError, OperationCancelled
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.spread import Checkpoint, Where, scheduler, software, spread

ROOT = Path(__file__).resolve().parents[3]
SURFACE = np.random.default_rng(4).lognormal(size=(60, 400))
PIECES = [(k, k + 5) for k in range(0, 60, 5)]


class Listener(Monitor):
    def __init__(self):
        self.said, self.stop = [], threading.Event()

    def cancelled(self):
        return self.stop.is_set()

    def info(self, text):
        self.said.append(text)

    warn = info


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two processes; they find the core where a wheel would have put it, and the tasks of the tests."""
    distributed = pytest.importorskip("distributed")
    packages = tmp_path_factory.mktemp("packages")
    (packages / "ecosecnet").mkdir()
    (packages / "ecosecnet" / "core").symlink_to(ROOT / "core")
    sys.path.append(str(packages))  # which the processes are started with
    try:
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None, silence_logs=50
        ) as made:
            yield made
    finally:
        sys.path.remove(str(packages))


def run(where, task=spreadtasks.row_sums, shared=SURFACE, pieces=PIECES, monitor=None, **more):
    found = []
    spread(task, shared, pieces, found.append, where=where, monitor=monitor or Listener(), **more)
    return found


def at(cluster, folder):
    return Where(checkpoint=Checkpoint(str(folder)), scheduler=cluster.scheduler_address)


def left_in(folder):
    return [path.name for path in folder.iterdir() if path.name != "part_1"]


def test_the_bits_are_the_same(cluster, tmp_path):
    expected, here = run(Where()), Listener()
    there = Listener()
    found = run(at(cluster, tmp_path), monitor=there)
    assert [one.tobytes() for one in found] == [one.tobytes() for one in expected]
    run(Where(), monitor=here)
    assert there.said == [f"2 workers of the scheduler at {cluster.scheduler_address}.", *here.said]
    assert left_in(tmp_path) == []
    again = Listener()
    run(at(cluster, tmp_path), monitor=again)
    assert again.said[0] == f"12 of 12 chunks found in {tmp_path}."


def test_what_is_prepared_is_prepared_by_each_worker(cluster, tmp_path):
    shared = {"surface": SURFACE, "factor": 3.0}
    found = run(at(cluster, tmp_path), shared=shared, prepare=spreadtasks.doubled)
    assert [one.tobytes() for one in found] == [
        one.tobytes() for one in run(Where(), shared=shared, prepare=spreadtasks.doubled)
    ]


@pytest.mark.slow  # 6 s or more; what workers do with tasks is held above, windows in processes by test_windows
def test_windows_give_the_same_map(cluster, tmp_path, monkeypatch):
    from ecosecnet.core import circuit
    from ecosecnet.core.circuit import windows

    monkeypatch.setattr(windows, "_PIECE_CELLS", 3_000)
    surface = np.exp(np.random.default_rng(2).normal(size=(60, 60)))
    one, two = (
        circuit.omniscape(surface, radius=5, block_size=3, flow_potential=True, where=where)
        for where in (Where(), at(cluster, tmp_path))
    )
    assert len(list(tmp_path.rglob("chunk_*.npz"))) > 8
    assert one.current.tobytes() == two.current.tobytes()
    assert one.normalised.tobytes() == two.normalised.tobytes()


def test_an_error_comes_out(cluster, tmp_path):
    with pytest.raises(DisconnectedError, match="Source 4 is cut off"):
        run(at(cluster, tmp_path), task=spreadtasks.fails, shared=None, pieces=[0, 1, 2])
    assert left_in(tmp_path) == []


def test_cancelling_stops_the_workers(cluster, tmp_path):
    monitor = Listener()
    (tmp_path / "pids").mkdir()

    def cancel():
        while len(list((tmp_path / "pids").iterdir())) < 2:
            time.sleep(0.02)
        monitor.stop.set()

    watcher = threading.Thread(target=cancel)
    watcher.start()
    start = time.monotonic()
    with pytest.raises(OperationCancelled):
        run(
            at(cluster, tmp_path), task=spreadtasks.waits, shared=str(tmp_path / "pids"), pieces=[0, 1], monitor=monitor
        )
    watcher.join()
    assert left_in(tmp_path) == ["pids"]
    # The workers are free again at once, though a piece of theirs would have taken a minute.
    assert len(run(at(cluster, tmp_path / "next"), pieces=PIECES[:2])) == 2
    assert time.monotonic() - start < 30


def test_a_folder_that_a_worker_does_not_see(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(scheduler, "word_in", spreadtasks.sees_nothing)
    with pytest.raises(InputError, match=r"2 of 2 workers do not see the folder .*, the first of them tcp://"):
        run(at(cluster, tmp_path))
    assert left_in(tmp_path) == []


def test_workers_of_another_version(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(software, "core_hash", lambda: "1234")
    with pytest.raises(InputError, match=r"tcp://\S+ has EcoSecNet code \w{16}, and here it is EcoSecNet code 1234: "):
        run(at(cluster, tmp_path))


def test_workers_without_the_core(cluster, tmp_path, monkeypatch):
    only_here = types.ModuleType("only_here")
    exec("def what_it_has(): return {}", only_here.__dict__)
    monkeypatch.setitem(sys.modules, "only_here", only_here)
    monkeypatch.setattr(scheduler, "what_it_has", only_here.what_it_has)
    with pytest.raises(InputError, match="cannot run EcoSecNet"):
        run(at(cluster, tmp_path))


def test_without_a_folder():
    with pytest.raises(InputError, match="SCHEDULER needs a CHECKPOINT folder that every worker sees"):
        run(Where(scheduler="tcp://127.0.0.1:1"))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://here"])
def test_no_scheduler(tmp_path, monkeypatch, address):
    pytest.importorskip("distributed")
    monkeypatch.setattr(scheduler, "_PATIENCE", 0.5)
    with pytest.raises(InputError, match=f"No scheduler answers at '{address}'"):
        run(Where(checkpoint=Checkpoint(str(tmp_path)), scheduler=address))


def test_another_program_answers(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(scheduler, "_PATIENCE", 0.5)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        address = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(InputError, match="No scheduler answers"):
            run(Where(checkpoint=Checkpoint(str(tmp_path)), scheduler=address))


def test_without_distributed(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match="SCHEDULER needs the package 'distributed'"):
        run(Where(checkpoint=Checkpoint(str(tmp_path)), scheduler="tcp://127.0.0.1:8786"))
