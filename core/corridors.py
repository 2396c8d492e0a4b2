"""Least-cost corridors: their map, and their width in metres.

A corridor of a link is every cell where the least-cost route through that cell costs at most a cutoff more than the
least-cost distance of the link: ``cost_a + cost_b - least <= cutoff``.

References
----------
Adriaensen, F. et al. (2003). The application of 'least-cost' modelling as a functional landscape model.
*Landscape and Urban Planning* 64, 233-247, https://doi.org/10.1016/S0169-2046(02)00242-6
McRae, B. H. & Kavanagh, D. M. (2011). *Linkage Mapper connectivity analysis software*. The Nature Conservancy, Seattle.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, label

from .costdistance import CostGraph, corridor_costs
from .errors import InputError
from .linkages import Links
from .monitor import SILENT, Monitor
from .types import BoolArray, FloatArray, IntArray

DEFAULT_SHARE = 0.1
"""Cutoff when none is asked for, as a share of the least-cost distance of each link."""

_GROWTH = 3.0
"""Factor by which a search is widened when a corridor does not hold enough cells."""

_ROUNDING = 1e-10
"""Excess, as a share of the least-cost distance, that can be rounding."""

_CORNERS = np.ones((3, 3), dtype=int)


@dataclass(frozen=True)
class Corridor:
    """The corridor of a link.

    Attributes
    ----------
    index : int
        Position of the link in the link table.
    rows, cols : slice
        The box of cells that holds the corridor.
    excess : ndarray, float64
        Cost of the best route through each cell above the least-cost distance; NaN outside the corridor.
    cutoff : float
        Largest excess in the corridor, in cost units.
    """

    index: int
    rows: slice
    cols: slice
    excess: FloatArray
    cutoff: float


@dataclass(frozen=True)
class CorridorShape:
    """Size and width of a corridor outside its two sources.

    Attributes
    ----------
    cells : int
        Number of its cells.
    mean_width : float
        Area over the length of the least-cost path outside the sources, in map units; NaN when the sources touch.
    min_width : float
        Width of the narrowest place of its widest passage, in map units: the diameter of the largest disc that can be
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


def corridors(
    graph: CostGraph,
    labels: IntArray,
    links: Links,
    *,
    cutoff: float | None = None,
    width: float | None = None,
    monitor: Monitor = SILENT,
) -> Iterator[Corridor]:
    """Yield the corridor of every active link.

    Parameters
    ----------
    graph : CostGraph
        The resistance surface.
    labels : ndarray, int, shape (rows, cols)
        0 outside sources, 1 .. n in them.
    links : Links
        The link table.
    cutoff : float, optional
        Largest excess cost, in cost units, the same for all corridors. Without it, and without `width`, a tenth of the
        least-cost distance of each link.
    width : float, optional
        Wanted mean width in map units: the cutoff of each corridor is the smallest whose area outside the two sources
        reaches the width times the length of the least-cost path outside them.
    monitor : Monitor
        Progress and cancellation; warns of links whose surroundings are too small for the width.

    Yields
    ------
    Corridor
        In the order of the links with a cutoff; with a width in the order in which they are solved.

    Raises
    ------
    InputError
        If the cutoff is negative, the width not positive, or both are given.

    Notes
    -----
    With a width, each corridor is searched with a first guess of its cutoff (half the width times the mean resistance
    along the path), three times as wide until it holds enough cells; its cutoff is then an order statistic of the
    excess costs, so it is exact up to whole cells.
    """
    if cutoff is not None and width is not None:
        raise InputError("Give either a cutoff or a width for the corridors, not both.")
    if cutoff is not None and not cutoff >= 0:
        raise InputError(f"The cutoff of the corridors must not be negative, but is {cutoff:g}.")
    if width is not None and not width > 0:
        raise InputError(f"The width of the corridors must be positive, but is {width:g}.")
    active = np.flatnonzero(links.active)
    if width is not None:
        return _with_width(graph, labels, links, active, width, monitor)
    cutoffs = DEFAULT_SHARE * links.cost[active] if cutoff is None else np.full(active.size, float(cutoff))
    return _with_cutoffs(graph, labels, links, active, cutoffs, monitor)


