"""Solvers of circuits: potentials from injected currents."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from ..errors import ConvergenceError
from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray
from .graph import Graph

RESIDUAL = 1e-6
"""Largest residual of a solve, relative to the injected current, that is let pass."""

_EXACT = 1e-13
"""Relative residual at which a direct solve is not refined any more."""

_ROUNDING = 1e-15
"""Residual, relative to degree times potential, that rounding of the potentials alone makes unavoidable."""

_REFINEMENTS = 20
"""Most steps of refinement; contrasts of 1e12 take about five, ordinary rasters one."""


class Solver(Protocol):
    """A circuit made ready for many solves."""

    def solve(self, injected: FloatArray) -> FloatArray:
        """Return the potentials that carry the injected currents away.

        Parameters
        ----------
        injected : float64 (size,)
            Amperes put into every node; what is put into held nodes and into nodes left out has no effect.

        Returns
        -------
        float64 (size,)
            Volts; 0 at held nodes and at nodes that no held or grounded node is connected to.

        Raises
        ------
        ConvergenceError
            If the residual cannot be brought below `RESIDUAL`.
        """
        ...


def make_solver(
    graph: Graph, *, held: BoolArray, ground: FloatArray | None = None, monitor: Monitor = SILENT
) -> Solver:
    """Make a circuit ready for many solves.

    Components without a held or grounded node are left out: their potentials are undefined.

    Parameters
    ----------
    graph : Graph
        The circuit.
    held : bool (size,)
        Nodes held at 0 volts.
    ground : float64 (size,), optional
        Conductance of the resistor from every node to ground, 0 = none.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    Solver
    """
    return DirectSolver(graph, held=held, ground=ground, monitor=monitor)


class DirectSolver:
    """A sparse LU factorisation, exact to rounding, by SuperLU in an order that suits the graph.

    Time of the factor grows with about n^1.2 for rasters, memory with n log n. The matrix is scaled to a unit diagonal
    first, so resistances may span many orders of magnitude.
    """

    def __init__(
        self, graph: Graph, *, held: BoolArray, ground: FloatArray | None = None, monitor: Monitor = SILENT
    ) -> None:
        monitor.check()
        component = graph.component
        anchors = held if ground is None else held | (ground > 0)
        anchored = np.bincount(component, weights=anchors) > 0
        self._free = np.flatnonzero(anchored[component] & ~held)
        self._graph, self._ground = graph, ground
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

    def solve(self, injected: FloatArray) -> FloatArray:
        """Return the potentials that carry the injected currents away; see `Solver`."""
        potential = np.zeros(self._graph.size)
        right = injected[self._free]
        if self._factor is None or not np.any(right):
            return potential
        left, error, goal = right, np.inf, _EXACT * np.linalg.norm(right)
        for _ in range(_REFINEMENTS):
            potential[self._free] += self._scale * self._factor.solve(self._scale * left)
            left = right - self._drained(potential)
            before, error = error, float(np.linalg.norm(left))
            if error <= goal or error > 0.9 * before:
                break
        rounding = _ROUNDING * float(np.linalg.norm(potential[self._free] / self._scale**2))
        check_residual(max(0.0, error - rounding), right)
        return potential

    def _drained(self, potential: FloatArray) -> FloatArray:
        """Return the net current out of the free nodes, from differences: exact where the matrix is rounded."""
        net = self._graph.apply(potential)
        if self._ground is not None:
            net += self._ground * potential
        return net[self._free]


def check_residual(residual: float, right: FloatArray) -> None:
    """Raise unless a solve met the accuracy that is promised.

    Raises
    ------
    ConvergenceError
        If the residual (Euclidean norm) is not finite or above `RESIDUAL` times the right-hand side.
    """
    error = residual / float(np.linalg.norm(right))
    if not error <= RESIDUAL:
        raise ConvergenceError(
            f"The circuit could not be solved: the currents miss by {error:.1e} of what is injected, "
            f"{RESIDUAL:.0e} is allowed. Narrow the range of the resistances."
        )


def _factorise(matrix: Any, *, ordered: bool) -> Any:
    return splu(
        matrix,
        permc_spec="NATURAL" if ordered else "MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
