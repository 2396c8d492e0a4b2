"""The factorisation of `fronts` compiled by numba: one window after another, above the diagonal only."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..accelerators import numba_works
from ..types import FloatArray, IntArray
from .fronts import Fronts


def available() -> bool:
    """Return whether numba is installed, works, and can keep what it compiles."""
    return numba_works(_solver)


class CompiledFronts:
    """Fronts as flat arrays, and the memory of one factorisation.

    Parameters
    ----------
    fronts : Fronts
        Of the windows to solve.
    """

    def __init__(self, fronts: Fronts) -> None:
        all_fronts = fronts.fronts
        own = np.array([front.own for front in all_fronts])
        size = np.array([front.cells.size for front in all_fronts])
        rim = size - own
        places = [np.empty(0, dtype=np.int64)] * own.size
        depth = np.zeros(own.size, dtype=np.int64)
        for number in range(own.size - 1, -1, -1):
            for part, runs in all_fronts[number].parts:
                places[part] = np.concatenate([np.arange(to.start, to.stop) for _, to in runs])
                depth[part] = depth[number] + 1
        # Rims wait on two stacks, those of even and of odd depth, so that none is in the way of the rim it goes into.
        start, top, most = np.zeros(own.size, dtype=np.int64), [0, 0], [0, 0]
        for number, front in enumerate(all_fronts):
            for part, _ in front.parts:
                top[depth[part] % 2] -= int(rim[part]) ** 2
            stack = depth[number] % 2
            start[number] = top[stack]
            top[stack] += int(rim[number]) ** 2
            most[stack] = max(most[stack], top[stack])
        self._structure = (
            own,
            size,
            depth % 2,
            start,
            *_joined([front.cells for front in all_fronts]),
            *_joined([front.rows for front in all_fronts]),
            np.concatenate([front.cols for front in all_fronts]),
            np.concatenate([front.links for front in all_fronts]),
            *_joined([np.array([part for part, _ in front.parts], dtype=np.int64) for front in all_fronts]),
            *_joined(places),
            np.concatenate(([0], np.cumsum(own * size))),
        )
        self._stacks = np.empty(most[0]), np.empty(most[1])
        self._factor = np.empty(fronts.factor_size)
        self._row = np.empty(int(size.max()))

    def solve(self, links: FloatArray, degrees: FloatArray, injected: FloatArray) -> FloatArray:
        """Return the potentials of every window; see `Factor`, with one right-hand side for each."""
        volts: FloatArray = injected.copy()
        solve = _solver()
        for window in range(volts.shape[0]):
            solve(
                *self._structure, *self._stacks, self._factor, self._row, links[window], degrees[window], volts[window]
            )
        return volts


def through(links: FloatArray, volts: FloatArray) -> FloatArray:
    """As `windowflow.through`, of links as `Fronts` numbers them, (4, rows, cols)."""
    current: FloatArray = np.zeros(volts.shape)
    _adder()(links, volts, current, np.zeros(volts.shape))
    return current


def _joined(arrays: Sequence[IntArray]) -> tuple[IntArray, IntArray]:
    """Return where each array starts in all of them together, and these."""
    return np.concatenate(([0], np.cumsum([array.size for array in arrays]))), np.concatenate(arrays)


@functools.cache
def _solver() -> Any:
    import numba

    # sums may be taken in any order, so that several additions can be done at once
    compiled = numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
    return compiled(_solve)


@functools.cache
def _adder() -> Any:
    import numba

    return numba.njit(cache=True, nogil=True)(_add_currents)


def _add_currents(links: Any, volts: Any, total: Any, net: Any) -> None:
    """Set `total` to the larger of inflow and outflow of every cell."""
    rows, cols = volts.shape
    for direction in range(4):
        down = 0 if direction == 0 else 1
        right = -1 if direction == 3 else 1 - direction % 2
        first, last = max(-right, 0), cols - max(right, 0)
        for i in range(rows - down):
            for j in range(first, last):
                flow = links[direction, i, j] * (volts[i, j] - volts[i + down, j + right])
                net[i, j] += flow
                net[i + down, j + right] -= flow
                total[i, j] += abs(flow)
                total[i + down, j + right] += abs(flow)
    for i in range(rows):
        for j in range(cols):
            total[i, j] = 0.5 * (total[i, j] + abs(net[i, j]))


def _solve(
    own: Any,
    size: Any,
    stack_of: Any,
    start: Any,
    cell_start: Any,
    cells: Any,
    entry_start: Any,
    entry_rows: Any,
    entry_cols: Any,
    entry_links: Any,
    part_start: Any,
    parts: Any,
    place_start: Any,
    places: Any,
    factor_start: Any,
    even: Any,
    odd: Any,
    factor: Any,
    row: Any,
    links: Any,
    degrees: Any,
    volts: Any,
) -> None:
    """Set `volts`, the injected currents, to the potentials."""
    for f in range(own.size):
        n, m = own[f], size[f]
        k = m - n
        first = cell_start[f]
        panel = factor[factor_start[f] : factor_start[f + 1]].reshape(n, m)
        mine, theirs = (even, odd) if stack_of[f] == 0 else (odd, even)
        rest = mine[start[f] : start[f] + k * k].reshape(k, k)
        panel[:] = 0.0
        for i in range(k):
            rest[i, i:] = 0.0
        for e in range(entry_start[f], entry_start[f + 1]):
            panel[entry_rows[e], entry_cols[e]] = -links[entry_links[e]]
        for i in range(n):
            panel[i, i] = degrees[cells[first + i]]
        for p in range(part_start[f], part_start[f + 1]):
            part = parts[p]
            place = places[place_start[part] : place_start[part + 1]]
            c = place.size
            given = theirs[start[part] : start[part] + c * c].reshape(c, c)
            for i in range(c):
                to = place[i]
                values = given[i]
                if to < n:
                    target = panel[to]
                    for j in range(i, c):
                        target[place[j]] += values[j]
                else:
                    target = rest[to - n]
                    for j in range(i, c):
                        target[place[j] - n] += values[j]
        for block in range(0, n, 4):
            wide = min(4, n - block)
            for i in range(block, block + wide):
                pivot = panel[i]
                for h in range(block, i):
                    above, share = panel[h, i:], panel[h, i]
                    here = pivot[i:]
                    for j in range(here.size):
                        here[j] -= share * above[j]
                scale = 1.0 / np.sqrt(pivot[i])
                for j in range(i, m):
                    pivot[j] *= scale
            if wide == 4:
                a, b, c4, d = panel[block], panel[block + 1], panel[block + 2], panel[block + 3]
                for i in range(block + 4, m):
                    ai, bi, ci, di = a[i], b[i], c4[i], d[i]
                    target = panel[i, i:] if i < n else rest[i - n, i - n :]
                    aj, bj, cj, dj = a[i:], b[i:], c4[i:], d[i:]
                    for j in range(target.size):
                        target[j] -= ai * aj[j] + bi * bj[j] + ci * cj[j] + di * dj[j]
            else:
                for h in range(block, n):
                    pivot = panel[h]
                    for i in range(n, m):
                        share, target, here = pivot[i], rest[i - n, i - n :], pivot[i:]
                        for j in range(target.size):
                            target[j] -= share * here[j]
        for i in range(m):
            row[i] = volts[cells[first + i]]
        for i in range(n):
            pivot = panel[i]
            half = row[i] / pivot[i]
            row[i] = half
            for j in range(i + 1, m):
                row[j] -= half * pivot[j]
        for i in range(m):
            volts[cells[first + i]] = row[i]
    for f in range(own.size - 1, -1, -1):
        n, m = own[f], size[f]
        first = cell_start[f]
        panel = factor[factor_start[f] : factor_start[f + 1]].reshape(n, m)
        for i in range(m):
            row[i] = volts[cells[first + i]]
        for i in range(n - 1, -1, -1):
            pivot = panel[i]
            total = row[i]
            for j in range(i + 1, m):
                total -= pivot[j] * row[j]
            row[i] = total / pivot[i]
        for i in range(n):
            volts[cells[first + i]] = row[i]
