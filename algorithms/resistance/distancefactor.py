"""Tool: distance to features."""

from __future__ import annotations

import math

import numpy as np
from qgis.core import QgsProcessing

from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.geometry.proximity import BYTES_PER_CELL, margin_cells, margin_parameter, proximity
from ..support.inputs import parameters as p
from ..support.io.rasterfiles import NO_AMOUNT
from ..support.run import palette, ramps, styling


class DistanceFactorAlgorithm(EcoSecNetAlgorithm):
    """Measures the distance from every cell to the nearest feature."""

    NAME = "distancefactor"
    LABEL = "Distance factor"
    GROUP = base.RESISTANCE
    TAGS = ("distance", "proximity", "euclidean", "road", "mine", "river", "距离", "欧氏距离", "阻力因子")
    SUMMARY = (
        "Measures the distance in metres from every cell of a grid to the nearest road, mine, river or other feature."
    )
    HELP = (
        "<p>The distance is the exact Euclidean one between cell centres: 0 in every cell that a feature touches, "
        "elsewhere the distance to the nearest such cell. It differs from the distance to the feature itself by at "
        "most half a cell diagonal.</p>"
        "<p>Features outside the grid are seen within the margin only. Where a road runs just beyond the edge, give a "
        "margin.</p>"
        "<p><b>Output</b>: float raster, metres, no NoData.</p>"
        "<p>Method: Maurer, Qi &amp; Raghavan (2003), doi:10.1109/TPAMI.2003.1177156.</p>"
    )

    def declare(self):
        return [
            p.vector(
                "FEATURES",
                "Features to measure from",
                "Points, lines or polygons. They are reprojected to the CRS of the grid where they have another.",
                [QgsProcessing.SourceType.TypeVectorAnyGeometry],
            ),
            p.raster(
                "GRID",
                "Raster whose grid to use",
                "A raster whose extent, cells and CRS the result gets, such as the land-use map.",
            ),
            p.distance(
                "MAX",
                "Largest distance",
                "Larger distances are set to this value. Empty: no limit.",
                optional=True,
            ),
            margin_parameter(),
            p.raster_output("OUTPUT", "Distance (m)", "Distance to the nearest feature, in metres."),
        ]

    def execute(self, job: Job) -> None:
        template, features = job.raster("GRID"), job.vector("FEATURES")
        grid, margin = template.grid, job.number("MARGIN")
        down, across = margin_cells(template, margin)
        job.need_memory(BYTES_PER_CELL * (grid.rows + 2 * down) * (grid.cols + 2 * across))
        distance = proximity(
            features, template, margin=margin, maximum=job.number("MAX") or math.inf, monitor=job.monitor.part(0.0, 0.7)
        )
        job.monitor.step(0.7, 1.0)
        largest = float(distance.max())
        job.monitor.info(f"Distance: up to {largest:,.0f} m, mean {distance.mean(dtype=np.float64):,.0f} m.")
        job.write_raster(
            "OUTPUT",
            distance,
            grid,
            nodata=NO_AMOUNT,
            description=f"Distance to {features.name} (m)",
            style=styling.surface(ramps.over(palette.DISTANCE, distance, "m")),
        )
