"""Where ecological sources can be: habitat in a land-use map, evidence rasters, and the patches they make."""

from .classmap import BACKGROUND, FOREGROUND, MISSING, code_foreground, held_codes, members, parse_values
from .evidence import (
    COUNTED_BYTES,
    NO_MASK,
    ImportanceBlock,
    ImportanceSummary,
    build_importance,
    check_rule,
    importance,
)
from .matching import FATES, Matches, carried_ids, match_areas
from .patches import find_patches

__all__ = [
    "BACKGROUND",
    "COUNTED_BYTES",
    "FATES",
    "FOREGROUND",
    "MISSING",
    "NO_MASK",
    "ImportanceBlock",
    "ImportanceSummary",
    "Matches",
    "build_importance",
    "carried_ids",
    "check_rule",
    "code_foreground",
    "find_patches",
    "held_codes",
    "importance",
    "match_areas",
    "members",
    "parse_values",
]
