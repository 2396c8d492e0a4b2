"""What many runs have in common: streamed counts of cells, links and sources, and how sure the shares are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..stats.ranks import ranks
from ..types import BoolArray, FloatArray, IntArray
from .chunks import Counted, Record

CERTAIN, LIKELY = 0.9, 0.5
"""Shares of the runs from which on a cell is certain and likely."""

_Z = 1.959963984540054
"""Normal quantile of a two-sided interval of 95 %."""

_FEW = 0.1
"""Shares nearer to 0 or 1 than this have the interval of Wilson."""

_OUTER = (5.0, 95.0)
"""Percentiles of costs and ranks that are reported."""


def half_width(share: FloatArray, runs: int) -> FloatArray:
    """Return the half width of the 95 % confidence interval of shares of some runs.

    Parameters
    ----------
    share : float64 array
        0 to 1.
    runs : int
        Number of runs, 1 or more.

    Notes
    -----
    ``1.96 sqrt(p (1 - p) / n)``; for shares within 0.1 of 0 and 1 half the length of Wilson's interval, which does not vanish
    there: Wilson, E. B. (1927), *Journal of the American Statistical Association* 22, 209-212,
    https://doi.org/10.1080/01621459.1927.10502953

    Examples
    --------
    >>> half_width(np.array([0.0, 0.5, 1.0]), 385).round(4).tolist()
    [0.0049, 0.0499, 0.0049]
    """
    variance = share * (1.0 - share) / runs
    normal = _Z * np.sqrt(variance)
    wilson = _Z / (1.0 + _Z**2 / runs) * np.sqrt(variance + (_Z / (2.0 * runs)) ** 2)
    found: FloatArray = np.where((share < _FEW) | (share > 1.0 - _FEW), wilson, normal)
    return found


@dataclass(frozen=True)
class LinkShares:
    """The links that some run had.

    Attributes
    ----------
    pairs : int, shape (m, 2)
        Labels of the sources.
    share : float64, shape (m,)
        Share of the runs that had the link.
    cost : float64, shape (m, 3)
        Least-cost distance in these: 5th percentile, median, 95th percentile.
    rank : float64, shape (m, 2)
        Rank by centrality in these, 1 the highest: 5th and 95th percentile.
    """

    pairs: IntArray
    share: FloatArray
    cost: FloatArray
    rank: FloatArray


@dataclass(frozen=True)
class SourceShares:
    """The sources.

    Attributes
    ----------
    share : float64, shape (n,)
        Share of the runs in which a source had a link.
    rank, dpc_rank : float64, shape (n, 2)
        Rank by centrality and by dPC, 1 the highest: 5th and 95th percentile; NaN where it is not known.
    """

    share: FloatArray
    rank: FloatArray
    dpc_rank: FloatArray


class Tally:
    """Counts runs as they come in, a chunk at a time.

    Parameters
    ----------
    kinds : sequence of str
        Kinds of cells.
    shape : (int, int)
        Rows and columns.
    most : int
        Runs that are expected at most; decides the width of the counters.

    Attributes
    ----------
    runs : int
        Runs so far.
    counts : dict of str to int array, shape (rows, cols)
        Runs in which each cell was of a kind.
    stayed : dict of str to int64 array
        See `chunks.Counted`.
    records : list of Record
        The runs.
    """

    def __init__(self, kinds: Sequence[str], shape: tuple[int, int], most: int) -> None:
        kind_of_counter = np.uint16 if most <= np.iinfo(np.uint16).max else np.uint32
        self.runs = 0
        self.counts: dict[str, IntArray] = {kind: np.zeros(shape, dtype=kind_of_counter) for kind in kinds}
        self.stayed: dict[str, IntArray] = {}
        self.records: list[Record] = []

    def add(self, chunk: Counted) -> None:
        """Count a chunk of runs."""
        self.runs += len(chunk.records)
        self.records += chunk.records
        for kind, counts in self.counts.items():
            counts += chunk.counts[kind]
        for kind, stayed in chunk.stayed.items():
            self.stayed[kind] = self.stayed[kind] + stayed if kind in self.stayed else stayed

    def share(self, kind: str) -> FloatArray:
        """Return the share of the runs in which each cell was of a kind, float32."""
        share: FloatArray = self.counts[kind].astype(np.float32) / np.float32(self.runs)
        return share

    @property
    def half_width(self) -> float:
        """Largest half width of the shares of all cells."""
        found = np.unique(np.concatenate([np.flatnonzero(np.bincount(c.ravel())) for c in self.counts.values()]))
        return float(half_width(found / self.runs, self.runs).max())

    def links(self) -> LinkShares:
        """Return the links that some run had, in the order of their labels."""
        found = [record for record in self.records if len(record.pairs)]
        if not found:
            return LinkShares(np.empty((0, 2), dtype=np.int64), np.empty(0), np.empty((0, 3)), np.empty((0, 2)))
        every = np.concatenate([record.pairs for record in found])
        cost = np.concatenate([record.cost for record in found])
        rank = np.concatenate([ranks(record.flow) for record in found]).astype(np.float64)
        pairs, place, count = np.unique(every, axis=0, return_inverse=True, return_counts=True)
        own = np.split(np.argsort(place.reshape(-1), kind="stable"), np.cumsum(count)[:-1])
        return LinkShares(
            pairs,
            count / self.runs,
            np.array([np.percentile(cost[mine], (_OUTER[0], 50.0, _OUTER[1])) for mine in own]),
            np.array([np.percentile(rank[mine], _OUTER) for mine in own]),
        )

    def sources(self) -> SourceShares:
        """Return how the sources did."""
        count = self.records[0].nodes.size
        linked = np.zeros(count)
        for record in self.records:
            linked[np.unique(record.pairs) - 1] += 1
        nodes = np.stack([record.nodes for record in self.records])
        dpc = np.stack([record.dpc for record in self.records])
        return SourceShares(linked / self.runs, _rank_interval(nodes), _rank_interval(dpc))

    def figure(self, name: str) -> FloatArray:
        """Return a figure of each run; NaN where a run had no network."""
        return np.array([record.figures.get(name, math.nan) for record in self.records])


def certain_share(base: BoolArray, share: FloatArray) -> float:
    """Return how much of some cells is certain, 0 to 1; NaN where there are no cells.

    Examples
    --------
    >>> certain_share(np.array([True, True, False]), np.array([0.95, 0.6, 1.0]))
    0.5
    """
    cells = int(np.count_nonzero(base))
    return int(np.count_nonzero(base & (share >= _at_least(CERTAIN)))) / cells if cells else math.nan


@dataclass(frozen=True)
class RobustAreas:
    """Areas that are certain or likely.

    Attributes
    ----------
    labels : int32, shape (rows, cols)
        Number of the area a cell belongs to, 0 outside; the certain ones first, each class by its first cell.
    certain : bool, shape (areas,)
        Whether it is certain, else likely.
    share : float64, shape (areas,)
        Mean share of the runs in its cells.
    cells : int64, shape (areas,)
        Its size.
    """

    labels: IntArray
    certain: BoolArray
    share: FloatArray
    cells: IntArray


def robust_areas(share: FloatArray) -> RobustAreas:
    """Return the connected areas of the cells that are certain (90 % of the runs or more) and likely (50 % or more).

    Parameters
    ----------
    share : float array, shape (rows, cols)
        0 to 1.

    Examples
    --------
    >>> found = robust_areas(np.array([[1.0, 0.6, 0.0, 0.9]]))
    >>> found.labels.tolist(), found.certain.tolist()
    ([[1, 3, 0, 2]], [True, True, False])
    """
    certain = share >= _at_least(CERTAIN)
    likely = (share >= _at_least(LIKELY)) & ~certain
    beside = np.ones((3, 3), dtype=bool)
    labels, first = ndimage.label(certain, structure=beside)
    others, second = ndimage.label(likely, structure=beside)
    labels[likely] = others[likely] + first
    cells = np.bincount(labels.ravel(), minlength=first + second + 1)[1:]
    total = np.bincount(labels.ravel(), weights=share.ravel(), minlength=first + second + 1)[1:]
    return RobustAreas(labels.astype(np.int32), np.arange(first + second) < first, total / np.maximum(cells, 1), cells)


def _at_least(share: float) -> float:
    """Return a limit that shares of just this size reach in float32."""
    return share - 1e-6


def _rank_interval(values: FloatArray) -> FloatArray:
    """Return the outer percentiles of the rank in each run; NaN where a source has none.

    `values` has a row for each run and a column for each source.
    """
    rank = np.full(values.shape, np.nan)
    for row, own in zip(values, rank):
        known = ~np.isnan(row)
        own[known] = ranks(row[known])
    found = np.full((values.shape[1], 2), np.nan)
    for k, column in enumerate(rank.T):
        known = column[~np.isnan(column)]
        if known.size:
            found[k] = np.percentile(known, _OUTER)
    return found
