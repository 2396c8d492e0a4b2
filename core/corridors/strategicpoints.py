"""Strategic points of a network: break points, crossings of corridors and the middles of long links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from ..choices import PointKind
from ..errors import InputError
from ..grid import Grid
from ..monitor import SILENT, Monitor
from ..stats.ranks import grades, strict_ranks
from ..types import Array, FloatArray, IntArray
from .breakpoints import crossed
from .junctions import junctions
from .polylines import Polylines, polylines

_STEP = 0.25
"""Cells between two looks at what a path lies on."""


@dataclass(frozen=True)
class BarrierLines:
    """The lines of one layer, such as roads.

    Attributes
    ----------
    lines : sequence of sequence of float arrays, shape (vertices, 2)
        The parts of each line: x and y of their vertices, in the CRS of the grid.
    weight : float64, shape (lines,)
        How much each of them parts what lies on its sides, above 0; see the score of `strategic_points`.
    """

    lines: Sequence[Sequence[FloatArray]]
    weight: FloatArray


@dataclass(frozen=True)
class StrategicPoint:
    """A place that matters for the network.

    Attributes
    ----------
    kind : PointKind
        What it is.
    x, y : float
        In the CRS of the grid.
    links : tuple of int
        Positions of the links, the most central first.
    score : float
        See `strategic_points`.
    grade : int
        By natural breaks of the scores of its kind, 1 the highest.
    layer, line : int
        Of a break point: which layer, and which line of it; else -1.
    count : int
        Lines that are met there; 0 where the point is no break point.
    near : float
        Length of the path near them in metres, the longest of several links; NaN where the point is no break point.
    resistance : float
        Of the cell of a midpoint; else NaN.
    """

    kind: PointKind
    x: float
    y: float
    links: tuple[int, ...]
    score: float
    grade: int = 0
    layer: int = -1
    line: int = -1
    count: int = 0
    near: float = np.nan
    resistance: float = np.nan


@dataclass(frozen=True)
class StrategicPoints:
    """Strategic points, and what was looked at and is none.

    Attributes
    ----------
    points : list of StrategicPoint
        By kind, then from the highest score down.
    followed : int
        Runs along lines that meet them and end on the side where they began.
    long : int
        Links that are long enough for a midpoint.
    longest : float
        Length of the longest path outside its two sources, in metres.
    """

    points: list[StrategicPoint]
    followed: int
    long: int
    longest: float

    def count(self, kind: PointKind) -> int:
        """Return how many points are of a kind."""
        return sum(point.kind is kind for point in self.points)


def strategic_points(
    paths: Sequence[Sequence[FloatArray]],
    pairs: IntArray,
    centrality: FloatArray,
    barriers: Sequence[BarrierLines],
    labels: IntArray,
    resistance: FloatArray,
    *,
    grid: Grid,
    together: float,
    min_length: float,
    classes: int = 3,
    monitor: Monitor = SILENT,
) -> StrategicPoints:
    """Return break points, crossings of corridors, and midpoints of long links, with scores and grades.

    Parameters
    ----------
    paths : sequence of sequence of float arrays, shape (vertices, 2)
        The parts of the least-cost path of each link, in the CRS of the grid.
    pairs : int64, shape (links, 2)
        Labels of the two sources of each link.
    centrality : float64, shape (links,)
        How central each link is, at least 0; the same for all where it is not known.
    barriers : sequence of BarrierLines
        The layers of roads, railways, rivers.
    labels : int32, shape (rows, cols)
        The sources, 0 elsewhere.
    resistance : float, shape (rows, cols)
        NaN where there is no data.
    grid : Grid
        Of both.
    together : float
        Distance in metres within which lines and paths are one place, above 0.
    min_length : float
        Length in metres of a path outside its sources from which on it gets a midpoint.
    classes : int
        Number of grades of each kind.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    StrategicPoints

    Raises
    ------
    InputError
        Where no path has a length, or the distance or a centrality is not what it must be.

    Notes
    -----
    *Break points*: see `breakpoints.crossed`. *Crossings*: see `junctions.junctions`. Points of one kind (break points: of
    one layer) that lie within `together` of each other are one, of all their links; it lies where the most central link has
    it. Nothing counts in sources. *Midpoints*: of a path that is long enough, the cell of least resistance in the middle
    third of what lies outside its two sources, the one nearest to the middle of several; none where even that cell resists
    more than the path does in the mean.

    The score is the centrality of the links of a point as a share of the largest of all links, summed over its links; of a
    break point times the weight of the line over the largest weight, of a midpoint times the length of the path over that of
    the longest. Points of different kinds are not compared.

    O(n log n) in segments and in points that are a quarter of `together` apart.

    Examples
    --------
    >>> grid = Grid(10, 30, top=100.0, dx=10.0, dy=10.0)
    >>> labels, surface = np.zeros((10, 30), dtype=np.int32), np.full((10, 30), 2.0)
    >>> labels[:, 0], labels[:, -1], surface[5, 14] = 1, 2, 1.0
    >>> path, road = np.array([[5.0, 45.0], [295.0, 45.0]]), np.array([[80.0, -50.0], [80.0, 150.0]])
    >>> found = strategic_points([[path]], np.array([[1, 2]]), np.ones(1), [BarrierLines([[road]], np.ones(1))], labels,
    ...     surface, grid=grid, together=20.0, min_length=200.0)
    >>> [(one.kind.value, one.x, one.y) for one in found.points]
    [('break point', 80.0, 45.0), ('midpoint', 145.0, 45.0)]
    """
    if not together > 0:
        raise InputError(f"Places are one within a distance above 0, not within {together:g} m.")
    if not (np.isfinite(centrality) & (centrality >= 0)).all():
        raise InputError("The centrality of a link is a number of 0 or more; give one for each link.")
    lines = polylines(paths, grid)
    if not (lines.total > 0).all():
        raise InputError(f"Link number {int(np.argmin(lines.total)) + 1} has no path: its line has no length.")
    outside, ends = _outside(lines, pairs, labels, grid)
    largest = float(centrality.max(initial=0.0))
    share = centrality / largest if largest > 0 else np.ones_like(centrality)
    network = _Network(grid, labels, share, together, classes)
    points: list[StrategicPoint] = []
    followed, part = 0, 0.8 / (len(barriers) + 1)
    heaviest = max((float(one.weight.max(initial=0.0)) for one in barriers), default=1.0)
    for layer, one in enumerate(barriers):
        found = crossed(
            lines,
            polylines(one.lines, grid),
            one.weight,
            outside,
            together=together,
            open_at=lambda xy: ~np.isnan(_values_at(resistance, xy, grid, np.nan)),
            monitor=monitor.part(layer * part, (layer + 1) * part),
        )
        followed += found.followed
        for place in network.places(found.xy, found.path[:, None]):
            # of the heaviest line, there where the most central link crosses one
            best = max(place.members, key=lambda k: one.weight[found.line[k]])
            points.append(
                network.point(
                    PointKind.BREAK,
                    place,
                    one.weight[found.line[best]] / heaviest,
                    layer=layer,
                    line=int(found.line[best]),
                    count=int(found.count[place.members].max()),
                    near=float(found.near[place.members].max()),
                )
            )
    met = junctions(lines, outside, ends, together=together, monitor=monitor.part(0.8 - part, 0.8))
    points += [network.point(PointKind.CROSSING, place, 1.0) for place in network.places(met.xy, met.paths)]
    length = outside[:, 1] - outside[:, 0]
    long = np.flatnonzero(length >= min_length)
    for done, link in enumerate(long.tolist()):
        monitor.part(0.8, 1.0).step(done, long.size)
        middle = _middle(lines, link, outside[link], resistance, grid)
        if middle is not None:
            xy, value = middle
            place = _Place(xy, (link,), [0])
            points.append(network.point(PointKind.MIDPOINT, place, length[link] / length.max(), resistance=value))
    return StrategicPoints(network.graded(points), followed, long.size, float(length.max()))


@dataclass(frozen=True)
class _Place:
    xy: FloatArray
    links: tuple[int, ...]
    members: list[int]


@dataclass(frozen=True)
class _Network:
    """What points are made of."""

    grid: Grid
    labels: IntArray
    share: FloatArray
    together: float
    classes: int

    def places(self, xy: FloatArray, links: IntArray) -> list[_Place]:
        """Return points outside the sources as places, those near each other as one."""
        kept = np.flatnonzero(_values_at(self.labels, xy, self.grid, 0) == 0)
        if not kept.size:
            return []
        near = cKDTree(xy[kept]).query_pairs(self.together, output_type="ndarray")
        joined = coo_matrix((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(kept.size, kept.size))
        group = connected_components(joined, directed=False)[1]
        order = np.argsort(group, kind="stable")
        found = []
        for members in np.split(kept[order], np.flatnonzero(np.diff(group[order])) + 1):
            held = sorted(set(links[members].ravel().tolist()), key=lambda link: (-self.share[link], link))
            place = min(members.tolist(), key=lambda k: (held.index(links[k].tolist()[0]), k))
            found.append(_Place(xy[place], tuple(held), members.tolist()))
        return found

    def point(self, kind: PointKind, place: _Place, weight: float, **more: Any) -> StrategicPoint:
        """Return a point with its score."""
        metres = self.grid.metres_per_unit
        x, y = self.grid.left + float(place.xy[0]) / metres, self.grid.top + float(place.xy[1]) / metres
        return StrategicPoint(kind, x, y, place.links, float(self.share[list(place.links)].sum() * weight), **more)

    def graded(self, points: Sequence[StrategicPoint]) -> list[StrategicPoint]:
        """Return points by kind and rank, with their grades."""
        found = []
        for kind in PointKind:
            held = [point for point in points if point.kind is kind]
            score = np.array([point.score for point in held])
            if not held:
                continue
            grade = grades(score, self.classes)
            found += [replace(held[k], grade=int(grade[k])) for k in np.argsort(strict_ranks(score), kind="stable")]
        return found


def _outside(lines: Polylines, pairs: IntArray, labels: IntArray, grid: Grid) -> tuple[FloatArray, IntArray]:
    """Return from where to where each path is between its two sources, and the source at either end, 0 if not known."""
    outside, ends = np.zeros((lines.total.size, 2)), np.zeros((lines.total.size, 2), dtype=np.int64)
    for link, total in enumerate(lines.total.tolist()):
        along = np.linspace(0.0, total, int(np.ceil(total / (_STEP * grid.cell_size))) + 2)
        held = _values_at(labels, lines.at(np.full(along.size, link), along), grid, 0)
        sides = []
        for order in (slice(None), slice(None, None, -1)):
            source = int(held[order][0])
            source = source if source in pairs[link] else 0
            left = np.flatnonzero(held[order] != source) if source else np.zeros(1, dtype=np.int64)
            sides.append((along[order][left[0]] if left.size else along[order][-1], source))
        (low, first), (high, last) = sides
        if (first and not last) or (last and not first):  # the other end is that of the other source
            other = int(pairs[link].sum()) - (first or last)
            first, last = first or other, last or other
        outside[link], ends[link] = (low, max(low, high)), (first, last)
    return outside, ends


def _middle(
    lines: Polylines, link: int, outside: FloatArray, resistance: FloatArray, grid: Grid
) -> tuple[FloatArray, float] | None:
    """Return the place and resistance of the midpoint of a path; None where no cell there resists less than the path."""
    low, high = outside.tolist()
    along = np.linspace(low, high, int(np.ceil((high - low) / (_STEP * grid.cell_size))) + 2)
    xy = lines.at(np.full(along.size, link), along)
    value = _values_at(resistance, xy, grid, np.nan).astype(np.float64)
    third = (high - low) / 3.0
    middle = (along >= low + third) & (along <= high - third) & ~np.isnan(value)
    if not middle.any() or not value[middle].min() <= np.nanmean(value):
        return None
    best = np.flatnonzero(middle & (value == value[middle].min()))
    k = int(best[np.argmin(np.abs(along[best] - (low + high) / 2.0))])
    row, col = _cells(xy[k : k + 1], grid)
    return (np.array([col[0] + 0.5, -row[0] - 0.5]) * grid.cell_size, float(value[k]))


def _cells(xy: FloatArray, grid: Grid) -> tuple[IntArray, IntArray]:
    """Return row and column of points, which may lie off the grid."""
    size = np.array([grid.dx, grid.dy]) * grid.metres_per_unit
    at = np.floor(xy * (1.0, -1.0) / size).astype(np.int64)
    return at[:, 1], at[:, 0]


def _values_at(values: Array, xy: FloatArray, grid: Grid, off: float) -> Array:
    """Return the value of the cell of each point, `off` where there is none."""
    row, col = _cells(xy, grid)
    inside = (row >= 0) & (row < grid.rows) & (col >= 0) & (col < grid.cols)
    found = np.full(row.size, off, dtype=values.dtype)
    found[inside] = values[row[inside], col[inside]]
    return found
