"""What a layer is for: tools mark the layers they write, and dialogs offer the layers that fit.

QGIS offers the first layer by name of the right kind, so that a land-use map is asked for and the elevation stands there.
Layers are chosen by dialogs only: a run, a model or a script takes what it is given. Zones whose name field is not told
are named by `name_field` there too, and the field to grade links or sources by is chosen there.
"""

from __future__ import annotations

from collections.abc import Iterable

from qgis.core import (
    QgsFields,
    QgsMapLayer,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterRasterLayer,
    QgsProcessingUtils,
    QgsProject,
    QgsProviderRegistry,
)

from ..language import CHINESE, language

PROPERTY = "ecosecnet/role"
"""Custom property of a layer that holds its role; it is saved with the project."""

_TOOL = "ecosecnet/tool"
"""Custom property of a layer that holds the tool which wrote it."""

# What inputs of a name take, the same in every tool and, in lower case, in every model; of several roles the first that
# is there, or one layer of each where an input takes several layers.
_INPUTS = {
    "LANDUSE": ("landuse",),
    "LANDCOVER": ("landuse",),
    "DEM": ("dem",),
    "ROADS": ("roads",),
    "MINES": ("mines",),
    "BARRIER_LINES": ("roads", "railways", "rivers"),
    "HAZARDS": ("geohazard_points",),
    "PROTECTED": ("redline", "reserves"),
    "CORRECTIONS": ("desertification", "erosion", "geohazards"),
    "TOWNSHIPS": ("townships",),
    "VILLAGES": ("villages",),
    "LITHOLOGY": ("lithology",),
    "ZONES": ("townships", "villages"),
    "RESISTANCE": ("resistance",),
    "SOURCES": ("sources",),
    "LINKS": ("links",),
    "SCORES": ("scores",),
    "speciesmanifest:MANIFEST": ("manifest",),
    "areamanifest:MANIFEST": ("manifest",),
    "WEIGHTS_TABLE": ("weights",),
    "securitynetwork:WEIGHTS_TABLE": (),  # the weights of a run of 'ahp' are not those of every network
    "robustness:SCORES": (),  # its factors are scores already, as 'scorefactor' and 'securitynetwork' make them
    "AREAS": ("pinchpoints", "barriers", "keyareas"),
    "actionsheet:AREAS": ("pinchpoints", "barriers", "strategicpoints", "sources"),
    "PATCHES": ("barriers", "keyareas"),
    "CANDIDATES": ("barriers", "keyareas"),
    "foreground:INPUT": ("landuse",),
    "mspa:INPUT": ("foreground", "landuse"),
    "sources:INPUT": ("mspa", "important"),
    "distancefactor:GRID": ("landuse",),
    "distancefactor:FEATURES": ("roads", "mines"),
    "currentflow:FOCAL_LAYER": ("sources",),
    "keyareas:INPUT": ("current", "score", "priority"),
    "keyareas:P_VALUES": ("p",),
    "SURFACES": ("current",),
    "mapsheets:LAYERS": (
        *("sources", "links", "pinchpoints", "barriers", "actions", "boundary", "roads", "rivers", "mines"),
        *("mspa", "resistance", "current", "score"),
    ),
    "CURRENT": ("current",),
    "corridorwidths:ZONES": ("zones",),
    "naturalbreaks:INPUT": ("links", "sources"),
}

# Outputs whose role is not their name in lower case.
_OUTPUTS = {
    "OUTPUT_LINKS": "links",
    "OUTPUT_SOURCES": "sources",
    "studygrid:OUTPUT": "landuse",
    "foreground:OUTPUT": "foreground",
    "mspa:OUTPUT": "mspa",
    "evidence:OUTPUT": "importance",
    "evidence:MASK": "important",
    "sources:OUTPUT": "sources",
    "connectivity:OUTPUT": "sources",
    "dispersalsweep:OUTPUT": "sources",
    "resistance:OUTPUT": "resistance",
    "keyareas:OUTPUT": "keyareas",
    "strategicpoints:OUTPUT": "strategicpoints",
    "ahp:WEIGHTS": "weights",
    "actionsheet:OUTPUT": "actions",
    "robustness:OUTPUT_LINKS": "linkshares",  # also links that the network does not have
    "networkoptimisation:OUTPUT_LINKS": "plannedlinks",
    "connectivity:LINKS": "connections",  # straight lines between sources, not least-cost paths
}

