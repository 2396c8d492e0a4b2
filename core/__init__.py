"""The science of EcoSecNet: numpy, scipy and networkx only, no QGIS, GDAL, Qt or files.

A face that loads lazily: a room such as `core.keyareas` is imported when it is first used, so that importing the core
costs nothing and works where SciPy is missing.
"""

from __future__ import annotations

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
        # Not importlib: QGIS notes what __import__ loads, and drops that when the plugin is loaded again, as after an update.
        return __import__(f"{__name__}.{name}", fromlist=["__name__"])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *ROOMS])
