"""What a long run will take, reported before most of it is done: time and room on the disk."""

from __future__ import annotations

import os
import shutil
import time

from ....core.monitor import Monitor
from .memory import size_text

_EVIDENCE = 6.0
"""Seconds over which the pace is measured at least."""

_OFTEN = 0.2
"""Seconds between two places of the progress that are remembered."""

_WRONG = 2.0
"""How many times longer or shorter than reported the rest has to be for it to be reported anew."""

_STEADY = 1.5
"""How many times faster or slower than in the later half a run may be in its last quarter for its pace to be known."""

_WORTH_REPORTING, _VERY_LONG = 60.0, 86_400.0
"""Seconds still to go from which on they are reported, and warned of."""

FEWER_NODES = (
    "Fewer focal nodes, a list of the pairs that matter, single cells instead of regions, or larger cells make it "
    "shorter."
)
"""Advice for runs over pairs of focal nodes."""

LARGER_CELLS = "Larger cells or a smaller area make it shorter."
"""Advice for runs over every cell of a raster."""

FEWER_LINKS = "Fewer sources or links, a smaller cutoff or radius, or larger cells make it shorter."
"""Advice for runs over links."""


class Forecast(Monitor):
    """Passes everything on and reports, as soon as the pace is known, how long a long run will still take.

    The pace is that of the later half of the run so far: preparations, and steps whose share of the progress is only a
    guess, do not spoil it. It is known once the last quarter has about the same. Where it turns out to be far from what was
    reported, it is reported anew.

    Parameters
    ----------
    whole : Monitor
        Where to report. Within a step, the work must report progress in proportion to time.
    advice : str
        How to make the run shorter; given with the warning of one that takes more than a day.
    """

    def __init__(self, whole: Monitor, advice: str) -> None:
        self._whole, self._advice = whole, advice
        self._past = [(time.monotonic(), 0.0)]
        self._end: float | None = None
        self._again = 0.0

    def cancelled(self) -> bool:
        return self._whole.cancelled()

    def info(self, text: str) -> None:
        self._whole.info(text)

    def warn(self, text: str) -> None:
        self._whole.warn(text)

    def progress(self, fraction: float) -> None:
        self._whole.progress(fraction)
        now = time.monotonic()
        if fraction < self._past[-1][1] or fraction == self._past[0][1]:
            # It starts anew, or has not started.
            self._past.clear()
        if not self._past or now >= self._past[-1][0] + _OFTEN:
            self._past.append((now, fraction))
        left = self._left(now, fraction)
        if left is None or now < self._again:
            return
        reported = None if self._end is None else max(self._end - now, _WORTH_REPORTING)
        if (
            left < _WORTH_REPORTING
            if reported is None
            else reported / _WRONG < max(left, _WORTH_REPORTING) < reported * _WRONG
        ):
            return
        self._end = now + left
        self._again = now + max(_EVIDENCE, (now - self._past[0][0]) / 2.0)
        text = f"At this pace the run takes about {_duration(left)} more."
        if left >= _VERY_LONG:
            self.warn(f"{text} {self._advice}")
        else:
            self.info(text)

    def _left(self, now: float, fraction: float) -> float | None:
        """Return the seconds still to go; None while the pace is not known."""
        begun = self._past[0][0]
        pace = self._pace(now, fraction, min(now - _EVIDENCE, (begun + now) / 2.0))
        lately = self._pace(now, fraction, min(now - _EVIDENCE / 2.0, (begun + 3.0 * now) / 4.0))
        if not lately / _STEADY < pace < lately * _STEADY:
            return None
        return (1.0 - fraction) / pace

    def _pace(self, now: float, fraction: float, since: float) -> float:
        """Return the progress of a second from a time on; 0 where there is none."""
        then, done = next((past for past in reversed(self._past) if past[0] <= since), (now, fraction))
        return (fraction - done) / (now - then) if fraction > done and now > then else 0.0


def announce_files(folder: str, count: int, bytes_each: float, monitor: Monitor) -> None:
    """Report how much room many files need at most, and warn if the disk has less.

    Parameters
    ----------
    folder : str
        Where they go; it need not exist yet.
    count : int
        Number of files.
    bytes_each : float
        Size of each, before compression.
    monitor : Monitor
        Where to report.
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
