"""The fewest corridors, by area, that keep the networks of many species connected: a greedy cover.

References
----------
Dilkina, B. et al. (2017). Trade-offs and efficiencies in optimal budget-constrained multispecies corridor networks.
*Conservation Biology* 31, 192-202, https://doi.org/10.1111/cobi.12814
Chvatal, V. (1979). A greedy heuristic for the set-covering problem. *Mathematics of Operations Research* 4, 233-235,
https://doi.org/10.1287/moor.4.3.233
Saura, S., Estreguil, C., Mouton, C. & Rodriguez-Freire, M. (2011). Network analysis to assess landscape connectivity
trends. *Ecological Indicators* 11, 407-416, https://doi.org/10.1016/j.ecolind.2010.06.011 (equivalent connectivity)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..types import Array, BoolArray, FloatArray, IntArray

_ROUNDING = 1e-12
"""By how much of the target EC can be off by rounding."""


@dataclass(frozen=True)
class Belt:
    """The cells of a corridor outside the sources of its species.

    Attributes
    ----------
    rows, cols : slice
        The box that holds them.
    packed : uint8 array
        The cells of the box, eight to a byte.
    cells : int
        How many they are.
    """

    rows: slice
    cols: slice
    packed: Array
    cells: int

    @classmethod
    def of(cls, rows: slice, cols: slice, inside: BoolArray) -> Belt:
        """Return the belt of the cells `inside` a box.

        Examples
        --------
        >>> belt = Belt.of(slice(2, 3), slice(4, 7), np.array([[True, False, True]]))
        >>> belt.cells, belt.mask.tolist()
        (2, [[True, False, True]])
        """
        return cls(rows, cols, np.packbits(inside), int(np.count_nonzero(inside)))

    @property
    def mask(self) -> BoolArray:
        """Which cells of the box belong to it."""
        shape = self.rows.stop - self.rows.start, self.cols.stop - self.cols.start
        return np.unpackbits(self.packed, count=shape[0] * shape[1]).view(bool).reshape(shape)


@dataclass(frozen=True)
class Web:
    """The network of a species.

    Attributes
    ----------
    area : float64, shape (n,)
        Hectares of each source.
    pairs : int, shape (m, 2)
        Positions of the sources of each link.
    cost : float64, shape (m,)
        Least-cost distance of each link, finite.
    rate : float
        A path of cost c connects by exp(-rate c).
    belts : tuple of Belt
        The corridor of each link.
    """

    area: FloatArray
    pairs: IntArray
    cost: FloatArray
    rate: float
    belts: tuple[Belt, ...]

    def distances(self, kept: BoolArray) -> FloatArray:
        """Return the costs between all sources along the links that are kept, infinite where there is no way."""
        count = self.area.size
        # A link of no cost would be none in a sparse matrix.
        cost = np.maximum(self.cost[kept], np.finfo(float).tiny)
        a, b = self.pairs[kept].T
        found: FloatArray = dijkstra(coo_matrix((cost, (a, b)), shape=(count, count)).tocsr(), directed=False)
        return found

    def equivalent(self, distances: FloatArray) -> float:
        """Return EC(PC) in hectares."""
        return float(np.sqrt(self.area @ np.exp(-self.rate * distances) @ self.area))


@dataclass(frozen=True)
class Complement:
    """Corridors that keep every species connected.

    Attributes
    ----------
    kept : tuple of bool arrays, shape (m,)
        Which links of each web lie in the set.
    turn : tuple of int arrays, shape (m,)
        The order in which they were chosen, from 1; 0 for those whose corridor came with those of others, or is not in it.
    cells : int
        Cells that the set covers.
    before, after : float64, shape (webs,)
        EC(PC) of each species with all its links, and with those in the set.
    alone : int64, shape (webs,)
        Cells of the set that each species would need by itself.
    every : int
        Cells of all corridors together.
    areas : tuple of int arrays, shape (m,)
        Cells of the corridor of each link.
    """

    kept: tuple[BoolArray, ...]
    turn: tuple[IntArray, ...]
    cells: int
    before: FloatArray
    after: FloatArray
    alone: IntArray
    every: int
    areas: tuple[IntArray, ...]


def complementary_links(
    webs: Sequence[Web], shape: tuple[int, int], *, share: float = 0.9, monitor: Monitor = SILENT
) -> Complement:
    """Choose the fewest corridors, by the area they cover together, with which every species keeps a share of its EC.

    Parameters
    ----------
    webs : sequence of Web
        The network of each species.
    shape : (rows, cols)
        Of the raster.
    share : float
        Share of the EC(PC) of its whole network that each species keeps, above 0 and at most 1.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    Complement

    Raises
    ------
    InputError
        If the share is not above 0 and at most 1, or there is no web.

    Notes
    -----
    One corridor after another is chosen: that with the largest gain of EC, as a share of what its species is to keep, for
    every cell that is not covered yet; of equal ones the first of the first species. A link of any species whose whole
    corridor is covered is in the set. At the end corridors that can be done without are given up again, the largest first.
    EC is not submodular (links in series bring more together), so that no bound holds for the area.

    A pick updates the gains of its species, O(n^2) for a link at most, and what is missing of the corridors whose boxes meet
    its own. Memory is an eighth of a byte for a cell of a box, and two bytes for a cell of the raster.

    Examples
    --------
    >>> belt = Belt.of(slice(0, 1), slice(1, 4), np.ones((1, 3), dtype=bool))
    >>> web = Web(np.array([4.0, 4.0]), np.array([[0, 1]]), np.array([30.0]), 0.01, (belt,))
    >>> found = complementary_links([web, web], (1, 5))  # both need the same corridor, once
    >>> found.cells, found.alone.tolist(), [one.tolist() for one in found.kept], [one.tolist() for one in found.turn]
    (3, [3, 3], [[True], [True]], [[1], [0]])
    """
    if not 0.0 < share <= 1.0:
        raise InputError(f"The share of EC that species keep is {share:g}; it must be above 0 and at most 1.")
    if not webs:
        raise InputError("There is no network to choose corridors of.")
    alone = []
    for number, web in enumerate(webs):
        part = monitor.part(0.4 * number / len(webs), 0.4 * (number + 1) / len(webs))
        alone.append(_Cover([web], shape, share).solve(part))
    cover = _Cover(webs, shape, share)
    cells = cover.solve(monitor.part(0.4, 1.0))
    every = np.zeros(shape, dtype=bool)
    for belt in cover.belts:
        every[belt.rows, belt.cols] |= belt.mask
    kept = cover.missing == 0
    turn = np.zeros(len(kept), dtype=np.int64)
    turn[cover.picks] = np.arange(1, len(cover.picks) + 1)
    ends = np.cumsum([len(web.belts) for web in webs])[:-1]
    parts = np.split(kept, ends)
    after = [web.equivalent(web.distances(part)) for web, part in zip(webs, parts)]
    return Complement(
        tuple(parts),
        tuple(np.split(turn, ends)),
        cells,
        np.array(cover.before),
        np.array(after),
        np.array(alone, dtype=np.int64),
        int(np.count_nonzero(every)),
        tuple(np.array([belt.cells for belt in web.belts], dtype=np.int64) for web in webs),
    )


class _Cover:
    """Corridors that have been chosen, and what of the others is missing."""

    def __init__(self, webs: Sequence[Web], shape: tuple[int, int], share: float) -> None:
        self.webs = webs
        self.belts = [belt for web in webs for belt in web.belts]
        self.owner = np.repeat(np.arange(len(webs)), [len(web.belts) for web in webs])
        self.first = np.concatenate(([0], np.cumsum([len(web.belts) for web in webs])))
        boxes = [(one.rows.start, one.rows.stop, one.cols.start, one.cols.stop) for one in self.belts]
        self.boxes = np.array(boxes, dtype=np.int64).reshape(-1, 4)
        self.missing = np.array([belt.cells for belt in self.belts], dtype=np.int64)
        self.count = np.zeros(shape, dtype=np.uint16)
        self.picks: list[int] = []
        self.before = [web.equivalent(web.distances(np.ones(len(web.belts), dtype=bool))) for web in webs]
        self.target = [share * one * (1.0 - _ROUNDING) for one in self.before]

    def solve(self, monitor: Monitor) -> int:
        """Choose corridors until all species have what they are to keep; return the cells that are covered."""
        kept = self.missing == 0
        distances = [web.distances(kept[self._of(s)]) for s, web in enumerate(self.webs)]
        held = [web.equivalent(one) for web, one in zip(self.webs, distances)]
        start = sum(min(1.0, one / wanted) for one, wanted in zip(held, self.target))
        gain = np.zeros(len(self.belts))
        changed = set(range(len(self.webs)))
        while True:
            for s in sorted(changed):
                gain[self._of(s)] = self._gains(s, distances[s], held[s], monitor)
            wanting = np.array([one < wanted for one, wanted in zip(held, self.target)], dtype=bool)
            open_ = np.flatnonzero(wanting[self.owner] & ~kept)
            if not wanting.any() or not open_.size:
                break
            score = gain[open_] / self.missing[open_]
            # Where no link alone brings anything that can be told from nothing, the smallest leads on.
            best = int(open_[np.argmax(score)] if score.max() > 0.0 else open_[np.argmin(self.missing[open_])])
            self._put(best)
            self.picks.append(best)
            fresh = np.flatnonzero((self.missing == 0) & ~kept)
            kept[fresh] = True
            changed = set(self.owner[fresh].tolist())
            for s in changed:
                distances[s] = self.webs[s].distances(kept[self._of(s)])
                held[s] = self.webs[s].equivalent(distances[s])
            done = sum(min(1.0, one / wanted) for one, wanted in zip(held, self.target)) - start
            monitor.step(int(1000 * done), int(1000 * (len(self.webs) - start)) + 1)
        self._give_up(monitor)
        return int(np.count_nonzero(self.count))

    def _of(self, species: int) -> slice:
        return slice(int(self.first[species]), int(self.first[species + 1]))

    def _gains(self, species: int, distances: FloatArray, held: float, monitor: Monitor) -> FloatArray:
        """Return what each link would add to the EC of its species, up to the target, as a share of that.

        Over a new link of cost w from a to b only those get nearer to one another that get nearer to its far end.
        """
        web, wanted = self.webs[species], self.target[species]
        gains = np.zeros(len(web.belts))
        if held >= wanted:
            return gains
        for k, ((a, b), cost) in enumerate(zip(web.pairs.tolist(), web.cost.tolist())):
            if k % 64 == 0:
                monitor.check()
            left = np.flatnonzero(distances[a] + cost < distances[b])
            right = np.flatnonzero(distances[b] + cost < distances[a])
            over = distances[a, left][:, None] + (cost + distances[b, right])[None, :]
            old = distances[np.ix_(left, right)]
            more = np.exp(-web.rate * np.minimum(over, old)) - np.exp(-web.rate * old)
            reached = np.sqrt(held**2 + 2.0 * float(web.area[left] @ more @ web.area[right]))
            gains[k] = (min(reached, wanted) - held) / wanted
        return gains

    def _put(self, link: int) -> None:
        belt = self.belts[link]
        window, mask = self.count[belt.rows, belt.cols], belt.mask
        fresh = mask & (window == 0)
        window += mask
        self._shift(link, fresh, -1)

    def _take(self, link: int) -> None:
        belt = self.belts[link]
        window, mask = self.count[belt.rows, belt.cols], belt.mask
        window -= mask
        self._shift(link, mask & (window == 0), 1)

    def _shift(self, link: int, cells: BoolArray, sign: int) -> None:
        """Count cells in the box of a link that are covered now (-1), or no longer (1), for every corridor they are of."""
        top, bottom, left, right = self.boxes[link].tolist()
        meet = (self.boxes[:, 0] < bottom) & (self.boxes[:, 1] > top)
        meet &= (self.boxes[:, 2] < right) & (self.boxes[:, 3] > left)
        for k in np.flatnonzero(meet).tolist():
            r0, r1, c0, c1 = self.boxes[k].tolist()
            low, high, west, east = max(top, r0), min(bottom, r1), max(left, c0), min(right, c1)
            own = self.belts[k].mask[low - r0 : high - r0, west - c0 : east - c0]
            self.missing[k] += sign * np.count_nonzero(own & cells[low - top : high - top, west - left : east - left])

    def _give_up(self, monitor: Monitor) -> None:
        """Give up corridors that the species can do without, the largest first."""
        for link in sorted(self.picks, key=lambda k: (-self.belts[k].cells, k)):
            monitor.check()
            before = self.missing == 0
            self._take(link)
            after = self.missing == 0
            for s in np.unique(self.owner[before & ~after]).tolist():
                web = self.webs[s]
                if web.equivalent(web.distances(after[self._of(s)])) < self.target[s]:
                    self._put(link)
                    break
            else:
                self.picks.remove(link)
