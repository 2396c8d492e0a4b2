"""Places that can be restored, as polygons: their cells, what they cost, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qgis.core import QgsFeature

from .... import core
from ....core.errors import InputError
from ...support.geometry.cutting import polygons_of, repaired
from ...support.inputs import parameters as p
from ...support.inputs.declarations import restored_resistance
from ...support.io.rasters import RasterSource, require_aligned
from ...support.io.vectors import burn_mask, cells_inside, is_null, name_ids
from ...support.run.job import Job


@dataclass(frozen=True)
class Places:
    """The candidates of a run.

    Attributes
    ----------
    features : list of QgsFeature
        Those that can be restored, in the CRS of the raster.
    candidates : Candidates
        The same on the grid.
    unit : str
        Of their costs; empty where it is the user's own.
    """

    features: list[QgsFeature]
    candidates: core.decisions.Candidates
    unit: str


def candidate_parameters() -> list:
    """Return the parameters that `read_places` reads."""
    return [
        p.vector(
            "CANDIDATES",
            "Places that can be restored",
            "Polygons of barriers, key areas or parcels; each is restored as a whole or not at all. NoData cells of the "
            "resistance in them are opened.",
        ),
        p.field(
            "COST_FIELD",
            "Cost field of the places",
            "What each costs, above 0, in any unit. Without it and without a cost raster: the area in hectares.",
            "CANDIDATES",
            numeric=True,
            optional=True,
        ),
        p.raster(
            "COST",
            "Cost raster",
            "Instead of the field: cost of each cell, on the grid of the resistance; summed over the cells of a place.",
            optional=True,
        ),
        p.vector(
            "LOCKED_IN",
            "Locked in (polygons)",
            "Land that is restored anyway: places with at least half of their cells there are in every plan, first and at "
            "their cost.",
            optional=True,
            advanced=True,
        ),
        p.vector(
            "LOCKED_OUT",
            "Locked out (polygons)",
            "Land that stays as it is, such as water, basic farmland or towns: cells there are not restored and cost "
            "nothing. A place wholly inside is dropped.",
            optional=True,
            advanced=True,
        ),
        restored_resistance(),
        p.field(
            "RESTORED_FIELD",
            "Field with the resistance after restoration",
            "Instead of the number, for each place. Cells that are better already stay as they are.",
            "CANDIDATES",
            numeric=True,
            optional=True,
            advanced=True,
        ),
    ]


def check_places(job: Job) -> str | None:
    """Return what is wrong with the parameters, before anything is read."""
    if job.given("COST_FIELD") and job.given("COST"):
        return "Give the cost of the places as a field (COST_FIELD) or as a raster (COST), not both."
    if job.given("COST"):
        require_aligned(job.raster("RESISTANCE"), job.raster("COST"))
    return None


def read_places(job: Job, raster: RasterSource) -> Places:
    """Return the candidates; those outside the raster or wholly locked out are dropped and named.

    Raises
    ------
    InputError
        If none is left, or one has no cost, or no resistance after restoration, above 0.
    """
    layer, grid = job.vector("CANDIDATES"), raster.grid
    locked_out, locked_in = (
        burn_mask([job.vector(name)], grid, raster.crs, job.monitor).ravel() if job.given(name) else None
        for name in ("LOCKED_OUT", "LOCKED_IN")
    )
    features, cells, fixed = [], [], []
    outside, locked = [], []
    for feature in layer.shaped(raster.crs, job.monitor):
        job.monitor.check()
        feature.setGeometry(polygons_of(repaired(feature.geometry())))
        inside = cells_inside(feature.geometry(), grid)
        free = inside if locked_out is None else inside[~locked_out[inside]]
        if free.size:
            features.append(feature)
            cells.append(free)
            fixed.append(locked_in is not None and 2 * np.count_nonzero(locked_in[free]) >= free.size)
        else:
            (locked if inside.size else outside).append(feature.id())
    for ids, why in ((outside, "lie outside the raster"), (locked, "lie wholly in land that is locked out")):
        if ids:
            job.monitor.warn(f"Places {name_ids(ids)} of '{layer.name}' {why} and were dropped.")
    if not features:
        raise InputError(
            f"'{layer.name}' has no place that can be restored: {len(outside)} lie outside the raster, {len(locked)} in land "
            "that is locked out (LOCKED_OUT)."
        )
    cost, unit = _costs(job, features, cells, grid.cell_ha)
    restored = np.full(len(features), job.number("RESTORED"))
    if job.given("RESTORED_FIELD"):
        restored = _numbers(features, job.field("RESTORED_FIELD"), "resistance after restoration", "RESTORED_FIELD")
    return Places(features, core.decisions.Candidates(tuple(cells), cost, restored, np.array(fixed, dtype=bool)), unit)


def _costs(job: Job, features: list[QgsFeature], cells: list[np.ndarray], cell_ha: float) -> tuple[np.ndarray, str]:
    """Return what each place costs, and the unit."""
    if job.given("COST_FIELD"):
        return _numbers(features, job.field("COST_FIELD"), "cost", "COST_FIELD"), ""
    if not job.given("COST"):
        return np.array([cell_ha * one.size for one in cells]), "ha"
    values, valid = job.raster("COST").read(job.monitor.part(0.05, 0.06))
    each = np.where(valid, values, np.nan).astype(np.float64).ravel()
    costs = np.array([each[one].sum() for one in cells])
    lacking = [feature.id() for feature, cost in zip(features, costs) if np.isnan(cost)]
    if lacking:
        raise InputError(
            f"Places {name_ids(lacking)} have cells without a cost: the cost raster (COST) is NoData there. Fill it, or lock "
            "this land out."
        )
    free = [f"{feature.id()} ({cost:g})" for feature, cost in zip(features, costs) if not cost > 0]
    if free:
        raise InputError(f"The cost of places {name_ids(free)} by the cost raster (COST) is not above 0.")
    return costs, ""


def _numbers(features: list[QgsFeature], field: str, what: str, name: str) -> np.ndarray:
    """Return the numbers above 0 of features in a field."""
    lacking = [feature.id() for feature in features if is_null(feature[field])]
    if lacking:
        raise InputError(
            f"Places {name_ids(lacking)} have no number in '{field}' ({name}). Every place needs a {what} above 0."
        )
    found = np.array([float(feature[field]) for feature in features])
    wrong = [f"{feature.id()} ({number:g})" for feature, number in zip(features, found) if not 0 < number < np.inf]
    if wrong:
        raise InputError(
            f"Places {name_ids(wrong)} have a {what} of 0 or less in '{field}' ({name}); it must be above 0."
        )
    return found
