"""Tool: distance to features."""

from __future__ import annotations

import math

import numpy as np
from qgis.core import QgsProcessing

from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.geometry.proximity import BYTES_PER_CELL, class_proximity, margin_cells, margin_parameter, proximity
from ..support.inputs import parameters as p
from ..support.io.rasterfiles import NO_AMOUNT
from ..support.run import palette, ramps, styling


class DistanceFactorAlgorithm(EcoSecNetAlgorithm):
    """Measures the distance from every cell to the nearest feature or class."""

    NAME = "distancefactor"
    LABEL = "Distance factor"
    GROUP = base.RESISTANCE
    TAGS = ("distance", "proximity", "euclidean", "road", "mine", "river", "距离", "欧氏距离", "阻力因子")
    SUMMARY = (
        "Measures the distance in metres from every cell of a grid to the nearest road, mine, river or other feature, or to "
        "a class of the land cover."
    )
    HELP = (
        "<p>The distance is the exact Euclidean one between cell centres: 0 in every cell that a feature touches, "
        "elsewhere the distance to the nearest such cell. It differs from the distance to the feature itself by at "
        "most half a cell diagonal.</p>"
        "<p>Where there is no layer of features, values of the grid do: 8 gives the distance to built-up land if that is "
        "class 8 of a land-cover map.</p>"
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
                "Points, lines or polygons. They are reprojected to the CRS of the grid where they have another. Empty: "
                "distances are measured from values of the grid.",
                [QgsProcessing.SourceType.TypeVectorAnyGeometry],
                optional=True,
            ),
            p.raster(
                "GRID",
                "Raster whose grid to use",
                "A raster whose extent, cells and CRS the result gets, such as the land-use map.",
            ),
            p.text(
                "VALUES",
                "Or values of the grid to measure from",
                "Values and ranges of the raster above, such as 6, 8-10: classes of a land-cover map. Instead of features.",
                optional=True,
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

    def check(self, job: Job) -> str | None:
        if job.given("FEATURES") and job.given("VALUES"):
            values = job.text("VALUES")
            return f"Distances are measured from features or from values of the grid ({values}). Give one of the two."
        if not (job.given("FEATURES") or job.given("VALUES")):
            return "Give the features to measure from (FEATURES), or values of the grid (VALUES) such as a land-cover class."
        if job.given("VALUES") and job.number("MARGIN"):
            return "There are no cells beyond the edge of the grid: a margin is for features. Set it to 0."
        return None

    def execute(self, job: Job) -> None:
        template, features = job.raster("GRID"), job.vector("FEATURES")
        grid, margin = template.grid, job.number("MARGIN")
        down, across = margin_cells(template, margin)
        job.need_memory(BYTES_PER_CELL * (grid.rows + 2 * down) * (grid.cols + 2 * across))
        maximum, monitor = job.number("MAX") or math.inf, job.monitor.part(0.0, 0.7)
        if features is None:
            distance = class_proximity(template, job.text("VALUES"), maximum=maximum, monitor=monitor)
            what = f"{template.name} = {job.text('VALUES')}"
        else:
            distance = proximity(features, template, margin=margin, maximum=maximum, monitor=monitor)
            what = features.name
        job.monitor.step(0.7, 1.0)
        largest = float(distance.max())
        job.monitor.info(f"Distance: up to {largest:,.0f} m, mean {distance.mean(dtype=np.float64):,.0f} m.")
        job.write_raster(
            "OUTPUT",
            distance,
            grid,
            nodata=NO_AMOUNT,
            description=f"Distance to {what} (m)",
            style=styling.surface(ramps.over(palette.DISTANCE, distance, "m")),
        )
