"""Omnidirectional current: what flows to every place from all around it, in a moving window."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..choices import Average
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..spread.spreading import spread
from ..spread.where import HERE, Where
from ..surface import check_resistance
from ..types import BoolArray, FloatArray, IntArray
from .graph import raster_graph
from .windowbatch import Alike, Injection, LandscapeFlow, UniformFlow, batch_bytes, cut_alike
from .windowflow import Window, block_correction, disc

COMPARISONS = ("within", "equal")

_PIECES = 64
"""Pieces that the windows are solved in, as far as these are of a sensible size."""

_PIECE_CELLS, _MOST_CELLS = 500_000, 20_000_000
"""Fewest and most cells of the windows of a piece: from less than a second to a minute."""

_UNIFORM = 4
"""Cells on uniform ground, where windows share a factor, that take the time of one of the landscape."""

_RASTER_BYTES = 150
"""Memory of a run for each cell of the raster."""


@dataclass(frozen=True)
class Condition:
    """What a source must have in common with a target to send current to it.

    Parameters
    ----------
    present : float (rows, cols)
        Value of every cell as a source; NaN = not known.
    future : float (rows, cols), optional
        Value of every cell as a target; the present one if left out.
    compare : {"within", "equal"}
        Whether the source's value less the target's (median of its block) must lie between `lower` and `upper`, or
        must equal the target's (commonest of its block; of equally common ones the first to get there, column by
        column).
    lower, upper : float
        Limits of the difference, both included.
    """

    present: FloatArray
    future: FloatArray | None = None
    compare: str = "within"
    lower: float = 0.0
    upper: float = 0.0

    def excludes(self, sources: tuple[slice, slice], block: tuple[slice, slice]) -> BoolArray:
        """Return which cells of a window may not send current to a block; a value not known excludes nothing."""
        values = (self.present if self.future is None else self.future)[block].ravel(order="F")
        values = values[~np.isnan(values)]
        present = self.present[sources]
        if not values.size:
            return np.zeros(present.shape, dtype=bool)
        if self.compare == "equal":
            excluded: BoolArray = ~np.isnan(present) & (present != _commonest(values))
            return excluded
        difference = present - float(np.median(values))
        with np.errstate(invalid="ignore"):
            return np.asarray((difference > self.upper) | (difference < self.lower))


@dataclass(frozen=True)
class WindowFlow:
    """Current through a landscape from everywhere to everywhere within a radius.

    Attributes
    ----------
    current : float64 (rows, cols)
        Sum of the currents of all windows, in amperes; NaN where there is no resistance.
    potential : float64 (rows, cols) or None
        The same on uniform ground: what would flow if nothing resisted more than anything else.
    normalised : float64 (rows, cols) or None
        `current` over `potential`, 0 where both are 0. Below 1 = impeded, about 1 = diffuse, above = channelled.
    windows : int
        Windows solved.
    """

    current: FloatArray
    potential: FloatArray | None
    normalised: FloatArray | None
    windows: int


@dataclass
class _Tally:
    """What did not go the ordinary way, to be reported at the end."""

    moved: int = 0
    buried: int = 0
    alone: int = 0
    offered: float = 0.0
    arrived: float = 0.0

    def add(self, other: _Tally) -> None:
        """Add up."""
        self.moved += other.moved
        self.buried += other.buried
        self.alone += other.alone
        self.offered += other.offered
        self.arrived += other.arrived


def omniscape(
    resistance: FloatArray,
    strength: FloatArray | None = None,
    *,
    radius: int,
    block_size: int = 1,
    buffer: int = 0,
    neighbours: int = 8,
    average: Average | str = Average.CONDUCTANCE,
    threshold: float = 0.0,
    cutoff: float = math.inf,
    conditions: Sequence[Condition] = (),
    flow_potential: bool = False,
    correct_blocks: bool = True,
    clear_own_block: bool = False,
    move_targets: bool = False,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> WindowFlow:
    """Map the current that flows to every place from all sources around it.

    Parameters
    ----------
    resistance : float (rows, cols)
        Resistance of every cell, > 0; NaN = no node.
    strength : float (rows, cols), optional
        Strength of every cell as a source and as a target, >= 0; NaN = 0. Left out: the conductance, of cells with a
        resistance up to `cutoff`.
    radius : int
        How far from its target a source may lie, in cells, >= 1.
    block_size : int
        Targets stand for blocks of so many cells on a side; an even number is raised by 1. Blocks that the right or
        lower edge cuts have no target.
    buffer : int
        Cells beyond the radius that current may pass through.
    neighbours, average
        See `raster_graph`. Omniscape averages conductances.
    threshold : float
        Strengths below this are 0.
    cutoff : float
        Largest resistance of a source where no strengths are given.
    conditions : sequence of Condition
        Which sources may send current to a target. Sources are left out after the current has been shared among
        all, so less flows.
    flow_potential : bool
        Whether to compute the potential and the normalised current too.
    correct_blocks : bool
        Whether to make up for the pattern that targets of more than one cell leave.
    clear_own_block : bool
        Whether the sources cleared around a target are those of its own block also nearer to the upper or left edge
        than the window reaches. Omniscape.jl 0.6 clears cells farther down and to the right there.
    move_targets : bool
        Whether a target on NoData moves to the nearest valid cell of its block. In Omniscape.jl 0.6 it draws nothing.
    where : Where
        Where the windows are solved; the result is the same to the last bit.
    monitor : Monitor
        Progress in proportion to the cells solved, and cancellation; gets the number of windows and what could not flow.

    Returns
    -------
    WindowFlow

    Raises
    ------
    InputError
        If a parameter is out of its range, a resistance is not positive, a strength is negative, or there is no source.
    ConvergenceError
        If a window cannot be solved to the accuracy promised.

    Notes
    -----
    Each target draws as many amperes as its block has strength, from the cells within the radius but outside the block,
    in proportion to their strength, and is grounded. The window ends at the circle of radius + buffer. The uniform
    counterpart is the whole square, NoData included. All this is as in Omniscape.jl 0.6, except that the block
    correction is 1 where nothing flows, where Omniscape divides rounding errors.

    Time grows with the number of windows (cells / block_size^2) and, slightly more than linearly, with the cells of a
    window; memory with the cells of the raster.

    References
    ----------
    McRae BH, Popper K, Jones A, Schindel M, Buttrick S, Hall K, Unnasch RS, Platt J (2016). Conserving nature's stage:
    mapping omnidirectional connectivity for resilient terrestrial landscapes in the Pacific Northwest. The Nature
    Conservancy, Portland.

    Landau VA, Shah VB, Anantharaman R, Hall KR (2021). Omniscape.jl: software to compute omnidirectional landscape
    connectivity. J. Open Source Softw. 6:2829. doi:10.21105/joss.02829

    Examples
    --------
    >>> flow = omniscape(np.ones((3, 5)), radius=2)
    >>> flow.windows, flow.current.shape
    (15, (3, 5))
    >>> bool(flow.current[1, 2] > flow.current[1, 0])
    True
    """
    _check(resistance, strength, radius, block_size, buffer, conditions)
    if block_size % 2 == 0:
        block_size += 1
        monitor.info(f"Blocks need a middle cell: their size is raised to {block_size} cells.")
    half, reach = block_size // 2, radius + buffer
    shape = resistance.shape[0], resistance.shape[1]
    valid = ~np.isnan(resistance)
    strengths = _strengths(resistance, strength, threshold, cutoff)
    centres, amperes = _targets(strengths, block_size)
    correction = None
    if correct_blocks and block_size > 1:
        correction = block_correction(radius, reach, block_size, neighbours, monitor)
    setting = _Setting(
        resistance=resistance,
        strengths=strengths,
        centres=centres,
        amperes=amperes,
        radius=radius,
        reach=reach,
        half=half,
        neighbours=neighbours,
        average=Average.of(average),
        conditions=list(conditions),
        correction=correction,
        clear_own_block=clear_own_block,
        move_targets=move_targets,
    )
    monitor.info(f"{amperes.size:,} windows of up to {2 * reach + 1:,} x {2 * reach + 1:,} cells.")
    tally, current = _Tally(), np.zeros(shape)
    potential = np.zeros(shape) if flow_potential else None

    def merge(share: _Share) -> None:
        (current if share.tally or potential is None else potential)[share.cells] += share.current
        if share.tally:
            tally.add(share.tally)

    areas = _areas(centres, reach, shape)
    each = max(_PIECE_CELLS, min(float(areas.sum()) / _PIECES, _MOST_CELLS))
    pieces: list[_Run | list[Alike]] = [*_runs(areas, each)]
    if flow_potential:
        pieces += _bundles(cut_alike(centres, reach, shape), _UNIFORM * each)
    spread(_solve, setting, pieces, merge, prepare=_Windows, where=where, monitor=monitor)
    _tell(tally, monitor)
    current[~valid] = np.nan
    normalised = None
    if potential is not None:
        potential[~valid] = np.nan
        normalised = np.where(valid, 0.0, np.nan)
        np.divide(current, potential, out=normalised, where=potential > 0.0)
    return WindowFlow(current, potential, normalised, amperes.size)


_Run = tuple[int, int]
"""First of some windows, and the one after the last."""


@dataclass(frozen=True)
class _Share:
    """Currents of some windows, and where they are; the tally of uniform ones is None."""

    cells: tuple[slice, slice]
    current: FloatArray
    tally: _Tally | None


@dataclass(frozen=True)
class _Setting:
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


def _runs(areas: FloatArray, cells: float) -> Iterator[_Run]:
    """Yield runs of windows that have about so many cells together."""
    which = (np.cumsum(areas) - areas) // cells
    starts = np.flatnonzero(np.diff(which, prepend=-1.0)).tolist()
    yield from zip(starts, [*starts[1:], areas.size])


def _bundles(groups: Iterator[Alike], cells: float) -> Iterator[list[Alike]]:
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


class _Windows:
    """All windows, ready to be solved."""

    def __init__(self, setting: _Setting, monitor: Monitor) -> None:
        self.setting = setting
        self.valid = ~np.isnan(setting.resistance)
        self.shape = self.valid.shape[0], self.valid.shape[1]
        reach = setting.reach
        self._near = disc(setting.radius, reach)
        graph = raster_graph(
            setting.resistance, neighbours=setting.neighbours, average=setting.average, monitor=monitor
        )
        self.landscape = LandscapeFlow(graph.couplings, self.valid, disc(reach, reach), monitor.quiet())
        self.uniform = UniformFlow(self.shape, reach, setting.neighbours)

    def box(self, numbers: IntArray) -> tuple[slice, slice]:
        """Return rows and columns that hold some windows."""
        centres = self.setting.centres[numbers]
        first = np.maximum(centres.min(axis=0) - self.setting.reach, 0).tolist()
        last = np.minimum(centres.max(axis=0) + self.setting.reach + 1, self.shape).tolist()
        return slice(first[0], last[0]), slice(first[1], last[1])

    def injection(self, number: int) -> Injection | None:
        """Return what is put into a window; None if there is no source in it."""
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
        if setting.move_targets and not self.valid[row, col] and self.valid[block].any():
            down, right = _nearest(self.valid[block], half)
            target = target[0] + down, target[1] + right
        offered[target] = 0.0
        return Injection(
            window, offered, target, 1.0 if setting.correction is None else setting.correction[window.part]
        )


def _solve(windows: _Windows, piece: _Run | list[Alike], monitor: Monitor) -> _Share:
    """Return the currents through some windows: of the landscape, or of uniform ground."""
    if isinstance(piece, list):
        cells = windows.box(np.concatenate([numbers for _, numbers in piece]))
        return _Share(cells, windows.uniform.currents(piece, windows.injection, cells, monitor), None)
    first, last = piece
    landscape, tally = windows.landscape, _Tally()
    areas = _areas(windows.setting.centres[first:last], windows.setting.reach, windows.shape)
    for number, done in zip(range(first, last), np.cumsum(areas) - areas):
        monitor.step(float(done), float(areas.sum()))
        injection = windows.injection(number)
        if injection is None:
            tally.alone += 1
            continue
        tally.offered += float(injection.amounts.sum())
        tally.moved += injection.target != injection.window.centre
        if windows.valid[injection.window.cells][injection.target]:
            landscape.add(injection)
        else:
            tally.buried += 1
    cells = windows.box(np.arange(first, last))
    current, tally.arrived = landscape.take(cells)
    return _Share(cells, current, tally)


def windows_bytes(shape: tuple[int, int], reach: int) -> int:
    """Return about how much memory, in bytes, `omniscape` needs for a raster and windows of radius + buffer.

    Examples
    --------
    >>> windows_bytes((500, 500), 50) > windows_bytes((500, 500), 10)
    True
    """
    side = 2 * reach + 1
    return shape[0] * shape[1] * _RASTER_BYTES + batch_bytes(min(side, shape[0]) * min(side, shape[1]))


def _check(
    resistance: FloatArray,
    strength: FloatArray | None,
    radius: int,
    block_size: int,
    buffer: int,
    conditions: Sequence[Condition],
) -> None:
    check_resistance(resistance)
    if radius < 1 or buffer < 0 or block_size < 1:
        raise InputError(
            f"The radius ({radius}) and the block size ({block_size}) must be at least 1 cell, the buffer ({buffer}) "
            "at least 0."
        )
    if radius > 10 * sum(resistance.shape):
        raise InputError(
            f"The radius of {radius:,} cells reaches far beyond the whole raster ({resistance.shape[0]} x "
            f"{resistance.shape[1]} cells). Use a smaller one."
        )
    if block_size // 2 >= radius:
        raise InputError(
            f"Blocks of {block_size} x {block_size} cells leave no source within the radius of {radius} cells. "
            "Use smaller blocks (a tenth of the radius is usual) or a larger radius."
        )
    layers = [("strengths", strength)]
    for condition in conditions:
        layers += [("values of a condition", condition.present), ("values of a condition", condition.future)]
        if condition.compare not in COMPARISONS:
            raise InputError(f"Conditions compare {' or '.join(COMPARISONS)}, not {condition.compare!r}.")
        if condition.lower > condition.upper:
            raise InputError(
                f"The lower limit of a condition, {condition.lower:g}, is above the upper, {condition.upper:g}."
            )
    for name, values in layers:
        if values is not None and values.shape != resistance.shape:
            raise InputError(f"The {name} have the shape {values.shape}, the resistances {resistance.shape}.")
    if strength is not None and np.nanmin(strength, initial=0.0) < 0:
        raise InputError(f"Strengths must not be negative; the smallest is {float(np.nanmin(strength)):g}.")


def _strengths(resistance: FloatArray, strength: FloatArray | None, threshold: float, cutoff: float) -> FloatArray:
    if strength is None:
        with np.errstate(invalid="ignore"):
            exact = resistance.astype(np.float64)
            strength = np.where(exact <= cutoff, 1.0 / exact, 0.0)
    strengths: FloatArray = np.nan_to_num(strength.astype(np.float64))
    strengths[strengths < threshold] = 0.0
    return strengths


def _targets(strengths: FloatArray, block_size: int) -> tuple[IntArray, FloatArray]:
    """Return row and column of the centre, and the strength, of every block that has some."""
    rows, cols = (size // block_size for size in strengths.shape)
    blocks = strengths[: rows * block_size, : cols * block_size].reshape(rows, block_size, cols, block_size)
    amperes = blocks.sum(axis=(1, 3))
    places = np.argwhere(amperes > 0.0)
    if not places.size:
        raise InputError(
            "There is no source: no cell in a whole block has a strength above 0 that reaches the threshold. Look at "
            f"the strengths, the threshold, the largest resistance of a source, and the blocks of {block_size} x "
            f"{block_size} cells."
        )
    return places * block_size + block_size // 2, amperes[amperes > 0.0]


def _areas(centres: IntArray, reach: int, shape: tuple[int, int]) -> FloatArray:
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


def _commonest(values: FloatArray) -> float:
    """Return the commonest value; of equally common ones the first to get there."""
    found, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    most = counts.max()
    last = [np.flatnonzero(place == k)[-1] for k in np.flatnonzero(counts == most)]
    return float(found[counts == most][np.argmin(last)])


def _tell(tally: _Tally, monitor: Monitor) -> None:
    if tally.moved:
        monitor.info(f"{tally.moved:,} targets lay on NoData and were moved to the nearest valid cell of their block.")
    if tally.buried:
        monitor.warn(f"{tally.buried:,} targets lie on NoData and draw no current.")
    if tally.alone:
        monitor.info(f"{tally.alone:,} targets have no source within the radius outside their own block.")
    stuck = tally.offered - tally.arrived
    if stuck > 1e-9 * tally.offered:
        monitor.warn(
            f"{stuck:,.4g} of {tally.offered:,.4g} amperes ({100 * stuck / tally.offered:.2g} %) could not flow: their "
            "sources lie on NoData or are cut off from the target by NoData within the window."
        )
