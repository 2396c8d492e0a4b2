"""What lies in belts of several widths around paths, and the width beyond which they gather little more current."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..grid import Grid
from ..lists import parse_numbers
from ..monitor import SILENT, Monitor
from ..types import FloatArray, IntArray
from .polylines import Polylines, polylines

MOST_WIDTHS = 50

LEFT_OUT = -2
"""Class of cells that are no part of any belt, such as those of sources; -1 is no data."""

_NUDGE = (1e-6, 0.6e-6)
"""Cells by which centres are moved, so that one that lies exactly on the edge of a belt does so on one side only."""


@dataclass(frozen=True)
class Belt:
    """What lies in belts around a path, or around all, one row for each width; each belt holds the narrower ones.

    Attributes
    ----------
    cells : int64, shape (widths, classes)
        Cells of each class.
    no_class : int64, shape (widths,)
        Cells of the grid without a class.
    off_grid : int64, shape (widths,)
        Cells that the grid would have if it went on.
    current : float64, shape (widths, classes)
        Sum of the current in the cells; cells without current add nothing.
    flowing : int64, shape (widths, classes)
        Cells with a current, 0 or more.
    """

    cells: IntArray
    no_class: IntArray
    off_grid: IntArray
    current: FloatArray
    flowing: IntArray

    @property
    def mean_current(self) -> FloatArray:
        """Mean of the cells with a current in each belt; NaN where there is none."""
        with np.errstate(invalid="ignore", divide="ignore"):
            mean: FloatArray = self.current.sum(axis=1) / self.flowing.sum(axis=1)
        return mean


@dataclass(frozen=True)
class NestedBelts:
    """The belts around each path and around all of them.

    Attributes
    ----------
    whole : Belt
        Around all paths; cells near several count once.
    paths : list of Belt
        Around each.
    """

    whole: Belt
    paths: list[Belt]


def read_widths(text: str, cell_size: float) -> tuple[list[float], list[float]]:
    """Return the widths in a line of text, ascending, and those among them that are narrower than a cell, to be left out.

    Raises
    ------
    InputError
        If there is none, one is not above 0 or given twice, or all are narrower than a cell.

    Examples
    --------
    >>> read_widths("200, 60; 30 10", 30.0)
    ([30.0, 60.0, 200.0], [10.0])
    """
    widths = sorted(parse_numbers(text, "Widths")) if text.strip() else []
    if not widths:
        raise InputError("There is no width. Write for example: 30, 60, 100, 200, 400, 1000.")
    if widths[0] <= 0:
        raise InputError(f"Widths: {widths[0]:g} is not above 0. They are metres from edge to edge.")
    double = [a for a, b in zip(widths, widths[1:]) if a == b]
    if double:
        raise InputError(f"Widths: {double[0]:g} is given twice.")
    if len(widths) > MOST_WIDTHS:
        raise InputError(f"There are {len(widths)} widths; give {MOST_WIDTHS} at most.")
    narrow = [one for one in widths if one < cell_size * (1.0 - 1e-9)]
    if len(narrow) == len(widths):
        raise InputError(
            f"All widths are narrower than a cell of {cell_size:g} m (the widest is {widths[-1]:g} m), so that the raster "
            "cannot tell what lies in them. Give wider ones, or a finer raster."
        )
    return widths[len(narrow) :], narrow


def nested_belts(
    paths: Sequence[Sequence[FloatArray]],
    classes: IntArray,
    *,
    grid: Grid,
    widths: Sequence[float],
    count: int,
    current: FloatArray | None = None,
    monitor: Monitor = SILENT,
) -> NestedBelts:
    """Return what lies within half of some widths of paths.

    Parameters
    ----------
    paths : sequence of sequence of float arrays, shape (vertices, 2)
        The parts of each path, in the CRS of the grid.
    classes : int, shape (rows, cols)
        The class of each cell, 0 to `count` - 1; -1 where there is no data, `LEFT_OUT` where a cell is in no belt.
    grid : Grid
        Of the classes.
    widths : sequence of float
        From edge to edge in metres, ascending.
    count : int
        Number of classes.
    current : float, shape (rows, cols), optional
        NaN where there is none.
    monitor : Monitor
        Progress and cancellation.

    Raises
    ------
    InputError
        If a path has no length.

    Notes
    -----
    A cell is in the belt of a width if its centre is no farther from the path than half of it; the distance to the line
    between the vertices is exact. A centre exactly on the edge counts on one side of the path, as it does for polygons.
    Belts end in half circles. O(cells in the widest belts), the boxes around pieces of the paths included.

    Examples
    --------
    >>> path = np.array([[0.0, 5.5], [10.0, 5.5]])
    >>> found = nested_belts([[path]], np.zeros((10, 10), dtype=int), grid=Grid(10, 10, top=10.0), widths=[1.0, 3.0], count=1)
    >>> found.whole.cells.tolist()
    [[10], [30]]
    """
    lines = polylines(paths, grid)
    if not (lines.total > 0).all():
        raise InputError(f"Link number {int(np.argmin(lines.total)) + 1} has no path: its line has no length.")
    halves = np.asarray(widths, dtype=np.float64) / 2.0
    box = _box(lines, grid, halves[-1])
    nearest = np.full((box[2] - box[0], box[3] - box[1]), halves.size, dtype=np.uint8)
    counter = _Counter(classes, current, count, halves.size)
    found = []
    for number in range(lines.total.size):
        monitor.step(number, lines.total.size + 1)
        own = lines.part(lines.line == number)
        top, left, bottom, right = _box(own, grid, halves[-1])
        distance = _distances(own, grid, halves[-1], (top, left, bottom, right), monitor)
        rank = np.searchsorted(halves, distance, side="left").astype(np.uint8)
        found.append(counter.belt(rank, top, left))
        part = nearest[top - box[0] : bottom - box[0], left - box[1] : right - box[1]]
        np.minimum(part, rank, out=part)
    return NestedBelts(counter.belt(nearest, box[0], box[1]), found)


def level_off(belt: Belt, widths: Sequence[float], share: float) -> float:
    """Return the width beyond which a belt gathers little more current.

    Parameters
    ----------
    belt : Belt
        What lies in it.
    widths : sequence of float
        Its widths, ascending.
    share : float
        What is little: this share of the current that the first width gathers by area, between 0 and 1.

    Returns
    -------
    float
        The narrowest of the widths beyond which the ring up to the next gathers less than `share` times the current by area
        that the first width does; NaN where none does, or nothing flows.

    Notes
    -----
    Beside a straight path an area added is a width added times its length: current by area is that by added metre. Along
    others it counts what is there, so that a belt does not seem to level off where it meets itself, other belts, the edge of
    the data or land without it. Rings without a cell are passed over.

    Examples
    --------
    >>> cells = np.array([[10], [20], [40]])
    >>> none = np.zeros(3, dtype=int)
    >>> level_off(Belt(cells, none, none, np.array([[50.0], [80.0], [86.0]]), cells), [30.0, 60.0, 120.0], 0.1)
    60.0
    """
    area, gathered = (np.diff(one.sum(axis=1), prepend=0) for one in (belt.cells, belt.current))
    held = np.flatnonzero(area > 0)
    if not held.size or not gathered[held[0]] > 0:
        return float("nan")
    dense = gathered[held] / area[held]
    low = np.flatnonzero(dense < share * dense[0])
    return float(widths[held[low[0] - 1]]) if low.size else float("nan")


def _box(lines: Polylines, grid: Grid, reach: float) -> tuple[int, int, int, int]:
    """Return the first row and column within reach of lines, and the ones after the last; they may lie off the grid."""
    ends = np.concatenate((lines.start, lines.start + lines.step))
    (left, low), (right, high) = ends.min(axis=0) - reach, ends.max(axis=0) + reach
    dx, dy = grid.dx * grid.metres_per_unit, grid.dy * grid.metres_per_unit
    return (
        int(np.floor(-high / dy)) - 1,
        int(np.floor(left / dx)) - 1,
        int(np.floor(-low / dy)) + 2,
        int(np.floor(right / dx)) + 2,
    )


def _distances(
    lines: Polylines, grid: Grid, reach: float, box: tuple[int, int, int, int], monitor: Monitor
) -> FloatArray:
    """Return the distance of the centres of the cells in a box from lines, in metres; inf beyond their reach."""
    top, left, bottom, right = box
    dx, dy = grid.dx * grid.metres_per_unit, grid.dy * grid.metres_per_unit
    x = (np.arange(left, right) + 0.5 + _NUDGE[0]) * dx
    y = -(np.arange(top, bottom) + 0.5 + _NUDGE[1]) * dy
    square = np.full((bottom - top, right - left), np.inf)
    pieces = np.ceil(lines.length / (4.0 * reach)).astype(np.int64)  # whose boxes hold little that is far
    segment = np.repeat(np.arange(pieces.size), pieces)
    turn = np.arange(segment.size) - (np.cumsum(pieces) - pieces)[segment]
    starts, steps = lines.place(segment, turn / pieces[segment]), lines.step[segment] / pieces[segment][:, None]
    lows, highs = np.minimum(starts, starts + steps) - reach, np.maximum(starts, starts + steps) + reach
    columns = np.searchsorted(x, lows[:, 0]), np.searchsorted(x, highs[:, 0], side="right")
    rows = np.searchsorted(-y, -highs[:, 1]), np.searchsorted(-y, -lows[:, 1], side="right")
    for k in range(segment.size):
        if k % 256 == 0:
            monitor.check()
        here = slice(rows[0][k], rows[1][k]), slice(columns[0][k], columns[1][k])
        across, up = x[here[1]][None, :] - starts[k, 0], y[here[0]][:, None] - starts[k, 1]
        along, rise = float(steps[k, 0]), float(steps[k, 1])
        share = np.clip((across * along + up * rise) / (along**2 + rise**2), 0.0, 1.0)
        part = square[here]
        np.minimum(part, (across - share * along) ** 2 + (up - share * rise) ** 2, out=part)
    distance: FloatArray = np.sqrt(square, out=square)
    return distance


@dataclass(frozen=True)
class _Counter:
    """Counts the cells of belts."""

    classes: IntArray
    current: FloatArray | None
    count: int
    widths: int

    def belt(self, rank: IntArray, top: int, left: int) -> Belt:
        """Return what lies where a box, whose first row and column are given, holds the ranks of widths."""
        rows, cols = self.classes.shape
        first, last = min(max(top, 0), rows), min(max(top + rank.shape[0], 0), rows)
        start, stop = min(max(left, 0), cols), min(max(left + rank.shape[1], 0), cols)
        inside = rank[first - top : last - top, start - left : stop - left]
        held = np.nonzero((inside < self.widths).ravel())[0]
        ring = inside.ravel()[held].astype(np.int64)
        kind = self.classes[first:last, start:stop].ravel()[held]
        off = np.bincount(rank[rank < self.widths], minlength=self.widths) - np.bincount(ring, minlength=self.widths)
        key, known = ring * self.count + kind, kind >= 0
        size = self.widths * self.count
        cells = np.bincount(key[known], minlength=size)
        flowing: IntArray = np.zeros(size, dtype=np.int64)
        current: FloatArray = np.zeros(size)
        if self.current is not None:
            value = self.current[first:last, start:stop].ravel()[held]
            known &= ~np.isnan(value)
            flowing = np.bincount(key[known], minlength=size)
            current += np.bincount(key[known], weights=value[known], minlength=size)
        shape = self.widths, self.count
        return Belt(
            np.cumsum(cells.reshape(shape), axis=0),
            np.cumsum(np.bincount(ring[kind == -1], minlength=self.widths)),
            np.cumsum(off),
            np.cumsum(current.reshape(shape), axis=0),
            np.cumsum(flowing.reshape(shape), axis=0),
        )
