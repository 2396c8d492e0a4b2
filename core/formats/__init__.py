"""Files of other programs as text: read and written here, interpreted elsewhere."""

from .circuitscapeini import CONFLICTS, FILES, CircuitscapeOptions, idle_options, parse_options
from .circuitscapetext import (
    NODATA,
    AsciiGrid,
    format_table,
    grid_header,
    parse_grid,
    parse_pairs,
    parse_points,
    parse_table,
    reclassified,
    whole,
)
from .conefor import (
    format_connections,
    format_importances,
    format_nodes,
    format_overall,
    parse_connections,
    parse_nodes,
)

__all__ = [
    "CONFLICTS",
    "FILES",
    "NODATA",
    "AsciiGrid",
    "CircuitscapeOptions",
    "format_connections",
    "format_importances",
    "format_nodes",
    "format_overall",
    "format_table",
    "grid_header",
    "idle_options",
    "parse_connections",
    "parse_grid",
    "parse_nodes",
    "parse_options",
    "parse_pairs",
    "parse_points",
    "parse_table",
    "reclassified",
    "whole",
]
