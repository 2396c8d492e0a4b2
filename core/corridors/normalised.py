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

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..leastcost.fields import CostFields
from ..leastcost.links import Links
from ..leastcost.results import LinkCosts
from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray, IntArray
from .linkages import outside_length

_FIRST_GUESS = 0.1
"""First guess of a cutoff that is solved for, as a share of the median least-cost distance."""

_GROWTH = 3.0
"""Factor by which a search is widened when a corridor does not hold enough cells."""

_ROUNDING = 1e-10
"""By how much a wanted area can be off by rounding, as a share of it."""


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


def corridors(
    fields: CostFields,
    links: Links,
    *,
    cutoff: float | FloatArray | None = None,
    width: float | None = None,
    monitor: Monitor = SILENT,
) -> Iterator[Corridor]:
    """Yield the corridor of every active link.

    Parameters
    ----------
    fields : CostFields
        The sources on the resistance surface.
    links : Links
        The link table.
    cutoff : float or ndarray, float64, shape (active links,), optional
        Largest excess cost, in cost units, the same for all corridors or of each; see `cutoffs`.
    width : float, optional
        Wanted mean width in metres: the cutoff of each corridor is the smallest whose area outside the two sources
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
        If the cutoff is negative, the width not positive, or not exactly one of them is given.

    Notes
    -----
    With a width, each corridor is searched with a first guess of its cutoff (half the width times the mean resistance
    along the path), three times as wide until it holds enough cells; its cutoff is then an order statistic of the
    excess costs, so it is exact up to whole cells.

    Examples
    --------
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.array([[1, 0, 2], [0, 0, 0]], dtype=np.int32)
    >>> fields = CostFields(CostGraph(np.ones((2, 3)), cell_size=10.0), labels)
    >>> (corridor,) = corridors(fields, Links.between([(1, 2)]), cutoff=10.0)
    >>> corridor.excess.round(2).tolist()
    [[0.0, 0.0, 0.0], [nan, 8.28, nan]]
    """
    if (cutoff is None) == (width is None):
        raise InputError("Give either a cutoff or a width for the corridors.")
    active = np.flatnonzero(links.active)
    if cutoff is not None:
        limits = links.limits(cutoff, endless=True)
        return _with_cutoffs(fields, links, active, limits, monitor)
    if width is None or not width > 0:
        raise InputError(f"The width of the corridors must be positive, but is {width:g}.")
    if np.isnan(links.cost[active]).any():
        raise InputError(
            "The links carry no least-cost distances, from which the corridors would take their cutoffs. Take the links "
            "of `find_links`, or give a cutoff."
        )
    return _with_width(fields, links, active, width, monitor)


def add_to_mosaic(mosaic: FloatArray, corridor: Corridor) -> None:
    """Lower a mosaic (NaN where empty) to the excess costs of one more corridor, in place.

    Examples
    --------
    >>> mosaic = np.full((1, 4), np.nan, dtype=np.float32)
    >>> add_to_mosaic(mosaic, Corridor(0, slice(0, 1), slice(0, 2), np.array([[0.0, 5.0]]), 10.0))
    >>> add_to_mosaic(mosaic, Corridor(1, slice(0, 1), slice(1, 3), np.array([[2.0, 0.0]]), 10.0))
    >>> mosaic.tolist()
    [[0.0, 2.0, 0.0, nan]]
    """
    part = mosaic[corridor.rows, corridor.cols]
    np.fmin(part, corridor.excess, out=part)


def entries(land: BoolArray, found: Iterable[Corridor]) -> FloatArray:
    """Return from which excess on each cell of some land lies in a corridor, in no order; cells in none are left out.

    Examples
    --------
    >>> found = [Corridor(0, slice(0, 1), slice(0, 2), np.array([[0.0, 5.0]]), 10.0)]
    >>> found += [Corridor(1, slice(0, 1), slice(1, 3), np.array([[2.0, 0.0]]), 10.0)]
    >>> entries(np.array([[False, True, True, True]]), found).tolist()
    [2.0, 0.0]
    """
    mosaic = np.full(land.shape, np.nan)
    for corridor in found:
        add_to_mosaic(mosaic, corridor)
    values: FloatArray = mosaic[land & np.isfinite(mosaic)]
    return values


