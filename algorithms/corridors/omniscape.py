"""Tool: omnidirectional current in a moving window, as Omniscape maps it."""

from __future__ import annotations

import math

import numpy as np
from qgis.core import QgsProcessingOutputNumber

from ...core.errors import DisconnectedError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support import parameters as p
from ..support import rasters, styling
from ..support.forecast import Forecast

_NODATA = -9999.0
_COMPARE = ("within", "equal")
_CONDITIONS = ("CONDITION1", "CONDITION2")
_CLASSES = [0.0, 0.7, 1.0, 1.3, 1.7]
"""Normalised current: impeded below 0.7, diffuse around 1, intensified from 1.3, channelled from 1.7."""


class OmniscapeAlgorithm(EcoSecNetAlgorithm):
    """Maps the current from everywhere to everywhere within a radius."""

    NAME = "omniscape"
    LABEL = "Omnidirectional current flow (Omniscape)"
    GROUP = base.CORRIDORS
    TAGS = (
        "Omniscape",
        "moving window",
        "wall-to-wall",
        "circuit theory",
        "flow potential",
        "电路理论",
        "全向连通性",
        "移动窗口",
    )
    SUMMARY = "Maps the current between all places within a radius, without sources drawn beforehand, as Omniscape does."
    HELP = (
        "<p>Every cell with a strength is a source. A circular window moves over the raster; its centre (or block of "
        "cells) draws as many amperes as it has strength, from all sources within the radius in proportion to theirs. "
        "The currents of all windows are summed.</p>"
        "<p><b>Flow potential</b> is the same with no resistance anywhere: how much current a place gets for its sources "
        "alone. <b>Normalised current</b> is the one over the other: below 0.7 movement is impeded, around 1 diffuse, "
        "from 1.3 intensified, from 1.7 channelled.</p>"
        "<p>Time grows with the number of windows, cells / block size squared, times the cells of a window. Blocks of a "
        "tenth of the radius change the map little and shorten the run a hundredfold at a radius of 100. Whole blocks "
        "only: what is left over at the right and lower edge draws no current.</p>"
        "<p>Links average conductances, as in Omniscape. Departures from Omniscape.jl 0.6: sources are cleared around "
        "the target also near the upper and left edge, a target on NoData moves to the nearest valid cell of its block, "
        "rounding is kept out of the correction for blocks, and the strength that cannot reach its target is told.</p>"
        "<p>McRae et al. 2016, Conserving nature's stage, The Nature Conservancy; Landau et al. 2021, "
        "doi:10.21105/joss.02829.</p>"
    )
    METRIC = False

    def declare(self):
        return [
            p.raster("RESISTANCE", "Resistance (or conductance) raster", "Above 0; NoData is no part of the circuit."),
            p.choice(
                "INPUT_IS",
                "The raster holds",
                "Conductance is 1 / resistance; cells with a conductance of 0 or less are no part of the circuit.",
                ("Resistance", "Conductance"),
            ),
            p.raster(
                "STRENGTH",
                "Source strength",
                "How much current each cell sends and draws, for instance habitat quality; 0 or more, NoData = 0. Empty: "
                "the conductance.",
                optional=True,
            ),
            p.integer(
                "RADIUS", "Radius (cells)", "How far from its target a source may lie: the distance moved.", 50, low=1
            ),
            p.integer(
                "BLOCK_SIZE",
                "Block size (cells)",
                "Targets stand for blocks of so many cells on a side; an even number is raised by 1. 1 = every cell.",
                5,
                low=1,
            ),
            p.number(
                "THRESHOLD", "Least strength", "Cells with a lower strength are neither source nor target.", 0.0, low=0.0
            ),
            p.number(
                "CUTOFF",
                "Largest resistance of a source",
                "Cells with a higher resistance are neither source nor target. Only without a raster of strengths.",
                low=0.0,
                optional=True,
            ),
            *(parameter for number, name in enumerate(_CONDITIONS, 1) for parameter in _condition(number, name)),
            p.choice("NEIGHBOURS", "Neighbours", "Cells that each cell is linked to.", ("8", "4"), advanced=True),
            p.integer(
                "BUFFER",
                "Buffer (cells)",
                "Cells beyond the radius that current may pass through, so that it can go round obstacles.",
                0,
                low=0,
                advanced=True,
            ),
            p.flag(
                "CORRECT_BLOCKS",
                "Correct the pattern that blocks leave",
                "Divides by what a block leaves on uniform ground and multiplies with what single targets leave there.",
                True,
                advanced=True,
            ),
            p.raster_output("CURRENT", "Cumulative current", "Sum over all windows, in amperes."),
            p.raster_output(
                "FLOW_POTENTIAL", "Flow potential", "The same on uniform ground, in amperes.", optional=True
            ),
            p.raster_output(
                "NORMALISED", "Normalised current", "Cumulative current over flow potential; no unit.", optional=True
            ),
            QgsProcessingOutputNumber("WINDOWS", "Windows solved"),
        ]

    def check(self, job: Job) -> str | None:
        if job.given("STRENGTH") and job.given("CUTOFF"):
            return (
                "The largest resistance of a source applies where strengths come from the resistance. Leave CUTOFF or "
                "STRENGTH empty."
            )
        for name in _CONDITIONS:
            if job.given(f"{name}_FUTURE") and not job.given(name):
                return f"{name}_FUTURE belongs to {name}, which is empty."
        return None

    def execute(self, job: Job) -> None:
        from ...core import circuit

        raster, strength = job.raster("RESISTANCE"), job.raster("STRENGTH")
        layers = {name: job.raster(name) for one in _CONDITIONS for name in (one, f"{one}_FUTURE")}
        rasters.require_aligned(raster, strength, *layers.values())
        radius, block, buffer = (job.integer(name) for name in ("RADIUS", "BLOCK_SIZE", "BUFFER"))
        shape = raster.grid.rows, raster.grid.cols
        count = sum(layer is not None for layer in layers.values())
        job.need_memory(circuit.windows_bytes(shape, radius + buffer) + 8 * count * shape[0] * shape[1])
        _tell_sizes(job, raster, radius, block, buffer)
        resistance = circuit.as_resistance(raster.read_surface(), conductance=job.choice("INPUT_IS") == 1)
        cutoff = job.number("CUTOFF")
        flow = circuit.omniscape(
            resistance,
            None if strength is None else strength.read_surface(),
            radius=radius,
            block_size=block,
            buffer=buffer,
            neighbours=(8, 4)[job.choice("NEIGHBOURS")],
            threshold=job.number("THRESHOLD"),
            cutoff=math.inf if cutoff is None else cutoff,
            conditions=[
                circuit.Condition(
                    layers[name].read_surface(),
                    None if layers[f"{name}_FUTURE"] is None else layers[f"{name}_FUTURE"].read_surface(),
                    _COMPARE[job.choice(f"{name}_COMPARE")],
                    job.number(f"{name}_LOWER"),
                    job.number(f"{name}_UPPER"),
                )
                for name in _CONDITIONS
                if layers[name] is not None
            ],
            flow_potential=job.given("FLOW_POTENTIAL") or job.given("NORMALISED"),
            correct_blocks=job.flag("CORRECT_BLOCKS"),
            monitor=Forecast(
                job.monitor.part(0.05, 0.95), "Larger blocks, a smaller radius or larger cells make it shorter."
            ),
        )
        if not np.nanmax(flow.current) > 0.0:
            raise DisconnectedError(
                "No source within the radius of a target is connected to it by valid cells, or the conditions leave "
                "none, so nothing flows. Look at the radius, the block size, the NoData and the conditions."
            )
        for name, values, description in (
            ("CURRENT", flow.current, "Cumulative current, amperes"),
            ("FLOW_POTENTIAL", flow.potential, "Flow potential, amperes"),
            ("NORMALISED", flow.normalised, "Normalised current"),
        ):
            if not job.given(name):
                continue
            stops = _CLASSES if name == "NORMALISED" else np.nanquantile(values, [0.0, 0.5, 0.8, 0.95, 1.0]).tolist()
            style = styling.ramp(styling.CURRENT, stops)
            job.write_raster(name, values, raster.grid, nodata=_NODATA, description=description, style=style)
        job.results["WINDOWS"] = flow.windows


