"""The parameters of a run as values that a file can hold, and that another process can run the tool with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qgis.core import (
    QgsMapLayer,
    QgsProcessing,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterCrs,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterMatrix,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingUtils,
    QgsProperty,
    QgsProviderRegistry,
)

from ....core.errors import InputError

if TYPE_CHECKING:
    from ..run.job import Job

_LAYERS = (
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterMultipleLayers,
)
_IN_THIS_QGIS = ("memory", "virtual")
"""Providers of QGIS whose layers no other process has."""


def stored_values(job: Job, without: Sequence[str]) -> dict[str, object]:
    """Return the parameters that are given, except some, by name.

    Raises
    ------
    InputError
        If an input is only in the QGIS that runs: a temporary layer, a selection.
    """
    names = [one.name() for one in job.definitions() if job.given(one.name()) and one.name() not in without]
    return {name: stored_value(job, job.definition(name)) for name in names}


def stored_value(job: Job, definition: QgsProcessingParameterDefinition) -> object:
    """Return a parameter that is given, as `stored_values` does."""
    name = definition.name()
    if definition.isDestination():
        if job.texts(name) == [QgsProcessing.TEMPORARY_OUTPUT]:
            return QgsProcessing.TEMPORARY_OUTPUT
        path = job.destination(name)
        sink = isinstance(definition, QgsProcessingParameterFeatureSink) and ":" in path[2:]  # of a database
        return path if sink else os.path.abspath(path)
    if isinstance(definition, _LAYERS):
        sources = [_source(job, definition, one) for one in job.given_layers(name)]
        return sources if isinstance(definition, QgsProcessingParameterMultipleLayers) else sources[0]
    if isinstance(definition, QgsProcessingParameterFile):
        return os.path.abspath(job.text(name))
    return plain_value(job, definition)


def is_layer(definition: QgsProcessingParameterDefinition) -> bool:
    """Return whether a parameter takes layers."""
    return isinstance(definition, _LAYERS)


def plain_value(job: Job, definition: QgsProcessingParameterDefinition) -> object:
    """Return the value of a parameter that takes no layer and no file, or its default."""
    name = definition.name()
    if isinstance(definition, QgsProcessingParameterNumber):
        return job.number(name)
    if isinstance(definition, QgsProcessingParameterBoolean):
        return job.flag(name)
    if isinstance(definition, QgsProcessingParameterEnum):
        options = range(len(definition.options()))
        return job.choices(name, options) if definition.allowMultiple() else job.chosen(name)
    if isinstance(definition, QgsProcessingParameterField):
        return job.fields(name) if definition.allowMultiple() else job.field(name)
    if isinstance(definition, QgsProcessingParameterMatrix):
        return job.matrix(name)
    if isinstance(definition, QgsProcessingParameterCrs):
        crs = job.crs(name)
        return None if crs is None else crs.authid() or crs.toWkt()
    return job.text(name)


def _source(job: Job, definition: QgsProcessingParameterDefinition, value: object) -> str:
    """Return the source of a layer, with the whole path of its file."""
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        if value.selectedFeaturesOnly or getattr(value, "filterExpression", ""):
            raise InputError(
                f"'{definition.description()}' ({definition.name()}) takes some features of a layer, which other jobs do not "
                "know. Save them to a file and give that."
            )
        value = value.source
    if isinstance(value, QgsProperty):
        value = value.staticValue()
    layer = value
    if isinstance(definition, QgsProcessingParameterMapLayer):
        (layer,) = job.layers(definition)  # of either kind
    elif not isinstance(value, QgsMapLayer):
        # Without a hint QGIS tries each kind and logs what fails.
        hints = QgsProcessingUtils.LayerHint
        several = isinstance(definition, QgsProcessingParameterMultipleLayers)
        kinds = {
            QgsProcessing.SourceType.TypeRaster: hints.Raster,
            QgsProcessing.SourceType.TypeMapLayer: hints.UnknownType,
        }
        hint = kinds.get(definition.layerType(), hints.Vector) if several else hints.Vector
        if isinstance(definition, QgsProcessingParameterRasterLayer):
            hint = hints.Raster
        layer = QgsProcessingUtils.mapLayerFromString(value, job.context, True, hint)
    if layer is None or layer.providerType() in _IN_THIS_QGIS:
        raise InputError(
            f"'{definition.description()}' ({definition.name()}) is a temporary layer, which other jobs do not have. Save it "
            "to a file and give that."
        )
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    if os.path.exists(parts.get("path") or ""):
        parts["path"] = os.path.abspath(parts["path"])
        return QgsProviderRegistry.instance().encodeUri(layer.providerType(), parts)
    return layer.source()
