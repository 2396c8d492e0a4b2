"""Builds the models that come with the plugin (models/*.model3). Run with the Python that has QGIS.

Models are made here and never by hand. Everything they say of a parameter (label, help, default, limits) is that of the tool
behind it: run this again when the tools change; a test says when.

File name, child ids, inputs and output names stay as they are: users' scripts name them.
"""

import importlib.util
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_HASH_SEED", "0")  # else Qt writes the attributes in another order every time
ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "models"

DEFAULTS = (
    "Whatever is not asked here is the default of the tools. To change that, open models/{}.model3 of the plugin's folder in "
    "the Model Designer (Processing > Graphical Modeler) and save it among your own models."
)

WIDTH, HEIGHT, ACROSS = 240, 40, 290  # of a box in the designer, and from column to column
BOX, LABEL, GAP = (
    22,
    36,
    8,
)  # half a box with its rim, the "In" or "Out" beside it, and the air between: all that needs height


@dataclass(frozen=True)
class Step:
    """A tool in a model.

    Attributes
    ----------
    id : str
        Of the child; part of the names of its outputs.
    tool : str
        Id of the tool.
    wires : dict
        What a parameter of the tool takes: the name of an input of the model, or (step, output). Every other parameter
        keeps the tool's default.
    outputs : dict
        Outputs of the model: name, parameter of the tool. In lower case without blanks, which newer QGIS replaces.
    what : str
        What the step makes, where the labels of the tool do not tell it from another step.
    """

    id: str
    tool: str
    wires: dict
    outputs: dict = field(default_factory=dict)
    what: str = ""


@dataclass(frozen=True)
class Plan:
    """A model: its inputs are the names in the wires of the steps, in that order."""

    id: str
    title: str
    summary: str
    help: str
    steps: tuple


SOURCES = Plan(
    "sourcesfromlandcover",
    "Sources from land cover",
    "Goes from a land-cover map to ecological sources with their importance for connectivity.",
    "Codes the habitat classes of the land cover as foreground, segments it by MSPA, joins the core areas with protected "
    "land and drops small patches, and computes the importance (dPC, dIIC) of every source from distances edge to edge.",
    (
        Step("foreground", "foreground", {"INPUT": "landuse", "FOREGROUND": "foreground"}),
        Step("mspa", "mspa", {"INPUT": ("foreground", "OUTPUT")}, {"mspa": "OUTPUT"}),
        Step(
            "candidates",
            "sources",
            {"INPUT": ("mspa", "OUTPUT"), "PROTECTED": "protected", "MIN_AREA": "min_area"},
        ),
        Step(
            "importance",
            "connectivity",
            {"SOURCES": ("candidates", "OUTPUT"), "DISPERSAL": "dispersal", "MIN_DPC": "min_dpc"},
            {"sources": "OUTPUT"},
        ),
    ),
)

KEY_AREAS = Plan(
    "corridorsandkeyareas",
    "Corridors and key areas",
    "Goes from ecological sources and a resistance surface to corridors, pinch points and barriers.",
    "Links neighbouring sources by least-cost paths, ranks the links by current-flow centrality, maps the current within "
    "the corridors and the barriers on the way, and keeps the highest of four classes by natural breaks of both as areas.",
    (
        Step(
            "linkages",
            "linkages",
            {"RESISTANCE": "resistance", "SOURCES": "sources", "CUTOFF": "cutoff"},
            {"corridors": "CORRIDORS"},
        ),
        Step(
            "centrality",
            "centrality",
            {"SOURCES": "sources", "LINKS": ("linkages", "LINKS")},
            {"links": "OUTPUT_LINKS"},
        ),
        Step(
            "pinch",
            "pinchpoints",
            {"RESISTANCE": "resistance", "SOURCES": "sources", "LINKS": ("linkages", "LINKS"), "CUTOFF": "cutoff"},
            {"current": "CURRENT"},
        ),
        Step(
            "barriers",
            "barriers",
            {
                "RESISTANCE": "resistance",
                "SOURCES": "sources",
                "LINKS": ("linkages", "LINKS"),
                "MIN_RADIUS": "min_radius",
                "MAX_RADIUS": "max_radius",
            },
            {"score": "SCORE"},
        ),
        Step(
            "pinchareas",
            "keyareas",
            {"INPUT": ("pinch", "CURRENT"), "MIN_AREA": "min_area"},
            {"pinch_points": "OUTPUT"},
            "Pinch points",
        ),
        Step(
            "barrierareas",
            "keyareas",
            {"INPUT": ("barriers", "SCORE"), "MIN_AREA": "min_area"},
            {"barriers": "OUTPUT"},
            "Barriers",
        ),
    ),
)

PLANS = (SOURCES, KEY_AREAS)


def tool_of(step):
    """Return the tool of a step."""
    from qgis.core import QgsApplication

    return QgsApplication.processingRegistry().algorithmById(f"ecosecnet:{step.tool}")


def fed(plan):
    """Return the tool parameters that each input of a model feeds: name, list of (step, definition)."""
    inputs = {}
    for step in plan.steps:
        for name, value in step.wires.items():
            if isinstance(value, str):
                inputs.setdefault(value, []).append((step, tool_of(step).parameterDefinition(name)))
    return inputs


def is_optional(definition):
    """Tell whether a parameter may be left empty."""
    from qgis.core import QgsProcessingParameterDefinition

    return bool(definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional)


