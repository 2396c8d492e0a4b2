"""Which share of a run one of several jobs does, as batch systems number them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import InputError

ALL = "all"
"""What asks for the whole from the chunks of all shards."""

_EXAMPLE = "Give for instance 3/40 for the third of 40 shards, or 'array' in a job array of a batch system."


@dataclass(frozen=True)
class Shard:
    """One of several shares of a run.

    Parameters
    ----------
    number, count : int
        From 1; how many there are.
    """

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def share(self, pieces: int) -> range:
        """Return which of the pieces are its own: every `count`-th, so that none has all those that take long.

        Examples
        --------
        >>> list(Shard(2, 3).share(8))
        [1, 4, 7]
        """
        return range(self.number - 1, pieces, self.count)


def read_shard(text: str, environment: Mapping[str, str] = os.environ) -> Shard:
    """Read which shard is meant.

    Parameters
    ----------
    text : str
        ``3/40``; ``array``: as the batch system that runs this job numbers it; ``array/40``: the number of the job, of
        40, as where only some of an array are run again.
    environment : mapping
        Variables of the process.

    Raises
    ------
    InputError
        If it is none of these, a number is out of range, or no batch system has started this process.

    Examples
    --------
    >>> read_shard("3/40")
    Shard(number=3, count=40)
    >>> read_shard("array", {"SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_COUNT": "8"})
    Shard(number=1, count=8)
    """
    found = re.fullmatch(r"\s*(\d+|array)\s*(?:/\s*(\d+)\s*)?", text, re.IGNORECASE)
    if found is None or (found[1].isdigit() and found[2] is None):
        raise InputError(f"SHARD is '{text}'. {_EXAMPLE}")
    if found[1].isdigit():
        shard = Shard(int(found[1]), int(found[2]))
    elif found[2]:
        shard = Shard(_job_number(environment)[1], int(found[2]))
    else:
        shard = _job_of_array(environment)
    if not 1 <= shard.number <= shard.count:
        raise InputError(f"SHARD is {shard}; shards are numbered from 1 to their number. {_EXAMPLE}")
    return shard


_NUMBERS = {
    "Slurm": "SLURM_ARRAY_TASK_ID",
    "PBS": "PBS_ARRAY_INDEX",
    "Torque": "PBS_ARRAYID",
    "LSF": "LSB_JOBINDEX",
    "Grid Engine": "SGE_TASK_ID",
}
"""Where each system says which job of an array this is."""

_FIRST = {"Slurm": "SLURM_ARRAY_TASK_MIN", "Grid Engine": "SGE_TASK_FIRST"}
_LAST = {"Slurm": "SLURM_ARRAY_TASK_MAX", "LSF": "LSB_JOBINDEX_END", "Grid Engine": "SGE_TASK_LAST"}


def _job_number(environment: Mapping[str, str]) -> tuple[str, int]:
    """Return the system and the number that it gives to this job."""
    for system, name in _NUMBERS.items():
        number = _number(environment, name)
        if number is not None and not (system == "LSF" and number == 0):  # which no job of an array has
            return system, number
    raise InputError(
        f"SHARD says 'array', but this is no job of an array: none of {', '.join(_NUMBERS.values())} is set. Start it as "
        "one (sbatch --array=1-40), or give the shard, for instance 3/40."
    )


def _job_of_array(environment: Mapping[str, str]) -> Shard:
    system, number = _job_number(environment)
    lowest, last = (_number(environment, names.get(system, "")) for names in (_FIRST, _LAST))
    first = 1 if lowest is None else lowest
    count = _number(environment, "SLURM_ARRAY_TASK_COUNT")
    if system != "Slurm" and last is not None:
        count = last - first + 1
    if count is None:
        raise InputError(
            f"{system} does not say how many jobs the array has. Number them from 1 and give their number, for instance "
            "SHARD=array/40."
        )
    if not first <= number < first + count or last not in (None, first + count - 1):
        raise InputError(
            f"Job {number} is one of {count} in an array that is not numbered without gaps. Give the number of shards that "
            "the run has in all, for instance SHARD=array/40; the jobs have the numbers of their shards."
        )
    return Shard(number - first + 1, count)


def _number(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name, "")
    return int(text) if text.isdigit() else None