_ALSO_CALLED = {
    "landuse": ("land cover", "lulc", "lucc", "土地利用", "土地覆盖"),
    "dem": ("elevation", "digital elevation model", "dtm", "高程"),
    "roads": ("road", "道路", "公路"),
    "mines": ("mine", "mining", "矿区", "矿山"),
    "railways": ("railway", "railroads", "rail", "铁路"),
    "rivers": ("river", "streams", "waterways", "河流", "水系"),
    "redline": ("ecological red line", "ecological protection red line", "生态保护红线", "生态红线"),
    "reserves": ("nature reserves", "protected areas", "自然保护区", "自然保护地"),
    "desertification": ("rock desertification", "石漠化"),
    "erosion": ("soil erosion", "土壤侵蚀", "水土流失"),
    "geohazards": ("geological hazard density", "地质灾害"),
    "geohazard_points": ("geological hazards", "geohazards", "landslides", "地质灾害点"),
    "townships": ("towns", "乡镇"),
    "villages": ("village", "行政村", "村"),
    "lithology": ("rocks", "岩性", "地层岩性"),
    "resistance": ("resistance surface", "阻力面"),
    "sources": ("ecological sources", "生态源地"),
    "links": ("linkages", "ecological corridors", "生态廊道"),
    "manifest": ("species", "counties", "areas", "物种", "县域"),
    "scores": ("score table", "table of scores"),
    "pinchpoints": ("pinch points", "生态夹点"),
    "barriers": ("ecological barriers", "生态障碍点"),
    "current": ("current density",),
    "score": ("barrier score",),
}

_GRADED_BY = ("current_flow", "gravity", "priority", "dPC")
"""Fields that links and sources are graded by; QGIS would offer the first field of the layer."""

_NAME_FIELDS = {"TOWNSHIP_NAME": "TOWNSHIPS", "VILLAGE_NAME": "VILLAGES", "NAME": "ZONES"}
"""Parameters that name the zones of a layer."""

_FIELDS_OF_NAMES = (
    ("name", "名称"),
    (
        *("township", "township name", "town", "town name", "village", "village name", "zone", "zone name"),
        *("乡镇", "乡镇名", "乡镇名称", "村", "村名", "村名称", "行政村", "行政区名称", "xzqmc"),
    ),
)
"""What fields with the names of zones are called; the first words are the surer ones."""


def role_of_output(tool: str, name: str) -> str:
    """Return the role of an output of a tool, also where no tool asks for such a layer."""
    return _OUTPUTS.get(f"{tool}:{name}", _OUTPUTS.get(name, name.lower()))


def mark(layer: QgsMapLayer, role: str, tool: str = "") -> None:
    """Note on a loaded layer what it is, and the tool that wrote it."""
    layer.setCustomProperty(PROPERTY, role)
    layer.setCustomProperty(_TOOL, tool)


