"""What additions to a network are to raise: each objective, with and without one more candidate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from ..choices import Attack, NetworkObjective
from ..connectivity.additions import gained_through
from ..monitor import Monitor
from ..types import BoolArray, FloatArray, IntArray
from .candidates import Candidates, Network, grown
from .robustness import fall


@dataclass(frozen=True)
class Rules:
    """How networks are judged.

    Attributes
    ----------
    rate : float
        Of the dispersal kernel, per unit of the lengths; see `core.connectivity.dispersal_rate`.
    attack : Attack
        Which sources and links are lost first, for the robustness.
    recalculate : bool
        Whether they are ranked anew after each loss.
    """

    rate: float
    attack: Attack = Attack.DEGREE
    recalculate: bool = False


class State(Protocol):
    """A network with some candidates, as an objective sees it."""

    @property
    def value(self) -> float:
        """The objective."""

    def reached(self, options: Sequence[int], monitor: Monitor) -> FloatArray:
        """Return the objective with each of some other candidates; float64, shape (options,)."""

    def joined(self, option: int) -> State:
        """Return the network with one more candidate."""


def start(network: Network, candidates: Candidates, objective: NetworkObjective, rules: Rules) -> State:
    """Return the network without any candidate, as an objective sees it."""
    if objective is NetworkObjective.ROBUSTNESS:
        return Attacked(network, candidates, rules, ())
    return Reach.of(network, candidates, None if objective is NetworkObjective.EFFICIENCY else rules.rate)


@dataclass(frozen=True, eq=False)
class Attacked:
    """A network that loses sources and links."""

    network: Network
    candidates: Candidates
    rules: Rules
    order: tuple[int, ...]

    @property
    def value(self) -> float:
        """The objective: the mean of the areas under both curves."""
        network, _ = grown(self.network, self.candidates, self.order)
        count, rules = len(network.attributes), self.rules
        areas = (
            fall(
                count,
                network.pairs,
                network.length,
                attack=rules.attack,
                links=links,
                recalculate=rules.recalculate,
            ).robustness
            for links in (False, True)
        )
        return sum(areas) / 2.0

    def reached(self, options: Sequence[int], monitor: Monitor) -> FloatArray:
        """Return the objective with each of some other candidates."""
        found = np.empty(len(options))
        for k, option in enumerate(options):
            monitor.step(k, len(options))
            found[k] = self.joined(option).value
        return found

    def joined(self, option: int) -> Attacked:
        """Return the network with one more candidate."""
        return Attacked(self.network, self.candidates, self.rules, (*self.order, option))


@dataclass(frozen=True, eq=False)
class Reach:
    """The shortest paths of a network, and what they connect.

    Attributes
    ----------
    candidates : Candidates
        What can be added.
    far : ndarray, float64, shape (n + s, n + s)
        Lengths of the shortest paths; infinite to and from stepping stones that are not there.
    there : ndarray, bool, shape (n + s,)
        Which sources and stepping stones are.
    weight : ndarray, float64, shape (n + s,)
        What each counts for at the end of a path.
    rate : float, or None
        Of the dispersal kernel, for EC(PC); None for the global efficiency.
    """

    candidates: Candidates
    far: FloatArray
    there: BoolArray
    weight: FloatArray
    rate: float | None

    @classmethod
    def of(cls, network: Network, candidates: Candidates, rate: float | None) -> Reach:
        """Return the shortest paths of a network without any candidate."""
        count, stones = len(network.attributes), len(candidates.stones)
        size = count + stones
        links = csr_matrix((network.length, (network.pairs[:, 0], network.pairs[:, 1])), shape=(size, size))
        far = dijkstra(links, directed=False)
        far[range(count, size), range(count, size)] = np.inf
        there = np.arange(size) < count
        held = np.concatenate((network.attributes, candidates.stones))
        return cls(candidates, far, there, there.astype(np.float64) if rate is None else held, rate)

    @property
    def value(self) -> float:
        """The objective: EC(PC), or the global efficiency."""
        return self._value(self._total)

    @property
    def _total(self) -> float:
        return float(self.weight @ self._connection(self.far) @ self.weight)

    def _value(self, total: float) -> float:
        if self.rate is not None:
            return math.sqrt(total)
        ends = float(self.weight.sum())
        return total / (ends * (ends - 1.0))

    def _connection(self, far: FloatArray) -> FloatArray:
        if self.rate is None:
            connected: FloatArray = np.divide(1.0, far, out=np.zeros_like(far), where=far > 0)
        else:
            connected = np.exp(-self.rate * far)
        return connected

    def reached(self, options: Sequence[int], monitor: Monitor) -> FloatArray:
        """Return the objective with each of some other candidates."""
        total = self._total
        gain = self._stone_gain if len(self.candidates.stones) else self._link_gain
        found = np.empty(len(options))
        for k, option in enumerate(options):
            monitor.step(k, len(options))
            found[k] = self._value(total + gain(option, monitor))
        return found

    def joined(self, option: int) -> Reach:
        """Return the network with one more candidate."""
        far, there = self.far.copy(), self.there
        if len(self.candidates.stones):
            stone = there.size - len(self.candidates.stones) + option
            reach = self._from_stone(stone)
            np.minimum(far, reach[:, None] + reach, out=far)
            far[stone] = far[:, stone] = reach
            there = there.copy()
            there[stone] = True
        else:
            rows, cols, new = self._shorter(option)
            block = np.ix_(rows, cols)
            far[block] = np.minimum(far[block], new)
            far[np.ix_(cols, rows)] = far[block].T
        return Reach(self.candidates, far, there, self.weight, self.rate)

    def _shorter(self, link: int) -> tuple[IntArray, IntArray, FloatArray]:
        """Return between which nodes a link could shorten paths, and the lengths over it."""
        i, j = self.candidates.pairs[link].tolist()
        step = self.candidates.length[link]
        from_i, from_j = self.far[i], self.far[j]
        rows, cols = np.flatnonzero(from_i + step < from_j), np.flatnonzero(from_j + step < from_i)
        return rows, cols, from_i[rows, None] + (step + from_j[cols])

    def _link_gain(self, link: int, monitor: Monitor) -> float:
        rows, cols, new = self._shorter(link)
        old = self.far[np.ix_(rows, cols)]
        better = self._connection(np.minimum(new, old)) - self._connection(old)
        return 2.0 * float(self.weight[rows] @ better @ self.weight[cols])

    def _stone_gain(self, option: int, monitor: Monitor) -> float:
        stone = self.there.size - len(self.candidates.stones) + option
        return gained_through(self._connection, self.weight, self.far, self._from_stone(stone), monitor)

    def _from_stone(self, stone: int) -> FloatArray:
        """Return the lengths of the shortest paths from a stepping stone that is joined."""
        pairs, length = self.candidates.pairs, self.candidates.length
        own = (pairs == stone).any(axis=1)
        near = pairs[own].sum(axis=1) - stone
        step = length[own][self.there[near]]
        near = near[self.there[near]]
        reach = np.full(self.there.size, np.inf)
        if near.size:
            reach = (self.far[near] + step[:, None]).min(axis=0)
        reach[stone] = 0.0
        return reach
