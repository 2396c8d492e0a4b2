"""The graph of habitat patches and the dispersal kernel that gives its links their probability."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from ..errors import InputError
from ..types import Array, BoolArray, FloatArray, IntArray

MAX_DENSE = 3000
"""Patches up to which matrices of all pairs are considered; the halving recursion then needs about 1 GB."""


def dispersal_rate(distance: float, probability: float) -> float:
    """Return k of the kernel p = exp(-k d) that has `probability` at `distance`.

    Parameters
    ----------
    distance : float
        Dispersal distance, in the unit of the distances between patches.
    probability : float
        Chance to get that far, between 0 and 1: 0.5 makes `distance` the median, 0.05 or 0.01 nearly the maximum.

    Returns
    -------
    float
        Per unit of distance.

    Raises
    ------
    InputError
        If the distance is not positive or the probability not strictly between 0 and 1.

    Examples
    --------
    >>> rate = dispersal_rate(1000.0, 0.5)
    >>> round(math.exp(-rate * 2000.0), 4)
    0.25
    """
    if not (math.isfinite(distance) and distance > 0.0):
        raise InputError(f"The dispersal distance is {distance:g}; it must be above 0.")
    if not 0.0 < probability < 1.0:
        raise InputError(
            f"The probability at the dispersal distance is {probability:g}; it must lie between 0 and 1 "
            "(0.5 makes the distance the median one, 0.05 nearly the longest)."
        )
    return -math.log(probability) / distance


def distance_at(rate: float, probability: float) -> float:
    """Return the distance at which a kernel of this rate has come down to `probability`.

    Examples
    --------
    >>> round(distance_at(dispersal_rate(1000.0, 0.5), 0.25), 4)
    2000.0
    """
    return -math.log(probability) / rate


@dataclass(frozen=True, eq=False)
class PatchGraph:
    """Patches, the links between them, and how much a path connects.

    Make one with `probabilistic` or `dispersing` (for PC), `linked` or `within` (for IIC); they check what they get.

    Attributes
    ----------
    attributes : float64, shape (n,)
        What each patch holds: area, or area times quality.
    pairs : int, shape (m, 2)
        The two patches of each link, the smaller number first.
    costs : float64, shape (m,)
        Cost of each link; the cost of a path is the sum. -ln p, or 1 per link.
    binary : bool
        How a path of cost c connects: exp(-c), the product of the probabilities of its links, or 1 / (1 + c).
    """

    attributes: FloatArray
    pairs: IntArray
    costs: FloatArray
    binary: bool

    @classmethod
    def probabilistic(cls, attributes: Array, pairs: Array, probabilities: Array) -> PatchGraph:
        """Return the graph behind PC: each link with the probability of direct dispersal.

        Parameters
        ----------
        attributes : shape (n,)
            At least 0.
        pairs : int, shape (m, 2)
            Each pair once, in either order.
        probabilities : shape (m,)
            0 to 1. Links of probability 0 are left out; 1 (patches that touch) is a link that costs nothing.

        Raises
        ------
        InputError
            Bad attribute or probability, a pair given twice, or a pair of a patch with itself.
        """
        a, links = _checked(attributes, pairs)
        p = np.asarray(probabilities, dtype=np.float64)
        if p.shape != (len(links),):
            raise InputError(f"There are {p.size} probabilities for {len(links)} links. Give one per link.")
        wrong = np.flatnonzero(~((p >= 0.0) & (p <= 1.0)))
        if wrong.size:
            first = int(wrong[0])
            raise InputError(
                f"{wrong.size} link(s) have a probability outside 0 to 1; the first is {p[first]:g} "
                f"between patches {links[first, 0] + 1} and {links[first, 1] + 1}."
            )
        linked = p > 0.0
        return cls(a, links[linked], -np.log(p[linked]) + 0.0, False)

    @classmethod
    def dispersing(cls, attributes: Array, pairs: Array, distances: Array, rate: float) -> PatchGraph:
        """Return the graph behind PC from distances, with p = exp(-rate d).

        As `probabilistic`; distances are at least 0, and an infinite one is no link. Very long links keep their cost
        even where p itself would underflow.
        """
        a, links = _checked(attributes, pairs)
        d = _checked_distances(distances, links)
        linked = np.isfinite(d)
        return cls(a, links[linked], rate * d[linked], False)

    @classmethod
    def within(cls, attributes: Array, pairs: Array, distances: Array, threshold: float) -> PatchGraph:
        """Return the graph behind IIC: patches at most `threshold` apart are linked. See `dispersing`."""
        a, links = _checked(attributes, pairs)
        near = _checked_distances(distances, links) <= threshold
        return cls(a, links[near], np.ones(int(near.sum())), True)

    @classmethod
    def linked(cls, attributes: Array, pairs: Array) -> PatchGraph:
        """Return the graph behind IIC: patches are linked or not.

        Parameters and errors as in `probabilistic`.
        """
        a, links = _checked(attributes, pairs)
        return cls(a, links, np.ones(len(links)), True)

    @property
    def size(self) -> int:
        """Number of patches."""
        return self.attributes.size

    def connection(self, cost: FloatArray) -> FloatArray:
        """Return how much a path of this cost connects, 1 for cost 0 and 0 for an infinite cost."""
        connected: FloatArray = 1.0 / (1.0 + cost) if self.binary else np.exp(-cost)
        return connected

    def cost_of(self, connection: float) -> float:
        """Return the cost of a path that connects this much; infinite for 0."""
        if not 0.0 <= connection < 1.0:
            raise InputError(f"What is negligible must be at least 0 and below 1, not {connection:g}.")
        if connection == 0.0:
            return math.inf
        return 1.0 / connection - 1.0 if self.binary else -math.log(connection)

    @property
    def is_dense(self) -> bool:
        """Whether the links are so many that matrices of all pairs are the better tool, and fit."""
        return self.size <= MAX_DENSE and len(self.pairs) > self.size**2 / 20

    def with_links(self, kept: BoolArray) -> PatchGraph:
        """Return the graph with some of its links only."""
        if kept.all():
            return self
        return PatchGraph(self.attributes, self.pairs[kept], self.costs[kept], self.binary)

    @cached_property
    def matrix(self) -> Any:
        """Symmetric scipy CSR matrix of link costs; a stored 0 is a link."""
        # Both triangles at once: adding a transposed matrix would drop the links of cost 0.
        start, end = self.pairs[:, 0], self.pairs[:, 1]
        rows, columns = np.concatenate((start, end)), np.concatenate((end, start))
        return csr_matrix((np.tile(self.costs, 2), (rows, columns)), shape=(self.size, self.size))


def _checked(attributes: Array, pairs: Array) -> tuple[FloatArray, IntArray]:
    a = np.asarray(attributes, dtype=np.float64)
    if a.ndim != 1 or a.size == 0:
        raise InputError("There is no patch to analyse.")
    wrong = np.flatnonzero(~(np.isfinite(a) & (a >= 0.0)))
    if wrong.size:
        raise InputError(
            f"{wrong.size} patch(es) have a negative or missing attribute; the first is patch {wrong[0] + 1} "
            f"with {a[wrong[0]]:g}. Attributes must be 0 or more."
        )
    links = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    if links.size and (links.min() < 0 or links.max() >= a.size):
        raise InputError(f"A link names a patch outside 1 to {a.size}.")
    links = np.sort(links, axis=1)
    same = np.flatnonzero(links[:, 0] == links[:, 1])
    if same.size:
        raise InputError(f"Patch {links[same[0], 0] + 1} is linked with itself. Remove that pair.")
    key, count = np.unique(links[:, 0] * a.size + links[:, 1], return_counts=True)
    if (count > 1).any():
        twice = int(key[count > 1][0])
        raise InputError(
            f"The pair of patches {twice // a.size + 1} and {twice % a.size + 1} is given more than once. "
            "Give each pair once."
        )
    return a, links


def _checked_distances(distances: Array, links: IntArray) -> FloatArray:
    d = np.asarray(distances, dtype=np.float64)
    if d.shape != (len(links),):
        raise InputError(f"There are {d.size} distances for {len(links)} links. Give one per link.")
    wrong = np.flatnonzero(~(d >= 0.0))
    if wrong.size:
        first = int(wrong[0])
        raise InputError(
            f"{wrong.size} distance(s) are negative or missing; the first is {d[first]:g} "
            f"between patches {links[first, 0] + 1} and {links[first, 1] + 1}."
        )
    return d
