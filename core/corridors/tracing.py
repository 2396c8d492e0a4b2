"""The least-cost path of a link: one that crosses no third source, where there is one."""

from __future__ import annotations

import numpy as np

from ..leastcost.fields import CostFields
from ..leastcost.graph import STEPS, CostGraph, lost_step
from ..leastcost.results import Field
from ..monitor import Monitor
from ..types import Array, BoolArray, IntArray

_UNCHECKED = 4096
"""Steps along a path between two looks at the monitor."""

_SAME = 1e-10
"""Costs that differ by no more than this share are equal: it is what the order of the terms of a sum can do."""

_MOVES = np.array(((0, 0), *STEPS))
"""The step of each direction code."""

_ALIKE = (np.arange(1, 9, 2), np.arange(2, 9, 2))
"""Direction codes of the straight and of the diagonal steps."""

_START = 255
"""Mark of a cell that a search starts from, where others have the code of the step that led there."""


def trace(fields: CostFields, field: Field, a: int, b: int, monitor: Monitor) -> IntArray:
    """Return a least-cost path between two sources, as rows and columns; it crosses a third only if every one does.

    Parameters
    ----------
    fields : CostFields
        The sources on the resistance surface.
    field : Field
        The cost field of source `a`, exact as far as source `b`.
    a, b : int
        The sources; the path goes from the first to the second.
    monitor : Monitor
        Cancellation.

    Returns
    -------
    ndarray, int64, shape (k, 2)

    Notes
    -----
    The path starts in the cell of `b` that is cheapest to reach (the first of several in reading order) and goes down the
    cost field; of several best steps the first clockwise from east is taken. If it meets a third source, all least-cost
    paths are searched for one that does not, of as few cells as possible: it costs the same, so that which link is dropped
    does not depend on which way ties fall.

    Examples
    --------
    >>> labels = np.array([[1, 3, 0], [0, 0, 2]], dtype=np.int32)
    >>> fields = CostFields(CostGraph(np.ones((2, 3))), labels)
    >>> trace(fields, fields.field(1, [2]), 1, 2, Monitor()).tolist()
    [[0, 0], [1, 1], [1, 2]]
    """
    path = down(fields.graph, field, fields.cells(b), monitor)
    if not _foreign(fields.labels[path[:, 0], path[:, 1]], a, b).any():
        return path
    around = _around(fields, field, a, b, monitor)
    return path if around is None else around


def _foreign(labels: Array, a: int, b: int) -> BoolArray:
    """Return which cells lie in a source other than two."""
    foreign: BoolArray = (labels > 0) & (labels != a) & (labels != b)
    return foreign


def down(graph: CostGraph, field: Field, target: IntArray, monitor: Monitor) -> IntArray:
    """Return the path from the source of a cost field to the cheapest of some cells, whatever it crosses; see `trace`.

    Examples
    --------
    >>> graph, labels = CostGraph(np.array([[1.0, 4.0, 1.0]])), np.array([[1, 0, 2]], dtype=np.int32)
    >>> down(graph, CostFields(graph, labels).field(1, [2]), np.array([2]), Monitor()).tolist()
    [[0, 0], [0, 1], [0, 2]]
    """
    cost, resistance = field.cost, graph.resistance[field.place]
    rows, cols = cost.shape
    steps = [step for step in STEPS if graph.neighbours == 8 or 0 in step]
    path = [field.cheapest(target)]
    while cost[path[-1]] > 0:
        if len(path) % _UNCHECKED == 0:
            monitor.check()
        i, j = path[-1]
        here = float(resistance[i, j])
        inside = [(i + k, j + n, (k, n)) for k, n in steps if 0 <= i + k < rows and 0 <= j + n < cols]
        total = [cost[k, n] + graph.step_cost(here, float(resistance[k, n]), step) for k, n, step in inside]
        k, n, _ = inside[int(np.nanargmin(total))]
        if not cost[k, n] < cost[i, j]:
            raise lost_step(field.top + i, field.left + j, float(cost[i, j]))
        path.append((k, n))
    return np.add(path[::-1], (field.top, field.left), dtype=np.int64)


def _around(fields: CostFields, field: Field, a: int, b: int, monitor: Monitor) -> IntArray | None:
    """Return the least-cost path of fewest cells that crosses no third source; None if there is none.

    A search by numbers of steps back from source `b`. What a way has cost so far and the cost field of `a` from there on
    are the least cost of going on, so it enters only cells on least-cost paths.
    """
    graph, cost = fields.graph, field.cost
    labels, resistance = fields.labels[field.place], graph.resistance[field.place]
    rows, cols = cost.shape
    most = fields.least(a, b) * (1.0 + _SAME)
    row, col = field.inside(fields.cells(b))
    ends = cost[row, col] <= most
    row, col = row[ends], col[ends]
    spent = np.zeros(row.size)
    came = np.zeros(cost.shape, dtype=np.uint8)
    came[row, col] = _START
    level = 0
    while row.size:
        level += 1
        if level % _UNCHECKED == 0:
            monitor.check()
        here = resistance[row, col].astype(np.float64)
        entered = []
        for codes in _ALIKE[: graph.neighbours // 4]:
            step = _MOVES[codes]
            k, n = row + step[:, :1], col + step[:, 1:]
            which, start = np.nonzero((k >= 0) & (k < rows) & (n >= 0) & (n < cols))
            k, n = k[which, start], n[which, start]
            there = resistance[k, n].astype(np.float64)
            total = spent[start] + graph.step_cost(here[start], there, STEPS[codes[0] - 1])
            good = (total + cost[k, n] <= most) & (came[k, n] == 0) & ~_foreign(labels[k, n], a, b)
            k, n, total, code = k[good], n[good], total[good], codes[which[good]]
            _, once = np.unique(k * cols + n, return_index=True)
            k, n = k[once], n[once]
            came[k, n] = code[once]
            entered.append((k, n, total[once]))
        row, col, spent = (np.concatenate(part) for part in zip(*entered))
        home = np.flatnonzero(cost[row, col] == 0)
        if home.size:
            return _back(field, came, int(row[home[0]]), int(col[home[0]]))
    return None


def _back(field: Field, came: IntArray, row: int, col: int) -> IntArray:
    """Return the path by which a search came to a cell, that cell first."""
    path = [(row, col)]
    while came[row, col] != _START:
        down, right = STEPS[came[row, col] - 1]
        row, col = row - down, col - right
        path.append((row, col))
    return np.add(path, (field.top, field.left), dtype=np.int64)
