"""Tool: distance to features."""

from __future__ import annotations

import math

import numpy as np
from qgis.core import QgsProcessing, QgsRectangle

from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support import palette, ramps, styling, vectors
from ..support import parameters as p

_BYTES_PER_CELL = 16


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
            p.distance(
                "MARGIN",
                "Margin around the raster",
                "Features up to this far beyond the edge of the grid count too.",
                0.0,
                advanced=True,
            ),
            p.raster_output("OUTPUT", "Distance (m)", "Distance to the nearest feature, in metres."),
        ]

    def execute(self, job: Job) -> None:
        from ...core.scoring import distance_to

        template, features = job.raster("GRID"), job.vector("FEATURES")
        grid, metres = template.grid, template.grid.metres_per_unit
        reach = job.number("MARGIN") / metres
        down, across = math.ceil(reach / grid.dy), math.ceil(reach / grid.dx)
        wide = grid.window(-down, -across, grid.rows + 2 * down, grid.cols + 2 * across)
        job.need_memory(_BYTES_PER_CELL * wide.rows * wide.cols)
        shapes = features.geometries(template.crs)
        if not shapes:
            raise InputError(f"'{features.name}' has no features. Choose a layer that has some, or drop this factor.")
        extent = QgsRectangle(wide.left, wide.bottom, wide.right, wide.top)
        inside = [shape for shape in shapes if extent.intersects(shape.boundingBox())]
        if not inside:
            raise InputError(
                f"None of the {len(shapes):,} features of '{features.name}' lies on the grid of '{template.name}' "
                f"({grid.describe()}). Check the CRS of both layers."
            )
        if len(inside) < len(shapes):
            job.monitor.warn(
                f"{len(shapes) - len(inside):,} of {len(shapes):,} features of '{features.name}' lie outside the grid "
                "and its margin and are not seen. Near the edge the distance may be too large; a larger margin helps."
            )
        cells = vectors.burn(inside, wide, np.ones(len(inside), dtype=int), all_touched=True) > 0
        job.monitor.step(0.2, 1.0)
        distance = distance_to(
            cells,
            cell_size=(grid.dy * metres, grid.dx * metres),
            maximum=job.number("MAX") or math.inf,
            margin=(down, across),
            monitor=job.monitor,
        )
        job.monitor.step(0.7, 1.0)
        largest = float(distance.max())
        job.monitor.info(f"Distance: up to {largest:,.0f} m, mean {distance.mean(dtype=np.float64):,.0f} m.")
        job.write_raster(
            "OUTPUT",
            distance,
            grid,
            nodata=-1.0,
            description=f"Distance to {features.name} (m)",
            style=styling.surface(ramps.over(palette.DISTANCE, distance, "m")),
        )
