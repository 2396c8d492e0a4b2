"""The area that results are reported for, where the data reach beyond it."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem

from ....core.errors import InputError
from ....core.grid import Grid
from ....core.monitor import Monitor
from ..io.vectors import VectorSource, burn_mask
from . import parameters as p


def study_area(text: str, *, advanced: bool = False):
    """Return the optional polygons of the study area."""
    return p.vector("AREA", "Study area", text, optional=True, advanced=advanced)


def read_area(
    area: VectorSource | None, grid: Grid, crs: QgsCoordinateReferenceSystem, monitor: Monitor
) -> np.ndarray | None:
    """Return the cells whose centre lies in the study area, bool (rows, cols); None where there is none.

    Raises
    ------
    InputError
        If it lies beside the raster.
    """
    if area is None:
        return None
    inside = burn_mask([area], grid, crs, monitor)
    if not inside.any():
        if not area.shaped():
            raise InputError(f"'{area.name}' has no polygon. Choose another layer for the study area, or none.")
        raise InputError(
            f"The study area '{area.name}' lies outside the raster ({grid.describe()}). Check the CRS of both, or leave the "
            "study area out."
        )
    return inside
