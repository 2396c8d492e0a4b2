"""Writes the capsule of a run, with its other outputs and as one of them."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qgis.core import QgsProcessing, QgsProcessingAlgorithm

from ..inputs.spreading import OWN
from ..inputs.stored import is_layer, plain_value
from ..io.filenames import is_plain
from ..run.outputs import OutputError
from ..run.stylefiles import open_layer, save_style
from .crate import metadata
from .declaration import CAPSULE
from .environment import Clock, versions
from .inputs import Input
from .methods import methods, methods_zh
from .outputs import Output, outputs_of

if TYPE_CHECKING:
    from ..run.job import Job

SCHEMA = 1
"""Version of run.json; a reader refuses a later one."""

LIMIT = 200_000_000
"""Bytes of files that a capsule holds at most: inputs first, the small ones before the large."""

FILES = 10_000
"""As many files."""

RUN, CRATE = "run.json", "ro-crate-metadata.json"
_PACKED = (".tif", ".tiff", ".xlsx", ".ods", ".docx", ".pdf", ".zip", ".png")
"""Endings of files that are compressed already."""


@dataclass
class _Kept:
    """A file that goes into the capsule: where it lies, what it is called there."""

    path: str
    name: str


def write_capsule(algorithm: QgsProcessingAlgorithm, job: Job, inputs: list[Input], clock: Clock) -> None:
    """Write the capsule of a run that has written its outputs, before they take their places.

    Parameters
    ----------
    algorithm : QgsProcessingAlgorithm
        The tool.
    job : Job
        The run.
    inputs : list of Input
        Its inputs with their hashes.
    clock : Clock
        Started with the run.
    """
    took = clock.taken()
    job.monitor.info("Hashing the outputs for the capsule.")
    target = job.destination(CAPSULE)
    outputs = list(outputs_of(job, job.monitor))
    kept, left_out = _choose(job, inputs, outputs, target)
    kept += _styles(job, outputs, target)
    run = {
        "schema": SCHEMA,
        "algorithm": algorithm.id(),
        "label": algorithm.LABEL,
        "parameters": plain_parameters(job),
        "inputs": [one.entry for one in inputs],
        "outputs": [one.entry for one in outputs],
        "numbers": {
            name: value
            for name, value in job.results.items()
            if isinstance(value, (int, float, str)) and not _is_place(job, name)
        },
        "versions": versions(),
        "run": took,
        "warnings": list(job.monitor.warnings),
        "not_in_capsule": left_out,
    }
    texts = {
        RUN: json.dumps(run, indent=1, ensure_ascii=False, allow_nan=False, default=_bare),
        "methods.md": methods(algorithm, run),
        "methods.zh.md": methods_zh(algorithm, run),
    }
    texts[CRATE] = json.dumps(metadata(algorithm, run, list(texts)), indent=1, ensure_ascii=False)
    _pack(job, target, texts, kept)
    job.results[CAPSULE] = target
    if left_out:
        job.monitor.info(
            "In no file, too large, or of a name that not every system takes, so that the capsule has the hashes alone: "
            f"{', '.join(left_out)}."
        )
    if job.texts(CAPSULE) == [QgsProcessing.TEMPORARY_OUTPUT]:
        job.monitor.info(f"The capsule is a temporary file, which goes with this QGIS: copy it to keep it. {target}")


def plain_parameters(job: Job) -> dict[str, object]:
    """Return the parameters that are no layers and no files, as they were resolved."""
    return {
        one.name(): plain_value(job, one)
        for one in job.definitions()
        if not (one.isDestination() or is_layer(one) or one.type() == "file" or one.name() in OWN)
    }


def _is_place(job: Job, name: str) -> bool:
    """Return whether a result is a file or layer, rather than a number."""
    definition = job.definition(name)
    return definition is not None or os.path.sep in str(job.results[name])


def _bare(value: object) -> object:
    """Return what numpy holds as a number of Python's."""
    return value.item() if hasattr(value, "item") else str(value)


def _choose(job: Job, inputs: list[Input], outputs: list[Output], target: str) -> tuple[list[_Kept], list[str]]:
    """Return the files that go in, and what to say of those that do not; the entries say where in the capsule they are."""
    kept: list[_Kept] = []
    left_out: list[str] = []
    taken: dict[tuple[str, ...], str] = {}
    room = LIMIT
    wishes = [("inputs", one) for one in inputs] + [("outputs", one) for one in outputs]
    order = sorted(range(len(wishes)), key=lambda k: (wishes[k][0], wishes[k][1].entry.get("bytes", 0), k))
    for k in order:
        job.monitor.check()
        where, one = wishes[k]
        files, folder = one.files, os.path.dirname(one.files[0]) if one.files else ""
        if isinstance(one, Input):
            folder = one.folder
        one.entry["in_capsule"] = None
        if not all(is_plain(name) for name in _names(files, folder)):  # a reader would refuse them
            files = []
        if not files and isinstance(one, Input) and one.copy is not None and _cells(one.entry) <= LIMIT:
            scratch = job.outputs.scratch(f"{target}.{k}")
            os.mkdir(scratch)
            files, folder = [one.copy(scratch)], scratch
            one.entry["copied_as_seen"] = True
        if files and tuple(files) in taken:  # another layer of the same file
            one.entry["in_capsule"] = taken[tuple(files)]
            continue
        size = sum(os.path.getsize(path) for path in files)
        if not files or size > room or len(kept) + len(files) > FILES:
            what = f"{one.entry['role']} {one.entry.get('file') or one.entry.get('name', '')}".strip()
            left_out.append(f"{what} ({size:,} bytes)" if files else what)
            continue
        room -= size
        names = _names(files, folder)
        kept += [_Kept(path, f"{where}/{k}/{name}") for path, name in zip(files, names)]
        one.entry["in_capsule"] = f"{where}/{k}" if one.entry["kind"] == "folder" else f"{where}/{k}/{names[0]}"
        taken[tuple(files)] = one.entry["in_capsule"]
    return kept, left_out


def _names(files: list[str], folder: str) -> list[str]:
    """Return what files are called in a capsule, where their folder has a name of its own."""
    return [os.path.relpath(path, folder).replace(os.sep, "/") for path in files]


def _cells(entry: dict[str, object]) -> int:
    """Return about how many bytes a copy has."""
    return 4 * entry.get("rows", 0) * entry.get("cols", 0)


def _styles(job: Job, outputs: list[Output], target: str) -> list[_Kept]:
    """Write how the outputs look beside what they hold."""
    kept = []
    for number, one in enumerate(outputs):
        style = job.styles.get(one.entry["role"])
        if style is None or not one.files:
            continue
        raster = one.entry["kind"] == "raster"
        layer = open_layer(one.files[0], "" if raster else job.layer_files[one.entry["role"]][1], raster=raster)
        name = job.outputs.scratch(f"{target}.{number}.qml")
        if save_style(layer, style, name):
            one.entry["style"] = f"styles/{number}/{one.entry['role'].lower()}.qml"
            kept.append(_Kept(name, one.entry["style"]))
    return kept


def _pack(job: Job, target: str, texts: dict[str, str], kept: list[_Kept]) -> None:
    try:
        with zipfile.ZipFile(job.outputs.path(target), "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in texts.items():
                archive.writestr(name, text)
            for one in kept:
                job.monitor.check()
                packed = one.path.lower().endswith(_PACKED)
                archive.write(one.path, one.name, zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED)
    except OSError as error:
        raise OutputError(f"{target} cannot be written ({error.strerror or error}).") from None
