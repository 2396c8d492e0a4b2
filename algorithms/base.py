"""What every tool shares: its face in the toolbox, the checks before a run, and reading and writing in a run."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Iterable, Sequence
from typing import Callable, NamedTuple

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterRasterLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtGui import QIcon

from ..core.errors import EcoSecNetError
from ..core.grid import Grid
from .support import memory, rasters, styling, tables
from .support.feedback import FeedbackMonitor
from .support.layertree import Place
from .support.rasters import OutputError, RasterSource
from .support.tables import Column
from .support.vectors import VectorSource

ROOT = os.path.dirname(os.path.dirname(__file__))
DOCS = "https://ecosecnet.github.io/ecosecnet/tools.html"

MISSING = {
    "scipy": "SciPy is missing from the Python of this QGIS. Debian and Ubuntu: sudo apt install python3-scipy. "
    "Windows (OSGeo4W): choose python3-scipy in the installer. Flatpak: flatpak run --devel --command=pip3 "
    "org.qgis.qgis install scipy --user.",
    "networkx": "networkx is missing from the Python of this QGIS. Debian and Ubuntu: sudo apt install "
    "python3-networkx. Windows (OSGeo4W): choose python3-networkx in the installer.",
}


class Group(NamedTuple):
    """A group of the toolbox."""

    id: str
    label: str


SOURCES = Group("sources", "1 Ecological sources")
RESISTANCE = Group("resistance", "2 Resistance surface")
CORRIDORS = Group("corridors", "3 Corridors")
KEYAREAS = Group("keyareas", "4 Key areas")
PLANNING = Group("planning", "5 Planning")


class EcoSecNetAlgorithm(QgsProcessingAlgorithm):
    """Base of the tools.

    A tool sets the class attributes, declares its parameters in `declare` and does its work in `execute`.
    """

    NAME = ""
    LABEL = ""
    GROUP: Group
    TAGS: Sequence[str] = ()
    SUMMARY = ""
    HELP = ""
    REQUIRES: Sequence[str] = ("scipy",)
    METRIC = True
    """Whether distances or areas are computed, so that a CRS in degrees is refused."""

    def declare(self) -> Iterable[QgsProcessingParameterDefinition | QgsProcessingOutputNumber]:
        """Return the parameters and number outputs."""
        raise NotImplementedError

    def execute(self, job: Job) -> None:
        """Read, call the core, write."""
        raise NotImplementedError

    def check(self, job: Job) -> str | None:
        """Return what is wrong with the parameters together, before anything is read."""
        return None

    def name(self) -> str:
        return self.NAME

    def displayName(self) -> str:
        return self.LABEL

    def group(self) -> str:
        return self.GROUP.label

    def groupId(self) -> str:
        return self.GROUP.id

    def tags(self) -> list[str]:
        return list(self.TAGS)

    def shortDescription(self) -> str:
        return self.SUMMARY

    def shortHelpString(self) -> str:
        return f"<p>{self.SUMMARY}</p>{self.HELP}"

    def helpUrl(self) -> str:
        return f"{DOCS}#{self.NAME}"

    def icon(self) -> QIcon:
        return QIcon(self.svgIconPath())

    def svgIconPath(self) -> str:
        own = os.path.join(ROOT, "icons", f"{self.NAME}.svg")
        return own if os.path.exists(own) else os.path.join(ROOT, "icons", f"{self.GROUP.id}.svg")

    def createInstance(self) -> EcoSecNetAlgorithm:
        return type(self)()

    def initAlgorithm(self, configuration: dict | None = None) -> None:
        for item in self.declare():
            if isinstance(item, QgsProcessingParameterDefinition):
                self.addParameter(item)
            else:
                self.addOutput(item)

    def canExecute(self) -> tuple[bool, str]:
        for package in self.REQUIRES:
            if importlib.util.find_spec(package) is None:
                return False, MISSING[package]
        return True, ""

    def checkParameterValues(self, parameters: dict, context: QgsProcessingContext) -> tuple[bool, str]:
        able, why = self.canExecute()
        if not able:
            return False, why
        good, message = super().checkParameterValues(parameters, context)
        if not good:
            return good, message
        job = Job(self, parameters, context, QgsProcessingFeedback())
        try:
            problem = self._in_degrees(job) if self.METRIC else None
            problem = problem or self._unwritable(job) or self.check(job)
        except EcoSecNetError as error:
            problem = str(error)
        return (False, problem) if problem else (True, "")

    def _in_degrees(self, job: Job) -> str | None:
        for definition in self.parameterDefinitions():
            for layer in job.layers(definition):
                crs = layer.crs() if hasattr(layer, "crs") else layer.sourceCrs()
                if crs.isValid() and crs.isGeographic():
                    extent = layer.extent() if hasattr(layer, "extent") else layer.sourceExtent()
                    name = layer.name() if hasattr(layer, "name") else layer.sourceName()
                    centre = extent.center()
                    zone = min(max(int((centre.x() + 180) // 6) + 1, 1), 60)
                    code = (32600 if centre.y() >= 0 else 32700) + zone
                    return (
                        f"'{name}' is in degrees ({crs.authid() or crs.description()}). Distances and areas need "
                        f"metres. Reproject it first; a fitting CRS there is EPSG:{code} (UTM zone {zone})."
                    )
        return None

    def _unwritable(self, job: Job) -> str | None:
        for definition in self.destinationParameterDefinitions():
            path = job.destination_path(definition.name())
            if not path:
                continue
            folder = os.path.dirname(os.path.abspath(path))
            try:
                os.makedirs(folder, exist_ok=True)
                # Trying is the only test that tells the truth on every system.
                with tempfile.TemporaryFile(dir=folder):
                    pass
            except OSError as error:
                return f"{path} cannot be written ({error.strerror}). Choose a folder that you may write to."
        return None

    def prepareAlgorithm(self, parameters, context, feedback) -> bool:
        # Raster layers live in the main thread; what the run needs of them is noted here.
        self._rasters = {}
        job = Job(self, parameters, context, feedback)
        try:
            for definition in self.parameterDefinitions():
                if isinstance(definition, QgsProcessingParameterRasterLayer) or (
                    isinstance(definition, QgsProcessingParameterMultipleLayers)
                    and definition.layerType() == QgsProcessing.SourceType.TypeRaster
                ):
                    layers = job.layers(definition)
                    if not layers and job.given(definition.name()):
                        raise QgsProcessingException(self.invalidRasterError(parameters, definition.name()))
                    self._rasters[definition.name()] = [RasterSource.of(layer) for layer in layers]
        except EcoSecNetError as error:
            raise QgsProcessingException(str(error)) from None
        return True

    def processAlgorithm(self, parameters, context, feedback) -> dict:
        job = Job(self, parameters, context, feedback)
        try:
            self.execute(job)
            job.monitor.check()
        except EcoSecNetError as error:
            job.discard()
            raise QgsProcessingException(str(error)) from None
        except MemoryError:
            job.discard()
            raise QgsProcessingException(
                "There is not enough memory for this run. Use larger cells or a smaller area."
            ) from None
        except BaseException:
            job.discard()
            raise
        return job.results


class Job:
    """One run of a tool: its parameters as plain values, its inputs, its outputs.

    Attributes
    ----------
    monitor : FeedbackMonitor
        To be handed to the core.
    results : dict
        What the tool returns; the writing methods fill it.
    """

    def __init__(
        self,
        algorithm: EcoSecNetAlgorithm,
        parameters: dict,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> None:
        self._algorithm = algorithm
        self._parameters = parameters
        self.context = context
        self.feedback = feedback
        self.monitor = FeedbackMonitor(feedback)
        self.results: dict[str, object] = {}
        self._new_files: list[str] = []

    # parameters ------------------------------------------------------------------------------------------------

    def given(self, name: str) -> bool:
        """Tell whether an optional parameter or output was asked for."""
        value = self._parameters.get(name)
        return value is not None and value != "" and value != []

    def number(self, name: str) -> float | None:
        """Return a real number, or None for an optional one without default that is not given."""
        return self._optional(name, self._algorithm.parameterAsDouble)

    def integer(self, name: str) -> int | None:
        """Return a whole number, or None."""
        return self._optional(name, self._algorithm.parameterAsInt)

    def _optional(self, name: str, read: Callable) -> float | int | None:
        definition = self._algorithm.parameterDefinition(name)
        if not self.given(name) and definition.defaultValue() is None:
            return None
        return read(self._parameters, name, self.context)

    def text(self, name: str) -> str:
        """Return a text without blanks around it; empty when not given."""
        return self._algorithm.parameterAsString(self._parameters, name, self.context).strip()

    def flag(self, name: str) -> bool:
        """Return a yes or no."""
        return self._algorithm.parameterAsBool(self._parameters, name, self.context)

    def choice(self, name: str) -> int:
        """Return the 0-based index of a choice."""
        return self._algorithm.parameterAsEnum(self._parameters, name, self.context)

    def field(self, name: str) -> str:
        """Return the name of a field; empty when not given."""
        fields = self.fields(name)
        return fields[0] if fields else ""

    def fields(self, name: str) -> list[str]:
        """Return the names of several fields."""
        return self._algorithm.parameterAsFields(self._parameters, name, self.context)

    def matrix(self, name: str) -> list[str]:
        """Return the cells of a matrix row by row, as texts; the default when not given."""
        return [str(value).strip() for value in self._algorithm.parameterAsMatrix(self._parameters, name, self.context)]

    # inputs ----------------------------------------------------------------------------------------------------

    def layers(self, definition: QgsProcessingParameterDefinition) -> list:
        """Return the map layers or sources behind a layer parameter."""
        name = definition.name()
        if not self.given(name):
            return []
        if isinstance(definition, QgsProcessingParameterRasterLayer):
            layer = self._algorithm.parameterAsRasterLayer(self._parameters, name, self.context)
            return [layer] if layer is not None else []
        if isinstance(definition, QgsProcessingParameterMultipleLayers):
            return self._algorithm.parameterAsLayerList(self._parameters, name, self.context)
        if isinstance(definition, QgsProcessingParameterFeatureSource):
            source = self._algorithm.parameterAsSource(self._parameters, name, self.context)
            return [source] if source is not None else []
        return []

    def raster(self, name: str) -> RasterSource | None:
        """Return a raster input, or None when it is not given."""
        found = self._algorithm._rasters.get(name)
        return found[0] if found else None

    def rasters(self, name: str) -> list[RasterSource]:
        """Return several raster inputs."""
        return self._algorithm._rasters.get(name, [])

    def vector(self, name: str) -> VectorSource | None:
        """Return a vector or table input, or None when it is not given."""
        if not self.given(name):
            return None
        source = self._algorithm.parameterAsSource(self._parameters, name, self.context)
        if source is None:
            raise QgsProcessingException(self._algorithm.invalidSourceError(self._parameters, name))
        return VectorSource(source, source.sourceName(), self.context.transformContext())

    def vectors(self, name: str) -> list[VectorSource]:
        """Return several vector inputs."""
        layers = self.layers(self._algorithm.parameterDefinition(name))
        return [VectorSource(layer, layer.name(), self.context.transformContext()) for layer in layers]

    def need_memory(self, count: float) -> None:
        """Announce the memory the run needs, in bytes; refuse a run that cannot fit."""
        memory.announce(count, self.monitor)

    # outputs ---------------------------------------------------------------------------------------------------

    def destination_path(self, name: str) -> str:
        """Return the file an output is to be written to; empty for temporary and database outputs."""
        if not self.given(name):
            return ""
        value = self._parameters[name]
        if hasattr(value, "sink"):
            value = value.sink.staticValue()
        if not isinstance(value, str) or value in ("TEMPORARY_OUTPUT", "memory:") or ":" in value[2:]:
            return ""
        return value if os.path.splitext(value)[1] else ""

    def write_raster(
        self,
        name: str,
        values: np.ndarray,
        grid: Grid,
        *,
        nodata: float,
        description: str = "",
        classes: Sequence[tuple[int, str, tuple[int, int, int]]] = (),
        style: styling.Style | None = None,
        place: Place | None = None,
    ) -> str | None:
        """Write a raster output; returns its path, or None when it was not asked for."""
        path = self.raster_path(name)
        if path is None:
            return None
        rasters.write(path, values, grid, nodata=nodata, description=description, classes=classes, monitor=self.monitor)
        self.finish(name, path, style or (styling.classes(classes) if classes else None), place)
        return path

    def raster_path(self, name: str) -> str | None:
        """Return where a raster output goes, for tools that write it in blocks; None when it was not asked for."""
        if not self.given(name):
            return None
        path = self._algorithm.parameterAsOutputLayer(self._parameters, name, self.context)
        self._remember(path)
        return path

    def write_map(
        self, name: str, file: str, values: np.ndarray, grid: Grid, *, nodata: float, description: str = ""
    ) -> None:
        """Write one of the rasters of an output folder; does nothing when the folder was not asked for."""
        if not self.given(name):
            return
        folder = self._algorithm.parameterAsString(self._parameters, name, self.context)
        path = os.path.join(folder, file)
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder} cannot be made ({error.strerror}). Choose another folder.") from None
        self._remember(path)
        rasters.write(path, values, grid, nodata=nodata, description=description)
        self.results[name] = folder

    def finish(
        self, name: str, destination: str, style: styling.Style | None = None, place: Place | None = None
    ) -> None:
        """Note an output in the results, with the style and the place it gets when QGIS loads it."""
        self.results[name] = destination
        if self.context.willLoadLayerOnCompletion(destination):
            details = self.context.layerToLoadOnCompletionDetails(destination)
            if style is not None or place is not None:
                details.setPostProcessor(styling.post_processor(style, place))

    def folder(self, name: str) -> str:
        """Return a folder output: the path given, or that of a temporary folder."""
        return self._algorithm.parameterAsFileOutput(self._parameters, name, self.context)

    def offer(self, name: str, source: str, label: str, style: styling.Style, place: Place, *, load: bool) -> None:
        """Note a layer that is no output parameter in the results and, if `load`, have QGIS load it."""
        self.results[name] = source
        if load and self.context.project() is not None:
            details = QgsProcessingContext.LayerDetails(label, self.context.project(), name)
            details.setPostProcessor(styling.post_processor(style, place))
            self.context.addLayerToLoadOnCompletion(source, details)

    def write_features(
        self,
        name: str,
        columns: Sequence[Column],
        rows: Iterable[Sequence[object]],
        geometries: Iterable[QgsGeometry] | None = None,
        kind: QgsWkbTypes.Type = QgsWkbTypes.Type.NoGeometry,
        crs: QgsCoordinateReferenceSystem | None = None,
        *,
        style: styling.Style | None = None,
        place: Place | None = None,
    ) -> None:
        """Write a vector layer or, without geometries, a table; does nothing when it was not asked for."""
        if not self.given(name):
            return
        fields = tables.fields_of(columns)
        self._remember(self.destination_path(name))
        sink, destination = self._algorithm.parameterAsSink(
            self._parameters, name, self.context, fields, kind, crs or QgsCoordinateReferenceSystem()
        )
        if sink is None:
            raise QgsProcessingException(self._algorithm.invalidSinkError(self._parameters, name))
        try:
            tables.add_rows(sink, fields, rows, geometries, self.monitor)
        except OSError as error:
            raise OutputError(f"Output '{name}' could not be written: {error}") from None
        del sink
        self.finish(name, destination, style, place)

    def write_table(self, name: str, columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> None:
        """Write a table without geometry; does nothing when it was not asked for."""
        self.write_features(name, columns, rows)

    def write_html(self, name: str, html: str) -> None:
        """Write a report; does nothing when it was not asked for."""
        if not self.given(name):
            return
        path = self._algorithm.parameterAsFileOutput(self._parameters, name, self.context)
        self._remember(path)
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(html)
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error}") from None
        self.results[name] = path

    def _remember(self, path: str) -> None:
        if path and not os.path.exists(path):
            self._new_files.append(path)

    def discard(self) -> None:
        """Remove the files this run has made; called when it fails or is cancelled."""
        for path in self._new_files:
            for leftover in (path, path + ".aux.xml", path + "-wal", path + "-shm"):
                if os.path.exists(leftover):
                    os.remove(leftover)
        self.results.clear()
