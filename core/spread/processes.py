"""Pieces worked out by processes of this machine."""

from __future__ import annotations

import contextlib
import queue
import shutil
import subprocess  # nosec B404 - starts the Python of this very program, from a list, without a shell
import tempfile
import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import WorkerError
from ..monitor import Monitor
from . import codec, interpreter, sharing
from . import job as here
from .answers import answered
from .job import Job

_MOMENT = 0.1
"""Seconds between two looks at whether the user has cancelled."""

_AHEAD = 2
"""Results for each process that may wait for their turn."""

if TYPE_CHECKING:
    _Answers = queue.SimpleQueue[tuple["_Process", dict[str, Any]]]


def partials(job: Job, numbers: Sequence[int], count: int, monitor: Monitor, crew: Crew | None = None) -> Iterator[Any]:
    """Yield the results of some pieces in their order, worked out by several processes, which a crew keeps afterwards."""
    python = interpreter.find_python()
    if python is None:
        monitor.warn(
            "No Python with NumPy and SciPy like those of this program was found to start more processes with: the run "
            "goes on with one."
        )
        yield from here.partials(job, numbers, monitor)
        return
    own = Crew() if crew is None else crew
    try:
        count = min(count, len(numbers))
        own.start(python, job, count)
        todo, early, deaths = deque(range(len(numbers))), dict[int, dict[str, Any]](), Counter[int]()
        for turn in range(len(numbers)):
            while turn not in early:
                while own.idle and todo and todo[0] < turn + _AHEAD * count:
                    own.give(todo[0], job.pieces[numbers[todo.popleft()]])
                for place, answer in own.answers(monitor):
                    if "died" not in answer:
                        early[place] = answer
                        continue
                    deaths[place] += 1
                    if deaths[place] > 1:
                        raise WorkerError(
                            f"Two processes ended over the same piece of the work ({place + 1} of {len(numbers)}), the "
                            f"second with {answer['died']}. Mostly there is not enough memory: use fewer processes, "
                            "larger cells or a smaller area."
                        )
                    monitor.warn(
                        f"A process ended before its piece of the work was done, with {answer['died']}. The piece is "
                        "worked out again."
                    )
                    todo.appendleft(place)
                    own.hire()
            yield answered(early.pop(turn), monitor, first=turn == 0)
            monitor.progress((turn + 1) / len(numbers))
    except BaseException:  # some are at pieces that nobody wants any more
        own.close()
        raise
    if crew is None:
        own.close()


class Crew:
    """The processes at work, and what comes from them; they can do one job after another."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self.idle: list[_Process] = []
        self._at: dict[_Process, int] = {}
        self._answers: _Answers = queue.SimpleQueue()
        self._python = ""
        self._scratch: Path | None = None
        self._job, self._hired, self._jobs = b"", 0, 0

    @property
    def folder(self) -> Path:
        """Where processes find what they share; it goes with them."""
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="ecosecnet-"))
        return self._scratch

    def start(self, python: str, job: Job, count: int) -> None:
        """Share what a job needs, and have so many processes work on it."""
        self._python, self._job = python, b""
        self._jobs += 1
        while len(self.idle) < count:  # before, as they clear up should this process be ended while it writes
            self.hire()
        folder = self.folder / f"job_{self._jobs}"
        try:
            folder.mkdir()
            self._job = sharing.describe(job, folder)
        except OSError as error:
            raise WorkerError(
                f"What the processes share could not be written to {self.folder} ({error}). Free some of that disk, "
                "or use one process."
            ) from None
        for process in self.idle:
            process.begin(self._job)

    def hire(self) -> None:
        """Start a process, and tell it the job if that is known."""
        self._hired += 1
        log = self.folder / f"worker_{self._hired}.log"
        self.idle.append(_Process(interpreter.command(self._python, self.folder), log, self._answers))
        if self._job:
            self.idle[-1].begin(self._job)

    def give(self, place: int, piece: Any) -> None:
        """Give a piece to a process that has none."""
        order = codec.pack({"piece": piece})
        process = self.idle.pop(0)
        self._at[process] = place
        process.work(order)

    def answers(self, monitor: Monitor) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the place of a piece that is done and the answer to it, if one comes within a moment."""
        monitor.check()
        try:
            process, answer = self._answers.get(timeout=_MOMENT)
        except queue.Empty:
            return
        place = self._at.pop(process)
        if "died" in answer:
            process.end()
        else:
            self.idle.append(process)
        yield place, answer

    def close(self) -> None:
        """End all processes, whatever they are at, and clear up after them; others can be started again."""
        for process in [*self.idle, *self._at]:
            process.end()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
        self._forget()


class _Process:
    """A process that works out one piece at a time; a thread of its own writes to it and reads from it."""

    def __init__(self, command: list[str], log: Path, answers: _Answers) -> None:
        self._orders: queue.SimpleQueue[tuple[bytes, bool] | None] = queue.SimpleQueue()
        self._log = log
        try:
            with open(log, "wb") as errors:
                self._process = subprocess.Popen(  # noqa: S603 # nosec B603 - nothing a user types is in the command
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=interpreter.environment(),
                    creationflags=interpreter.WITHOUT_WINDOW,
                )
        except OSError as error:
            raise WorkerError(f"A process could not be started ({error}). Use one process.") from None
        self._thread = threading.Thread(target=self._talk, args=(answers,), daemon=True)
        self._thread.start()

    def begin(self, job: bytes) -> None:
        """Tell it the job that the pieces from now on are of."""
        self._orders.put((job, False))

    def work(self, piece: bytes) -> None:
        """Have it work out a piece."""
        self._orders.put((piece, True))

    def _talk(self, answers: _Answers) -> None:
        to, back = self._process.stdin, self._process.stdout
        if to is None or back is None:  # never, but the types do not say so
            return
        answer: dict[str, Any] = {}
        job = b""
        while "died" not in answer and (order := self._orders.get()) is not None:
            data, answered = order
            if not answered:
                job = data  # told with the first piece of it, if there is one
                continue
            try:
                to.write(job)
                to.write(data)
                to.flush()
                answer = codec.read(back)
            except (OSError, EOFError, ValueError):
                answer = {"died": self._why()}
            job = b""
            answers.put((self, answer))

    def _why(self) -> str:
        """Return what a process that has ended leaves behind: its exit code and its last words."""
        self._process.kill()
        code = self._process.wait()
        words = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"exit code {code}" + (f" ({words[-1].strip()})" if words else "")

    def end(self) -> None:
        """End the process, whatever it is at."""
        self._orders.put(None)
        self._process.kill()
        self._process.wait()
        self._thread.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
