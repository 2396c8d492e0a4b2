"""Where the pieces of a computation are done."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import InputError
from ..monitor import SILENT, Monitor
from .checkpoint import Checkpoint
from .processes import Crew


@dataclass(frozen=True)
class Where:
    """Where the pieces of a computation are done.

    Parameters
    ----------
    processes : int
        Processes of this machine that work at a time; 1 = the calling process itself.
    checkpoint : Checkpoint, optional
        Where the results of pieces are kept.
    scheduler : str
        Address of a scheduler of Dask whose workers do the pieces. The folder of the checkpoint is what they share.
    crew : Crew, optional
        Processes that are kept from one part of a run to the next, see `kept`.
    """

    processes: int = 1
    checkpoint: Checkpoint | None = None
    scheduler: str = ""
    crew: Crew | None = field(default=None, repr=False, compare=False)

    def here(self) -> Where:
        """Return the same without what keeps or shares out results, for a part of a run that is not worth it."""
        return Where(processes=self.processes, crew=self.crew)

    def folder(self) -> Path | None:
        """Return a folder in which the processes of this machine may hand on results, as long as they are kept.

        None where there is but one, or results are wanted elsewhere too.
        """
        if self.crew is None or self.processes < 2 or self.scheduler or self.checkpoint is not None:
            return None
        return self.crew.folder

    @contextmanager
    def kept(self) -> Iterator[Where]:
        """Give the same with processes that are kept for all parts of a run, as starting them takes a second or two."""
        if self.crew is not None:
            yield self
            return
        crew = Crew()
        try:
            yield replace(self, crew=crew)
        finally:
            crew.close()


HERE = Where()
"""In the calling process, one piece after another."""


def cores() -> int:
    """Return how many cores this process may use.

    Examples
    --------
    >>> cores() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def how_many(
    asked: int, *, there: int, bytes_each: float = 0.0, available: float | None = None, monitor: Monitor = SILENT
) -> int:
    """Return how many processes to start.

    Parameters
    ----------
    asked : int
        As many as the user wants; 0 = all cores but one.
    there : int
        Cores that there are, see `cores`.
    bytes_each : float
        Memory that each process needs.
    available : float, optional
        Memory that there is for all of them; None = not known.
    monitor : Monitor
        Is told when it is fewer than asked for.

    Returns
    -------
    int
        1 at least.

    Raises
    ------
    InputError
        If the number is negative.

    Examples
    --------
    >>> how_many(0, there=8), how_many(0, there=1), how_many(64, there=2)
    (7, 1, 2)
    >>> how_many(4, there=8, bytes_each=3e9, available=7e9)
    2
    """
    if asked < 0:
        raise InputError(f"The number of processes is {asked}. Give 1 or more, or 0 for all cores but one.")
    count = asked or max(1, there - 1)
    if count > there:
        monitor.warn(f"{count} processes were asked for, and there are {there} cores: {there} are used.")
        count = there
    if available is not None and count * bytes_each > available:
        fitting = max(1, int(available // bytes_each))
        monitor.warn(
            f"{count} processes need about {count * bytes_each / 2**20:,.0f} MB of memory, and "
            f"{available / 2**20:,.0f} MB are available: {fitting} {'is' if fitting == 1 else 'are'} used."
        )
        count = fitting
    return count
