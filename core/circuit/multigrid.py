"""The multigrid cycle: an approximate inverse of the operator of a large raster, at the price of a few passes over it."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from ..monitor import SILENT, Monitor
from ..types import FloatArray
from .graph import nested_dissection
from .stencil import Interpolation, Stencil, coarsen

_DAMPING = 0.8
"""Weight of a Jacobi sweep: the best for errors that a coarse grid cannot see."""


class Hierarchy:
    """A multigrid V-cycle: an approximate inverse of a nine-point operator.

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

    References
    ----------
    Alcouffe RE, Brandt A, Dendy JE, Painter JW (1981). The multi-grid method for the diffusion equation with strongly
    discontinuous coefficients. SIAM J. Sci. Stat. Comput. 2:430-454. doi:10.1137/0902035
    """

    def __init__(self, finest: Stencil, coarsest: int, monitor: Monitor = SILENT) -> None:
        self._levels: list[_Level] = []
        operator = finest
        while operator.rows * operator.width > coarsest:
            monitor.check()
            weights = Interpolation(operator)
            coarse = coarsen(operator, weights)
            self._levels.append(_Level(operator, weights))
            operator = coarse
        self._bottom = _Bottom(operator)
        self.depth = len(self._levels) + 1

    def cycle(self, right: FloatArray) -> FloatArray:
        """Return an approximate solution for a float32 right-hand side; the result is overwritten by the next call."""
        return self._cycle(0, right)

    def _cycle(self, number: int, right: FloatArray) -> FloatArray:
        if number == len(self._levels):
            return self._bottom.solve(right)
        level = self._levels[number]
        below = self._levels[number + 1] if number + 1 < len(self._levels) else self._bottom
        x, left, fine = level.x, level.left, level.operator
        np.multiply(level.sweep, right, out=x)
        np.copyto(left, right)
        fine.subtract(x, left)
        level.weights.restrict(fine, left, below.operator, below.right)
        level.weights.prolong(below.operator, self._cycle(number + 1, below.right), fine, x)
        np.copyto(left, right)
        fine.subtract(x, left)
        left *= level.sweep
        x += left
        return x


class _Level:
    def __init__(self, operator: Stencil, weights: Interpolation) -> None:
        degree = operator.degree() + operator.degree(absolute=True)
        sweep = np.zeros_like(degree)
        np.divide(2.0 * _DAMPING, degree, out=sweep, where=degree > 0)
        self.sweep = sweep.astype(np.float32)
        self.operator = operator.astype(np.float32)
        self.weights = weights.astype(np.float32)
        self.right, self.x, self.left = (self.operator.zeros() for _ in range(3))


class _Bottom:
    """The coarsest level, solved directly."""

    def __init__(self, operator: Stencil) -> None:
        self.operator = operator.astype(np.float32)
        self.right, self._x = self.operator.zeros(), self.operator.zeros()
        degree = operator.degree()
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
            matrix = matrix.tocsr()[self._free][:, self._free].tocsc()
            self._factor = splu(matrix, permc_spec="NATURAL", diag_pivot_thresh=0.0, options={"SymmetricMode": True})

    def solve(self, right: FloatArray) -> FloatArray:
        """Return the solution; where nothing is grounded, the one with mean 0 for what is left of the mean."""
        values = self._centred(right[self._cells].astype(np.float64))
        solution = np.zeros(values.size)
        if self._factor is not None:
            solution[self._free] = self._factor.solve(values[self._free])
        self._x[self._cells] = self._centred(solution)
        return self._x

    def _centred(self, values: FloatArray) -> FloatArray:
        means = np.bincount(self._group, weights=values) / self._counts
        return np.where(self._floating, values - means[self._group], values)
