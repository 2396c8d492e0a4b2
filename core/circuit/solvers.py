"""Which solver a circuit gets."""

from __future__ import annotations

from typing import Protocol

from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray
from .direct import DirectSolver
from .graph import Graph, RasterGraph
from .iterative import MultigridSolver

_DIRECT_NODE = 1.8e-7
"""Seconds of a factorisation of n nodes, divided by n^1.24 (a processor of 2022)."""

_MULTIGRID_CELL = 4e-7
"""Seconds of setting up multigrid and solving once, for each cell of the raster."""

_EXTREME = 1e9
"""Largest over smallest conductance from which on only a factorisation keeps the digits."""

_FACTORISED_MOST = 1_500_000
"""Nodes up to which extreme contrasts are factorised all the same; about 4 GB."""

_MULTIGRID_LEAST = 16_000
"""Cells below which multigrid would have one level only, solved directly."""

_CELL_BYTES = 220
"""Memory of the circuit, the hierarchy and the vectors of a solve, for each cell."""

_WORTH_TELLING = 250_000
"""Nodes from which on the choice is told."""


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
    reason = "quicker here than multigrid on all cells"
    if (
        isinstance(graph, RasterGraph)
        and (cells := graph.node.size) > _MULTIGRID_LEAST
        and cells * _MULTIGRID_CELL < _DIRECT_NODE * graph.size**1.24
    ):
        reason = f"the conductances span a factor of {graph.contrast:.0e}"
        if graph.contrast < _EXTREME or graph.size > _FACTORISED_MOST:
            if graph.size >= _WORTH_TELLING:
                monitor.info(
                    f"{graph.size:,} nodes: multigrid-preconditioned conjugate gradients, about "
                    f"{solver_bytes(cells) / 2**20:,.0f} MB (a factorisation would need ten times as much)."
                )
            return MultigridSolver(graph, held=held, ground=ground, monitor=monitor)
    if graph.size >= _WORTH_TELLING:
        monitor.info(f"{graph.size:,} nodes: sparse factorisation ({reason}).")
    return DirectSolver(graph, held=held, ground=ground, monitor=monitor)


def solver_bytes(cells: int) -> int:
    """Return about how much memory, in bytes, the circuit of a raster and one solve on it need."""
    return cells * _CELL_BYTES
