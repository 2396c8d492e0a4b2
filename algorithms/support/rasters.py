"""Reading rasters: the only place that opens and resamples raster files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Callable

import numpy as np
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsUnitTypes,
)

from ...core.errors import InputError
from ...core.grid import Grid
from ...core.monitor import SILENT, Monitor
from .crs import whole, wkt
from .rasterfiles import TILE

_BLOCK_CELLS = 4_000_000

_SMALL_TYPES = ("GDT_Byte", "GDT_Int16", "GDT_UInt16", "GDT_Float32")


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
        crs = whole(layer.crs(), layer.name(), dataset.GetProjection())
        return cls(path, layer.name(), _grid(dataset, layer.name(), crs), crs, tuple(nodata), band, options)

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
    height = max(TILE, _BLOCK_CELLS // (cols * len(sources)) // TILE * TILE)

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


def _grid(dataset: gdal.Dataset, name: str, crs: QgsCoordinateReferenceSystem) -> Grid:
    left, dx, skew_x, top, skew_y, dy = dataset.GetGeoTransform()
    if skew_x or skew_y or dx <= 0 or dy >= 0:
        raise InputError(f"'{name}' is rotated or not north-up. Warp it first (GDAL 'Warp'), which makes it north-up.")
    return Grid(dataset.RasterYSize, dataset.RasterXSize, left, top, dx, -dy, wkt(crs), metres_per_unit(crs))


def describe_values(values: np.ndarray, valid: np.ndarray) -> str:
    """Return a sentence on what a raster holds, for messages about classes that are not there."""
    if not valid.any():
        return "It holds only NoData."
    held = np.unique(values[valid])
    if len(held) <= 20:
        return "It holds the values " + ", ".join(f"{value:g}" for value in held) + "."
    return f"It holds {len(held):,} different values from {held[0]:g} to {held[-1]:g}."
