"""What the dialog of a tool shows when a run ends."""

import time

import numpy as np
import pytest

pytestmark = pytest.mark.qgis


@pytest.fixture
def dialog(qgis, monkeypatch):
    """Open the dialog of a tool as the toolbox does, run it and return its log once the run has ended."""
    from unittest.mock import MagicMock

    import processing.gui
    from qgis.core import QgsApplication, QgsLayerTreeModel, QgsProject
    from qgis.gui import QgsGui, QgsLayerTreeView, QgsMapCanvas
    from qgis.PyQt import sip
    from qgis.PyQt.QtWidgets import QTextEdit

    if not QgsGui.editorWidgetRegistry().factories():
        QgsGui.editorWidgetRegistry().initEditors()
    canvas, tree = QgsMapCanvas(), QgsLayerTreeView()
    model = QgsLayerTreeModel(QgsProject.instance().layerTreeRoot())
    tree.setModel(model)
    window = MagicMock(mapCanvas=lambda: canvas, browserModel=lambda: None, layerTreeView=lambda: tree)
    window.activeLayer = window.messageBar = window.mainWindow = lambda: None
    for module in ("ParametersPanel", "AlgorithmDialog", "wrappers", "Postprocessing"):
        __import__(f"processing.gui.{module}")
        monkeypatch.setattr(getattr(processing.gui, module), "iface", window, raising=False)

    def run(tool, **parameters):
        shown = (
            QgsApplication.processingRegistry().createAlgorithmById(f"ecosecnet:{tool}").createCustomParametersWidget()
        )
        ended = []
        shown.algorithmFinished.connect(lambda *found: ended.append(found))
        shown.setParameters(parameters)
        shown.runAlgorithm()
        started = time.monotonic()
        while not ended and time.monotonic() - started < 60:
            QgsApplication.processEvents()
        (ok, results), log = ended[0], shown.findChild(QTextEdit, "txtLog").toPlainText()
        assert shown.results() == results
        shown.close()
        return ok, [line for line in log.splitlines() if line.strip()]

    yield run
    QgsProject.instance().clear()
    for one in (tree, model, canvas):  # in this order, and before the tree of the project is used again
        sip.delete(one)


def test_nothing_comes_after_the_reason_of_a_failure(dialog, raster, tmp_path, monkeypatch):
    from ecosecnet.algorithms.sources.mspa import MspaAlgorithm
    from ecosecnet.core.errors import InputError

    def fail(self, job):
        job.write_html("PROFILE_CHART", "half a report")
        raise InputError("This cannot work.")

    monkeypatch.setattr(MspaAlgorithm, "execute", fail)
    chart = tmp_path / "chart.html"
    ground = raster("ground", np.ones((9, 9), dtype=np.uint8))
    ok, log = dialog("mspa", INPUT=ground, OUTPUT=str(tmp_path / "mspa.tif"), PROFILE_CHART=str(chart))
    assert not ok
    assert log[-2] == "This cannot work."
    assert log[-1].startswith("Execution failed after")
    assert not chart.exists()


def test_a_run_that_works_loads_its_results(dialog, raster, tmp_path):
    ground = np.ones((20, 20), dtype=np.uint8)
    ground[4:15, 4:15] = 2
    ok, log = dialog("mspa", INPUT=raster("ground", ground), OUTPUT=str(tmp_path / "mspa.tif"))
    assert ok
    assert "Loading resulting layers" in log