def definition_of(name, parameters):
    """Return the definition of an input: that of the parameter it feeds; of several, of one that must be given."""
    definition = min((definition for _, definition in parameters), key=is_optional).clone()
    definition.setName(name)
    return definition


def sources_of(step):
    """Return where each parameter of a step takes its value from.

    QGIS 3.22 calls a model invalid when a step leaves a mandatory parameter to its default, so that defaults are given.
    """
    from qgis.core import QgsProcessingModelChildParameterSource as Source

    found = {}
    for definition in tool_of(step).parameterDefinitions():
        value = step.wires.get(definition.name())
        if isinstance(value, tuple):
            found[definition.name()] = Source.fromChildOutput(*value)
        elif value is not None:
            found[definition.name()] = Source.fromModelParameter(value)
        elif not definition.isDestination() and not is_optional(definition):
            found[definition.name()] = Source.fromStaticValue(definition.defaultValue())
    return found


def help_of(plan):
    """Return what the dialog shows beside the parameters, and what QGIS takes for their help when it loads a model."""
    texts = {name: definition_of(name, parameters).help() for name, parameters in fed(plan).items()}
    for step in plan.steps:
        for name, output in step.outputs.items():
            texts[f"{step.id}:{name}"] = tool_of(step).parameterDefinition(output).help()
    return {"SHORT_DESCRIPTION": plan.summary, "ALG_DESC": f"{plan.help} {DEFAULTS.format(plan.id)}", **texts}


def places(plan):
    """Return the column and height of every box.

    A step stands to the right of those it waits for and not above them, its own inputs above it, its outputs below it.
    """
    first = {name: parameters[0][0] for name, parameters in fed(plan).items()}
    reach, high, low = BOX + LABEL, BOX + LABEL + BOX + GAP, 2 * BOX + GAP  # of a step, an input, an output
    found, free = {}, {}
    for step in plan.steps:
        waits_for = [found[value[0]] for value in step.wires.values() if isinstance(value, tuple)]
        column = max((column + 1 for column, _ in waits_for), default=0)
        own = [name for name in first if first[name] == step]
        y = max([free.get(column, 40) + len(own) * high + reach, *(y for _, y in waits_for)])
        found[step.id] = column, y
        found.update({("input", name): (column, y - reach + BOX - (len(own) - k) * high) for k, name in enumerate(own)})
        found.update(
            {(step.id, name): (column, y + reach + GAP + BOX + k * low) for k, name in enumerate(step.outputs)}
        )
        free[column] = y + reach + GAP + len(step.outputs) * low
    return found


def build(plan):
    """Return the model of a plan."""
    from qgis.core import (
        QgsProcessingModelAlgorithm,
        QgsProcessingModelChildAlgorithm,
        QgsProcessingModelOutput,
        QgsProcessingModelParameter,
    )
    from qgis.PyQt.QtCore import QPointF, QSizeF

    model = QgsProcessingModelAlgorithm(plan.title, "6 Models")
    place = places(plan)

    def put(box, key):
        column, y = place[key]
        box.setPosition(QPointF(WIDTH / 2 + 40 + ACROSS * column, y))
        box.setSize(QSizeF(WIDTH, HEIGHT))
        return box

    inputs = fed(plan)
    for name, parameters in inputs.items():
        box = put(QgsProcessingModelParameter(name), ("input", name))
        model.addModelParameter(definition_of(name, parameters), box)
    for step in plan.steps:
        child = put(QgsProcessingModelChildAlgorithm(f"ecosecnet:{step.tool}"), step.id)
        child.setChildId(step.id)
        title = child.algorithm().LABEL
        child.setDescription(f"{title}: {step.what.lower()}" if step.what else title)
        for name, source in sources_of(step).items():
            child.addParameterSources(name, [source])
        made = {}
        for name, output in step.outputs.items():
            label = step.what or child.algorithm().parameterDefinition(output).description()
            made[name] = put(QgsProcessingModelOutput(name, label), (step.id, name))
            made[name].setChildId(step.id)
            made[name].setChildOutputName(output)
        child.setModelOutputs(made)
        model.addChildAlgorithm(child)
    model.setParameterOrder(list(inputs))
    model.setHelpContent(help_of(plan))
    # QGIS 3.32 and later name the outputs of a model that has no such key as 3.22 does.
    variant = model.toVariant()
    variant.pop("internal_version", None)
    plain = QgsProcessingModelAlgorithm()
    plain.loadVariant(variant)
    return plain


def start():
    """Start QGIS with Processing and the plugin of this checkout; hold what is returned, or the provider is lost."""
    from qgis.core import QgsApplication
    from qgis.testing import start_app

    start_app()
    sys.path.append(os.path.join(QgsApplication.pkgDataPath(), "python", "plugins"))
    from processing.core.Processing import Processing

    Processing.initialize()
    spec = importlib.util.spec_from_file_location(
        "ecosecnet", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    sys.modules["ecosecnet"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["ecosecnet"])
    from ecosecnet.plugin import EcoSecNetPlugin

    plugin = EcoSecNetPlugin(None)
    plugin.initProcessing()
    return plugin


def main():
    """Write the models."""
    plugin = start()  # noqa: F841
    for plan in PLANS:
        path = FOLDER / f"{plan.id}.model3"
        if not build(plan).toFile(str(path)):
            raise OSError(f"{path} cannot be written")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # QGIS without a window may crash while it is torn down
