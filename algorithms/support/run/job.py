"""One run of a tool: its parameters as plain values, its inputs, its outputs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TypeVar

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsGeometry,
    QgsMapLayer,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingOutputRasterLayer,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingUtils,
    QgsProject,
    QgsProperty,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ....core.errors import InputError
from ....core.grid import Grid
from ..io import rasterfiles, tables, vectorfiles
from ..io.rasters import RasterSource
from ..io.tables import Column
from ..io.vectorfiles import Target
from ..io.vectors import VectorSource, is_null
from ..language import BOTH, both, report_language, tr, tr_html
from ..reports.document import Document, languages_of_reports
from ..reports.html import with_section
from ..reports.webpage import fragment, page
from . import memory, ramps, stylefiles, styling
from .feedback import FeedbackMonitor
from .inputchecks import checked_number
from .layertree import Place, Run
from .outputs import OutputError, Outputs
from .palette import Colour
from .resultsfolder import into_folder
from .resultsproject import Shown
from .roles import role_of_output
from .runname import name_run

C = TypeVar("C")


class Job:
    """One run of a tool: its parameters as plain values, its inputs, its outputs.

    Attributes
    ----------
    monitor : FeedbackMonitor
        To be handed to the core.
    outputs : Outputs
        Where the writing methods put what they write.
    results : dict
        What the tool returns; the writing methods fill it.
    foldered : frozenset of str
        Outputs that have no place of their own and go into the results folder.
    """

    def __init__(
        self,
        algorithm: QgsProcessingAlgorithm,
        parameters: dict,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> None:
        self._algorithm = algorithm
        self._parameters, self.foldered = into_folder(algorithm, parameters, context)
        self.context = context
        self.feedback = feedback
        self.monitor = FeedbackMonitor(feedback)
        self.outputs = Outputs(self.monitor.warn)
        self.results: dict[str, object] = {}
        self.layer_files: dict[str, tuple[str, str]] = {}
        """Where features and tables lie until the run is complete: file and layer, by output."""
        self.rows: dict[str, tuple[QgsFields, list[QgsFeature], QgsCoordinateReferenceSystem, QgsWkbTypes.Type]] = {}
        """Those that go to memory or a database, which are in no file."""
        self.styles: dict[str, styling.Style] = {}
        """How outputs look."""
        self._late: dict[str, tuple] = {}
        self.drafts: dict[str, str] = {}
        """Outputs that nobody asked for, with their files: what the pictures of a report show, removed at the end."""
        self.verdict = ""
        """What a run that has written everything has found against what it was given; such a run counts as failed."""
        self._to_style: list[tuple[Target, str, bool, styling.Style]] = []
        """Layers in files: where they go, where they lie, whether they are rasters."""
        self._destinations: dict[str, str] = {}
        self._to_load: list[tuple[str, QgsProcessingContext.LayerDetails, styling.Style | None, Place | None]] = []
        self.shown: list[Shown] = []
        """The layers that this run has written, also those that are not loaded."""
        self._more_to_load: list[tuple[str, QgsProcessingContext.LayerDetails, styling.Style, Place, str]] = []

    @cached_property
    def run(self) -> Run:
        """What the layers of this run have in common."""
        return name_run(self._algorithm, self._parameters, self.context)

    # parameters ------------------------------------------------------------------------------------------------

    def definition(self, name: str) -> QgsProcessingParameterDefinition | None:
        """Return how a parameter or output was declared."""
        return self._algorithm.parameterDefinition(name)

    @property
    def tool(self) -> str:
        """The id of the tool."""
        return self._algorithm.name()

    def definitions(self) -> list[QgsProcessingParameterDefinition]:
        """Return how the parameters and outputs of the tool were declared."""
        return self._algorithm.parameterDefinitions()

    def _bare(self, name: str) -> object:
        """Return what was given for a parameter, out of what the batch dialog and models wrap even blanks in."""
        value = self._parameters.get(name)
        if isinstance(value, QgsProcessingOutputLayerDefinition):
            value = value.sink
        elif isinstance(value, QgsProcessingFeatureSourceDefinition):
            value = value.source
        if isinstance(value, QgsProperty) and value.propertyType() == QgsProperty.Type.StaticProperty:
            value = value.staticValue()
        return value

    def given(self, name: str) -> bool:
        """Return whether an optional parameter or output was asked for."""
        if name in self.drafts:
            return True
        value = self._bare(name)
        return not is_null(value) and value != "" and value != []

    def texts(self, name: str) -> list[str]:
        """Return the texts that were given for a parameter of any kind, such as paths, as they were typed."""
        value = self._bare(name)
        return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]

    def number(self, name: str) -> float | int | None:
        """Return a number, or None for an optional one without default that is not given."""
        definition = self.definition(name)
        value = self._parameters[name] if self.given(name) else definition.defaultValue()
        if isinstance(value, QgsProperty):
            value, _ = value.value(self.context.expressionContext(), definition.defaultValue())
        return None if is_null(value) else checked_number(definition, value)

    def integer(self, name: str) -> int | None:
        """Return a whole number, or None."""
        return self.number(name)

    def text(self, name: str) -> str:
        """Return a text without blanks around it; empty when not given."""
        return self._algorithm.parameterAsString(self._parameters, name, self.context).strip()

    def flag(self, name: str) -> bool:
        """Return a yes or no."""
        return self._algorithm.parameterAsBool(self._parameters, name, self.context)

    def choice(self, name: str, of: Iterable[C]) -> C:
        """Return what was chosen of the options a choice was declared with: members of a `Choice`, or other values."""
        return list(of)[self.chosen(name)]

    def chosen(self, name: str) -> int:
        """Return the 0-based index of a choice."""
        return self._algorithm.parameterAsEnum(self._parameters, name, self.context)

    def choices(self, name: str, of: Iterable[C]) -> list[C]:
        """Return what was chosen of the options of a choice of several."""
        options = list(of)
        return [options[k] for k in self._algorithm.parameterAsEnums(self._parameters, name, self.context)]

    def field(self, name: str) -> str:
        """Return the name of a field; empty when not given."""
        fields = self.fields(name)
        return fields[0] if fields else ""

    def fields(self, name: str) -> list[str]:
        """Return the names of several fields."""
        return self._algorithm.parameterAsFields(self._parameters, name, self.context)

    def matrix(self, name: str) -> list[str]:
        """Return the cells of a matrix row by row, as texts; the default when not given."""
        cells = self._algorithm.parameterAsMatrix(self._parameters, name, self.context)
        # NULL is what newer QGIS loads as empty
        return ["" if is_null(value) else str(value).strip() for value in cells]

    def crs(self, name: str) -> QgsCoordinateReferenceSystem | None:
        """Return a coordinate reference system, which may not be valid; None when not given."""
        return self._algorithm.parameterAsCrs(self._parameters, name, self.context) if self.given(name) else None

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

    def given_layers(self, name: str) -> list:
        """Return what was given for a layer parameter: layers, their ids or sources, or what picks features of one."""
        value = self._parameters[name]
        return value if isinstance(value, list) else [value]

    def map_layers(self, definition: QgsProcessingParameterDefinition) -> list[QgsMapLayer]:
        """Return the map layers behind a layer parameter; to be called in the main thread."""
        if not isinstance(definition, QgsProcessingParameterFeatureSource):
            return self.layers(definition)
        layer = self._algorithm.parameterAsVectorLayer(self._parameters, definition.name(), self.context)
        return [layer] if layer is not None else []

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
        layers = self.layers(self.definition(name))
        return [VectorSource(layer, layer.name(), self.context.transformContext()) for layer in layers]

    def need_memory(self, count: float, *, at_most: float = 0.0, where: str = memory.JUMPS, held: float = 0.0) -> None:
        """Announce the memory the run needs, in bytes, and what it can come to need; refuse a run that cannot fit."""
        memory.announce(count, self.monitor, at_most=at_most, where=where, held=held)

    # outputs ---------------------------------------------------------------------------------------------------

    def draft(self, names: Iterable[str]) -> None:
        """Have layers written that nobody has asked for: aside, for the pictures of a report."""
        for name in names:
            if not self.given(name):
                raster = isinstance(self.definition(name), QgsProcessingParameterRasterDestination)
                file = f"{name.lower()}.{'tif' if raster else 'gpkg'}"
                self.drafts[name] = self.scratch(file)

    def scratch(self, file: str) -> str:
        """Return where to write a file that is no output."""
        return self.outputs.scratch(os.path.join(QgsProcessingUtils.tempFolder(), file))

    def drawn_from(self, name: str) -> str:
        """Return the source of a layer that has been written, as it lies until the run is complete."""
        if name in self._late:
            path = self.scratch(f"{name.lower()}.gpkg")
            if not os.path.exists(path):
                vectorfiles.write(path, *self._late[name])
            return path
        if name in self.layer_files:  # a copy: who draws a layer may keep its file open, which then cannot be moved
            path, layer = self.layer_files[name]
            copy = self.scratch(f"drawn_{os.path.basename(path)}")
            shutil.copyfile(path, copy)
            return f"{copy}|layername={layer}" if layer else copy
        return self._aside(name)

    def _aside(self, name: str) -> str:
        return self.drafts.get(name) or self.outputs.path(self.destination(name))

    def destination(self, name: str) -> str:
        """Return where an output goes: a path, or a database as QGIS writes it; empty when it was not asked for."""
        if name in self.drafts:
            return self.drafts[name]
        if not self.given(name):
            return ""
        if name not in self._destinations:
            value = self._parameters[name]
            if isinstance(value, QgsProcessingOutputLayerDefinition):
                value = value.sink  # QGIS would else note it for loading, even if the run fails
            definition = self.definition(name)
            plain = isinstance(
                definition, (QgsProcessingParameterFileDestination, QgsProcessingParameterFolderDestination)
            )
            read = self._algorithm.parameterAsFileOutput if plain else self._algorithm.parameterAsOutputLayer
            self._destinations[name] = read({name: value}, name, self.context)
        return self._destinations[name]

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
    ) -> None:
        """Write a raster output; does nothing when it was not asked for."""
        if not self.given(name):
            return
        path = self._aside(name)
        rasterfiles.write(
            path, values, grid, nodata=nodata, description=description, classes=classes, monitor=self.monitor
        )
        self.finish(name, style or (styling.classes(classes) if classes else None), place)

    def write_surface(
        self,
        name: str,
        values: np.ndarray,
        grid: Grid,
        colours: Sequence[Colour],
        unit: str,
        description: str,
        *,
        place: Place | None = None,
    ) -> None:
        """Write a surface that is nowhere negative in a ramp of colours; does nothing when it was not asked for."""
        if self.given(name):
            look = {"style": styling.surface(ramps.over(colours, values, unit)), "place": place}
            self.write_raster(name, values, grid, nodata=rasterfiles.NO_AMOUNT, description=description, **look)

    def raster_writer(
        self,
        name: str,
        grid: Grid,
        dtype: str,
        nodata: float,
        *,
        description: str,
        classes: Sequence[tuple[int, str, tuple[int, int, int]]] = (),
    ) -> rasterfiles.RasterWriter:
        """Return what writes a raster output in blocks; `finish` it when all are written."""
        path = self.outputs.path(self.destination(name))
        return rasterfiles.RasterWriter(path, grid, dtype, nodata, description=description, classes=classes)

    def write_map(
        self, name: str, file: str, values: np.ndarray, grid: Grid, *, nodata: float, description: str = ""
    ) -> None:
        """Write one of the rasters of an output folder; does nothing when the folder was not asked for."""
        if not self.given(name):
            return
        folder = self.folder(name)
        path = os.path.join(self.outputs.folder(folder), file)
        rasterfiles.write(path, values, grid, nodata=nodata, description=description)
        self.results[name] = folder

    def finish(self, name: str, style: styling.Style | None = None, place: Place | None = None) -> None:
        """Note an output in the results, with the style and the place it gets when QGIS loads it."""
        if style is not None:
            self.styles[name] = style
        if name in self.drafts:
            return
        self.results[name] = self.destination(name)
        if style is not None and isinstance(self.definition(name), QgsProcessingParameterRasterDestination):
            self.keep_style(self.destination(name), style, raster=True)
        value = self._parameters[name]
        if not isinstance(
            self.definition(name), (QgsProcessingParameterFileDestination, QgsProcessingParameterFolderDestination)
        ):
            role = role_of_output(self.tool, name)
            label = self.definition(name).description()
            self.shown.append(Shown(name, str(self.results[name]), label, self.styles.get(name), place, role))
        if isinstance(value, QgsProcessingOutputLayerDefinition) and value.destinationProject is not None:
            label = value.destinationName or self.definition(name).description()
            self._to_load.append((name, self._details(name, label, value.destinationProject), style, place))

    def folder(self, name: str) -> str:
        """Return a folder output: the path given, or that of a temporary folder."""
        return self.destination(name)

    def offer(
        self, name: str, source: str, label: str, style: styling.Style | None, place: Place, *, load: bool
    ) -> None:
        """Note a layer that is no output parameter in the results and, if `load`, have QGIS load it."""
        self.results[name] = source
        if load and self.context.project() is not None:
            details = self._details(name, tr(label), self.context.project())
            details.forceName = True  # nobody chose the file names; QGIS would show them by default
            self._to_load.append((name, details, style, place))

    def offer_raster(self, source: str, label: str, style: styling.Style, place: Place, role: str) -> None:
        """Have QGIS load a raster that is no output of its own but one of several in a folder."""
        self.shown.append(Shown(self.definitions()[-1].name(), source, tr(label), style, place, role))
        self.keep_style(source, style, raster=True)
        project = self.context.project()
        if project is not None:
            raster = QgsProcessingUtils.LayerHint.Raster
            details = QgsProcessingContext.LayerDetails(tr(label), project, label, raster)
            details.forceName = True
            self._more_to_load.append((source, details, style, place, role))

    def _details(self, name: str, label: str, project: QgsProject) -> QgsProcessingContext.LayerDetails:
        hints = QgsProcessingUtils.LayerHint  # without one QGIS tries each kind and logs what fails
        raster = isinstance(self._algorithm.outputDefinition(name), QgsProcessingOutputRasterLayer)
        return QgsProcessingContext.LayerDetails(label, project, name, hints.Raster if raster else hints.Vector)

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
        layer = (columns, rows, geometries, kind, crs or QgsCoordinateReferenceSystem())
        target = Target.of(self.destination(name))
        if target is None:
            self._write_last(name, *layer)
        else:
            if target.in_use():
                path = self.outputs.scratch(target.path)
                if not os.path.exists(path):
                    self.outputs.at_the_end(lambda: vectorfiles.merge(path, target.path))
            else:
                path = self.drafts.get(name) or self.outputs.path(target.path)
            options = getattr(self._parameters.get(name), "createOptions", {})
            vectorfiles.write(
                path,
                *layer,
                layer=target.layer,
                encoding=options.get("fileEncoding") or self.context.defaultEncoding(),
                context=self.context.transformContext(),
                monitor=self.monitor,
            )
            self._destinations[name] = target.source
            self.layer_files[name] = path, target.layer
            if style is not None and name not in self.drafts:
                self._to_style.append((target, path, False, styling.described(style, columns)))
        self.finish(name, styling.described(style, columns), place)

    def _write_last(self, name: str, columns, rows, geometries, kind, crs) -> None:
        """Write to memory or a database, which nothing can be moved to, once all else is in place."""
        fields = tables.fields_of(columns)
        rows, geometries = list(rows), None if geometries is None else list(geometries)
        self._late[name] = columns, rows, geometries, kind, crs
        features = list(tables.features(fields, rows, geometries, self.monitor))
        self.rows[name] = fields, features, crs, kind

        def write() -> None:
            sink, where = self._algorithm.parameterAsSink(
                {name: self.destination(name)}, name, self.context, fields, kind, crs
            )
            if sink is None:
                raise OutputError(self._algorithm.invalidSinkError(self._parameters, name))
            written = all(sink.addFeature(one, QgsFeatureSink.Flag.FastInsert) for one in features)
            if not (written and sink.flushBuffer()):
                raise OutputError(f"Output '{name}' could not be written to {where}: {sink.lastError()}")
            del sink  # which completes the table
            provider, _, uri = where.partition(":")
            kept = QgsVectorLayer(uri, name, {"postgis": "postgres"}.get(provider, provider))
            if kept.isValid() and sum(1 for _ in kept.getFeatures()) < len(features):
                raise OutputError(f"Output '{name}': not all of {len(features):,} rows have arrived in {where}.")
            self._destinations[name] = self.results[name] = where

        self.outputs.at_the_end(write)

    def write_table(self, name: str, columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> None:
        """Write a table without geometry; does nothing when it was not asked for."""
        self.write_features(name, columns, rows)

    def write_html(self, name: str, html: str) -> None:
        """Write a report with a last section on how to run it again; does nothing when it was not asked for."""
        if self.given(name):
            html = with_section(html, fragment(self._algorithm.how_to_run_again(self)))
            asked = report_language()
            self.write_text(name, both(html) if asked == BOTH else tr_html(html, asked))

    def write_document(self, name: str, word: str, document: Document) -> None:
        """Write a report as a page and for Word, each if it was asked for, with a last section on how to run it again."""
        document.blocks += self._algorithm.how_to_run_again(self)
        languages = languages_of_reports()
        if self.given(name):
            self.write_text(name, page(document, languages))
        if self.given(word):
            from ..reports.worddocument import word_document

            self.write_bytes(word, word_document(document, languages))

    def read_text(self, name: str) -> str:
        """Return the text of a file that is an input."""
        path = self._algorithm.parameterAsFile(self._parameters, name, self.context)
        try:
            with open(path, encoding="utf-8-sig") as file:
                return file.read()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path} cannot be read as text ({getattr(error, 'strerror', None) or error}).") from None

    def write_text(self, name: str, text: str) -> None:
        """Write a text file; does nothing when it was not asked for."""
        self.write_bytes(name, text.replace("\n", os.linesep).encode("utf-8"))

    def write_bytes(self, name: str, content: bytes) -> None:
        """Write a file; does nothing when it was not asked for."""
        if not self.given(name):
            return
        path = self.destination(name)
        try:
            with open(self.outputs.path(path), "wb") as file:
                file.write(content)
        except OSError as error:
            raise OutputError(f"{path} cannot be written ({error.strerror}).") from None
        self.results[name] = path

    def keep_style(self, file: str, style: styling.Style, *, raster: bool) -> None:
        """Have the style of a layer written beside its file, of which this is the final place."""
        self._to_style.append((Target(file), self.outputs.path(file), raster, style))

    def write_styles(self) -> None:
        """Write the styles of all layers beside their files; nothing else fails where that cannot be done."""
        taken: set[str] = set()
        for target, path, raster, style in sorted(self._to_style, key=lambda one: not one[2]):
            file = stylefiles.beside(target.path)
            if target.layer or file in taken:  # a style beside the file would be for other layers, too
                if vectorfiles.driver_of(target.path) == "GPKG":
                    self._style_inside(target, path, style)
            elif not stylefiles.is_of_others(file) and os.path.exists(path):
                taken.add(file)
                stylefiles.save_style(stylefiles.open_layer(path, raster=raster), style, stylefiles.beside(path))

    def _style_inside(self, target: Target, path: str, style: styling.Style) -> None:
        name = target.layer or vectorfiles.layer_names(path)[0]
        if target.in_use():
            self.outputs.at_the_end(lambda: stylefiles.save_inside(target.path, name, style))
        else:
            stylefiles.save_inside(path, name, style)

    def complete(self) -> None:
        """Put all outputs in their places, and have QGIS load the layers that it is asked to."""
        self.monitor.check()
        self.outputs.move()
        order = [definition.name() for definition in self._algorithm.outputDefinitions()]
        tool = self._algorithm.NAME
        for name, details, style, place in self._to_load:
            role = role_of_output(tool, name)
            details.setPostProcessor(styling.post_processor(self.run, style, place, role, order.index(name), tool))
            self.context.addLayerToLoadOnCompletion(str(self.results[name]), details)
        for source, details, style, place, role in self._more_to_load:
            details.setPostProcessor(styling.post_processor(self.run, style, place, role, len(order), tool))
            self.context.addLayerToLoadOnCompletion(source, details)

    def discard(self) -> None:
        """Remove what this run has written; called when it fails or is cancelled."""
        self.outputs.discard()
        self.results.clear()
