"""Which sources may send current to the target of a moving window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import BoolArray, FloatArray

COMPARISONS = ("within", "equal")


@dataclass(frozen=True)
class Condition:
    """What a source must have in common with a target to send current to it.

    Parameters
    ----------
    present : float (rows, cols)
        Value of every cell as a source; NaN = not known.
    future : float (rows, cols), optional
        Value of every cell as a target; the present one if left out.
    compare : {"within", "equal"}
        Whether the source's value less the target's (median of its block) must lie between `lower` and `upper`, or
        must equal the target's (commonest of its block; of equally common ones the first to get there, column by
        column).
    lower, upper : float
        Limits of the difference, both included.
    """

    present: FloatArray
    future: FloatArray | None = None
    compare: str = "within"
    lower: float = 0.0
    upper: float = 0.0

    def excludes(self, sources: tuple[slice, slice], block: tuple[slice, slice]) -> BoolArray:
        """Return which cells of a window may not send current to a block; a value not known excludes nothing."""
        values = (self.present if self.future is None else self.future)[block].ravel(order="F")
        values = values[~np.isnan(values)]
        present = self.present[sources]
        if not values.size:
            return np.zeros(present.shape, dtype=bool)
        if self.compare == "equal":
            excluded: BoolArray = ~np.isnan(present) & (present != _commonest(values))
            return excluded
        difference = present - float(np.median(values))
        with np.errstate(invalid="ignore"):
            return np.asarray((difference > self.upper) | (difference < self.lower))


def _commonest(values: FloatArray) -> float:
    """Return the commonest value; of equally common ones the first to get there."""
    found, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    most = counts.max()
    last = [np.flatnonzero(place == k)[-1] for k in np.flatnonzero(counts == most)]
    return float(found[counts == most][np.argmin(last)])
