"""What restoring one place would save, without a new search over the raster.

The place and the cells beside it are a small graph. Entered at what its cells cost from one source as things are, crossed on
the restored values, and left at what they cost from the other source as things are, it gives a way that is there once the
place is restored; the best may leave it and come back. So the distance is never below the true one, the gain never above.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..leastcost.dijkstra import DijkstraSearch
from ..leastcost.graph import CostGraph
from ..leastcost.results import Field
from ..monitor import SILENT
from ..types import BoolArray, FloatArray


def values_in(field: Field, rows: slice, cols: slice) -> FloatArray:
    """Return the costs of a field in a box of the raster; infinite outside the field."""
    found = np.full((rows.stop - rows.start, cols.stop - cols.start), np.inf)
    height, width = field.cost.shape
    top, bottom = max(rows.start, field.top), min(rows.stop, field.top + height)
    left, right = max(cols.start, field.left), min(cols.stop, field.left + width)
    if top < bottom and left < right:
        inside = field.cost[top - field.top : bottom - field.top, left - field.left : right - field.left]
        found[top - rows.start : bottom - rows.start, left - cols.start : right - cols.start] = inside
    return found


def ways_through(
    surface: CostGraph,
    restored: FloatArray,
    place: tuple[slice, slice, BoolArray],
    fields: dict[int, Field],
    pairs: Sequence[tuple[int, int]],
) -> list[float]:
    """Return the cost of the best way of each pair of sources that enters a restored place once.

    Parameters
    ----------
    surface : CostGraph
        As things are; only how steps go is taken from it.
    restored : float array
        The resistance in the box of the place once it is restored.
    place : tuple of two slices and a bool array
        Rows and columns of the box, and which of its cells belong to the place or lie beside it.
    fields : dict of int to Field
        The cost field of each source as things are, exact as far as it matters.
    pairs : sequence of (int, int)
        The pairs of sources.

    Returns
    -------
    list of float
        Infinite where a source does not reach the place.

    Notes
    -----
    A search over the c cells of the place a first source: O(c log c) each.
    """
    rows, cols, inside = place
    values = np.where(inside, restored, np.nan).astype(np.float64)
    inverse = surface.inverse
    graph = DijkstraSearch(1.0 / values if inverse else values, surface.half_steps, SILENT, inverse=inverse)
    flat = np.flatnonzero(~np.isnan(values))
    here = {source: values_in(field, rows, cols).ravel()[flat] for source, field in fields.items()}
    through: dict[int, FloatArray] = {}
    found = []
    for a, b in pairs:
        if a not in through:
            entered = np.isfinite(here[a])
            through[a] = np.full(flat.size, np.inf)
            if entered.any():
                through[a] = graph.spread(flat[entered], here[a][entered], np.inf).ravel()[flat]
        found.append(float((through[a] + here[b]).min(initial=np.inf)))
    return found
