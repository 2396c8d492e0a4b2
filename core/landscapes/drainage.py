"""Drainage trees: where the water goes, and the relief that water leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray, IntArray

_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))


@dataclass(frozen=True)
class Drainage:
    """A tree in which every cell but the outlets drains to one neighbour.

    Attributes
    ----------
    parent : ndarray, int64, shape (cells,)
        Flat index of the cell below; -1 at outlets.
    order : ndarray, int64, shape (cells,)
        All cells, each after its parent.
    length : ndarray, float64, shape (cells,)
        Distance to the parent in cells, 0 at outlets.
    area : ndarray, float64, shape (cells,)
        Number of cells that drain through a cell, itself included.
    """

    parent: IntArray
    order: IntArray
    length: FloatArray
    area: FloatArray

    def upstream(self, cell: int) -> BoolArray:
        """Return a mask of the cells that drain through a cell."""
        found = np.zeros(self.parent.size, dtype=bool)
        found[cell] = True
        flags, parents = found.tolist(), self.parent.tolist()
        for node in self.order.tolist():
            if parents[node] >= 0 and flags[parents[node]]:
                flags[node] = True
        return np.array(flags, dtype=bool)


def neighbour_pairs(shape: tuple[int, int]) -> tuple[IntArray, IntArray, FloatArray]:
    """Return both flat indices and the length in cells of every pair of 8-neighbours, each pair once."""
    index = np.arange(shape[0] * shape[1]).reshape(shape)
    first, second, length = [], [], []
    for down, right in _STEPS:
        a = index[: shape[0] - down, max(0, -right) : shape[1] - max(0, right)]
        b = index[down:, max(0, right) : shape[1] + min(0, right)]
        first.append(a.ravel())
        second.append(b.ravel())
        length.append(np.full(a.size, np.hypot(down, right)))
    return np.concatenate(first), np.concatenate(second), np.concatenate(length)


def drain(elevation: FloatArray, outlets: BoolArray) -> Drainage:
    """Return the drainage of a surface through its lowest passes.

    Depressions are left over the lowest pass of their rim, which is what filling them would give (the minimax path
    to an outlet is the path in the minimum spanning tree).

    Parameters
    ----------
    elevation : ndarray, float64, shape (rows, cols)
        The surface.
    outlets : ndarray, bool, shape (rows, cols)
        Where water may leave; at least one cell.

    Notes
    -----
    O(n log n) for the sort inside the spanning tree.

    References
    ----------
    Barnes, R., Lehman, C., Mulla, D. (2014), Priority-flood, Computers & Geosciences 62, 117-127.
    https://doi.org/10.1016/j.cageo.2013.04.024. Spill heights are the same; the way through a depression is not.
    """
    z = elevation.ravel()
    count = z.size
    a, b, length = neighbour_pairs(elevation.shape)
    top = np.maximum(z[a], z[b])
    span = float(z.max() - z.min()) or 1.0
    # Of the ways down from a cell the steepest must sort first, and no weight may be zero (scipy drops it).
    weight = 1.0 + (top - z.min()) / span - 1e-4 * np.abs(z[a] - z[b]) / length / span
    ends = np.flatnonzero(outlets.ravel())
    root = np.full(ends.size, count)
    graph = coo_matrix(
        (
            np.concatenate([weight, np.full(ends.size, 0.5)]),
            (np.concatenate([a, root]), np.concatenate([b, ends])),
        ),
        shape=(count + 1, count + 1),
    ).tocsr()
    order, parent = breadth_first_order(minimum_spanning_tree(graph), count, directed=False)
    parent = np.where(parent[:count] == count, -1, parent[:count]).astype(np.int64)
    order = order[1:].astype(np.int64)
    cols = elevation.shape[1]
    here = np.arange(count)
    below = np.where(parent >= 0, parent, here)
    steps = np.hypot(here // cols - below // cols, here % cols - below % cols)
    area = [1.0] * count
    parents = parent.tolist()
    for node in order[::-1].tolist():
        if parents[node] >= 0:
            area[parents[node]] += area[node]
    return Drainage(parent, order, steps, np.array(area))


def height_above(elevation: FloatArray, drainage: Drainage, river: BoolArray) -> FloatArray:
    """Return the height of each cell above the river cell (or outlet) it drains to, never below 0."""
    level, parents, on_river = elevation.ravel().tolist(), drainage.parent.tolist(), river.ravel().tolist()
    for node in drainage.order.tolist():
        if not on_river[node] and parents[node] >= 0:
            level[node] = level[parents[node]]
    above: FloatArray = np.maximum(elevation - np.array(level).reshape(elevation.shape), 0.0)
    return above


def eroded_relief(
    surface: FloatArray,
    hardness: FloatArray,
    outlets: BoolArray,
    *,
    concavity: float = 0.45,
    rounds: int = 4,
    monitor: Monitor = SILENT,
) -> FloatArray:
    """Return the relief that rivers in balance with uplift would leave.

    Every cell stands above the one it drains to by length x hardness x area^-concavity, the steady state of the
    stream power law; each round lets the divides move by draining the new surface again.

    Parameters
    ----------
    surface : ndarray, float64, shape (rows, cols)
        First guess; decides where the rivers run.
    hardness : ndarray, float64, shape (rows, cols)
        Uplift over erodibility, > 0.
    outlets : ndarray, bool, shape (rows, cols)
        Where water may leave; kept at height 0.
    concavity : float
        Exponent of the drainage area.
    rounds : int
        Number of rounds.
    monitor : Monitor
        Progress and cancellation.

    References
    ----------
    Whipple, K. X., Tucker, G. E. (1999), J. Geophys. Res. 104(B8), 17661-17674. https://doi.org/10.1029/1999JB900120
    """
    relief = surface
    for number in range(rounds):
        monitor.step(number, rounds)
        drainage = drain(relief, outlets)
        rise = (drainage.length * hardness.ravel() * drainage.area**-concavity).tolist()
        height = [0.0] * surface.size
        parents = drainage.parent.tolist()
        for node in drainage.order.tolist():
            if parents[node] >= 0:
                height[node] = height[parents[node]] + rise[node]
        relief = np.array(height).reshape(surface.shape)
    return relief


def grid_graph(cost: FloatArray) -> csr_matrix:
    """Return the 8-neighbour graph of a cost raster: mean cost of two cells times their distance in cells."""
    a, b, length = neighbour_pairs(cost.shape)
    flat = cost.ravel()
    weight = (flat[a] + flat[b]) / 2.0 * length
    return coo_matrix((weight, (a, b)), shape=(flat.size, flat.size)).tocsr()


def strahler(drainage: Drainage, streams: BoolArray) -> IntArray:
    """Return the Strahler order of every stream cell, 0 elsewhere."""
    count = drainage.parent.size
    best, twice = [0] * count, [False] * count
    parents, on = drainage.parent.tolist(), streams.ravel().tolist()
    order = [0] * count
    for node in drainage.order[::-1].tolist():
        if not on[node]:
            continue
        order[node] = best[node] + 1 if twice[node] else max(best[node], 1)
        below = parents[node]
        if below < 0:
            continue
        if order[node] > best[below]:
            best[below], twice[below] = order[node], False
        elif order[node] == best[below]:
            twice[below] = True
    return np.array(order, dtype=np.int64)
