"""Thickening of the thinned lines inside the foreground by a constrained Euclidean distance."""

from __future__ import annotations

import math

import numpy as np

from ..monitor import SILENT, Monitor
from ..types import Array, BoolArray, IntArray
from . import bits, compiled

_CHUNK = 1 << 15
_STEPS = ((-1, 0), (0, -1), (1, 0), (0, 1))
"""Row and column steps to the neighbours in the order that settles ties: N, W, S, E."""


def thicken(
    lines: Array,
    body: Array,
    cols: int,
    reach: np.float32,
    monitor: Monitor = SILENT,
    *,
    accelerate: bool = False,
) -> Array:
    """Return the cells of a body whose constrained distance from the lines is at most `reach` cells, lines included.

    Parameters
    ----------
    lines, body : packed raster
        The lines are part of the body.
    cols : int
        Number of columns.
    reach : float32
        Largest distance, in cells.
    monitor : Monitor
        Progress and cancellation.
    accelerate : bool
        Whether to use numba, with the same result.

    Notes
    -----
    The distance spreads from cell to cell by 4-neighbours. A cell stores the vector from its base, the place from
    which it is measured in a straight line, and the distance of the base itself. If the straight (Bresenham) line
    from the neighbour's base stays in the body, the base is taken over; if not, the neighbour becomes the base. The
    nearest cells are expanded first. The distance is not unique: it depends on the order of the cells, which is part
    of the method. Each pass over the queue is carried out for all its cells at once, and those that lean on a cell
    of the same pass are repeated until nothing changes, so the result is that of one cell after the other, as numba
    computes it.
    """
    front = _Front(lines, body, cols, float(reach))
    while front.queue.size:
        if accelerate:
            front.advance_compiled(monitor)
        else:
            front.advance(monitor)
        # The passes go outwards by half a cell or so; how many there are is not known beforehand.
        monitor.progress(1.0 - 0.9**front.passes)
    return bits.pack(front.within(reach)) & body | lines


