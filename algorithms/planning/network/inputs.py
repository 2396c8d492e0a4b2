"""Reads what the whole network is built from."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .... import core
from ....core.errors import InputError
from ...support.geometry.distances import distances_of_pairs, edge_distances
from ...support.geometry.proximity import proximity
from ...support.geometry.terrain import slope
from ...support.io.rasters import RasterSource, align
from ...support.io.tables import read_rows
from ...support.io.vectors import VectorSource, burn_mask, numbered_polygons

if TYPE_CHECKING:
    from ...support.run.job import Job

_GIVEN_AS = {
    "LAND_USE": ("LANDUSE", ""),
    "ELEVATION": ("DEM", ""),
    "SLOPE": ("DEM", " (its slope)"),
    "ROAD": ("ROADS", " (the distance to it)"),
    "MINE": ("MINES", " (the distance to it)"),
}
"""The parameter from which a factor (the name of a `Factor`) is taken, and what is made of it."""


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

    def scores(self):
        """Return the score table, and what was corrected in it."""
        table = self._job.vector("SCORES")
        if table is None:
            return core.resistance.liuzhi_corrected(), core.resistance.LIUZHI_CORRECTIONS
        return core.resistance.read_score_table(read_rows(table)), ()

    def factors(self, scores, values: np.ndarray, valid: np.ndarray) -> dict[str, np.ndarray]:
        """Return the values of each factor of the score table for which there is a layer, and say which it is.

        Raises
        ------
        InputError
            If a layer is given that no factor takes, or two layers of FACTORS have one name.
        """
        job, land = self._job, self._land
        makers = {
            core.resistance.Factor.LAND_USE: lambda: np.where(valid, values, np.nan).astype(np.float32),
            core.resistance.Factor.ELEVATION: lambda: self._elevation,
            core.resistance.Factor.SLOPE: lambda: slope(self._elevation, land, job.monitor),
            core.resistance.Factor.ROAD: lambda: self._distance("ROADS"),
            core.resistance.Factor.MINE: lambda: self._distance("MINES"),
        }
        further = self._further()
        taken = self._taken([factor.name for factor in scores], further)
        return {
            name: align(further[core.resistance.name_key(name)], land, monitor=job.monitor)
            if kind is None
            else makers[kind]()
            for name, kind in taken.items()
        }

    def _further(self) -> dict[str, RasterSource]:
        """Return the rasters of FACTORS by the key of their name."""
        found: dict[str, RasterSource] = {}
        for one in self._job.rasters("FACTORS"):
            if core.resistance.name_key(one.name) in found:
                raise InputError(f"Two layers of further factors are called '{one.name}'. Rename one, or leave it out.")
            found[core.resistance.name_key(one.name)] = one
        return found

    def _taken(self, names: list[str], further: dict[str, RasterSource]) -> dict[str, core.resistance.Factor | None]:
        """Return the factors there is a layer for: what they measure, None for those called as a further layer."""
        job = self._job
        taken: dict[str, core.resistance.Factor | None] = {}
        for name in names:
            kind = None if core.resistance.name_key(name) in further else core.resistance.factor_of(name)
            parameter, made = _GIVEN_AS[kind.name] if kind else ("FACTORS", "")
            layer = (
                further.get(core.resistance.name_key(name))
                if kind is None
                else job.raster(parameter) or job.vector(parameter)
            )
            if layer is not None:
                taken[name] = kind
                job.monitor.info(f"Factor '{name}' is taken from layer '{layer.name}'{made}.")
        factors = f"The factors are: {', '.join(names)}."
        for key, layer in further.items():
            if key not in map(core.resistance.name_key, taken):
                raise InputError(
                    f"No factor of the score table is called '{layer.name}', so that this layer would not be used. "
                    f"{factors} Name the layer as its factor, or leave it out."
                )
        used = {_GIVEN_AS[kind.name][0] for kind in taken.values() if kind}
        for parameter, wanted in (
            ("DEM", "elevation or slope"),
            ("ROADS", "distance to roads"),
            ("MINES", "distance to mines"),
        ):
            if job.given(parameter) and parameter not in used:
                raise InputError(
                    f"No factor of the score table takes the layer given as {parameter}. {factors} Call one {wanted}, with "
                    "a unit in brackets if you like, or leave the layer out."
                )
        return taken

    @cached_property
    def _elevation(self) -> np.ndarray:
        return align(self._job.raster("DEM"), self._land, monitor=self._job.monitor)

    def _distance(self, parameter: str) -> np.ndarray:
        layer = self._job.vector(parameter)
        return proximity(layer, self._land, margin=self._job.number("MARGIN"), monitor=self._job.monitor)

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
