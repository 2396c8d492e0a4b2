"""Cancelling where no event loop runs while a tool does, as in qgis_process."""

import pytest

pytestmark = pytest.mark.qgis


@pytest.fixture
def monitor(qgis):
    from ecosecnet.algorithms.support.run.feedback import FeedbackMonitor
    from qgis.core import QgsProcessingFeedback

    return FeedbackMonitor(QgsProcessingFeedback())


def test_a_warning_that_comes_again_is_given_once(monitor):
    for text in ("first", "second", "first"):
        monitor.part(0.0, 0.5).warn(text)
    assert monitor.warnings == ["first", "second"]
    assert monitor._feedback.textLog().split() == ["first", "second"]


def test_what_waits_in_the_event_loop_is_noticed(monitor):
    from qgis.PyQt.QtCore import QTimer

    assert not monitor.cancelled()
    monitor._next_look = 0.0
    QTimer.singleShot(0, monitor._feedback.cancel)
    assert monitor.cancelled()


def test_events_of_a_window_are_left_alone(monitor):
    from qgis.PyQt.QtCore import QTimer

    monitor._in_main_thread = False
    QTimer.singleShot(0, monitor._feedback.cancel)
    assert not monitor.cancelled()
