"""Conjugate gradients with a multigrid preconditioner, for circuits of large rasters."""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np

from ..errors import ConvergenceError
from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray
from . import compiled, passes
from .direct import FACTORISED_MOST, DirectSolver, factor_bytes
from .graph import RasterGraph, anchored_nodes
from .multigrid import Hierarchy
from .stencil import STRIP, Stencil
from .surfacestencil import SurfaceStencil

_COARSEST = (16_000, 70_000, 1_200_000)
"""Most cells of the level that is solved directly, by the number of times convergence was too slow."""

_TOLERANCE = 1e-7
"""Estimated error, relative to the solution in the norm of the power, at which a solve ends."""

_LONG_WAY = 4.0
"""Resistance, in ordinary links, from which on a path counts as long: the error that is let stand grows no more."""

_CURRENT_TOLERANCE = 1e-6
"""Error of the current of any link, relative to the whole current, at which a solve ends at the latest."""

_PATIENCE = 10
"""Iterations after which, if as many more are foreseen, a larger level is solved directly."""

_ROUNDING = 1e-12
"""Sum of the residuals, relative to what is injected, below which nothing is left to be solved."""

_PATIENCE_LAST = 40
"""The same where no larger level is left and the circuit would be factorised for this solve alone."""

_REPLACED = 1e-7
"""Square of the error, relative to that at the start, from which on the residual is made anew: it has drifted by the
rounding of float32, which is relative to the first steps."""

_LITTLE = 1e-2
"""Square of the error at the start, relative to the solution, up to which that rounding stays below the tolerance."""

_MOST = 400
"""Iterations after which a solve is given up."""

_STIFF = 100.0
"""Links inside a shorted region as the preconditioner sees them, as a multiple of the largest conductance."""


_WORTH_COMPILED = 1_000_000
"""Cells from which on the time that numba takes to start is made up for by a few solves."""


