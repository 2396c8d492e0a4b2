"""Thinning of the foreground towards the core, independent of any order of the cells."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..monitor import SILENT, Monitor
from ..types import Array, IntArray
from . import compiled, tail

_CHUNK = 1 << 13
"""Words worked on at a time, few enough for all of a chunk's arrays to stay in the cache."""
_MANY_ROUNDS, _FEW_WORDS = 200, 8
"""When to go on cell by cell: unpacking takes about as long as a hundred rounds."""
_WORD = 64
_ONE = np.uint64(1)
_LAST = np.uint64(63)


class Window(NamedTuple):
    """The eight neighbours of 64 cells at once: bit k of `w` is the western neighbour of cell k, and so on."""

    w: Array
    e: Array
    n: Array
    s: Array
    nw: Array
    sw: Array
    ne: Array
    se: Array


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
            simple[words] = free[words] & is_simple(_window(left, words, stride, connectivity))
        deleted = np.empty(active.size, left.dtype)
        for k, words in enumerate(chunks):
            monitor.check()
            window = _window(left, words, stride, connectivity)
            flags = _window(simple, words, stride, 8)
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


def _window(plane: Array, words: IntArray, stride: int, connectivity: int) -> Window:
    def row(at: IntArray) -> tuple[Array, Array, Array]:
        middle = plane[at]
        west = (middle << _ONE) | (plane[at - 1] >> _LAST)
        east = (middle >> _ONE) | (plane[at + 1] << _LAST)
        if connectivity == 8:
            return west, middle, east
        return ~west, ~middle, ~east

    nw, n, ne = row(words - stride)
    w, _, e = row(words)
    sw, s, se = row(words + stride)
    return Window(w, e, n, s, nw, sw, ne, se)


def is_simple(x: Window) -> Array:
    """Cells with exactly one step from a 0 in the four directions to a 1 next in turn (Yokoi's number is 1)."""
    once = np.zeros_like(x.w)
    twice = np.zeros_like(x.w)
    for zero, corner, following in ((x.e, x.ne, x.n), (x.n, x.nw, x.w), (x.w, x.sw, x.s), (x.s, x.se, x.e)):
        step = (corner | following) & ~zero
        twice |= once & step
        once |= step
    return once & ~twice


def is_independent(x: Window, simple: Window, connectivity: int) -> Array:
    """Cells that may go together with whichever simple neighbours go."""
    blocked = simple.w & ~((x.n | x.nw) ^ (x.s | x.sw))
    blocked |= simple.e & ~((x.n | x.ne) ^ (x.s | x.se))
    blocked |= simple.n & ~((x.w | x.nw) ^ (x.e | x.ne))
    blocked |= simple.s & ~((x.w | x.sw) ^ (x.e | x.se))
    for corner, a, b, c, d in (
        ("nw", "w", "n", "e", "s"),
        ("sw", "s", "w", "n", "e"),
        ("ne", "n", "e", "s", "w"),
        ("se", "e", "s", "w", "n"),
    ):
        by_corner = getattr(simple, corner) & ~(getattr(x, a) | getattr(x, b))
        if connectivity == 4:
            # The exception: a bend of two simple cells whose other two 4-neighbours are empty (inverted here).
            bend = getattr(simple, a) & getattr(simple, b) & getattr(x, c) & getattr(x, d)
            by_corner &= ~bend
        blocked |= by_corner
    return ~blocked


_SIDES = (
    # ahead, ahead left, left, ahead right, right, back left, back, back right
    ("n", "nw", "w", "ne", "e", "sw", "s", "se"),
    ("s", "sw", "w", "se", "e", "nw", "n", "ne"),
    ("w", "nw", "n", "sw", "s", "ne", "e", "se"),
    ("e", "ne", "n", "se", "s", "nw", "w", "sw"),
)


def is_fork(x: Window, simple: Window) -> Array:
    """Cells with three neighbours: a 4-neighbour that is not simple, and a simple one on either side of that."""
    forks = np.zeros_like(x.w)
    for names in _SIDES:
        stem, left, near_left, right, near_right, *back = (getattr(x, name) for name in names)
        stem_goes, left_goes, near_left_goes, right_goes, near_right_goes, *_ = (getattr(simple, n) for n in names)
        fork = stem & ~stem_goes & (left ^ near_left) & (right ^ near_right)
        fork &= (left_goes | near_left_goes) & (right_goes | near_right_goes)
        forks |= fork & ~(back[0] | back[1] | back[2])
    return forks


def is_notch(x: Window, simple: Window) -> Array:
    """Cells with all neighbours but one 4-neighbour (inverted here), of which only the two beside that are simple."""
    notches = np.zeros_like(x.w)
    for names in _SIDES:
        *others, back_left, back, back_right = (getattr(x, name) for name in names)
        *others_go, back_left_goes, _, back_right_goes = (getattr(simple, name) for name in names)
        notch = back & back_left_goes & back_right_goes
        for plane in (*others, back_left, back_right, *others_go):
            notch &= ~plane
        notches |= notch
    return notches


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
