"""The factorisation of `fronts` compiled by numba, one window after another, with BLAS for what is large in it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..accelerators import numba_works
from ..types import FloatArray, IntArray
from .fronts import Fronts

LEAF = 30
"""`fronts.LEAF` for the kernels, which take one front after another: fewer and larger ones pay."""


def available() -> bool:
    """Return whether numba is installed, works, and can keep what it compiles."""
    return numba_works(lambda: _kernel(_factorise))


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
        runs: list[list[tuple[int, int, int]]] = [[]] * own.size
        depth = np.zeros(own.size, dtype=np.int64)
        for number in range(own.size - 1, -1, -1):
            for part, pairs in all_fronts[number].parts:
                runs[part] = [(rim.start, to.start, to.stop - to.start) for rim, to in pairs]
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
            np.concatenate(([0], np.cumsum([len(some) for some in runs]))),
            *np.array([run for some in runs for run in some], dtype=np.int64).reshape(-1, 3).T.copy(),
            np.concatenate(([0], np.cumsum(own * size))),
        )
        self._order = own, size, self._structure[4], self._structure[5], self._structure[-1]
        self._stacks = np.empty(most[0]), np.empty(most[1])
        self._work = np.empty(int((own * size).max()))
        self._factor_size = fronts.factor_size
        self._factor: FloatArray | None = None

    def solve(self, links: FloatArray, degrees: FloatArray, injected: FloatArray) -> FloatArray:
        """Return the potentials of every window; see `Factor`, with one right-hand side for each."""
        volts: FloatArray = np.empty_like(injected)
        for window, put_in in enumerate(injected):
            self._factor = self.factorise(links[window], degrees[window], self._factor)
            volts[window] = self.substitute(self._factor, put_in[:, None])[:, 0]
        return volts

    def factorise(self, links: FloatArray, degrees: FloatArray, factor: FloatArray | None = None) -> FloatArray:
        """Return the factor of a window, see `Factor`; in the memory given, if any."""
        factor = np.empty(self._factor_size) if factor is None else factor
        _kernel(_factorise)(*self._structure, *self._stacks, self._work, links, degrees, factor)
        return factor

    def substitute(self, factor: FloatArray, injected: FloatArray) -> FloatArray:
        """Return the potentials of a window with its factor, for any number of right-hand sides, (side * side, n)."""
        volts: FloatArray = injected.copy()
        work = np.empty(2 * int(self._order[1].max()) * volts.shape[1])
        if volts.shape[1] == 1:
            _kernel(_substitute_one)(*self._order, factor, work, volts.ravel())
        else:
            _kernel(_substitute)(*self._order, factor, work, volts)
        return volts


def through(links: FloatArray, volts: FloatArray) -> FloatArray:
    """As `windowflow.through`, of links as `Fronts` numbers them, (4, rows, cols)."""
    current: FloatArray = np.zeros(volts.shape)
    _kernel(_add_currents)(links, volts, current, np.zeros(volts.shape))
    return current


def _joined(arrays: Sequence[IntArray]) -> tuple[IntArray, IntArray]:
    """Return where each array starts in all of them together, and these."""
    return np.concatenate(([0], np.cumsum([array.size for array in arrays]))), np.concatenate(arrays)


@functools.cache
def _kernel(function: Callable[..., None]) -> Any:
    import numba

    # sums may be taken in any order, so that several additions can be done at once
    return numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})(function)


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


def _factorise(
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
    run_start: Any,
    run_from: Any,
    run_to: Any,
    run_size: Any,
    factor_start: Any,
    even: Any,
    odd: Any,
    work: Any,
    links: Any,
    degrees: Any,
    factor: Any,
) -> None:
    """Set `factor`: of each front the inverse of its lower triangle, and what links it to its rim.

    What waits on the stacks is the negative of what is added to the fronts that take it up.
    """
    for f in range(own.size):
        n, m = own[f], size[f]
        k = m - n
        at = factor_start[f]
        inverse = factor[at : at + n * n].reshape(n, n)
        across = factor[at + n * n : at + n * m].reshape(n, k)
        upper = work[: n * n].reshape(n, n)
        beside = work[n * n : n * m].reshape(n, k)
        mine, theirs = (even, odd) if stack_of[f] == 0 else (odd, even)
        rest = mine[start[f] : start[f] + k * k].reshape(k, k)
        work[: n * m] = 0.0
        inverse[:] = 0.0
        for e in range(entry_start[f], entry_start[f + 1]):
            i, j = entry_rows[e], entry_cols[e]
            if j < n:
                upper[i, j] = -links[entry_links[e]]
            else:
                beside[i, j - n] = -links[entry_links[e]]
        for i in range(n):
            upper[i, i] = degrees[cells[cell_start[f] + i]]
            inverse[i, i] = 1.0
        for p in range(part_start[f], part_start[f + 1]):
            part = parts[p]
            c = size[part] - own[part]
            given = theirs[start[part] : start[part] + c * c].reshape(c, c)
            last = run_start[part + 1]
            for r in range(run_start[part], last):
                if run_to[r] >= n:
                    break
                for i in range(run_size[r]):
                    values, row = given[run_from[r] + i], run_to[r] + i
                    for q in range(r, last):
                        to = run_to[q]
                        target = upper[row, to:] if to < n else beside[row, to - n :]
                        added = values[run_from[q] :]
                        for j in range(run_size[q]):
                            target[j] -= added[j]
        for i in range(n):
            pivot, unit = upper[i], inverse[i]
            fours = i - i % 4
            for h in range(0, fours, 4):
                a, b, c4, d = upper[h, i], upper[h + 1, i], upper[h + 2, i], upper[h + 3, i]
                if a == 0.0 and b == 0.0 and c4 == 0.0 and d == 0.0:
                    continue  # cells of a box are linked to few of it
                aj, bj, cj, dj = upper[h], upper[h + 1], upper[h + 2], upper[h + 3]
                for j in range(i, n):
                    pivot[j] -= a * aj[j] + b * bj[j] + c4 * cj[j] + d * dj[j]
                aj, bj, cj, dj = inverse[h], inverse[h + 1], inverse[h + 2], inverse[h + 3]
                for j in range(h + 4):
                    unit[j] -= a * aj[j] + b * bj[j] + c4 * cj[j] + d * dj[j]
            for h in range(fours, i):
                share, above, left = upper[h, i], upper[h], inverse[h]
                for j in range(i, n):
                    pivot[j] -= share * above[j]
                for j in range(h + 1):
                    unit[j] -= share * left[j]
            scale = 1.0 / np.sqrt(pivot[i])
            for j in range(i, n):
                pivot[j] *= scale
            for j in range(i + 1):
                unit[j] *= scale
        if k == 0:
            continue
        np.dot(inverse, beside, across)
        np.dot(across.T, across, rest)
        for p in range(part_start[f], part_start[f + 1]):
            part = parts[p]
            c = size[part] - own[part]
            given = theirs[start[part] : start[part] + c * c].reshape(c, c)
            last = run_start[part + 1]
            for r in range(run_start[part], last):
                if run_to[r] < n:
                    continue
                for i in range(run_size[r]):
                    values, row = given[run_from[r] + i], run_to[r] + i - n
                    for q in range(r, last):
                        target, added = rest[row, run_to[q] - n :], values[run_from[q] :]
                        for j in range(run_size[q]):
                            target[j] += added[j]


def _substitute(
    own: Any, size: Any, cell_start: Any, cells: Any, factor_start: Any, factor: Any, work: Any, volts: Any
) -> None:
    """Set `volts`, the injected currents, to the potentials; one column for each window."""
    many = volts.shape[1]
    for f in range(own.size):
        n, m = own[f], size[f]
        k = m - n
        at = factor_start[f]
        inverse = factor[at : at + n * n].reshape(n, n)
        across = factor[at + n * n : at + n * m].reshape(n, k)
        mine, rim = cells[cell_start[f] : cell_start[f] + n], cells[cell_start[f] + n : cell_start[f] + m]
        given = work[: n * many].reshape(n, many)
        half = work[n * many : 2 * n * many].reshape(n, many)
        flow = work[2 * n * many : (2 * n + k) * many].reshape(k, many)
        for i in range(n):
            for j in range(many):
                given[i, j] = volts[mine[i], j]
        np.dot(inverse, given, half)
        for i in range(n):
            for j in range(many):
                volts[mine[i], j] = half[i, j]
        if k > 0:
            np.dot(across.T, half, flow)
            for i in range(k):
                for j in range(many):
                    volts[rim[i], j] -= flow[i, j]
    for f in range(own.size - 1, -1, -1):
        n, m = own[f], size[f]
        k = m - n
        at = factor_start[f]
        inverse = factor[at : at + n * n].reshape(n, n)
        across = factor[at + n * n : at + n * m].reshape(n, k)
        mine, rim = cells[cell_start[f] : cell_start[f] + n], cells[cell_start[f] + n : cell_start[f] + m]
        half = work[: n * many].reshape(n, many)
        flow = work[n * many : 2 * n * many].reshape(n, many)
        around = work[2 * n * many : (2 * n + k) * many].reshape(k, many)
        for i in range(n):
            for j in range(many):
                half[i, j] = volts[mine[i], j]
        if k > 0:
            for i in range(k):
                for j in range(many):
                    around[i, j] = volts[rim[i], j]
            np.dot(across, around, flow)
            half -= flow
        np.dot(inverse.T, half, flow)
        for i in range(n):
            for j in range(many):
                volts[mine[i], j] = flow[i, j]


def _substitute_one(
    own: Any, size: Any, cell_start: Any, cells: Any, factor_start: Any, factor: Any, work: Any, volts: Any
) -> None:
    """As `_substitute` for one window; BLAS takes longer to get going than such products do."""
    for f in range(own.size):
        n, m = own[f], size[f]
        k = m - n
        at = factor_start[f]
        inverse = factor[at : at + n * n].reshape(n, n)
        across = factor[at + n * n : at + n * m].reshape(n, k)
        mine, rim = cells[cell_start[f] : cell_start[f] + n], cells[cell_start[f] + n : cell_start[f] + m]
        given, flow = work[:n], work[n:m]
        for i in range(n):
            given[i] = volts[mine[i]]
        flow[:] = 0.0
        for i in range(n):
            row, half = inverse[i], 0.0
            for j in range(i + 1):
                half += row[j] * given[j]
            volts[mine[i]] = half
            row = across[i]
            for j in range(k):
                flow[j] += row[j] * half
        for i in range(k):
            volts[rim[i]] -= flow[i]
    for f in range(own.size - 1, -1, -1):
        n, m = own[f], size[f]
        k = m - n
        at = factor_start[f]
        inverse = factor[at : at + n * n].reshape(n, n)
        across = factor[at + n * n : at + n * m].reshape(n, k)
        mine, rim = cells[cell_start[f] : cell_start[f] + n], cells[cell_start[f] + n : cell_start[f] + m]
        flow, around = work[:n], work[n:m]
        for i in range(k):
            around[i] = volts[rim[i]]
        flow[:] = 0.0
        for i in range(n):
            row, half = across[i], volts[mine[i]]
            for j in range(k):
                half -= row[j] * around[j]
            row = inverse[i]
            for j in range(i + 1):
                flow[j] += row[j] * half
        for i in range(n):
            volts[mine[i]] = flow[i]
