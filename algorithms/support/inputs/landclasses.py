"""Cells of listed classes of a class raster, and what is said where the raster has none of them."""

from __future__ import annotations

import numpy as np

from .... import core
from ....core.errors import InputError
from ....core.monitor import Monitor
from ..io.rasters import RasterSource, describe_values, require_aligned


class ListedClasses:
    """Classes in a line of text, and how many cells of each were found.

    Parameters
    ----------
    text : str
        Values and ranges, such as ``6, 8-10``.
    what : str
        What the classes are called in messages, such as 'impassable'.
    """

    def __init__(self, text: str, what: str) -> None:
        self._text, self._what = text, what
        self._ranges = core.sources.parse_values(text)
        self._cells = [0] * len(self._ranges)

    def among(self, values: np.ndarray) -> np.ndarray:
        """Return where a raster, or some rows of it, holds one of the classes."""
        mask = np.zeros(values.shape, dtype=bool)
        for k, one in enumerate(self._ranges):
            held = core.sources.members(values, [one])
            self._cells[k] += int(np.count_nonzero(held))
            mask |= held
        return mask

    def require_some(self, source: RasterSource, monitor: Monitor) -> None:
        """Refuse a list of which the raster has nothing; warn of classes that it has not.

        Raises
        ------
        InputError
            If no cell was of a listed class.
        """
        if not any(self._cells):
            held = source.glance()
            raise InputError(
                f"No cell of '{source.name}' has one of the {self._what} values {self._text}. "
                f"{describe_values(held, np.ones(held.shape, dtype=bool))}"
            )
        absent = [
            f"{low:g}" if low == high else f"{low:g}-{high:g}"
            for (low, high), count in zip(self._ranges, self._cells)
            if not count
        ]
        if absent:
            monitor.warn(f"No cell of '{source.name}' has the {self._what} value {', '.join(absent)}.")


def read_class_cells(source: RasterSource, text: str, what: str, monitor: Monitor) -> np.ndarray:
    """Return the cells of the listed classes of a raster, bool (rows, cols); NoData is none of them."""
    listed = ListedClasses(text, what)
    mask = np.zeros(source.grid.shape, dtype=bool)
    for row, values, valid in source.blocks(monitor):
        mask[row : row + len(values)] = listed.among(values) & valid
    listed.require_some(source, monitor)
    return mask


def read_restorable(
    land: RasterSource | None, text: str, resistance: RasterSource, monitor: Monitor
) -> np.ndarray | None:
    """Return the cells of a resistance surface that can be restored: those of no listed land use; None for all.

    Raises
    ------
    InputError
        If the land use is missing, lies on another grid, or has no listed class.
    """
    if not text:
        return None
    if land is None:
        raise InputError(
            f"The values {text} that cannot be restored are classes of a land-use raster. Give it (LANDUSE)."
        )
    require_aligned(resistance, land)
    stays = core.resistance.closed_at_corners(read_class_cells(land, text, "not restorable", monitor))
    share = np.count_nonzero(stays) / stays.size
    monitor.info(
        f"Not restorable: {np.count_nonzero(stays):,} cells, {share:.1%} of the raster; they keep their resistance."
    )
    return ~stays