class _Front:
    """The state of the spreading: for each cell its vector (as a number) and the distance of its base."""

    def __init__(self, lines: Array, body: Array, cols: int, reach: float) -> None:
        # One guard column and two guard rows of 0 make every neighbour a constant step in the flat arrays.
        self.shape = body.shape[0] + 2, cols + 1
        self.inside = self._flat(body)
        on_line = self._flat(lines)
        stride = self.shape[1]
        # Cells further away can never lead to one within reach: the distance falls by at most 1 a step.
        self.limit = reach + 1.0
        self.vectors = _Vectors(math.ceil(self.limit) + 2, stride)
        self.steps = np.array([row * stride + col for row, col in _STEPS])
        self.vector = np.full(self.inside.size, -1, np.int16 if self.vectors.count < 1 << 15 else np.int32)
        self.offset = np.zeros(self.inside.size, np.float32)
        self.rank = np.zeros(self.inside.size, np.int32)
        start = np.flatnonzero(on_line)
        self.vector[start] = self.vectors.zero
        self.free = self.inside & ~on_line
        self.passes = 0
        self.queue: IntArray = start
        self.fresh: BoolArray = np.zeros(start.size, bool)

    def _flat(self, words: Array) -> BoolArray:
        plane = np.zeros(self.shape, bool)
        plane[1:-1] = bits.unpack(words, self.shape[1])
        return plane.ravel()

    def within(self, reach: np.float32) -> BoolArray:
        """Return the cells with a distance above 0 and up to `reach`, by blocks of rows."""
        rows, stride = self.shape
        out = np.zeros((rows - 2, stride - 1), bool)
        step = bits.block_rows(stride)
        for top in range(0, rows - 2, step):
            cells = slice((top + 1) * stride, (min(top + step, rows - 2) + 1) * stride)
            vector = self.vector[cells]
            distance = self.offset[cells] + self.vectors.length32.take(vector, mode="clip")
            near = (vector >= 0) & (distance > 0) & (distance <= reach)
            out[top : top + step] = near.reshape(-1, stride)[:, :-1]
        return out

    def advance(self, monitor: Monitor) -> None:
        """Make one pass over the queue."""
        fresh = self.queue[self.fresh]
        nearest = self._measure(fresh, monitor)
        self.rank[fresh] = 0
        distance = self.vectors.length[self.vector[self.queue]] + self.offset[self.queue]
        # Rounding to float32 holds a cell back one pass whose distance was rounded down: this is part of the method.
        held = distance > nearest
        keep = distance <= self.limit
        self.queue, self.fresh = self._enqueue(self.queue[keep], held[keep])
        self.passes += 1

    def advance_compiled(self, monitor: Monitor) -> None:
        """Make one pass over the queue with numba."""
        self.queue = compiled.advance(
            self.queue,
            self.inside,
            self.free,
            self.vector,
            self.offset,
            self.vectors.length,
            self.shape[1],
            self.limit,
            monitor,
        )
        self.passes += 1

    def _enqueue(self, cells: IntArray, held: BoolArray) -> tuple[IntArray, BoolArray]:
        """Return the next queue, cells held back in their places and new neighbours of the others, and which are new.

        `rank` of the new cells becomes their place in the queue (from 1, with gaps).
        """
        queue: list[IntArray] = []
        fresh: list[BoolArray] = []
        place = 1
        for k in range(0, cells.size, _CHUNK):
            some, stay = cells[k : k + _CHUNK], held[k : k + _CHUNK]
            targets = some[:, None] + self.steps
            valid = self.free[targets]
            valid[stay] = False
            valid[stay, 0] = True
            targets[stay, 0] = some[stay]
            new = np.repeat(~stay, valid.sum(axis=1))
            targets = targets[valid]
            # First come, first served: places are written backwards, so the first of equal targets stays.
            places = np.arange(place, place + targets.size, dtype=np.int32)
            self.rank[targets[new][::-1]] = places[new][::-1]
            first = ~new | (self.rank[targets] == places)
            queue.append(targets[first])
            fresh.append(new[first])
            self.free[queue[-1]] = False
            place += targets.size
        if not queue:
            return np.empty(0, np.intp), np.empty(0, bool)
        return np.concatenate(queue), np.concatenate(fresh)

    def _measure(self, fresh: IntArray, monitor: Monitor) -> float:
        """Give the new cells of a pass their vectors; return the smallest distance among them."""
        if not fresh.size:
            return math.inf
        parts = [fresh[k : k + _CHUNK] for k in range(0, fresh.size, _CHUNK)]
        best = []
        for part in parts:
            monitor.check()
            best.append(self._settle(part))
        again = np.concatenate([part[self._may_improve(part, found)] for part, found in zip(parts, best)])
        while again.size:
            monitor.check()
            before = self.vector[again], self.offset[again]
            self._settle(again)
            changed = again[(self.vector[again] != before[0]) | (self.offset[again] != before[1])]
            again = self._dependants(changed)
        return float(self._distance(self.vector[fresh], self.offset[fresh]).min())

    def _may_improve(self, cells: IntArray, best: Array) -> BoolArray:
        """Return which cells might be measured from an earlier cell of the same pass instead."""
        rank = self.rank[cells]
        improve = np.zeros(cells.size, bool)
        for direction, step in enumerate(self.steps):
            near = cells + step
            some = np.flatnonzero((self.rank[near] > 0) & (self.rank[near] < rank))
            near = near[some]
            number = self.vectors.moved(self.vector[near], direction)
            improve[some] |= self._distance(number, self.offset[near]) <= best[some]
        return improve

    def _dependants(self, cells: IntArray) -> IntArray:
        """Return the neighbours that come later in the same pass, in a fixed order."""
        near = (cells[:, None] + self.steps).ravel()
        later = self.rank[near] > np.repeat(self.rank[cells], len(_STEPS))
        return np.unique(near[later])

    def _distance(self, number: IntArray, offset: Array) -> Array:
        distance: Array = (self.vectors.length[number] + offset).astype(np.float32)
        return distance

    def _settle(self, cells: IntArray) -> Array:
        """Store the vector and base distance of cells by their best neighbour; return the distances."""
        vectors = self.vectors
        rank = self.rank[cells]
        best = np.full(cells.size, np.inf, np.float32)
        best_vector = np.full(cells.size, vectors.zero, self.vector.dtype)
        best_offset = np.zeros(cells.size, np.float32)
        for direction, step in enumerate(self.steps):
            near = cells + step
            vector = self.vector[near]
            known = np.flatnonzero((vector >= 0) & (self.rank[near] < rank))
            number = vectors.moved(vector[known], direction)
            offset = self.offset[near[known]]
            # A bend at the neighbour is never shorter than the straight line, so this prunes both.
            straight = self._distance(number, offset)
            better = np.flatnonzero(straight < best[known])
            known, number, offset, straight = known[better], number[better], offset[better], straight[better]
            clear = vectors.clear(self.inside, cells[known], number)
            bent = ~clear
            length = vectors.length[vector[known[bent]]]
            around = (length + offset[bent] + 1.0).astype(np.float32)
            straight[bent] = around
            offset[bent] = around - np.float32(1.0)
            number[bent] = vectors.unit[direction]
            better = np.flatnonzero(straight < best[known])
            at = known[better]
            best[at], best_vector[at], best_offset[at] = straight[better], number[better], offset[better]
        self.vector[cells] = best_vector
        self.offset[cells] = best_offset
        return best


