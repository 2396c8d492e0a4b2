"""The rules of the thinning as logic on words of 64 cells, for numpy (arrays of words) and numba (single words) alike."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

_ONE = np.uint64(1)
_LAST = np.uint64(63)


class Window(NamedTuple):
    """The eight neighbours of 64 cells at once: bit k of `w` is the western neighbour of cell k, and so on."""

    w: Any
    e: Any
    n: Any
    s: Any
    nw: Any
    sw: Any
    ne: Any
    se: Any


def window_of(plane: Any, at: Any, stride: int, connectivity: int) -> Window:
    """Return the neighbours of the cells of some words, inverted for 4-connectivity."""
    up, down = at - stride, at + stride
    n, middle, s = plane[up], plane[at], plane[down]
    w, e = middle << _ONE | plane[at - 1] >> _LAST, middle >> _ONE | plane[at + 1] << _LAST
    nw, ne = n << _ONE | plane[up - 1] >> _LAST, n >> _ONE | plane[up + 1] << _LAST
    sw, se = s << _ONE | plane[down - 1] >> _LAST, s >> _ONE | plane[down + 1] << _LAST
    if connectivity == 8:
        return Window(w, e, n, s, nw, sw, ne, se)
    return Window(~w, ~e, ~n, ~s, ~nw, ~sw, ~ne, ~se)


def turned(x: Window) -> Window:
    """Return the window turned by a quarter: what was west is north."""
    return Window(x.s, x.n, x.w, x.e, x.sw, x.se, x.nw, x.ne)


def is_simple(x: Window) -> Any:
    """Cells with exactly one step from a 0 in the four directions to a 1 next in turn (Yokoi's number is 1)."""
    a, b = (x.ne | x.n) & ~x.e, (x.nw | x.w) & ~x.n
    c, d = (x.sw | x.s) & ~x.w, (x.se | x.e) & ~x.s
    return ((a ^ b) & ~(c | d)) | ((c ^ d) & ~(a | b))


def is_independent(x: Window, simple: Window, connectivity: int) -> Any:
    """Cells that may go together with whichever simple neighbours go."""
    blocked = x.n ^ x.n
    for _ in range(4):
        blocked |= simple.n & ~((x.w | x.nw) ^ (x.e | x.ne))
        by_corner = simple.nw & ~(x.w | x.n)
        if connectivity == 4:
            # The exception: a bend of two simple cells whose other two 4-neighbours are empty (inverted here).
            by_corner &= ~(simple.w & simple.n & x.e & x.s)
        blocked |= by_corner
        x, simple = turned(x), turned(simple)
    return ~blocked


def is_fork(x: Window, simple: Window) -> Any:
    """Cells with three neighbours: a 4-neighbour that is not simple, and a simple one on either side of that."""
    forks = x.n ^ x.n
    for _ in range(4):
        fork = x.n & ~simple.n & (x.nw ^ x.w) & (x.ne ^ x.e) & ~(x.sw | x.s | x.se)
        forks |= fork & (simple.nw | simple.w) & (simple.ne | simple.e)
        x, simple = turned(x), turned(simple)
    return forks


def is_notch(x: Window, simple: Window) -> Any:
    """Cells with all neighbours but one 4-neighbour (inverted here), of which only the two beside that are simple."""
    notches = x.n ^ x.n
    for _ in range(4):
        others = x.s | x.w | x.e | x.nw | x.ne | x.sw | x.se
        others_go = simple.s | simple.w | simple.e | simple.sw | simple.se
        notches |= x.n & simple.nw & simple.ne & ~(others | others_go)
        x, simple = turned(x), turned(simple)
    return notches


def mark(left: Any, free: Any, simple: Any, words: Any, stride: int, connectivity: int) -> None:
    """Find the simple cells of some words (numba)."""
    for at in words:
        simple[at] = free[at] & is_simple(window_of(left, at, stride, connectivity))


def decide(left: Any, simple: Any, candidates: Any, words: Any, stride: int, connectivity: int) -> Any:
    """Return the cells of some words that go in this round (numba)."""
    deleted = np.zeros(words.size, np.uint64)
    for i in range(words.size):
        at = words[i]
        gone = candidates[at] & simple[at]
        if gone == 0:
            continue
        window, flags = window_of(left, at, stride, connectivity), window_of(simple, at, stride, 8)
        gone &= is_independent(window, flags, connectivity)
        waits = gone & (is_fork(window, flags) if connectivity == 8 else is_notch(window, flags))
        if waits != 0:
            gone &= ~spared(left, simple, at, waits, stride)
        deleted[i] = gone
    return deleted


def spared(left: Any, simple: Any, at: int, waits: Any, stride: int) -> Any:
    """Return the forks or notches of a word that stay a round longer, see `thinning._spared` (numba)."""
    row = stride * 64
    steps = (-row - 1, -row, -row + 1, -1, 1, row - 1, row, row + 1)
    stay = waits
    for k in range(64):
        if waits >> np.uint64(k) & _ONE == 0:
            continue
        for step in steps:
            near = at * 64 + k + step
            touching = 0
            for other in steps:
                cell = near + other
                touching += np.int64(left[cell >> 6] >> np.uint64(cell & 63) & _ONE)
            if touching != 2 and simple[near >> 6] >> np.uint64(near & 63) & _ONE != 0:
                stay &= ~(_ONE << np.uint64(k))
    return stay


def sweep(left: Any, free: Any, simple: Any, candidates: Any, words: Any, deleted: Any, stride: int) -> Any:
    """Delete cells; return the words with neighbours of theirs, the candidates of the next round (numba)."""
    for i in range(words.size):
        at, keep = words[i], ~deleted[i]
        candidates[at] = 0
        left[at] &= keep
        free[at] &= keep
        simple[at] &= keep
    active = np.empty(min(9 * words.size, left.size), words.dtype)
    count = 0
    for i in range(words.size):
        gone = deleted[i]
        if gone == 0:
            continue
        middle = gone | gone << _ONE | gone >> _ONE
        for row in (-stride, 0, stride):
            for side, pattern in ((-1, gone << _LAST), (0, middle), (1, gone >> _LAST)):
                there = words[i] + row + side
                new = pattern & free[there]
                if new != 0:
                    if candidates[there] == 0:
                        active[count] = there
                        count += 1
                    candidates[there] |= new
    return active[:count].copy()


CALLED = (window_of, turned, is_simple, is_independent, is_fork, is_notch, spared, mark, decide, sweep)
"""What `rounds` calls. All are in one file, since numba compiles anew when the file of a function changes, and looks at
no other."""


def rounds(
    left: Any, free: Any, simple: Any, candidates: Any, words: Any, stride: int, connectivity: int, most: int
) -> tuple[Any, int]:
    """Make rounds of the thinning until `most` words have been visited; return the next words, and the rounds (numba)."""
    visited = count = 0
    while words.size > 0 and visited < most:
        visited += words.size
        mark(left, free, simple, words, stride, connectivity)
        deleted = decide(left, simple, candidates, words, stride, connectivity)
        words = sweep(left, free, simple, candidates, words, deleted, stride)
        count += 1
    return words, count
