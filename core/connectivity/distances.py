"""Distances between patches over a resistance surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..choices import Average
from ..errors import InputError
from ..leastcost.fields import cells_of
from ..leastcost.graph import CostGraph
from ..monitor import SILENT, Monitor
from ..spread.spreading import spread
from ..spread.where import HERE, Where
from ..types import Array, FloatArray, IntArray

_PIECES = 64
"""About as many pieces are the patches searched in, where there are so many."""


def cost_distances(
    graph: CostGraph, labels: IntArray, *, limit: float = np.inf, where: Where = HERE, monitor: Monitor = SILENT
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
    where : Where
        Where the searches are made.

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
    graph.release()
    ground = _Ground(graph.resistance, graph.cell_size, graph.neighbours, graph.average, labels, limit)
    each = max(1, (count - 1) // _PIECES)
    pieces = [(first, min(first + each, count - 1)) for first in range(0, count - 1, each)]
    pairs: list[IntArray] = [np.empty((0, 2), dtype=np.int64)]
    distances: list[FloatArray] = [np.empty(0)]

    def merge(found: tuple[IntArray, FloatArray]) -> None:
        pairs.append(found[0])
        distances.append(found[1])

    spread(_to_later, ground, pieces, merge, prepare=_Patches, where=where, monitor=monitor)
    return np.concatenate(pairs), np.concatenate(distances)


@dataclass(frozen=True)
class _Ground:
    """What a process needs to search from patches."""

    resistance: Array
    cell_size: float
    neighbours: int
    average: Average
    labels: IntArray
    limit: float


class _Patches:
    """The surface as a graph, and the cells of the patches, one patch after the other."""

    def __init__(self, ground: _Ground, monitor: Monitor) -> None:
        self.limit = ground.limit
        self.graph = CostGraph(
            ground.resistance,
            cell_size=ground.cell_size,
            neighbours=ground.neighbours,
            average=ground.average,
            monitor=monitor,
        )
        self.cells = cells_of(ground.labels, list(range(1, int(ground.labels.max()) + 1)))


def _to_later(patches: _Patches, some: tuple[int, int], monitor: Monitor) -> tuple[IntArray, FloatArray]:
    """Return pairs of some patches with those after them, and their distances."""
    after = np.concatenate(patches.cells[some[0] + 1 :])
    start = np.cumsum([0, *(cells.size for cells in patches.cells[some[0] + 1 :])])
    pairs, distances = [], []
    for skipped, k in enumerate(range(*some)):
        monitor.step(skipped, some[1] - some[0])
        cost = patches.graph.cost_from(patches.cells[k], limit=patches.limit).ravel()
        nearest = np.minimum.reduceat(cost[after[start[skipped] :]], start[skipped:-1] - start[skipped])
        reached = np.flatnonzero((nearest <= patches.limit) & np.isfinite(nearest))
        pairs.append(np.column_stack((np.full(reached.size, k), reached + k + 1)).astype(np.int64))
        distances.append(nearest[reached])
    return np.concatenate(pairs), np.concatenate(distances)


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
