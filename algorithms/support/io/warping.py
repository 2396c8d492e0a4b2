"""Bringing rasters onto a grid by GDAL's warper, in bands of rows, so that memory does not grow with the grid."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from osgeo import gdal
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsCsException, QgsGeometry
from qgis.PyQt.QtGui import QTransform

from ....core.errors import InputError
from ....core.grid import Grid
from ....core.monitor import SILENT, Monitor
from ....core.studygrid import is_coarser
from . import rasterfiles
from .rasterheaders import tried
from .rasters import RasterSource, cells_in_one, metres_per_unit
from .vectors import burn, gdal_progress, overlaps

BAND_CELLS = 16_000_000
"""Cells of a band: the flatter it is, the more of a raster that lies aslant is read twice."""

WARP_BYTES = 256_000_000
"""Memory of the warper for a band."""

_DIRECT = {"Byte": "uint8", "Int16": "int16", "UInt16": "int32"}
"""GDAL's types that the warper reads as we would, and what holds their classes."""

_GDAL_TYPES = {"uint8": gdal.GDT_Byte, "int16": gdal.GDT_Int16, "int32": gdal.GDT_Int32, "float32": gdal.GDT_Float32}
_CORNERS = 16
"""Segments of a quarter of a circle in the margin around an area."""

_EXACT = 2**24
"""Largest number that GDAL's mode tells from its neighbours: it counts in float32."""


class Outline:
    """The area of a study: polygons in a CRS, with corners so close that their edges stay on them in another one."""

    def __init__(self, shapes: list[QgsGeometry], crs: QgsCoordinateReferenceSystem, transforms) -> None:
        box = shapes[0].boundingBox()
        for shape in shapes[1:]:
            box.combineExtentWith(shape.boundingBox())
        step = max(box.width(), box.height()) / 400.0
        self._shapes = [shape.densifyByDistance(step) if step > 0.0 else shape for shape in shapes]
        self._crs = crs
        self._transforms = transforms

    @classmethod
    def of_raster(cls, source: RasterSource, transforms) -> Outline:
        """Return the outline of all cells of a raster."""
        rows, cols = source.grid.shape
        ring = QgsGeometry.fromWkt(f"POLYGON((0 0, {cols} 0, {cols} {-rows}, 0 {-rows}, 0 0))")
        ring.transform(_from_cells(source.place))
        return cls([ring], source.crs, transforms)

    def widened(self, metres: float, crs: QgsCoordinateReferenceSystem) -> Outline:
        """Return the area with a margin around it, measured in a projected CRS."""
        reach = metres / metres_per_unit(crs)
        return Outline([shape.buffer(reach, _CORNERS) for shape in self.into(crs)], crs, self._transforms)

    def into(self, crs: QgsCoordinateReferenceSystem) -> list[QgsGeometry]:
        """Return the polygons in a CRS; those that reach where it does not are refused."""
        moved = [QgsGeometry(shape) for shape in self._shapes]
        if not (self._crs.isValid() and crs.isValid()) or self._crs == crs:
            return moved
        transform = QgsCoordinateTransform(self._crs, crs, self._transforms)
        for shape in moved:
            try:
                shape.transform(transform)
                reached = shape.boundingBox().isFinite()
            except QgsCsException:
                reached = False
            if not reached:
                raise InputError(
                    f"The study area cannot be brought from {_name(self._crs)} into {_name(crs)}: it lies outside what these "
                    "cover. Choose another CRS, or a smaller area."
                )
        return moved

    def on_cells(self, source: RasterSource) -> list[QgsGeometry]:
        """Return the polygons in columns to the right and rows downwards, as negative numbers, of a raster."""
        back, _ = _from_cells(source.place).inverted()
        moved = self.into(source.crs)
        for shape in moved:
            shape.transform(back)
        return moved


def _from_cells(place: tuple[float, ...]) -> QTransform:
    left, dx, skew_x, top, skew_y, dy = place
    return QTransform(dx, skew_y, -skew_x, -dy, left, top)


def _name(crs: QgsCoordinateReferenceSystem) -> str:
    return crs.authid() or crs.description()


def cells_of(shapes: list[QgsGeometry], row: int, col: int, rows: int, cols: int) -> np.ndarray:
    """Return which cells of a window have their centre in polygons that are `on_cells` of a raster."""
    return inside(shapes, Grid(rows, cols, left=col, top=-row))


