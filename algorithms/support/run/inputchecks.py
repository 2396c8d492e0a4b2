"""What is checked of the inputs of a run before anything is read: numbers, fields and kinds of layers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from qgis.core import (
    QgsFeatureRequest,
    QgsProcessing,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsRasterLayer,
    QgsWkbTypes,
)

from ....core.errors import InputError
from ....core.lists import parse_number
from ..io.vectors import is_null

if TYPE_CHECKING:
    from .job import Job

_OPTIONAL = QgsProcessingParameterDefinition.Flag.FlagOptional
_TYPES = QgsProcessing.SourceType
_SHAPES = {
    _TYPES.TypeVectorPoint: (QgsWkbTypes.GeometryType.PointGeometry, "points"),
    _TYPES.TypeVectorLine: (QgsWkbTypes.GeometryType.LineGeometry, "lines"),
    _TYPES.TypeVectorPolygon: (QgsWkbTypes.GeometryType.PolygonGeometry, "polygons"),
}
_NAMES = {**dict(_SHAPES.values()), QgsWkbTypes.GeometryType.NullGeometry: "rows without shapes"}


def check_inputs(job: Job, definitions: list[QgsProcessingParameterDefinition]) -> None:
    """Raise `InputError` for the first input that the tool cannot use."""
    for definition in definitions:
        if not job.given(definition.name()):
            continue
        if any("\0" in text for text in job.texts(definition.name())):
            raise InputError(
                f"'{definition.description()}' ({definition.name()}) holds a null character. Type it anew."
            )
        if isinstance(definition, QgsProcessingParameterNumber):
            job.number(definition.name())
        elif isinstance(definition, QgsProcessingParameterField):
            _check_field(job, definition)
        elif isinstance(definition, QgsProcessingParameterMultipleLayers):
            _check_layers(job, definition)
        elif isinstance(definition, QgsProcessingParameterFeatureSource):
            for source in job.layers(definition):
                _check_shapes(definition, source, definition.dataTypes())


def checked_number(definition: QgsProcessingParameterNumber, value: object) -> float | int:
    """Return the number that was given for a parameter.

    A comma is taken for a decimal one where it can be nothing else.

    Raises
    ------
    InputError
        If it is none, not finite, not whole where it must be, or beyond the limits of the parameter.
    """
    label = f"'{definition.description()}' ({definition.name()})"
    number = parse_number(value, label)
    if number is None or not math.isfinite(number):
        raise InputError(f"{label} is {value}; it must be a finite number.")
    if definition.dataType() == QgsProcessingParameterNumber.Type.Integer:
        if number != int(number):
            raise InputError(f"{label} is {value}; it must be a whole number.")
        number = int(number)
    if number < definition.minimum():
        raise InputError(f"{label} is {value}; it must be {definition.minimum():.15g} or more.")
    if number > definition.maximum():
        raise InputError(f"{label} is {value}; it must be {definition.maximum():.15g} or less.")
    return number


def _check_field(job: Job, definition: QgsProcessingParameterField) -> None:
    parent = job.definition(definition.parentLayerParameterName())
    if parent is not None and parent.flags() & _OPTIONAL and not job.given(parent.name()):
        raise InputError(
            f"'{', '.join(job.fields(definition.name()))}' is given for '{definition.description()}' ({definition.name()}), "
            f"but '{parent.description()}' ({parent.name()}), whose field it would be, is empty. Choose the layer, or leave "
            "the field empty."
        )
    for layer in job.layers(parent) if parent is not None else []:
        fields = layer.fields()
        for name in job.fields(definition.name()):
            if fields.lookupField(name) < 0:
                raise InputError(
                    f"'{_name(layer)}' has no field '{name}', which is given for '{definition.description()}' "
                    f"({definition.name()}). It has: {', '.join(fields.names())}."
                )
            field = fields.field(fields.lookupField(name))
            if definition.dataType() == QgsProcessingParameterField.DataType.Numeric and not field.isNumeric():
                for value in _values(layer, name):
                    _check_text(value, name, layer, definition)


def _values(layer, name: str) -> Iterator[object]:
    request = QgsFeatureRequest()
    request.setFlags(QgsFeatureRequest.Flag.NoGeometry)
    request.setSubsetOfAttributes([name], layer.fields())
    for feature in layer.getFeatures(request):
        yield feature[name]


def _check_text(value: object, name: str, layer, definition: QgsProcessingParameterField) -> None:
    """Raise unless the value of a field of texts, as in a CSV file, is a number after all."""
    try:
        finite = is_null(value) or math.isfinite(float(value))
    except (TypeError, ValueError):
        finite = False
    if not finite:
        raise InputError(
            f"The field '{name}' of '{_name(layer)}' holds '{value}', but '{definition.description()}' "
            f"({definition.name()}) needs numbers. Choose another field, or correct it."
        )


def _check_layers(job: Job, definition: QgsProcessingParameterMultipleLayers) -> None:
    kind = definition.layerType()
    if kind == _TYPES.TypeMapLayer:
        return
    label = f"'{definition.description()}' ({definition.name()})"
    for layer in job.layers(definition):
        is_raster = isinstance(layer, QgsRasterLayer)
        if is_raster != (kind == _TYPES.TypeRaster):
            wanted, found = ("rasters", "vector layer") if kind == _TYPES.TypeRaster else ("vector layers", "raster")
            raise InputError(f"{label} takes {wanted}, but '{_name(layer)}' is a {found}. Remove it.")
        if not is_raster:
            _check_shapes(definition, layer, [kind])


def _check_shapes(definition: QgsProcessingParameterDefinition, layer, wanted: list[int]) -> None:
    """Raise if a layer holds other shapes than the parameter takes.

    Of a layer of any shapes the readers take what they can, except that of points.
    """
    if not wanted or any(one not in _SHAPES for one in wanted):
        return
    kind = QgsWkbTypes.geometryType(layer.wkbType())
    points = [QgsWkbTypes.GeometryType.PointGeometry, QgsWkbTypes.GeometryType.UnknownGeometry]
    if kind in points and wanted == [_TYPES.TypeVectorPoint]:  # QGIS takes mixed layers to be of their first shape
        kind = next((one for one in _kinds(layer) if one != QgsWkbTypes.GeometryType.PointGeometry), kind)
    if kind == QgsWkbTypes.GeometryType.UnknownGeometry or kind in [_SHAPES[one][0] for one in wanted]:
        return
    raise InputError(
        f"'{_name(layer)}' holds {_NAMES[kind]}, but '{definition.description()}' ({definition.name()}) takes "
        f"{' or '.join(_SHAPES[one][1] for one in wanted)}. Choose another layer."
    )


def _kinds(layer) -> Iterator[QgsWkbTypes.GeometryType]:
    for feature in layer.getFeatures():
        if not feature.geometry().isEmpty():
            yield feature.geometry().type()


def _name(layer) -> str:
    return layer.name() if hasattr(layer, "name") else layer.sourceName()
