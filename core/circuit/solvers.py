"""Which solver a circuit gets."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray
from .direct import FACTORISED_MOST, DirectSolver, factor_bytes
from .graph import Graph, RasterGraph, keeps_couplings
from .iterative import MultigridSolver, direct_bytes, uses_numba
from .potentials import potential_bytes

_DIRECT_NODE = 1.8e-7
"""Seconds of a factorisation of n nodes, divided by n^1.24 (a processor of 2022)."""

_MULTIGRID_CELL = 4e-7
"""Seconds of setting up multigrid and solving once, for each cell of the raster."""

_EXTREME = 1e9
"""Largest over smallest conductance from which on only a factorisation keeps the digits."""

_WIDE = 1e6
"""Largest over smallest conductance from which on the range is reported as unusual."""

_PROMISED = 1e-6
"""Error of a current, relative to the whole current, that need not be reported."""

_MULTIGRID_LEAST = 16_000
"""Cells below which multigrid would have one level only, solved directly."""

_POINT_BYTES = 110
"""Memory of a circuit between points, for each cell: the graph (20), the hierarchy (55) and the vectors of a solve (35)."""

_CELL_BYTES = 180
"""The same where nodes are held or shorted: leaks or couplings are kept, and the maps of one pair are there in the next."""

_COUPLING_BYTES = 64
"""What the couplings of a raster take that are kept, in the graph and in the operator."""

_WORTH_REPORTING = 250_000
"""Nodes from which on the choice is reported."""


class Solver(Protocol):
    """A circuit made ready for many solves."""

    def solve(self, injected: FloatArray, fixed: FloatArray | None = None) -> FloatArray:
        """Return the potentials that carry the injected currents away.

        Parameters
        ----------
        injected : float64 (size,)
            Amperes put into every node; what is put into held nodes and into nodes left out has no effect.
        fixed : float64 (size,), optional
            Volts of the held nodes; 0 if left out.

        Returns
        -------
        float64 (size,)
            Volts; 0 at nodes that no held or grounded node is connected to.

        Raises
        ------
        ConvergenceError
            If the accuracy that is promised cannot be reached.
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

    Notes
    -----
    A sparse factorisation is exact and quickest for small circuits; its time grows with n^1.24 and its memory with
    n log n. From about ten thousand cells on multigrid is quicker, also when there are many right-hand sides, and
    needs a tenth of the memory. Both give the same answers to the accuracy that is promised.
    """
    if isinstance(graph, RasterGraph) and wants_multigrid(graph):
        return MultigridSolver(graph, held=held, ground=ground, monitor=monitor)
    return DirectSolver(graph, held=held, ground=ground, monitor=monitor)


def tell_solver(graph: Graph, monitor: Monitor, *, points: int | None = None) -> None:
    """Report which solver a large circuit gets, and why, and warn of a very wide range of resistances.

    `points` is that of `solver_bytes`.
    """
    if isinstance(graph, RasterGraph) and graph.contrast >= _WIDE:
        monitor.warn(
            f"The largest conductance is {graph.contrast:.2g} times the smallest. That is solved as it stands, but such "
            "a range is seldom meant: look for outliers, and make barriers NoData rather than huge resistances."
            + _digits_left(graph.contrast)
        )
    if graph.size < _WORTH_REPORTING:
        return
    if isinstance(graph, RasterGraph) and wants_multigrid(graph):
        monitor.info(
            f"{graph.size:,} nodes: multigrid-preconditioned conjugate gradients"
            f"{' with numba' if uses_numba(graph.node.size) else ''}, about "
            f"{solver_bytes(graph.node.size, points=points) / 2**20:,.0f} MB (a factorisation would need ten times as much)."
        )
    else:
        monitor.info(f"{graph.size:,} nodes: sparse factorisation; multigrid is slower or less exact on this circuit.")


def _digits_left(contrast: float) -> str:
    """Return how exact currents are where potentials of 16 digits leave them less exact than elsewhere."""
    error = contrast * float(np.finfo(np.float64).eps)
    return f" Currents are right to about {error:.0e} of the whole only." if error > _PROMISED else ""


def wants_multigrid(graph: RasterGraph) -> bool:
    """Return whether multigrid is the better choice for a circuit."""
    if not _multigrid_pays(graph.node.size, graph.size):
        return False
    return graph.contrast < _EXTREME or graph.size > FACTORISED_MOST


def _multigrid_pays(cells: int, nodes: int) -> bool:
    return cells > _MULTIGRID_LEAST and cells * _MULTIGRID_CELL <= _DIRECT_NODE * nodes**1.24


def circuit_bytes(cells: int, nodes: int) -> int:
    """Return about how much memory, in bytes, a circuit of some of the cells of a raster needs while it is solved.

    Parameters
    ----------
    cells, nodes : int
        Size of the raster, and how many of its cells are in the circuit.

    Examples
    --------
    >>> circuit_bytes(10_000, 10_000) > circuit_bytes(10_000, 5_000)
    True
    """
    if _multigrid_pays(cells, nodes):
        return solver_bytes(cells)
    return factor_bytes(nodes) + _COUPLING_BYTES * cells


def solver_bytes(cells: int, *, points: int | None = None) -> int:
    """Return about how much memory, in bytes, the circuit of a raster and the solves on it need.

    Parameters
    ----------
    cells : int
        Size of the raster.
    points : int, optional
        Number of nodes where current goes from one of them to another only, each of one cell; without short-circuit
        regions.

    Examples
    --------
    >>> solver_bytes(2_000_000) > solver_bytes(1_000_000) > solver_bytes(1_000_000, points=2)
    True
    """
    each = _CELL_BYTES if points is None else _POINT_BYTES
    kept = _COUPLING_BYTES if keeps_couplings(cells) else 0
    return cells * (each + kept) + (0 if points is None else potential_bytes(points - 1, cells))


def most_solver_bytes(cells: int, *, points: int | None = None) -> int:
    """Return about how much memory, in bytes, it can become where multigrid needs a larger level, or does not do.

    Parameters are those of `solver_bytes`.

    Examples
    --------
    >>> most_solver_bytes(1_000_000) >= solver_bytes(1_000_000)
    True
    """
    return solver_bytes(cells, points=points) + direct_bytes(cells)
