"""Priority of links from the sources they join, their path and the climate they lead to.

References
----------
Gallo, J. A. & Greene, R. (2018). *Connectivity analysis software for estimating linkage priority*. Conservation Biology
Institute, https://doi.org/10.6084/m9.figshare.5673715
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .. import defaults
from ..errors import InputError
from ..leastcost.fields import CostFields
from ..leastcost.links import Links
from ..monitor import SILENT, Monitor
from ..stats.ranks import strict_ranks
from ..types import FloatArray, IntArray


@dataclass(frozen=True)
class Ranking:
    """A weighted sum of scaled parts, and how its order depends on the weights.

    Attributes
    ----------
    value : ndarray, float64, shape (n,)
        The weighted sum over its largest value, 0 to 1.
    rank : ndarray, int64, shape (n,)
        1 is the highest; the first of equals comes first.
    best, worst : ndarray, int64, shape (n,)
        Best and worst rank when every weight is changed at random.
    """

    value: FloatArray
    rank: IntArray
    best: IntArray
    worst: IntArray


def scaled(values: FloatArray, *, invert: bool = False, by_maximum: bool = False) -> FloatArray:
    """Return values on a scale up to 1.

    Parameters
    ----------
    values : ndarray, float64
        Finite numbers; with `by_maximum` not negative.
    invert : bool
        Whether small values are the good ones.
    by_maximum : bool
        Divide by the largest value, where the default stretches from the smallest (0) to the largest (1).

    Returns
    -------
    ndarray, float64
        All 1 where the values do not differ.

    Examples
    --------
    >>> scaled(np.array([2.0, 4.0, 10.0])).tolist()
    [0.0, 0.25, 1.0]
    >>> scaled(np.array([2.0, 4.0, 10.0]), by_maximum=True, invert=True).tolist()
    [1.0, 0.8, 0.2]
    """
    low, high = float(values.min()), float(values.max())
    if high == low:
        return np.ones(values.shape)
    if by_maximum:
        return (high + low - values) / high if invert else values / high
    return (high - values if invert else values - low) / (high - low)


def source_parts(
    resistance: FloatArray,
    area: FloatArray,
    perimeter: FloatArray,
    flow: FloatArray,
    *,
    expert: FloatArray | None = None,
    value: FloatArray | None = None,
) -> dict[str, FloatArray]:
    """Return the parts of the value of sources, scaled within the run.

    Parameters
    ----------
    resistance : ndarray, float64, shape (n,)
        Mean resistance of each source; low is good.
    area, perimeter : ndarray, float64, shape (n,)
        Square metres and metres.
    flow : ndarray, float64, shape (n,)
        Current-flow centrality.
    expert, value : ndarray, float64, shape (n,), optional
        What experts and another raster say, higher is better.

    Returns
    -------
    dict of ndarray, float64, shape (n,)
        By the names of `defaults.SOURCE_WEIGHTS`; 0 for what is not given.

    Examples
    --------
    >>> parts = source_parts(np.array([2.0, 4.0]), np.array([8e4, 4e4]), np.array([1600.0, 1000.0]), np.array([1.0, 3.0]))
    >>> print(parts["permeable"], parts["area"], parts["shape"])
    [1.  0.5] [1.  0.5] [1.  0.8]
    """
    return {
        "permeable": scaled(resistance, invert=True, by_maximum=True),
        "area": scaled(area, by_maximum=True),
        "shape": scaled(area / perimeter, by_maximum=True),
        "flow": scaled(flow, by_maximum=True),
        "expert": _optional(expert, len(area)),
        "value": _optional(value, len(area)),
    }


def source_values(
    parts: Mapping[str, FloatArray], weights: Mapping[str, float] = defaults.SOURCE_WEIGHTS
) -> FloatArray:
    """Return the value of each source, the weighted sum of its parts: 0 for the least and 1 for the best.

    Examples
    --------
    >>> parts = {"area": np.array([0.5, 1.0, 0.25]), "flow": np.array([1.0, 0.5, 0.25])}
    >>> source_values(parts, {"area": 3.0, "flow": 1.0}).round(3).tolist()
    [0.6, 1.0, 0.0]
    """
    return scaled(rank(parts, weights, change=0.0, runs=1).value)


def link_parts(
    pairs: IntArray,
    cost: FloatArray,
    length: FloatArray,
    values: FloatArray,
    *,
    expert: FloatArray | None = None,
    climate: FloatArray | None = None,
) -> dict[str, FloatArray]:
    """Return the parts of the priority of links, scaled within the run.

    Parameters
    ----------
    pairs : ndarray, int, shape (m, 2)
        Positions of the two sources of each link, from 0.
    cost, length : ndarray, float64, shape (m,)
        Least-cost distance and length of the least-cost path; short paths and low cost for the length are good.
    values : ndarray, float64, shape (n,)
        Value of each source, 0 to 1; a link has the mean of its two.
    expert : ndarray, float64, shape (m,), optional
        What experts say, higher is better.
    climate : ndarray, float64, shape (m,), optional
        How suitable the climate is that a link leads to, 0 to 1: `climate_fit`.

    Returns
    -------
    dict of ndarray, float64, shape (m,)
        By the names of `defaults.LINK_WEIGHTS`; 0 for what is not given.

    Examples
    --------
    >>> cost, length = np.array([3000.0, 2000.0]), np.array([1000.0, 500.0])
    >>> parts = link_parts(np.array([[0, 1], [1, 2]]), cost, length, np.array([0.6, 1.0, 0.0]))
    >>> parts["close"].tolist(), parts["path"].tolist(), parts["ends"].tolist()
    ([0.0, 1.0], [1.0, 0.0], [0.8, 0.5])
    """
    return {
        "close": scaled(length, invert=True),
        "path": scaled(cost / length, invert=True),
        "ends": values[pairs].mean(axis=1),
        "expert": _optional(expert, len(pairs)),
        "climate": np.zeros(len(pairs)) if climate is None else climate,
    }


def rank(
    parts: Mapping[str, FloatArray],
    weights: Mapping[str, float] = defaults.LINK_WEIGHTS,
    *,
    change: float = 0.25,
    runs: int = 200,
    seed: int = 0,
) -> Ranking:
    """Rank by the weighted sum of parts.

    Parameters
    ----------
    parts : mapping of ndarray, float64, shape (n,)
        Scaled parts, 0 to 1.
    weights : mapping of float
        One for each part by the same names. Not negative, not all 0; taken as shares of their sum.
    change : float
        Largest relative change of a weight, up or down, for the spread of the ranks.
    runs : int
        Number of random changes.
    seed : int
        Seed of the random changes.

    Returns
    -------
    Ranking

    Raises
    ------
    InputError
        If weights are negative, or all 0, or the change is not between 0 and 1.

    Examples
    --------
    >>> parts = {"near": np.array([1.0, 0.0, 0.6]), "cheap": np.array([0.0, 1.0, 0.6])}
    >>> ranking = rank(parts, {"near": 2.0, "cheap": 1.0}, change=0.0)
    >>> ranking.value.round(4).tolist(), ranking.rank.tolist()
    ([1.0, 0.5, 0.9], [1, 3, 2])
    """
    stack, shares = np.array(list(parts.values())), np.array([weights[name] for name in parts])
    if not (shares >= 0).all() or not shares.sum() > 0:
        raise InputError(f"Weights must be 0 or more, and not all 0, but are {', '.join(f'{w:g}' for w in shares)}.")
    if not 0 <= change <= 1:
        raise InputError(f"The change of the weights must be between 0 and 1, not {change:g}.")
    total = shares @ stack / shares.sum()
    changed = shares * np.random.default_rng(seed).uniform(1.0 - change, 1.0 + change, (runs, len(shares)))
    order = np.vstack([strict_ranks(total), *(strict_ranks(one @ stack) for one in changed)])
    highest = total.max(initial=0.0)
    return Ranking(total / highest if highest > 0 else total, order[0], order.min(axis=0), order.max(axis=0))


def climate_fit(
    now: FloatArray,
    future: FloatArray,
    pairs: IntArray,
    *,
    preferred: float | None = None,
    analogue_weight: float = 0.67,
) -> FloatArray:
    """Return how well each link leads from a warm source to one that will be as warm as that is now.

    Parameters
    ----------
    now, future : ndarray, float64, shape (n,)
        Mean climate of each source, positive (temperatures in kelvin, or another ratio scale). Higher is warmer.
    pairs : ndarray, int, shape (m, 2)
        Positions of the two sources of each link, from 0.
    preferred : float, optional
        Climate the species prefers; a link to a source nearer to it in future is better.
    analogue_weight : float
        Weight of the analogue against the preference, 0 to 1, where a preference is given.

    Returns
    -------
    ndarray, float64, shape (m,)
        0 to 1.

    Raises
    ------
    InputError
        If a climate value is not positive.

    Notes
    -----
    The ratio of the future climate at the cooler end to the present one at the warmer end is best at 1; it counts less
    the more it departs, and colder less badly than hotter. Linkage Priority of Linkage Mapper picks the branch of that
    curve by comparing the ratio with the value at its top, not with its place; here it is picked by place.

    Examples
    --------
    >>> now, future = np.array([290.0, 285.0, 280.0]), np.array([293.0, 290.0, 283.0])
    >>> climate_fit(now, future, np.array([[0, 1], [0, 2], [1, 2]])).round(4).tolist()
    [1.0, 0.0, 0.7093]
    """
    if not ((now > 0).all() and (future > 0).all()):
        raise InputError(
            f"Climate values are compared as ratios and must be positive, but go down to "
            f"{min(now.min(), future.min()):g}. Give temperatures in kelvin."
        )
    warmer = np.where(now[pairs[:, 0]] >= now[pairs[:, 1]], 0, 1)
    each = np.arange(len(pairs))
    start, end = pairs[each, warmer], pairs[each, 1 - warmer]
    ratio = future[end] / now[start]
    fit = scaled(_curve(ratio, at_lowest=0.75, highest=max(float(ratio.max()), 1.15)))
    if preferred is None:
        return fit
    if not preferred > 0:
        raise InputError(f"The preferred climate must be positive, not {preferred:g}.")
    ratio = future[end] / preferred
    choice = scaled(_curve(ratio, at_lowest=0.5, highest=float(ratio.max())))
    return analogue_weight * fit + (1.0 - analogue_weight) * choice


def priority_map(
    fields: CostFields,
    links: Links,
    priority: FloatArray,
    cutoff: float | FloatArray,
    *,
    corridor_weight: float = 0.5,
    monitor: Monitor = SILENT,
) -> FloatArray:
    """Return the priority of every cell of the corridors.

    Each corridor counts with the place in it (1 on the least-cost path, 0 where it costs most) and the priority of its
    link; of several corridors the best counts.

    Parameters
    ----------
    fields : CostFields
        The sources on the resistance surface.
    links : Links
        The link table.
    priority : ndarray, float64, shape (active links,)
        Priority of each active link, 0 to 1.
    cutoff : float or ndarray, float64, shape (active links,)
        Largest excess cost of the corridors, in cost units; see `cutoffs`.
    corridor_weight : float
        Weight of the place in the corridor against the priority of the link, 0 to 1.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    ndarray, float32, shape (rows, cols)
        0 to 1; NaN outside the corridors.

    Examples
    --------
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.array([[1, 0, 2], [0, 0, 0]], dtype=np.int32)
    >>> fields = CostFields(CostGraph(np.ones((2, 3)), cell_size=10.0), labels)
    >>> priority_map(fields, Links.between([(1, 2)]), np.array([0.8]), cutoff=10.0).astype(float).round(2).tolist()
    [[0.9, 0.9, 0.9], [nan, 0.4, nan]]
    """
    if not 0 <= corridor_weight <= 1:
        raise InputError(f"The weight of the place in the corridor must be between 0 and 1, not {corridor_weight:g}.")
    limits = links.limits(cutoff)
    mosaic = np.full(fields.graph.shape, np.nan, dtype=np.float32)
    for link in fields.along(links.joined, slack=limits, monitor=monitor):
        excess = link.excess()
        inside = link.inside(float(limits[link.index]))
        if not inside.any():
            continue
        place = np.full(excess.shape, np.nan)
        place[inside] = scaled(excess[inside], invert=True)
        part = mosaic[link.rows, link.cols]
        np.fmax(part, corridor_weight * place + (1.0 - corridor_weight) * priority[link.index], out=part)
    return mosaic


def _optional(values: FloatArray | None, count: int) -> FloatArray:
    return np.zeros(count) if values is None else scaled(values)


def _curve(ratio: FloatArray, *, at_lowest: float, highest: float) -> FloatArray:
    """Return 1 at ratio 1, falling straight to `at_lowest` at the lowest ratio and to 0 at the highest."""
    lowest = min(float(ratio.min()), 1.0)
    below = np.interp(ratio, [lowest, 1.0], [at_lowest, 1.0]) if lowest < 1.0 else np.ones(ratio.shape)
    above = np.interp(ratio, [1.0, highest], [1.0, 0.0]) if highest > 1.0 else np.ones(ratio.shape)
    return np.where(ratio <= 1.0, below, above)
