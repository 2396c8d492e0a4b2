"""What happens when QGIS starts the plugin."""

import re

import pytest

pytestmark = pytest.mark.qgis


class Bar:
    def __init__(self):
        self.messages = []

    def messageBar(self):
        return self

    def pushMessage(self, title, text, level, duration):
        self.messages.append((title, text, duration))


@pytest.fixture
def newcomer(qgis):
    """Settings as after the installation."""
    from qgis.core import QgsSettings

    QgsSettings().remove("ecosecnet/welcomed")
    yield
    QgsSettings().remove("ecosecnet/welcomed")


@pytest.fixture
def start(qgis, monkeypatch):
    """Start the plugin as the desktop does; the provider itself is there already."""
    from ecosecnet.plugin import EcoSecNetPlugin

    monkeypatch.setattr(EcoSecNetPlugin, "initProcessing", lambda self: None)
    return lambda window: EcoSecNetPlugin(window).initGui()


def test_after_the_first_start_one_message_says_where_the_tools_are(newcomer, start):
    from ecosecnet.algorithms.provider import ALGORITHMS, EcoSecNetProvider

    bar = Bar()
    start(bar)
    ((_, text, duration),) = bar.messages
    assert duration == 0
    assert EcoSecNetProvider().name() in text
    titles = [algorithm().displayName() for algorithm in ALGORITHMS]
    named = re.findall("'(.+?)'", text)
    assert len(named) == 2
    assert set(named) <= set(titles)
    start(bar)
    assert len(bar.messages) == 1


def test_without_a_window_nothing_is_said(newcomer, start):
    from qgis.core import QgsSettings

    start(None)
    assert not QgsSettings().contains("ecosecnet/welcomed")
