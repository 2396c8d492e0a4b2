"""Connectivity indices of a whole landscape."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import connected_components

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..stats.products import weighted_sum, weighted_sums
from ..types import FloatArray, IntArray
from .graph import PatchGraph
from .pruning import best_paths


@dataclass(frozen=True)
class BinaryIndices:
    """Indices of patches that are linked or not.

    Attributes
    ----------
    links : int
        NL, number of links.
    components : int
        NC, number of groups of linked patches; an isolated patch is one.
    harary : float
        H, sum over pairs of patches of 1 / (links on the path with the fewest links).
    coincidence : float
        CCP, chance that two random points in habitat lie in the same component; 0 without habitat.
    numerator : float
        IIC times the square of the landscape attribute.
    equivalent : float
        EC(IIC), the attribute of a single patch that would connect as much.
    landscape_coincidence, iic : float or None
        LCP and IIC; None when the landscape attribute is not known.
    """

    links: int
    components: int
    harary: float
    coincidence: float
    numerator: float
    equivalent: float
    landscape_coincidence: float | None
    iic: float | None


@dataclass(frozen=True)
class ProbabilityIndices:
    """Indices of patches linked by a probability of dispersal.

    Attributes
    ----------
    flux : float
        F, sum of the direct probabilities, each link in both directions.
    weighted_flux : float
        AWF, the same with the product of the two attributes.
    numerator : float
        PC times the square of the landscape attribute.
    equivalent : float
        EC(PC), the attribute of a single patch that would connect as much (equivalent connected area).
    intra, direct, step : float
        Per cent of the numerator within patches, over direct links, and gained by stepping stones.
    pc : float or None
        PC; None when the landscape attribute is not known.
    """

    flux: float
    weighted_flux: float
    numerator: float
    equivalent: float
    intra: float
    direct: float
    step: float
    pc: float | None


def most_missed(attributes: FloatArray, found: ProbabilityIndices, negligible: float) -> float:
    """Return how much PC can miss at most, in percent, where paths of less than a probability were left out.

    Each left-out pair adds less than the probability times the attributes of its two patches.

    Examples
    --------
    >>> graph = PatchGraph.probabilistic([2.0, 2.0], [[0, 1]], [1.0])
    >>> most_missed(graph.attributes, probability_indices(graph), 0.01)
    1.0
    """
    return 100.0 * negligible * float(np.sum(attributes)) ** 2 / (found.numerator or 1.0)


def components(graph: PatchGraph) -> IntArray:
    """Return the number of the component of each patch, int32, from 0 in the order of the first patch.

    Examples
    --------
    >>> components(PatchGraph.linked(np.ones(4), [(0, 2), (1, 3)])).tolist()
    [0, 1, 0, 1]
    """
    labels: IntArray = connected_components(graph.matrix, directed=False)[1]
    return labels


def binary_indices(graph: PatchGraph, *, landscape: float | None = None, monitor: Monitor = SILENT) -> BinaryIndices:
    """Return NL, NC, H, CCP, LCP and IIC of a graph of links.

    Parameters
    ----------
    graph : PatchGraph
        A binary one.
    landscape : float, optional
        Attribute of a patch that would fill the whole landscape, mostly its area.

    Raises
    ------
    InputError
        If the graph has probabilities, or the patches hold more than the landscape.

    References
    ----------
    .. [1] L. Pascual-Hortal and S. Saura (2006), Comparison and development of new graph-based landscape connectivity
       indices, Landscape Ecol. 21, doi:10.1007/s10980-006-0013-z.

    Examples
    --------
    >>> graph = PatchGraph.linked(np.array([1.0, 2.0, 3.0, 4.0]), [(0, 1), (1, 2)])
    >>> found = binary_indices(graph, landscape=20.0)
    >>> found.links, found.components, found.harary
    (2, 2, 2.5)
    >>> round(found.coincidence, 4), round(found.iic, 4)
    (0.52, 0.1)
    """
    if not graph.binary:
        raise InputError("These indices need a graph of links, not of probabilities.")
    a = graph.attributes
    total = float(a.sum())
    landscape = _checked_landscape(landscape, total)
    numerator = harary = 0.0
    for sources, cost, _ in best_paths(graph, monitor):
        numerator += weighted_sum(a[sources], weighted_sums(graph.connection(cost), a))
        harary += float((1.0 / cost[cost > 0.0]).sum()) / 2.0
    labels = components(graph)
    held = np.bincount(labels, weights=a)
    squares = float((held * held).sum())
    return BinaryIndices(
        links=len(graph.pairs),
        components=held.size,
        harary=harary,
        coincidence=squares / total**2 if total else 0.0,
        numerator=numerator,
        equivalent=math.sqrt(numerator),
        landscape_coincidence=squares / landscape**2 if landscape else None,
        iic=numerator / landscape**2 if landscape else None,
    )


def probability_indices(
    graph: PatchGraph, *, landscape: float | None = None, negligible: float = 0.0, monitor: Monitor = SILENT
) -> ProbabilityIndices:
    """Return F, AWF and PC of a graph of dispersal probabilities.

    Parameters and errors as in `binary_indices`, for a graph with probabilities; for `negligible` see
    `node_importance`. PC takes, for each pair, the path with the largest product of probabilities.

    References
    ----------
    .. [1] S. Saura and L. Pascual-Hortal (2007), A new habitat availability index, Landscape Urban Plan. 83,
       doi:10.1016/j.landurbplan.2007.03.005.
    .. [2] S. Saura, C. Estreguil, C. Mouton and M. Rodriguez-Freire (2011), Network analysis to assess landscape
       connectivity trends, Ecol. Indic. 11, doi:10.1016/j.ecolind.2010.06.011.

    Examples
    --------
    >>> graph = PatchGraph.probabilistic(np.ones(3), [(0, 1), (1, 2)], [0.5, 0.5])
    >>> found = probability_indices(graph, landscape=4.0)
    >>> round(found.numerator, 4), round(found.pc, 4)
    (5.5, 0.3438)
    """
    if graph.binary:
        raise InputError("These indices need a graph of probabilities, not of plain links.")
    a = graph.attributes
    landscape = _checked_landscape(landscape, float(a.sum()))
    numerator = 0.0
    for sources, cost, _ in best_paths(graph, monitor, limit=graph.cost_of(negligible)):
        numerator += weighted_sum(a[sources], weighted_sums(graph.connection(cost), a))
    p = np.exp(-graph.costs)
    weighted = 2.0 * float((a[graph.pairs].prod(axis=1) * p).sum())
    share = 100.0 / numerator if numerator else 0.0
    intra, direct = share * weighted_sum(a, a), share * weighted
    return ProbabilityIndices(
        flux=2.0 * float(p.sum()),
        weighted_flux=weighted,
        numerator=numerator,
        equivalent=math.sqrt(numerator),
        intra=intra,
        direct=direct,
        step=max(share * numerator - intra - direct, 0.0),
        pc=numerator / landscape**2 if landscape else None,
    )


def _checked_landscape(landscape: float | None, total: float) -> float | None:
    if landscape is not None and not landscape >= total * (1.0 - 1e-9):
        raise InputError(
            f"The landscape holds {landscape:g}, less than its patches together ({total:g}). Give the area of the "
            "whole study area in the unit of the patches, or leave it empty."
        )
    return landscape
