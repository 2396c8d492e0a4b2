"""How much memory there is, so that a run that cannot fit is refused before it starts."""

from __future__ import annotations

import ctypes
import functools
import os
import sys

import numpy as np

from ....core.errors import MemoryLimitError
from ....core.monitor import Monitor

_PROC, _CGROUPS = "/proc", "/sys/fs/cgroup"

_LIBRARIES = 25_000_000
"""Bytes that SciPy and GDAL take when a run first uses them."""

_UNLOADED = ("failed to map segment", "paging file is too small")
"""What Linux and Windows say when there is no memory for a library."""

_ADVICE = "Use larger cells (double the cell size needs a quarter), a smaller area, or close other programs."

_BLAS = 135_266_304
"""Bytes that OpenBLAS maps at its first call. Refused them, it asks again for ever, and the run cannot be ended."""

JUMPS = "the resistances jump sharply"
FULL = "the corridors fill the raster and " + JUMPS
"""Where a circuit takes more memory than its forecast."""

_UNLIMITED = 2**60
"""Bytes from which on a limit of a control group is none: version 1 writes the largest number it knows."""


def available_bytes() -> int | None:
    """Return the memory that a new computation can use, or None where the system does not tell.

    The smallest of what the machine has, what the container may still take, and what the process may.
    """
    there = [limit for limit in (_machine(), _container(), _process()) if limit is not None]
    return max(min(there), 0) if there else None


def _machine() -> int | None:
    if sys.platform.startswith("linux"):
        with open(f"{_PROC}/meminfo", encoding="ascii") as lines:
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


def _container() -> int | None:
    """Return what the control groups of the process leave, of either version; None without a limit."""
    try:
        with open(f"{_PROC}/self/cgroup", encoding="utf-8") as lines:
            groups = [line.strip().split(":", 2) for line in lines]
    except OSError:
        return None
    left = []
    for _, controllers, path in groups:
        if controllers and "memory" not in controllers.split(","):
            continue
        top, limit, used, idle = (
            (_CGROUPS + "/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            if controllers
            else (_CGROUPS, "memory.max", "memory.current", "inactive_file")
        )
        # A limit of any group above counts too; inside a container the own group is at the top.
        while True:
            folder = top + path.rstrip("/")
            most, now = _number(f"{folder}/{limit}"), _number(f"{folder}/{used}")
            if most is not None and now is not None and most < _UNLIMITED:
                left.append(most - now + _number(f"{folder}/memory.stat", idle, 0))
            if path in ("", "/"):
                break
            path = os.path.dirname(path)
    return min(left, default=None)


def _process() -> int | None:
    """Return what the limit of the address space leaves beside the buffer of the BLAS; None without a limit."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    if most == resource.RLIM_INFINITY:
        return None
    used = _number(f"{_PROC}/self/status", "VmSize:", 0)
    return most - 1024 * used - (0 if _map_blas.cache_info().currsize else _BLAS)


@functools.cache
def _map_blas() -> None:
    """Have the BLAS map its buffer while there is room for it."""
    square = np.ones((2, 2))
    np.matmul(square, square)


def _number(path: str, name: str = "", default: int | None = None) -> int | None:
    """Return the number in a file, or beside a name in it."""
    try:
        with open(path, encoding="ascii") as lines:
            for line in lines:
                words = line.split()
                if words[:1] == [name] or not name:
                    return int(words[-1 if not name else 1])
    except (OSError, ValueError, IndexError):
        pass
    return default


def require(needed: float, what: str) -> None:
    """Refuse what cannot fit, before it is begun.

    Parameters
    ----------
    needed : float
        Bytes beyond what QGIS already uses.
    what : str
        What needs them, as the start of a sentence.

    Raises
    ------
    MemoryLimitError
        If there is less.
    """
    there = available_bytes()
    if there is not None and needed > there:
        raise MemoryLimitError(
            f"{what} needs about {size_text(needed)}, and {size_text(there)} are available. {_ADVICE}"
        )


def has_failed_to_load(error: ImportError) -> bool:
    """Return whether a library could not be loaded for want of memory.

    The system says so in the language of the user, so that what is left counts as well.
    """
    there = available_bytes()
    return any(words in str(error) for words in _UNLOADED) or (there is not None and there < _LIBRARIES)


def require_libraries() -> None:
    """Refuse a run for which even its libraries cannot be loaded, before one of them fails halfway."""
    require(_LIBRARIES, "Any run")


def announce(needed: float, monitor: Monitor, *, at_most: float = 0.0, where: str = JUMPS, held: float = 0.0) -> None:
    """Report how much memory the run needs at its peak.

    Parameters
    ----------
    needed : float
        Bytes beyond what QGIS already uses.
    monitor : Monitor
        Where to report.
    at_most : float
        Bytes that it can come to need; said where it is much more.
    where : str
        When it does, in words.
    held : float
        Bytes of it that the run has taken already.

    Raises
    ------
    MemoryLimitError
        If there is less than needed.
    """
    needed, at_most = needed + _LIBRARIES, at_most + _LIBRARIES
    there = available_bytes()
    there = None if there is None else there + int(held)
    hard = at_most > 1.3 * needed
    text = (
        f"Needs about {size_text(needed)} of memory{f' (up to {size_text(at_most)} where {where})' if hard else ''}"
        f"{f', {size_text(there)} available' if there is not None else ''}."
    )
    if there is not None and needed > there:
        raise MemoryLimitError(f"{text} {_ADVICE}")
    if _process() is not None:
        _map_blas()
    if hard and there is not None and at_most > there:
        monitor.warn(f"{text} If it does not suffice, the run stops. {_ADVICE}")
    else:
        monitor.info(text)


def size_text(count: float) -> str:
    """Return a number of bytes as people read it."""
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{max(1, round(count / 2**20))} MB"
