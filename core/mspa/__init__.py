"""Morphological spatial pattern analysis (MSPA)."""

from .codes import CLASS_NAMES, CODES, Code, seven_classes
from .segmentation import bytes_per_cell, mspa

__all__ = [
    "CLASS_NAMES",
    "CODES",
    "Code",
    "bytes_per_cell",
    "mspa",
    "seven_classes",
]
