"""From rasters and tables to what the modes of a circuit take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy import ndimage

from ..errors import InputError
from ..types import Array, BoolArray, FloatArray, IntArray
from .scratch import Scratch

_STRIP = 2**20
"""Cells that are converted at a time."""


def as_resistance(
    values: Array, *, conductance: bool = False, mask: BoolArray | None = None, scratch: Scratch | None = None
) -> FloatArray:
    """Return a raster as resistances, NaN where there is no node.

    Parameters
    ----------
    values : float (rows, cols)
        Resistances, or conductances; NaN = none. A conductance of 0 or less is no node, a resistance of 0 or less is
        left for the check of the modes to refuse.
    conductance : bool
        Whether the values are conductances.
    mask : bool (rows, cols), optional
        Cells to keep.
    scratch : Scratch, optional
        Where the copy is made; left out: in memory.

    Returns
    -------
    float (rows, cols)
        A copy in float64, or in float32 where that holds the resistances exactly.

    Examples
    --------
    >>> as_resistance(np.array([[4.0, 0.5, 0.0]]), conductance=True).tolist()
    [[0.25, 2.0, nan]]
    """
    dtype = np.float32 if values.dtype == np.float32 and not conductance else np.float64
    resistance = scratch.zeros(values.shape, dtype) if scratch else np.empty(values.shape, dtype)
    height = max(1, _STRIP // max(1, values.shape[1]))
    for top in range(0, len(values), height):
        rows = slice(top, top + height)
        strip = resistance[rows]
        strip[...] = values[rows]
        if conductance:
            strip[~(strip > 0)] = np.nan
            np.divide(1.0, strip, out=strip)
        if mask is not None:
            strip[~mask[rows]] = np.nan
    return resistance


def focal_cells(labels: IntArray) -> dict[int, IntArray]:
    """Return the flat indices of the cells of every positive label.

    Parameters
    ----------
    labels : int (rows, cols)
        Focal node of every cell, 0 or less = none.

    Examples
    --------
    >>> {number: cells.tolist() for number, cells in focal_cells(np.array([[7, 0, 2], [2, 0, 7]])).items()}
    {2: [2, 3], 7: [0, 5]}
    """
    cells = np.flatnonzero(labels > 0)
    ids = labels.ravel()[cells]
    order = np.argsort(ids, kind="stable")
    numbers, starts = np.unique(ids[order], return_index=True)
    return dict(zip(numbers.tolist(), np.split(cells[order], starts[1:])))


def stranded(focal: Mapping[int, IntArray], resistance: FloatArray, regions: IntArray | None = None) -> dict[int, int]:
    """Return, for each focal node without a node of the circuit, the valid cell (flat index) nearest to its first cell.

    Parameters
    ----------
    focal : mapping of int to int (k,)
        Flat indices of the cells of every focal node.
    resistance : float (rows, cols)
        NaN = not valid.
    regions : int (rows, cols), optional
        Short-circuit regions; one with a valid cell is a node, also on its cells that are not valid.

    Raises
    ------
    InputError
        If there is no valid cell at all.

    Examples
    --------
    >>> resistance = np.array([[np.nan, np.nan, 1.0, 1.0]])
    >>> stranded({1: np.array([3]), 2: np.array([0])}, resistance)
    {2: 2}
    """
    valid = ~np.isnan(resistance)
    has_node = _with_node(valid, regions)
    lost = [number for number, cells in focal.items() if not has_node[cells].any()]
    if not lost:
        return {}
    if not valid.any():
        raise InputError("The resistance raster has no valid cell.")
    nearest = ndimage.distance_transform_edt(~valid, return_distances=False, return_indices=True)
    rows, cols = (index.ravel() for index in nearest)
    first = [int(focal[number][0]) for number in lost]
    return {number: int(rows[cell] * valid.shape[1] + cols[cell]) for number, cell in zip(lost, first)}


def shared_cells(
    focal: Mapping[int, IntArray], resistance: FloatArray, regions: IntArray | None = None
) -> dict[tuple[int, int], int]:
    """Return which two focal nodes share cells of the circuit, and how many: nothing flows between these two.

    Parameters and cells that count are those of `stranded`; every focal node names a cell once.

    Examples
    --------
    >>> shared_cells({1: np.array([0, 1]), 2: np.array([1, 3])}, np.ones((1, 4)))
    {(1, 2): 1}
    """
    has_node = _with_node(~np.isnan(resistance), regions)
    members = [cells[has_node[cells]] for cells in focal.values()]
    owners = np.repeat(np.array(list(focal), dtype=np.int64), [cells.size for cells in members])
    cells = np.concatenate([np.empty(0, dtype=np.int64), *members])
    order = np.argsort(cells, kind="stable")
    owners, cells = owners[order], cells[order]
    shared: Counter[tuple[int, int]] = Counter()
    for apart in range(1, len(focal)):
        same = np.flatnonzero(cells[apart:] == cells[:-apart])
        if not same.size:
            break
        shared.update(zip(owners[same].tolist(), owners[same + apart].tolist()))
    return dict(sorted(shared.items()))


def _with_node(valid: BoolArray, regions: IntArray | None) -> BoolArray:
    """Return the cells, flat, that belong to a node of the circuit."""
    if regions is not None:
        valid = valid | ((regions > 0) & np.isin(regions, regions[valid]))
    return valid.ravel()


def allowed_pairs(
    ids: Sequence[object], pairs: Iterable[tuple[object, object]], *, include: bool
) -> tuple[BoolArray, BoolArray]:
    """Return which pairs of focal nodes may exchange current.

    Parameters
    ----------
    ids : sequence
        Focal nodes in their order.
    pairs : iterable of (id, id)
        The pairs listed, in any order.
    include : bool
        Whether they are the ones to keep, or to leave out.

    Returns
    -------
    allowed : bool (n, n)
        Symmetric.
    kept : bool (n,)
        Nodes that take part: with `include` the ones that some pair names, else all.

    Raises
    ------
    InputError
        If no pair is left.

    Examples
    --------
    >>> allowed, kept = allowed_pairs([3, 5, 9], [(9, 3)], include=True)
    >>> allowed.astype(int).tolist()
    [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
    >>> kept.tolist()
    [True, False, True]
    """
    place = {number: k for k, number in enumerate(ids)}
    named = np.zeros((len(ids), len(ids)), dtype=bool)
    mentioned = np.zeros(len(ids), dtype=bool)
    for pair in pairs:
        known = [place[number] for number in pair if number in place]
        mentioned[known] = True
        if len(known) == 2:
            named[known[0], known[1]] = named[known[1], known[0]] = True
    allowed = named if include else ~named
    np.fill_diagonal(allowed, False)
    if not allowed.any():
        raise InputError("The list of pairs leaves no pair of focal nodes to solve. Do its ids match the focal nodes?")
    return allowed, mentioned if include else np.ones(len(ids), dtype=bool)


def count_pairs(nodes: int, allowed: BoolArray | None = None) -> int:
    """Return how many pairs of focal nodes there are, of those allowed (upper triangle) if that is given.

    Examples
    --------
    >>> count_pairs(5)
    10
    """
    return nodes * (nodes - 1) // 2 if allowed is None else int(np.count_nonzero(np.triu(allowed, 1)))
