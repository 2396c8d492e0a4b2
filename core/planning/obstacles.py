"""Land that is in the way of the corridors, or that stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..monitor import Monitor
from ..resistance.impassable import closed_at_corners, impassable_cells
from ..resistance.summary import ResistanceSummary
from ..types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Obstacles:
    """What the land use and the roads say beside their scores.

    Attributes
    ----------
    impassable : bool array, shape (rows, cols), optional
        Cells that nothing crosses, but those of sources.
    roads : float array, shape (rows, cols), optional
        What cells resist at least since a road runs through them; 0 where none does.
    not_restorable : bool array, shape (rows, cols), optional
        Cells that stay as they are, see `barriers`.
    """

    impassable: BoolArray | None = None
    roads: FloatArray | None = None
    not_restorable: BoolArray | None = None

    def around(self, labels: IntArray, edge: int) -> BoolArray | None:
        """Return the cells that nothing crosses, see `impassable_cells`; None where nothing is known."""
        return None if self.impassable is None else impassable_cells(self.impassable, labels, edge=edge)

    def describe(self, summary: ResistanceSummary, monitor: Monitor) -> None:
        """Say what roads and impassable land have done to the surface."""
        if self.impassable is not None:
            monitor.info(f"Impassable land: {summary.impassable:,} cells with a resistance became NoData.")
        if self.roads is not None:
            cells = np.count_nonzero(self.roads)
            monitor.info(f"Roads: {cells:,} cells; in {summary.raised:,} of them the road resists more than the land.")

    def restorable(self, resistance: FloatArray) -> BoolArray | None:
        """Return the cells that can be restored: land of the surface and impassable land; None where nothing is known."""
        if self.impassable is None and self.not_restorable is None:
            return None
        can: BoolArray = ~np.isnan(resistance)
        if self.impassable is not None:
            can |= self.impassable
        return can if self.not_restorable is None else can & ~closed_at_corners(self.not_restorable)


def warn_of_enclosed(labels: IntArray, resistance: FloatArray, ids: Sequence[object], monitor: Monitor) -> None:
    """Say which sources no cell beside them leads to; `ids` is what they are called, the one with label 1 first."""
    free = ~np.isnan(resistance) & (labels == 0)
    reached = np.unique(labels[ndimage.binary_dilation(free, np.ones((3, 3), dtype=bool)) & (labels > 0)])
    enclosed = np.setdiff1d(np.arange(1, int(labels.max(initial=0)) + 1), reached)
    if enclosed.size:
        named = ", ".join(str(ids[k - 1]) for k in enclosed[:10])
        monitor.warn(
            f"Sources {named}{' ...' if enclosed.size > 10 else ''} are enclosed by cells that "
            "nothing crosses and get no corridor. Where their own land use is impassable, take it out of the impassable "
            "values or out of the foreground."
        )
