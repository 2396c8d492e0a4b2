"""Step 4 of the whole method: pinch points and barriers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..choices import BarrierRank
from ..errors import InputError
from ..grid import Grid
from ..keyareas.areas import HeldLimits, KeyAreas, key_areas
from ..keyareas.barriers import Barriers, barriers, disc_ha, radii_between
from ..keyareas.measures import AreaMeasures, measure_areas, report_edge, report_sizes
from ..keyareas.pinchpoints import PinchPoints, pinchpoints
from ..keyareas.rules import RuleComparison, compare_rules, overlap
from ..leastcost.fields import CostFields
from ..leastcost.links import Links
from ..monitor import SILENT, Monitor
from ..spread.where import HERE, Where
from ..types import BoolArray, FloatArray
from .obstacles import Obstacles
from .options import KeyAreaOptions
from .reported import Reported
from .results import KeyPlaces


def find_places(
    fields: CostFields,
    links: Links,
    belt: BoolArray,
    valid: BoolArray,
    grid: Grid,
    options: KeyAreaOptions,
    *,
    cutoff: FloatArray,
    obstacles: Obstacles,
    land: FloatArray,
    reported: Reported | None = None,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> KeyPlaces:
    """Find the pinch points and barriers of the links, and the areas of their highest class.

    `belt` holds the cells of the corridors, which end at the `cutoff` of each link above its path, `valid` those that have
    data. All are searched, and those `reported` are returned. Currents and scores are overlaid with the resistance of the
    `land`: with that of roads, key areas would be the cells of roads and nothing else. `where` is where links are solved and
    cells scored.
    """
    pinch = find_currents(fields, links, options, cutoff=cutoff, where=where, monitor=monitor.part(0.0, 0.45))
    barrier = find_barriers(
        fields, links, belt, grid, options, obstacles=obstacles, where=where, monitor=monitor.part(0.45, 0.9)
    )
    fields.release()
    if reported is not None:
        pinch, barrier = reported.of_pinch(pinch, links), reported.of_barriers(barrier, links)
        links = reported.of_links(links)
    lines = [[path + 0.5] for path, active in zip(links.paths, links.active) if active]
    pinch_areas, pinch_rules = _areas(
        "Pinch points",
        pinch.current,
        land,
        grid,
        options,
        options.max_area_ha,
        options.pinch_limits,
        monitor.part(0.9, 0.93),
    )
    pinch_measures = _measures("pinch points", pinch_areas, lines, valid, grid, monitor.part(0.93, 0.95))
    barrier_areas, barrier_rules = _areas(
        "Barriers",
        graded_barriers(barrier, options),
        land,
        grid,
        options,
        largest_barrier(grid, options),
        options.barrier_limits,
        monitor.part(0.95, 0.98),
    )
    barrier_measures = _measures("barriers", barrier_areas, lines, valid, grid, monitor.part(0.98, 1.0))
    both = None
    if pinch_areas is not None and barrier_areas is not None:
        both = overlap(pinch_areas, barrier_areas, cell_ha=grid.cell_ha)
        monitor.info(both.describe())
    held = barrier_areas is not None and barrier_areas.labels > 0
    outside = float(np.count_nonzero(held & ~belt)) / max(int(np.count_nonzero(held)), 1)
    if outside:
        monitor.info(
            f"{100 * outside:.0f} % of the barrier areas lie outside the corridors: restored, they would open a shorter way "
            "beside them."
        )
    return KeyPlaces(
        pinch,
        pinch_areas,
        pinch_measures,
        pinch_rules,
        barrier,
        barrier_areas,
        barrier_measures,
        barrier_rules,
        both,
        outside,
    )


def find_currents(
    fields: CostFields,
    links: Links,
    options: KeyAreaOptions,
    *,
    cutoff: FloatArray,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> PinchPoints:
    """Map the current in the corridors of the links, as `find_places` does."""
    return pinchpoints(
        fields, links, cutoff=cutoff, mode=options.mode, combine=options.combine, where=where, monitor=monitor
    )


def find_barriers(
    fields: CostFields,
    links: Links,
    belt: BoolArray,
    grid: Grid,
    options: KeyAreaOptions,
    *,
    obstacles: Obstacles,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> Barriers:
    """Score the barriers of the links, as `find_places` does."""
    found = barriers(
        fields,
        links,
        radii=_radii(grid, options),
        method=options.window,
        combine=options.combine,
        outside=False,
        restorable=obstacles.restorable(fields.graph.resistance),
        centres=options.centres,
        where=where,
        monitor=monitor,
    )
    return found.clipped(belt) if options.barriers_in_belt else found


def graded_barriers(found: Barriers, options: KeyAreaOptions) -> FloatArray:
    """Return the scores by which barriers are graded."""
    return found.percent if options.rank is BarrierRank.PERCENT else found.score


def largest_barrier(grid: Grid, options: KeyAreaOptions) -> float:
    """Return the area in hectares from which on barriers are cut; 0 for none."""
    if options.max_area_ha is not None:
        return options.max_area_ha
    return max(disc_ha(max(_radii(grid, options)), grid.cell_size), options.min_area_ha)


def highest_class(
    values: FloatArray,
    land: FloatArray | None,
    grid: Grid,
    options: KeyAreaOptions,
    max_area_ha: float | None,
    held: HeldLimits | None,
    *,
    monitor: Monitor = SILENT,
) -> KeyAreas:
    """Return the areas of the highest class of currents or scores, overlaid with the resistance of the `land` if given."""
    return key_areas(
        values.astype(np.float32),  # as layers hold them, in which 'keyareas' then finds the same areas
        cell_ha=grid.cell_ha,
        resistance=land,
        classes=options.classes,
        min_area_ha=options.min_area_ha,
        max_area_ha=max_area_ha or None,
        held=held,
        monitor=monitor,
    )


def _radii(grid: Grid, options: KeyAreaOptions) -> Sequence[float]:
    return radii_between(None, None, None, cell_size=grid.cell_size) if options.radii is None else options.radii


def _areas(
    what: str,
    values: FloatArray,
    resistance: FloatArray,
    grid: Grid,
    options: KeyAreaOptions,
    max_area_ha: float | None,
    held: HeldLimits | None,
    monitor: Monitor,
) -> tuple[KeyAreas | None, RuleComparison | None]:
    """Return the areas of the highest class, and how they compare with those of the other rule."""

    def found(overlaid: bool, monitor: Monitor) -> KeyAreas:
        land = resistance if overlaid else None
        limits = held if overlaid == chosen else None  # they are of the rule that is chosen
        return highest_class(values, land, grid, options, max_area_ha, limits, monitor=monitor)

    chosen = options.overlay_resistance
    try:
        areas = found(chosen, monitor.part(0.0, 0.5))
    except InputError as error:
        # A landscape without any barrier is a result, not a failure.
        monitor.warn(f"There are no {what.lower()}: {error}")
        return None, None
    try:
        other = found(not chosen, monitor.quiet()).labels
    except InputError:
        other = np.zeros_like(areas.labels)  # values that make no classes, such as 1 A all along a path
    overlaid, plain = (areas.labels, other) if chosen else (other, areas.labels)
    rules = compare_rules(overlaid, plain, cell_ha=grid.cell_ha)
    monitor.info(rules.describe(what))
    return areas, rules


def _measures(
    what: str,
    areas: KeyAreas | None,
    lines: Sequence[Sequence[FloatArray]],
    valid: BoolArray,
    grid: Grid,
    monitor: Monitor,
) -> AreaMeasures | None:
    if areas is None:
        return None
    sides = (grid.dy * grid.metres_per_unit, grid.dx * grid.metres_per_unit)
    measures = measure_areas(areas.labels, lines, valid=valid, cell=sides, monitor=monitor)
    report_edge(measures, monitor, what=what)
    report_sizes(areas.area_ha, grid.cell_ha, monitor, what=what)
    return measures
