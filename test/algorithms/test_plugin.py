"""What happens when QGIS starts the plugin, and when it takes it out again."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.qgis

ENTRIES = ["New network...", "Demonstration project", "Tutorial", "Check installation...", "Documentation"]

LOADED_AT_START = """
import json, os, sys
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from qgis.core import QgsApplication
app = QgsApplication([], True)
app.initQgis()
import qgis.gui
sys.path.insert(0, sys.argv[1])
import conftest  # makes the checkout the package ecosecnet
sys.path.insert(0, sys.argv[1] + "/algorithms")
from test_plugin import Iface
import ecosecnet
before = set(sys.modules)
plugin = ecosecnet.classFactory(Iface())
plugin.initGui()
print(json.dumps(sorted(set(sys.modules) - before)))
sys.stdout.flush()
os._exit(0)
"""


LOADED_AGAIN = """
import sys
sys.path.insert(0, sys.argv[1])
import conftest  # makes the checkout the package ecosecnet
import ecosecnet
ecosecnet.classFactory(None)
from ecosecnet.core import choices
from ecosecnet.core.sources import patches
ecosecnet.classFactory(None)
print([name for name in sys.modules if name.startswith("ecosecnet.")])
"""


class Iface:
    """As much of the window as the plugin sees."""

    def __init__(self):
        from qgis.gui import QgsMessageBar
        from qgis.PyQt.QtWidgets import QMainWindow, QToolBar

        self.window = QMainWindow()
        self.bar = QgsMessageBar(self.window)
        self.toolbar = QToolBar(self.window)
        self.menus, self.pages = {}, []

    def mainWindow(self):
        return self.window

    def messageBar(self):
        return self.bar

    def addPluginToMenu(self, name, action):
        self.menus.setdefault(name, []).append(action)

    def removePluginMenu(self, name, action):
        self.menus[name].remove(action)

    def addToolBarWidget(self, widget):
        return self.toolbar.addWidget(widget)

    def removeToolBarIcon(self, action):
        self.toolbar.removeAction(action)

    def registerOptionsWidgetFactory(self, factory):
        self.pages.append(factory)

    def unregisterOptionsWidgetFactory(self, factory):
        self.pages.remove(factory)


@pytest.fixture
def newcomer(qgis):
    """Settings as after the installation."""
    from qgis.core import QgsSettings

    def forget():
        for key in ("welcomed", "processes", "scheduler", "report_language"):
            QgsSettings().remove(f"ecosecnet/{key}")

    forget()
    yield QgsSettings()
    forget()


@pytest.fixture
def start(qgis, monkeypatch):
    """Start the plugin in a window as the desktop does; the provider itself is there already."""
    from ecosecnet.plugin import EcoSecNetPlugin
    from qgis.PyQt.QtWidgets import QApplication

    monkeypatch.setattr(EcoSecNetPlugin, "initProcessing", lambda self: None)
    running = []

    def call(window):
        running.append(EcoSecNetPlugin(window))
        running[-1].initGui()
        QApplication.processEvents()
        return running[-1]

    yield call
    for plugin in running:
        plugin.unload()


def buttons(message):
    from qgis.PyQt.QtWidgets import QPushButton

    return {button.text(): button for button in message.findChildren(QPushButton)}


def test_the_menu_and_the_button_have_the_entries(start):
    window = Iface()
    plugin = start(window)
    assert [action.text() for action in window.menus["EcoSecNet"]] == ENTRIES
    assert [action.text() for action in plugin._menu.menu.actions()] == ENTRIES
    assert not any(action.icon().isNull() for action in plugin._menu.actions)
    looks = [action.icon().pixmap(24, 24).toImage().constBits() for action in plugin._menu.actions]
    assert len({look.asstring(24 * 24 * 4) for look in looks}) == 5
    assert len(window.toolbar.actions()) == 1
    assert len(window.pages) == 1


def test_nothing_is_left_after_unloading_however_often(start):
    window = Iface()
    for _ in range(3):
        plugin = start(window)
        plugin.unload()
        assert window.menus == {"EcoSecNet": []}
        assert window.toolbar.actions() == []
        assert window.pages == []
        assert window.bar.currentItem() is None


def test_the_message_of_the_start_comes_back_until_it_is_put_away(newcomer, start):
    for _ in range(2):
        window = Iface()
        start(window)
        message = window.bar.currentItem()
        assert list(buttons(message)) == ["Demonstration project", "Tutorial", "Do not show again"]
        window.bar.popWidget(message)  # closed, but not put away
    window = Iface()
    start(window)
    buttons(window.bar.currentItem())["Do not show again"].click()
    assert window.bar.currentItem() is None
    again = Iface()
    start(again)
    assert again.bar.currentItem() is None


def test_the_tutorial_and_the_documentation_are_pages_that_ship(newcomer, start, monkeypatch):
    from ecosecnet.algorithms.support.desktop import menu

    opened = []
    monkeypatch.setattr(menu, "open_page", opened.append)
    window = Iface()
    plugin = start(window)
    buttons(window.bar.currentItem())["Tutorial"].click()
    assert newcomer.value("ecosecnet/welcomed", False, type=bool)
    plugin._menu.documentation()
    assert len(opened) == 2
    assert all(Path(page).is_file() for page in opened)


def test_who_opens_the_tutorial_from_the_menu_is_not_told_of_it_again(newcomer, start, monkeypatch):
    from ecosecnet.algorithms.support.desktop import menu

    monkeypatch.setattr(menu, "open_page", str)
    window = Iface()
    plugin = start(window)
    assert window.bar.currentItem() is not None
    plugin._menu.tutorial()
    assert window.bar.currentItem() is None
    again = Iface()
    start(again)
    assert again.bar.currentItem() is None


def test_without_a_window_nothing_is_added(newcomer, start):
    assert start(None)._menu is None
    assert not newcomer.contains("ecosecnet/welcomed")


def test_nothing_heavy_is_loaded_at_the_start():
    done = subprocess.run(
        [sys.executable, "-c", LOADED_AT_START, str(Path(__file__).resolve().parents[1])],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    loaded = json.loads(done.stdout.splitlines()[-1])
    heavy = ("numpy", "scipy", "networkx", "osgeo", "numba", "processing")
    assert not [name for name in loaded if name.split(".")[0] in heavy]
    own = [name for name in loaded if name.startswith("ecosecnet.")]
    parts = ["", ".support", *(f".support.{one}" for one in ("addresses", "language", "preferences", "desktop"))]
    parts += [".support.desktop.menu", ".support.desktop.options"]
    assert set(own) == {"ecosecnet.plugin", *(f"ecosecnet.algorithms{one}" for one in parts)}


def test_no_module_of_an_earlier_load_meets_new_ones():
    """As after an update: a choice of the old module is none of the new one."""
    tests = str(Path(__file__).resolve().parents[1])
    done = subprocess.run(
        [sys.executable, "-c", LOADED_AGAIN, tests], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.splitlines()[-1] == "['ecosecnet.plugin']"


# Settings


def test_the_tools_offer_what_was_set(newcomer, qgis):
    from qgis.core import QgsApplication

    def offered():
        tool = QgsApplication.processingRegistry().createAlgorithmById("ecosecnet:robustness")
        return [tool.parameterDefinition(name).defaultValue() for name in ("PROCESSES", "SCHEDULER")]

    assert offered() == [1, None]
    newcomer.setValue("ecosecnet/processes", 3)
    newcomer.setValue("ecosecnet/scheduler", " tcp://host:8786 ")
    assert offered() == [3, "tcp://host:8786"]
    newcomer.setValue("ecosecnet/processes", "many")
    assert offered()[0] == 1


def test_the_page_of_settings_keeps_what_is_set(newcomer, qgis):
    from ecosecnet.algorithms.support.desktop.options import OptionsFactory
    from ecosecnet.algorithms.support.language import report_language

    factory = OptionsFactory()
    assert factory.title() == "EcoSecNet"
    page = factory.createWidget(None)
    assert (page.language.currentData(), page.processes.value(), page.scheduler.text()) == ("", 1, "")
    page.language.setCurrentIndex(page.language.findData("both"))
    page.processes.setValue(0)
    page.scheduler.setText("tcp://host:8786")
    page.apply()
    assert report_language() == "both"
    again = factory.createWidget(None)
    assert (again.language.currentData(), again.processes.value()) == ("both", 0)
    assert again.scheduler.text() == "tcp://host:8786"
