"""Which links of two networks are the same ones, and how far their paths have moved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt

from ..monitor import SILENT, Monitor
from ..sources.matching import LOST, NEW, PERSISTENT, REGROUPED, Matches
from ..types import BoolArray, FloatArray, IntArray

GONE, COME, WITHIN, UNLINKED, LINKED, FEWER, MORE = (
    "a source is lost",
    "a source is new",
    "both ends are in one source",
    "the sources are no longer linked",
    "the sources were not linked",
    "fewer links between the sources",
    "more links between the sources",
)
"""Why a link is lost or new."""


@dataclass(frozen=True)
class LinkChange:
    """What became of a link.

    Attributes
    ----------
    change : str
        'persistent', 'lost' or 'new'.
    before, after : int
        Position of the link in its network, from 0; -1 where it is not there.
    why : str
        Why it is lost or new.
    jaccard : float
        Cells of both corridors over cells of either; NaN but for persistent links.
    distance : float
        Mean distance in metres of the cells of each path from the other path; NaN but for persistent links.
    """

    change: str
    before: int
    after: int
    why: str = ""
    jaccard: float = math.nan
    distance: float = math.nan


@dataclass(frozen=True)
class Paths:
    """The paths of the links of a network on a grid.

    Attributes
    ----------
    cells : sequence of ndarray, int64
        Flat indices of the cells of each path.
    shape : (int, int)
        Rows and columns of the grid.
    """

    cells: Sequence[IntArray]
    shape: tuple[int, int]


def path_overlap(
    first: IntArray, second: IntArray, shape: tuple[int, int], *, cell_size: float, width: float
) -> tuple[float, float]:
    """Return how far two paths are the same: Jaccard index of their corridors, and mean distance in metres.

    Parameters
    ----------
    first, second : ndarray, int64
        Flat indices of the cells of each path.
    shape : (int, int)
        Rows and columns of the grid.
    cell_size : float
        In metres.
    width : float
        Metres from a path up to which cells belong to its corridor.

    Returns
    -------
    (float, float)
        NaN where a path has no cell.

    Examples
    --------
    >>> path_overlap(np.array([0, 1, 2]), np.array([3, 4, 5]), (3, 3), cell_size=30.0, width=30.0)
    (0.6666666666666666, 30.0)
    """
    if not first.size or not second.size:
        return math.nan, math.nan
    if np.array_equal(np.unique(first), np.unique(second)):
        return 1.0, 0.0
    reach = int(width / cell_size) + 1
    cells = [np.array(np.unravel_index(one, shape)) for one in (first, second)]
    low = np.maximum(np.minimum(*(one.min(axis=1) for one in cells)) - reach, 0)
    high = np.minimum(np.maximum(*(one.max(axis=1) for one in cells)) + reach + 1, shape)
    away = []
    for one in cells:
        beside = np.ones(high - low, dtype=bool)
        beside[tuple(one - low[:, None])] = False
        away.append(distance_transform_edt(beside) * cell_size)
    within = [one <= width * (1.0 + 1e-9) for one in away]
    jaccard = np.count_nonzero(within[0] & within[1]) / np.count_nonzero(within[0] | within[1])
    apart = [away[k][tuple(cells[1 - k] - low[:, None])].mean() for k in (0, 1)]
    return float(jaccard), float(sum(apart) / 2.0)


def belt(paths: Paths, *, cell_size: float, width: float) -> BoolArray:
    """Return the cells within a distance in metres of any path, bool (rows, cols).

    Examples
    --------
    >>> belt(Paths([np.array([0])], (1, 4)), cell_size=30.0, width=60.0).tolist()
    [[True, True, True, False]]
    """
    beside = np.ones(paths.shape, dtype=bool)
    for cells in paths.cells:
        beside.flat[cells] = False
    if beside.all():
        return ~beside
    found: BoolArray = distance_transform_edt(beside) * cell_size <= width * (1.0 + 1e-9)
    return found


def match_links(
    sources: Matches,
    before: IntArray,
    after: IntArray,
    paths: tuple[Paths, Paths],
    *,
    cell_size: float,
    width: float,
    monitor: Monitor = SILENT,
) -> list[LinkChange]:
    """Return what became of the links of a network.

    A link persists where its two sources do: it joins areas of the same two groups, see `Matches`, or two of one group
    before and after, if those were regrouped. Of several links between two groups, as of the parts of a source that was
    split, those whose corridors are most alike belong together.

    Parameters
    ----------
    sources : Matches
        Of the sources of both networks.
    before, after : ndarray, int, shape (k, 2) and (l, 2)
        Positions of the two sources of each link, from 0.
    paths : (Paths, Paths)
        Their paths.
    cell_size, width : float
        See `path_overlap`.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    list of LinkChange
        The persistent and lost ones in the order before, then the new ones.

    Examples
    --------
    >>> from ecosecnet.core.sources import match_areas
    >>> labels = np.array([[1, 0, 0, 2, 0, 3]])
    >>> same = match_areas(labels, labels)
    >>> ways = Paths([np.array([1, 2])], (1, 6))
    >>> [one.change for one in match_links(same, np.array([[0, 1]]), np.array([[0, 1]]), (ways, ways), cell_size=1, width=1)]
    ['persistent']
    """
    old, new = _by_groups(sources.group_before, before), _by_groups(sources.group_after, after)
    kept: list[LinkChange] = []
    partner: set[int] = set()
    shared = [key for key in old if key in new]
    for done, key in enumerate(shared):
        monitor.step(done, len(shared))
        likeness = []
        for i in old[key]:
            for j in new[key]:
                monitor.check()
                jaccard, distance = path_overlap(
                    paths[0].cells[i], paths[1].cells[j], paths[0].shape, cell_size=cell_size, width=width
                )
                likeness.append((-np.nan_to_num(jaccard, nan=-1.0), i, j, jaccard, distance))
        taken: tuple[set[int], set[int]] = (set(), set())
        for _, i, j, jaccard, distance in sorted(likeness, key=lambda one: one[:3]):
            if i not in taken[0] and j not in taken[1]:
                taken[0].add(i)
                taken[1].add(j)
                kept.append(LinkChange(PERSISTENT, i, j, "", jaccard, distance))
        partner |= taken[1]
    done_before = {one.before for one in kept}
    lost = [
        LinkChange(LOST, i, -1, _why(key, sources, new, GONE, UNLINKED, FEWER))
        for key, held in old.items()
        for i in held
        if i not in done_before
    ]
    fresh = [
        LinkChange(NEW, -1, j, _why(key, sources, old, COME, LINKED, MORE))
        for key, held in new.items()
        for j in held
        if j not in partner
    ]
    return [*sorted([*kept, *lost], key=lambda one: one.before), *sorted(fresh, key=lambda one: one.after)]


def _by_groups(group: IntArray, pairs: IntArray) -> dict[tuple[int, int], list[int]]:
    """Return the links by the groups of their ends, the lower first."""
    found: dict[tuple[int, int], list[int]] = {}
    for k, pair in enumerate(np.sort(group[pairs], axis=1).tolist() if len(pairs) else []):
        found.setdefault((pair[0], pair[1]), []).append(k)
    return found


def _why(
    key: tuple[int, int],
    sources: Matches,
    others: dict[tuple[int, int], list[int]],
    gone: str,
    unlinked: str,
    fewer: str,
) -> str:
    if key[0] == key[1] and sources.fate[key[0]] != REGROUPED:
        return WITHIN
    if any(sources.fate[group] in (LOST, NEW) for group in key):
        return gone
    return fewer if key in others else unlinked


def shares_of_runs(masks: Sequence[BoolArray]) -> FloatArray:
    """Return in which share of some runs each cell is inside, float32.

    Examples
    --------
    >>> shares_of_runs([np.array([True, True]), np.array([True, False])]).tolist()
    [1.0, 0.5]
    """
    total: FloatArray = np.zeros(masks[0].shape, dtype=np.float32)
    for one in masks:
        total += one
    total /= np.float32(len(masks))
    return total
