"""Least-cost distances on a resistance surface: the graph, its searches, the cost fields of sources."""

from .fields import CostFields, cells_of
from .gathering import gather, search_all
from .graph import SPARE_BYTES, STEPS, UNREACHED, CostGraph, graph_bytes, lost_step
from .links import LinkKind, Links
from .results import Field, LinkCosts

__all__ = [
    "SPARE_BYTES",
    "STEPS",
    "UNREACHED",
    "CostFields",
    "CostGraph",
    "Field",
    "LinkCosts",
    "LinkKind",
    "Links",
    "cells_of",
    "gather",
    "graph_bytes",
    "lost_step",
    "search_all",
]
