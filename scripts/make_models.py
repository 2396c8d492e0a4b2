"""Builds the models that come with the plugin (models/*.model3). Run with the Python that has QGIS.

Models are made here, from the plans in `modelplans`, and never by hand. Everything they say of a parameter (label, help,
default, limits) is that of a tool: run this again when the tools change; a test says when.
"""

import importlib.util
import os
import sys
import uuid
from pathlib import Path

from modelplans import PLANS

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_HASH_SEED", "0")  # else Qt writes the attributes in another order every time
ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "models"

DEFAULTS = (
    "Whatever is not asked here is the default of the tools. To change that, open models/{}.model3 of the plugin's folder in "
    "the Model Designer (Processing > Graphical Modeler) and save it among your own models."
)

WIDTH, HEIGHT, ACROSS = 240, 40, 290  # of a box in the designer, and from column to column
BOX, LABEL, GAP = 22, 44, 8  # half a box with its rim, "In" or "Out" beside it in a tall font, air: what needs height
FRAME, TITLE = 30, 60  # air between the boxes of a group and its frame, and the title of the frame above them
COLOURS = {"sources": "#e3f1dd", "resistance": "#f6ead7", "corridors": "#dfeaf6", "keyareas": "#f7dfdf"}
"""Of the frames, by group of the toolbox."""


def tool_called(name):
    """Return a tool."""
    from qgis.core import QgsApplication

    return QgsApplication.processingRegistry().algorithmById(f"ecosecnet:{name}")


def group_of(step):
    """Return the id of the group of a step."""
    return step.group or tool_called(step.tool).groupId()


def each(value):
    """Return what a wire takes: one thing, or several."""
    return value if isinstance(value, list) else [value]


def fed(plan):
    """Return the tool parameters that each input of a model feeds: name, list of (step, definition)."""
    inputs = {}
    for step in plan.steps:
        for name, value in step.wires.items():
            for one in each(value):
                if isinstance(one, str):
                    inputs.setdefault(one, []).append((step, tool_called(step.tool).parameterDefinition(name)))
    return inputs


def is_optional(definition):
    """Tell whether a parameter may be left empty."""
    from qgis.core import QgsProcessingParameterDefinition

    return bool(definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional)


def definition_of(plan, name, parameters):
    """Return the definition of an input: that of the parameter it feeds; of several, of one that must be given."""
    from qgis.core import QgsProcessingParameterDefinition

    flags = QgsProcessingParameterDefinition.Flag
    definition = min((definition for _, definition in parameters), key=is_optional).clone()
    definition.setName(name)
    if name in plan.words:
        tool, _, parameter = plan.words[name].partition(":")
        said = tool_called(tool).parameterDefinition(parameter)
        definition.setDescription(said.description())
        definition.setHelp(said.help())
    if name in plan.needed:
        definition.setFlags(definition.flags() & ~flags.FlagOptional)
    return definition


def sources_of(step):
    """Return where each parameter of a step takes its value from.

    QGIS 3.22 calls a model invalid when a step leaves a mandatory parameter to its default, so that defaults are given.
    """
    from qgis.core import QgsProcessingModelChildParameterSource as Source

    found = {}
    for definition in tool_called(step.tool).parameterDefinitions():
        name = definition.name()
        if name in step.wires:
            found[name] = [
                Source.fromChildOutput(*one) if isinstance(one, tuple) else Source.fromModelParameter(one)
                for one in each(step.wires[name])
            ]
        elif name in step.fixed:
            found[name] = [Source.fromStaticValue(step.fixed[name])]
        elif not definition.isDestination() and not is_optional(definition):
            found[name] = [Source.fromStaticValue(definition.defaultValue())]
    return found


def help_of(plan):
    """Return what the dialog shows beside the parameters, and what QGIS takes for their help when it loads a model."""
    texts = {name: definition_of(plan, name, parameters).help() for name, parameters in fed(plan).items()}
    for step in plan.steps:
        for name, output in step.outputs.items():
            texts[f"{step.id}:{name}"] = tool_called(step.tool).parameterDefinition(output).help()
    return {"SHORT_DESCRIPTION": plan.summary, "ALG_DESC": f"{plan.help} {DEFAULTS.format(plan.id)}", **texts}


