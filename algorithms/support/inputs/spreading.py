"""Where the independent pieces of a long run are worked out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .... import core
from ..run import memory
from . import parameters as p

if TYPE_CHECKING:
    from ..run.job import Job

_PROCESS = 120_000_000
"""Bytes of a Python with its libraries, before it works on anything."""


def processes():
    """Return how many processes a run may use."""
    return p.integer(
        "PROCESSES",
        "Processes",
        "How many processes work at a time: 2 on two cores take little more than half the time of a run of minutes; 0 is "
        "all cores but one. The results are the same to the last digit. Each process needs memory of its own, so fewer "
        "are started where it does not suffice.",
        1,
        low=0,
        advanced=True,
    )


def where(job: Job, *, each: float, kept: float = 0.0, at_most: float = 0.0) -> core.spread.Where:
    """Announce the memory of a run, and return where its pieces are worked out.

    Parameters
    ----------
    job : Job
        Of a tool that declares `processes`.
    each : float
        Bytes that every process needs for its work; one process works in the QGIS that runs.
    kept : float
        Bytes that are needed once, such as for what is read and what is written.
    at_most : float
        Bytes that `each` can come to, see `Job.need_memory`.
    """
    there, besides = memory.available_bytes(), each + _PROCESS
    count = core.spread.how_many(
        job.integer("PROCESSES"),
        there=core.spread.cores(),
        bytes_each=besides,
        available=None if there is None else there - kept,
        monitor=job.monitor,
    )
    every = count * besides if count > 1 else each
    job.need_memory(kept + every, at_most=kept + every + max(0.0, at_most - each) * count)
    return core.spread.Where(count)
