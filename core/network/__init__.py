"""The network of sources and links: centrality, structure, robustness."""

from .centrality import betweenness, components, current_flow, degree, gravity, structure
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
    "parts",
    "removal_curves",
    "structure",
]
