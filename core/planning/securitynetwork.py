"""The whole method in one: from land cover to sources, resistance, corridors, pinch points and barriers.

A composition of the functions behind the single tools, in the order of Yang et al. (the Liuzhi study); nothing is
computed here that they do not compute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..connectivity import (
    Importance,
    PatchGraph,
    dispersal_rate,
    distance_at,
    important,
    node_importance,
    probability_indices,
)
from ..corridors.adjacency import find_pairs
from ..corridors.linkages import find_links
from ..corridors.normalised import add_to_mosaic, corridors
from ..errors import InputError
from ..grid import Grid
from ..keyareas.areas import KeyAreas, key_areas
from ..keyareas.barriers import barriers
from ..keyareas.pinchpoints import pinchpoints
from ..leastcost.fields import CostFields
from ..leastcost.graph import CostGraph
from ..leastcost.links import Links
from ..monitor import SILENT, Monitor
from ..mspa import mspa, seven_classes
from ..network import centrality as network
from ..resistance.lostcells import cut_to_surface
from ..resistance.overlay import resistance_surface
from ..resistance.scorechecks import check_scores, report
from ..resistance.scoretable import FactorScores
from ..resistance.scoring import FactorValues, score_values
from ..sources.classmap import code_foreground
from ..sources.patches import find_patches
from ..stats.ranks import grades
from ..types import Array, BoolArray, FloatArray, IntArray
from .results import CorridorNetwork, Distances, KeyPlaces, Options, SecurityNetwork, SourceSet, Surface

CORE = 1
"""Core in the seven classes of MSPA."""

FIELD_BYTES_PER_CELL = 40
"""Bytes of cost fields that are kept for each cell of the raster: those of seven full rasters, or of some twenty windows."""

LEAST_PROBABILITY = 1e-6
"""Pairs of patches whose dispersal probability is below this have no direct link."""


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
        Classes and weight of each factor; those without values in `factors` are left out and said so.
    options : Options
        The choices of the method.
    distances : Distances
        Measures edge-to-edge distances between patches.
    protected : bool array, optional
        Cells of the red line and of reserves.
    corrections : mapping of str to float array, optional
        Rasters that correct the resistance.
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
    >>> options = Options([(1, 1)], min_area_ha=0.5, dispersal=300.0, cutoff=100.0, radii=[60.0])
    >>> factors, grid = {"Land use": land_use, "Road": road}, Grid(9, 20, dx=30.0, dy=30.0)
    >>> network = security_network(land_use, land_use > 0, grid, factors, scores, options, distances=Distances())
    >>> network.sources.area_ha.round(2).tolist(), network.corridors.links.cost.round(2).tolist()
    ([0.81, 0.81], [858.0])
    """
    monitor.info("Step 1 of 4: ecological sources")
    sources = find_sources(
        land_use, valid, grid, options, distances=distances, protected=protected, monitor=monitor.part(0.0, 0.15)
    )
    monitor.info("Step 2 of 4: resistance surface")
    surface = build_surface(factors, scores, options, corrections or {}, monitor=monitor.part(0.15, 0.3))
    monitor.info("Step 3 of 4: corridors")
    labels = cut_to_surface(sources.labels, surface.values, grid, factors, scores, monitor=monitor)
    graph = CostGraph(surface.values, cell_size=grid.cell_size, monitor=monitor.part(0.3, 0.32))
    # All that follow need the fields of the same sources; none is searched twice while they fit into the budget.
    fields = CostFields(graph, labels, slack=options.cutoff, budget=FIELD_BYTES_PER_CELL * labels.size)
    corridor_network = connect(fields, options, distances=distances, monitor=monitor.part(0.32, 0.55))
    monitor.info("Step 4 of 4: pinch points and barriers")
    belt = ~np.isnan(corridor_network.mosaic)
    places = find_places(fields, corridor_network.links, belt, grid, options, monitor=monitor.part(0.55, 1.0))
    return SecurityNetwork(sources, surface, corridor_network, places)


