"""Regions of packed rasters as runs of cells in a row, compiled by numba.

A raster has far fewer runs than cells, so that labels for runs are found, looked up and painted several times faster.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..types import Array, BoolArray, IntArray
from .compiled import fast

_ONE = np.uint64(1)
_ALL = ~np.uint64(0)
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_POSITION = np.zeros(64, np.uint8)
_POSITION[[(0x03F79D71B4CB0A89 << k) % 2**64 >> 58 for k in range(64)]] = np.arange(64)


class Runs:
    """The regions of a packed raster; as `regions.Cells`, found by runs."""

    def __init__(self, words: Array, cols: int, connectivity: int) -> None:
        self._rows, self._width = words.shape
        self._cols = cols
        self._first = fast(_count)(words)
        # Start and end of each run, the end exclusive.
        self._edges = fast(_find)(words, self._first)
        self._labels, self.count = fast(_unite)(self._edges, self._first, 1 if connectivity == 8 else 0)

    def at(self, cells: IntArray) -> IntArray:
        """As `regions.Cells.at`."""
        labels: IntArray = fast(_look_up)(cells, self._edges, self._first, self._labels, self._cols)
        return labels

    def first_cells(self) -> IntArray:
        """As `regions.Cells.first_cells`."""
        cells: IntArray = fast(_first_cells)(self._edges, self._first, self._labels, self.count, self._cols)
        return cells

    def touched(self, words: Array) -> BoolArray:
        """As `regions.Cells.touched`."""
        flags: BoolArray = fast(_touched)(words, self._edges, self._first, self._labels, self.count)
        return flags

    def paint(self, flags: BoolArray) -> Array:
        """As `regions.Cells.paint`."""
        words = np.zeros((self._rows, self._width), "<u8")
        fast(_paint)(words, flags, self._edges, self._first, self._labels)
        return words

    def scratch(self) -> IntArray:
        """As `regions.Cells.scratch`."""
        return np.zeros(self._rows * self._cols, np.int32)


def lowest(word: Any) -> Any:
    """Return the place of the lowest 1 of a word."""
    return np.int64(_POSITION[(word & (~word + _ONE)) * _DE_BRUIJN >> np.uint64(58)])


def within(start: int, end: int, place: int) -> Any:
    """Return the part of a run that lies in the word at a place of its row."""
    mask = _ALL
    if start > place * 64:
        mask <<= np.uint64(start - place * 64)
    if end < place * 64 + 64:
        mask &= _ALL >> np.uint64(place * 64 + 64 - end)
    return mask


def root_of(parent: Any, run: int) -> Any:
    """Return the first run that a run is known to be joined to, and shorten the way to it."""
    while parent[run] != run:
        parent[run] = parent[parent[run]]
        run = parent[run]
    return run


CALLED = (lowest, within, root_of)
"""What the functions below call, see `compiled.fast`."""


def _count(words: Any) -> Any:
    """Return the number of runs above each row, and of all."""
    rows, width = words.shape
    first = np.zeros(rows + 1, np.int64)
    for row in range(rows):
        count, before = 0, np.uint64(0)
        for place in range(width):
            word = words[row, place]
            starts = word & ~(word << _ONE | before)
            before = word >> np.uint64(63)
            while starts != 0:
                starts &= starts - _ONE
                count += 1
        first[row + 1] = first[row] + count
    return first


def _find(words: Any, first: Any) -> Any:
    """Return the columns where runs start and end."""
    rows, width = words.shape
    edges = np.empty(2 * first[rows], np.int32)
    at = 0
    for row in range(rows):
        before = np.uint64(0)
        for place in range(width):
            word = words[row, place]
            changes = word ^ (word << _ONE | before)
            before = word >> np.uint64(63)
            while changes != 0:
                edges[at] = place * 64 + lowest(changes)
                at += 1
                changes &= changes - _ONE
    return edges


def _unite(edges: Any, first: Any, reach: int) -> Any:
    """Return the labels of the runs, numbered in raster order of the first cells, and how many there are."""
    labels = np.empty(edges.size // 2, np.int32)
    for row in range(first.size - 1):
        above, stop = first[max(row - 1, 0)], first[row]
        for run in range(stop, first[row + 1]):
            start, end = edges[2 * run] - reach, edges[2 * run + 1] + reach
            while above < stop and edges[2 * above + 1] <= start:
                above += 1
            root = run
            labels[run] = run
            while above < stop and edges[2 * above] < end:
                other = root_of(labels, above)
                labels[max(root, other)] = root = min(root, other)
                above += 1
            labels[run] = root
            above = max(above - 1, first[max(row - 1, 0)])
    count = 0
    for run in range(labels.size):
        if labels[run] == run:
            count += 1
            labels[run] = count
        else:
            labels[run] = labels[labels[run]]
    return labels, count


def _look_up(cells: Any, edges: Any, first: Any, labels: Any, cols: int) -> Any:
    """Return the labels of cells in ascending order, 0 outside the runs."""
    found = np.zeros(cells.size, np.int32)
    run, stop, left = 0, 0, -cols
    for i in range(cells.size):
        column = cells[i] - left
        if column >= cols:
            row = cells[i] // cols
            run, stop, left = first[row], first[row + 1], row * cols
            column = cells[i] - left
        while run < stop and edges[2 * run + 1] <= column:
            run += 1
        if run < stop and edges[2 * run] <= column:
            found[i] = labels[run]
    return found


def _first_cells(edges: Any, first: Any, labels: Any, count: int, cols: int) -> Any:
    """Return the first cell of each label, after a 0."""
    cells = np.zeros(count + 1, np.int64)
    seen = 0
    for row in range(first.size - 1):
        for run in range(first[row], first[row + 1]):
            if labels[run] > seen:
                seen += 1
                cells[seen] = row * cols + edges[2 * run]
    return cells


def _touched(words: Any, edges: Any, first: Any, labels: Any, count: int) -> Any:
    """Return for each label whether any of its cells is 1."""
    flags = np.zeros(count + 1, np.bool_)
    for row in range(first.size - 1):
        for run in range(first[row], first[row + 1]):
            start, end = edges[2 * run], edges[2 * run + 1]
            place = start // 64
            while place * 64 < end and not flags[labels[run]]:
                flags[labels[run]] = words[row, place] & within(start, end, place) != 0
                place += 1
    return flags


def _paint(words: Any, flags: Any, edges: Any, first: Any, labels: Any) -> None:
    """Set the cells of the flagged labels."""
    for row in range(first.size - 1):
        for run in range(first[row], first[row + 1]):
            if flags[labels[run]]:
                start, end = edges[2 * run], edges[2 * run + 1]
                for place in range(start // 64, (end + 63) // 64):
                    words[row, place] |= within(start, end, place)
