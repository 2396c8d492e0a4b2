"""Size, width and bottleneck of corridors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation, distance_transform_edt, label

from ..errors import InputError
from ..leastcost.graph import CostGraph
from ..leastcost.links import Links
from ..types import BoolArray, FloatArray, IntArray
from .linkages import outside_length
from .normalised import Corridor

_CORNERS = np.ones((3, 3), dtype=int)


@dataclass(frozen=True)
class CorridorShape:
    """Size and width of a corridor outside its two sources.

    Attributes
    ----------
    cells : int
        Number of its cells.
    mean_width : float
        Area over the length of the least-cost path outside the sources, in metres; NaN when that has none.
    min_width : float
        Width of the narrowest place of its widest passage, in metres: the diameter of the largest disc that can be
        moved from one source to the other inside the corridor. NaN when the sources touch.
    bottleneck : tuple of int or None
        Row and column (of the raster) of that place.
    mean_resistance : float
        Mean resistance of its cells; NaN when there is none.
    """

    cells: int
    mean_width: float
    min_width: float
    bottleneck: tuple[int, int] | None
    mean_resistance: float


@dataclass(frozen=True)
class WidthProfile:
    """Width of a corridor along its least-cost path.

    Attributes
    ----------
    limits : ndarray, float64, shape (k + 1,)
        Distances from the first source along the path, in metres, that bound the sections.
    width : ndarray, float64, shape (k,)
        Area of the corridor that is nearest to each section, over the length of the section, in metres.
    resistance : ndarray, float64, shape (k,)
        Mean resistance of that area; NaN where there is none.
    """

    limits: FloatArray
    width: FloatArray
    resistance: FloatArray


def shape_of(corridor: Corridor, graph: CostGraph, labels: IntArray, links: Links) -> CorridorShape:
    """Measure a corridor.

    Parameters
    ----------
    corridor : Corridor
        Of `corridors`.
    graph : CostGraph
        The resistance surface.
    labels : ndarray, int, shape (rows, cols)
        0 outside sources, 1 .. n in them.
    links : Links
        The link table.

    Returns
    -------
    CorridorShape

    Notes
    -----
    Widths resolve to one cell: the clearance of a cell is its distance to the nearest cell outside, less half a cell.
    The sources count as open ground, the edge of the raster as closed. O(n log n) in the cells of the box.

    Examples
    --------
    >>> from ecosecnet.core.corridors import corridors, find_links
    >>> from ecosecnet.core.leastcost import CostFields
    >>> labels = np.zeros((3, 6), dtype=np.int32)
    >>> labels[:, 0], labels[:, 5] = 1, 2
    >>> fields = CostFields(CostGraph(np.ones((3, 6)), cell_size=10.0), labels)
    >>> links = find_links(fields, np.array([[1, 2]]), np.array([40.0]))
    >>> (corridor,) = corridors(fields, links, cutoff=5.0)
    >>> shape = shape_of(corridor, fields.graph, labels, links)
    >>> shape.cells, round(shape.mean_width, 4), round(shape.mean_resistance, 4)
    (12, 30.0, 1.0)
    """
    ends = links.pairs[corridor.index]
    inside = ~np.isnan(corridor.excess)
    own = outside_ends(corridor, labels, links)
    cells = int(np.count_nonzero(own))
    length = outside_length(links.paths[corridor.index], graph.cell_size)
    if not cells or length <= 0:
        return CorridorShape(cells, np.nan, np.nan, None, np.nan)
    # The sources go on outside the box of the corridor; a margin keeps them open ground there.
    margin = min(inside.shape) // 2 + 1
    top, left = max(0, corridor.rows.start - margin), max(0, corridor.cols.start - margin)
    window = labels[top : corridor.rows.stop + margin, left : corridor.cols.stop + margin]
    wide = np.zeros(window.shape, dtype=bool)
    corner = corridor.rows.start - top, corridor.cols.start - left
    wide[corner[0] : corner[0] + inside.shape[0], corner[1] : corner[1] + inside.shape[1]] = inside
    mean_width = cells * graph.cell_size**2 / length
    mean_resistance = float(graph.resistance[corridor.rows, corridor.cols][own].mean(dtype=np.float64))
    first, second = window == ends[0], window == ends[1]
    if _touch(first, second, graph.neighbours):  # though a way round was cheaper
        return CorridorShape(cells, mean_width, np.nan, None, mean_resistance)
    clearance, (row, col) = _bottleneck(wide, first, second, graph.neighbours)
    min_width = (2.0 * clearance - 1.0) * graph.cell_size
    return CorridorShape(cells, mean_width, min_width, (top + row, left + col), mean_resistance)


def class_shares(values: FloatArray) -> list[tuple[float, float]]:
    """Return the classes among some values and their shares, the largest first; NaN is left out of the shares.

    Examples
    --------
    >>> class_shares(np.array([3.0, 3.0, 7.0, 3.0, np.nan]))
    [(3.0, 0.75), (7.0, 0.25)]
    """
    held, count = np.unique(values[~np.isnan(values)], return_counts=True)
    order = np.lexsort((held, -count))
    return [(float(held[k]), float(count[k] / count.sum())) for k in order]


def width_profile(corridor: Corridor, graph: CostGraph, labels: IntArray, links: Links, step: float) -> WidthProfile:
    """Return the width of a corridor in sections along its least-cost path.

    Parameters
    ----------
    corridor, graph, labels, links
        As in `shape_of`.
    step : float
        Length of a section in metres; the last one is what is left.

    Returns
    -------
    WidthProfile
        Without sections where the sources touch. The widths times the section lengths add up to the area.

    Raises
    ------
    InputError
        If the step is not positive, or shorter than a cell.

    Notes
    -----
    Each cell counts for the place of the path that is nearest in a straight line. Cells beside the mouths of the
    corridor are nearest to its ends and widen the first and the last section.

    Examples
    --------
    >>> from ecosecnet.core.corridors import corridors, find_links
    >>> from ecosecnet.core.leastcost import CostFields
    >>> labels = np.zeros((3, 6), dtype=np.int32)
    >>> labels[:, 0], labels[:, 5] = 1, 2
    >>> fields = CostFields(CostGraph(np.ones((3, 6)), cell_size=10.0), labels)
    >>> links = find_links(fields, np.array([[1, 2]]), np.array([40.0]))
    >>> (corridor,) = corridors(fields, links, cutoff=5.0)
    >>> profile = width_profile(corridor, fields.graph, labels, links, step=25.0)
    >>> profile.limits.round(4).tolist(), profile.width.round(4).tolist()
    ([0.0, 25.0, 40.0], [24.0, 40.0])
    """
    if not step > 0:
        raise InputError(f"The sections of a width profile must have a length, not {step:g}.")
    if step < graph.cell_size * (1.0 - 1e-9):
        raise InputError(
            f"Sections of {step:g} m are shorter than a cell ({graph.cell_size:g} m), and a width profile shows nothing "
            "between cells. Use at least one cell."
        )
    path = links.paths[corridor.index]
    length = outside_length(path, graph.cell_size)
    own = outside_ends(corridor, labels, links)
    if not own.any() or length <= 0:
        return WidthProfile(np.zeros(1), np.empty(0), np.empty(0))
    limits = np.append(np.arange(0.0, length, step), length)
    moves = np.sqrt((np.diff(path, axis=0) ** 2).sum(axis=1)) * graph.cell_size
    along = np.clip(np.append(0.0, np.cumsum(moves)) - moves[0] / 2.0, 0.0, length)
    # The box may cut off the ends of the path inside the sources.
    row, col = (path - [corridor.rows.start, corridor.cols.start]).T
    there = (row >= 0) & (row < own.shape[0]) & (col >= 0) & (col < own.shape[1])
    position = np.full(own.shape, np.nan)
    position[row[there], col[there]] = along[there]
    nearest = distance_transform_edt(np.isnan(position), return_distances=False, return_indices=True)
    section = np.searchsorted(limits, position[tuple(nearest)][own], side="right") - 1
    section = np.minimum(section, len(limits) - 2)
    count = np.bincount(section, minlength=len(limits) - 1)
    resistance = graph.resistance[corridor.rows, corridor.cols][own].astype(np.float64)
    total = np.bincount(section, weights=resistance, minlength=len(limits) - 1)
    mean = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    return WidthProfile(limits, count * graph.cell_size**2 / np.diff(limits), mean)


def outside_ends(corridor: Corridor, labels: IntArray, links: Links) -> BoolArray:
    """Return the cells of a corridor that belong to neither of its sources.

    Examples
    --------
    >>> corridor = Corridor(0, slice(0, 1), slice(0, 4), np.array([[0.0, 0.0, 0.0, np.nan]]), 10.0)
    >>> outside_ends(corridor, np.array([[1, 0, 2, 0]]), Links.between([(1, 2)])).tolist()
    [[False, True, False, False]]
    """
    window = labels[corridor.rows, corridor.cols]
    first, second = links.pairs[corridor.index]
    own: BoolArray = ~np.isnan(corridor.excess) & (window != first) & (window != second)
    return own


def _touch(first: BoolArray, second: BoolArray, neighbours: int) -> bool:
    beside = binary_dilation(first, _CORNERS if neighbours == 8 else None)
    return bool((beside & second).any())


def _bottleneck(
    inside: BoolArray, first: BoolArray, second: BoolArray, neighbours: int
) -> tuple[float, tuple[int, int]]:
    """Return the largest clearance that can be kept from one source to the other, in cells, and where it is least."""
    clearance = distance_transform_edt(np.pad(inside | first | second, 1))[1:-1, 1:-1]
    clearance[first | second] = np.inf
    structure = _CORNERS if neighbours == 8 else None
    levels = np.unique(clearance[inside & np.isfinite(clearance)])
    low, high = 0, levels.size - 1
    while low < high:
        middle = (low + high + 1) // 2
        zones, _ = label(clearance >= levels[middle], structure=structure)
        if np.intersect1d(zones[first], zones[second]).size:
            low = middle
        else:
            high = middle - 1
    level = float(levels[low])
    passage = CostGraph(np.where(clearance >= level, 1.0, np.nan), neighbours=neighbours)
    to_first, to_second = passage.cost_from(first), passage.cost_from(second)
    through = to_first + to_second
    shortest = np.isclose(through, through[np.isfinite(through)].min(), rtol=1e-12)
    row, col = np.argwhere(shortest & (clearance == level))[0].tolist()
    return level, (row, col)
