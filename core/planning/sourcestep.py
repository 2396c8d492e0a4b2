"""Step 1 of the whole method: the ecological sources."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..connectivity import (
    Importance,
    PatchGraph,
    binary_indices,
    cut_advice,
    dispersal_rate,
    distance_at,
    important,
    node_importance,
    probability_indices,
)
from ..errors import InputError
from ..grid import Grid
from ..monitor import SILENT, Monitor
from ..mspa import mspa, seven_classes
from ..sources.classmap import code_foreground
from ..sources.patches import find_patches
from ..stats.ranks import grades
from ..types import Array, BoolArray, IntArray
from .options import SourceOptions
from .results import Distances, SourceSet

CORE = 1
"""Core in the seven classes of MSPA."""

LEAST_PROBABILITY = 1e-6
"""Pairs of patches whose dispersal probability is below this have no direct link."""


def find_sources(
    land_use: Array,
    valid: BoolArray,
    grid: Grid,
    options: SourceOptions,
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
    landscape = float(np.count_nonzero(valid)) * grid.cell_ha
    order = np.argsort(-dpc.total, kind="stable")
    kept = order[important(dpc.total[order], options.min_dpc)]
    advice = cut_advice(dpc.total, options.min_dpc)
    if kept.size < 2:
        raise InputError(
            f"Corridors need two sources. {advice} A smaller smallest area (MIN_AREA) or a longer dispersal distance "
            "leaves more, too."
        )
    if advice:
        monitor.warn(advice)
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
        probability_indices(graph, landscape=landscape),
        binary_indices(near, landscape=landscape),
    )


def _some(importance: Importance, kept: IntArray) -> Importance:
    return replace(
        importance,
        total=importance.total[kept],
        intra=importance.intra[kept],
        flux=importance.flux[kept],
        connector=importance.connector[kept],
    )
