"""What is checked and said of the layers of a run before it starts: their reference systems, and how they are read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsDistanceArea,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingParameterDefinition,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ....core.grid import USE_STUDY_GRID
from ....core.monitor import Monitor
from ..io.crs import fitting_crs, stated
from ..io.rasters import RasterSource, metres_per_unit
from ..io.vectors import name_ids

if TYPE_CHECKING:
    from .job import Job

NAMED = "ecosecnet/named"
"""Property of layers that keep the name they have in a run."""

STATED = "ecosecnet/stated"
"""Property of tables whose files were found elsewhere: the sources by what stands in the table, as JSON."""

_OFF = 0.01
"""Error of lengths at the middle of a layer from which it is warned of."""

_REACH = 500.0
"""Half the edge of the square that is measured there, in metres."""

_DEGREE = 111_195.0
"""Length of a degree of latitude in metres."""

_LARGEST_DEGREES = 0.5
"""Cells of rasters in degrees are smaller; those of made-up grids are 1."""


@dataclass(frozen=True)
class InputLayer:
    """A layer with a place on earth that a run is given."""

    parameter: str
    name: str
    crs: QgsCoordinateReferenceSystem
    extent: QgsRectangle
    cell: float | None
    """Width of a cell; None of a vector layer."""

    @property
    def is_raster(self) -> bool:
        """Return whether it has cells."""
        return self.cell is not None

    @property
    def in_degrees(self) -> bool:
        """Return whether its coordinates are longitude and latitude."""
        return self.crs.isValid() and self.crs.isGeographic()

    @classmethod
    def of(cls, parameter: str, layer: object) -> InputLayer | None:
        """Return what is known of a map layer, feature source or raster source; None for a table without geometry."""
        if isinstance(layer, RasterSource):
            grid = layer.grid
            return cls(
                parameter, layer.name, layer.crs, QgsRectangle(grid.left, grid.bottom, grid.right, grid.top), grid.dx
            )
        if isinstance(layer, QgsRasterLayer):
            return cls(parameter, layer.name(), stated(layer.crs()), layer.extent(), layer.rasterUnitsPerPixelX())
        if layer.wkbType() == QgsWkbTypes.Type.NoGeometry:
            return None
        if hasattr(layer, "crs"):
            return cls(parameter, layer.name(), stated(layer.crs()), layer.extent(), None)
        return cls(parameter, layer.sourceName(), stated(layer.sourceCrs()), layer.sourceExtent(), None)


def input_layers(job: Job, definitions: Sequence[QgsProcessingParameterDefinition]) -> list[InputLayer]:
    """Return the layers that a run is given, in the order of its parameters."""
    found = []
    for definition in definitions:
        name = definition.name()
        found += [InputLayer.of(name, layer) for layer in job.rasters(name) or job.layers(definition)]
    return [one for one in found if one is not None]


def name_by_layer(job: Job, definitions: Sequence[QgsProcessingParameterDefinition]) -> None:
    """Give the layers of a run that come as texts the name they have in their file; in the main thread.

    QGIS names every layer of a GeoPackage like the file, so that messages could not tell roads from mines.
    """
    project = job.context.project()
    for definition in definitions:
        for layer in job.map_layers(definition):
            if layer.customProperty(NAMED):
                continue
            if isinstance(layer, QgsVectorLayer) and (project is None or project.mapLayer(layer.id()) is None):
                parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
                layer.setName(parts.get("layerName") or layer.name())


def edited(job: Job, definitions: Sequence[QgsProcessingParameterDefinition]) -> list[str]:
    """Return the names of the layers of a run that hold changes which are not saved; in the main thread."""
    layers = [layer for definition in definitions for layer in job.map_layers(definition)]
    return list(dict.fromkeys(one.name() for one in layers if isinstance(one, QgsVectorLayer) and one.isModified()))


def measured(layers: Sequence[InputLayer], parameter: str) -> InputLayer | None:
    """Return the layer in whose CRS lengths and areas are measured, which the others are brought to when they are read.

    It is that of a parameter or, where none is named, the first raster, else the first vector layer.
    """
    if parameter:
        return next((one for one in layers if one.parameter == parameter), None)
    return next((one for one in layers if one.is_raster), layers[0] if layers else None)


def apart(
    layer: InputLayer, reference: InputLayer, context: QgsCoordinateTransformContext, *, margin: float | None = None
) -> str | None:
    """Return why nothing of a layer can lie on another one, by their boxes; None where something may.

    Within a `margin` in metres around the other one things count too; None where they do not.
    """
    box, other = QgsRectangle(layer.extent), reference.extent
    if box.isNull() or other.isNull():
        return None
    if layer.crs.isValid() and reference.crs.isValid() and layer.crs != reference.crs:
        try:
            box = QgsCoordinateTransform(layer.crs, reference.crs, context).transformBoundingBox(box)
        except QgsCsException:
            return None
    north = metres_per_unit(reference.crs)
    east = north
    if reference.in_degrees:
        north = _DEGREE
        east = _DEGREE * math.cos(math.radians(other.center().y()))
    across = max(0.0, box.xMinimum() - other.xMaximum(), other.xMinimum() - box.xMaximum())
    down = max(0.0, box.yMinimum() - other.yMaximum(), other.yMinimum() - box.yMaximum())
    away = max(across * east, down * north)
    if away <= (margin or 0.0):
        return None
    said = f"'{layer.name}' ({layer.parameter}) lies {math.ceil(away):,} m beyond '{reference.name}'"
    if margin is None:
        return f"{said}. Check the CRS of both layers, or leave it out."
    return (
        f"{said} and the margin of {margin:g} m around it. If it is to count, set the margin around the raster (MARGIN) to "
        f"{math.ceil(away):,} m or more. Else check the CRS of both layers, or leave it out."
    )


def refuse_degrees(layer: InputLayer, context: QgsCoordinateTransformContext) -> str | None:
    """Return why lengths and areas cannot be measured in the CRS of a layer."""
    if not layer.in_degrees:
        return None
    return (
        f"'{layer.name}' is in degrees ({layer.crs.authid() or layer.crs.description()}). Distances and areas need "
        f"metres; a fitting CRS there is {_fitting(layer, context)}. "
        + (USE_STUDY_GRID if layer.is_raster else "Reproject it first.")
    )


def _fitting(layer: InputLayer, context: QgsCoordinateTransformContext) -> str:
    """Return a CRS in which lengths and areas of a layer are right, in words."""
    degrees = QgsCoordinateReferenceSystem("EPSG:4326")
    try:
        box = QgsCoordinateTransform(layer.crs, degrees, context).transformBoundingBox(layer.extent)
    except QgsCsException:
        box = layer.extent
    return fitting_crs(box)[1]


def scale_warning(layer: InputLayer, context: QgsCoordinateTransformContext) -> str | None:
    """Return by how much lengths and areas are off at the middle of a layer, where it is more than a percent."""
    found = _errors(layer, context)
    if found is None:
        return None
    shortest, longest, area = found
    if max(abs(shortest), abs(longest)) <= _OFF:
        return None
    lengths = _percent(longest, "too long", "too short")
    if longest - shortest > _OFF:
        lengths = f"{_percent(shortest, 'too long', 'too short')} to {lengths}, by their direction"
    return (
        f"The scale of {layer.crs.authid() or layer.crs.description()} is off at the middle of '{layer.name}': lengths are "
        f"{lengths}; areas are {_percent(area, 'too large', 'too small')}. All lengths, costs and areas of this run are "
        f"affected. Right are those in {_fitting(layer, context)}. {USE_STUDY_GRID}"
    )


def _percent(share: float, more: str, less: str) -> str:
    return "right" if abs(share) < 5e-4 else f"{abs(share):.1%} {more if share > 0.0 else less}"


def _errors(layer: InputLayer, context: QgsCoordinateTransformContext) -> tuple[float, float, float] | None:
    """Return the errors of the shortest and longest lengths and of areas as shares; None where there is no telling."""
    if not layer.crs.isValid() or layer.crs.isGeographic() or layer.extent.isEmpty():
        return None
    metres = metres_per_unit(layer.crs)
    x, y, reach = layer.extent.center().x(), layer.extent.center().y(), _REACH / metres
    on_ground = QgsDistanceArea()
    on_ground.setSourceCrs(layer.crs, context)
    on_ground.setEllipsoid(layer.crs.ellipsoidAcronym() or "EPSG:7030")
    if not on_ground.willUseEllipsoid():
        return None
    square = QgsRectangle(x - reach, y - reach, x + reach, y + reach)
    lengths = []
    try:
        for east, north in ((1, 0), (0, 1), (1, 1), (1, -1)):
            ends = [QgsPointXY(x + way * east * reach, y + way * north * reach) for way in (-1, 1)]
            true = on_ground.measureLine(ends)
            lengths.append(ends[0].distance(ends[1]) * metres / true - 1.0 if true > 0.0 else float("nan"))
        true = on_ground.measureArea(QgsGeometry.fromRect(square))
    except QgsCsException:  # coordinates that lie nowhere in this CRS
        return None
    if not true > 0.0 or any(one != one for one in lengths):
        return None
    return min(lengths), max(lengths), square.area() * metres**2 / true - 1.0


def crs_warnings(layers: Sequence[InputLayer]) -> Iterator[str]:
    """Yield one warning for each layer without a CRS of which it matters, and one for the rest together."""
    known = next((one for one in layers if one.crs.isValid()), None)
    planar = []
    for one in layers:
        if one.crs.isValid():
            continue
        box = one.extent
        if one.is_raster and one.cell <= _LARGEST_DEGREES and QgsRectangle(-181, -91, 181, 91).contains(box):
            yield (
                f"'{one.name}' has no coordinate reference system, and its extent (x {box.xMinimum():.6g} to "
                f"{box.xMaximum():.6g}, y {box.yMinimum():.6g} to {box.yMaximum():.6g}) looks like degrees. They are taken "
                f"for metres, so that lengths and areas are wrong. Set its CRS first. {USE_STUDY_GRID}"
            )
        elif known is not None:
            yield (
                f"'{one.name}' has no coordinate reference system; it is taken to be in that of '{known.name}' "
                f"({known.crs.authid() or known.crs.description()}). Set its CRS if that is wrong."
            )
        else:
            planar.append(one.name)
    if planar:
        yield (
            f"No layer has a coordinate reference system ({name_ids(dict.fromkeys(planar))}): their units are taken for "
            "metres, and the results have none either. Set it in the properties of the layers."
        )


def cell_hectares(source: RasterSource, transforms: QgsCoordinateTransformContext, monitor: Monitor) -> float:
    """Return the area of a cell; in degrees that of one in the middle, with a warning."""
    if not source.crs.isGeographic():
        return source.grid.cell_ha
    measure = QgsDistanceArea()
    measure.setSourceCrs(source.crs, transforms)
    measure.setEllipsoid(source.crs.ellipsoidAcronym() or "WGS84")
    grid = source.grid
    x, y = grid.centre(grid.rows // 2, grid.cols // 2)
    cell = QgsRectangle(x - grid.dx / 2, y - grid.dy / 2, x + grid.dx / 2, y + grid.dy / 2)
    hectares = measure.measureArea(QgsGeometry.fromRect(cell)) / 1e4
    monitor.warn(
        f"'{source.name}' is in degrees. The classes count cells and are right; hectares are approximate, {hectares:.4g} for "
        "every cell as in the middle of the raster."
    )
    return hectares
