"""What is checked of the outputs of a run before anything is read: that they can be written where they are asked for."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from osgeo import gdal
from qgis.core import (
    QgsMapLayer,
    QgsProcessing,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterRasterDestination,
    QgsProviderRegistry,
)

from ....core.errors import InputError
from ..io import rasterfiles, vectorfiles
from ..io.rasterheaders import tried
from ..io.vectorfiles import Target
from .job import Job
from .outputs import OutputError, identity
from .resultsfolder import check_folder

_LONGEST_COMPANION = ".aux.xml-journal"

_PARTS = {
    "shp": ("shx", "dbf", "prj", "cpg"),
    "tab": ("dat", "map", "id", "ind"),
    "gml": ("xsd",),
    "asc": ("prj",),
    "sdat": ("sgrd", "mgrd", "prj"),
    "bil": ("hdr", "prj"),
}
"""Endings of the other files of formats that need several."""


_OF_FILES = ("gdal", "ogr", "delimitedtext", "spatialite")
"""Providers of QGIS whose layers are files."""


@dataclass(frozen=True)
class _Use:
    """What a file is used for: by whom, and for which layer of it; empty: for the whole file."""

    who: str
    layer: str = ""

    def meets(self, other: _Use) -> bool:
        return not self.layer or not other.layer or self.layer.lower() == other.layer.lower()


def check_outputs(
    job: Job, definitions: Sequence[QgsProcessingParameterDefinition], named_in: Callable[[str], list[str]]
) -> set[object]:
    """Return the identities of the files that are inputs, also of those that `named_in` finds in text files.

    Raises
    ------
    OutputError
        If an output cannot be written, is one of the inputs, or two outputs are one file.
    """
    check_folder(job)
    inputs: dict[object, list[_Use]] = {}
    for definition in definitions:
        if not definition.isDestination() and job.given(definition.name()):
            for file, use in _inputs(job, definition, named_in):
                inputs.setdefault(identity(file), []).append(use)
    outputs: dict[object, list[_Use]] = {}
    for definition in definitions:
        target = _target(job, definition) if definition.isDestination() else None
        if target is None:
            continue
        _check_format(target.path, definition)
        _check_place(target.path, definition)
        _check_other_layers(target)
        if isinstance(definition, QgsProcessingParameterFolderDestination):
            continue  # several may share a folder
        use = _Use(definition.name(), target.layer)
        for file in _files(target.path):
            for other in filter(use.meets, inputs.get(identity(file), ())):
                raise OutputError(
                    f"{target.path} ({definition.name()}) would overwrite {other.who}. Choose another file."
                )
            for other in filter(use.meets, outputs.get(identity(file), ())):
                raise OutputError(
                    f"The outputs {other.who} and {use.who} would both write {file}. Choose another file for one of them."
                )
        for file in _files(target.path):
            outputs.setdefault(identity(file), []).append(use)
    return set(inputs)


def refuse_in_place_of(job: Job, files: Iterable[str], who: str, *, written: Iterable[str] = ()) -> set[object]:
    """Return the identities of files that a table names; `written` are files of OUTPUT_FOLDER.

    Raises
    ------
    OutputError
        If an output would be written in place of one.
    """
    named = {identity(file) for file in files}
    for path in written:
        if any(identity(file) in named for file in _files(path)):
            raise OutputError(
                f"{path} (OUTPUT_FOLDER) would overwrite an input that {who} names. Choose another folder, or copy the input."
            )
    for definition in job.definitions():
        target = _target(job, definition) if definition.isDestination() else None
        if target is None or isinstance(definition, QgsProcessingParameterFolderDestination):
            continue
        if any(identity(file) in named for file in _files(target.path)):
            raise OutputError(
                f"{target.path} ({definition.name()}) would overwrite an input that {who} names. Choose another file."
            )
    return named


def _target(job: Job, definition: QgsProcessingParameterDefinition) -> Target | None:
    """Return the file or folder of an output; None if it is not asked for, or goes to memory or a database."""
    if job.texts(definition.name()) == [QgsProcessing.TEMPORARY_OUTPUT]:
        return None  # QGIS would make a folder each time that it is asked where
    path = job.destination(definition.name())
    if isinstance(definition, QgsProcessingParameterFeatureSink):
        return Target.of(path) if path else None
    return Target(path) if path else None


def _files(path: str) -> list[str]:
    stem, ending = os.path.splitext(path)
    return [path, *(f"{stem}.{part}" for part in _PARTS.get(ending.lstrip(".").lower(), ()))]


def _inputs(
    job: Job, definition: QgsProcessingParameterDefinition, named_in: Callable[[str], list[str]]
) -> Iterator[tuple[str, _Use]]:
    """Yield the files behind an input."""
    if isinstance(definition, QgsProcessingParameterFile):
        path = os.path.abspath(job.text(definition.name()))
        yield path, _Use(f"the input {definition.name()}")
        for file in named_in(path) if os.path.isfile(path) else ():
            yield file, _Use(f"an input that {definition.name()} names")
    for layer in job.map_layers(definition):
        yield from _files_behind(layer)


def _files_behind(layer: QgsMapLayer) -> Iterator[tuple[str, _Use]]:
    if layer.providerType() not in _OF_FILES:
        return
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    path = parts.get("path") or layer.source()
    dataset = tried(gdal.OpenEx, path)
    name = parts.get("layerName") or ""
    if not name and dataset is not None and dataset.GetLayerCount():
        name = dataset.GetLayer(0).GetName()
    use = _Use(f"the input '{layer.name()}'", name if path.lower().endswith(".gpkg") else "")
    for file in _files_read(path):
        yield file, use


def _files_read(path: str) -> set[str]:
    """Return a file and those that are read with it, also through virtual files that name each other."""
    found: set[str] = set()
    waiting = {path}
    while waiting:
        file = waiting.pop()
        found.add(file)
        if file == path or file.lower().endswith(".vrt"):
            dataset = tried(gdal.OpenEx, file)
            waiting |= set((dataset.GetFileList() or ()) if dataset is not None else ()) - found
    return found


def _check_format(path: str, definition: QgsProcessingParameterDefinition) -> None:
    if isinstance(definition, QgsProcessingParameterRasterDestination):
        what, endings = "rasters", rasterfiles.ENDINGS
    elif not isinstance(definition, QgsProcessingParameterFeatureSink):
        return
    elif definition.dataType() == QgsProcessing.SourceType.TypeVector:
        what, endings = "tables", vectorfiles.TABLE_ENDINGS
    else:
        what, endings = "layers", vectorfiles.LAYER_ENDINGS
    ending = os.path.splitext(path)[1].lstrip(".").lower()
    if ending in endings or (not ending and what == "rasters"):
        return
    raise OutputError(
        f"{path}: {what} cannot be written as .{ending} without loss. Choose a file that ends in "
        f".{', .'.join(endings[:-1])} or .{endings[-1]}."
    )


def _check_place(path: str, definition: QgsProcessingParameterDefinition) -> None:
    path = os.path.abspath(path)
    wants_folder = isinstance(definition, QgsProcessingParameterFolderDestination)
    folder = path if wants_folder else os.path.dirname(path)
    if os.path.isdir(path) and not wants_folder:
        raise OutputError(f"{path} is a folder. Give the name of a file in it.")
    try:
        os.lstat(path if wants_folder else path + _LONGEST_COMPANION)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise OutputError(f"{path} cannot be written: the name is too long. Choose a shorter one.") from None
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    try:
        # Trying is the only test that tells the truth on every system.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror}). Choose a folder that you may write to."
        ) from None


def _check_other_layers(target: Target) -> None:
    """Refuse to replace a GeoPackage that holds more than the layer of an earlier run."""
    if target.layer or not target.path.lower().endswith(".gpkg") or not os.path.exists(target.path):
        return
    names = vectorfiles.layer_names(target.path)
    if len(names) > 1:
        raise OutputError(
            f"{target.path} holds {len(names)} layers ({', '.join(names[:5])}), which would all be lost. Choose 'Save to "
            "GeoPackage' and a layer name to add one to it, or another file."
        )


def refuse_layers_of_others(path: str, own: Sequence[str]) -> None:
    """Raise `InputError` if a GeoPackage that is to be replaced holds other layers than these."""
    others = [name for name in vectorfiles.layer_names(path) if name not in own]
    if others:
        raise InputError(
            f"{path} holds other layers ({', '.join(others[:5])}), which would be lost. Choose another folder."
        )
