"""Step 3 of the whole method: the corridors between the sources."""

from __future__ import annotations

import numpy as np

from ..corridors.adjacency import find_pairs
from ..corridors.belts import belt_advice
from ..corridors.cutoff import cutoffs, foresee, stated
from ..corridors.linkages import find_links
from ..corridors.normalised import add_to_mosaic, corridors
from ..errors import InputError
from ..leastcost.fields import CostFields
from ..monitor import SILENT, Monitor
from ..network import centrality as network
from ..spread.where import HERE, Where
from ..stats.ranks import grades
from .options import CorridorOptions
from .results import CorridorNetwork, Distances


def connect(
    fields: CostFields,
    options: CorridorOptions,
    *,
    distances: Distances,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> CorridorNetwork:
    """Find the corridors between the sources and rank them by current-flow centrality.

    `where` is where the least-cost searches are made.
    """
    labels = fields.labels
    pairs = find_pairs(fields, adjacency=options.adjacency, monitor=monitor.part(0.0, 0.1)).pairs
    euclidean = distances.between(labels, pairs - 1, monitor.part(0.1, 0.3))
    foresee(fields, pairs, euclidean, options.cutoff)
    links = find_links(
        fields,
        pairs,
        euclidean,
        drop_through_sources=options.drop_through_sources,
        where=where,
        monitor=monitor.part(0.3, 0.7),
    )
    active = np.flatnonzero(links.active)
    if not active.size:
        raise InputError(
            "No corridor joins two sources: impassable cells (NoData) lie between all of them. Fill the gaps in the "
            "factor rasters, or enlarge the study area."
        )
    mosaic = np.full(labels.shape, np.nan, dtype=np.float32)
    limits = cutoffs(fields, links, options.cutoff, monitor=monitor.part(0.7, 0.75))
    reach = stated(options.cutoff, limits, links)
    monitor.info(reach)
    for corridor in corridors(fields, links, cutoff=limits, monitor=monitor.part(0.75, 1.0)):
        add_to_mosaic(mosaic, corridor)
    advice = belt_advice(fields, links, options.cutoff, limits, ~np.isnan(mosaic), monitor=monitor.part(1.0, 1.0))
    if advice:
        monitor.warn(advice)
    count = int(labels.max())
    ends = links.pairs[active] - 1
    flow = network.current_flow(count, ends, 1.0 / links.cost[active])
    return CorridorNetwork(
        links, mosaic, limits, reach, flow, grades(flow.links, options.grades), network.structure(count, ends)
    )
