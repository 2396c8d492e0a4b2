"""What every tool shares: its face in the toolbox, the checks before a run, and errors in plain words."""

from __future__ import annotations

import importlib.util
import os
import traceback
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from qgis.core import (
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputDefinition,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsRasterLayer,
)
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QWidget

from ..core.errors import EcoSecNetError, InputError, ShardDone
from .support.addresses import help_page, page, tracker
from .support.capsule.declaration import CAPSULE, capsule
from .support.capsule.environment import Clock
from .support.capsule.inputs import Input, inputs_of, origins
from .support.inputs.parameters import CLASSES, put_in_language
from .support.io.categories import not_classes
from .support.io.crs import forget_those_of_this_thread
from .support.io.rasters import RasterSource
from .support.language import tr, tr_html
from .support.plaintext import for_a_box, upright
from .support.run import memory
from .support.run.inputchecks import check_inputs
from .support.run.inputlayers import (
    crs_warnings,
    edited,
    input_layers,
    measured,
    name_by_layer,
    refuse_degrees,
    scale_warning,
)
from .support.run.job import Job
from .support.run.layertree import Place
from .support.run.outputchecks import check_outputs
from .support.run.resultsfolder import RESULTS

if TYPE_CHECKING:
    from .support.reports.document import Block

ROOT = os.path.dirname(os.path.dirname(__file__))

