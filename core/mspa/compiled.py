"""Thinning and thickening compiled by numba: the same cells, several times faster."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..accelerators import numba_works
from ..monitor import Monitor
from ..types import Array, IntArray
from . import window

_CHUNK = 1 << 18
"""Words or cells worked on between two looks at the monitor, some hundredths of a second."""


def available() -> bool:
    """Return whether numba is installed, works, and can keep what it compiles."""
    return numba_works(lambda: fast(window.rounds))


def thin(body: Array, anchors: Array, connectivity: int, monitor: Monitor) -> Array:
    """Thin a packed raster; as `thinning.thin`."""
    stride = body.shape[1]
    left, free = body.copy().ravel(), (body & ~anchors).ravel()
    simple, candidates = np.zeros_like(left), free.copy()
    active: IntArray = np.flatnonzero(candidates)
    done = 0
    while active.size:
        monitor.check()
        # A round of a whole province takes a quarter of a second; of late rounds thousands are made at a time.
        active, rounds = fast(window.rounds)(left, free, simple, candidates, active, stride, connectivity, _CHUNK)
        done += rounds
        monitor.progress(1.0 - 0.9**done)
    thinned: Array = left.reshape(body.shape)
    return thinned


def advance(
    queue: IntArray,
    inside: Array,
    free: Array,
    vector: Array,
    offset: Array,
    length: Array,
    stride: int,
    limit: float,
    monitor: Monitor,
) -> IntArray:
    """Make one pass of the thickening over the queue, cell after cell, and return the next queue.

    The arrays are those of `thickening._Front`, and the flat ones are written to. Cells that have no vector yet are the
    new ones.
    """
    nearest = math.inf
    for part in _parts(queue, monitor):
        nearest = min(nearest, fast(_measure)(part, inside, vector, offset, length, stride))
    further = [
        fast(_expand)(part, free, vector, offset, length, stride, nearest, limit) for part in _parts(queue, monitor)
    ]
    following: IntArray = np.concatenate(further)
    return following


def _parts(places: IntArray, monitor: Monitor) -> Iterator[IntArray]:
    for k in range(0, places.size, _CHUNK):
        monitor.check()
        yield places[k : k + _CHUNK]


@functools.cache
def _helper(function: Callable[..., Any]) -> None:
    from numba.extending import register_jitable

    register_jitable(function)


@functools.cache
def fast(function: Callable[..., Any]) -> Any:
    """Return a function compiled, and with it what its module says its functions call (`CALLED`)."""
    import numba

    for called in function.__globals__.get("CALLED", ()):
        _helper(called)
    return numba.njit(cache=True, nogil=True)(function)


def _measure(queue: Any, inside: Any, vector: Any, offset: Any, length: Any, stride: int) -> Any:
    """Give the new cells their vectors, one after the other; return the smallest distance among them."""
    side = int(math.sqrt(length.size))
    size = side // 2
    one = np.float32(1.0)
    nearest = np.float32(np.inf)
    for cell in queue:
        if vector[cell] >= 0:
            continue
        best, best_number, best_offset = np.float32(np.inf), 0, np.float32(0.0)
        for step, back in ((-stride, side), (-1, 1), (stride, -side), (1, -1)):
            known = np.int64(vector[cell + step])
            if known < 0:
                continue
            number, base_offset = known + back, offset[cell + step]
            found = np.float32(length[number] + base_offset)
            # A bend at the neighbour is never shorter than the straight line, so this prunes both.
            if not found < best:
                continue
            rows, cols = number // side - size, number % side - size
            along, aside = (stride if rows > 0 else -stride), (1 if cols > 0 else -1)
            major, minor = abs(rows), abs(cols)
            if major <= minor:
                along, aside, major, minor = aside, along, minor, major
            at = cell - rows * stride - cols
            error = 2 * minor - major
            for _ in range(major - 1):
                at += along
                if error >= 0:
                    at += aside
                    error -= 2 * major
                error += 2 * minor
                if not inside[at]:
                    found = np.float32(length[known] + base_offset + 1.0)
                    base_offset = found - one
                    number = size * side + size + back
                    break
            if found < best:
                best, best_number, best_offset = found, number, base_offset
        vector[cell] = best_number
        offset[cell] = best_offset
        nearest = min(nearest, np.float32(length[best_number] + best_offset))
    return nearest


def _expand(
    queue: Any, free: Any, vector: Any, offset: Any, length: Any, stride: int, nearest: float, limit: float
) -> Any:
    """Return the next queue: cells held back in their places, and the new neighbours of the others."""
    following = np.empty(4 * queue.size, queue.dtype)
    count = 0
    for cell in queue:
        distance = length[vector[cell]] + offset[cell]
        if distance > limit:
            continue
        if distance > nearest:
            following[count] = cell
            count += 1
            continue
        for step in (-stride, -1, stride, 1):
            if free[cell + step]:
                free[cell + step] = False
                following[count] = cell + step
                count += 1
    return following[:count].copy()
