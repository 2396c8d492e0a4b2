"""Statistics that several rooms need: classes of values, moments, ranks."""

from .breaks import BREAK_METHODS, Breaks, natural_breaks, quantile_breaks
from .bylabel import mean_by_label
from .moments import CHUNK, Moments
from .ranks import grades, rank_correlation, ranks, strict_ranks

__all__ = [
    "BREAK_METHODS",
    "CHUNK",
    "Breaks",
    "Moments",
    "grades",
    "mean_by_label",
    "natural_breaks",
    "quantile_breaks",
    "rank_correlation",
    "ranks",
    "strict_ranks",
]
