"""Batch processing, as its dialog does it."""

import pytest
from qgis.core import QgsApplication, QgsRasterLayer, QgsVectorLayer
from qgis.utils import iface
from window import log_of, settle, wait


@pytest.mark.parametrize(
    ("tool", "landuse", "foreground", "files"),
    [
        ("mspa", "INPUT", "FOREGROUND", {"OUTPUT": "mspa{}.tif"}),
        (
            "sourcesfromlandcover",
            "landuse",
            "foreground",
            {"mspa:mspa": "mspa{}.tif", "importance:sources": "sources{}.gpkg"},
        ),
    ],
    ids=["tool", "model"],
)
def test_outputs_that_are_left_blank_are_not_wanted(window, county, tmp_path, tool, landuse, foreground, files):
    from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog

    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"ecosecnet:{tool}")
    dialog = BatchAlgorithmDialog(algorithm, parent=iface.mainWindow())
    dialog.show()
    panel = dialog.mainWidget()
    while panel.batchRowCount() < 2:
        panel.addRow()
    paths = []
    for row in range(2):
        for name, value in ((landuse, str(county / "landuse.tif")), (foreground, "1,2,6")):
            wrapper = panel.wrappers[row][panel.parameter_to_column[name]]
            wrapper.setParameterValue(value, panel.processing_context)
        for name, file in files.items():
            paths.append(str(tmp_path / file.format(row)))
            panel.tblParameters.cellWidget(row + 1, panel.parameter_to_column[name]).setValue(paths[-1])
    dialog.runButton().click()
    wait(lambda: "Batch execution completed" in log_of(dialog).toPlainText(), 120, "the batch to end")
    settle()
    window.picture(f"6_batch_{tool}")
    text = log_of(dialog).toPlainText()
    assert "failed" not in text
    assert "could not be" not in text.lower()
    for path in paths:
        layer = QgsRasterLayer(path) if path.endswith(".tif") else QgsVectorLayer(path)
        assert layer.isValid()
    dialog.close()
