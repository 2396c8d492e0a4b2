"""Roads as cells of their own: which cells a road runs through, and what these resist at least."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..grid import Grid
from ..lists import parse_number, split_list, value_text
from ..monitor import SILENT, Monitor
from ..types import FloatArray, IntArray

OTHERS = ""
"""Class that stands for all roads of no class named."""

_SEGMENTS = 200_000
"""Segments whose cells are looked for at once."""

_SHOWN = 12


@dataclass(frozen=True)
class RoadCells:
    """The cells of roads and the least resistance of each.

    Parameters
    ----------
    cells : int64, shape (n,)
        Flat indices on the grid, ascending, each once.
    resistance : float32, shape (n,)
        That of the most resistant road in the cell.
    cols : int
        Columns of the grid.
    """

    cells: IntArray
    resistance: FloatArray
    cols: int

    def rows(self, row: int, count: int) -> FloatArray:
        """Return some rows of the grid as a raster, float32, 0 where no road runs."""
        floor = np.zeros(count * self.cols, dtype=np.float32)
        first, last = np.searchsorted(self.cells, [row * self.cols, (row + count) * self.cols])
        floor[self.cells[first:last] - row * self.cols] = self.resistance[first:last]
        return floor.reshape(count, self.cols)


def read_class_scores(text: str, what: str = "Road scores") -> dict[str, float]:
    """Return the score of each class of road in a line of text.

    Parameters
    ----------
    text : str
        Such as ``motorway=100; trunk=50; 20``; a number without a class is that of all other roads (`OTHERS`).
    what : str
        What the scores are called in messages.

    Raises
    ------
    InputError
        If an entry cannot be read, a class is named twice, or a score is not above 0.

    Examples
    --------
    >>> read_class_scores("motorway=100; Trunk = 50; 20")
    {'motorway': 100.0, 'trunk': 50.0, '': 20.0}
    """
    scores: dict[str, float] = {}
    for entry in split_list(text, blanks=False):
        if not entry:
            continue
        name, found, value = entry.replace(":", "=").rpartition("=")
        if found and not name.strip():
            raise InputError(f"{what}: '{entry}' names no class. Write for example: motorway=100; trunk=50.")
        key = road_class(name)
        which = f"class '{name.strip()}'" if key else "all others"
        score = parse_number(value, f"{what}, {which}")
        if score is None or not 0 < score < np.inf:
            raise InputError(f"{what}: {which} has '{value.strip()}', which is not a number above 0.")
        if key in scores:
            raise InputError(f"{what}: there are two for {which}. Give one for each.")
        scores[key] = score
    if not scores:
        raise InputError(f"{what}: there is none. Write for example: motorway=100; trunk=50.")
    return scores


def road_class(value: object) -> str:
    """Return a class of road in the form in which classes are compared.

    Examples
    --------
    >>> road_class("Trunk "), road_class(2.0)
    ('trunk', '2')
    """
    return value_text(value).casefold()


def score_roads(classes: Sequence[object], scores: dict[str, float], *, monitor: Monitor = SILENT) -> FloatArray:
    """Return the resistance of each road; 0 for those without a score, which are counted in a message.

    Parameters
    ----------
    classes : sequence
        Class of each road; None where it has none.
    scores : dict of str to float
        From `read_class_scores`.
    monitor : Monitor, optional
        Is told which classes have no score and which scores no road.

    Raises
    ------
    InputError
        If no road has a score.

    Examples
    --------
    >>> score_roads(["Trunk", None, "path"], {"trunk": 50.0}).tolist()
    [50.0, 0.0, 0.0]
    """
    keys = [OTHERS if one is None else road_class(one) for one in classes]
    found = Counter(keys)
    bare = {key: count for key, count in found.items() if key not in scores}
    listed = ", ".join(f"{key or 'without a class'} ({count:,})" for key, count in list(bare.items())[:_SHOWN])
    listed += ", ..." if len(bare) > _SHOWN else ""
    if OTHERS not in scores:
        if len(bare) == len(found):
            raise InputError(
                f"No road is of a class that has a score ({', '.join(scores)}). The roads are: {listed}. Write the classes "
                "as the field has them."
            )
        if bare:
            monitor.warn(f"Roads without a score resist as the land they run through: {listed}.")
    unused = [key for key in scores if key and key not in found]
    if unused:
        monitor.warn(f"There is no road of class {', '.join(unused)}.")
    return np.array([scores.get(key, scores.get(OTHERS, 0.0)) for key in keys])


def road_cells(
    lines: Sequence[FloatArray], resistance: Sequence[float] | FloatArray, grid: Grid, *, monitor: Monitor = SILENT
) -> RoadCells:
    """Return the cells that roads run through, and the largest resistance of the roads in each.

    Parameters
    ----------
    lines : sequence of float arrays, shape (vertices, 2)
        x and y of the vertices of each line, in the CRS of the grid.
    resistance : sequence of float
        Resistance of each line; lines with 0 are left out.
    grid : Grid
        The grid of the cells.
    monitor : Monitor, optional
        Progress and cancellation.

    Notes
    -----
    A line is followed from cell to cell across their edges, never across a corner (where it runs through one exactly, the
    cell beside it is taken first). So its cells are 4-connected, and no path over 8 neighbours slips through between two of
    them. A step across a road of one cell costs its resistance and that of the ground beside it, each for the length of a
    cell.

    References
    ----------
    Amanatides & Woo (1987), A fast voxel traversal algorithm for ray tracing, doi:10.2312/egtp.19871000.

    Examples
    --------
    >>> found = road_cells([np.array([[0.5, 2.5], [2.5, 0.5]])], [9.0], Grid(3, 3, top=3.0))
    >>> found.rows(0, 3).tolist()
    [[9.0, 9.0, 0.0], [0.0, 9.0, 9.0], [0.0, 0.0, 9.0]]
    """
    score = np.asarray(resistance, dtype=np.float64)
    used = np.flatnonzero(score > 0).tolist()
    least: FloatArray = np.zeros(0)
    cells: IntArray = np.zeros(0, dtype=np.int64)
    if used:
        points = np.concatenate([np.asarray(lines[k], dtype=np.float64) for k in used])
        ends = np.cumsum([len(lines[k]) for k in used])
        of_line = np.repeat(score[used], np.diff(ends, prepend=0))
        across, down = (points[:, 0] - grid.left) / grid.dx, (grid.top - points[:, 1]) / grid.dy
        sound = np.isfinite(across) & np.isfinite(down)
        starts = np.setdiff1d(np.flatnonzero(sound[:-1] & sound[1:]), ends - 1)
        for first in range(0, starts.size, _SEGMENTS):
            monitor.step(first, starts.size)
            here = starts[first : first + _SEGMENTS]
            more, segment = _cells_of(across[here], down[here], across[here + 1], down[here + 1], grid)
            cells, least = np.concatenate((cells, more)), np.concatenate((least, of_line[here][segment]))
            order = np.lexsort((least, cells))
            cells, least = cells[order], least[order]
            last = np.flatnonzero(np.diff(cells, append=-1))  # of each cell the largest resistance
            cells, least = cells[last], least[last]
    return RoadCells(cells, least.astype(np.float32), grid.cols)


def _cells_of(x0: FloatArray, y0: FloatArray, x1: FloatArray, y1: FloatArray, grid: Grid) -> tuple[IntArray, IntArray]:
    """Return the flat indices of the cells on the grid that segments run through, and the segment of each.

    Coordinates are in columns and rows.
    """
    col, row, last_col, last_row = (np.floor(one).astype(np.int64) for one in (x0, y0, x1, y1))
    near = (np.maximum(col, last_col) >= 0) & (np.minimum(col, last_col) < grid.cols)
    near &= (np.maximum(row, last_row) >= 0) & (np.minimum(row, last_row) < grid.rows)
    kept = np.flatnonzero(near)
    col, row, last_col, last_row = col[kept], row[kept], last_col[kept], last_row[kept]
    crossed = [
        _crossings(first[kept], end[kept], start, final)
        for first, end, start, final in ((x0, x1, col, last_col), (y0, y1, row, last_row))
    ]
    segment = np.concatenate([one[0] for one in crossed])
    when = np.concatenate([one[1] for one in crossed])
    sideways = np.concatenate((crossed[0][2], np.zeros_like(crossed[1][2])))
    downwards = np.concatenate((np.zeros_like(crossed[0][2]), crossed[1][2]))
    order = np.lexsort((when, segment))  # of edges that are crossed at once, a corner, those between columns come first
    segment = segment[order]
    count = np.bincount(segment, minlength=kept.size)
    before = np.cumsum(count) - count
    rows, cols = (
        start[segment] + _running(step[order], before[segment]) for start, step in ((row, downwards), (col, sideways))
    )
    rows, cols = np.concatenate((row, rows)), np.concatenate((col, cols))
    segment = kept[np.concatenate((np.arange(kept.size), segment))]
    inside = (rows >= 0) & (rows < grid.rows) & (cols >= 0) & (cols < grid.cols)
    return rows[inside] * grid.cols + cols[inside], segment[inside]


def _crossings(
    first: FloatArray, end: FloatArray, start: IntArray, final: IntArray
) -> tuple[IntArray, FloatArray, IntArray]:
    """Return the edges between columns (or rows) that segments cross: segment, how far along it, and the step, 1 or -1."""
    count = np.abs(final - start)
    segment = np.repeat(np.arange(count.size), count)
    step = np.sign(final - start)[segment]
    turn = np.arange(segment.size) - (np.cumsum(count) - count)[segment]
    edge = start[segment] + np.where(step > 0, 1 + turn, -turn)
    return segment, (edge - first[segment]) / (end - first)[segment], step


def _running(steps: IntArray, before: IntArray) -> IntArray:
    """Return the sums of the steps of each segment so far; `before` is the number of steps of those before it."""
    total = np.concatenate(([0], np.cumsum(steps)))
    return total[1:] - total[before]
