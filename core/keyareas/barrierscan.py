"""The work behind `barriers`: cost fields of the sources, and the scan over radii and links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..choices import BarrierWindow, Combination
from ..leastcost.fields import CostFields
from ..leastcost.results import Field
from ..monitor import Monitor
from ..types import Array, BoolArray, FloatArray, IntArray
from .arms import ArmsAround
from .focal import Window, disc, focal_maximum, focal_minimum, ring

NOTHING = 1e-9
"""Gain, relative to the distance or effective resistance it is taken off, up to which it is rounding."""

_EQUAL = 1e-6
"""Part by which resistances of a float32 raster may differ from the number that was meant."""


@dataclass(frozen=True)
class Box:
    """A part of the raster: its first row and column, and its values."""

    top: int
    left: int
    values: Array

    @property
    def place(self) -> tuple[slice, slice]:
        """Rows and columns of the raster."""
        rows, cols = self.values.shape
        return slice(self.top, self.top + rows), slice(self.left, self.left + cols)

    def common(self, other: Box) -> tuple[slice, slice]:
        """Return the rows and columns of this box that another box covers."""
        first = max(other.top - self.top, 0), max(other.left - self.left, 0)
        rows, cols = self.values.shape
        last = other.top + other.values.shape[0] - self.top, other.left + other.values.shape[1] - self.left
        return slice(first[0], max(min(last[0], rows), 0)), slice(first[1], max(min(last[1], cols), 0))

    def within(self, window: Box) -> FloatArray:
        """Return the values in the window of another box, infinite where this one does not reach."""
        values = np.full(window.values.shape, np.inf)
        values[window.common(self)] = self.values[self.common(window)]
        return values


class Best(NamedTuple):
    """The best place of a link."""

    score: float = 0.0
    radius: float = np.nan
    row: int = -1
    col: int = -1


def source_fields(
    fields: CostFields, pairs: IntArray, margin: int, monitor: Monitor
) -> tuple[dict[int, Box], FloatArray]:
    """Return the cost field of every source as far as it matters, and the least-cost distance of every link.

    A cell that costs more than the distance of every link of the source cannot be the near side of a barrier, so the
    field is cropped to the cells that cost no more, and the margin around them that windows reach into.
    """
    boxes: dict[int, Box] = {}
    sources = np.unique(pairs).tolist()
    for done, source in enumerate(sources):
        monitor.step(done, len(sources))
        ends = pairs[(pairs == source).any(axis=1)].sum(axis=1) - source
        field = fields.field(source, ends.tolist(), everywhere=True, monitor=monitor)
        distance = np.array([fields.least(source, end) for end in ends.tolist()])
        if np.isfinite(distance).any():
            inside = _extent(field.cost <= distance[np.isfinite(distance)].max())
            place = _grown(_moved(inside, field.top, field.left), margin)
            boxes[source] = Box(place[0].start, place[1].start, _costs_in(field, place, fields.graph.shape))
    return boxes, np.array([fields.least(a, b) for a, b in pairs.tolist()])


class Scan:
    """Scores of the links, gathered radius by radius; 0 stands for no gain. Barred cells have none.

    Neither has a disc without a cell above the resistance after restoration: there is nothing to restore. Where not all
    land is `restorable`, a disc is what straight arms from its centre reach without crossing cells that are neither
    restorable, nor as good as restored, nor part of a source.

    Attributes
    ----------
    score, percent, radius : float64, shape (rows, cols)
        Of the best disc so far.
    link : int32, shape (rows, cols)
        Position of the link that gains most.
    best : list of Best
        The best place of each link.
    """

    def __init__(
        self,
        fields: dict[int, Box],
        pairs: IntArray,
        distance: FloatArray,
        resistance: FloatArray,
        restored: float,
        margin: int,
        combine: Combination,
        outside: bool = True,
        *,
        labels: IntArray | None = None,
        restorable: BoolArray | None = None,
        centres: bool = False,
    ) -> None:
        shape = resistance.shape
        self._barred = None if outside else np.isnan(resistance)
        self._restored, self._centres = restored, centres
        self._worse = ~(resistance <= restored * (1.0 + _EQUAL))
        self._blocked: BoolArray | None = None
        self._arms: ArmsAround | None = None
        if restorable is not None and labels is not None:
            self._barred = ~restorable
            self._blocked = self._barred & self._worse & (labels == 0)
            self._worse &= restorable
        self.score, self.percent, self.radius = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.link = np.zeros(shape, dtype=np.int32)
        self.best = [Best()] * len(pairs)
        self._fields, self._pairs, self._distance = fields, pairs.tolist(), distance.tolist()
        self._sum = combine is Combination.SUM
        self._of_link = np.zeros(shape) if self._sum else self.score
        self._reached = [self._empty(a, b, margin) for a, b in self._pairs]
        self._last_use = {source: link for link, pair in enumerate(self._pairs) for source in pair}

    def _empty(self, a: int, b: int, margin: int) -> Box:
        """Return a mask that holds all discs of a link."""
        first = self._fields[a]
        inside = first.common(self._fields[b])
        place = _grown(_moved(inside, first.top, first.left), margin)
        return Box(place[0].start, place[1].start, np.zeros_like(self.score[place], dtype=bool))

    def count(self) -> IntArray:
        """Return how many links gain from a disc that holds each cell."""
        count = np.zeros(self.score.shape, dtype=np.int32)
        for reached in self._reached:
            count[reached.place] += reached.values
        return count

    def cells_of(self, link: int) -> int:
        """Return how many cells lie in a disc with a gain for a link."""
        return int(np.count_nonzero(self._reached[link].values))

    def add(self, radius: float, cells: int, method: BarrierWindow, monitor: Monitor) -> None:
        """Score all links with one radius."""
        worth = self._worth(cells, monitor.part(0.0, 0.0))
        if self._blocked is not None and self._blocked.any():
            self._arms = ArmsAround(self._blocked, cells)
        window = disc(cells) if method is BarrierWindow.DISC else ring(cells)
        total = [np.zeros(self.score.shape), np.zeros(self.score.shape)] if self._sum else []
        minima: dict[int, Box] = {}
        quiet = monitor
        for link, pair in enumerate(self._pairs):
            done = link / len(self._pairs)
            monitor.step(done, 1.0)
            quiet = monitor.part(done, done)
            for source in pair:
                if source not in minima:
                    minima[source] = self._minima(source, window, quiet)
            gain = self._gain(link, minima[pair[0]], minima[pair[1]], radius, worth)
            if gain is not None and self._arms is not None:
                self._shorten(link, gain, radius, cells, self._arms, method is BarrierWindow.RING)
            if gain is not None:
                self._add_link(link, gain, radius, cells, quiet)
                for sums, factor in zip(total, (1.0, 100.0 / self._distance[link])):
                    sums[gain.place] += factor * gain.values
            for source in pair:
                if self._last_use[source] == link:
                    minima.pop(source, None)
        if total and total[0].any():
            place = _extent(total[0] > 0)
            boxes = (Box(place[0].start, place[1].start, one[place]) for one in total)
            (around, score), (_, percent) = (self._spread(one, cells, quiet) for one in boxes)
            self._raise(around, score, percent, radius)

    def _worth(self, cells: int, monitor: Monitor) -> BoolArray | None:
        """Return the centres of the discs that hold something to restore; None for all."""
        if self._worse.all():
            return None
        worth: BoolArray = focal_maximum(self._worse.astype(np.float32), disc(cells), monitor=monitor) > 0
        return worth

    def _minima(self, source: int, window: Window, monitor: Monitor) -> Box:
        field = self._fields[source]
        return Box(field.top, field.left, focal_minimum(field.values, window, monitor=monitor))

    def _gain(self, link: int, a: Box, b: Box, radius: float, worth: BoolArray | None) -> Box | None:
        """Return the scores of a link at the centres of discs, cropped to those that are more than rounding."""
        inside = a.common(b)
        gain = a.values[inside] + b.values[b.common(a)]
        np.subtract(self._distance[link], gain, out=gain)
        gain /= 2.0 * radius
        gain -= self._restored
        gain[~(gain > self._nothing(link, radius))] = 0.0
        place = _moved(inside, a.top, a.left)
        self._bar(gain, place)
        if worth is not None:
            gain[~worth[place]] = 0.0
        extent = _extent(gain > 0)
        if not extent[0].stop:
            return None
        place = _moved(extent, a.top + inside[0].start, a.left + inside[1].start)
        return Box(place[0].start, place[1].start, gain[extent])

    def _add_link(self, link: int, gain: Box, radius: float, cells: int, monitor: Monitor) -> None:
        row, col = divmod(int(gain.values.argmax()), gain.values.shape[1])
        highest = float(gain.values[row, col])
        if highest > self.best[link].score:
            self.best[link] = Best(highest, radius, gain.top + row, gain.left + col)
        place, circle = self._spread(gain, cells, monitor)
        reached = self._reached[link]
        reached.values[_moved(place, -reached.top, -reached.left)] |= circle > 0
        better = circle > self._of_link[place]
        self.link[place][better] = link
        if self._sum:
            np.maximum(self._of_link[place], circle, out=self._of_link[place])
        else:
            self._raise(place, circle, circle * (100.0 / self._distance[link]), radius)

    def _nothing(self, link: int, radius: float) -> float:
        """Return the score of a link up to which it is rounding."""
        return NOTHING * float(self._distance[link]) / (2.0 * radius)

    def _shorten(self, link: int, gain: Box, radius: float, cells: int, arms: ArmsAround, only_ring: bool) -> None:
        """Score discs that hold cells which stay as they are anew: from the arms that do not cross these."""
        rows, cols = np.nonzero((gain.values > 0) & arms.near[gain.place])
        window = self._around(gain, cells)
        centres = rows + gain.top - window.top, cols + gain.left - window.left
        costs = [self._fields[source].within(window) for source in self._pairs[link]]
        least = arms.minima(centres, window.place, costs, only_ring=only_ring)
        score = (self._distance[link] - least[0] - least[1]) / (2.0 * radius) - self._restored
        gains = score > self._nothing(link, radius)
        gains[gains] = arms.hold((centres[0][gains], centres[1][gains]), window.place, self._worse[window.place])
        gain.values[rows, cols] = np.where(gains, score, 0.0)

    def _spread(self, gain: Box, cells: int, monitor: Monitor) -> tuple[tuple[slice, slice], FloatArray]:
        """Return scores of centres as scores of all cells of their discs, and where these lie; or as they are."""
        if self._centres:
            return gain.place, gain.values
        window = self._around(gain, cells)
        circle: FloatArray = window.values
        whole = gain.values if self._arms is None else np.where(self._arms.near[gain.place], 0.0, gain.values)
        circle[window.common(gain)] = whole
        circle = focal_maximum(circle, disc(cells), monitor=monitor)
        if self._arms is not None:
            rows, cols = np.nonzero((gain.values > 0) & self._arms.near[gain.place])
            centres = rows + gain.top - window.top, cols + gain.left - window.left
            self._arms.spread(centres, window.place, gain.values[rows, cols], circle)
        self._bar(circle, window.place)
        return window.place, circle

    def _around(self, gain: Box, cells: int) -> Box:
        """Return zeros for a box with a margin, as far as it lies on the raster."""
        place = _grown(gain.place, cells)
        return Box(place[0].start, place[1].start, np.zeros_like(self.score[place]))

    def _bar(self, gain: FloatArray, place: tuple[slice, slice]) -> None:
        """Take the gain off cells that are not to be scored."""
        if self._barred is not None:
            gain[self._barred[place]] = 0.0

    def _raise(self, place: tuple[slice, slice], score: FloatArray, percent: FloatArray, radius: float) -> None:
        better = score > self.score[place]
        self.score[place][better] = score[better]
        self.radius[place][better] = radius
        np.maximum(self.percent[place], percent, out=self.percent[place])


def _costs_in(field: Field, place: tuple[slice, slice], shape: tuple[int, int]) -> FloatArray:
    """Return the costs in a box as far as it lies on the raster, infinite beyond the field."""
    rows, cols = (slice(part.start, min(part.stop, size)) for part, size in zip(place, shape))
    own = field.place
    if (
        own[0].start <= rows.start
        and rows.stop <= own[0].stop
        and own[1].start <= cols.start
        and cols.stop <= own[1].stop
    ):
        return field.cost[_moved((rows, cols), -field.top, -field.left)]
    costs = np.full((rows.stop - rows.start, cols.stop - cols.start), np.inf)
    common = (
        slice(max(rows.start, own[0].start), min(rows.stop, own[0].stop)),
        slice(max(cols.start, own[1].start), min(cols.stop, own[1].stop)),
    )
    costs[_moved(common, -rows.start, -cols.start)] = field.cost[_moved(common, -field.top, -field.left)]
    return costs


def _extent(mask: BoolArray) -> tuple[slice, slice]:
    """Return the smallest box that holds every true cell."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)


def _grown(place: tuple[slice, slice], margin: int) -> tuple[slice, slice]:
    """Return a box with a margin; the raster cuts what lies beyond its last row and column."""
    rows, cols = place
    return (
        slice(max(rows.start - margin, 0), rows.stop + margin),
        slice(max(cols.start - margin, 0), cols.stop + margin),
    )


def _moved(place: tuple[slice, slice], rows: int, cols: int) -> tuple[slice, slice]:
    """Return a box some rows and columns further."""
    return (
        slice(place[0].start + rows, place[0].stop + rows),
        slice(place[1].start + cols, place[1].stop + cols),
    )
