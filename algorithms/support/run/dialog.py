"""The dialog of a tool."""

from __future__ import annotations

from html import escape

from processing.gui.AlgorithmDialog import AlgorithmDialog
from qgis.core import QgsProcessingAlgorithm, QgsProject
from qgis.PyQt.QtGui import QPalette
from qgis.PyQt.QtWidgets import QTextBrowser, QWidget

from .roles import suggestions


class ToolDialog(AlgorithmDialog):
    """The dialog of QGIS with the layers that fit the tool.

    After a failed run that of QGIS goes on to say that it loads results and has made a report; this one does not.
    """

    def __init__(self, algorithm: QgsProcessingAlgorithm, parent: QWidget | None = None) -> None:
        super().__init__(algorithm, parent=parent)
        self._colour_help(algorithm)
        self.setParameters(suggestions(algorithm, QgsProject.instance()))

    def _colour_help(self, algorithm: QgsProcessingAlgorithm) -> None:
        """Give the help the colours of a dark theme; those of QGIS are made for a light ground."""
        browser = self.findChild(QTextBrowser, "textShortHelp")
        if browser is None:
            return
        browser.ensurePolished()
        palette = browser.palette()
        if palette.color(QPalette.ColorRole.Base).lightness() > 127:
            return
        colour = palette.color(QPalette.ColorRole.Text).name()
        browser.document().setDefaultStyleSheet(f"h2, p, b, i, li {{ color: {colour}; }}")
        browser.setHtml(f"<h2>{escape(algorithm.displayName())}</h2>{algorithm.shortHelpString()}")

    def finish(self, successful: bool, result: dict, *others, **options) -> None:
        if successful:
            super().finish(successful, result, *others, **options)
            return
        self.setExecuted(True)
        self.setResults(result)
        self.algorithmFinished.emit(successful, result)
        self.resetGui()
