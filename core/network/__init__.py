"""The network of sources and links: centrality, structure, robustness."""

from .centrality import betweenness, components, current_flow, degree, gravity, mean_by_label, structure
from .robustness import removal_curves

__all__ = [
    "betweenness",
    "components",
    "current_flow",
    "degree",
    "gravity",
    "mean_by_label",
    "removal_curves",
    "structure",
]
