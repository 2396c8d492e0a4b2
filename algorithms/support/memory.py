"""How much memory there is, so that a run that cannot fit is refused before it starts."""

from __future__ import annotations

import ctypes
import os
import sys

from ...core.errors import MemoryLimitError
from ...core.monitor import Monitor


def available_bytes() -> int | None:
    """Return the memory that a new computation can use, or None where the system does not tell."""
    if sys.platform.startswith("linux"):
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    if sys.platform == "win32":

        class Status(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
                (name, ctypes.c_ulonglong) for name in ("total", "free", "p_total", "p_free", "v_total", "v_free", "x")
            ]

        status = Status()
        status.length = ctypes.sizeof(status)
        if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return int(status.free)
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        # macOS does not tell what is free; half of what is built in is a cautious guess.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return None


def announce(needed: float, monitor: Monitor) -> None:
    """Tell the user how much memory the run needs at its peak.

    Parameters
    ----------
    needed : float
        Bytes beyond what QGIS already uses.
    monitor : Monitor
        Where to tell.

    Raises
    ------
    MemoryLimitError
        If there is less.
    """
    there = available_bytes()
    text = f"Memory: about {size_text(needed)} needed" + (
        f", {size_text(there)} available." if there is not None else "."
    )
    if there is not None and needed > there:
        raise MemoryLimitError(
            f"{text} Use larger cells (double the cell size needs a quarter), a smaller area, or close other programs."
        )
    monitor.info(text)


def size_text(count: float) -> str:
    """Return a number of bytes as people read it."""
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{max(1, round(count / 2**20))} MB"