def suggestions(algorithm: QgsProcessingAlgorithm, project: QgsProject) -> dict[str, object]:
    """Return the layers of a project that fit the inputs of a tool, for its dialog.

    A layer fits by its role, else by its name or that of its file; of several the topmost in the layer tree, but what the
    tool itself has written last: run again, it would keep the fields of each run before under other names.
    """
    found: dict[str, object] = {}
    for definition in algorithm.parameterDefinitions():
        name = definition.name()
        wanted = _INPUTS.get(f"{algorithm.name()}:{name}", _INPUTS.get(name.upper()))
        if wanted is None:
            continue
        layers = _from_the_top(_fitting(definition, project), project)
        layers.sort(key=lambda layer: layer.customProperty(_TOOL) == algorithm.name())
        chosen = [layer for layer in (_choose(layers, role) for role in wanted) if layer is not None]
        if not chosen and not definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional:
            # Better a layer of which nothing is known than one that is known to be something else.
            chosen = [layer for layer in layers if not layer.customProperty(PROPERTY)]
        if chosen and isinstance(definition, QgsProcessingParameterMultipleLayers):
            found[name] = [layer.id() for layer in chosen]
        elif chosen:
            found[name] = chosen[0].id()
    for name, zones in _NAME_FIELDS.items():
        if zones in found and algorithm.parameterDefinition(name) is not None:
            fields = project.mapLayer(found[zones]).fields()
            field = name_field(fields)
            if language() == CHINESE and f"{field}_zh" in fields.names():
                field = f"{field}_zh"
            found.update({name: field} if field else {})
    if algorithm.name() == "naturalbreaks" and "INPUT" in found:
        held = project.mapLayer(found["INPUT"]).fields().names()
        field = next((one for one in _GRADED_BY if one in held), "")
        found.update({"FIELD": field} if field else {})
    return found


def name_field(fields: QgsFields) -> str:
    """Return the text field that by its own name holds the names of features; empty where none does, or several may."""
    texts = [one.name() for one in fields if not (one.isNumeric() or one.isDateOrTime())]
    for words in _FIELDS_OF_NAMES:
        plain = {_plain(word) for word in words}
        found = [name for name in texts if _plain(name) in plain]
        if found:
            return found[0] if len(found) == 1 else ""
    return ""


def _fitting(definition: QgsProcessingParameterDefinition, project: QgsProject) -> list[QgsMapLayer]:
    """Return the layers of the kind a parameter takes."""
    raster = QgsProcessing.SourceType.TypeRaster
    if isinstance(definition, QgsProcessingParameterRasterLayer):
        kinds = [raster]
    elif isinstance(definition, QgsProcessingParameterMultipleLayers):
        kinds = [definition.layerType()]
    elif isinstance(definition, (QgsProcessingParameterFeatureSource, QgsProcessingParameterMapLayer)):
        kinds = definition.dataTypes()
    else:
        return []
    layers: list[QgsMapLayer] = []
    if QgsProcessing.SourceType.TypeMapLayer in kinds:
        kinds = [raster, QgsProcessing.SourceType.TypeVectorAnyGeometry]
    if raster in kinds:
        # Maps of web services and pictures are no data.
        rasters = QgsProcessingUtils.compatibleRasterLayers(project, False)
        layers += [
            layer for layer in rasters if layer.providerType() == "gdal" and layer.renderer().type() != "multibandcolor"
        ]
    kinds = [kind for kind in kinds if kind != raster]
    if kinds:
        layers += QgsProcessingUtils.compatibleVectorLayers(project, kinds, False)
    return layers


def _from_the_top(layers: Iterable[QgsMapLayer], project: QgsProject) -> list[QgsMapLayer]:
    order = {layer.id(): place for place, layer in enumerate(project.layerTreeRoot().layerOrder())}
    return sorted(layers, key=lambda layer: order.get(layer.id(), len(order)))


def _choose(layers: list[QgsMapLayer], role: str) -> QgsMapLayer | None:
    by_role = (layer for layer in layers if layer.customProperty(PROPERTY) == role)
    by_name = (layer for layer in layers if is_called(layer, role))
    return next(by_role, None) or next(by_name, None)


def is_called(layer: QgsMapLayer, role: str, *more: str) -> bool:
    """Return whether the name of a layer, its file or its layer within the file is one that a role is known by."""
    names = {_plain(name) for name in (role, *_ALSO_CALLED.get(role, ()), *more)}
    return bool(names & {_plain(name) for name in _names(layer)})


def _names(layer: QgsMapLayer) -> list[str]:
    """Return what a layer goes by: its name, that of its file and the one within the file."""
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    file = layer.source().partition("|")[0].replace("\\", "/").rpartition("/")[2]
    return [layer.name(), file.partition(".")[0], parts.get("layerName") or ""]


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
