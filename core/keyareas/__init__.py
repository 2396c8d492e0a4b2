"""Key areas: pinch points to protect, barriers to restore, and how sure they are."""

from .areas import KeyAreas, agreement, key_areas, overlay
from .barriers import Barriers, barriers, check_radii, radii_between
from .circuitbarriers import circuit_barriers
from .cutoffs import barriers_by_cutoff, corridor_belt, pinch_points_by_cutoff, read_cutoffs, sweep
from .pinchpoints import PinchPoints, pinchpoints
from .restoration import restored_distances
from .tabulation import OUTSIDE, Pieces, Tabulation, shown_shares, tabulate

__all__ = [
    "OUTSIDE",
    "Barriers",
    "KeyAreas",
    "Pieces",
    "PinchPoints",
    "Tabulation",
    "agreement",
    "barriers",
    "barriers_by_cutoff",
    "check_radii",
    "circuit_barriers",
    "corridor_belt",
    "key_areas",
    "overlay",
    "pinch_points_by_cutoff",
    "pinchpoints",
    "radii_between",
    "read_cutoffs",
    "restored_distances",
    "shown_shares",
    "sweep",
    "tabulate",
]
