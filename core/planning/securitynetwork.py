"""The whole method in one: from land cover to sources, resistance, corridors, pinch points and barriers.

A composition of the functions behind the single tools, in the order of Yang et al. (the Liuzhi study); nothing is
computed here that they do not compute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..grid import Grid
from ..leastcost.fields import CostFields
from ..leastcost.graph import CostGraph
from ..monitor import SILENT, Monitor
from ..resistance.lostcells import cut_to_surface
from ..resistance.scoretable import FactorScores
from ..spread.where import HERE, Where
from ..types import Array, BoolArray, FloatArray, IntArray
from .corridorstep import connect
from .keyareastep import find_places
from .obstacles import Obstacles, warn_of_enclosed
from .options import Options
from .reported import Reported
from .results import Distances, SecurityNetwork
from .sourcestep import find_sources, rank_sources
from .surfacestep import build_surface, take_surface

FIELD_BYTES_PER_CELL = 40
"""Bytes of cost fields that are kept for each cell of the raster: those of seven full rasters, or of some twenty windows."""


def security_network(
    land_use: Array,
    valid: BoolArray,
    grid: Grid,
    factors: Mapping[str, Array],
    scores: Sequence[FactorScores],
    options: Options,
    *,
    distances: Distances,
    protected: BoolArray | None = None,
    corrections: Mapping[str, FloatArray] | None = None,
    obstacles: Obstacles | None = None,
    scored: Callable[[str, FloatArray], None] | None = None,
    zones: Array | None = None,
    own_sources: IntArray | None = None,
    own_ids: Sequence[object] = (),
    own_surface: FloatArray | None = None,
    area: BoolArray | None = None,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> SecurityNetwork:
    """Build an ecological security network.

    Parameters
    ----------
    land_use : int array, shape (rows, cols)
        Land-use values.
    valid : bool array, same shape
        False where there is no land use: outside the study area.
    grid : Grid
        The grid of all rasters.
    factors : mapping of str to array
        Values of each resistance factor by its name, NaN = NoData.
    scores : sequence of FactorScores
        Classes and weight of each factor; those without values in `factors` are left out and said so, those without
        classes are scored by natural breaks, see `with_classes`.
    options : Options
        The choices of the method.
    distances : Distances
        Measures edge-to-edge distances between patches.
    protected : bool array, optional
        Cells of the red line and of reserves.
    corrections : mapping of str to float array, optional
        Rasters that correct the resistance.
    obstacles : Obstacles, optional
        Impassable land, roads as cells of their own resistance, and land that cannot be restored.
    scored : callable, optional
        Receives the name and the scores (NaN = NoData) of each factor, which the network does not hold.
    zones : array, same shape, optional
        Zone of each cell, for corrections by the mean of the zone; NaN (float arrays) = no zone.
    own_sources : int array, same shape, optional
        Sources, 1 to n and 0 outside, that are taken instead of those that step 1 would find.
    own_ids : sequence, optional
        What they are called in messages; by default they are numbered from the most important.
    own_surface : float array, same shape, optional
        Resistance surface, NaN = NoData, that is taken instead of the one that step 2 would build.
    area : bool array, same shape, optional
        The study area, where the data reach beyond it: all is computed on the whole rasters, and of the result only what
        concerns the area is returned, see `Reported`. Key areas are classified and cut inside it.
    where : Where
        Where least-cost searches are made, circuits solved and barriers scored; the result is the same to the last bit.
    monitor : Monitor
        Progress, messages and cancellation.

    Returns
    -------
    SecurityNetwork

    Raises
    ------
    InputError
        If a step has nothing to work on: no foreground, no core, fewer than two sources, no corridor.

    Notes
    -----
    Time and memory are those of the corridors and currents, see `corridors` and `pinchpoints`; the peak is about
    250 bytes a cell.

    Examples
    --------
    >>> from ecosecnet.core.connectivity import cost_distances
    >>> from ecosecnet.core.corridors import Cutoff
    >>> from ecosecnet.core.planning import CorridorOptions, KeyAreaOptions, SourceOptions
    >>> from ecosecnet.core.resistance import classes_from_rows
    >>> class Distances:
    ...     def within(self, labels, limit, monitor):
    ...         return cost_distances(CostGraph(np.ones(labels.shape), cell_size=30.0), labels, limit=limit)
    ...     def between(self, labels, pairs, monitor):
    ...         return np.zeros(len(pairs))  # matter only where links are limited by them
    >>> land_use, road = np.full((9, 20), 3), np.ones((9, 20))
    >>> land_use[2:7, 1:6] = land_use[2:7, 14:19] = 1
    >>> road[:, 8:13] = 0
    >>> scores = [
    ...     FactorScores("Land use", classes_from_rows([[1, 1], [3, 3]]), 0.6),
    ...     FactorScores("Road", classes_from_rows([[0, 5], [1, 1]]), 0.4),
    ... ]
    >>> options = Options(
    ...     SourceOptions([(1, 1)], min_area_ha=0.5, dispersal=300.0),
    ...     corridors=CorridorOptions(cutoff=Cutoff(100.0)),
    ...     keyareas=KeyAreaOptions(radii=[60.0]),
    ... )
    >>> factors, grid = {"Land use": land_use, "Road": road}, Grid(9, 20, dx=30.0, dy=30.0)
    >>> network = security_network(land_use, land_use > 0, grid, factors, scores, options, distances=Distances())
    >>> network.sources.area_ha.round(2).tolist(), network.corridors.links.cost.round(2).tolist()
    ([0.81, 0.81], [858.0])
    """
    monitor.info("Step 1 of 4: ecological sources")
    step = monitor.part(0.0, 0.15)
    sources = (
        find_sources(land_use, valid, grid, options.sources, distances=distances, protected=protected, monitor=step)
        if own_sources is None
        else rank_sources(
            own_sources, valid, grid, options.sources, distances=distances, protected=protected, monitor=step
        )
    )
    monitor.info("Step 2 of 4: resistance surface")
    obstacles = obstacles or Obstacles()
    impassable = obstacles.around(sources.labels, options.sources.edge_width)
    surface = (
        build_surface(
            factors,
            scores,
            options.surface,
            corrections or {},
            valid=valid,
            zones=zones,
            roads=obstacles.roads,
            impassable=impassable,
            scored=scored,
            monitor=monitor.part(0.15, 0.3),
        )
        if own_surface is None
        else take_surface(own_surface, roads=obstacles.roads, impassable=impassable)
    )
    obstacles.describe(surface.summary, monitor)
    monitor.info("Step 3 of 4: corridors")
    ids = [own_ids[k - 1] for k in sources.origin] if own_ids else range(1, sources.area_ha.size + 1)
    labels = cut_to_surface(sources.labels, surface.values, grid, factors, surface.scores, ids=ids, monitor=monitor)
    if obstacles.impassable is not None:
        warn_of_enclosed(labels, surface.values, ids, monitor)
    graph = CostGraph(surface.values, cell_size=grid.cell_size, monitor=monitor.part(0.3, 0.32))
    # All that follow need the fields of the same sources; none is searched twice while they fit into the budget.
    fields = CostFields(graph, labels, budget=FIELD_BYTES_PER_CELL * labels.size, everywhere=True)
    corridor_network = connect(
        fields, options.corridors, distances=distances, where=where, monitor=monitor.part(0.32, 0.55)
    )
    reported = None if area is None else Reported.of(area, labels, corridor_network.links)
    monitor.info("Step 4 of 4: pinch points and barriers")
    belt = ~np.isnan(corridor_network.mosaic)
    places = find_places(
        fields,
        corridor_network.links,
        belt,
        valid,
        grid,
        options.keyareas,
        cutoff=corridor_network.cutoffs,
        obstacles=obstacles,
        land=surface.land,
        reported=reported,
        where=where,
        monitor=monitor.part(0.55, 1.0),
    )
    if reported is not None:
        many, found = sources.area_ha.size, len(corridor_network.links.joined)
        sources, corridor_network = reported.of_sources(sources), reported.of_corridors(corridor_network)
        monitor.info(
            f"{sources.area_ha.size} of {many} sources and {len(corridor_network.links.joined)} of {found} corridors concern "
            "the study area and are reported."
        )
    kept = np.arange(int(labels.max())) if reported is None else reported.sources
    return SecurityNetwork(sources, surface, corridor_network, places, labels, kept)
