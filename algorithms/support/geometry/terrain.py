"""Terrain from a digital elevation model, by GDAL's own routines."""

from __future__ import annotations

import numpy as np
from osgeo import gdal

from ....core.errors import InputError
from ....core.monitor import SILENT, Monitor
from ..io.rasters import RasterSource
from ..io.vectors import gdal_progress

_NODATA = -1e38


def slope(elevation: np.ndarray, source: RasterSource, monitor: Monitor = SILENT) -> np.ndarray:
    """Return the slope in degrees (Horn's method), edges included.

    Parameters
    ----------
    elevation : ndarray, float, shape (rows, cols)
        Elevation in metres, NaN = NoData.
    source : RasterSource
        The raster on whose grid it is: its cells give the horizontal distances.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    ndarray, float32
        0 to 90 degrees, NaN where the cell itself has no data.
    """
    grid = source.grid
    missing = np.isnan(elevation)
    # GDAL halves the slope of the corner cells; a rim that goes on straight gives it neighbours everywhere.
    rimmed = np.pad(elevation, 1, mode="reflect", reflect_type="odd")
    plain = gdal.GetDriverByName("MEM").Create("", grid.cols + 2, grid.rows + 2, 1, gdal.GDT_Float32)
    metres = grid.metres_per_unit
    plain.SetGeoTransform((0.0, grid.dx * metres, 0.0, 0.0, 0.0, -grid.dy * metres))
    band = plain.GetRasterBand(1)
    band.SetNoDataValue(_NODATA)
    band.WriteArray(np.where(np.isnan(rimmed), _NODATA, rimmed).astype(np.float32))
    made = gdal.DEMProcessing(
        "", plain, "slope", format="MEM", slopeFormat="degree", computeEdges=True, callback=gdal_progress(monitor)
    )
    monitor.check()
    if made is None:
        raise InputError(f"GDAL cannot compute the slope of '{source.name}': {gdal.GetLastErrorMsg()}")
    degrees = made.GetRasterBand(1).ReadAsArray(1, 1, grid.cols, grid.rows)
    degrees[missing | (degrees == made.GetRasterBand(1).GetNoDataValue())] = np.nan
    return degrees
