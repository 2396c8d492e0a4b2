"""Work that only the main thread may do, such as filling a page layout, for a run in another thread."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from qgis.PyQt.QtCore import QCoreApplication, QEvent, QObject, QThread, QThreadPool

from ....core.errors import EcoSecNetError
from ....core.monitor import Monitor

T = TypeVar("T")

_LOOK = 0.05
"""Seconds between looks at whether the run is cancelled."""

PATIENCE = 600.0
"""Seconds until a main thread that does not answer is given up: somebody may have it wait for this very run."""


def in_main_thread(work: Callable[[], T], monitor: Monitor) -> T:
    """Return what some work returns that is done in the main thread.

    In the main thread it is called at once. From another thread it is queued behind the events of the window, and waited for
    in such a way that the run may be cancelled and QGIS be closed meanwhile: the main thread then waits for this one, and
    must not be waited for in turn. Work that has begun is waited for, since only a main thread that is free begins any.

    Raises
    ------
    OperationCancelled
        If the run is cancelled before the work has begun, or while it is done.
    EcoSecNetError
        If the main thread does not come to it within ten minutes.
    """
    application = QCoreApplication.instance()
    if application is None or QThread.currentThread() == application.thread():
        return work()
    call = _Call(work)
    _DOOR.put(call, application)
    # Qt converts large pictures in threads of the pool that this run has one of, and waits for them: with as many runs
    # waiting here as there are processors it would wait for ever. The pool may have one more as long as this one waits.
    pool = QThreadPool.globalInstance()
    pool.releaseThread()
    try:
        _wait(call, monitor)
    finally:
        pool.reserveThread()
    monitor.check()
    return call.outcome()


def later_in_main_thread(work: Callable[[], None]) -> None:
    """Have some work done in the main thread, at once if this is it, and do not wait for it: a run that ends must not."""
    application = QCoreApplication.instance()
    if application is None or QThread.currentThread() == application.thread():
        work()
    else:
        _DOOR.put(_Call(work), application)


def _wait(call: _Call, monitor: Monitor) -> None:
    waited = 0.0
    while not call.done.wait(_LOOK):
        waited += _LOOK
        try:
            monitor.check()
            if waited > PATIENCE and not call.begun:
                raise EcoSecNetError(
                    "The window of QGIS has not answered for ten minutes, so that no map could be drawn. A script that waits "
                    "in the main thread for this run must let it handle events."
                )
        except EcoSecNetError:
            if not call.drop():
                call.done.wait()
            raise


class _Call:
    """Some work on its way to the main thread, and its outcome on the way back."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work: Callable[[], Any] | None = work
        self._lock = threading.Lock()
        self._result: Any = None
        self._error: BaseException | None = None
        self.begun = False
        self.done = threading.Event()

    def run(self) -> None:
        with self._lock:
            work, self._work = self._work, None
            self.begun = work is not None
        try:
            if work is not None:
                self._result = work()
        except BaseException as error:
            # What the frames hold lives in this thread and must not die in the other.
            traceback.clear_frames(error.__traceback__)
            self._error = error
        finally:
            del work
            self.done.set()

    def drop(self) -> bool:
        """Have the work not done; return False where it has begun."""
        with self._lock:
            self._work = None
            return not self.begun

    def outcome(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result


class _Receiver(QObject):
    """Lives in the main thread and does there what it is asked to."""

    def __init__(self, calls: deque[_Call]) -> None:
        super().__init__()
        self._calls = calls

    def event(self, event: QEvent) -> bool:
        if event.type() != QEvent.Type.User:
            return super().event(event)
        self._calls.popleft().run()
        return True


class _Door:
    """The receiver, made when it is first needed, and kept: what is posted to it may come late."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[_Call] = deque()
        self._receiver: _Receiver | None = None

    def put(self, call: _Call, application: QCoreApplication) -> None:
        with self._lock:
            if self._receiver is None:
                self._receiver = _Receiver(self._calls)
                self._receiver.moveToThread(application.thread())
            self._calls.append(call)
            QCoreApplication.postEvent(self._receiver, QEvent(QEvent.Type.User))


_DOOR = _Door()
