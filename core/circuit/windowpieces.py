"""Moving windows in pieces, each with the memory of the part of the raster that its windows cover."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..choices import Average
from ..monitor import Monitor
from ..types import BoolArray, FloatArray, IntArray
from .conditions import Condition
from .graph import raster_graph
from .windowbatch import Alike, Injection, LandscapeFlow, UniformFlow, WindowFronts
from .windowflow import Window, disc


@dataclass
class Tally:
    """What did not go the ordinary way, to be reported at the end."""

    moved: int = 0
    buried: int = 0
    alone: int = 0
    offered: float = 0.0
    arrived: float = 0.0

    def add(self, other: Tally) -> None:
        """Add up."""
        self.moved += other.moved
        self.buried += other.buried
        self.alone += other.alone
        self.offered += other.offered
        self.arrived += other.arrived


Run = tuple[int, int]
"""First of some windows, and the one after the last."""


@dataclass(frozen=True)
class Share:
    """Currents of some windows, and where they are; the tally of uniform ones is None."""

    cells: tuple[slice, slice]
    current: FloatArray
    tally: Tally | None


@dataclass(frozen=True)
class Setting:
    """What all windows have in common."""

    resistance: FloatArray
    strengths: FloatArray
    centres: IntArray
    amperes: FloatArray
    radius: int
    reach: int
    half: int
    neighbours: int
    average: Average
    conditions: list[Condition]
    correction: FloatArray | None
    clear_own_block: bool
    move_targets: bool


def tiles(centres: IntArray, side: int) -> tuple[IntArray, list[Run]]:
    """Return the order of windows by squares of so many cells that their centres lie in, and those of each square."""
    tile = centres // side
    order = np.lexsort((tile[:, 1], tile[:, 0]))
    starts = np.flatnonzero((np.diff(tile[order], axis=0, prepend=-1) != 0).any(axis=1)).tolist()
    return order, list(zip(starts, [*starts[1:], order.size]))


def bundles(groups: Iterator[Alike], cells: float) -> Iterator[list[Alike]]:
    """Yield the windows of groups that are cut alike, in lists of at most about so many cells."""
    bundle: list[Alike] = []
    room = cells
    for part, numbers in groups:
        top, bottom, left, right = part
        area = (bottom - top) * (right - left)
        most = max(1, int(cells // area))
        for start in range(0, numbers.size, most):
            some = numbers[start : start + most]
            if bundle and area * some.size > room:
                yield bundle
                bundle, room = [], cells
            bundle.append((part, some))
            room -= area * some.size
    if bundle:
        yield bundle


class Windows:
    """All windows, ready to be solved."""

    def __init__(self, setting: Setting, monitor: Monitor) -> None:
        self.setting = setting
        self.shape = setting.resistance.shape[0], setting.resistance.shape[1]
        reach = setting.reach
        self._near = disc(setting.radius, reach)
        self._fronts = WindowFronts(disc(reach, reach))
        self.uniform = UniformFlow(reach, setting.neighbours)

    def box(self, numbers: IntArray) -> tuple[slice, slice]:
        """Return rows and columns that hold some windows."""
        centres = self.setting.centres[numbers]
        first = np.maximum(centres.min(axis=0) - self.setting.reach, 0).tolist()
        last = np.minimum(centres.max(axis=0) + self.setting.reach + 1, self.shape).tolist()
        return slice(first[0], last[0]), slice(first[1], last[1])

    def landscape(self, cells: tuple[slice, slice], monitor: Monitor) -> LandscapeFlow:
        """Return the circuit of a part of the raster, in which windows can be solved."""
        resistance = self.setting.resistance[cells]
        graph = raster_graph(resistance, neighbours=self.setting.neighbours, average=self.setting.average)
        return LandscapeFlow(graph.couplings, ~np.isnan(resistance), self._fronts, monitor)

    def injection(self, number: int, cells: tuple[slice, slice]) -> Injection | None:
        """Return what is put into a window in some part of the raster; None if there is no source in it."""
        setting = self.setting
        half, reach = setting.half, setting.reach
        row, col = setting.centres[number].tolist()
        window = Window.around(row, col, reach, self.shape)
        block = _square(row, col, half)
        offered = np.where(self._near[window.part], setting.strengths[window.cells], 0.0)
        offered[_square(*window.centre, half) if setting.clear_own_block else _square(reach, reach, half)] = 0.0
        everything = float(offered.sum())
        if not everything > 0.0:
            return None
        offered *= float(setting.amperes[number]) / everything
        for condition in setting.conditions:
            offered[condition.excludes(window.cells, block)] = 0.0
        target = window.centre
        valid = ~np.isnan(setting.resistance[block])
        if setting.move_targets and not valid[half, half] and valid.any():
            down, right = _nearest(valid, half)
            target = target[0] + down, target[1] + right
        offered[target] = 0.0
        factor = 1.0 if setting.correction is None else setting.correction[window.part]
        return Injection(window.within(cells), offered, target, factor)


def solve(windows: Windows, piece: Run | list[Alike], monitor: Monitor) -> list[Share]:
    """Return the currents through some windows: of the landscape, or of uniform ground."""
    if isinstance(piece, list):
        shares, done, total = [], 0, sum(numbers.size for _, numbers in piece)
        for part, numbers in piece:
            cells, then = windows.box(numbers), done + numbers.size
            flow = windows.uniform.currents(
                part, numbers, windows.injection, cells, monitor.part(done / total, then / total)
            )
            shares.append(Share(cells, flow, None))
            done = then
        return shares
    first, last = piece
    cells = windows.box(np.arange(first, last))
    landscape, tally = windows.landscape(cells, monitor.quiet()), Tally()
    areas = _window_areas(windows.setting.centres[first:last], windows.setting.reach, windows.shape)
    for number, done in zip(range(first, last), np.cumsum(areas) - areas):
        monitor.step(float(done), float(areas.sum()))
        injection = windows.injection(number, cells)
        if injection is None:
            tally.alone += 1
            continue
        tally.offered += float(injection.amounts.sum())
        tally.moved += injection.target != injection.window.centre
        if not landscape.add(injection):
            tally.buried += 1
    landscape.finish()
    tally.arrived = landscape.arrived
    return [Share(cells, landscape.current, tally)]


def _window_areas(centres: IntArray, reach: int, shape: tuple[int, int]) -> FloatArray:
    """Return the cells of every window, which its time about grows with."""
    last = np.array(shape) - 1
    sides = np.minimum(centres + reach, last) - np.maximum(centres - reach, 0) + 1
    areas: FloatArray = sides.prod(axis=1).astype(np.float64)
    return areas


def _square(row: int, col: int, half: int) -> tuple[slice, slice]:
    """Return rows and columns within some distance of a cell, cut at 0."""
    return slice(max(row - half, 0), row + half + 1), slice(max(col - half, 0), col + half + 1)


def _nearest(valid: BoolArray, half: int) -> tuple[int, int]:
    """Return the step from the centre of a block to its nearest valid cell, of equally near ones the first."""
    steps = np.argwhere(valid) - half
    down, right = steps[np.argmin(np.square(steps).sum(axis=1))].tolist()
    return down, right
