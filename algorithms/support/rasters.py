"""Reading and writing rasters. The only place that opens raster files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Callable

import numpy as np
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProviderRegistry,
    QgsRasterFileWriter,
    QgsRasterLayer,
    QgsUnitTypes,
)

from ...core.errors import EcoSecNetError, InputError
from ...core.grid import Grid
from ...core.monitor import SILENT, Monitor

_BLOCK_CELLS = 4_000_000
_TILE = 256
"""Height of the tiles of the GeoTIFFs written here, in cells."""

_SMALL_TYPES = ("GDT_Byte", "GDT_Int16", "GDT_UInt16", "GDT_Float32")
_GDAL_TYPES = {
    "uint8": gdal.GDT_Byte,
    "int16": gdal.GDT_Int16,
    "int32": gdal.GDT_Int32,
    "float32": gdal.GDT_Float32,
    "float64": gdal.GDT_Float64,
}


class OutputError(EcoSecNetError):
    """A result cannot be written."""


@dataclass(frozen=True)
class RasterSource:
    """What is known of a raster layer without reading its cells; safe to use in any thread.

    Parameters
    ----------
    path : str
        What GDAL opens.
    name : str
        Name of the layer, for messages.
    grid : Grid
        Its grid, with the CRS of the layer.
    crs : QgsCoordinateReferenceSystem
        CRS of the layer (invalid when it has none).
    nodata : tuple of (float, float)
        Closed ranges of values that count as NoData, beside NaN.
    band : int
        Number of the band, from 1.
    """

    path: str
    name: str
    grid: Grid
    crs: QgsCoordinateReferenceSystem
    nodata: tuple[tuple[float, float], ...] = ()
    band: int = 1
    options: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, layer: QgsRasterLayer, band: int = 1) -> RasterSource:
        """Return the source of a layer; call this in the main thread."""
        if layer.providerType() != "gdal":
            raise InputError(
                f"'{layer.name()}' comes from a '{layer.providerType()}' service. Save it as a GeoTIFF first "
                "(right-click the layer, Export, Save As)."
            )
        parts = QgsProviderRegistry.instance().decodeUri("gdal", layer.source())
        path = parts.get("path") or layer.source()
        if parts.get("layerName"):
            path = layer.source()
        options = tuple(parts.get("openOptions") or ())
        dataset = gdal.OpenEx(path, gdal.OF_RASTER, open_options=list(options))
        if dataset is None:
            raise InputError(f"'{layer.name()}' cannot be opened: {path}")
        provider = layer.dataProvider()
        nodata = [(r.min(), r.max()) for r in provider.userNoDataValues(band)]
        if provider.sourceHasNoDataValue(band) and provider.useSourceNoDataValue(band):
            value = dataset.GetRasterBand(band).GetNoDataValue()
            if value is not None and value == value:
                nodata.append((value, value))
        return cls(path, layer.name(), _grid(dataset, layer), layer.crs(), tuple(nodata), band, options)

    def _open(self) -> gdal.Dataset:
        dataset = gdal.OpenEx(self.path, gdal.OF_RASTER, open_options=list(self.options))
        if dataset is None:
            raise InputError(f"'{self.name}' cannot be opened any more: {self.path}")
        return dataset

    def blocks(self, monitor: Monitor = SILENT) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Yield the raster in bands of rows: first row, values as stored, validity."""
        dataset = self._open()
        band = dataset.GetRasterBand(self.band)
        rows, cols = self.grid.shape
        height = max(1, _BLOCK_CELLS // cols)
        _, block_height = band.GetBlockSize()
        height = max(block_height, height // block_height * block_height)
        for row in range(0, rows, height):
            monitor.step(row, rows)
            values = band.ReadAsArray(0, row, cols, min(height, rows - row))
            if values is None:
                raise InputError(f"'{self.name}' cannot be read at row {row}; the file may be damaged: {self.path}")
            yield row, values, self._valid(values)

    def _valid(self, values: np.ndarray) -> np.ndarray:
        valid = np.isfinite(values) if values.dtype.kind == "f" else np.ones(values.shape, dtype=bool)
        for low, high in self.nodata:
            if low == high:
                # A NoData value such as -3.4e38 in the metadata is a double; the cells hold it rounded.
                valid &= values != np.array(low).astype(values.dtype) if values.dtype.kind == "f" else values != low
            else:
                valid &= (values < low) | (values > high)
        return valid

    def read(self, monitor: Monitor = SILENT) -> tuple[np.ndarray, np.ndarray]:
        """Return all values in the type of the file, and a mask of the valid ones."""
        values: np.ndarray | None = None
        valid = np.empty(self.grid.shape, dtype=bool)
        for row, block, good in self.blocks(monitor):
            if values is None:
                values = np.empty(self.grid.shape, dtype=block.dtype)
            values[row : row + len(block)] = block
            valid[row : row + len(block)] = good
        return values, valid

    def read_surface(self, monitor: Monitor = SILENT) -> np.ndarray:
        """Return a continuous raster as float32 (float64 where the file needs it), NaN where NoData."""
        dataset = self._open()  # held while its band is used: GDAL frees the one with the other
        kind = dataset.GetRasterBand(self.band).DataType
        small = kind in [getattr(gdal, name) for name in _SMALL_TYPES]
        surface = np.empty(self.grid.shape, dtype=np.float32 if small else np.float64)
        for row, block, good in self.blocks(monitor):
            part = surface[row : row + len(block)]
            part[...] = block
            part[~good] = np.nan
        return surface

    def where(self, row: int, col: int) -> str:
        """Return a place in words: row, column and coordinates of a cell."""
        x, y = self.grid.centre(row, col)
        return f"row {row + 1}, column {col + 1} (x {x:.10g}, y {y:.10g})"


def require_aligned(first: RasterSource, *others: RasterSource | None) -> None:
    """Raise unless all rasters have the CRS and the cells of the first; None is passed over.

    Raises
    ------
    GridMismatchError, InputError
        With both grids, or both reference systems, in the message.
    """
    for other in others:
        if other is None:
            continue
        if first.crs.isValid() and other.crs.isValid() and first.crs != other.crs:
            raise InputError(
                f"'{first.name}' is in {_crs_name(first.crs)}, '{other.name}' in {_crs_name(other.crs)}. "
                "Reproject one of them (GDAL 'Warp') so that both lie on one grid."
            )
        first.grid.require_same(other.grid, first.name, other.name)


def align(
    source: RasterSource, onto: RasterSource, *, categorical: bool = False, monitor: Monitor = SILENT
) -> np.ndarray:
    """Return a raster as a float32 surface on the grid of another one, NaN where it has no data.

    The only place where rasters are resampled: bilinear (average where the cells become larger), or nearest cell for
    class maps. A raster that lies on that grid already is read as it is. What was done is told.

    Parameters
    ----------
    source : RasterSource
        The raster to bring over.
    onto : RasterSource
        The raster whose grid and CRS to use.
    categorical : bool
        Whether the values are classes, which must not be mixed.
    monitor : Monitor
        Gets the message.
    """
    same_crs = not (source.crs.isValid() and onto.crs.isValid()) or source.crs == onto.crs
    if same_crs and source.grid.same_as(onto.grid):
        return source.read_surface(monitor)
    grid = onto.grid
    coarser = same_crs and grid.dx * grid.dy > 1.5 * source.grid.dx * source.grid.dy
    method = "near" if categorical else "average" if coarser else "bilinear"
    plain = gdal.GetDriverByName("MEM").Create("", source.grid.cols, source.grid.rows, 1, gdal.GDT_Float32)
    plain.SetGeoTransform((source.grid.left, source.grid.dx, 0.0, source.grid.top, 0.0, -source.grid.dy))
    plain.SetProjection(source.grid.crs)
    plain.GetRasterBand(1).SetNoDataValue(float("nan"))
    plain.GetRasterBand(1).WriteArray(source.read_surface(monitor))
    warped = gdal.Warp(
        "",
        plain,
        format="MEM",
        outputBounds=(grid.left, grid.bottom, grid.right, grid.top),
        width=grid.cols,
        height=grid.rows,
        dstSRS=None if same_crs else grid.crs,
        resampleAlg=method,
        srcNodata=float("nan"),
        dstNodata=float("nan"),
    )
    if warped is None:
        raise InputError(f"'{source.name}' cannot be brought onto the grid of '{onto.name}': {gdal.GetLastErrorMsg()}")
    surface = warped.ReadAsArray()
    missing = float(np.isnan(surface).mean())
    if missing == 1.0:
        raise InputError(
            f"'{source.name}' does not cover the area of '{onto.name}'.\n  {onto.name}: {grid.describe()}\n"
            f"  {source.name}: {source.grid.describe()}"
        )
    monitor.info(
        f"'{source.name}' was resampled onto the grid of '{onto.name}' ({method}); "
        f"{100 * missing:.1f} % of the cells have no data in it."
    )
    return surface


def read_together(
    sources: Sequence[RasterSource], onto: RasterSource, monitor: Monitor = SILENT, *, categorical: Sequence[int] = ()
) -> Callable[[Monitor], Iterator[tuple[int, list[np.ndarray]]]]:
    """Return a reader of several rasters on one grid, band of rows by band of rows, that may be called repeatedly.

    Rasters that lie on another grid are brought over first and held in memory, see `align`.

    Parameters
    ----------
    sources : sequence of RasterSource
        The rasters.
    onto : RasterSource
        The raster whose grid and CRS to use.
    monitor : Monitor
        Gets the messages of `align`.
    categorical : sequence of int
        Positions of the rasters that are class maps.

    Returns
    -------
    callable
        Takes a monitor; yields the first row and the surfaces (NaN where NoData) of each band of rows.
    """
    held: dict[int, np.ndarray] = {}
    for position, source in enumerate(sources):
        same_crs = not (source.crs.isValid() and onto.crs.isValid()) or source.crs == onto.crs
        if not (same_crs and source.grid.same_as(onto.grid)):
            held[position] = align(source, onto, categorical=position in categorical, monitor=monitor)
    rows, cols = onto.grid.shape
    height = max(_TILE, _BLOCK_CELLS // (cols * len(sources)) // _TILE * _TILE)

    def read(reading: Monitor) -> Iterator[tuple[int, list[np.ndarray]]]:
        open_ones = {k: source._open() for k, source in enumerate(sources) if k not in held}
        for row in range(0, rows, height):
            reading.step(row, rows)
            count = min(height, rows - row)
            surfaces = []
            for k, source in enumerate(sources):
                if k in held:
                    surfaces.append(held[k][row : row + count])
                    continue
                values = open_ones[k].GetRasterBand(source.band).ReadAsArray(0, row, cols, count)
                if values is None:
                    raise InputError(f"'{source.name}' cannot be read at row {row + 1}; the file may be damaged.")
                valid = source._valid(values)
                small = values.dtype == np.float32 or values.dtype.itemsize <= 2
                surfaces.append(values.astype(np.float32 if small else np.float64, copy=False))
                surfaces[-1][~valid] = np.nan
                # Whole tiles were read and none is read again; GDAL would keep up to a twentieth of the memory.
                open_ones[k].FlushCache()
            yield row, surfaces

    return read


def _crs_name(crs: QgsCoordinateReferenceSystem) -> str:
    return crs.authid() or crs.description() or "an unnamed CRS"


def metres_per_unit(crs: QgsCoordinateReferenceSystem) -> float:
    """Return the length of a map unit of a projected CRS in metres; 1 when there is no CRS."""
    if not crs.isValid() or crs.isGeographic():
        return 1.0
    return QgsUnitTypes.fromUnitToUnitFactor(crs.mapUnits(), QgsUnitTypes.DistanceUnit.DistanceMeters)


def _grid(dataset: gdal.Dataset, layer: QgsRasterLayer) -> Grid:
    left, dx, skew_x, top, skew_y, dy = dataset.GetGeoTransform()
    if skew_x or skew_y or dx <= 0 or dy >= 0:
        raise InputError(
            f"'{layer.name()}' is rotated or not north-up. Warp it first (GDAL 'Warp'), which makes it north-up."
        )
    crs = layer.crs()
    text = crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED_GDAL) if crs.isValid() else ""
    return Grid(dataset.RasterYSize, dataset.RasterXSize, left, top, dx, -dy, text, metres_per_unit(crs))


class RasterWriter:
    """Writes a GeoTIFF band by band of rows; the file appears under its name only when it is complete.

    Use as a context manager. Tiled, DEFLATE with predictor, NoData and CRS set.

    Parameters
    ----------
    path : str
        The file to write; an existing one is replaced on success.
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
        self._path = path
        self._nodata = nodata
        self._dtype = dtype
        suffix = os.path.splitext(path)[1] or ".tif"
        self._temporary = f"{path}.part{suffix}"
        driver_name = QgsRasterFileWriter.driverForExtension(suffix.lstrip(".")) or "GTiff"
        driver = gdal.GetDriverByName(driver_name)
        options = []
        if driver_name == "GTiff":
            predictor = 3 if dtype.startswith("float") else 2
            options = ["TILED=YES", "COMPRESS=DEFLATE", f"PREDICTOR={predictor}", "ZLEVEL=4", "BIGTIFF=IF_SAFER"]
        try:
            self._dataset = driver.Create(self._temporary, grid.cols, grid.rows, 1, _GDAL_TYPES[dtype], options)
        except RuntimeError as error:  # GDAL raises instead of returning None where exceptions are switched on
            raise OutputError(f"{path} cannot be written: {error}") from None
        if self._dataset is None:
            raise OutputError(
                f"{path} cannot be written. Choose a folder that exists and that you may write to. "
                f"GDAL says: {gdal.GetLastErrorMsg()}"
            )
        self._dataset.SetGeoTransform((grid.left, grid.dx, 0.0, grid.top, 0.0, -grid.dy))
        if grid.crs:
            self._dataset.SetProjection(grid.crs)
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
        failed = self._dataset.GetRasterBand(1).WriteArray(values, 0, row)
        if (row + len(values)) % _TILE == 0:
            self._dataset.FlushCache()  # complete tiles only: rewriting compressed ones would leave holes in the file
        if failed or gdal.GetLastErrorType() >= gdal.CE_Failure:
            raise OutputError(f"Writing {self._path} failed: {gdal.GetLastErrorMsg()}")

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        gdal.ErrorReset()
        if self._statistics is not None and self._statistics.count:
            # QGIS would else sample the file for its colours, and find nothing where data are sparse.
            self._dataset.GetRasterBand(1).SetStatistics(*self._statistics.result())
        self._dataset.FlushCache()
        failed = gdal.GetLastErrorMsg() if gdal.GetLastErrorType() >= gdal.CE_Failure else ""
        self._dataset = None
        if kind is not None or failed:
            for leftover in (self._temporary, self._temporary + ".aux.xml"):
                if os.path.exists(leftover):
                    os.remove(leftover)
            if failed and kind is None:
                raise OutputError(f"Writing {self._path} failed; is the disk full? GDAL says: {failed}")
            return
        try:
            os.replace(self._temporary, self._path)
            if os.path.exists(self._temporary + ".aux.xml"):
                os.replace(self._temporary + ".aux.xml", self._path + ".aux.xml")
            elif os.path.exists(self._path + ".aux.xml"):
                os.remove(self._path + ".aux.xml")
        except OSError as error:
            os.remove(self._temporary)
            raise OutputError(f"{self._path} cannot be replaced; is it open elsewhere? {error}") from None


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
    height = max(1, _BLOCK_CELLS // grid.cols)
    with RasterWriter(path, grid, dtype, nodata, description=description, classes=classes) as writer:
        for row in range(0, grid.rows, height):
            monitor.step(row, grid.rows)
            writer.write(row, values[row : row + height])


def describe_values(values: np.ndarray, valid: np.ndarray) -> str:
    """Return a sentence on what a raster holds, for messages about classes that are not there."""
    if not valid.any():
        return "It holds only NoData."
    held = np.unique(values[valid])
    if len(held) <= 20:
        return "It holds the values " + ", ".join(f"{value:g}" for value in held) + "."
    return f"It holds {len(held):,} different values from {held[0]:g} to {held[-1]:g}."
