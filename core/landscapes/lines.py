"""From cells to map coordinates and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    return _rounded(line)


def _rounded(line: FloatArray) -> FloatArray:
    """Return a line with its corners cut (three rounds); both ends stay."""
    for _ in range(3):
        if len(line) < 3:
            break
        near = 0.75 * line[:-1] + 0.25 * line[1:]
        far = 0.25 * line[:-1] + 0.75 * line[1:]
        cut = np.stack([near, far], axis=1).reshape(-1, 2)
        line = np.concatenate([line[:1], cut[1:-1], line[-1:]])
    return line


def network_lines(routes: Sequence[tuple[int, list[int]]], places: FloatArray) -> list[tuple[int, FloatArray]]:
    """Return the lines of a network between junctions and ends of routes: level and coordinates.

    Lines that meet share a vertex exactly. A junction is moved with the way of the lowest level through it, which
    therefore bends there no more than elsewhere; ends of routes stay.

    Parameters
    ----------
    routes : sequence of (int, list of int)
        Level and nodes in order; what an earlier route has taken keeps its level.
    places : ndarray, float64, shape (nodes, 2)
        x, y of the nodes.
    """
    level_of: dict[tuple[int, int], int] = {}
    beside: dict[int, list[tuple[int, int]]] = {}
    for level, route in routes:
        for a, b in zip(route, route[1:]):
            if a != b and (min(a, b), max(a, b)) not in level_of:
                level_of[min(a, b), max(a, b)] = level
                beside.setdefault(a, []).append((level, b))
                beside.setdefault(b, []).append((level, a))
    ends = {route[k] for _, route in routes for k in (0, -1)}
    moved = _eased(beside, ends, places)

    passed = {node: len(ways) == 2 and ways[0][0] == ways[1][0] and node not in ends for node, ways in beside.items()}
    starts = [pair for a, b in level_of for pair in ((a, b), (b, a)) if not passed[pair[0]]]
    starts += list(level_of)  # rings without a junction
    taken: set[tuple[int, int]] = set()
    lines = []
    for first, second in starts:
        if (min(first, second), max(first, second)) in taken:
            continue
        nodes = [first, second]
        taken.add((min(first, second), max(first, second)))
        while passed[nodes[-1]] and nodes[-1] != first:
            following = next(node for _, node in beside[nodes[-1]] if node != nodes[-2])
            taken.add((min(nodes[-1], following), max(nodes[-1], following)))
            nodes.append(following)
        level = level_of[min(first, second), max(first, second)]
        lines.append((level, _rounded(moved[nodes])))
    return lines


def _eased(beside: dict[int, list[tuple[int, int]]], fixed: set[int], places: FloatArray) -> FloatArray:
    """Return the places of nodes without the zigzag of 8-neighbour paths."""
    through = []
    for node, ways in beside.items():
        top = [other for level, other in ways if level == min(ways)[0]]
        if len(top) > 1 and node not in fixed:
            through.append((node, top[0], top[1]))
    moved: FloatArray = places.copy()
    if through:
        node, before, after = np.array(through).T
        for _ in range(3):
            moved[node] = 0.5 * moved[node] + 0.25 * (moved[before] + moved[after])
    return moved


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
