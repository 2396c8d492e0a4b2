"""The whole analysis of a set of sources: indices, and what each source and link contributes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..spread.where import HERE, Where
from ..stats.ranks import ranks
from ..types import Array, FloatArray, IntArray
from .betweenness import betweenness
from .graph import MAX_DENSE, PatchGraph, dispersal_rate
from .importance import Importance, link_importance, node_importance
from .indices import BinaryIndices, ProbabilityIndices, binary_indices, components, probability_indices


@dataclass(frozen=True)
class Connectivity:
    """Result of `analyse`; arrays over sources have shape (n,), over the given pairs shape (m,).

    Attributes
    ----------
    rate : float
        k of the kernel exp(-k d).
    threshold : float
        Distance up to which two sources are linked.
    share : float64
        dA, per cent of the attribute held by each source.
    component : int32
        Number of the group of linked sources, from 1.
    binary, probable : BinaryIndices, ProbabilityIndices
        The indices of the landscape.
    iic, pc : Importance
        dIIC and dPC with their fractions.
    freeman, bc_iic, bc_pc : float64
        Betweenness: of links, and weighted as in IIC and PC.
    rank : int64
        1 for the source with the highest dPC; equal values share the better rank.
    probabilities : float64
        Direct dispersal over each pair.
    link_iic, link_pc : float64 or None
        dIIC and dPC of each pair when asked for; NaN where the pair is no link of IIC.
    """

    rate: float
    threshold: float
    share: FloatArray
    component: IntArray
    binary: BinaryIndices
    probable: ProbabilityIndices
    iic: Importance
    pc: Importance
    freeman: FloatArray
    bc_iic: FloatArray
    bc_pc: FloatArray
    rank: IntArray
    probabilities: FloatArray
    link_iic: FloatArray | None
    link_pc: FloatArray | None


def analyse(
    attributes: Array,
    pairs: Array,
    distances: Array,
    *,
    dispersal: float = 5000.0,
    probability: float = 0.5,
    threshold: float | None = None,
    landscape: float | None = None,
    links: bool = False,
    negligible: float = 0.0,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> Connectivity:
    """Return the connectivity of sources from the distances between them.

    Parameters
    ----------
    attributes : shape (n,)
        What each source holds, mostly its area; at least 0.
    pairs : int, shape (m, 2)
        Pairs of sources, each once, from 0.
    distances : shape (m,)
        At least 0. Pairs that are not given, or infinitely far apart, have no direct link.
    dispersal, probability : float
        Distance, and the chance to get that far; see `dispersal_rate`.
    threshold : float, optional
        Sources at most this far apart are linked in IIC; `dispersal` when not given.
    landscape : float, optional
        Attribute of a patch that would fill the landscape. Without, PC, IIC and LCP are left out; the importances do
        not depend on it.
    links : bool
        Whether to compute the importance of each link too.
    negligible : float
        Paths of less probability than this count as none; see `node_importance`. IIC and its parts are always whole.
    where : Where
        Where the importances are worked out.

    Raises
    ------
    InputError
        See `PatchGraph.probabilistic`, `dispersal_rate` and `binary_indices`.

    Examples
    --------
    >>> pairs, distances = [(0, 1), (1, 2)], [1000.0, 2000.0]
    >>> found = analyse(np.array([4.0, 2.0, 1.0]), pairs, distances, dispersal=1000.0, probability=0.5)
    >>> found.pc.total.round(2).tolist()
    [80.65, 45.16, 9.68]
    >>> found.rank.tolist(), found.component.tolist()
    ([1, 2, 3], [1, 1, 2])
    """
    rate = dispersal_rate(dispersal, probability)
    threshold = dispersal if threshold is None else threshold
    if not threshold >= 0.0:
        raise InputError(f"The threshold distance is {threshold:g}; it must be 0 or more.")
    d = np.asarray(distances, dtype=np.float64)
    probable = PatchGraph.dispersing(attributes, pairs, d, rate)
    linked = PatchGraph.within(attributes, pairs, d, threshold)
    a = probable.attributes
    overall = (
        binary_indices(linked, landscape=landscape, monitor=monitor.part(0.0, 0.02)),
        probability_indices(probable, landscape=landscape, negligible=negligible, monitor=monitor.part(0.02, 0.04)),
    )
    end = 0.7 if links else 0.95
    pc = node_importance(probable, negligible=negligible, where=where, monitor=monitor.part(0.04, end / 2))
    iic = node_importance(linked, where=where, monitor=monitor.part(end / 2, end))
    link_iic = link_pc = None
    if links:
        link_iic, link_pc = np.full(d.size, np.nan), np.full(d.size, np.nan)
        link_pc[np.isfinite(d)] = link_importance(
            probable, negligible=negligible, where=where, monitor=monitor.part(0.7, 0.85)
        )
        link_iic[d <= threshold] = link_importance(linked, where=where, monitor=monitor.part(0.85, 0.95))
    between = monitor.part(0.95, 1.0)
    total = float(a.sum())
    return Connectivity(
        rate=rate,
        threshold=threshold,
        share=100.0 * a / total if total else np.zeros(a.size),
        component=components(linked) + 1,
        binary=overall[0],
        probable=overall[1],
        iic=iic,
        pc=pc,
        freeman=betweenness(linked, weighted=False, monitor=between),
        bc_iic=betweenness(linked, monitor=between),
        bc_pc=betweenness(probable, negligible=negligible, monitor=between),
        rank=ranks(pc.total),
        probabilities=np.exp(-rate * d),
        link_iic=link_iic,
        link_pc=link_pc,
    )


def needed_bytes(patches: int, links: int) -> float:
    """Return the memory that `analyse` needs, links of a complete graph included, with room to spare.

    Examples
    --------
    >>> needed_bytes(2000, 10_000) > needed_bytes(1000, 10_000)
    True
    """
    dense = patches <= MAX_DENSE and links > patches**2 / 50
    matrices = 8.0 * patches**2 * (np.log2(max(patches, 2)) + 4) if dense else patches**2 / 8.0
    return 2e7 + 250.0 * links + matrices
