"""Reads what the whole network is built from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import core
from ....core.errors import InputError
from ...support.geometry.distances import distances_of_pairs, edge_distances
from ...support.inputs.landclasses import ListedClasses
from ...support.inputs.roads import read_road_cells
from ...support.inputs.sources import Sources, read_sources
from ...support.inputs.studyarea import read_area
from ...support.io.rasters import RasterSource
from ...support.io.vectors import VectorSource, burn_mask, numbered_polygons
from .steps.resistance import unused

if TYPE_CHECKING:
    from ...support.run.job import Job
    from .studyland import StudyLand


class NetworkInputs:
    """The inputs of a run, on the grid of the land use."""

    def __init__(self, job: Job, study: StudyLand, land: RasterSource) -> None:
        self._job, self._study, self._land = job, study, land

    def own_sources(self, valid: np.ndarray) -> Sources | None:
        """Return the sources of the user's own; None without."""
        job, layer = self._job, self._job.vector("SOURCES_IN")
        if layer is None:
            return None
        known = None if job.given("RESISTANCE_IN") else valid
        found = read_sources(
            layer,
            self._land.grid,
            self._land.crs,
            id_field=job.field("ID_FIELD"),
            valid=known,
            minimum=2,
            monitor=job.monitor,
        )
        job.monitor.info(
            f"The {len(found.ids):,} sources are those of '{layer.name}': MSPA, the smallest area, gaps and the smallest dPC "
            "do not apply."
        )
        return found

    def own_surface(self) -> np.ndarray | None:
        """Return the resistance of the user's own; None without."""
        layer = self._job.raster("RESISTANCE_IN")
        if layer is None:
            return None
        idle = unused(self._job)
        also = f" {', '.join(idle)} are given too and not used." if idle else ""
        (self._job.monitor.warn if idle else self._job.monitor.info)(f"The resistance is that of '{layer.name}'.{also}")
        return self._study.surface(layer)

    def corrections(self) -> dict[str, np.ndarray]:
        """Return the correction rasters by their name."""
        found = {}
        if self._job.given("RESISTANCE_IN"):
            return found
        for one in self._job.rasters("CORRECTIONS"):
            name = one.name
            while name in found:
                name += " (another)"
            found[name] = self._study.surface(one)
        return found

    def area(self, valid: np.ndarray) -> np.ndarray | None:
        """Return the cells of the study area that have land use; None where all of the land use is the study area."""
        inside = read_area(self._job.vector("AREA"), self._land.grid, self._land.crs, self._job.monitor)
        if inside is None:
            return None
        inside &= valid
        if not inside.any():
            raise InputError(
                f"'{self._land.name}' has no data in the study area. Check the CRS of both, or leave the study area out."
            )
        return inside

    def obstacles(self, values: np.ndarray, valid: np.ndarray) -> core.planning.Obstacles:
        """Return impassable land, cells of roads, and land that cannot be restored."""
        land = self._land
        cells = read_road_cells(self._job, land.grid, land.crs)
        roads = None if cells is None else cells.rows(0, land.grid.rows)
        impassable, stays = (
            self._classes(name, what, values, valid)
            for name, what in (("IMPASSABLE", "impassable"), ("NOT_RESTORABLE", "not restorable"))
        )
        return core.planning.Obstacles(impassable, roads, stays)

    def _classes(self, name: str, what: str, values: np.ndarray, valid: np.ndarray) -> np.ndarray | None:
        if not self._job.given(name):
            return None
        listed = ListedClasses(self._job.text(name), what)
        cells = listed.among(values) & valid
        listed.require_some(self._land, self._job.monitor)
        return cells

    def zones(self) -> np.ndarray | None:
        """Return the zones that the means of the corrections are taken in; None without."""
        zones = self._job.raster("CORRECTION_ZONES")
        if zones is None or self._job.given("RESISTANCE_IN"):
            return None
        return self._study.surface(zones, classes=True)

    def protected(self) -> np.ndarray | None:
        """Return the protected cells; None without protected layers."""
        layers: list[VectorSource] = self._job.vectors("PROTECTED")
        if not layers:
            return None
        cells = burn_mask(layers, self._land.grid, self._land.crs, self._job.monitor)
        if not cells.any():
            raise InputError(
                f"No protected polygon ({', '.join(layer.name for layer in layers)}) lies on the land use. "
                "Check their coordinate reference systems, or leave them out."
            )
        return cells


class PolygonDistances:
    """Exact distances between patches as the polygons they are written as."""

    def __init__(self, grid) -> None:
        self._grid = grid

    def within(self, labels, limit, monitor):
        """Return the pairs of patches at most `limit` metres apart, and their distances."""
        first, second, apart = edge_distances(
            self._polygons(labels, monitor), unit=self._grid.metres_per_unit, limit=limit, monitor=monitor
        )
        return np.column_stack((first, second)), apart

    def between(self, labels, pairs, monitor):
        """Return the distances of pairs of patches."""
        return distances_of_pairs(self._polygons(labels, monitor), pairs, monitor, unit=self._grid.metres_per_unit)

    def _polygons(self, labels, monitor):
        return numbered_polygons(labels, self._grid, monitor.part(0.0, 0.3))
