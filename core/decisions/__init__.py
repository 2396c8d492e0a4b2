"""How far a network can be relied on: robustness of the judgements behind it, validation, null models."""

from .chunks import SAME_CORRIDOR, SAME_KEY
from .replicates import BARRIER, CORRIDOR, CUTOFF, DISPERSAL, MIN_AREA, PATH, PINCH, Chain, Factor, Known, Study
from .robustness import Robustness, robustness
from .sampling import Uncertainty
from .settings import Setting, parse_setting
from .tallies import half_width, robust_areas
from .tornado import ENOUGH, tornado
from .tracks import Steps, validate_tracks
from .validation import BLOCK_POINTS, FEW_POINTS, Agreement, Validation, available_cells, validate

__all__ = [
    "BARRIER",
    "BLOCK_POINTS",
    "CORRIDOR",
    "CUTOFF",
    "DISPERSAL",
    "ENOUGH",
    "FEW_POINTS",
    "MIN_AREA",
    "PATH",
    "PINCH",
    "SAME_CORRIDOR",
    "SAME_KEY",
    "Agreement",
    "Chain",
    "Factor",
    "Known",
    "Robustness",
    "Setting",
    "Steps",
    "Study",
    "Uncertainty",
    "Validation",
    "available_cells",
    "half_width",
    "parse_setting",
    "robust_areas",
    "robustness",
    "tornado",
    "validate",
    "validate_tracks",
]
