"""Land that nothing crosses: which cells are closed, around the sources and where cells touch at a corner only."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..types import BoolArray, IntArray


def impassable_cells(mask: BoolArray, labels: IntArray | None = None, *, edge: int = 1) -> BoolArray:
    """Return the cells that nothing crosses, from those of impassable land.

    Those of sources stay passable. So does the edge of impassable land around them that MSPA leaves out of a core: else a
    lake that is a source would be cut off from its own shore. Beside other sources, a forest at a river, all is closed.

    Parameters
    ----------
    mask : bool array, shape (rows, cols)
        Impassable land.
    labels : int array, same shape, optional
        Sources, 0 outside.
    edge : int, optional
        Width of the edge in cells.

    Examples
    --------
    >>> lake, source = np.ones((1, 6), dtype=bool), np.array([[0, 0, 0, 7, 0, 0]])
    >>> impassable_cells(lake, source).astype(int).tolist()
    [[1, 1, 0, 0, 0, 1]]
    """
    if labels is None:
        return closed_at_corners(mask)
    kept = labels > 0
    kept |= mask & ndimage.binary_dilation(mask & kept, np.ones((3, 3), dtype=bool), iterations=edge)
    return closed_at_corners(mask & ~kept) & ~kept


def closed_at_corners(mask: BoolArray) -> BoolArray:
    """Return cells that are to be a wall, with one more cell wherever two of them touch at a corner only.

    A river in a class raster is a chain of cells, many of which touch at a corner; a diagonal step would cross it there.
    Of the two cells beside the corner the one below is added, whatever they hold.

    Parameters
    ----------
    mask : bool array, shape (rows, cols)
        Cells of the wall.

    Examples
    --------
    >>> closed_at_corners(np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1]], dtype=bool)).astype(int).tolist()
    [[1, 0, 0], [1, 1, 0], [0, 1, 1]]
    """
    upper, lower = mask[:-1], mask[1:]
    closed: BoolArray = mask.copy()
    closed[1:, 1:] |= upper[:, 1:] & lower[:, :-1] & ~upper[:, :-1]
    closed[1:, :-1] |= upper[:, :-1] & lower[:, 1:] & ~upper[:, 1:]
    return closed
