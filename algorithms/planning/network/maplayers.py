"""The layers that results are tabulated by and drawn on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...support.geometry.zones import Zones, read_zones
from .lithology import Lithology, read_lithology

if TYPE_CHECKING:
    from qgis.core import QgsGeometry

    from ...support.io.rasters import RasterSource
    from ...support.run.job import Job
    from .studyland import StudyLand


@dataclass(frozen=True)
class MapLayers:
    """Layers that are read before anything is computed, so that a fault in them costs no time.

    Attributes
    ----------
    townships : Zones or None
        Drawn on all maps.
    zones : Zones or None
        Of the tables: villages within townships, or what there is of both.
    lithology : Lithology or None
        The rocks.
    near : float
        The distance in metres that is near.
    counted, measured : dict of str to list of QgsGeometry
        What is counted, and of what the length is measured, near corridors: mines, hazards and roads, as far as given.
    """

    townships: Zones | None
    zones: Zones | None
    lithology: Lithology | None
    near: float
    counted: dict[str, list[QgsGeometry]]
    measured: dict[str, list[QgsGeometry]]


def read_map_layers(job: Job, study: StudyLand, land: RasterSource) -> MapLayers:
    """Return what was given of the layers."""
    townships, villages = job.vector("TOWNSHIPS"), job.vector("VILLAGES")
    drawn = townships and read_zones(townships, job.fields("TOWNSHIP_NAME"), land.crs, job.monitor)
    zones = drawn
    if villages is not None:
        zones = read_zones(villages, job.fields("VILLAGE_NAME"), land.crs, job.monitor, within=drawn)
    given = {name: job.vector(name) for name in ("MINES", "HAZARDS", "ROADS")}
    shapes = {name: layer.geometries(land.crs, job.monitor) for name, layer in given.items() if layer is not None}
    measured = {name: shapes.pop(name) for name in ("ROADS",) if name in shapes}
    return MapLayers(drawn, zones, read_lithology(job, study, land), job.number("NEAR"), shapes, measured)
