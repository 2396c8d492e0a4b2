"""Tool: current from given sources to given grounds, the advanced mode of Circuitscape."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessing, QgsProcessingOutputNumber

from ... import core
from ...core.choices import Average, Conflict
from ...core.errors import DisconnectedError, InputError
from ...core.monitor import Monitor
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.declarations import (
    circuit_average,
    circuit_mask,
    circuit_surface,
    neighbours,
    short_circuit_regions,
)
from ..support.inputs.focal import above_zero, whole_numbers
from ..support.io import rasters
from ..support.io.rasterfiles import NO_MEASURE
from ..support.io.rasters import RasterSource
from ..support.io.vectors import VectorSource, is_null
from ..support.run import palette, ramps, styling

_POINTS = (QgsProcessing.SourceType.TypeVectorPoint,)


class CurrentFlowAdvancedAlgorithm(EcoSecNetAlgorithm):
    """Maps the current from any sources to any grounds."""

    NAME = "currentflowadvanced"
    LABEL = "Current flow from sources to grounds (Circuitscape advanced)"
    GROUP = base.CORRIDORS
    TAGS = ("Circuitscape", "advanced mode", "current", "voltage", "ground", "电路理论", "电流", "接地")
    SUMMARY = "Maps the current that flows from given sources to given grounds, and the voltage it takes."
    HELP = (
        "<p>The advanced mode of Circuitscape: put amperes into any cells (negative ones take out) and drain them "
        "through grounds of any strength, for instance animals that set out from where they live and stop where they "
        "may settle. Several sources or grounds in one node add up.</p>"
        "<p><b>Grounds</b> are conductances or resistances to ground; a resistance of 0 holds the cell at 0 V. Parts of "
        "the landscape without a source or without a ground carry nothing; sources and grounds on NoData are named and "
        "left out.</p>"
        "<p>Semantics of Circuitscape 4.0.5, checked on its own test cases. Departure: a ground that a conflict rule "
        "drops is really gone (4.0.5 and Circuitscape.jl leave parts of it in the equations).</p>"
        "<p>McRae et al. 2008, Ecology 89:2712-2724, doi:10.1890/07-1861.1.</p>"
    )
    METRIC = False

    def declare(self):
        return [
            *circuit_surface(),
            p.raster("CURRENT_SOURCES", "Current sources (raster)", "Amperes put into each cell.", optional=True),
            p.vector(
                "CURRENT_SOURCE_POINTS", "Current sources (points)", "Instead of a raster.", _POINTS, optional=True
            ),
            p.field(
                "STRENGTH_FIELD",
                "Strength field of the current sources (A)",
                "Empty: 1 A for each point.",
                "CURRENT_SOURCE_POINTS",
                numeric=True,
                optional=True,
            ),
            p.raster(
                "GROUNDS", "Grounds (raster)", "Resistance or conductance to ground; NoData is none.", optional=True
            ),
            p.vector("GROUND_POINTS", "Grounds (points)", "Instead of a raster.", _POINTS, optional=True),
            p.field(
                "GROUND_FIELD",
                "Resistance or conductance field of the grounds",
                "Empty: every point is held at 0 V.",
                "GROUND_POINTS",
                numeric=True,
                optional=True,
            ),
            p.choice(
                "GROUNDS_ARE",
                "Grounds are given as",
                "A resistance of 0 is a direct ground, a conductance of 0 none.",
                ("Resistance", "Conductance"),
            ),
            p.choice(
                "CONFLICT",
                "Source and ground in one cell",
                "With 'keep both' a source still beats a direct ground, which would swallow it.",
                Conflict,
            ),
            neighbours(),
            circuit_average(),
            short_circuit_regions(),
            circuit_mask(),
            p.raster_output("CURRENT", "Current density", "Amperes through every cell."),
            p.raster_output("VOLTAGE", "Voltage", "Volts of every cell.", optional=True, default=False),
            QgsProcessingOutputNumber("MAXIMUM", "Largest current (A)"),
        ]

    def check(self, job: Job) -> str | None:
        for what, one, other in (
            ("current sources", "CURRENT_SOURCES", "CURRENT_SOURCE_POINTS"),
            ("grounds", "GROUNDS", "GROUND_POINTS"),
        ):
            if job.given(one) == job.given(other):
                return f"Give the {what} either as a raster ({one}) or as points ({other})."
        return None

    def execute(self, job: Job) -> None:
        raster = job.raster("RESISTANCE")
        others = {name: job.raster(name) for name in ("CURRENT_SOURCES", "GROUNDS", "SHORT_CIRCUIT", "MASK")}
        rasters.require_aligned(raster, *others.values())
        cells = raster.grid.rows * raster.grid.cols
        job.need_memory(core.circuit.solver_bytes(cells), at_most=core.circuit.most_solver_bytes(cells))
        mask = above_zero(others["MASK"]) if others["MASK"] else None
        resistance = core.circuit.as_resistance(
            raster.read_surface(), conductance=job.chosen("INPUT_IS") == 1, mask=mask
        )
        sources = _amounts(job, raster, others["CURRENT_SOURCES"], "CURRENT_SOURCE_POINTS", "STRENGTH_FIELD", 1.0)
        as_conductance = job.chosen("GROUNDS_ARE") == 1
        direct = np.inf if as_conductance else 0.0
        grounds = _amounts(
            job, raster, others["GROUNDS"], "GROUND_POINTS", "GROUND_FIELD", direct, resistances=not as_conductance
        )
        flow = core.circuit.advanced(
            resistance,
            sources,
            grounds,
            neighbours=job.choice("NEIGHBOURS", (8, 4)),
            average=job.choice("AVERAGE", Average),
            regions=whole_numbers(others["SHORT_CIRCUIT"]) if others["SHORT_CIRCUIT"] else None,
            conflict=job.choice("CONFLICT", Conflict),
            monitor=job.monitor.part(0.05, 0.95),
        )
        largest = float(flow.current.max())
        if not largest > 0:
            raise DisconnectedError(
                "No source is connected to a ground by valid cells, so nothing flows. Look at the NoData between them."
            )
        for name, values in (("CURRENT", flow.current), ("VOLTAGE", flow.voltage)):
            shown = np.where(np.isnan(resistance), np.nan, values)
            unit, symbol = ("amperes", "A") if name == "CURRENT" else ("volts", "V")
            style = styling.surface(ramps.over(palette.CURRENT, shown, symbol))
            text = f"{name.capitalize()}, {unit}"
            job.write_raster(name, shown, raster.grid, nodata=NO_MEASURE, description=text, style=style)
        job.results["MAXIMUM"] = largest


def _amounts(
    job: Job,
    raster: RasterSource,
    values: RasterSource | None,
    points: str,
    field: str,
    without_field: float,
    *,
    resistances: bool = False,
) -> np.ndarray:
    """Return sources or grounds of every cell, 0 where none; those in one cell add up, resistances as 1 / value."""
    if values is not None:
        amounts = values.read_surface().astype(np.float64)
        found = np.flatnonzero(~np.isnan(amounts))
        numbers = amounts.ravel()[found]
        name = values.name
    else:
        layer = job.vector(points)
        found, numbers = _points(layer, job.field(field), raster, without_field, job.monitor)
        name = layer.name
    if resistances:
        if (numbers < 0).any():
            raise InputError(f"'{name}' holds the negative resistance to ground {numbers.min():g}.")
        with np.errstate(divide="ignore"):
            numbers = 1.0 / numbers
    total = np.zeros(raster.grid.rows * raster.grid.cols)
    np.add.at(total, found, numbers)
    return total.reshape(raster.grid.shape)


def _points(
    layer: VectorSource, field: str, raster: RasterSource, without_field: float, monitor: Monitor
) -> tuple[np.ndarray, np.ndarray]:
    cells, numbers = [], []
    for feature in layer.shaped(raster.crs, monitor):
        geometry = feature.geometry()
        number = feature[field] if field else without_field
        if is_null(number):
            raise InputError(f"'{layer.name}' has points without a number in '{field}'. Fill them or remove them.")
        for point in geometry.asMultiPoint() if geometry.isMultipart() else [geometry.asPoint()]:
            row, col = raster.grid.index(point.x(), point.y())
            if not (0 <= row < raster.grid.rows and 0 <= col < raster.grid.cols):
                raise InputError(
                    f"A point of '{layer.name}' at {point.x():.10g}, {point.y():.10g} lies outside the raster "
                    f"({raster.grid.describe()}). Use a larger raster, or remove it."
                )
            cells.append(row * raster.grid.cols + col)
            numbers.append(float(number))
    return np.array(cells, dtype=np.int64), np.array(numbers)
