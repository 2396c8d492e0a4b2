"""Which pairs of sources are neighbours and may be linked.

References
----------
McRae, B. H. & Kavanagh, D. M. (2011). *Linkage Mapper connectivity analysis software*. The Nature Conservancy, Seattle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.spatial import Delaunay

from ..choices import Adjacency
from ..errors import InputError
from ..leastcost.fields import CostFields
from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray, IntArray

try:
    from scipy.spatial import QhullError
except ImportError:  # SciPy before 1.8
    from scipy.spatial.qhull import QhullError


@dataclass(frozen=True)
class Pairs:
    """Candidate links.

    Attributes
    ----------
    pairs : ndarray, int64, shape (m, 2)
        Labels, the lower first, sorted.
    by_cost, by_distance : ndarray, bool, shape (m,)
        Whether the cost-weighted and the Euclidean allocation zones touch.
    """

    pairs: IntArray
    by_cost: BoolArray
    by_distance: BoolArray


def euclidean_allocation(labels: IntArray) -> IntArray:
    """Return the label of the source nearest in a straight line to every cell, impassable cells included."""
    index = distance_transform_edt(labels == 0, return_distances=False, return_indices=True)
    allocation = np.empty_like(labels)
    for row in range(len(labels)):
        allocation[row] = labels[index[0, row], index[1, row]]
    return allocation


def touching_zones(allocation: IntArray) -> IntArray:
    """Return the pairs of labels that are neighbours (of 8) somewhere, shape (m, 2), the lower first, sorted."""
    found = [np.empty((0, 2), dtype=np.int64)]
    rows, cols = allocation.shape
    for down, right in ((0, 1), (1, 1), (1, 0), (1, -1)):
        here = allocation[: rows - down, max(0, -right) : cols - max(0, right)]
        there = allocation[down:, max(0, right) : cols - max(0, -right)]
        meet = (here != there) & (here > 0) & (there > 0)
        found.append(np.sort(np.column_stack((here[meet], there[meet])), axis=1).astype(np.int64))
    return np.unique(np.concatenate(found), axis=0)


def find_pairs(fields: CostFields, *, adjacency: Adjacency = Adjacency.EITHER, monitor: Monitor = SILENT) -> Pairs:
    """Find the pairs of sources that may be linked.

    Parameters
    ----------
    fields : CostFields
        The sources on the resistance surface.
    adjacency : Adjacency
        Which pairs count as neighbours. Zones touch when a cell of one is a neighbour (of 8) of a cell of the other.
    monitor : Monitor
        Cancellation.

    Returns
    -------
    Pairs

    Raises
    ------
    InputError
        With fewer than two sources.

    Notes
    -----
    Euclidean zones cover impassable cells too; they are exact for cell centres (a source of many cells counts from its
    nearest cell), O(n). `TREE` gives the pairs of `EITHER`: a minimum spanning tree of all least-cost distances never
    needs more than the cost-weighted neighbours, since a path through the zone of a third source is at least as long as
    the links to that source. Centroids that lie on one line, or of fewer than three sources, are joined in their order.

    Examples
    --------
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.zeros((3, 7), dtype=np.int32)
    >>> labels[1, [0, 3, 6]] = 1, 2, 3
    >>> fields = CostFields(CostGraph(np.ones((3, 7)), cell_size=10.0), labels)
    >>> find_pairs(fields).pairs.tolist()
    [[1, 2], [2, 3]]
    """
    labels = fields.labels
    present = np.unique(labels[labels > 0])
    if present.size < 2:
        raise InputError(
            f"Corridors need at least two sources, but there {'is one' if present.size else 'are none'} on the "
            "resistance surface."
        )
    by_cost: IntArray = np.empty((0, 2), dtype=np.int64)
    by_distance = by_cost
    if adjacency is not Adjacency.EUCLIDEAN:
        by_cost, _ = fields.contacts(monitor)
    if adjacency is not Adjacency.COST:
        by_distance = touching_zones(euclidean_allocation(labels))
    if adjacency is Adjacency.ALL:
        pairs = present[np.column_stack(np.triu_indices(present.size, k=1))].astype(np.int64)
    elif adjacency is Adjacency.DELAUNAY:
        pairs = present[_delaunay(_centroids(labels, present))].astype(np.int64)
    else:
        pairs = np.unique(np.concatenate((by_cost, by_distance)), axis=0)
    return Pairs(pairs, _among(pairs, by_cost), _among(pairs, by_distance))


def _among(pairs: IntArray, some: IntArray) -> BoolArray:
    known = set(map(tuple, some.tolist()))
    return np.array([tuple(pair) in known for pair in pairs.tolist()], dtype=bool)


def _centroids(labels: IntArray, present: IntArray) -> FloatArray:
    """Return the mean row and column of the cells of each label."""
    row, col = np.nonzero(labels)
    at = np.searchsorted(present, labels[row, col])
    sums = [np.bincount(at, weights=place, minlength=present.size) for place in (row, col)]
    return np.column_stack(sums) / np.bincount(at, minlength=present.size)[:, None]


def _delaunay(points: FloatArray) -> IntArray:
    """Return the edges of the Delaunay triangulation, as sorted positions; of points on a line, the chain."""
    try:
        triangles = Delaunay(points).simplices
    except (QhullError, ValueError):
        order = np.lexsort(points.T)
        edges = np.column_stack((order[:-1], order[1:]))
    else:
        edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]])
    return np.unique(np.sort(edges, axis=1), axis=0).astype(np.int64)
