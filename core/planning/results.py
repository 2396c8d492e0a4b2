"""Results of the whole method; see `securitynetwork`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..connectivity import BinaryIndices, Importance, ProbabilityIndices
from ..keyareas.areas import KeyAreas
from ..keyareas.barriers import Barriers
from ..keyareas.measures import AreaMeasures, GradeShares, shares_by_grade
from ..keyareas.pinchpoints import PinchPoints
from ..keyareas.rules import AreaOverlap, RuleComparison
from ..leastcost.links import Links
from ..monitor import Monitor
from ..network import centrality as network
from ..resistance.scoretable import FactorScores
from ..resistance.summary import ResistanceSummary
from ..types import FloatArray, IntArray


class Distances(Protocol):
    """Measures the distances between labelled patches from edge to edge, in metres."""

    def within(self, labels: IntArray, limit: float, monitor: Monitor) -> tuple[IntArray, FloatArray]:
        """Return the pairs of patches at most `limit` apart, as positions from 0, and their distances."""

    def between(self, labels: IntArray, pairs: IntArray, monitor: Monitor) -> FloatArray:
        """Return the distances of pairs of positions."""


@dataclass(frozen=True)
class SourceSet:
    """The ecological sources.

    Attributes
    ----------
    codes, classes : uint8, shape (rows, cols), or None
        MSPA codes, and its seven classes; None for sources that were given.
    labels : int32, shape (rows, cols)
        0 outside, else the position of the source from 1: by falling dPC.
    origin : int, shape (n,)
        What number each had among all candidates or, of sources that were given, there.
    rank : int, shape (n,)
        Its number: 1 for the highest dPC of all sources, also of those that are not reported (see `Reported`).
    area_ha, core_ha, protected_ha : float64, shape (n,)
        Area of each, and how much of it is core and protected; NaN where that is not known.
    dpc, diic : Importance
        Importance of each, among all candidates.
    grade : int, shape (n,)
        1 for the most important (dPC, natural breaks).
    candidates : int
        Patches before the cut by dPC.
    indices : ProbabilityIndices
    binary : BinaryIndices
        PC and IIC of all candidates; the landscape is the study area.
    """

    codes: IntArray | None
    classes: IntArray | None
    labels: IntArray
    origin: IntArray
    rank: IntArray
    area_ha: FloatArray
    core_ha: FloatArray
    protected_ha: FloatArray
    dpc: Importance
    diic: Importance
    grade: IntArray
    candidates: int
    indices: ProbabilityIndices
    binary: BinaryIndices


@dataclass(frozen=True)
class Surface:
    """The resistance surface (float32, NaN = NoData), facts about it, and the scores and weights of its factors.

    `land` is the surface without roads and impassable cells. A surface that was given has no factors.
    """

    values: FloatArray
    summary: ResistanceSummary
    land: FloatArray
    scores: tuple[FactorScores, ...] = ()


@dataclass(frozen=True)
class CorridorNetwork:
    """Corridors between the sources.

    Attributes
    ----------
    links : Links
        All candidate links, dropped ones included.
    mosaic : float32, shape (rows, cols)
        Cost above the least-cost path of the nearest corridor; NaN outside the corridors.
    cutoffs : float64, shape (active links,)
        Cutoff of the corridor of each, in cost units.
    reach : str
        A sentence on how far the corridors reach, and why.
    flow : CurrentFlow
        Current-flow centrality of sources and of the active links.
    grade : int, shape (active links,)
        1 for the highest centrality (natural breaks).
    structure : Structure
        alpha, beta, gamma and the number of components.
    """

    links: Links
    mosaic: FloatArray
    cutoffs: FloatArray
    reach: str
    flow: network.CurrentFlow
    grade: IntArray
    structure: network.Structure


@dataclass(frozen=True)
class KeyPlaces:
    """Where to protect and where to restore: pinch points and barriers, and the areas of their highest class.

    Attributes
    ----------
    pinch, barrier : PinchPoints, Barriers
        Currents and scores.
    pinch_areas, barrier_areas : KeyAreas or None
        The areas; None where no place stands out.
    pinch_measures, barrier_measures : AreaMeasures or None
        Their length, width, area near the edge of the study area, and the position of their link among the active links.
    pinch_rules, barrier_rules : RuleComparison or None
        What the overlay with the resistance changes.
    overlap : AreaOverlap or None
        What is pinch point and barrier at once.
    outside : float
        Share of the barrier areas that lies outside the corridors, 0 to 1.
    """

    pinch: PinchPoints
    pinch_areas: KeyAreas | None
    pinch_measures: AreaMeasures | None
    pinch_rules: RuleComparison | None
    barrier: Barriers
    barrier_areas: KeyAreas | None
    barrier_measures: AreaMeasures | None
    barrier_rules: RuleComparison | None
    overlap: AreaOverlap | None
    outside: float


@dataclass(frozen=True)
class SecurityNetwork:
    """Everything the method yields.

    Attributes
    ----------
    sources, surface, corridors, places
        Results of the steps, those that are reported.
    labels : int array, shape (rows, cols)
        All sources on cells of the surface, 1 to n, whether they are reported or not.
    kept : int array
        Positions among them of those that are reported, in their order.
    """

    sources: SourceSet
    surface: Surface
    corridors: CorridorNetwork
    places: KeyPlaces
    labels: IntArray
    kept: IntArray

    @property
    def pinch_by_grade(self) -> GradeShares | None:
        """The pinch points by the grade of their corridor; None where there are none."""
        return self._by_grade(self.places.pinch_areas, self.places.pinch_measures)

    @property
    def barrier_by_grade(self) -> GradeShares | None:
        """The barriers by the grade of their corridor; None where there are none."""
        return self._by_grade(self.places.barrier_areas, self.places.barrier_measures)

    def _by_grade(self, areas: KeyAreas | None, measures: AreaMeasures | None) -> GradeShares | None:
        if areas is None or measures is None or not areas.area_ha.size:
            return None
        return shares_by_grade(areas.area_ha, measures.link, self.corridors.grade)
