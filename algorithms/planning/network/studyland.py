"""The land use on the grid of the study, and other rasters brought onto it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from qgis.core import QgsProcessingUtils

from ....core.errors import InputError
from ....core.grid import SQUARE
from ...support.geometry.studygrids import METHODS, StudyGrid, check_crs, choose_crs
from ...support.io import warping
from ...support.io.rasterfiles import RasterWriter
from ...support.io.rasters import RasterSource

if TYPE_CHECKING:
    from ....core.monitor import Monitor
    from ...support.run.job import Job


class Brought(NamedTuple):
    """What was done to a raster that did not lie on the grid."""

    name: str
    crs: str
    cell: str
    method: str
    missing: int
    """Cells of the study area without data."""


def needs_grid(job: Job) -> bool:
    """Return whether the land use is brought onto a grid of its own: when that is asked for, or its cells do not fit."""
    land = job.raster("LANDUSE")
    square = abs(land.grid.dx - land.grid.dy) <= SQUARE * max(land.grid.dx, land.grid.dy)
    degrees = land.crs.isValid() and land.crs.isGeographic()
    return job.given("CRS") or job.given("CELL") or degrees or not (square and land.is_straight)


def check(job: Job) -> str | None:
    """Return why the land use cannot be brought onto a grid of its own, where it has to be."""
    return check_crs(job.crs("CRS"), job.text("CRS"), job.raster("LANDUSE")) if needs_grid(job) else None


class StudyLand:
    """The land use on the grid of the study, and other rasters brought onto it.

    Attributes
    ----------
    grid, crs
        Those of the land use where its cells are square and in metres and nothing else is asked for; see `needs_grid`.
    brought : list of Brought
        What was done to the rasters that did not lie on it.
    """

    def __init__(self, job: Job, monitor: Monitor | None = None) -> None:
        self._job = job
        monitor = job.monitor if monitor is None else monitor
        self._given = land = job.raster("LANDUSE")
        self.brought: list[Brought] = []
        transforms = job.context.transformContext()
        outline = warping.Outline.of_raster(land, transforms)
        if needs_grid(job):
            given = job.crs("CRS")
            crs = choose_crs(given, land, outline, monitor)
            warn = given is not None or not land.crs.isGeographic()
            self._study = StudyGrid.of(land, outline, crs, job.number("CELL"), transforms, monitor, warn=warn)
        else:
            self._study = StudyGrid(land.grid, land.crs, outline, transforms)
        self.grid, self.crs = self._study.grid, self._study.crs

    def read(self, monitor: Monitor) -> tuple[RasterSource, np.ndarray, np.ndarray]:
        """Return the land use on the grid, its values, and where it has data."""
        land, study = self._given, self._study
        if not land.lies_on(self.grid, self.crs):
            move = study.plan(land, land, classes=True)
            path = self._scratch("landuse.tif")
            with RasterWriter(path, self.grid, move.kind, move.nodata, description=land.about or land.name) as writer:
                for row, values, inside in study.bring(move, self._scratch("read.tif"), monitor):
                    np.copyto(values, move.nodata, where=~inside, casting="unsafe")
                    writer.write(row, values)
            grid = self.grid
            place = (grid.left, grid.dx, 0.0, grid.top, 0.0, -grid.dy)
            land = RasterSource(path, land.name, grid, self.crs, (move.nodata,), place=place)
            self._note(move, int(grid.rows * grid.cols - np.count_nonzero(land.read()[1])))
        values, valid = land.read()
        if not valid.any():
            raise InputError(f"'{land.name}' holds only NoData. Choose another land use.")
        self._land, self._valid = land, valid
        return land, values, valid

    def surface(self, source: RasterSource, *, classes: bool = False) -> np.ndarray:
        """Return a raster as a float32 surface on the grid, NaN = NoData; what was done is said.

        Raises
        ------
        InputError
            If it has no data where the land use has.
        """
        monitor = self._job.monitor
        if source.lies_on(self.grid, self.crs):
            return source.read_surface(monitor)
        move = self._study.plan(source, self._given, classes=classes)
        surface = np.empty(self.grid.shape, np.float32)
        for row, values, _ in self._study.bring(move, self._scratch("read.tif"), monitor):
            part = surface[row : row + len(values)]
            part[...] = values
            part[values == move.nodata] = np.nan
        lost = int(np.count_nonzero(self._valid & np.isnan(surface)))
        if lost == np.count_nonzero(self._valid):
            raise InputError(
                f"'{source.name}' has data in no cell in which '{self._land.name}' has.\n  {self._land.name}: "
                f"{self.grid.describe()}\n  {source.name}: {source.grid.describe()}\nCheck the CRS of both, or use a raster "
                "that covers the area."
            )
        self._note(move, lost)
        return surface

    def _note(self, move: warping.Move, missing: int) -> None:
        source = move.source
        crs = source.crs.authid() or source.crs.description() or "none"
        cell = f"{source.grid.dx:.6g} x {source.grid.dy:.6g}"
        brought = Brought(source.name, crs, cell, METHODS[move.method], missing)
        if brought in self.brought:  # a raster that is scored is read again for the maps
            return
        self.brought.append(brought)
        self._job.monitor.info(
            f"'{source.name}' was brought onto the grid of the study: {METHODS[move.method]}; no data in {missing:,} of its "
            "cells."
        )

    def _scratch(self, file: str) -> str:
        return self._job.outputs.scratch(os.path.join(QgsProcessingUtils.tempFolder(), file))
