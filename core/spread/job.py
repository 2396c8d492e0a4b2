"""What is to be done, and how one process does its share of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..monitor import Monitor
from .threads import one_thread

Task = Callable[[Any, Any, Monitor], Any]
"""Is given the context, a piece and a monitor, and returns the result for the piece."""

Prepare = Callable[[Any, Monitor], Any]
"""Is given what is shared and a monitor, and returns the context."""


@dataclass(frozen=True)
class Job:
    """A computation in independent pieces; see `spread`."""

    task: Task
    prepare: Prepare | None
    shared: Any
    pieces: Sequence[Any]

    def context(self, monitor: Monitor) -> Any:
        """Return what the task is given beside its piece."""
        return self.prepare(self.shared, monitor) if self.prepare else self.shared


def partials(job: Job, numbers: Sequence[int], monitor: Monitor) -> Iterator[Any]:
    """Yield the results of some pieces in their order, worked out in this process."""
    with one_thread():
        context = job.context(monitor.part(0.0, 0.0))
        for done, number in enumerate(numbers):
            monitor.check()
            yield job.task(context, job.pieces[number], monitor.part(done / len(numbers), (done + 1) / len(numbers)))
            monitor.progress((done + 1) / len(numbers))
