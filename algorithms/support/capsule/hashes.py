"""Hashes of what layers hold, which stay the same when a layer is saved anew.

Neither the order of blocks, tiles, compression and width of numbers of a raster count, nor the order of features, the key
that a GeoPackage adds, or whether a shape is written as one part of many.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from osgeo import osr
from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsWkbTypes
from qgis.PyQt.QtCore import Qt

from ....core.monitor import SILENT, Monitor
from ..io.crs import stated, wkt
from ..io.rasters import RasterSource
from ..io.vectors import VectorSource, is_null

_SLICE = 2**24
_DECIMALS = 6
"""Of coordinates: a thousandth of a millimetre."""
_DECIMALS_OF_DEGREES = 11
"""As much, in degrees."""
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
"""Texts that some formats, such as CSV, give back as numbers and some as texts; one with a leading zero stays a text."""
_WHOLE = re.compile(r"-?(0|[1-9]\d*)")
KEYS = ("fid", "ogc_fid")
"""Fields that GeoPackage and SQLite add."""
_WIDTHS = ("<u1", "<i2", "<i4", "<i8", "<u8", "<f4", "<f8")


def file_hash(path: str, monitor: Monitor = SILENT) -> str:
    """Return the SHA-256 of the bytes of a file."""
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_SLICE):
            monitor.check()
            found.update(block)
    return found.hexdigest()


def text_hash(path: str) -> str:
    """Return the SHA-256 of a text file, whichever ends of lines a system has given it."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read().replace(b"\r\n", b"\n")).hexdigest()


def crs_text(crs: QgsCoordinateReferenceSystem) -> str:
    """Return what a CRS computes with, without names and codes, which formats lose; empty without a CRS."""
    text = wkt(stated(crs))
    if not text:
        return ""
    reference = osr.SpatialReference()
    try:
        done = reference.ImportFromWkt(text)
        parts = reference.ExportToProj4().strip() if done == 0 else ""
    except RuntimeError:  # where GDAL raises
        parts = ""
    return parts or re.sub(r'"[^"]*"', '""', text)


class CellHash:
    """Hash of the cells of a raster, taken in bands of rows of any height.

    Each row counts in the narrowest type that holds it, so that the type of the file does not matter beyond whole numbers
    or measures. Cells without data count alike whatever the file holds there, and -0 as 0.
    """

    def __init__(self) -> None:
        self._values, self._gaps, self._rows = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()

    def update(self, values: np.ndarray, valid: np.ndarray) -> None:
        """Take some more rows."""
        whole = bool(valid.all())
        if not whole:
            values = np.where(valid, values, values.dtype.type(0))
        if values.dtype.kind == "f":
            values = values + values.dtype.type(0)  # which turns -0 into 0
        elif values.dtype.kind == "b":
            values = values.view(np.uint8)
        widths = _widths(values)
        gaps = np.zeros(len(values), dtype=np.uint8) if whole else (~valid.all(axis=1)).astype(np.uint8)
        self._rows.update((widths * 2 + gaps).tobytes())
        if not whole:
            self._gaps.update(np.packbits(valid[gaps > 0], axis=1).tobytes())
        edges = [0, *(np.flatnonzero(np.diff(widths)) + 1), len(widths)]
        for first, last in zip(edges, edges[1:]):
            part = np.ascontiguousarray(values[first:last], dtype=_WIDTHS[widths[first]])
            self._values.update(part.reshape(-1).view(np.uint8).data)

    def digest(self) -> bytes:
        """Return the hash of the rows taken."""
        return self._rows.digest() + self._gaps.digest() + self._values.digest()


def _widths(values: np.ndarray) -> np.ndarray:
    """Return for each row the place in `_WIDTHS` of the narrowest type that holds its values."""
    if values.dtype == np.uint8:
        return np.zeros(len(values), dtype=np.uint8)
    if values.dtype.kind == "f":
        if values.dtype.itemsize <= 4:
            return np.full(len(values), 5, dtype=np.uint8)
        with np.errstate(over="ignore"):
            narrow = (values.astype(np.float32) == values).all(axis=1)
        return np.where(narrow, 5, 6).astype(np.uint8)
    low, high = values.min(axis=1), values.max(axis=1)
    found = np.full(len(values), 4 if values.dtype.kind == "u" else 3, dtype=np.uint8)
    for place, kind in ((3, np.int64), (2, np.int32), (1, np.int16), (0, np.uint8)):
        limits = np.iinfo(kind)
        found[(low >= limits.min) & (high <= limits.max)] = place
    return found


