"""A run goes on with the chunks that are there, and with no other; shards make a run together."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import spreadtasks
from ecosecnet.core.errors import InputError, OperationCancelled, ShardDone
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.spread import Checkpoint, Shard, Where, software, spread
from ecosecnet.core.spread.checkpoint import CheckpointError

ROOT = Path(__file__).resolve().parents[3]
SURFACE = np.random.default_rng(4).lognormal(size=(60, 5))
PIECES = [(k, k + 5) for k in range(0, 60, 5)]


class Listener(Monitor):
    """Keeps what is said; cancels the run after some progress."""

    def __init__(self, cancelled_from=2.0):
        self.said, self.done, self.limit = [], 0.0, cancelled_from

    def cancelled(self):
        return self.done >= self.limit

    def progress(self, fraction):
        self.done = fraction

    def info(self, text):
        self.said.append(text)

    warn = info


def run(folder, surface=SURFACE, pieces=PIECES, task=spreadtasks.row_sums, monitor=None, processes=1, **kept):
    """Return the sum over the rows, and what was said."""
    monitor = monitor or Listener()
    total = np.zeros(surface.shape[1])
    where = Where(processes, Checkpoint(str(folder), **kept) if folder else None)
    spread(task, surface, pieces, lambda sums: np.add(total, sums, out=total), where=where, monitor=monitor)
    return total, monitor.said


def chunks(folder):
    return sorted(path.name for path in folder.rglob("chunk_*"))


WHOLE, ALL_SAID = run(None)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_cancelled_run_goes_on(tmp_path, processes):
    folder = tmp_path / "kept"
    with pytest.raises(OperationCancelled):
        run(folder, monitor=Listener(cancelled_from=0.5), processes=processes)
    held = chunks(folder)
    assert 4 <= len(held) < 12
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("chunk_*")}
    total, said = run(folder, processes=processes)
    assert total.tobytes() == WHOLE.tobytes()
    assert said[0] == f"{len(held)} of 12 chunks found in {folder}."
    assert said[1:] == ALL_SAID  # what was said over the chunks found is said again
    assert {path: path.stat().st_mtime_ns for path in times} == times
    again, said = run(folder, task=spreadtasks.row_sums)
    assert again.tobytes() == WHOLE.tobytes()
    assert said[0] == f"12 of 12 chunks found in {folder}."


@pytest.mark.parametrize("harm", ["half", "bit", "other run", "empty"])
def test_a_damaged_chunk_is_computed_again(tmp_path, harm):
    folder, other = tmp_path / "kept", tmp_path / "other"
    run(folder)
    path = folder / "part_1" / "chunk_00003.npz"
    data = bytearray(path.read_bytes())
    if harm == "half":
        path.write_bytes(data[: len(data) // 2])
    elif harm == "bit":
        data[data.index(SURFACE[15:20].sum(axis=0).tobytes())] ^= 1
        path.write_bytes(data)
    elif harm == "empty":
        path.write_bytes(b"")
    else:
        run(other, SURFACE + 1.0)
        path.write_bytes((other / "part_1" / path.name).read_bytes())
    total, said = run(folder)
    assert total.tobytes() == WHOLE.tobytes()
    assert said[:2] == [
        f"{path} is damaged or of another run; the chunk is computed again.",
        f"11 of 12 chunks found in {folder}.",
    ]
    assert run(folder)[1][0] == f"12 of 12 chunks found in {folder}."


def test_what_a_killed_process_left_half_written_goes(tmp_path):
    run(tmp_path / "kept", pieces=PIECES[:3])
    left = tmp_path / "kept" / "part_1" / "chunk_00001.0123.part"
    left.write_bytes(b"half")
    (left.parent / "chunk_00001.npz").unlink()
    run(tmp_path / "kept", pieces=PIECES[:3])
    assert sorted(path.name for path in left.parent.iterdir()) == [f"chunk_0000{k}.npz" for k in range(3)] + [
        "run.json"
    ]


CHANGED = SURFACE.copy()
CHANGED[17, 2] = np.nextafter(CHANGED[17, 2], 9.0)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"surface": CHANGED}, "with other inputs or parameters"),
        ({"surface": SURFACE.astype(np.float32)}, "with other inputs or parameters"),
        ({"surface": SURFACE.T[:4]}, "with other inputs or parameters"),
        ({"pieces": PIECES[:-1]}, "with other inputs or parameters"),
        ({"task": spreadtasks.slow_first}, "of another tool or mode"),
    ],
)
def test_chunks_of_another_run_are_refused_and_kept(tmp_path, changed, words):
    folder = tmp_path / "kept"
    run(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match=words) as refused:
        run(folder, **changed)
    assert str(folder) in str(refused.value)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_chunks_of_another_version_are_refused_and_of_other_packages_warned_of(tmp_path, monkeypatch):
    run(tmp_path)
    monkeypatch.setattr(software, "packages", lambda: {"numpy": "9.9", "scipy": "", "numba": ""})
    total, said = run(tmp_path)
    assert total.tobytes() == WHOLE.tobytes()
    assert "this is numpy 9.9, without scipy, without numba. Results can differ in the last digits." in said[0]
    monkeypatch.setattr(software, "core_hash", lambda: "0123")
    with pytest.raises(InputError, match="by another version of EcoSecNet"):
        run(tmp_path)


def test_versions_without_metadata(monkeypatch):
    def nothing(name):
        raise software.metadata.PackageNotFoundError(name)

    before = software.packages()
    monkeypatch.setattr(software.metadata, "version", nothing)
    assert software.packages.__wrapped__() == before
    assert before["numpy"] == np.__version__


def test_the_hash_of_the_core_sees_every_module(tmp_path, monkeypatch):
    room = tmp_path / "core" / "spread"
    room.mkdir(parents=True)
    (room / "software.py").write_bytes(b"a\n")
    (tmp_path / "core" / "other.py").write_bytes(b"b = 1\n")
    monkeypatch.setattr(software, "__file__", str(room / "software.py"))
    first = software.core_hash.__wrapped__()
    (room / "software.py").write_bytes(b"a\r\n")  # as Git writes it on Windows
    assert software.core_hash.__wrapped__() == first
    (tmp_path / "core" / "other.py").write_bytes(b"b = 2\n")
    assert software.core_hash.__wrapped__() != first


@pytest.mark.parametrize("count", [1, 3, 20])
def test_shards_make_the_whole(tmp_path, count):
    for number in range(count, 0, -1):
        with pytest.raises(ShardDone, match=rf"Shard {number}/{count} is done: \d+ of 12 chunks computed"):
            run(tmp_path, shard=Shard(number, count))
    assert len(chunks(tmp_path)) == 12
    total, said = run(tmp_path, whole=True)
    assert total.tobytes() == WHOLE.tobytes()
    assert said == [f"12 of 12 chunks found in {tmp_path}.", *ALL_SAID]
    with pytest.raises(ShardDone, match="0 of 12 chunks computed, "):
        run(tmp_path, shard=Shard(1, count))


def test_missing_shards_are_named(tmp_path):
    for number in (1, 3, 4):
        with pytest.raises(ShardDone):
            run(tmp_path, shard=Shard(number, 5))
    (tmp_path / "part_1" / "chunk_00000.npz").unlink()
    with pytest.raises(InputError) as refused:
        run(tmp_path, whole=True)
    assert str(refused.value) == (
        f"6 of 12 chunks are missing in {tmp_path}: shards 1, 2, 5 of 5 not done. Run them again "
        "(sbatch --array=1,2,5 with SHARD=array/5)."
    )
    with pytest.raises(InputError, match=r"was begun as 5 shards, and SHARD is 2/4"):
        run(tmp_path, shard=Shard(2, 4))
    assert run(tmp_path)[0].tobytes() == WHOLE.tobytes()  # without SHARD it does what is left


def test_the_whole_of_what_was_not_begun(tmp_path):
    with pytest.raises(InputError, match="There are no chunks in"):
        run(tmp_path, whole=True)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="does not exist"):
        run(tmp_path / "none", whole=True)
    with pytest.raises(OperationCancelled):
        run(tmp_path / "one", monitor=Listener(cancelled_from=0.5))
    with pytest.raises(
        InputError, match=r"it was not begun in shards\. Run the tool itself again with this CHECKPOINT"
    ):
        run(tmp_path / "one", whole=True)


def test_folders_that_cannot_be_used(tmp_path):
    file = tmp_path / "file"
    file.write_text("text")
    with pytest.raises(InputError, match=r"is a file\. CHECKPOINT is a folder"):
        run(file)
    with pytest.raises(InputError, match=r"cannot be made, as there is no folder .*nowhere on this computer"):
        run(tmp_path / "nowhere" / "kept")
    (tmp_path / "part_1").mkdir()
    (tmp_path / "part_1" / "chunk_00000.npz").write_bytes(b"")
    with pytest.raises(InputError, match=r"run\.json is missing"):
        run(tmp_path)
    (tmp_path / "part_1" / "run.json").write_text('{"run": 1')
    with pytest.raises(InputError, match=r"run\.json cannot be read"):
        run(tmp_path)
    for text in ("[1]", '{"run": 3, "packages": {}, "shards": null}', '{"run": {}, "packages": 1, "shards": null}'):
        (tmp_path / "part_1" / "run.json").write_text(text)
        with pytest.raises(InputError, match=r"run\.json cannot be read"):
            run(tmp_path)


def test_a_run_without_shards_is_not_noted_as_one_with(tmp_path):
    run(tmp_path)
    assert Checkpoint(str(tmp_path), shard=Shard(1, 2)).noted({"tool": "omniscape"}) == {"tool": "omniscape"}
    assert not (tmp_path / "tool.json").exists()


def test_a_folder_that_is_read_only(tmp_path, monkeypatch):
    run(tmp_path)

    def refused(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    with pytest.raises(InputError, match=r"cannot be written \(Permission denied\)"):
        run(tmp_path)
    assert run(tmp_path, whole=True)[0].tobytes() == WHOLE.tobytes()  # nothing is written then


def test_a_full_disk_is_said(tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(CheckpointError, match=r"chunk_00000\.npz cannot be written \(No space left on device\)"):
        run(tmp_path)
    assert chunks(tmp_path) == []
    assert [path.name for path in (tmp_path / "part_1").iterdir()] == ["run.json"]


def test_several_computations_of_one_run(tmp_path):
    """Each has a folder of its own; a run that was ended in the second finds the first whole."""
    for expected in ([], ["12 of 12", "5 of 12"]):
        where = Where(checkpoint=Checkpoint(str(tmp_path)))
        monitor = Listener()
        totals = []
        for surface in (SURFACE, SURFACE * 2.0):
            total = np.zeros(5)
            spread(
                spreadtasks.row_sums,
                surface,
                PIECES,
                lambda sums, total=total: np.add(total, sums, out=total),
                where=where,
                monitor=monitor,
            )
            totals.append(total)
        assert totals[0].tobytes() == WHOLE.tobytes()
        np.testing.assert_allclose(totals[1], 2.0 * WHOLE)
        found = [text for text in monitor.said if "found" in text]
        assert [text.split(" chunks")[0] for text in found] == expected
        for number in range(5, 12):
            (tmp_path / "part_2" / f"chunk_{number:05}.npz").unlink()


def test_jobs_that_begin_at_the_same_moment(tmp_path, monkeypatch):
    """One has written a file when another comes to the end of writing it."""
    replace, others = os.replace, iter([1])

    def late(part, path):
        for _ in others:
            with pytest.raises(ShardDone):
                run(tmp_path, shard=Shard(2, 2))
        replace(part, path)

    monkeypatch.setattr(os, "replace", late)
    with pytest.raises(ShardDone):
        run(tmp_path, shard=Shard(1, 2))
    assert run(tmp_path, whole=True)[0].tobytes() == WHOLE.tobytes()
    assert list(tmp_path.rglob("*.part")) == []


def test_other_values_survive(tmp_path):
    """What a chunk holds comes back as it was."""
    given = {"text": "é", 3: (1.5, None, True, slice(1, 4)), "none": [], "scalar": np.float32(0.1), "at": Shard(1, 2)}
    found = []
    for _ in range(2):
        where = Where(checkpoint=Checkpoint(str(tmp_path)))
        spread(spreadtasks.echo, given, [("a", 1)], found.append, where=where)
    assert found[0] == found[1] == (given, ("a", 1))
    assert type(found[1][0]["scalar"]) is np.float32


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("processes", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_a_killed_run_goes_on(tmp_path, processes):
    """The process is ended by the system, not by an exception of ours; the next run has the same bits."""
    code = f"""
    import importlib.util, sys
    sys.path.insert(0, {str(ROOT / "test")!r})
    import conftest, numpy as np, spreadtasks
    from ecosecnet.core.spread import Checkpoint, Where, spread
    surface = np.random.default_rng(4).lognormal(size=(60, 5))
    pieces = [(k, k + 5) for k in range(0, 60, 5)]
    where = Where({processes}, Checkpoint({str(tmp_path / "kept")!r}))
    spread(spreadtasks.slow_row_sums, surface, pieces, print, where=where)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while len(list(tmp_path.rglob("chunk_*.npz"))) < 4 and time.monotonic() < end and process.poll() is None:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    held = [name for name in chunks(tmp_path) if name.endswith(".npz")]
    assert 4 <= len(held) < 12
    total, said = run(tmp_path / "kept", task=spreadtasks.slow_row_sums)
    assert said[0] == f"{len(held)} of 12 chunks found in {tmp_path / 'kept'}."
    assert total.tobytes() == WHOLE.tobytes()
    assert list(tmp_path.rglob("*.part")) == []
