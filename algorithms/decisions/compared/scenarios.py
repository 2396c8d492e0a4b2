"""Runs 'securitynetwork' for several land uses with the parameters of a run that was made before."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from qgis.core import QgsProcessingContext, QgsProcessingMultiStepFeedback, QgsProcessingProvider

from ....core.errors import InputError
from ...support.capsule import finding
from ...support.capsule.parameters import parameters_of
from ...support.capsule.reading import Capsule
from ...support.io.filenames import FileNames
from ...support.io.tables import free_name
from .manifest import HELD, LAYERS, OWN, File, RunFiles

if TYPE_CHECKING:
    from ...base import EcoSecNetAlgorithm
    from ...support.io.rasters import RasterSource
    from ...support.run.job import Job

_TOOL = "securitynetwork"
_LIMITS = "BREAKS"
_MADE = (*(role for role in LAYERS if role != "LANDUSE"), _LIMITS)


class Scenarios:
    """The run of a capsule once more, and one for each other land use.

    Parameters
    ----------
    job : Job
        Of the tool `compareruns`.
    path : str
        The capsule.
    hold : bool
        Whether all runs have the limits of the first.
    provider : QgsProcessingProvider
        Has the tool.
    folder : callable
        Returns a new folder for the layers of a run of a name.
    """

    def __init__(
        self, job: Job, path: str, hold: bool, provider: QgsProcessingProvider, folder: Callable[[str], str]
    ) -> None:
        self._job, self._hold, self._folder = job, hold, folder
        self._capsule = Capsule(path)
        if self._capsule.run["algorithm"] != f"ecosecnet:{_TOOL}":
            raise InputError(
                f"{path} is of '{self._capsule.run['algorithm']}'. Give the capsule of a run of '{_TOOL}'."
            )
        self._tool: EcoSecNetAlgorithm = provider.algorithm(_TOOL).create()
        self._unpacked = 0

    def close(self) -> None:
        """Close the capsule."""
        self._capsule.close()

    def run(self, land_uses: list[RasterSource]) -> list[RunFiles]:
        """Run the land use of the capsule, which is the first run, and each of the others."""
        monitor = self._job.monitor
        folder = os.path.dirname(self._capsule.path)
        finder = finding.Finder(self._capsule, folder, self._scratch, "", self._tool.named_in, monitor.part(0.0, 0.02))
        found = [finder.find(entry) for entry in self._capsule.run["inputs"]]
        missing = [one for one in found if one.state != finding.SAME]
        if missing:
            listed = "; ".join(f"{one.entry['role']} {one.entry.get('path', '')} ({one.state})" for one in missing)
            raise InputError(
                f"The parameters of {self._capsule.path} cannot be taken: {listed}. Put the files as they were beside it."
            )
        given = parameters_of(self._tool, self._capsule.run, found)
        first = next(one for one in found if one.entry["role"] == "LANDUSE")
        names = FileNames()
        steps = QgsProcessingMultiStepFeedback(len(land_uses) + 2, self._job.feedback)  # the last: comparing
        held = self._hold or bool(given.get("LIMITS") or given.get("LIMITS_TABLE"))
        runs = []
        for number, land_use in enumerate([None, *land_uses]):
            steps.setCurrentStep(number)
            monitor.check()
            name = free_name(
                first.entry["name"] if land_use is None else land_use.name, [one.name.lower() for one in runs]
            )
            monitor.info(f"Run {number + 1} of {len(land_uses) + 1}: {name}")
            if land_use is not None:
                given["LANDUSE"] = land_use.path
            made = self._run_one(name, given, self._folder(names.of([name])), steps)
            run = RunFiles(name, "", {role: made[role] for role in LAYERS if role in made}, HELD if held else OWN)
            run.files["LANDUSE"] = File(first.path if land_use is None else land_use.path)
            runs.append(run)
            if held and not (given.get("LIMITS") or given.get("LIMITS_TABLE")):
                given["LIMITS_TABLE"] = made[_LIMITS].path
        return runs

    def _scratch(self) -> str:
        self._unpacked += 1
        return self._folder(f"unpacked {self._unpacked}")

    def _run_one(
        self, name: str, given: dict[str, object], folder: str, steps: QgsProcessingMultiStepFeedback
    ) -> dict[str, File]:
        made = {}
        for role in _MADE:
            ending = "tif" if role in ("MSPA", "RESISTANCE", "CURRENT") else "csv" if role == _LIMITS else "gpkg"
            made[role] = os.path.join(folder, f"{role.lower()}.{ending}")
        context = QgsProcessingContext()  # of this thread: that of the window belongs to another one
        context.setTransformContext(self._job.context.transformContext())
        context.setDefaultEncoding("UTF-8")
        good, why = self._tool.checkParameterValues({**given, **made}, context)
        if good:
            _, good = self._tool.run({**given, **made}, context, steps, {}, False)
            why = "see the log above"
        self._job.monitor.check()
        if not good:
            raise InputError(f"'{name}' could not be run: {why}")
        return {role: File(path) for role, path in made.items() if os.path.exists(path)}
