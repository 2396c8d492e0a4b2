"""The multigrid cycle: an approximate inverse of the operator of a large raster, at the price of a few passes over it."""

from __future__ import annotations

from types import ModuleType
from typing import Callable

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from ..errors import ConvergenceError
from ..monitor import SILENT, Monitor
from ..types import Array, FloatArray
from . import passes
from .graph import nested_dissection
from .stencil import Box, Interpolation, Stencil, coarsen

_SHIFT = 1e-10
"""Leak of the coarsest cells as a share of their couplings, which keeps the factorisation from breaking down."""

_LOST = 1e-6
"""Degree, as a share of the couplings it is the sum of, below which it is what rounding to float32 left of them."""

_DAMPING = 0.8
"""Weight of a Jacobi sweep: the best for errors that a coarse grid cannot see."""

_RIM = 2
"""Coarse cells along the cut edges of a window whose coarse operator is wrong."""

_STRIP_CELLS, _STRIP_ROWS = 100_000, 24
"""Cells of the strips that a level is made in, and the least rows of blocks, on which the rim must not weigh much."""

Put = Callable[[Array, Array], None]
"""Replaces the values of a view."""


class Journal:
    """What parts of arrays were before they were changed."""

    def __init__(self) -> None:
        self._before: list[tuple[Array, Array]] = []

    def keep(self, part: Array) -> None:
        """Remember the values of a view."""
        self._before.append((part, part.copy()))

    def put(self, part: Array, values: Array) -> None:
        """Remember the values of a view and replace them."""
        self.keep(part)
        part[...] = values

    def undo(self) -> None:
        """Bring all values back."""
        while self._before:
            part, values = self._before.pop()
            part[...] = values


_TWICE = 3
"""Level from which on each is visited twice in a cycle, 0 = the finest: with the levels above once, iterations do not grow
with the raster, at the price of a twentieth of a cycle."""


