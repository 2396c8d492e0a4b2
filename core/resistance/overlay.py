"""The resistance surface: weighted overlay of score rasters, and its correction by further rasters."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..choices import CorrectionMethod
from ..errors import GridMismatchError, InputError
from ..monitor import SILENT, Monitor
from ..stats.moments import CHUNK
from ..stats.shares import normalise_weights
from ..types import Array, BoolArray, FloatArray
from .corrections import Correction, ZoneMeans
from .summary import ResistanceSummary, Tally

_BLOCK_CELLS = 1 << 20


@dataclass(frozen=True)
class Block:
    """Some rows of every raster of an overlay.

    Parameters
    ----------
    row : int
        First row.
    factors : sequence of ndarray, float, shape (rows, cols)
        Scores, NaN = NoData.
    corrections : sequence of ndarray, float, same shape, optional
        Correction rasters, NaN = NoData.
    zones : ndarray, float, same shape, optional
        Zone of each cell for means by zone, NaN = no zone.
    least : ndarray, float, same shape, optional
        What cells resist at least, such as those of roads; 0 for nothing.
    impassable : ndarray, bool, same shape, optional
        Cells that nothing crosses.
    """

    row: int
    factors: Sequence[FloatArray]
    corrections: Sequence[FloatArray] = ()
    zones: FloatArray | None = None
    least: FloatArray | None = None
    impassable: BoolArray | None = None


Reader = Callable[[Monitor], Iterable[Block]]
"""Yields the blocks of all rasters from the top down, as often as it is called."""


@dataclass(frozen=True)
class Resistance:
    """A resistance surface in memory: `values`, float32, NaN = NoData, and its `summary`."""

    values: FloatArray
    summary: ResistanceSummary


def build_resistance(
    read: Reader,
    weights: Sequence[float],
    *,
    write: Callable[[int, FloatArray], None],
    write_correction: Callable[[int, FloatArray], None] | None = None,
    names: Sequence[str] | None = None,
    correction_names: Sequence[str] = (),
    correction: Correction | None = None,
    leave_out_missing: bool = False,
    rescale: tuple[float, float] | None = None,
    monitor: Monitor = SILENT,
) -> ResistanceSummary:
    """Lay weighted score rasters over each other, block by block.

    R = sum of weight x score, then corrected (see `Correction`), then stretched to a range where wanted. What roads resist
    (`Block.least`) holds after that, in the unit of the finished surface, and impassable cells are NoData.

    Parameters
    ----------
    read : callable
        Called once per pass with a monitor; yields every `Block` from the top down.
    weights : sequence of float
        One per factor; divided by their sum when it is not 1, with a warning.
    write : callable
        Receives the first row and the float32 values of each finished block, NaN = NoData.
    write_correction : callable, optional
        Receives the corrected over the uncorrected resistance of each block.
    names, correction_names : sequence of str, optional
        Names of the rasters.
    correction : Correction, optional
        How to use the correction rasters in the blocks; without it they are not used.
    leave_out_missing : bool, optional
        What happens in a cell where a factor has no data: False, the cell is NoData; True, the factor is left out and
        the weights of the others are divided by their sum.
    rescale : (float, float), optional
        New minimum and maximum of the surface, linear.
    monitor : Monitor, optional
        Progress, warnings and cancellation.

    Returns
    -------
    ResistanceSummary
        Counts, range and contributions.

    Raises
    ------
    InputError
        If there is no factor, weights and factors differ in number, no cell is valid, or a resistance is
        not above 0 (with the count and the first cell).
    GridMismatchError
        If the arrays of a block differ in shape.

    Notes
    -----
    One pass; one more for the means or ranges of corrections and one more for rescaling. O(cells x factors). Beside
    the blocks themselves a few megabytes are needed, whatever the size of the rasters. Sums are in float64.

    References
    ----------
    Malczewski (2000), doi:10.1111/1467-9671.00035, for the overlay. Corrections: night light in Jiao et al. (2024),
    doi:10.3389/fevo.2023.1301149; ecological sensitivity of karst in Zhao et al. (2021), doi:10.3390/ijerph18136863.
    Floor and cap, and what happens where a correction has no data, are ours.

    Examples
    --------
    >>> slope, roads = np.array([[1.0, 5.0], [3.0, 3.0]]), np.array([[1.0, 1.0], [5.0, 1.0]])
    >>> blocks = [Block(row, [slope[row : row + 1], roads[row : row + 1]]) for row in range(2)]
    >>> done = {}
    >>> summary = build_resistance(lambda monitor: blocks, [0.75, 0.25], write=done.__setitem__)
    >>> {row: values.tolist() for row, values in done.items()}
    {0: [[1.0, 4.0]], 1: [[3.5, 2.5]]}
    """
    share = normalise_weights(weights, monitor=monitor)
    job = _Overlay(share, leave_out_missing, correction)
    needs_statistics = correction is not None and correction.needs_statistics
    passes = 1 + needs_statistics + (rescale is not None)
    parts = iter([monitor.part(i / passes, (i + 1) / passes) for i in range(passes)])
    _check_rescale(rescale)
    if needs_statistics:
        for block in read(next(parts)):
            job.gather(block, monitor)
    stretch = (1.0, 0.0)
    if rescale is not None:
        low, high = math.inf, -math.inf
        for block in read(next(parts)):
            values, _ = job.surface(block, monitor)
            if not np.isnan(values).all():
                low, high = min(low, float(np.nanmin(values))), max(high, float(np.nanmax(values)))
        stretch = _stretch(low, high, rescale, monitor)
    tally = Tally(len(share))
    for block in read(next(parts)):
        values, base = job.surface(block, monitor, tally)
        final = (values if rescale is None else values * stretch[0] + stretch[1]).astype(np.float32)
        plain, final = final, with_obstacles(final, least=block.least, impassable=block.impassable)
        tally.obstruct(plain, final)
        tally.finish(final, block.row)
        if write_correction is not None:
            with np.errstate(divide="ignore", invalid="ignore"):
                write_correction(block.row, (values / base).astype(np.float32))
        write(block.row, final)
    return tally.summary(share, names, correction_names, job.means, monitor)


def resistance_surface(
    factors: Sequence[FloatArray],
    weights: Sequence[float],
    *,
    corrections: Sequence[FloatArray] = (),
    zones: Array | None = None,
    names: Sequence[str] | None = None,
    correction_names: Sequence[str] = (),
    correction: Correction | None = None,
    leave_out_missing: bool = False,
    rescale: tuple[float, float] | None = None,
    monitor: Monitor = SILENT,
) -> Resistance:
    """Lay weighted score rasters over each other in memory; see `build_resistance`.

    Parameters
    ----------
    factors, corrections : sequence of ndarray, float, shape (rows, cols)
        Scores and correction rasters, NaN = NoData.
    zones : ndarray, shape (rows, cols), optional
        Zone of each cell for means by zone; NaN (float arrays) = no zone.
    weights, names, correction_names, correction, leave_out_missing, rescale, monitor
        As in `build_resistance`.

    Returns
    -------
    Resistance
        Surface and summary.

    Examples
    --------
    >>> slope, roads = np.array([[1.0, 5.0, 3.0]]), np.array([[1.0, 1.0, np.nan]])
    >>> built = resistance_surface([slope, roads], [0.75, 0.25])
    >>> built.values.tolist()
    [[1.0, 4.0, nan]]
    >>> built.summary.missing, built.summary.maximum
    (1, 4.0)
    """
    if not factors:
        raise InputError("An overlay needs a factor at least.")
    rows, cols = factors[0].shape
    values = np.empty((rows, cols), dtype=np.float32)
    height = max(1, _BLOCK_CELLS // cols)

    def read(reading: Monitor) -> Iterator[Block]:
        for row in range(0, rows, height):
            reading.step(row, rows)
            part = slice(row, row + height)
            zone = None if zones is None else zones[part].astype(np.float64)
            yield Block(row, [f[part] for f in factors], [c[part] for c in corrections], zone)

    def write(row: int, block: FloatArray) -> None:
        values[row : row + len(block)] = block

    summary = build_resistance(
        read,
        weights,
        write=write,
        names=names,
        correction_names=correction_names,
        correction=correction or (Correction() if corrections else None),
        leave_out_missing=leave_out_missing,
        rescale=rescale,
        monitor=monitor,
    )
    return Resistance(values, summary)


def with_obstacles(
    surface: FloatArray, *, least: FloatArray | None = None, impassable: BoolArray | None = None
) -> FloatArray:
    """Return a finished surface on which roads resist what they do, and impassable cells are NoData.

    Parameters
    ----------
    surface : ndarray, float, any shape
        Resistance, NaN = NoData.
    least, impassable : ndarray, same shape, optional
        As in `Block`.

    Examples
    --------
    >>> surface, road = np.array([2.0, 2.0, 9.0, np.nan]), np.array([0.0, 5.0, 5.0, 5.0])
    >>> with_obstacles(surface, least=road, impassable=np.array([True, False, False, False])).tolist()
    [nan, 5.0, 9.0, nan]
    """
    if least is not None:
        surface = np.where(np.isnan(surface), surface, np.fmax(surface, least)).astype(surface.dtype)
    if impassable is not None:
        surface = np.where(impassable, surface.dtype.type(np.nan), surface)
    return surface


class _Overlay:
    """The cell-wise work, with the statistics of the correction rasters once they are gathered."""

    def __init__(self, weights: FloatArray, leave_out: bool, correction: Correction | None) -> None:
        self._weights = weights
        self._leave_out = leave_out
        self._correction = correction
        self._zones: list[ZoneMeans] = []

    @property
    def means(self) -> list[float]:
        return [zone.mean for zone in self._zones]

    def gather(self, block: Block, monitor: Monitor) -> None:
        """First pass: means and ranges of the corrections over the cells of the surface."""
        values = self._base(block, monitor)
        while len(self._zones) < len(block.corrections):
            self._zones.append(ZoneMeans())
        for raster, zone in zip(block.corrections, self._zones):
            zone.add(raster, ~np.isnan(values), block.zones)
            monitor.check()

    def surface(self, block: Block, monitor: Monitor, tally: Tally | None = None) -> tuple[FloatArray, FloatArray]:
        """Return the surface of a block with and without the corrections."""
        base = self._base(block, monitor, tally)
        values = base
        correction = self._correction
        if correction is None:
            return base, base
        given = list(correction.weights) or [1.0] * len(block.corrections)
        if len(given) != len(block.corrections):
            raise InputError(
                f"There are {len(given)} correction weights for {len(block.corrections)} correction rasters."
            )
        for place, (raster, weight) in enumerate(zip(block.corrections, given)):
            zone = self._zones[place] if self._zones else None
            change = correction.change(raster, weight, zone, block.zones)
            held = correction.hold(change)
            values = values + held if correction.method is CorrectionMethod.ADD else values * held
            if tally is not None:
                tally.correct(place, base, change, held)
            monitor.check()
        return values, base

    def _base(self, block: Block, monitor: Monitor, tally: Tally | None = None) -> FloatArray:
        if len(block.factors) != len(self._weights):
            raise InputError(f"There are {len(self._weights)} weights for {len(block.factors)} factors.")
        shape = block.factors[0].shape
        others = [one for one in (block.zones, block.least, block.impassable) if one is not None]
        for raster in (*block.factors, *block.corrections, *others):
            if raster.shape != shape:
                raise GridMismatchError(f"The rasters of an overlay differ in size: {shape} and {raster.shape} cells.")
        flat = [factor.reshape(-1) for factor in block.factors]
        values = np.empty(flat[0].size)
        for start in range(0, values.size, CHUNK):
            part = slice(start, start + CHUNK)
            scores = np.stack([f[part] for f in flat]).astype(np.float64)
            parts, partial = self._parts(scores)
            values[part] = parts.sum(axis=0)
            if tally is not None:
                tally.take(scores, parts, partial)
            monitor.check()
        return values.reshape(shape)

    def _parts(self, scores: FloatArray) -> tuple[FloatArray, BoolArray]:
        """Return the weighted part of each factor, NaN where the cell is NoData, and where some factors lack."""
        absent = np.isnan(scores)
        some = absent.any(axis=0)
        parts = self._weights[:, None] * scores
        if not some.any():
            return parts, np.asarray(some)
        if self._leave_out:
            present = np.where(absent, 0.0, self._weights[:, None]).sum(axis=0)
            with np.errstate(divide="ignore", invalid="ignore"):
                parts = np.where(absent, 0.0, parts) / np.where(present > 0, present, np.nan)
        else:
            parts[:, some] = np.nan
        return parts, np.asarray(some & ~absent.all(axis=0))


def _check_rescale(rescale: tuple[float, float] | None) -> None:
    if rescale is not None and not 0 < rescale[0] < rescale[1] < math.inf:
        raise InputError(
            f"The new range must go from above 0 to something larger, not from {rescale[0]:g} to {rescale[1]:g}."
        )


def _stretch(low: float, high: float, rescale: tuple[float, float], monitor: Monitor) -> tuple[float, float]:
    """Return slope and offset of the linear rescaling."""
    if not low < high:
        if low == high:
            monitor.warn(f"The surface is {low:g} everywhere and cannot be stretched; it is left as it is.")
        return 1.0, 0.0
    slope = (rescale[1] - rescale[0]) / (high - low)
    return slope, rescale[0] - slope * low
