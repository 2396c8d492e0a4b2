"""How a network of sources falls apart when sources are lost.

References
----------
Albert, R., Jeong, H. & Barabasi, A.-L. (2000). Error and attack tolerance of complex networks. *Nature* 406, 378-382,
https://doi.org/10.1038/35019019
Schneider, C. M., Moreira, A. A., Andrade, J. S., Havlin, S. & Herrmann, H. J. (2011). Mitigation of malicious attacks
on networks. *PNAS* 108, 3838-3841, https://doi.org/10.1073/pnas.1009440108
Latora, V. & Marchiori, M. (2001). Efficient behavior of small-world networks. *Physical Review Letters* 87, 198701,
https://doi.org/10.1103/PhysRevLett.87.198701
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from ..defaults import MOST_RUNS
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..types import FloatArray, IntArray
from .centrality import betweenness, components, current_flow, degree

STRATEGIES = ("random", "degree", "betweenness", "current_flow")
"""Orders in which sources are lost."""

_MOST_STEPS = 20
"""Shares of lost sources that are looked at, beside none."""


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
        share = self.removed / self.removed[-1]
        height = self.largest.mean(axis=0)
        return float(((height[1:] + height[:-1]) / 2.0 * np.diff(share)).sum())


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
    removed = np.unique(np.rint(np.linspace(0, count, min(count, _MOST_STEPS) + 1)).astype(np.int64))
    rng = np.random.default_rng(seed)
    orders: dict[str, list[IntArray]] = {"random": [rng.permutation(count) for _ in range(runs)]}
    ranks: dict[str, Callable[[IntArray, FloatArray], FloatArray]] = {
        "degree": lambda links, far: degree(count, links).astype(np.float64),
        "betweenness": lambda links, far: betweenness(count, links, far),
        "current_flow": lambda links, far: current_flow(count, links, 1.0 / far).nodes,
    }
    for name, rank in ranks.items():
        monitor.check()
        orders[name] = [_order(count, pairs, length, rank, recalculate, monitor)]
    curves = {}
    for done, name in enumerate(STRATEGIES):
        part = monitor.part(0.0, 0.9) if name == "random" else monitor.part(0.9 + 0.1 * (done - 1) / 3, 1.0)
        found = []
        for run, order in enumerate(orders[name]):
            part.step(run, len(orders[name]))
            found.append([_left(count, pairs, length, order[lost:]) for lost in removed.tolist()])
        values = np.array(found)
        curves[name] = Curve(removed, values[..., 0] / count, values[..., 1] / values[0, 0, 1])
    return curves


def _order(
    count: int,
    pairs: IntArray,
    length: FloatArray,
    rank: Callable[[IntArray, FloatArray], FloatArray],
    recalculate: bool,
    monitor: Monitor,
) -> IntArray:
    """Return the sources, highest rank first."""
    if not recalculate:
        order: IntArray = np.argsort(-rank(pairs, length), kind="stable")
        return order
    lost: list[int] = []
    there = np.ones(count, dtype=bool)
    for _ in range(count):
        monitor.check()
        kept = there[pairs].all(axis=1)
        values = np.where(there, rank(pairs[kept], length[kept]), -np.inf)
        lost.append(int(np.argmax(values)))
        there[lost[-1]] = False
    return np.array(lost, dtype=np.int64)


def _left(count: int, pairs: IntArray, length: FloatArray, sources: IntArray) -> tuple[float, float]:
    """Return the size of the largest component and the sum of 1 / distance among the sources that are left."""
    if not sources.size:
        return 0.0, 0.0
    position = np.full(count, -1)
    position[sources] = np.arange(sources.size)
    ends = position[pairs]
    kept = (ends >= 0).all(axis=1)
    first, second = ends[kept].T
    largest = np.bincount(components(sources.size, ends[kept])).max()
    matrix = csr_matrix((length[kept], (first, second)), shape=(sources.size, sources.size))
    distance = dijkstra(matrix, directed=False)
    apart = np.isfinite(distance) & (distance > 0)
    return float(largest), float((1.0 / distance[apart]).sum())
