"""The resistance surface: legends, score tables, scoring, overlay by weight, corrections, roads and impassable land."""

from .corrections import Correction
from .factornames import Factor, factor_of, find_factor, is_distance_to, name_key
from .further import with_classes, with_further, with_weights
from .impassable import closed_at_corners, impassable_cells
from .landgroups import LAND_GROUPS, land_groups
from .legendchecks import check_legend
from .legendfit import (
    choose_scheme,
    closest_scheme,
    describe_codes,
    fitting,
    habitat_of,
    require_agreement,
    require_same_names,
)
from .legends import LandClass, Scheme, schemes
from .lostcells import cut_to_surface
from .overlay import Block, build_resistance, resistance_surface, with_obstacles
from .presets import LIUZHI_CORRECTED, LIUZHI_CORRECTIONS, default_scores, liuzhi_as_printed, liuzhi_corrected
from .roads import RoadCells, read_class_scores, road_cells, road_class, score_roads
from .scorechecks import ERROR, WARNING, Finding, check_scores, report
from .scoretable import FALLS, RISES, FactorScores, classes_from_rows, read_score_table
from .scoring import FactorValues, classes_from_breaks, distance_to, relief, score_values
from .suitability import suitability_to_resistance
from .summary import ResistanceSummary

__all__ = [
    "ERROR",
    "FALLS",
    "LAND_GROUPS",
    "LIUZHI_CORRECTED",
    "LIUZHI_CORRECTIONS",
    "RISES",
    "WARNING",
    "Block",
    "Correction",
    "Factor",
    "FactorScores",
    "FactorValues",
    "Finding",
    "LandClass",
    "ResistanceSummary",
    "RoadCells",
    "Scheme",
    "build_resistance",
    "check_legend",
    "check_scores",
    "choose_scheme",
    "classes_from_breaks",
    "classes_from_rows",
    "closed_at_corners",
    "closest_scheme",
    "cut_to_surface",
    "default_scores",
    "describe_codes",
    "distance_to",
    "factor_of",
    "find_factor",
    "fitting",
    "habitat_of",
    "impassable_cells",
    "is_distance_to",
    "land_groups",
    "liuzhi_as_printed",
    "liuzhi_corrected",
    "name_key",
    "read_class_scores",
    "read_score_table",
    "relief",
    "report",
    "require_agreement",
    "require_same_names",
    "resistance_surface",
    "road_cells",
    "road_class",
    "schemes",
    "score_roads",
    "score_values",
    "suitability_to_resistance",
    "with_classes",
    "with_further",
    "with_obstacles",
    "with_weights",
]
