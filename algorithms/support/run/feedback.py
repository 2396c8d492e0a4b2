"""Lets the core report to QGIS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import qgis.utils
from qgis.core import QgsProcessingFeedback
from qgis.PyQt.QtCore import QCoreApplication, QThread

from ....core.monitor import Monitor
from ..language import tr
from ..plaintext import upright

_INTERVAL = 0.1


class FeedbackMonitor(Monitor):
    """Passes progress, messages and cancellation between a core function and a `QgsProcessingFeedback`.

    Progress never runs backwards and is passed on at most ten times a second. A warning that comes again, as when a layer is
    used twice, is not repeated; `warnings` keeps what was warned of, in English, for reports.
    """

    def __init__(self, feedback: QgsProcessingFeedback) -> None:
        self._feedback = feedback
        self._percent = 0.0
        self._stretch = 0.0, 1.0
        self._next = self._next_look = 0.0
        application = QCoreApplication.instance()
        self._in_main_thread = (
            qgis.utils.iface is None and application is not None and QThread.currentThread() == application.thread()
        )
        self.warnings: list[str] = []

    def cancelled(self) -> bool:
        now = time.monotonic()
        if self._in_main_thread and now >= self._next_look:
            # qgis_process notes an interrupt in its event loop, which does not run while a tool does.
            QCoreApplication.processEvents()
            self._next_look = now + _INTERVAL
        return self._feedback.isCanceled()

    @contextmanager
    def between(self, start: float, stop: float) -> Iterator[None]:
        """Count what reports 0 to 1 meanwhile as `start` to `stop` of the whole: readers and writers, one after the other."""
        before, self._stretch = self._stretch, (start, stop)
        try:
            yield
        finally:
            self._stretch = before

    def progress(self, fraction: float) -> None:
        start, stop = self._stretch
        percent = 100.0 * (start + (stop - start) * min(max(fraction, 0.0), 1.0))
        now = time.monotonic()
        if percent > self._percent and (now >= self._next or percent >= 100.0):
            self._percent = percent
            self._next = now + _INTERVAL
            self._feedback.setProgress(percent)

    def info(self, text: str) -> None:
        self._feedback.pushInfo(upright(tr(text)))

    def warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)
            self._feedback.pushWarning(upright(tr(text)))
