"""Sources as the nodes of a graph, and the distances between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry

from .... import core
from ....core.errors import InputError
from ....core.monitor import Monitor
from ..geometry.distances import edge_distances, inner_points, near_limit, point_distances, table_distances
from ..io.rasters import RasterSource, metres_per_unit
from ..io.vectors import VectorSource, is_null, name_ids
from ..run import memory
from . import parameters as p
from . import spreading
from .declarations import source_layer
from .sources import read_polygons, read_sources

if TYPE_CHECKING:
    from ..run.job import Job

EDGE, CENTROID, COST, TABLE = range(4)
DISTANCES = ("Edge to edge", "Centroid to centroid", "Least cost", "Table")
CONVERSIONS = ("Mean resistance", "Median resistance", "None: distances are in cost units")

MAX_PAIRS = 2_000_000
"""Pairs of sources up to which all are measured (2,000 sources); with more sources about as many of the nearest."""

SLOW = 5000
"""Sources from which a run can take hours."""

NEGLIGIBLE = 1e-4
"""Paths of less probability are left out by default with more sources."""


def node_parameters() -> list:
    """Return the parameters that say which sources there are and how far apart they lie."""
    return [
        source_layer(),
        p.id_field(),
        attribute_field(),
        p.choice("DISTANCE", "Kind of distance between sources", "How far apart two sources are.", DISTANCES),
        p.raster(
            "RESISTANCE",
            "Resistance surface",
            "Needed for least-cost distances; all values above 0.",
            optional=True,
        ),
        p.table(
            "DISTANCES",
            "Table of distances between sources",
            "Columns from_id, to_id, distance in metres; a table with other names has them first. Pairs that are missing "
            "are not linked.",
            optional=True,
        ),
    ]


def attribute_field(more: str = "", *, advanced: bool = False):
    """Return the field with what each source holds; `read_attributes` reads it."""
    text = f"What a source holds: area, or area times quality. Empty: the area in hectares. {more}"
    label = "Attribute field of the sources"
    return p.field("ATTRIBUTE", label, text.strip(), "SOURCES", numeric=True, optional=True, advanced=advanced)


def conversion_parameter():
    """Return the choice how distances become costs."""
    return p.choice(
        "COST_CONVERSION",
        "Conversion of distances to cost",
        "With least-cost distances: the dispersal and threshold distances are multiplied by this; with none they are "
        "costs themselves.",
        CONVERSIONS,
        advanced=True,
    )


def negligible_parameter():
    """Return the probability of paths that are left out."""
    return p.number(
        "NEGLIGIBLE",
        "Negligible dispersal probability",
        "Paths of less probability are left out, which makes many sources much faster. Empty: 0 up to 2,000 sources, "
        "0.0001 with more.",
        low=0.0,
        high=0.5,
        optional=True,
        advanced=True,
        decimals=6,
    )


def check_distances(kind: int, *, surface: bool, table: bool) -> str | None:
    """Return what is missing for the kind of distance chosen: whether the resistance and the distances are given."""
    if kind == COST and not surface:
        return "Least-cost distances need a resistance surface. Choose one, or another kind of distance."
    if kind == TABLE and not table:
        return "Distances from a table need the table. Choose one, or another kind of distance."
    return None


def measured_in(kind: int) -> str:
    """Return the parameter in whose CRS distances and areas are measured."""
    return "RESISTANCE" if kind == COST else "SOURCES"


@dataclass(frozen=True)
class Nodes:
    """The sources as nodes of a graph."""

    ids: list
    features: list[QgsFeature]
    geometries: list[QgsGeometry]
    attributes: np.ndarray
    crs: QgsCoordinateReferenceSystem
    labels: np.ndarray | None

    @property
    def id_type(self) -> type:
        """`int` when every id is a whole number, else `str`."""
        return int if all(isinstance(one, int) for one in self.ids) else str


def largest_distance(nodes: Nodes, threshold: float) -> float | None:
    """Return the distance in metres beyond which sources have no direct link; None where all pairs are measured."""
    limit = near_limit(nodes.geometries, MAX_PAIRS) * metres_per_unit(nodes.crs)
    return None if np.isinf(limit) else max(limit, threshold)


def negligible_probability(given: float | None, nodes: Nodes) -> float:
    """Return the probability below which paths are left out: that given, by default only with many sources."""
    if given is not None:
        return given
    count = len(nodes.ids)
    return NEGLIGIBLE if count * (count - 1) // 2 > MAX_PAIRS else 0.0


def read_nodes(
    layer: VectorSource, kind: int, raster: RasterSource | None, *, id_field: str, attribute: str, monitor: Monitor
) -> Nodes:
    """Return the sources of a run; for least cost they lie on the grid of the resistance raster."""
    labels = None
    crs = layer.crs
    if kind == COST:
        crs = raster.crs
        memory.announce(
            core.leastcost.graph_bytes(raster.grid.shape) + 8 * raster.grid.rows * raster.grid.cols, monitor
        )
        valid = ~np.isnan(raster.read_surface(monitor.part(0.0, 0.02)))
        sources = read_sources(layer, raster.grid, crs, id_field=id_field, valid=valid, minimum=1, monitor=monitor)
        ids, features, geometries, labels = sources.ids, sources.features, sources.geometries, sources.labels
    else:
        ids, features = read_polygons(layer, id_field, monitor=monitor)
        geometries = [feature.geometry() for feature in features]
        if not ids:
            raise InputError(f"'{layer.name}' has 0 usable source(s); this tool needs at least 1.")
    hectares = metres_per_unit(layer.crs if labels is None else crs) ** 2 / 1e4
    attributes = read_attributes(ids, features, attribute, hectares)
    return Nodes(ids, features, geometries, attributes, crs, labels)


def read_attributes(ids: Sequence, features: Sequence[QgsFeature], attribute: str, hectares: float) -> np.ndarray:
    """Return what each source holds: the value of a field or, without one, its area at so many hectares a square unit.

    Raises
    ------
    InputError
        If a value is missing or negative.
    """
    if not attribute:
        return np.array([feature.geometry().area() * hectares for feature in features])
    missing = [one for one, feature in zip(ids, features) if is_null(feature[attribute])]
    if missing:
        raise InputError(f"Sources {name_ids(missing)} have no value in '{attribute}'. Fill it, or use the area.")
    values = np.array([float(feature[attribute]) for feature in features])
    negative = [one for one, value in zip(ids, values) if not value >= 0.0]
    if negative:
        raise InputError(f"Sources {name_ids(negative)} have a negative value in '{attribute}'; it must be 0 or more.")
    return values


def where_searched(job: Job, kind: int, raster: RasterSource | None) -> core.spread.Where | None:
    """Return where least-cost distances are searched; None for those of another kind."""
    if kind != COST:
        return None
    return spreading.where_announced(job, each=core.leastcost.graph_bytes(raster.grid.shape, corridors=False))


def measure(
    nodes: Nodes,
    kind: int,
    far: float | None,
    *,
    raster: RasterSource | None,
    table: VectorSource | None,
    conversion: int | None,
    where: core.spread.Where | None = None,
    monitor: Monitor,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return pairs of sources, their distances, and what a metre of dispersal is in them.

    Pairs farther apart than `far` metres are left out; without a `conversion` it is in cost already. Least-cost distances
    are searched `where` it says.
    """
    count, measuring = len(nodes.ids), monitor.part(0.02, 0.5)
    all_pairs = count * (count - 1) // 2
    memory.announce(core.connectivity.needed_bytes(count, min(all_pairs, MAX_PAIRS)), monitor)
    factor, unit = 1.0, metres_per_unit(nodes.crs)
    if kind == EDGE:
        i, j, distances = edge_distances(nodes.geometries, unit=unit, limit=far, monitor=measuring)
    elif kind == CENTROID:
        monitor.warn(
            "Between centroids a detour is never shorter, so connector fractions only come from links that are cut off. "
            "Use edge-to-edge or least-cost distances to find stepping stones."
        )
        i, j, distances = point_distances(inner_points(nodes.geometries), unit=unit, limit=far, monitor=measuring)
    elif kind == TABLE:
        i, j, distances = table_distances(table, nodes.ids)
        if len(distances) < all_pairs:
            monitor.info(f"{all_pairs - len(distances):,} of {all_pairs:,} pairs are not in the table: not linked.")
    else:
        return _cost(nodes, far, raster, conversion, where or core.spread.HERE, monitor)
    if far is not None and conversion is not None:
        monitor.info(
            f"There are too many pairs to measure all; sources more than {far:,.0f} m apart have no direct link: "
            f"{len(distances):,} of {all_pairs:,} pairs are left."
        )
        if count > SLOW:
            monitor.warn(
                f"{count:,} sources can take hours. dPC is faster with a larger negligible probability or a larger "
                "smallest area of the sources; dIIC grows with the square of their number. With numba installed both "
                "take about a third."
            )
        if len(distances) > 1.5 * MAX_PAIRS:
            memory.announce(core.connectivity.needed_bytes(count, len(distances)), monitor)
    return np.column_stack((i, j)), distances, factor


def _cost(
    nodes: Nodes,
    far: float | None,
    raster: RasterSource,
    conversion: int | None,
    where: core.spread.Where,
    monitor: Monitor,
) -> tuple[np.ndarray, np.ndarray, float]:
    surface = raster.read_surface(monitor)
    factor = 1.0
    if conversion in (0, 1):
        factor = float((np.nanmean, np.nanmedian)[conversion](surface.astype(np.float64)))
        monitor.info(
            f"A metre of dispersal was taken as {factor:g} units of cost, the "
            f"{CONVERSIONS[conversion].lower()} of the surface."
        )
    graph = core.leastcost.CostGraph(surface, cell_size=raster.grid.cell_size, monitor=monitor.part(0.02, 0.08))
    limit = np.inf if far is None else factor * far
    pairs, distances = core.connectivity.cost_distances(
        graph, nodes.labels, limit=limit, where=where, monitor=monitor.part(0.08, 0.5)
    )
    return pairs, distances, factor
