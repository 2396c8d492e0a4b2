"""What a raster must be to serve as a resistance surface, for least-cost searches and circuits alike."""

from __future__ import annotations

import numpy as np

from .errors import InputError
from .types import Array

_MOST_CONTRAST = 1e12
"""Largest over smallest resistance beyond which sums in float64 lose the small values along a path."""

_LIKE_NODATA = 1e30
"""Resistances from which on a value is taken for NoData that is not declared."""

_STRIP = 2**20
"""Cells that are looked at at a time, so that the memory of it does not grow with the raster."""


def check_resistance(resistance: Array) -> None:
    """Raise unless a raster can serve as a resistance surface.

    Parameters
    ----------
    resistance : ndarray, shape (rows, cols)
        Resistance, positive and finite; NaN is impassable.

    Raises
    ------
    InputError
        If it is not a two-dimensional array of numbers, has no valid cell, has values <= 0 or infinite, or values more
        than 1e12 times others. The message gives their number and the first place.
    """
    if resistance.ndim != 2 or resistance.dtype.kind not in "fiu":
        raise InputError(
            f"A resistance surface is a two-dimensional array of numbers, not {resistance.ndim} dimensions of "
            f"{resistance.dtype}."
        )
    count, first, low, high = 0, -1, np.inf, -np.inf
    height = max(1, _STRIP // max(1, resistance.shape[1]))
    for top in range(0, len(resistance), height):
        strip = resistance[top : top + height]
        valid = ~np.isnan(strip)
        if not valid.any():
            continue
        wrong = valid & ~((strip > 0) & (strip < np.inf))
        if first < 0 and wrong.any():
            first = top * strip.shape[1] + int(np.argmax(wrong))
        count += int(np.count_nonzero(wrong))
        low, high = min(low, float(np.nanmin(strip))), max(high, float(np.nanmax(strip)))
    if low > high:
        raise InputError("The resistance surface has no valid cell: every cell is NoData.")
    if count:
        row, col = np.unravel_index(first, resistance.shape)
        raise InputError(
            f"Resistance must be greater than 0 and finite, but {count} cell{'s are' if count > 1 else ' is'} not; "
            f"the first is {resistance[row, col]:g} in row {row + 1}, column {col + 1} (counted from the top left). "
            "Give free passage a small positive value, and barriers NoData or a large value."
        )
    if high > _MOST_CONTRAST * low:
        raise InputError(_too_wide(resistance, low, high))


def _too_wide(resistance: Array, low: float, high: float) -> str:
    """Return what is wrong with a surface of too high a contrast: its largest or its smallest value, and where."""
    middle = float(np.nanmedian(resistance))
    odd, name = (high, "largest") if high / middle >= middle / low else (low, "smallest")
    where = resistance == odd
    count = int(np.count_nonzero(where))
    row, col = np.unravel_index(int(np.argmax(where)), where.shape)
    if odd >= _LIKE_NODATA:
        advice = "It looks like NoData that is not declared: declare it as the NoData value of the raster."
    elif odd == high:
        advice = "Make barriers NoData, or give them a smaller value."
    else:
        advice = "Give free passage a larger value."
    return (
        f"Resistance must not span more than 1e12 : 1, or sums lose the small values; here it runs from {low:g} to "
        f"{high:g}. The {name}, {odd:g}, is in {count:,} cell{'s' if count > 1 else ''}, the first in row {row + 1}, "
        f"column {col + 1} (counted from the top left). {advice}"
    )
