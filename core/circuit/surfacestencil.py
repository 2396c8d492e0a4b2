"""The finest operator of a large raster, whose couplings are made from its resistances each time they are used."""

from __future__ import annotations

import numpy as np

from ..choices import Average
from ..types import BoolArray, FloatArray
from .conductances import Conductances
from .stencil import STRIP, Box, Stencil


class SurfaceStencil(Stencil):
    """A stencil that keeps one number a cell instead of four couplings, which `couplings` leaves out.

    Parameters
    ----------
    conductances : Conductances
        What the couplings are made by.
    live : bool (rows, cols)
        Cells that have links.
    unit : float
        Unit of conductance, a power of two.

    Attributes
    ----------
    summands : (size,)
        What two neighbours add up to their link; see `Conductances.summands`.
    in_series : bool
        Whether the sum is a resistance.
    """

    def __init__(self, conductances: Conductances, live: BoolArray, unit: float) -> None:
        rows, cols = live.shape
        super().__init__(rows, cols)
        self.in_series = conductances.average is Average.RESISTANCE
        self._directions = conductances.directions
        self.summands: FloatArray = np.full(self.size, np.inf if self.in_series else 0.0, dtype=conductances.dtype)
        cells = self.raster(self.summands)[:rows, :cols]
        height = max(1, STRIP // cols)
        for top in range(0, rows, height):
            cells[top : top + height] = conductances.summands(live, unit, top, top + height)

    @property
    def factors(self) -> tuple[float, ...]:
        """What couplings are multiplied with, by direction: one over their length."""
        return tuple(1.0 / length for _, _, length in self._directions)

    def lacks(self, direction: int) -> bool:
        """Return whether there is no link in a direction."""
        return direction >= len(self._directions)

    def subtract(self, x: FloatArray, out: FloatArray) -> None:
        """Subtract the product with a vector from `out`."""
        start, stop = self.inside.start, self.inside.stop
        ahead = self.width + 1
        coupling = np.empty_like(self._scratch)
        for first in range(start, stop, STRIP):
            end = min(first + STRIP, stop)
            values = self.summands[first : end + ahead].astype(np.float64)
            live = None if self.in_series else (values > 0).astype(np.float64)
            count = end - first
            flow, link = self._scratch[:count], coupling[:count]
            here, net = x[first:end], out[first:end]
            for offset, factor in zip(self.offsets, self.factors):
                np.subtract(here, x[first + offset : end + offset], out=flow)
                np.add(values[:count], values[offset : count + offset], out=link)
                if live is None:
                    flow /= link
                else:
                    flow *= link
                    flow *= live[:count]
                    flow *= live[offset : count + offset]
                if factor != 1.0:
                    flow *= factor
                net -= flow
                out[first + offset : end + offset] += flow
            if self.leak is not None:
                np.multiply(here, self.leak[first:end], out=flow)
                net -= flow

    def window(self, box: Box) -> Stencil:
        """Return a part as a stencil with couplings; see `Stencil.window`."""
        part = super().window(box)
        top, bottom, left, right = box
        values = self.raster(self.summands)[top:bottom, left:right].astype(np.float64)
        for number, ((here, there, _), factor) in enumerate(zip(self._directions, self.factors)):
            link: FloatArray = values[here] + values[there]
            if self.in_series:
                np.divide(factor, link, out=link)
            else:
                link *= factor
                link[(values[here] == 0.0) | (values[there] == 0.0)] = 0.0
            coupling = part.zeros()
            part.raster(coupling)[: bottom - top, : right - left][here] = link
            part.couplings[number] = coupling
        return part
