"""Writing rasters: complete files that can be read back, or an error."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from osgeo import gdal

from ....core.grid import Grid
from ....core.monitor import SILENT, Monitor
from ..run.outputs import OutputError

_DRIVERS = {
    "tif": "GTiff",
    "tiff": "GTiff",
    "asc": "AAIGrid",
    "img": "HFA",
    "sdat": "SAGA",
    "bil": "EHdr",
    "nc": "netCDF",
}
ENDINGS = tuple(_DRIVERS)
"""Formats that keep all values, NoData and the CRS of whole and of real numbers."""

NO_AMOUNT = -1.0
"""NoData of what is never negative: resistance, scores, counts."""
NO_MEASURE = -9999.0
"""NoData of costs, currents and other measures, as programs of the field expect it."""
NO_ELEVATION = -99999.0
"""NoData of elevation and what comes of it: lower than any."""
NO_NUMBER = -2147483648
"""NoData of ids that users gave: the smallest int32."""
NO_CLASS = 0
"""NoData of classes and labels, which count from 1."""

_BLOCK_CELLS = 4_000_000
TILE = 256
"""Height of the tiles of the GeoTIFFs written here, in cells."""
_GDAL_TYPES = {
    "uint8": gdal.GDT_Byte,
    "int16": gdal.GDT_Int16,
    "int32": gdal.GDT_Int32,
    "float32": gdal.GDT_Float32,
    "float64": gdal.GDT_Float64,
}


class RasterWriter:
    """Writes a raster band by band of rows.

    Use as a context manager; a block that ends well leaves a file that can be read back, with NoData and CRS. A GeoTIFF
    is tiled, DEFLATE with predictor. Formats that GDAL makes only of complete rasters are converted at the end.

    Parameters
    ----------
    path : str
        The file to write.
    grid : Grid
        Its grid.
    dtype : str
        'uint8', 'int16', 'int32', 'float32' or 'float64'.
    nodata : float
        The value that stands for NoData.
    description : str
        What the band holds, with its unit.
    classes : sequence of (int, str, (int, int, int))
        Value, name and colour of each class: written as colour table and attribute table (uint8 only).
    """

    def __init__(
        self,
        path: str,
        grid: Grid,
        dtype: str,
        nodata: float,
        *,
        description: str = "",
        classes: Sequence[tuple[int, str, tuple[int, int, int]]] = (),
    ) -> None:
        self.path = path
        self._name = os.path.basename(path)
        self._nodata = nodata
        self._dtype = dtype
        self._shape = grid.shape
        self._driver = gdal.GetDriverByName(_DRIVERS.get(os.path.splitext(path)[1].lstrip(".").lower(), "GTiff"))
        direct = self._driver.GetMetadataItem(gdal.DCAP_CREATE) == "YES"
        self._written = path if direct else f"{path}.tif"
        driver = self._driver if direct else gdal.GetDriverByName("GTiff")
        options = []
        if driver.ShortName == "GTiff":
            predictor = 3 if dtype.startswith("float") else 2
            options = ["TILED=YES", "COMPRESS=DEFLATE", f"PREDICTOR={predictor}", "ZLEVEL=4", "BIGTIFF=IF_SAFER"]
        try:
            self._dataset = driver.Create(self._written, grid.cols, grid.rows, 1, _GDAL_TYPES[dtype], options)
        except RuntimeError as error:  # GDAL raises instead of returning None where exceptions are switched on
            raise OutputError(f"{self._name} cannot be written: {error}") from None
        if self._dataset is None:
            raise OutputError(f"{self._name} cannot be written. GDAL says: {gdal.GetLastErrorMsg()}")
        self._dataset.SetGeoTransform((grid.left, grid.dx, 0.0, grid.top, 0.0, -grid.dy))
        if grid.crs and self._dataset.SetProjection(grid.crs) != gdal.CE_None:
            raise OutputError(
                f"{self._name} cannot hold the coordinate reference system of its input. "
                f"GDAL says: {gdal.GetLastErrorMsg()}"
            )
        band = self._dataset.GetRasterBand(1)
        band.SetNoDataValue(nodata)
        if description:
            band.SetDescription(description)
        if classes:
            _set_classes(band, classes)
        self._statistics = _Statistics() if dtype.startswith("float") else None

    def __enter__(self) -> RasterWriter:
        return self

    def write(self, row: int, values: np.ndarray) -> None:
        """Write some rows; NaN becomes NoData."""
        if values.dtype.kind == "f":
            missing = np.isnan(values)
            if self._statistics is not None:
                self._statistics.add(values[~missing])
            values = np.where(missing, self._nodata, values)
        values = np.ascontiguousarray(values, dtype=self._dtype)
        gdal.ErrorReset()
        try:
            failed = self._dataset.GetRasterBand(1).WriteArray(values, 0, row)
            if (row + len(values)) % TILE == 0:
                self._dataset.FlushCache()  # complete tiles only: rewriting compressed ones would leave holes in the file
        except RuntimeError as error:  # where GDAL raises
            raise self._failure(str(error)) from None
        if failed or gdal.GetLastErrorType() >= gdal.CE_Failure:
            raise self._failure(gdal.GetLastErrorMsg())

    def _failure(self, message: str) -> OutputError:
        return OutputError(f"Writing {self._name} failed; is the disk full? GDAL says: {message}")

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        if kind is not None:
            self._dataset = None
            return
        gdal.ErrorReset()
        try:
            if self._statistics is not None and self._statistics.count:
                # QGIS would else sample the file for its colours, and find nothing where data are sparse.
                self._dataset.GetRasterBand(1).SetStatistics(*self._statistics.result())
            self._dataset.FlushCache()
            if self._written != self.path:
                # Nine digits tell all float32 apart; GDAL would write twenty.
                exact = ["SIGNIFICANT_DIGITS=9"] if self._dtype == "float32" else []
                self._driver.CreateCopy(self.path, self._dataset, 0, exact)
            self._dataset = None
            if self._written != self.path:
                os.remove(self._written)
            failed = gdal.GetLastErrorMsg() if gdal.GetLastErrorType() >= gdal.CE_Failure else self._what_is_missing()
        except RuntimeError as error:
            failed = str(error)
        self._dataset = None
        if failed:
            raise self._failure(failed)

    def _what_is_missing(self) -> str:
        """Return what is wrong with the file as it is read back."""
        dataset = gdal.OpenEx(self.path, gdal.OF_RASTER | gdal.OF_VERBOSE_ERROR)
        if dataset is not None and (dataset.RasterYSize, dataset.RasterXSize) == self._shape:
            last = dataset.GetRasterBand(1).ReadAsArray(self._shape[1] - 1, self._shape[0] - 1, 1, 1)
            if last is not None:
                return ""
        return gdal.GetLastErrorMsg() or "the file is not complete"


class _Statistics:
    """Minimum, maximum, mean and standard deviation of what is written."""

    def __init__(self) -> None:
        self.count = 0
        self._low, self._high = np.inf, -np.inf
        self._sum = self._squares = 0.0

    def add(self, values: np.ndarray) -> None:
        if values.size:
            self.count += values.size
            self._low, self._high = min(self._low, values.min()), max(self._high, values.max())
            self._sum += float(values.sum(dtype=np.float64))
            self._squares += float(np.square(values, dtype=np.float64).sum())

    def result(self) -> tuple[float, float, float, float]:
        mean = self._sum / self.count
        return float(self._low), float(self._high), mean, max(self._squares / self.count - mean * mean, 0.0) ** 0.5


def _set_classes(band: gdal.Band, classes: Sequence[tuple[int, str, tuple[int, int, int]]]) -> None:
    colours = gdal.ColorTable()
    table = gdal.RasterAttributeTable()
    for name, kind, usage in (
        ("Value", gdal.GFT_Integer, gdal.GFU_MinMax),
        ("Class", gdal.GFT_String, gdal.GFU_Name),
        ("Red", gdal.GFT_Integer, gdal.GFU_Red),
        ("Green", gdal.GFT_Integer, gdal.GFU_Green),
        ("Blue", gdal.GFT_Integer, gdal.GFU_Blue),
    ):
        table.CreateColumn(name, kind, usage)
    table.SetRowCount(len(classes))
    for row, (value, name, colour) in enumerate(classes):
        colours.SetColorEntry(int(value), (*colour, 255))
        table.SetValueAsInt(row, 0, int(value))
        table.SetValueAsString(row, 1, name)
        for column, part in enumerate(colour, start=2):
            table.SetValueAsInt(row, column, int(part))
    band.SetColorTable(colours)
    band.SetDefaultRAT(table)


def write(
    path: str,
    values: np.ndarray,
    grid: Grid,
    *,
    nodata: float,
    description: str = "",
    classes: Sequence[tuple[int, str, tuple[int, int, int]]] = (),
    monitor: Monitor = SILENT,
) -> None:
    """Write a whole raster; float64 is stored as float32, bool as uint8, other integers as int32.

    Parameters
    ----------
    path : str
        The file to write.
    values : ndarray, shape (rows, cols)
        The cells; NaN becomes NoData.
    grid : Grid
        Its grid.
    nodata : float
        The value that stands for NoData.
    description : str
        What the band holds, with its unit.
    classes : sequence
        As in `RasterWriter`.
    monitor : Monitor
        Progress and cancellation.
    """
    kind = values.dtype
    dtype = "float32" if kind.kind == "f" else "uint8" if kind in (np.uint8, bool) else "int32"
    height = max(TILE, _BLOCK_CELLS // grid.cols // TILE * TILE)
    with RasterWriter(path, grid, dtype, nodata, description=description, classes=classes) as writer:
        for row in range(0, grid.rows, height):
            monitor.step(row, grid.rows)
            writer.write(row, values[row : row + height])
