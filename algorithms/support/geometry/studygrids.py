"""The grid of a study: chosen for a land-cover map, and other rasters brought onto it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransformContext, QgsRectangle

from ....core.grid import Grid
from ....core.monitor import Monitor
from ....core.studygrid import neat_cell, snapped
from ..io import warping
from ..io.crs import fitting_crs, wkt
from ..io.rasters import RasterSource, cells_in_one, metres_per_unit
from ..run.inputlayers import InputLayer, scale_warning

METHODS = {
    "mode": "most frequent class (mode), since cells become larger",
    "near": "nearest cell",
    "average": "average, since cells become larger",
    "bilinear": "bilinear interpolation",
}
"""What GDAL's ways to resample are, in words."""

_DEGREES = "EPSG:4326"


def check_crs(crs: QgsCoordinateReferenceSystem | None, text: str, cover: RasterSource) -> str | None:
    """Return why no grid can be made for a land-cover map in a CRS that was asked for as `text`, if none can."""
    if crs is not None and not crs.isValid():
        return f"'{text}' is not a coordinate reference system that QGIS knows. Choose one from the list."
    if crs is not None and crs.isGeographic():
        return (
            f"{crs.authid() or crs.description()} is in degrees. A study grid is in metres: choose a projected CRS, such "
            "as the UTM zone of the area, or leave it empty and a fitting one is taken."
        )
    if not cover.crs.isValid():
        return (
            f"'{cover.name}' has no coordinate reference system, so that nothing can be brought together with it. Set it "
            "in the properties of the layer (Source)."
        )
    return None


@dataclass(frozen=True)
class StudyGrid:
    """A grid of square cells in metres.

    Attributes
    ----------
    grid, crs
        The cells and their CRS.
    outline : warping.Outline
        The area of the study: cells with their centre outside it get no data.
    transforms : QgsCoordinateTransformContext
        How to reproject.
    """

    grid: Grid
    crs: QgsCoordinateReferenceSystem
    outline: warping.Outline
    transforms: QgsCoordinateTransformContext

    @classmethod
    def of(
        cls,
        cover: RasterSource,
        outline: warping.Outline,
        crs: QgsCoordinateReferenceSystem,
        cell: float | None,
        transforms: QgsCoordinateTransformContext,
        monitor: Monitor,
        *,
        warn: bool,
    ) -> StudyGrid:
        """Return the grid of an area in a CRS, and say how its cell was chosen; `warn` where the scale of the CRS is off."""
        metres, box = metres_per_unit(crs), _box(outline, crs)
        if cell is None:
            middle = box.center()
            probe = Grid(1, 1, middle.x(), middle.y(), 1.0 / metres, 1.0 / metres, wkt(crs), metres)
            square_metres = cells_in_one(cover, probe, crs, transforms)
            own = square_metres**-0.5 if crs != cover.crs else (cover.grid.dx * cover.grid.dy) ** 0.5 * metres
            cell, how = neat_cell(own)
            monitor.info(f"Cell: {cell:g} m; those of '{cover.name}' are {own:.6g} m ({how}).")
        else:
            monitor.info(f"Cell: {cell:g} m, as asked for.")
        grid = snapped(
            box.xMinimum(),
            box.yMinimum(),
            box.xMaximum(),
            box.yMaximum(),
            cell,
            corner=(cover.grid.left, cover.grid.top) if _fits(cover, crs, cell / metres) else (0.0, 0.0),
            crs=wkt(crs),
            metres_per_unit=metres,
        )
        monitor.info(f"Study grid: {grid.describe()}.")
        extent = QgsRectangle(grid.left, grid.bottom, grid.right, grid.top)
        warning = scale_warning(InputLayer("", "the study grid", crs, extent, grid.dx), transforms) if warn else None
        if warning:
            monitor.warn(warning)
        return cls(grid, crs, outline, transforms)

    def plan(self, source: RasterSource, cover: RasterSource, *, classes: bool) -> warping.Move:
        """Return how a raster comes onto the grid; one without a CRS has that of the land cover, as is warned."""
        if not source.crs.isValid():
            source = replace(source, crs=cover.crs, grid=replace(source.grid, crs=cover.grid.crs))
        return warping.plan(source, self.outline, self.grid, self.crs, classes, self.transforms)

    def bring(self, move: warping.Move, scratch: str, monitor: Monitor) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Yield a raster on the grid in bands of rows: first row, values, and which cells lie in the area of the study.

        The values outside it are not to be used; see `warping.warped`.
        """
        shapes = self.outline.into(self.crs)
        for row, values in warping.warped(move, self.grid, scratch, monitor):
            yield row, values, warping.inside(shapes, self.grid.window(row, 0, len(values), self.grid.cols))


def choose_crs(
    given: QgsCoordinateReferenceSystem | None, cover: RasterSource, outline: warping.Outline, monitor: Monitor
) -> QgsCoordinateReferenceSystem:
    """Return the CRS of a grid, and say why it is this one."""
    if given is not None:
        monitor.info(f"CRS: {given.authid() or given.description()}, as asked for.")
        return given
    if not cover.crs.isGeographic():
        monitor.info(f"CRS: {cover.crs.authid() or cover.crs.description()}, that of '{cover.name}'.")
        return cover.crs
    crs, name, reason = fitting_crs(_box(outline, QgsCoordinateReferenceSystem(_DEGREES)))
    monitor.info(f"CRS: {name}, since '{cover.name}' is in degrees: {reason}.")
    return crs


def _fits(cover: RasterSource, crs: QgsCoordinateReferenceSystem, size: float) -> bool:
    """Tell whether the cells of a raster can stay where they are: they are of that size, make whole ones, or are parts."""
    dx, dy = cover.grid.dx, cover.grid.dy
    if crs != cover.crs or not cover.is_straight or abs(dx - dy) > _EQUAL * dx:
        return False
    ratio = max(size / dx, dx / size)
    return abs(ratio - round(ratio)) <= _EQUAL * ratio


_EQUAL = 1e-6
"""Relative difference of cells up to which they meet over a whole raster."""


def _box(outline: warping.Outline, crs: QgsCoordinateReferenceSystem) -> QgsRectangle:
    box = QgsRectangle()
    for shape in outline.into(crs):
        box.combineExtentWith(shape.boundingBox())
    return box
