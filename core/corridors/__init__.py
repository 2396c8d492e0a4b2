"""Links between sources: which pairs, along which paths, how wide the corridors are, which come first, where they are cut."""

from .adjacency import find_pairs
from .belts import belt_advice
from .cutoff import Cutoff, cutoffs, foresee, mean_resistance, stated
from .linkages import THROUGH, describe, find_links, traced
from .nestedbelts import LEFT_OUT, Belt, NestedBelts, level_off, nested_belts, read_widths
from .newlinks import near_pairs, stone_links, usable
from .normalised import add_to_mosaic, corridors, cutoff_for_area
from .priority import climate_fit, link_parts, priority_map, rank, scaled, source_parts, source_values
from .shapes import class_shares, outside_ends, shape_of, width_profile
from .strategicpoints import BarrierLines, StrategicPoint, StrategicPoints, strategic_points

__all__ = [
    "LEFT_OUT",
    "THROUGH",
    "BarrierLines",
    "Belt",
    "Cutoff",
    "NestedBelts",
    "StrategicPoint",
    "StrategicPoints",
    "add_to_mosaic",
    "belt_advice",
    "class_shares",
    "climate_fit",
    "corridors",
    "cutoff_for_area",
    "cutoffs",
    "describe",
    "find_links",
    "find_pairs",
    "foresee",
    "level_off",
    "link_parts",
    "mean_resistance",
    "near_pairs",
    "nested_belts",
    "outside_ends",
    "priority_map",
    "rank",
    "read_widths",
    "scaled",
    "shape_of",
    "source_parts",
    "source_values",
    "stated",
    "stone_links",
    "strategic_points",
    "traced",
    "usable",
    "width_profile",
]
