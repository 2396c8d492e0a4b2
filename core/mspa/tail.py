"""The last rounds of the thinning, when a few long side branches shrink by one cell a round."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..monitor import Monitor
from ..types import Array, IntArray
from . import bits
from .window import Window, is_fork, is_independent, is_notch, is_simple

_ROUNDS = 5000
"""Rounds between two looks at the monitor, some hundredths of a second."""


class Rules(NamedTuple):
    """What to do with a cell, by the number of its window: bit k of it is the k-th neighbour.

    Attributes
    ----------
    simple : bytes
        By window: whether the cell is simple.
    goes, waits : bytes
        By window and simple neighbours (``window * 256 + simple``): whether the cell may go, and whether it is one
        that stays a round longer if its simple neighbours have no other neighbour but one.
    """

    simple: bytes
    goes: bytes
    waits: bytes


@lru_cache(maxsize=2)
def rules(connectivity: int) -> Rules:
    """Return the rules of the thinning as tables."""
    number = np.arange(1 << 16)
    planes = [bits.pack((number >> k & 1).astype(bool)[None])[0] for k in range(16)]
    flags = Window(*planes[:8])
    window = Window(*(planes[8:] if connectivity == 8 else [~plane for plane in planes[8:]]))
    simple = is_simple(window)
    goes = simple & is_independent(window, flags, connectivity)
    waits = (is_fork if connectivity == 8 else is_notch)(window, flags)
    tables = [bits.unpack(plane[None], number.size)[0] for plane in (simple, goes, waits)]
    return Rules(tables[0][::256].tobytes(), tables[1].tobytes(), tables[2].tobytes())


def finish(left: Array, free: Array, candidates: Array, stride: int, connectivity: int, monitor: Monitor) -> Array:
    """Carry the thinning to its end, cell by cell.

    Rounds over whole words take the same time however few cells are left in them; this takes a few microseconds for
    each cell.

    Parameters
    ----------
    left, free, candidates : packed raster, flat
        The cells that are still there, those of them that are no anchors, and those to be looked at in this round.
    stride : int
        Words in a row.
    connectivity : int
        Of the body, 8 or 4.

    Returns
    -------
    packed raster, flat
        The cells left.
    """
    ones, loose = bytearray(_cells(left)), bytearray(_cells(free))
    queue = [int(cell) for cell in np.flatnonzero(_cells(candidates))]
    row = stride * 64
    steps = [-1, 1, -row, row, -row - 1, row - 1, -row + 1, row + 1]
    while queue:
        monitor.check()
        queue = _rounds(ones, loose, queue, steps, rules(connectivity))
    return np.packbits(np.frombuffer(ones, np.uint8), bitorder="little").view("<u8")


def _cells(words: Array) -> IntArray:
    cells: IntArray = np.unpackbits(words.view(np.uint8), bitorder="little")
    return cells


def _rounds(ones: bytearray, loose: bytearray, queue: list[int], steps: list[int], rule: Rules) -> list[int]:
    """Make some rounds; return the cells to be looked at next."""
    a, b, c, d, e, f, g, h = steps
    simple, goes, waits = rule
    neighbours = [[(k, step) for k, step in enumerate(steps) if window >> k & 1] for window in range(256)]

    def window_of(p: int) -> int:
        return (
            ones[p + a]
            | ones[p + b] << 1
            | ones[p + c] << 2
            | ones[p + d] << 3
            | ones[p + e] << 4
            | ones[p + f] << 5
            | ones[p + g] << 6
            | ones[p + h] << 7
        )

    for _ in range(_ROUNDS):
        gone = []
        for p in queue:
            window = window_of(p)
            if not simple[window]:
                continue
            flags = 0
            for k, step in neighbours[window]:
                if loose[p + step] and simple[window_of(p + step)]:
                    flags |= 1 << k
            case = window << 8 | flags
            if goes[case] and not (
                waits[case]
                and all(bin(window_of(p + step)).count("1") == 2 for k, step in neighbours[window] if flags >> k & 1)
            ):
                gone.append((p, window))
        for p, _ in gone:
            ones[p] = loose[p] = 0
        queue = list({p + step for p, window in gone for _, step in neighbours[window] if loose[p + step]})
        if not queue:
            break
    return queue
