"""The choices of the methods: what tools list, what functions take and what files hold come from the same place.

On the ground floor, so that tools can list them without loading the rooms.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TypeVar

from .errors import InputError

C = TypeVar("C", bound="Choice")


class Choice(Enum):
    """One way among several; the value is its key in code and files, `label` what people read.

    Examples
    --------
    >>> CorrectionMethod.of("multiply").label
    'Multiply by the value'
    """

    label: str

    def __new__(cls, key: str, label: str) -> Choice:
        """Make a member from its key and its label."""
        member = object.__new__(cls)
        member._value_ = key
        member.label = label
        return member

    @classmethod
    def of(cls: type[C], value: C | str) -> C:
        """Return the member of a key (or the member itself).

        Raises
        ------
        InputError
            If there is none; the message lists the keys.
        """
        for member in cls:
            if value in (member, member.value):
                return member
        what = re.sub(r"(?<!^)([A-Z])", r" \1", cls.__name__).lower()
        keys = ", ".join(str(member.value) for member in cls)
        raise InputError(f"There is no {what} {value!r}. Choose one of: {keys}.")


class CorrectionMethod(Choice):
    """How a correction raster changes the resistance."""

    MEAN_RATIO = "value / mean", "Multiply by value / mean"
    MULTIPLY = "multiply", "Multiply by the value"
    ADD = "add weighted", "Add weight x value"
    NORMALISED = "1 + weight x normalised value", "Multiply by 1 + weight x normalised value"


class BreakMethod(Choice):
    """How the limits of classes are found."""

    NATURAL = "natural breaks", "Natural breaks"
    QUANTILE = "quantile", "Quantile"
    EQUAL = "equal", "Equal intervals"
    GEOMETRIC = "geometric", "Geometric intervals"


class Normalisation(Choice):
    """How rasters of different units come to lie between 0 and 1."""

    RANGE = "range", "Range (smallest to largest value)"
    RANKS = "ranks", "Ranks"
    CLASSES = "classes", "Natural-breaks classes"
    AS_THEY_ARE = "as they are", "As they are (0 to 1 already)"


class SourceRule(Choice):
    """Which cells are important enough to be sources."""

    HIGHEST_SHARE = "highest share", "Highest share of the cells"
    CLASSES = "classes", "Highest natural-breaks classes"
    AT_LEAST = "at least", "At least a value"


class ClassRule(Choice):
    """How a surface of currents or scores is classified to find key areas."""

    NATURAL = "natural breaks", "Natural breaks"
    QUANTILE = "quantile", "Quantile"
    SHARE = "share of maximum", "Share of maximum"
    NULL_MODEL = "null model", "Against a null model"


BY_VALUE = (ClassRule.NATURAL, ClassRule.QUANTILE, ClassRule.SHARE)
"""The rules that need nothing but the surface itself."""


class RandomIndex(Choice):
    """Table of the mean consistency index of random matrices of judgements."""

    SAATY = "Saaty 1980", "Saaty 1980"
    ALONSO = "Alonso & Lamata 2006", "Alonso & Lamata 2006"


class Average(Choice):
    """What two neighbouring cells have the mean of."""

    RESISTANCE = "resistance", "Resistances"
    CONDUCTANCE = "conductance", "Conductances"


class PinchPointMode(Choice):
    """What the current in the corridors flows between."""

    ADJACENT = "adjacent", "Adjacent pairs"
    ALL_TO_ONE = "all_to_one", "All-to-one"
    ALL_PAIRS = "all_pairs", "All pairs"
    ONE_TO_ALL = "one_to_all", "One-to-all"


class Combination(Choice):
    """What a cell shows of several links, turns or pairs."""

    MAXIMUM = "maximum", "Maximum"
    SUM = "sum", "Sum"


class BarrierWindow(Choice):
    """Where the smallest cost distances around a barrier are looked for."""

    DISC = "disc", "Disc"
    RING = "ring", "Ring (Linkage Mapper)"


class BarrierRank(Choice):
    """By what barriers are graded."""

    SCORE = "score", "Cost saved per metre"
    PERCENT = "percent", "Percent of the cost saved per metre"


class Overlay(Choice):
    """How core area and protected land make sources."""

    UNION = "union", "Union"
    INTERSECTION = "intersection", "Intersection"
    TOUCH = "touch", "Core patches that protected land touches"


class Conflict(Choice):
    """What becomes of a current source and a ground in one place."""

    KEEP_BOTH = "keep_both", "Keep both"
    REMOVE_SOURCE = "remove_source", "Drop the source"
    REMOVE_GROUND = "remove_ground", "Drop the ground"
    REMOVE_BOTH = "remove_both", "Drop both"


class CutoffRule(Choice):
    """What the number of a corridor cutoff counts."""

    COST = "cost units", "Cost units"
    METRES = "metres", "Metres times the mean resistance of the paths"
    SHARE = "share", "Share of the least-cost distance of each link"
    WIDTH = "width", "Mean width of each corridor in metres"


class Adjacency(Choice):
    """Which pairs of sources are tried as links."""

    EITHER = "either", "Cost-weighted or Euclidean neighbours"
    COST = "cost", "Cost-weighted neighbours"
    EUCLIDEAN = "euclidean", "Euclidean neighbours"
    ALL = "all", "All pairs"
    DELAUNAY = "delaunay", "Delaunay triangulation of the centroids"
    TREE = "tree", "Minimum spanning tree of the least-cost distances"


class ObjectiveMethod(Choice):
    """What weights of factors are taken from where nobody judges them."""

    ENTROPY = "entropy", "Entropy"
    CRITIC = "CRITIC", "CRITIC"
    VARIATION = "coefficient of variation", "Coefficient of variation"


class Variation(Choice):
    """What is varied to see which results depend on it."""

    JUDGEMENTS = "judgements", "Judgements, by steps of Saaty's scale"
    WEIGHTS = "weights", "Weights"
    EXPERTS = "experts", "Experts who were asked"
    SCORES = "scores", "Scores of the classes"
    SETTINGS = "settings", "Settings: cutoff, dispersal distance, smallest source"


class Stage(Choice):
    """How far the chain from a resistance surface to key areas is followed."""

    CORRIDORS = "corridors", "Corridors"
    PINCH_POINTS = "pinch points", "Corridors and pinch points"
    BARRIERS = "barriers", "Corridors and barriers"
    BOTH = "both", "Corridors, pinch points and barriers"


class SuitabilityCurve(Choice):
    """How resistance falls with habitat suitability."""

    LINEAR = "linear", "Linear"
    EXPONENTIAL = "exponential", "Exponential"
    INVERSE = "inverse", "Inverse"


class Legend(Choice):
    """Whose codes a land-use map holds, see `core.resistance.legends`; the order is that of the tools for ever."""

    OWN = "own codes", "Own codes"
    LIUZHI = "Liuzhi", "Liuzhi eight classes"
    CNLUCD = "CNLUCD", "CNLUCD (RESDC)"
    GBT_21010 = "GB/T 21010", "GB/T 21010"
    CLCD = "CLCD", "CLCD"
    GLOBELAND30 = "GlobeLand30", "GlobeLand30"
    WORLDCOVER = "WorldCover", "ESA WorldCover"
    ESRI = "Esri", "Esri / Impact Observatory"
    DYNAMIC_WORLD = "Dynamic World", "Dynamic World"
    CORINE = "CORINE", "CORINE level 3"
    NLCD = "NLCD", "NLCD"
    IGBP = "IGBP", "MODIS IGBP"


class Available(Choice):
    """Where points could have been recorded, with which those where they were recorded are compared."""

    EVERYWHERE = "everywhere", "All cells with a value"
    NEAR = "near", "Within a distance of the points"
    MASK = "mask", "Cells of a mask, such as roads"
    SAME_DISTANCE = "same distance", "At the same distance from features as the points"


class Relocation(Choice):
    """How points are moved to see what chance does."""

    TOGETHER = "together", "All together, which keeps their clusters"
    SINGLY = "singly", "Each by itself"


class NullKind(Choice):
    """What a map is compared with to see whether it is more than geometry."""

    UNIFORM = "uniform", "Uniform surface: the mean everywhere"
    SCORES = "shuffled scores", "Shuffled scores: classes change resistances"
    LAND = "shuffled land", "Shuffled land: as patchy, elsewhere"
    SOURCES = "moved sources", "Moved sources: shifted and turned together"
    LINE = "straight lines", "Straight lines between the sources"


class PointKind(Choice):
    """What a strategic point of a network is."""

    BREAK = "break point", "Break point"
    CROSSING = "crossing of corridors", "Crossing of corridors"
    MIDPOINT = "midpoint", "Midpoint of a long link"


class Attack(Choice):
    """In which order sources and links of a network are lost when the most important go first."""

    DEGREE = "degree", "Degree"
    BETWEENNESS = "betweenness", "Betweenness"
    CURRENT_FLOW = "current_flow", "Current flow"


class NetworkObjective(Choice):
    """What links or stepping stones that are added to a network are to raise."""

    CONNECTIVITY = "equivalent connectivity", "Equivalent connectivity"
    EFFICIENCY = "global efficiency", "Global efficiency"
    ROBUSTNESS = "robustness", "Robustness under attack"


class AreaKind(Choice):
    """What a place on the network is that something has to be done about."""

    PINCH_POINT = "pinch point", "Pinch point"
    BARRIER = "barrier", "Barrier"
    BREAK_POINT = "break point", "Break point"
    WEAK_SOURCE = "weak source", "Weak source"


class MeasureClass(Choice):
    """How much is done to an ecosystem, from least to most."""

    PROTECTION = "protection and conservation", "Protection and conservation"
    NATURAL = "natural recovery", "Natural recovery"
    ASSISTED = "assisted regeneration", "Assisted regeneration"
    RECONSTRUCTION = "ecological reconstruction", "Ecological reconstruction"


class PlanObjective(Choice):
    """What a restoration plan is to gain."""

    COST = "cost distance", "Least-cost distance of the links"
    RESISTANCE = "effective resistance", "Effective resistance of the corridors"
    EQUIVALENT = "equivalent connectivity", "Equivalent connectivity, EC(PC)"


class Against(Choice):
    """Which run each of several runs is compared with."""

    FIRST = "the first", "The first run"
    BEFORE = "the one before", "The run before it"


class PersistenceOf(Choice):
    """What must be in a cell for it to count in a map of persistence."""

    NETWORK = "network", "Source, corridor or key area"
    SOURCES = "sources", "Source"
    CORRIDORS = "corridors", "Corridor"
    KEY_AREAS = "key areas", "Key area"


class MapSheet(Choice):
    """A sheet of the maps of a network."""

    STUDY_AREA = "studyarea", "Study area and land use"
    MSPA = "mspa", "Morphological spatial pattern (MSPA)"
    SOURCES = "sources", "Ecological sources by importance"
    FACTORS = "factors", "Resistance factors, a sheet each"
    RESISTANCE = "resistance", "Resistance surface"
    LINKS = "links", "Ecological corridors by grade"
    CURRENT = "current", "Current density and pinch points"
    SCORE = "score", "Barrier score and barriers"
    KEY_AREAS = "keyareas", "Pinch points and barriers"
    NETWORK = "network", "Ecological security network"
    ACTIONS = "actions", "Measures"


class SheetLanguage(Choice):
    """The language of map sheets."""

    QGIS = "qgis", "As QGIS"
    ENGLISH = "en", "English"
    CHINESE = "zh_CN", "Chinese"


class Paper(Choice):
    """The paper of map sheets, lying."""

    A4 = "a4", "A4"
    A3 = "a3", "A3"