class Hierarchy:
    """A multigrid cycle, V on the finest levels and W below: an approximate inverse of a nine-point operator.

    One damped Jacobi sweep before and one after each coarse correction, in float32; the coarsest level is solved by a
    sparse factorisation in float64.

    Parameters
    ----------
    finest : Stencil
        The operator, in float64.
    coarsest : int
        Cells of the level that is solved directly.
    monitor : Monitor
        Cancellation.
    passes : module
        `passes`, or `compiled` with the same functions.

    References
    ----------
    Alcouffe RE, Brandt A, Dendy JE, Painter JW (1981). The multi-grid method for the diffusion equation with strongly
    discontinuous coefficients. SIAM J. Sci. Stat. Comput. 2:430-454. doi:10.1137/0902035
    """

    def __init__(self, finest: Stencil, coarsest: int, monitor: Monitor = SILENT, passes: ModuleType = passes) -> None:
        self._passes, self._monitor = passes, monitor
        self._levels: list[_Level] = []
        operator = finest
        while operator.rows * operator.width > coarsest:
            level = _Level(operator, finest=operator is finest)
            self._levels.append(level)
            operator = level.build(operator, monitor)
        self._coarsest_solver: _CoarsestSolver | None = _CoarsestSolver(operator)
        self._coarsest = operator.astype(np.float32)
        self.depth = len(self._levels) + 1

    @property
    def idle(self) -> FloatArray:
        """A float64 vector of the finest level that may be overwritten between cycles."""
        return self._levels[0].idle

    @property
    def finest(self) -> Stencil:
        """The operator in float32."""
        return self._operators()[0]

    def _operators(self) -> list[Stencil]:
        return [*(level.operator for level in self._levels), self._coarsest]

    def admit_leaks(self) -> None:
        """Make room for leaks on every level."""
        for operator in self._operators():
            if operator.leak is None:
                operator.leak = operator.zeros()

    def renew(self, finest: Stencil, box: Box, journal: Journal) -> None:
        """Adapt all levels to a change of the operator within a part of the raster.

        Only a window of half the size and a few cells more is made anew on each coarser level, and the factor of the
        coarsest when it is next needed. There must be room for leaks.

        Parameters
        ----------
        finest : Stencil
            The changed operator.
        box : tuple
            The part, in the padded raster, that all changed couplings and leaks lie in.
        journal : Journal
            Remembers what was there; once it has brought that back, `settle` must be called.
        """
        _store(self._operators()[0], box, finest, box, journal.put)
        for level, coarse in zip(self._levels, self._operators()[1:]):
            changed = _within(
                (box[0] // 2 - 2, (box[1] + 5) // 2, box[2] // 2 - 2, (box[3] + 5) // 2), level.weights.west.shape
            )
            level.make(level.operator, changed, coarse, journal.put)
            box = changed
        self.settle()

    def settle(self) -> None:
        """Factorise the coarsest level anew when it is next needed, and note where leaks are now."""
        self._coarsest_solver = None
        for level in self._levels:
            level.operator.look_for_leaks()

    def cycle(self, rhs: FloatArray) -> FloatArray:
        """Return an approximate solution for a float32 right-hand side; the result is overwritten by the next call."""
        if self._coarsest_solver is None:
            self._coarsest_solver = _CoarsestSolver(self._coarsest)
        for finest in self._levels[:1]:  # whose vectors were overwritten
            margin = finest.operator.margin
            finest.residual[:margin] = finest.residual[-margin:] = 0.0
        return self._cycle(0, rhs, self._coarsest_solver)

    def _cycle(self, number: int, rhs: FloatArray, solver: _CoarsestSolver) -> FloatArray:
        if number == len(self._levels):
            return solver.solve(rhs)
        level = self._levels[number]
        coarse = self._levels[number + 1] if number + 1 < len(self._levels) else solver
        fine, sweep, weights, passes = level.operator, level.sweep, level.weights, self._passes
        check = self._monitor.check  # a pass over a raster of 100 million cells takes half a second
        passes.presmooth(fine, sweep, rhs, level.x, level.residual)
        check()
        passes.restrict(weights, fine, level.residual, coarse.operator, coarse.rhs)
        check()
        correction = self._cycle(number + 1, coarse.rhs, solver)
        if _TWICE <= number + 1 < len(self._levels):
            correction = self._again(number + 1, correction, solver)
        check()
        passes.prolong(weights, coarse.operator, correction, fine, level.x)
        check()
        found: FloatArray = passes.postsmooth(fine, sweep, rhs, level.x, level.residual)
        return found

    def _again(self, number: int, x: FloatArray, solver: _CoarsestSolver) -> FloatArray:
        """Correct a level's approximate solution by one more cycle."""
        level = self._levels[number]
        first: FloatArray = x.copy()
        rest: FloatArray = level.rhs.copy()
        level.operator.subtract(first, rest)
        first += self._cycle(number, rest, solver)
        return first


class _Level:
    """One level above the coarsest: operator, sweep and weights in float32, and the vectors of a cycle.

    On the finest the right-hand side comes from outside, and the two other vectors share what is one in float64
    between cycles.
    """

    def __init__(self, operator: Stencil, finest: bool) -> None:
        self.operator = operator.blank(np.float32)
        self.sweep = self.operator.zeros()
        self.weights = Interpolation.blank((operator.rows // 2, operator.width // 2))
        self.idle = np.zeros(operator.size)
        self.x, self.residual = self.idle.view(np.float32).reshape(2, -1)
        self.rhs = np.empty(0, np.float32) if finest else self.operator.zeros()

    def build(self, operator: Stencil, monitor: Monitor) -> Stencil:
        """Make the level of an operator, a strip of rows at a time; return the coarse operator."""
        coarse = operator.halved()
        blocks = self.weights.west.shape
        height = max(_STRIP_ROWS, _STRIP_CELLS // (2 * operator.width))
        for top in range(0, blocks[0], height):
            monitor.check()
            self.make(operator, (top, min(top + height, blocks[0]), 0, blocks[1]), coarse, _put, copied=True)
        self.operator.look_for_leaks()
        return coarse

    def make(self, operator: Stencil, blocks: Box, coarse: Stencil, put: Put, *, copied: bool = False) -> None:
        """Make the weights, sweep and coarse operator of some blocks of 2 x 2 cells, and with `copied` the operator."""
        rim = (-_RIM, _RIM, -_RIM, _RIM)
        top, bottom, left, right = _within(tuple(a + b for a, b in zip(blocks, rim)), self.weights.west.shape)
        fine = operator.window((2 * top, 2 * bottom, 2 * left, 2 * right))
        weights = Interpolation(fine)
        part = tuple(a - b for a, b in zip(blocks, (top, top, left, left)))
        for old, new in zip(self.weights.weights, weights.weights):
            put(old[_slices(blocks)], new[_slices(part)])
        cells, cells_part = (tuple(2 * edge for edge in edges) for edges in (blocks, part))
        put(self.operator.raster(self.sweep)[_slices(cells)], fine.raster(_sweep(fine))[_slices(cells_part)])
        if copied:
            _store(self.operator, cells, fine, cells_part, put)
        _store(coarse, blocks, coarsen(fine, weights), part, put)


def _sweep(operator: Stencil) -> FloatArray:
    """Return what a Jacobi sweep multiplies the residual with."""
    degree = np.maximum(operator.degree(), 0.0) + operator.degree(absolute=True)
    sweep = np.zeros_like(degree)
    np.divide(2.0 * _DAMPING, degree, out=sweep, where=degree > 0)
    return sweep


def _within(box: tuple[int, ...], shape: tuple[int, ...]) -> Box:
    top, bottom, left, right = box
    return max(top, 0), min(bottom, shape[0]), max(left, 0), min(right, shape[1])


def _slices(box: tuple[int, ...]) -> tuple[slice, slice]:
    top, bottom, left, right = box
    return slice(top, bottom), slice(left, right)


def _put(part: Array, values: Array) -> None:
    part[...] = values


def _store(target: Stencil, box: tuple[int, ...], source: Stencil, part: tuple[int, ...], put: Put) -> None:
    """Replace a part of an operator by a part of another."""
    vectors = [(target.leak, source.leak), *zip(target.couplings, source.couplings)]
    for old, new in vectors:
        if old is not None and new is not None:
            put(target.raster(old)[_slices(box)], source.raster(new)[_slices(part)])


def _settled_degree(operator: Stencil) -> FloatArray:
    """Return the degree of every cell, after those whose degree is lost in rounding were cut off.

    What a coarse point of tiny interpolation weights couples with is large beside its own degree: positive and negative
    couplings cancel, and what is left has no meaning. Such a point carries nothing, but if it alone were dropped and its
    couplings kept, its neighbours would be coupled with nothing.
    """
    while True:
        degree = operator.degree()
        whole = operator.degree(absolute=True)
        lost = (degree <= _LOST * whole) & (whole > 0.0)
        if not lost.any():
            return degree
        for offset, coupling in zip(operator.offsets, operator.couplings):
            if coupling is not None:
                coupling[lost] = 0.0
                coupling[:-offset][lost[offset:]] = 0.0
        if operator.leak is not None:
            operator.leak[lost] = 0.0


class _CoarsestSolver:
    """The coarsest level, solved directly.

    Raises
    ------
    ConvergenceError
        If rounding has left the operator without a factorisation.
    """

    def __init__(self, operator: Stencil) -> None:
        self.operator = operator.astype(np.float32)
        self.rhs, self._x = self.operator.zeros(), self.operator.zeros()
        operator = operator.astype(np.float64)
        degree = _settled_degree(operator)
        cells = np.flatnonzero(degree > 0)
        cells = cells[np.argsort(nested_dissection(operator.rows, operator.width).ravel()[cells - operator.margin])]
        number = np.full(operator.size, -1)
        number[cells] = np.arange(cells.size)
        heads, tails, values = [], [], []
        for offset, coupling in zip(operator.offsets, operator.couplings):
            if coupling is not None:
                linked = np.flatnonzero(coupling)
                heads.append(number[linked])
                tails.append(number[linked + offset])
                values.append(coupling[linked])
        head, tail, value = (np.concatenate(part) for part in (heads, tails, values))
        links = sparse.coo_matrix((value, (head, tail)), shape=(cells.size, cells.size)).tocsr()
        matrix = sparse.diags(degree[cells]) - links - links.T
        _, self._group = sparse.csgraph.connected_components(links, directed=False)
        leaks = np.zeros(cells.size) if operator.leak is None else np.abs(operator.leak[cells])
        floating = np.bincount(self._group, weights=leaks) == 0
        self._floating = floating[self._group]
        self._counts = np.maximum(np.bincount(self._group), 1)
        _, first = np.unique(self._group, return_index=True)
        pinned = np.zeros(cells.size, dtype=bool)
        pinned[first[floating]] = True
        self._cells, self._free = cells, ~pinned
        self._factor = None
        if self._free.any():
            # Rounding can leave a coarse operator singular, in mazes; as part of an approximate inverse it may be shifted.
            matrix += sparse.diags(_SHIFT * degree[cells])
            matrix = matrix.tocsr()[self._free][:, self._free].tocsc()
            try:
                self._factor = splu(
                    matrix, permc_spec="NATURAL", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
                )
            except RuntimeError as error:
                raise ConvergenceError(f"The coarsest level could not be factorised: {error}.") from error

    def solve(self, rhs: FloatArray) -> FloatArray:
        """Return the solution; where nothing is grounded, the one with mean 0 for what is left of the mean."""
        values = self._centred(rhs[self._cells].astype(np.float64))
        solution = np.zeros(values.size)
        if self._factor is not None:
            solution[self._free] = self._factor.solve(values[self._free])
        self._x[self._cells] = self._centred(solution)
        return self._x

    def _centred(self, values: FloatArray) -> FloatArray:
        means = np.bincount(self._group, weights=values) / self._counts
        return np.where(self._floating, values - means[self._group], values)
