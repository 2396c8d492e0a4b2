"""What comes back from a worker: a result or an error, and what was said over it."""

from __future__ import annotations

from typing import Any

from ..monitor import Monitor
from . import codec


def answered(answer: dict[str, Any], monitor: Monitor, *, first: bool) -> Any:
    """Say what was said over a piece, and before the first while preparing; return its result, or raise its error."""
    for kind, text in [*(answer["prepared"] if first else ()), *answer["said"]]:
        (monitor.warn if kind == "warn" else monitor.info)(text)
    if "error" in answer:
        raise _raised(*answer["error"])
    return answer["result"]


def _raised(name: str, text: str, trace: str) -> BaseException:
    """Return the error that a process has met, with the place where it has."""
    kind = codec.named(name)
    error: BaseException = kind.__new__(kind)
    error.args = (text,)
    error.__cause__ = _Elsewhere(f"\n{trace}")
    return error


class _Elsewhere(Exception):  # noqa: N818 (never raised)
    """Where another process has met an error."""
