"""Reading rasters, and bringing one onto the grid of another; a grid of its own is made in `warping`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Callable

import numpy as np
from osgeo import gdal, osr
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsGeometry,
    QgsPointXY,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsRectangle,
)

from ....core.errors import InputError
from ....core.grid import USE_STUDY_GRID, Grid
from ....core.monitor import SILENT, Monitor
from ....core.studygrid import is_coarser
from ..run.memory import require
from .crs import whole, wkt
from .rasterfiles import TILE
from .rasterheaders import ROUNDING, mask_of, notes_of, surface_type, tried

_ALIGNED_BYTES = 9
"""Memory of a raster while it is resampled, for each of its cells: twice float32, and the validity of the block read."""

BLOCK_CELLS = 4_000_000
_GLANCES, _GLANCE_ROWS = 9, 8

_MOST_CLASSES = 256
"""More different values than that are no classes."""


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
    nodata : tuple of float
        Stored values that count as NoData, beside NaN.
    hidden : tuple of (float, float)
        Closed ranges of shown values that the user of the layer has made NoData.
    band : int
        Number of the band, from 1.
    scale, offset : float
        What turns stored values into those that QGIS shows.
    mask : int
        Number of the band whose zeros are NoData; 0 for the mask of the band itself, None for none.
    notes : tuple of str
        What the user should know of how the layer is read.
    place : tuple of float
        Where its cells lie, as GDAL says it; the grid is that of a raster that is north-up.
    about : str
        What the band says that it holds, such as 'Slope (degrees)'; it goes with the file, whatever the layer is called.
    """

    path: str
    name: str
    grid: Grid
    crs: QgsCoordinateReferenceSystem
    nodata: tuple[float, ...] = ()
    hidden: tuple[tuple[float, float], ...] = ()
    band: int = 1
    scale: float = 1.0
    offset: float = 0.0
    mask: int | None = None
    options: tuple[str, ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()
    place: tuple[float, ...] = ()
    about: str = ""

    @classmethod
    def of(cls, layer: QgsRasterLayer, band: int = 1, *, upright: bool = True) -> RasterSource:
        """Return the source of a layer; call this in the main thread.

        Unless it must be `upright`, a raster that is rotated or south-up is taken too. Its grid then has the number and
        size of its cells and the corner of its box.
        """
        if layer.providerType() != "gdal":
            raise InputError(
                f"'{layer.name()}' comes from a '{layer.providerType()}' service. Save it as a GeoTIFF first "
                "(right-click the layer, Export, Save As)."
            )
        parts = QgsProviderRegistry.instance().decodeUri("gdal", layer.source())
        path = parts.get("path") or layer.source()
        path = f"{parts.get('vsiPrefix') or ''}{path}{parts.get('vsiSuffix') or ''}"  # in an archive, or far away
        if parts.get("layerName"):
            path = layer.source()
        options = tuple(parts.get("openOptions") or ())
        dataset = tried(gdal.OpenEx, path, gdal.OF_RASTER, open_options=list(options))
        if dataset is None:
            raise InputError(f"'{layer.name()}' cannot be opened: {path}")
        name, held = layer.name(), dataset.GetRasterBand(band)
        if held is None:
            raise InputError(f"'{name}' has no band of cells; choose one of the rasters in {path}.")
        if gdal.DataTypeIsComplex(held.DataType):
            raise InputError(f"'{name}' holds complex numbers. Save their real part or modulus as a raster first.")
        # All that the provider is asked, at once: PyQt can lose it while other objects come and go.
        provider = layer.dataProvider()
        sourced = provider.sourceHasNoDataValue(band) and provider.useSourceNoDataValue(band)
        left_out = tuple((one.min(), one.max()) for one in provider.userNoDataValues(band))
        nodata = ()
        if sourced:
            value = held.GetNoDataValue()
            if value is not None and value == value:
                nodata = (value,)
        crs = whole(layer.crs(), name, dataset.GetProjection())
        mask = mask_of(dataset, band)
        return cls(
            path,
            name,
            _grid(dataset, name, crs, upright),
            crs,
            nodata,
            left_out,
            band,
            1.0 if held.GetScale() is None else held.GetScale(),
            held.GetOffset() or 0.0,
            mask,
            options,
            tuple(notes_of(dataset, name, band, mask, upright=upright)),
            dataset.GetGeoTransform(),
            held.GetDescription(),
        )

    def lies_on(self, grid: Grid, crs: QgsCoordinateReferenceSystem) -> bool:
        """Return whether its cells are those of a grid."""
        same_crs = not (self.crs.isValid() and crs.isValid()) or self.crs == crs
        return same_crs and self.is_upright and self.grid.same_as(grid)

    @property
    def is_upright(self) -> bool:
        """Whether it is north-up."""
        return self.is_straight and self.place[1] > 0 > self.place[5]

    @property
    def is_straight(self) -> bool:
        """Whether its rows lie along an axis, north-up or not."""
        return _is_straight(self.place, *self.grid.shape)

    def open(self) -> gdal.Dataset:
        """Return the file as GDAL opens it."""
        dataset = tried(gdal.OpenEx, self.path, gdal.OF_RASTER, open_options=list(self.options))
        if dataset is None:
            raise InputError(f"'{self.name}' cannot be opened any more: {self.path}")
        return dataset

    @property
    def _scaled(self) -> bool:
        return (self.scale, self.offset) != (1.0, 0.0)

    def blocks(
        self, monitor: Monitor = SILENT, window: tuple[slice, slice] | None = None
    ) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Yield the raster, or a window of it, in bands of rows: first row, values as QGIS shows them, validity."""
        dataset = self.open()
        rows, cols = window or (slice(0, self.grid.rows), slice(0, self.grid.cols))
        height = max(1, BLOCK_CELLS // (cols.stop - cols.start))
        _, block_height = dataset.GetRasterBand(self.band).GetBlockSize()
        height = max(block_height, height // block_height * block_height)
        # No block of the file is read twice.
        starts = range(rows.start // block_height * block_height, rows.stop, height)
        for start in starts:
            monitor.step(start - starts.start, rows.stop - starts.start)
            row = max(start, rows.start)
            values, valid = self._rows(dataset, row, min(start + height, rows.stop) - row, cols)
            dataset.FlushCache()  # GDAL would keep up to a twentieth of the memory
            yield row, values, valid

    def _rows(
        self, dataset: gdal.Dataset, row: int, count: int, cols: slice | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return some rows, or some columns of them: values as QGIS shows them, validity."""
        band = dataset.GetRasterBand(self.band)
        place = (0, row, self.grid.cols, count) if cols is None else (cols.start, row, cols.stop - cols.start, count)
        values = tried(band.ReadAsArray, *place)
        if values is None:
            raise InputError(f"'{self.name}' cannot be read at row {row + 1}; the file may be damaged: {self.path}")
        floating = values.dtype.kind == "f"
        valid = np.isfinite(values) if floating else np.ones(values.shape, dtype=bool)
        for stored in self.nodata:
            # A NoData value such as -3.4e38 in the metadata is a double; the cells hold it rounded.
            valid &= values != (np.array(stored).astype(values.dtype) if floating else stored)
        if self.mask is not None:
            over = dataset.GetRasterBand(self.mask) if self.mask else band.GetMaskBand()
            zeros = tried(over.ReadAsArray, *place)
            if zeros is None:
                raise InputError(f"The mask of '{self.name}' cannot be read at row {row + 1}: {self.path}")
            valid &= zeros != 0
        if self._scaled:
            values = values * self.scale + self.offset
        # What the user picked in QGIS are rounded numbers; steps of the file are wider than that.
        slack = 1e-3 * abs(self.scale) if self._scaled else 0.0
        for low, high in self.hidden:
            if low == high and floating and not self._scaled:
                valid &= values != np.array(low).astype(values.dtype)
            else:
                valid &= (values < low - slack) | (values > high + slack)
        return values, valid

    def read(self, monitor: Monitor = SILENT) -> tuple[np.ndarray, np.ndarray]:
        """Return all values as QGIS shows them, and a mask of the valid ones."""
        values: np.ndarray | None = None
        self._require_memory(2)
        valid = np.empty(self.grid.shape, dtype=bool)
        for row, block, good in self.blocks(monitor):
            if values is None:
                values = np.empty(self.grid.shape, dtype=block.dtype)
            values[row : row + len(block)] = block
            valid[row : row + len(block)] = good
        return values, valid

    def read_surface(
        self, monitor: Monitor = SILENT, make: Callable[[tuple[int, int], type], np.ndarray] | None = None
    ) -> np.ndarray:
        """Return a continuous raster as float32 (float64 where the file needs it), NaN where NoData.

        It is in memory unless `make`, given shape and type, makes it elsewhere.
        """
        dataset = self.open()  # held while its band is used: GDAL frees the one with the other
        kind = surface_type(dataset.GetRasterBand(self.band))
        if make is None:
            self._require_memory(kind().itemsize)
        surface = (make or np.empty)(self.grid.shape, kind)
        for row, block, good in self.blocks(monitor):
            part = surface[row : row + len(block)]
            part[...] = block
            part[~good] = np.nan
        return surface

    def _require_memory(self, bytes_per_cell: int) -> None:
        rows, cols = self.grid.shape
        require(bytes_per_cell * rows * cols, f"Reading '{self.name}' ({rows:,} x {cols:,} cells)")

    def glance(self) -> np.ndarray:
        """Return the valid values of a few rows spread over the raster: cheap however large it is."""
        dataset, rows = self.open(), self.grid.rows
        parts = []
        for row in np.unique(np.linspace(0, rows - 1, _GLANCES + 2).astype(int)[1:-1]):
            values, valid = self._rows(dataset, int(row), min(_GLANCE_ROWS, rows - int(row)))
            parts.append(values[valid])
        return np.concatenate(parts)

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
                f"{USE_STUDY_GRID}"
            )
        first.grid.require_same(other.grid, first.name, other.name)


