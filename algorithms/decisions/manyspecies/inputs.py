"""Reads the species of a manifest: their sources and resistance surfaces on one grid."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProcessingException

from .... import core
from ....core.errors import EcoSecNetError, InputError, OperationCancelled
from ....core.grid import Grid
from ....core.monitor import Monitor
from ...support.inputs.declarations import read_cutoff
from ...support.inputs.manifest import Row
from ...support.inputs.scores import factor_from_table
from ...support.inputs.sources import read_sources
from ...support.io.rasters import RasterSource, require_aligned
from ...support.io.vectors import VectorSource, numbered_polygons
from ...support.run.inputlayers import InputLayer, refuse_degrees

if TYPE_CHECKING:
    from ...support.run.job import Job

FIRST = "species"
COLUMNS = (
    "sources",
    "values",
    "min_area",
    "resistance",
    "scores",
    "landuse",
    "dispersal",
    "probability",
    "cutoff",
    "weight",
    "group",
)

DESCRIBED = (
    "One row a species; columns in any case and order, cells may be empty, names of files start in the folder of the "
    "table. <b>species</b>: its name. <b>sources</b>: a polygon layer (a layer of a GeoPackage: "
    "otters.gpkg|layername=sources), or <b>values</b>: the land uses that are its habitat (1,2,5-7), whose patches are its "
    "sources; else SOURCES. <b>min_area</b>: smaller sources are left out (ha). <b>resistance</b>: its resistance raster, "
    "or <b>scores</b>: a table of the scores of the land uses; else RESISTANCE. <b>landuse</b>: the class raster for both, "
    "else LANDUSE. <b>dispersal</b> (m), <b>probability</b>, <b>cutoff</b>: else those below. <b>weight</b>: how much it "
    "counts, else 1. <b>group</b>: such as mammals, for the report."
)
"""The columns, for the help."""


def first_raster(job: Job, rows: Sequence[Row]) -> RasterSource:
    """Return the raster whose grid all have: RESISTANCE, LANDUSE, or that of the first species that has one.

    Raises
    ------
    InputError
        If there is none, or it is in degrees.
    """
    for name in ("RESISTANCE", "LANDUSE"):
        if job.raster(name) is not None:
            return job.raster(name)
    for row in rows:
        for column in ("resistance", "landuse"):
            try:
                found = row.raster(column) if row.text(column) else None
            except EcoSecNetError:  # which is said when the species is read
                continue
            if found is not None:
                wrong = refuse_degrees(InputLayer.of("MANIFEST", found), job.context.transformContext())
                if wrong:
                    raise InputError(wrong)
                return found
    raise InputError(
        "No species has a raster that can be opened. Give RESISTANCE for all, or name rasters in the column resistance or "
        "landuse; files start in the folder of the table."
    )


@dataclass
class Read:
    """A species that has been read.

    Attributes
    ----------
    row : Row
        Its row of the manifest.
    species : core.decisions.Species
        For the core.
    ids, shapes : list
        Its sources.
    scored : bool
        Whether the resistance was made from a table of scores.
    """

    row: Row
    species: core.decisions.Species
    ids: list
    shapes: list[QgsGeometry]
    scored: bool


@dataclass
class Reader:
    """Reads species after species; what is read lies on the disk until the run is complete.

    Attributes
    ----------
    job : Job
        The run.
    onto : RasterSource
        The raster whose grid all have.
    monitor : Monitor
        Gets the progress.
    read : list of Read
        In the order of their names.
    failed : dict of str to str
        Why others could not be read, by name.
    """

    job: Job
    onto: RasterSource
    monitor: Monitor
    read: list[Read] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    _surfaces: dict[object, np.ndarray] = field(default_factory=dict)
    _files: int = 0

    @property
    def grid(self) -> Grid:
        """The grid of all."""
        return self.onto.grid

    @property
    def crs(self) -> QgsCoordinateReferenceSystem:
        """The CRS of all."""
        return self.onto.crs

    def take(self, rows: list[Row]) -> None:
        """Read the species of the rows; those that cannot be read are noted, with the reason."""
        for number, row in enumerate(rows):
            self.monitor.step(number, len(rows))
            try:
                self.read.append(self._species(row))
            except OperationCancelled:
                raise
            except (EcoSecNetError, QgsProcessingException) as error:
                self.failed[row.name] = str(error)
                self.monitor.warn(f"'{row.name}' is left out: {error}")
        if not self.read:
            raise InputError(
                "No species can be read. " + " ".join(f"{name}: {why}" for name, why in self.failed.items())
            )

    def _species(self, row: Row) -> Read:
        cutoff = read_cutoff(self.job)
        given = row.number("cutoff", None)
        if given is not None:
            cutoff = core.corridors.Cutoff(given, cutoff.rule)
        dispersal = row.number("dispersal", self.job.number("DISPERSAL"))
        probability = row.number("probability", self.job.number("PROBABILITY"))
        core.connectivity.dispersal_rate(dispersal, probability)  # raises for a kernel that there is not
        weight = row.number("weight", 1.0)
        if not weight > 0.0:
            raise InputError(f"The weight is {weight:g}; it must be above 0.")
        for one, other in (("sources", "values"), ("resistance", "scores")):
            if row.text(one) and row.text(other):
                raise InputError(f"Both {one} and {other} are given. Leave one of them empty.")
        surface = self._surface(row)
        labels, ids, shapes = self._sources(row, surface)
        species = core.decisions.Species(
            row.name, surface, self._kept(labels.astype(np.int32, copy=False)), cutoff, dispersal, probability, weight
        )
        return Read(row, species, ids, shapes, bool(row.text("scores")))

    def _surface(self, row: Row) -> np.ndarray:
        """Return the resistance of a species; surfaces that several have are read once."""
        scores = row.path("scores")
        if scores:
            raster, key = self._land(row), (scores, self._land(row).path)
        elif row.text("resistance"):
            raster = row.raster("resistance")
            key = raster.path
        else:
            raster = self.job.raster("RESISTANCE")
            if raster is None:
                raise InputError("It has neither resistance nor scores, and no RESISTANCE is given for all.")
            key = raster.path
        if key not in self._surfaces:
            require_aligned(self.onto, raster)
            if scores:
                values, valid = raster.read()
                factor = factor_from_table(row.features("scores", self.job.context.transformContext()), "", raster)
                found = core.resistance.score_values(values, factor.classes, valid=valid).scores
            else:
                found = raster.read_surface()
            self._surfaces[key] = self._kept(found.astype(np.float32, copy=False))
        return self._surfaces[key]

    def _land(self, row: Row) -> RasterSource:
        land = row.raster("landuse") if row.text("landuse") else self.job.raster("LANDUSE")
        if land is None:
            raise InputError("Its values or scores are those of land uses: give a landuse, or LANDUSE for all.")
        return land

    def _sources(self, row: Row, surface: np.ndarray) -> tuple[np.ndarray, list, list[QgsGeometry]]:
        least = row.number("min_area", 0.0)
        valid = ~np.isnan(surface)
        if row.text("values"):
            land = self._land(row)
            require_aligned(self.onto, land)
            values, there = land.read()
            habitat = core.sources.members(values, core.sources.parse_values(row.text("values"))) & there & valid
            if not habitat.any():
                raise InputError(
                    f"No cell of '{land.name}' with a resistance is one of its values, {row.text('values')}. Correct them."
                )
            patches = core.sources.find_patches(
                habitat, minimum=least / self.grid.cell_ha * (1.0 - 1e-9), valid=valid, cell_ha=self.grid.cell_ha
            )
            labels = patches.labels
            count = int(labels.max())
            self._require_two(count, least)
            return labels, list(range(1, count + 1)), numbered_polygons(labels, self.grid, self.job.monitor)
        layer = self._source_layer(row)
        id_field = "" if row.text("sources") else self.job.field("ID_FIELD")
        found = read_sources(
            layer, self.grid, self.crs, id_field=id_field, valid=valid, minimum=2, monitor=self.job.monitor
        )
        large = np.bincount(found.labels.ravel())[1:] * self.grid.cell_ha >= least * (1.0 - 1e-9)
        self._require_two(int(large.sum()), least)
        number = np.concatenate(([0], np.where(large, np.cumsum(large), 0)))
        kept = np.flatnonzero(large).tolist()
        return number[found.labels], [found.ids[k] for k in kept], [found.geometries[k] for k in kept]

    def _source_layer(self, row: Row) -> VectorSource:
        if row.text("sources"):
            return row.features("sources", self.job.context.transformContext())
        layer = self.job.vector("SOURCES")
        if layer is None:
            raise InputError("It has neither sources nor values, and no SOURCES are given for all.")
        return layer

    @staticmethod
    def _require_two(count: int, least: float) -> None:
        if count < 2:
            left = f" of {least:g} ha and more" if least else ""
            raise InputError(f"It has {count} {'source' if count == 1 else 'sources'}{left}; corridors need two.")

    def _kept(self, values: np.ndarray) -> np.ndarray:
        """Return an array that lies on the disk, beside the outputs: those of all species may not fit into the memory."""
        self._files += 1
        path = self.job.outputs.scratch(os.path.join(self.job.folder("OUTPUT_FOLDER"), f"read{self._files}.npy"))
        np.save(path, values)
        return np.asarray(np.load(path, mmap_mode="r"))

    def community(self, **options) -> core.decisions.Community:
        """Return the species for the core."""
        return core.decisions.Community(tuple(one.species for one in self.read), self.grid, **options)
