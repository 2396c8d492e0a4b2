"""What a user has set once for all tools, as QGIS keeps it between sessions."""

from __future__ import annotations

from qgis.core import QgsSettings

PROCESSES, SCHEDULER = "ecosecnet/processes", "ecosecnet/scheduler"


def processes() -> int:
    """Return how many processes tools offer by default; 0: as many as there are cores, less one."""
    number = QgsSettings().value(PROCESSES, 1)
    return int(number) if str(number).isdecimal() else 1


def scheduler() -> str:
    """Return the address of the Dask scheduler that tools offer by default; empty: none."""
    return str(QgsSettings().value(SCHEDULER, "") or "").strip()
