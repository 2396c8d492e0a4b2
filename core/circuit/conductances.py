"""Conductances of the links of a raster, made from its resistances where they are needed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..choices import Average
from ..types import BoolArray, FloatArray

_SQRT2 = float(np.sqrt(2.0))
_ALL = slice(None)
_TO_LAST = slice(None, -1)
_FROM_SECOND = slice(1, None)

Overlap = tuple[slice, slice]
"""Rows and columns of the cells that have a neighbour in some direction, or of those neighbours."""

DIRECTIONS: tuple[tuple[Overlap, Overlap, float], ...] = (
    ((_ALL, _TO_LAST), (_ALL, _FROM_SECOND), 1.0),
    ((_TO_LAST, _ALL), (_FROM_SECOND, _ALL), 1.0),
    ((_TO_LAST, _TO_LAST), (_FROM_SECOND, _FROM_SECOND), _SQRT2),
    ((_TO_LAST, _FROM_SECOND), (_FROM_SECOND, _TO_LAST), _SQRT2),
)
"""East, south, south-east and south-west: cells that have that neighbour, those neighbours, length in cells."""


class Conductances:
    """Conductances of all links of a resistance raster, a strip of rows at a time.

    Kept, they would take eight times the memory of the resistances.

    Parameters
    ----------
    resistance : float (rows, cols)
        Resistance of every cell; NaN = no node. Not copied.
    neighbours : {8, 4}
        Cells that a cell is linked to.
    average : Average
        What a link takes the mean of.
    links : callable, optional
        What makes them in one pass and to the same bits, as `compiled.links`; left out: numpy.
    """

    def __init__(
        self, resistance: FloatArray, neighbours: int, average: Average, links: Callable[..., FloatArray] | None = None
    ) -> None:
        self._links = links
        self.resistance = resistance
        self.average = average
        self.directions = DIRECTIONS[: neighbours // 2]

    def rows(self, direction: int, top: int, bottom: int) -> FloatArray:
        """Return the conductances from the cells of some rows to their neighbours in a direction; 0 = no link."""
        here, there, length = self.directions[direction]
        values = self.resistance[top : bottom + int(here[0] != there[0])]
        in_series = self.average is Average.RESISTANCE
        factor = 2.0 / length if in_series else 2.0 * length
        if not in_series:
            values = np.divide(1.0, values, dtype=np.float64)
        if self._links is not None:
            return self._links(values[here], values[there], factor, in_series)
        values = values.astype(np.float64, copy=False)
        coupling: FloatArray = values[here] + values[there]
        if in_series:
            np.divide(factor, coupling, out=coupling)
        else:
            coupling /= factor
        coupling[np.isnan(coupling)] = 0.0
        return coupling

    def summands(self, live: BoolArray, unit: float, top: int, bottom: int) -> FloatArray:
        """Return for the cells of some rows what two neighbours add up to their link, to `unit` as the unit of conductance.

        The sum of two is the resistance of a straight link, infinite where either is not live; or its conductance, which
        is none where either is 0.
        """
        values = self.resistance[top:bottom]
        if self.average is Average.CONDUCTANCE:
            halves: FloatArray = np.zeros(values.shape)
            np.divide(0.5 / unit, values, out=halves, where=live[top:bottom], dtype=np.float64)
            return halves
        halves = np.full(values.shape, np.inf, dtype=self.dtype)
        np.multiply(values, 0.5 * unit, out=halves, where=live[top:bottom], dtype=np.float64, casting="same_kind")
        return halves

    @property
    def dtype(self) -> type:
        """Type that holds the summands without loss where the unit is a power of two."""
        lossless = self.resistance.dtype == np.float32 and self.average is Average.RESISTANCE
        return np.float32 if lossless else np.float64
