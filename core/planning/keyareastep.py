"""Step 4 of the whole method: pinch points and barriers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..choices import BarrierRank
from ..errors import InputError
from ..grid import Grid
from ..keyareas.areas import KeyAreas, key_areas
from ..keyareas.barriers import barriers, disc_ha, radii_between
from ..keyareas.measures import AreaMeasures, measure_areas, report_edge, report_sizes
from ..keyareas.pinchpoints import pinchpoints
from ..keyareas.rules import RuleComparison, compare_rules, overlap
from ..leastcost.fields import CostFields
from ..leastcost.links import Links
from ..monitor import SILENT, Monitor
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
    monitor: Monitor = SILENT,
) -> KeyPlaces:
    """Find the pinch points and barriers of the links, and the areas of their highest class.

    `belt` holds the cells of the corridors, which end at the `cutoff` of each link above its path, `valid` those that have
    data. All are searched, and those `reported` are returned. Currents and scores are overlaid with the resistance of the
    `land`: with that of roads, key areas would be the cells of roads and nothing else.
    """
    resistance = fields.graph.resistance
    radii = radii_between(None, None, None, cell_size=grid.cell_size) if options.radii is None else options.radii
    pinch = pinchpoints(
        fields, links, cutoff=cutoff, mode=options.mode, combine=options.combine, monitor=monitor.part(0.0, 0.45)
    )
    barrier = barriers(
        fields,
        links,
        radii=radii,
        method=options.window,
        combine=options.combine,
        outside=False,
        restorable=obstacles.restorable(resistance),
        centres=options.centres,
        monitor=monitor.part(0.45, 0.9),
    )
    fields.release()
    if options.barriers_in_belt:
        barrier = barrier.clipped(belt)
    if reported is not None:
        pinch, barrier = reported.of_pinch(pinch, links), reported.of_barriers(barrier, links)
        links = reported.of_links(links)
    lines = [[path + 0.5] for path, active in zip(links.paths, links.active) if active]
    pinch_areas, pinch_rules = _areas(
        "Pinch points", pinch.current, land, grid, options, options.max_area_ha, monitor.part(0.9, 0.93)
    )
    pinch_measures = _measures("pinch points", pinch_areas, lines, valid, grid, monitor.part(0.93, 0.95))
    barrier_areas, barrier_rules = _areas(
        "Barriers",
        barrier.percent if options.rank is BarrierRank.PERCENT else barrier.score,
        land,
        grid,
        options,
        max(disc_ha(max(radii), grid.cell_size), options.min_area_ha)
        if options.max_area_ha is None
        else options.max_area_ha,
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


def _areas(
    what: str,
    values: FloatArray,
    resistance: FloatArray,
    grid: Grid,
    options: KeyAreaOptions,
    max_area_ha: float | None,
    monitor: Monitor,
) -> tuple[KeyAreas | None, RuleComparison | None]:
    """Return the areas of the highest class, and how they compare with those of the other rule."""
    values = values.astype(np.float32)  # as layers hold them, in which 'keyareas' then finds the same areas

    def found(overlaid: bool, monitor: Monitor) -> KeyAreas:
        return key_areas(
            values,
            cell_ha=grid.cell_ha,
            resistance=resistance if overlaid else None,
            classes=options.classes,
            min_area_ha=options.min_area_ha,
            max_area_ha=max_area_ha or None,
            monitor=monitor,
        )

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
