"""Factorisation of many windows of one shape at once, by nested dissection and dense fronts.

What is eliminated together with what depends on the shape of a window alone, so it is worked out once; the numbers of
many windows then go through the same dense matrices, a batch at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..types import BoolArray, FloatArray, IntArray

LEAF = 30
"""Cells of a box that are eliminated together rather than cut once more."""

_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Steps along the four directions of `DIRECTIONS`."""

Run = tuple[slice, slice]
"""Consecutive cells on the rim of a part, and where they are in the front that takes it up."""


@dataclass(frozen=True)
class Front:
    """Cells that are eliminated together, and those around them that this changes.

    Attributes
    ----------
    cells : int64 (m,)
        Flat numbers of the cells in the window: first those that are eliminated, then the rim.
    own : int
        How many are eliminated.
    rows, cols, links : int64 (n,)
        Places above the diagonal that links fill, and the numbers of the links: direction times cells of the window,
        plus the cell that the link starts from.
    parts : tuple of (int, tuple of Run)
        The fronts whose rims are taken up, by number, and where each cell of their rims is in this one, ascending.
    """

    cells: IntArray
    own: int
    rows: IntArray
    cols: IntArray
    links: IntArray
    parts: tuple[tuple[int, tuple[Run, ...]], ...]


class Fronts:
    """The order in which the cells of a square window are eliminated.

    The window is cut in two by a line of cells again and again; the two sides of a line are only linked through it.

    Parameters
    ----------
    inside : bool (side, side)
        Cells of the window.
    leaf : int
        Cells of a box that is not cut any more.

    Notes
    -----
    For n cells the factor has about 4 n log2(n) numbers, and a factorisation takes about 25 n^1.5 multiplications.

    References
    ----------
    George A (1973). Nested dissection of a regular finite element mesh. SIAM J. Numer. Anal. 10:345-363.
    doi:10.1137/0710032

    Liu JWH (1992). The multifrontal method for sparse matrix solution: theory and practice. SIAM Rev. 34:82-109.
    doi:10.1137/1034004
    """

    def __init__(self, inside: BoolArray, leaf: int = LEAF) -> None:
        self.side = inside.shape[0]
        self._leaf = leaf
        self._width = self.side + 2
        self._inside = np.zeros((self._width, self._width), dtype=bool)
        self._inside[1:-1, 1:-1] = inside
        self._place = np.full(self._width**2, -1)
        self._fronts: list[Front] = []
        self._cut((1, self.side + 1, 1, self.side + 1), np.empty(0, dtype=np.int64))
        self.fronts = tuple(self._fronts)

    @cached_property
    def factor_size(self) -> int:
        """Numbers in the factor of one window."""
        return sum(front.own * front.cells.size for front in self.fronts)

    def _cut(self, box: tuple[int, int, int, int], rim: IntArray) -> int:
        """Add the fronts of a box, given its rim, and return the number of the last."""
        top, bottom, left, right = box
        if (bottom - top) * (right - left) <= self._leaf:
            own, halves = self._cells(*box), []
        elif right - left >= bottom - top:
            middle = (left + right) // 2
            own = self._cells(top, bottom, middle, middle + 1)
            halves = [(top, bottom, left, middle), (top, bottom, middle + 1, right)]
        else:
            middle = (top + bottom) // 2
            own = self._cells(middle, middle + 1, left, right)
            halves = [(top, middle, left, right), (middle + 1, bottom, left, right)]
        cells = np.concatenate((own, rim))
        self._place[cells] = np.arange(cells.size)
        rims = [np.sort(self._place[self._around(*half)]) for half in halves]
        entries = self._entries(own)
        self._place[cells] = -1
        parts = [
            (self._cut(half, cells[places]), tuple(_runs(places)))
            for half, places in zip(halves, rims)
            if self._cells(*half).size
        ]
        row, col = np.divmod(cells, self._width)
        self._fronts.append(Front((row - 1) * self.side + col - 1, own.size, *entries, tuple(parts)))
        return len(self._fronts) - 1

    def _cells(self, top: int, bottom: int, left: int, right: int) -> IntArray:
        rows, cols = np.nonzero(self._inside[top:bottom, left:right])
        cells: IntArray = (rows + top) * self._width + cols + left
        return cells

    def _around(self, top: int, bottom: int, left: int, right: int) -> IntArray:
        rows, cols = np.arange(top - 1, bottom + 1), np.arange(left, right)
        ring = [rows * self._width + col for col in (left - 1, right)]
        ring += [row * self._width + cols for row in (top - 1, bottom)]
        cells = np.concatenate(ring)
        kept: IntArray = cells[self._inside.ravel()[cells]]
        return kept

    def _entries(self, own: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Return the places of the links of the eliminated cells, and their numbers."""
        found = []
        for direction, (down, right) in enumerate(_NEIGHBOURS):
            step = down * self._width + right
            for other, start in ((own + step, own), (own - step, own - step)):
                there = self._place[other]
                linked = np.flatnonzero(there > np.arange(own.size))
                row, col = np.divmod(start[linked], self._width)
                link = direction * self.side**2 + (row - 1) * self.side + col - 1
                found.append((linked, there[linked], link))
        rows, cols, links = (np.concatenate(part) for part in zip(*found))
        return rows, cols, links


def _runs(places: IntArray) -> Iterator[Run]:
    """Yield the runs of consecutive numbers in an ascending list."""
    ends = np.flatnonzero(np.diff(places) != 1) + 1
    for start, stop in zip([0, *ends.tolist()], [*ends.tolist(), places.size]):
        if stop > start:
            yield slice(start, stop), slice(int(places[start]), int(places[start]) + stop - start)


class Factor:
    """The Cholesky factors of a batch of windows.

    Parameters
    ----------
    fronts : Fronts
        Of the windows.
    links : float64 (k, 4 * side * side)
        Conductances of the links of each window, by `Front.links`; 0 = no link.
    degrees : float64 (k, side * side)
        Diagonal of each matrix, > 0: the conductances of the links of a cell, its own leak included; 1 for those left out.
    """

    def __init__(self, fronts: Fronts, links: FloatArray, degrees: FloatArray) -> None:
        self._fronts = fronts.fronts
        self._factors: list[tuple[FloatArray, FloatArray]] = []
        waiting: dict[int, FloatArray] = {}
        windows = degrees.shape[0]
        for number, front in enumerate(self._fronts):
            size, own = front.cells.size, front.own
            matrix = np.zeros((windows, size, size))
            flat = matrix.reshape(windows, -1)
            values = links[:, front.links]
            np.negative(values, out=values)
            flat[:, front.rows * size + front.cols] = values
            flat[:, front.cols * size + front.rows] = values
            flat[:, np.arange(own) * (size + 1)] = degrees[:, front.cells[:own]]
            for part, runs in front.parts:
                rest = waiting.pop(part)
                for from_rows, to_rows in runs:
                    for from_cols, to_cols in runs:
                        matrix[:, to_rows, to_cols] += rest[:, from_rows, from_cols]
            inverse = _inverse(np.linalg.cholesky(matrix[:, :own, :own]))
            across = np.matmul(inverse, matrix[:, :own, own:])
            self._factors.append((inverse, across))
            rest = matrix[:, own:, own:]
            rest -= np.matmul(across.transpose(0, 2, 1), across)
            waiting[number] = rest

    def solve(self, injected: FloatArray) -> FloatArray:
        """Return the potentials of every window.

        Parameters
        ----------
        injected : float64 (k, side * side, n)
            Right-hand sides, n for each window.
        """
        volts: FloatArray = injected.copy()
        for front, (inverse, across) in zip(self._fronts, self._factors):
            own, rim = front.cells[: front.own], front.cells[front.own :]
            half = np.matmul(inverse, volts[:, own])
            volts[:, own] = half
            volts[:, rim] -= np.matmul(across.transpose(0, 2, 1), half)
        for front, (inverse, across) in zip(reversed(self._fronts), reversed(self._factors)):
            own, rim = front.cells[: front.own], front.cells[front.own :]
            half = volts[:, own] - np.matmul(across, volts[:, rim])
            volts[:, own] = np.matmul(inverse.transpose(0, 2, 1), half)
        return volts


def _inverse(lower: FloatArray) -> FloatArray:
    """Return the inverses of lower triangular matrices, (k, n, n), by joining blocks of twice the size again and again.

    LAPACK would work in threads on each of many small matrices, which takes longer than the work.
    """
    count, size, _ = lower.shape
    whole = 1 << max(size - 1, 0).bit_length()
    padded = np.zeros((count, whole, whole))
    padded[:, :size, :size] = lower
    blocks = np.ones((whole, count, 1, 1))
    blocks[:size, :, 0, 0] = 1.0 / np.einsum("kii->ik", lower)
    n = 1
    while n < whole:
        pair = np.arange(whole // (2 * n))
        below = padded.reshape(count, pair.size, 2, n, pair.size, 2, n)[:, pair, 1, :, pair, 0, :]
        upper, under = blocks[0::2], blocks[1::2]
        joined = np.zeros((pair.size, count, 2 * n, 2 * n))
        joined[..., :n, :n] = upper
        joined[..., n:, n:] = under
        joined[..., n:, :n] = -np.matmul(under, np.matmul(below, upper))
        blocks, n = joined, 2 * n
    inverse: FloatArray = blocks[0][:, :size, :size]
    return inverse
