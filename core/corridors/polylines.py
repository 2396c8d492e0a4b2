"""Lines as arrays: their vertices, segments, lengths along them, and where segments of two sets meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..grid import Grid
from ..monitor import SILENT, Monitor
from ..types import Array, BoolArray, FloatArray, IntArray

TOLERANCE = 1e-6
"""Metres within which points of lines are the same."""

_PAIRS = 2_000_000
"""Pairs of segments that are compared at once."""

_INDEX = 4096
"""Most cells across the index of segments."""


@dataclass(frozen=True)
class Polylines:
    """The segments of lines, in metres from the upper left corner of a grid, y upwards.

    Attributes
    ----------
    line : int64, shape (segments,)
        Which line each belongs to, ascending; parts of a line follow each other.
    start, step : float64, shape (segments, 2)
        Where each begins, and the way to its end; none is without length.
    along : float64, shape (segments,)
        Length of the line before it; gaps between parts have none.
    length : float64, shape (segments,)
        Of each.
    total : float64, shape (lines,)
        Length of each line.
    """

    line: IntArray
    start: FloatArray
    step: FloatArray
    along: FloatArray
    length: FloatArray
    total: FloatArray

    def place(self, segment: IntArray, share: FloatArray) -> FloatArray:
        """Return the points at a share of the length of segments, shape (n, 2)."""
        points: FloatArray = self.start[segment] + share[:, None] * self.step[segment]
        return points

    def at(self, line: IntArray, along: FloatArray) -> FloatArray:
        """Return the points of lines at lengths along them, shape (n, 2); none of the lines is without segments."""
        before = np.cumsum(self.total) - self.total
        segment = np.searchsorted(before[self.line] + self.along, before[line] + along, side="right") - 1
        first, stop = np.searchsorted(self.line, line), np.searchsorted(self.line, line, side="right")
        segment = np.clip(segment, first, stop - 1)
        return self.place(segment, np.clip((along - self.along[segment]) / self.length[segment], 0.0, 1.0))

    def spaced(self, spacing: float) -> FloatArray:
        """Return points on all segments, their ends among them, at most so far apart, shape (n, 2)."""
        count = np.ceil(self.length / spacing).astype(np.int64) + 1
        segment = np.repeat(np.arange(count.size), count)
        turn = np.arange(segment.size) - (np.cumsum(count) - count)[segment]
        return self.place(segment, turn / (count[segment] - 1))

    def part(self, chosen: BoolArray) -> Polylines:
        """Return some of the segments."""
        return Polylines(
            self.line[chosen],
            self.start[chosen],
            self.step[chosen],
            self.along[chosen],
            self.length[chosen],
            self.total,
        )


def polylines(lines: Sequence[Sequence[FloatArray]], grid: Grid) -> Polylines:
    """Return lines as segments.

    Parameters
    ----------
    lines : sequence of sequence of float arrays, shape (vertices, 2)
        The parts of each line: x and y of their vertices, in the CRS of the grid. Segments with an end that is no finite
        number are left out; vertices on a straight way are passed over.
    grid : Grid
        Whose upper left corner is the origin.

    Examples
    --------
    >>> found = polylines([[np.array([[0.0, 0.0], [0.0, 3.0], [0.0, 9.0], [4.0, 9.0]])]], Grid(9, 9, top=9.0))
    >>> found.start.tolist(), found.along.tolist(), found.total.tolist()
    ([[0.0, -9.0], [0.0, 0.0]], [0.0, 9.0], [13.0])
    """
    start: list[FloatArray] = [np.empty((0, 2))]
    step: list[FloatArray] = [np.empty((0, 2))]
    line: list[IntArray] = [np.empty(0, dtype=np.int64)]
    for number, parts in enumerate(lines):
        for part in parts:
            points = _corners((np.asarray(part, dtype=np.float64) - (grid.left, grid.top)) * grid.metres_per_unit)
            start.append(points[:-1])
            step.append(np.diff(points, axis=0))
            line.append(np.full(max(len(points) - 1, 0), number, dtype=np.int64))
    starts, steps, owner = np.concatenate(start), np.concatenate(step), np.concatenate(line)
    length = np.hypot(steps[:, 0], steps[:, 1])
    real = length > TOLERANCE  # not of NaN either
    starts, steps, owner, length = starts[real], steps[real], owner[real], length[real]
    total: FloatArray = np.bincount(owner, weights=length, minlength=len(lines)).astype(np.float64)
    before = np.cumsum(length) - length
    first = np.searchsorted(owner, owner)
    return Polylines(owner, starts, steps, before - before[first], length, total)


def _corners(points: FloatArray) -> FloatArray:
    """Return the vertices at which a line turns, and its ends."""
    if len(points) < 3:
        return points
    before, after = np.diff(points[:-1], axis=0), np.diff(points[1:], axis=0)
    turn = np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0])
    straight = turn <= 0.1 * TOLERANCE * np.hypot(before[:, 0], before[:, 1])
    straight &= np.sum(before * after, axis=1) > 0
    return points[np.concatenate(([True], ~straight, [True]))]


@dataclass(frozen=True)
class Meetings:
    """Where segments of two sets meet.

    Attributes
    ----------
    first, second : int64, shape (n,)
        The segments.
    low, high : float64, shape (n,)
        Where on the first, as shares of its length: equal at a point, apart where the two lie on each other.
    other_low, other_high : float64, shape (n,)
        Where on the second, in its own direction.
    """

    first: IntArray
    second: IntArray
    low: FloatArray
    high: FloatArray
    other_low: FloatArray
    other_high: FloatArray


def meetings(first: Polylines, second: Polylines, *, ordered: bool = False, monitor: Monitor = SILENT) -> Meetings:
    """Return where segments of two sets of lines meet: cross, touch or lie on each other.

    Parameters
    ----------
    first, second : Polylines
        The sets.
    ordered : bool
        Whether only pairs count whose line in the first set comes before that in the second: for a set with itself.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    Meetings
        By segment of the first set, then of the second.

    Notes
    -----
    The segments are put into the cells of a regular index, cut into pieces no longer than a cell, and compared where they
    share one (Franklin et al. 1989, Uniform grids: a technique for intersection detection on serial and parallel machines,
    Auto-Carto 9): time grows with the number of segments and of pairs that share a cell.

    Examples
    --------
    >>> cross = [[np.array([[0.0, 0.0], [4.0, 4.0]])], [np.array([[0.0, 4.0], [4.0, 0.0]])]]
    >>> lines = polylines(cross, Grid(4, 4, top=4.0))
    >>> found = meetings(lines, lines, ordered=True)
    >>> lines.place(found.first, found.low).tolist()
    [[2.0, -2.0]]
    """
    none = np.empty(0, dtype=np.int64)
    found = [(none, none, *(np.empty(0) for _ in range(4)))]
    if first.line.size and second.line.size:
        for a, b in _neighbours(first, second, monitor):
            if ordered:
                before = first.line[a] < second.line[b]
                a, b = a[before], b[before]
            found.append(_met(first, second, a, b))
    held = [np.concatenate(parts) for parts in zip(*found)]
    _, once = np.unique(held[0] * np.int64(max(second.line.size, 1)) + held[1], return_index=True)
    return Meetings(*(one[once] for one in held))


def _neighbours(first: Polylines, second: Polylines, monitor: Monitor) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield pairs of segments that share a cell of the index, some of them several times."""
    ends = np.concatenate([one for lines in (first, second) for one in (lines.start, lines.start + lines.step)])
    low, extent = ends.min(axis=0) - 1.0, float(np.ptp(ends, axis=0).max()) + 2.0
    side = max(float(np.concatenate((first.length, second.length)).mean()), extent / _INDEX)
    keys, mine = _index(first, low, side)
    other_keys, others = _index(second, low, side)
    order = np.argsort(other_keys, kind="stable")
    other_keys, others = other_keys[order], others[order]
    start = np.searchsorted(other_keys, keys, side="left")
    count = np.searchsorted(other_keys, keys, side="right") - start
    kept = count > 0
    start, count, mine = start[kept], count[kept], mine[kept]
    before = np.cumsum(count)
    at = 0
    while at < mine.size:
        monitor.step(at, mine.size)
        done = before[at - 1] if at else 0
        stop = max(int(np.searchsorted(before, done + _PAIRS, side="right")), at + 1)
        n = count[at:stop]
        turn = np.arange(int(n.sum())) - np.repeat(np.cumsum(n) - n, n)
        yield np.repeat(mine[at:stop], n), others[np.repeat(start[at:stop], n) + turn]
        at = stop


