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

LEAF = 16
"""Cells of a box that are eliminated together rather than cut once more."""

_SMALL = 8
"""Size of a matrix up to which many of them are inverted number by number, as calling BLAS takes longer."""

_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Steps along the four directions of `DIRECTIONS`."""

Run = tuple[slice, slice]
"""Consecutive cells on the rim of a part, and where they are in the front that takes it up: all eliminated, or none."""


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


@dataclass(frozen=True)
class Layer:
    """Fronts of one size that do not take up each other.

    Attributes
    ----------
    numbers : list of int
        Of the g fronts.
    own : int
        How many cells each eliminates.
    cells : int64 (g, m)
        See `Front`.
    members, places, links : int64 (n,)
        Fronts of the layer whose rows of eliminated cells links fill, where in these rows, and the numbers of the links.
    parts : tuple of (int, int, tuple of Run)
        Which front of the layer takes up which one, and how.
    """

    numbers: list[int]
    own: int
    cells: IntArray
    members: IntArray
    places: IntArray
    links: IntArray
    parts: tuple[tuple[int, int, tuple[Run, ...]], ...]


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

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """All fronts, those of one size together, each layer after those that it takes up."""
        height: list[int] = []
        alike: dict[tuple[int, int, int], list[int]] = {}
        for number, front in enumerate(self.fronts):
            height.append(1 + max((height[part] for part, _ in front.parts), default=-1))
            alike.setdefault((height[number], front.own, front.cells.size), []).append(number)
        return tuple(self._layer(alike[key]) for key in sorted(alike))

    def _layer(self, numbers: list[int]) -> Layer:
        fronts = [self.fronts[number] for number in numbers]
        return Layer(
            numbers,
            fronts[0].own,
            np.array([front.cells for front in fronts]),
            np.repeat(np.arange(len(fronts)), [front.links.size for front in fronts]),
            np.concatenate([front.rows * front.cells.size + front.cols for front in fronts]),
            np.concatenate([front.links for front in fronts]),
            tuple((member, *part) for member, front in enumerate(fronts) for part in front.parts),
        )

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
            (self._cut(half, cells[places]), tuple(_runs(places, own.size)))
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


def _runs(places: IntArray, own: int) -> Iterator[Run]:
    """Yield the runs of consecutive numbers in an ascending list, cut where the front's own cells end."""
    ends = np.flatnonzero((np.diff(places) != 1) | (places[1:] == own)) + 1
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
        self._layers = fronts.layers
        self._factors: list[tuple[FloatArray, FloatArray]] = []
        windows = degrees.shape[0]
        couplings, diagonal = np.negative(links.T, order="C"), np.ascontiguousarray(degrees.T)
        # What waits is the negative of what is added to the fronts that take it up; only its upper triangle is used.
        waiting: dict[int, FloatArray] = {}
        for layer in self._layers:
            (count, size), own = layer.cells.shape, layer.own
            rows = np.zeros((count, windows, own, size))
            flat = rows.reshape(count, windows, -1)
            flat[layer.members, :, layer.places] = couplings[layer.links]
            flat[..., :: size + 1] = diagonal[layer.cells[:, :own]].swapaxes(1, 2)
            for member, part, runs in layer.parts:
                target, given = rows[member], waiting[part]
                for number, (from_rows, to_rows) in enumerate(runs):
                    if to_rows.start < own:
                        for from_cols, to_cols in runs[number:]:
                            target[:, to_rows, to_cols] -= given[:, from_rows, from_cols]
            square = rows[..., :own].reshape(count * windows, own, own)
            inverse = _inverse(square).reshape(count, windows, own, own)
            across = np.matmul(inverse, rows[..., own:])
            self._factors.append((inverse, across))
            rest = np.matmul(across.swapaxes(-1, -2), across)
            for member, part, runs in layer.parts:
                target, given = rest[member], waiting.pop(part)
                for number, (from_rows, to_rows) in enumerate(runs):
                    if to_rows.start >= own:
                        down = slice(to_rows.start - own, to_rows.stop - own)
                        for from_cols, to_cols in runs[number:]:
                            right = slice(to_cols.start - own, to_cols.stop - own)
                            target[:, down, right] += given[:, from_rows, from_cols]
            waiting.update(zip(layer.numbers, rest))

    def solve(self, injected: FloatArray) -> FloatArray:
        """Return the potentials of every window.

        Parameters
        ----------
        injected : float64 (k, side * side, n)
            Right-hand sides, n for each window.
        """
        volts: FloatArray = injected.swapaxes(0, 1).copy()
        for layer, (inverse, across) in zip(self._layers, self._factors):
            own, rims = layer.cells[:, : layer.own], layer.cells[:, layer.own :]
            half = np.matmul(inverse, volts[own].swapaxes(1, 2))
            volts[own] = half.swapaxes(1, 2)
            flows = np.matmul(across.swapaxes(-1, -2), half).swapaxes(1, 2)
            for rim, flow in zip(rims, flows):  # one by one, as they overlap
                volts[rim] -= flow
        for layer, (inverse, across) in zip(reversed(self._layers), reversed(self._factors)):
            own, rims = layer.cells[:, : layer.own], layer.cells[:, layer.own :]
            half = volts[own].swapaxes(1, 2) - np.matmul(across, volts[rims].swapaxes(1, 2))
            volts[own] = np.matmul(inverse.swapaxes(-1, -2), half).swapaxes(1, 2)
        by_window: FloatArray = volts.swapaxes(0, 1)
        return by_window


def _inverse(upper: FloatArray) -> FloatArray:
    """Return the inverses of the lower Cholesky factors of matrices, (k, n, n), of which the upper triangle is given."""
    count, size, _ = upper.shape
    if size <= _SMALL:
        return _inverse_small(upper)
    half = (size + 1) // 2
    first = _inverse(upper[:, :half, :half])
    across = np.matmul(first, upper[:, :half, half:])
    second = _inverse(upper[:, half:, half:] - np.matmul(across.swapaxes(1, 2), across))
    inverse = np.zeros((count, size, size))
    inverse[:, :half, :half] = first
    inverse[:, half:, half:] = second
    np.negative(np.matmul(second, np.matmul(across.swapaxes(1, 2), first)), out=inverse[:, half:, :half])
    return inverse


def _inverse_small(upper: FloatArray) -> FloatArray:
    """As `_inverse`, by the elimination of all matrices side by side, with the unit matrix to the right of each."""
    count, size, _ = upper.shape
    both = np.zeros((size, 2 * size, count))
    both[:, :size] = upper.transpose(1, 2, 0)
    both[np.arange(size), np.arange(size, 2 * size)] = 1.0
    for i in range(size):
        pivot = both[i, i : i + size + 1]
        pivot /= np.sqrt(pivot[0])
        both[i + 1 :, i + 1 : i + size + 1] -= pivot[1 : size - i, None] * pivot[1:]
    inverse: FloatArray = both[:, size:].transpose(2, 0, 1)
    return inverse
