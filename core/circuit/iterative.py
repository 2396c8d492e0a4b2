"""Conjugate gradients with a multigrid preconditioner, for circuits of large rasters."""

from __future__ import annotations

import numpy as np

from ..errors import ConvergenceError
from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray
from .graph import DIRECTIONS, RasterGraph, anchored_nodes
from .multigrid import Hierarchy
from .stencil import STRIP, Stencil

_COARSEST = (16_000, 70_000, 1_200_000)
"""Most cells of the level that is solved directly, by the number of times convergence was too slow."""

_TOLERANCE = 1e-7
"""Estimated error, relative to the solution in the norm of the power, at which a solve ends."""

_LONG_WAY = 4.0
"""Resistance, in ordinary links, from which on a way counts as long: the error that is let stand grows no more."""

_PATIENCE = 12
"""Iterations after which, if as many more are foreseen, a larger level is solved directly."""

_MOST = 400
"""Iterations after which a solve is given up."""

_STIFF = 100.0
"""Links inside a shorted region as the preconditioner sees them, as a multiple of the largest conductance."""


class MultigridSolver:
    """Conjugate gradients in float64, preconditioned by a multigrid cycle in float32.

    Set-up, solve and memory grow with the cells of the raster; iterations do not, on ordinary surfaces. Where
    resistances jump by orders of magnitude from cell to cell, a larger level of the hierarchy is solved directly as
    soon as convergence proves slow, which mazes need as well.

    Parameters are those of `make_solver`.
    """

    def __init__(
        self, graph: RasterGraph, *, held: BoolArray, ground: FloatArray | None = None, monitor: Monitor = SILENT
    ) -> None:
        self._graph, self._held, self._monitor = graph, held, monitor
        used = anchored_nodes(graph, held, ground)
        # one held node a component only sets the zero of the potentials: better left free
        self._singular = ground is None and np.bincount(graph.component, weights=held).max(initial=0.0) <= 1
        self._free = used if self._singular else used & ~held
        live = graph.linked & np.append(self._free, False)[graph.node]
        self._nodes = graph.node[live].astype(np.int32)
        self._copies = np.bincount(self._nodes, minlength=graph.size).astype(np.int32)
        self._operator = self._stencil(live, ground)
        rows, cols = graph.shape
        self._cells = self._operator.raster(np.arange(self._operator.size, dtype=np.int32))[:rows, :cols][live]
        links = np.concatenate([coupling[coupling > 0] for coupling in graph.couplings[:2]])
        self._ordinary = float(np.exp(np.log(links).mean())) if links.size else 1.0
        several = self._copies[self._nodes] > 1
        self._shorted_cells = self._cells[several]
        self._groups, self._shorted = np.unique(self._nodes[several], return_inverse=True)
        self._limits, self._slowness = _COARSEST, 0
        self._hierarchy: Hierarchy | None = None

    def _stencil(self, live: BoolArray, ground: FloatArray | None) -> Stencil:
        graph = self._graph
        rows, cols = graph.shape
        stencil = Stencil(rows, cols)
        held = np.append(self._held, False)[graph.node]
        leak = stencil.zeros()
        leaks = stencil.raster(leak)[:rows, :cols]
        if ground is not None:
            leaks[live] = (ground / np.maximum(self._copies, 1))[self._nodes]
        stiff = _STIFF * max(float(coupling.max(initial=0.0)) for coupling in graph.couplings)
        for number, (coupling, (here, there, _)) in enumerate(zip(graph.couplings, DIRECTIONS)):
            vector = stencil.zeros()
            stencil.couplings[number] = vector
            inside = stencil.raster(vector)[:rows, :cols][here]
            np.multiply(coupling, live[here] & live[there], out=inside)
            if graph.shorted:
                inside[(inside > 0) & (graph.node[here] == graph.node[there])] = stiff
            if not self._singular:
                leaks[here] += coupling * (live[here] & held[there])
                leaks[there] += coupling * (live[there] & held[here])
        if leak.any():
            stencil.leak = leak
        return stencil

    def solve(self, injected: FloatArray, fixed: FloatArray | None = None) -> FloatArray:
        """Return the potentials that carry the injected currents away; see `Solver`."""
        graph = self._graph
        potential = np.zeros(graph.size)
        if fixed is not None:
            potential[self._held] = fixed[self._held]
        right = np.where(self._free, injected, 0.0)
        start = 0.0
        if self._singular:
            component = graph.component
            right[self._held] = 0.0
            right[self._held] = -np.bincount(component, weights=right)[component[self._held]]
        elif fixed is not None:
            right -= np.where(self._free, graph.apply(potential), 0.0)
            start = graph.power(potential)
        if not np.any(right):
            return potential
        b = self._operator.zeros()
        right /= np.maximum(self._copies, 1)
        b[self._cells] = right[self._nodes]
        del right
        reach = float(np.ptp(potential[self._held])) if start > 0.0 else 0.0
        x = self._conjugate_gradients(b, start, max(reach, float(np.abs(potential).max())))
        solution = np.zeros(graph.size)
        solution[self._nodes] = x[self._cells]
        if self._singular:
            zero = np.zeros(graph.size)
            zero[component[self._held]] = solution[self._held] - potential[self._held]
            solution -= zero[component]
            return np.where(self._free, solution, 0.0)
        potential[self._free] = solution[self._free]
        return potential

    def _goal(self, power: float, injected: float, volts: float) -> float:
        """Return the square of the error at which to stop, in watts.

        Where the way is long, as in a maze, a small share of the power could still be a large one of the current.
        """
        current = power / volts if volts > 0.0 else injected
        return _TOLERANCE**2 * max(min(power, _LONG_WAY * current**2 / self._ordinary), 1e-4 * power)

    def _conjugate_gradients(self, r: FloatArray, start: float, volts: float) -> FloatArray:
        """Solve for x; the right-hand side `r` is used up.

        `start` is the power at x = 0 and `volts` the range of the held potentials, both 0 where only currents drive the
        circuit. What the iterations have gained adds up to the product of x and the right-hand side, so the power
        is `start` less that, or just that.
        """
        operator = self._operator
        if self._hierarchy is None:
            self._hierarchy = self._build()
        x, p, q = operator.zeros(), operator.zeros(), operator.zeros()
        injected = float(np.abs(r).sum()) / 2.0
        small: FloatArray = np.zeros(operator.size, dtype=np.float32)
        self.iterations = 0
        gains: list[float] = []
        slope, waited = 0.0, 0
        scale = _scaled(r, small)
        while self.iterations < _MOST:
            self._monitor.check()
            self.iterations += 1
            z = self._project(self._hierarchy.cycle(small))
            before, slope = slope, _product(z, r) / scale
            _combine(slope / before if before else 0.0, p, 1.0 / scale, z)
            q[:] = 0.0
            operator.subtract(p, q)
            self._project(q)
            step = -slope / _product(p, q)
            _combine(1.0, x, step, p)
            _combine(1.0, r, step, q)
            scale = _scaled(r, small)
            gains.append(step * slope)
            goal = self._goal(abs(start - sum(gains)), injected, volts)
            if _error(gains) <= goal:
                return x
            waited += 1
            if waited >= _PATIENCE and _remaining(gains, goal) > _PATIENCE and self._escalate():
                slope, waited = 0.0, 0
        raise ConvergenceError(
            f"The circuit could not be solved: after {_MOST} iterations the currents still change. "
            "Narrow the range of the resistances."
        )

    def _project(self, vector: FloatArray) -> FloatArray:
        """Replace the values in the cells of a shorted region by their mean."""
        if self._groups.size:
            total = np.bincount(self._shorted, weights=vector[self._shorted_cells])
            mean = total / self._copies[self._groups]
            vector[self._shorted_cells] = mean[self._shorted]
        return vector

    def _build(self) -> Hierarchy:
        return Hierarchy(self._operator, self._limit, self._monitor)

    @property
    def _limit(self) -> int:
        """Most cells of the level that is solved directly."""
        return min(self._limits[self._slowness], self._operator.size // 3)

    def _escalate(self) -> bool:
        """Solve a larger level directly from now on; tell whether there was one left."""
        if self._slowness + 1 >= len(self._limits) or self._hierarchy is None or self._hierarchy.depth <= 2:
            return False
        self._slowness += 1
        self._hierarchy = self._build()
        self._monitor.info(
            f"Convergence is slow (the resistances jump sharply); a level of up to {self._limit:,} cells is solved directly."
        )
        return True


def _scaled(r: FloatArray, out: FloatArray) -> float:
    """Bring a float64 vector into the middle of the range of float32; return the factor."""
    largest = max(float(r.max()), -float(r.min()))
    scale = 1.0 / largest if largest > 0.0 else 1.0
    np.multiply(r, scale, out=out, casting="same_kind")
    return scale


def _product(one: FloatArray, other: FloatArray) -> float:
    """Return the dot product of two vectors, summed in float64.

    Without BLAS, whose threads would spin on vectors of this length for longer than they work.
    """
    total = 0.0
    for start in range(0, one.size, STRIP):
        part = one[start : start + STRIP].astype(np.float64)
        part *= other[start : start + STRIP]
        total += float(part.sum())
    return total


def _combine(keep: float, target: FloatArray, factor: float, vector: FloatArray) -> None:
    """Set a float64 vector to `keep` times itself plus `factor` times another, in place and without temporaries."""
    scratch = np.empty(STRIP)
    for start in range(0, target.size, STRIP):
        here = target[start : start + STRIP]
        part = scratch[: here.size]
        np.multiply(vector[start : start + STRIP], factor, out=part, casting="same_kind")
        if keep != 1.0:
            here *= keep
        here += part


def _rate(gains: list[float]) -> float:
    """Return the factor by which the square of the error falls in an iteration."""
    if len(gains) < 4 or not gains[-1] > 0.0:
        return 1.0 if len(gains) < 4 else 0.0
    return float((gains[-1] / gains[-4]) ** (1.0 / 3.0))


def _error(gains: list[float]) -> float:
    """Return the estimated square of the error that is left, in watts, from what the last iterations gained.

    Each iteration lowers the square of the error by a known amount; these fall off about geometrically.

    References
    ----------
    Strakos Z, Tichy P (2002). On error estimation in the conjugate gradient method and why it works in finite
    precision computations. Electron. Trans. Numer. Anal. 13:56-80.
    """
    rate = _rate(gains)
    return gains[-1] * rate / (1.0 - rate) if rate < 1.0 else np.inf


def _remaining(gains: list[float], goal: float) -> float:
    """Return how many more iterations it takes at the present rate until the square of the error is at the goal."""
    rate = _rate(gains)
    return float(np.log(goal / _error(gains)) / np.log(rate)) if 0.0 < rate < 1.0 and goal > 0.0 else np.inf
