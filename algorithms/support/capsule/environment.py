"""What a run was computed with: versions, the code of the plugin, the computer, and what it took."""

from __future__ import annotations

import ctypes
import datetime
import os
import platform
import sys
import time
from functools import cache

from osgeo import gdal, osr
from qgis.core import Qgis
from qgis.PyQt.QtCore import qVersion

from .... import core
from ..addresses import ROOT, version

_OF_NUMBERS = ("EcoSecNet code", "GDAL", "PROJ", "numpy", "scipy", "numba")
"""What the last digits of a result can depend on."""


@cache
def plugin_hash() -> str:
    """Return a hash of the code of the plugin."""
    parts = (ROOT.glob("*.py"), *((ROOT / one).rglob("*.py") for one in ("core", "algorithms")))
    return core.spread.code_hash(ROOT, (path for part in parts for path in part))


def versions() -> dict[str, str]:
    """Return what a run is computed with, by name; a package that is not there has an empty text."""
    return {
        "EcoSecNet": version(),
        "EcoSecNet code": plugin_hash(),
        "QGIS": Qgis.QGIS_VERSION,
        "Qt": qVersion(),
        "GDAL": gdal.VersionInfo("RELEASE_NAME"),
        "PROJ": f"{osr.GetPROJVersionMajor()}.{osr.GetPROJVersionMinor()}.{osr.GetPROJVersionMicro()}",
        "Python": platform.python_version(),
        **core.spread.packages(),
        "System": platform.platform(),
    }


def differing(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """Return the names of what results can depend on and has another version."""
    return [name for name in _OF_NUMBERS if before.get(name, "") != now.get(name, "")]


class Clock:
    """When a run began, and what it has taken."""

    def __init__(self) -> None:
        self.start = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        self._wall, self._cpu = time.monotonic(), _cpu_seconds()

    def taken(self) -> dict[str, object]:
        """Return start, end, seconds of the clock and of the processors, and the most memory this process has had."""
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        return {
            "start": self.start.isoformat(),
            "end": now.isoformat(),
            "wall_seconds": round(time.monotonic() - self._wall, 2),
            "cpu_seconds": round(_cpu_seconds() - self._cpu, 2),
            "peak_memory_bytes": peak_memory(),
            "processors": os.cpu_count(),
        }


def _cpu_seconds() -> float:
    """Return the seconds of processors that this process and those it has started have taken."""
    return sum(os.times()[:4])


def peak_memory() -> int | None:
    """Return the most memory that this process has had, in bytes; None where the system does not tell."""
    if sys.platform == "win32":

        class Counters(ctypes.Structure):
            _fields_ = [("size", ctypes.c_ulong), ("faults", ctypes.c_ulong)] + [
                (name, ctypes.c_size_t) for name in ("peak", "now", "a", "b", "c", "d", "pagefile", "peak_pagefile")
            ]

        found = Counters(ctypes.sizeof(Counters))
        process = ctypes.c_void_p(ctypes.windll.kernel32.GetCurrentProcess())
        done = ctypes.windll.psapi.GetProcessMemoryInfo(process, ctypes.byref(found), found.size)
        return int(found.peak) if done else None
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
