"""Finds the inputs of a run again: by what they hold, in a folder or in the capsule itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Callable

from osgeo import gdal
from qgis.core import QgsCoordinateTransformContext, QgsMapLayer, QgsRasterLayer, QgsVectorLayer

from ....core.errors import EcoSecNetError, InputError
from ....core.monitor import Monitor
from ..io.rasterheaders import tried
from ..io.rasters import RasterSource
from ..io.vectors import VectorSource
from ..run.inputlayers import NAMED
from . import hashes
from .inputs import files_below, folder_hash, text_hash
from .reading import Capsule

MOST_FILES = 20_000
"""Files of a folder that are looked through at most."""
_PASSED_OVER = (
    ".qml",
    ".aux.xml",
    ".csvt",
    ".prj",
    ".cpg",
    ".shx",
    ".dbf",
    ".qix",
    ".zip",
    ".html",
    ".md",
    ".ovr",
    ".log",
)

SAME, CHANGED, MISSING = "found", "changed", "missing"

IN_CAPSULE = "in the capsule"
"""Where an input was found that came with the capsule."""


@dataclass
class Found:
    """What was found of an input.

    Attributes
    ----------
    entry : dict
        What run.json says of it.
    state : str
        `SAME`, `CHANGED` or `MISSING`.
    path : str
        The file or folder that holds the same, or that has the name and holds something else.
    layer : str
        The layer of that file.
    where : str
        In words.
    """

    entry: dict[str, Any]
    state: str
    path: str = ""
    layer: str = ""
    where: str = ""

    @property
    def source(self) -> str:
        """What QGIS opens."""
        return f"{self.path}|layername={self.layer}" if self.layer else self.path

    @property
    def value(self) -> object:
        """What the tool is given."""
        if self.entry["kind"] in ("text", "folder"):
            return self.path
        return open_layer(self.entry["kind"], self.path, self.layer, self.entry["name"])


def open_layer(kind: str, path: str, layer: str, name: str) -> QgsMapLayer:
    """Return a layer that keeps its name in a run."""
    if kind == "raster":
        opened: QgsMapLayer = QgsRasterLayer(path, name)
    else:
        opened = QgsVectorLayer(f"{path}|layername={layer}" if layer else path, name, "ogr")
    if not opened.isValid():
        raise InputError(f"{path} cannot be opened.")
    opened.setCustomProperty(NAMED, True)
    return opened


class Finder:
    """Looks for inputs.

    Parameters
    ----------
    capsule : Capsule
        The capsule they are inputs of.
    folder : str
        Where else to look.
    scratch : callable
        Returns a new folder, to unpack an input into.
    passed_over : str
        A folder in there in which nothing is looked for.
    named_in : callable
        Returns the files that a text file names.
    monitor : Monitor
        Progress, cancellation and messages.
    """

    def __init__(
        self,
        capsule: Capsule,
        folder: str,
        scratch: Callable[[], str],
        passed_over: str,
        named_in: Callable[[str], list[str]],
        monitor: Monitor,
    ) -> None:
        self._capsule, self._folder, self._scratch, self._monitor = capsule, folder, scratch, monitor
        self._named_in = named_in
        self._files = list(self._walk(os.path.realpath(passed_over))) if folder else []
        self._by_name: dict[str, list[str]] = {}
        for path in self._files:
            self._by_name.setdefault(os.path.basename(path), []).append(path)
        self._unpacked: dict[str, str] = {}

    def _walk(self, passed_over: str) -> Iterator[str]:
        """Yield the files of the folder, those at the top first."""
        count = 0
        for top, folders, names in os.walk(self._folder):
            self._monitor.check()
            folders[:] = sorted(
                one
                for one in folders
                if not one.startswith(".") and os.path.realpath(os.path.join(top, one)) != passed_over
            )
            for name in sorted(names):
                count += 1
                if count > MOST_FILES:
                    self._monitor.warn(
                        f"{self._folder} holds more than {MOST_FILES:,} files; the others were not looked at. Give a FOLDER "
                        "with the inputs alone."
                    )
                    return
                path = os.path.join(top, name)
                if os.path.realpath(path) != os.path.realpath(self._capsule.path):  # no input of its own run
                    yield path

    def named(self, path: str) -> list[str]:
        """Return the files of the folder that have the name of a file, those first whose folders are called so too."""
        parts = _parts(path)
        found = self._by_name.get(parts[-1], []) if parts else []
        return sorted(found, key=lambda one: -_alike(_parts(one), parts))

    def handed_in(self, entry: dict[str, Any]) -> str:
        """Return the file of the folder that an output was handed in as; empty if there is none."""
        return next(iter(self.named(entry.get("path", ""))), "")

    def find(self, entry: dict[str, Any]) -> Found:
        """Return where an input is: under its name or another one in the folder, else in the capsule."""
        held = self._capsule.holds(entry)
        as_seen = bool(entry.get("copied_as_seen"))  # not what stands in the file of its name
        named = [] if as_seen else self._of_its_name(entry)
        layer = entry.get("layer", "")
        for path in named:
            if self._content(entry, path, layer) == entry["content_sha256"]:
                return Found(entry, SAME, path, layer, path)
        if not held or named:
            for path, inner in self._candidates(entry):
                if path not in named and self._content(entry, path, inner) == entry["content_sha256"]:
                    return Found(entry, SAME, path, inner, f"{path}, by what it holds")
        if named:
            return Found(entry, CHANGED, named[0], layer, f"{named[0]} holds something else")
        if held:
            path = self.unpacked(entry)
            noted = None if as_seen else entry.get("file_sha256")
            if noted and hashes.file_hash(path, self._monitor) != noted:
                return Found(entry, CHANGED, "", "", "its copy in the capsule is not the file that was used")
            return Found(entry, SAME, path, "" if as_seen else layer, IN_CAPSULE)
        return Found(entry, MISSING)

    def unpacked(self, entry: dict[str, Any]) -> str:
        """Return the file that the capsule holds of an input or output."""
        key = entry["in_capsule"]
        if key not in self._unpacked:
            self._unpacked[key] = self._capsule.unpack(entry, self._scratch(), self._monitor)
        return self._unpacked[key]

    def _of_its_name(self, entry: dict[str, Any]) -> list[str]:
        path = entry.get("path", "")
        if entry["kind"] == "folder":
            folders = dict.fromkeys(os.path.dirname(one) for one in self._files)
            return [one for one in folders if _alike(_parts(one), _parts(path))]
        outputs = [_parts(one.get("path", "")) for one in self._capsule.run["outputs"]]
        return [one for one in self.named(path) if not _is_rather(_parts(one), outputs, _parts(path))]

    def _candidates(self, entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield the files, with their layers, that can hold an input by their kind and size."""
        kind = entry["kind"]
        if kind == "folder":
            yield from ((path, "") for path in dict.fromkeys(os.path.dirname(one) for one in self._files))
            return
        for path in self._files:
            self._monitor.check()
            if path.lower().endswith(_PASSED_OVER):
                continue
            if kind == "text":
                if os.path.getsize(path) <= 2 * entry.get("bytes", 0) + 1000:
                    yield path, ""
                continue
            dataset = tried(gdal.OpenEx, path, gdal.OF_RASTER if kind == "raster" else gdal.OF_VECTOR)
            if dataset is None:
                continue
            if kind == "raster":
                if (dataset.RasterYSize, dataset.RasterXSize) == (entry.get("rows"), entry.get("cols")):
                    yield path, ""
                continue
            layers = [dataset.GetLayer(k) for k in range(dataset.GetLayerCount())]
            names = [one.GetName() for one in layers if one.GetFeatureCount() == entry.get("features")]
            several = len(layers) > 1
            del dataset, layers
            yield from ((path, name if several else "") for name in names)

    def _content(self, entry: dict[str, Any], path: str, layer: str) -> str:
        """Return the hash of what a file holds; empty where it cannot be read as such an input."""
        try:
            if entry["kind"] == "folder":
                return folder_hash(path, files_below(path), self._monitor)
            if entry["kind"] == "text":
                return text_hash([path, *self._named_in(path)], self._monitor)
            return content_of(open_layer(entry["kind"], path, layer, entry["name"]), self._monitor)
        except (EcoSecNetError, OSError) as error:
            self._monitor.check()
            self._monitor.info(f"{path} cannot be compared: {error}")
            return ""


def content_of(layer: QgsMapLayer, monitor: Monitor) -> str:
    """Return the hash of what a layer holds."""
    if isinstance(layer, QgsRasterLayer):
        return hashes.raster_hash(RasterSource.of(layer, upright=False), monitor)
    return hashes.features_hash(VectorSource(layer, layer.name(), QgsCoordinateTransformContext()), monitor)


def _parts(path: str) -> list[str]:
    """Return the names of a path of any system."""
    return [one for one in path.replace("\\", "/").split("/") if one]


def _alike(one: list[str], other: list[str]) -> int:
    """Return how many names two paths have in common from their ends."""
    return next((k for k, (a, b) in enumerate(zip(one[::-1], other[::-1])) if a != b), min(len(one), len(other)))


def _is_rather(path: list[str], outputs: list[list[str]], own: list[str]) -> bool:
    """Return whether a file is an output of the run rather than the input of the same name."""
    best = max((_alike(path, one) for one in outputs if one), default=0)
    return best > 0 and best >= _alike(path, own)
