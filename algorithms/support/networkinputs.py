"""Reads what the whole network is built from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from ...core.errors import InputError
from .distances import distances_of_pairs, edge_distances
from .rasters import align
from .tables import read_rows
from .terrain import slope
from .vectors import VectorSource, burn, burn_mask, numbered_polygons

if TYPE_CHECKING:
    from .job import Job

_LAND_USE, _ELEVATION, _SLOPE, _ROAD, _MINE = "land use", "elevation", "slope", "road", "mine"
_WORDS = {
    _LAND_USE: r"land ?use|land ?cover|土地",
    _ELEVATION: r"elevation|altitude|dem|高程|海拔",
    _SLOPE: r"slope|坡度",
    _ROAD: r"road|道路|公路",
    _MINE: r"min(e|es|ing)\b|矿",
}


class NetworkInputs:
    """The inputs of a run, on the grid of the land use."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._land = job.raster("LANDUSE")
        self._dem: np.ndarray | None = None

    def corrections(self) -> dict[str, np.ndarray]:
        """Return the correction rasters by their name."""
        found = {}
        for one in self._job.rasters("CORRECTIONS"):
            name = one.name
            while name in found:
                name += " (another)"
            found[name] = align(one, self._land, monitor=self._job.monitor)
        return found

    def scores(self):
        """Return the score table, and what was corrected in it."""
        from ...core.presets import LIUZHI_CORRECTIONS, liuzhi_corrected
        from ...core.scoretable import read_score_table

        table = self._job.vector("SCORES")
        if table is None:
            return liuzhi_corrected(), LIUZHI_CORRECTIONS
        return read_score_table(read_rows(table)), ()

    def factors(self, scores, values: np.ndarray, valid: np.ndarray) -> dict[str, np.ndarray]:
        """Return the values of each factor of the score table for which there is data."""
        land = self._land
        rasters = {one.name.lower(): one for one in self._job.rasters("FACTORS")}
        makers = {
            _LAND_USE: lambda: np.where(valid, values, np.nan).astype(np.float32),
            _ELEVATION: self._elevation,
            _SLOPE: self._slope,
            _ROAD: lambda: self._distance("ROADS"),
            _MINE: lambda: self._distance("MINES"),
        }
        found = {}
        for factor in scores:
            self._job.monitor.check()
            if factor.name.lower() in rasters:
                found[factor.name] = align(rasters[factor.name.lower()], land, monitor=self._job.monitor)
                continue
            kind = next((k for k, words in _WORDS.items() if re.search(words, factor.name, re.IGNORECASE)), None)
            data = makers[kind]() if kind else None
            if data is not None:
                found[factor.name] = data
        return found

    def _elevation(self) -> np.ndarray | None:
        dem = self._job.raster("DEM")
        if dem is not None and self._dem is None:
            self._dem = align(dem, self._land, monitor=self._job.monitor)
        return self._dem

    def _slope(self) -> np.ndarray | None:
        elevation = self._elevation()
        return None if elevation is None else slope(elevation, self._land, self._job.monitor)

    def _distance(self, name: str) -> np.ndarray | None:
        from ...core.scoring import distance_to

        source, land = self._job.vector(name), self._land
        if source is None:
            return None
        cells = burn(source.geometries(land.crs), land.grid, all_touched=True) > 0
        if not cells.any():
            self._job.monitor.warn(f"No feature of '{source.name}' lies on the land use; that factor is left out.")
            return None
        return distance_to(cells, cell_size=land.grid.cell_size, monitor=self._job.monitor)

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
