"""What a long run will take, told before most of it is done: time and room on the disk."""

from __future__ import annotations

import os
import shutil
import time

from ...core.monitor import Monitor
from .memory import size_text

_EVIDENCE = 3.0
"""Seconds from which on the pace is trusted."""

_WORTH_TELLING, _VERY_LONG = 60.0, 86_400.0
"""Seconds still to go from which on they are told, and warned of."""

FEWER_NODES = (
    "Fewer focal nodes, a list of the pairs that matter, single cells instead of regions, or larger cells make it "
    "shorter."
)
"""Advice for runs over pairs of focal nodes."""


class Forecast(Monitor):
    """Passes everything on and tells once, as soon as the pace is known, how long a long run will still take.

    Parameters
    ----------
    whole : Monitor
        Where to tell. The work must report progress in proportion to time.
    advice : str
        How to make the run shorter; told with the warning of one that takes more than a day.
    """

    def __init__(self, whole: Monitor, advice: str) -> None:
        self._whole, self._advice = whole, advice
        self._start = time.monotonic()
        self._told = False

    def cancelled(self) -> bool:
        return self._whole.cancelled()

    def info(self, text: str) -> None:
        self._whole.info(text)

    def warn(self, text: str) -> None:
        self._whole.warn(text)

    def progress(self, fraction: float) -> None:
        self._whole.progress(fraction)
        elapsed = time.monotonic() - self._start
        if self._told or fraction <= 0.0 or elapsed < _EVIDENCE:
            return
        self._told = True
        left = elapsed / fraction - elapsed
        if left >= _VERY_LONG:
            self.warn(f"At this pace the run takes about {_duration(left)} more. {self._advice}")
        elif left >= _WORTH_TELLING:
            self.info(f"At this pace the run takes about {_duration(left)} more.")


def announce_files(folder: str, count: int, bytes_each: float, monitor: Monitor) -> None:
    """Tell how much room many files need at most, and warn if the disk has less.

    Parameters
    ----------
    folder : str
        Where they go; it need not exist yet.
    count : int
        Number of files.
    bytes_each : float
        Size of each, before compression.
    monitor : Monitor
        Where to tell.
    """
    while folder and not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    free = shutil.disk_usage(folder or os.curdir).free
    needed = count * bytes_each
    text = f"{count:,} maps: at most {size_text(needed)} on the disk, where {size_text(free)} are free."
    if needed > free:
        monitor.warn(f"{text} If they do not fit, the run stops and removes them: choose another folder or fewer maps.")
    else:
        monitor.info(text)


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86_400.0), ("hours", 3_600.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    minutes = max(1, round(seconds / 60.0))
    return "a minute" if minutes == 1 else f"{minutes} minutes"
