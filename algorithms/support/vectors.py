"""Between vector layers and the grid: polygons to cells, cells to polygons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Callable

import numpy as np
from osgeo import gdal, ogr, osr
from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsFeature,
    QgsFeatureSource,
    QgsGeometry,
    QgsWkbTypes,
)

from ...core.errors import InputError
from ...core.grid import Grid
from ...core.monitor import SILENT, Monitor
from .crs import whole

_NAMED = 10
"""How many ids a message lists before it says 'and so on'."""


def name_ids(ids: Iterable[object]) -> str:
    """Return ids for a message, cut after the first ten."""
    ids = [str(one) for one in ids]
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more


def is_null(value: object) -> bool:
    """Tell whether an attribute has no value (Qt5 and Qt6 say this differently)."""
    return value is None or value == NULL


@dataclass(frozen=True)
class VectorSource:
    """The features of a vector layer, read in the CRS that is asked for.

    Parameters
    ----------
    source : QgsFeatureSource
        Layer or Processing source.
    name : str
        Name for messages.
    context : QgsCoordinateTransformContext
        How to reproject.
    """

    source: QgsFeatureSource
    name: str
    context: QgsCoordinateTransformContext

    @property
    def crs(self) -> QgsCoordinateReferenceSystem:
        """CRS of the layer."""
        return whole(self.source.sourceCrs(), self.name)

    @property
    def field_names(self) -> list[str]:
        """Names of the attributes."""
        return self.source.fields().names()

    def features(self, crs: QgsCoordinateReferenceSystem | None = None) -> Iterator[QgsFeature]:
        """Yield the features, reprojected where the layer has another CRS."""
        own = self.crs
        if crs is None or not crs.isValid() or not own.isValid() or crs == own:
            yield from self.source.getFeatures()
            return
        # Not left to the request: QGIS would hand out unchanged coordinates where the layer's CRS is no longer whole.
        transform = QgsCoordinateTransform(own, crs, self.context)
        for feature in self.source.getFeatures():
            geometry = feature.geometry()
            try:
                geometry.transform(transform)
            except QgsCsException:
                raise InputError(
                    f"Feature {feature.id()} of '{self.name}' cannot be brought from {own.authid() or own.description()} "
                    f"into {crs.authid() or crs.description()}: its coordinates lie outside what these cover. Remove it."
                ) from None
            feature.setGeometry(geometry)
            yield feature

    def geometries(self, crs: QgsCoordinateReferenceSystem | None = None) -> list[QgsGeometry]:
        """Return the geometries that are not empty."""
        return [f.geometry() for f in self.features(crs) if f.hasGeometry() and not f.geometry().isEmpty()]


@dataclass(frozen=True)
class Sources:
    """Source polygons and their cells.

    Parameters
    ----------
    labels : ndarray of int32, shape (rows, cols)
        0 outside, else 1 + position of the source in the lists below.
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


def read_ids(source: VectorSource, id_field: str) -> tuple[list, list[QgsFeature]]:
    """Return the id of each feature and the features, without geometry changes.

    Raises
    ------
    InputError
        For ids that are missing or given twice.
    """
    return _ids(source, list(source.features()), id_field)


