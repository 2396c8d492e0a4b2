"""Restoration, carried out on the resistance surface to see what it really brings."""

from __future__ import annotations

import numpy as np

from ..leastcost.fields import CostFields
from ..leastcost.graph import CostGraph
from ..leastcost.links import Links
from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray
from .barriers import LinkBarriers
from .focal import cells_in


def restored_distances(
    fields: CostFields,
    links: Links,
    best: LinkBarriers,
    *,
    restored: float = 1.0,
    restorable: BoolArray | None = None,
    monitor: Monitor = SILENT,
) -> FloatArray:
    """Restore the best disc of each link in turn and return the least-cost distance that results.

    Parameters
    ----------
    fields, links, restored, restorable
        As for `barriers`.
    best : LinkBarriers
        What `barriers` found.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    float64, shape (active links,)
        Least-cost distance with that one disc restored; NaN for links without a best place.

    Notes
    -----
    Cells of the disc that are already better than `restored` stay as they are; impassable ones are opened. One graph
    and one search a link: O(links x cells log cells).

    Examples
    --------
    >>> from ecosecnet.core.keyareas import barriers
    >>> resistance, labels = np.array([[1.0, 1.0, 1.0, 9.0, 1.0, 1.0, 1.0]]), np.array([[1, 0, 0, 0, 0, 0, 2]])
    >>> links = Links.between([(1, 2)])
    >>> fields = CostFields(CostGraph(resistance, cell_size=10.0), labels)
    >>> found = barriers(fields, links, radii=[10.0])
    >>> found.links.distance.tolist()
    [140.0]
    >>> restored_distances(fields, links, found.links).tolist()
    [60.0]
    """
    surface, pairs = fields.graph, links.joined
    distances = np.full(len(pairs), np.nan)
    for link, (a, b) in enumerate(pairs.tolist()):
        monitor.step(link, len(pairs))
        if np.isnan(best.score[link]):
            continue
        better = np.array(surface.resistance, dtype=np.float64)
        inside = disc_mask(better.shape, int(best.row[link]), int(best.col[link]), best.radius[link], surface.cell_size)
        if restorable is not None:
            inside &= restorable
        better[inside] = np.fmin(better[inside], restored)
        graph = CostGraph(better, cell_size=surface.cell_size, neighbours=surface.neighbours, average=surface.average)
        limit = best.distance[link] * (1.0 + 1e-9)
        distances[link] = graph.cost_from(fields.labels == a, limit=limit)[fields.labels == b].min()
    return distances


def disc_mask(shape: tuple[int, ...], row: int, col: int, radius: float, cell_size: float) -> BoolArray:
    """Return the cells whose centres lie within the radius (in whole cells) of the centre of a cell."""
    reach = cells_in(radius, cell_size)
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    mask: BoolArray = (rows - row) ** 2 + (cols - col) ** 2 <= reach**2
    return mask
