"""Areas by zone: polygons cut along zones, measured and counted, with the land use in every piece."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsGeometry,
    QgsWkbTypes,
)

from .... import core
from ....core.coverage import cell_coverage
from ....core.errors import InputError
from ....core.grid import Grid
from ....core.lists import plain_text, split_list, value_text
from ....core.monitor import SILENT, Monitor
from ..io.rasters import RasterSource, metres_per_unit
from ..io.tables import Column, columns, listed_shares
from ..io.vectors import VectorSource, is_null
from .cutting import Divider, repaired
from .zones import OUTSIDE, Zones

_TOTAL = "total"


@dataclass(frozen=True)
class ZoneTable:
    """Areas by zone, ready to be written.

    Attributes
    ----------
    headers : list of Column
        One text column for each part of the name of a zone, count, count_touching, area_ha, share and, with land use,
        land_uses.
    rows : list of list
        By the name of the zone; then what lies outside, if any; last the totals.
    table : Tabulation
        The numbers behind it.
    """

    headers: list[Column]
    rows: list[list]
    table: core.keyareas.Tabulation


class RasterUse:
    """Land use from the cells of a class raster."""

    def __init__(
        self,
        source: RasterSource,
        crs: QgsCoordinateReferenceSystem,
        context: QgsCoordinateTransformContext,
        monitor: Monitor = SILENT,
    ) -> None:
        self._to_raster = None
        if crs.isValid() and source.crs.isValid() and crs != source.crs:
            self._to_raster = QgsCoordinateTransform(crs, source.crs, context)
        self._values, self._valid = source.read(monitor)
        self._grid: Grid = source.grid
        known = self._values[self._valid]
        if self._values.dtype.kind == "f" and not np.array_equal(known, np.rint(known)):
            raise InputError(f"'{source.name}' holds decimal numbers; land use must be whole-number classes.")

    def of(self, part: QgsGeometry, hectare: float) -> dict[str, float]:
        """Return the hectares of each land use in a polygon."""
        size = part.area() * hectare
        if self._to_raster is not None:
            part = QgsGeometry(part)
            part.transform(self._to_raster)
        found: Counter = Counter()
        for polygon in part.asGeometryCollection():
            # A border that only touches leaves lines and points behind.
            if polygon.type() == QgsWkbTypes.GeometryType.PolygonGeometry and not polygon.isEmpty():
                self._add_cells(found, polygon)
        cell = size * self._grid.dx * self._grid.dy / part.area()
        return {str(int(code)): cells * cell for code, cells in found.items()}

    def _add_cells(self, found: Counter, polygon: QgsGeometry) -> None:
        """Add how many cells of each land use a single polygon covers, parts of cells as parts."""
        window, shares = covered_cells(polygon, self._grid)
        values, valid = self._values[window], self._valid[window]
        held = valid & (shares > 0.0)
        codes, place = np.unique(values[held], return_inverse=True)
        for code, cells in zip(codes.tolist(), np.bincount(place, weights=shares[held], minlength=codes.size)):
            found[code] += float(cells)


def covered_cells(polygon: QgsGeometry, grid: Grid) -> tuple[tuple[slice, slice], np.ndarray]:
    """Return the window of a grid under a single polygon, and which share of each of its cells that covers."""
    rings = [np.array([(point.y(), point.x()) for point in ring]) for ring in polygon.asPolygon()]
    row, col, shares = cell_coverage([(ring - (grid.top, grid.left)) / (-grid.dy, grid.dx) for ring in rings])
    top, left = max(row, 0), max(col, 0)
    bottom, right = min(row + shares.shape[0], grid.rows), min(col + shares.shape[1], grid.cols)
    window = slice(top, max(bottom, top)), slice(left, max(right, left))
    return window, shares[top - row : max(bottom, top) - row, left - col : max(right, left) - col]


class PolygonUse:
    """Land use from polygons with a field."""

    def __init__(self, source: VectorSource, name: str, crs, monitor: Monitor = SILENT) -> None:
        features = source.shaped(crs, monitor)
        self._uses = [None if is_null(f[name]) else value_text(f[name]) for f in features]
        self._divider = Divider([feature.geometry() for feature in features])

    def of(self, part: QgsGeometry, hectare: float) -> dict[str, float]:
        """Return the hectares of each land use in a polygon."""
        found: Counter = Counter()
        for position, piece in self._divider.divide(repaired(part)).parts:
            if position >= 0 and self._uses[position] is not None:
                found[self._uses[position]] += piece.area() * hectare
        return dict(found)


def tabulate_by_zone(
    shapes: Sequence[QgsGeometry],
    zones: Zones,
    crs: QgsCoordinateReferenceSystem,
    *,
    land_use: RasterUse | PolygonUse | None = None,
    use_names: dict[str, str] | None = None,
    sliver_ha: float = 0.0,
    monitor: Monitor = SILENT,
) -> ZoneTable:
    """Cut areas along zones and add them up.

    Parameters
    ----------
    shapes : sequence of QgsGeometry
        The areas, valid, in `crs`.
    zones : Zones
        In `crs`; where they overlap, the first takes the part.
    crs : QgsCoordinateReferenceSystem
        A projected one.
    land_use : RasterUse or PolygonUse, optional
        What gives the land use of a piece.
    use_names : dict of str to str, optional
        Names of the land uses by code.
    sliver_ha : float
        See `core.tabulation.tabulate`.
    monitor : Monitor
        Progress, cancellation and warnings.

    Raises
    ------
    InputError
        If the parts do not add up to the areas.
    """
    names = zones.names
    hectare = metres_per_unit(crs) ** 2 / 10_000.0
    divider = Divider(zones.shapes)
    area, zone, hectares, uses, overlaps = [], [], [], [], Counter()
    for k, cut in enumerate(divider.divide_all(shapes, monitor)):
        for position, part in cut.parts:
            area.append(k)
            zone.append(position)
            hectares.append(part.area() * hectare)
            uses.append({} if land_use is None else land_use.of(part, hectare))
        for first, second, size in cut.overlaps:
            overlaps[first, second] += size * hectare
    for (first, second), size in overlaps.items():
        monitor.warn(
            f"Zones {' / '.join(names[first])} and {' / '.join(names[second])} overlap on {size:.4g} ha of the "
            f"areas; that part was given to the first."
        )
    codes = sorted({code for use in uses for code in use}, key=_natural)
    shares = np.array([[use.get(code, 0.0) for code in codes] for use in uses]).reshape(len(uses), len(codes))
    table = core.keyareas.tabulate(
        np.array([shape.area() * hectare for shape in shapes]),
        core.keyareas.Pieces(np.array(area, dtype=int), np.array(zone, dtype=int), np.array(hectares), shares),
        sliver_ha=sliver_ha,
    )
    texts = [(use_names or {}).get(code, code) for code in codes]

    def line(label, row):
        shown = core.keyareas.shown_shares([share for _, share in row.uses])
        mix = listed_shares(
            (texts[use] if use >= 0 else "not known", share) for (use, _), share in zip(row.uses, shown)
        )
        share = 100.0 * row.area_ha / table.total.area_ha if row.area_ha else 0.0
        return [*label, row.count, row.count_touching, row.area_ha, share] + ([mix] if land_use is not None else [])

    empty = [""] * (len(names[0]) - 1)
    inside = sorted(
        (k for k in table.rows if k != core.keyareas.OUTSIDE), key=lambda k: [_natural(part) for part in names[k]]
    )
    rows = [line(names[k], table.rows[k]) for k in inside]
    if core.keyareas.OUTSIDE in table.rows:
        rows.append(line([OUTSIDE, *empty], table.rows[core.keyareas.OUTSIDE]))
        monitor.warn(
            f"{table.rows[core.keyareas.OUTSIDE].area_ha:.4g} ha of the areas lie in no zone (row '{OUTSIDE}')."
        )
    rows.append(line([_TOTAL, *empty], table.total))
    headers = [Column(name, str) for name in zones.fields]
    headers += columns(count=int, count_touching=int, area_ha=float, share=float)
    if land_use is not None:
        headers += columns(land_uses=str)
    return ZoneTable(headers, rows, table)


def parse_names(text: str) -> dict[str, str]:
    """Read names of codes such as ``1=Forest; 2=Grassland``.

    Commas part the entries only where there are no semicolons or line ends, since names hold commas too.

    Raises
    ------
    InputError
        If an entry is not a code with a name.
    """
    names = {}
    entries = [entry for entry in re.split(r"[;\n]", plain_text(text)) if entry.strip()]
    if len(entries) == 1:
        entries = [entry for entry in split_list(text, blanks=False) if entry]
    for entry in entries:
        code, found, name = entry.replace(":", "=").partition("=")
        if not found or not code.strip() or not name.strip():
            raise InputError(f"'{entry.strip()}' is not a code with a name. Write for example: 1=Forest; 2=Grassland.")
        other = names.setdefault(code.strip(), name.strip())
        if other != name.strip():
            raise InputError(f"{code.strip()} is given two names, '{other}' and '{name.strip()}'. Give it one.")
    return names


def _natural(text: str) -> list[tuple]:
    """Return what sorts numbers by value and before texts, and texts by the whole numbers in them ('feature 10')."""
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return [(0, float(text), text)]
    return [(0, float(part), part) if part.isdecimal() else (1, 0.0, part) for part in re.split(r"(\d+)", text) if part]
