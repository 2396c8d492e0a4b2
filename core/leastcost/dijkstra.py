"""Least-cost search with SciPy's Dijkstra on a sparse graph of the cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import scipy
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from ..errors import InputError
from ..monitor import Monitor
from ..types import Array, FloatArray, IntArray

Cost = TypeVar("Cost", float, FloatArray)

BYTES_PER_EDGE = 12
"""float64 cost and int32 neighbour."""

BYTES_PER_CELL = 132
"""Beside the edges: row pointer, node and cell numbers (16), the queue and costs of one search (72 with SciPy 1.10, less
since 1.17), and the fields of `CostFields`."""

_SEVERAL_STARTS = tuple(int(part) for part in scipy.__version__.split(".")[:2]) >= (1, 6)
"""Whether SciPy can start a search from several nodes at once."""

_NOTHING = 5e-324
"""The smallest positive number: an edge of this length changes no cost."""

_STRIP = 250_000
"""Cells handled at a time while the graph is built, so that the temporaries stay small."""


class DijkstraSearch:
    """A graph with one node a passable cell, built once, and searches on it.

    Parameters
    ----------
    resistance : ndarray, shape (rows, cols)
        Positive and finite; NaN is impassable.
    steps : sequence of ((int, int), float)
        Row and column step to each neighbour, and half its length in metres.
    monitor : Monitor
        Progress and cancellation.
    inverse : bool
        Whether conductances are given in place of the resistance, see `step_cost`.
    """

    def __init__(
        self,
        resistance: Array,
        steps: Sequence[tuple[tuple[int, int], float]],
        monitor: Monitor,
        *,
        inverse: bool = False,
    ) -> None:
        self._inverse = inverse
        self.shape = resistance.shape
        self._cells = np.flatnonzero(~np.isnan(resistance))
        self._node = np.full(resistance.size, -1, dtype=np.int32)
        self._node[self._cells] = np.arange(self._cells.size, dtype=np.int32)
        self._matrix = self._build(resistance, sorted(steps), monitor)

    def search(self, cells: IntArray, limit: float, monitor: Monitor) -> FloatArray:
        """Return the cost distance from passable cells (flat indices), infinite beyond the limit."""
        monitor.check()
        start = self._node[cells]
        cost = np.full(self._node.size, np.inf)
        if _SEVERAL_STARTS:
            cost[self._cells] = dijkstra(self._matrix, directed=True, indices=start, min_only=True, limit=limit)
        else:
            cost[self._cells] = self._from_one_more_node(start, np.zeros(start.size), limit)
        return cost.reshape(self.shape)

    def spread(self, cells: IntArray, costs: FloatArray, limit: float) -> FloatArray:
        """Return the cost of every cell when some (flat indices) have costs already; infinite beyond the limit."""
        cost = np.full(self._node.size, np.inf)
        cost[self._cells] = self._from_one_more_node(self._node[cells], costs, limit)
        return cost.reshape(self.shape)

    def _from_one_more_node(self, start: IntArray, costs: FloatArray, limit: float) -> FloatArray:
        """Search from a node that is added for the purpose, as far from the nodes the search starts from as they cost."""
        graph, size = self._matrix, self._cells.size
        weight = np.append(graph.data, np.maximum(costs, _NOTHING))
        pointer = np.append(graph.indptr, graph.indptr[-1] + start.size)
        larger = csr_matrix((weight, np.append(graph.indices, start), pointer), shape=(size + 1, size + 1))
        cost: FloatArray = dijkstra(larger, directed=True, indices=size, limit=limit)[:size]
        cost[start] = np.minimum(cost[start], costs)
        return cost

    def _build(self, resistance: Array, steps: Sequence[tuple[tuple[int, int], float]], monitor: Monitor) -> Any:
        rows, cols = resistance.shape
        height = max(1, _STRIP // cols)
        strips = [(top, min(rows, top + height)) for top in range(0, rows, height)]
        edges = len(steps) * self._cells.size
        if edges > np.iinfo(np.int32).max:
            raise InputError(
                f"The resistance surface has {self._cells.size:,} cells with data; a least-cost search can take about "
                f"{np.iinfo(np.int32).max // len(steps):,}. Use larger cells or a part of the area."
            )
        # Pages that no edge fills are never touched, so the arrays may start too long.
        weight, neighbour = np.empty(edges), np.empty(edges, dtype=np.int32)
        pointer = np.zeros(self._cells.size + 1, dtype=np.int32)
        node = self._node.reshape(rows, cols)
        start = filled = 0
        for done, (top, bottom) in enumerate(strips):
            monitor.step(done, len(strips))
            near = with_margin(resistance, top, bottom, np.nan, np.dtype(np.float64))
            nodes = with_margin(node, top, bottom, -1, node.dtype)
            here = near[1:-1, 1:-1]
            cost = np.stack(
                [step_cost(here, shifted(near, step), half, inverse=self._inverse) for step, half in steps], axis=-1
            )
            end = np.stack([shifted(nodes, step) for step, _ in steps], axis=-1)
            real = ~np.isnan(cost)
            degree = real.sum(axis=-1)[~np.isnan(here)]
            pointer[filled + 1 : filled + 1 + degree.size] = start + np.cumsum(degree)
            filled += degree.size
            stop = int(pointer[filled])
            weight[start:stop], neighbour[start:stop] = cost[real], end[real]
            start = stop
        size = self._cells.size
        return csr_matrix((weight[:start], neighbour[:start], pointer), shape=(size, size))


def step_cost(a: Cost, b: Cost, half: float, *, inverse: bool = False) -> Cost:
    """Return the cost of a step of twice the length `half`: the mean of two resistances times the length.

    If the values are conductances (`inverse`), the length over their mean. Every search forms it in this order, so that
    costs agree to the last bit.
    """
    if inverse:
        return 4.0 * half / (a + b)
    return (a + b) * half


def with_margin(raster: Array, top: int, bottom: int, fill: float, dtype: np.dtype[Any]) -> Array:
    """Return rows `top` to `bottom` of a raster with a margin of one cell on all sides."""
    strip = np.full((bottom - top + 2, raster.shape[1] + 2), fill, dtype=dtype)
    first, last = max(0, top - 1), min(raster.shape[0], bottom + 1)
    strip[first - top + 1 : last - top + 1, 1:-1] = raster[first:last]
    return strip


def shifted(padded: Array, step: tuple[int, int]) -> Array:
    """Return the neighbours in one direction of the cells inside a margin of one cell."""
    rows, cols = padded.shape
    return padded[1 + step[0] : rows - 1 + step[0], 1 + step[1] : cols - 1 + step[1]]
