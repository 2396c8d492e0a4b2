"""Areas cut by zones, protected land and land use, so that each part is one thing in one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from qgis.core import QgsGeometry

from .... import core
from ....core.grid import Grid
from ....core.monitor import SILENT, Monitor
from ..io.vectors import polygonise
from .cutting import Cut, Divider, polygons_of
from .zonal import covered_cells


class LandCells(NamedTuple):
    """What is known of the cells of a map.

    Attributes
    ----------
    grid : Grid
        Its grid.
    codes : ndarray, shape (rows, cols)
        Land use.
    valid : ndarray of bool, shape (rows, cols)
        Where that is known.
    slope : ndarray of float, shape (rows, cols), or None
        In degrees, NaN where it is not known.
    """

    grid: Grid
    codes: np.ndarray
    valid: np.ndarray
    slope: np.ndarray | None


class CutAreas(NamedTuple):
    """Areas cut into parts.

    Attributes
    ----------
    parts : core.decisions.LandParts
        Their numbers; uses are positions in `codes`.
    codes : list of float
        Land uses of the parts, ascending.
    shapes : list of QgsGeometry
        Of the parts.
    """

    parts: core.decisions.LandParts
    codes: list[float]
    shapes: list[QgsGeometry]


def cut_areas(
    shapes: Sequence[QgsGeometry],
    cells: LandCells,
    *,
    zones: Sequence[QgsGeometry] = (),
    protected: Sequence[QgsGeometry] | None = None,
    monitor: Monitor = SILENT,
) -> CutAreas:
    """Cut areas along zones, protected land and land use.

    Parameters
    ----------
    shapes : sequence of QgsGeometry
        The areas, valid polygons in the CRS of the cells.
    cells : LandCells
        Land use and slope.
    zones, protected : sequence of QgsGeometry
        In the same CRS; where zones overlap, the first takes the part. None where nothing is known of protected land.
    monitor : Monitor
        Progress and cancellation.
    """
    hectare = cells.grid.metres_per_unit**2 / 10_000.0
    by_zone, guarded = Divider(zones), Divider(protected or ())
    rows: list[tuple[int, int, float, int, float, float]] = []
    found: list[QgsGeometry] = []
    for number, shape in enumerate(shapes):
        monitor.step(number, len(shapes))
        codes, by_use = _uses(shape, cells)
        for zone, in_zone in by_zone.divide(shape).parts:
            for inside, piece in _inside(guarded.divide(in_zone)):
                monitor.check()
                for use, part in by_use.divide(piece).parts:
                    part = polygons_of(part)
                    code = codes[use] if use >= 0 else np.nan
                    guard = -1 if protected is None else int(inside)
                    rows.append((number, zone, code, guard, _slope(part, cells), part.area() * hectare))
                    found.append(part)
    area, zone, code, guard, slope, size = (np.array(column) for column in zip(*rows)) if rows else [np.empty(0)] * 6
    held = np.unique(code[~np.isnan(code)])
    use = np.where(np.isnan(code), -1, np.searchsorted(held, code))
    whole = [one.astype(np.int64) for one in (area, zone, use, guard)]
    return CutAreas(core.decisions.LandParts(*whole, slope.astype(float), size.astype(float)), held.tolist(), found)


def joined(parts: Sequence[QgsGeometry]) -> QgsGeometry:
    """Return parts as one multi polygon."""
    whole = polygons_of(QgsGeometry.unaryUnion(list(parts)) if len(parts) > 1 else QgsGeometry(parts[0]))
    whole.convertToMultiType()
    return whole


def _inside(cut: Cut) -> list[tuple[bool, QgsGeometry]]:
    """Return what lies inside some dividing polygon, and what in none."""
    found = []
    for inside in (True, False):
        parts = [part for position, part in cut.parts if (position >= 0) == inside]
        if parts:
            found.append((inside, joined(parts)))
    return found


def _uses(shape: QgsGeometry, cells: LandCells) -> tuple[list[float], Divider]:
    """Return the codes under a shape, and what divides it by them."""
    grid, box = cells.grid, shape.boundingBox()
    top, left = grid.index(box.xMinimum(), box.yMaximum())
    bottom, right = grid.index(box.xMaximum(), box.yMinimum())
    top, left = max(top - 1, 0), max(left - 1, 0)
    bottom, right = min(bottom + 2, grid.rows), min(right + 2, grid.cols)
    if bottom <= top or right <= left:
        return [], Divider(())
    window = slice(top, bottom), slice(left, right)
    valid = cells.valid[window]
    held, place = np.unique(cells.codes[window][valid], return_inverse=True)
    labels = np.zeros(valid.shape, dtype=np.int32)
    labels[valid] = place + 1
    polygons = polygonise(labels, grid.window(top, left, bottom - top, right - left))
    return [float(held[k - 1]) for k in polygons], Divider(list(polygons.values()))


def _slope(part: QgsGeometry, cells: LandCells) -> float:
    """Return the mean slope of the cells under a part, each by its share."""
    if cells.slope is None:
        return np.nan
    total = weight = 0.0
    for polygon in part.asGeometryCollection():
        window, shares = covered_cells(polygon, cells.grid)
        values = cells.slope[window].astype(float)
        known = np.isfinite(values)
        total += float((values * shares)[known].sum())
        weight += float(shares[known].sum())
    return total / weight if weight > 0.0 else np.nan
