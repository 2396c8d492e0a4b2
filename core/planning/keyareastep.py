"""Step 4 of the whole method: pinch points and barriers."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..grid import Grid
from ..keyareas.areas import KeyAreas, key_areas
from ..keyareas.barriers import barriers, radii_between
from ..keyareas.pinchpoints import pinchpoints
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
    grid: Grid,
    options: KeyAreaOptions,
    *,
    cutoff: FloatArray,
    obstacles: Obstacles,
    reported: Reported | None = None,
    monitor: Monitor = SILENT,
) -> KeyPlaces:
    """Find the pinch points and barriers of the links, and the areas of their highest class.

    `belt` holds the cells of the corridors, which end at the `cutoff` of each link above its path. All are searched, and
    those `reported` are returned.
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
        monitor=monitor.part(0.45, 0.9),
    )
    fields.release()
    if options.barriers_in_belt:
        barrier = barrier.clipped(belt)
    if reported is not None:
        pinch, barrier = reported.of_pinch(pinch, links), reported.of_barriers(barrier, links)
    pinch_areas = _areas(pinch.current, "pinch points", resistance, grid, options, monitor.part(0.9, 0.95))
    ground = obstacles.hardest(resistance)
    areas = _areas(barrier.score, "barriers", ground, grid, options, monitor.part(0.95, 1.0))
    held = areas is not None and areas.labels > 0
    outside = float(np.count_nonzero(held & ~belt)) / max(int(np.count_nonzero(held)), 1)
    if outside:
        monitor.info(
            f"{100 * outside:.0f} % of the barrier areas lie outside the corridors: restored, they would open a shorter way "
            "beside them."
        )
    return KeyPlaces(pinch, pinch_areas, barrier, areas, outside)


def _areas(
    values: FloatArray, what: str, resistance: FloatArray, grid: Grid, options: KeyAreaOptions, monitor: Monitor
) -> KeyAreas | None:
    try:
        return key_areas(
            values,
            cell_ha=grid.cell_ha,
            resistance=resistance if options.overlay_resistance else None,
            classes=options.classes,
            min_area_ha=options.min_area_ha,
            monitor=monitor,
        )
    except InputError as error:
        # A landscape without any barrier is a result, not a failure.
        monitor.warn(f"There are no {what}: {error}")
        return None
