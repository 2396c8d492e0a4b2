"""Morphological spatial pattern analysis (MSPA)."""

from .codes import (
    BRIDGE,
    CLASS_NAMES,
    CODES,
    CORE,
    MISSING_CODE,
    Code,
    class_colour,
    seven_classes,
)
from .codes import MISSING as MISSING_CLASS
from .segmentation import bytes_per_cell, mspa, uses_numba
from .statistics import ClassShare, Statistics, edge_width_profile, statistics

__all__ = [
    "BRIDGE",
    "CLASS_NAMES",
    "CODES",
    "CORE",
    "MISSING_CLASS",
    "MISSING_CODE",
    "ClassShare",
    "Code",
    "Statistics",
    "bytes_per_cell",
    "class_colour",
    "edge_width_profile",
    "mspa",
    "seven_classes",
    "statistics",
    "uses_numba",
]
