"""The network of sources and links: centrality, structure, robustness."""

from .centrality import betweenness, components, current_flow, degree, gravity, mean_by_label, structure
from .parts import Parts, graphml, parts
from .robustness import removal_curves

__all__ = [
    "Parts",
    "betweenness",
    "components",
    "current_flow",
    "degree",
    "graphml",
    "gravity",
    "mean_by_label",
    "parts",
    "removal_curves",
    "structure",
]
