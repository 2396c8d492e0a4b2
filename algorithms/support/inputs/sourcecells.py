"""Which cells sources get on a raster: each its own, however small it is and whatever lies beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from qgis.core import QgsGeometry

from ....core.grid import Grid
from ..io.vectors import burn, burnt_cells


@dataclass
class Cells:
    """Which cell belongs to which source; `settle` gives one to each that has none.

    Attributes
    ----------
    labels : ndarray of int32
        1 + position of the source.
    held, lost : ndarray of int64
        Cells of each source before those on NoData were left out, and how many of them these were.
    tiny : list of int
        Sources that had no cell and got one.
    moved, stuck : dict of int to list of int
        Sources that lie in the last cells of others, and these; they got a cell beside it, or none.
    gone : list of int
        Sources without a cell with data.
    """

    shapes: Sequence[QgsGeometry]
    grid: Grid
    valid: np.ndarray | None
    tiny: list[int] = field(default_factory=list)
    moved: dict[int, list[int]] = field(default_factory=dict)
    stuck: dict[int, list[int]] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        count = len(self.shapes) + 1
        self.labels = burn(self.shapes, self.grid)
        self.held = np.bincount(self.labels.ravel(), minlength=count)[1:]
        self._left = self.held.copy()
        if self.valid is not None:
            self.labels[~self.valid] = 0
            self._left = np.bincount(self.labels.ravel(), minlength=count)[1:]
        self.lost = self.held - self._left
        self._owner = self.labels.reshape(-1)

    def settle(self) -> None:
        """Give a cell to every source that has none."""
        for k in np.flatnonzero(self._left == 0).tolist():
            shape = self.shapes[k]
            own = burnt_cells(shape, self.grid)
            touched = self._near_first(k, burnt_cells(shape, self.grid, all_touched=True))
            wanted = self._with_data(self._near_first(k, own) if own.size else touched)
            if not wanted:
                self.gone.append(k)
                continue
            cell = self._free(wanted + self._with_data(touched), but_last=True)
            if cell is not None:
                self.tiny.append(k)
            else:
                others = list(dict.fromkeys(int(self._owner[one]) - 1 for one in wanted))
                cell = self._free(self._with_data(self._beside(wanted[0])), but_last=False)
                (self.stuck if cell is None else self.moved)[k] = others
            if cell is not None:
                if self._owner[cell]:
                    self._left[self._owner[cell] - 1] -= 1
                self._owner[cell] = k + 1
                self._left[k] = 1

    def _near_first(self, k: int, cells: np.ndarray) -> list[int]:
        """Return cells by the distance of their centre from a point inside a source; the cell of that point is first."""
        grid, point = self.grid, _inside(self.shapes[k])
        row, col = grid.index(*point)
        here = min(max(row, 0), grid.rows - 1) * grid.cols + min(max(col, 0), grid.cols - 1)
        x, y = grid.centre(cells // grid.cols, cells % grid.cols)
        near = cells[np.argsort(np.hypot(x - point[0], y - point[1]), kind="stable")].tolist()
        return [here, *(one for one in near if one != here)] if here in near or not near else near

    def _beside(self, cell: int) -> list[int]:
        """Return the cells around one, those that share an edge first."""
        row, col = divmod(cell, self.grid.cols)
        steps = [(-1, 0), (0, -1), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)]
        around = [(row + down, col + right) for down, right in steps]
        return [r * self.grid.cols + c for r, c in around if 0 <= r < self.grid.rows and 0 <= c < self.grid.cols]

    def _with_data(self, cells: Iterable[int]) -> list[int]:
        return [one for one in cells if self.valid is None or self.valid.flat[one]]

    def _free(self, cells: Iterable[int], *, but_last: bool) -> int | None:
        """Return the first cell of no source; with `but_last` also one of a source that has others."""
        for cell in cells:
            owner = self._owner[cell]
            if not owner or (but_last and self._left[owner - 1] > 1):
                return cell
        return None


def _inside(shape: QgsGeometry) -> tuple[float, float]:
    found = shape.pointOnSurface()
    point = shape.vertexAt(0) if found.isNull() else found.asPoint()  # none in a polygon that has collapsed
    return point.x(), point.y()


def parting_size(shapes: Sequence[QgsGeometry], sharing: dict[int, list[int]], grid: Grid) -> str:
    """Return a sentence with the size of cells in which no two of these sources share one."""
    apart = math.inf
    for k, others in sharing.items():
        x, y = _inside(shapes[k])
        for one in others:
            # Two points that are farther apart than a cell along x or y never lie in one cell.
            other_x, other_y = _inside(shapes[one])
            apart = min(apart, max(abs(x - other_x), abs(y - other_y)))
    apart = min(apart, grid.dx / 2.0, grid.dy / 2.0)
    if not apart > 1e-6 * grid.dx:
        return "They lie on one spot, so no cell size parts them."
    digits = 2 - math.floor(math.log10(apart))
    return f"Cells of {math.floor(apart * 10**digits) / 10**digits:g} map units or less part them."
