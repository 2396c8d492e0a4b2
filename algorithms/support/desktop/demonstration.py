"""The demonstration project: a county made in the background, loaded with its styles, and the dialog filled with it."""

from __future__ import annotations

import os
from collections.abc import Callable

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsMapLayer,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingUtils,
    QgsProject,
)
from qgis.PyQt.QtCore import QStandardPaths
from qgis.PyQt.QtWidgets import QProgressBar, QPushButton

from ..language import tr

_FOLDER = "EcoSecNet demonstration"
NETWORK = "network"
"""Folder of the results, in that of the county."""


def new_folder() -> str:
    """Return a folder in the documents of the user, or else in the profile, that is not there yet."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    if not (documents and os.path.isdir(documents) and os.access(documents, os.W_OK)):
        documents = QgsApplication.qgisSettingsDirPath()
    folder, number = os.path.join(documents, _FOLDER), 1
    while os.path.exists(folder):
        number += 1
        folder = os.path.join(documents, f"{_FOLDER} {number}")
    return folder


class Demonstration:
    """One demonstration project in the making.

    Parameters
    ----------
    iface : QgisInterface
        The window.
    open_tool : callable
        Opens the dialog of a tool, given its id and parameters.
    folder : str
        Where the county goes; empty: `new_folder`.
    parameters : dict
        Of `demolandscape`, beside the folder.
    """

    def __init__(
        self, iface, open_tool: Callable[[str, dict], object], folder: str = "", parameters: dict | None = None
    ) -> None:
        self._iface = iface
        self._open_tool = open_tool
        self.folder = folder or new_folder()
        self._parameters = {**(parameters or {}), "OUTPUT_FOLDER": self.folder, "LOAD": True}
        # The task runs in a thread: what it was given must live as long as it does.
        self._context = QgsProcessingContext()
        self._context.setProject(QgsProject.instance())
        self._feedback = QgsProcessingFeedback()
        self._task: QgsProcessingAlgRunnerTask | None = None
        self._message = None
        self.layers: dict[str, QgsMapLayer] = {}
        """The layers that were loaded, by the output of the tool."""
        self.dialog = None
        """The dialog of the network, once it is open."""

    def running(self) -> bool:
        """Return whether the county is being made."""
        return self._task is not None

    def start(self) -> None:
        """Have the county made."""
        tool = QgsApplication.processingRegistry().createAlgorithmById("ecosecnet:demolandscape")
        fit, why = tool.checkParameterValues(self._parameters, self._context)
        if not fit:
            self._say(tr(why), Qgis.MessageLevel.Critical)
            return
        self._task = QgsProcessingAlgRunnerTask(tool, self._parameters, self._context, self._feedback)
        self._task.executed.connect(self._made)
        self._show_progress()
        QgsApplication.taskManager().addTask(self._task)

    def cancel(self) -> None:
        """Stop; nothing is left of what was not complete."""
        if self._task is not None:
            self._feedback.cancel()
            self._task.cancel()

    def _show_progress(self) -> None:
        bar = self._iface.messageBar()
        self._message = bar.createMessage("EcoSecNet", tr("The demonstration county is being made."))
        progress = QProgressBar(self._message)
        progress.setMaximumWidth(200)
        cancel = QPushButton(tr("Cancel"), self._message)
        cancel.clicked.connect(lambda *_: self.cancel())
        for widget in (progress, cancel):
            self._message.layout().addWidget(widget)
        self._task.progressChanged.connect(lambda percent: progress.setValue(int(percent)))
        self._message.destroyed.connect(self._forget_message)
        bar.pushWidget(self._message, Qgis.MessageLevel.Info)

    def _forget_message(self, *_) -> None:
        self._message = None

    def _made(self, successful: bool, results: dict) -> None:
        self._task = None
        if self._message is not None:
            message, self._message = self._message, None
            self._iface.messageBar().popWidget(message)
        if not successful:
            if self._feedback.isCanceled():
                self._say(tr("The demonstration project was cancelled; nothing of it was kept."))
            else:
                self._say(
                    tr("The demonstration county could not be made; the log of Processing says why."),
                    Qgis.MessageLevel.Critical,
                )
            return
        self._load()
        self._show()
        self.dialog = self._open_tool("securitynetwork", self._network())
        self._say(tr(f"Click Run in the dialog to build the network of the county, which is in {self.folder}."))

    def _load(self) -> None:
        project = QgsProject.instance()
        for source, details in self._context.layersToLoadOnCompletion().items():
            layer = QgsProcessingUtils.mapLayerFromString(source, self._context, True, details.layerTypeHint)
            if layer is None:
                continue
            layer = self._context.takeResultLayer(layer.id()) or layer.clone()
            details.setOutputLayerName(layer)
            self.layers[details.outputName] = project.addMapLayer(layer)
            details.postProcessor().postProcessLayer(layer, self._context, self._feedback)

    def _show(self) -> None:
        county = self.layers["BOUNDARY"]
        canvas = self._iface.mapCanvas()
        if len(QgsProject.instance().mapLayers()) == len(self.layers):
            QgsProject.instance().setCrs(county.crs())
        extent = canvas.mapSettings().layerExtentToOutputExtent(county, county.extent())
        extent.scale(1.05)
        canvas.setExtent(extent)
        canvas.refresh()

    def _network(self) -> dict:
        """Return the parameters of the network of the county."""

        def ids(*outputs: str) -> list[str]:
            return [self.layers[output].id() for output in outputs]

        one = {name: self.layers[name].id() for name in ("LANDUSE", "DEM", "ROADS", "MINES", "TOWNSHIPS")}
        return {
            **one,
            "LEGEND": 1,
            "PROTECTED": ids("REDLINE", "RESERVES"),
            "CORRECTIONS": ids("DESERTIFICATION", "EROSION", "GEOHAZARDS"),
            "TOWNSHIP_NAME": ["name"],
            "RESULTS_FOLDER": os.path.join(self.folder, NETWORK),
        }

    def _say(self, text: str, level: Qgis.MessageLevel = Qgis.MessageLevel.Info) -> None:
        self._iface.messageBar().pushMessage("EcoSecNet", text, level, 30)
