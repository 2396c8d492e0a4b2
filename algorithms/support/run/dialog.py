"""The dialog of a tool."""

from __future__ import annotations

from processing.gui.AlgorithmDialog import AlgorithmDialog
from qgis.core import QgsProcessingAlgorithm, QgsProject
from qgis.PyQt.QtWidgets import QWidget

from .roles import suggestions


class ToolDialog(AlgorithmDialog):
    """The dialog of QGIS with the layers that fit the tool.

    After a failed run that of QGIS goes on to say that it loads results and has made a report; this one does not.
    """

    def __init__(self, algorithm: QgsProcessingAlgorithm, parent: QWidget | None = None) -> None:
        super().__init__(algorithm, parent=parent)
        self.setParameters(suggestions(algorithm, QgsProject.instance()))

    def finish(self, successful: bool, result: dict, *others, **options) -> None:
        if successful:
            super().finish(successful, result, *others, **options)
            return
        self.setExecuted(True)
        self.setResults(result)
        self.algorithmFinished.emit(successful, result)
        self.resetGui()