class MultigridSolver:
    """Conjugate gradients preconditioned by a multigrid cycle in float32.

    The potentials are in float64 and so is the residual when it is made; steps and what they change of it are in float32.

    Set-up, solve and memory grow with the cells of the raster; iterations do not, on ordinary surfaces. Where
    resistances jump by orders of magnitude from cell to cell, a larger level of the hierarchy is solved directly as
    soon as convergence proves slow, which mazes need as well; where even that does not help, the circuit is factorised.

    Parameters are those of `make_solver`.
    """

    _changes_couplings = False
    """Whether the couplings of the operator are changed from solve to solve, so that they must be kept."""

    def __init__(
        self,
        graph: RasterGraph,
        *,
        held: BoolArray,
        ground: FloatArray | None = None,
        accelerate: bool | None = None,
        monitor: Monitor = SILENT,
    ) -> None:
        self._passes = passes_for(graph.node.size, accelerate)
        self._graph, self._held, self._monitor = graph, held, monitor
        used = anchored_nodes(graph, held, ground)
        monitor.check()
        # one held node a component only sets the zero of the potentials: better left free
        self._singular = ground is None and np.bincount(graph.component[held]).max(initial=0) <= 1
        self._free = used if self._singular else used & ~held
        live = graph.linked & np.append(self._free, False)[graph.node]
        nodes = graph.node[live]
        monitor.check()
        # conductances are divided by about the largest, so that the single precision of the hierarchy holds them
        self._unit = 2.0 ** math.ceil(math.log2(graph.conductance_range[1]))
        rows, cols = graph.shape
        padded = Stencil(rows, cols)
        cells = padded.raster(np.arange(padded.size, dtype=np.int32))[:rows, :cols][live]
        monitor.check()
        self._cell = np.zeros(graph.size, dtype=np.int32)  # nodes that are left out go to the margin, which stays 0
        self._cell[nodes] = cells
        monitor.check()
        self._shorted_cells, self._copies = np.empty(0, np.int32), np.empty(0, np.int64)
        self._groups, self._shorted = np.empty(0, np.int64), np.empty(0, np.int64)
        if graph.shorted:
            copies = np.bincount(nodes, minlength=graph.size)
            several = copies[nodes] > 1
            self._shorted_cells = cells[several]
            self._groups, self._shorted = np.unique(nodes[several], return_inverse=True)
            self._copies = copies[self._groups]
        del nodes, cells
        self._operator = self._stencil(live, ground)
        self._ordinary = _ordinary(graph) / self._unit
        self._limits, self._slowness = _COARSEST, 0
        self._hierarchy: Hierarchy | None = None
        self._ground = ground
        self._direct: DirectSolver | None = None
        self._vectors: tuple[FloatArray, FloatArray, FloatArray] | None = None

    def _stencil(self, live: BoolArray, ground: FloatArray | None) -> Stencil:
        graph = self._graph
        rows, cols = graph.shape
        made = None if graph.shorted or self._changes_couplings else graph.made
        stencil = Stencil(rows, cols) if made is None else SurfaceStencil(made, live, self._unit)
        leak = stencil.zeros()
        leaks = stencil.raster(leak)[:rows, :cols]
        if ground is not None:
            copies = np.bincount(graph.node[live], minlength=graph.size)
            leaks[live] = (ground / np.maximum(copies, 1))[graph.node[live]]
        if made is None:
            stencil.couplings[: len(graph.directions)] = [stencil.zeros() for _ in graph.directions]
        held = None if self._singular else np.append(self._held, False)[graph.node]
        for number, coupling, here, there in graph.strips():
            self._monitor.check()
            vector = stencil.couplings[number]
            if vector is not None:
                inside = stencil.raster(vector)[:rows, :cols][here]
                np.multiply(coupling, live[here] & live[there], out=inside)
                if graph.shorted:
                    inside[(inside > 0) & (graph.node[here] == graph.node[there])] = _STIFF * self._unit
                inside /= self._unit
            if held is not None:
                leaks[here] += coupling * (live[here] & held[there])
                leaks[there] += coupling * (live[there] & held[here])
        if leak.any():
            leak /= self._unit
            stencil.leak = leak
        return stencil

    def solve(self, injected: FloatArray, fixed: FloatArray | None = None) -> FloatArray:
        """Return the potentials that carry the injected currents away; see `Solver`."""
        if self._direct is None:
            try:
                return self._iterate(injected, fixed)
            except ConvergenceError as failure:
                factorised_instead(self._graph, failure, self._monitor)
            self._hierarchy = self._vectors = None
            self._direct = DirectSolver(self._graph, held=self._held, ground=self._ground, monitor=self._monitor)
        return self._direct.solve(injected, fixed)

    @property
    def manner(self) -> tuple[int, bool]:
        """Number of times convergence was too slow, and whether the circuit is factorised."""
        return self._slowness, self._direct is not None

    def _iterate(self, injected: FloatArray, fixed: FloatArray | None) -> FloatArray:
        if self._singular:
            return self._solve_floating(injected, fixed)
        potential = np.zeros(self._graph.size)
        rhs = np.where(self._free, injected, 0.0)
        start = reach = 0.0
        if fixed is not None:
            potential[self._held] = fixed[self._held]
            rhs -= np.where(self._free, self._graph.apply(potential), 0.0)
            start = self._graph.power(potential) / self._unit
            reach = max(float(np.ptp(fixed[self._held])) if start > 0.0 else 0.0, float(np.abs(potential).max()))
        sources = np.flatnonzero(rhs)
        if sources.size:
            b = self._operator.zeros()
            b[self._cell[sources]] = rhs[sources] / self._unit
            del rhs
            x = self._conjugate_gradients(self._project(b), start, reach)
            np.copyto(potential, x[self._cell], where=self._free)
        return potential

    def _solve_floating(self, injected: FloatArray, fixed: FloatArray | None) -> FloatArray:
        """Solve where what goes in comes out at the held node of the component."""
        component = self._graph.component
        held = np.flatnonzero(self._held)
        volts = np.zeros(held.size) if fixed is None else fixed[held]
        sources = np.flatnonzero(injected)
        sources = sources[self._free[sources] & ~self._held[sources]]
        if not sources.size:
            potential = np.zeros(self._graph.size)
            potential[held] = volts
            return potential
        drained = np.bincount(component[sources], weights=injected[sources], minlength=component[held].max() + 1)
        b = self._operator.zeros()
        b[self._cell[sources]] = injected[sources] / self._unit
        b[self._cell[held]] = -drained[component[held]] / self._unit
        x = self._conjugate_gradients(self._project(b), 0.0, float(np.abs(volts).max()))
        del b
        solution: FloatArray = x[self._cell]
        shift = solution[held] - volts
        if held.size == 1:
            solution -= shift
        else:
            zero = np.zeros(self._graph.size)
            zero[component[held]] = shift
            solution -= zero[component]
        solution[~self._free] = 0.0
        return solution

    def _goal(self, power: float, injected: float, volts: float) -> float:
        """Return the square of the error at which to stop, in watts.

        Where the way is long, as in a maze, a small share of the power could still be a large one of the current. An
        error of the power by e^2 is one of at most sqrt(g) e of the current of a link of conductance g, of which the
        largest is 1 here.
        """
        current = power / volts if volts > 0.0 else injected
        way = _TOLERANCE**2 * max(min(power, _LONG_WAY * current**2 / self._ordinary), 1e-4 * power)
        return min(way, (_CURRENT_TOLERANCE * current) ** 2)

    def _conjugate_gradients(
        self, b: FloatArray, start: float, volts: float, guess: FloatArray | None = None
    ) -> FloatArray:
        """Solve for x, which the next call overwrites.

        `start` is the power at x = 0 and `volts` the range of the held potentials, both 0 where only currents drive the
        circuit. What the iterations have gained adds up to the product of x and the right-hand side, so the power
        is `start` less that, or just that. All of these are divided by the largest conductance, as the operator is.
        They begin at a guess at the potentials of the cells, where there is one; no cells may be shorted then.

        Raises
        ------
        ConvergenceError
            If the iterations break down, or would take longer than a factorisation.
        """
        operator, passes = self._operator, self._passes
        if self._hierarchy is None:
            self._hierarchy = self._build()
        if self._vectors is None:
            p, r = (np.zeros(operator.size, np.float32) for _ in range(2))
            self._vectors = operator.zeros(), p, r
        x, p, r = self._vectors
        self._monitor.check()
        p[:] = 0.0
        injected = _whole(b) / 2.0
        x[:] = 0.0
        if guess is None:
            scale = passes.scaled(b, r)
        else:
            rows, cols = guess.shape
            operator.raster(x)[:rows, :cols] = guess
            scale = passes.scaled(rest := self._residual(b, x, self._hierarchy.idle), r)
            start -= passes.dot(x, b) + passes.dot(x, rest)
        self._monitor.check()
        self.iterations = 0
        gains: list[float] = []
        slope, waited, made = 0.0, 0, 0
        last = _PATIENCE_LAST if self._changes_couplings else _PATIENCE  # all solves that follow use the factor too
        while self.iterations < _MOST:
            self._monitor.check()
            self.iterations += 1
            z = self._project(self._hierarchy.cycle(r))
            self._monitor.check()
            before, slope = slope, passes.dot(z, r)
            passes.combine(slope / before if before else 0.0, p, 1.0, z)
            self._monitor.check()
            q = z  # is used up
            curvature = -passes.negative(self._hierarchy.finest, p, q)
            self._monitor.check()
            if not (slope > 0.0 and curvature > 0.0):
                break  # solved to the last digit, or the preconditioner is not positive definite in single precision
            step = slope / curvature
            passes.take_step(step / scale, p, x, step, self._project(q), r)
            gains.append(step * slope / scale**2)
            power, gained, error = abs(start - sum(gains)), sum(gains[made:]), _error(gains)
            goal = self._goal(power, injected, volts)
            if error <= goal:
                return x
            if gained > _LITTLE * power and error <= _REPLACED * gained:
                made = len(gains)
                np.multiply(self._residual(b, x, self._hierarchy.idle), scale, out=r, casting="same_kind")
            waited += 1
            if waited >= _PATIENCE and (more := _remaining(gains, goal)) > _PATIENCE:
                if self._escalate():
                    slope, waited = 0.0, 0
                elif more > last and self._graph.size <= FACTORISED_MOST:
                    break
        residual = _whole(self._residual(b, x, self._hierarchy.idle)) / (2.0 * injected)
        if residual <= _ROUNDING:
            return x
        raise ConvergenceError(
            f"The circuit could not be solved: after {self.iterations} iterations the currents miss by up to {residual:.1e} "
            "of what is injected. Narrow the range of the resistances."
        )

    def _residual(self, b: FloatArray, x: FloatArray, out: FloatArray) -> FloatArray:
        """Set a vector to what a solution misses, and return it."""
        self._passes.negative(self._operator, x, out)
        out += b
        return self._project(out)

    def _project(self, vector: FloatArray) -> FloatArray:
        """Replace the values in the cells of a shorted region by their mean."""
        if self._groups.size:
            total = np.bincount(self._shorted, weights=vector[self._shorted_cells])
            mean = total / self._copies
            vector[self._shorted_cells] = mean[self._shorted]
        return vector

    def _build(self) -> Hierarchy:
        return Hierarchy(self._operator, self._limit, self._monitor, self._passes)

    @property
    def _limit(self) -> int:
        """Most cells of the level that is solved directly."""
        return min(self._limits[self._slowness], self._operator.size // 3)

    def _escalate(self) -> bool:
        """Solve a larger level directly from now on; return whether there was one left."""
        if self._slowness + 1 >= len(self._limits) or self._hierarchy is None or self._hierarchy.depth <= 2:
            return False
        self._slowness += 1
        self._hierarchy = None  # or there would be two at a time
        self._hierarchy = self._build()
        self._monitor.info(
            f"Convergence is slow (the resistances jump sharply); a level of up to {self._limit:,} cells is solved directly."
        )
        return True


def factorised_instead(graph: RasterGraph, failure: ConvergenceError, monitor: Monitor) -> None:
    """Report that a circuit is factorised because multigrid failed, or raise the failure where it is too large for that."""
    if graph.size > FACTORISED_MOST:
        raise failure
    monitor.info(
        f"Multigrid does not suit these {graph.size:,} nodes (the resistances jump sharply): they are factorised instead, "
        f"which needs about {factor_bytes(graph.size) / 2**20:,.0f} MB."
    )


def uses_numba(cells: int) -> bool:
    """Return whether a raster of so many cells is solved with numba: where it is installed and pays."""
    return cells >= _WORTH_COMPILED and compiled.available()


def passes_for(cells: int, accelerate: bool | None = None) -> ModuleType:
    """Return the passes over a raster of so many cells, with numba or without; by default where it pays."""
    return compiled if (uses_numba(cells) if accelerate is None else accelerate) else passes


def _ordinary(graph: RasterGraph) -> float:
    """Return the geometric mean of the conductances of straight links."""
    total, count = 0.0, 0
    for number, coupling, _, _ in graph.strips():
        if number < 2:
            links = coupling[coupling > 0]
            total += float(np.log(links).sum())
            count += links.size
    return math.exp(total / count) if count else 1.0


def _whole(currents: FloatArray) -> float:
    """Return the sum of the absolute values."""
    return sum(float(np.abs(currents[first : first + STRIP]).sum()) for first in range(0, currents.size, STRIP))


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


def direct_bytes(cells: int) -> int:
    """Return about how much memory, in bytes, is needed for what may be solved directly: all nodes, or a large level."""
    return factor_bytes(cells if cells <= FACTORISED_MOST else min(cells // 3, _COARSEST[-1]))
