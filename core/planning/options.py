"""Choices of the whole method, by its steps; see `securitynetwork`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .. import defaults
from ..choices import Adjacency, BarrierRank, BarrierWindow, Combination, Overlay, PinchPointMode
from ..corridors.cutoff import Cutoff
from ..keyareas.areas import HeldLimits
from ..resistance.corrections import Correction


@dataclass(frozen=True)
class SourceOptions:
    """Choices of the ecological sources; the defaults are those of the Liuzhi study.

    Attributes
    ----------
    foreground : sequence of (float, float)
        Ranges of the land-use values that are habitat, see `classmap.parse_values`.
    connectivity, edge_width : int
        Of the MSPA, see `mspa.mspa`.
    overlay : Overlay
        How core areas and protected areas make sources, see `patches.find_patches`.
    min_area_ha, gap : float
        Smallest source in hectares, and widest gap that is closed, in metres.
    dispersal, probability : float
        The dispersal kernel: `probability` to get as far as `dispersal` metres.
    min_dpc : float
        Sources with a dPC (percent) below this are left out.
    grades : int
        Grades of the sources by natural breaks.
    """

    foreground: Sequence[tuple[float, float]]
    connectivity: int = 8
    edge_width: int = 1
    overlay: Overlay = Overlay.UNION
    min_area_ha: float = defaults.MIN_AREA_HA
    gap: float = 0.0
    dispersal: float = defaults.DISPERSAL
    probability: float = defaults.PROBABILITY
    min_dpc: float = defaults.MIN_DPC
    grades: int = defaults.GRADES


@dataclass(frozen=True)
class SurfaceOptions:
    """Choices of the resistance surface.

    Attributes
    ----------
    correction : Correction
        How the correction rasters change the resistance.
    """

    correction: Correction = field(default_factory=lambda: Correction(defaults.CORRECTION))


@dataclass(frozen=True)
class CorridorOptions:
    """Choices of the corridors.

    Attributes
    ----------
    adjacency : Adjacency
        Which sources may be linked.
    drop_through_sources : bool
        Whether corridors through a third source are left out.
    cutoff : Cutoff
        How far the corridors in which currents flow reach beyond the least-cost path.
    grades : int
        Grades of the corridors by natural breaks.
    """

    adjacency: Adjacency = Adjacency.EITHER
    drop_through_sources: bool = True
    cutoff: Cutoff = field(default_factory=Cutoff)
    grades: int = defaults.GRADES


@dataclass(frozen=True)
class KeyAreaOptions:
    """Choices of the pinch points and barriers.

    Attributes
    ----------
    mode : PinchPointMode
        Between which sources current flows.
    combine : Combination
        What a cell shows of several links, of currents and of barrier scores.
    window : BarrierWindow
        Where in a disc the distances from the sources are taken.
    radii : sequence of float, optional
        Radii of the barrier search, in metres; None takes them from the cells, see `barriers.radii_between`.
    classes : int
        Classes of currents and barrier scores by natural breaks; the highest makes the key areas.
    barriers_in_belt : bool
        Whether barriers are looked for in the corridors only, within the cutoff, rather than wherever a restored disc
        would shorten a path.
    overlay_resistance : bool
        Whether currents and scores are multiplied by the resistance, that of the land without roads as cells and without
        impassable cells, before they are classified.
    min_area_ha : float
        Smallest key area.
    max_area_ha : float, optional
        Key areas that are larger are cut, see `areas.key_areas`; 0 cuts none. None cuts barriers that are larger than the
        largest disc of the search: a score says what one disc saves, so a larger area holds several places to choose from.
    rank : BarrierRank
        By what barriers are graded.
    centres : bool
        Whether only the centres of the discs are scored as barriers, see `barriers.barriers`.
    pinch_limits, barrier_limits : HeldLimits, optional
        Limits of the classes that are held, such as those of another year; `classes` does not count then.
    """

    mode: PinchPointMode = PinchPointMode.ADJACENT
    combine: Combination = Combination.MAXIMUM
    window: BarrierWindow = BarrierWindow.DISC
    radii: Sequence[float] | None = None
    classes: int = defaults.CLASSES
    barriers_in_belt: bool = False
    overlay_resistance: bool = True
    min_area_ha: float = defaults.MIN_KEY_AREA_HA
    max_area_ha: float | None = None
    rank: BarrierRank = BarrierRank.SCORE
    centres: bool = False
    pinch_limits: HeldLimits | None = None
    barrier_limits: HeldLimits | None = None


@dataclass(frozen=True)
class Options:
    """Every choice of the method, by its steps; the defaults are those of the Liuzhi study."""

    sources: SourceOptions
    surface: SurfaceOptions = field(default_factory=SurfaceOptions)
    corridors: CorridorOptions = field(default_factory=CorridorOptions)
    keyareas: KeyAreaOptions = field(default_factory=KeyAreaOptions)
