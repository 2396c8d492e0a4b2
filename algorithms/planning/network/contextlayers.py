"""The layers that a network is drawn on: land use, elevation, borders, roads, rivers and mines.

They are copies, on the grid and in the CRS of the study: the pictures of a report are drawn from them, and in a results
folder they lie beside the results, so that its project and its maps are whole wherever the folder goes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsGeometry, QgsWkbTypes

from ... import base
from ...support.io import rasterfiles, vectorfiles
from ...support.io.rasterfiles import NO_MEASURE
from ...support.io.tables import columns
from ...support.language import tr
from ...support.run import palette, styling
from ...support.run.layertree import Place
from ...support.run.resultsfolder import INPUTS, RESULTS
from ...support.run.resultsproject import Shown
from ...support.sheets.description import Drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...support.run.styling import Style
    from .outputs import NetworkOutputs
    from .studyland import StudyLand

_BELOW = Place(("Inputs",), 0, tuple(base.FROM_THE_TOP), visible=False)
_LAND = Place(("Inputs",), -1, tuple(base.FROM_THE_TOP), visible=False)
_ABOVE = Place(("Borders",), 0)

_LINES = {
    "ROADS": ("roads", "Roads", palette.ROADS[1], 0.35),
    "RIVERS": ("rivers", "Rivers", palette.RIVER, 0.5),
    "MINES": ("mines", "Mines", palette.MINE, 0.4),
}
"""Role, name, colour and width of what is drawn as it was given, by parameter."""


def write_context(outputs: NetworkOutputs, study: StudyLand) -> dict[str, Drawn]:
    """Write the layers below a network, into the results folder where there is one; returns them by role."""
    return _Context(outputs).write(study)


class _Context:
    def __init__(self, outputs: NetworkOutputs) -> None:
        self._outputs, self._job = outputs, outputs.job
        self._folder = ""
        if self._job.given(RESULTS):
            self._folder = os.path.join(self._job.folder(RESULTS), INPUTS)
        self._found: dict[str, Drawn] = {}

    def write(self, study: StudyLand) -> dict[str, Drawn]:
        outputs, job = self._outputs, self._job
        self._land()
        dem = job.raster("DEM")
        if dem is not None:
            path = self._path("dem.tif")
            rasterfiles.write(path, study.surface(dem), outputs.grid, nodata=NO_MEASURE, description="Elevation, m")
            self._note("dem", path, "Elevation (m)", styling.relief(), _LAND)
        for name, (role, label, colour, width) in _LINES.items():
            source = job.vector(name)
            if source is not None:
                self._shapes(role, label, source.geometries(outputs.land.crs, job.monitor), colour, width)
        villages = outputs.layers.zones
        townships = outputs.layers.townships
        if villages is not None and villages is not townships:
            look = styling.polygons(palette.CLEAR, palette.BORDERS[2], 0.1)
            self._zones("villages", "Village borders", villages, look, visible=False)
        if townships is not None:
            look = styling.labelled(styling.polygons(palette.CLEAR, palette.BORDERS[1], 0.3), "name")
            self._zones("townships", "Township borders", townships, look)
        area = job.vector("AREA")
        if area is not None:
            look = styling.polygons(palette.CLEAR, palette.BORDERS[0], 0.6)
            shapes = area.geometries(outputs.land.crs, job.monitor)
            self._vector("boundary", "Border of the study area", shapes, [[area.name] for _ in shapes], look, _ABOVE)
        return self._found

    def _land(self) -> None:
        outputs = self._outputs
        values, valid = outputs.land.read()
        codes = {code for code, _, _ in outputs.classes}
        nodata = next(k for k in (255, -32768, *range(256, 70_000)) if k not in codes)
        small = all(0 <= code < 256 for code in (*codes, nodata))
        cells = np.where(valid, values, nodata).astype(np.uint8 if small else np.int32)
        path = self._path("landuse.tif")
        rasterfiles.write(path, cells, outputs.grid, nodata=nodata, description="Land use", classes=outputs.classes)
        self._note("landuse", path, "Land use", styling.classes(outputs.classes), _LAND)

    def _zones(self, role: str, label: str, zones, look: Style, *, visible: bool = True) -> None:
        place = _ABOVE if visible else Place(("Borders",), -1, visible=False)
        self._vector(role, label, zones.shapes, [[title] for title in zones.titles], look, place)

    def _shapes(self, role: str, label: str, shapes: list[QgsGeometry], colour: palette.Colour, width: float) -> None:
        kinds = {shape.type() for shape in shapes}
        if len(kinds) != 1:
            return  # of several kinds, or none
        kind = QgsWkbTypes.GeometryType
        look = {
            kind.PointGeometry: lambda: styling.points(colour, 1.6),
            kind.LineGeometry: lambda: styling.lines(colour, width),
            kind.PolygonGeometry: lambda: styling.polygons(colour, palette.WHITE, 0.1),
        }.get(kinds.pop())
        if look is not None:
            self._vector(role, label, shapes, [[label] for _ in shapes], look(), _BELOW)

    def _vector(
        self, role: str, label: str, shapes: Sequence[QgsGeometry], rows: list, look: Style, place: Place
    ) -> None:
        several = [QgsGeometry(shape) for shape in shapes]
        for shape in several:
            shape.get().dropZValue()
            shape.get().dropMValue()
            shape.convertToMultiType()
        if not several:
            return
        path = self._path(f"{role}.gpkg")
        vectorfiles.write(path, columns(name=str), rows, several, several[0].wkbType(), self._outputs.land.crs)
        self._note(role, path, label, look, place)

    def _path(self, file: str) -> str:
        if self._folder:
            return os.path.join(self._job.outputs.folder(self._folder), file)
        return self._job.scratch(f"map_{file}")

    def _note(self, role: str, path: str, label: str, style: Style, place: Place) -> None:
        self._found[role] = Drawn(path, label, style)
        if self._folder:
            final = os.path.join(self._folder, os.path.basename(path))
            self._job.shown.append(Shown(RESULTS, final, tr(label), style, place, role))
            self._job.keep_style(final, style, raster=path.endswith(".tif"))
