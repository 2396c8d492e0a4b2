"""The science of EcoSecNet: numpy, scipy and networkx only, no QGIS, GDAL, Qt or files.

A face that loads lazily: a room such as `core.keyareas` is imported when it is first used, so that importing the core
costs nothing and works where SciPy is missing.
"""

from __future__ import annotations

import importlib
from types import ModuleType

ROOMS = (
    "circuit",
    "connectivity",
    "corridors",
    "decisions",
    "formats",
    "keyareas",
    "landscapes",
    "leastcost",
    "mspa",
    "network",
    "planning",
    "resistance",
    "sources",
    "spread",
    "stats",
    "weights",
)
"""The packages of the core; each lists its public functions and classes."""

__all__ = [*ROOMS]


def __getattr__(name: str) -> ModuleType:
    if name in ROOMS:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *ROOMS])
