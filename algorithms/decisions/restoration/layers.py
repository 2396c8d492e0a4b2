"""The layers and tables of a restoration plan."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsWkbTypes

from ...support.inputs.linked import Linked
from ...support.io.fields import Shown
from ...support.io.tables import columns, kept
from ...support.reports.restoration import Outcome, plan_columns, plan_rows, plan_style, restored_ha
from ...support.run import palette, styling
from ...support.run.job import Job
from .candidates import Places


def write_plan(job: Job, outcome: Outcome, places: Places, given: Linked) -> None:
    """Write the picks of the largest budget as polygons, in their order."""
    cols = plan_columns(outcome)
    changed = restored_ha(given.resistance, places.candidates, given.raster.grid.cell_ha)
    features = [places.features[pick.candidate] for pick in outcome.plan.picks]
    old, held = kept(features, cols, "places", job.monitor)
    job.write_features(
        "PLAN",
        [*cols, *old],
        [[*row, *before] for row, before in zip(plan_rows(outcome, changed), held)],
        [feature.geometry() for feature in features],
        QgsWkbTypes.Type.MultiPolygon,
        given.raster.crs,
        style=plan_style(),
    )


def write_links(job: Job, outcome: Outcome, given: Linked) -> None:
    """Write the links with what they cost before and after."""
    plan = outcome.plan
    unit = "cost units"
    cols = columns(
        cost_before=(float, Shown("Least-cost distance before", unit, 1)),
        cost_after=(float, Shown("Least-cost distance after", unit, 1)),
        saved=(float, Shown("Saved", unit, 1)),
        saved_pct=(float, Shown("Saved", "%", 1)),
    )
    with np.errstate(invalid="ignore"):
        saved = plan.before - plan.after
        table = [plan.before, plan.after, saved, 100.0 * saved / plan.before]
    if plan.effective_before is not None:
        cols += columns(
            res_before=(float, Shown("Effective resistance before", unit, 1)),
            res_after=(float, Shown("Effective resistance after", unit, 1)),
        )
        table += [plan.effective_before, plan.effective_after]
    rows = ([float(value) if np.isfinite(value) else None for value in row] for row in zip(*table))
    job.write_features(
        "OUTPUT_LINKS",
        *given.with_columns(cols, rows, job.monitor),
        style=styling.lines(palette.CORRIDORS[1]),
    )
