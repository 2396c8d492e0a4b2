"""Landscape connectivity of habitat patches: indices, the importance of each patch and link, betweenness."""

from .additions import Additions, addition_gains
from .analysis import Connectivity, analyse, needed_bytes
from .betweenness import betweenness
from .distances import cost_distances, distances_of_probabilities
from .failures import uses_numba
from .graph import PatchGraph, dispersal_rate, distance_at
from .importance import Importance, cut_advice, important, link_importance, node_importance
from .indices import BinaryIndices, ProbabilityIndices, binary_indices, components, most_missed, probability_indices
from .sweep import Landscape, Sweep, order_agreement, overlap, settles, sweep

__all__ = [
    "Additions",
    "BinaryIndices",
    "Connectivity",
    "Importance",
    "Landscape",
    "PatchGraph",
    "ProbabilityIndices",
    "Sweep",
    "addition_gains",
    "analyse",
    "betweenness",
    "binary_indices",
    "components",
    "cost_distances",
    "cut_advice",
    "dispersal_rate",
    "distance_at",
    "distances_of_probabilities",
    "important",
    "link_importance",
    "most_missed",
    "needed_bytes",
    "node_importance",
    "order_agreement",
    "overlap",
    "probability_indices",
    "settles",
    "sweep",
    "uses_numba",
]
