"""Closing cells that touch at a corner only, so that no path over 8 neighbours slips through between them."""

from __future__ import annotations

import numpy as np

from ..types import BoolArray


def closed_at_corners(mask: BoolArray, above: BoolArray | None = None) -> BoolArray:
    """Return cells that are to be a wall, with one more cell wherever two of them touch at a corner only.

    A river in a class raster is a chain of cells, many of which touch at a corner; a diagonal step would cross it there.
    Of the two cells beside the corner the one below is added, whatever they hold.

    Parameters
    ----------
    mask : bool array, shape (rows, cols)
        Cells of the wall.
    above : bool array, shape (cols,), optional
        The row of the wall above, where `mask` is a part of a raster.

    Examples
    --------
    >>> closed_at_corners(np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1]], dtype=bool)).astype(int).tolist()
    [[1, 0, 0], [1, 1, 0], [0, 1, 1]]
    """
    wall = mask if above is None else np.concatenate((above[None], mask))
    upper, lower = wall[:-1], wall[1:]
    closed: BoolArray = wall.copy()
    closed[1:, 1:] |= upper[:, 1:] & lower[:, :-1] & ~upper[:, :-1]
    closed[1:, :-1] |= upper[:, :-1] & lower[:, 1:] & ~upper[:, 1:]
    return closed if above is None else closed[1:]
