"""The work behind `barriers`: the scores of a link with one radius, and the map of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.ndimage import minimum_filter

from ..choices import BarrierWindow
from ..leastcost.results import Field, box
from ..leastcost.shelf import Shelf
from ..monitor import SILENT, Monitor
from ..types import Array, BoolArray, FloatArray, IntArray
from .arms import ArmsAround
from .focal import disc, focal_maximum, focal_minimum, ring

NOTHING = 1e-9
"""Gain, relative to the distance or effective resistance it is taken off, up to which it is rounding."""

_EQUAL = 1e-6
"""Part by which resistances of a float32 raster may differ from the number that was meant."""

_MASKS_PER_CELL = 4
"""Bytes a cell of the raster for the masks of links that stay in memory."""

Place = tuple[slice, slice]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Ground:
    """What the scores of all links are made from.

    Attributes
    ----------
    fields : mapping of int to Field
        The cost field of each source.
    places : list of tuple of slice
        The rows and columns in which the centres of discs can gain, for each link.
    pairs : ndarray, int, shape (links, 2)
        The two sources of each link.
    distance : ndarray, float64, shape (links,)
        Their least-cost distance.
    resistance, labels : ndarray, shape (rows, cols)
        The resistance surface, and the sources on it.
    restorable : ndarray, bool, shape (rows, cols), optional
        The cells that can be restored. A disc is then what straight arms from its centre reach without crossing cells that
        are neither restorable, nor as good as restored, nor part of a source.
    restored : float
        The resistance after restoration. A disc without a cell above it has no score: there is nothing to restore.
    radii : tuple of float
        The radii in metres, from the smallest to the largest.
    cells : tuple of int
        The same in whole cells.
    method : BarrierWindow
        Where the smallest costs are looked for.
    outside : bool
        Whether impassable cells have scores.
    centres : bool
        Whether the score of a disc goes to its centre alone.
    sums : bool
        Whether the scores of the links are to be added.
    """

    fields: Mapping[int, Field]
    places: list[Place]
    pairs: IntArray
    distance: FloatArray
    resistance: Array
    labels: IntArray
    restorable: BoolArray | None
    restored: float
    radii: tuple[float, ...]
    cells: tuple[int, ...]
    method: BarrierWindow
    outside: bool
    centres: bool
    sums: bool

    def worse(self, place: Place) -> BoolArray:
        """Return the cells that restoration would change."""
        worse = self._above(place)
        return worse if self.restorable is None else worse & self.restorable[place]

    def barred(self, place: Place) -> BoolArray | None:
        """Return the cells without scores; None for none."""
        if self.restorable is not None:
            return ~self.restorable[place]
        return None if self.outside else np.isnan(self.resistance[place])

    def arms(self, place: Place, cells: int) -> ArmsAround | None:
        """Return the discs that cells which stay as they are cut; None where there are none."""
        if self.restorable is None:
            return None
        stay = self._above(place) & ~self.restorable[place] & (self.labels[place] == 0)
        return ArmsAround(stay, cells) if stay.any() else None

    def around(self, place: Place, cells: int) -> Place:
        """Return a box with a margin, as far as it lies on the raster."""
        return _cut(_grown(place, cells), self.resistance.shape)

    def _above(self, place: Place) -> BoolArray:
        """Return the cells with a resistance above that after restoration, impassable ones among them."""
        above: BoolArray = ~(self.resistance[place] <= self.restored * (1.0 + _EQUAL))
        return above

    def nothing(self, link: int, radius: float) -> float:
        """Return the score of a link up to which it is rounding."""
        return NOTHING * float(self.distance[link]) / (2.0 * radius)


@dataclass(frozen=True)
class Scored:
    """The scores of a link with one radius.

    Attributes
    ----------
    radius, link : int
        Positions of the two.
    place : tuple of slice
        Where the scores lie.
    score : ndarray, float64
        The best of the discs that hold a cell; 0 for none.
    centre : tuple of slice
        Where the centres of discs with a score lie.
    gain : ndarray, float64
        Their scores, where those of links are to be added; else empty.
    best : tuple of (float, int, int)
        The highest score, and the row and column of its centre.
    """

    radius: int
    link: int
    place: Place
    score: FloatArray
    centre: Place
    gain: FloatArray
    best: tuple[float, int, int]


class Best(NamedTuple):
    """The best place of a link."""

    score: float = 0.0
    radius: float = np.nan
    row: int = -1
    col: int = -1


def place_of(fields: Mapping[int, Field], pair: Sequence[int], distance: float, margin: int, shape: Shape) -> Place:
    """Return where a link can gain: where windows see both sources at a cost that leaves something of its distance.

    Tiles as wide as a window tell that by their smallest costs, those of the tiles around them included.
    """
    place = slice(0, shape[0]), slice(0, shape[1])
    for source in pair:
        field = fields[source]
        inside = box(field.cost <= distance)
        place = _common(place, _grown(_moved(inside, field.top, field.left), margin))
    if not all(part.stop > part.start for part in place):
        return place
    whole = _cut(_grown(place, margin), shape)
    side = 2 * margin + 1
    first = [np.arange(0, part.stop - part.start, side) for part in whole]
    least: FloatArray = np.zeros([part.size for part in first])
    for source in pair:
        rows = np.minimum.reduceat(_costs_in(fields[source], whole), first[0], axis=0)
        least += minimum_filter(np.minimum.reduceat(rows, first[1], axis=1), 3, mode="nearest")
    inside, origin = box(least < distance), [part.start for part in whole]
    tiles = [slice(side * part.start + start, side * part.stop + start) for part, start in zip(inside, origin)]
    return _common(place, (tiles[0], tiles[1]))


def score_link(ground: Ground, piece: tuple[int, int], monitor: Monitor) -> Scored | None:
    """Return the scores of a radius and a link, given by their positions; None where nothing is gained."""
    k, link = piece
    radius, cells = ground.radii[k], ground.cells[k]
    gain, place = _gain(ground, k, link, monitor)
    if not gain.size:
        return None
    window = ground.around(place, cells)
    arms = ground.arms(window, cells)
    if arms is not None:
        _shorten(ground, link, radius, arms, gain, place, window)
    if not gain.any():
        return None
    row, col = divmod(int(gain.argmax()), gain.shape[1])
    best = float(gain[row, col]), place[0].start + row, place[1].start + col
    around, score = _spread_out(ground, gain, place, cells, arms, monitor)
    inside = box(score > 0)
    around, score = _moved(inside, around[0].start, around[1].start), score[inside]
    return Scored(k, link, around, score, place, gain if ground.sums else np.empty((0, 0)), best)


def _gain(ground: Ground, k: int, link: int, monitor: Monitor) -> tuple[FloatArray, Place]:
    """Return the scores of a link at the centres of discs, cropped to those that are more than rounding."""
    radius, cells = ground.radii[k], ground.cells[k]
    place = ground.places[link]
    window = ground.around(place, cells)
    looked = disc(cells) if ground.method is BarrierWindow.DISC else ring(cells)
    inner = _moved(place, -window[0].start, -window[1].start)
    gain = np.zeros([part.stop - part.start for part in place])
    for source in ground.pairs[link].tolist():
        gain += focal_minimum(_costs_in(ground.fields[source], window), looked, monitor=monitor.part(0.0, 0.0))[inner]
    np.subtract(ground.distance[link], gain, out=gain)
    gain /= 2.0 * radius
    gain -= ground.restored
    gain[~(gain > ground.nothing(link, radius))] = 0.0
    _bar(ground, gain, place)
    worse = ground.worse(window)
    if not worse.all():
        gain[~(focal_maximum(worse.astype(np.float32), disc(cells)) > 0)[inner]] = 0.0
    extent = box(gain > 0)
    return gain[extent].copy(), _moved(extent, place[0].start, place[1].start)


def _shorten(
    ground: Ground, link: int, radius: float, arms: ArmsAround, gain: FloatArray, place: Place, window: Place
) -> None:
    """Score discs that hold cells which stay as they are anew: from the arms that do not cross these."""
    near = arms.near[_moved(place, -window[0].start, -window[1].start)]
    rows, cols = np.nonzero((gain > 0) & near)
    centres = rows + place[0].start - window[0].start, cols + place[1].start - window[1].start
    costs = [_costs_in(ground.fields[source], window) for source in ground.pairs[link].tolist()]
    least = arms.minima(centres, costs, only_ring=ground.method is BarrierWindow.RING)
    score = (ground.distance[link] - least[0] - least[1]) / (2.0 * radius) - ground.restored
    gains = score > ground.nothing(link, radius)
    gains[gains] = arms.hold((centres[0][gains], centres[1][gains]), ground.worse(window))
    gain[rows, cols] = np.where(gains, score, 0.0)


def _spread_out(
    ground: Ground, gain: FloatArray, place: Place, cells: int, arms: ArmsAround | None, monitor: Monitor
) -> tuple[Place, FloatArray]:
    """Return scores of centres as scores of all cells of their discs, and where these lie; or as they are."""
    if ground.centres:
        return place, gain
    window = ground.around(place, cells)
    inner = _moved(place, -window[0].start, -window[1].start)
    circle: FloatArray = np.zeros([part.stop - part.start for part in window])
    circle[inner] = gain if arms is None else np.where(arms.near[inner], 0.0, gain)
    circle = focal_maximum(circle, disc(cells), monitor=monitor.part(0.0, 0.0))
    if arms is not None:
        rows, cols = np.nonzero((gain > 0) & arms.near[inner])
        centres = rows + inner[0].start, cols + inner[1].start
        arms.spread(centres, gain[rows, cols], circle)
    _bar(ground, circle, window)
    return window, circle


def _bar(ground: Ground, gain: FloatArray, place: Place) -> None:
    """Take the gain off cells that are not to be scored."""
    barred = ground.barred(place)
    if barred is not None:
        gain[barred] = 0.0


class Scores:
    """The scores of all links, gathered radius by radius and link by link; 0 stands for no gain.

    Attributes
    ----------
    score, percent : float64, shape (rows, cols)
        Of the best disc so far.
    radius : uint8, shape (rows, cols)
        Position of its radius.
    link : int32, shape (rows, cols)
        Position of the link that gains most.
    best : list of Best
        The best place of each link.
    """

    def __init__(self, ground: Ground) -> None:
        shape = ground.resistance.shape
        self._ground = ground
        self.score, self.percent = np.zeros(shape), np.zeros(shape)
        self.radius = np.zeros(shape, dtype=np.uint8)
        self.link = np.zeros(shape, dtype=np.int32)
        self.best = [Best()] * len(ground.pairs)
        self._of_link = np.zeros(shape) if ground.sums else self.score
        self._total = [np.zeros(shape), np.zeros(shape)] if ground.sums else []
        self._now = 0
        self._masks = Shelf(_MASKS_PER_CELL * self.score.size)
        self._places: dict[int, Place] = {}

    def add(self, found: Scored | None) -> None:
        """Add the scores of a link with one radius."""
        if found is None:
            return
        if found.radius != self._now:
            self.add_up()
            self._now = found.radius
        ground, link, place = self._ground, found.link, found.place
        if found.best[0] > self.best[link].score:
            self.best[link] = Best(found.best[0], ground.radii[found.radius], *found.best[1:])
        self._mark(link, place, found.score > 0)
        factor = 100.0 / float(ground.distance[link])
        better = found.score > self._of_link[place]
        self.link[place][better] = link
        if not self._total:
            self._raise(place, found.score, found.score * factor, found.radius)
            return
        np.maximum(self._of_link[place], found.score, out=self._of_link[place])
        for sums, one in zip(self._total, (1.0, factor)):
            sums[found.centre] += one * found.gain

    def add_up(self) -> None:
        """Take in the sums over the links with the radius that is done."""
        if not self._total or not self._total[0].any():
            return
        ground, cells = self._ground, self._ground.cells[self._now]
        place = box(self._total[0] > 0)
        arms = ground.arms(ground.around(place, cells), cells)
        (around, score), (_, percent) = (
            _spread_out(ground, one[place], place, cells, arms, SILENT) for one in self._total
        )
        self._raise(around, score, percent, self._now)
        for sums in self._total:
            sums[place] = 0.0

    def count(self) -> tuple[IntArray, IntArray]:
        """Return how many links gain from a disc that holds each cell, and how many cells gain for each link."""
        count = np.zeros(self.score.shape, dtype=np.int32)
        cells = np.zeros(len(self.best), dtype=np.int64)
        for link, place in self._places.items():
            mask = self._masks[link]
            count[place] += mask
            cells[link] = np.count_nonzero(mask)
        self._masks.clear()
        return count, cells

    def _mark(self, link: int, place: Place, gains: BoolArray) -> None:
        """Take in the cells that gain for a link."""
        before = self._places.get(link)
        if before is not None:
            both = _both(place, before)
            mask = np.zeros([part.stop - part.start for part in both], dtype=bool)
            for one, part in ((before, self._masks[link]), (place, gains)):
                mask[_moved(one, -both[0].start, -both[1].start)] |= part
            place, gains = both, mask
        self._places[link] = place
        self._masks.put(link, gains)
        self._masks.make_room({link})

    def _raise(self, place: Place, score: FloatArray, percent: FloatArray, radius: int) -> None:
        better = score > self.score[place]
        self.score[place][better] = score[better]
        self.radius[place][better] = radius
        np.maximum(self.percent[place], percent, out=self.percent[place])


def _costs_in(field: Field, place: Place) -> FloatArray:
    """Return the costs in a box of the raster, infinite beyond the field."""
    common = _common(place, field.place)
    if common == place:
        return field.cost[_moved(place, -field.top, -field.left)]
    costs = np.full([part.stop - part.start for part in place], np.inf)
    costs[_moved(common, -place[0].start, -place[1].start)] = field.cost[_moved(common, -field.top, -field.left)]
    return costs


def _grown(place: Place, margin: int) -> Place:
    """Return a box with a margin on all sides."""
    rows, cols = place
    return slice(rows.start - margin, rows.stop + margin), slice(cols.start - margin, cols.stop + margin)


def _cut(place: Place, shape: Shape) -> Place:
    """Return the part of a box that lies on a raster."""
    rows, cols = (slice(max(part.start, 0), min(part.stop, size)) for part, size in zip(place, shape))
    return rows, cols


def _common(one: Place, other: Place) -> Place:
    """Return what two boxes have in common, empty where that is nothing."""
    rows, cols = (
        slice(max(a.start, b.start), max(max(a.start, b.start), min(a.stop, b.stop))) for a, b in zip(one, other)
    )
    return rows, cols


def _both(one: Place, other: Place) -> Place:
    """Return the smallest box that holds two."""
    rows, cols = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other))
    return rows, cols


def _moved(place: Place, rows: int, cols: int) -> Place:
    """Return a box some rows and columns further."""
    return (
        slice(place[0].start + rows, place[0].stop + rows),
        slice(place[1].start + cols, place[1].stop + cols),
    )
