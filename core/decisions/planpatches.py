"""The places that can be restored, and what restoring some of them makes of a resistance surface.

Sets of candidates are whole numbers here, bit k for candidate k: any number of them, cheap to combine and to remember.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation

from ..errors import InputError
from ..types import Array, BoolArray, FloatArray, IntArray

_TIE = 1e-6
"""Part by which resistances of a float32 raster may differ from the number that was meant."""


@dataclass(frozen=True)
class Candidates:
    """Places that can be restored.

    Attributes
    ----------
    cells : tuple of int arrays
        Flat indices of the cells of each that may be restored.
    cost : float64, shape (m,)
        What each costs, in any unit, above 0.
    restored : float64, shape (m,)
        Resistance of its cells after restoration. Cells that are better already stay as they are; impassable ones are
        opened.
    locked_in : bool, shape (m,)
        Those that are in every plan.
    """

    cells: tuple[IntArray, ...]
    cost: FloatArray
    restored: FloatArray
    locked_in: BoolArray

    @property
    def count(self) -> int:
        """Number of candidates."""
        return len(self.cells)

    def check(self, cells: int) -> None:
        """Raise `InputError` unless these can be restored on a raster of so many cells."""
        count = self.count
        if not count:
            raise InputError("There is no candidate to restore.")
        for name, values in (("costs", self.cost), ("restored", self.restored), ("locked_in", self.locked_in)):
            if values.shape != (count,):
                raise InputError(f"There are {count} candidates, but {values.size} {name}.")
        for what, values in (("cost", self.cost), ("resistance after restoration", self.restored)):
            wrong = np.flatnonzero(~((values > 0) & np.isfinite(values)))
            if wrong.size:
                raise InputError(
                    f"The {what} of candidate {wrong[0] + 1} is {values[wrong[0]]:g}; it must be above 0 ({wrong.size} of "
                    f"{count} are not)."
                )
        if any(one.size and (one.min() < 0 or one.max() >= cells) for one in self.cells):
            raise InputError("A candidate has a cell outside the raster.")


def members(chosen: int) -> list[int]:
    """Return the candidates of a set, ascending.

    Examples
    --------
    >>> members(0b1101)
    [0, 2, 3]
    """
    found = []
    while chosen:
        lowest = chosen & -chosen
        found.append(lowest.bit_length() - 1)
        chosen ^= lowest
    return found


def set_of(some: Iterable[int]) -> int:
    """Return the set of some candidates.

    Examples
    --------
    >>> bin(set_of([0, 2, 3]))
    '0b1101'
    """
    chosen = 0
    for one in some:
        chosen |= 1 << int(one)
    return chosen


class Patches:
    """What restoring candidates makes of a surface.

    Parameters
    ----------
    resistance : float array, shape (rows, cols)
        As it is; NaN is impassable.
    candidates : Candidates
        Checked.
    neighbours : int
        8 or 4: which cells lie beside a patch.

    Attributes
    ----------
    cells : list of int arrays
        Flat indices of the cells of each candidate that restoration lowers.

    Raises
    ------
    InputError
        If restoration lowers no cell of any candidate.
    """

    def __init__(self, resistance: Array, candidates: Candidates, neighbours: int) -> None:
        self.resistance = resistance if resistance.dtype.kind == "f" else resistance.astype(np.float64)
        self.restored = candidates.restored.astype(self.resistance.dtype)
        flat = self.resistance.ravel()
        self.cells = []
        for cells, quality in zip(candidates.cells, candidates.restored.tolist()):
            here = np.unique(cells)
            values = flat[here]
            self.cells.append(here[np.isnan(values) | (values > quality * (1.0 + _TIE))])
        if not any(cells.size for cells in self.cells):
            held = [flat[cells] for cells in candidates.cells]
            worst = max((float(np.nanmax(values)) for values in held if values.size), default=np.nan)
            raise InputError(
                f"Nothing is gained: no cell of a candidate has more than the resistance after restoration; the largest is "
                f"{worst:g}, and {candidates.restored.min():g} the lowest after restoration. Give a lower one."
            )
        self._structure = np.ones((3, 3), dtype=bool)
        if neighbours == 4:
            self._structure[::2, ::2] = False
        order = np.argsort(np.concatenate(self.cells), kind="stable")
        self._held = np.concatenate(self.cells)[order]
        self._owner = np.repeat(np.arange(len(self.cells)), [cells.size for cells in self.cells])[order]
        self._around: dict[int, tuple[slice, slice, BoolArray]] = {}

    @property
    def everything(self) -> int:
        """The set of all candidates that lower a cell."""
        return set_of([k for k, cells in enumerate(self.cells) if cells.size])

    @property
    def opens(self) -> bool:
        """Whether an impassable cell becomes passable."""
        return bool(np.isnan(self.resistance.ravel()[self._held]).any())

    def surface(self, chosen: int) -> FloatArray:
        """Return the resistance with a set of candidates restored; the surface itself for the empty set."""
        if not chosen:
            return self.resistance
        better: FloatArray = self.resistance.copy()
        flat = better.reshape(-1)
        for one in members(chosen):
            cells = self.cells[one]
            flat[cells] = np.fmin(flat[cells], self.restored[one])
        return better

    def around(self, one: int) -> tuple[slice, slice, BoolArray]:
        """Return the box of a candidate and the cells beside it, and which cells of the box these are."""
        if one not in self._around:
            rows, cols = np.divmod(self.cells[one], self.resistance.shape[1])
            box = [
                slice(max(0, int(place.min()) - 1), min(size, int(place.max()) + 2))
                for place, size in zip((rows, cols), self.resistance.shape)
            ]
            patch = np.zeros([part.stop - part.start for part in box], dtype=bool)
            patch[rows - box[0].start, cols - box[1].start] = True
            self._around[one] = box[0], box[1], binary_dilation(patch, self._structure)
        return self._around[one]

    def at(self, cells: IntArray) -> tuple[IntArray, IntArray]:
        """Return which of some cells, flat indices, candidates lower: positions among the cells, and the candidates."""
        first, last = (np.searchsorted(self._held, cells, side=side) for side in ("left", "right"))
        count = last - first
        places = np.repeat(np.arange(cells.size), count)
        steps = np.arange(places.size) - np.repeat(np.cumsum(count) - count, count)
        return places, self._owner[np.repeat(first, count) + steps]
