"""What a process does that another one has started to work out pieces."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..monitor import Monitor
from . import codec, sharing
from .job import Job
from .threads import one_thread


class Notes(Monitor):
    """Keeps what is said, to be passed on with the result."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def info(self, text: str) -> None:
        """Keep it."""
        self.said.append(("info", text))

    def warn(self, text: str) -> None:
        """Keep it."""
        self.said.append(("warn", text))


def main(scratch: str) -> None:
    """Do the jobs that come in, piece by piece, until the other side ends.

    Nothing but the results goes out where they are expected: what is printed goes where errors go.
    """
    # Systems send these to all processes of a run; they are meant for the one who started this. When he ends, this clears up.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    orders, results = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
    listener = threading.Thread(target=_listen, args=(orders, waiting.put, scratch), daemon=True)
    listener.start()
    worker: Worker | None = None
    try:
        while True:
            order = waiting.get()
            if worker is not None and "piece" in order:
                results.write(worker.do(order["piece"]))
                results.flush()
            else:
                worker = None  # not two at a time
                worker = Worker(order, Path(scratch, order["folder"]), Notes())
    except OSError:  # whoever wanted them is gone, which the listener sees too
        listener.join()


def _listen(orders: codec.Reader, take: Callable[[Any], None], scratch: str) -> None:
    """Take orders; end the process, whatever it is at, when whoever gave them is gone, and clear up after him."""
    try:
        while True:
            take(codec.read(orders))
    except (EOFError, OSError, ValueError):  # the last where he ended amid an array
        shutil.rmtree(scratch, ignore_errors=True)
    finally:
        os._exit(1)


class Worker:
    """Does pieces of a job that another process has described.

    Parameters
    ----------
    job : dict
        Names of `task` and `prepare`, and what `sharing.store` has made of `shared`.
    scratch : Path
        Folder of the arrays.
    notes : Notes
        What the task is given as monitor.
    """

    def __init__(self, job: dict[str, Any], scratch: Path, notes: Notes) -> None:
        self._described, self._scratch = job, scratch
        self._notes = notes
        self._job: Job | None = None
        self._context: Any = None
        self._prepared: list[tuple[str, str]] = []

    def do(self, piece: Any) -> bytes:
        """Return the result of a piece or what went wrong, and what was said over it and while preparing, packed."""
        try:
            with one_thread():  # as many as elsewhere, whoever has started this process
                job = self._job or self._begin()
                result = job.task(self._context, piece, self._notes)
            return codec.pack({"result": result, "prepared": self._prepared, "said": self._notes.said})
        except Exception as error:  # whatever it is, it is raised on the other side
            failure = _known(error), str(error), traceback.format_exc()
            return codec.pack({"error": failure, "prepared": self._prepared, "said": self._notes.said})
        finally:
            self._notes.said = []

    def _begin(self) -> Job:
        prepare = self._described["prepare"]
        job = Job(
            codec.named(self._described["task"]),
            prepare and codec.named(prepare),
            sharing.load(self._described["shared"], self._scratch),
            (),
        )
        try:
            self._context = job.context(self._notes)
        finally:
            self._prepared, self._notes.said = self._notes.said, []
        self._job = job
        return job


def _known(error: Exception) -> str:
    """Return the name of the class of an error, or of what it derives from, of the core or of Python itself."""
    names = (codec.name_of(kind) for kind in type(error).__mro__)
    return next(name for name in names if name.startswith((".errors:", "builtins:")))
