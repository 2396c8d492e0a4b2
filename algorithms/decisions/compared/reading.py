"""Reads the layers of the runs that are compared onto the grid of the first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from qgis.core import QgsGeometry

from .... import core
from ....core.errors import InputError
from ....core.grid import Grid
from ....core.monitor import Monitor
from ...support.capsule.outputs import open_features, open_raster
from ...support.inputs.links import COST_FIELDS, LENGTH_FIELDS, is_active, numbers, read_links
from ...support.inputs.sources import Sources, read_sources
from ...support.io.categories import not_classes, read_categories
from ...support.io.rasters import RasterSource, align
from ...support.io.vectors import VectorSource, burn, burnt_cells
from .manifest import RASTERS, File, RunFiles

BYTES_PER_CELL = 32
"""Memory of a run: labels, two class maps, two surfaces, two kinds of key areas, a mask and what reading takes."""

_GRID_OF = ("RESISTANCE", "MSPA", "LANDUSE", "CURRENT")
_AREAS = {"pinch points": "PINCHPOINTS", "barriers": "BARRIERS"}
_CLASSES = {"MSPA": "MSPA", "land use": "LANDUSE"}
_SURFACES = {"resistance": "RESISTANCE", "current": "CURRENT"}


@dataclass(frozen=True)
class ReadRun:
    """A run that has been read.

    Attributes
    ----------
    files : RunFiles
        Where it was read from.
    maps : core.decisions.RunMaps
        Its layers on the grid.
    sources : Sources
        Ids and polygons.
    link_ids : list
        Ids of the active links.
    link_ends : list of str
        The ids of the two sources of each.
    lines : list of QgsGeometry
        Their paths.
    names : dict of int to str
        Names of the land uses.
    colours : dict of int to tuple
        Their colours.
    """

    files: RunFiles
    maps: core.decisions.RunMaps
    sources: Sources
    link_ids: list
    link_ends: list[str]
    lines: list[QgsGeometry]
    names: dict[int, str]
    colours: dict[int, tuple]

    @property
    def name(self) -> str:
        """What the run is called."""
        return self.files.name


class Reader:
    """Reads runs.

    Parameters
    ----------
    first : RunFiles
        The run on whose grid the others are read.
    scratch : callable
        Returns a new folder, to unpack layers of a capsule into.
    same_grid : bool
        Whether a raster on another grid is refused.
    monitor : Monitor
        Progress, cancellation and messages.

    Attributes
    ----------
    onto : RasterSource
        The raster that has the grid.
    """

    def __init__(self, first: RunFiles, scratch: Callable[[], str], same_grid: bool, monitor: Monitor) -> None:
        self._scratch, self._same_grid, self._monitor = scratch, same_grid, monitor
        role = next((one for one in _GRID_OF if one in first.files), None)
        if role is None:
            raise InputError(f"'{first.name}' has no raster ({', '.join(RASTERS)}), so that no grid is known.")
        self.onto = self._raster(first, role)
        if self.onto.crs.isGeographic():
            raise InputError(
                f"'{first.name}', {role}: {self.onto.path} is in degrees ({self.onto.crs.authid()}). Areas and distances "
                "need metres. The tool 'Study grid' (studygrid) brings rasters onto one grid of square cells in metres."
            )

    @property
    def grid(self) -> Grid:
        """The grid of all runs."""
        return self.onto.grid

    def _path(self, file: File) -> str:
        if file.capsule is None or file.entry is None:
            return file.path
        return file.capsule.unpack(file.entry, self._scratch(), self._monitor)

    def _raster(self, run: RunFiles, role: str) -> RasterSource:
        try:
            source = open_raster(self._path(run.files[role]))
            if not source.is_upright:
                raise InputError("it is rotated or not north-up; the tool 'Study grid' makes it so")
        except InputError as error:
            raise InputError(f"'{run.name}', {role}: {error}") from None
        return source

    def _features(self, run: RunFiles, role: str) -> VectorSource:
        file = run.files[role]
        path = self._path(file)
        found = open_features(path, file.layer)
        if not found.source.isValid():
            raise InputError(f"'{run.name}', {role}: {path} cannot be opened as a layer of features.")
        return found

    def read(self, run: RunFiles) -> ReadRun:
        """Return a run on the grid."""
        grid, crs, monitor = self.grid, self.onto.crs, self._monitor
        names: dict[int, str] = {}
        colours: dict[int, tuple] = {}
        sources = read_sources(self._features(run, "SOURCES"), grid, crs, monitor=monitor)
        ids, pairs, cost, length, ends, lines = self._links(run, sources)
        classes = {}
        for name, role in _CLASSES.items():
            if role in run.files:
                source = self._raster(run, role)
                held = not_classes(source)
                if held:
                    raise InputError(
                        f"'{run.name}', {role}: {source.path} holds measured values ({held}), not classes."
                    )
                classes[name] = self._classes(run, role, source)
                if role == "LANDUSE":
                    names, colours = read_categories(source)
        surfaces = {
            name: self._aligned(run, role, self._raster(run, role))
            for name, role in _SURFACES.items()
            if role in run.files
        }
        areas, counts = {}, {}
        for name, role in _AREAS.items():
            if role in run.files:
                shapes = self._features(run, role).geometries(crs, monitor)
                areas[name], counts[name] = burn(shapes, grid), len(shapes)
        cells = [burnt_cells(one, grid, all_touched=True) for one in lines]
        maps = core.decisions.RunMaps(
            run.name,
            sources.labels,
            len(sources.ids),
            pairs,
            cost,
            length,
            core.decisions.Paths(cells, grid.shape),
            classes,
            surfaces,
            areas,
            counts,
            "LINKS" in run.files,
        )
        return ReadRun(run, maps, sources, ids, ends, lines, names, colours)

    def _links(self, run: RunFiles, sources: Sources):
        """Return ids, pairs of positions, costs, lengths, ends in words and lines of the active links."""
        none = [], np.empty((0, 2), dtype=np.int64), np.empty(0), np.empty(0), [], []
        if "LINKS" not in run.files:
            return none
        layer = self._features(run, "LINKS")
        features = list(layer.features())
        if not any(map(is_active, features)):
            self._monitor.warn(f"'{run.name}' has no active link.")
            return none
        links = read_links(layer, sources, self.onto.crs, monitor=self._monitor)
        cost = numbers(links, COST_FIELDS, "least-cost distance")
        lines = [one.geometry() for one in links.features]
        known = links.known(LENGTH_FIELDS)
        length = np.where(np.isnan(known), [one.length() * self.grid.metres_per_unit for one in lines], known)
        ends = [f"{sources.ids[a - 1]} - {sources.ids[b - 1]}" for a, b in links.pairs.tolist()]
        return links.ids, links.pairs - 1, cost, length, ends, lines

    def _aligned(self, run: RunFiles, role: str, source: RasterSource) -> np.ndarray:
        if self._same_grid and not source.lies_on(self.grid, self.onto.crs):
            raise InputError(
                f"'{run.name}', {role}: {source.path} lies on another grid ({source.grid.describe()}, "
                f"{source.crs.authid()}) than the first run ({self.grid.describe()}, {self.onto.crs.authid()}). Do not "
                "refuse other grids (SAME_GRID) to have it brought onto that of the first."
            )
        return align(source, self.onto, categorical=role in ("MSPA", "LANDUSE"), monitor=self._monitor)

    def _classes(self, run: RunFiles, role: str, source: RasterSource) -> np.ndarray:
        values = self._aligned(run, role, source)
        known = np.isfinite(values)
        found = np.where(known, values, 0).astype(np.int32)
        if role == "MSPA":
            try:
                found = core.mspa.seven_classes(found, transition=False).astype(np.int32)
            except InputError as error:
                raise InputError(f"'{run.name}', {role}: {error}") from None
            known &= found != core.mspa.MISSING_CLASS
        found[~known] = core.decisions.NO_DATA
        return found


def feature_union(shapes: list[QgsGeometry]) -> QgsGeometry:
    """Return several polygons as one multi-part polygon."""
    if len(shapes) == 1:
        return shapes[0]
    return QgsGeometry.unaryUnion(shapes)
