"""The models that come with the plugin, as the toolbox offers them."""

from __future__ import annotations

import os

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelGroupBox,
    QgsProcessingUtils,
)
from qgis.PyQt.QtCore import QPointF, QRectF
from qgis.PyQt.QtWidgets import QWidget

from . import base
from .support.inputs.parameters import put_in_language
from .support.language import tr, tr_html
from .support.run.layertree import Place
from .support.run.runname import name_run
from .support.run.styling import move


class ShippedModel(QgsProcessingModelAlgorithm):
    """A model whose id is that of its file, so that the name inside can be one for people to read.

    A plain model has one name for both: the id would have blanks, or the toolbox and the designer would show
    ``sourcesfromlandcover``.
    """

    def name(self) -> str:
        return os.path.splitext(os.path.basename(self.sourceFilePath()))[0]

    def displayName(self) -> str:
        return tr(super().displayName())

    def group(self) -> str:
        return tr(super().group())

    def shortHelpString(self) -> str:
        return tr_html(super().shortHelpString())

    def fromFile(self, path: str) -> bool:
        read = super().fromFile(path)
        self._put_in_language()
        return read

    def createInstance(self) -> ShippedModel:
        # From the variant and not from the file: the designer runs what stands in its window.
        model = type(self)()
        model.loadVariant(self.toVariant())
        model.setProvider(self.provider())
        model.setSourceFilePath(self.sourceFilePath())
        model._put_in_language()
        return model

    def _put_in_language(self) -> None:
        for item in (*self.parameterDefinitions(), *self.outputDefinitions()):
            put_in_language(item)

    def processAlgorithm(self, parameters, context, feedback) -> dict:
        results = super().processAlgorithm(parameters, context, feedback)
        run = name_run(self, parameters, context)
        steps = {one: one.name().partition(":")[0] for one in self.destinationParameterDefinitions()}
        tools = {one: self.childAlgorithm(step).algorithmId() for one, step in steps.items()}
        waits = {one: len(self.dependsOnChildAlgorithms(step)) for one, step in steps.items()}
        most = {tool: max(waits[one] for one in steps if tools[one] == tool) for tool in tools.values()}
        heights = {one: self.childAlgorithm(step).position().y() for one, step in steps.items()}
        # What waits for most lies on top; of one tool what comes first, as pinch points lie on barriers in the whole run.
        ordered = sorted(steps, key=lambda one: (-most[tools[one]], waits[one], heights[one]))
        for order, definition in enumerate(ordered):
            layer = results.get(definition.name())
            if layer and context.willLoadLayerOnCompletion(layer):
                details = context.layerToLoadOnCompletionDetails(layer)
                # QGIS would call the layers what scripts call the outputs: "mspa", "pinch_points".
                details.name = definition.description()
                move(details, run, self._place_of(steps[definition], details), order)
        return results

    @property
    def LABEL(self) -> str:
        return self.displayName()

    def _place_of(self, step: str, details: QgsProcessingContext.LayerDetails) -> Place:
        """Return where the layer of a step goes: into the group in whose frame the step stands."""
        # Who opens the model in the designer may have frames of her own in it.
        frames = {one.description(): _box(one) for one in self.groupBoxes() if one.description() in base.FROM_THE_TOP}
        here = self.childAlgorithm(step).position()
        group = next((name for name, box in frames.items() if box.contains(here)), "")
        if len(frames) < 2 or not group:
            return Place(rank=None)
        lowest = max(frames, key=base.FROM_THE_TOP.index)
        visible = details.layerTypeHint != QgsProcessingUtils.LayerHint.Raster or group == lowest
        return base.place_in(group, None, visible)

    def createCustomParametersWidget(self, parent: QWidget | None = None) -> QWidget:
        from .support.run.dialog import ToolDialog

        return ToolDialog(self, parent=parent)


def _box(frame: QgsProcessingModelGroupBox) -> QRectF:
    box = QRectF(QPointF(0.0, 0.0), frame.size())
    box.moveCenter(frame.position())
    return box
