"""Bundles: places that bring much together and little or nothing alone, such as walls one behind the other.

The least-cost path of a link on the surface with everything that can still be paid for restored crosses a set of candidates.
Restoring that set alone gives the same path. So the set is an option whose gain for the link is known, and parts of it are
options whose gain on the same path is a sum of steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..leastcost.graph import CostGraph
from ..types import FloatArray, IntArray
from .planpatches import Patches, members, set_of


@dataclass(frozen=True)
class Route:
    """A least-cost path with some candidates restored.

    Attributes
    ----------
    allowed : int
        The set of candidates that were restored.
    crossed : int
        Those of them whose cells the path uses.
    path : int64, shape (k, 2)
        Rows and columns.
    """

    allowed: int
    crossed: int
    path: IntArray

    def serves(self, allowed: int) -> bool:
        """Return whether it is the least-cost path with this set restored as well: less is allowed, all it uses still is."""
        return allowed & ~self.allowed == 0 and self.crossed & ~allowed == 0


class Walk:
    """What a path costs with parts of the candidates on it restored.

    Parameters
    ----------
    graph : CostGraph
        How steps go.
    patches : Patches
        The candidates.
    route : Route
        The path.
    chosen : int
        The set of candidates that are restored already.
    """

    def __init__(self, graph: CostGraph, patches: Patches, route: Route, chosen: int) -> None:
        self._graph = graph
        rows, cols = route.path.T
        self._places, self._owner = patches.at(rows * patches.resistance.shape[1] + cols)
        self._quality = patches.restored[self._owner].astype(np.float64)
        self._start = self._with(patches.resistance[rows, cols].astype(np.float64), chosen)
        self._straight = (np.diff(rows) == 0) | (np.diff(cols) == 0)
        self.new = route.crossed & ~chosen

    def _with(self, along: FloatArray, chosen: int) -> FloatArray:
        better: FloatArray = along.copy()
        some = np.isin(self._owner, members(chosen))
        np.fmin.at(better, self._places[some], self._quality[some])
        return better

    def cost(self, some: int) -> float:
        """Return the cost of the path with a set restored as well; infinite across impassable cells."""
        along = self._with(self._start, some)
        near, far = along[:-1], along[1:]
        total = 0.0
        for step, which in (((0, 1), self._straight), ((1, 1), ~self._straight)):
            total += float(np.sum(self._graph.step_cost(near[which], far[which], step)))
        return total if np.isfinite(total) else np.inf

    def parts(self, price: FloatArray) -> Iterator[tuple[int, float]]:
        """Yield ever smaller parts of the set that the path crosses, and what the path costs with each restored.

        What saves least on the path for its price goes first (of equal ones the later), the empty set is not given.
        """
        left = self.new
        cost = self.cost(left)
        while left:
            yield left, cost
            without = [(self.cost(left & ~(1 << one)), one) for one in members(left)]
            cost, weakest = min(without, key=lambda pair: ((pair[0] - cost) / price[pair[1]], -pair[1]))
            left &= ~(1 << weakest)


def crossed_by(path: IntArray, patches: Patches, allowed: int) -> int:
    """Return the set of allowed candidates whose cells a path uses; of several in a cell the one that lowers it most."""
    cells = path[:, 0] * patches.resistance.shape[1] + path[:, 1]
    places, owner = patches.at(cells)
    some = np.isin(owner, members(allowed))
    places, owner = places[some], owner[some]
    order = np.lexsort((owner, patches.restored[owner], places))
    places, owner = places[order], owner[order]
    first = np.ones(places.size, dtype=bool)
    first[1:] = places[1:] != places[:-1]
    return set_of(np.unique(owner[first]))
