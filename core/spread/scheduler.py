"""Pieces worked out by the workers of a scheduler of Dask that somebody runs."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import InputError, OperationCancelled, WorkerError
from ..monitor import Monitor
from . import codec, sharing, software
from .answers import answered
from .job import Job
from .worker import Notes, Worker

_PATIENCE = 10.0
"""Seconds in which a scheduler has to answer and to have workers."""

_MOMENT = 0.05
"""Seconds between two looks at what is done."""

_GLANCE = 0.5
"""Seconds after which a worker looks again whether its work is still wanted."""

_AHEAD = 2
"""Pieces for each worker that are given out or wait for their turn."""

_JOB = "job"


def partials(job: Job, numbers: Sequence[int], address: str, shared: Path | None, monitor: Monitor) -> Iterator[Any]:
    """Yield the results of some pieces in their order, worked out by workers of a scheduler.

    Nothing is sent to the workers but names of functions of the core, which they have, and values; arrays that all pieces
    share are in a folder that they see.
    """
    if shared is None:
        raise InputError("SCHEDULER needs a CHECKPOINT folder that every worker sees: what they share is put there.")
    client = _connect(address, monitor)
    try:
        scratch = Path(tempfile.mkdtemp(prefix="scratch_", dir=shared))
        scratch.chmod(0o755)  # workers may run as another user
        try:
            count = _check_workers(client, address, scratch, monitor)
            (scratch / _JOB).write_bytes(sharing.describe(job, scratch))
            yield from _work(client, job, numbers, str(scratch), count, monitor)
        finally:
            with suppress(OSError):
                (scratch / _JOB).unlink()  # which stops those that are still at it
            with suppress(Exception):
                client.run(forget, str(scratch))
            shutil.rmtree(scratch, ignore_errors=True)
    finally:
        client.close()


def _connect(address: str, monitor: Monitor) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "SCHEDULER needs the package 'distributed' of Dask in the Python of this QGIS. Debian and Ubuntu: sudo apt "
            "install python3-distributed; elsewhere: pip install distributed."
        ) from None
    try:
        asyncio.run(_reach(address, monitor))
        return Client(address, timeout=_PATIENCE, set_as_default=False)
    except OperationCancelled:
        raise
    except Exception as error:  # of many kinds, as anything may be listening there
        raise InputError(
            f"No scheduler answers at '{address}' ({str(error) or type(error).__name__}). Give the address that "
            "'dask scheduler' prints when it starts, such as tcp://host:8786."
        ) from None


async def _reach(address: str, monitor: Monitor) -> None:
    """See that somebody answers, as a client would wait for ever for another program that listens there."""
    from distributed.comm import connect

    connecting = asyncio.ensure_future(connect(address, timeout=_PATIENCE))
    end = time.monotonic() + _PATIENCE
    while not (await asyncio.wait([connecting], timeout=_MOMENT))[0]:
        monitor.check()
        if time.monotonic() > end:
            raise TimeoutError("no answer")
    await connecting.result().close()


def _check_workers(client: Any, address: str, scratch: Path, monitor: Monitor) -> int:
    """Return how many workers there are, which all have this version and see the folder."""
    end = time.monotonic() + _PATIENCE
    while not (workers := client.scheduler_info()["workers"]):
        monitor.check()
        if time.monotonic() > end:
            raise InputError(f"The scheduler at {address} has no workers. Start some: dask worker {address}")
        time.sleep(_MOMENT)
    try:
        versions = client.run(what_it_has)
    except Exception as error:  # of many kinds, one for each way in which a package can be missing
        raise InputError(
            f"The workers of {address} cannot run EcoSecNet ({type(error).__name__}: {error}). Install the same version for "
            "them, see docs/cluster.md."
        ) from None
    here = what_it_has()
    for worker, found in versions.items():
        if found != here:
            other = {name: found.get(name, "") for name in here if found.get(name) != here[name]}
            own = {name: here[name] for name in other}
            raise InputError(
                f"The worker {worker} has {software.in_words(other)}, and here it is {software.in_words(own)}: results "
                "could differ. Install the same versions there."
            )
    word = secrets.token_hex(8)
    (scratch / "word").write_text(word, encoding="ascii")
    blind = sorted(worker for worker, seen in client.run(word_in, str(scratch)).items() if seen != word)
    if blind:
        raise InputError(
            f"{len(blind)} of {len(workers)} workers do not see the folder {scratch.parent}, the first of them {blind[0]}. "
            "Give a CHECKPOINT on a disk that all computers have under the same name."
        )
    monitor.info(f"{len(workers)} workers of the scheduler at {address}.")
    return len(workers)


def _work(client: Any, job: Job, numbers: Sequence[int], scratch: str, count: int, monitor: Monitor) -> Iterator[Any]:
    todo, given = deque(range(len(numbers))), dict[int, Any]()
    try:
        for turn in range(len(numbers)):
            monitor.step(turn, len(numbers))
            while todo and todo[0] < turn + _AHEAD * count:
                piece = codec.pack(job.pieces[numbers[place := todo.popleft()]])
                # As a key of its own: what another run has left under that of equal arguments is not taken.
                key = f"ecosecnet-{Path(scratch).name}-{place}"
                given[place] = client.submit(work, scratch, piece, key=key, pure=False)
            future = given.pop(turn)
            while not future.done():
                monitor.check()
                time.sleep(_MOMENT)
            try:
                data = future.result()
            except Exception as error:
                raise WorkerError(
                    f"The scheduler gave a piece of the work up ({type(error).__name__}: {error}). Mostly its workers have "
                    "not enough memory. What is done is in the CHECKPOINT: run this again."
                ) from None
            yield answered(codec.unpack(data), monitor, first=turn == 0)
    finally:
        client.cancel(list(given.values()))


# Run by the workers ------------------------------------------------------------------------------------------------

_WORKERS: dict[str, Worker] = {}
_ONE_AT_A_TIME = threading.Lock()


class _Wanted(Notes):
    """Is cancelled when the folder of the job is gone."""

    def __init__(self, scratch: str) -> None:
        super().__init__()
        self._job, self._looked = Path(scratch, _JOB), 0.0

    def cancelled(self) -> bool:
        now = time.monotonic()
        if now < self._looked + _GLANCE:
            return False
        self._looked = now
        return not self._job.exists()


def work(scratch: str, piece: bytes) -> bytes:
    """Return the result of a piece, in a process of a worker; several threads take turns."""
    with _ONE_AT_A_TIME:
        if scratch not in _WORKERS:
            _WORKERS.clear()
            description = codec.unpack(Path(scratch, _JOB).read_bytes())
            _WORKERS[scratch] = Worker(description, Path(scratch), _Wanted(scratch))
        return _WORKERS[scratch].do(codec.unpack(piece))


def forget(scratch: str) -> None:
    """Let go of what a job has left in a worker."""
    _WORKERS.pop(scratch, None)


def what_it_has() -> dict[str, str]:
    """Return the versions that a worker has."""
    return {"EcoSecNet code": software.core_hash(), **software.packages()}


def word_in(scratch: str) -> str:
    """Return what a worker finds in the shared folder."""
    try:
        return Path(scratch, "word").read_text(encoding="ascii")
    except OSError:
        return ""
