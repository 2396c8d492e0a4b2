"""Finds the layers of a run: in its folder, in the project there, and among layers that are given."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from osgeo import gdal, ogr
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsMapLayer,
    QgsMapLayerStyle,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ..inputs.scores import SCORE_OF
from ..io.crs import stated
from ..io.rasterheaders import tried
from ..run import roles
from ..run.resultsfolder import PROJECT
from .description import Drawn, Look, opened
from .figures import FACTOR
from .looks import own

_RASTER, _POINTS, _LINES, _AREAS = "raster", "points", "lines", "areas"

KINDS = {
    "landuse": _RASTER,
    "dem": _RASTER,
    "mspa": _RASTER,
    "resistance": _RASTER,
    "corridors": _RASTER,
    "current": _RASTER,
    "score": _RASTER,
    "factor": _RASTER,
    "sources": _AREAS,
    "links": _LINES,
    "pinchpoints": _AREAS,
    "barriers": _AREAS,
    "actions": _AREAS,
    "boundary": _AREAS,
    "townships": _AREAS,
    "roads": _LINES,
    "rivers": _LINES,
    "mines": _POINTS,
}
"""What the layer of a role is made of, so that corridors that are lines are links, and those that are cells are the belt."""

_ALSO_CALLED = {
    "links": ("corridors",),
    "corridors": ("corridor belt", "corridor mosaic"),
    "mspa": ("mspa codes",),
    "actions": ("action sheet",),
    "boundary": ("county boundary", "study area", "area", "border", "研究区", "边界", "县界"),
}
"""Beside what dialogs know them by, see `roles`."""

_SHAPES = {
    QgsWkbTypes.GeometryType.PointGeometry: _POINTS,
    QgsWkbTypes.GeometryType.LineGeometry: _LINES,
    QgsWkbTypes.GeometryType.PolygonGeometry: _AREAS,
}
_RASTERS, _VECTORS = (".tif", ".tiff"), (".gpkg", ".shp", ".geojson", ".fgb")
_SURFACES = ("resistance", "mspa", "current", "score", "corridors", "landuse")


def layers_of(given: Iterable[QgsMapLayer], told: dict[str, QgsMapLayer], folder: str) -> dict[str, Drawn]:
    """Return the layers of a run by their roles; to be called in the main thread.

    Parameters
    ----------
    given : iterable of QgsMapLayer
        Layers whose roles are found by what the tools have noted on them, or by their names.
    told : dict of str to QgsMapLayer
        Layers of which the role is known.
    folder : str
        Of a run; empty for none. Layers that are given come first, then those of the project in it, its files, and the files
        of the folders in it.
    """
    found = {role: _given(layer) for role, layer in told.items()}
    for layer in given:
        _take(found, role_of(layer), _given(layer))
    if folder:
        for role, drawn in _in_folder(folder):
            _take(found, role, drawn)
    return found


def _take(found: dict[str, Drawn], role: str, drawn: Drawn) -> None:
    if role:
        found.setdefault(role, drawn)


def role_of(layer: QgsMapLayer) -> str:
    """Return the role of a layer, 'factor:NAME' for the scores of a factor; empty where it is none that is drawn."""
    kind = _RASTER if isinstance(layer, QgsRasterLayer) else ""
    if isinstance(layer, QgsVectorLayer):
        kind = _SHAPES.get(layer.geometryType(), "")
    noted = layer.customProperty(roles.PROPERTY, "")
    about = _about(layer) if kind == _RASTER else ""
    if KINDS.get(noted) == kind and noted != "factor":
        return noted
    if noted == "factor" or about.startswith(SCORE_OF):
        return FACTOR + (about[len(SCORE_OF) :] if about.startswith(SCORE_OF) else layer.name())
    called = (role for role, made_of in KINDS.items() if made_of == kind and role != "factor")
    return next((role for role in called if roles.is_called(layer, role, *_ALSO_CALLED.get(role, ()))), "")


def _about(layer: QgsRasterLayer) -> str:
    dataset = tried(gdal.Open, layer.source())
    return dataset.GetRasterBand(1).GetDescription() if dataset is not None else ""


def _given(layer: QgsMapLayer) -> Drawn:
    return Drawn(layer)


def _in_folder(folder: str) -> Iterator[tuple[str, Drawn]]:
    project = os.path.join(folder, PROJECT)
    if os.path.exists(project):
        yield from _of_project(project)
    inner = sorted(entry.path for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith("."))
    for one in (folder, *inner):
        for source in _sources(one):
            layer = opened(source, os.path.splitext(os.path.basename(source))[0])
            if layer.isValid():
                role = role_of(layer)
                yield role, Drawn(source, style=own(role))


def _of_project(path: str) -> Iterator[tuple[str, Drawn]]:
    project = QgsProject()
    if not project.read(path):
        return
    for layer in project.mapLayers().values():
        if layer.isValid():
            yield role_of(layer), Drawn(layer.source(), style=_styled_as(layer))


def _styled_as(layer: QgsMapLayer) -> Look:
    style = QgsMapLayerStyle()
    style.readFromLayer(layer)
    return style.writeToLayer


def _sources(folder: str) -> Iterator[str]:
    """Yield what QGIS opens of the files in a folder."""
    for file in sorted(os.listdir(folder)):
        path = os.path.join(folder, file)
        ending = os.path.splitext(file)[1].lower()
        if ending in _RASTERS:
            yield path
        elif ending in _VECTORS:
            dataset = tried(ogr.Open, path)
            count = dataset.GetLayerCount() if dataset is not None else 0
            names = [dataset.GetLayer(k).GetName() for k in range(count)]
            yield from ([path] if count == 1 else [f"{path}|layername={name}" for name in names])


def study_area(found: dict[str, Drawn]) -> tuple[QgsCoordinateReferenceSystem | None, QgsRectangle | None]:
    """Return the CRS that maps are drawn in, and the extent of the study area; to be called in the main thread.

    The extent is that of the border or the townships, as far as the surfaces reach.
    """
    surfaces = [found[role].layer() for role in _SURFACES if role in found]
    others = [found[role].layer() for role in ("sources", "links") if role in found]
    measured = next((layer for layer in (*surfaces, *others) if stated(layer.crs()).isValid()), None)
    if measured is None:
        return None, None
    crs = measured.crs()
    whole = _joint(surfaces or others, crs)
    for role in ("boundary", "townships"):
        if role in found:
            inside = _joint([found[role].layer()], crs).intersect(whole)
            if not inside.isEmpty():
                return crs, inside
    return crs, None if whole.isNull() else whole


def _joint(layers: Sequence[QgsMapLayer], crs: QgsCoordinateReferenceSystem) -> QgsRectangle:
    joint = QgsRectangle()
    for layer in layers:
        if isinstance(layer, QgsVectorLayer) and layer.featureCount() == 0:
            continue
        transform = QgsCoordinateTransform(stated(layer.crs()), crs, QgsProject.instance().transformContext())
        try:
            joint.combineExtentWith(transform.transformBoundingBox(layer.extent()))
        except QgsCsException:
            continue
    return joint