def add_to_mosaic(mosaic: FloatArray, corridor: Corridor) -> None:
    """Lower a mosaic (NaN where empty) to the excess costs of one more corridor, in place."""
    part = mosaic[corridor.rows, corridor.cols]
    np.fmin(part, corridor.excess, out=part)


def outside_length(path: IntArray, cell_size: float) -> float:
    """Return the length of a least-cost path outside its two sources, in map units: to the edge of the end cells."""
    step = np.sqrt((np.diff(path, axis=0) ** 2).sum(axis=1)) * cell_size
    return float(step.sum() - (step[0] + step[-1]) / 2.0)


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
    """
    ends = links.pairs[corridor.index]
    inside = ~np.isnan(corridor.excess)
    window = labels[corridor.rows, corridor.cols]
    own = inside & (window != ends[0]) & (window != ends[1])
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
    clearance, place = _bottleneck(wide, window == ends[0], window == ends[1], graph.neighbours)
    return CorridorShape(
        cells,
        cells * graph.cell_size**2 / length,
        (2.0 * clearance - 1.0) * graph.cell_size,
        (top + place[0], left + place[1]),
        float(graph.resistance[corridor.rows, corridor.cols][own].mean(dtype=np.float64)),
    )


def _with_cutoffs(
    graph: CostGraph, labels: IntArray, links: Links, active: IntArray, cutoffs: FloatArray, monitor: Monitor
) -> Iterator[Corridor]:
    costs = corridor_costs(graph, labels, links.pairs[active], slack=cutoffs, least=links.cost[active], monitor=monitor)
    for link in costs:
        excess = _excess(link.cost_a, link.cost_b, link.least)
        limit = float(cutoffs[link.index])
        excess[~(excess <= limit)] = np.nan
        yield Corridor(int(active[link.index]), link.rows, link.cols, excess, limit)


def _with_width(
    graph: CostGraph, labels: IntArray, links: Links, active: IntArray, width: float, monitor: Monitor
) -> Iterator[Corridor]:
    length = np.array([outside_length(links.paths[index], graph.cell_size) for index in active.tolist()])
    wanted = np.ceil(width * length / graph.cell_size**2 * (1.0 - _ROUNDING)).astype(np.int64)
    guess = 0.5 * width * links.cost[active] / links.length[active]
    waiting = np.arange(active.size)
    total = max(1, active.size)
    while waiting.size:
        done = 1.0 - waiting.size / total
        part = monitor.part(done, 1.0)
        short = []
        costs = corridor_costs(
            graph,
            labels,
            links.pairs[active[waiting]],
            slack=guess[waiting],
            least=links.cost[active[waiting]],
            monitor=part,
        )
        for link in costs:
            place = int(waiting[link.index])
            index = int(active[place])
            excess = _excess(link.cost_a, link.cost_b, link.least)
            window = labels[link.rows, link.cols]
            own = (window != links.pairs[index, 0]) & (window != links.pairs[index, 1])
            own &= excess <= guess[place]
            values = excess[own]
            if values.size < wanted[place] and np.isfinite(guess[place]):
                short.append(place)
                continue
            if values.size < wanted[place]:
                monitor.warn(
                    f"A corridor cannot reach a mean width of {width:g}: there are only {values.size} cells around "
                    f"it, {wanted[place]} are needed. It takes all of them."
                )
            count = min(values.size, int(wanted[place]))
            limit = float(np.partition(values, count - 1)[count - 1]) if count else 0.0
            excess[~(excess <= limit)] = np.nan
            yield Corridor(index, link.rows, link.cols, excess, limit)
        waiting = np.array(short, dtype=np.int64)
        wide = guess[waiting] > 100.0 * links.cost[active[waiting]]
        guess[waiting] = np.where(wide, np.inf, guess[waiting] * _GROWTH)


def _excess(cost_a: FloatArray, cost_b: FloatArray, least: float) -> FloatArray:
    """Return the excess cost, NaN where a field does not reach; what is rounding of sums along a path becomes zero."""
    excess: FloatArray = cost_a + cost_b - least
    excess[excess < _ROUNDING * least] = 0.0
    excess[np.isinf(excess)] = np.nan
    return excess


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
