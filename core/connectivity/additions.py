"""What patches that are not there would add to the connectivity: stepping stones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..stats.products import weighted_sum, weighted_sums
from ..types import Array, FloatArray, IntArray
from .graph import PatchGraph
from .pruning import best_paths

_ROWS_CELLS = 1 << 20


@dataclass(frozen=True)
class Additions:
    """Gain from adding one candidate at a time, in per cent of the index without any; shape (candidates,).

    Attributes
    ----------
    candidates : int64
        The patches, ascending.
    gain : float64
        Gain of PC (or IIC).
    stepping : float64
        The part of it that the patches already there exchange better through the candidate.
    equivalent : float64
        Gain of EC.
    """

    candidates: IntArray
    gain: FloatArray
    stepping: FloatArray
    equivalent: FloatArray


def addition_gains(graph: PatchGraph, existing: Array, *, monitor: Monitor = SILENT) -> Additions:
    """Return how much each missing patch would raise PC, or IIC for a binary graph, if it alone were added.

    Parameters
    ----------
    graph : PatchGraph
        Patches and candidates together.
    existing : bool, shape (n,)
        Which patches are there; all others are candidates.

    Raises
    ------
    InputError
        If no patch is there, or those that are there hold nothing.

    Notes
    -----
    With D the path costs between existing patches and u the cost from each to the candidate, a pair i, j connects over
    min(D_ij, u_i + u_j). That is O(n^2) for a candidate; memory is 8 n^2 bytes, n existing patches.

    References
    ----------
    .. [1] S. Saura and L. Rubio (2010), Ecography 33, doi:10.1111/j.1600-0587.2009.05760.x. Gains are relative to the
       landscape without the candidate; Makurhini divides by the one with it.

    Examples
    --------
    >>> graph = PatchGraph.linked(np.ones(3), [(0, 1), (1, 2)])
    >>> found = addition_gains(graph, np.array([True, False, True]))
    >>> found.candidates.tolist(), found.gain.round(4).tolist()
    ([1], [183.3333])
    """
    there = np.asarray(existing, dtype=bool)
    if there.shape != (graph.size,):
        raise InputError(f"There are {there.size} marks for {graph.size} patches. Give one per patch.")
    if not there.any():
        raise InputError("No patch is there to start from. Lower the cut, so that some patches stay.")
    a = graph.attributes[there]
    number = np.cumsum(there) - 1
    inside = there[graph.pairs].all(axis=1)
    start = PatchGraph(a, number[graph.pairs[inside]], graph.costs[inside], graph.binary)
    costs = np.empty((a.size, a.size))
    for sources, some, _ in best_paths(start, monitor.part(0.0, 0.2)):
        costs[sources] = some
    before = weighted_sum(a, weighted_sums(graph.connection(costs), a))
    if before <= 0.0:
        raise InputError("The patches that are there hold nothing, so no gain can be given.")
    candidates = np.flatnonzero(~there)
    reach = graph.matrix
    found = np.zeros((2, candidates.size))
    for place, k in enumerate(candidates):
        monitor.part(0.2, 1.0).step(place, candidates.size)
        slots = slice(reach.indptr[k], reach.indptr[k + 1])
        near, step = reach.indices[slots], reach.data[slots]
        near, step = near[there[near]], step[there[near]]
        own = graph.attributes[k]
        exchanged = stepping = 0.0
        if near.size:
            to_candidate = (costs[number[near]] + step[:, None]).min(axis=0)
            exchanged = 2.0 * own * weighted_sum(a, graph.connection(to_candidate))
            stepping = gained_through(graph.connection, a, costs, to_candidate, monitor)
        found[:, place] = own * own + exchanged + stepping, stepping
    gain, stepping_gain = 100.0 * found / before
    return Additions(candidates, gain, stepping_gain, 100.0 * (np.sqrt(1.0 + gain / 100.0) - 1.0))


def gained_through(
    connection: Callable[[FloatArray], FloatArray],
    a: FloatArray,
    costs: FloatArray,
    to_candidate: FloatArray,
    monitor: Monitor,
) -> float:
    """Return what pairs of patches gain through a candidate that each of them reaches at some cost, both directions."""
    total = 0.0
    rows = max(1, _ROWS_CELLS // a.size)
    for low in range(0, a.size, rows):
        monitor.check()
        part = costs[low : low + rows]
        through = to_candidate[low : low + rows, None] + to_candidate
        i, j = np.nonzero(through < part)
        better = connection(through[i, j]) - connection(part[i, j])
        total += float((a[low + i] * a[j] * better).sum())
    return total
