"""One run of a capsule: its inputs are found, its tool is run, and what comes out is compared."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingMultiStepFeedback,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFolderDestination,
    QgsProcessingProvider,
)

from ....core.errors import InputError
from ....core.monitor import Monitor
from ...base import EcoSecNetAlgorithm
from ...support.capsule import comparing, environment, finding
from ...support.capsule.comparing import Finding
from ...support.capsule.declaration import CAPSULE
from ...support.capsule.outputs import describe, open_features, open_raster
from ...support.capsule.parameters import parameters_of
from ...support.capsule.reading import Capsule
from ...support.io.filenames import is_plain
from ...support.run.job import Job
from ...support.run.outputnames import file_of
from ...support.run.outputs import identity

SAME_VERSIONS, OTHER_VERSIONS = 1e-9, 1e-6
"""Tolerances where nothing is given: the last digits hang on the versions of the libraries."""

_NAMED = 5
"""How many outputs a verdict names."""

_PARTS = 4
"""How much of the progress the run itself is: all but one of so many."""


@dataclass(frozen=True)
class Verdict:
    """What came of a replay.

    Attributes
    ----------
    head : str
        'identical', 'same within tolerance', 'differs', 'inputs changed' or 'cannot run'.
    said : str
        What it is said of.
    """

    head: str
    said: str = ""

    @property
    def good(self) -> bool:
        """Whether the run came out the same."""
        return self.head in ("identical", "same within tolerance")

    def __str__(self) -> str:
        return f"{self.head}: {self.said}" if self.said else self.head


class Replay:
    """Runs a capsule again.

    Parameters
    ----------
    job : Job
        Of the tool `replay`.
    path : str
        The capsule.
    folder : str
        Where to look for inputs and outputs.
    provider : QgsProcessingProvider
        Whose tools may be run.

    Attributes
    ----------
    findings : list of Finding
        What came of each input, output and number.
    tolerance : float
        What numbers may differ by.
    differing : list of str
        What has another version than then.
    """

    def __init__(self, job: Job, path: str, folder: str, provider: QgsProcessingProvider) -> None:
        self._job, self._folder = job, folder
        self.capsule = Capsule(path)
        self.findings: list[Finding] = []
        name = self.run["algorithm"].partition(":")[2]
        tool = provider.algorithm(name)
        if not isinstance(tool, EcoSecNetAlgorithm) or not tool.parameterDefinition(CAPSULE).isDestination():
            raise InputError(f"{path} is of '{name}', which is no tool that can be run again.")
        self.tool = tool.create()
        self.differing = environment.differing(self.run["versions"], environment.versions())
        given = job.number("TOLERANCE")
        self.tolerance = given if given is not None else OTHER_VERSIONS if self.differing else SAME_VERSIONS
        self._target = os.path.abspath(job.folder("OUTPUT_FOLDER"))
        self._scratches = 0
        self._finder = finding.Finder(
            self.capsule, folder, self._scratch, self._target, self.tool.named_in, job.monitor.part(0.0, 0.05)
        )

    @property
    def run(self) -> dict[str, Any]:
        """What run.json says."""
        return self.capsule.run

    def close(self) -> None:
        """Close the capsule."""
        self.capsule.close()

    def _scratch(self) -> str:
        """Return a new folder that goes when this run ends."""
        self._scratches += 1
        folder = self._job.outputs.scratch(os.path.join(self._target, f"unpacked{self._scratches}"))
        os.makedirs(folder)
        return folder

    def verdict(self) -> Verdict:
        """Find the inputs, run the tool, compare, and return what came of it."""
        for name, before, now in self._versions():
            self._job.monitor.info(f"{name} was {before or 'missing'}, is {now or 'missing'}.")
        try:
            found = [self._finder.find(entry) for entry in self.run["inputs"]]
        except InputError as error:
            return Verdict("cannot run", str(error))
        for one in found:
            self.findings.append(self._of_input(one))
        for state, head in ((finding.CHANGED, "inputs changed"), (finding.MISSING, "cannot run")):
            said = [item for one, item in zip(found, self.findings) if one.state == state]
            if said:
                listed = "; ".join(f"{one.name} ({one.note})" for one in said)
                more = ". Give the FOLDER that holds them." if state == finding.MISSING else ""
                return Verdict(head, f"{'not found: ' if more else ''}{listed}{more}")
        try:
            made, numbers = self._run_tool(found)
        except (InputError, QgsProcessingException) as error:
            self._job.monitor.check()  # a run that was cancelled has no verdict
            return Verdict("cannot run", str(error))
        outputs = list(self._of_outputs(made))
        outputs += comparing.compare_numbers(self.run["numbers"], numbers, self.tolerance)
        self.findings += outputs
        if all(one.outcome == comparing.NOT_COMPARED for one in outputs):
            return Verdict("cannot run", "the capsule has no output but reports, which hold the time, and no numbers")
        wrong = [one for one in outputs if one.outcome == comparing.DIFFERS]
        if wrong:
            return Verdict("differs", _listed(wrong))
        near = [one for one in outputs if one.outcome == comparing.WITHIN]
        if near:
            most = max(one.relative or 0.0 for one in near)
            return Verdict(
                "same within tolerance", f"{len(near)} of {len(outputs)} differ, by {most:.3g} of the value at most"
            )
        return Verdict("identical")

    def _versions(self) -> Iterator[tuple[str, str, str]]:
        """Yield what has another version now: name, version then and now."""
        before, now = self.run["versions"], environment.versions()
        yield from ((name, before.get(name, ""), now[name]) for name in self.differing)

    def _of_input(self, found: finding.Found) -> Finding:
        entry = found.entry
        file = os.path.basename(entry.get("path", "").replace("\\", "/"))
        row = Finding("input", entry["role"], file, found.state, found.where)
        if found.state == finding.MISSING:
            return replace(
                row, note=f"{file or entry['name']}, {_size(entry)}, content SHA-256 {entry['content_sha256']}"
            )
        if found.state != finding.CHANGED:
            return row
        if not found.path:
            return replace(row, note=found.where)
        if not self.capsule.holds(entry) or entry["kind"] not in ("raster", "features", "table"):
            return replace(row, note=f"{file} holds something else")
        compared, differing, note = self._count_changed(entry, self._finder.unpacked(entry), found.path)
        unit = comparing.UNITS[entry["kind"]]
        note = note or f"{differing:,} of {compared:,} {unit}"
        return replace(row, compared=compared, differing=differing, note=note, unit=unit)

    def _count_changed(self, entry: dict[str, Any], before: str, now: str) -> tuple[int, int, str]:
        """Return how many cells or features of an input there are and how many differ, and what else does."""
        layer, monitor = entry.get("layer", ""), self._job.monitor
        if entry["kind"] == "raster":
            parts = comparing.compare_rasters(open_raster(before), open_raster(now), 0.0, monitor)
            return entry["rows"] * entry["cols"], parts.differing, parts.note
        changed, count = comparing.count_changed(open_features(before, layer), open_features(now, layer), monitor)
        return count, changed, "" if changed else "its fields or its coordinate reference system"

    def _run_tool(self, found: list[finding.Found]) -> tuple[dict[str, str], dict[str, object]]:
        """Run the tool; return where each output is, and the results."""
        given = parameters_of(self.tool, self.run, found)
        made: dict[str, str] = {}
        for definition in self.tool.destinationParameterDefinitions():
            name = definition.name()
            entry = next((one for one in self.run["outputs"] if one["role"] == name), None)
            optional = bool(definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional)
            folder = isinstance(definition, QgsProcessingParameterFolderDestination)
            if name == CAPSULE or (entry is None and (optional or not folder)):
                continue
            # A folder without which a tool does not run, and whose files are outputs of other runs, has no entry.
            made[name] = self._place(definition, entry or {})
            given[name] = made[name]
        # A context of this thread: that of the window belongs to another one.
        context = QgsProcessingContext()
        context.setTransformContext(self._job.context.transformContext())
        context.setDefaultEncoding("UTF-8")
        feedback = QgsProcessingMultiStepFeedback(_PARTS, self._job.feedback)
        self._job.monitor.info(f"Runs '{self.tool.displayName()}' again.")
        good, why = self.tool.checkParameterValues(given, context)
        if not good:
            raise InputError(why)
        results, good = self.tool.run(given, context, feedback, {}, False)
        if not good:
            raise InputError("the tool has not made the outputs, see the log above")
        return made, results

    def _place(self, definition: QgsProcessingParameterDefinition, entry: dict[str, Any]) -> str:
        """Return where an output is written: aside, until this run is complete.

        It has the name it had, which tables may state, where that is a plain one of its format and no other has it.
        """
        named = entry.get("file", "")
        ending = os.path.splitext(named)[1].lstrip(".").lower()
        file = file_of(definition, ending)
        if isinstance(definition, QgsProcessingParameterFolderDestination):
            return self._job.outputs.folder(os.path.join(self._target, file))
        of_that_name = [one for one in self.run["outputs"] if one.get("file", "").lower() == named.lower()]
        if (
            len(of_that_name) == 1
            and is_plain(named)
            and "/" not in named
            and named[:1] != "."
            and file.endswith(f".{ending}")
        ):
            file = named
        target = os.path.join(self._target, file)
        for name in ("TABLE", "HTML"):
            if self._job.given(name) and identity(self._job.destination(name)) == identity(target):
                raise InputError(
                    f"{target} would be an output of the run and {name} of this replay. Give {name} another name or folder."
                )
        return self._job.outputs.path(target)

    def _of_outputs(self, made: dict[str, str]) -> Iterator[Finding]:
        """Yield what came of each output."""
        count = max(1, len(self.run["outputs"]))
        for number, entry in enumerate(self.run["outputs"]):
            monitor = self._job.monitor.part(0.75 + 0.25 * number / count, 0.75 + 0.25 * (number + 1) / count)
            yield self._of_output(entry, made, monitor)

    def _of_output(self, entry: dict[str, Any], made: dict[str, str], monitor: Monitor) -> Finding:
        role, file = entry["role"], entry.get("file", "")
        if entry["kind"] == "page":
            return Finding("output", role, file, comparing.NOT_COMPARED, note="it holds the time")
        unit = comparing.UNITS[entry["kind"]]
        folder = isinstance(self.tool.parameterDefinition(role), QgsProcessingParameterFolderDestination)
        now = made.get(role, "")
        if folder and now:
            now = os.path.join(now, *file.split("/")) if is_plain(file) else ""
        if not now or not os.path.exists(now):
            return Finding("output", role, file, comparing.DIFFERS, note="it has not come out now")
        layer = entry.get("layer", "") if folder else ""
        handed_in, held = self._finder.handed_in(entry), self.capsule.holds(entry)
        against = handed_in or ("the copy in the capsule" if held else "its hash alone")
        try:
            fresh = describe(role, now, now, layer, monitor, kind=entry["kind"]).entry
            same = fresh["content_sha256"] == entry["content_sha256"]
            if same and (not handed_in or self._content(entry, handed_in, monitor) == entry["content_sha256"]):
                return Finding("output", role, file, comparing.IDENTICAL, against, _count(fresh), 0, unit=unit)
            before = handed_in or (self._finder.unpacked(entry) if held else "")
            if not before:
                note = "it holds something else; what it held is neither in the capsule nor in the FOLDER"
                return Finding("output", role, file, comparing.DIFFERS, against, note=note)
            parts = comparing.compare_files(
                entry, (now, layer), (before, entry.get("layer", "")), self.tolerance, monitor
            )
        except InputError as error:
            return Finding("output", role, file, comparing.DIFFERS, against, note=str(error))
        measures = (parts.compared, parts.differing, parts.largest, parts.largest_share, parts.jaccard)
        return Finding("output", role, file, parts.state(), against, *measures, parts.note, unit)

    def _content(self, entry: dict[str, Any], path: str, monitor: Monitor) -> str:
        """Return the hash of what an output that was handed in holds."""
        found = describe("", path, path, entry.get("layer", ""), monitor, kind=entry["kind"])
        return str(found.entry["content_sha256"])


def _listed(findings: list[Finding]) -> str:
    """Return the first of some findings in words."""
    more = f"; and {len(findings) - _NAMED} more" if len(findings) > _NAMED else ""
    return "; ".join(one.sentence() for one in findings[:_NAMED]) + more


def _size(entry: dict[str, Any]) -> str:
    """Return how large an input is, in words."""
    if "rows" in entry:
        return f"{entry['rows']:,} x {entry['cols']:,} cells"
    return f"{entry['features']:,} features" if "features" in entry else f"{entry.get('bytes', 0):,} bytes"


def _count(entry: dict[str, Any]) -> int | None:
    return entry["rows"] * entry["cols"] if "rows" in entry else entry.get("features")
