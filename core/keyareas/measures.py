"""What key areas carry beside their values: length, width, the link they lie on, and how much of them overlaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull, cKDTree

from .. import defaults
from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray, IntArray

_SAME = 1e-6
"""Part by which lengths, areas and distances may differ that are meant to be equal: coordinates of files are rounded."""


@dataclass(frozen=True)
class AreaMeasures:
    """Size and place of key areas.

    Attributes
    ----------
    length, width : float64, shape (areas,)
        Sides of the smallest rectangle around each, whatever its direction, in metres. Of equally small ones the longest.
    link : int64, shape (areas,)
        Position of the link with the longest part inside. Where no link runs inside, the nearest: from the centres of the
        area's cells to the line, cut at the edges of the cells. Of several, as where paths run together, the shortest as a
        whole, whatever the order of the links. -1 without links.
    edge_ha : float64, shape (areas,)
        How much of each lies near the edge of the data, in hectares.
    edge_share, data_edge_share : float
        Share of all areas, and of all data, that lies there, 0 to 1.
    """

    length: FloatArray
    width: FloatArray
    link: IntArray
    edge_ha: FloatArray
    edge_share: float
    data_edge_share: float

    @property
    def at_edge(self) -> bool:
        """Whether the areas crowd along the edge: they lie there much more often than the data do."""
        return self.edge_share > max(defaults.EDGE_SHARE, defaults.EDGE_EXCESS * self.data_edge_share)

    def describe_edge(self, what: str) -> str:
        """Return how much of the areas lies near the edge of the data, and what to do where it is much."""
        said = (
            f"{100 * self.edge_share:.0f} % of the area of the {what} lie within {defaults.EDGE_CELLS} cells of the edge of "
            f"the data, where {100 * self.data_edge_share:.0f} % of the data lie."
        )
        if not self.at_edge:
            return said
        return (
            f"{said} Paths cannot run beyond the edge and currents crowd along it, so that these places may only show where "
            "the map ends. Run again on data that reach beyond the area to be reported, give that area (AREA), and trust the "
            "places that stay."
        )


def measure_areas(
    labels: IntArray,
    lines: Sequence[Sequence[FloatArray]] = (),
    *,
    valid: BoolArray,
    cell: tuple[float, float],
    monitor: Monitor = SILENT,
) -> AreaMeasures:
    """Measure key areas and find the link that each lies on.

    Parameters
    ----------
    labels : int array, shape (rows, cols)
        Number of the area a cell belongs to, 1 to n, 0 outside; see `areas.KeyAreas`.
    lines : sequence of sequence of float array, shape (points, 2)
        The parts of the line of each link, as (row, column) from the outer corner of the raster: the centre of its first
        cell is (0.5, 0.5).
    valid : bool array, shape (rows, cols)
        Where there are data at all; their edge is that of the map, see `near_edge`.
    cell : (float, float)
        Height and width of a cell in metres.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    AreaMeasures

    Notes
    -----
    O(cells of the raster + cells that the lines cross), and a convex hull for each area.

    Examples
    --------
    >>> labels = np.array([[1, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 2]])
    >>> path = np.array([[0.5, 0.5], [0.5, 2.5], [1.5, 3.5]])
    >>> found = measure_areas(labels, [[path], [path + 1.0]], valid=labels >= 0, cell=(10.0, 10.0))
    >>> found.length.tolist(), found.width.tolist(), found.link.tolist()
    ([30.0, 10.0], [10.0, 10.0], [0, 1])
    """
    count = int(labels.max(initial=0))
    length, width = _sides(labels, count, cell, monitor.part(0.0, 0.5))
    link = _links(labels, count, lines, cell, monitor.part(0.5, 1.0))
    near = near_edge(valid)
    edge_ha = hectares_in(labels, near, cell[0] * cell[1] / 10_000.0)
    monitor.step(1.0, 1.0)
    return AreaMeasures(length, width, link, edge_ha, _share(near & (labels > 0), labels > 0), _share(near, valid))


def _share(part: BoolArray, whole: BoolArray) -> float:
    return int(np.count_nonzero(part)) / max(int(np.count_nonzero(whole)), 1)


def hectares_in(labels: IntArray, mask: BoolArray, cell_ha: float) -> FloatArray:
    """Return how much of each area lies in a mask, in hectares.

    Examples
    --------
    >>> hectares_in(np.array([[1, 1, 0, 2]]), np.array([[True, False, True, True]]), 0.5).tolist()
    [0.5, 0.5]
    """
    held = np.bincount(labels[mask], minlength=int(labels.max(initial=0)) + 1)
    return held[1:] * cell_ha


def near_edge(valid: BoolArray, cells: int = defaults.EDGE_CELLS) -> BoolArray:
    """Return the cells within so many cells of the edge of the data, counted along rows, columns and diagonals.

    The edge is the border of the raster and of what has no data and is joined to it. Holes inside the data are a part of
    the landscape, not of the choice of a map.

    Examples
    --------
    >>> valid = np.ones((5, 6), dtype=bool)
    >>> valid[:, 0] = valid[2, 3] = False
    >>> near_edge(valid, 1).astype(int).tolist()
    [[0, 1, 1, 1, 1, 1], [0, 1, 0, 0, 0, 1], [0, 1, 0, 0, 0, 1], [0, 1, 0, 0, 0, 1], [0, 1, 1, 1, 1, 1]]
    """
    holes, count = ndimage.label(~valid, structure=np.ones((3, 3), dtype=bool))
    outer = np.zeros(count + 1, dtype=bool)
    for side in (holes[0], holes[-1], holes[:, 0], holes[:, -1]):
        outer[side] = True
    outer[0] = False
    inside = (~outer[holes]).astype(np.uint8)
    near: BoolArray = ndimage.minimum_filter(inside, size=2 * cells + 1, mode="constant", cval=0) == 0
    return near & valid


def report_edge(measures: AreaMeasures, monitor: Monitor, *, what: str = "key areas") -> None:
    """Say how much of the key areas lies near the edge of the data, if any does; a warning where it is much.

    Examples
    --------
    >>> class Said(Monitor):
    ...     def info(self, message):
    ...         print(message)
    >>> labels = np.zeros((20, 20), dtype=np.int32)
    >>> labels[4, 4] = labels[9:12, 7:11] = 1
    >>> report_edge(measure_areas(labels, valid=labels >= 0, cell=(10.0, 10.0)), Said())
    8 % of the area of the key areas lie within 5 cells of the edge of the data, where 75 % of the data lie.
    """
    if measures.at_edge:
        monitor.warn(measures.describe_edge(what))
    elif measures.edge_share:
        monitor.info(measures.describe_edge(what))


def report_sizes(area_ha: FloatArray, cell_ha: float, monitor: Monitor, *, what: str = "key areas") -> None:
    """Report key areas that are no places: most are specks of a few cells, or one has much of the whole area.

    Specks are warned of, with the smallest area that would leave the others.

    Examples
    --------
    >>> class Said(Monitor):
    ...     def warn(self, message):
    ...         print(message)
    ...     info = warn
    >>> report_sizes(np.array([90.0, 9.0, 18.0]), 9.0, Said(), what="barriers")
    3 of 3 barriers have fewer than 11 cells.
    >>> report_sizes(np.array([990.0, 9.0, 18.0]), 9.0, Said(), what="barriers")
    2 of 3 barriers have fewer than 11 cells. A smallest area of 99 ha leaves 1.
    >>> report_sizes(np.array([900.0, 200.0, 300.0, 300.0]), 9.0, Said())
    The largest of 4 key areas has 53 % of the 1,700 ha: a plateau. A largest key area cuts it at higher values.
    """
    smallest = defaults.SPECK_CELLS * cell_ha
    specks = int(np.count_nonzero(area_ha < smallest * (1.0 - _SAME)))
    if 2 * specks > area_ha.size:
        said = f"{specks:,} of {area_ha.size:,} {what} have fewer than {defaults.SPECK_CELLS} cells."
        left = area_ha.size - specks
        monitor.warn(f"{said} A smallest area of {smallest:.4g} ha leaves {left:,}." if left else said)
    whole, largest = float(area_ha.sum()), float(area_ha.max(initial=0.0))
    if area_ha.size >= defaults.PLATEAU_AREAS and largest >= defaults.PLATEAU_SHARE * whole:
        monitor.info(
            f"The largest of {area_ha.size:,} {what} has {100 * largest / whole:.0f} % of the {whole:,.6g} ha: a plateau. A "
            "largest key area cuts it at higher values."
        )


@dataclass(frozen=True)
class GradeShares:
    """Key areas by the grade of their link.

    Attributes
    ----------
    grade : int64, shape (grades,)
        The grades there are, 1 the highest.
    count : int64, shape (grades,)
        Areas on links of each grade.
    area_ha, count_share, area_share : float64, shape (grades,)
        Their area, and their shares of all areas and of the whole area, 0 to 1.
    """

    grade: IntArray
    count: IntArray
    area_ha: FloatArray
    count_share: FloatArray
    area_share: FloatArray

    def within(self, first: int, last: int) -> tuple[int, float, float, float]:
        """Return count, area and both shares of some grades together."""
        on = (self.grade >= first) & (self.grade <= last)
        parts = (self.count, self.area_ha, self.count_share, self.area_share)
        count, area, count_share, area_share = (some[on].sum().item() for some in parts)
        return count, area, count_share, area_share


def shares_by_grade(area_ha: FloatArray, link: IntArray, grade: IntArray) -> GradeShares:
    """Return how many of the key areas, and how much of their area, lie on links of each grade.

    Parameters
    ----------
    area_ha : float array, shape (areas,)
        Area of each.
    link : int array, shape (areas,)
        Position of the link each lies on, -1 where there is none; those count in the whole only.
    grade : int array, shape (links,)
        Grade of each link.

    Examples
    --------
    >>> found = shares_by_grade(np.array([6.0, 1.0, 3.0]), np.array([0, 2, 2]), np.array([1, 2, 3]))
    >>> found.count.tolist(), found.area_share.tolist()
    ([1, 0, 2], [0.6, 0.0, 0.4])
    """
    number, place = np.unique(grade, return_inverse=True)
    on = link >= 0
    of = place[link[on]]
    count = np.bincount(of, minlength=number.size)
    area: FloatArray = np.bincount(of, weights=area_ha[on], minlength=number.size).astype(np.float64)
    return GradeShares(number, count, area, count / max(link.size, 1), area / max(float(area_ha.sum()), 1e-300))


def _sides(labels: IntArray, count: int, cell: tuple[float, float], monitor: Monitor) -> tuple[FloatArray, FloatArray]:
    """Return the long and the short side of the smallest rectangle around each area."""
    length, width = np.zeros(count), np.zeros(count)
    for k, place in enumerate(ndimage.find_objects(labels)):
        monitor.step(k, count)
        inside = labels[place] == k + 1
        rows, cols = inside.shape
        sides = np.array([rows * cell[0], cols * cell[1]])
        if not inside.all():
            sides = _rectangle(_corners(inside) * cell)
        length[k], width[k] = sides.max(), sides.min()
    return length, width


def _corners(inside: BoolArray) -> FloatArray:
    """Return the corners of the first and last cell of each row: the convex hull of an area has no others."""
    rows = np.flatnonzero(inside.any(axis=1))
    first = inside[rows].argmax(axis=1)
    last = inside.shape[1] - inside[rows, ::-1].argmax(axis=1)
    ends = [np.column_stack([rows + below, col]) for below in (0, 1) for col in (first, last)]
    return np.concatenate(ends).astype(np.float64)


def _rectangle(points: FloatArray) -> FloatArray:
    """Return the sides of the smallest rectangle around points; one of its sides lies on their convex hull."""
    hull = points[ConvexHull(points).vertices]
    along = np.roll(hull, -1, axis=0) - hull
    along /= np.hypot(along[:, 0], along[:, 1])[:, None]
    across = np.column_stack([-along[:, 1], along[:, 0]])
    sides = np.column_stack([np.ptp(hull @ direction.T, axis=0) for direction in (along, across)])
    area = sides.prod(axis=1)
    smallest = sides[area <= area.min() * (1.0 + _SAME)]
    best: FloatArray = smallest[smallest.max(axis=1).argmax()]
    return best


def _links(
    labels: IntArray, count: int, lines: Sequence[Sequence[FloatArray]], cell: tuple[float, float], monitor: Monitor
) -> IntArray:
    link = np.full(count, -1, dtype=np.int64)
    longest = np.full(count, _SAME * min(cell))
    wholes = [sum(float(np.hypot(*(np.diff(part, axis=0) * cell).T).sum()) for part in parts) for parts in lines]
    order = np.argsort(np.array(wholes), kind="stable")
    for done, k in enumerate(order):
        monitor.step(done, len(lines) + 1)
        places, pieces = _pieces(lines[k], cell)
        area = _held(labels, places)
        inside = area > 0
        found, number = np.unique(area[inside] - 1, return_inverse=True)
        held = np.bincount(number, weights=pieces[inside], minlength=found.size)
        longer = held > longest[found] * (1.0 + _SAME)
        link[found[longer]], longest[found[longer]] = k, held[longer]
    if (link < 0).any() and lines:
        _add_nearest(labels, link, [lines[k] for k in order], order, cell, monitor)
    return link


def _pieces(parts: Sequence[FloatArray], cell: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
    """Return the middles, as (row, column), and the lengths in metres of a line that is cut at the edges of the cells."""
    empty = np.empty((0, 2))
    start = np.concatenate([empty, *(part[:-1] for part in parts)])
    delta = np.concatenate([empty, *(np.diff(part, axis=0) for part in parts)])
    number = np.arange(len(start))
    of, cuts = [number, number], [np.zeros(len(start)), np.ones(len(start))]
    for axis in (0, 1):
        ends = start[:, axis], start[:, axis] + delta[:, axis]
        first = np.floor(np.minimum(*ends)) + 1
        edges = np.maximum(np.ceil(np.maximum(*ends)) - first, 0).astype(np.int64)
        segment = np.repeat(number, edges)
        edge = first[segment] + np.arange(segment.size) - np.repeat(np.cumsum(edges) - edges, edges)
        of.append(segment)
        cuts.append((edge - start[segment, axis]) / delta[segment, axis])
    segment, cut = np.concatenate(of), np.concatenate(cuts)
    order = np.lexsort((cut, segment))
    segment, cut = segment[order], cut[order]
    same = segment[1:] == segment[:-1]
    segment, before, after = segment[1:][same], cut[:-1][same], cut[1:][same]
    places = start[segment] + delta[segment] * ((before + after) / 2.0)[:, None]
    lengths: FloatArray = np.hypot(*(delta[segment] * cell).T) * (after - before)
    return places, lengths


def _held(labels: IntArray, places: FloatArray) -> IntArray:
    """Return the label at each place, 0 beyond the raster."""
    row, col = np.floor(places).astype(np.int64).T
    on = (row >= 0) & (row < labels.shape[0]) & (col >= 0) & (col < labels.shape[1])
    held = np.zeros(len(places), dtype=labels.dtype)
    held[on] = labels[row[on], col[on]]
    return held


def _add_nearest(
    labels: IntArray,
    link: IntArray,
    lines: Sequence[Sequence[FloatArray]],
    position: IntArray,
    cell: tuple[float, float],
    monitor: Monitor,
) -> None:
    """Fill in the nearest link where there is none; `position` says where each line stands, the first of equals first."""
    points = [_pieces(parts, cell)[0] * cell for parts in lines]
    of_point = np.repeat(np.arange(len(lines)), [len(some) for some in points])
    if not of_point.size:
        return
    tree = cKDTree(np.concatenate(points))
    for k, place in enumerate(ndimage.find_objects(labels)):
        if link[k] >= 0:
            continue
        monitor.check()
        centres = _outline(labels[place] == k + 1, place) * cell
        distance, _ = tree.query(centres)
        nearest = distance.min()
        reach = nearest * (1.0 + _SAME) + _SAME * min(cell)
        close = tree.query_ball_point(centres[distance <= reach], reach)
        link[k] = position[min(int(of_point[some].min()) for some in close if some)]


def _outline(inside: BoolArray, place: tuple[slice, slice]) -> FloatArray:
    """Return the centres of the cells of an area that touch others, as (row, column)."""
    outer = inside & ~ndimage.binary_erosion(inside, border_value=0)
    centres: FloatArray = np.argwhere(outer) + np.array([place[0].start + 0.5, place[1].start + 0.5])
    return centres
