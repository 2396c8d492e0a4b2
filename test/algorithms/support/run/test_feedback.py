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


def test_readers_that_count_to_one_stay_in_their_stretch(monitor):
    with monitor.between(0.2, 0.4):
        monitor.progress(0.5)
        assert monitor._feedback.progress() == pytest.approx(30)
        monitor._next = 0.0
        monitor.progress(1.0)
    assert monitor._feedback.progress() == pytest.approx(40)
    monitor._next = 0.0
    monitor.progress(0.9)
    assert monitor._feedback.progress() == pytest.approx(90)


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
