"""The last section of every report: what the run was made of, and how to run it again."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from qgis.core import QgsDataSourceUri, QgsProcessing, QgsProcessingAlgorithm, QgsProcessingParameterEnum

from ....core.errors import InputError
from ..inputs.parameters import in_english
from ..inputs.spreading import OWN
from ..inputs.stored import is_layer, plain_value, stored_value
from ..reports.document import Block, Code, Heading, Paragraph, Table
from .declaration import CAPSULE
from .environment import versions

if TYPE_CHECKING:
    from ..run.job import Job
    from .inputs import Input

_SPECIAL = re.compile(r"[^\w.:/\\=+-]")
_WINDOWS = "qgis_process-qgis.bat"
"""What the installers for Windows call the program; the long-term release has '-ltr' behind."""


def section(algorithm: QgsProcessingAlgorithm, job: Job, inputs: list[Input] | None) -> list[Block]:
    """Return the section of a report on how to run it again.

    Parameters
    ----------
    algorithm : QgsProcessingAlgorithm
        The tool.
    job : Job
        The run.
    inputs : list of Input, optional
        Its inputs with their hashes; None where no capsule is written, so that nothing is hashed.
    """
    arguments, open_ends = _arguments(job)
    if inputs is None:
        said = "A run with the output CAPSULE keeps inputs, hashes and versions in one file for the tool 'replay'."
    else:
        name = os.path.basename(job.destination(CAPSULE))
        said = f"The capsule {name} holds this run: the tool 'replay' runs it again and says whether it comes out the same."
    command = ["run", algorithm.id(), *arguments]
    blocks: list[Block] = [
        Heading("How to run this again"),
        Paragraph(said),
        Paragraph("Linux, macOS (bash):"),
        Code(" ".join(map(shlex.quote, ["qgis_process", *command]))),
        Paragraph("Windows (cmd):"),
        Code(for_cmd([_WINDOWS, *command])),
        *(Paragraph(one, "warning") for one in open_ends),
        Table(["Parameter", "What", "Value"], list(_settings(job)), "Parameters as they were resolved", names=[0]),
    ]
    if inputs:
        rows = [
            [one.entry["role"], one.entry["name"], one.entry["path"], one.entry["content_sha256"]] for one in inputs
        ]
        headers = ["Input", "Layer", "File", "SHA-256 of what it holds"]
        blocks.append(Table(headers, rows, "Inputs", names=[0, 1, 2, 3]))
    rows = [[name, value or "missing"] for name, value in versions().items()]
    return [*blocks, Table(["Software", "Version"], rows, "Versions", names=[0])]


def for_cmd(words: list[str]) -> str:
    """Return a command for cmd of Windows: words in quotation marks where they need them, and % that starts no variable.

    cmd counts the marks that belong to words as well: after an odd number of them it takes what is in marks for what is
    outside. It reads the line twice, as the program is a batch file.
    """
    line, marks = [], 0
    for word in words:
        line.append(_quoted(word, swapped=marks % 2 == 1))
        marks += word.count('"')
    return " ".join(line)


def _quoted(text: str, swapped: bool) -> str:
    if not _SPECIAL.search(text):
        return text
    parts = text.split('"')
    for k, part in enumerate(parts):
        if swapped == bool(k % 2):
            part = re.sub(r"(\\*)(%+)", lambda found: f'{found[1] * 2}"{"^%" * len(found[2])}"', part)
        else:  # in marks of its own, between which cmd is inside
            part = re.sub(r"(\\*)([&|<>^()]+)", r'\1\1"\2"', part).replace("%", "^%")
        parts[k] = re.sub(r"(\\+)$", r"\1\1", part)  # they would else belong to the mark
    return '"{}"'.format('\\"'.join(parts))


def _arguments(job: Job) -> tuple[list[str], list[str]]:
    """Return the arguments of qgis_process for what was given, and sentences on what they cannot say."""
    arguments, open_ends, named = [], [], []
    for definition in job.definitions():
        name = definition.name()
        if not job.given(name) or name in job.foldered or name in job.drafts:
            continue
        try:
            value = stored_value(job, definition)
        except InputError as error:
            open_ends.append(str(error))
            continue
        for one in value if isinstance(value, list) else [value]:
            text = str(one).lower() if isinstance(one, bool) else str(one)
            if text == QgsProcessing.TEMPORARY_OUTPUT or text.startswith("memory:"):
                ending = definition.defaultFileExtension()
                text = f"{name.lower()}.{ending}" if ending else name.lower()
                named.append(text)
            arguments.append(f"--{name}={QgsDataSourceUri.removePassword(text) if 'password=' in text else text}")
    if named:
        open_ends.append(
            f"Temporary outputs of this run ({', '.join(named)}) are given a name, without which qgis_process writes none of "
            "them. They come into the folder where the command is run."
        )
    return arguments, open_ends


def _settings(job: Job) -> Iterator[list[str]]:
    """Yield name, label and value of the parameters that are no layers and no files."""
    for definition in job.definitions():
        if (
            definition.isDestination()
            or is_layer(definition)
            or definition.type() == "file"
            or definition.name() in OWN
        ):
            continue
        value = plain_value(job, definition)
        label, options = in_english(definition)
        if isinstance(definition, QgsProcessingParameterEnum):
            value = [options[k] for k in (value if isinstance(value, list) else [value])]
        text = ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
        yield [definition.name(), label, text]