def cutoff_for_area(fields: CostFields, links: Links, cells: int, *, monitor: Monitor = SILENT) -> float:
    """Return the common cutoff at which all corridors together cover an area outside the sources.

    Parameters
    ----------
    fields, links
        As in `corridors`.
    cells : int
        The area, in cells.
    monitor : Monitor
        Progress and cancellation; warns when there is not so much area.

    Returns
    -------
    float
        The smallest cutoff that reaches the area, in cost units. Cells of equal excess enter together, so the area can
        come out a little larger.

    Raises
    ------
    InputError
        If the area is below one cell.

    Examples
    --------
    >>> from ecosecnet.core.corridors import find_links
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.zeros((3, 3), dtype=np.int32)
    >>> labels[1, [0, 2]] = 1, 2
    >>> fields = CostFields(CostGraph(np.ones((3, 3)), cell_size=10.0), labels)
    >>> links = find_links(fields, np.array([[1, 2]]), np.array([10.0]))
    >>> [round(cutoff_for_area(fields, links, cells), 2) for cells in (1, 2)]
    [0.0, 8.28]
    """
    if cells < 1:
        raise InputError("The area of the corridors must be at least one cell.")
    active = links.active
    if np.isnan(links.cost[active]).any():
        raise InputError("The links carry no least-cost distances. Take the links of `find_links`.")
    guess = _FIRST_GUESS * float(np.median(links.cost[active]))
    while True:
        found = corridors(fields, links, cutoff=guess, monitor=monitor.part(0.0, 0.9))
        values = entries(fields.labels == 0, found)
        if values.size >= cells:
            return float(np.partition(values, cells - 1)[cells - 1])
        if np.isinf(guess):
            monitor.warn(f"There are only {values.size:,} cells for corridors, {cells:,} are wanted. All are taken.")
            return float(values.max(initial=0.0))
        guess = float(_wider(guess, float(links.cost[active].max())))


def _wider(guess: FloatArray | float, cost: FloatArray | float) -> Any:
    """Return the next cutoff to try: three times as much, and without limit when that no longer makes sense."""
    return np.where(np.asarray(guess) > 100.0 * np.asarray(cost), np.inf, np.asarray(guess) * _GROWTH)


def _with_cutoffs(
    fields: CostFields, links: Links, active: IntArray, cutoffs: FloatArray, monitor: Monitor
) -> Iterator[Corridor]:
    for link in fields.along(links.pairs[active], slack=cutoffs, monitor=monitor):
        yield _corridor(link, int(active[link.index]), float(cutoffs[link.index]))


def _corridor(link: LinkCosts, index: int, cutoff: float) -> Corridor:
    excess = link.excess()
    excess[~link.inside(cutoff)] = np.nan
    return Corridor(index, link.rows, link.cols, excess, cutoff)


def _with_width(
    fields: CostFields, links: Links, active: IntArray, width: float, monitor: Monitor
) -> Iterator[Corridor]:
    cell_size = fields.graph.cell_size
    length = np.array([outside_length(links.paths[index], cell_size) for index in active.tolist()])
    wanted = np.ceil(width * length / cell_size**2 * (1.0 - _ROUNDING)).astype(np.int64)
    guess = 0.5 * width * links.cost[active] / links.length[active]
    waiting = np.arange(active.size)
    total = max(1, active.size)
    while waiting.size:
        done = 1.0 - waiting.size / total
        part = monitor.part(done, 1.0)
        short = []
        for link in fields.along(links.pairs[active[waiting]], slack=guess[waiting], monitor=part):
            place = int(waiting[link.index])
            index = int(active[place])
            excess = link.excess()
            window = fields.labels[link.rows, link.cols]
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
            yield _corridor(link, index, limit)
        waiting = np.array(short, dtype=np.int64)
        guess[waiting] = _wider(guess[waiting], links.cost[active[waiting]])
