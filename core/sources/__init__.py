"""Where ecological sources can be: habitat in a land-use map, and the patches it makes."""

from .classmap import BACKGROUND, FOREGROUND, MISSING, code_foreground, members, parse_values
from .patches import find_patches

__all__ = [
    "BACKGROUND",
    "FOREGROUND",
    "MISSING",
    "code_foreground",
    "find_patches",
    "members",
    "parse_values",
]
