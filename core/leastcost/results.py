"""What the store of cost fields hands out: the field of a source, and the two of a link."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import BoolArray, FloatArray, IntArray

_ROUNDING = 1e-10
"""By how much sums along one path can differ by the order of their terms, as a share of the sum."""


@dataclass(frozen=True)
class LinkCosts:
    """The two cost-distance fields of a link, cropped to its corridor.

    Attributes
    ----------
    index : int
        Position of the link in the pairs given.
    rows, cols : slice
        The box of cells that holds every cell with ``cost_a + cost_b <= least + slack``; empty when disconnected.
    cost_a, cost_b : ndarray, float64
        Cost distance from either source inside the box; infinite, or too large, where their sum is more than that.
    least : float
        Least-cost distance of the two sources; infinite when disconnected.
    """

    index: int
    rows: slice
    cols: slice
    cost_a: FloatArray
    cost_b: FloatArray
    least: float

    @classmethod
    def none(cls, index: int) -> LinkCosts:
        """Return what a link of sources has that no way joins."""
        return cls(index, slice(0, 0), slice(0, 0), np.empty((0, 0)), np.empty((0, 0)), np.inf)

    @classmethod
    def between(cls, index: int, a: Field, b: Field, least: float, slack: float) -> LinkCosts:
        """Return the costs of a link from the fields of its two sources, `slack` beyond its least-cost distance."""
        top, left = max(a.top, b.top), max(a.left, b.left)
        bottom = min(a.top + a.cost.shape[0], b.top + b.cost.shape[0])
        right = min(a.left + a.cost.shape[1], b.left + b.cost.shape[1])
        cost_a = a.cost[top - a.top : bottom - a.top, left - a.left : right - a.left]
        cost_b = b.cost[top - b.top : bottom - b.top, left - b.left : right - b.left]
        total = cost_a + cost_b
        rows, cols = box((total <= a_little_more(least + slack)) & np.isfinite(total))
        return cls(
            index,
            slice(top + rows.start, top + rows.stop),
            slice(left + cols.start, left + cols.stop),
            cost_a[rows, cols],
            cost_b[rows, cols],
            least,
        )

    def excess(self) -> FloatArray:
        """Return the cost of the best route through each cell above the least-cost distance; NaN where it is not known.

        What is rounding of sums along a path is zero.
        """
        excess: FloatArray = self.cost_a + self.cost_b - self.least
        excess[excess < _ROUNDING * self.least] = 0.0
        excess[np.isinf(excess)] = np.nan
        return excess

    def inside(self, cutoff: float) -> BoolArray:
        """Return the cells of the corridor: where a way costs at most `cutoff` more than the least-cost path."""
        inside: BoolArray = self.cost_a + self.cost_b <= (self.least + cutoff) * (1.0 + _ROUNDING)
        return inside


@dataclass(frozen=True)
class Field:
    """A cost field, cropped to the cells it reaches.

    Attributes
    ----------
    top, left : int
        Row and column of its first cell on the raster.
    cost : ndarray, float64
        Cost distance from the source; infinite where too large to matter.
    reach : float
        Cost up to which it is exact; what costs more may be given or infinite.
    cols : int
        Columns of the raster.
    everywhere : bool
        Whether it is exact in all cells up to there, or only on ways to another source that cost no more; elsewhere it may
        be infinite or too large then.
    """

    top: int
    left: int
    cost: FloatArray
    reach: float
    cols: int
    everywhere: bool

    @property
    def place(self) -> tuple[slice, slice]:
        """Rows and columns of the raster."""
        rows, cols = self.cost.shape
        return slice(self.top, self.top + rows), slice(self.left, self.left + cols)

    def cheapest(self, cells: IntArray) -> tuple[int, int]:
        """Return the row and column in the field of the cheapest of some cells, given as flat indices of the raster."""
        rows, cols = self.inside(cells)
        nearest = int(np.argmin(self.cost[rows, cols]))
        return int(rows[nearest]), int(cols[nearest])

    def least(self, cells: IntArray) -> float:
        """Return the cost of the cheapest of some cells, given as flat indices of the raster; infinite beyond reach."""
        return float(self.cost[self.inside(cells)].min(initial=np.inf))

    def inside(self, cells: IntArray) -> tuple[IntArray, IntArray]:
        """Return the rows and columns in the field of those of some cells, flat indices of the raster, that lie in it."""
        rows, cols = np.divmod(cells, self.cols)
        rows, cols = rows - self.top, cols - self.left
        here = (rows >= 0) & (rows < self.cost.shape[0]) & (cols >= 0) & (cols < self.cost.shape[1])
        return rows[here], cols[here]


def a_little_more(cost: float) -> float:
    """Return a cost raised by what rounding may add to a sum along a path."""
    return cost * (1.0 + 1e-9)


def box(mask: BoolArray) -> tuple[slice, slice]:
    """Return the smallest box that holds every true cell."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)
