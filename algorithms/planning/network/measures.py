"""The last step: what is to be done in the pinch points, barriers and weak sources, by the rules of 'actionsheet'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsGeometry

from .... import core
from ....core.choices import AreaKind
from ...support.geometry.landparts import LandCells, cut_areas
from ...support.inputs import actionrules
from ...support.inputs.actionareas import NamedAreas
from ...support.reports.actionsheet import Said

if TYPE_CHECKING:
    from ...support.run.job import Job
    from .factors import NetworkFactors
    from .landuse import LandUse
    from .outputs import NetworkOutputs

SMALLEST_PART_HA = 0.1
"""As in 'actionsheet'."""

OUTPUTS = ("ACTIONS", "ACTION_TABLE", "ACTION_BOOK", "REPORT")


class Measures:
    """Gives the areas of a run their measures.

    Parameters
    ----------
    job : Job
        The run.
    use : LandUse
        The land use.
    factors : NetworkFactors
        Where the slope comes from.
    """

    def __init__(self, job: Job, use: LandUse, factors: NetworkFactors) -> None:
        self._job, self._use, self._factors = job, use, factors

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
        cells = LandCells(outputs.grid, self._use.values, self._use.valid, self._factors.slope())
        layers = job.vectors("PROTECTED")
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
        said = Said(sheet, areas, uses, cut.shapes, zones, metres)
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
    weak = np.flatnonzero(core.decisions.weakest(grades))
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