def _ids(source: VectorSource, features: list[QgsFeature], id_field: str) -> tuple[list, list[QgsFeature]]:
    if not id_field and "source_id" in source.field_names:
        id_field = "source_id"
    if not id_field:
        return [f.id() for f in features], features
    if id_field not in source.field_names:
        raise InputError(f"'{source.name}' has no field '{id_field}'. It has: {', '.join(source.field_names)}.")
    raw = [f[id_field] for f in features]
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
    return ids, features


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

    A source that catches no cell centre gets the cell nearest to a point inside it. Where sources overlap, the later
    one in the layer keeps the cells. Cells that are not `valid` are left out.

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
        For too few sources, double ids, and sources outside the grid or wholly on NoData.
    """
    features = [f for f in source.features(crs) if f.hasGeometry() and not f.geometry().isEmpty()]
    ids, features = _ids(source, features, id_field)
    if len(ids) < minimum:
        raise InputError(f"'{source.name}' has {len(ids)} usable source(s); this tool needs at least {minimum}.")
    geometries = [f.geometry() for f in features]
    outside = [one for one, g in zip(ids, geometries) if not _overlaps(g, grid)]
    if outside:
        raise InputError(
            f"Sources {name_ids(outside)} of '{source.name}' lie outside the raster ({grid.describe()}). "
            "Use a larger raster, or remove these sources."
        )
    labels = burn(geometries, grid)
    count = np.bincount(labels.ravel(), minlength=len(ids) + 1)
    tiny = [k for k in range(len(ids)) if count[k + 1] == 0]
    for k in tiny:
        point = geometries[k].pointOnSurface().asPoint()
        row, col = grid.index(point.x(), point.y())
        labels[min(max(row, 0), grid.rows - 1), min(max(col, 0), grid.cols - 1)] = k + 1
    if tiny:
        monitor.warn(
            f"Sources {name_ids(ids[k] for k in tiny)} hold no cell centre (smaller than a cell, or covered by another "
            "source); each took the cell nearest to its inside."
        )
    if valid is not None:
        lost = int(np.count_nonzero(labels[~valid]))
        labels[~valid] = 0
        present = np.bincount(labels.ravel(), minlength=len(ids) + 1)[1:]
        gone = [one for one, n in zip(ids, present) if n == 0]
        if gone:
            raise InputError(
                f"Sources {name_ids(gone)} of '{source.name}' have no cell with data in the raster. "
                "Fill the NoData under them, or remove these sources."
            )
        if lost:
            monitor.warn(f"{lost:,} cells of the sources lie on NoData of the raster and were left out.")
    return Sources(labels, ids, geometries, features)


def _overlaps(geometry: QgsGeometry, grid: Grid) -> bool:
    box = geometry.boundingBox()
    return not (
        box.xMaximum() <= grid.left
        or box.xMinimum() >= grid.right
        or box.yMaximum() <= grid.bottom
        or box.yMinimum() >= grid.top
    )


def burn(
    geometries: Sequence[QgsGeometry],
    grid: Grid,
    values: Sequence[int] | None = None,
    *,
    all_touched: bool = False,
) -> np.ndarray:
    """Return an int32 raster of geometries: 1, 2, 3 ... in their order (or `values`), 0 elsewhere.

    Polygons cover the cells whose centre is inside, later ones on top. Lines and points need `all_touched`.
    """
    raster = gdal.GetDriverByName("MEM").Create("", grid.cols, grid.rows, 1, gdal.GDT_Int32)
    raster.SetGeoTransform((grid.left, grid.dx, 0.0, grid.top, 0.0, -grid.dy))
    reference = osr.SpatialReference()
    reference.SetLocalCS("grid")
    raster.SetProjection(reference.ExportToWkt())
    driver = ogr.GetDriverByName("Memory") or ogr.GetDriverByName("MEM")
    store = driver.CreateDataSource("") if hasattr(driver, "CreateDataSource") else driver.Create("", 0, 0, 0, 0)
    layer = store.CreateLayer("shapes", reference, ogr.wkbUnknown)
    layer.CreateField(ogr.FieldDefn("value", ogr.OFTInteger))
    definition = layer.GetLayerDefn()
    for position, geometry in enumerate(geometries):
        feature = ogr.Feature(definition)
        feature.SetGeometry(ogr.CreateGeometryFromWkb(bytes(geometry.asWkb())))
        feature.SetField(0, int(values[position]) if values is not None else position + 1)
        layer.CreateFeature(feature)
    options = ["ATTRIBUTE=value"] + (["ALL_TOUCHED=TRUE"] if all_touched else [])
    gdal.RasterizeLayer(raster, [1], layer, options=options)
    return raster.ReadAsArray()


def burn_mask(
    layers: Sequence[VectorSource], grid: Grid, crs: QgsCoordinateReferenceSystem, monitor: Monitor = SILENT
) -> np.ndarray:
    """Return the cells whose centre lies in a polygon of one of the layers, bool (rows, cols).

    A polygon on the grid that catches no cell centre gets the cell nearest to a point inside it, with a warning.
    """
    mask = np.zeros(grid.shape, dtype=bool)
    for layer in layers:
        monitor.check()
        shapes = [shape for shape in layer.geometries(crs) if _overlaps(shape, grid)]
        if not shapes:
            monitor.warn(f"'{layer.name}' has no polygon on the raster; it was left out.")
            continue
        labels = burn(shapes, grid)
        mask |= labels > 0
        count = np.bincount(labels.ravel(), minlength=len(shapes) + 1)[1:]
        tiny = 0
        for k in np.flatnonzero(count == 0):
            point = shapes[k].pointOnSurface().asPoint()
            row, col = grid.index(point.x(), point.y())
            if 0 <= row < grid.rows and 0 <= col < grid.cols and not mask[row, col]:
                mask[row, col] = True
                tiny += 1
        if tiny:
            monitor.warn(f"{tiny:,} polygons of '{layer.name}' hold no cell centre; each took the cell it lies in.")
    return mask


def cells_inside(polygon: QgsGeometry, grid: Grid) -> np.ndarray:
    """Return the flat indices of the cells whose centre lies in a polygon.

    For a polygon that catches no centre it is the cell at a point inside it, if the grid has one there.
    """
    box = polygon.boundingBox()
    top, left = grid.index(box.xMinimum(), box.yMaximum())
    bottom, right = grid.index(box.xMaximum(), box.yMinimum())
    top, left = max(top, 0), max(left, 0)
    bottom, right = min(bottom, grid.rows - 1), min(right, grid.cols - 1)
    if bottom < top or right < left:
        return np.empty(0, dtype=np.int64)
    window = grid.window(top, left, bottom - top + 1, right - left + 1)
    rows, cols = np.nonzero(burn([polygon], window))
    if not rows.size:
        point = polygon.pointOnSurface().asPoint()
        row, col = grid.index(point.x(), point.y())
        if not (0 <= row < grid.rows and 0 <= col < grid.cols):
            return np.empty(0, dtype=np.int64)
        rows, cols = np.array([row - top]), np.array([col - left])
    return (rows + top) * grid.cols + cols + left


def polygonise(labels: np.ndarray, grid: Grid, monitor: Monitor = SILENT) -> dict[int, QgsGeometry]:
    """Return one multi-part polygon for each positive label, along the cell edges.

    The area of a polygon equals the cells times the cell area. Cells that touch only at a corner become separate parts.
    """
    raster = gdal.GetDriverByName("MEM").Create("", grid.cols, grid.rows, 1, gdal.GDT_Int32)
    raster.SetGeoTransform((grid.left, grid.dx, 0.0, grid.top, 0.0, -grid.dy))
    band = raster.GetRasterBand(1)
    band.WriteArray(np.ascontiguousarray(labels, dtype=np.int32))
    driver = ogr.GetDriverByName("Memory") or ogr.GetDriverByName("MEM")
    store = driver.CreateDataSource("") if hasattr(driver, "CreateDataSource") else driver.Create("", 0, 0, 0, 0)
    layer = store.CreateLayer("shapes", None, ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("value", ogr.OFTInteger))
    band.SetNoDataValue(0)
    gdal.Polygonize(band, band.GetMaskBand(), layer, 0, [], callback=gdal_progress(monitor))
    monitor.check()
    parts: dict[int, list[QgsGeometry]] = {}
    for feature in layer:
        value = feature.GetField(0)
        if value > 0:
            geometry = QgsGeometry()
            geometry.fromWkb(bytes(feature.GetGeometryRef().ExportToWkb()))
            parts.setdefault(value, []).append(geometry)
    return {value: _multi(parts[value]) for value in sorted(parts)}


def _multi(parts: list[QgsGeometry]) -> QgsGeometry:
    geometry = QgsGeometry.collectGeometry(parts)
    if not geometry.isGeosValid():
        geometry = geometry.makeValid()
        geometry.convertGeometryCollectionToSubclass(QgsWkbTypes.GeometryType.PolygonGeometry)
    geometry.convertToMultiType()
    return geometry


def gdal_progress(monitor: Monitor) -> Callable[..., int]:
    """Return what GDAL calls while it works, so that it reports and can be cancelled."""

    def report(fraction: float, message: str, data: object) -> int:
        if monitor.cancelled():
            return 0
        monitor.progress(fraction)
        return 1

    return report
