"""The models that come with the plugin, as the toolbox offers them."""

from __future__ import annotations

import os

from qgis.core import QgsProcessingModelAlgorithm
from qgis.PyQt.QtWidgets import QWidget


class ShippedModel(QgsProcessingModelAlgorithm):
    """A model whose id is that of its file, so that the name inside can be one for people to read.

    A plain model has one name for both: the id would have blanks, or the toolbox and the designer would show
    ``sourcesfromlandcover``.
    """

    def name(self) -> str:
        return os.path.splitext(os.path.basename(self.sourceFilePath()))[0]

    def createInstance(self) -> ShippedModel:
        # From the variant and not from the file: the designer runs what stands in its window.
        model = type(self)()
        model.loadVariant(self.toVariant())
        model.setProvider(self.provider())
        model.setSourceFilePath(self.sourceFilePath())
        return model

    def processAlgorithm(self, parameters, context, feedback) -> dict:
        results = super().processAlgorithm(parameters, context, feedback)
        # QGIS would call the layers what scripts call the outputs: "mspa", "pinch_points".
        for definition in self.destinationParameterDefinitions():
            layer = results.get(definition.name())
            if layer and context.willLoadLayerOnCompletion(layer):
                context.layerToLoadOnCompletionDetails(layer).name = definition.description()
        return results

    def createCustomParametersWidget(self, parent: QWidget | None = None) -> QWidget:
        from .support.run.dialog import ToolDialog

        return ToolDialog(self, parent=parent)