def inside(shapes: list[QgsGeometry], grid: Grid) -> np.ndarray:
    """Return which cells have their centre in one of the polygons."""
    near = [shape for shape in shapes if overlaps(shape, grid)]
    return burn(near, grid, [1] * len(near), kind=gdal.GDT_Byte).view(bool)


@dataclass(frozen=True)
class Move:
    """How a raster comes onto a grid.

    Attributes
    ----------
    source : RasterSource
        The raster.
    classes : bool
        Whether its values are classes, which must not be mixed.
    method : str
        As GDAL calls it: 'mode' or 'near' for classes, 'average' or 'bilinear' for measured values.
    rows, cols : slice
        The cells of it that are looked at.
    kind : str
        Type of the values on the grid.
    nodata : float
        What stands for NoData there.
    """

    source: RasterSource
    classes: bool
    method: str
    rows: slice
    cols: slice
    kind: str
    nodata: float

    @property
    def direct(self) -> bool:
        """Whether the warper reads the file itself; it would overlook scales, masks, and NaN beside a NoData value."""
        source = self.source
        scaled = (source.scale, source.offset) != (1.0, 0.0)
        return not (scaled or source.hidden or source.mask is not None) and _band_type(source) in _DIRECT

    @property
    def bytes_read(self) -> int:
        """Bytes of the cells that GDAL reads, and writes in between where it does not read the file itself."""
        dataset = self.source.open()
        size = gdal.GetDataTypeSize(dataset.GetRasterBand(self.source.band).DataType) // 8
        cells = (self.rows.stop - self.rows.start) * (self.cols.stop - self.cols.start)
        return cells * (size + (0 if self.direct else 4))


def plan(
    source: RasterSource, outline: Outline, grid: Grid, crs: QgsCoordinateReferenceSystem, classes: bool, transforms
) -> Move:
    """Return how a raster comes onto a grid.

    Raises
    ------
    InputError
        If it does not reach into the study area.
    """
    ratio = cells_in_one(source, grid, crs, transforms)
    coarser = is_coarser(1.0, ratio)
    method = ("mode" if coarser else "near") if classes else ("average" if coarser else "bilinear")
    shapes = outline.on_cells(source)
    edges = [shape.boundingBox() for shape in shapes]
    # What a cell at the edge of the area is made of lies beyond it.
    margin = 4 + 2 * math.ceil(ratio**0.5)
    top = max(math.floor(min(-box.yMaximum() for box in edges)) - margin, 0)
    bottom = min(math.ceil(max(-box.yMinimum() for box in edges)) + margin, source.grid.rows)
    left = max(math.floor(min(box.xMinimum() for box in edges)) - margin, 0)
    right = min(math.ceil(max(box.xMaximum() for box in edges)) + margin, source.grid.cols)
    if bottom <= top or right <= left:
        raise InputError(
            f"'{source.name}' does not reach into the study area.\n  Study area: {grid.describe()} ({_name(crs)})\n"
            f"  {source.name}: {source.grid.describe()} ({_name(source.crs)})\nCheck the CRS of both, or leave it out."
        )
    kind, nodata = _stored(source) if classes else ("float32", rasterfiles.NO_ELEVATION)
    return Move(source, classes, method, slice(top, bottom), slice(left, right), kind, nodata)


def _band_type(source: RasterSource) -> str:
    dataset = source.open()  # held while its band is used: GDAL frees the one with the other
    return gdal.GetDataTypeName(dataset.GetRasterBand(source.band).DataType)


def _stored(source: RasterSource) -> tuple[str, int]:
    """Return the type and NoData of a class raster on the grid: its own, or a wider type with one that no class has."""
    kind = _band_type(source)
    scaled = (source.scale, source.offset) != (1.0, 0.0)
    if scaled or kind not in _DIRECT:
        return "int32", rasterfiles.NO_NUMBER
    held = _DIRECT[kind]
    own = source.nodata[0] if len(source.nodata) == 1 else None
    if own is not None and own == int(own) and np.iinfo(held).min <= own <= np.iinfo(held).max:
        return held, int(own)
    return ("int16", -9999) if held == "uint8" else ("int32", rasterfiles.NO_NUMBER)


