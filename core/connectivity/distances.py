"""Distances between patches over a resistance surface."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..leastcost.fields import cells_of
from ..leastcost.graph import CostGraph
from ..monitor import SILENT, Monitor
from ..types import FloatArray, IntArray


def cost_distances(
    graph: CostGraph, labels: IntArray, *, limit: float = np.inf, monitor: Monitor = SILENT
) -> tuple[IntArray, FloatArray]:
    """Return the least-cost distances between the edges of patches.

    Parameters
    ----------
    graph : CostGraph
        The resistance surface.
    labels : int32, shape (rows, cols)
        0 outside, 1 to n inside patches. Moving inside the own patch costs nothing, inside others what their cells do.
    limit : float
        Pairs that cost more are left out; a low limit makes the searches fast.

    Returns
    -------
    pairs : int64, shape (m, 2)
        Patches from 0, the smaller first, ascending.
    distances : float64, shape (m,)
        Resistance times metres.

    Raises
    ------
    InputError
        If a patch has no cell.

    Notes
    -----
    One search for each patch but the last.

    Examples
    --------
    >>> graph = CostGraph(np.array([[1.0, 1.0, 3.0, 1.0]]), cell_size=10.0)
    >>> pairs, distances = cost_distances(graph, np.array([[1, 0, 0, 2]], dtype=np.int32))
    >>> pairs.tolist(), distances.round(4).tolist()
    ([[0, 1]], [50.0])
    """
    count = int(labels.max(initial=0))
    cells = cells_of(labels, list(range(1, count + 1)))
    empty = [k + 1 for k, some in enumerate(cells) if not some.size]
    if empty:
        raise InputError(f"Patch {empty[0]} has no cell.")
    where = np.concatenate(cells) if cells else np.empty(0, dtype=np.int64)
    start = np.cumsum([0, *(some.size for some in cells)])
    pairs, distances = [], []
    for k in range(count - 1):
        monitor.step(k, count - 1)
        cost = graph.cost_from(cells[k], limit=limit).ravel()
        nearest = np.minimum.reduceat(cost[where[start[k + 1] :]], start[k + 1 : -1] - start[k + 1])
        reached = np.flatnonzero(nearest <= limit) if np.isfinite(limit) else np.flatnonzero(np.isfinite(nearest))
        pairs.append(np.column_stack((np.full(reached.size, k), reached + k + 1)))
        distances.append(nearest[reached])
    if not pairs:
        return np.empty((0, 2), dtype=np.int64), np.empty(0)
    return np.concatenate(pairs).astype(np.int64), np.concatenate(distances)


def distances_of_probabilities(
    probabilities: FloatArray, threshold: float | None = None
) -> tuple[FloatArray, float, float]:
    """Return distances that give probabilities of direct dispersal back, ``-ln p``.

    Parameters
    ----------
    probabilities : ndarray, float64, shape (m,)
        0 to 1.
    threshold : float, optional
        Pairs at least as probable are linked in IIC; every pair above 0 without it.

    Returns
    -------
    distances : ndarray, float64, shape (m,)
        Infinite for a probability of 0.
    dispersal : float
        Distance at which the kernel is 0.5.
    threshold : float
        Largest distance that is a link: that of a pair itself, so that rounding cuts none off that has exactly the threshold.

    Raises
    ------
    InputError
        If a value exceeds 1.

    Examples
    --------
    >>> lengths, dispersal, threshold = distances_of_probabilities(np.array([1.0, 0.5, 0.25]), 0.5)
    >>> np.exp2(-lengths / dispersal).round(6).tolist(), round(threshold, 4)
    ([1.0, 0.5, 0.25], 0.6931)
    """
    if (probabilities > 1.0).any():
        raise InputError(
            f"Probabilities must not exceed 1; the largest value is {probabilities.max():g}. Are they distances?"
        )
    with np.errstate(divide="ignore"):
        lengths = -np.log(probabilities) + 0.0
    linked = lengths[(probabilities > 0.0) & (probabilities >= (threshold or 0.0))]
    return lengths, float(np.log(2.0)), float(linked.max(initial=0.0))
