"""How far a network can be relied on: robustness of the judgements behind it, validation, null models."""

from .replicates import BARRIER, CORRIDOR, CUTOFF, DISPERSAL, MIN_AREA, PATH, PINCH, Factor, Known, Study
from .robustness import Robustness, robustness
from .sampling import Setting, Uncertainty
from .tallies import half_width, robust_areas
from .tornado import ENOUGH, tornado

__all__ = [
    "BARRIER",
    "CORRIDOR",
    "CUTOFF",
    "DISPERSAL",
    "ENOUGH",
    "MIN_AREA",
    "PATH",
    "PINCH",
    "Factor",
    "Known",
    "Robustness",
    "Setting",
    "Study",
    "Uncertainty",
    "half_width",
    "robust_areas",
    "robustness",
    "tornado",
]
