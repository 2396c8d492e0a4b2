"""Least-cost search by blocks: SciPy's Dijkstra on large rasters, in little memory and stopped at any time.

SciPy needs some 180 bytes a cell and cannot be interrupted. Here it sees one small block after the other.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..monitor import SILENT, Monitor
from ..types import Array, BoolArray, FloatArray, IntArray
from .dijkstra import DijkstraSearch, step_cost
from .results import a_little_more

BYTES_PER_CELL = 40
"""Resistance, costs, marks and result of one search, and the graphs that are kept."""

_EDGE = 96
"""Cells along a block: its graph fits into the cache of a processor, and a block is solved in some milliseconds."""

_PAD = 2
"""Empty cells round the raster, so that the rim of a block and its neighbours need no care at the border."""

_KEPT, _KEPT_SHARE = 600_000, 10
"""Cells whose graphs are kept: so many, or one in so many of the raster if that is more."""

_NONE: Array = np.empty(0)


class _Side(NamedTuple):
    """A row or column of cells just outside a block."""

    rows: slice
    cols: slice
    outward: tuple[int, int]


class BlockSearch:
    """Searches on a resistance raster, block by block; see `dijkstra.DijkstraSearch` for the parameters.

    A block is solved from the costs that its neighbours have handed over; where its rim gets cheaper it hands on. The
    block with the lowest cost handed over is next, until none is left. A block is solved about three times on ordinary
    surfaces, oftener in labyrinths, where each time little of it is reached.

    Notes
    -----
    The costs are those of one search over the whole raster to the last bit: rounding is monotone, so the order in which
    sums along paths are formed and compared does not matter.
    """

    def __init__(
        self, resistance: Array, steps: Sequence[tuple[tuple[int, int], float]], *, inverse: bool = False
    ) -> None:
        self.shape = resistance.shape
        self._steps = steps
        self._inverse = inverse
        kind = np.float64 if resistance.dtype.kind != "f" else resistance.dtype
        self._resistance = np.full([size + 2 * _PAD for size in resistance.shape], np.nan, dtype=kind)
        self._resistance[_PAD:-_PAD, _PAD:-_PAD] = resistance
        self._blocks = -(-resistance.shape[1] // _EDGE)
        self._graphs: OrderedDict[int, DijkstraSearch] = OrderedDict()
        self._most_graphs = max(_KEPT, resistance.size // _KEPT_SHARE) // _EDGE**2

    def ahead(self, cost: FloatArray) -> Array:
        """Return lower bounds of the cost still to go as `search` takes them."""
        return rounded_down(cost, _PAD)

    def search(
        self,
        cells: IntArray,
        limit: float,
        monitor: Monitor,
        targets: Sequence[IntArray] = (),
        beyond: Array = _NONE,
        ahead: Array | None = None,
    ) -> FloatArray:
        """Return the cost distance from passable cells; as `dial.DialSearch.search`."""
        shape = self._resistance.shape
        state = _State(np.full(shape, np.inf), np.zeros(shape, dtype=bool), [], {}, ahead)
        rows, cols = (place + _PAD for place in np.divmod(cells, self.shape[1]))
        state.cost[rows, cols] = 0.0
        state.waiting[rows, cols] = True
        for block in np.unique(self._block_of(rows, cols)).tolist():
            state.push(0.0, block)
        ends = [tuple(place + _PAD for place in np.divmod(target, self.shape[1])) for target in targets]
        # Looking takes no longer than solving.
        every = 1 + sum(target.size for target in targets) // _EDGE**2
        solved = 0
        while True:
            lowest, block = state.pop()
            if ends and solved % every == 0:
                limit = min(limit, far_enough([state.cost[end].min() for end in ends], beyond))
            if block < 0 or lowest > limit:
                return state.cost[_PAD:-_PAD, _PAD:-_PAD]
            monitor.check()
            self._solve(block, state, limit)
            solved += 1

    def _solve(self, block: int, state: _State, limit: float) -> None:
        top, left = (_PAD + _EDGE * place for place in divmod(block, self._blocks))
        bottom, right = min(top + _EDGE, _PAD + self.shape[0]), min(left + _EDGE, _PAD + self.shape[1])
        inside = slice(top, bottom), slice(left, right)
        cost, waiting = state.cost[inside], state.waiting[inside]
        rows, cols = np.nonzero(waiting)
        waiting[:] = False
        resistance = self._resistance[inside]
        # What costs more than the dearest cell of the block improves nothing there.
        useful = min(limit, float(cost[~np.isnan(resistance)].max(initial=0.0)))
        graph = self._graph(block, resistance)
        found = graph.spread(rows * cost.shape[1] + cols, cost[rows, cols], useful)
        if state.ahead is not None:
            found[found + state.ahead[inside] > limit] = np.inf
        np.minimum(cost, found, out=cost)
        for side in (
            _Side(slice(top - 1, top), slice(left - 1, right + 1), (-1, 0)),
            _Side(slice(bottom, bottom + 1), slice(left - 1, right + 1), (1, 0)),
            _Side(slice(top, bottom), slice(left - 1, left), (0, -1)),
            _Side(slice(top, bottom), slice(right, right + 1), (0, 1)),
        ):
            self._hand_over(side, state, limit)

    def _hand_over(self, side: _Side, state: _State, limit: float) -> None:
        """Lower the costs just outside a block by those of its rim."""
        there = side.rows, side.cols
        cost, resistance = state.cost[there], self._resistance[there].astype(np.float64)
        better = np.zeros(cost.shape, dtype=bool)
        ahead = None if state.ahead is None else state.ahead[there]
        for (down, across), half in self._steps:
            if side.outward not in ((down, 0), (0, across)):
                continue
            here = _moved(side.rows, -down), _moved(side.cols, -across)
            new = state.cost[here] + step_cost(self._resistance[here], resistance, half, inverse=self._inverse)
            lower = (new < cost) & ((new if ahead is None else new + ahead) <= limit)
            cost[lower] = new[lower]
            better |= lower
        if not better.any():
            return
        state.waiting[there] |= better
        rows, cols = np.nonzero(better)
        blocks, values = self._block_of(rows + side.rows.start, cols + side.cols.start), cost[better]
        for block in np.unique(blocks).tolist():
            state.push(float(values[blocks == block].min()), block)

    def _graph(self, block: int, resistance: Array) -> DijkstraSearch:
        graph = self._graphs.pop(block, None) or DijkstraSearch(resistance, self._steps, SILENT, inverse=self._inverse)
        self._graphs[block] = graph
        if len(self._graphs) > self._most_graphs:
            self._graphs.popitem(last=False)
        return graph

    def _block_of(self, rows: IntArray, cols: IntArray) -> IntArray:
        blocks: IntArray = (rows - _PAD) // _EDGE * self._blocks + (cols - _PAD) // _EDGE
        return blocks


class _State(NamedTuple):
    """A search under way: costs so far, cells whose cost was handed over, and the blocks that hold them."""

    cost: FloatArray
    waiting: BoolArray
    queue: list[tuple[float, int]]
    lowest: dict[int, float]
    ahead: Array | None

    def push(self, cost: float, block: int) -> None:
        """Have a block solved for the sake of a cost that was handed over to it."""
        if cost < self.lowest.get(block, np.inf):
            self.lowest[block] = cost
            heapq.heappush(self.queue, (cost, block))

    def pop(self) -> tuple[float, int]:
        """Return the block with the lowest cost handed over, and that; -1 when there is none."""
        while self.queue:
            cost, block = heapq.heappop(self.queue)
            if self.lowest.get(block) == cost:
                del self.lowest[block]
                return cost, block
        return np.inf, -1


def _moved(part: slice, step: int) -> slice:
    return slice(part.start + step, part.stop + step)


def rounded_down(cost: FloatArray, margin: int) -> Array:
    """Return costs as float32, none larger than it was, with a margin of empty cells."""
    shape = cost.shape[0] + 2 * margin, cost.shape[1] + 2 * margin
    lower = np.full(shape, np.inf, dtype=np.float32)
    part = lower[margin:-margin, margin:-margin]
    part[:] = cost
    np.nextafter(part, np.float32(0.0), out=part)
    return lower


def far_enough(least: Sequence[float], beyond: Array) -> float:
    """Return the largest cost that matters to targets of these costs, raised by what rounding may add."""
    return a_little_more(float((np.asarray(least) + beyond).max()))
