"""Thinning of the foreground towards the core, independent of any order of the cells."""

from __future__ import annotations

import numpy as np

from ..monitor import SILENT, Monitor
from ..types import Array, IntArray
from . import compiled, tail
from .window import is_fork, is_independent, is_notch, is_simple, window_of

_CHUNK = 1 << 13
"""Words worked on at a time, few enough for all of a chunk's arrays to stay in the cache."""
_MANY_ROUNDS, _FEW_WORDS = 200, 8
"""When to go on cell by cell: unpacking takes about as long as a hundred rounds."""
_WORD = 64
_ONE = np.uint64(1)
_LAST = np.uint64(63)


def thin(
    body: Array, anchors: Array, connectivity: int, monitor: Monitor = SILENT, *, accelerate: bool = False
) -> Array:
    """Delete cells that are not needed to connect the anchors, all deletable ones of a round at once.

    Ends of lines are not protected: what hangs on an anchor at one end only shrinks away. What stays are lines, one
    cell wide, that join anchors or surround a hole.

    A cell may go if it is simple, that is, its removal neither splits nor joins anything in its 3 x 3 window, and if
    this stays so when its simple neighbours go in the same round. Only neighbours of cells just deleted are looked at
    again. With 4-connectivity the rules are those of 8-connectivity on the inverted window, plus one exception. For
    either there is a rare configuration that stays one round longer, see `_spared`.

    Parameters
    ----------
    body : packed raster
        The cells to thin, anchors included. Its two outermost rows and columns must be empty.
    anchors : packed raster
        The part of `body` that is never deleted.
    connectivity : int
        Of the body, 8 or 4.
    monitor : Monitor
        Progress and cancellation.
    accelerate : bool
        Whether to use numba, with the same result.

    Returns
    -------
    packed raster
        The cells left, anchors included.

    Notes
    -----
    Sixty-four cells are decided at a time by logic on whole words; only words that hold a candidate are visited. When
    few are left after many rounds, the rest is done cell by cell.
    """
    if accelerate:
        return compiled.thin(body, anchors, connectivity, monitor)
    stride = body.shape[1]
    left = body.copy().ravel()
    free = (body & ~anchors).ravel()
    simple = np.zeros_like(left)
    candidates = free.copy()
    active: IntArray = np.flatnonzero(candidates)
    round_number = 0
    while active.size:
        if round_number > _MANY_ROUNDS and active.size < _FEW_WORDS:
            left = tail.finish(left, free, candidates, stride, connectivity, monitor)
            break
        chunks = [active[k : k + _CHUNK] for k in range(0, active.size, _CHUNK)]
        for words in chunks:
            monitor.check()
            simple[words] = free[words] & is_simple(window_of(left, words, stride, connectivity))
        deleted = np.empty(active.size, left.dtype)
        for k, words in enumerate(chunks):
            monitor.check()
            window = window_of(left, words, stride, connectivity)
            flags = window_of(simple, words, stride, 8)
            gone = candidates[words] & simple[words] & is_independent(window, flags, connectivity)
            forks = is_fork(window, flags) if connectivity == 8 else is_notch(window, flags)
            gone &= ~_spared(left, simple, words, gone & forks, stride)
            deleted[k * _CHUNK : k * _CHUNK + words.size] = gone
        candidates[active] = 0
        hit = np.flatnonzero(deleted)
        active, deleted = active[hit], deleted[hit]
        for plane in (left, free, simple):
            plane[active] &= ~deleted
        active = _spread(candidates, active, deleted, stride)
        candidates[active] &= free[active]
        active = active[candidates[active] != 0]
        round_number += 1
        # The number of rounds is not known beforehand; most of the work is in the first few.
        monitor.progress(1.0 - 0.9**round_number)
    thinned: Array = left.reshape(body.shape)
    return thinned


def _spared(left: Array, simple: Array, words: IntArray, forks: Array, stride: int) -> Array:
    """Forks or notches whose two simple neighbours have no other neighbour but one: these go one round later.

    Nothing in the theory asks for this, but the reference program does it, and it can decide which of two lines stays.
    """
    spared = np.zeros_like(forks)
    some = np.flatnonzero(forks)
    if not some.size:
        return spared
    bits = np.unpackbits(forks[some].view(np.uint8), bitorder="little").reshape(-1, _WORD)
    at, bit = np.nonzero(bits)
    cells = words[some[at]] * _WORD + bit
    row = stride * _WORD
    steps = [-row - 1, -row, -row + 1, -1, 1, row - 1, row, row + 1]
    alone = np.ones(cells.size, bool)
    for step in steps:
        near = cells + step
        touching = sum(_cell(left, near + other) for other in steps)
        alone &= (_cell(simple, near) == 0) | (touching == 2)
    np.bitwise_or.at(spared, some[at[alone]], _ONE << bit[alone].astype(np.uint64))
    return spared


def _cell(plane: Array, cells: IntArray) -> Array:
    """Return the values (0 or 1) of single cells, given as word times 64 plus bit."""
    value: Array = plane[cells // _WORD] >> (cells % _WORD).astype(np.uint64) & _ONE
    return value


def _spread(plane: Array, words: IntArray, cells: Array, stride: int) -> IntArray:
    """Set the 8-neighbours of cells (given as words and bits) in an empty plane; return the words written to."""
    middle = cells | (cells << _ONE) | (cells >> _ONE)
    parts = [(words, middle)]
    for carried, step in ((cells << _LAST, -1), (cells >> _LAST, 1)):
        some = np.flatnonzero(carried)
        parts.append((words[some] + step, carried[some]))
    written = []
    for at, pattern in parts:
        for row in (-stride, 0, stride):
            plane[at + row] |= pattern
            written.append(at + row)
    # Sorting the words takes some fifty times as long as looking through as many words of the plane.
    if sum(at.size for at in written) > plane.size // 50:
        return np.flatnonzero(plane)
    return np.unique(np.concatenate(written))
