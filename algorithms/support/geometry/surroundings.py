"""What lies within a distance of lines: land use, features, lengths of other lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from osgeo import gdal
from qgis.core import QgsGeometry

from ....core.grid import Grid
from ....core.monitor import SILENT, Monitor
from ..io.vectors import burn
from .cutting import repaired

SEGMENTS = 16
"""Sides of a quarter of a circle: the polygon around a point is then half a percent narrower than the circle at most."""


@dataclass(frozen=True)
class Surroundings:
    """What lies within a distance of some lines.

    Attributes
    ----------
    area_ha : float
        Cells of the raster whose centre is so near.
    uses : list of (int, float)
        Land use and its share of that area in percent, the largest first.
    counts : dict of str to int
        Features of each layer that are so near.
    km : dict of str to float
        Length of the lines of each layer inside, in kilometres.
    """

    area_ha: float
    uses: list[tuple[int, float]]
    counts: dict[str, int]
    km: dict[str, float]


def around(
    lines: Sequence[QgsGeometry],
    distance: float,
    land_use: np.ndarray,
    inside: np.ndarray,
    grid: Grid,
    counted: dict[str, Sequence[QgsGeometry]],
    measured: dict[str, Sequence[QgsGeometry]],
    monitor: Monitor = SILENT,
) -> Surroundings:
    """Return what lies within a distance of lines.

    Parameters
    ----------
    lines : sequence of QgsGeometry
        In map units, as all that follows.
    distance : float
        In metres.
    land_use, inside : ndarray, shape (rows, cols)
        Classes, and the cells that have one.
    grid : Grid
        Of the land use.
    counted, measured : dict of str to sequence of QgsGeometry
        The features of layers that are counted, and lines whose length is wanted.
    monitor : Monitor
        Progress and cancellation.
    """
    belts = belts_around(lines, distance, grid)
    near = (burn(belts, grid, [1] * len(belts), kind=gdal.GDT_Byte) > 0) & inside
    return _summary(near, QgsGeometry.unaryUnion(belts), land_use, grid, counted, measured, monitor)


def count_touching(
    belts: Sequence[QgsGeometry], counted: dict[str, Sequence[QgsGeometry]], monitor: Monitor = SILENT
) -> dict[str, int]:
    """Return how many features of each layer touch one of some belts."""
    if not belts:
        return dict.fromkeys(counted, 0)
    belt = QgsGeometry.unaryUnion(belts)
    return {name: len(_touching(belt, features, monitor)) for name, features in counted.items()}


def within(
    outline: QgsGeometry,
    land_use: np.ndarray,
    inside: np.ndarray,
    grid: Grid,
    counted: dict[str, Sequence[QgsGeometry]],
    measured: dict[str, Sequence[QgsGeometry]],
    monitor: Monitor = SILENT,
) -> Surroundings:
    """Return the same of all cells that are inside, whose outline is a polygon; see `around`."""
    return _summary(inside, outline, land_use, grid, counted, measured, monitor)


def _summary(near, belt, land_use, grid, counted, measured, monitor) -> Surroundings:
    held, cells = np.unique(land_use[near].astype(np.int64), return_counts=True)
    order = np.argsort(-cells, kind="stable")
    uses = [(int(held[k]), 100.0 * float(cells[k]) / float(cells.sum())) for k in order]
    return Surroundings(
        float(cells.sum()) * grid.cell_ha,
        uses,
        {name: len(_touching(belt, shapes, monitor)) for name, shapes in counted.items()},
        {
            name: sum(shape.intersection(belt).length() for shape in _touching(belt, shapes, monitor))
            * grid.metres_per_unit
            / 1000.0
            for name, shapes in measured.items()
        },
    )


def belts_around(shapes: Sequence[QgsGeometry], distance: float, grid: Grid) -> list[QgsGeometry]:
    """Return for each of some shapes what lies within a distance of it, in metres."""
    return [repaired(shape.buffer(distance / grid.metres_per_unit, SEGMENTS)) for shape in shapes]


def _touching(belt: QgsGeometry, shapes: Sequence[QgsGeometry], monitor: Monitor) -> list[QgsGeometry]:
    monitor.check()
    engine = QgsGeometry.createGeometryEngine(belt.constGet())
    engine.prepareGeometry()
    return [shape for shape in shapes if engine.intersects(shape.constGet())]
