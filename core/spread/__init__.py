"""Independent pieces of a long computation, done here or by processes of their own, with the same bits."""

from __future__ import annotations

from .checkpoint import Checkpoint
from .interpreter import find_python
from .shard import ALL, Shard, read_shard
from .spreading import spread
from .where import HERE, Where, cores, how_many

__all__ = [
    "ALL",
    "HERE",
    "Checkpoint",
    "Shard",
    "Where",
    "cores",
    "find_python",
    "how_many",
    "read_shard",
    "spread",
]