def warped(move: Move, grid: Grid, scratch: str, monitor: Monitor = SILENT) -> Iterator[tuple[int, np.ndarray]]:
    """Yield a raster on a grid in bands of rows: first row, values with `move.nodata` where there are none.

    Parameters
    ----------
    move : Move
        How, see `plan`.
    grid : Grid
        The grid, with its CRS.
    scratch : str
        Where a file may be written that GDAL reads what the reader of the project has read from.
    monitor : Monitor
        Progress and cancellation.
    """
    if move.direct:
        dataset, start = _one_band(move.source), 0.0
        nodata = move.source.nodata[0] if move.source.nodata else None
    else:
        start = 0.3
        dataset, nodata = _prepared(move, scratch, monitor.part(0.0, start)), move.nodata
    given = move.source.grid.crs or grid.crs
    height = max(rasterfiles.TILE, BAND_CELLS // grid.cols // rasterfiles.TILE * rasterfiles.TILE)
    for row in range(0, grid.rows, height):
        window = grid.window(row, 0, min(height, grid.rows - row), grid.cols)
        share = (1.0 - start) / grid.rows
        part = monitor.part(start + share * row, start + share * (row + window.rows))
        part.check()
        gdal.ErrorReset()
        band = tried(
            gdal.Warp,
            "",
            dataset,
            format="MEM",
            outputBounds=(window.left, window.bottom, window.right, window.top),
            width=window.cols,
            height=window.rows,
            srcSRS=given or None,
            dstSRS=grid.crs or None,
            resampleAlg=move.method,
            srcNodata="None" if nodata is None else nodata,
            dstNodata=move.nodata,
            outputType=_GDAL_TYPES[move.kind],
            workingType=gdal.GDT_Unknown if move.classes else gdal.GDT_Float32,
            options=["-ovr", "NONE"],  # overviews of class rasters are often averaged
            warpMemoryLimit=WARP_BYTES // 2**20,
            warpOptions=["NUM_THREADS=ALL_CPUS", "INIT_DEST=NO_DATA"],
            callback=gdal_progress(part),
        )
        part.check()
        if band is None:
            raise InputError(f"'{move.source.name}' cannot be brought onto the study grid: {gdal.GetLastErrorMsg()}")
        yield row, band.ReadAsArray()


def _one_band(source: RasterSource) -> gdal.Dataset:
    dataset = source.open()
    if dataset.RasterCount == 1:
        return dataset
    return gdal.Translate("", dataset, format="VRT", bandList=[source.band])


def _prepared(move: Move, path: str, monitor: Monitor) -> gdal.Dataset:
    """Return the part of a raster that is looked at as the reader of the project shows it, in a file."""
    source, kind = move.source, "int32" if move.classes else "float32"
    height, width = move.rows.stop - move.rows.start, move.cols.stop - move.cols.start
    options = ["TILED=YES", "BIGTIFF=IF_SAFER"]
    dataset = tried(gdal.GetDriverByName("GTiff").Create, path, width, height, 1, _GDAL_TYPES[kind], options)
    if dataset is None:
        raise InputError(f"{path} cannot be written. GDAL says: {gdal.GetLastErrorMsg()}")
    left, dx, skew_x, top, skew_y, dy = source.place
    row, col = move.rows.start, move.cols.start
    dataset.SetGeoTransform((left + dx * col + skew_x * row, dx, skew_x, top + skew_y * col + dy * row, skew_y, dy))
    for row, values, valid in source.blocks(monitor, (move.rows, move.cols)):
        valid &= np.isfinite(values)
        held = values[valid]
        none = held[(held != np.rint(held)) | (np.abs(held) > _EXACT)] if move.classes else ()
        if len(none):
            raise InputError(
                f"'{source.name}' holds values that are not classes, such as {none[0]:.10g}. Classes are whole numbers up to "
                f"{_EXACT:,}. Give measured rasters under 'Measured rasters'."
            )
        stored = np.full(values.shape, move.nodata, kind)
        stored[valid] = held
        dataset.GetRasterBand(1).WriteArray(stored, 0, row - move.rows.start)
        dataset.FlushCache()  # GDAL would keep it beside what it has read
    return dataset
