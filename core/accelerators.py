"""Optional accelerators."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable


def numba_works(kernel: Callable[[], object]) -> bool:
    """Return whether numba is installed and can prepare a kernel here.

    It may refuse the numpy at hand, or find no folder to keep what it compiles.
    """
    if importlib.util.find_spec("numba") is None:
        return False
    try:
        kernel()
    except (ImportError, RuntimeError):
        return False
    return True
