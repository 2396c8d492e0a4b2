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
        self._size = graph.size
        matrix = graph.laplacian
        if ground is not None:
            matrix = matrix + sparse.diags(ground)
        rank = graph.elimination_rank()
        if rank is not None:
            self._free = self._free[np.argsort(rank[self._free], kind="stable")]
        matrix = matrix[self._free][:, self._free]
        self._scale = 1.0 / np.sqrt(matrix.diagonal())
        scaling = sparse.diags(self._scale)
        self._matrix = (scaling @ matrix @ scaling).tocsc()
        monitor.check()
        self._factor = _factorise(self._matrix, ordered=rank is not None) if self._free.size else None
        monitor.check()

    def solve(self, injected: FloatArray) -> FloatArray:
        """Return the potentials that carry the injected currents away; see `Solver`."""
        potential = np.zeros(self._size)
        right = injected[self._free] * self._scale
        if self._factor is None or not np.any(right):
            return potential
        solution = self._factor.solve(right)
        solution += self._factor.solve(right - self._matrix @ solution)
        check_residual(right - self._matrix @ solution, right)
        potential[self._free] = solution * self._scale
        return potential


def check_residual(residual: FloatArray, right: FloatArray) -> None:
    """Raise unless a solve met the accuracy that is promised.

    Raises
    ------
    ConvergenceError
        If the residual is not finite or above `RESIDUAL` times the right-hand side.
    """
    error = float(np.linalg.norm(residual) / np.linalg.norm(right))
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
