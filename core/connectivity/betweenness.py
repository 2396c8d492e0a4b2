"""Betweenness of patches: how much of the traffic between the others leads through them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray, IntArray
from .graph import PatchGraph
from .pruning import best_paths, pruned

TIE = 1e-12
"""Paths whose costs differ by less than this share count as equally good."""


def betweenness(
    graph: PatchGraph, *, weighted: bool = True, negligible: float = 0.0, monitor: Monitor = SILENT
) -> FloatArray:
    """Return the betweenness of every patch, float64, shape (n,).

    Sum over the pairs of other patches, each pair once, of the share of their best paths that lead through the patch.

    Parameters
    ----------
    graph : PatchGraph
    weighted : bool
        Weight each pair with a_i a_j and how well its best path connects it: BC(PC), or BC(IIC) for a binary graph.
        Without, every connected pair counts 1: for a binary graph Freeman's BC.
    negligible : float
        See `node_importance`.

    Notes
    -----
    Equally good paths share evenly. Of paths that differ only by patches that touch (links of cost 0), those with the
    fewest links count. 200 BC(PC) / numerator of PC is never below dPCconnector.

    References
    ----------
    .. [1] L. C. Freeman (1977), A set of measures of centrality based on betweenness, Sociometry 40,
       doi:10.2307/3033543.
    .. [2] U. Brandes (2001), A faster algorithm for betweenness centrality, J. Math. Sociol. 25,
       doi:10.1080/0022250X.2001.9990249.
    .. [3] O. Bodin and S. Saura (2010), Ranking individual habitat patches as connectivity providers, Ecol. Model. 221,
       doi:10.1016/j.ecolmodel.2010.06.017.

    Examples
    --------
    >>> graph = PatchGraph.linked(np.array([2.0, 1.0, 3.0]), [(0, 1), (1, 2)])
    >>> betweenness(graph, weighted=False).tolist()
    [0.0, 1.0, 0.0]
    >>> betweenness(graph).tolist()
    [0.0, 2.0, 0.0]
    """
    a = graph.attributes
    matrix = pruned(graph, monitor).matrix
    through = np.zeros(graph.size)
    for sources, costs, _ in best_paths(graph, monitor, limit=graph.cost_of(negligible)):
        onto = _best_steps(matrix, sources, costs)
        root = np.zeros(costs.size)
        root[np.arange(sources.size) * graph.size + sources] = 1.0
        paths = _sum_of_powers(onto, root)
        if weighted:
            wanted = (a[sources, None] * a * graph.connection(costs)).ravel()
        else:
            wanted = np.isfinite(costs).ravel().astype(np.float64)
        wanted[root > 0.0] = 0.0
        per_path = np.divide(wanted, paths, out=np.zeros_like(wanted), where=paths > 0.0)
        beyond = _sum_of_powers(onto.T.tocsr(), per_path) - per_path
        carried = paths * beyond
        carried[root > 0.0] = 0.0
        through += carried.reshape(costs.shape).sum(axis=0)
    return through / 2.0


def _best_steps(matrix: Any, sources: IntArray, costs: FloatArray) -> Any:
    """Return the steps of best paths as a matrix (to, from) over all patches of all sources; it has no cycle."""
    n = costs.shape[1]
    link_from = np.repeat(np.arange(n), np.diff(matrix.indptr))
    link_to = matrix.indices
    before, after = costs[:, link_from], costs[:, link_to]
    with np.errstate(invalid="ignore"):
        tight = before + matrix.data <= after * (1.0 + TIE)
    tight &= np.isfinite(before)
    ahead: BoolArray = before < after
    level = tight & (before == after)
    if level.any():
        steps = _fewest_steps(_as_matrix(tight, link_from, link_to, n), sources, n)
        ahead |= level & (steps[:, link_from] < steps[:, link_to])
    return _as_matrix(tight & ahead, link_from, link_to, n)


def _as_matrix(kept: BoolArray, link_from: IntArray, link_to: IntArray, n: int) -> Any:
    block, link = np.nonzero(kept)
    size = kept.shape[0] * n
    places = (block * n + link_to[link], block * n + link_from[link])
    return csr_matrix((np.ones(block.size), places), shape=(size, size))


def _fewest_steps(steps: Any, sources: IntArray, n: int) -> IntArray:
    """Return the number of steps from each source, int, shape (b, n)."""
    count = np.full(steps.shape[0], np.iinfo(np.int64).max)
    front = np.zeros(steps.shape[0])
    front[np.arange(sources.size) * n + sources] = 1.0
    done = 0
    while front.any():
        count[front > 0.0] = done
        done += 1
        front = ((steps @ front > 0.0) & (count > done)).astype(np.float64)
    return count.reshape(-1, n)


def _sum_of_powers(steps: Any, start: FloatArray) -> FloatArray:
    """Return start + steps start + steps^2 start + ..., which ends because the steps have no cycle."""
    total: FloatArray = start.copy()
    front = start
    while True:
        front = steps @ front
        if not front.any():
            return total
        total += front