def raster_hash(source: RasterSource, monitor: Monitor = SILENT) -> str:
    """Return the hash of a raster as the tools see it: values as shown, with what is NoData to the layer."""
    cells, kind = CellHash(), ""
    for _, values, valid in source.blocks(monitor):
        kind = "f" if values.dtype.kind == "f" else "i"
        cells.update(values, valid)
    head = [kind, list(source.grid.shape), place_text(source), crs_text(source.crs)]
    return hashlib.sha256(json.dumps(head).encode() + cells.digest()).hexdigest()


def place_text(source: RasterSource) -> list[str]:
    """Return where the cells of a raster lie, to a billionth of a cell."""
    left, dx, row_skew, top, col_skew, dy = source.place
    width, height = abs(dx) or abs(row_skew), abs(dy) or abs(col_skew)
    corner = [f"{round(left / width, 9) + 0.0:.9f}", f"{round(top / height, 9) + 0.0:.9f}"]
    return corner + [f"{one + 0.0:.12g}" for one in (dx, row_skew, col_skew, dy)]


def features_hash(source: VectorSource, monitor: Monitor = SILENT) -> str:
    """Return the hash of the features of a layer, or of the rows of a table, as the tools see them."""
    records = sorted(record_hashes(source, monitor))
    return hash_of_records(source.field_names, source.crs if is_spatial(source) else None, records)


def is_spatial(source: VectorSource) -> bool:
    """Return whether a layer has shapes."""
    return source.source.wkbType() != QgsWkbTypes.Type.NoGeometry


def hash_of_records(names: Sequence[str], crs: QgsCoordinateReferenceSystem | None, records: Iterable[bytes]) -> str:
    """Return the hash of features from those of each."""
    names = sorted(name for name in names if name.lower() not in KEYS)
    found = hashlib.sha256(json.dumps([names, "" if crs is None else crs_text(crs)]).encode())
    for record in sorted(records):
        found.update(record)
    return found.hexdigest()


def record_hashes(source: VectorSource, monitor: Monitor = SILENT) -> Iterator[bytes]:
    """Yield a hash of each feature of a layer."""
    return hashes_of(source.features(), source.field_names, decimals_of(source.crs), monitor)


def decimals_of(crs: QgsCoordinateReferenceSystem) -> int:
    """Return how many decimals of coordinates count."""
    return _DECIMALS_OF_DEGREES if crs.isGeographic() else _DECIMALS


def hashes_of(
    features: Iterable[QgsFeature], names: Sequence[str], decimals: int = _DECIMALS, monitor: Monitor = SILENT
) -> Iterator[bytes]:
    """Yield a hash of each of some features with fields of these names."""
    counted = [(name, k) for k, name in enumerate(names) if name.lower() not in KEYS]
    for number, feature in enumerate(features):
        if number % 1000 == 0:
            monitor.check()
        held = ((name, plain(feature.attribute(k))) for name, k in counted)
        record = [shape_text(feature.geometry(), decimals), {name: value for name, value in held if value is not None}]
        yield hashlib.sha256(json.dumps(record, sort_keys=True, ensure_ascii=False).encode()).digest()


def plain(value: object) -> str | None:
    """Return an attribute as a text that all formats agree on; None for one without a value, which many call empty."""
    if is_null(value):
        return None
    if isinstance(value, (bool, int)):
        return str(int(value))
    if isinstance(value, float):
        return _number(value)
    if not isinstance(value, str):
        value = value.toString(Qt.DateFormat.ISODate) if hasattr(value, "toString") else str(value)
    value = value.rstrip().removesuffix("T00:00:00")  # formats without days have their midnight
    if _WHOLE.fullmatch(value):  # codes of parcels have more digits than a measure
        return str(int(value))
    return _number(float(value)) if _NUMBER.fullmatch(value) else value or None


def _number(value: float) -> str | None:
    if not np.isfinite(value):
        return None
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else f"{value:.12g}"


def shape_text(shape: QgsGeometry, decimals: int = _DECIMALS) -> str:
    """Return a geometry as a text: its kind, then the rounded coordinates of its parts in an order of their own."""
    if shape.isNull() or shape.isEmpty():
        return ""
    shape = QgsGeometry(shape)
    shape.convertToMultiType()
    shape.normalize()
    kind = shape.wkbType()
    mark = f"{int(shape.type())}{'Z' * QgsWkbTypes.hasZ(kind)}{'M' * QgsWkbTypes.hasM(kind)}"
    # What stands before the brackets is spelled differently by different QGIS.
    text = re.sub(r"[A-Za-z]+ ?(?=\()|[A-Za-z]+ (?=[A-Z])", "", shape.asWkt(decimals))
    return mark + re.sub(r"(?<![\d.])-0(?![\d.])", "0", text).replace(" (", "(")
