"""Key areas: pinch points to protect, barriers to restore, and how sure they are."""

from .areas import FALSE_SHARE, HeldLimits, KeyAreas, agreement, check_sizes, key_areas, overlay
from .barriers import Barriers, barriers, check_radii, disc_ha, radii_between
from .blocking import AreaLoss, Blocking, blocking
from .circuitbarriers import circuit_barriers
from .cutoffs import barriers_by_cutoff, corridor_belt, pinch_points_by_cutoff, read_cutoffs, sweep
from .measures import (
    AreaMeasures,
    GradeShares,
    hectares_in,
    measure_areas,
    near_edge,
    report_edge,
    report_sizes,
    shares_by_grade,
)
from .pinchpoints import PinchPoints, corridor_bytes, pinchpoints
from .restoration import restored_distances
from .rules import RULE_NAMES, AreaOverlap, RuleComparison, compare_rules, overlap
from .tabulation import OUTSIDE, Pieces, Tabulation, shown_shares, tabulate

__all__ = [
    "FALSE_SHARE",
    "OUTSIDE",
    "RULE_NAMES",
    "AreaLoss",
    "AreaMeasures",
    "AreaOverlap",
    "Barriers",
    "Blocking",
    "GradeShares",
    "HeldLimits",
    "KeyAreas",
    "Pieces",
    "PinchPoints",
    "RuleComparison",
    "Tabulation",
    "agreement",
    "barriers",
    "barriers_by_cutoff",
    "blocking",
    "check_radii",
    "check_sizes",
    "circuit_barriers",
    "compare_rules",
    "corridor_belt",
    "corridor_bytes",
    "disc_ha",
    "hectares_in",
    "key_areas",
    "measure_areas",
    "near_edge",
    "overlap",
    "overlay",
    "pinch_points_by_cutoff",
    "pinchpoints",
    "radii_between",
    "read_cutoffs",
    "report_edge",
    "report_sizes",
    "restored_distances",
    "shares_by_grade",
    "shown_shares",
    "sweep",
    "tabulate",
]