def find_sources(
    land_use: Array,
    valid: BoolArray,
    grid: Grid,
    options: Options,
    *,
    distances: Distances,
    protected: BoolArray | None = None,
    monitor: Monitor = SILENT,
) -> SourceSet:
    """Find the sources: MSPA core and protected areas, large enough and important enough for connectivity."""
    coded = code_foreground(land_use, valid, list(options.foreground))
    codes = mspa(
        coded, connectivity=options.connectivity, edge_width=options.edge_width, monitor=monitor.part(0.0, 0.4)
    )
    classes = seven_classes(codes, transition=False)  # as the statistics of GuidosToolbox count them
    candidates = find_patches(
        classes == CORE,
        None if protected is None else protected & valid,
        overlay=options.overlay,
        gap=options.gap / grid.cell_size,
        minimum=options.min_area_ha / grid.cell_ha * (1.0 - 1e-9),
        neighbours=options.connectivity,
        valid=valid,
        monitor=monitor.part(0.4, 0.6),
    )
    rate = dispersal_rate(options.dispersal, options.probability)
    far = max(distance_at(rate, LEAST_PROBABILITY), options.dispersal)
    pairs, apart = distances.within(candidates.labels, far, monitor.part(0.6, 0.9))
    area = candidates.cells * grid.cell_ha
    graph = PatchGraph.dispersing(area, pairs, apart, rate)
    dpc = node_importance(graph, monitor=monitor.part(0.9, 0.95))
    near = PatchGraph.within(area, pairs, apart, options.dispersal)
    diic = node_importance(near, monitor=monitor.part(0.95, 1.0))
    order = np.argsort(-dpc.total, kind="stable")
    kept = order[important(dpc.total[order], options.min_dpc)]
    if kept.size < 2:
        raise InputError(
            f"Of {area.size} patches {kept.size} has a dPC of {options.min_dpc:g} % or more, and corridors need two. "
            "Lower the smallest dPC or the smallest area, or raise the dispersal distance."
        )
    monitor.info(f"{kept.size} of {area.size} patches have a dPC of {options.min_dpc:g} % or more and are sources.")
    number = np.zeros(area.size + 1, dtype=np.int32)
    number[kept + 1] = np.arange(1, kept.size + 1)
    return SourceSet(
        codes,
        classes,
        number[candidates.labels],
        area[kept],
        candidates.core_cells[kept] * grid.cell_ha,
        candidates.protected_cells[kept] * grid.cell_ha,
        _some(dpc, kept),
        _some(diic, kept),
        grades(dpc.total[kept], options.grades),
        area.size,
        probability_indices(graph),
    )


def _some(importance: Importance, kept: IntArray) -> Importance:
    return replace(
        importance,
        total=importance.total[kept],
        intra=importance.intra[kept],
        flux=importance.flux[kept],
        connector=importance.connector[kept],
    )


def _lint(scores: Sequence[FactorScores], factors: Mapping[str, Array], monitor: Monitor) -> None:
    """Check the score table as it was given against the values of the factors that are there."""
    held = {}
    for factor in scores:
        if factor.name in factors:
            held[factor.name] = FactorValues()
            held[factor.name].add(factors[factor.name])
    ranges = {name: (values.minimum, values.maximum) for name, values in held.items()}
    codes = {name: values.codes for name, values in held.items() if values.codes is not None}
    report(check_scores(scores, ranges=ranges, codes=codes), monitor)


def build_surface(
    factors: Mapping[str, Array],
    scores: Sequence[FactorScores],
    options: Options,
    corrections: Mapping[str, FloatArray],
    *,
    monitor: Monitor = SILENT,
) -> Surface:
    """Score the factors, lay them over each other by weight, and correct the result."""
    used = [factor for factor in scores if factor.name in factors]
    missing = [factor.name for factor in scores if factor.name not in factors]
    if missing:
        monitor.warn(f"There is no data for {', '.join(missing)}; the weights of the other factors are scaled up to 1.")
    if len(used) < 2:
        raise InputError(
            "A resistance surface needs at least two factors with data. Give elevation, roads or mines beside the land "
            "use, or a score table whose factors are there."
        )
    _lint(scores, factors, monitor)
    total = sum(factor.weight or 0.0 for factor in used)
    if not total > 0:
        raise InputError("The factors have no weight. Give each factor of the score table a weight.")
    used = [replace(factor, weight=(factor.weight or 0.0) / total) for factor in used]
    layers = []
    for done, factor in enumerate(used):
        monitor.step(0.5 * done, len(used))
        scored = score_values(factors[factor.name], factor.classes)
        if scored.unmatched:
            monitor.warn(f"{scored.unmatched:,} cells of '{factor.name}' fall in no class and become NoData.")
        layers.append(scored.scores)
    built = resistance_surface(
        layers,
        [factor.weight or 0.0 for factor in used],
        corrections=list(corrections.values()),
        names=[factor.name for factor in used],
        correction_names=list(corrections),
        correction=options.correction if corrections else None,
        monitor=monitor.part(0.5, 1.0),
    )
    return Surface(built.values, built.summary)


