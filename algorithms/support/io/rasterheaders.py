"""What the header of a raster file says: type, mask, bands, and how nearly its cells are square."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Callable

import numpy as np
from osgeo import gdal

from ....core.grid import SQUARE

_SMALL_TYPES = ("Byte", "Int8", "Int16", "UInt16", "Float32")
"""GDAL's types whose values float32 holds exactly."""

ROUNDING = 0.005
"""Largest shift by rotation, over the whole raster, that is still north-up, in cells."""


def tried(call: Callable, *arguments: object, **options: object) -> object:
    """Return what GDAL returns; None where it fails, also where it raises, as it does since QGIS 3.40."""
    try:
        return call(*arguments, **options)
    except RuntimeError:
        return None


def surface_type(band: gdal.Band) -> type:
    """Return the type of floats that holds the values of a band exactly."""
    return np.float32 if gdal.GetDataTypeName(band.DataType) in _SMALL_TYPES else np.float64


def mask_of(dataset: gdal.Dataset, band: int) -> int | None:
    """Return where the mask of a band is, see `RasterSource`."""
    alpha = _alpha_band(dataset)  # first: GDAL does not look at it where a NoData value is declared
    if alpha not in (None, band):
        return alpha
    flags = dataset.GetRasterBand(band).GetMaskFlags()
    return None if flags & (gdal.GMF_ALL_VALID | gdal.GMF_NODATA) else 0


def _alpha_band(dataset: gdal.Dataset) -> int | None:
    bands = range(1, dataset.RasterCount + 1)
    return next((k for k in bands if dataset.GetRasterBand(k).GetColorInterpretation() == gdal.GCI_AlphaBand), None)


def notes_of(dataset: gdal.Dataset, name: str, band: int, mask: int | None, *, upright: bool) -> Iterator[str]:
    """Yield what the user should know of how a raster is read, in a line each; `upright` is one whose cells are used."""
    count = dataset.RasterCount - (_alpha_band(dataset) is not None)
    if count > 1:
        title = dataset.GetRasterBand(band).GetDescription()
        yield f"'{name}' has {count} bands; band {band}{f' ({title})' if title else ''} is used."
    if mask is not None:
        what = f"its alpha band ({mask})" if mask else "its mask"
        yield f"'{name}': cells where {what} is 0 are NoData."
    if not upright:
        return
    _, dx, skew_x, _, skew_y, dy = dataset.GetGeoTransform()
    if skew_x or skew_y:
        yield f"'{name}' is rotated by less than {ROUNDING:g} of a cell over the whole raster; it is read as north-up."
    if dx != -dy and math.isclose(dx, -dy, rel_tol=SQUARE):
        off = 50.0 * abs(dx + dy) / (dx - dy)
        if off >= 1e-3:
            yield (
                f"The cells of '{name}' are {dx:.10g} x {-dy:.10g} map units. Where square cells are needed, their edge is "
                f"the mean, {(dx - dy) / 2.0:.10g}: distances along rows and columns are {off:.2g} % off."
            )
