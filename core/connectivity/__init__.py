"""Landscape connectivity of habitat patches: indices, the importance of each patch and link, betweenness."""

from .betweenness import betweenness
from .graph import PatchGraph, dispersal_rate, distance_at
from .importance import Importance, link_importance, node_importance
from .indices import BinaryIndices, ProbabilityIndices, binary_indices, probability_indices

__all__ = [
    "BinaryIndices",
    "Importance",
    "PatchGraph",
    "ProbabilityIndices",
    "betweenness",
    "binary_indices",
    "dispersal_rate",
    "distance_at",
    "link_importance",
    "node_importance",
    "probability_indices",
]
