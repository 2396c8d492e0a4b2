"""One run of the chain from scores to key areas, on what was drawn for it.

The chain is that of `planning`: the same steps, on arrays in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256

import numpy as np

from .. import defaults
from ..choices import Stage
from ..connectivity.graph import PatchGraph, dispersal_rate
from ..connectivity.importance import important, node_importance
from ..errors import InputError
from ..grid import Grid
from ..keyareas.areas import HeldLimits, KeyAreas
from ..leastcost.fields import CostFields
from ..leastcost.graph import CostGraph
from ..monitor import SILENT, Monitor
from ..planning.corridorstep import connect
from ..planning.keyareastep import find_barriers, find_currents, graded_barriers, highest_class, largest_barrier
from ..planning.obstacles import Obstacles
from ..planning.options import CorridorOptions, KeyAreaOptions, Options
from ..planning.reported import Reported
from ..planning.results import CorridorNetwork, Distances, SecurityNetwork, Surface
from ..planning.securitynetwork import FIELD_BYTES_PER_CELL
from ..planning.surfacestep import obstructed
from ..resistance.corrections import Correction
from ..resistance.overlay import resistance_surface
from ..types import Array, BoolArray, FloatArray, IntArray
from .sampling import Draw

CUTOFF, DISPERSAL, MIN_AREA = "cutoff", "dispersal distance", "smallest source"
"""Names of the settings that can vary."""

PATH, CORRIDOR, PINCH, BARRIER = "path", "corridor", "pinch point", "barrier"
"""Kinds of cells that are counted."""

_NO_DATA = 255
"""What cells of a factor hold that have no score."""


@dataclass(frozen=True)
class Factor:
    """The scores of a factor.

    Attributes
    ----------
    name : str
        Its name.
    cells : array, shape (rows, cols)
        Positions in `scores`, uint8, 255 where there is no data; or scores, float32, where there are no classes.
    scores : float64, shape (classes,)
        The different scores, ascending; empty where there are more than classes have.
    """

    name: str
    cells: Array
    scores: FloatArray

    @classmethod
    def of(cls, name: str, scores: FloatArray) -> Factor:
        """Return a factor from a raster of scores, NaN = NoData.

        Examples
        --------
        >>> factor = Factor.of("Slope", np.array([[5.0, 1.0, np.nan]]))
        >>> factor.cells.tolist(), factor.scores.tolist()
        ([[1, 0, 255]], [1.0, 5.0])
        """
        distinct: FloatArray = np.empty(0, dtype=np.float32)
        values = scores.astype(np.float32, copy=False)
        for row in values:
            distinct = np.union1d(distinct, row[~np.isnan(row)])
            if distinct.size > _NO_DATA:
                return cls(name, np.where(np.isnan(values), np.float32(np.nan), values), np.empty(0))
        cells = np.full(values.shape, _NO_DATA, dtype=np.uint8)
        for row, found in zip(values, cells):
            there = ~np.isnan(row)
            found[there] = np.searchsorted(distinct, row[there])
        return cls(name, cells, distinct.astype(np.float64))

    @property
    def known(self) -> BoolArray:
        """Cells with a score."""
        found: BoolArray = self.cells != _NO_DATA if self.scores.size else ~np.isnan(self.cells)
        return found

    @property
    def mark(self) -> bytes:
        """What tells the factor from others, whatever it is called and wherever it stands."""
        return sha256(self.layer().tobytes()).digest()

    def layer(self, scores: FloatArray | None = None) -> FloatArray:
        """Return the raster of the scores, or of others in their place."""
        if not self.scores.size:
            return self.cells
        table = np.full(_NO_DATA + 1, np.nan, dtype=np.float32)
        table[: self.scores.size] = self.scores if scores is None else scores
        layer: FloatArray = table[self.cells]
        return layer


@dataclass(frozen=True)
class Study:
    """What all runs share.

    Attributes
    ----------
    factors : sequence of Factor
        Scores of each factor.
    grid : Grid
        The grid of all rasters.
    labels : int array, shape (rows, cols)
        The sources, 1 to n, on cells with a resistance; 0 outside.
    corrections, correction, zones
        As in `resistance_surface`.
    obstacles : Obstacles
        Roads and land that cannot be restored; `impassable` here are the cells of `Obstacles.around`.
    corridors, keyareas
        Choices of the steps.
    stage : Stage
        How far the chain is followed.
    dispersal, probability, min_dpc : float
        The dispersal kernel, for EC and where the dispersal distance varies, and the smallest dPC of a source then.
    near, apart : int, shape (m, 2), and float64, shape (m,)
        Positions of sources from 0, and their distances in metres, for dPC.
    area : bool array, shape (rows, cols), optional
        The study area, where the data reach beyond it; see `Reported`.
    """

    factors: Sequence[Factor]
    grid: Grid
    labels: IntArray
    corrections: Sequence[FloatArray] = ()
    correction: Correction = field(default_factory=Correction)
    zones: Array | None = None
    obstacles: Obstacles = field(default_factory=Obstacles)
    impassable: BoolArray | None = None
    corridors: CorridorOptions = field(default_factory=CorridorOptions)
    keyareas: KeyAreaOptions = field(default_factory=KeyAreaOptions)
    stage: Stage = Stage.BOTH
    dispersal: float = defaults.DISPERSAL
    probability: float = defaults.PROBABILITY
    min_dpc: float = defaults.MIN_DPC
    near: IntArray = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))
    apart: FloatArray = field(default_factory=lambda: np.empty(0))
    area: BoolArray | None = None

    @classmethod
    def of(
        cls,
        network: SecurityNetwork,
        factors: Sequence[Factor],
        grid: Grid,
        options: Options,
        *,
        corrections: Sequence[FloatArray],
        zones: Array | None,
        obstacles: Obstacles,
        area: BoolArray | None,
    ) -> Study:
        """Return the study of a network that was built in one run, from what it was built with; see `security_network`."""
        surface = network.surface
        closed = np.isnan(surface.values) & ~np.isnan(surface.land) if obstacles.impassable is not None else None
        return cls(
            factors,
            grid,
            network.labels,
            corrections=corrections,
            correction=options.surface.correction,
            zones=zones,
            obstacles=obstacles,
            impassable=closed,
            corridors=options.corridors,
            keyareas=options.keyareas,
            dispersal=options.sources.dispersal,
            probability=options.sources.probability,
            area=area,
        )

    @cached_property
    def hectares(self) -> FloatArray:
        """Area of each source."""
        area: FloatArray = np.bincount(self.labels.ravel())[1:] * self.grid.cell_ha
        return area


@dataclass(frozen=True)
class Chain:
    """What one run has found.

    Attributes
    ----------
    sources : bool, shape (n,)
        Which sources were taken.
    dpc : float64, shape (n,)
        Their importance; NaN where it does not vary.
    resistance : float
        Mean of the surface.
    network : CorridorNetwork
        Links between the labels of the sources.
    pinch, barrier : KeyAreas or None
        None where they were not looked for, or none stands out.
    """

    sources: BoolArray
    dpc: FloatArray
    resistance: float
    network: CorridorNetwork
    pinch: KeyAreas | None
    barrier: KeyAreas | None

    @classmethod
    def of(cls, network: SecurityNetwork) -> Chain:
        """Return what a network that was built in one run has found, its links between all sources there were."""
        links = network.corridors.links
        found = replace(network.corridors, links=replace(links, pairs=network.kept[links.pairs - 1] + 1))
        every = np.ones(int(network.labels.max()), dtype=bool)
        unknown = np.full(every.size, np.nan)
        places = network.places
        return cls(every, unknown, network.surface.summary.mean, found, places.pinch_areas, places.barrier_areas)

    def cells(self, kind: str) -> BoolArray:
        """Return the cells of a kind."""
        mosaic = self.network.mosaic
        if kind == PATH:
            found: BoolArray = np.zeros(mosaic.shape, dtype=bool)
            for path, active in zip(self.network.links.paths, self.network.links.active):
                if active:
                    found[tuple(path.T)] = True
            return found
        if kind == CORRIDOR:
            return ~np.isnan(mosaic)
        areas = self.pinch if kind == PINCH else self.barrier
        return np.zeros(mosaic.shape, dtype=bool) if areas is None else areas.labels > 0


@dataclass(frozen=True)
class Known(Distances):
    """Distances between sources that were measured before; NaN for other pairs."""

    pairs: IntArray
    metres: FloatArray

    @classmethod
    def none(cls) -> Known:
        """Return that no distance is known; links are found all the same."""
        return cls(np.empty((0, 2), dtype=np.int64), np.empty(0))

    def within(self, labels: IntArray, limit: float, monitor: Monitor) -> tuple[IntArray, FloatArray]:
        """Return the pairs at most `limit` apart, as positions from 0, and their distances."""
        near = self.metres <= limit
        return self.pairs[near], self.metres[near]

    def between(self, labels: IntArray, pairs: IntArray, monitor: Monitor) -> FloatArray:
        """Return the distances of pairs of positions."""
        known = dict(zip(map(tuple, self.pairs.tolist()), self.metres.tolist()))
        return np.array([known.get(tuple(pair), np.nan) for pair in pairs.tolist()], dtype=np.float64)


def follow(study: Study, draw: Draw, distances: Distances, *, monitor: Monitor = SILENT) -> Chain:
    """Follow the chain from the scores to the key areas.

    Raises
    ------
    InputError, DisconnectedError
        If it ends at a step: no two sources, no corridor.
    """
    scores = draw.scores or (None,) * len(study.factors)
    built = resistance_surface(
        [factor.layer(own) for factor, own in zip(study.factors, scores)],
        draw.weights.tolist(),
        corrections=study.corrections,
        zones=study.zones,
        correction=study.correction if study.corrections else None,
        monitor=monitor.part(0.0, 0.1),
    )
    surface = obstructed(Surface(built.values, built.summary, built.values), study.obstacles.roads, study.impassable)
    kept, dpc = _sources(study, draw.settings)
    labels = study.labels if kept.all() else np.where(np.append(False, kept)[study.labels], study.labels, 0)
    graph = CostGraph(surface.values, cell_size=study.grid.cell_size, monitor=monitor.part(0.1, 0.12))
    fields = CostFields(graph, labels, budget=FIELD_BYTES_PER_CELL * labels.size)
    options = study.corridors
    if CUTOFF in draw.settings:
        options = replace(options, cutoff=replace(options.cutoff, value=draw.settings[CUTOFF]))
    network = connect(fields, options, distances=distances, monitor=monitor.part(0.12, 0.4))
    if study.area is not None:
        Reported.of(study.area, labels, network.links)  # which refuses one that no corridor runs through
    chain = Chain(kept, dpc, surface.summary.mean, network, None, None)
    chain = _with_places(chain, study, fields, surface.land, monitor.part(0.4, 1.0))
    if study.area is not None:
        return replace(chain, network=_inside(network, study.area))
    return chain


def _inside(network: CorridorNetwork, area: BoolArray) -> CorridorNetwork:
    """Return a network with the belt inside the study area, the links and their numbers as they are."""
    return replace(network, mosaic=np.where(area, network.mosaic, np.float32(np.nan)))


def _sources(study: Study, settings: Mapping[str, float]) -> tuple[BoolArray, FloatArray]:
    """Return which sources are taken, and their dPC where it varies."""
    area = study.hectares
    kept: BoolArray = area >= settings.get(MIN_AREA, 0.0) * (1.0 - 1e-9)
    dpc = np.full(area.size, np.nan)
    if DISPERSAL in settings and kept.any():
        rate = dispersal_rate(settings[DISPERSAL], study.probability)
        position = np.cumsum(kept) - 1
        there = kept[study.near].all(axis=1)
        graph = PatchGraph.dispersing(area[kept], position[study.near[there]], study.apart[there], rate)
        dpc[kept] = node_importance(graph).total
        kept = kept & important(np.nan_to_num(dpc), study.min_dpc)
    if np.count_nonzero(kept) < 2:
        raise InputError(
            f"Corridors need two sources; {np.count_nonzero(kept)} of {area.size} are left by the settings."
        )
    return kept, dpc


def _with_places(chain: Chain, study: Study, fields: CostFields, land: FloatArray, monitor: Monitor) -> Chain:
    """Return the chain with its pinch points and barriers, as far as the study goes."""
    network, options, grid = chain.network, study.keyareas, study.grid
    overlaid = land if options.overlay_resistance else None

    def areas(values: FloatArray, largest: float | None, held: HeldLimits | None, part: Monitor) -> KeyAreas | None:
        inside = values if study.area is None else np.where(study.area, values, np.nan)
        try:
            return highest_class(inside, overlaid, grid, options, largest, held, monitor=part)
        except InputError:  # no place stands out
            return None

    pinch = barrier = None
    if study.stage in (Stage.PINCH_POINTS, Stage.BOTH):
        found = find_currents(fields, network.links, options, cutoff=network.cutoffs, monitor=monitor.part(0.0, 0.45))
        pinch = areas(found.current, options.max_area_ha, options.pinch_limits, monitor.part(0.45, 0.5))
    if study.stage in (Stage.BARRIERS, Stage.BOTH):
        scored = find_barriers(
            fields,
            network.links,
            ~np.isnan(network.mosaic),
            grid,
            options,
            obstacles=study.obstacles,
            monitor=monitor.part(0.5, 0.95),
        )
        largest, held = largest_barrier(grid, options), options.barrier_limits
        barrier = areas(graded_barriers(scored, options), largest, held, monitor.part(0.95, 1.0))
    fields.release()
    return replace(chain, pinch=pinch, barrier=barrier)


def kinds_of(stage: Stage) -> tuple[str, ...]:
    """Return the kinds of cells that are counted up to a stage.

    Examples
    --------
    >>> kinds_of(Stage.PINCH_POINTS)
    ('path', 'corridor', 'pinch point')
    """
    pinch = (PINCH,) if stage in (Stage.PINCH_POINTS, Stage.BOTH) else ()
    barrier = (BARRIER,) if stage in (Stage.BARRIERS, Stage.BOTH) else ()
    return (PATH, CORRIDOR, *pinch, *barrier)
