"""Reading ecological sources: one rule for odd polygons in every tool, and a cell of its own for every source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsRectangle, QgsSpatialIndex, QgsWkbTypes

from ....core.errors import InputError
from ....core.grid import Grid
from ....core.monitor import SILENT, Monitor
from ..geometry.cutting import SMALLEST, repaired
from ..io.rasters import metres_per_unit
from ..io.vectors import VectorSource, is_bare, is_null, name_ids, overlaps, warn_of_bare
from .sourcecells import Cells, parting_size

SOURCE_FIELD = "source_id"
"""Field of the layers of sources that the tools write, and of what is made of them."""


@dataclass(frozen=True)
class Sources:
    """Source polygons and their cells.

    Parameters
    ----------
    labels : ndarray of int32, shape (rows, cols)
        0 outside, else 1 + position of the source in the lists below; every source has a cell.
    ids : list of int or str
        Ids as the user knows them.
    geometries : list of QgsGeometry
        Polygons in the CRS of the grid.
    features : list of QgsFeature
        The features, for their attributes.
    """

    labels: np.ndarray
    ids: list
    geometries: list[QgsGeometry]
    features: list[QgsFeature]

    @property
    def id_type(self) -> type:
        """`int` when every id is a whole number, else `str`."""
        return int if all(isinstance(one, int) for one in self.ids) else str


def read_polygons(
    source: VectorSource,
    id_field: str,
    *,
    crs: QgsCoordinateReferenceSystem | None = None,
    monitor: Monitor = SILENT,
) -> tuple[list, list[QgsFeature]]:
    """Return the ids of the sources and their features.

    Those without a geometry are left out; polygons that cross themselves are repaired. Both are warned of, and so are
    polygons without an area and land that belongs to two sources.

    Parameters
    ----------
    source : VectorSource
        Polygon layer, one feature for each source.
    id_field : str
        Field with the ids; empty: 'source_id' if there, else the feature id.
    crs : QgsCoordinateReferenceSystem, optional
        CRS to bring the polygons to; by default that of the layer.
    monitor : Monitor
        Gets the warnings.

    Raises
    ------
    InputError
        For points and lines, and for ids that are missing or given twice.
    """
    if not id_field and SOURCE_FIELD in source.field_names:
        id_field = SOURCE_FIELD
    if id_field and id_field not in source.field_names:
        raise InputError(f"'{source.name}' has no field '{id_field}'. It has: {', '.join(source.field_names)}.")
    features, bare, thin = [], [], []
    for one in source.features(crs):
        shape = one.geometry()
        if is_bare(shape):
            bare.append(one)
            continue
        if QgsWkbTypes.flatType(shape.wkbType()) == QgsWkbTypes.Type.GeometryCollection:
            shape.convertGeometryCollectionToSubclass(QgsWkbTypes.GeometryType.PolygonGeometry)
            one.setGeometry(shape)
        polygon = shape.type() == QgsWkbTypes.GeometryType.PolygonGeometry and not shape.isEmpty()
        (features if polygon else thin).append(one)
    if thin:
        raise InputError(
            f"Sources {name_ids(_values(thin, id_field))} of '{source.name}' are points or lines; sources are polygons. "
            "Buffer them first (Vector, Geoprocessing Tools, Buffer), by half a cell or more."
        )
    warn_of_bare("Sources", _values(bare, id_field), source.name, monitor)
    ids = _ids(source, features, id_field)
    _mend(source, ids, features, crs or source.crs, monitor)
    return ids, features


def _values(features: list[QgsFeature], id_field: str) -> list:
    return [one[id_field] if id_field else one.id() for one in features]


def _ids(source: VectorSource, features: list[QgsFeature], id_field: str) -> list:
    if not id_field:
        return [one.id() for one in features]
    raw = [one[id_field] for one in features]
    if any(is_null(one) or one == "" for one in raw):
        raise InputError(f"'{source.name}' has features without a value in '{id_field}'. Give every source an id.")
    numeric = all(isinstance(one, (int, float)) and float(one).is_integer() for one in raw)
    ids = [int(one) if numeric else str(one) for one in raw]
    if len(set(ids)) < len(ids):
        double = sorted({one for one in ids if ids.count(one) > 1}, key=str)
        raise InputError(
            f"'{source.name}' has more than one feature with the same '{id_field}': {name_ids(double)}. "
            "Dissolve by that field first, so that each source is one (multi-part) feature."
        )
    return ids


def _mend(source: VectorSource, ids: list, features: list[QgsFeature], crs, monitor: Monitor) -> None:
    """Repair polygons that cross themselves; warn of them, of sources without area and of shared land."""
    hectare = metres_per_unit(crs) ** 2 / 1e4
    crossed, flat = [], []
    for one, feature in zip(ids, features):
        monitor.check()
        shape = feature.geometry()
        sound = repaired(shape)
        if sound is not shape:
            feature.setGeometry(sound)
            crossed.append(f"{one} ({sound.area() * hectare:.4g} ha)")
        if not sound.area() > 0.0:
            flat.append(one)
    if crossed:
        monitor.warn(f"Sources {name_ids(crossed)} of '{source.name}' cross themselves and were repaired; check them.")
    if flat:
        monitor.warn(
            f"Sources {name_ids(flat)} of '{source.name}' have an area of 0 ha (polygons that have collapsed): on a "
            "raster each is a cell; where areas count they weigh nothing."
        )
    shared = _overlaps([feature.geometry() for feature in features], monitor)
    if shared:
        pairs = name_ids(f"{ids[i]} and {ids[j]} ({area * hectare:.4g} ha)" for i, j, area in shared)
        monitor.warn(
            f"Sources of '{source.name}' overlap on {sum(area for *_, area in shared) * hectare:.4g} ha: {pairs}. This "
            "land counts in the area of both; on a raster it belongs to the later one in the layer. Cut it from one."
        )


def _overlaps(shapes: Sequence[QgsGeometry], monitor: Monitor) -> list[tuple[int, int, float]]:
    """Return which two polygons share land, and how much, in square map units."""
    index = QgsSpatialIndex()
    for k, shape in enumerate(shapes):
        index.addFeature(k, shape.boundingBox())
    # The polygon with more corners is the one that is prepared, and cut down to the other: neighbours may be huge.
    order = sorted(range(len(shapes)), key=lambda k: -shapes[k].constGet().nCoordinates())
    place = {k: turn for turn, k in enumerate(order)}
    found = []
    for k in order:
        shape = shapes[k]
        near = [other for other in index.intersects(shape.boundingBox()) if place[other] > place[k]]
        if not near:
            continue
        engine = QgsGeometry.createGeometryEngine(shape.constGet())
        engine.prepareGeometry()
        for other in near:
            monitor.check()
            second = shapes[other]
            if not engine.intersects(second.constGet()):
                continue
            shared = shape.clipped(second.boundingBox()).intersection(second)
            if shared.isNull():  # the clipped polygon was none that GEOS accepts
                shared = shape.intersection(second)
            area = shared.area()
            if area > SMALLEST * min(shape.area(), second.area()):
                found.append((min(k, other), max(k, other), area))
    return sorted(found)


def read_sources(
    source: VectorSource,
    grid: Grid,
    crs: QgsCoordinateReferenceSystem,
    *,
    id_field: str = "",
    valid: np.ndarray | None = None,
    minimum: int = 1,
    monitor: Monitor = SILENT,
) -> Sources:
    """Return source polygons and the cells whose centre lies inside them.

    Where sources overlap, the later one in the layer keeps the cells. A source that would hold none gets the cell nearest
    to a point inside it, but never the last cell of another: then a free cell beside it. Cells that are not `valid` are
    left out.

    Parameters
    ----------
    source : VectorSource
        Polygon layer, one feature for each source.
    grid : Grid
        The grid to put them on.
    crs : QgsCoordinateReferenceSystem
        CRS of the grid.
    id_field : str
        Field with the ids; empty: 'source_id' if there, else the feature id.
    valid : ndarray of bool, optional
        Cells that may belong to a source.
    minimum : int
        Fewest sources that make sense.
    monitor : Monitor
        Gets the warnings.

    Raises
    ------
    InputError
        For too few sources, double ids, sources outside the grid, wholly on NoData, or without a cell of their own.
    """
    ids, features = read_polygons(source, id_field, crs=crs, monitor=monitor)
    if len(ids) < minimum:
        raise InputError(f"'{source.name}' has {len(ids)} usable source(s); this tool needs at least {minimum}.")
    shapes = [feature.geometry() for feature in features]
    outside = [one for one, shape in zip(ids, shapes) if not overlaps(shape, grid)]
    if outside:
        raise InputError(
            f"Sources {name_ids(outside)} of '{source.name}' lie outside the raster ({grid.describe()}). "
            "Use a larger raster, or remove these sources."
        )
    beyond = [f"{one} ({share:.1%})" for one, share in zip(ids, _beyond(shapes, grid)) if share > 0.0]
    if beyond:
        monitor.warn(f"Sources {name_ids(beyond)} of '{source.name}' reach beyond the raster; that part is not seen.")
    cells = Cells(shapes, grid, valid)
    cells.settle()
    if cells.gone:
        raise InputError(
            f"Sources {name_ids(ids[k] for k in cells.gone)} of '{source.name}' have no cell with data in the raster. "
            "Fill the NoData under them, or remove these sources."
        )
    if cells.stuck:
        raise InputError(
            f"Sources {_shared(ids, cells.stuck)} of '{source.name}' share a cell, and no cell beside it is free. "
            f"{parting_size(shapes, cells.stuck, grid)} Use smaller cells, or merge or remove these sources."
        )
    if cells.moved:
        monitor.warn(
            f"Sources {_shared(ids, cells.moved)} of '{source.name}' share a cell; the first named took a free cell beside "
            f"it. {parting_size(shapes, cells.moved, grid)}"
        )
    tiny = [ids[k] for k in cells.tiny if k not in cells.moved]
    if tiny:
        monitor.warn(
            f"Sources {name_ids(tiny)} hold no cell centre (smaller than a cell, or covered by another "
            "source); each took the cell nearest to its inside."
        )
    if cells.lost.any():
        part = [f"{ids[k]} ({cells.lost[k] / cells.held[k]:.1%})" for k in np.argsort(-cells.lost) if cells.lost[k]]
        monitor.warn(
            f"{cells.lost.sum():,} cells of the sources lie on NoData of the raster and were left out, of sources "
            f"{name_ids(part)}."
        )
    return Sources(cells.labels, ids, shapes, features)


def _beyond(shapes: Sequence[QgsGeometry], grid: Grid) -> list[float]:
    """Return the share of each polygon that lies outside the grid, 0 where it is less than half a cell."""
    extent = QgsRectangle(grid.left, grid.bottom, grid.right, grid.top)
    frame = QgsGeometry.fromRect(extent)
    shares = []
    for shape in shapes:
        outside = 0.0 if extent.contains(shape.boundingBox()) else shape.area() - shape.intersection(frame).area()
        shares.append(outside / shape.area() if outside > 0.5 * grid.dx * grid.dy else 0.0)
    return shares


def _shared(ids: list, sharing: dict[int, list[int]]) -> str:
    return name_ids(f"{ids[k]} (with {name_ids(ids[one] for one in others)})" for k, others in sharing.items())
