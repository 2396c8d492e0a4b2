"""Step 1 of the whole method: the ecological sources."""

from __future__ import annotations

from dataclasses import dataclass

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
from ..types import Array, BoolArray, FloatArray, IntArray
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
        cell_ha=grid.cell_ha,
        monitor=monitor.part(0.4, 0.6),
    )
    area = candidates.cells * grid.cell_ha
    rank = _Rank.of(candidates.labels, area, options, distances, monitor.part(0.6, 1.0))
    kept = rank.order[important(rank.dpc.total[rank.order], options.min_dpc)]
    advice = cut_advice(rank.dpc.total, options.min_dpc)
    if kept.size < 2:
        raise InputError(
            f"Corridors need two sources. {advice} A smaller smallest area (MIN_AREA) or a longer dispersal distance "
            "leaves more, too."
        )
    if advice:
        monitor.warn(advice)
    monitor.info(f"{kept.size} of {area.size} patches have a dPC of {options.min_dpc:g} % or more and are sources.")
    held = _Land(
        candidates.labels, area, candidates.core_cells * grid.cell_ha, candidates.protected_cells * grid.cell_ha
    )
    return rank.sources(kept, held, _hectares(valid, grid), options.grades, codes, classes)


def rank_sources(
    labels: IntArray,
    valid: BoolArray,
    grid: Grid,
    options: SourceOptions,
    *,
    distances: Distances,
    protected: BoolArray | None = None,
    monitor: Monitor = SILENT,
) -> SourceSet:
    """Put sources that are given into the order of their importance for connectivity, and grade them; none is left out.

    `labels` are 1 to n, 0 outside. What is core is not known.
    """
    area = np.bincount(labels.ravel())[1:] * grid.cell_ha
    unknown = np.full(area.size, np.nan)
    held = unknown
    if protected is not None:
        held = np.bincount(labels[protected], minlength=area.size + 1)[1:] * grid.cell_ha
    rank = _Rank.of(labels, area, options, distances, monitor)
    return rank.sources(rank.order, _Land(labels, area, unknown, held), _hectares(valid, grid), options.grades)


def _hectares(cells: BoolArray, grid: Grid) -> float:
    return float(np.count_nonzero(cells)) * grid.cell_ha


@dataclass(frozen=True)
class _Land:
    """Cells of patches, and their hectares: all, core, protected."""

    labels: IntArray
    area: FloatArray
    core: FloatArray
    protected: FloatArray


@dataclass(frozen=True)
class _Rank:
    """The importance of patches for connectivity."""

    graph: PatchGraph
    near: PatchGraph
    dpc: Importance
    diic: Importance

    @classmethod
    def of(
        cls, labels: IntArray, area: FloatArray, options: SourceOptions, distances: Distances, monitor: Monitor
    ) -> _Rank:
        rate = dispersal_rate(options.dispersal, options.probability)
        far = max(distance_at(rate, LEAST_PROBABILITY), options.dispersal)
        pairs, apart = distances.within(labels, far, monitor.part(0.0, 0.75))
        graph = PatchGraph.dispersing(area, pairs, apart, rate)
        dpc = node_importance(graph, monitor=monitor.part(0.75, 0.88))
        near = PatchGraph.within(area, pairs, apart, options.dispersal)
        return cls(graph, near, dpc, node_importance(near, monitor=monitor.part(0.88, 1.0)))

    @property
    def order(self) -> IntArray:
        """Positions of the patches, the most important first."""
        return np.argsort(-self.dpc.total, kind="stable")

    def sources(
        self,
        kept: IntArray,
        land: _Land,
        landscape: float,
        count: int,
        codes: IntArray | None = None,
        classes: IntArray | None = None,
    ) -> SourceSet:
        """Return the patches that are kept as sources, numbered in their order."""
        number = np.zeros(land.area.size + 1, dtype=np.int32)
        number[kept + 1] = np.arange(1, kept.size + 1)
        return SourceSet(
            codes,
            classes,
            number[land.labels],
            kept + 1,
            np.arange(1, kept.size + 1),
            land.area[kept],
            land.core[kept],
            land.protected[kept],
            self.dpc.at(kept),
            self.diic.at(kept),
            grades(self.dpc.total[kept], count),
            land.area.size,
            probability_indices(self.graph, landscape=landscape),
            binary_indices(self.near, landscape=landscape),
        )
