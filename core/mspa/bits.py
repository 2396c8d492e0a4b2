"""Binary rasters packed 64 cells to a word.

A packed raster is a little-endian ``uint64`` array of shape ``(rows, cols // 64 + 1)``: bit ``k`` of word ``j``
is column ``64 j + k``. Each row ends in at least one spare bit, and spare bits are always 0.
"""

from __future__ import annotations

import math

import numpy as np

from ..monitor import SILENT, Monitor
from ..types import Array, BoolArray, IntArray

_WORD = 64
_BLOCK = 1 << 18
"""Cells unpacked at a time, few enough to stay in the cache."""


def words_per_row(cols: int) -> int:
    """Return the number of words that hold a row."""
    return cols // _WORD + 1


def block_rows(cols: int) -> int:
    """Return how many rows to work on at a time."""
    return max(1, _BLOCK // cols)


def pack(mask: BoolArray) -> Array:
    """Return a boolean (or 0/1 uint8) raster as words."""
    rows, cols = mask.shape
    octets = np.zeros((rows, words_per_row(cols) * 8), np.uint8)
    octets[:, : (cols + 7) // 8] = np.packbits(mask, axis=1, bitorder="little")
    return octets.view("<u8")


def unpack(words: Array, cols: int) -> Array:
    """Return the first `cols` columns as a uint8 raster of 0 and 1."""
    return np.unpackbits(words.view(np.uint8), axis=1, count=cols, bitorder="little")


def places(words: Array, cols: int) -> IntArray:
    """Return the flat indices of the cells that are 1, ascending; quick where they are few."""
    some = np.flatnonzero(words)
    # Places of booleans are found several times as fast as those of numbers.
    if some.size > words.size // 4:
        return np.flatnonzero(unpack(words, cols).view(bool))
    ones = np.flatnonzero(np.unpackbits(words.ravel()[some].view(np.uint8), bitorder="little").view(bool))
    row, word = np.divmod(some, words.shape[1])
    cells: IntArray = (row * cols + word * _WORD).take(ones // _WORD) + ones % _WORD
    return cells


def clear_spare(words: Array, cols: int) -> Array:
    """Set the bits behind the last column to 0, in place."""
    words[:, -1] &= np.uint64((1 << cols % _WORD) - 1)
    return words


def invert(words: Array, cols: int) -> Array:
    """Return the complement."""
    return clear_spare(~words, cols)


def clear_border(words: Array, cols: int, width: int) -> Array:
    """Return a copy whose `width` outermost rows and columns are 0."""
    mask = np.zeros((1, cols), bool)
    mask[:, width : cols - width] = True
    out: Array = words & pack(mask)
    out[:width] = 0
    out[out.shape[0] - width :] = 0
    return out


def shift(words: Array, columns: int) -> Array:
    """Return the raster moved to higher columns (to lower ones if negative); 0 comes in."""
    out = np.zeros_like(words)
    size = words.shape[1]
    whole, bits = divmod(abs(columns), _WORD)
    if whole >= size:
        return out
    up, down = np.uint64(bits), np.uint64(_WORD - bits)
    if columns >= 0:
        out[:, whole:] = words[:, : size - whole] << up
        if bits:
            out[:, whole + 1 :] |= words[:, : size - whole - 1] >> down
    else:
        out[:, : size - whole] = words[:, whole:] >> up
        if bits:
            out[:, : size - whole - 1] |= words[:, whole + 1 :] << down
    return out


def dilate(words: Array, cols: int, reach2: int, monitor: Monitor = SILENT) -> Array:
    """Return all cells whose squared distance to a cell of the raster is at most `reach2` (cells, centre to centre).

    The disc is built from its columns: the further a column is from the centre, the shorter it is, so one
    vertically grown copy serves all of them. About ``4 sqrt(reach2)`` passes over the packed raster.
    """
    rows = words.shape[0]
    out = np.zeros_like(words)
    grown = words.copy()
    height = 0
    for column in range(math.isqrt(reach2), -1, -1):
        monitor.check()
        taller = min(math.isqrt(reach2 - column * column), rows - 1)
        for step in range(height + 1, taller + 1):
            grown[step:] |= words[:-step]
            grown[:-step] |= words[step:]
        height = taller
        out |= shift(grown, column)
        if column:
            out |= shift(grown, -column)
    return clear_spare(out, cols)
