"""Where the independent pieces of a long run are worked out, and what is kept of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .... import core
from ....core.errors import InputError
from .. import preferences
from ..run import memory
from . import parameters as p
from .stored import stored_values

if TYPE_CHECKING:
    from ..run.job import Job

_PROCESS = 120_000_000
"""Bytes of a Python with its libraries, before it works on anything."""

OWN = ("PROCESSES", "CHECKPOINT", "SHARD", "SCHEDULER")
"""Parameters that say where a run is worked out, on which its results do not depend."""


def processes():
    """Return how many processes a run may use."""
    return p.integer(
        "PROCESSES",
        "Processes",
        "How many processes share the work on this computer: 2 on two cores bring a run of minutes down to little more than "
        "half the time, a run of seconds gains nothing. 0: as many as there are cores, less one. The results are the same "
        "to the last digit. Each process needs memory of its own, so fewer are started where it does not suffice.",
        preferences.processes(),
        low=0,
        advanced=True,
    )


def long_run() -> list:
    """Return the parameters of a run that can take hours: `processes`, and those of runs that go on and are shared out."""
    return [
        processes(),
        p.folder_input(
            "CHECKPOINT",
            "Checkpoint folder",
            "Where a long run keeps what it has computed. After a power cut or a cancelled run, the same run with the same "
            "folder goes on from there, with the same results to the last digit; the folder of another run is refused. "
            "Delete it when the results are there.",
            optional=True,
            advanced=True,
        ),
        p.text(
            "SHARD",
            "Shard of the run",
            "Only for clusters, else empty. 3/40 computes the third of 40 shares of the work, keeps it in CHECKPOINT and "
            "writes no output; when all 40 are there, 'combineshards' makes the outputs. 'array' takes both numbers from the "
            "job array (Slurm, LSF, Grid Engine), 'array/40' the first alone (PBS too, and where only some jobs are run "
            "again).",
            optional=True,
            advanced=True,
        ),
        p.text(
            "SCHEDULER",
            "Scheduler (Dask)",
            "Only for clusters, else empty. Address of a Dask scheduler whose workers do the work, such as tcp://host:8786. "
            "They need this version of EcoSecNet and must see the CHECKPOINT folder, which is needed too.",
            preferences.scheduler() or None,
            optional=True,
            advanced=True,
        ),
    ]


def where(
    job: Job, *, each: float, kept: float = 0.0, at_most: float = 0.0, cause: str = memory.JUMPS
) -> core.spread.Where:
    """Announce the memory of a run, and return where its pieces are worked out.

    Parameters
    ----------
    job : Job
        Of a tool that declares `processes`, or all of `long_run`.
    each : float
        Bytes that every process needs for its work; one process works in the QGIS that runs.
    kept : float
        Bytes that are needed once, such as for what is read and what is written.
    at_most : float
        Bytes that `each` can come to, see `Job.need_memory`.
    cause : str
        What makes it come to that.
    """
    count = _count(job, each, kept)
    every = count * (each + _PROCESS) if count > 1 else each
    job.need_memory(kept + every, at_most=kept + every + max(0.0, at_most - each) * count, where=cause)
    if job.definition("CHECKPOINT") is None:
        return core.spread.Where(count)
    checkpoint = _checkpoint(job)
    return core.spread.Where(count, checkpoint, job.text("SCHEDULER") if checkpoint is not None else "")


def where_announced(job: Job, *, each: float) -> core.spread.Where:
    """Return where the pieces of a run are worked out whose memory has been announced for one process; see `where`."""
    count = _count(job, each, 0.0)
    if count > 1:
        job.need_memory(count * (each + _PROCESS))
    return core.spread.Where(count)


def _count(job: Job, each: float, kept: float) -> int:
    there = memory.available_bytes()
    count = core.spread.how_many(
        job.integer("PROCESSES"),
        there=core.spread.cores(),
        bytes_each=each + _PROCESS,
        available=None if there is None else there - kept,
        monitor=job.monitor,
    )
    if count > 1:
        job.monitor.info(f"{count} processes share the work.")
    return count


def _checkpoint(job: Job) -> core.spread.Checkpoint | None:
    folder, shard = job.text("CHECKPOINT"), job.text("SHARD")
    if not folder:
        for name in filter(job.given, ("SHARD", "SCHEDULER")):
            if name == "SCHEDULER" and job.text(name) == preferences.scheduler():
                job.monitor.info("Without a CHECKPOINT the scheduler of the settings is left out.")
                continue
            raise InputError(f"{name} needs a CHECKPOINT: the folder, on a disk that all computers see, of the chunks.")
        return None
    if not shard:
        return core.spread.Checkpoint(folder)
    if shard.lower() == core.spread.ALL:
        return core.spread.Checkpoint(folder, whole=True)
    checkpoint = core.spread.Checkpoint(folder, shard=core.spread.read_shard(shard))
    mine = {"tool": job.tool, "parameters": stored_values(job, without=OWN)}
    noted = checkpoint.noted(mine)
    if noted.get("tool") != job.tool:
        raise InputError(f"{folder} holds shards of '{noted.get('tool')}'. Choose another folder for '{job.tool}'.")
    for name in (one.name() for one in job.definitions() if not one.isDestination()):
        was, now = (run["parameters"].get(name) for run in (noted, mine))
        if was != now:
            raise InputError(
                f"{folder} holds shards of a run whose {name} is {_said(was)}; here it is {_said(now)}. Run all shards with "
                "the same parameters, or choose another folder."
            )
    return checkpoint


def _said(value: object) -> str:
    return "not given" if value is None else str(value)