def places(plan):
    """Return the column and height of every box, and the columns and heights that each group of the toolbox takes up.

    Groups follow each other downwards. In its group a step stands to the right of those it waits for and not above them,
    its own inputs above it, its outputs below it.
    """
    first = {name: parameters[0][0] for name, parameters in fed(plan).items()}
    reach, high, low = BOX + LABEL, BOX + LABEL + BOX + GAP, 2 * BOX + GAP  # of a step, an input, an output
    found, frames, top = {}, {}, 0
    for group in dict.fromkeys(map(group_of, plan.steps)):
        inside, free, top = {}, {}, top + TITLE + FRAME
        for step in plan.steps:
            if group_of(step) != group:
                continue
            wires = [one for value in step.wires.values() for one in each(value)]
            waits_for = [inside[one[0]] for one in wires if isinstance(one, tuple) and one[0] in inside]
            column = max((column + 1 for column, _ in waits_for), default=0)
            own = [name for name in first if first[name] == step]
            y = max([free.get(column, top) + len(own) * high + reach, *(y for _, y in waits_for)])
            inside[step.id] = column, y
            found.update(
                {("input", name): (column, y - reach + BOX - (len(own) - k) * high) for k, name in enumerate(own)}
            )
            found.update(
                {(step.id, name): (column, y + reach + GAP + BOX + k * low) for k, name in enumerate(step.outputs)}
            )
            free[column] = y + reach + GAP + len(step.outputs) * low
        found.update(inside)
        frames[group] = max(free), top, max(free.values())
        top = max(free.values()) + FRAME
    return found, frames


def frame(group, last, top, bottom):
    """Return the frame around the steps of a group: its last column, top and bottom."""
    from qgis.core import QgsProcessingModelGroupBox
    from qgis.PyQt.QtCore import QPointF, QSizeF
    from qgis.PyQt.QtGui import QColor

    tools = tool_called("mspa").provider().algorithms()
    box = QgsProcessingModelGroupBox(next(tool.group() for tool in tools if tool.groupId() == group))
    left, right = 40 - FRAME, 40 + ACROSS * last + WIDTH + FRAME
    upper, lower = top - TITLE, bottom + FRAME / 2
    box.setPosition(QPointF((left + right) / 2, (upper + lower) / 2))
    box.setSize(QSizeF(right - left, lower - upper))
    box.setColor(QColor(COLOURS[group]))
    return box


def build(plan):
    """Return the model of a plan."""
    from qgis.core import (
        QgsProcessingModelAlgorithm,
        QgsProcessingModelChildAlgorithm,
        QgsProcessingModelOutput,
        QgsProcessingModelParameter,
    )
    from qgis.PyQt.QtCore import QPointF, QSizeF

    model = QgsProcessingModelAlgorithm(plan.title, "7 Models")
    place, frames = places(plan)

    def put(box, key):
        column, y = place[key]
        box.setPosition(QPointF(WIDTH / 2 + 40 + ACROSS * column, y))
        box.setSize(QSizeF(WIDTH, HEIGHT))
        return box

    inputs = fed(plan)
    for name, parameters in inputs.items():
        box = put(QgsProcessingModelParameter(name), ("input", name))
        model.addModelParameter(definition_of(plan, name, parameters), box)
    for step in plan.steps:
        child = put(QgsProcessingModelChildAlgorithm(f"ecosecnet:{step.tool}"), step.id)
        child.setChildId(step.id)
        title = child.algorithm().LABEL
        child.setDescription(f"{title}: {step.what.lower()}" if step.what else title)
        for name, sources in sources_of(step).items():
            child.addParameterSources(name, sources)
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
    for group, (last, top, bottom) in frames.items():
        model.addGroupBox(frame(group, last, top, bottom))
    variant = model.toVariant()
    # QGIS 3.32 and later name the outputs of a model that has no such key as 3.22 does.
    variant.pop("internal_version", None)
    for box in variant["groupBoxes"]:  # else each file has others
        box["uuid"] = f"{{{uuid.uuid5(uuid.NAMESPACE_URL, box['component_description'])}}}"
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