def _condition(number: int, name: str) -> list:
    return [
        p.raster(
            name,
            f"Condition {number}",
            "What a source must have in common with its target, for instance the climate: the values now. Where not "
            "known, nothing is excluded.",
            optional=True,
        ),
        p.raster(
            f"{name}_FUTURE",
            f"Condition {number}, of targets",
            "Values that count for targets, for instance the climate to come. Empty: the same as of sources.",
            optional=True,
        ),
        p.choice(
            f"{name}_COMPARE",
            f"Condition {number} compares",
            "Whether the value of the source less that of the target (median of its block) must lie within the limits, "
            "or must equal that of the target (commonest of its block).",
            ("The difference with limits", "For equality"),
            advanced=True,
        ),
        p.number(
            f"{name}_LOWER", f"Condition {number}, lower limit", "In units of the condition.", 0.0, advanced=True
        ),
        p.number(
            f"{name}_UPPER", f"Condition {number}, upper limit", "In units of the condition.", 0.0, advanced=True
        ),
    ]


def _tell_sizes(job: Job, raster: rasters.RasterSource, radius: int, block: int, buffer: int) -> None:
    cells = f"Radius {radius} cells, blocks of {block | 1} cells, windows of {2 * (radius + buffer) + 1} cells"
    metres = rasters.metres_per_unit(raster.crs) * raster.grid.cell_size
    if metres == metres and metres > 0.0:
        cells += f" ({radius * metres:,.0f}, {(block | 1) * metres:,.0f} and {(2 * (radius + buffer) + 1) * metres:,.0f} m)"
    job.monitor.info(f"{cells}.")