def connect(
    fields: CostFields,
    options: Options,
    *,
    distances: Distances,
    monitor: Monitor = SILENT,
) -> CorridorNetwork:
    """Find the corridors between the sources and rank them by current-flow centrality."""
    labels = fields.labels
    pairs = find_pairs(fields, adjacency=options.adjacency, monitor=monitor.part(0.0, 0.1)).pairs
    euclidean = distances.between(labels, pairs - 1, monitor.part(0.1, 0.3))
    links = find_links(
        fields,
        pairs,
        euclidean,
        drop_through_sources=options.drop_through_sources,
        monitor=monitor.part(0.3, 0.7),
    )
    active = np.flatnonzero(links.active)
    if not active.size:
        raise InputError(
            "No corridor joins two sources: impassable cells (NoData) lie between all of them. Fill the gaps in the "
            "factor rasters, or enlarge the study area."
        )
    mosaic = np.full(labels.shape, np.nan, dtype=np.float32)
    for corridor in corridors(fields, links, cutoff=options.cutoff, monitor=monitor.part(0.7, 1.0)):
        add_to_mosaic(mosaic, corridor)
    count = int(labels.max())
    ends = links.pairs[active] - 1
    flow = network.current_flow(count, ends, 1.0 / links.cost[active])
    return CorridorNetwork(links, mosaic, flow, grades(flow.links, options.grades), network.structure(count, ends))


def find_places(
    fields: CostFields,
    links: Links,
    belt: BoolArray,
    grid: Grid,
    options: Options,
    *,
    monitor: Monitor = SILENT,
) -> KeyPlaces:
    """Find the pinch points and barriers of the links, and the areas of their highest class.

    `belt` holds the cells of the corridors.
    """
    resistance = fields.graph.resistance
    pinch = pinchpoints(fields, links, cutoff=options.cutoff, monitor=monitor.part(0.0, 0.45))
    barrier = barriers(fields, links, radii=options.radii, outside=False, monitor=monitor.part(0.45, 0.9))
    fields.release()
    if options.barriers_in_belt:
        barrier = barrier.clipped(belt)
    pinch_areas = _areas(pinch.current, "pinch points", resistance, grid, options, monitor.part(0.9, 0.95))
    areas = _areas(barrier.score, "barriers", resistance, grid, options, monitor.part(0.95, 1.0))
    held = areas is not None and areas.labels > 0
    outside = float(np.count_nonzero(held & ~belt)) / max(int(np.count_nonzero(held)), 1)
    if outside:
        monitor.info(
            f"{100 * outside:.0f} % of the barrier areas lie outside the corridors: restored, they would open a shorter way "
            "beside them."
        )
    return KeyPlaces(pinch, pinch_areas, barrier, areas, outside)


def _areas(
    values: FloatArray, what: str, resistance: FloatArray, grid: Grid, options: Options, monitor: Monitor
) -> KeyAreas | None:
    try:
        return key_areas(
            values,
            cell_ha=grid.cell_ha,
            resistance=resistance if options.overlay_resistance else None,
            classes=options.classes,
            min_area_ha=options.min_key_area_ha,
            monitor=monitor,
        )
    except InputError as error:
        # A landscape without any barrier is a result, not a failure.
        monitor.warn(f"There are no {what}: {error}")
        return None