def require_one_grid(sources: Sequence[RasterSource]) -> None:
    """Raise unless all rasters lie on one grid, in a tool that resamples when GRID asks for it."""
    try:
        require_aligned(*sources)
    except InputError as error:
        raise InputError(
            f"{error}\nOr choose a raster for GRID: then all are resampled onto it, and the run says how."
        ) from None


def cells_in_one(
    source: RasterSource, grid: Grid, crs: QgsCoordinateReferenceSystem, transforms: QgsCoordinateTransformContext
) -> float:
    """Return how many cells of a raster make one in the middle of a grid."""
    x, y = grid.centre(grid.rows / 2.0, grid.cols / 2.0)
    cell = QgsGeometry.fromRect(QgsRectangle.fromCenterAndSize(QgsPointXY(x, y), grid.dx, grid.dy))
    if source.crs.isValid() and crs.isValid() and source.crs != crs:
        try:
            cell.transform(QgsCoordinateTransform(crs, source.crs, transforms))
        except QgsCsException:
            raise InputError(
                f"'{source.name}' in {_crs_name(source.crs)} and the grid in {_crs_name(crs)} have no place in common. "
                "Check the CRS of both."
            ) from None
    _, dx, skew_x, _, skew_y, dy = source.place
    return cell.area() / abs(dx * dy - skew_x * skew_y)