MISSING = {
    "scipy": "SciPy is missing from the Python of this QGIS. Debian and Ubuntu: sudo apt install python3-scipy. "
    "Windows (OSGeo4W): choose python3-scipy in the installer. Flatpak: flatpak run --devel --command=pip3 "
    "org.qgis.qgis install scipy --user.",
    "networkx": "networkx is missing from the Python of this QGIS. Debian and Ubuntu: sudo apt install "
    "python3-networkx. Windows (OSGeo4W): choose python3-networkx in the installer. Flatpak: flatpak run --devel "
    "--command=pip3 org.qgis.qgis install networkx --user.",
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
DECISIONS = Group("decisions", "6 Decisions")

MEASURES = "5 Measures"
"""What is to be done: the last step of a whole run, whose tools are among the decisions."""

FROM_THE_TOP = [MEASURES, *(group.label for group in (KEYAREAS, CORRIDORS, SOURCES, RESISTANCE))]
"""How the steps of a whole run lie on the map."""


def place_in(step: str, rank: int | None, visible: bool = True) -> Place:
    """Return where a layer goes that is one of a run of several steps; `step` is in `FROM_THE_TOP`."""
    return Place((step,), rank, tuple(FROM_THE_TOP[: FROM_THE_TOP.index(step)]), visible, expanded=visible)


class EcoSecNetAlgorithm(QgsProcessingAlgorithm):
    """Base of the tools.

    A tool sets the class attributes, declares its parameters in `declare` and does its work in `execute`.
    """

    NAME = ""
    LABEL = ""
    STEP = ""
    """Place in the order of the work, such as '1a'; the provider sets it."""
    GROUP: Group
    TAGS: Sequence[str] = ()
    SUMMARY = ""
    HELP = ""
    REQUIRES: Sequence[str] = ("scipy",)
    METRIC = True
    """Whether distances or areas are computed, so that a CRS in degrees is refused where they are measured."""
    UPRIGHT = True
    """Whether its rasters must be north-up."""
    HECTARES = False
    """Whether it reports areas though it needs none, so that degrees are taken and only a scale that is off is named."""
    CAPSULE_BY_DEFAULT = False
    """Whether the dialog has it write a capsule unless that is skipped."""

    def declare(self) -> Iterable[QgsProcessingParameterDefinition | QgsProcessingOutputDefinition]:
        """Return the parameters, and the outputs that are numbers or texts."""
        raise NotImplementedError

    def execute(self, job: Job) -> None:
        """Read, call the core, write."""
        raise NotImplementedError

    def measured_in(self, job: Job) -> str:
        """Return the parameter in whose CRS lengths and areas are measured; empty for the usual one, see `measured`."""
        return ""

    def check(self, job: Job) -> str | None:
        """Return what is wrong with the parameters together, before anything is read."""
        return None

    def named_in(self, path: str) -> list[str]:
        """Return the files that a text file that is an input names, and that are read with it."""
        return []

    def described_inputs(self, job: Job) -> list[Input]:
        """Return the inputs of a run whose parameters have been checked, as its capsule would note them."""
        return list(inputs_of(job, origins(job), self.named_in, job.monitor))

    def named_in_tables(self, job: Job) -> Iterable[Input]:
        """Return the inputs that tables of a run name, with their hashes; their role is the table."""
        return ()

    def how_to_run_again(self, job: Job) -> list[Block]:
        """Return the section of a report that says what the run was made of."""
        from .support.capsule.again import section

        return section(self, job, self._described(job) if self.keeps_capsule(job) else None)

    def _described(self, job: Job) -> list[Input]:
        """Return the inputs of a run with their hashes, for its reports and its capsule."""
        if self._inputs_described is None:
            self._inputs_described = list(inputs_of(job, self._origins, self.named_in, job.monitor))
            self._inputs_described += self.named_in_tables(job)
        return self._inputs_described

    def name(self) -> str:
        return self.NAME

    def displayName(self) -> str:
        return f"{self.STEP} {tr(self.LABEL)}".strip()

    def group(self) -> str:
        return tr(self.GROUP.label)

    def groupId(self) -> str:
        return self.GROUP.id

    def tags(self) -> list[str]:
        return list(self.TAGS)

    def shortDescription(self) -> str:
        return tr(self.SUMMARY)

    def shortHelpString(self) -> str:
        return tr_html(f"<p>{self.SUMMARY}</p>{self.HELP}")

    def helpUrl(self) -> str:
        return help_page(self.NAME)

    def icon(self) -> QIcon:
        return QIcon(self.svgIconPath())

    def svgIconPath(self) -> str:
        return os.path.join(ROOT, "icons", f"{self.NAME}.svg")

    def createInstance(self) -> EcoSecNetAlgorithm:
        return type(self)()

    def createCustomParametersWidget(self, parent: QWidget | None = None) -> QWidget:
        from .support.run.dialog import ToolDialog

        return ToolDialog(self, parent=parent)

    def initAlgorithm(self, configuration: dict | None = None) -> None:
        for item in self.declare():
            put_in_language(item)
            if isinstance(item, QgsProcessingParameterDefinition):
                self.addParameter(item)
            else:
                self.addOutput(item)
        if self.parameterDefinition(CAPSULE) is None:
            item = capsule(default=self.CAPSULE_BY_DEFAULT)
            put_in_language(item)
            self.addParameter(item)

    def canExecute(self) -> tuple[bool, str]:
        missing = [MISSING[package] for package in self.REQUIRES if importlib.util.find_spec(package) is None]
        return not missing, tr(" ".join(missing))

    def checkParameterValues(self, parameters: dict, context: QgsProcessingContext) -> tuple[bool, str]:
        able, why = self.canExecute()
        if not able:
            return False, why
        job = Job(self, parameters, context, QgsProcessingFeedback())
        try:
            check_inputs(job, self.parameterDefinitions())
            good, message = super().checkParameterValues(self._as_qgis_takes_them(job, parameters), context)
            if good:
                self._check(job)
        except Exception as error:
            return False, for_a_box(_sentence(error, job.feedback))
        return good, message

    def _as_qgis_takes_them(self, job: Job, parameters: dict) -> dict:
        """Return the parameters without empty outputs that have a type, such as NULL, and numbers without decimal commas."""
        taken = dict(parameters)
        for definition in self.parameterDefinitions():
            name = definition.name()
            if definition.isDestination() and not job.given(name):
                taken.pop(name, None)
            elif isinstance(definition, QgsProcessingParameterNumber) and job.given(name):
                taken[name] = job.number(name)
        return taken

    def _check(self, job: Job) -> None:
        """Raise `InputError` for what is wrong with the layers, the outputs, or the parameters together."""
        name_by_layer(job, self.parameterDefinitions())
        self._inputs = check_outputs(job, self.parameterDefinitions(), self.named_in)
        self._rasters = self._headers(job)
        self._origins = origins(job) if self.keeps_capsule(job) else {}
        self._edited = edited(job, self.parameterDefinitions())
        problem = self._in_degrees(job) or self._measured_values(job) or self.check(job)
        if problem:
            raise InputError(problem)

    def keeps_capsule(self, job: Job) -> bool:
        """Return whether a capsule of this run is to be written."""
        return self.parameterDefinition(CAPSULE).isDestination() and job.given(CAPSULE)

    def _in_degrees(self, job: Job) -> str | None:
        layer = measured(input_layers(job, self.parameterDefinitions()), self.measured_in(job)) if self.METRIC else None
        return refuse_degrees(layer, job.context.transformContext()) if layer is not None else None

    def _measured_values(self, job: Job) -> str | None:
        for definition in self.parameterDefinitions():
            if not definition.metadata().get(CLASSES):
                continue
            for source in job.rasters(definition.name()):
                held = not_classes(source)
                if held:
                    return (
                        f"'{source.name}' holds measured values ({held}), not classes. Choose a class raster for "
                        f"'{definition.description()}'."
                    )
        return None

    def _say_how_layers_are_read(self, job: Job) -> None:
        layers = input_layers(job, self.parameterDefinitions())
        # Once, though a layer may be given for two parameters.
        for note in dict.fromkeys(note for sources in self._rasters.values() for one in sources for note in one.notes):
            job.monitor.info(note)
        for name in self._edited:
            job.monitor.warn(f"'{name}' is being edited: the run uses it with the changes that are not saved yet.")
        for warning in dict.fromkeys(crs_warnings(layers)):
            job.monitor.warn(warning)
        layer = measured(layers, self.measured_in(job)) if self.METRIC or self.HECTARES else None
        warning = scale_warning(layer, job.context.transformContext()) if layer is not None else None
        if warning:
            job.monitor.warn(warning)

    def prepareAlgorithm(self, parameters, context, feedback) -> bool:
        refusal = self._refusal(Job(self, parameters, context, feedback))
        del parameters, context, feedback
        return _unless(refusal)

    def _refusal(self, job: Job) -> str:
        """Return why a run cannot begin, or nothing."""
        try:
            memory.require_libraries()
            # Again: the batch dialog of QGIS 3.22 and models do not have parameters checked.
            check_inputs(job, self.parameterDefinitions())
            self._check(job)
        except Exception as error:
            return _sentence(error, job.feedback)
        return ""

    def _headers(self, job: Job) -> dict[str, list[RasterSource]]:
        """Return what is known of the rasters of a run before a cell is read.

        Raster layers live in the main thread; this is called there, so that the run need not touch them.
        """
        found = {}
        for definition in self.parameterDefinitions():
            name = definition.name()
            several = isinstance(definition, QgsProcessingParameterMultipleLayers)
            kind = definition.layerType() if several else None
            if isinstance(definition, QgsProcessingParameterMapLayer) or kind == QgsProcessing.SourceType.TypeMapLayer:
                layers = [layer for layer in job.layers(definition) if isinstance(layer, QgsRasterLayer)]
            elif (
                isinstance(definition, QgsProcessingParameterRasterLayer) or kind == QgsProcessing.SourceType.TypeRaster
            ):
                layers = job.layers(definition)
                if not layers and job.given(name):
                    raise InputError(f"'{definition.description()}' ({name}) cannot be opened as a raster.")
            else:
                continue
            found[name] = [RasterSource.of(layer, upright=self.UPRIGHT) for layer in layers]
        return found

    def processAlgorithm(self, parameters, context, feedback) -> dict:
        job = Job(self, parameters, context, feedback)
        job.outputs.inputs = self._inputs
        self._inputs_described: list[Input] | None = None
        failure, results = self._failure(job), job.results
        del parameters, context, feedback, job
        _unless(failure)
        return results

    def _failure(self, job: Job) -> str:
        """Do a run; return why it has failed, with nothing left of it, or what it has found, or nothing."""
        try:
            self._say_how_layers_are_read(job)
            clock = Clock()
            self.execute(job)
            job.write_styles()
            if self.keeps_capsule(job):
                from .support.capsule.writing import write_capsule

                write_capsule(self, job, self._described(job), clock)
            if self.parameterDefinition(RESULTS) is not None and job.given(RESULTS):
                from .support.run.resultsproject import complete_folder

                complete_folder(job, self.LABEL)
            job.complete()
            job.monitor.step(1, 1)
        except ShardDone as done:
            traceback.clear_frames(done.__traceback__)
            job.discard()
            job.results.clear()
            job.monitor.info(str(done))
        except BaseException as error:
            sentence = _sentence(error, job.feedback) if isinstance(error, Exception) else ""
            # A writer that a failure has left behind in its frames would write once more when they go.
            traceback.clear_frames(error.__traceback__)
            job.discard()
            if not sentence:
                raise
            return sentence
        finally:
            forget_those_of_this_thread()
        return tr(job.verdict)


def _unless(wrong: str) -> bool:
    """Return True, unless something is wrong.

    QGIS never lets go of an exception that leaves a tool, nor of the frames it has passed (its handler of Python exceptions
    takes the references and keeps them): those must hold nothing of the run, neither arrays nor layers.
    """
    if wrong:
        raise QgsProcessingException(wrong)
    return True


def _sentence(error: Exception, feedback: QgsProcessingFeedback) -> str:
    """Return the message of an error for the user; the traceback of an unexpected one goes to the log, for a report."""
    return upright(tr(_in_english(error, feedback)))


def _in_english(error: Exception, feedback: QgsProcessingFeedback) -> str:
    if isinstance(error, MemoryError) or (isinstance(error, ImportError) and memory.has_failed_to_load(error)):
        return "There is not enough memory for this run. Use larger cells or a smaller area, or close other programs."
    if isinstance(error, (EcoSecNetError, QgsProcessingException)):
        return str(error)
    feedback.pushDebugInfo("".join(traceback.format_exception(type(error), error, error.__traceback__)))
    what = f"The tool has failed in an unexpected way ({type(error).__name__}: {error}). This is a fault of the tool. "
    if tracker():
        return f"{what}Please report it, with this log, at {tracker()}."
    return f"{what}Keep this log and the inputs; what else helps to mend it stands in {page('faults')}."
