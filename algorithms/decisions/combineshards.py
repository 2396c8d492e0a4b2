"""Tool: the outputs of a run whose shards were computed by several jobs."""

from __future__ import annotations

import os

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterRasterDestination,
)

from ... import core
from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.capsule.declaration import CAPSULE
from ..support.inputs import parameters as p
from ..support.inputs import spreading
from ..support.run.outputnames import file_of

_LAYERS = (QgsProcessingParameterRasterDestination, QgsProcessingParameterFeatureSink)


class CombineShardsAlgorithm(EcoSecNetAlgorithm):
    """Finishes a run whose pieces were computed in shards."""

    NAME = "combineshards"
    LABEL = "Combine shards"
    GROUP = base.DECISIONS
    TAGS = ("cluster", "Slurm", "job array", "checkpoint", "HPC", "resume", "集群", "分片", "断点续算")
    SUMMARY = "Makes the outputs of a long run whose shards were computed by the jobs of a cluster."
    HELP = (
        "<p>A shard is a share of a long run. Tools that can take hours, such as 'omniscape', compute one when they are "
        "given SHARD, and keep it in the CHECKPOINT folder. When all shards are done, this tool runs the same tool with the "
        "same parameters once more: it finds everything computed and writes the outputs. They are those of one run, to the "
        "last digit.</p>"
        "<p>The inputs must still be where they were, unchanged. Shards that are missing are named.</p>"
        "<p>A complete script for Slurm, and what to type for PBS and LSF, is on the page 'On a cluster' of the "
        "documentation.</p>"
    )
    METRIC = False

    def declare(self):
        return [
            p.folder_input("CHECKPOINT", "Checkpoint folder", "The folder that the shards were run with."),
            p.folder_output(
                "OUTPUT_FOLDER",
                "Folder for the outputs",
                "Outputs are written here, under their names in lower case, such as current.tif. Empty: where the shards "
                "were told to write.",
            ),
            spreading.processes(),
        ]

    def keeps_capsule(self, job: Job) -> bool:
        return False  # it is that of the tool whose shards they are

    def execute(self, job: Job) -> None:
        folder = os.path.abspath(job.text("CHECKPOINT"))
        name, parameters = _noted(folder)
        tool = self.provider().algorithm(name)
        if tool is None or tool.parameterDefinition("SHARD") is None:
            raise InputError(f"{folder} says that it belongs to '{name}', which is no tool that is run in shards.")
        given = {
            one.name(): parameters[one.name()]
            for one in tool.parameterDefinitions()
            if parameters.get(one.name()) is not None
        }
        for one in tool.destinationParameterDefinitions():
            if one.name() in given:
                given[one.name()] = _destination(job, one, given[one.name()])
        if job.given(CAPSULE):
            given[CAPSULE] = job.destination(CAPSULE)
        given.update({"CHECKPOINT": folder, "SHARD": core.spread.ALL, "PROCESSES": job.integer("PROCESSES")})
        job.monitor.info(f"Runs '{tool.displayName()}' on the chunks in {folder}.")
        good, why = tool.checkParameterValues(given, job.context)  # what QGIS does before a run, and `run` does not
        if not good:
            raise InputError(f"'{name}' cannot be run again as the shards were: {why}")
        results, good = tool.run(given, job.context, job.feedback, {}, False)
        if not good:
            raise InputError(f"'{name}' has not made the outputs, see the log above.")
        for output, value in results.items():
            job.monitor.info(f"{output}: {value}")
        job.results.update(results)


def _noted(folder: str) -> tuple[str, dict]:
    """Return the id of the tool whose shards are in a folder, and its parameters."""
    note = core.spread.Checkpoint(folder, whole=True).note()
    if note is None:
        raise InputError(
            f"There are no shards in {folder}. Give the CHECKPOINT of a run with SHARD; one without is finished by the same "
            "tool with the same CHECKPOINT."
        )
    name, parameters = note.get("tool"), note.get("parameters")
    if not isinstance(name, str) or not isinstance(parameters, dict):
        raise InputError(f"tool.json in {folder} does not say which tool the shards are of.")
    return name, parameters


def _destination(job: Job, definition: QgsProcessingParameterDefinition, noted: object) -> object:
    """Return where an output goes, as a layer that is loaded where there is a project."""
    name = definition.name()
    if job.given("OUTPUT_FOLDER"):
        place = os.path.join(job.folder("OUTPUT_FOLDER"), file_of(definition))
    elif noted == QgsProcessing.TEMPORARY_OUTPUT:
        raise InputError(f"The shards were told to write {name} to a temporary file. Give an OUTPUT_FOLDER.")
    elif isinstance(noted, str):
        place = noted
    else:
        raise InputError(f"tool.json has {noted!r} as {name}, which is no file. Give an OUTPUT_FOLDER.")
    if not isinstance(definition, _LAYERS) or job.context.project() is None:
        return place
    return QgsProcessingOutputLayerDefinition(place, job.context.project())
