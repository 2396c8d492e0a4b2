"""Least-cost distances on a resistance surface: the graph, its searches, the cost fields of sources."""

from .fields import CostFields, cells_of
from .gathering import cut_fields, gather, search_all
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
    "cut_fields",
    "gather",
    "graph_bytes",
    "lost_step",
    "search_all",
]
