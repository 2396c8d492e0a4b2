"""Minima, maxima and sums in a moving disc or ring, at a cost that grows with the radius and not with its square.

Used by the barrier search, which needs the smallest cost distance around every cell for many radii.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..types import Array, FloatArray

_TILE_COLS = 2048
_TILE_CELLS = 24_000
"""Cells of a tile: with its power-of-two minima it stays in the cache of the processor."""


class Run(NamedTuple):
    """Columns `first` to `last`, relative to the centre, that a window takes from one or more rows."""

    first: int
    last: int
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Window:
    """The shape that moves over the raster, as horizontal runs of cells around its centre.

    Attributes
    ----------
    radius : int
        Largest distance from the centre, in cells.
    runs : tuple of Run
        Runs with the same columns share one entry.
    """

    radius: int
    runs: tuple[Run, ...]

    @property
    def cells(self) -> int:
        """Number of cells of the window."""
        return sum((run.last - run.first + 1) * len(run.rows) for run in self.runs)


def cells_in(radius: float, cell_size: float) -> int:
    """Return a radius in whole cells, rounded down; a hair below a whole number counts as that number."""
    return math.floor(radius / cell_size + 1e-6)


def disc(radius: int) -> Window:
    """Return the cells whose centres are at most `radius` cells away."""
    _require_radius(radius, 0)
    widths = {row: math.isqrt(radius**2 - row**2) for row in range(-radius, radius + 1)}
    return _window(radius, [(-width, width, row) for row, width in widths.items()])


def ring(radius: int) -> Window:
    """Return the cells of the disc that are not in the disc one cell smaller."""
    _require_radius(radius, 1)
    runs = []
    inner = radius - 1
    for row in range(-radius, radius + 1):
        outer = math.isqrt(radius**2 - row**2)
        if abs(row) > inner:
            runs.append((-outer, outer, row))
            continue
        hole = math.isqrt(inner**2 - row**2)
        if outer > hole:
            runs += [(-outer, -hole - 1, row), (hole + 1, outer, row)]
    return _window(radius, runs)


def _require_radius(radius: int, least: int) -> None:
    if radius < least:
        raise InputError(f"A moving window needs a radius of at least {least} cells; {radius} was given.")


def _window(radius: int, runs: list[tuple[int, int, int]]) -> Window:
    rows: dict[tuple[int, int], list[int]] = {}
    for first, last, row in runs:
        rows.setdefault((first, last), []).append(row)
    return Window(radius, tuple(Run(first, last, tuple(where)) for (first, last), where in rows.items()))


def focal_minimum(values: Array, window: Window, *, monitor: Monitor = SILENT) -> FloatArray:
    """Return the smallest value in the window around every cell.

    Parameters
    ----------
    values : float array, shape (rows, cols)
        The raster. NaN and the space beyond the edges do not count.
    window : Window
        What `disc` or `ring` returns.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    float array, shape (rows, cols), dtype of `values`
        Infinity where the window holds no value.

    Notes
    -----
    The minimum of a run of n cells is the smaller of two overlapping minima of 2^k cells, 2^k <= n < 2^(k+1), and those
    are made for all cells by doubling (van Herk's idea with powers of two instead of blocks). A disc of radius r takes
    about 4 r operations a cell. Tiles keep the intermediate arrays small. The result is exact: nothing is rounded.

    References
    ----------
    M. van Herk (1992), A fast algorithm for local minimum and maximum filters on rectangular and octagonal kernels,
    Pattern Recognition Letters 13, doi:10.1016/0167-8655(92)90069-C.

    Examples
    --------
    >>> focal_minimum(np.array([[3.0, 2.0, 5.0, 7.0]]), disc(1))
    array([[2., 2., 2., 5.]])
    """
    values = np.asarray(values)
    if values.ndim != 2 or values.dtype.kind != "f":
        raise InputError(f"A moving window needs a raster of decimal numbers, not {values.ndim}-d {values.dtype}.")
    rows, cols = values.shape
    smallest = np.empty_like(values)
    width = min(cols, _TILE_COLS)
    height = max(window.radius, _TILE_CELLS // (width + 2 * window.radius), 1)
    for top in range(0, rows, height):
        monitor.step(top, rows)
        for left in range(0, cols, width):
            part = smallest[top : top + height, left : left + width]
            _tile(_padded(values, top, left, part.shape, window.radius), window, part)
    return smallest


def focal_maximum(values: Array, window: Window, *, monitor: Monitor = SILENT) -> FloatArray:
    """Return the largest value in the window around every cell; minus infinity where the window holds no value.

    See `focal_minimum`.
    """
    return -focal_minimum(-np.asarray(values), window, monitor=monitor)


def focal_sum(values: Array, window: Window) -> FloatArray:
    """Return the sum of the values in the window around every cell.

    NaN and the space beyond the edges count as 0. Sums are differences of running sums along the rows, so they carry the
    rounding of the largest running sum. A disc of radius r takes about 4 r operations a cell.

    Parameters
    ----------
    values : float array, shape (rows, cols)
        The raster.
    window : Window
        What `disc` or `ring` returns.

    Returns
    -------
    float64 array, shape (rows, cols)
    """
    rows, cols = values.shape
    margin = window.radius
    running = np.zeros((rows + 2 * margin, cols + 2 * margin + 1))
    known = np.nan_to_num(np.asarray(values, dtype=np.float64), nan=0.0)
    np.cumsum(known, axis=1, out=running[margin : margin + rows, margin + 1 : margin + 1 + cols])
    running[:, margin + 1 + cols :] = running[:, margin + cols : margin + cols + 1]
    total = np.zeros((rows, cols))
    for run in window.runs:
        start, end = margin + run.first, margin + run.last + 1
        along = running[:, end : end + cols] - running[:, start : start + cols]
        for row in run.rows:
            total += along[margin + row : margin + row + rows]
    return total


def _padded(values: Array, top: int, left: int, shape: tuple[int, ...], margin: int) -> FloatArray:
    """Return a tile with a margin; NaN and what lies outside the raster become infinity."""
    tile = np.full((shape[0] + 2 * margin, shape[1] + 2 * margin), np.inf, dtype=values.dtype)
    row, col = top - margin, left - margin
    inside = values[max(row, 0) : row + tile.shape[0], max(col, 0) : col + tile.shape[1]]
    first_row, first_col = max(-row, 0), max(-col, 0)
    place = tile[first_row : first_row + inside.shape[0], first_col : first_col + inside.shape[1]]
    np.fmin(inside, np.inf, out=place)
    return tile


def _tile(tile: FloatArray, window: Window, smallest: FloatArray) -> None:
    """Fill `smallest` with the minima of a tile that has a margin of the radius."""
    margin = window.radius
    height, width = smallest.shape
    longest = max(run.last - run.first + 1 for run in window.runs)
    doubled = [tile]
    while 2 << (len(doubled) - 1) <= longest:
        half = 1 << (len(doubled) - 1)
        doubled.append(np.minimum(doubled[-1][:, :-half], doubled[-1][:, half:]))
    smallest.fill(np.inf)
    scratch = np.empty((tile.shape[0], width), dtype=tile.dtype)
    for run in window.runs:
        power = (run.last - run.first + 1).bit_length() - 1
        low, high = margin + min(run.rows), margin + max(run.rows) + height
        start, end = margin + run.first, margin + run.last + 1 - (1 << power)
        source = doubled[power]
        least = scratch[: high - low]
        np.minimum(source[low:high, start : start + width], source[low:high, end : end + width], out=least)
        for row in run.rows:
            offset = margin + row - low
            np.minimum(smallest, least[offset : offset + height], out=smallest)