def align(
    source: RasterSource, onto: RasterSource, *, categorical: bool = False, monitor: Monitor = SILENT
) -> np.ndarray:
    """Return a raster as a float32 surface on the grid of another one, NaN where it has no data.

    Bilinear (average where the cells become larger), or nearest cell for class maps. A raster that lies on that grid
    already is read as it is. What was done is reported.

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
    rows, cols = source.grid.shape
    needed = _ALIGNED_BYTES * rows * cols + 4 * grid.rows * grid.cols
    require(needed, f"Bringing '{source.name}' ({rows:,} x {cols:,} cells) onto the grid of '{onto.name}'")
    coarser = is_coarser(1.0, cells_in_one(source, grid, onto.crs, QgsCoordinateTransformContext()))
    method = "near" if categorical else "average" if coarser else "bilinear"
    plain = gdal.GetDriverByName("MEM").Create("", source.grid.cols, source.grid.rows, 1, gdal.GDT_Float32)
    plain.SetGeoTransform((source.grid.left, source.grid.dx, 0.0, source.grid.top, 0.0, -source.grid.dy))
    plain.SetProjection(source.grid.crs)
    plain.GetRasterBand(1).SetNoDataValue(float("nan"))
    plain.GetRasterBand(1).WriteArray(source.read_surface(monitor))
    warped = tried(
        gdal.Warp,
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
    known = lost = 0
    for row, _, valid in onto.blocks(monitor):
        known += int(np.count_nonzero(valid))
        lost += int(np.count_nonzero(valid & np.isnan(surface[row : row + len(valid)])))
    if known and lost == known:
        raise InputError(
            f"'{source.name}' has data in no cell in which '{onto.name}' has.\n  {onto.name}: {grid.describe()}\n"
            f"  {source.name}: {source.grid.describe()}\nCheck the CRS of both, or use a raster that covers the area."
        )
    monitor.info(
        f"'{source.name}' was resampled onto the grid of '{onto.name}' ({method}); it has no data in {lost:,} cells "
        f"({lost / max(known, 1):.1%}) in which '{onto.name}' has."
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
    height = max(TILE, BLOCK_CELLS // (cols * len(sources)) // TILE * TILE)

    def read(reading: Monitor) -> Iterator[tuple[int, list[np.ndarray]]]:
        open_ones = {k: source.open() for k, source in enumerate(sources) if k not in held}
        for row in range(0, rows, height):
            reading.step(row, rows)
            count = min(height, rows - row)
            surfaces = []
            for k, source in enumerate(sources):
                if k in held:
                    surfaces.append(held[k][row : row + count])
                    continue
                values, valid = source._rows(open_ones[k], row, count)
                kind = surface_type(open_ones[k].GetRasterBand(source.band))
                surfaces.append(values.astype(kind, copy=False))
                surfaces[-1][~valid] = np.nan
                # Whole tiles were read and none is read again; GDAL would keep up to a twentieth of the memory.
                open_ones[k].FlushCache()
            yield row, surfaces

    return read


def _crs_name(crs: QgsCoordinateReferenceSystem) -> str:
    return crs.authid() or crs.description() or "an unnamed CRS"


def metres_per_unit(crs: QgsCoordinateReferenceSystem) -> float:
    """Return the length of a map unit of a projected CRS in metres; 1 when there is no CRS.

    The CRS itself says it: QGIS takes US survey feet for international ones, and a unit that it has no name for for metres.
    """
    if not crs.isValid() or crs.isGeographic():
        return 1.0
    return osr.SpatialReference(wkt(crs)).GetLinearUnits()


def _grid(dataset: gdal.Dataset, name: str, crs: QgsCoordinateReferenceSystem, upright: bool) -> Grid:
    place = dataset.GetGeoTransform(can_return_null=True)
    if place is None:
        raise InputError(
            f"'{name}' does not say where it lies (no geotransform). Georeference it first (Raster, Georeferencer; or a "
            "world file)."
        )
    left, dx, skew_x, top, skew_y, dy = place
    rows, cols = dataset.RasterYSize, dataset.RasterXSize
    if not upright:
        left, top = (
            left + min(0.0, dx * cols) + min(0.0, skew_x * rows),
            top + max(0.0, dy * rows) + max(0.0, skew_y * cols),
        )
        dx, dy = math.hypot(dx, skew_y), -math.hypot(dy, skew_x)
    elif not (dx > 0 > dy and _is_straight(place, rows, cols)):
        raise InputError(f"'{name}' is rotated or not north-up. {USE_STUDY_GRID}")
    return Grid(rows, cols, left, top, dx, -dy, wkt(crs), metres_per_unit(crs))


def _is_straight(place: Sequence[float], rows: int, cols: int) -> bool:
    _, dx, skew_x, _, skew_y, dy = place
    return abs(skew_x) * rows <= ROUNDING * abs(dx) and abs(skew_y) * cols <= ROUNDING * abs(dy)


def measured_values(values: np.ndarray) -> str | None:
    """Return what shows that values were measured and are no classes, in words; None where they may be classes."""
    if values.dtype.kind == "f":
        broken = values[values != np.rint(values)]
        if broken.size:
            return f"fractions such as {broken[0]:.10g}"
    different = np.unique(values)
    if different.size > _MOST_CLASSES:
        return f"{different.size:,} different values in a few rows, from {different[0]:.10g} to {different[-1]:.10g}"
    return None


def describe_values(values: np.ndarray, valid: np.ndarray) -> str:
    """Return a sentence on what a raster holds, for messages about classes that are not there."""
    if not valid.any():
        return "It holds only NoData."
    held = np.unique(values[valid])
    if len(held) <= 20:
        return "It holds the values " + ", ".join(f"{value:g}" for value in held) + "."
    return f"It holds {len(held):,} different values from {held[0]:g} to {held[-1]:g}."
