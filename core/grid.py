"""The grid that the rasters of one run share."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from .errors import GridMismatchError, InputError

_TOLERANCE = 1e-3
"""Largest shift between two grids that still counts as the same place, in cells."""

USE_STUDY_GRID = "The tool 'Study grid' (studygrid) brings rasters onto one grid of square cells in metres."
"""What to do about rasters that do not lie on one, in every message."""

SQUARE = 5e-3
"""Largest difference between width and height of a cell that still counts as square, as a share of them."""


@dataclass(frozen=True)
class Grid:
    """A north-up raster grid.

    Parameters
    ----------
    rows, cols : int
        Number of rows and columns.
    left, top : float
        Outer corner of the first cell, in map units.
    dx, dy : float
        Width and height of a cell, both positive, in map units.
    crs : str
        Text of the coordinate reference system; empty means planar.
    metres_per_unit : float
        Length of one map unit in metres.
    """

    rows: int
    cols: int
    left: float = 0.0
    top: float = 0.0
    dx: float = 1.0
    dy: float = 1.0
    crs: str = ""
    metres_per_unit: float = 1.0

    def __post_init__(self) -> None:
        if self.rows < 1 or self.cols < 1:
            raise InputError(f"A grid of {self.rows} x {self.cols} cells is empty.")
        if not (self.dx > 0 and self.dy > 0):
            raise InputError(f"Cells of {self.dx} x {self.dy} map units have no area.")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.cols

    @property
    def right(self) -> float:
        """Outer edge of the last column, in map units."""
        return self.left + self.cols * self.dx

    @property
    def bottom(self) -> float:
        """Outer edge of the last row, in map units."""
        return self.top - self.rows * self.dy

    @property
    def cell_ha(self) -> float:
        """Area of a cell in hectares."""
        return self.dx * self.dy * self.metres_per_unit**2 / 10_000.0

    @property
    def cell_size(self) -> float:
        """Edge of a square cell in metres, whatever the map unit; the mean of both edges where they differ by up to 0.5 %.

        The only place where lengths are converted: cores get this cell size, so that all that they take and return is
        in metres, and costs are resistance times metres.

        Raises
        ------
        InputError
            If the cells are not square: distances in cells would be distorted.
        """
        if not math.isclose(self.dx, self.dy, rel_tol=SQUARE):
            raise InputError(
                f"The cells are {self.dx:g} x {self.dy:g} map units; this tool needs square cells. {USE_STUDY_GRID}"
            )
        return (self.dx + self.dy) / 2.0 * self.metres_per_unit

    def centre(self, row: float, col: float) -> tuple[float, float]:
        """Return the map coordinates of the centre of a cell."""
        return self.left + (col + 0.5) * self.dx, self.top - (row + 0.5) * self.dy

    def index(self, x: float, y: float) -> tuple[int, int]:
        """Return row and column of the cell that holds a point; outside points give outside indices."""
        return math.floor((self.top - y) / self.dy), math.floor((x - self.left) / self.dx)

    def window(self, row: int, col: int, rows: int, cols: int) -> Grid:
        """Return the part of the grid that starts at a cell."""
        return replace(
            self,
            rows=rows,
            cols=cols,
            left=self.left + col * self.dx,
            top=self.top - row * self.dy,
        )

    def same_as(self, other: Grid) -> bool:
        """Return whether two grids have the same cells (the CRS text is not compared)."""
        shift = _TOLERANCE * min(self.dx, self.dy)
        return (
            self.shape == other.shape
            and abs(self.left - other.left) <= shift
            and abs(self.top - other.top) <= shift
            and abs(self.right - other.right) <= shift
            and abs(self.bottom - other.bottom) <= shift
        )

    def describe(self) -> str:
        """Return the grid in one line."""
        return (
            f"{self.rows} rows x {self.cols} columns of {self.dx:.10g} x {self.dy:.10g}, "
            f"x {self.left:.10g} to {self.right:.10g}, y {self.bottom:.10g} to {self.top:.10g}"
        )

    def require_same(self, other: Grid, name: str, other_name: str) -> None:
        """Raise unless the other raster lies on this grid.

        Raises
        ------
        GridMismatchError
            With both grids in the message.
        """
        if not self.same_as(other):
            raise GridMismatchError(
                f"The rasters do not lie on the same grid.\n"
                f"  {name}: {self.describe()}\n"
                f"  {other_name}: {other.describe()}\n"
                f"{USE_STUDY_GRID}"
            )
