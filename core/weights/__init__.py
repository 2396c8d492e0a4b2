"""Weights of factors: by judgement (AHP) and from the data."""

from .ahp import AhpResult, GroupResult, analyse, analyse_group, mending_steps, scale_text
from .consistency import consistency_ratios
from .judgements import matrix_from_cells, matrix_from_records
from .objective import combine_weights, objective_weights

__all__ = [
    "AhpResult",
    "GroupResult",
    "analyse",
    "analyse_group",
    "combine_weights",
    "consistency_ratios",
    "matrix_from_cells",
    "matrix_from_records",
    "mending_steps",
    "objective_weights",
    "scale_text",
]