def _index(lines: Polylines, low: FloatArray, side: float) -> tuple[IntArray, IntArray]:
    """Return the cells of the index that segments lie in, and the segment of each."""
    count = np.ceil(lines.length / (0.99 * side)).astype(np.int64)
    segment = np.repeat(np.arange(count.size), count)
    turn = np.arange(segment.size) - (np.cumsum(count) - count)[segment]
    a, b = (lines.place(segment, end / count[segment]) - low for end in (turn, turn + 1))
    least = np.floor((np.minimum(a, b) - TOLERANCE) / side).astype(np.int64)
    most = np.floor((np.maximum(a, b) + TOLERANCE) / side).astype(np.int64)
    keys, of = [], []
    for right, up in ((0, 0), (1, 0), (0, 1), (1, 1)):
        cell = np.where((right, up), most, least)
        new = ((right == 0) | (most[:, 0] > least[:, 0])) & ((up == 0) | (most[:, 1] > least[:, 1]))
        keys.append((cell[new, 0] << 32) + cell[new, 1])
        of.append(segment[new])
    return np.concatenate(keys), np.concatenate(of)


def _met(first: Polylines, second: Polylines, a: IntArray, b: IntArray) -> tuple[Array, ...]:
    """Return those of pairs of segments that meet, and where; see `Meetings`."""
    d, e, gap = first.step[a], second.step[b], second.start[b] - first.start[a]
    area = _cross(d, e)
    size, other = first.length[a], second.length[b]
    parallel = np.abs(area) <= 1e-12 * size * other
    with np.errstate(divide="ignore", invalid="ignore"):
        t, u = _cross(gap, e) / area, _cross(gap, d) / area
        slack, other_slack = TOLERANCE / size, TOLERANCE / other
        point = ~parallel & (t >= -slack) & (t <= 1 + slack) & (u >= -other_slack) & (u <= 1 + other_slack)
        same = parallel & (np.abs(_cross(gap, d)) <= TOLERANCE * size)
        begin, end = (np.sum(one * d, axis=1) / size**2 for one in (gap, gap + e))
        low, high = np.clip(np.minimum(begin, end), 0.0, 1.0), np.clip(np.maximum(begin, end), 0.0, 1.0)
        same &= (np.minimum(begin, end) <= 1 + slack) & (np.maximum(begin, end) >= -slack)
        ends = [np.clip((one - begin) / (end - begin), 0.0, 1.0) for one in (low, high)]
    t, u = np.clip(t, 0.0, 1.0), np.clip(u, 0.0, 1.0)
    hit = point | same
    where = (np.where(point, t, low), np.where(point, t, high))
    others = (np.where(point, u, np.minimum(*ends)), np.where(point, u, np.maximum(*ends)))
    return (a[hit], b[hit], *(one[hit] for one in (*where, *others)))


def _cross(a: FloatArray, b: FloatArray) -> FloatArray:
    area: FloatArray = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return area
