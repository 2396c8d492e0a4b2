"""How far every cell is from roads, mines or other features: the one way to make a distance factor."""

from __future__ import annotations

import math

import numpy as np
from qgis.core import QgsGeometry, QgsRectangle

from .... import core
from ....core.errors import InputError
from ....core.grid import Grid
from ....core.monitor import Monitor
from ..inputs import parameters as p
from ..inputs.landclasses import read_class_cells
from ..io.rasters import RasterSource
from ..io.vectors import VectorSource, burn

BYTES_PER_CELL = 12


def margin_parameter():
    """Return how far beyond the raster features are looked for."""
    return p.distance(
        "MARGIN",
        "Margin around the raster",
        "Features up to this far beyond the edge of the raster count too. Without it the distance is too large near an "
        "edge beyond which a road runs.",
        0.0,
        advanced=True,
    )


def margin_cells(template: RasterSource, margin: float) -> tuple[int, int]:
    """Return the rows and columns of a margin in metres."""
    grid, reach = template.grid, margin / template.grid.metres_per_unit
    return math.ceil(reach / grid.dy), math.ceil(reach / grid.dx)


def proximity(
    features: VectorSource, template: RasterSource, *, margin: float, maximum: float = math.inf, monitor: Monitor
) -> np.ndarray:
    """Return the distance of every cell to the nearest feature in metres, float32.

    Parameters
    ----------
    features : VectorSource
        Points, lines or polygons, in any CRS.
    template : RasterSource
        The raster whose grid to use.
    margin : float
        How far beyond the edge of the grid features count, in metres.
    maximum : float
        Larger distances are set to this value.
    monitor : Monitor
        Progress, and the warning of features that lie farther away.

    Raises
    ------
    InputError
        If no feature lies on the grid or its margin.
    """
    grid, metres = template.grid, template.grid.metres_per_unit
    down, across = margin_cells(template, margin)
    wide = grid.window(-down, -across, grid.rows + 2 * down, grid.cols + 2 * across)
    shapes = features.geometries(template.crs, monitor)
    if not shapes:
        raise InputError(f"'{features.name}' has no features. Choose a layer that has some, or drop this factor.")
    extent = QgsRectangle(wide.left, wide.bottom, wide.right, wide.top)
    inside = [shape for shape in shapes if extent.intersects(shape.boundingBox())]
    if not inside:
        frame = QgsGeometry.fromRect(QgsRectangle(grid.left, grid.bottom, grid.right, grid.top))
        away = math.ceil(min(frame.distance(shape) for shape in shapes) * metres)
        raise InputError(
            f"None of the {len(shapes):,} features of '{features.name}' lies on the grid of '{template.name}' "
            f"({grid.describe()}) or within the margin of {margin:g} m around it; the nearest is {away:,} m away. If it is "
            f"to count, set the margin around the raster (MARGIN) to {away:,} m or more. Else check the CRS of both layers, "
            "or drop this factor."
        )
    if len(inside) < len(shapes):
        monitor.warn(
            f"{len(shapes) - len(inside):,} of {len(shapes):,} features of '{features.name}' lie outside the grid "
            "and its margin and are not seen. Near the edge the distance may be too large; a larger margin helps."
        )
    cells = burn(inside, wide, np.ones(len(inside), dtype=int), all_touched=True) > 0
    monitor.step(0.3, 1.0)
    return _distances(cells, grid, maximum, monitor, margin=(down, across))


def class_proximity(source: RasterSource, classes: str, *, maximum: float = math.inf, monitor: Monitor) -> np.ndarray:
    """Return the distance of every cell of a class raster to the nearest cell of some classes in metres, float32.

    Parameters
    ----------
    source : RasterSource
        The class raster, such as land cover.
    classes : str
        Values and ranges, such as ``6, 8-10``.
    maximum, monitor
        As in `proximity`.

    Raises
    ------
    InputError
        If no cell is of these classes.
    """
    cells = read_class_cells(source, classes, "listed", monitor.part(0.0, 0.3))
    return _distances(cells, source.grid, maximum, monitor.part(0.3, 1.0))


def _distances(
    cells: np.ndarray, grid: Grid, maximum: float, monitor: Monitor, *, margin: tuple[int, int] = (0, 0)
) -> np.ndarray:
    size = (grid.dy * grid.metres_per_unit, grid.dx * grid.metres_per_unit)
    return core.resistance.distance_to(cells, cell_size=size, maximum=maximum, margin=margin, monitor=monitor)
