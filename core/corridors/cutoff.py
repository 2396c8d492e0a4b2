"""How wide corridors are: what the number of a cutoff counts, and the cutoff of each link in cost units.

The Liuzhi study draws corridors up to "2,000 m". A cutoff is a number of cost units, though, resistance times metres, so that
2,000 of them are 2 km over cells of resistance 1 and one cell over cells of resistance 70. The rule here takes the metres at
their word: they are walked over ground of the resistance that the least-cost paths have in the mean. Where sources lie close
together, corridors that wide would run into each other and tell nothing; there the cutoff of the method ends where the
corridors cover a third of the land.

References
----------
Yang, Y. et al., the Liuzhi study: corridors of 2,000 m in a landscape of resistance 1 to 5.
McRae, B. H. & Kavanagh, D. M. (2011). *Linkage Mapper connectivity analysis software*. The Nature Conservancy, Seattle: a
cutoff in cost units above the least-cost path.
Adriaensen, F. et al. (2003). The application of 'least-cost' modelling as a functional landscape model.
*Landscape and Urban Planning* 64, 233-247, https://doi.org/10.1016/S0169-2046(02)00242-6
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from .. import defaults
from ..choices import CutoffRule
from ..errors import InputError
from ..leastcost.fields import CostFields
from ..leastcost.links import LinkKind, Links
from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray, IntArray
from .normalised import corridors, entries

MOST = 1.0 / 3.0
"""Share of the land outside the sources from which on corridors no longer tell one way from another."""


@dataclass(frozen=True)
class Cutoff:
    """A cutoff as it was asked for.

    Attributes
    ----------
    value : float
        The number.
    rule : CutoffRule
        What it counts.
    limited : bool
        Whether a number of metres is lowered until the corridors cover at most a third of the passable land outside the
        sources: for the number of the method, which nobody has chosen for this landscape.

    Raises
    ------
    InputError
        If the number is not finite, negative, or 0 where it is a width.
    """

    value: float = defaults.CUTOFF
    rule: CutoffRule = CutoffRule.METRES
    limited: bool = False

    def __post_init__(self) -> None:
        if not (self.value >= 0 and np.isfinite(self.value)):
            raise InputError(f"The cutoff of the corridors is {self.value:g}; it must be a number of 0 or more.")
        if self.rule is CutoffRule.WIDTH and not self.value > 0:
            raise InputError("The mean width of the corridors is 0; it must be above 0.")


def mean_resistance(links: Links) -> float:
    """Return the mean resistance of the least-cost paths of all active links, by their length: sum of costs over lengths.

    Raises
    ------
    InputError
        If no active link has both.

    Examples
    --------
    >>> from ecosecnet.core.corridors import find_links
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.array([[1, 0, 0, 2]], dtype=np.int32)
    >>> fields = CostFields(CostGraph(np.array([[1.0, 4.0, 4.0, 1.0]]), cell_size=10.0), labels)
    >>> mean_resistance(find_links(fields, np.array([[1, 2]]), np.array([20.0])))
    3.0
    """
    cost, length = links.cost[links.active], links.length[links.active]
    known = np.isfinite(cost) & (length > 0)
    if not known.any():
        raise InputError(
            "The links carry no least-cost distances and lengths, from which the corridors would take their cutoff. Take "
            "the links of `find_links`."
        )
    return float(cost[known].sum() / length[known].sum())


def cutoffs(fields: CostFields, links: Links, cutoff: Cutoff, *, monitor: Monitor = SILENT) -> FloatArray:
    """Return the cutoff of the corridor of each active link, in cost units.

    Parameters
    ----------
    fields : CostFields
        The sources on the resistance surface; searched only where widths are asked for, or a limit.
    links : Links
        The link table of `find_links`; where the cutoff is in cost units, any.
    cutoff : Cutoff
        What is asked for: metres times `mean_resistance`, cost units, a share of the least-cost distance of each link, or a
        mean width, see `corridors`.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    ndarray, float64, shape (active links,)
        0 where a link has no way and one would be needed.

    Raises
    ------
    InputError
        If the links do not carry what the rule needs.

    Examples
    --------
    >>> from ecosecnet.core.corridors import find_links
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.array([[1, 0, 0, 2]], dtype=np.int32)
    >>> fields = CostFields(CostGraph(np.array([[1.0, 4.0, 4.0, 1.0]]), cell_size=10.0), labels)
    >>> links = find_links(fields, np.array([[1, 2]]), np.array([20.0]))
    >>> [cutoffs(fields, links, Cutoff(2.0, rule)).tolist() for rule in (CutoffRule.METRES, CutoffRule.SHARE)]
    [[6.0], [180.0]]
    """
    active = np.flatnonzero(links.active)
    if cutoff.rule is CutoffRule.COST:
        return np.full(active.size, float(cutoff.value))
    if cutoff.rule is CutoffRule.METRES:
        value = cutoff.value * mean_resistance(links)
        if cutoff.limited:
            value = most_telling(fields, links, value, monitor=monitor)
        return np.full(active.size, value)
    cost = links.cost[active]
    if np.isnan(cost).any():
        raise InputError("The links carry no least-cost distances. Take the links of `find_links`.")
    there = np.isfinite(cost)
    found = np.zeros(active.size)
    if cutoff.rule is CutoffRule.SHARE:
        found[there] = cutoff.value * cost[there]
        return found
    kind = links.kind.copy()
    kind[active[~there]] = LinkKind.CUT_OFF
    for corridor in corridors(fields, replace(links, kind=kind), width=cutoff.value, monitor=monitor):
        found[np.searchsorted(active, corridor.index)] = corridor.cutoff
    return found


def most_telling(fields: CostFields, links: Links, cutoff: float, *, monitor: Monitor = SILENT) -> float:
    """Return the cutoff, at most the one given, up to which the corridors cover a third of the land outside the sources.

    Parameters
    ----------
    fields, links, monitor
        As in `cutoffs`.
    cutoff : float
        In cost units.

    Returns
    -------
    float
        Three figures; the cutoff given where it covers no more, and where the least-cost paths alone cover more.

    Examples
    --------
    >>> from ecosecnet.core.corridors import find_links
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.zeros((9, 9), dtype=np.int32)
    >>> labels[4, [0, 8]] = 1, 2
    >>> fields = CostFields(CostGraph(np.ones((9, 9)), cell_size=10.0), labels)
    >>> most_telling(fields, find_links(fields, np.array([[1, 2]]), np.array([70.0])), 50.0)
    16.5
    """
    land = open_land(fields)
    values = entries(land, corridors(fields, links, cutoff=cutoff, monitor=monitor))
    return min(up_to_most(values, int(np.count_nonzero(land)), links), cutoff) or cutoff


def open_land(fields: CostFields) -> BoolArray:
    """Return the passable cells outside the sources."""
    land: BoolArray = (fields.labels == 0) & ~np.isnan(fields.graph.resistance)
    return land


def up_to_most(values: FloatArray, cells: int, links: Links) -> float:
    """Return the number, of three figures, up to which corridors cover at most `MOST` of so many cells.

    `values` are their `entries`. Infinite where all of them cover no more, 0 where the least-cost paths alone do.

    Examples
    --------
    >>> values, links = np.array([5.0, 0.0, 2.0]), Links.between([[1, 2]])
    >>> [up_to_most(values, cells, links) for cells in (9, 6, 3)]
    [inf, 4.99, 1.99]
    """
    most = int(MOST * cells)
    if values.size <= most:
        return math.inf
    return rounded(below(np.partition(values, most)[most], links), up=False)


def below(cost: float, links: Links) -> float:
    """Return what is a hair below a cost, as far as sums of the costs of links are rounded.

    Examples
    --------
    >>> below(5.0, Links.between([[1, 2]])) < 5.0
    True
    """
    return float(cost - 1e-9 * (cost + links.cost[links.active & np.isfinite(links.cost)].max(initial=0.0)))


def rounded(value: float, *, up: bool) -> float:
    """Return a number of three figures on one side of a positive one; 0 for others.

    Examples
    --------
    >>> rounded(8831.9, up=True), rounded(8831.9, up=False)
    (8840.0, 8830.0)
    """
    if not value > 0:
        return 0.0
    decimals = 2 - math.floor(math.log10(value))
    scale = 10.0**decimals
    return round((math.ceil(value * scale) if up else math.floor(value * scale)) / scale, max(decimals, 0))


def foresee(fields: CostFields, pairs: IntArray, euclidean: FloatArray, cutoff: Cutoff) -> None:
    """Let the first searches of a chain go as far as the corridors will need, so that no source is searched twice.

    The mean resistance of paths is not known before them. What crossing between the zones of two sources costs over their
    straight distance is seldom less, since paths are longer than a straight line; where it is, searches are repeated.

    Parameters
    ----------
    fields : CostFields
        The sources; nothing searched yet.
    pairs, euclidean
        As `find_links` takes them.
    cutoff : Cutoff
        What will be asked for.

    Examples
    --------
    >>> from ecosecnet.core.corridors import find_links
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.array([[1, 0, 0, 2]], dtype=np.int32)
    >>> fields = CostFields(CostGraph(np.array([[1.0, 4.0, 4.0, 1.0]]), cell_size=10.0), labels)
    >>> pairs, apart, cutoff = np.array([[1, 2]]), np.array([20.0]), Cutoff(50.0)
    >>> foresee(fields, pairs, apart, cutoff)
    >>> links = find_links(fields, pairs, apart)
    >>> found = list(fields.along(links.joined, slack=cutoffs(fields, links, cutoff)))
    >>> fields.searches
    2
    """
    if cutoff.rule is CutoffRule.COST:
        fields.expect(slack=cutoff.value)
    elif cutoff.rule is CutoffRule.SHARE:
        fields.expect(share=cutoff.value)
    elif cutoff.rule is CutoffRule.METRES:
        touching, cost = fields.contacts()
        crossing = dict(zip(map(tuple, touching.tolist()), cost.tolist()))
        known = np.array([crossing.get(tuple(pair), np.nan) for pair in pairs.tolist()])
        both = np.isfinite(known) & (euclidean > 0)
        if both.any():
            fields.expect(slack=cutoff.value * float(known[both].sum() / euclidean[both].sum()))


def stated(cutoff: Cutoff, found: FloatArray, links: Links) -> str:
    """Return what the corridors reach to, with the numbers behind it.

    Examples
    --------
    >>> stated(Cutoff(300.0, CutoffRule.COST), np.array([300.0]), Links.between([[1, 2]]))
    'Corridor cutoff: 300 cost units above the least-cost path.'
    """
    start = "Corridor cutoff:"
    if cutoff.rule is CutoffRule.COST:
        return f"{start} {cutoff.value:,.6g} cost units above the least-cost path."
    if cutoff.rule is CutoffRule.METRES:
        mean = mean_resistance(links)
        asked = f"{cutoff.value:,.6g} m times {mean:,.4g}, the mean resistance of the least-cost paths,"
        if found[0] < cutoff.value * mean:
            more = float(f"{cutoff.value * mean:.4g}")  # as many digits as the mean has
            return (
                f"{start} {found[0]:,.6g} cost units above the least-cost path, with which the corridors cover a third of "
                f"the land outside the sources. {asked} would be {more:,.6g} and cover more."
            )
        return f"{start} {asked} make {found[0]:,.6g} cost units above the least-cost path."
    how = (
        f"{100 * cutoff.value:.6g} % of the least-cost distance of each link"
        if cutoff.rule is CutoffRule.SHARE
        else f"that of a mean width of {cutoff.value:,.6g} m on each link"
    )
    return f"{start} {how}, {found.min():,.6g} to {found.max():,.6g} cost units above the least-cost path."
