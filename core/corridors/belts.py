"""Whether corridors are so wide that they tell nothing, or so narrow that current has one way only; and what to do then."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..choices import CutoffRule
from ..leastcost.fields import CostFields
from ..leastcost.links import Links
from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray
from .cutoff import MOST, Cutoff, cutoffs, mean_resistance, open_land, rounded, up_to_most
from .linkages import outside_length
from .normalised import Corridor, corridors, entries

NARROW = 1.5
"""Mean width in cells below which corridors are paths."""

WIDE_ENOUGH = 2.0
"""Mean width in cells that a wider cutoff is proposed for."""

_GROWTH = 3.0
"""Factor by which the cutoff is widened while the corridors stay too narrow."""

_MOST_GROWN = 3.0**12
"""Factor beyond which a landscape has no room for wider corridors."""


def belt_advice(
    fields: CostFields, links: Links, cutoff: Cutoff, found: FloatArray, belt: BoolArray, *, monitor: Monitor = SILENT
) -> str:
    """Return what to say of corridors that are too wide or too narrow, with a cutoff that mends it; empty where all is well.

    Corridors are too wide where together they cover more than a third of the passable land outside the sources, and too
    narrow where their mean width, area over length of the path, is below one and a half cells.

    Parameters
    ----------
    fields : CostFields
        The sources on the resistance surface.
    links : Links
        The link table, with least-cost distances and lengths.
    cutoff : Cutoff
        What was asked for. One of 0 asks for paths; nothing is said of their width.
    found : ndarray, float64, shape (active links,)
        What `cutoffs` made of it.
    belt : ndarray, bool, shape (rows, cols)
        The cells of all corridors; those in sources do not matter.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    str
        The numbers as they are, and the proposed one. Searches only where there is something to say.

    Examples
    --------
    >>> from ecosecnet.core.corridors import find_links
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.zeros((9, 9), dtype=np.int32)
    >>> labels[4, [0, 8]] = 1, 2
    >>> fields = CostFields(CostGraph(np.ones((9, 9)), cell_size=10.0), labels)
    >>> links, cutoff = find_links(fields, np.array([[1, 2]]), np.array([70.0])), Cutoff(50.0, CutoffRule.COST)
    >>> print(belt_advice(fields, links, cutoff, np.array([50.0]), np.ones((9, 9), dtype=bool)))
    The corridors cover 100 % of the land outside the sources, so that they hardly tell one way from another. CUTOFF = 16.5 \
cost units makes it 32 %.
    """
    land = open_land(fields)
    area, cells = int(np.count_nonzero(land)), int(np.count_nonzero(belt & land))
    if cells > MOST * area:
        return _too_wide(fields, links, cutoff, found, land, cells / area, monitor)
    if cutoff.value > 0 and cells < NARROW * _path_cells(fields, links):
        return _too_narrow(fields, links, cutoff, found, monitor)
    return ""


def _path_cells(fields: CostFields, links: Links) -> float:
    """Return the length of all paths outside their sources, in cells."""
    length = links.length[links.active] / fields.graph.cell_size - 1.0
    return float(length[length > 0].sum())


def _too_wide(
    fields: CostFields, links: Links, cutoff: Cutoff, found: FloatArray, land: BoolArray, share: float, monitor: Monitor
) -> str:
    belts = corridors(fields, links, cutoff=found, monitor=monitor)
    values = entries(land, (replace(one, excess=_entry(fields, links, cutoff, one)) for one in belts))
    area = int(np.count_nonzero(land))
    said = (
        f"The corridors cover {100 * share:.0f} % of the land outside the sources, so that they hardly tell one way from "
        "another."
    )
    value = up_to_most(values, area, links)
    if not value > 0:
        return f"{said} Their least-cost paths alone do: use smaller cells or fewer links."
    left = np.count_nonzero(values <= value) / area
    return f"{said} {_proposed(cutoff, links, value, up=False)} makes it {100 * left:.0f} %."


def _too_narrow(fields: CostFields, links: Links, cutoff: Cutoff, found: FloatArray, monitor: Monitor) -> str:
    length = _path_cells(fields, links)
    wanted = math.ceil(WIDE_ENOUGH * length)
    asked, limits, said = cutoff, found, ""
    while asked.value <= _MOST_GROWN * cutoff.value:
        values = np.concatenate(
            [_outside(fields, links, asked, one) for one in corridors(fields, links, cutoff=limits, monitor=monitor)]
        )
        if not said:
            if values.size >= NARROW * length:
                return ""  # many corridors share their cells
            said = (
                f"The corridors are {values.size / length:.2g} cells wide in the mean, so that there is hardly a second way "
                "and every place on them looks like a pinch point."
            )
        if cutoff.rule is CutoffRule.WIDTH:
            return f"{said} {_proposed(cutoff, links, WIDE_ENOUGH * fields.graph.cell_size, up=True)} makes it 2."
        if values.size >= wanted:
            value = rounded(float(np.partition(values, wanted - 1)[wanted - 1]), up=True)
            return f"{said} {_proposed(cutoff, links, value, up=True)} makes it 2."
        asked = replace(asked, value=_GROWTH * asked.value, limited=False)
        limits = cutoffs(fields, links, asked)
    return f"{said} There is no land for wider ones: use smaller cells."


def _entry(fields: CostFields, links: Links, cutoff: Cutoff, corridor: Corridor) -> FloatArray:
    """Return from which number on a cell belongs to a corridor: cost units, share or mean width; NaN outside of it."""
    if cutoff.rule is CutoffRule.SHARE:
        shares: FloatArray = corridor.excess / links.cost[corridor.index]
        return shares
    if cutoff.rule is not CutoffRule.WIDTH:
        return corridor.excess
    cell = fields.graph.cell_size
    outside = corridor.excess[_own(fields, links, corridor)]
    before = np.searchsorted(np.sort(outside[~np.isnan(outside)]), corridor.excess, side="left")
    length = max(outside_length(links.paths[corridor.index], cell), 1e-9 * cell)  # sources that touch have none
    width = before * cell**2 / length
    return np.where(np.isnan(corridor.excess), np.nan, width)


def _own(fields: CostFields, links: Links, corridor: Corridor) -> BoolArray:
    """Return the cells of the box of a corridor that are not in its two sources."""
    window = fields.labels[corridor.rows, corridor.cols]
    a, b = links.pairs[corridor.index].tolist()
    own: BoolArray = (window != a) & (window != b)
    return own


def _outside(fields: CostFields, links: Links, cutoff: Cutoff, corridor: Corridor) -> FloatArray:
    """Return the entries of the cells of a corridor that are not in its two sources."""
    entry = _entry(fields, links, cutoff, corridor)[_own(fields, links, corridor)]
    known: FloatArray = entry[~np.isnan(entry)]
    return known


def _proposed(cutoff: Cutoff, links: Links, value: float, *, up: bool) -> str:
    """Return a cutoff as the user gives it."""
    if cutoff.rule is CutoffRule.SHARE:
        return f"CUTOFF = {value:.10g} as a share of the least-cost distance"
    if cutoff.rule is CutoffRule.WIDTH:
        return f"CUTOFF = {value:.10g} m of mean width"
    said = f"CUTOFF = {value:.10g} cost units"
    if cutoff.rule is CutoffRule.COST:
        return said
    return f"{said}, {rounded(value / mean_resistance(links), up=up):.10g} m times the mean resistance of the paths,"
