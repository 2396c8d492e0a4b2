"""Whether points that nobody used to make a map agree with it.

References
----------
McClure, M. L., Hansen, A. J. & Inman, R. M. (2016). Connecting models to movements: testing connectivity model predictions
against empirical migration and dispersal data. *Landscape Ecology* 31, 1419-1432,
https://doi.org/10.1007/s10980-016-0347-0
Roberts, D. R. et al. (2017). Cross-validation strategies for data with temporal, spatial, hierarchical, or phylogenetic
structure. *Ecography* 40, 913-929, https://doi.org/10.1111/ecog.02881 (blocks)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Callable

import numpy as np
from scipy import ndimage

from ..choices import Available, Relocation
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..types import Array, BoolArray, FloatArray, IntArray
from .percentiles import Enrichment, boyce, enrichment, percentiles, share_in
from .permutations import Moves

FEW_POINTS = 20
"""Points below which the numbers of a validation are little more than chance."""

BLOCK_POINTS = 5
"""Points that a block must have to be reported."""

_TIE = 1e-9
"""Difference up to which statistics count as equal: sums of the same numbers in another order."""


@dataclass(frozen=True)
class Blocks:
    """The agreement within blocks of the land, each compared with itself.

    Attributes
    ----------
    points : int64, shape (blocks,)
        Used cells of each block that has at least `BLOCK_POINTS`.
    auc : float64, shape (blocks,)
        Their area under the curve against the available cells of the same block.
    """

    points: IntArray
    auc: FloatArray


@dataclass(frozen=True)
class Agreement:
    """How well the points agree with one surface.

    Attributes
    ----------
    values, percentile : float64, shape (points,)
        Value of the surface at each used cell, and the share of available cells below it.
    auc : float
        Area under the ROC curve: how likely a used cell is higher than an available one, equal ones counted half.
    p : float
        How likely chance makes points agree as well.
    null : float64, shape (permutations,)
        The area under the curve after each move of the points, brought to the number of points observed.
    classes : Enrichment
        Use of ten classes with equal numbers of available cells, the lowest first.
    boyce : float
        Continuous Boyce index; NaN on a constant surface.
    mean_ratio : float
        Mean value of the used cells over that of the available ones; NaN if the latter is 0.
    blocks : Blocks
        The same within blocks.
    """

    values: FloatArray
    percentile: FloatArray
    auc: float
    p: float
    null: FloatArray
    classes: Enrichment
    boyce: float
    mean_ratio: float
    blocks: Blocks


@dataclass(frozen=True)
class Validation:
    """How well points agree with surfaces.

    Attributes
    ----------
    used : int64, shape (points,)
        Flat indices of the used cells: those with a point where all surfaces have a value and points could be recorded.
    outside : int
        Given cells with points that are not among them.
    available : int
        Cells they are compared with, used ones included.
    surfaces : tuple of Agreement
        One a surface.
    beats : float64, shape (surfaces, surfaces)
        P-value that the first agrees better with the points than the second, from the same moves; NaN on the diagonal.
    areas : Enrichment, optional
        Use outside and inside the key areas.
    areas_p : float
        How likely chance puts as many points into them; NaN without key areas.
    moves : Moves, optional
        How points were moved; None for tracks.
    """

    used: IntArray
    outside: int
    available: int
    surfaces: tuple[Agreement, ...]
    beats: FloatArray
    areas: Enrichment | None
    areas_p: float
    moves: Moves | None


def available_cells(
    how: Available | str,
    valid: BoolArray,
    used: IntArray,
    *,
    cell_size: float,
    within: float | None = None,
    mask: BoolArray | None = None,
    features: BoolArray | None = None,
) -> tuple[BoolArray, IntArray | None]:
    """Return where points could have been recorded, and the strata within which they are compared.

    Parameters
    ----------
    how : Available
        The rule.
    valid : bool array, shape (rows, cols)
        Cells where the surfaces have a value.
    used : int array
        Flat indices of the cells with points.
    cell_size : float
        In metres.
    within : float
        Metres around the points, for `Available.NEAR`.
    mask : bool array
        For `Available.MASK`.
    features : bool array
        Cells of the features, for `Available.SAME_DISTANCE`. Distances of up to 1, 2, 4, 8 ... cells are a stratum each;
        those without a point are not available.

    Returns
    -------
    available : bool array, shape (rows, cols)
    strata : uint8 array, shape (rows, cols), or None

    Raises
    ------
    InputError
        If what the rule needs has no cell.

    Examples
    --------
    >>> valid, roads = np.ones((1, 6), dtype=bool), np.array([[True, False, False, False, False, False]])
    >>> found, strata = available_cells("same distance", valid, np.array([0, 2]), cell_size=10.0, features=roads)
    >>> found.tolist(), strata.tolist()
    ([[True, False, True, False, False, False]], [[0, 1, 2, 3, 3, 4]])
    """
    how = Available.of(how)
    if how is Available.NEAR and within is not None:
        points = np.zeros(valid.shape, dtype=bool)
        points.ravel()[used] = True
        return valid & (ndimage.distance_transform_edt(~points) * cell_size <= within), None
    if how is Available.MASK and mask is not None:
        if not (valid & mask).any():
            raise InputError("No cell of the mask has a value of the surfaces. Do they lie in the same place?")
        return valid & mask, None
    if how is Available.SAME_DISTANCE and features is not None:
        if not features.any():
            raise InputError("None of the features lies on the surfaces. Do they lie in the same place?")
        cells = ndimage.distance_transform_edt(~features)
        strata = np.ceil(np.log2(np.maximum(cells, 0.5))).astype(np.int8) + 1
        strata = strata.astype(np.uint8)
        held = np.bincount(strata.ravel()[used], minlength=int(strata.max()) + 1) > 0
        return valid & held[strata], strata
    return valid, None


def validate(
    surfaces: Sequence[Array],
    used: IntArray,
    available: BoolArray,
    *,
    strata: IntArray | None = None,
    block_cells: int | None = None,
    areas: BoolArray | None = None,
    permutations: int = 999,
    how: Relocation | str = Relocation.TOGETHER,
    seed: int = 0,
    monitor: Monitor = SILENT,
) -> Validation:
    """Compare surfaces where points are with where they could have been.

    Parameters
    ----------
    surfaces : sequence of float array, shape (rows, cols)
        High where use is expected; NaN where there is no value.
    used : int array
        Flat indices of the cells with points, each once.
    available : bool array, shape (rows, cols)
        Cells where points could have been recorded.
    strata : int array, shape (rows, cols), optional
        Cells are only compared with those of the same stratum.
    block_cells : int, optional
        Edge of the square blocks within which the agreement is reported too; without it a fifth of the longer side.
    areas : bool array, shape (rows, cols), optional
        Key areas.
    permutations : int
        How often the points are moved.
    how : Relocation
        How they are moved; see `Moves`.
    seed : int
        Of the moves.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    Validation

    Raises
    ------
    InputError
        If no point lies on an available cell, or one on each.

    Notes
    -----
    O(cells log cells) a surface for the ranks, then a look-up a point and move.

    Examples
    --------
    >>> surface = np.tile(np.arange(100.0), (100, 1))
    >>> used = np.array([100 * k + 90 + k % 10 for k in range(50)])
    >>> found = validate([surface], used, np.ones((100, 100), dtype=bool), permutations=99)
    >>> round(found.surfaces[0].auc, 6), found.surfaces[0].classes.top, found.surfaces[0].p
    (0.95, 10.0, 0.01)
    """
    moves: list[Moves] = []

    def relocate(
        layers: FloatArray, kept: IntArray, where: BoolArray, monitor: Monitor
    ) -> tuple[FloatArray, FloatArray]:
        moves.append(Moves(kept, where, how=Relocation.of(how), seed=seed))
        null = np.empty((permutations, len(layers)))
        for number, moved in enumerate(moves[0](permutations)):
            monitor.step(number, permutations)
            null[number] = _deviations(layers, moved) * np.sqrt(moved.size / kept.size)
        return _deviations(layers, kept), null

    found = compare(
        surfaces, used, available, relocate, strata=strata, block_cells=block_cells, areas=areas, monitor=monitor
    )
    return replace(found, moves=moves[0])


Relocate = Callable[[FloatArray, IntArray, BoolArray, Monitor], "tuple[FloatArray, FloatArray]"]
"""Takes layers of deviations from what is expected, shape (layers, cells of the grid), the used cells and where points can
be; returns the mean of each layer as observed, and in each draw, shape (draws, layers)."""


def compare(
    surfaces: Sequence[Array],
    used: IntArray,
    available: BoolArray,
    relocate: Relocate,
    *,
    strata: IntArray | None = None,
    block_cells: int | None = None,
    areas: BoolArray | None = None,
    monitor: Monitor = SILENT,
) -> Validation:
    """Compare surfaces where points are with where they could have been, and chance as `relocate` makes it.

    Examples
    --------
    >>> stay = lambda layers, used, where, monitor: (layers[:, used].mean(axis=1), np.zeros((9, len(layers))))
    >>> found = compare([np.array([[1.0, 2.0, 3.0]])], np.array([2]), np.ones((1, 3), dtype=bool), stay)
    >>> round(found.surfaces[0].auc, 4), found.surfaces[0].p
    (0.8333, 0.1)
    """
    shape = available.shape
    where = available.copy()
    for surface in surfaces:
        where &= ~np.isnan(surface)
    kept = used[where.ravel()[used]]
    if not kept.size:
        raise InputError(
            f"None of the {used.size:,} cells with points can be compared: there the surfaces have no value (NoData), or "
            "points could not have been recorded. Do points and surfaces lie in the same place?"
        )
    cells = np.flatnonzero(where.ravel())
    if np.unique(kept).size == cells.size:
        raise InputError(
            f"All {cells.size:,} cells where points could have been recorded hold one: there is nothing to compare with. "
            "Widen what counts as available."
        )
    place = np.searchsorted(cells, kept)
    held = None if strata is None else strata.ravel()[cells]
    blocks = _block_of(cells, shape, block_cells or max(1, max(shape) // 5))
    layers = np.full((len(surfaces) + (areas is not None), where.size), np.nan, dtype=np.float32)
    described: list[dict[str, Any]] = []
    for number, surface in enumerate(surfaces):
        monitor.step(0.4 * number / len(surfaces), 1.0)
        values = surface.ravel()[cells]
        shares = percentiles(values, held)
        layers[number, cells] = shares - 0.5
        mean = float(values.mean(dtype=np.float64))
        described.append(
            {
                "values": values[place].astype(np.float64),
                "percentile": shares[place],
                "auc": float(shares[place].mean()),
                "classes": enrichment(shares, place),
                "boyce": boyce(values, place),
                "mean_ratio": float(values[place].mean(dtype=np.float64)) / mean if mean else float("nan"),
                "blocks": _blocks(values, place, blocks, held),
            }
        )
    inside = None
    if areas is not None:
        within = areas.ravel()[cells]
        inside = share_in(within, place)
        layers[-1, cells] = within - within.mean()
    observed, null = relocate(layers, kept, where, monitor.part(0.4, 1.0))
    count = len(surfaces)
    beats = np.full((count, count), np.nan)
    for first in range(count):
        for second in range(count):
            if first != second:
                beats[first, second] = exceedance(observed[first] - observed[second], null[:, first] - null[:, second])
    agreements = tuple(
        Agreement(**one, p=exceedance(observed[k], null[:, k]), null=0.5 + null[:, k])
        for k, one in enumerate(described)
    )
    areas_p = float("nan") if inside is None else exceedance(observed[-1], null[:, -1])
    return Validation(kept, used.size - kept.size, cells.size, agreements, beats, inside, areas_p, None)


def exceedance(observed: float, null: FloatArray) -> float:
    """Return the p-value of a statistic: the share of draws, itself included, that reach it.

    Examples
    --------
    >>> exceedance(3.0, np.array([1.0, 2.0, 4.0]))
    0.5
    """
    return float((1 + np.count_nonzero(null >= observed - _TIE)) / (1 + null.size))


def _deviations(layers: FloatArray, cells: IntArray) -> FloatArray:
    found: FloatArray = layers[:, cells].mean(axis=1, dtype=np.float64)
    return found


def _block_of(cells: IntArray, shape: tuple[int, int], side: int) -> IntArray:
    rows, cols = (np.arange(size, dtype=np.int32) // side for size in shape)
    number: IntArray = (rows[:, None] * (shape[1] // side + 1) + cols).ravel()[cells]
    return number


def _blocks(values: Array, place: IntArray, block: IntArray, strata: IntArray | None) -> Blocks:
    """Return the agreement in every block with enough points."""
    counted = np.bincount(block[place], minlength=int(block.max()) + 1)
    # Only cells of blocks that are reported are ranked.
    some = np.flatnonzero(counted[block] >= BLOCK_POINTS)
    own = block[some].astype(np.int64)
    shares = percentiles(values[some], own if strata is None else own * 256 + strata[some])
    here = np.searchsorted(some, place[counted[block[place]] >= BLOCK_POINTS])
    blocks, number = np.unique(own[here], return_inverse=True)
    points = np.bincount(number, minlength=blocks.size)
    return Blocks(points, np.bincount(number, weights=shares[here], minlength=blocks.size) / np.maximum(points, 1))
