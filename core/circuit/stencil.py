"""Nine-point operators on padded rasters, and their coarsening by half that keeps them nine-point.

A raster is stored flat, with room for at least one empty column at the end of every row and for a row before and after
it, so that every neighbour is at a constant distance in memory and edges need no care.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, Union

import numpy as np

from ..types import Array, BoolArray, FloatArray

Box = tuple[int, int, int, int]
"""First row, row after the last, first column, column after the last."""

STRIP = 32_768
"""Elements that are worked on at a time, so that they stay in the cache of the processor."""

_PARITIES = ((0, 0), (0, 1), (1, 0), (1, 1))
"""Even or odd row and column."""

_NEGLIGIBLE = 1e-9
"""Leaks below this share of a node's couplings are rounding."""


class Stencil:
    """Conductances from every cell to its east, south, south-east and south-west neighbours, and to ground.

    Parameters
    ----------
    rows, cols : int
        Size of the raster.
    dtype : type
        float64 or float32.

    Attributes
    ----------
    rows, width : int
        Size of the padded raster, both even.
    margin : int
        Elements before and after it.
    offsets : tuple of int
        Distances of the four neighbours in memory.
    couplings : list of (size,) or None
        Conductances in the order of `DIRECTIONS`; None = all 0.
    leak : (size,) or None
        Conductance to ground; None = all 0.
    leaky : bool (strips,)
        In which strips there may be leaks; see `look_for_leaks`.
    """

    def __init__(self, rows: int, cols: int, dtype: type = np.float64) -> None:
        self.cols = cols
        self.rows = rows + rows % 2
        self.width = cols + 1 + (cols + 1) % 2
        self.margin = self.width + 2
        self.inside = slice(self.margin, self.margin + self.rows * self.width)
        self.size = self.rows * self.width + 2 * self.margin
        self.offsets = (1, self.width, self.width + 1, self.width - 1)
        self.dtype = dtype
        self.couplings: list[FloatArray | None] = [None] * 4
        self.leak: FloatArray | None = None
        self.leaky: BoolArray = np.ones(-(-self.rows * self.width // STRIP), dtype=bool)
        self._scratch: FloatArray = np.empty(STRIP, dtype=dtype)

    def zeros(self) -> FloatArray:
        """Return a vector of zeros."""
        return np.zeros(self.size, dtype=self.dtype)

    def raster(self, vector: Array, offset: int = 0) -> Array:
        """Return a vector, or what lies at some distance in memory from it, as a view of (rows, width)."""
        start = self.margin + offset
        return vector[start : start + self.rows * self.width].reshape(self.rows, self.width)

    def subtract(self, x: FloatArray, out: FloatArray) -> None:
        """Subtract the product with a vector from `out`.

        Potential differences are formed before they are multiplied, so constants are carried to 0 exactly whatever the
        precision; with the diagonal stored its rounding would act as a false leak.
        """
        stop = self.inside.stop
        links = [(offset, c) for offset, c in zip(self.offsets, self.couplings) if c is not None]
        for start in range(self.inside.start, stop, STRIP):
            end = min(start + STRIP, stop)
            flow = self._scratch[: end - start]
            here, net = x[start:end], out[start:end]
            for offset, coupling in links:
                np.subtract(here, x[start + offset : end + offset], out=flow)
                flow *= coupling[start:end]
                net -= flow
                out[start + offset : end + offset] += flow
            if self.leak is not None and self.leaky[(start - self.inside.start) // STRIP]:
                np.multiply(here, self.leak[start:end], out=flow)
                net -= flow

    def look_for_leaks(self) -> None:
        """Note which strips have leaks, as mostly few have; to be called again when leaks have changed."""
        if self.leak is not None:
            starts = np.arange(0, self.rows * self.width, STRIP)
            self.leaky = np.logical_or.reduceat(self.leak[self.inside], starts)

    def degree(self, absolute: bool = False) -> FloatArray:
        """Return the sum of the couplings and the leak of every cell, or of their absolute values."""
        degree = self.zeros()
        start, stop = self.inside.start, self.inside.stop
        for offset, coupling in zip(self.offsets, self.couplings):
            if coupling is not None:
                part = np.abs(coupling[start:stop]) if absolute else coupling[start:stop]
                degree[start:stop] += part
                degree[start + offset : stop + offset] += part
        if self.leak is not None:
            degree += np.abs(self.leak) if absolute else self.leak
        degree[:start] = 0.0
        degree[stop:] = 0.0
        return degree

    def window(self, box: Box) -> Stencil:
        """Return a copy in float64 of a part of the padded raster, which is right but for the cells at its edges."""
        top, bottom, left, right = box
        part = Stencil(bottom - top, right - left)

        def cut(vector: FloatArray) -> FloatArray:
            copy = part.zeros()
            part.raster(copy)[: bottom - top, : right - left] = self.raster(vector)[top:bottom, left:right]
            return copy

        part.couplings = [None if coupling is None else cut(coupling) for coupling in self.couplings]
        part.leak = None if self.leak is None else cut(self.leak)
        return part

    def blank(self, dtype: type) -> Stencil:
        """Return one of the same size in some precision, without links and leaks as yet."""
        blank = Stencil(self.rows, self.cols, dtype)
        blank.couplings = [None if self.lacks(number) else blank.zeros() for number in range(4)]
        blank.leak = None if self.leak is None else blank.zeros()
        return blank

    def halved(self) -> Stencil:
        """Return the coarse one in float64, without links and leaks as yet."""
        coarse = Stencil(self.rows // 2, -(-self.cols // 2))
        coarse.couplings = [coarse.zeros() for _ in range(4)]
        coarse.leak = None if self.leak is None else coarse.zeros()
        return coarse

    def lacks(self, direction: int) -> bool:
        """Return whether there is no link in a direction."""
        return self.couplings[direction] is None

    def astype(self, dtype: type) -> Stencil:
        """Return a copy in another precision."""
        copy = Stencil.__new__(Stencil)
        copy.__dict__.update(self.__dict__)
        copy.dtype = dtype
        copy.couplings = [None if c is None else c.astype(dtype) for c in self.couplings]
        copy.leak = None if self.leak is None else self.leak.astype(dtype)
        copy._scratch = np.empty(STRIP, dtype=dtype)
        return copy


class Interpolation:
    """Weights that carry values from every second cell of every second row to all cells, and back.

    A cell between two coarse points weighs them by the couplings towards their sides; one between four also through
    its neighbours that lie between two. The weights of a cell add up to 1, less what leaks to ground there. A coarse
    point stands for its block of 2 x 2 cells even if the cell it lies on is NoData.

    References
    ----------
    Dendy JE (1982). Black box multigrid. J. Comput. Phys. 48:366-386. doi:10.1016/0021-9991(82)90057-2
    """

    def __init__(self, fine: Stencil) -> None:
        def clipped(direction: int, a: int, b: int, offset: int = 0) -> FloatArray | float:
            coupling = _part(fine, fine.couplings[direction], a, b, offset)
            return np.maximum(coupling, 0.0) if isinstance(coupling, np.ndarray) else coupling

        def leak(a: int, b: int) -> FloatArray | float:
            values = _part(fine, fine.leak, a, b)
            return np.maximum(values, 0.0) if isinstance(values, np.ndarray) else values

        def around(a: int, b: int) -> list[FloatArray | float]:
            """Return the couplings of the cells of one parity to north-west, north, north-east, west, east ..."""
            return [
                clipped(direction, a, b, -offset)
                for direction, offset in ((2, fine.width + 1), (1, fine.width), (3, fine.width - 1), (0, 1))
            ] + [clipped(direction, a, b) for direction in (0, 3, 1, 2)]

        shape = fine.rows // 2, fine.width // 2
        nw, n, ne, w, e, sw, s, se = around(0, 1)
        self.west, self.east = _shares(nw + w + sw, ne + e + se, leak(0, 1), shape)
        nw, n, ne, w, e, sw, s, se = around(1, 0)
        self.north, self.south = _shares(nw + n + ne, sw + s + se, leak(1, 0), shape)
        nw, n, ne, w, e, sw, s, se = around(1, 1)
        west_below, east_below = _next(self.west, 0), _next(self.east, 0)
        north_right, south_right = _next(self.north, 1), _next(self.south, 1)
        total = nw + n + ne + w + e + sw + s + se + leak(1, 1)
        inverse = np.zeros(shape)
        np.divide(1.0, total, out=inverse, where=total > 0)
        self.corners: tuple[FloatArray, ...] = (
            (nw + n * self.west + w * self.north) * inverse,
            (ne + n * self.east + e * north_right) * inverse,
            (sw + s * west_below + w * self.south) * inverse,
            (se + s * east_below + e * south_right) * inverse,
        )

    @property
    def weights(self) -> tuple[FloatArray, ...]:
        """All eight weights."""
        return (self.west, self.east, self.north, self.south, *self.corners)

    @classmethod
    def blank(cls, shape: tuple[int, int]) -> Interpolation:
        """Return weights of so many coarse points in float32, all 0."""
        blank = cls.__new__(cls)
        blank.west, blank.east, blank.north, blank.south, *corners = (np.zeros(shape, np.float32) for _ in range(8))
        blank.corners = tuple(corners)
        return blank

    def prolong(self, coarse: Stencil, x: FloatArray, fine: Stencil, out: FloatArray) -> None:
        """Add the interpolated coarse vector to a fine one."""
        target = fine.raster(out)
        points = _block(coarse, x, self.west.shape)
        nw, ne, sw, se = self.corners
        for rows in _row_strips(self.west.shape):
            here, right, below, across = (point[rows] for point in points)
            two = slice(2 * rows.start, 2 * rows.stop)
            strip = target[two]
            strip[0::2, 0::2] += here
            strip[0::2, 1::2] += self.west[rows] * here + self.east[rows] * right
            strip[1::2, 0::2] += self.north[rows] * here + self.south[rows] * below
            part = nw[rows] * here
            part += ne[rows] * right
            part += sw[rows] * below
            part += se[rows] * across
            strip[1::2, 1::2] += part

    def restrict(self, fine: Stencil, x: FloatArray, coarse: Stencil, out: FloatArray) -> None:
        """Set a coarse vector to the transposed interpolation of a fine one."""
        out[:] = 0.0
        source = fine.raster(x)
        points = _block(coarse, out, self.west.shape)
        nw, ne, sw, se = self.corners
        for rows in _row_strips(self.west.shape):
            here, right, below, across = (point[rows] for point in points)
            strip = source[2 * rows.start : 2 * rows.stop]
            row = np.ascontiguousarray(strip[0::2, 1::2])
            column = np.ascontiguousarray(strip[1::2, 0::2])
            middle = np.ascontiguousarray(strip[1::2, 1::2])
            part = self.west[rows] * row
            part += self.north[rows] * column
            part += nw[rows] * middle
            part += strip[0::2, 0::2]
            here += part
            right += self.east[rows] * row + ne[rows] * middle
            below += self.south[rows] * column + sw[rows] * middle
            across += se[rows] * middle


def coarsen(fine: Stencil, weights: Interpolation) -> Stencil:
    """Return the Galerkin operator on the coarse points: transposed interpolation, operator, interpolation.

    The power of every link is spread over the coarse points that its two ends lean on, so a coarse coupling is a sum
    of products of weight differences and no constant is lost to rounding.
    """
    coarse = Stencil(fine.rows // 2, -(-fine.cols // 2), fine.dtype)
    east, south, southeast, southwest = (coarse.zeros() for _ in range(4))
    coarse.couplings = [east, south, southeast, southwest]
    shape = weights.west.shape
    edges = {
        (0, 1): _block(coarse, east, shape)[0],
        (2, 3): _block(coarse, east, shape)[2],
        (0, 2): _block(coarse, south, shape)[0],
        (1, 3): _block(coarse, south, shape)[1],
        (0, 3): _block(coarse, southeast, shape)[0],
        (1, 2): _block(coarse, southwest, shape)[1],
    }
    corners_of = _patch(weights)
    for rows in _row_strips(shape):
        for direction, (down, right) in enumerate(((0, 1), (1, 0), (1, 1), (1, -1))):
            coupling = fine.couplings[direction]
            if coupling is None:
                continue
            for a, b in _PARITIES:
                shift = 1 if right < 0 else 0
                one, other = corners_of[a, b + shift], corners_of[a + down, b + shift + right]
                flow = _part(fine, coupling, a, b, shift)[rows]
                drop = {
                    corner: _at(one.get(corner, 0.0), rows) - _at(other.get(corner, 0.0), rows)
                    for corner in sorted({*one, *other})
                }
                for first, second in combinations(drop, 2):
                    edges[first, second][rows] -= flow * drop[first] * drop[second]
        for a, b in _PARITIES[1:] if fine.leak is not None else ():
            flow = _part(fine, fine.leak, a, b)[rows]
            share = {corner: _at(weight, rows) for corner, weight in corners_of[a, b].items()}
            for first, second in combinations(share, 2):
                edges[first, second][rows] -= flow * share[first] * share[second]
    if fine.leak is not None:
        constant, left = fine.zeros(), fine.zeros()
        weights.prolong(coarse, np.ones(coarse.size, dtype=fine.dtype), fine, constant)
        fine.subtract(constant, left)
        coarse.leak = coarse.zeros()
        weights.restrict(fine, -left, coarse, coarse.leak)
        coarse.leak[np.abs(coarse.leak) < _NEGLIGIBLE * coarse.degree(absolute=True)] = 0.0
    return coarse


Weight = Union[FloatArray, float]


def _patch(weights: Interpolation) -> dict[tuple[int, int], dict[int, Weight]]:
    """Return what the cells of a patch of 3 x 3 lean on: corner (0 to 3, row by row) and weight."""
    nw, ne, sw, se = weights.corners
    return {
        (0, 0): {0: 1.0},
        (0, 1): {0: weights.west, 1: weights.east},
        (0, 2): {1: 1.0},
        (1, 0): {0: weights.north, 2: weights.south},
        (1, 1): {0: nw, 1: ne, 2: sw, 3: se},
        (1, 2): {1: _next(weights.north, 1), 3: _next(weights.south, 1)},
        (2, 0): {2: 1.0},
        (2, 1): {2: _next(weights.west, 0), 3: _next(weights.east, 0)},
        (2, 2): {3: 1.0},
    }


def _at(weight: Weight, rows: slice) -> Weight:
    return weight[rows] if isinstance(weight, np.ndarray) else weight


def _part(fine: Stencil, vector: FloatArray | None, a: int, b: int, offset: int = 0) -> Any:
    """Return what lies at some distance from the cells of one parity; 0 for a vector that is not there."""
    return 0.0 if vector is None else fine.raster(vector, offset)[a::2, b::2]


def _shares(one: Any, other: Any, leak: Any, shape: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Return the shares of two sides in their sum and the leak; all to the first where neither is linked."""
    both = one + other
    inverse = np.zeros(shape)
    np.divide(1.0, both + leak, out=inverse, where=both > 0)
    return np.where(both > 0, one * inverse, 1.0), other * inverse


def _next(weight: FloatArray, axis: int) -> FloatArray:
    """Return the weights of the next row or column, 0 beyond the last."""
    moved = np.zeros_like(weight)
    if axis == 0:
        moved[:-1] = weight[1:]
    else:
        moved[:, :-1] = weight[:, 1:]
    return moved


def _block(coarse: Stencil, vector: FloatArray, shape: tuple[int, int]) -> tuple[FloatArray, ...]:
    """Return views of the coarse points at the four corners of every block: own, right, below, across."""
    rows, cols = shape
    offsets = (0, 1, coarse.width, coarse.width + 1)
    here, right, below, across = (coarse.raster(vector, offset)[:rows, :cols] for offset in offsets)
    return here, right, below, across


def _row_strips(shape: tuple[int, int]) -> list[slice]:
    height = max(1, STRIP // 4 // shape[1])
    return [slice(row, min(row + height, shape[0])) for row in range(0, shape[0], height)]
