"""Where a network breaks and into which parts it falls: bridges, cut sources, communities; and its export as GraphML.

What graph theory has for such questions is taken from networkx: the networks have some hundred sources at most.

References
----------
Clauset, A., Newman, M. E. J. & Moore, C. (2004). Finding community structure in very large networks. *Physical Review E*
70, 066111, https://doi.org/10.1103/PhysRevE.70.066111
Tarjan, R. E. (1974). A note on finding the bridges of a graph. *Information Processing Letters* 2, 160-161,
https://doi.org/10.1016/0020-0190(74)90003-9
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np

from ..types import BoolArray, IntArray
from .centrality import checked_pairs, components


@dataclass(frozen=True)
class Parts:
    """Weak places and parts of a network.

    Attributes
    ----------
    bridge : ndarray, bool, shape (m,)
        Links whose loss alone cuts sources off from each other.
    cut_source : ndarray, bool, shape (n,)
        Sources whose loss alone cuts others off from each other.
    community : ndarray, int64, shape (n,)
        Community of each source, from 1, the largest first; a source without links is one of its own.
    modularity : float
        How much more links lie inside the communities than chance would put there: 0 is as chance, 1 the most; NaN
        without links.
    least_cut : int
        The fewest links whose loss cuts the largest component in two; 0 if that is a single source.
    """

    bridge: BoolArray
    cut_source: BoolArray
    community: IntArray
    modularity: float
    least_cut: int


def parts(count: int, pairs: IntArray) -> Parts:
    """Return where a network breaks and which communities it has.

    Parameters
    ----------
    count : int
        Number of sources, n.
    pairs : ndarray, int, shape (m, 2)
        Positions of the two sources of each link, from 0.

    Returns
    -------
    Parts

    Raises
    ------
    InputError
        If positions are out of range.

    Notes
    -----
    Communities are those of greedy modularity: starting from single sources, the two that raise the modularity most are
    joined until none does. Links count alike, whatever their cost. The result is the same in every run with one version
    of networkx; of joins that raise the modularity equally, another version may take another. Bridges and cut sources
    take O(n + m), communities O(m n log n) at worst, the least cut (Stoer-Wagner) O(n m log n), or nothing where there
    is a bridge.

    Examples
    --------
    >>> two_triangles = np.array([[0, 1], [0, 2], [1, 2], [2, 3], [3, 4], [3, 5], [4, 5]])
    >>> found = parts(6, two_triangles)
    >>> np.flatnonzero(found.bridge).tolist(), np.flatnonzero(found.cut_source).tolist()
    ([3], [2, 3])
    >>> found.community.tolist(), found.least_cut
    ([1, 1, 1, 2, 2, 2], 1)
    """
    pairs = checked_pairs(count, pairs)
    graph = _graph(count, pairs)
    twice = {edge for edge in map(tuple, np.sort(pairs, axis=1).tolist()) if graph.edges[edge]["links"] > 1}
    bridges = {(min(edge), max(edge)) for edge in nx.bridges(graph)} - twice
    bridge = np.array([tuple(sorted(pair)) in bridges for pair in pairs.tolist()], dtype=bool)
    cut_source = np.zeros(count, dtype=bool)
    cut_source[list(nx.articulation_points(graph))] = True
    community = np.arange(1, count + 1)
    modularity = np.nan
    if len(pairs):
        found = sorted(map(sorted, nx.algorithms.community.greedy_modularity_communities(graph)), key=_largest_first)
        for number, members in enumerate(found, start=1):
            community[members] = number
        modularity = float(nx.algorithms.community.modularity(graph, found, weight=None))
    return Parts(bridge, cut_source, community, modularity, _least_cut(graph, components(count, pairs), pairs[bridge]))


def graphml(
    count: int, pairs: IntArray, sources: Mapping[str, Sequence[Any]], links: Mapping[str, Sequence[Any]]
) -> str:
    """Return a network as GraphML, which Gephi, Cytoscape, R (igraph) and networkx read.

    Parameters
    ----------
    count : int
        Number of sources, n.
    pairs : ndarray, int, shape (m, 2)
        Positions of the two sources of each link, from 0.
    sources, links : mapping of str to sequence
        Attributes by name, one value a source and a link: numbers, texts, or None, which is left out.

    Returns
    -------
    str
        The nodes are named by the positions of the sources.

    Raises
    ------
    InputError
        If positions are out of range.

    Examples
    --------
    >>> text = graphml(2, np.array([[0, 1]]), {"name": ["north", "south"]}, {"cost": [3.5]})
    >>> nx.parse_graphml(text).edges["0", "1"]["cost"]
    3.5
    """
    graph = nx.MultiGraph()
    for source in range(count):
        graph.add_node(source, **_known(sources, source))
    for link, (a, b) in enumerate(checked_pairs(count, pairs).tolist()):
        graph.add_edge(a, b, key=link, **_known(links, link))
    return "\n".join(nx.generate_graphml(graph, named_key_ids=False))


def _graph(count: int, pairs: IntArray) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(range(count))
    for a, b in pairs.tolist():
        links = graph.edges[a, b]["links"] + 1 if graph.has_edge(a, b) else 1
        graph.add_edge(a, b, links=links)
    return graph


def _least_cut(graph: nx.Graph, component: IntArray, bridges: IntArray) -> int:
    if not component.size:
        return 0
    inside = component == np.bincount(component).argmax()
    if np.count_nonzero(inside) < 2:
        return 0
    if inside[bridges].any():
        return 1
    cut, _ = nx.stoer_wagner(graph.subgraph(np.flatnonzero(inside).tolist()), weight="links")
    return int(cut)


def _largest_first(members: list[int]) -> tuple[int, list[int]]:
    return -len(members), members


def _known(attributes: Mapping[str, Sequence[Any]], place: int) -> dict[str, Any]:
    """Return the values of one node or link that are there, as plain Python numbers and texts.

    Truth is written as 1 and 0: networkx writes True and False, which not every reader of GraphML takes.
    """
    values = {name: values[place] for name, values in attributes.items()}
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in values.items()}
    return {
        name: int(value) if isinstance(value, bool) else value for name, value in plain.items() if value is not None
    }
