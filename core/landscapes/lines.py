"""From cells to map coordinates and back."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..grid import Grid
from ..types import BoolArray, FloatArray, IntArray


def cell_centres(cells: IntArray, shape: tuple[int, int], grid: Grid) -> FloatArray:
    """Return x, y of the centres of flat cell indices of a coarser raster over the same area."""
    rows, cols = np.divmod(cells, shape[1])
    x = grid.left + (cols + 0.5) * (grid.right - grid.left) / shape[1]
    y = grid.top - (rows + 0.5) * (grid.top - grid.bottom) / shape[0]
    return np.column_stack([x, y])


def cells_at(points: FloatArray, grid: Grid) -> tuple[IntArray, IntArray]:
    """Return rows and columns of points (x, y); points outside go to the nearest cell of the edge."""
    rows = np.floor((grid.top - points[:, 1]) / grid.dy).astype(np.int64)
    cols = np.floor((points[:, 0] - grid.left) / grid.dx).astype(np.int64)
    return np.clip(rows, 0, grid.rows - 1), np.clip(cols, 0, grid.cols - 1)


def smoothed(line: FloatArray) -> FloatArray:
    """Return a line without the zigzag of 8-neighbour paths and with its corners cut; both ends stay.

    References
    ----------
    Chaikin, G. M. (1974), Computer Graphics and Image Processing 3, 346-349.
    https://doi.org/10.1016/0146-664X(74)90028-8
    """
    if len(line) > 4:
        middle = 0.25 * line[:-2] + 0.5 * line[1:-1] + 0.25 * line[2:]
        line = np.concatenate([line[:1], middle, line[-1:]])
    for _ in range(3):
        if len(line) < 3:
            break
        near = 0.75 * line[:-1] + 0.25 * line[1:]
        far = 0.25 * line[:-1] + 0.75 * line[1:]
        cut = np.stack([near, far], axis=1).reshape(-1, 2)
        line = np.concatenate([line[:1], cut[1:-1], line[-1:]])
    return line


def line_length(line: FloatArray) -> float:
    """Return the length of a line in map units."""
    return float(np.hypot(*np.diff(line, axis=0).T).sum())


def burnt(lines: Iterable[FloatArray], grid: Grid) -> BoolArray:
    """Return the cells that lines or points fall in (lines sampled every third of a cell)."""
    mask = np.zeros(grid.shape, dtype=bool)
    for line in lines:
        points = line
        if len(line) > 1:
            along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
            places = np.arange(0.0, along[-1] + grid.cell_size / 3, grid.cell_size / 3)
            points = np.column_stack([np.interp(places, along, line[:, axis]) for axis in (0, 1)])
        mask[cells_at(points, grid)] = True
    return mask


def clipped(line: FloatArray, inside: BoolArray, grid: Grid) -> list[FloatArray]:
    """Return the runs of two and more vertices of a line that lie in inside cells."""
    kept = inside[cells_at(line, grid)]
    cuts = np.flatnonzero(kept[1:] != kept[:-1]) + 1
    runs = np.split(np.arange(len(line)), cuts)
    return [line[run] for run in runs if run.size > 1 and kept[run[0]]]
