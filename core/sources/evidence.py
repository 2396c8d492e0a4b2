"""Ecological importance from ready rasters: evidences on one scale, weighted, and the cells that can be sources."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Callable

import numpy as np

from .. import defaults
from ..choices import Normalisation, SourceRule
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..stats.breaks import Breaks, natural_breaks
from ..stats.distribution import Distribution
from ..stats.shares import normalise_weights
from ..types import Array, FloatArray, IntArray
from .evidencecells import EvidenceCells, Reader, chunks, gather
from .evidencescales import Scale, scales_of

COUNTED_BYTES = 30_000_000
"""Memory of each variable whose values are counted."""

NO_MASK = 255
"""Where there is no importance, in the mask and in the agreement."""

_BLOCK_CELLS = 1 << 20


@dataclass(frozen=True)
class ImportanceBlock:
    """Some rows of the results.

    Attributes
    ----------
    importance : float32
        0 to 1, NaN where an evidence has no data.
    mask : uint8
        1 where the importance reaches the threshold, 0 where not, `NO_MASK` without importance.
    classes : uint8, optional
        Class of the importance from 1, the lowest; 0 without importance.
    agreement : uint8, optional
        How many of the evidences, each for itself, fulfil the rule; its lowest value never does. `NO_MASK` without
        importance.
    """

    importance: FloatArray
    mask: IntArray
    classes: IntArray | None
    agreement: IntArray | None


@dataclass(frozen=True)
class ImportanceSummary:
    """What is known of the importance once all blocks are written.

    Attributes
    ----------
    cells, kept, missing, partial : int
        Cells with importance, of these in the mask; cells without, of these with data in some of the evidences.
    lacking : tuple of int
        For each evidence, cells where it has no data and another has.
    ranges : tuple of (float, float)
        Smallest and largest value of each evidence where all have data.
    minimum, mean, maximum : float
        Of the importance.
    threshold : float
        Smallest importance in the mask.
    wanted : int
        Cells the rule asked for where it asks for a share; `kept` is more where cells tie. 0 for the other rules.
    breaks : Breaks, optional
        Limits of the classes of importance, where they were wanted.
    agreeing : tuple of int
        Cells of the mask by how many evidences agree, from 0; empty where that was not wanted.
    rank_error : float
        Most by which a rank is off, as a share of the cells; 0 where ranks were not wanted.
    """

    cells: int
    kept: int
    missing: int
    partial: int
    lacking: tuple[int, ...]
    ranges: tuple[tuple[float, float], ...]
    minimum: float
    mean: float
    maximum: float
    threshold: float
    wanted: int
    breaks: Breaks | None
    agreeing: tuple[int, ...]
    rank_error: float


@dataclass(frozen=True)
class Importance:
    """Importance in memory: the `maps` as one block, and their `summary`."""

    maps: ImportanceBlock
    summary: ImportanceSummary


def build_importance(
    read: Reader,
    weights: Sequence[float],
    *,
    write: Callable[[int, ImportanceBlock], None],
    high_is_good: Sequence[bool] = (),
    normalise: Normalisation | str = Normalisation.RANGE,
    rule: SourceRule | str = SourceRule.HIGHEST_SHARE,
    value: float = defaults.IMPORTANT_SHARE,
    classes: int = defaults.IMPORTANCE_CLASSES,
    with_classes: bool = False,
    with_agreement: bool = False,
    names: Sequence[str] = (),
    monitor: Monitor = SILENT,
) -> ImportanceSummary:
    """Bring evidences to one scale, weigh them, and mark the important cells, block by block.

    Importance is the sum of weight x value on a scale from 0, the worst, to 1, the best. A cell where an evidence has no data
    has none, and counts nowhere.

    Parameters
    ----------
    read : callable
        Called once a pass with a monitor; yields the first row and the same rows of every evidence.
    weights : sequence of float
        One for each evidence; divided by their sum when it is not 1, with a warning.
    write : callable
        Receives the first row and the results of each block, in the last pass.
    high_is_good : sequence of bool, optional
        For each evidence whether high values speak for a source; where not, its scale is turned round. Empty: all do.
    normalise : Normalisation
        How an evidence comes to lie between 0 and 1. 'range': linear from its smallest to its largest value; 'ranks': share
        of the other cells below, equal values share the mean of their places; 'classes': natural breaks, (class - 1) /
        (classes - 1); 'as they are': must lie there already.
    rule : SourceRule
        Which cells are marked. 'highest share': `value` per cent of the cells, and those that tie with the last of them;
        'classes': the `value` highest natural-breaks classes; 'at least': importance of `value` or more.
    value : float
        What the rule needs.
    classes : int
        Number of natural-breaks classes, of the evidences and of the importance.
    with_classes, with_agreement : bool
        Whether these results are wanted, too. The agreement takes memory and time for every evidence.
    names : sequence of str, optional
        Names of the evidences for messages.
    monitor : Monitor, optional
        Progress, warnings and cancellation.

    Returns
    -------
    ImportanceSummary

    Raises
    ------
    InputError
        Weights, answers and evidences differ in number; an evidence has one value only, infinite ones, or, as they are,
        values beyond 0 to 1; no cell has data everywhere; the value does not fit the rule, or nothing fulfils it.
    GridMismatchError
        The arrays of a block differ in shape.

    Notes
    -----
    The threshold of a share is exact, and so are ranks of rasters with few different values or up to 262,144 cells; else a
    rank is off by 0.000002 at most (`rank_error`), see `Distribution`. Natural breaks are the best ones up to 131,072
    different values, else those between bins, see `natural_breaks`. Importance is float32, and threshold and classes are
    those of the float32 values.

    O(cells evidences log bins) a pass: one for the ranges, one to four for ranks or classes, one to four for threshold and
    classes of the importance, and one that writes. Whatever the number of cells, about 30 MB for each evidence whose ranks,
    classes or agreement are wanted, and for the importance, beside the blocks.

    Examples
    --------
    >>> water, erosion = np.array([[0.0, 5.0, 10.0]]), np.array([[3.0, 1.0, 2.0]])
    >>> done = {}
    >>> summary = build_importance(
    ...     lambda monitor: [(0, [water, erosion])], [0.5, 0.5],
    ...     write=done.__setitem__, high_is_good=[True, False], rule="at least", value=0.7,
    ... )
    >>> done[0].importance.tolist(), done[0].mask.tolist()
    ([[0.0, 0.75, 0.75]], [[0, 1, 1]])
    """
    share = normalise_weights(weights, monitor=monitor)
    method, kept_by = Normalisation.of(normalise), SourceRule.of(rule)
    check_rule(kept_by, value, classes)
    if high_is_good and len(high_is_good) != len(share):
        raise InputError(
            f"There are {len(high_is_good)} answers whether high is good for {len(share)} evidences. Give one for each."
        )
    cells = EvidenceCells(read, len(share), names)
    cells.survey(monitor.part(0.0, 0.15), within=method is Normalisation.AS_THEY_ARE)
    scales, rank_error = scales_of(cells, method, classes, monitor.part(0.15, 0.45))
    turned = [not good for good in high_is_good] or [False] * len(share)
    scale = Scale(share, scales, turned)

    def scaled(passing: Monitor) -> Iterator[Sequence[FloatArray]]:
        for values in cells.passes(passing):
            parts = scale.parts(values)
            yield [scale.sum(parts), *parts]

    which = range(1 + len(share)) if with_agreement else range(1)
    limits = [_Limit(kept_by, value, classes, with_classes and not k) for k in which]
    found = [Distribution(0.0, 1.0, np.dtype(np.float32)) for _ in limits]
    gather(scaled, found, [limit.parts for limit in limits], monitor.part(0.45, 0.7))
    parts = [monitor.part(0.7 + 0.05 * k / len(found), 0.7 + 0.05 * (k + 1) / len(found)) for k in which]
    least = [limit.least(one, part) for limit, one, part in zip(limits, found, parts)]
    if least[0] == -math.inf:
        raise InputError(
            f"There are not more than {value:g} classes of importance, so that all of the area would be kept. Keep fewer."
        )
    # Where most cells share the lowest value of an evidence, as outside the core areas, that value is no agreement.
    lowest = scale.parts(cells.worst(turned))
    least[1:] = [max(one, _next(worst[0])) for one, worst in zip(least[1:], lowest)]
    breaks = None
    if with_classes:
        breaks = natural_breaks(found[0].high, classes, weights=found[0].count, monitor=monitor.part(0.75, 0.8))
    written = _Writing(scale, least, breaks)
    for row, block in cells.blocks(monitor.part(0.8, 1.0)):
        write(row, written.block(block, monitor))
    if not written.kept:
        raise InputError(
            f"No cell has an importance of at least {value:g}; the highest is {written.high:.4g}. Ask for less."
        )
    return ImportanceSummary(
        cells=cells.count,
        kept=written.kept,
        missing=cells.missing,
        partial=cells.partial,
        lacking=tuple(int(count) for count in cells.lacking),
        ranges=tuple(zip(cells.low, cells.high)),
        minimum=written.low,
        mean=written.sum / cells.count,
        maximum=written.high,
        threshold=least[0],
        wanted=_share_of(cells.count, value) if kept_by is SourceRule.HIGHEST_SHARE else 0,
        breaks=breaks,
        agreeing=tuple(int(count) for count in written.agreeing) if with_agreement else (),
        rank_error=rank_error,
    )


def importance(
    evidences: Sequence[Array],
    weights: Sequence[float] = (),
    *,
    high_is_good: Sequence[bool] = (),
    normalise: Normalisation | str = Normalisation.RANGE,
    rule: SourceRule | str = SourceRule.HIGHEST_SHARE,
    value: float = defaults.IMPORTANT_SHARE,
    classes: int = defaults.IMPORTANCE_CLASSES,
    with_classes: bool = False,
    with_agreement: bool = False,
    names: Sequence[str] = (),
    monitor: Monitor = SILENT,
) -> Importance:
    """Bring evidences in memory to one scale, weigh them, and mark the important cells; see `build_importance`.

    Parameters
    ----------
    evidences : sequence of ndarray, shape (rows, cols)
        The rasters, whole numbers or real ones, NaN = NoData.
    weights : sequence of float, optional
        One for each evidence. Empty: all the same.
    high_is_good, normalise, rule, value, classes, with_classes, with_agreement, names, monitor
        As in `build_importance`.

    Returns
    -------
    Importance

    Examples
    --------
    >>> found = importance([np.array([[0.0, 5.0, 10.0, np.nan]])], value=50.0)
    >>> found.maps.importance.tolist(), found.maps.mask.tolist()
    ([[0.0, 0.5, 1.0, nan]], [[0, 1, 1, 255]])
    """
    if not evidences:
        raise InputError("There is no evidence. Give one raster or more.")
    real = [one if one.dtype.kind == "f" else one.astype(np.float64) for one in evidences]
    rows, cols = real[0].shape
    height = max(1, _BLOCK_CELLS // cols)
    blocks: list[ImportanceBlock] = []

    def read(reading: Monitor) -> Iterator[tuple[int, Sequence[FloatArray]]]:
        for row in range(0, rows, height):
            reading.step(row, rows)
            yield row, [one[row : row + height] for one in real]

    summary = build_importance(
        read,
        weights or [1.0 / len(evidences)] * len(evidences),
        write=lambda row, block: blocks.append(block),
        high_is_good=high_is_good,
        normalise=normalise,
        rule=rule,
        value=value,
        classes=classes,
        with_classes=with_classes,
        with_agreement=with_agreement,
        names=names,
        monitor=monitor,
    )
    maps = ImportanceBlock(
        np.concatenate([block.importance for block in blocks]),
        np.concatenate([block.mask for block in blocks]),
        np.concatenate([block.classes for block in blocks if block.classes is not None]) if with_classes else None,
        np.concatenate([block.agreement for block in blocks if block.agreement is not None])
        if with_agreement
        else None,
    )
    return Importance(maps, summary)


class _Limit:
    """The rule as the smallest value that fulfils it, for a distribution of float32."""

    def __init__(self, rule: SourceRule, value: float, classes: int, classed: bool) -> None:
        self._rule = rule
        self._value = value
        self._classes = classes
        self._fine = classed or rule is SourceRule.CLASSES

    def parts(self, found: Distribution) -> IntArray:
        """Return how the distribution must be split for the rule."""
        parts = found.parts_to_be_fine() if self._fine else np.ones(found.count.size, dtype=np.int64)
        if self._rule is SourceRule.HIGHEST_SHARE:
            parts = np.maximum(parts, found.parts_at_highest(_share_of(found.total, self._value)))
        return parts

    def least(self, found: Distribution, monitor: Monitor) -> float:
        """Return the smallest value that fulfils the rule; minus infinity where there are no more classes than it keeps."""
        if self._rule is SourceRule.AT_LEAST:
            return float(np.float32(self._value))
        if self._rule is SourceRule.HIGHEST_SHARE:
            return found.highest(_share_of(found.total, self._value))
        limits = natural_breaks(found.high, self._classes, weights=found.count, monitor=monitor).limits
        if limits.size <= self._value:
            return -math.inf
        return _next(limits[-1 - int(self._value)])


class _Writing:
    """The last pass: the results of each block, and their counts."""

    def __init__(self, scale: Scale, least: Sequence[float], breaks: Breaks | None) -> None:
        self._scale = scale
        self._least = least
        self._breaks = breaks
        self.kept = 0
        self.low, self.high, self.sum = np.inf, -np.inf, 0.0
        self.agreeing: IntArray = np.zeros(len(least), dtype=np.int64)

    def block(self, block: Sequence[FloatArray], monitor: Monitor) -> ImportanceBlock:
        """Return the results of some rows."""
        shape = block[0].shape
        found: FloatArray = np.full(block[0].size, np.nan, dtype=np.float32)
        mask = np.full(found.size, NO_MASK, dtype=np.uint8)
        classes = None if self._breaks is None else np.zeros(found.size, dtype=np.uint8)
        agreement = np.full(found.size, NO_MASK, dtype=np.uint8) if len(self._least) > 1 else None
        start = 0
        for values, valid in chunks(block, monitor):
            here = start + np.flatnonzero(valid)
            start += valid.size
            if not here.size:
                continue
            parts = self._scale.parts([one[valid] for one in values])
            total = self._scale.sum(parts)
            inside = total >= self._least[0]
            found[here], mask[here] = total, inside
            self.kept += int(np.count_nonzero(inside))
            self.low, self.high = min(self.low, float(total.min())), max(self.high, float(total.max()))
            self.sum += float(total.sum(dtype=np.float64))
            if classes is not None and self._breaks is not None:
                classes[here] = self._breaks.classify(total) + 1
            if agreement is not None:
                agree = np.zeros(here.size, dtype=np.uint8)
                for part, least in zip(parts, self._least[1:]):
                    agree += part >= least
                agreement[here] = agree
                self.agreeing += np.bincount(agree[inside], minlength=self.agreeing.size)
        return ImportanceBlock(
            found.reshape(shape),
            mask.reshape(shape),
            None if classes is None else classes.reshape(shape),
            None if agreement is None else agreement.reshape(shape),
        )


def _next(value: float) -> float:
    """Return the float32 after a value."""
    return float(np.nextafter(np.float32(value), np.float32(np.inf)))


def _share_of(cells: int, percent: float) -> int:
    """Return how many cells are so many per cent, at least one."""
    return max(1, round(cells * percent / 100.0))


def check_rule(rule: SourceRule, value: float, classes: int) -> None:
    """Raise if a rule cannot work with its number, or so many classes cannot be made.

    Examples
    --------
    >>> check_rule(SourceRule.CLASSES, 2, 5)
    """
    if not 2 <= classes <= 254:
        raise InputError(f"{classes} classes cannot be made. Ask for 2 to 254.")
    if rule is SourceRule.HIGHEST_SHARE and not 0.0 < value <= 100.0:
        raise InputError(f"The highest {value:g} % of the cells cannot be kept. Give a share above 0 and up to 100.")
    if rule is SourceRule.CLASSES and not (value == int(value) and 1 <= value < classes):
        raise InputError(f"{value:g} of {classes} classes cannot be kept. Give a whole number from 1 to {classes - 1}.")
    if rule is SourceRule.AT_LEAST and not 0.0 < value <= 1.0:
        raise InputError(
            f"Importance goes from 0 to 1; at least {value:g} would keep all or nothing. Give a number above 0 and up to 1."
        )
