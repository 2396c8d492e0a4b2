"""Progress, messages and cancellation for long computations."""

from __future__ import annotations

from .errors import OperationCancelled


class Monitor:
    """What a core function reports to; this base class listens to nothing and never cancels.

    Subclasses override `cancelled`, `progress`, `info` and `warn`.
    """

    def cancelled(self) -> bool:
        """Return whether the user has asked to stop."""
        return False

    def progress(self, fraction: float) -> None:
        """Report that `fraction` (0 to 1) of the work is done."""

    def info(self, text: str) -> None:
        """Report a fact about the run."""

    def warn(self, text: str) -> None:
        """Warn of something that was repaired, dropped or looks wrong."""

    def check(self) -> None:
        """Raise `OperationCancelled` if the user has asked to stop.

        Loops call this, or `step`, at least every half second.
        """
        if self.cancelled():
            raise OperationCancelled

    def step(self, done: float, total: float) -> None:
        """Check for cancellation and report `done` of `total`."""
        self.check()
        self.progress(done / total if total else 1.0)

    def part(self, start: float, stop: float) -> Monitor:
        """Return a monitor whose 0 to 1 is `start` to `stop` of this one."""
        return _Part(self, start, stop)

    def quiet(self) -> Monitor:
        """Return a monitor that is cancelled with this one and says nothing, for what is done again to compare."""
        return _Quiet(self)


class _Quiet(Monitor):
    def __init__(self, whole: Monitor) -> None:
        self._whole = whole

    def cancelled(self) -> bool:
        return self._whole.cancelled()


class _Part(Monitor):
    def __init__(self, whole: Monitor, start: float, stop: float) -> None:
        self._whole = whole
        self._start = start
        self._stop = stop

    def cancelled(self) -> bool:
        return self._whole.cancelled()

    def progress(self, fraction: float) -> None:
        self._whole.progress(self._start + (self._stop - self._start) * fraction)

    def info(self, text: str) -> None:
        self._whole.info(text)

    def warn(self, text: str) -> None:
        self._whole.warn(text)


SILENT = Monitor()
"""The default monitor of every core function."""
