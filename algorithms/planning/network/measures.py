"""The last step: which barriers to restore for a budget, and what is to be done where, by the rules of 'actionsheet'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from qgis.core import QgsGeometry

from .... import core
from ....core.choices import AreaKind
from ....core.errors import DisconnectedError, InputError
from ....core.grid import Grid
from ....core.monitor import Monitor
from ...support.geometry.landparts import LandCells, cut_areas
from ...support.inputs import actionrules
from ...support.inputs.actionareas import NamedAreas
from ...support.inputs.declarations import read_budgets
from ...support.reports.actionsheet import CONDITIONS, Said
from ...support.reports.restoration import Outcome, restored_ha, summary
from ...support.run.forecast import Forecast

if TYPE_CHECKING:
    from ....core.planning.obstacles import Obstacles
    from ....core.planning.options import Options
    from ....core.planning.results import SecurityNetwork
    from ...support.run.job import Job
    from .factors import NetworkFactors
    from .landuse import LandUse
    from .outputs import NetworkOutputs

SMALLEST_PART_HA = 0.1
"""As in 'actionsheet'."""

OUTPUTS = ("ACTIONS", "ACTION_TABLE", "ACTION_BOOK", "REPORT")


_PLAN_BYTES = 70
"""Memory of a plan for each cell beside the network that is held while it is made: the surface with everything restored, the
one with the picks so far, and the cost fields on them."""

_ADVICE = "Smaller budgets, larger barriers (MIN_KEY_AREA) or larger cells make it shorter."


def bytes_per_cell(job: Job) -> int:
    """Return the memory that a plan adds."""
    return _PLAN_BYTES if job.given("BUDGET") else 0


class Planned(NamedTuple):
    """A restoration plan among the barriers of a run.

    Attributes
    ----------
    outcome : Outcome
        The plan, with the ids of the barriers and links.
    barriers : list of int
        Position of each pick among the barriers.
    restored_ha : list of float
        What restoration changes of each candidate.
    """

    outcome: Outcome
    barriers: list[int]
    restored_ha: list[float]


class Measures:
    """Gives the areas of a run their measures, and plans what to restore.

    Parameters
    ----------
    job : Job
        The run.
    use : LandUse
        The land use.
    factors : NetworkFactors
        Where the slope comes from.

    Attributes
    ----------
    planned : Planned or None
        The restoration plan; None without a budget, or where nothing can be planned.
    """

    def __init__(self, job: Job, use: LandUse, factors: NetworkFactors) -> None:
        self._job, self._use, self._factors = job, use, factors
        self.planned: Planned | None = None

    @property
    def share(self) -> float:
        """Part of the progress that the plan takes."""
        return 0.4 if self._job.given("BUDGET") else 0.0

    def plan(
        self, network: SecurityNetwork, grid: Grid, options: Options, obstacles: Obstacles, monitor: Monitor
    ) -> None:
        """Plan for the budgets that are given, and say what comes of it; without a plan the run goes on."""
        job = self._job
        if not job.given("BUDGET"):
            return
        monitor.info("Restoration plan")
        try:
            found = core.decisions.plan_of_network(
                network,
                grid,
                budgets=read_budgets(job),
                dispersal=options.sources.dispersal,
                probability=options.sources.probability,
                obstacles=obstacles,
                monitor=Forecast(monitor, _ADVICE),
            )
        except (InputError, DisconnectedError) as error:
            job.monitor.warn(f"There is no restoration plan: {error}")
            return
        if found is None:
            job.monitor.warn("There is no restoration plan: there are no barriers that can be restored.")
            return
        links = (np.flatnonzero(network.corridors.links.active) + 1).tolist()
        outcome = Outcome(found.plan, (found.barriers + 1).tolist(), links, "ha", "cost units")
        changed = restored_ha(network.surface.values, found.candidates, grid.cell_ha)
        self.planned = Planned(outcome, [int(found.barriers[one.candidate]) for one in found.plan.picks], changed)
        for sentence in summary(outcome):
            job.monitor.info(sentence)

    def action_sheet(self, outputs: NetworkOutputs) -> Said | None:
        """Return the sheet; None where nobody asked for it, there is no area, or no legend says what land uses are."""
        job = self._job
        if not any(job.given(name) for name in OUTPUTS):
            return None
        if self._use.scheme is None:
            job.monitor.info(
                "Measures are given where a LEGEND says what the land uses are; for own codes the tool 'Action sheet' takes "
                "their groups."
            )
            return None
        areas = network_areas(outputs)
        if not areas.kind:
            return None
        layers = job.vectors("PROTECTED")
        with job.monitor.between(0.92, 0.94):
            cells = LandCells(outputs.grid, self._use.values, self._use.valid, self._factors.slope())
            protected = [shape for one in layers for shape in one.geometries(outputs.land.crs, job.monitor)]
        zones = outputs.layers.zones
        cut = cut_areas(
            areas.shapes,
            cells,
            zones=() if zones is None else zones.shapes,
            protected=protected if layers else None,
            monitor=job.monitor.part(0.94, 0.97),
        )
        uses = actionrules.land_uses(cut.codes, self._use.scheme, {code: name for code, name, _ in outputs.classes}, {})
        metres = outputs.grid.metres_per_unit
        sheet = core.decisions.action_sheet(
            areas.measured(metres), cut.parts, uses, actionrules.read_rules(None), smallest_ha=SMALLEST_PART_HA
        )
        said = Said(sheet, areas, uses, cut.shapes, zones, metres, {**CONDITIONS, "slope": "DEM"})
        for sentence in said.sentences():
            job.monitor.info(sentence)
        return said


def network_areas(outputs: NetworkOutputs) -> NamedAreas:
    """Return the pinch points, barriers and weak sources of a run, under the ids of its layers."""
    found = NamedAreas()
    places, grade = outputs.network.places, outputs.network.corridors.grade
    for kind, shapes, measures in (
        (AreaKind.PINCH_POINT, outputs.pinch_shapes, places.pinch_measures),
        (AreaKind.BARRIER, outputs.barrier_shapes, places.barrier_measures),
    ):
        links = () if measures is None else measures.link
        grades = [float(grade[link]) if link >= 0 else np.nan for link in links]
        _add(found, kind, range(1, len(shapes) + 1), grades, shapes)
    grades = outputs.network.sources.grade.astype(float)
    weak = np.flatnonzero(core.decisions.weakest(grades, outputs.network.sources.dpc.total))
    _add(
        found,
        AreaKind.WEAK_SOURCE,
        [outputs.ids[k] for k in weak],
        grades[weak].tolist(),
        [outputs.source_shapes[k] for k in weak],
    )
    return found


def _add(
    found: NamedAreas,
    kind: AreaKind,
    names: Sequence[object],
    grades: Sequence[float],
    shapes: Sequence[QgsGeometry],
) -> None:
    for name, grade, shape in zip(names, grades, shapes):
        found.add(kind, str(name), grade, shape)
