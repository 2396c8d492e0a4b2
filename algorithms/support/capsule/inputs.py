"""The inputs of a run as the tool saw them: where they come from, what they hold, and a copy that can be kept."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable

from osgeo import gdal
from qgis.core import (
    QgsMapLayer,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingUtils,
    QgsProviderRegistry,
    QgsVectorLayer,
)

from ....core.monitor import Monitor
from ..inputs.spreading import OWN
from ..inputs.stored import is_layer
from ..io.rasterheaders import tried
from ..io.rasters import RasterSource
from ..io.vectors import VectorSource
from . import copies, hashes

if TYPE_CHECKING:
    from ..run.job import Job


@dataclass(frozen=True)
class Origin:
    """Where a vector layer or table comes from.

    Attributes
    ----------
    path : str
        Its file; for other sources what QGIS opens, without what only its owner should know.
    layer : str
        Its layer in that file; empty: the only one.
    name : str
        What it is called.
    whole : bool
        Whether the tool sees what stands in the file: no selection, no subset, no unsaved edits, no joined fields.
    """

    path: str
    layer: str
    name: str
    whole: bool


@dataclass
class Input:
    """An input of a run, or a part of one.

    Attributes
    ----------
    entry : dict
        What run.json says of it.
    files : list of str
        Its files, the main one first; empty where they are not what the tool saw.
    folder : str
        Where the names of files in the capsule start.
    copy : callable
        Writes what the tool saw into a folder, and returns the file, where the files cannot be kept.
    """

    entry: dict[str, object]
    files: list[str] = field(default_factory=list)
    folder: str = ""
    copy: Callable[[str], str] | None = None


def origins(job: Job) -> dict[str, list[Origin]]:
    """Return where the vector layers of a run come from, by parameter; to be called in the main thread."""
    found = {}
    for definition in job.definitions():
        if is_layer(definition) and job.given(definition.name()):
            found[definition.name()] = [
                _origin(layer, picked)
                for layer, picked in _vector_layers(job, definition)
                if isinstance(layer, QgsVectorLayer)
            ]
    return found


def _vector_layers(job: Job, definition: QgsProcessingParameterDefinition) -> Iterator[tuple[QgsMapLayer | None, bool]]:
    """Yield the layers behind a parameter, and whether only some of their features are meant."""
    values = job.given_layers(definition.name())
    picks = [one for one in values if isinstance(one, QgsProcessingFeatureSourceDefinition)]
    if not picks:
        yield from ((layer, False) for layer in job.map_layers(definition))
    for one in picks:
        source = one.source.staticValue()
        if not isinstance(source, QgsMapLayer):
            hint = QgsProcessingUtils.LayerHint.Vector
            source = QgsProcessingUtils.mapLayerFromString(source, job.context, True, hint)
        yield source, _picks(one)


def _picks(value: QgsProcessingFeatureSourceDefinition) -> bool:
    return value.selectedFeaturesOnly or value.featureLimit > 0 or bool(getattr(value, "filterExpression", ""))


def _origin(layer: QgsVectorLayer, picked: bool) -> Origin:
    provider = layer.providerType()
    parts = QgsProviderRegistry.instance().decodeUri(provider, layer.source())
    path = parts.get("path") or ""
    whole = (
        provider == "ogr"
        and os.path.isfile(path)
        and not (picked or layer.subsetString() or layer.isModified())
        and layer.fields().count() == layer.dataProvider().fields().count()
        and not _has_pages_beside(path)
    )
    where = os.path.abspath(path) if os.path.exists(path) else f"{provider} layer"
    return Origin(where, parts.get("layerName") or "", layer.name(), whole)


def _has_pages_beside(path: str) -> bool:
    """Return whether some of a GeoPackage is still in the file that SQLite keeps beside it."""
    return os.path.exists(path + "-wal") and os.path.getsize(path + "-wal") > 0


def inputs_of(
    job: Job, places: dict[str, list[Origin]], named_in: Callable[[str], list[str]], monitor: Monitor
) -> Iterator[Input]:
    """Yield the inputs of a run with the hashes of what they hold, in the order of its parameters.

    Parameters
    ----------
    job : Job
        The run.
    places : dict
        See `origins`.
    named_in : callable
        Returns the files that a text file names, which are read with it.
    monitor : Monitor
        For cancellation.
    """
    for definition in job.definitions():
        name = definition.name()
        if definition.isDestination() or not job.given(name) or name in OWN:
            continue
        if isinstance(definition, QgsProcessingParameterFile):
            yield _file_or_folder(definition.name(), os.path.abspath(job.text(name)), named_in, monitor)
        elif is_layer(definition):
            yield from _layers(job, definition, places.get(name, []), monitor)


def _layers(
    job: Job, definition: QgsProcessingParameterDefinition, places: list[Origin], monitor: Monitor
) -> Iterator[Input]:
    name = definition.name()
    for source in job.rasters(name):
        yield _raster(name, source, monitor)
    if not places:
        return
    one = isinstance(definition, QgsProcessingParameterFeatureSource)
    sources = [job.vector(name)] if one else job.vectors(name)
    for source, place in zip([one for one in sources if not _is_raster(one)], places):
        yield _features(name, source, place, monitor)


def _is_raster(source: VectorSource) -> bool:
    return isinstance(source.source, QgsMapLayer) and not isinstance(source.source, QgsVectorLayer)


def _raster(role: str, source: RasterSource, monitor: Monitor) -> Input:
    dataset = source.open()
    driver = dataset.GetDriver().ShortName
    files = [path for path in dataset.GetFileList() or () if not path.lower().endswith(".ovr")]
    del dataset
    entry = {
        "role": role,
        "kind": "raster",
        "name": source.name,
        "path": os.path.abspath(source.path) if os.path.exists(source.path) else source.path,
        "layer": "",
        "driver": driver,
        **raster_facts(source),
        "content_sha256": hashes.raster_hash(source, monitor),
    }
    whole = os.path.isfile(source.path) and not source.hidden and not source.options and driver in copies.RASTERS
    copy = lambda folder: copies.save_raster(source, folder, monitor)  # noqa: E731
    return _with_files(entry, files if whole else [], copy, monitor)


def raster_facts(source: RasterSource) -> dict[str, object]:
    """Return the size and CRS of a raster."""
    rows, cols = source.grid.shape
    return {"rows": rows, "cols": cols, **_crs(source.crs)}


def _crs(crs) -> dict[str, str]:
    return {"crs": crs.authid(), "crs_wkt": crs.toWkt() if crs.isValid() else ""}


def _features(role: str, source: VectorSource, place: Origin, monitor: Monitor) -> Input:
    records = list(hashes.record_hashes(source, monitor))
    spatial = hashes.is_spatial(source)
    dataset = tried(gdal.OpenEx, place.path, gdal.OF_VECTOR) if os.path.isfile(place.path) else None
    driver = dataset.GetDriver().ShortName if dataset is not None else ""
    files = _companions(place.path, dataset) if dataset is not None else []
    del dataset
    entry = {
        "role": role,
        "kind": "features" if spatial else "table",
        "name": place.name,
        "path": place.path,
        "layer": place.layer,
        "driver": driver,
        "features": len(records),
        **(_crs(source.crs) if spatial else {}),
        "content_sha256": hashes.hash_of_records(source.field_names, source.crs if spatial else None, records),
    }
    whole = place.whole and driver in copies.VECTORS
    copy = lambda folder: copies.save_features(source, place.name, folder, monitor)  # noqa: E731
    return _with_files(entry, files if whole else [], copy, monitor)


def named_input(role: str, source: RasterSource | VectorSource, path: str, layer: str, monitor: Monitor) -> Input:
    """Return a raster or a layer that a table names.

    Parameters
    ----------
    role : str
        The parameter of the table.
    source : RasterSource or VectorSource
        The layer.
    path, layer : str
        Its file, and its layer in that file; empty: the only one.
    monitor : Monitor
        For cancellation.
    """
    if isinstance(source, RasterSource):
        return _raster(role, source, monitor)
    return _features(role, source, Origin(path, layer, source.name, True), monitor)


def _companions(path: str, dataset: gdal.Dataset) -> list[str]:
    """Return a file and those that are read with it."""
    stem = os.path.splitext(path)[0]
    beside = [f"{stem}.{ending}" for ending in ("csvt", "prj", "cpg")]
    found = dict.fromkeys([path, *(dataset.GetFileList() or ()), *filter(os.path.isfile, beside)])
    return [one for one in found if not one.lower().endswith((".ovr", ".qix", "-wal", "-shm"))]


def _with_files(entry: dict[str, object], files: list[str], copy: Callable[[str], str], monitor: Monitor) -> Input:
    if not files:
        return Input(entry, copy=copy)
    files = sorted(files, key=lambda path: os.path.abspath(path) != entry["path"])
    entry["bytes"] = sum(os.path.getsize(path) for path in files)
    entry["file_sha256"] = hashes.file_hash(files[0], monitor)
    return Input(entry, files, os.path.dirname(files[0]), copy)


def _file_or_folder(role: str, path: str, named_in: Callable[[str], list[str]], monitor: Monitor) -> Input:
    entry: dict[str, object] = {"role": role, "name": os.path.basename(path), "path": path}
    if os.path.isdir(path):
        files = files_below(path)
        entry.update(kind="folder", content_sha256=folder_hash(path, files, monitor), files=len(files))
        entry["bytes"] = sum(os.path.getsize(one) for one in files)
        return Input(entry, files, path)
    files, folder = [path, *named_in(path)], os.path.dirname(path)
    entry.update(kind="text", content_sha256=text_hash(files, monitor), file_sha256=hashes.file_hash(path, monitor))
    entry["bytes"] = sum(os.path.getsize(one) for one in files)
    return Input(entry, files if all(is_below(one, folder) for one in files) else [], folder)


def files_below(folder: str) -> list[str]:
    """Return the files of a folder and the folders in it."""
    return sorted(os.path.join(top, name) for top, _, names in os.walk(folder) for name in names)


def is_below(path: str, folder: str) -> bool:
    """Return whether a file lies in a folder or in a folder there, links followed."""
    path, folder = os.path.realpath(path), os.path.realpath(folder)
    return os.path.splitdrive(path)[0] == os.path.splitdrive(folder)[0] and os.path.commonpath([path, folder]) == folder


def text_hash(files: list[str], monitor: Monitor) -> str:
    """Return a hash of a text file and of those that are read with it."""
    if len(files) == 1:
        return hashes.text_hash(files[0])
    return folder_hash(os.path.dirname(files[0]), files, monitor)


def folder_hash(folder: str, files: list[str], monitor: Monitor) -> str:
    """Return a hash of the files of a folder, by their names in it."""
    names = [os.path.relpath(one, folder).replace(os.sep, "/") for one in files]
    held = sorted([name, hashes.file_hash(one, monitor)] for name, one in zip(names, files))
    return hashlib.sha256(json.dumps(held).encode()).hexdigest()
