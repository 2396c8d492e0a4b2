"""The table of key areas, the same in every tool that writes it, and lines as the core measures along them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsGeometry

from .... import core
from ....core.choices import AreaKind
from ....core.grid import Grid
from ..io.fields import Shown
from ..io.tables import Column, columns
from ..io.vectors import vertices
from ..run.palette import RULES, Colour

if TYPE_CHECKING:
    from ....core.keyareas.areas import KeyAreas
    from ....core.keyareas.measures import AreaMeasures


BARRIER_SCORE = "Barrier score"
"""What rasters of barriers say they hold begins with: their key areas are drawn as barriers."""

_CURRENT = "Current"
"""What rasters of currents say they hold begins with."""


def kind_of(about: str) -> AreaKind | None:
    """Return what the key areas of a raster are, by what it says that it holds; None for another surface."""
    if about.startswith(BARRIER_SCORE):
        return AreaKind.BARRIER
    return AreaKind.PINCH_POINT if about.startswith(_CURRENT) else None


def area_columns() -> list[Column]:
    """Return the columns that all key areas have."""
    return columns(
        area_id=int,
        kind=str,
        area_ha=float,
        length=float,
        width=float,
        mean=float,
        max=float,
        level=(int, Shown("Class")),
        edge_ha=float,
    )


def area_rows(areas: KeyAreas, measures: AreaMeasures, kind: AreaKind | None, *more: Sequence) -> list[list]:
    """Return one row an area, of a kind that other tools read; `more` are the values of further columns."""
    count, held = areas.area_ha.size, "key area" if kind is None else kind.value
    values = (
        [held] * count,
        areas.area_ha,
        measures.length,
        measures.width,
        areas.mean,
        areas.maximum,
        areas.area_class,
    )
    return [list(row) for row in zip(range(1, count + 1), *values, measures.edge_ha, *more)]


def line_parts(shape: QgsGeometry, grid: Grid) -> list[np.ndarray]:
    """Return the parts of a line as (row, column) on a grid; the centre of its first cell is (0.5, 0.5)."""
    return [
        np.column_stack([(grid.top - y) / grid.dy, (x - grid.left) / grid.dx])
        for x, y in map(np.transpose, vertices(shape))
    ]


def rule_classes() -> list[tuple[int, str, Colour]]:
    """Return value, name and colour of the classes of a map of two rules."""
    return [(value, name, colour) for (value, name), colour in zip(core.keyareas.RULE_NAMES.items(), RULES)]
