"""Runs 'securitynetwork' for the areas of a manifest, each into its own folder; finished ones are recognised."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingMultiStepFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
)

from ....core.errors import EcoSecNetError, InputError, OperationCancelled
from ...base import EcoSecNetAlgorithm
from ...support.capsule import environment
from ...support.capsule.declaration import CAPSULE
from ...support.capsule.reading import Capsule
from ...support.capsule.writing import plain_parameters
from ...support.inputs.manifest import Row
from ...support.inputs.parameters import in_english
from ...support.inputs.spreading import OWN
from ...support.inputs.stored import is_layer
from ...support.io.filenames import FileNames
from ...support.run.job import Job
from ...support.run.outputnames import file_of

FIRST = "name"
_YES, _NO = ("true", "yes", "1", "是"), ("false", "no", "0", "否")


def columns_of(tool: EcoSecNetAlgorithm) -> list[str]:
    """Return the columns that a manifest can have: the parameters of the tool, without its outputs."""
    return [one.name() for one in tool.parameterDefinitions() if not (one.isDestination() or one.name() in OWN)]


def layer_columns(tool: EcoSecNetAlgorithm) -> list[str]:
    """Return those that name layers."""
    return [one.name() for one in tool.parameterDefinitions() if is_layer(one)]


def destinations(tool: EcoSecNetAlgorithm, folder: str, area: str) -> dict[str, str]:
    """Return the outputs of an area, and the files in the folder of all that they are written to."""
    made = {CAPSULE: os.path.join(folder, area, f"{area}.capsule.zip")}
    for definition in tool.destinationParameterDefinitions():
        if definition.name() != CAPSULE and definition.createByDefault():
            made[definition.name()] = os.path.join(folder, area, file_of(definition))
    return made


@dataclass
class Area:
    """What came of an area.

    Attributes
    ----------
    name, folder : str
        Its name, and that of its folder.
    numbers : dict of str to float
        The numbers of its network.
    failure : str
        Why it has none; empty if it has.
    resumed : bool
        Whether it was finished before.
    """

    name: str
    folder: str
    numbers: dict[str, float] = field(default_factory=dict)
    failure: str = ""
    resumed: bool = False


class Areas:
    """Runs a tool for each row of a manifest.

    Parameters
    ----------
    job : Job
        The run.
    tool : EcoSecNetAlgorithm
        What is run.
    """

    def __init__(self, job: Job, tool: EcoSecNetAlgorithm) -> None:
        self._job, self._tool, self._names = job, tool, FileNames()

    def run(self, rows: list[Row]) -> list[Area]:
        """Run the areas in the order of their names; one that fails is noted, and the others go on."""
        feedback = QgsProcessingMultiStepFeedback(len(rows), self._job.feedback)
        found = []
        for number, row in enumerate(rows):
            feedback.setCurrentStep(number)
            self._job.monitor.check()
            area = Area(row.name, self._names.of([row.name]))
            self._job.monitor.info(f"Area {number + 1} of {len(rows)}: '{row.name}'.")
            try:
                self._one(row, area, feedback)
            except OperationCancelled:
                raise
            except (EcoSecNetError, QgsProcessingException) as error:
                self._job.monitor.check()  # one that was cancelled has not failed
                area.failure = str(error)
                self._job.monitor.warn(f"'{row.name}' has no network: {error}")
            found.append(area)
        return found

    def _one(self, row: Row, area: Area, feedback: QgsProcessingFeedback) -> None:
        folder = os.path.join(self._job.folder("OUTPUT_FOLDER"), area.folder)
        tool = self._tool.create()
        given = {name: self._value(row, tool.parameterDefinition(name)) for name in columns_of(tool) if row.text(name)}
        given.update(destinations(tool, self._job.folder("OUTPUT_FOLDER"), area.folder))
        context = QgsProcessingContext()
        context.setTransformContext(self._job.context.transformContext())
        context.setDefaultEncoding("UTF-8")
        good, why = tool.checkParameterValues(given, context)
        if not good:
            raise InputError(why)
        before = None if self._job.flag("AGAIN") else self._finished(tool, given, context, folder)
        if before is None:
            results, good = tool.run(given, context, feedback, {}, False)
            if not good:
                raise InputError("The run has failed; the log above says why.")
        else:
            results, area.resumed = before, True
            self._job.monitor.info(f"'{row.name}' is finished: its capsule has the same parameters and inputs.")
        area.numbers = {name: results[name] for name in numbers_of(tool) if name in results}

    def _value(self, row: Row, definition: QgsProcessingParameterDefinition) -> object:
        """Return what a cell gives for a parameter."""
        name, text = definition.name(), row.text(definition.name())
        if is_layer(definition):
            several = isinstance(definition, QgsProcessingParameterMultipleLayers)
            return row.paths(name) if several else row.path(name)
        if isinstance(definition, QgsProcessingParameterFile):
            return row.path(name)
        if isinstance(definition, QgsProcessingParameterNumber):
            return row.number(name, None)
        if isinstance(definition, QgsProcessingParameterBoolean):
            if text.lower() not in (*_YES, *_NO):
                raise InputError(f"The {name} is '{text}'; write yes or no.")
            return text.lower() in _YES
        if isinstance(definition, QgsProcessingParameterEnum):
            chosen = [_option(definition, one.strip()) for one in text.split(";")]
            return chosen if definition.allowMultiple() else chosen[0]
        return text

    def _finished(self, tool: EcoSecNetAlgorithm, given: dict, context, folder: str) -> dict[str, object] | None:
        """Return the numbers of an area that was finished with the same parameters and contents of inputs, else None."""
        if not os.path.isfile(given[CAPSULE]):
            return None
        try:
            capsule = Capsule(given[CAPSULE])
        except InputError as error:
            self._job.monitor.warn(f"{error} The area is run again.")
            return None
        run = capsule.run
        capsule.close()
        one = Job(tool, given, context, QgsProcessingFeedback())
        now = json.loads(json.dumps(plain_parameters(one), default=str))
        if run["algorithm"] != tool.id() or run["parameters"] != now:
            return None
        held = [(entry["role"], entry["content_sha256"]) for entry in run["inputs"]]
        inputs = [found.entry for found in tool.described_inputs(one)]
        if held != [(entry["role"], entry["content_sha256"]) for entry in inputs]:
            return None
        files = [os.path.join(folder, os.path.basename(entry.get("path", ""))) for entry in run["outputs"]]
        if not all(map(os.path.exists, files)):
            return None
        other = environment.differing(run["versions"], environment.versions())
        if other:
            self._job.monitor.info(
                f"It was made with another version of {', '.join(other)}; tick 'Run finished areas again' to make it anew."
            )
        return run["numbers"]


def numbers_of(tool: EcoSecNetAlgorithm) -> dict[str, str]:
    """Return the numbers that a tool gives, and what they are."""
    return {
        one.name(): one.description() for one in tool.outputDefinitions() if isinstance(one, QgsProcessingOutputNumber)
    }


def _option(definition: QgsProcessingParameterEnum, text: str) -> int:
    """Return the number of an option that is given by it or by its label."""
    options = definition.options()
    if text.isdigit() and int(text) < len(options):
        return int(text)
    _, english = in_english(definition)
    said = [one.casefold() for one in (*options, *english)]
    found = [said.index(text.casefold()) % len(options)] if text.casefold() in said else []
    if not found:
        listed = ", ".join(f"{k} ({one})" for k, one in enumerate(options))
        raise InputError(f"The {definition.name()} is '{text}'. Choose one of {listed}.")
    return found[0]
