"""Synthetic landscapes for demonstrations, tests and benchmarks."""

from .county import LARGEST, SMALLEST, karst_county
from .model import DESERTIFICATION, EROSION, LANDUSE, LITHOLOGY, Feature, Landscape, Zones
from .noise import fractal_noise

__all__ = [
    "DESERTIFICATION",
    "EROSION",
    "LANDUSE",
    "LARGEST",
    "LITHOLOGY",
    "SMALLEST",
    "Feature",
    "Landscape",
    "Zones",
    "fractal_noise",
    "karst_county",
]
