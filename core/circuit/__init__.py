"""Current flow through resistance rasters and networks."""

from .advanced import GroundedFlow, advanced, grounded_flow
from .conditions import Condition
from .graph import NetworkGraph, RasterGraph, raster_graph
from .inputs import allowed_pairs, as_resistance, count_pairs, focal_cells, shared_cells, stranded
from .network import NetworkFlow, network_pairwise
from .one_and_all import FocalFlow, all_to_one, one_to_all
from .pairwise import PairCurrent, PairwiseFlow, pairwise, solve_pair
from .potentials import potential_bytes
from .solvers import circuit_bytes, most_solver_bytes, solver_bytes
from .windows import WindowFlow, omniscape, windows_bytes, windows_scratch

__all__ = [
    "Condition",
    "FocalFlow",
    "GroundedFlow",
    "NetworkFlow",
    "NetworkGraph",
    "PairCurrent",
    "PairwiseFlow",
    "RasterGraph",
    "WindowFlow",
    "advanced",
    "all_to_one",
    "allowed_pairs",
    "as_resistance",
    "circuit_bytes",
    "count_pairs",
    "focal_cells",
    "grounded_flow",
    "most_solver_bytes",
    "network_pairwise",
    "omniscape",
    "one_to_all",
    "pairwise",
    "potential_bytes",
    "raster_graph",
    "shared_cells",
    "solve_pair",
    "solver_bytes",
    "stranded",
    "windows_bytes",
    "windows_scratch",
]
