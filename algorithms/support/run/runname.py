"""What a run is called: the tool, and what was changed against its defaults."""

from __future__ import annotations

import re

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..language import CHINESE, language, tr
from .layertree import Run

_MOST = 3
"""How many changes a name holds; the report and the history hold all."""
_LONGEST = 24
_OF_DATA = ("LEGEND", "TITLE", "PLACE", "AUTHOR")
"""What says what the data and the report are, not how they were worked on."""


def name_run(algorithm: QgsProcessingAlgorithm, parameters: dict, context: QgsProcessingContext) -> Run:
    """Return what the layers of a run go by."""
    found = [_change(algorithm, one, parameters, context) for one in algorithm.parameterDefinitions()]
    changes = [text for text in found if text]
    more = [tr(f"and {len(changes) - _MOST} more")] if len(changes) > _MOST else []
    mark = "\N{FULLWIDTH COMMA}" if language() == CHINESE else ", "
    return Run(mark.join([tr(algorithm.LABEL), *changes[:_MOST], *more]), bool(changes))


def _change(
    algorithm: QgsProcessingAlgorithm,
    definition: QgsProcessingParameterDefinition,
    parameters: dict,
    context: QgsProcessingContext,
) -> str:
    """Return how a parameter differs from its default; empty if it does not, or says what the data are."""
    name, default = definition.name(), definition.defaultValue()
    if parameters.get(name) is None or name.upper() in _OF_DATA:
        return ""
    label, unit = re.fullmatch(r"(.*?)(?: ?[(（]([^()（）]*)[)）])?", definition.description()).groups()
    if not label[1:2].isupper():
        label = label[:1].lower() + label[1:]
    if isinstance(definition, QgsProcessingParameterNumber):
        value = algorithm.parameterAsDouble(parameters, name, context)
        # What the dialog starts with is no change either, though scripts have another default.
        if value in [float(one) for one in (default, definition.guiDefaultValueOverride()) if one is not None]:
            return ""
        return f"{label} {value:.10g} {unit or ''}".rstrip()
    if isinstance(definition, QgsProcessingParameterEnum) and not definition.allowMultiple():
        chosen = algorithm.parameterAsEnum(parameters, name, context)
        return "" if chosen == default else f"{label} '{_short(definition.options()[chosen])}'"
    if isinstance(definition, QgsProcessingParameterBoolean):
        chosen = algorithm.parameterAsBool(parameters, name, context)
        return "" if chosen == bool(default) else label if chosen else tr(f"not {label}")
    if isinstance(definition, QgsProcessingParameterString):
        text = algorithm.parameterAsString(parameters, name, context).strip()
        return "" if text == (default or "") else f"{label} {_short(text)}"
    return ""


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"
