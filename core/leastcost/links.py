"""The table of links between sources, as every tool that works on links takes it."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..types import Array, BoolArray, FloatArray, IntArray


class LinkKind(enum.IntEnum):
    """What became of a link; positive kinds are active. Most numbers are Linkage Mapper's; 30, -2 and -20 are ours."""

    ADJACENT = 1
    NEAREST = 10
    JOINS_GROUPS = 20
    IN_TREE = 30
    NOT_NEAREST = -1
    NOT_IN_TREE = -2
    TOO_FAR = -11
    TOO_COSTLY = -12
    THROUGH_SOURCE = -15
    CUT_OFF = -20


@dataclass(frozen=True)
class Links:
    """The link table; every array has one entry a link.

    Attributes
    ----------
    pairs : ndarray, int64, shape (m, 2)
        Labels of the two sources, the lower first.
    kind : ndarray, int64, shape (m,)
        `LinkKind` values.
    euclidean : ndarray, float64, shape (m,)
        Straight distance of the two sources in metres, as given; NaN where it is not known.
    cost : ndarray, float64, shape (m,)
        Least-cost distance in cost units: infinite where there is no way, NaN where it was not searched.
    length : ndarray, float64, shape (m,)
        Length of the least-cost path in metres, from the centre of the last cell of one source to that of the first
        cell of the other; NaN where there is none.
    paths : tuple of ndarray, int64, shape (k, 2)
        Rows and columns of the cells of the least-cost path, both ends included; empty where there is none.
    through : tuple of tuple of int
        Labels of other sources that the path runs through, in the order met from the second source.
    """

    pairs: IntArray
    kind: IntArray
    euclidean: FloatArray
    cost: FloatArray
    length: FloatArray
    paths: tuple[IntArray, ...]
    through: tuple[tuple[int, ...], ...]

    @classmethod
    def between(cls, pairs: Array | Sequence[Sequence[int]]) -> Links:
        """Return links of which no more is known than the sources they join.

        Parameters
        ----------
        pairs : int, shape (m, 2)
            Labels of the two sources, in either order.

        Raises
        ------
        InputError
            If a link joins a source with itself, or a label is below 1.

        Examples
        --------
        >>> Links.between([[1, 2], [1, 3]]).active
        array([ True,  True])
        """
        pairs = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
        if pairs.size and (pairs.min() < 1 or (pairs[:, 0] == pairs[:, 1]).any()):
            raise InputError("Links must join two different sources with labels from 1 up.")
        count = len(pairs)
        unknown = np.full(count, np.nan)
        path = np.empty((0, 2), dtype=np.int64)
        kind = np.full(count, int(LinkKind.ADJACENT))
        return cls(pairs, kind, unknown, unknown, unknown, (path,) * count, ((),) * count)

    @property
    def active(self) -> BoolArray:
        """Which links are kept."""
        return self.kind > 0

    @property
    def joined(self) -> IntArray:
        """Labels of the two sources of each active link; int64, shape (active links, 2)."""
        return self.pairs[self.active]

    def limits(self, cutoff: float | FloatArray, *, endless: bool = False) -> FloatArray:
        """Return the cutoff of the corridor of each active link, of one number for all or one for each.

        Raises
        ------
        InputError
            If one is negative or NaN, or infinite where corridors must not be `endless`, or their number is another.

        Examples
        --------
        >>> Links.between([[1, 2], [1, 3]]).limits(20.0)
        array([20., 20.])
        """
        count = int(np.count_nonzero(self.active))
        found = np.asarray(cutoff, dtype=np.float64)
        if found.shape not in ((), (count,)):
            raise InputError(f"There are {count} active links, but cutoffs for {found.size} corridors.")
        wrong = ~(found >= 0) | (np.isinf(found) & (not endless))
        if wrong.any():
            worst = np.ravel(found)[np.ravel(wrong)][0]
            raise InputError(f"The cutoff of the corridors is {worst:g}; it must be a number of 0 or more.")
        return np.full(count, found)
