"""Least-cost search with Dial's bucket queue, compiled by numba: the same costs, several times faster.

References
----------
Dial, R. B. (1969). Algorithm 360: shortest-path forest with topological ordering. *Communications of the ACM* 12,
632-633, https://doi.org/10.1145/363269.363610
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..accelerators import numba_works
from ..monitor import Monitor
from ..types import Array, FloatArray, IntArray
from .blocks import far_enough, rounded_down

BYTES_PER_CELL = 72
"""Resistance, the two links of the bucket lists, lower bounds and the cost of one search (28), and fields."""

_CHUNK = 1_000_000
"""Cells settled between two looks at the monitor."""

_CHUNK_TO_TARGETS = 20_000
"""Cells settled between two looks at the targets, or as many as the targets have if these are more."""

_MOST_BUCKETS = 200_000
"""Largest ratio of the longest to the shortest step; beyond, the search would mostly look into empty buckets."""

_NONE: Array = np.empty(0)

_OUTSIDE = -2
"""Marks a cell that is in no bucket."""


def available() -> bool:
    """Return whether numba is installed and works."""
    return numba_works(_kernel)


def fits(resistance: Array) -> bool:
    """Return whether the contrast of a resistance surface is low enough."""
    return bool(2.0 * np.nanmax(resistance) <= _MOST_BUCKETS * np.nanmin(resistance))


class DialSearch:
    """Searches on a resistance raster without a graph; see `dijkstra.DijkstraSearch` for the parameters."""

    def __init__(
        self, resistance: Array, steps: Sequence[tuple[tuple[int, int], float]], *, inverse: bool = False
    ) -> None:
        self._inverse = inverse
        self.shape = resistance.shape
        self._width = resistance.shape[1] + 2
        kind = np.float64 if resistance.dtype.kind != "f" else resistance.dtype
        self._resistance = np.full((resistance.shape[0] + 2, self._width), np.nan, dtype=kind)
        self._resistance[1:-1, 1:-1] = resistance
        self._offset = np.array([row * self._width + col for (row, col), _ in steps], dtype=np.int64)
        self._half = np.array([half for _, half in steps])
        low, high = float(np.nanmin(resistance)), float(np.nanmax(resistance))
        low, high = (1.0 / high, 1.0 / low) if inverse else (low, high)
        shortest, longest = 2.0 * low * self._half.min(), 2.0 * high * self._half.max()
        self._bucket = shortest
        self._buckets = int(longest / self._bucket) + 3

    def ahead(self, cost: FloatArray) -> Array:
        """Return lower bounds of the cost still to go as `search` takes them."""
        return rounded_down(cost, 1)

    def search(
        self,
        cells: IntArray,
        limit: float,
        monitor: Monitor,
        targets: Sequence[IntArray] = (),
        beyond: Array = _NONE,
        ahead: Array | None = None,
    ) -> FloatArray:
        """Return the cost distance from passable cells (flat indices), infinite beyond the limit.

        With targets, costs are exact only up to the largest cost of reaching one and `beyond` more; with lower bounds
        `ahead` of the cost still to go only where both together are within that.
        """
        start = self._padded(cells)
        ends = [self._padded(target) for target in targets]
        cost = np.full(self._resistance.size, np.inf)
        cost[start] = 0.0
        # The buckets belong to this search alone: several may run on one surface at once.
        head = np.full(self._buckets, -1, dtype=np.int32)
        following = np.empty(self._resistance.size, dtype=np.int32)
        previous = np.full(self._resistance.size, _OUTSIDE, dtype=np.int32)
        head[0] = start[0]
        following[start] = np.append(start[1:], -1)
        previous[start] = np.append(-1, start[:-1])
        to_go = np.zeros(1, dtype=np.float32) if ahead is None else ahead.ravel()
        bucket, left = 0, start.size
        # Looking takes no longer than settling.
        chunk = max(_CHUNK_TO_TARGETS, sum(end.size for end in ends)) if ends else _CHUNK
        while left:
            monitor.check()
            if ends:
                # What a target costs so far is an upper bound.
                limit = min(limit, far_enough([cost[end].min() for end in ends], beyond))
                if bucket * self._bucket > limit:
                    break
            bucket, left = _kernel()(
                self._resistance.ravel(),
                cost,
                head,
                following,
                previous,
                to_go,
                self._offset,
                self._half,
                self._inverse,
                self._bucket,
                limit,
                bucket,
                left,
                chunk,
            )
        return cost.reshape(-1, self._width)[1:-1, 1:-1]

    def _padded(self, cells: IntArray) -> IntArray:
        row, col = np.divmod(cells, self.shape[1])
        padded: IntArray = ((row + 1) * self._width + col + 1).astype(np.int32)
        return padded


@functools.cache
def _kernel() -> Any:
    import numba

    return numba.njit(cache=True, nogil=True)(_settle)


def _settle(
    resistance: Any,
    cost: Any,
    head: Any,
    following: Any,
    previous: Any,
    to_go: Any,
    offset: Any,
    half: Any,
    inverse: bool,
    width: float,
    limit: float,
    bucket: int,
    left: int,
    chunk: int,
) -> tuple[int, int]:
    """Settle up to `chunk` of the `left` waiting cells in the order of their buckets; return where it stopped.

    A bucket holds a doubly linked list of cells. It is as wide as the shortest step, so no step stays inside a bucket and
    a cell that is taken out has its final cost. (Should rounding put both ends of a step into one bucket, the cell is
    simply taken out again.)
    """
    buckets = head.size
    bounded = to_go.size > 1
    while left > 0 and chunk > 0:
        slot = bucket % buckets
        cell = head[slot]
        if cell < 0:
            bucket += 1
            continue
        after = following[cell]
        head[slot] = after
        if after >= 0:
            previous[after] = -1
        previous[cell] = -2
        left -= 1
        chunk -= 1
        own, spent = np.float64(resistance[cell]), cost[cell]
        for k in range(offset.size):
            there = cell + offset[k]
            both = own + np.float64(resistance[there])
            new = spent + (4.0 * half[k] / both if inverse else both * half[k])
            old = cost[there]
            if not (new < old and new <= limit):
                continue
            if bounded and new + np.float64(to_go[there]) > limit:
                continue
            before = previous[there]
            if before != -2:
                after = following[there]
                if before >= 0:
                    following[before] = after
                else:
                    head[int(old / width) % buckets] = after
                if after >= 0:
                    previous[after] = before
            else:
                left += 1
            cost[there] = new
            slot = int(new / width) % buckets
            first = head[slot]
            head[slot] = there
            following[there] = first
            previous[there] = -1
            if first >= 0:
                previous[first] = there
    return bucket, left
