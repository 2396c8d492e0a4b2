"""Direct solution of circuits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from ..errors import ConvergenceError
from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray
from .graph import Graph, anchored_nodes

_RESIDUAL = 1e-6
"""Largest residual of a solve, relative to the injected current, that is let pass."""

FACTORISED_MOST = 1_500_000
"""Nodes up to which a circuit that multigrid does not suit is factorised all the same."""

_NODE_BYTES = 150
"""Memory of the matrix that is factorised, beside its factor, for each node."""

_EXACT = 1e-9
"""Sum of the residuals, relative to the whole current, at which a solve is not refined: a bound of any current's error."""

_DIGITS = 4e-16
"""Correction of the potentials, relative to the largest, at which there is nothing left to refine."""

_ROUNDING = 1e-15
"""Residual, relative to degree times potential, that rounding of the potentials alone makes unavoidable."""

_REFINEMENTS = 20
"""Most steps of refinement; contrasts of 1e12 take about five, ordinary rasters none."""


class DirectSolver:
    """A sparse LU factorisation, exact to rounding, by SuperLU in an order that suits the graph.

    Time of the factor grows with about n^1.2 for rasters, memory with n log n. The matrix is scaled to a unit diagonal
    first, so resistances may span many orders of magnitude.
    """

    def __init__(
        self, graph: Graph, *, held: BoolArray, ground: FloatArray | None = None, monitor: Monitor = SILENT
    ) -> None:
        monitor.check()
        self._free = np.flatnonzero(anchored_nodes(graph, held, ground) & ~held)
        self._graph, self._held, self._ground = graph, held, ground
        matrix = graph.laplacian
        if ground is not None:
            matrix = matrix + sparse.diags(ground)
        rank = graph.elimination_rank()
        if rank is not None:
            self._free = self._free[np.argsort(rank[self._free], kind="stable")]
        matrix = matrix[self._free][:, self._free]
        self._scale = 1.0 / np.sqrt(matrix.diagonal())
        scaling = sparse.diags(self._scale)
        matrix = (scaling @ matrix @ scaling).tocsc()
        monitor.check()
        self._factor = _factorise(matrix, ordered=rank is not None) if self._free.size else None
        monitor.check()

    def solve(self, injected: FloatArray, fixed: FloatArray | None = None) -> FloatArray:
        """Return the potentials that carry the injected currents away; see `Solver`."""
        potential = np.zeros(self._graph.size)
        if fixed is not None:
            potential[self._held] = fixed[self._held]
        rhs = injected[self._free] - self._drained(potential)
        if self._factor is None or not np.any(rhs):
            return potential
        residual, change = rhs, np.inf
        for _ in range(_REFINEMENTS):
            correction = self._scale * self._factor.solve(self._scale * residual)
            before, change = change, float(np.abs(correction).max())
            if not change < 0.5 * before:
                break
            potential[self._free] += correction
            residual = injected[self._free] - self._drained(potential)
            if float(np.abs(residual).sum()) <= _EXACT * self._whole_current(injected, potential, fixed):
                break
            if change <= _DIGITS * float(np.abs(potential).max()):
                break
        error = float(np.linalg.norm(residual))
        rounding = _ROUNDING * float(np.linalg.norm(potential[self._free] / self._scale**2))
        _check_residual(max(0.0, error - rounding), rhs)
        return potential

    def _whole_current(self, injected: FloatArray, potential: FloatArray, fixed: FloatArray | None) -> float:
        """Return about how much current flows; what held potentials drive can be much less than passes at their rim."""
        driven = float(np.abs(injected[self._free]).sum())
        volts = 0.0 if fixed is None else float(np.ptp(fixed[self._held]))
        return driven + (self._graph.power(potential) / volts if volts > 0.0 else 0.0)

    def _drained(self, potential: FloatArray) -> FloatArray:
        """Return the net current out of the free nodes, from differences: exact where the matrix is rounded."""
        net = self._graph.apply(potential)
        if self._ground is not None:
            net += self._ground * potential
        return net[self._free]


def factor_bytes(nodes: int) -> int:
    """Return about how much memory, in bytes, the factorisation of so many cells of a raster needs."""
    # by nested dissection a factor has about so many entries for each of its rows, of 12 bytes
    entries = max(7.2 * math.log2(max(nodes, 2)) - 30.0, 10.0)
    return int(nodes * (12.0 * entries + _NODE_BYTES))


def _check_residual(residual: float, rhs: FloatArray) -> None:
    """Raise unless a solve met the accuracy that is promised.

    Raises
    ------
    ConvergenceError
        If the residual (Euclidean norm) is not finite or above `_RESIDUAL` times the right-hand side.
    """
    error = residual / float(np.linalg.norm(rhs))
    if not error <= _RESIDUAL:
        raise ConvergenceError(
            f"The circuit could not be solved: the currents miss by {error:.1e} of what is injected, "
            f"{_RESIDUAL:.0e} is allowed. Narrow the range of the resistances."
        )


def _factorise(matrix: Any, *, ordered: bool) -> Any:
    try:
        return splu(
            matrix,
            permc_spec="NATURAL" if ordered else "MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
    except RuntimeError as error:
        raise ConvergenceError(
            f"The circuit could not be factorised ({error}). Narrow the range of the resistances."
        ) from error
