"""Which links, or which stepping stones, to add to a network.

Each addition is the one that raises the objective most, and is looked for again after every addition. No guarantee holds
that the additions taken together are the best ones: two links may bring only together what neither brings alone. Where
sets are few they are all tried, which tells how far the additions are from the best.

References
----------
Saura, S. & Pascual-Hortal, L. (2007). A new habitat availability index to integrate connectivity in landscape conservation
planning. *Landscape and Urban Planning* 83, 91-103, https://doi.org/10.1016/j.landurbplan.2007.03.005
Latora, V. & Marchiori, M. (2001). Efficient behavior of small-world networks. *Physical Review Letters* 87, 198701,
https://doi.org/10.1103/PhysRevLett.87.198701
Schneider, C. M., Moreira, A. A., Andrade, J. S., Havlin, S. & Herrmann, H. J. (2011). Mitigation of malicious attacks
on networks. *PNAS* 108, 3838-3841, https://doi.org/10.1073/pnas.1009440108
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..choices import NetworkObjective
from ..connectivity.graph import PatchGraph
from ..connectivity.indices import probability_indices
from ..monitor import SILENT, Monitor
from ..types import FloatArray, IntArray
from .candidates import Candidates, Network, checked, grown
from .centrality import Structure, structure
from .objectives import Rules, State, start
from .robustness import Fall, efficiency, fall

MOST_SETS = 10_000
"""Sets of additions up to which all are tried."""

NOTHING = 1e-12
"""Relative gain up to which an addition brings nothing, and relative difference up to which two bring the same."""


@dataclass(frozen=True)
class Figures:
    """A network in numbers.

    Attributes
    ----------
    structure : Structure
        Numbers of sources (stepping stones among them), links and components; alpha, beta and gamma.
    efficiency : float
        Global efficiency between the sources, per unit of the lengths.
    equivalent : float
        EC(PC), in the unit of the attributes.
    sources, links : Fall
        The largest component while sources (stepping stones among them), or links, are lost.
    """

    structure: Structure
    efficiency: float
    equivalent: float
    sources: Fall
    links: Fall

    @property
    def robustness(self) -> float:
        """Mean of the areas under the two curves of the largest component."""
        return (self.sources.robustness + self.links.robustness) / 2.0


@dataclass(frozen=True)
class Optimised:
    """Additions to a network, in the order in which they are made.

    Attributes
    ----------
    order : ndarray, int64, shape (k,)
        The candidates that are added.
    values : ndarray, float64, shape (k + 1,)
        The objective without any, and after each.
    link_turn : ndarray, int64, shape (candidate links,)
        With which addition each candidate link comes, from 1; 0 for those that do not.
    network : Network
        The network with them. Its links are those that were there and then those that came, in the order of the candidates;
        stepping stones stand behind the sources in the order of `order`.
    before, after : Figures
        The network without and with them.
    best : float, or None
        The largest objective of any set of at most as many candidates as were asked for; None where sets are too many.
    best_set : tuple of int
        The candidates of that set; empty where sets are too many.
    sets : int
        How many sets of at most so many candidates there are.
    """

    order: IntArray
    values: FloatArray
    link_turn: IntArray
    network: Network
    before: Figures
    after: Figures
    best: float | None
    best_set: tuple[int, ...]
    sets: int

    @property
    def gap(self) -> float | None:
        """By how much the best set has a larger objective, never below 0; None where it is not known."""
        return None if self.best is None else max(self.best - float(self.values[-1]), 0.0)


def optimise(
    network: Network,
    candidates: Candidates,
    *,
    add: int,
    objective: NetworkObjective | str,
    rules: Rules,
    most_sets: int = MOST_SETS,
    monitor: Monitor = SILENT,
) -> Optimised:
    """Add links, or stepping stones, one at a time, each the one that raises the objective most.

    Parameters
    ----------
    network : Network
        What is there; all its nodes are sources.
    candidates : Candidates
        What can be added.
    add : int
        How many to add; fewer are where no other raises the objective.
    objective : {"equivalent connectivity", "global efficiency", "robustness"}
        "equivalent connectivity": EC(PC), to which stepping stones bring what they hold.
        "global efficiency": the mean of 1 / shortest path over pairs of sources; stepping stones are ways, not ends.
        "robustness": the mean of the areas under the two curves of the largest component, while sources and while links are
        lost; see `fall`. It is the only one that an addition can lower.
    rules : Rules
        How the network is judged.
    most_sets : int
        Sets of at most `add` candidates up to which all are tried; 0 tries none.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    Optimised

    Raises
    ------
    InputError
        If there is no candidate, fewer than two sources, or a value is out of range.

    Notes
    -----
    The gain of a link of length w between i and j is exact: only paths from nodes that reach j sooner over i to nodes that
    reach i sooner over j can become shorter, to D_ui + w + D_jv. A candidate takes O(n) to O(n^2), for the robustness the
    loss of all sources and links. Of equal gains the first candidate is taken. Memory is 8 n^2 bytes, several times.

    Examples
    --------
    >>> ring = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [0, 5]])

    Of two chords of the same length, that which shortens the way of more pairs.

    >>> network = Network(np.ones(6), ring, np.ones(6))
    >>> chords = Candidates(np.array([[0, 2], [0, 3]]), np.ones(2), np.empty(0))
    >>> found = optimise(network, chords, add=1, objective="global efficiency", rules=Rules(0.1))
    >>> found.order.tolist(), found.values.round(6).tolist(), found.gap
    ([0], [0.666667, 0.722222], 0.0)
    """
    objective = NetworkObjective.of(objective)
    network, candidates = checked(network, candidates, add)
    most = min(add, candidates.count)
    sets = sum(math.comb(candidates.count, size) for size in range(1, most + 1))
    tried = sets <= most_sets
    first = state = start(network, candidates, objective, rules)
    order: list[int] = []
    values = [state.value]
    greedy = monitor.part(0.0, 0.5 if tried else 0.95)
    for turn in range(most):
        left = np.setdiff1d(np.arange(candidates.count), order).tolist()
        reached = state.reached(left, greedy.part(turn / most, (turn + 1) / most))
        best = _first_of_best(reached)
        if not reached[best] > state.value + NOTHING * abs(state.value):
            break
        order.append(left[best])
        state = state.joined(left[best])
        values.append(state.value)
    best_value: float | None = None
    best_set: tuple[int, ...] = ()
    if tried:
        best_value, best_set = _enumerated(first, candidates.count, most, sets, monitor.part(0.5, 0.95))
    network_after, link_turn = grown(network, candidates, order)
    return Optimised(
        np.array(order, dtype=np.int64),
        np.array(values),
        link_turn,
        network_after,
        figures(network, rules, monitor=monitor.part(0.95, 0.97)),
        figures(network_after, rules, monitor=monitor.part(0.97, 1.0)),
        best_value,
        best_set,
        sets,
    )


def figures(network: Network, rules: Rules, *, monitor: Monitor = SILENT) -> Figures:
    """Return a network in numbers, each as the function that is its definition has it.

    Examples
    --------
    >>> found = figures(Network(np.ones(3), np.array([[0, 1], [1, 2]]), np.ones(2)), Rules(np.log(2.0)))
    >>> found.structure.components, round(found.efficiency, 4), round(found.equivalent**2, 4)
    (1, 0.8333, 5.5)
    """
    count, pairs, length = len(network.attributes), network.pairs, network.length
    graph = PatchGraph.dispersing(network.attributes, pairs, length, rules.rate)
    lost = [
        fall(
            count,
            pairs,
            length,
            attack=rules.attack,
            links=links,
            recalculate=rules.recalculate,
            monitor=monitor.part(0.5 * links, 0.5 + 0.5 * links),
        )
        for links in (False, True)
    ]
    return Figures(
        structure(count, pairs),
        efficiency(count, pairs, length, ends=count - network.stones),
        probability_indices(graph, monitor=monitor.part(1.0, 1.0)).equivalent,
        *lost,
    )


def _first_of_best(values: FloatArray) -> int:
    """Return the first place whose value is the largest, but for rounding."""
    largest = float(values.max())
    return int(np.argmax(values >= largest - NOTHING * abs(largest)))


def _enumerated(first: State, options: int, most: int, sets: int, monitor: Monitor) -> tuple[float, tuple[int, ...]]:
    """Return the largest objective of any set of at most so many candidates, and the first set that has it."""
    best, done = first.value, 0
    best_set: tuple[int, ...] = ()
    waiting: list[tuple[State, tuple[int, ...]]] = [(first, ())]
    while waiting:
        state, chosen = waiting.pop()
        if chosen:
            state = state.joined(chosen[-1])
        left = list(range(chosen[-1] + 1 if chosen else 0, options))
        if not left:
            continue
        reached = state.reached(left, monitor.part(done / sets, (done + len(left)) / sets))
        done += len(left)
        place = _first_of_best(reached)
        if reached[place] > best + NOTHING * abs(best):
            best, best_set = float(reached[place]), (*chosen, left[place])
        if len(chosen) + 1 < most:
            waiting += [(state, (*chosen, option)) for option in reversed(left)]
    return best, best_set
