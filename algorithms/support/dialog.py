"""The dialog of a tool."""

from __future__ import annotations

from processing.gui.AlgorithmDialog import AlgorithmDialog


class ToolDialog(AlgorithmDialog):
    """The dialog of QGIS, which after a failed run too says that it loads results and has made a report."""

    def finish(self, successful: bool, result: dict, *others, **options) -> None:
        if successful:
            super().finish(successful, result, *others, **options)
            return
        self.setExecuted(True)
        self.setResults(result)
        self.algorithmFinished.emit(successful, result)
        self.resetGui()
