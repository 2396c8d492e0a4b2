"""Batch processing, as its dialog does it."""

from qgis.core import QgsApplication, QgsRasterLayer
from qgis.utils import iface
from window import log_of, settle, wait


def test_outputs_that_are_left_blank_are_not_wanted(window, county, tmp_path):
    from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog

    tool = QgsApplication.processingRegistry().createAlgorithmById("ecosecnet:mspa")
    dialog = BatchAlgorithmDialog(tool, parent=iface.mainWindow())
    dialog.show()
    panel = dialog.mainWidget()
    while panel.batchRowCount() < 2:
        panel.addRow()
    paths = [tmp_path / "a.tif", tmp_path / "b.tif"]
    for row, path in enumerate(paths):
        for name, value in (("INPUT", str(county / "landuse.tif")), ("FOREGROUND", "1,2,6")):
            wrapper = panel.wrappers[row][panel.parameter_to_column[name]]
            wrapper.setParameterValue(value, panel.processing_context)
        panel.tblParameters.cellWidget(row + 1, panel.parameter_to_column["OUTPUT"]).setValue(str(path))
    dialog.runButton().click()
    wait(lambda: "Batch execution completed" in log_of(dialog).toPlainText(), 120, "the batch to end")
    settle()
    window.picture("6_batch")
    text = log_of(dialog).toPlainText()
    assert "failed" not in text
    assert "could not be" not in text.lower()
    for path in paths:
        assert QgsRasterLayer(str(path)).isValid()
    dialog.close()
