"""What a planner does in the window of QGIS, and what she sees there, as functions."""

import os
import re
import time
from pathlib import Path

import processing
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsLayerTree,
    QgsProcessingContext,
    QgsProcessingUtils,
    QgsProject,
)
from qgis.PyQt.QtCore import QEventLoop, QThreadPool, QTimer
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtWidgets import QApplication, QLabel, QMessageBox, QTextBrowser, QTextEdit
from qgis.utils import iface

_PYTHON_TROUBLE = re.compile(r"Traceback|Warning: |Error: ")
_OF_OTHERS = re.compile(r"GRASS|SAGA|OTB|codecs\.open|sipPyTypeDict|setapi|DeprecationWarning.*processing/")
"""What QGIS and its own plugins write into the log by themselves."""


def wait(condition, seconds, what):
    """Let the window live until a condition holds; returns what the condition returned."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"Waited {seconds} s in vain for {what}.")
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
        time.sleep(0.01)


def settle(seconds=0.5):
    """Let the window live for a while."""
    end = time.monotonic() + seconds
    wait(lambda: time.monotonic() >= end, seconds + 60, "time to pass")


class Window:
    """The QGIS window: its project, its map and everything it says.

    Attributes
    ----------
    log : list of (str, str)
        Tag and text of warnings and errors in the log panel.
    bar : list of str
        Texts of the message bar.
    boxes : list of str
        Texts of message boxes that came up; they are answered with their default button.
    """

    def __init__(self, pictures):
        self.pictures = Path(pictures)
        self.pictures.mkdir(parents=True, exist_ok=True)
        self.main = iface.mainWindow()
        self.canvas = iface.mapCanvas()
        self.project = QgsProject.instance()
        self.log, self.bar, self.boxes = [], [], []
        QgsApplication.messageLog().messageReceived[str, str, Qgis.MessageLevel].connect(self._logged)
        iface.messageBar().widgetAdded.connect(lambda item: self.bar.append(text_of(item)))
        self.main.showMaximized()
        # Threads of finished runs end at once, not after half a minute: what QGIS loses with them is missed at once.
        QThreadPool.globalInstance().setExpiryTimeout(100)
        self._watch = QTimer()
        self._watch.timeout.connect(self._answer)
        self._watch.start(200)

    def _logged(self, text, tag, level):
        if level in (Qgis.MessageLevel.Warning, Qgis.MessageLevel.Critical) and not _OF_OTHERS.search(text):
            self.log.append((tag, text))

    def _answer(self):
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            return
        self.boxes.append(f"{box.windowTitle()}: {box.text()}")
        yes = box.button(QMessageBox.StandardButton.Yes)
        if yes is not None:
            yes.click()
        else:
            box.accept()

    def forget(self):
        """Start anew: an empty project, nothing said."""
        self.project.clear()
        QgsCoordinateReferenceSystem.invalidateCache()  # as in a QGIS just started, no CRS was used before
        settle(0.2)
        del self.log[:], self.bar[:], self.boxes[:]

    def trouble(self):
        """Return what no run may leave behind: Python errors and warnings, refusals, message boxes."""
        return [
            f"{tag}: {text}" for tag, text in self.log if "ython" in tag or _PYTHON_TROUBLE.search(text)
        ] + self.boxes

    def picture(self, name):
        """Save a picture of the screen."""
        settle(0.3)
        path = self.pictures / f"{name}.png"
        QGuiApplication.primaryScreen().grabWindow(0).save(str(path))
        return path

    # layers ----------------------------------------------------------------------------------------------------

    def layers(self):
        """Return the layers of the project by name, those that are loaded twice only once."""
        return {layer.name(): layer for layer in self.project.mapLayers().values()}

    def tree(self, node=None):
        """Return the layer tree from the top: names of layers, and (group, [...]) for groups."""
        node = node or self.project.layerTreeRoot()
        return [
            (child.name(), self.tree(child)) if QgsLayerTree.isGroup(child) else child.name()
            for child in node.children()
        ]

    def legend(self, layer):
        """Return the texts that stand under a layer in the layer panel."""
        model = iface.layerTreeView().layerTreeModel()
        node = self.project.layerTreeRoot().findLayer(layer.id())
        texts = []
        for item in model.layerLegendNodes(node):
            settings = getattr(item, "settings", None)  # a colour ramp shows the values of its ends
            ends = [
                text
                for text in (getattr(settings(), "minimumLabel", str)(), getattr(settings(), "maximumLabel", str)())
                if text
            ] if callable(settings) else []  # fmt: skip
            texts += [str(item.data(0) or "").strip(), *ends]
        return [text for text in texts if text]

    def draw(self, seconds=60):
        """Zoom to everything, wait until the map is drawn and return it as an image."""
        self.canvas.zoomToFullExtent()
        self.canvas.refresh()
        settle(0.3)
        wait(lambda: not self.canvas.isDrawing(), seconds, "the map to be drawn")
        settle(0.2)
        return self.canvas.grab().toImage()

    # dialogs ---------------------------------------------------------------------------------------------------

    def open(self, tool, **values):
        """Open the dialog of a tool as the toolbox does, and fill in what is given."""
        dialog = processing.createAlgorithmDialog(f"ecosecnet:{tool}", {})
        dialog.show()
        opened = Dialog(self, dialog)
        opened.set(**values)
        return opened


class Dialog:
    """The dialog of a tool.

    Attributes
    ----------
    bar : list of str
        Texts of its message bar.
    results : dict or None
        What the last run that ended has returned.
    """

    def __init__(self, window, dialog):
        self.window = window
        self.dialog = dialog
        self.results = None
        self._done = []
        self.bar = []
        dialog.messageBar().widgetAdded.connect(lambda item: self.bar.append(text_of(item)))
        dialog.algorithmFinished.connect(lambda good, results: self._done.append((good, results)))
        settle(0.2)

    @property
    def algorithm(self):
        """The tool."""
        return self.dialog.algorithm()

    def set(self, **values):
        """Give parameters to their widgets."""
        self.dialog.setParameters(values)
        settle(0.1)

    def value(self, name):
        """Return what the widget of a parameter holds."""
        return self.dialog.mainWidget().wrappers[name].parameterValue()

    def layers(self, name):
        """Return the names of the layers that the widget of a parameter holds."""
        held = self.value(name)
        context = QgsProcessingContext()
        context.setProject(self.window.project)
        found = []
        for one in held if isinstance(held, list) else [held]:
            source = one.source.staticValue() if hasattr(one, "source") else one
            layer = QgsProcessingUtils.mapLayerFromString(source, context) if isinstance(source, str) else source
            if layer is not None:
                found.append(layer.name())
        return found

    def press_run(self):
        """Press Run."""
        self.dialog.runButton().click()

    def run(self, seconds=180):
        """Press Run and wait for the end; returns the results, or None when the run failed or was refused.

        Why it was refused stands in `refusals`.
        """
        done, told = len(self._done), len(self.refusals)
        self.press_run()
        try:
            wait(lambda: len(self._done) > done or len(self.refusals) > told, seconds, f"{self.algorithm.id()} to end")
        except AssertionError as error:
            raise AssertionError(f"{error} Its log says:\n{self.text()}") from None
        settle(0.3)
        if len(self._done) == done:
            return None
        good, self.results = self._done[-1]
        return self.results if good else None

    @property
    def refusals(self):
        """What the message bar of the dialog and message boxes said."""
        return self.bar + self.window.boxes

    def text(self):
        """Return the log of the dialog."""
        return log_of(self.dialog).toPlainText()

    def red(self):
        """Return the red sentences of the log."""
        return re.findall(r"color:\s*(?:red|#ff0000)[^>]*>([^<]*)<", log_of(self.dialog).toHtml())

    def close(self):
        """Close it."""
        self.dialog.close()
        self.dialog.deleteLater()
        settle(0.1)


def flat(tree):
    """Return the layer names of a tree from the top."""
    return [name for one in tree for name in (flat(one[1]) if isinstance(one, tuple) else [one])]


def text_of(item):
    """Return the text of an item of a message bar."""
    parts = [item.text()] if hasattr(item, "text") else [label.text() for label in item.findChildren(QLabel)]
    parts += [browser.toPlainText() for browser in item.findChildren(QTextBrowser)]
    return " ".join(part for part in parts if part)


def log_of(dialog):
    """Return the widget with the log of a dialog."""
    return next(one for one in dialog.findChildren(QTextEdit) if one.objectName() == "txtLog")


def colours(image, step=4):
    """Return how often each colour occurs in an image, looked at every few pixels."""
    count = {}
    for x in range(0, image.width(), step):
        for y in range(0, image.height(), step):
            colour = image.pixelColor(x, y).name()
            count[colour] = count.get(colour, 0) + 1
    return count


def share_of_most_common(image):
    """Return the share of the most common colour of an image, 0 to 1."""
    count = colours(image)
    return max(count.values()) / sum(count.values())


PICTURES = os.environ.get("DESKTOP_PICTURES", "")
TOOLS = sorted(
    path.stem
    for path in Path(__file__).parents[2].glob("algorithms/*/*.py")
    if path.parent.name != "support" and path.stem != "__init__"
)
"""Ids of all tools."""
