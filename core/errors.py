"""Every error the core raises on purpose.

A message says what is wrong, with the value, and what to do about it; it is shown to the user as it stands.
"""

from __future__ import annotations


class EcoSecNetError(Exception):
    """Base of all errors that are meant to be read by the user."""


class InputError(EcoSecNetError, ValueError):
    """An input or parameter cannot be used."""


class GridMismatchError(InputError):
    """Two rasters of one run do not lie on the same grid."""


class DisconnectedError(EcoSecNetError):
    """Nothing can be computed because the sources are cut off from each other."""


class ConvergenceError(EcoSecNetError):
    """A solver could not reach the accuracy asked for."""


class MemoryLimitError(EcoSecNetError):
    """The run would need more memory than there is."""


class WorkerError(EcoSecNetError):
    """Processes that were to do a part of the work could not."""


class ShardDone(EcoSecNetError):  # noqa: N818 (not an error)
    """A shard of a run is done, which leaves no result but its chunks."""


class OperationCancelled(EcoSecNetError):  # noqa: N818 (not an error)
    """The user cancelled the run."""

    def __init__(self) -> None:
        super().__init__("Cancelled. No output was written.")
