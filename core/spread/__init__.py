"""Independent pieces of a long computation, done here or by processes of their own, with the same bits."""

from __future__ import annotations

from .checkpoint import Checkpoint
from .interpreter import find_python
from .shard import ALL, Shard, read_shard
from .software import code_hash, packages
from .spreading import spread
from .where import HERE, Where, cores, how_many

__all__ = [
    "ALL",
    "HERE",
    "Checkpoint",
    "Shard",
    "Where",
    "code_hash",
    "cores",
    "find_python",
    "how_many",
    "packages",
    "read_shard",
    "spread",
]