class _Vectors:
    """All vectors up to a size as numbers, with their lengths and digital lines."""

    def __init__(self, size: int, stride: int) -> None:
        side = 2 * size + 1
        self.count = side * side
        self.zero = size * side + size
        rows, cols = np.divmod(np.arange(self.count), side)
        rows, cols = rows - size, cols - size
        self.length = np.sqrt((rows * rows + cols * cols).astype(np.float64))
        self.length32 = self.length.astype(np.float32)
        # From the neighbour in a direction to the cell: the step backwards.
        self._back = np.array([-(row * side + col) for row, col in _STEPS])
        self.unit = self.zero + self._back
        self._flat = rows * stride + cols
        self._line, self._between = _lines(rows, cols, size, stride)

    def moved(self, number: IntArray, direction: int) -> IntArray:
        """Return the vectors of a cell measured from the base of its neighbour in a direction."""
        moved: IntArray = number.astype(np.intp) + self._back[direction]
        return moved

    def clear(self, inside: BoolArray, cells: IntArray, number: IntArray) -> BoolArray:
        """Return for cells and their vectors whether the line from the base to the cell stays inside."""
        clear = np.ones(cells.size, bool)
        base = cells - self._flat[number]
        between = self._between[number]
        open_ = np.flatnonzero(between > 0)
        step = 0
        while open_.size:
            hit = inside[base[open_] + self._line[step][number[open_]]]
            clear[open_[~hit]] = False
            step += 1
            open_ = open_[hit & (between[open_] > step)]
        return clear


def _lines(rows: IntArray, cols: IntArray, size: int, stride: int) -> tuple[list[IntArray], IntArray]:
    """Return the flat offsets of the cells of the Bresenham lines, step by step, and how many lie between the ends."""
    tall = np.abs(rows) > np.abs(cols)
    major = np.where(tall, np.abs(rows), np.abs(cols))
    minor = np.where(tall, np.abs(cols), np.abs(rows))
    row_step, col_step = np.sign(rows) * stride, np.sign(cols)
    along = np.where(tall, row_step, col_step)
    aside = np.where(tall, col_step, row_step)
    error = 2 * minor - major
    at: IntArray = np.zeros(rows.size, np.intp)
    line: list[IntArray] = []
    for _ in range(size):
        at = at + along + np.where(error < 0, 0, aside)
        error = error + np.where(error < 0, 2 * minor, 2 * (minor - major))
        line.append(at)
    return line, np.maximum(major - 1, 0)
