"""The effective resistances of links with candidates restored, inside corridors that stay as they were at the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..choices import Average
from ..errors import DisconnectedError, InputError
from ..keyareas.corridorcircuit import CorridorCircuit
from ..leastcost.fields import CostFields
from ..monitor import Monitor
from ..types import BoolArray, FloatArray, IntArray
from .planpatches import Patches, members


@dataclass(frozen=True)
class _Corridor:
    """A corridor: its place, its cells and those of its two sources, and the cells of it that each candidate lowers."""

    rows: slice
    cols: slice
    inside: BoolArray
    ends: tuple[BoolArray, BoolArray]
    cells: dict[int, IntArray]


class Circuits:
    """Effective resistances of links for sets of candidates; what was solved once is remembered.

    Parameters
    ----------
    fields, pairs, patches, monitor
        As for `LeastCosts`.
    limits : float64, shape (links,)
        Cutoff of the corridor of each link, in cost units. The corridors are those of the surface as it is: with others
        after each pick a resistance could rise where a path got shorter.

    Attributes
    ----------
    start, relevant
        As for `LeastCosts`; relevant are the candidates that reach into the corridor.

    Raises
    ------
    InputError
        If steps have the mean conductance.
    DisconnectedError
        If no link joins connected sources.
    """

    def __init__(
        self, fields: CostFields, pairs: IntArray, patches: Patches, limits: FloatArray, monitor: Monitor
    ) -> None:
        if fields.graph.average is Average.CONDUCTANCE:
            raise InputError(
                "A plan by effective resistance needs steps that have the mean resistance of their two cells."
            )
        self._patches, self._monitor = patches, monitor.quiet()
        self._cell_size, self._neighbours = fields.graph.cell_size, fields.graph.neighbours
        self.start = np.full(len(pairs), np.inf)
        self.relevant = [0] * len(pairs)
        self._known: list[dict[int, float]] = [{0: np.inf} for _ in self.relevant]
        self._slopes: list[dict[int, dict[int, float]]] = [{} for _ in self.relevant]
        self._corridors: dict[int, _Corridor] = {}
        self._chosen = 0
        for link in fields.along(pairs, slack=limits, monitor=monitor):
            if not np.isfinite(link.least):
                continue
            inside = link.inside(float(limits[link.index]))
            labels = fields.labels[link.rows, link.cols]
            a, b = ((labels == label) & inside for label in pairs[link.index])
            cells = (np.flatnonzero(inside) // inside.shape[1] + link.rows.start) * fields.labels.shape[1]
            cells += np.flatnonzero(inside) % inside.shape[1] + link.cols.start
            places, owner = patches.at(cells)
            here = {one: np.flatnonzero(inside)[places[owner == one]] for one in np.unique(owner).tolist()}
            for one in here:
                self.relevant[link.index] |= 1 << one
            self._corridors[link.index] = _Corridor(link.rows, link.cols, inside, (a, b), here)
            circuit = self._circuit(link.index, 0)
            self.start[link.index] = self._known[link.index][0] = circuit.resistance * self._cell_size
            self._slopes[link.index][0] = self._gains(link.index, circuit, 0)
        if not self._corridors:
            raise DisconnectedError(
                "No link joins sources that are connected: impassable (NoData) cells cut all of them off."
            )

    def _window(self, link: int, chosen: int) -> FloatArray:
        corridor = self._corridors[link]
        window = np.where(corridor.inside, self._patches.resistance[corridor.rows, corridor.cols], np.nan)
        window = window.astype(np.float64)
        for one in members(chosen & self.relevant[link]):
            cells = corridor.cells[one]
            window.flat[cells] = np.minimum(window.flat[cells], self._patches.restored[one])
        return window

    def _circuit(self, link: int, chosen: int) -> CorridorCircuit:
        corridor = self._corridors[link]
        return CorridorCircuit(self._window(link, chosen), *corridor.ends, self._neighbours, self._monitor)

    def _gains(self, link: int, circuit: CorridorCircuit, chosen: int) -> dict[int, float]:
        """Return by how much each relevant candidate lowers the resistance at least: by the derivatives (concavity)."""
        slope = np.nan_to_num(circuit.derivative()).ravel() * self._cell_size
        window = self._window(link, chosen).ravel()
        return {
            one: float(slope[cells] @ np.maximum(window[cells] - self._patches.restored[one], 0.0))
            for one, cells in self._corridors[link].cells.items()
        }

    def distances(self, sets: Sequence[int]) -> FloatArray:
        """Return the exact effective resistance of each link with each set of candidates restored; shape (sets, links)."""
        found = np.empty((len(sets), len(self.relevant)))
        for link, relevant in enumerate(self.relevant):
            keys = [chosen & relevant for chosen in sets]
            known = self._known[link]
            missing = sorted(set(keys) - set(known))
            if missing:
                self._solve(link, missing)
            found[:, link] = [known[key] for key in keys]
        return found

    def _solve(self, link: int, keys: list[int]) -> None:
        """Solve the circuit of a link with sets restored: one factorisation, and an update of it for small changes."""
        start = self._chosen & self.relevant[link]
        circuit = None
        for key in keys:
            self._monitor.check()
            if start & ~key:  # something that is restored now is not: updates only lower resistances
                resistance = self._circuit(link, key).resistance
            else:
                circuit = circuit or self._circuit(link, start)
                better = self._window(link, key)
                patch = better < self._window(link, start)
                resistance = circuit.restored(patch, better, self._monitor)
            self._known[link][key] = min(resistance * self._cell_size, float(self.start[link]))

    def move(self, chosen: int) -> None:
        """Make a set the one that estimates start from."""
        self._chosen = chosen

    def estimates(self, open_ones: Sequence[int]) -> FloatArray:
        """Return resistances with each of some candidates restored as well, never below the true ones; see `LeastCosts`."""
        now = self.distances([self._chosen])[0]
        found = np.tile(now, (len(open_ones), 1))
        for link, relevant in enumerate(self.relevant):
            if not relevant:
                continue
            self._monitor.check()
            key = self._chosen & relevant
            if key not in self._slopes[link]:
                self._slopes[link][key] = self._gains(link, self._circuit(link, key), key)
            slopes = self._slopes[link][key]
            found[:, link] -= [slopes.get(one, 0.0) for one in open_ones]
        return found

    def bundles(self, open_ones: Sequence[int], price: FloatArray, purse: float) -> dict[int, FloatArray]:
        """Return no bundles: any place with current in it gains alone, and what a bundle is predicted is a sum of these."""
        return {}
