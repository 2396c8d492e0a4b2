"""Break points: where a path crosses roads, railways or rivers rather than runs along them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray, IntArray
from .polylines import Polylines, meetings

_FINE = 4
"""Cells across a distance within which places are one, in the small grids that tell one side of a road from the other."""

_TUBE = 2.0
"""How far around a path one may walk to get around a line, in such distances."""

_MOST = 4_000_000
"""Cells of such a grid; a run that takes more, such as along a river, gets larger ones."""

_BLOCK = 1_000_000
"""Points on lines that are looked at once."""


@dataclass(frozen=True)
class Crossed:
    """Where paths cross lines, a place for each run along them.

    Attributes
    ----------
    path : int64, shape (n,)
        The path.
    along : float64, shape (n,)
        Where on it, in metres.
    xy : float64, shape (n, 2)
        The place, on the path and on a line.
    line : int64, shape (n,)
        The line that is crossed there: of those crossed in the run one of the greatest weight.
    count : int64, shape (n,)
        Lines that the path meets in the run.
    near : float64, shape (n,)
        Length of the path near the lines, in metres.
    followed : int
        Runs that meet lines and end on the side where they began.
    """

    path: IntArray
    along: FloatArray
    xy: FloatArray
    line: IntArray
    count: IntArray
    near: FloatArray
    followed: int


def crossed(
    paths: Polylines,
    lines: Polylines,
    weight: FloatArray,
    outside: FloatArray,
    *,
    together: float,
    open_at: Callable[[FloatArray], BoolArray] | None = None,
    monitor: Monitor = SILENT,
) -> Crossed:
    """Return where paths cross lines of a kind, once for each run near them.

    Parameters
    ----------
    paths, lines : Polylines
        The paths, and the lines of one layer, on one grid.
    weight : float64, shape (lines,)
        Of each line; the place of a run is on one of the greatest.
    outside : float64, shape (paths, 2)
        From where to where on each path it is between its sources, in metres.
    together : float
        Distance in metres within which lines and path run together.
    open_at : callable, optional
        Which of some points one can walk on, for the way around a line: roads end where the map does, and there is no way
        around them there. None for everywhere.
    monitor : Monitor
        Progress and cancellation.

    Notes
    -----
    Where a path meets lines, it is followed both ways for as long as it stays within `together` of any of them: that is a
    run. Several carriageways, a line that is there twice, and lines that begin where others end are met in the same run and
    count once. The run changes sides if one cannot get from its beginning to its end without crossing a line, within twice
    that distance around it and on the map; this is looked up on a grid of a quarter of the distance, coarser for runs of
    tens of kilometres. A path that weaves along a road, or touches the end of one, does not. O(n log n) in the points on
    path and lines, that far apart.

    Examples
    --------
    >>> from ecosecnet.core.grid import Grid
    >>> from ecosecnet.core.corridors.polylines import polylines
    >>> path = polylines([[np.array([[0.0, 50.0], [900.0, 50.0]])]], Grid(1, 1))
    >>> road = [[np.array([[x, -400.0], [x, 400.0]])] for x in (500.0, 520.0)]
    >>> found = crossed(path, polylines(road, Grid(1, 1)), np.ones(2), np.array([[0.0, 900.0]]), together=60.0)
    >>> found.xy.tolist(), found.count.tolist()
    ([[500.0, 50.0]], [2])
    """
    met = meetings(paths, lines, monitor=monitor.part(0.0, 0.3))
    share = (met.low + met.high) / 2.0
    path, along = paths.line[met.first], paths.along[met.first] + share * paths.length[met.first]
    kept = (along >= outside[path, 0]) & (along <= outside[path, 1])
    order = np.lexsort((met.second, along, path))
    order = order[kept[order]]
    path, along, line = path[order], along[order], lines.line[met.second[order]]
    xy = paths.place(met.first[order], share[order])
    chosen: list[int] = []
    count: list[int] = []
    near: list[float] = []
    followed = 0
    if path.size:
        ways = _Ways(paths, lines, path, along, outside, together, monitor.part(0.3, 0.6))
        runs = list(ways.runs(path, along))
        for number, (first, stop, begin, end) in enumerate(runs):
            monitor.part(0.6, 1.0).step(number, len(runs))
            one = int(path[first])
            if not ways.changes_sides(one, begin, end, float(along[first]), float(along[stop - 1]), open_at):
                followed += 1
                continue
            best = first + np.flatnonzero(weight[line[first:stop]] == weight[line[first:stop]].max())
            chosen.append(int(best[(best.size - 1) // 2]))
            count.append(np.unique(line[first:stop]).size)
            near.append(end - begin)
    k = np.array(chosen, dtype=np.int64)
    return Crossed(path[k], along[k], xy[k], line[k], np.array(count, np.int64), np.array(near, np.float64), followed)


class _Ways:
    """Points along paths and on the lines around them."""

    def __init__(
        self,
        paths: Polylines,
        lines: Polylines,
        met: IntArray,
        along: FloatArray,
        outside: FloatArray,
        together: float,
        monitor: Monitor,
    ) -> None:
        self._together, self._cell = together, together / _FINE
        self._along: dict[int, FloatArray] = {}
        self._xy: dict[int, FloatArray] = {}
        for one in np.unique(met).tolist():
            low, high = outside[one]
            here = along[met == one]
            # between two meetings too: it is there that a path is far from both, if anywhere
            looks = [np.linspace(low, high, int(np.ceil((high - low) / self._cell)) + 1), (here[1:] + here[:-1]) / 2.0]
            self._along[one] = np.unique(np.concatenate(looks))
            self._xy[one] = paths.at(np.full(self._along[one].size, one), self._along[one])
        # closer than a cell, so that rounding leaves no gap in a wall
        spacing, seen = 0.9 * self._cell, np.concatenate(list(self._xy.values()))
        self._lines = _near(lines, seen, spacing, _TUBE * together, monitor)
        self._tree = cKDTree(self._lines)

    def runs(self, path: IntArray, along: FloatArray) -> Iterator[tuple[int, int, float, float]]:
        """Yield the first and the one after the last meeting of each run, and from where to where on the path it is near."""
        for one in self._along:
            first, last = np.searchsorted(path, [one, one + 1])
            where, here = self._along[one], along[first:last]
            # a hair more than the distance, as the points on the lines are apart
            apart = self._tree.query(self._xy[one], distance_upper_bound=1.01 * self._together)[0]
            far = np.flatnonzero(~np.isfinite(apart))
            before = np.searchsorted(where[far], here)  # points that are far, up to each meeting
            starts = np.flatnonzero(np.diff(before, prepend=-1))
            for start, stop in zip(starts, np.append(starts[1:], here.size)):
                gap = int(before[start])
                begin = where[far[gap - 1]] if gap else where[0]
                end = where[far[gap]] if gap < far.size else where[-1]
                yield first + start, first + stop, float(begin), float(end)

    def changes_sides(
        self,
        path: int,
        begin: float,
        end: float,
        first: float,
        last: float,
        open_at: Callable[[FloatArray], BoolArray] | None,
    ) -> bool:
        """Return whether one cannot get from the beginning of a run to its end without crossing a line."""
        where = self._along[path]
        here = slice(np.searchsorted(where, begin), np.searchsorted(where, end, side="right"))
        points, where = self._xy[path][here], where[here]
        tube = _TUBE * self._together
        extent = np.ptp(points, axis=0) + 2.0 * tube
        cell = max(self._cell, float(np.sqrt(extent.prod() / _MOST)))
        reach = int(np.ceil(tube / cell)) + 1
        low = np.floor(points.min(axis=0) / cell).astype(np.int64) - reach
        shape = np.floor(points.max(axis=0) / cell).astype(np.int64) - low + reach + 1
        around = self._lines[self._tree.query_ball_point((low + shape / 2.0) * cell, np.hypot(*shape) / 2.0 * cell)]
        way, wall = _marked(points, cell, low, shape), _marked(around, cell, low, shape)
        free = ndimage.distance_transform_edt(~way) * cell <= tube
        if open_at is not None:
            # The path itself is open, also where it runs through the corner of a cell.
            free[free] = open_at((np.argwhere(free) + low + 0.5) * cell)
            free |= ndimage.binary_dilation(way, np.ones((3, 3)))
        sides, _ = ndimage.label(free & ~wall)
        at = np.floor(points / cell).astype(np.int64) - low
        side = sides[at[:, 0], at[:, 1]]
        start, stop = side[(where <= first) & (side > 0)], side[(where >= last) & (side > 0)]
        return not (start.size and stop.size) or bool(start[0] != stop[-1])


def _marked(points: FloatArray, cell: float, low: IntArray, shape: IntArray) -> BoolArray:
    """Return which cells of a small grid hold one of some points."""
    at = np.floor(points / cell).astype(np.int64) - low
    inside = np.all((at >= 0) & (at < shape), axis=1)
    cells = np.zeros(tuple(shape), dtype=bool)
    cells[at[inside, 0], at[inside, 1]] = True
    return cells


def _near(lines: Polylines, points: FloatArray, spacing: float, distance: float, monitor: Monitor) -> FloatArray:
    """Return points on lines at most so far apart, those that lie within a distance of some points and some beyond."""
    side = 1.25 * distance
    cells = np.unique(_key(np.floor(points / side).astype(np.int64)))
    around = [(right << 32) + up for right in (-1, 0, 1) for up in (-1, 0, 1)]
    cells = np.unique(np.concatenate([cells + step for step in around]))
    found: list[FloatArray] = [np.empty((0, 2))]
    count = np.cumsum(np.ceil(lines.length / spacing) + 1)
    blocks = (count / _BLOCK).astype(np.int64)
    for block in np.unique(blocks).tolist():
        monitor.step(block, int(blocks[-1]) + 1)
        held = lines.part(blocks == block).spaced(spacing)
        found.append(held[np.isin(_key(np.floor(held / side).astype(np.int64)), cells)])
    return np.concatenate(found)


def _key(cells: IntArray) -> IntArray:
    key: IntArray = (cells[:, 0] << 32) + cells[:, 1]
    return key
