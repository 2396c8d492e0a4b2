"""One folder for everything that a run writes."""

from __future__ import annotations

import csv
import io
import os
from typing import TYPE_CHECKING

from qgis.core import (
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterFolderDestination,
    QgsProperty,
)

from ..io.filenames import is_plain
from ..io.vectors import is_null
from ..language import tr
from .outputnames import file_of
from .outputs import OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .job import Job

RESULTS = "RESULTS_FOLDER"
PROJECT = "project.qgz"
INPUTS = "inputs"
"""Folder in it with copies of what the results are drawn on."""
CONTENTS = "contents.csv"
"""Lists the files of a run: what it lists is of ours, and is replaced or removed by the next run into the folder."""

_HEADERS = ["file", "what"]
_NAMES = {"CAPSULE": "capsule.zip", "REPORT_DOCX": "report.docx"}
"""Of outputs that are not called as their parameter."""


def file_in_folder(definition) -> str:
    """Return what an output is called in a results folder."""
    return _NAMES.get(definition.name()) or file_of(definition)


def into_folder(
    algorithm: QgsProcessingAlgorithm, parameters: dict, context: QgsProcessingContext
) -> tuple[dict, frozenset[str]]:
    """Return the parameters of a run with all outputs that have no place of their own in its results folder.

    An output has a place of its own when it is neither skipped nor temporary. Also returns the names of the others; none
    where no folder is asked for.
    """
    if algorithm.parameterDefinition(RESULTS) is None or _sink(parameters.get(RESULTS)) == "":
        return parameters, frozenset()
    folder = algorithm.parameterAsFileOutput({RESULTS: parameters[RESULTS]}, RESULTS, context)
    changed = {**parameters, RESULTS: folder}
    moved = set()
    for definition in algorithm.destinationParameterDefinitions():
        name = definition.name()
        if name == RESULTS or not _open(parameters.get(name)):
            continue
        path = os.path.join(folder, file_in_folder(definition))
        given = parameters.get(name)
        if isinstance(given, QgsProcessingOutputLayerDefinition):  # to be loaded
            changed[name] = QgsProcessingOutputLayerDefinition(given)
            changed[name].sink = QgsProperty.fromValue(path)
        else:
            changed[name] = path
        moved.add(name)
    return changed, frozenset(moved)


def _sink(value: object) -> object:
    """Return where an output goes as a plain value; '' where it is skipped."""
    if isinstance(value, QgsProcessingOutputLayerDefinition):
        value = value.sink
    if isinstance(value, QgsProperty):
        if value.propertyType() != QgsProperty.Type.StaticProperty:
            return value
        value = value.staticValue()
    return "" if is_null(value) else value


def _open(value: object) -> bool:
    sink = _sink(value)
    return isinstance(sink, str) and (sink in ("", QgsProcessing.TEMPORARY_OUTPUT) or sink.startswith("memory:"))


def listed(job: Job, folder: str) -> list[str]:
    """Return the files that an earlier run has left in a folder, by its list; only those count that a run can write."""
    try:
        with open(os.path.join(folder, CONTENTS), encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error):
        return []
    if not rows or rows[0] != _HEADERS:
        return []
    written = [file_in_folder(one) for one in job.definitions() if one.isDestination() and one.name() != RESULTS]
    stems = {_stem(file) for file in (*written, PROJECT, CONTENTS, INPUTS)}
    names = [row[0] for row in rows[1:] if row]
    return [
        name.replace("/", os.sep)
        for name in names
        if is_plain(name) and name.count("/") < 2 and (name.split("/")[0] if "/" in name else _stem(name)) in stems
    ]


def _stem(file: str) -> str:
    return file.split(".")[0]


def check_folder(job: Job) -> None:
    """Refuse a folder in which files of others would be replaced.

    Raises
    ------
    OutputError
        If a file of the name of an output stands there that is not of an earlier run.
    """
    if not job.given(RESULTS):
        return
    folder = job.folder(RESULTS)
    own = listed(job, folder)
    files = [PROJECT, CONTENTS]
    for definition in job.definitions():
        if definition.name() in job.foldered and not isinstance(definition, QgsProcessingParameterFolderDestination):
            files.append(file_in_folder(definition))
    for file in files:
        if file not in own and os.path.lexists(os.path.join(folder, file)):
            raise OutputError(
                f"{folder} holds {file}, which is not of an earlier run of this tool and would be replaced. Choose another "
                "folder, or a new one in it."
            )


def write_contents(job: Job, described: Mapping[str, str]) -> None:
    """Write the list of the files of a run, and have those removed that an earlier run has left and this one has not made.

    `described` says by the path of a file what it holds.
    """
    folder = os.path.realpath(job.folder(RESULTS))
    written = {}
    for _, target in job.outputs.written():
        if os.path.commonpath([folder, target]) == folder:
            written[os.path.relpath(target, folder)] = described.get(target, "")
    written[CONTENTS] = tr("This list")
    text = io.StringIO()
    rows = csv.writer(text, lineterminator=os.linesep)
    rows.writerow(_HEADERS)
    main = {file: what for file, what in written.items() if what}
    beside = {file: _beside(file, main) for file in written if file not in main}
    for file, what in sorted({**main, **beside}.items()):
        rows.writerow([file.replace(os.sep, "/"), what])
    with open(job.outputs.path(os.path.join(folder, CONTENTS)), "wb") as file:
        file.write(text.getvalue().encode("utf-8-sig"))
    for name in listed(job, folder):
        if name not in written and os.path.lexists(os.path.join(folder, name)):
            job.outputs.remove(os.path.join(folder, name))


def _beside(file: str, main: Mapping[str, str]) -> str:
    if file.endswith(".qml"):
        return tr("Style of the layer of the same name")
    return next((what for name, what in main.items() if file.startswith(os.path.splitext(name)[0])), "")
