"""Tool: omnidirectional current in a moving window, as Omniscape maps it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from qgis.core import QgsProcessingOutputNumber

from ... import core
from ...core.choices import Average
from ...core.errors import DisconnectedError
from ...core.grid import SQUARE, USE_STUDY_GRID
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs import spreading
from ..support.inputs.declarations import circuit_average, circuit_surface, neighbours
from ..support.io import rasters
from ..support.io.rasterfiles import NO_MEASURE
from ..support.io.rasters import RasterSource
from ..support.run import palette, ramps, styling
from ..support.run.forecast import Forecast

_AVERAGES = (Average.CONDUCTANCE, Average.RESISTANCE)
_COMPARE = ("within", "equal")
_CONDITIONS = ("CONDITION1", "CONDITION2")
_NORMALISED = replace(ramps.fixed(palette.CURRENT, (0.0, 0.7, 1.0, 1.3, 1.7)), above=True)
"""Normalised current: impeded below 0.7, diffuse around 1, intensified from 1.3, channelled from 1.7."""


class OmniscapeAlgorithm(EcoSecNetAlgorithm):
    """Maps current from everywhere to everywhere within a radius."""

    NAME = "omniscape"
    LABEL = "Omnidirectional current flow (Omniscape)"
    GROUP = base.CORRIDORS
    TAGS = (
        "Omniscape",
        "moving window",
        "wall-to-wall",
        "flow potential",
        "normalised current",
        "climate connectivity",
        "电路理论",
        "全向连通性",
        "移动窗口",
    )
    SUMMARY = "Maps the current between all places within a radius, without sources drawn beforehand."
    HELP = (
        "<p>A window moves over the landscape. Its middle is grounded and draws as many amperes as its block of cells "
        "has source strength, from all sources within the radius in proportion to theirs. The currents of all windows "
        "add up to the <b>cumulative current</b>.</p>"
        "<p><b>Flow potential</b> is the same on uniform ground: what would flow if nothing resisted more than "
        "anything else. <b>Normalised current</b> is the one over the other: below 0.7 flow is impeded, around 1 "
        "diffuse, from 1.3 intensified, from 1.7 channelled.</p>"
        "<p>Time grows with the number of windows (cells of the raster over block size squared) and with the cells of "
        "a window: a radius of 50 cells takes about 20 ms a window, 100 about 40 ms. A tenth of the radius is a usual "
        "block size. Only whole blocks draw current: what is left over at the right and lower edge does not.</p>"
        "<p><b>Conditions</b> limit which sources send current to a target, for instance to places whose future "
        "climate is the present one of the source. A value that is not known excludes nothing. Sources are left out "
        "after the current has been shared among all, so less flows.</p>"
        "<p>All lengths are in cells. The results are those of Omniscape.jl 0.6, checked on its own test cases; only the "
        "block correction is 1 where nothing flows, where Omniscape divides rounding errors. Current that cannot flow "
        "is reported in the log. Two options mend what Omniscape does near edges and NoData: 'Clear the block of the "
        "target near the upper and left edge' and 'Move targets on NoData'.</p>"
        "<p>Landau et al. 2021, doi:10.21105/joss.02829; McRae et al. 2016, Conserving nature's stage, The Nature "
        "Conservancy.</p>"
    )
    METRIC = False

    def declare(self):
        return [
            *circuit_surface(),
            p.raster(
                "STRENGTH",
                "Raster of source strengths",
                "How much current each cell sends and draws, 0 or more, such as habitat quality. Empty: the "
                "conductance of every cell whose resistance is not above CUTOFF.",
                optional=True,
            ),
            p.number(
                "CUTOFF",
                "Largest resistance of a source",
                "Only without a strength raster; empty: every cell is a source.",
                optional=True,
                decimals=3,
            ),
            p.number(
                "THRESHOLD", "Smallest source strength", "Strengths below this count as 0.", 0.0, low=0.0, decimals=4
            ),
            p.integer(
                "RADIUS", "Radius (cells)", "How far from its target a source may lie: a dispersal distance.", 50, low=1
            ),
            p.integer(
                "BLOCK_SIZE",
                "Block size (cells)",
                "One target stands for a square block of so many cells on a side; an even number is raised by 1. "
                "Larger blocks are coarser and faster.",
                1,
                low=1,
            ),
            *_condition_parameters(1),
            *_condition_parameters(2),
            p.integer(
                "BUFFER", "Buffer (cells)", "Cells beyond the radius that current may pass.", 0, low=0, advanced=True
            ),
            neighbours(advanced=True),
            circuit_average("Omniscape knows conductance only.", _AVERAGES, advanced=True),
            p.flag(
                "CORRECT_BLOCKS",
                "Correct the pattern of blocks",
                "Targets of more than one cell draw current to their middle, which leaves a pattern of dots. This "
                "divides it out.",
                True,
                advanced=True,
            ),
            p.flag(
                "CLEAR_OWN_BLOCK",
                "Clear the block of the target near the upper and left edge",
                "Omniscape leaves out the sources of a target's own block, but nearer to the upper or left edge than the "
                "window reaches it leaves out cells farther down and right instead. On a county of 600 x 600 cells "
                "(radius 30, block size 5) this changes the current by up to 6 % there.",
                advanced=True,
            ),
            p.flag(
                "MOVE_TARGETS",
                "Move targets on NoData",
                "To the nearest valid cell of their block. In Omniscape a block whose middle is NoData draws nothing, "
                "however much strength it has. On a county of which 13 % is NoData (radius 30, block size 5) this changes "
                "1 % of the cells by more than 10 %, 11 % of those within the radius of NoData, and single cells "
                "thirteenfold.",
                advanced=True,
            ),
            p.flag(
                "COMPATIBLE",
                "As Omniscape.jl 0.6",
                "Unticked: both of the options above, as this tool did before they could be chosen singly.",
                True,
                advanced=True,
            ),
            *spreading.long_run(),
            p.raster_output("CURRENT", "Cumulative current", "Sum over all windows, in amperes."),
            p.raster_output("NORMALISED", "Normalised current", "Current over flow potential.", optional=True),
            p.raster_output(
                "FLOW_POTENTIAL",
                "Flow potential",
                "The cumulative current on uniform ground, in amperes.",
                optional=True,
                default=False,
            ),
            QgsProcessingOutputNumber("WINDOWS", "Windows solved"),
        ]

    def check(self, job: Job) -> str | None:
        if job.given("STRENGTH") and job.number("CUTOFF") is not None:
            return "The largest resistance of a source (CUTOFF) has no meaning beside a strength raster. Empty one."
        for name in _CONDITIONS:
            if job.given(f"{name}_FUTURE") and not job.given(name):
                return f"{name}_FUTURE belongs to {name}, which is empty."
            limits = job.given(f"{name}_LOWER") or job.given(f"{name}_UPPER")
            within = job.given(name) and _COMPARE[job.chosen(f"{name}_COMPARE")] == "within"
            if within and not limits:
                return f"{name} needs {name}_LOWER, {name}_UPPER or both; or compare for equality."
            if limits and not within:
                return f"{name}_LOWER and {name}_UPPER limit a difference of {name}, which is not asked for."
        return None

    def execute(self, job: Job) -> None:
        raster, strength = job.raster("RESISTANCE"), job.raster("STRENGTH")
        layers = {name: job.raster(name) for first in _CONDITIONS for name in (first, f"{first}_FUTURE")}
        rasters.require_aligned(raster, strength, *layers.values())
        radius, buffer = job.integer("RADIUS"), job.integer("BUFFER")
        _say_lengths(job, raster, radius)
        further = sum(layer is not None for layer in (strength, *layers.values()))
        with_potential = job.given("NORMALISED") or job.given("FLOW_POTENTIAL")
        scratch = core.circuit.windows_scratch(raster.grid.shape, flow_potential=with_potential, layers=further)
        once, each = core.circuit.windows_bytes(
            raster.grid.shape,
            max(radius + buffer, 0),
            job.integer("BLOCK_SIZE"),
            flow_potential=with_potential,
            correct_blocks=job.flag("CORRECT_BLOCKS"),
            layers=further,
            scratch=scratch,
        )
        where = spreading.where(job, each=each, kept=once)
        cutoff = job.number("CUTOFF")

        def read(source: RasterSource | None):
            return None if source is None else source.read_surface(make=scratch.zeros)

        conductance = job.chosen("INPUT_IS") == 1
        flow = core.circuit.omniscape(
            core.circuit.as_resistance(read(raster), conductance=conductance, scratch=scratch),
            read(strength),
            radius=radius,
            block_size=job.integer("BLOCK_SIZE"),
            buffer=buffer,
            neighbours=job.choice("NEIGHBOURS", (8, 4)),
            average=job.choice("AVERAGE", _AVERAGES),
            threshold=job.number("THRESHOLD"),
            cutoff=math.inf if cutoff is None else cutoff,
            conditions=[
                _condition(job, name, read(layers[name]), read(layers[f"{name}_FUTURE"]))
                for name in _CONDITIONS
                if layers[name] is not None
            ],
            flow_potential=with_potential,
            correct_blocks=job.flag("CORRECT_BLOCKS"),
            clear_own_block=job.flag("CLEAR_OWN_BLOCK") or not job.flag("COMPATIBLE"),
            move_targets=job.flag("MOVE_TARGETS") or not job.flag("COMPATIBLE"),
            scratch=scratch,
            where=where,
            monitor=Forecast(
                job.monitor.part(0.02, 0.98), "Larger blocks, a smaller radius or larger cells make it shorter."
            ),
        )
        if not np.nanmax(flow.current) > 0:
            raise DisconnectedError(
                "No source can send current to any target, so nothing flows. Look at the NoData between them, the "
                "radius and the conditions."
            )
        for name, values, text in (
            ("CURRENT", flow.current, "Cumulative current, amperes"),
            ("FLOW_POTENTIAL", flow.potential, "Flow potential, amperes"),
            ("NORMALISED", flow.normalised, "Current over flow potential"),
        ):
            if values is not None:
                ramp = _NORMALISED if name == "NORMALISED" else ramps.over(palette.CURRENT, values, "A")
                style = styling.surface(ramp)
                job.write_raster(name, values, raster.grid, nodata=NO_MEASURE, description=text, style=style)
        job.results["WINDOWS"] = flow.windows


def _condition_parameters(number: int):
    name = f"CONDITION{number}"
    return [
        p.raster(
            name,
            f"Condition {number} of the sources",
            "Value of every cell as a source, such as its climate today. Of two conditions both must hold.",
            optional=True,
        ),
        p.raster(
            f"{name}_FUTURE",
            f"Condition {number} of the targets",
            f"Value of every cell as a target, such as its future climate. Empty: as {name}.",
            optional=True,
        ),
        p.choice(
            f"{name}_COMPARE",
            f"How condition {number} compares",
            "Within limits: the source's value less the median of the target's block. Equal: to the commonest value "
            "of the block.",
            ("Within limits", "Equal"),
            advanced=True,
        ),
        p.number(
            f"{name}_LOWER",
            f"Condition {number}: smallest difference",
            "Smallest difference allowed, in units of the condition. Empty: none.",
            decimals=4,
            optional=True,
            advanced=True,
        ),
        p.number(
            f"{name}_UPPER",
            f"Condition {number}: largest difference",
            "Largest difference allowed, in units of the condition. Empty: none.",
            decimals=4,
            optional=True,
            advanced=True,
        ),
    ]


def _condition(job: Job, name: str, present: np.ndarray, future: np.ndarray | None):
    lower, upper = job.number(f"{name}_LOWER"), job.number(f"{name}_UPPER")
    return core.circuit.Condition(
        present,
        future,
        _COMPARE[job.chosen(f"{name}_COMPARE")],
        -math.inf if lower is None else lower,
        math.inf if upper is None else upper,
    )


def _say_lengths(job: Job, raster: RasterSource, radius: int) -> None:
    grid = raster.grid
    if not math.isclose(grid.dx, grid.dy, rel_tol=SQUARE):
        job.monitor.warn(
            f"The cells are {grid.dx:g} x {grid.dy:g} map units. Lengths are in cells, so that windows are longer one "
            f"way than the other. {USE_STUDY_GRID}"
        )
    elif raster.crs.isValid() and raster.crs.isGeographic():
        job.monitor.warn(
            f"'{raster.name}' is in degrees, where cells are narrower than high. Lengths are in cells, so that windows "
            f"are not round. {USE_STUDY_GRID}"
        )
    else:
        metres = radius * grid.cell_size
        job.monitor.info(f"The radius of {radius:,} cells is {metres:,.0f} m.")
