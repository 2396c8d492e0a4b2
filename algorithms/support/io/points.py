"""Reading many points: coordinates in blocks, in the CRS that is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
    QgsGeometry,
)

from ....core.errors import InputError
from ....core.monitor import SILENT, Monitor
from .vectors import VectorSource

_BLOCK = 200_000
"""Points that are brought into another CRS at once."""

_WKB = np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])
_POINT, _MULTIPOINT = 1, 4
"""Types of geometry as well-known binary numbers them."""


def point_blocks(
    source: VectorSource, crs: QgsCoordinateReferenceSystem, monitor: Monitor = SILENT
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield ids of features, x and y of the points of a layer in blocks; several points of a feature each count.

    Points without coordinates are NaN.

    Raises
    ------
    InputError
        If points cannot be brought into the CRS.
    """
    transform = None
    if crs.isValid() and source.crs.isValid() and source.crs != crs:
        transform = QgsCoordinateTransform(source.crs, crs, source.context)
    ids: list[int] = []
    x: list[float] = []
    y: list[float] = []
    request = QgsFeatureRequest()
    request.setSubsetOfAttributes([])
    total, done = source.source.featureCount(), 0
    for feature in source.source.getFeatures(request):
        for vertex in feature.geometry().vertices():
            ids.append(feature.id())
            x.append(vertex.x())
            y.append(vertex.y())
        if len(ids) >= _BLOCK:
            done += len(ids)
            monitor.step(min(done, total), total)
            yield np.array(ids), *_brought(np.array(x), np.array(y), transform, source)
            ids, x, y = [], [], []
    if ids:
        yield np.array(ids), *_brought(np.array(x), np.array(y), transform, source)


def _brought(
    x: np.ndarray, y: np.ndarray, transform: QgsCoordinateTransform | None, source: VectorSource
) -> tuple[np.ndarray, np.ndarray]:
    """Return coordinates in another CRS: as one geometry, for one by one takes ten times as long."""
    known = np.isfinite(x) & np.isfinite(y)
    if transform is None or not known.any():
        return np.where(known, x, np.nan), np.where(known, y, np.nan)
    packed = np.empty(np.count_nonzero(known), dtype=_WKB)
    packed["order"], packed["kind"], packed["x"], packed["y"] = 1, _POINT, x[known], y[known]
    head = np.array([_MULTIPOINT, packed.size], dtype="<u4").tobytes()
    shape = QgsGeometry()
    shape.fromWkb(b"\x01" + head + packed.tobytes())
    try:
        shape.transform(transform)
    except QgsCsException:
        raise InputError(
            f"Points of '{source.name}' cannot be brought into the CRS of the surfaces: their coordinates lie outside what "
            "these cover. Remove them, or correct the CRS of the layer."
        ) from None
    moved = np.frombuffer(bytes(shape.asWkb()), dtype=_WKB, offset=9)
    found = np.full((2, x.size), np.nan)
    found[0, known], found[1, known] = moved["x"], moved["y"]
    found[~np.isfinite(found)] = np.nan
    return found[0], found[1]
