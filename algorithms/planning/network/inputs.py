"""Reads what the whole network is built from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....core.errors import InputError
from ...support.geometry.distances import distances_of_pairs, edge_distances
from ...support.io.rasters import align
from ...support.io.vectors import VectorSource, burn_mask, numbered_polygons

if TYPE_CHECKING:
    from ...support.run.job import Job


class NetworkInputs:
    """The inputs of a run, on the grid of the land use."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._land = job.raster("LANDUSE")

    def corrections(self) -> dict[str, np.ndarray]:
        """Return the correction rasters by their name."""
        found = {}
        for one in self._job.rasters("CORRECTIONS"):
            name = one.name
            while name in found:
                name += " (another)"
            found[name] = align(one, self._land, monitor=self._job.monitor)
        return found

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
