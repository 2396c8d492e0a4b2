"""Work that a thread has done by the main thread."""

import threading
import time

import pytest

pytestmark = pytest.mark.qgis


class Asked:
    """A monitor that is cancelled when it is told to."""

    def __init__(self):
        from ecosecnet.core.monitor import Monitor

        class Inner(Monitor):
            stop = False

            def cancelled(self):
                return self.stop

        self.monitor = Inner()


def in_thread(work, handle_events=True, seconds=20.0):
    """Run something in a thread while this one handles events or not; returns what it returned or raised."""
    from qgis.PyQt.QtCore import QCoreApplication

    outcome = []

    def call():
        try:
            outcome.append(work())
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    end = time.monotonic() + seconds
    while thread.is_alive() and time.monotonic() < end:
        if handle_events:
            QCoreApplication.processEvents()
        time.sleep(0.005)
    assert not thread.is_alive(), "it hangs"
    return outcome[0]


def test_it_is_done_in_the_main_thread(qgis):
    from ecosecnet.algorithms.support.sheets.mainthread import in_main_thread
    from ecosecnet.core.monitor import SILENT

    assert in_main_thread(threading.current_thread, SILENT) is threading.main_thread()
    assert in_thread(lambda: in_main_thread(threading.current_thread, SILENT)) is threading.main_thread()


def test_an_error_comes_back(qgis):
    from ecosecnet.algorithms.support.sheets.mainthread import in_main_thread
    from ecosecnet.core.errors import InputError
    from ecosecnet.core.monitor import SILENT

    def fail():
        raise InputError("No such layer.")

    error = in_thread(lambda: in_main_thread(fail, SILENT))
    assert isinstance(error, InputError)
    assert str(error) == "No such layer."


def test_a_main_thread_that_waits_for_the_run_does_not_hang_when_it_is_cancelled(qgis):
    """As when QGIS is closed: it cancels the runs and waits for them without handling events."""
    from ecosecnet.algorithms.support.sheets.mainthread import in_main_thread
    from ecosecnet.core.errors import OperationCancelled
    from qgis.PyQt.QtCore import QCoreApplication

    asked, done = Asked(), []
    threading.Timer(0.3, lambda: setattr(asked.monitor, "stop", True)).start()
    started = time.monotonic()
    error = in_thread(lambda: in_main_thread(lambda: done.append(1), asked.monitor), handle_events=False)
    assert isinstance(error, OperationCancelled)
    assert time.monotonic() - started < 1.5
    for _ in range(5):  # what comes late is not done any more
        QCoreApplication.processEvents()
    assert not done


def test_a_main_thread_that_never_answers_is_given_up(qgis, monkeypatch):
    from ecosecnet.algorithms.support.sheets import mainthread
    from ecosecnet.core.errors import EcoSecNetError
    from ecosecnet.core.monitor import SILENT

    monkeypatch.setattr(mainthread, "PATIENCE", 0.3)
    error = in_thread(lambda: mainthread.in_main_thread(lambda: 1, SILENT), handle_events=False)
    assert isinstance(error, EcoSecNetError)
    assert "has not answered" in str(error)


def test_many_threads_at_once(qgis):
    from ecosecnet.algorithms.support.sheets.mainthread import in_main_thread
    from ecosecnet.core.monitor import SILENT
    from qgis.PyQt.QtCore import QCoreApplication

    found, threads = [], []

    def work(k):
        found.extend(in_main_thread(lambda j=j: (k, j), SILENT) for j in range(25))

    for k in range(8):
        threads.append(threading.Thread(target=work, args=(k,)))
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        QCoreApplication.processEvents()
    assert sorted(found) == [(k, j) for k in range(8) for j in range(25)]


def test_maps_are_drawn_for_threads(layers, seen):
    from ecosecnet.algorithms.support.sheets.drawing import picture
    from ecosecnet.algorithms.support.sheets.figures import figures

    sheet = figures(layers)["sources"]
    here = picture(sheet, dpi=60)
    assert in_thread(lambda: picture(sheet, dpi=60), seconds=120.0) == here


def test_a_map_is_drawn_where_all_threads_of_the_pool_wait_for_it(layers):
    """Qt uses the same pool to convert pictures, and waits for it; QGIS runs tools in it."""
    from ecosecnet.algorithms.support.sheets.drawing import picture
    from ecosecnet.algorithms.support.sheets.figures import figures
    from qgis.PyQt.QtCore import QCoreApplication, QRunnable, QThreadPool

    sheet, made = figures(layers)["sources"], []

    class Run(QRunnable):
        def run(self):
            made.append(picture(sheet, dpi=150))

    pool = QThreadPool.globalInstance()
    most = pool.maxThreadCount()
    pool.setMaxThreadCount(1)
    try:
        runs = [Run() for _ in range(2)]
        for run in runs:
            run.setAutoDelete(False)
            pool.start(run)
        end = time.monotonic() + 60.0
        while len(made) < 2 and time.monotonic() < end:
            QCoreApplication.processEvents()
            time.sleep(0.005)
        assert len(made) == 2
        assert pool.maxThreadCount() == 1
    finally:
        pool.setMaxThreadCount(most)


def test_a_pdf_that_is_cancelled_does_not_wait_for_a_main_thread_that_waits_for_it(layers, tmp_path):
    from ecosecnet.algorithms.support.sheets.drawing import write_pdf
    from ecosecnet.algorithms.support.sheets.figures import figures
    from ecosecnet.algorithms.support.sheets.layout import template_of
    from ecosecnet.core.errors import OperationCancelled

    asked, sheet = Asked(), figures(layers)["sources"]
    threading.Timer(0.5, lambda: setattr(asked.monitor, "stop", True)).start()
    path = str(tmp_path / "x.pdf")
    started = time.monotonic()
    error = in_thread(
        lambda: write_pdf([sheet] * 9, path, asked.monitor, template=template_of("A4")), handle_events=False
    )
    assert isinstance(error, OperationCancelled)
    assert time.monotonic() - started < 5.0
