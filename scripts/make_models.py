"""Builds the models that come with the plugin (models/*.model3). Run with the Python that has QGIS.

Models are made here and never by hand, so that child ids and output names stay as they are: users' scripts name them.
An input has a default only where it is that of the tool behind it: qgis_process hands a tool its own default when an input
of the model is left out.
"""

import importlib.util
import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parents[1]

SOURCES = {
    "file": "ecological_sources.model3",
    "name": "Sources from land cover (model)",
    "group": "6 Models",
    "inputs": [
        ("raster", "landuse", "Land use"),
        ("text", "foreground", "Foreground classes, such as 1,2,6"),
        ("polygons", "protected", "Red line and reserves"),
        ("number", "min_area", "Smallest source (ha)"),
        ("number", "dispersal", "Dispersal distance (m)", 5000.0),
        ("number", "min_dpc", "Smallest dPC (%)"),
    ],
    "steps": [
        ("foreground", "foreground", {"INPUT": "landuse", "FOREGROUND": "foreground"}, {}),
        ("mspa", "mspa", {"INPUT": ("foreground", "OUTPUT")}, {"mspa": "OUTPUT"}),
        (
            "candidates",
            "sources",
            {"INPUT": ("mspa", "OUTPUT"), "CORE_VALUES": "=17,117", "PROTECTED": "protected", "MIN_AREA": "min_area"},
            {},
        ),
        (
            "importance",
            "connectivity",
            {"SOURCES": ("candidates", "OUTPUT"), "DISPERSAL": "dispersal", "MIN_DPC": "min_dpc"},
            {"sources": "OUTPUT"},
        ),
    ],
}

KEY_AREAS = {
    "file": "corridors_and_key_areas.model3",
    "name": "Corridors and key areas (model)",
    "group": "6 Models",
    "inputs": [
        ("raster", "resistance", "Resistance surface"),
        ("polygon", "sources", "Ecological sources"),
        ("number", "cutoff", "Corridor cutoff (cost units)"),
        ("number", "radius", "Barrier radius (m)"),
        ("number", "min_area", "Smallest key area (ha)"),
    ],
    "steps": [
        (
            "linkages",
            "linkages",
            {"RESISTANCE": "resistance", "SOURCES": "sources", "CUTOFF": "cutoff"},
            {"corridors": "CORRIDORS"},
        ),
        (
            "centrality",
            "centrality",
            {"SOURCES": "sources", "LINKS": ("linkages", "LINKS")},
            {"links": "OUTPUT_LINKS"},
        ),
        (
            "pinch",
            "pinchpoints",
            {"RESISTANCE": "resistance", "SOURCES": "sources", "LINKS": ("linkages", "LINKS"), "CUTOFF": "cutoff"},
            {"current": "CURRENT"},
        ),
        (
            "barriers",
            "barriers",
            {
                "RESISTANCE": "resistance",
                "SOURCES": "sources",
                "LINKS": ("linkages", "LINKS"),
                "MIN_RADIUS": "radius",
                "MAX_RADIUS": "radius",
            },
            {"score": "SCORE"},
        ),
        ("pinchareas", "keyareas", {"INPUT": ("pinch", "CURRENT"), "MIN_AREA": "min_area"}, {"areas": "OUTPUT"}),
        ("barrierareas", "keyareas", {"INPUT": ("barriers", "SCORE"), "MIN_AREA": "min_area"}, {"areas": "OUTPUT"}),
    ],
}


def parameter(kind, name, label, default=None):
    """Return a model input."""
    from qgis.core import (
        QgsProcessing,
        QgsProcessingParameterFeatureSource,
        QgsProcessingParameterMultipleLayers,
        QgsProcessingParameterNumber,
        QgsProcessingParameterRasterLayer,
        QgsProcessingParameterString,
    )

    polygon = QgsProcessing.SourceType.TypeVectorPolygon
    if kind == "raster":
        return QgsProcessingParameterRasterLayer(name, label)
    if kind == "polygon":
        return QgsProcessingParameterFeatureSource(name, label, [polygon])
    if kind == "polygons":
        return QgsProcessingParameterMultipleLayers(name, label, polygon, optional=True)
    if kind == "text":
        return QgsProcessingParameterString(name, label, default)
    return QgsProcessingParameterNumber(name, label, QgsProcessingParameterNumber.Type.Double, default, minValue=0.0)


def source_of(value, inputs):
    """Return where a parameter of a step takes its value from: an input, an output of a step, or a fixed ``=text``."""
    from qgis.core import QgsProcessingModelChildParameterSource as Source

    if isinstance(value, tuple):
        return Source.fromChildOutput(*value)
    if value in inputs:
        return Source.fromModelParameter(value)
    return Source.fromStaticValue(value[1:])


def build(plan):
    """Return the model of a plan."""
    from qgis.core import (
        QgsProcessingModelAlgorithm,
        QgsProcessingModelChildAlgorithm,
        QgsProcessingModelOutput,
        QgsProcessingModelParameter,
    )
    from qgis.PyQt.QtCore import QPointF

    model = QgsProcessingModelAlgorithm(plan["name"], plan["group"])
    inputs = [item[1] for item in plan["inputs"]]
    for place, item in enumerate(plan["inputs"]):
        box = QgsProcessingModelParameter(item[1])
        box.setPosition(QPointF(140 + 260 * place, 80))
        model.addModelParameter(parameter(*item), box)
    for place, (identifier, tool, values, outputs) in enumerate(plan["steps"]):
        child = QgsProcessingModelChildAlgorithm(f"ecosecnet:{tool}")
        child.setChildId(identifier)
        child.setDescription(child.algorithm().displayName())
        child.setPosition(QPointF(260 + 300 * place, 260 + 120 * (place % 2)))
        for name, value in values.items():
            child.addParameterSources(name, [source_of(value, inputs)])
        made = {}
        for offset, (name, output) in enumerate(outputs.items()):
            result = QgsProcessingModelOutput(name, child.algorithm().outputDefinition(output).description())
            result.setChildId(identifier)
            result.setChildOutputName(output)
            result.setPosition(QPointF(260 + 300 * place, 480 + 80 * offset))
            made[name] = result
        child.setModelOutputs(made)
        model.addChildAlgorithm(child)
    model.updateDestinationParameters()
    return model


def main():
    """Write the models."""
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

    plugin = EcoSecNetPlugin(None)  # held, or the provider is lost
    plugin.initProcessing()
    for plan in (SOURCES, KEY_AREAS):
        path = ROOT / "models" / plan["file"]
        if not build(plan).toFile(str(path)):
            raise OSError(f"{path} cannot be written")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # QGIS without a window may crash while it is torn down
