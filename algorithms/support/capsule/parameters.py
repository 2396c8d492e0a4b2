"""The parameters of a run of a capsule, to run its tool once more."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from qgis.core import QgsProcessingParameterFile, QgsProcessingParameterMultipleLayers

from ....core.errors import InputError
from ..inputs.spreading import OWN
from ..inputs.stored import is_layer
from ..run.inputlayers import STATED
from .finding import IN_CAPSULE, Found
from .inputs import is_below


def parameters_of(tool: Any, run: dict[str, Any], found: Sequence[Found]) -> dict[str, object]:
    """Return the parameters of a run without its outputs: values as they were, layers and files as they were found.

    Parameters
    ----------
    tool : EcoSecNetAlgorithm
        The tool, of `base`, which stands above this module.
    run : dict
        What run.json says.
    found : sequence of Found
        Its inputs.

    Raises
    ------
    InputError
        If the tool has no such parameter, or a text file from the capsule names files elsewhere.
    """
    given: dict[str, object] = {}
    noted = run["parameters"]
    for name in [*noted, *(one.entry["role"] for one in found)]:
        if tool.parameterDefinition(name) is None:
            raise InputError(f"'{tool.NAME}' of this version of EcoSecNet has no parameter {name[:60]}.")
    for definition in tool.parameterDefinitions():
        name = definition.name()
        here = [one for one in found if one.entry["role"] == name]
        if definition.isDestination() or name in OWN:
            continue
        if is_layer(definition) or isinstance(definition, QgsProcessingParameterFile):
            kinds = ("raster", "features", "table") if is_layer(definition) else ("text", "folder")
            for one in here:  # a text that is opened as a layer may be one of layers elsewhere
                if one.entry["kind"] not in kinds:
                    raise InputError(f"{name} of '{tool.NAME}' takes no {one.entry['kind']}.")
            values = [one.value for one in here if not one.entry.get("named_as")]
            stated = {text: one.source for one in here for text in one.entry.get("named_as", ())}
            # A table from the capsule may name only what the capsule notes: no other file is read because it says so.
            if values and (stated or any(one.where == IN_CAPSULE for one in here)) and is_layer(definition):
                values[0].setCustomProperty(STATED, json.dumps(stated))
            if values:
                given[name] = values if isinstance(definition, QgsProcessingParameterMultipleLayers) else values[0]
            for one in here:
                _require_inside(tool, one)
        elif noted.get(name) not in (None, ""):
            given[name] = noted[name]
    return given


def _require_inside(tool: Any, found: Found) -> None:
    """Raise `InputError` where a text file from the capsule names files elsewhere."""
    if found.entry["kind"] != "text" or found.where != IN_CAPSULE:
        return
    folder = os.path.dirname(found.path)
    for file in tool.named_in(found.path):
        if not is_below(file, folder):
            raise InputError(
                f"{os.path.basename(found.path)} names {file}, which is not in the capsule. Give the FOLDER that holds both."
            )
