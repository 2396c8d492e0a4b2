"""What can be said of a run before anything of it is computed: from its parameters, the headers of its layers, its tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .... import core
from ....core.errors import InputError
from ....core.monitor import SILENT
from ...support.inputs.legends import given_names
from ...support.run.inputlayers import InputLayer, apart, input_layers
from .factors import NetworkFactors
from .landuse import require_meaning
from .steps import corridors, keyareas, resistance, sources
from .studyland import StudyLand

if TYPE_CHECKING:
    from qgis.core import QgsProcessingParameterDefinition

    from ....core.grid import Grid
    from ...support.run.job import Job

_BEYOND_THE_EDGE = ("ROADS", "MINES", "RIVERS", "SETTLEMENTS")
"""Layers of which what lies in the margin around the land use counts too."""


def check_run(job: Job, definitions: Sequence[QgsProcessingParameterDefinition]) -> None:
    """Raise `InputError` for what would stop a later step of a run."""
    require_meaning(job)
    study = StudyLand(job, SILENT)
    sources.options(job, [])
    resistance.options(job)
    corridors.options(job)
    keyareas.options(job, study.grid)
    given_names(job, "LANDUSE_NAMES")
    if not job.given("SOURCES_IN"):
        _check_sizes(job, study.grid)
    _check_places(job, study, definitions)
    _check_factors(job, study)


def _check_sizes(job: Job, grid: Grid) -> None:
    """Raise for sources that cannot be, or not on a raster of this size."""
    core.connectivity.dispersal_rate(job.number("DISPERSAL"), job.number("PROBABILITY"))
    hectares = grid.rows * grid.cols * grid.cell_ha
    if job.number("MIN_AREA") > hectares:
        raise InputError(
            f"The smallest source (MIN_AREA) is {job.number('MIN_AREA'):,.10g} ha, but the whole raster has {hectares:,.7g}. "
            "Lower the smallest area."
        )
    if job.number("GAP") > max(grid.shape) * grid.cell_size:
        raise InputError(
            f"Gaps of up to {job.number('GAP'):,.10g} m (GAP) are wider than the whole raster. Use a smaller width."
        )
    edge = job.integer("EDGE_WIDTH")
    if 2 * edge >= min(grid.shape):
        raise InputError(
            f"An edge of {edge} cells (EDGE_WIDTH) leaves no core on a raster of {grid.rows} x {grid.cols} cells. Use a "
            "narrower one."
        )


def _check_places(job: Job, study: StudyLand, definitions: Sequence[QgsProcessingParameterDefinition]) -> None:
    """Raise for a layer that lies somewhere else."""
    idle = resistance.unused(job)
    here = InputLayer.of("LANDUSE", job.raster("LANDUSE"))
    moved = here.crs.isValid() and here.crs != study.crs
    for layer in input_layers(job, definitions):
        if layer.parameter in ("LANDUSE", *idle):
            continue
        if moved and not layer.is_raster and not layer.crs.isValid():
            raise InputError(
                f"'{layer.name}' has no coordinate reference system, so that it cannot be brought into that of the study "
                f"({study.crs.authid() or study.crs.description()}). Set it in the properties of the layer (Source)."
            )
        margin = job.number("MARGIN") if layer.parameter in _BEYOND_THE_EDGE else None
        problem = apart(layer, here, job.context.transformContext(), margin=margin)
        if problem:
            raise InputError(problem)


def _check_factors(job: Job, study: StudyLand) -> None:
    """Raise for a score table that does not fit the layers, or is wrong in itself."""
    factors = NetworkFactors(job, study, job.raster("LANDUSE"))
    taken = factors.taken(SILENT)
    used = [one for one in factors.scores if one.name in taken]
    core.resistance.report(core.resistance.check_scores([one for one in used if one.classes]), SILENT)
