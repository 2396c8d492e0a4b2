"""How much of every cell a polygon covers, exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .types import FloatArray

_ROUNDING = 1e-9
"""Share of a cell below which it is rounding."""


def cell_coverage(rings: Sequence[FloatArray]) -> tuple[int, int, FloatArray]:
    """Return the share of each cell that a polygon covers.

    Parameters
    ----------
    rings : sequence of float array, shape (points, 2)
        The outer ring and the holes of one polygon, in cells: row 0 of the grid lies between 0 and 1 of the first
        coordinate, column 0 between 0 and 1 of the second. Closed or not, in either direction; they may leave the grid.

    Returns
    -------
    row, col : int
        First row and column of the window that holds the polygon; may be negative.
    shares : float64, shape (rows, cols)
        0 to 1 in that window. Their sum is the area of the polygon in cells.

    Notes
    -----
    Each edge is cut where it crosses the lines of the grid. A piece of it in a cell covers, to its right, a part of that
    cell and all cells that follow in the row; summed with their signs, this is the polygon. O(crossings + window).

    Examples
    --------
    A triangle over half of four cells:

    >>> cell_coverage([np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])])[2]
    array([[1. , 0.5],
           [0.5, 0. ]])
    """
    outer = np.asarray(rings[0], dtype=np.float64)
    row, col = (int(np.floor(low)) for low in outer.min(axis=0))
    rows, cols = (int(np.ceil(high)) for high in outer.max(axis=0))
    shape = max(rows - row, 1), max(cols - col, 1)
    shares = np.zeros(shape)
    for k, ring in enumerate(rings):
        inside = _ring_coverage(np.asarray(ring, dtype=np.float64) - (row, col), shape)
        shares += inside if k == 0 else -inside
    shares[shares < _ROUNDING] = 0.0
    return row, col, np.minimum(shares, 1.0)


def _ring_coverage(ring: FloatArray, shape: tuple[int, int]) -> FloatArray:
    start, end = ring, np.roll(ring, -1, axis=0)
    # Edges along a row cover nothing.
    steep = start[:, 0] != end[:, 0]
    start, end = start[steep], end[steep]
    start, end = _cut(*_cut(start, end, 0), 1)
    step = end - start
    middle = (start + end) / 2.0
    rows = np.clip(np.floor(middle[:, 0]).astype(np.int64), 0, shape[0] - 1)
    cols = np.clip(np.floor(middle[:, 1]).astype(np.int64), 0, shape[1] - 1)
    where = rows * shape[1] + cols
    size = shape[0] * shape[1]
    height = np.bincount(where, weights=step[:, 0], minlength=size).reshape(shape)
    own = np.bincount(where, weights=step[:, 0] * (cols + 1 - middle[:, 1]), minlength=size).reshape(shape)
    covered: FloatArray = np.asarray(own + np.cumsum(height, axis=1) - height, dtype=np.float64)
    return covered if covered.sum() >= 0.0 else -covered


def _cut(start: FloatArray, end: FloatArray, axis: int) -> tuple[FloatArray, FloatArray]:
    """Return the pieces of segments between whole numbers of one coordinate, in the order of the segments."""
    low, high = np.minimum(start[:, axis], end[:, axis]), np.maximum(start[:, axis], end[:, axis])
    first = np.floor(low).astype(np.int64) + 1
    crossings = np.maximum(np.ceil(high).astype(np.int64) - first, 0)
    if not crossings.any():
        return start, end
    pieces = crossings + 1
    segment = np.repeat(np.arange(len(start)), pieces)
    place = np.arange(len(segment)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    rising = (end[:, axis] >= start[:, axis])[segment]
    # The line between piece k and piece k + 1 of a segment; falling segments meet the lines from above.
    line = np.where(rising, first[segment] + place, first[segment] + crossings[segment] - 1 - place)
    length = (end - start)[segment]
    run = length[:, axis]
    share = np.divide(line - start[segment, axis], run, out=np.zeros(len(segment)), where=run != 0.0)
    stop = start[segment] + length * share[:, np.newaxis]
    stop[:, axis] = line
    last = place == crossings[segment]
    stop[last] = end[segment][last]
    begin = np.empty_like(stop)
    begin[1:] = stop[:-1]
    begin[place == 0] = start
    return begin, stop
