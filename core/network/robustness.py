"""How a network of sources falls apart when sources or links are lost.

References
----------
Albert, R., Jeong, H. & Barabasi, A.-L. (2000). Error and attack tolerance of complex networks. *Nature* 406, 378-382,
https://doi.org/10.1038/35019019
Schneider, C. M., Moreira, A. A., Andrade, J. S., Havlin, S. & Herrmann, H. J. (2011). Mitigation of malicious attacks
on networks. *PNAS* 108, 3838-3841, https://doi.org/10.1073/pnas.1009440108
Latora, V. & Marchiori, M. (2001). Efficient behavior of small-world networks. *Physical Review Letters* 87, 198701,
https://doi.org/10.1103/PhysRevLett.87.198701
Holme, P., Kim, B. J., Yoon, C. N. & Han, S. K. (2002). Attack vulnerability of complex networks. *Physical Review E* 65,
056109, https://doi.org/10.1103/PhysRevE.65.056109
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from ..choices import Attack
from ..defaults import MOST_RUNS
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..types import FloatArray, IntArray
from .centrality import betweenness, checked_pairs, current_flow, degree, link_betweenness

STRATEGIES = ("random", *(attack.value for attack in Attack))
"""Orders in which sources are lost."""

_MOST_STEPS = 20
"""Shares of lost sources or links that are looked at, beside none."""


@dataclass(frozen=True)
class Curve:
    """What is left of a network when more and more sources are lost.

    Attributes
    ----------
    removed : ndarray, int64, shape (k,)
        Numbers of sources lost, from 0 to all.
    largest : ndarray, float64, shape (runs, k)
        Sources in the largest component, as a share of all sources at the start; one row a run.
    efficiency : ndarray, float64, shape (runs, k)
        Global efficiency, the mean of 1 / shortest path over all pairs of sources at the start, as a share of that of
        the intact network.
    """

    removed: IntArray
    largest: FloatArray
    efficiency: FloatArray

    @property
    def robustness(self) -> float:
        """Area under the curve of the largest component over the share of sources lost, the mean over the runs."""
        return _area(self.removed, self.largest.mean(axis=0))


@dataclass(frozen=True)
class Fall:
    """The largest component of a network whose most important sources, or links, are lost first.

    Attributes
    ----------
    removed : ndarray, int64, shape (k,)
        Numbers of sources, or links, lost, from 0 to all.
    largest : ndarray, float64, shape (k,)
        Sources in the largest component, as a share of all sources at the start.
    """

    removed: IntArray
    largest: FloatArray

    @property
    def robustness(self) -> float:
        """Area under the curve over the share of sources, or links, lost."""
        return _area(self.removed, self.largest)


def removal_curves(
    count: int,
    pairs: IntArray,
    length: FloatArray,
    *,
    runs: int = 100,
    seed: int = 0,
    recalculate: bool = False,
    monitor: Monitor = SILENT,
) -> dict[str, Curve]:
    """Lose sources at random and by their rank, and look at what is left.

    Parameters
    ----------
    count : int
        Number of sources, n.
    pairs : ndarray, int, shape (m, 2)
        Positions of the two sources of each link, from 0; each pair once.
    length : ndarray, float64, shape (m,)
        Length of each link, for instance its least-cost distance, positive.
    runs : int
        Number of random orders.
    seed : int
        Seed of the random orders.
    recalculate : bool
        Whether ranks are taken anew after each loss, or once for the intact network.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    dict of str to Curve
        One for each of `STRATEGIES`. Of sources of equal rank the first goes first.

    Raises
    ------
    InputError
        With fewer than two sources, without links, or with no run or too many.

    Examples
    --------
    >>> curves = removal_curves(4, np.array([[0, 1], [0, 2], [0, 3]]), np.ones(3), runs=10)
    >>> curves["degree"].largest.round(4).tolist()
    [[1.0, 0.25, 0.25, 0.25, 0.0]]
    """
    if count < 2 or not len(pairs):
        raise InputError(f"A network of {count} sources and {len(pairs)} links has nothing to lose.")
    if not 1 <= runs <= MOST_RUNS:
        raise InputError(
            f"There must be 1 to {MOST_RUNS:,} random runs, not {runs:,}: their mean hardly moves after 100."
        )
    removed = _steps(count)
    rng = np.random.default_rng(seed)
    orders: dict[str, list[IntArray]] = {"random": [rng.permutation(count) for _ in range(runs)]}
    for attack in Attack:
        monitor.check()
        orders[attack.value] = [_order(count, pairs, length, attack, False, recalculate, monitor)]
    curves = {}
    for done, name in enumerate(STRATEGIES):
        part = monitor.part(0.0, 0.9) if name == "random" else monitor.part(0.9 + 0.1 * (done - 1) / 3, 1.0)
        largest, reached = [], []
        for run, order in enumerate(orders[name]):
            part.step(run, len(orders[name]))
            largest.append(_largest(count, pairs, order, removed, links=False))
            reached.append([_reached(count, pairs, length, order[lost:]) for lost in removed.tolist()])
        efficiency = np.array(reached)
        curves[name] = Curve(removed, np.array(largest) / count, efficiency / efficiency[0, 0])
    return curves


def fall(
    count: int,
    pairs: IntArray,
    length: FloatArray,
    *,
    attack: Attack | str = Attack.DEGREE,
    links: bool = False,
    recalculate: bool = False,
    monitor: Monitor = SILENT,
) -> Fall:
    """Lose sources, or links, by their rank, and look at the largest component.

    Parameters
    ----------
    count, pairs, length, recalculate, monitor
        As in `removal_curves`, which has the same curve for sources.
    attack : {"degree", "betweenness", "current_flow"}
        What the rank is; that of a link by degree is the product of the degrees of its ends (Holme et al. 2002). Of equal
        rank the first goes first.
    links : bool
        Whether links are lost, or sources.

    Returns
    -------
    Fall

    Raises
    ------
    InputError
        With no source.

    Notes
    -----
    What is lost is put back, the last first, and components are joined on the way: O(n + m) after the ranks.

    Examples
    --------
    >>> star = np.array([[0, 1], [0, 2], [0, 3]])
    >>> fall(4, star, np.ones(3)).largest.tolist(), fall(4, star, np.ones(3)).robustness
    ([1.0, 0.25, 0.25, 0.25, 0.0], 0.3125)
    >>> fall(4, star, np.ones(3), links=True).largest.tolist()
    [1.0, 0.75, 0.5, 0.25]
    """
    if count < 1:
        raise InputError("A network without sources has nothing to lose.")
    pairs = checked_pairs(count, pairs)
    removed = _steps(len(pairs) if links else count)
    order = _order(count, pairs, length, Attack.of(attack), links, recalculate, monitor)
    return Fall(removed, _largest(count, pairs, order, removed, links=links) / count)


def efficiency(count: int, pairs: IntArray, length: FloatArray, *, ends: int | None = None) -> float:
    """Return the global efficiency: the mean of 1 / shortest path over all pairs of sources, 0 for pairs apart.

    Parameters
    ----------
    count : int
        Number of sources, n.
    pairs : ndarray, int, shape (m, 2)
        Positions of the two sources of each link, from 0; each pair once.
    length : ndarray, float64, shape (m,)
        Length of each link, positive.
    ends : int, optional
        Only paths between the first so many count; the others, such as stepping stones, are ways and not ends.

    Notes
    -----
    Not divided by the efficiency of a complete network (Latora & Marchiori 2001), so its unit is 1 / that of the lengths.

    Examples
    --------
    >>> efficiency(3, np.array([[0, 1]]), np.array([0.5]))
    0.6666666666666666
    """
    ends = count if ends is None else ends
    if ends < 2:
        return 0.0
    return _reached(count, checked_pairs(count, pairs), length, np.arange(count), ends) / (ends * (ends - 1))


def _steps(most: int) -> IntArray:
    """Return how many are lost at each step, from 0 to all."""
    steps: IntArray = np.unique(np.rint(np.linspace(0, most, min(most, _MOST_STEPS) + 1)).astype(np.int64))
    return steps


def _area(removed: IntArray, height: FloatArray) -> float:
    """Return the area under a curve over the share that is lost; 0 where there is nothing to lose."""
    share = removed / max(int(removed[-1]), 1)
    return float(((height[1:] + height[:-1]) / 2.0 * np.diff(share)).sum())


def _rank(attack: Attack, links: bool, count: int, pairs: IntArray, length: FloatArray) -> FloatArray:
    """Return the rank of each source, or of each link."""
    if attack is Attack.DEGREE:
        of_sources = degree(count, pairs).astype(np.float64)
        return of_sources[pairs].prod(axis=1) if links else of_sources
    if attack is Attack.BETWEENNESS:
        return link_betweenness(count, pairs, length) if links else betweenness(count, pairs, length)
    flow = current_flow(count, pairs, 1.0 / length)
    return flow.links if links else flow.nodes


def _order(
    count: int,
    pairs: IntArray,
    length: FloatArray,
    attack: Attack,
    links: bool,
    recalculate: bool,
    monitor: Monitor,
) -> IntArray:
    """Return the sources, or the links, highest rank first."""
    if not recalculate:
        order: IntArray = np.argsort(-_rank(attack, links, count, pairs, length), kind="stable")
        return order
    lost: list[int] = []
    there = np.ones(len(pairs) if links else count, dtype=bool)
    for _ in range(there.size):
        monitor.check()
        kept = there if links else there[pairs].all(axis=1)
        rank = _rank(attack, links, count, pairs[kept], length[kept])
        values = np.full(there.size, -np.inf)
        values[there] = rank if links else rank[there]
        lost.append(int(np.argmax(values)))
        there[lost[-1]] = False
    return np.array(lost, dtype=np.int64)


def _largest(count: int, pairs: IntArray, order: IntArray, removed: IntArray, *, links: bool) -> FloatArray:
    """Return the sources in the largest component after each number of losses."""
    turn = np.empty(order.size, dtype=np.int64)
    turn[order] = np.arange(order.size)
    # A link is there until it, or the first of its two sources, is lost.
    until = turn if links else turn[pairs].min(axis=1)
    back = np.argsort(-until, kind="stable")
    parent, size, place, most = list(range(count)), [1] * count, 0, 1

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    ends, until_back = pairs[back].tolist(), until[back].tolist()
    largest = np.zeros(removed.size)
    for step in range(removed.size - 1, -1, -1):
        lost = int(removed[step])
        while place < len(ends) and until_back[place] >= lost:
            a, b = map(root, ends[place])
            if a != b:
                parent[a], size[b] = b, size[a] + size[b]
                most = max(most, size[b])
            place += 1
        largest[step] = most if links or lost < count else 0.0
    return largest


def _reached(count: int, pairs: IntArray, length: FloatArray, sources: IntArray, ends: int | None = None) -> float:
    """Return the sum of 1 / distance among the sources that are left, or the first so many of them."""
    if not sources.size:
        return 0.0
    position = np.full(count, -1)
    position[sources] = np.arange(sources.size)
    there = position[pairs]
    kept = (there >= 0).all(axis=1)
    first, second = there[kept].T
    matrix = csr_matrix((length[kept], (first, second)), shape=(sources.size, sources.size))
    distance = dijkstra(matrix, directed=False)[:ends, :ends]
    apart = np.isfinite(distance) & (distance > 0)
    return float((1.0 / distance[apart]).sum())
