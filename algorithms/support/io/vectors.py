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

from ....core.errors import InputError
from ....core.grid import Grid
from ....core.monitor import SILENT, Monitor
from .crs import whole
from .formulas import unguard

_NAMED = 10
"""How many ids a message lists before it says 'and so on'."""


def name_ids(ids: Iterable[object]) -> str:
    """Return ids for a message, cut after the first ten."""
    ids = [str(one) for one in ids]
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more


def is_null(value: object) -> bool:
    """Return whether an attribute has no value (Qt5 and Qt6 say this differently)."""
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
        """Yield the features without curves and empty parts, reprojected where the layer has another CRS.

        Texts are as they were before they were written to a spreadsheet, so that ids are the same in every file.
        """
        own = self.crs
        texts = [k for k, field in enumerate(self.source.fields()) if not (field.isNumeric() or field.isDateOrTime())]
        transform = None
        if crs is not None and crs.isValid() and own.isValid() and crs != own:
            # Not left to the request: QGIS would hand out unchanged coordinates where the layer's CRS is no longer whole.
            transform = QgsCoordinateTransform(own, crs, self.context)
        for feature in self.source.getFeatures():
            for k in texts:
                text = feature.attribute(k)
                if isinstance(text, str) and text[:1] == "'":
                    feature.setAttribute(k, unguard(text))
            given = feature.geometry()
            shape = _plain(given)
            if shape is not given:
                feature.setGeometry(shape)
            if transform is not None:
                try:
                    shape.transform(transform)
                    reached = shape.isEmpty() or shape.boundingBox().isFinite()  # of polygons QGIS makes infinite ones
                except QgsCsException:
                    reached = False
                if not reached:
                    raise InputError(
                        f"Feature {feature.id()} of '{self.name}' cannot be brought from "
                        f"{own.authid() or own.description()} into {crs.authid() or crs.description()}: its coordinates "
                        "lie outside what these cover. Remove it, or correct the CRS of the layer."
                    )
                feature.setGeometry(shape)
            yield feature

    def shaped(self, crs: QgsCoordinateReferenceSystem | None = None, monitor: Monitor = SILENT) -> list[QgsFeature]:
        """Return the features that have a geometry; those without are left out, with a warning."""
        features = list(self.features(crs))
        bare = [is_bare(feature.geometry()) for feature in features]
        warn_of_bare("Features", [one.id() for one, without in zip(features, bare) if without], self.name, monitor)
        return [one for one, without in zip(features, bare) if not without]

    def geometries(
        self, crs: QgsCoordinateReferenceSystem | None = None, monitor: Monitor = SILENT
    ) -> list[QgsGeometry]:
        """Return the geometries of the features that have one, see `shaped`."""
        return [feature.geometry() for feature in self.shaped(crs, monitor)]


def is_bare(shape: QgsGeometry) -> bool:
    """Return whether a geometry has no place: there is none, it is empty, or its coordinates are no numbers."""
    return shape.isNull() or shape.isEmpty() or not shape.boundingBox().isFinite()


def warn_of_bare(what: str, ids: Sequence[object], layer: str, monitor: Monitor) -> None:
    """Say which features were left out because they have no geometry, if any."""
    if ids:
        monitor.warn(f"{what} {name_ids(ids)} of '{layer}' have no geometry and were left out.")


def _plain(shape: QgsGeometry) -> QgsGeometry:
    """Return a geometry without what GDAL and GEOS pass over or misread.

    They know no curves, nor the types for them where a geometry happens to have none; an empty part stretches the box to
    the origin.
    """
    if shape.isNull():
        return shape
    if QgsWkbTypes.isCurvedType(shape.wkbType()) or shape.constGet().hasCurvedSegments():
        shape = QgsGeometry(shape.constGet().segmentize())
    if shape.isMultipart() and any(part.isEmpty() for part in shape.constParts()):
        return QgsGeometry.collectGeometry([part for part in shape.asGeometryCollection() if not part.isEmpty()])
    return shape


def overlaps(geometry: QgsGeometry, grid: Grid) -> bool:
    """Return whether the box of a geometry reaches into the grid."""
    box = geometry.boundingBox()
    return not (
        box.xMaximum() <= grid.left
        or box.xMinimum() >= grid.right
        or box.yMaximum() <= grid.bottom
        or box.yMinimum() >= grid.top
    )


def vertices(shape: QgsGeometry) -> list[np.ndarray]:
    """Return x and y of the vertices of each part of lines, float64 (vertices, 2)."""
    parts = []
    for part in shape.constParts():
        wkb = bytes(part.asWkb())
        numbers = np.frombuffer(wkb, dtype="<f8" if wkb[0] else ">f8", offset=9)
        parts.append(numbers.reshape(-1, 2 + part.is3D() + part.isMeasure())[:, :2])
    return parts


def burn(
    geometries: Sequence[QgsGeometry],
    grid: Grid,
    values: Sequence[int] | None = None,
    *,
    all_touched: bool = False,
    kind: int = gdal.GDT_Int32,
) -> np.ndarray:
    """Return a raster, int32 unless of another `kind`, of geometries: 1, 2, 3 ... in their order (or `values`), 0 elsewhere.

    Polygons cover the cells whose centre is inside, later ones on top. Lines and points need `all_touched`.
    """
    raster = gdal.GetDriverByName("MEM").Create("", grid.cols, grid.rows, 1, kind)
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
        shapes = [shape for shape in layer.geometries(crs, monitor) if overlaps(shape, grid)]
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
    cells = burnt_cells(polygon, grid)
    if cells.size:
        return cells
    point = polygon.pointOnSurface().asPoint()
    row, col = grid.index(point.x(), point.y())
    inside = 0 <= row < grid.rows and 0 <= col < grid.cols
    return np.array([row * grid.cols + col] if inside else [], dtype=np.int64)


def burnt_cells(shape: QgsGeometry, grid: Grid, *, all_touched: bool = False) -> np.ndarray:
    """Return the flat indices of the cells that `burn` gives one geometry, without burning the whole grid."""
    if shape.isEmpty():
        return np.empty(0, dtype=np.int64)
    box = shape.boundingBox()
    top, left = grid.index(box.xMinimum(), box.yMaximum())
    bottom, right = grid.index(box.xMaximum(), box.yMinimum())
    top, left = max(top, 0), max(left, 0)
    bottom, right = min(bottom, grid.rows - 1), min(right, grid.cols - 1)
    if bottom < top or right < left:
        return np.empty(0, dtype=np.int64)
    window = grid.window(top, left, bottom - top + 1, right - left + 1)
    rows, cols = np.nonzero(burn([shape], window, all_touched=all_touched))
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


def numbered_polygons(labels: np.ndarray, grid: Grid, monitor: Monitor = SILENT) -> list[QgsGeometry]:
    """Return the polygons of the labels 1 to n, none of which may be missing: label k is at place k - 1."""
    shapes = polygonise(labels, grid, monitor)
    return [shapes[k] for k in range(1, int(labels.max(initial=0)) + 1)]


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
