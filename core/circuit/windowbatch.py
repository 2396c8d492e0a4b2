"""Windows solved a batch at a time, and their currents added to a map."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from ..monitor import Monitor
from ..types import BoolArray, FloatArray, IntArray
from . import compiledfronts
from .compiledfronts import CompiledFronts
from .conductances import DIRECTIONS
from .fronts import LEAF, Factor, Fronts
from .solvers import solver_bytes
from .windowflow import UniformWindow, Window, drain, through

_MOST = 16
"""Windows of a batch, with which the time for each is down to that of the numbers."""

_BATCH_BYTES = 64 * 2**20
"""Memory of the factors of a batch."""

_FACTOR_NUMBERS = 6
"""Numbers of a factor of n cells, divided by n log2(n): never more."""

_WORTH_A_FACTOR = 3
"""Windows cut alike from which on it pays to factorise theirs."""

_FACTOR_BYTES = 12
"""Memory of a factor for each of its numbers: these, and what waits to be taken up."""

_LARGEST = 12_000
"""Cells of a window from which on multigrid is quicker than fronts."""

_LARGEST_COMPILED = 100_000
"""The same with numba."""

_LARGEST_UNIFORM = 70_000
"""Cells of a window from which on a factor that all uniform windows of a shape share is too large to be kept."""


Part = tuple[int, int, int, int]
"""First row, row after the last, first column, column after the last that a window has of an uncut one."""

Alike = tuple[Part, IntArray]
"""What some windows have of an uncut one, and their numbers."""


@dataclass(frozen=True)
class Injection:
    """What is put into a window, and drains through one of its cells.

    Attributes
    ----------
    window : Window
        Where it is.
    amounts : float64 (rows, cols)
        Amperes put into every cell.
    target : (int, int)
        Row and column in the window of the cell that drains them.
    factor : float64 (rows, cols) or float
        What its currents are multiplied with.
    """

    window: Window
    amounts: FloatArray
    target: tuple[int, int]
    factor: FloatArray | float


class WindowFronts:
    """How the windows of a run are solved.

    Parameters
    ----------
    inside : bool (side, side)
        Cells of an uncut window.
    """

    def __init__(self, inside: BoolArray) -> None:
        self.inside = inside
        self.disc = _stacked([inside[here] & inside[there] for here, there, _ in DIRECTIONS], inside.shape)
        self.fronts: Fronts | None = None
        self.compiled: CompiledFronts | None = None
        self.most = 1
        numba = compiledfronts.available()
        if np.count_nonzero(inside) <= (_LARGEST_COMPILED if numba else _LARGEST):
            self.fronts = Fronts(inside, compiledfronts.LEAF if numba else LEAF)
            self.most = max(1, min(_MOST, _BATCH_BYTES // (_FACTOR_BYTES * self.fronts.factor_size)))
            if numba:
                self.compiled = CompiledFronts(self.fronts)


class LandscapeFlow:
    """Currents through the windows of a landscape.

    Parameters
    ----------
    couplings : sequence of float64
        Conductances of its links, see `RasterGraph`.
    valid : bool (rows, cols)
        Its cells with a node.
    fronts : WindowFronts
        Of the windows.
    monitor : Monitor
        Cancellation.

    Attributes
    ----------
    current : float64 (rows, cols)
        Sum of the currents of all windows, after `finish`.
    arrived : float
        Amperes that reached their targets.
    """

    def __init__(
        self, couplings: Sequence[FloatArray], valid: BoolArray, fronts: WindowFronts, monitor: Monitor
    ) -> None:
        self.current = np.zeros(valid.shape)
        self.arrived = 0.0
        self._valid = valid
        self._how, self._inside = fronts, fronts.inside
        self._monitor = monitor
        self._links = _stacked(couplings, valid.shape)
        self._directions = DIRECTIONS[: len(couplings)]
        self._structure = np.ones((3, 3)) if len(couplings) == 4 else None
        self._waiting: list[Injection] = []

    def add(self, injection: Injection) -> bool:
        """Take up a window, and return whether its target has a node; otherwise nothing flows."""
        if not self._valid[injection.window.cells][injection.target]:
            return False
        self._waiting.append(injection)
        if len(self._waiting) == self._how.most:
            self.finish()
        return True

    def finish(self) -> None:
        """Solve the windows that wait."""
        waiting, self._waiting = self._waiting, []
        self._monitor.check()
        if self._how.fronts is None:
            for injection in waiting:
                self._drain(injection)
        elif waiting:
            self._solve(waiting, self._how.fronts)

    def _solve(self, waiting: list[Injection], fronts: Fronts) -> None:
        side = self._inside.shape[0]
        links = np.zeros((len(waiting), 4, side, side))
        injected = np.zeros((len(waiting), side, side))
        for injection, own, put_in in zip(waiting, links, injected):
            part = injection.window.part
            np.multiply(self._links[_last(injection.window.cells)], self._how.disc[_last(part)], out=own[_last(part)])
            put_in[part] = self._connected(injection, own[_last(part)])
        degrees = _degrees(links)
        degrees[degrees == 0.0] = 1.0
        for injection, own in zip(waiting, degrees):
            own[injection.window.part][injection.target] *= 2.0  # grounded; all its currents end there
        flat = (array.reshape(len(waiting), -1) for array in (links, degrees, injected))
        volts = _potentials(fronts, self._how.compiled, *flat).reshape(injected.shape)
        for injection, own, put_in, potential in zip(waiting, links, injected, volts):
            if not np.isfinite(potential).all():
                self._drain(injection)
                continue
            part = injection.window.part
            flow = _through(own, potential, self._how.compiled is not None)[part]
            self.current[injection.window.cells] += flow * injection.factor
            self.arrived += float(put_in.sum())

    def _connected(self, injection: Injection, links: FloatArray) -> FloatArray:
        """Return what is put into cells connected to the target; take the links of all others away."""
        valid = self._valid[injection.window.cells]
        if valid.all():
            return injection.amounts
        parts, count = ndimage.label(valid & self._inside[injection.window.part], self._structure)
        connected = parts == parts[injection.target]
        if count > 1:
            links *= connected
        return np.where(connected, injection.amounts, 0.0)

    def _drain(self, injection: Injection) -> None:
        window = injection.window
        couplings = [link[here] for link, (here, _, _) in zip(self._links[_last(window.cells)], self._directions)]
        kept = self._valid[window.cells] & self._inside[window.part]
        flow = drain(couplings, kept, injection.amounts, injection.target, self._monitor)
        self.current[window.cells] += flow.current * injection.factor
        self.arrived += flow.amperes


class UniformFlow:
    """Currents through windows in which every cell has the conductance 1.

    They are whole squares, cut at the edges of the raster. All that are cut alike have the same factor.

    Parameters
    ----------
    reach : int
        Cells that a window reaches from its centre in each direction.
    neighbours : {8, 4}
        Cells that a cell is linked to.
    """

    def __init__(self, reach: int, neighbours: int) -> None:
        self._side, self._neighbours = 2 * reach + 1, neighbours
        self._compiled = compiledfronts.available()
        self._fronts: Fronts | CompiledFronts | None = None
        self._last: tuple[Part, _Uniform] | None = None

    def currents(
        self,
        part: Part,
        numbers: IntArray,
        injection: Callable[[int, tuple[slice, slice]], Injection | None],
        cells: tuple[slice, slice],
        monitor: Monitor,
    ) -> FloatArray:
        """Return the sum of the currents through windows that are cut alike.

        Parameters
        ----------
        part : Part
            How they are cut.
        numbers : int64 (n,)
            The windows.
        injection : callable
            Gives what is put into a window by its number, within `cells`; None = nothing.
        cells : (slice, slice)
            Rows and columns that hold these windows.
        monitor : Monitor
            Progress and cancellation.
        """
        current = np.zeros((cells[0].stop - cells[0].start, cells[1].stop - cells[1].start))
        uniform = self._factor(part) if numbers.size >= _WORTH_A_FACTOR else None
        window = UniformWindow(part[1] - part[0], part[3] - part[2], self._neighbours)
        for start in range(0, numbers.size, _MOST):
            monitor.step(start, numbers.size)
            offers = (injection(number, cells) for number in numbers[start : start + _MOST].tolist())
            batch = [put_in for put_in in offers if put_in is not None]
            flows = (
                uniform.currents(batch)
                if uniform
                else (window.currents(put_in.amounts, put_in.target, monitor) for put_in in batch)
            )
            for put_in, flow in zip(batch, flows):
                current[put_in.window.cells] += flow * put_in.factor
        return current

    def _factor(self, part: Part) -> _Uniform | None:
        """Return the factor of the windows that are cut in some way, if it is not too large; the last one is kept."""
        if self._side**2 > _LARGEST_UNIFORM:
            return None
        if self._fronts is None:
            square = np.ones((self._side, self._side), dtype=bool)
            self._fronts = CompiledFronts(Fronts(square, compiledfronts.LEAF)) if self._compiled else Fronts(square)
        if self._last is None or self._last[0] != part:
            self._last = None
            self._last = part, _Uniform(self._fronts, self._side, part, self._neighbours)
        return self._last[1]


def cut_alike(centres: IntArray, reach: int, shape: tuple[int, int]) -> Iterator[Alike]:
    """Yield what windows have of an uncut one, and the numbers of those that have it."""
    first = np.maximum(reach - centres, 0)
    last = np.minimum(reach + np.array(shape) - centres, 2 * reach + 1)
    parts, which = np.unique(np.column_stack((first, last)), axis=0, return_inverse=True)
    which = which.ravel()
    ends = np.cumsum(np.bincount(which))[:-1]
    for (top, left, bottom, right), numbers in zip(parts.tolist(), np.split(np.argsort(which, kind="stable"), ends)):
        yield (top, bottom, left, right), numbers


class _Uniform:
    """The factor of a uniform window of some shape."""

    def __init__(self, fronts: Fronts | CompiledFronts, side: int, part: Part, neighbours: int) -> None:
        top, bottom, left, right = part
        self._part = slice(top, bottom), slice(left, right)
        self._side, self._compiled = side, isinstance(fronts, CompiledFronts)
        there = np.zeros((side, side), dtype=bool)
        there[self._part] = True
        pairs = DIRECTIONS[: neighbours // 2]
        self._links = _stacked([(there[here] & there[to]) / length for here, to, length in pairs], there.shape)
        degrees = _degrees(self._links)
        degrees[degrees == 0.0] = 1.0
        degrees[top, left] *= 2.0  # grounded; what is put in adds up to 0, so that nothing ends there
        self._solve: Callable[[FloatArray], FloatArray]
        if isinstance(fronts, CompiledFronts):
            self._solve = functools.partial(fronts.substitute, fronts.factorise(self._links.ravel(), degrees.ravel()))
        else:
            factor = Factor(fronts, self._links.reshape(1, -1), degrees.reshape(1, -1))
            self._solve = lambda injected: factor.solve(injected[None])[0]

    def currents(self, injections: Sequence[Injection]) -> Iterator[FloatArray]:
        """Yield the currents through the windows."""
        injected = np.zeros((self._side, self._side, len(injections)))
        for number, injection in enumerate(injections):
            put_in = injection.amounts.copy()
            put_in[injection.target] = 0.0
            put_in[injection.target] = -put_in.sum()
            injected[self._part][..., number] = put_in
        volts = self._solve(injected.reshape(-1, len(injections))).reshape(injected.shape)
        for number in range(len(injections)):
            yield _through(self._links, np.ascontiguousarray(volts[..., number]), self._compiled)[self._part]


def batch_bytes(cells: int) -> int:
    """Return about how much memory, in bytes, a batch of windows of so many cells needs, and uniform ones after them.

    Examples
    --------
    >>> batch_bytes(10_000) > batch_bytes(1_000)
    True
    """
    factor = int(_FACTOR_BYTES * _FACTOR_NUMBERS * cells * np.log2(max(cells, 2)))
    largest = _LARGEST_COMPILED if compiledfronts.available() else _LARGEST
    solving = min(_MOST * factor, max(_BATCH_BYTES, factor)) if cells <= largest else solver_bytes(cells)
    return max(solving, factor if cells <= _LARGEST_UNIFORM else 0)


def _potentials(
    fronts: Fronts, compiled: CompiledFronts | None, links: FloatArray, degrees: FloatArray, injected: FloatArray
) -> FloatArray:
    if compiled is not None:
        return compiled.solve(links, degrees, injected)
    with np.errstate(invalid="ignore"):
        return Factor(fronts, links, degrees).solve(injected[..., None])[..., 0]


def _last(cells: tuple[slice, slice]) -> Any:
    """Return what picks cells of arrays whose last two axes are rows and columns."""
    return ..., cells[0], cells[1]


def _stacked(couplings: Sequence[FloatArray | BoolArray], shape: tuple[int, int]) -> FloatArray:
    """Return couplings at the cells that they start from, (4, rows, cols)."""
    stacked = np.zeros((4, *shape))
    for coupling, link, (here, _, _) in zip(couplings, stacked, DIRECTIONS):
        link[here] = coupling
    return stacked


def _degrees(links: FloatArray) -> FloatArray:
    """Return the sum of the links of every cell."""
    degrees = np.zeros((*links.shape[:-3], *links.shape[-2:]))
    for direction, (here, there, _) in enumerate(DIRECTIONS):
        link = links[..., direction, :, :][_last(here)]
        degrees[_last(here)] += link
        degrees[_last(there)] += link
    return degrees


def _through(links: FloatArray, volts: FloatArray, compiled: bool) -> FloatArray:
    if compiled:
        return compiledfronts.through(links, volts)
    return through([link[here] for link, (here, _, _) in zip(links, DIRECTIONS)], volts)
