"""Discs whose cells cannot all be restored: only what straight arms from the centre reach over restorable cells counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..types import BoolArray, FloatArray, IntArray
from .focal import disc, focal_maximum, ring

_AT_ONCE = 50_000
"""Centres whose arms are followed at once."""


class Arm(NamedTuple):
    """A cell of a disc, and the one before it on the way from the centre."""

    down: int
    across: int
    before: int
    last: bool
    """Whether the ring, the outermost cells of the disc, holds it."""


def arms(radius: int) -> list[Arm]:
    """Return the cells of a disc from the centre outwards, each with the place in the list of the one before it.

    That is the neighbour nearest to the straight line to the centre (of two equally near ones the outer one).

    Examples
    --------
    >>> [(arm.down, arm.across) for arm in arms(1)]
    [(0, 0), (-1, 0), (0, -1), (0, 1), (1, 0)]
    """
    cells = [(row, col) for run in disc(radius).runs for row in run.rows for col in range(run.first, run.last + 1)]
    cells.sort(key=lambda cell: (max(map(abs, cell)), cell))
    place = {cell: k for k, cell in enumerate(cells)}
    outermost = {
        (row, col)
        for run in (ring(radius).runs if radius else ())
        for row in run.rows
        for col in range(run.first, run.last + 1)
    }

    def before(one: int, steps: int) -> int:
        nearer = (2 * abs(one) * (steps - 1) + steps) // (2 * steps) if steps else 0
        return nearer if one > 0 else -nearer

    found = []
    for row, col in cells:
        steps = max(abs(row), abs(col))
        found.append(Arm(row, col, place[before(row, steps), before(col, steps)], (row, col) in outermost))
    return found


class ArmsAround:
    """The discs of one radius around the cells of a raster, some of which arms do not reach over.

    Parameters
    ----------
    blocked : bool array, shape (rows, cols)
        Cells that no arm reaches over. What lies beyond the array is not reached either.
    radius : int
        Radius of the discs, in cells.

    Attributes
    ----------
    near : bool array, shape (rows, cols)
        Centres whose disc holds such a cell; all others are whole.
    """

    def __init__(self, blocked: BoolArray, radius: int) -> None:
        self._radius = radius
        self._arms = arms(radius)
        self._blocked = blocked
        self.near: BoolArray = focal_maximum(blocked.astype(np.float32), disc(radius)) > 0

    def minima(
        self,
        centres: tuple[IntArray, IntArray],
        fields: list[FloatArray],
        *,
        only_ring: bool,
    ) -> list[FloatArray]:
        """Return the smallest value of each of some rasters that the arms from each centre reach.

        Parameters
        ----------
        centres : int arrays, shape (centres,)
            Rows and columns, none of them blocked.
        fields : list of float arrays, shape (rows, cols)
            The rasters.
        only_ring : bool
            Whether the ends of the arms lie in the ring.
        """
        found = [np.full(centres[0].size, np.inf) for _ in fields]
        flat = [field.ravel() for field in fields]
        for part, arm, reached, there in self._followed(centres):
            if only_ring and not arm.last:
                continue
            here = part[reached]
            for least, field in zip(found, flat):
                least[here] = np.fmin(least[here], field[there[reached]])
        return found

    def hold(self, centres: tuple[IntArray, IntArray], wanted: BoolArray) -> BoolArray:
        """Return for each centre whether the arms reach a cell that is true; see `minima`."""
        found = np.zeros(centres[0].size, dtype=bool)
        flat = wanted.ravel()
        for part, _, reached, there in self._followed(centres):
            found[part] |= reached & flat[there]
        return found

    def spread(self, centres: tuple[IntArray, IntArray], values: FloatArray, onto: FloatArray) -> None:
        """Raise a raster to the value of each centre where the arms from it reach; see `minima`."""
        flat = onto.reshape(-1)
        for part, _, reached, there in self._followed(centres):
            cells = there[reached]  # each once: those of one arm of different centres are different cells
            flat[cells] = np.maximum(flat[cells], values[part[reached]])

    def _followed(self, centres: tuple[IntArray, IntArray]) -> Iterator[tuple[IntArray, Arm, BoolArray, IntArray]]:
        """Yield for some centres at a time and each arm: which centres, which of them it reaches, and the flat index."""
        height, width = self._blocked.shape
        free = ~self._blocked.ravel()
        for start in range(0, centres[0].size, _AT_ONCE):
            part = np.arange(start, min(start + _AT_ONCE, centres[0].size))
            row, col = centres[0][part], centres[1][part]
            reached: list[BoolArray] = []
            for arm in self._arms:
                down, across = row + arm.down, col + arm.across
                inside = (down >= 0) & (down < height) & (across >= 0) & (across < width)
                there = np.where(inside, down * width + across, 0)
                inside &= free[there]
                if reached:
                    inside &= reached[arm.before]
                reached.append(inside)
                yield part, arm, inside, there
