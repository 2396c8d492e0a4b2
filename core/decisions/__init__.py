"""How far a network can be relied on: robustness of the judgements behind it, validation, null models."""

from .chunks import SAME_CORRIDOR, SAME_KEY
from .nullmodel import CERTAIN, Figure, NullModel, Question, nullmodel, question_of
from .nulls import classes_of
from .replicates import BARRIER, CORRIDOR, CUTOFF, DISPERSAL, MIN_AREA, PATH, PINCH, Chain, Factor, Known, Study
from .robustness import Robustness, robustness
from .sampling import Uncertainty
from .settings import Setting, parse_setting
from .tallies import half_width, robust_areas
from .tornado import ENOUGH, needed, tornado
from .tracks import Steps, validate_tracks
from .validation import BLOCK_POINTS, FEW_POINTS, Agreement, Validation, available_cells, validate

__all__ = [
    "BARRIER",
    "BLOCK_POINTS",
    "CERTAIN",
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
    "Figure",
    "Known",
    "NullModel",
    "Question",
    "Robustness",
    "Setting",
    "Steps",
    "Study",
    "Uncertainty",
    "Validation",
    "available_cells",
    "classes_of",
    "half_width",
    "needed",
    "nullmodel",
    "parse_setting",
    "question_of",
    "robust_areas",
    "robustness",
    "tornado",
    "validate",
    "validate_tracks",
]
