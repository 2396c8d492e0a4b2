"""What a restoration plan is worth: the objectives, as functions of the distances of the links."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import defaults
from ..choices import PlanObjective
from ..connectivity.graph import PatchGraph, dispersal_rate
from ..connectivity.indices import probability_indices
from ..errors import InputError
from ..types import FloatArray, IntArray


@dataclass(frozen=True)
class Habitat:
    """What the sources hold and how far species get, for equivalent connectivity.

    Attributes
    ----------
    attributes : float64, shape (n,)
        Of the sources with the labels 1 to n: area, or area times quality.
    dispersal : float
        Distance, in cost units, at which dispersal has the probability.
    probability : float
        Between 0 and 1.
    """

    attributes: FloatArray
    dispersal: float
    probability: float = defaults.PROBABILITY

    def equivalent(self, pairs: IntArray, distances: FloatArray) -> float:
        """Return EC(PC) of links (labels from 1) with these least-cost distances; infinite ones are no link.

        Examples
        --------
        >>> habitat = Habitat(np.array([3.0, 4.0]), 1000.0, 0.5)
        >>> habitat.equivalent(np.array([[1, 2]]), np.array([1000.0])) == 37.0**0.5
        True
        """
        rate = dispersal_rate(self.dispersal, self.probability)
        graph = PatchGraph.dispersing(self.attributes, pairs - 1, distances, rate)
        return probability_indices(graph).equivalent


class Value:
    """What distances of links are worth: more is better.

    Parameters
    ----------
    objective : PlanObjective
        For distances and resistances the weighted sum over the links, taken negative; links that no way joins at the start
        are left out.
    pairs : int64, shape (links, 2)
        Labels of the two sources of each link.
    start : float64, shape (links,)
        The distances before anything is restored.
    weights : float64, shape (links,), optional
        What a link counts; 1 by default.
    habitat : Habitat, optional
        Needed for equivalent connectivity.

    Raises
    ------
    InputError
        If what the objective needs is missing or cannot be used.

    Examples
    --------
    >>> value = Value(PlanObjective.COST, np.array([[1, 2], [1, 3]]), np.array([5.0, 7.0]), np.array([1.0, 2.0]), None)
    >>> value(np.array([4.0, 5.0])) - value.start
    5.0
    """

    def __init__(
        self,
        objective: PlanObjective,
        pairs: IntArray,
        start: FloatArray,
        weights: FloatArray | None,
        habitat: Habitat | None,
    ) -> None:
        self._pairs, self._habitat = pairs, habitat
        self._equivalent = objective is PlanObjective.EQUIVALENT
        weights = np.ones(len(pairs)) if weights is None else np.asarray(weights, dtype=np.float64)
        if weights.shape != (len(pairs),):
            raise InputError(f"There are {len(pairs)} links, but {weights.size} weights of links.")
        if not ((weights >= 0) & np.isfinite(weights)).all() or not weights.any():
            raise InputError("The weights of links must be numbers of 0 or more, at least one above 0.")
        self._weights = np.where(np.isfinite(start), weights, 0.0)
        if self._equivalent and habitat is None:
            raise InputError("Equivalent connectivity needs what the sources hold and how far species get (habitat).")
        if habitat is not None and habitat.attributes.size < pairs.max(initial=0):
            raise InputError(f"There are {habitat.attributes.size} attributes, but source {pairs.max()} is linked.")
        self.start = self(start)
        self.least = 1e-9 * abs(self.start)
        """Gains up to this are rounding."""

    def __call__(self, distances: FloatArray) -> float:
        """Return what distances of the links are worth."""
        if self._equivalent and self._habitat is not None:
            return self._habitat.equivalent(self._pairs, distances)
        counted = self._weights > 0
        return -float(self._weights[counted] @ distances[counted])
