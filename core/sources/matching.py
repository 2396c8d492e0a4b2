"""Which areas of two maps are the same ones: by what they share, whatever their numbers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ..errors import InputError
from ..types import BoolArray, IntArray

PERSISTENT, SPLIT, MERGED, REGROUPED, LOST, NEW = "persistent", "split", "merged", "regrouped", "lost", "new"

FATES = (PERSISTENT, SPLIT, MERGED, REGROUPED, LOST, NEW)
"""What becomes of an area, or of several that belong together."""

SAME_AREA = 0.5
"""Share of the smaller of two areas that both must have in common to be the same."""


@dataclass(frozen=True)
class Matches:
    """The areas of one map in another.

    Areas that match, directly or by others, are a group: one before and one after are persistent, one before and several
    after split, several before and one after merged, several and several regrouped, one alone lost or new.

    Attributes
    ----------
    cells_before, cells_after : ndarray, int64, shape (n,) and (m,)
        Cells of each area.
    before, after : ndarray, int64, shape (k,)
        Positions, from 0, of the two areas of each match.
    shared : ndarray, int64, shape (k,)
        Cells that the two have in common.
    group_before, group_after : ndarray, int64, shape (n,) and (m,)
        Group of each area, from 0, in the order of the areas before, then of those after.
    fate : tuple of str
        One of `FATES` for each group.
    """

    cells_before: IntArray
    cells_after: IntArray
    before: IntArray
    after: IntArray
    shared: IntArray
    group_before: IntArray
    group_after: IntArray
    fate: tuple[str, ...]

    def count(self, fate: str) -> int:
        """Return the number of groups of a fate."""
        return self.fate.count(fate)

    def members(self, group: int) -> tuple[list[int], list[int]]:
        """Return the positions of the areas of a group, before and after."""
        return (
            np.flatnonzero(self.group_before == group).tolist(),
            np.flatnonzero(self.group_after == group).tolist(),
        )


def match_areas(before: IntArray, after: IntArray, *, counts: tuple[int, int] | None = None) -> Matches:
    """Return which areas of two maps of labels are the same.

    Two areas match where they share at least `SAME_AREA` of the smaller one.

    Parameters
    ----------
    before, after : ndarray, int, shape (rows, cols)
        Labels from 1, 0 outside, of one grid.
    counts : (int, int), optional
        Numbers of areas of both; by default the largest labels.

    Returns
    -------
    Matches

    Raises
    ------
    InputError
        If the maps have different shapes.

    Notes
    -----
    O(cells). A sliver of a large area matches it, since it lies inside: that is a split, or a merger.

    Examples
    --------
    >>> found = match_areas(np.array([[1, 1, 1, 1, 0, 2, 2]]), np.array([[1, 1, 0, 2, 2, 0, 0]]))
    >>> found.fate, found.shared.tolist()
    (('split', 'lost'), [2, 1])
    """
    if before.shape != after.shape:
        raise InputError(f"The maps have different sizes: {before.shape} and {after.shape} cells.")
    held = counts or (int(before.max(initial=0)), int(after.max(initial=0)))
    n, m = held
    cells_before, cells_after = (
        np.bincount(one.ravel(), minlength=count + 1)[1:].astype(np.int64) for one, count in ((before, n), (after, m))
    )
    both: BoolArray = (before > 0) & (after > 0)
    code = (before[both].astype(np.int64) - 1) * m + after[both] - 1
    codes, shared = np.unique(code, return_counts=True)
    first, second = np.divmod(codes, max(m, 1))
    same = shared >= SAME_AREA * np.minimum(cells_before[first], cells_after[second])
    first, second, shared = first[same], second[same], shared[same]
    joined = coo_matrix((np.ones(first.size), (first, n + second)), shape=(n + m, n + m))
    group = connected_components(joined, directed=False)[1] if n + m else np.empty(0, dtype=np.int64)
    # Numbered by their first member.
    _, place, group = np.unique(group, return_index=True, return_inverse=True)
    turn = np.empty(place.size, dtype=np.int64)
    turn[np.argsort(place)] = np.arange(place.size)
    group = turn[group.ravel()]
    sizes = [np.bincount(one, minlength=place.size).tolist() for one in (group[:n], group[n:])]
    fate = tuple(_fate(a, b) for a, b in zip(*sizes))
    return Matches(cells_before, cells_after, first, second, shared.astype(np.int64), group[:n], group[n:], fate)


def _fate(before: int, after: int) -> str:
    if not after:
        return LOST
    if not before:
        return NEW
    if before == after == 1:
        return PERSISTENT
    if before > 1 and after > 1:
        return REGROUPED
    return SPLIT if before == 1 else MERGED


def carried_ids(matches: Matches, ids: Sequence[int], *, kept: Sequence[int] = ()) -> list[int]:
    """Return ids for the areas after, so that those that were there before keep theirs.

    The two areas that share most cells get the same id, each area once: of a source that is split the largest part keeps
    the id, one that is merged has that of the largest part. Of equal ones the first counts. All others get ids that nobody
    has had.

    Parameters
    ----------
    matches : Matches
        Of the areas before and after.
    ids : sequence of int
        Ids of the areas before.
    kept : sequence of int
        Further ids that are not to be given again.

    Examples
    --------
    >>> matches = match_areas(np.array([[1, 1, 1, 1, 0, 2, 2]]), np.array([[1, 0, 2, 2, 0, 0, 3]]))
    >>> carried_ids(matches, [7, 4])
    [8, 7, 4]
    """
    found: dict[int, int] = {}
    taken: set[int] = set()
    order = np.lexsort((matches.after, matches.before, -matches.shared))
    for old, new in zip(matches.before[order].tolist(), matches.after[order].tolist()):
        if old not in taken and new not in found:
            taken.add(old)
            found[new] = int(ids[old])
    fresh = itertools.count(max([0, *map(int, ids), *map(int, kept)]) + 1)
    return [found[k] if k in found else next(fresh) for k in range(matches.cells_after.size)]
