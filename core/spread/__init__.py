"""Independent pieces of a long computation, done here or by processes of their own, with the same bits."""

from __future__ import annotations

from .interpreter import find_python
from .spreading import spread
from .where import HERE, Where, cores, how_many

__all__ = ["HERE", "Where", "cores", "find_python", "how_many", "spread"]
