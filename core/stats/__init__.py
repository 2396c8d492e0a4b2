"""Statistics that several rooms need: classes and distributions of values, moments, ranks, means by label, weights."""

from .breaks import BREAK_METHODS, Breaks, check_limits, held_breaks, natural_breaks, quantile_breaks, settled
from .bylabel import mean_by_label
from .crosstable import CrossTable, cross_table
from .discoveries import benjamini_hochberg
from .distribution import Distribution
from .moments import CHUNK, Moments
from .products import weighted_sum, weighted_sums
from .ranks import grades, rank_correlation, ranks, strict_ranks
from .shares import normalise_weights

__all__ = [
    "BREAK_METHODS",
    "CHUNK",
    "Breaks",
    "CrossTable",
    "Distribution",
    "Moments",
    "benjamini_hochberg",
    "check_limits",
    "cross_table",
    "grades",
    "held_breaks",
    "mean_by_label",
    "natural_breaks",
    "normalise_weights",
    "quantile_breaks",
    "rank_correlation",
    "ranks",
    "settled",
    "strict_ranks",
    "weighted_sum",
    "weighted_sums",
]
