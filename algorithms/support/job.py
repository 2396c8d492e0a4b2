"""One run of a tool: its parameters as plain values, its inputs, its outputs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Callable

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterRasterLayer,
    QgsProperty,
    QgsWkbTypes,
)

from ...core.errors import InputError
from ...core.grid import Grid
from . import memory, rasterfiles, styling, tables
from .feedback import FeedbackMonitor
from .layertree import Place, Run
from .rasterfiles import OutputError
from .rasters import RasterSource
from .roles import role_of_output
from .runname import name_run
from .tables import Column
from .vectors import VectorSource, is_null


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
        algorithm: QgsProcessingAlgorithm,
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

    @cached_property
    def _named(self) -> Run:
        return name_run(self._algorithm, self._parameters, self.context)

    # parameters ------------------------------------------------------------------------------------------------

    def given(self, name: str) -> bool:
        """Tell whether an optional parameter or output was asked for."""
        value = self._parameters.get(name)
        # The batch dialog and models wrap even what is left blank.
        if isinstance(value, QgsProcessingOutputLayerDefinition):
            value = value.sink
        elif isinstance(value, QgsProcessingFeatureSourceDefinition):
            value = value.source
        if isinstance(value, QgsProperty) and value.propertyType() == QgsProperty.Type.StaticProperty:
            value = value.staticValue()
        return not is_null(value) and value != "" and value != []

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
        if isinstance(definition, QgsProcessingParameterMapLayer):
            layer = self._algorithm.parameterAsLayer(self._parameters, name, self.context)
            return [layer] if layer is not None else []
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
        rasterfiles.write(
            path, values, grid, nodata=nodata, description=description, classes=classes, monitor=self.monitor
        )
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
        folder = self.folder(name)
        path = os.path.join(folder, file)
        self._remember(folder)
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder} cannot be made ({error.strerror}). Choose another folder.") from None
        self._remember(path)
        rasterfiles.write(path, values, grid, nodata=nodata, description=description)
        self.results[name] = folder

    def finish(
        self, name: str, destination: str, style: styling.Style | None = None, place: Place | None = None
    ) -> None:
        """Note an output in the results, with the style and the place it gets when QGIS loads it."""
        self.results[name] = destination
        if self.context.willLoadLayerOnCompletion(destination):
            details = self.context.layerToLoadOnCompletionDetails(destination)
            details.setPostProcessor(self._post_processor(name, style, place))

    def _post_processor(self, name: str, style: styling.Style | None, place: Place | None):
        order = [definition.name() for definition in self._algorithm.outputDefinitions()].index(name)
        return styling.post_processor(self._named, style, place, role_of_output(self._algorithm.NAME, name), order)

    def folder(self, name: str) -> str:
        """Return a folder output: the path given, or that of a temporary folder."""
        return self._algorithm.parameterAsFileOutput(self._parameters, name, self.context)

    def offer(self, name: str, source: str, label: str, style: styling.Style, place: Place, *, load: bool) -> None:
        """Note a layer that is no output parameter in the results and, if `load`, have QGIS load it."""
        self.results[name] = source
        if load and self.context.project() is not None:
            details = QgsProcessingContext.LayerDetails(label, self.context.project(), name)
            details.forceName = True  # nobody chose the file names; QGIS would show them by default
            details.setPostProcessor(self._post_processor(name, style, place))
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
        self.write_text(name, html)

    def read_text(self, name: str) -> str:
        """Return the text of a file that is an input."""
        path = self._algorithm.parameterAsFile(self._parameters, name, self.context)
        try:
            with open(path, encoding="utf-8") as file:
                return file.read()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path} cannot be read as text ({getattr(error, 'strerror', None) or error}).") from None

    def write_text(self, name: str, text: str) -> None:
        """Write a text file; does nothing when it was not asked for."""
        if not self.given(name):
            return
        path = self._algorithm.parameterAsFileOutput(self._parameters, name, self.context)
        self._remember(path)
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error}") from None
        self.results[name] = path

    def _remember(self, path: str) -> None:
        if path and not os.path.exists(path):
            self._new_files.append(path)

    def discard(self) -> None:
        """Remove the files this run has made; called when it fails or is cancelled."""
        for path in reversed(self._new_files):
            if os.path.isdir(path):
                if not os.listdir(path):
                    os.rmdir(path)
                continue
            for leftover in (path, path + ".aux.xml", path + "-wal", path + "-shm"):
                if os.path.exists(leftover):
                    os.remove(leftover)
        self.results.clear()
