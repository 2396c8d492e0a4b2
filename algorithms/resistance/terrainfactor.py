"""Tool: terrain factors."""

from __future__ import annotations

import numpy as np

from ... import core
from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.geometry import terrain
from ..support.inputs import parameters as p
from ..support.io.rasterfiles import NO_ELEVATION
from ..support.io.rasters import align
from ..support.run import palette, ramps, styling

_SLOPE, _RELIEF, _ELEVATION = range(3)
_BYTES_PER_CELL = 24
_UNITS = ("degrees", "m", "m")


class TerrainFactorAlgorithm(EcoSecNetAlgorithm):
    """Makes slope, relief or elevation from a DEM."""

    NAME = "terrainfactor"
    LABEL = "Terrain factor"
    GROUP = base.RESISTANCE
    TAGS = ("slope", "relief", "elevation", "DEM", "terrain", "坡度", "起伏度", "高程", "阻力因子")
    SUMMARY = "Makes slope, relief or elevation from a digital elevation model."
    HELP = (
        "<p><b>Slope</b>: GDAL's slope (Horn's method) in degrees, edges included. Elevation is taken to be in metres; "
        "cells in feet are converted.</p>"
        "<p><b>Relief</b>: highest minus lowest elevation in a square window around the cell. Cells without data, and "
        "those beyond the edge, are left out of the window.</p>"
        "<p><b>Elevation</b>: as it is.</p>"
        "<p><b>Output</b>: float raster; NoData where the DEM has none.</p>"
    )

    def declare(self):
        return [
            p.raster("DEM", "Elevation", "Elevation in metres."),
            p.choice(
                "FACTOR",
                "What is computed",
                "Slope in degrees, relief (range of elevation in a window) in metres, or elevation in metres.",
                ["Slope in degrees", "Relief (range in a window)", "Elevation"],
            ),
            p.integer(
                "WINDOW",
                "Window of the relief (cells)",
                "Edge of the square window, an odd number. Used for the relief only.",
                11,
                low=3,
                optional=True,
            ),
            p.raster(
                "GRID",
                "Raster whose grid to use",
                "Raster onto whose grid the elevation is brought first, such as the land use. Empty: that of the elevation.",
                optional=True,
            ),
            p.raster_output("OUTPUT", "Terrain factor", "Slope in degrees, or relief or elevation in metres."),
        ]

    def measured_in(self, job: Job) -> str:
        return "GRID" if job.given("GRID") else "DEM"

    def check(self, job: Job) -> str | None:
        if job.chosen("FACTOR") == _RELIEF and job.integer("WINDOW") % 2 == 0:
            return f"The window must be an odd number of cells, not {job.integer('WINDOW')}: the cell is its middle."
        return None

    def execute(self, job: Job) -> None:
        source, factor = job.raster("DEM"), job.chosen("FACTOR")
        onto = job.raster("GRID") or source
        job.need_memory(_BYTES_PER_CELL * onto.grid.rows * onto.grid.cols)
        elevation = align(source, onto, monitor=job.monitor.part(0.0, 0.3))
        if np.isnan(elevation).all():
            raise InputError(f"'{source.name}' holds only NoData.")
        if factor == _SLOPE:
            values = terrain.slope(elevation, onto, job.monitor.part(0.3, 0.8))
        elif factor == _RELIEF:
            values = core.resistance.relief(elevation, window=job.integer("WINDOW"), monitor=job.monitor.part(0.3, 0.8))
        else:
            values = elevation
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        name, unit = ("Slope", "Relief", "Elevation")[factor], _UNITS[factor]
        job.monitor.info(f"{name}: {low:,.1f} to {high:,.1f} {unit}, mean {np.nanmean(values, dtype=np.float64):,.1f}.")
        job.write_raster(
            "OUTPUT",
            values,
            onto.grid,
            nodata=NO_ELEVATION,
            description=f"{name} ({unit})",
            style=styling.surface(ramps.over(palette.SCORE, values, unit)),
        )
