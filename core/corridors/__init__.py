"""Links between sources: which pairs, along which paths, how wide the corridors are and which come first."""

from .adjacency import find_pairs
from .linkages import describe, find_links
from .normalised import DEFAULT_SHARE, add_to_mosaic, corridors, cutoff_for_area
from .priority import climate_fit, link_parts, priority_map, rank, scaled, source_parts, source_values
from .shapes import class_shares, outside_ends, shape_of, width_profile

__all__ = [
    "DEFAULT_SHARE",
    "add_to_mosaic",
    "class_shares",
    "climate_fit",
    "corridors",
    "cutoff_for_area",
    "describe",
    "find_links",
    "find_pairs",
    "link_parts",
    "outside_ends",
    "priority_map",
    "rank",
    "scaled",
    "shape_of",
    "source_parts",
    "source_values",
    "width_profile",
]
