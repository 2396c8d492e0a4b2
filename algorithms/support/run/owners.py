"""A file that says, by a lock, whether the run that a folder belongs to is alive.

The system gives the lock back when the process ends, however it ends. A process number would not do: it is used again, and
in a sandbox (Flatpak, containers) it is that of another process outside.
"""

from __future__ import annotations

import os
import platform
from io import FileIO

_FILE = "owner"
_BEYOND = 1 << 20
"""Byte that is locked on Windows, where locked bytes cannot be read."""


def own(folder: str) -> FileIO:
    """Claim a folder until the file that is returned is closed, or this process ends."""
    file = FileIO(os.path.join(folder, _FILE), "x+")
    # Written under the lock only: without the name of a computer nobody takes the folder for abandoned.
    if _lock(file):
        file.seek(0)
        file.write(_computer())
    return file


def inherit(folder: str) -> FileIO | None:
    """Claim a folder whose owner has died on this computer; None where it may be alive."""
    try:
        file = FileIO(os.path.join(folder, _FILE), "r+")
    except OSError:
        return None
    # On a shared disk, the locks of other computers may be invisible.
    if _lock(file):
        file.seek(0)
        if file.read() == _computer():
            return file
    file.close()
    return None


def _computer() -> bytes:
    return platform.node().encode() or b"?"


def _lock(file: FileIO) -> bool:
    """Lock a file for this handle alone; False where another has it, or where the disk knows no locks."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(_BEYOND)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
