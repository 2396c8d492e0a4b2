"""Links that a network does not have but could: between its sources, and to stepping stones."""

from __future__ import annotations

import numpy as np

from ..leastcost.links import Links
from ..types import BoolArray, FloatArray, IntArray


def near_pairs(count: int, pairs: IntArray, distance: FloatArray, nearest: int | FloatArray) -> BoolArray:
    """Return of which pairs one is among the nearest of the other.

    Parameters
    ----------
    count : int
        Number of sources, n.
    pairs : ndarray, int, shape (m, 2)
        Positions of two sources, from 0; each pair once.
    distance : ndarray, float64, shape (m,)
        How far apart they are.
    nearest : int, or ndarray of int, shape (n,)
        How many count as near, for all sources or for each. Equally near ones are taken in the order of the pairs.

    Returns
    -------
    ndarray, bool, shape (m,)

    Notes
    -----
    O(m log m).

    Examples
    --------
    >>> pairs = np.array([[0, 1], [0, 2], [1, 2]])
    >>> near_pairs(3, pairs, np.array([1.0, 3.0, 2.0]), 1).tolist()
    [True, False, True]
    """
    ends = np.concatenate((pairs[:, 0], pairs[:, 1])).astype(np.int64)
    pair = np.tile(np.arange(len(pairs)), 2)
    order = np.lexsort((pair, np.tile(distance, 2), ends))
    first = np.searchsorted(ends[order], np.arange(count))
    place = np.arange(ends.size) - first[ends[order]]
    near = np.zeros(len(pairs), dtype=bool)
    near[pair[order][place < np.broadcast_to(nearest, count)[ends[order]]]] = True
    return near


def usable(links: Links, sources: int) -> BoolArray:
    """Return which links have a way that does not run through a source other than their two.

    Parameters
    ----------
    links : Links
        Links with their costs and what they run through, as `find_links` gives them.
    sources : int
        Labels above it are stepping stones, through which a link may run.

    Examples
    --------
    >>> from ecosecnet.core.corridors import find_links
    >>> from ecosecnet.core.leastcost import CostFields, CostGraph
    >>> labels = np.array([[1, 0, 2, 0, 3]], dtype=np.int32)
    >>> fields = CostFields(CostGraph(np.ones((1, 5)), cell_size=10.0), labels)
    >>> links = find_links(fields, np.array([[1, 2], [1, 3]]), np.array([10.0, 30.0]), drop_through_sources=False)
    >>> usable(links, 3).tolist(), usable(links, 1).tolist()
    ([True, False], [True, True])
    """
    clear = np.array([all(label > sources for label in met) for met in links.through], dtype=bool)
    usable: BoolArray = np.isfinite(links.cost) & (links.cost > 0) & clear
    return usable


def stone_links(links: Links, sources: int, nearest: int) -> BoolArray:
    """Return which links stepping stones have: to their nearest sources by cost, and among each other.

    Parameters
    ----------
    links : Links
        Links between stepping stones and sources or other stones, with costs and what they run through.
    sources : int
        Number of sources; labels above it are stepping stones.
    nearest : int
        To how many sources a stepping stone is linked, the cheapest first.

    Returns
    -------
    ndarray, bool, shape (links,)
        Two stepping stones are linked where that costs no more than the dearest link to a source that one of them has.

    Examples
    --------
    >>> from ecosecnet.core.corridors import find_links
    >>> from ecosecnet.core.leastcost import CostFields, CostGraph
    >>> labels = np.array([[1, 0, 3, 0, 4, 0, 0, 2]], dtype=np.int32)
    >>> fields = CostFields(CostGraph(np.ones((1, 8)), cell_size=10.0), labels)
    >>> pairs = np.array([[1, 3], [2, 3], [1, 4], [2, 4], [3, 4]])
    >>> links = find_links(fields, pairs, np.zeros(5), drop_through_sources=False)
    >>> stone_links(links, 2, 1).tolist()
    [True, False, False, True, True]
    """
    able = usable(links, sources)
    to_source = links.pairs[:, 0] <= sources
    count = int(links.pairs.max(initial=0))
    own = np.flatnonzero(able & to_source)
    wanted = np.where(np.arange(1, count + 1) > sources, nearest, 0)
    kept = np.zeros(len(links.pairs), dtype=bool)
    kept[own[near_pairs(count, links.pairs[own] - 1, links.cost[own], wanted)]] = True
    dearest = np.zeros(count + 1)
    np.maximum.at(dearest, links.pairs[kept, 1], links.cost[kept])
    among = np.flatnonzero(able & ~to_source)
    kept[among] = links.cost[among] <= dearest[links.pairs[among]].max(axis=1)
    return kept
