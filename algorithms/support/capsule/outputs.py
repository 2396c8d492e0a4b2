"""The outputs of a run, as they lie before they take their places: what they hold, and their files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qgis.core import (
    QgsCoordinateTransformContext,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterRasterDestination,
    QgsRasterLayer,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ....core.monitor import Monitor
from ..io.rasters import RasterSource
from ..io.vectorfiles import layer_names
from ..io.vectors import VectorSource
from . import hashes
from .declaration import CAPSULE
from .inputs import is_below, raster_facts

if TYPE_CHECKING:
    from ..run.job import Job

_PARTS = (".qml", ".aux.xml", ".csvt", ".prj", ".cpg", ".shx", ".dbf", ".qix", ".shp.xml", ".xsd", ".gfs", ".ovr")
"""Endings of what stands beside a layer: its parts, and how it looks."""
_TABLES = (".csv", ".xlsx", ".ods")
_PAGES = (".html", ".docx", ".pdf")
"""For readers: they hold when they were made, and what they say stands in layers, tables and numbers too."""
_LAYERS = (".shp", ".geojson", ".fgb", ".gml", ".kml", ".sqlite", ".tab")
_RASTERS = (".tif", ".tiff", ".img", ".asc", ".bil", ".sdat")


@dataclass
class Output:
    """An output of a run, or a file of one of its folders.

    Attributes
    ----------
    entry : dict
        What run.json says of it.
    files : list of str
        Its files, the main one first.
    """

    entry: dict[str, object]
    files: list[str] = field(default_factory=list)


def outputs_of(job: Job, monitor: Monitor) -> Iterator[Output]:
    """Yield the outputs of a run with the hashes of what they hold; all must have been written, and none been moved."""
    aside = {target: path for path, target in job.outputs.written()}
    claimed: set[str] = set()
    folders = []
    for definition in job.definitions():
        name = definition.name()
        if not definition.isDestination() or name == CAPSULE or name not in {*job.results, *job.rows}:
            continue
        if isinstance(definition, QgsProcessingParameterFolderDestination):
            folders.append(name)
        elif name in job.rows:
            yield _rows(name, *job.rows[name])
        else:
            sink = isinstance(definition, QgsProcessingParameterFeatureSink)
            target = os.path.realpath(
                job.destination(name).partition("|layername=")[0] if sink else job.destination(name)
            )
            path, layer = job.layer_files[name] if sink else (aside[target], "")
            kind = "raster" if isinstance(definition, QgsProcessingParameterRasterDestination) else ""
            claimed.add(target)
            yield describe(name, path, target, layer, monitor, kind=kind)
    for name in folders:
        folder = os.path.realpath(str(job.results[name]))
        for target in sorted(aside):
            if is_below(target, folder) and target not in claimed and not target.lower().endswith(_PARTS):
                claimed.add(target)
                for layer in _layers_of(aside[target]):
                    output = describe(name, aside[target], target, layer, monitor)
                    output.entry["file"] = os.path.relpath(target, folder).replace(os.sep, "/")
                    yield output


def _layers_of(path: str) -> list[str]:
    return layer_names(path) if path.lower().endswith(".gpkg") else [""]


def describe(role: str, path: str, target: str, layer: str, monitor: Monitor, *, kind: str = "") -> Output:
    """Return what a file holds.

    Parameters
    ----------
    role : str
        The output it is.
    path, target : str
        Where it lies, and where it belongs.
    layer : str
        Its layer; empty: the only one.
    monitor : Monitor
        For cancellation.
    kind : str
        'raster' where the name of the file may not say it.
    """
    ending = os.path.splitext(path)[1].lower()
    entry: dict[str, object] = {"role": role, "path": target, "file": os.path.basename(target), "layer": layer}
    if kind == "raster" or ending in _RASTERS:
        source = open_raster(path)
        entry.update(kind="raster", **raster_facts(source), content_sha256=hashes.raster_hash(source, monitor))
    elif ending == ".gpkg" or ending in (*_TABLES, *_LAYERS):
        vector = open_features(path, layer)
        records = list(hashes.record_hashes(vector, monitor))
        spatial = hashes.is_spatial(vector)
        content = hashes.hash_of_records(vector.field_names, vector.crs if spatial else None, records)
        entry.update(kind="features" if spatial else "table", features=len(records), content_sha256=content)
        entry["crs"] = vector.crs.authid() if spatial else ""
    else:
        entry.update(kind="page" if ending in _PAGES else "text", content_sha256=hashes.text_hash(path))
    files = [path, *(one for one in _beside(path) if os.path.exists(one))]
    entry["bytes"] = sum(os.path.getsize(one) for one in files)
    entry["file_sha256"] = hashes.file_hash(path, monitor)
    return Output(entry, files)


def _beside(path: str) -> Iterator[str]:
    stem, ending = os.path.splitext(path)
    yield path + ".aux.xml"
    parts = {".shp": ("shx", "dbf", "prj", "cpg"), ".csv": ("csvt",), ".tab": ("dat", "map", "id", "ind")}
    yield from (f"{stem}.{part}" for part in parts.get(ending.lower(), ()))


def open_raster(path: str) -> RasterSource:
    """Return a raster file as the tools see it."""
    return RasterSource.of(QgsRasterLayer(path, os.path.basename(path)), upright=False)


def open_features(path: str, layer: str = "") -> VectorSource:
    """Return a file of features or rows as the tools see it."""
    source = f"{path}|layername={layer}" if layer else path
    opened = QgsVectorLayer(source, layer or os.path.basename(path), "ogr")
    return VectorSource(opened, opened.name(), QgsCoordinateTransformContext())


def _rows(role: str, fields, features, crs, kind) -> Output:
    """Return what goes to memory or a database, where it will only be when all else is in place."""
    spatial = kind != QgsWkbTypes.Type.NoGeometry
    records = list(hashes.hashes_of(features, fields.names(), hashes.decimals_of(crs)))
    content = hashes.hash_of_records(fields.names(), crs if spatial else None, records)
    entry = {"role": role, "path": "", "file": "", "layer": "", "kind": "features" if spatial else "table"}
    return Output({**entry, "features": len(records), "content_sha256": content, "crs": crs.authid()})
