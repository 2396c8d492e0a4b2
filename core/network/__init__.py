"""The network of sources and links: centrality, structure, robustness, what to add."""

from .candidates import Candidates, Network
from .centrality import betweenness, components, current_flow, degree, gravity, link_betweenness, structure
from .objectives import Rules
from .optimisation import Figures, Optimised, figures, optimise
from .parts import Parts, graphml, parts
from .robustness import Fall, efficiency, fall, removal_curves

__all__ = [
    "Candidates",
    "Fall",
    "Figures",
    "Network",
    "Optimised",
    "Parts",
    "Rules",
    "betweenness",
    "components",
    "current_flow",
    "degree",
    "efficiency",
    "fall",
    "figures",
    "graphml",
    "gravity",
    "link_betweenness",
    "optimise",
    "parts",
    "removal_curves",
    "structure",
]
