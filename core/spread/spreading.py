"""A computation in independent pieces, whose results are put together in their order wherever they are worked out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any, cast

from ..monitor import SILENT, Monitor
from . import job as here
from . import processes, scheduler
from .job import Job, Prepare, Task
from .where import HERE, Where


def spread(
    task: Task,
    shared: Any,
    pieces: Sequence[Any],
    merge: Callable[[Any], object],
    *,
    prepare: Prepare | None = None,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> None:
    """Work out independent pieces, and merge their results in the order of the pieces.

    Parameters
    ----------
    task : callable
        `task(context, piece, monitor)` returns the result of a piece. A function at the top of a module of the core. It
        must depend on nothing but the context and the piece, and leave the context as good as new.
    shared : object
        What all pieces have in common: arrays, and what else `codec.write` takes. Arrays are not copied: other
        processes map them from a file. They must not be changed.
    pieces : sequence
        What distinguishes the pieces: numbers and names rather than arrays. They are to be given by the problem and
        not by the number of processes, as the result depends on them.
    merge : callable
        `merge(result)` is called with the result of each piece, in order, in the calling process.
    prepare : callable, optional
        `prepare(shared, monitor)` is called once in every process and returns the context. Left out: `shared`.
    where : Where
        Where the pieces are worked out.
    monitor : Monitor
        Progress, messages in the order of the pieces, and cancellation.

    Raises
    ------
    WorkerError
        If two processes end over the same piece.
    EcoSecNetError
        What a task raises; that of the first piece if several do.

    Notes
    -----
    The result has the same bits for any number of processes: pieces are the same, and they are merged in the same
    order. Results that come early are kept until it is their turn, at most twice as many as there are processes.

    Examples
    --------
    >>> import numpy as np
    >>> def column_sums(surface, rows, monitor):
    ...     return surface[rows].sum(axis=0)
    >>> surface, total = np.arange(8.0).reshape(4, 2), np.zeros(2)
    >>> spread(column_sums, surface, [slice(0, 2), slice(2, 4)], lambda sums: np.add(total, sums, out=total))
    >>> total
    array([12., 16.])
    """
    if not pieces:
        return
    job = Job(task, prepare, shared, pieces)
    with closing(cast("Any", _partials(job, where, monitor))) as results:
        for result in results:
            merge(result)
            del result  # not while the next piece is worked out


def _partials(job: Job, where: Where, monitor: Monitor) -> Iterator[Any]:
    def work(numbers: Sequence[int], monitor: Monitor) -> Iterator[Any]:
        if not numbers:
            return
        if where.scheduler:
            folder = where.checkpoint.folder if where.checkpoint else None
            yield from scheduler.partials(job, numbers, where.scheduler, folder, monitor)
        elif where.processes > 1 and len(numbers) > 1:
            yield from processes.partials(job, numbers, where.processes, monitor, where.crew)
        else:
            yield from here.partials(job, numbers, monitor)

    if where.checkpoint is not None:
        return where.checkpoint.partials(job, work, monitor)
    return work(range(len(job.pieces)), monitor)
