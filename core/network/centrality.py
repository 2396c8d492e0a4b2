"""The network of sources and links: current-flow centrality, betweenness, structure.

References
----------
McRae, B. H., Dickson, B. G., Keitt, T. H. & Shah, V. B. (2008). Using circuit theory to model connectivity in ecology,
evolution, and conservation. *Ecology* 89, 2712-2724, https://doi.org/10.1890/07-1861.1
Newman, M. E. J. (2005). A measure of betweenness centrality based on random walks. *Social Networks* 27, 39-54,
https://doi.org/10.1016/j.socnet.2004.11.009
Brandes, U. (2001). A faster algorithm for betweenness centrality. *Journal of Mathematical Sociology* 25, 163-177,
https://doi.org/10.1080/0022250X.2001.9990249
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..stats.products import weighted_sums
from ..types import FloatArray, IntArray

_TIE = 1e-12
"""Relative difference up to which two path lengths count as equal."""


@dataclass(frozen=True)
class CurrentFlow:
    """Current-flow centrality, in amperes summed over pairs of sources.

    Attributes
    ----------
    nodes : ndarray, float64, shape (n,)
        Current through each source; 0 for a source without links.
    links : ndarray, float64, shape (m,)
        Current through each link.
    """

    nodes: FloatArray
    links: FloatArray


@dataclass(frozen=True)
class Structure:
    """Figures of the whole network.

    Attributes
    ----------
    nodes, links, components : int
        Their numbers; a source without links is a component of its own.
    alpha : float
        Circuits present as a share of those possible in a planar network, (L - V + p) / (2 V - 5); NaN below 3 sources.
    beta : float
        Links for each source, L / V.
    gamma : float
        Links as a share of those possible in a planar network, L / (3 (V - 2)); NaN below 3 sources.
    """

    nodes: int
    links: int
    components: int
    alpha: float
    beta: float
    gamma: float


def current_flow(count: int, pairs: IntArray, conductance: FloatArray) -> CurrentFlow:
    """Return the current-flow centrality of sources and links.

    For every pair of sources in one component, one ampere enters at one and leaves at the other. A link collects the
    size of its current, a source the larger of inflow and outflow; the two ends of a pair collect one each.

    Parameters
    ----------
    count : int
        Number of sources, n.
    pairs : ndarray, int, shape (m, 2)
        Positions of the two sources of each link, from 0.
    conductance : ndarray, float64, shape (m,)
        Conductance of each link, for instance 1 / cost-weighted distance.

    Returns
    -------
    CurrentFlow

    Raises
    ------
    InputError
        If positions or conductances are out of range.

    Notes
    -----
    The voltages of all pairs are differences of columns of the pseudo-inverse of the Laplacian, so the current of link
    (i, j) for the pair (s, t) is ``c |d[s] - d[t]|`` with d the difference of rows i and j. The sum over pairs follows
    from the sorted d, O(n^3 + m n log n) in all. Equals the Centrality Mapper of Linkage Mapper.

    Examples
    --------
    >>> found = current_flow(3, np.array([[0, 1], [1, 2]]), np.array([1.0, 0.5]))
    >>> found.links.round(6).tolist()
    [2.0, 2.0]
    >>> found.nodes.round(6).tolist()
    [2.0, 3.0, 2.0]
    """
    pairs = checked_pairs(count, pairs)
    if len(conductance) != len(pairs) or not (np.isfinite(conductance).all() and (conductance > 0).all()):
        raise InputError("Every link needs a conductance that is positive and finite.")
    component = components(count, pairs)
    nodes, links = np.zeros(count), np.zeros(len(pairs))
    for group in range(int(component.max(initial=-1)) + 1):
        members = np.flatnonzero(component == group)
        inside = np.flatnonzero(component[pairs[:, 0]] == group)
        if not inside.size:
            continue
        position = np.full(count, -1)
        position[members] = np.arange(members.size)
        first, second = position[pairs[inside]].T
        laplacian = np.zeros((members.size, members.size))
        np.add.at(laplacian, (first, second), -conductance[inside])
        laplacian += laplacian.T
        np.fill_diagonal(laplacian, -laplacian.sum(axis=1))
        # Adding the same to every entry makes it invertible and leaves differences of its inverse alone.
        shift = np.trace(laplacian) / members.size
        inverse = np.linalg.inv(laplacian + shift / members.size)
        drop = np.sort(inverse[first] - inverse[second], axis=1)
        rank = 2.0 * np.arange(members.size) - members.size + 1.0
        links[inside] = conductance[inside] * weighted_sums(drop, rank)
        through = np.zeros(count)
        np.add.at(through, pairs[inside].ravel(), np.repeat(links[inside], 2))
        nodes[members] = (through[members] + members.size - 1.0) / 2.0
    return CurrentFlow(nodes, links)


def betweenness(count: int, pairs: IntArray, length: FloatArray, *, monitor: Monitor = SILENT) -> FloatArray:
    """Return how many shortest paths between other sources run through each source.

    Parameters
    ----------
    count : int
        Number of sources, n.
    pairs : ndarray, int, shape (m, 2)
        Positions of the two sources of each link, from 0.
    length : ndarray, float64, shape (m,)
        Length of each link, positive.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    ndarray, float64, shape (n,)
        Each unordered pair counts once; where several paths are equally short (to 1e-12) each counts its share. Divide
        by (n - 1)(n - 2) / 2 for a share.

    Raises
    ------
    InputError
        If positions or lengths are out of range.

    Notes
    -----
    Brandes' algorithm, O(n m + n^2 log n).

    Examples
    --------
    >>> betweenness(4, np.array([[0, 1], [1, 2], [2, 3]]), np.ones(3)).tolist()
    [0.0, 2.0, 2.0, 0.0]
    """
    return _betweenness(count, pairs, length, monitor)[0]


def link_betweenness(count: int, pairs: IntArray, length: FloatArray, *, monitor: Monitor = SILENT) -> FloatArray:
    """Return how many shortest paths between two sources run over each link; float64, shape (m,).

    Parameters, errors and notes as in `betweenness`.

    Examples
    --------
    >>> link_betweenness(4, np.array([[0, 1], [1, 2], [2, 3]]), np.ones(3)).tolist()
    [3.0, 4.0, 3.0]
    """
    return _betweenness(count, pairs, length, monitor)[1]


def _betweenness(count: int, pairs: IntArray, length: FloatArray, monitor: Monitor) -> tuple[FloatArray, FloatArray]:
    pairs = checked_pairs(count, pairs)
    if len(length) != len(pairs) or not (np.isfinite(length).all() and (length > 0).all()):
        raise InputError("Every link needs a length that is positive and finite.")
    neighbours: list[list[tuple[int, float, int]]] = [[] for _ in range(count)]
    for link, ((a, b), far) in enumerate(zip(pairs.tolist(), length.tolist())):
        neighbours[a].append((b, far, link))
        neighbours[b].append((a, far, link))
    through, over = np.zeros(count), np.zeros(len(pairs))
    for source in range(count):
        monitor.step(source, count)
        _count_paths(neighbours, source, through, over)
    return through / 2.0, over / 2.0


def degree(count: int, pairs: IntArray) -> IntArray:
    """Return the number of links of each source.

    Examples
    --------
    >>> degree(3, np.array([[0, 1], [1, 2]])).tolist()
    [1, 2, 1]
    """
    return np.bincount(checked_pairs(count, pairs).ravel(), minlength=count)


def components(count: int, pairs: IntArray) -> IntArray:
    """Return the component of each source, from 0, numbered in the order of the sources.

    Examples
    --------
    >>> components(4, np.array([[0, 2], [1, 3]])).tolist()
    [0, 1, 0, 1]
    """
    pairs = checked_pairs(count, pairs)
    joined = csr_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, group = connected_components(joined, directed=False)
    _, first, renumbered = np.unique(group, return_index=True, return_inverse=True)
    order = np.empty(first.size, dtype=np.int64)
    order[np.argsort(first)] = np.arange(first.size)
    result: IntArray = order[renumbered]
    return result


def structure(count: int, pairs: IntArray) -> Structure:
    """Return the numbers of sources, links and components and the alpha, beta and gamma indices.

    Notes
    -----
    Alpha and gamma compare with a planar network; crossing links can take them above 1. With several components alpha
    counts them all, where many papers put 1 for their number.

    Examples
    --------
    >>> found = structure(4, np.array([[0, 1], [1, 2], [2, 3], [0, 3]]))
    >>> [round(value, 4) for value in (found.alpha, found.beta, found.gamma)]
    [0.3333, 1.0, 0.6667]
    """
    pairs = checked_pairs(count, pairs)
    links, parts = len(pairs), int(components(count, pairs).max(initial=-1)) + 1
    planar = count >= 3
    return Structure(
        count,
        links,
        parts,
        (links - count + parts) / (2.0 * count - 5.0) if planar else np.nan,
        links / count if count else np.nan,
        links / (3.0 * (count - 2.0)) if planar else np.nan,
    )


def gravity(pairs: IntArray, cost: FloatArray, size: FloatArray, resistance: FloatArray | None = None) -> FloatArray:
    """Return the gravity (interaction strength) of each link.

    ``G = L_max^2 ln(S_a) ln(S_b) / (L^2 P_a P_b)`` with the size S and the mean resistance P of the two sources, the
    cumulative resistance L of the link and the largest L of all links. It depends on the unit of the size.

    Parameters
    ----------
    pairs : ndarray, int, shape (m, 2)
        Positions of the two sources of each link, from 0.
    cost : ndarray, float64, shape (m,)
        Least-cost distance of each link, positive.
    size : ndarray, float64, shape (n,)
        Size of each source, by custom its area in square metres; above 1, or its logarithm is not positive.
    resistance : ndarray, float64, shape (n,), optional
        Mean resistance of each source; 1 when left out.

    Returns
    -------
    ndarray, float64, shape (m,)

    Raises
    ------
    InputError
        If a cost or a resistance is not positive, or a size not above 1.

    References
    ----------
    Kong, F., Yin, H., Nakagoshi, N. & Zong, Y. (2010). Urban green space network development for biodiversity
    conservation: identification based on graph theory and gravity modeling. *Landscape and Urban Planning* 95, 16-27,
    https://doi.org/10.1016/j.landurbplan.2009.11.001

    Examples
    --------
    >>> gravity(np.array([[0, 1], [1, 2]]), np.array([100.0, 200.0]), np.exp([2.0, 3.0, 4.0])).round(6).tolist()
    [24.0, 12.0]
    """
    pairs = checked_pairs(len(size), pairs)
    resistance = np.ones(len(size)) if resistance is None else resistance
    if not (size > 1).all():
        raise InputError(
            f"The gravity model takes the logarithm of the size of a source, so sizes must be above 1; the smallest is "
            f"{np.min(size):g}. Use square metres, or another attribute."
        )
    if not (resistance > 0).all():
        raise InputError(f"The mean resistance of a source must be positive, but the smallest is {np.min(resistance)}.")
    if not (np.isfinite(cost).all() and (cost > 0).all()):
        raise InputError("Every link needs a least-cost distance that is positive and finite.")
    mass = np.log(size) / resistance
    share = cost / cost.max() if len(cost) else cost
    strength: FloatArray = mass[pairs[:, 0]] * mass[pairs[:, 1]] / share**2
    return strength


def checked_pairs(count: int, pairs: IntArray) -> IntArray:
    """Return pairs of positions as an array of two columns; raise `InputError` if they are out of range."""
    pairs = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    if pairs.size and (pairs.min() < 0 or pairs.max() >= count):
        raise InputError(f"A link names source {int(pairs.max())}, but there are only {count} (counted from 0).")
    if (pairs[:, 0] == pairs[:, 1]).any():
        raise InputError("A link joins a source with itself.")
    return pairs


def _count_paths(
    neighbours: list[list[tuple[int, float, int]]], source: int, through: FloatArray, over: FloatArray
) -> None:
    """Add what the shortest paths from one source contribute to the sources they run through and the links they take."""
    far = {source: 0.0}
    paths = {source: 1.0}
    before: dict[int, list[tuple[int, int]]] = {source: []}
    settled: list[int] = []
    done = set()
    queue = [(0.0, source)]
    while queue:
        here_far, here = heapq.heappop(queue)
        if here in done:
            continue
        done.add(here)
        settled.append(here)
        paths[here] = sum(paths[node] for node, _ in before[here]) or 1.0
        for there, step, link in neighbours[here]:
            new = here_far + step
            old = far.get(there, np.inf)
            if new < old * (1.0 - _TIE):
                far[there], before[there] = new, [(here, link)]
                heapq.heappush(queue, (new, there))
            elif there not in done and new <= old * (1.0 + _TIE):
                before[there].append((here, link))
    share = dict.fromkeys(settled, 0.0)
    for here in reversed(settled):
        for node, link in before[here]:
            part = paths[node] / paths[here] * (1.0 + share[here])
            share[node] += part
            over[link] += part
        if here != source:
            through[here] += share[here]
