"""A network and what can be added to it: links, or stepping stones with their links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..types import FloatArray, IntArray
from .centrality import checked_pairs


@dataclass(frozen=True, eq=False)
class Network:
    """Sources, stepping stones, and the links between them.

    Attributes
    ----------
    attributes : ndarray, float64, shape (n,)
        What each holds, such as its area; 0 or more.
    pairs : ndarray, int64, shape (m, 2)
        Positions of the two ends of each link, from 0; each pair once.
    length : ndarray, float64, shape (m,)
        Length of each link, such as its least-cost distance, positive.
    stones : int
        How many of the last positions are stepping stones.
    """

    attributes: FloatArray
    pairs: IntArray
    length: FloatArray
    stones: int = 0


@dataclass(frozen=True, eq=False)
class Candidates:
    """What can be added to a network of sources: links, or stepping stones with their links.

    Attributes
    ----------
    pairs : ndarray, int64, shape (c, 2)
        Positions of the two ends of each link, from 0; stepping stones have the numbers behind those of the sources. A link
        of a stepping stone comes as soon as both its ends are there.
    length : ndarray, float64, shape (c,)
        Their lengths, positive.
    stones : ndarray, float64, shape (s,)
        What each stepping stone holds. Without any, each link is a candidate of its own.
    """

    pairs: IntArray
    length: FloatArray
    stones: FloatArray

    @property
    def count(self) -> int:
        """Number of links, or of stepping stones, that can be added."""
        return len(self.stones) or len(self.pairs)


def checked(network: Network, candidates: Candidates, add: int) -> tuple[Network, Candidates]:
    """Return what is there and what can be added as arrays of numbers; raise `InputError` if they cannot be used."""
    count = len(network.attributes)
    if count < 2:
        raise InputError(f"A network of {count} source(s) has nothing to link.")
    if add < 1:
        raise InputError(f"There is nothing to do for {add} additions; add 1 or more.")
    if network.stones:
        raise InputError("Stepping stones that are there already count as sources.")
    pairs = checked_pairs(count, network.pairs)
    new = checked_pairs(count + len(candidates.stones), candidates.pairs)
    if not len(new):
        raise InputError("There is no link that could be added.")
    if len(candidates.stones) and (new.max(axis=1) < count).any():
        raise InputError("Each candidate link must end at a stepping stone where there are any.")
    for ends, length in ((pairs, network.length), (new, candidates.length)):
        if len(length) != len(ends) or not (np.isfinite(length).all() and (length > 0).all()):
            raise InputError("Every link needs a length that is positive and finite.")
    ends = np.sort(np.concatenate((pairs, new)), axis=1)
    known, times = np.unique(ends, axis=0, return_counts=True)
    if (times > 1).any():
        a, b = (known[times > 1][0] + 1).tolist()
        raise InputError(f"The link between {a} and {b} is given more than once.")
    held = np.concatenate((network.attributes, candidates.stones)).astype(np.float64)
    if not (np.isfinite(held).all() and (held >= 0).all()):
        raise InputError("What sources and stepping stones hold must be numbers of 0 or more.")
    return (
        Network(held[:count], pairs, np.asarray(network.length, dtype=np.float64)),
        Candidates(new, np.asarray(candidates.length, dtype=np.float64), held[count:]),
    )


def grown(network: Network, candidates: Candidates, order: Sequence[int]) -> tuple[Network, IntArray]:
    """Return the network with some candidates, and with which of them each candidate link comes; 0 for none."""
    count = len(network.attributes)
    turn = np.zeros(candidates.count, dtype=np.int64)
    turn[list(order)] = np.arange(1, len(order) + 1)
    if not len(candidates.stones):
        comes, place = turn, np.arange(count)
    else:
        # A stepping stone that is not added has no turn; sources were there before the first.
        since = np.concatenate((np.zeros(count, dtype=np.int64), np.where(turn > 0, turn, candidates.count + 1)))
        comes = since[candidates.pairs].max(axis=1)
        comes[comes > candidates.count] = 0
        place = np.concatenate((np.arange(count), count - 1 + turn))
    stones = candidates.stones[list(order)] if len(candidates.stones) else candidates.stones
    result = Network(
        np.concatenate((network.attributes, stones)),
        np.concatenate((network.pairs, place[candidates.pairs[comes > 0]])),
        np.concatenate((network.length, candidates.length[comes > 0])),
        len(stones),
    )
    return result, comes
