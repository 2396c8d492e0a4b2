"""Whether tracks of animals run where a map says they should.

References
----------
McClure, M. L., Hansen, A. J. & Inman, R. M. (2016). Connecting models to movements: testing connectivity model predictions
against empirical migration and dispersal data. *Landscape Ecology* 31, 1419-1432,
https://doi.org/10.1007/s10980-016-0347-0
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..types import Array, BoolArray, FloatArray, IntArray
from .percentiles import percentiles
from .validation import Validation, compare, exceedance

ALTERNATIVES = 10
"""Steps of the same length in random directions that each step is compared with."""

_KEPT = 0.9
"""Share of the places of a copy that must lie on available cells."""

_BATCH, _TRIALS = 50, 2_000
"""Copies that are made at once, and that are tried in all before a track counts as one that fits nowhere else."""


@dataclass(frozen=True)
class Steps:
    """Whether steps end higher than steps of the same length in other directions would.

    Attributes
    ----------
    count : int
        Steps that could be compared: at least a cell long, with an alternative on available cells.
    mean_log_ratio : float
        Mean logarithm of the percentile at the end of a step over the mean percentile of its alternatives; above 0 where
        higher ground is preferred, NaN without steps.
    p : float
        How likely chance does as well, if every direction is as likely; NaN without steps.
    """

    count: int
    mean_log_ratio: float
    p: float


def validate_tracks(
    surfaces: Sequence[Array],
    tracks: Sequence[FloatArray],
    available: BoolArray,
    *,
    strata: IntArray | None = None,
    block_cells: int | None = None,
    areas: BoolArray | None = None,
    permutations: int = 999,
    seed: int = 0,
    monitor: Monitor = SILENT,
) -> tuple[Validation, tuple[Steps, ...], tuple[int, ...]]:
    """Compare surfaces along tracks with copies of these, and at the ends of steps with other ends.

    Parameters
    ----------
    surfaces, available, strata, block_cells, areas, permutations, seed, monitor
        As in `validate`.
    tracks : sequence of float array, shape (fixes, 2)
        Row and column of the fixes of each track in the order of time; whole numbers are the upper left corners of cells.

    Returns
    -------
    validation : Validation
        Its used cells are the places along the tracks, one for about each cell that they cross. Chance is made of copies of
        the tracks, each turned about its first fix by any angle and mirrored, so that 90 % of its places are available.
    steps : tuple of Steps
        One a surface.
    fixed : tuple of int
        Positions of the tracks that fit nowhere else and were left out.

    Raises
    ------
    InputError
        If no track can be compared.

    Notes
    -----
    Percentiles stand for the values of McClure et al., so that surfaces that are negative or 0 have logarithms too. Copies
    are turned and not shifted: under the null hypothesis each direction is as likely as the observed one, while a shifted
    track leaves the range of its animal.

    Examples
    --------
    >>> surface = np.zeros((41, 41))
    >>> surface[20] = 1.0
    >>> along = np.column_stack((np.full(15, 20.5), np.arange(20.5, 35.0)))
    >>> found, steps, _ = validate_tracks([surface], [along], np.ones((41, 41), dtype=bool), permutations=199)
    >>> found.surfaces[0].p < 0.06, steps[0].count, steps[0].p
    (True, 14, 0.005)
    """
    shape = available.shape
    where = available.copy()
    for surface in surfaces:
        where &= ~np.isnan(surface)
    copies, fixed = [], []
    for number, track in enumerate(tracks):
        monitor.step(0.3 * number / len(tracks), 1.0)
        try:
            copies.append(_Copies(along(track), where, permutations, np.random.default_rng([seed, number])))
        except _FixedError:
            fixed.append(number)
    if not copies:
        raise InputError(
            f"None of the {len(tracks):,} tracks can be compared: they do not lie on cells of the surfaces with a value, or "
            "fit there in one direction only. Do tracks and surfaces lie in the same place?"
        )
    weight = np.array([one.observed.size for one in copies], dtype=np.float64)
    weight /= weight.sum()

    def relocate(
        layers: FloatArray, kept: IntArray, where: BoolArray, monitor: Monitor
    ) -> tuple[FloatArray, FloatArray]:
        observed, null = np.zeros(len(layers)), np.zeros((permutations, len(layers)))
        for share, one in zip(weight, copies):
            monitor.check()
            observed += share * layers[:, one.observed].mean(axis=1, dtype=np.float64)
            null += share * one.means(layers)
        return observed, null

    found = compare(
        surfaces,
        np.concatenate([one.observed for one in copies]),
        where,
        relocate,
        strata=strata,
        block_cells=block_cells,
        areas=areas,
        monitor=monitor.part(0.3, 0.8),
    )
    starts, ends = _steps([track for number, track in enumerate(tracks) if number not in fixed])
    cells = np.flatnonzero(where.ravel())
    held = None if strata is None else strata.ravel()[cells]
    steps = []
    for number, surface in enumerate(surfaces):
        monitor.step(0.8 + 0.2 * number / len(surfaces), 1.0)
        shares = np.full(where.size, np.nan)
        shares[cells] = percentiles(surface.ravel()[cells], held)
        steps.append(_selection(shares.reshape(shape), starts, ends, permutations, seed))
    return found, tuple(steps), tuple(fixed)


def along(track: FloatArray) -> FloatArray:
    """Return places at most a cell apart along a track, its fixes among them.

    Examples
    --------
    >>> along(np.array([[0.5, 0.5], [0.5, 2.5]])).tolist()
    [[0.5, 0.5], [0.5, 1.5], [0.5, 2.5]]
    """
    parts = [track[:1]]
    for one, other in zip(track, track[1:]):
        count = max(1, int(np.ceil(np.hypot(*(other - one)))))
        parts.append(one + (other - one) * (np.arange(1, count + 1) / count)[:, None])
    return np.concatenate(parts)


class _FixedError(Exception):
    """A track that does not fit in any other direction."""


class _Copies:
    """A track and its copies as flat indices of cells, -1 where there is none that is available."""

    def __init__(self, places: FloatArray, where: BoolArray, count: int, rng: np.random.Generator) -> None:
        cells = _cells(places[:, 0] + 1j * places[:, 1], where)
        self.observed = cells[cells >= 0]
        if not self.observed.size:
            raise _FixedError
        first = places[0, 0] + 1j * places[0, 1]
        offset = places[:, 0] + 1j * places[:, 1] - first
        found: list[IntArray] = []
        for tried in range(0, max(_TRIALS, 20 * count), _BATCH):
            turn = np.exp(2j * np.pi * rng.random(_BATCH))[:, None]
            mirrored = rng.integers(2, size=_BATCH).astype(bool)[:, None]
            moved = _cells(first + turn * np.where(mirrored, offset.conj(), offset), where)
            found += list(moved[(moved >= 0).mean(axis=1) >= _KEPT].astype(np.int32))
            if len(found) >= count or (tried >= _TRIALS and len(found) < tried / 100):
                break
        if len(found) < count:
            raise _FixedError
        self.copies = np.array(found[:count])

    def means(self, layers: FloatArray) -> FloatArray:
        """Return the mean of each layer over the available places of each copy."""
        known = self.copies >= 0
        total = [np.where(known, layer[self.copies], 0.0).sum(axis=1) for layer in layers]
        found: FloatArray = np.column_stack(total) / known.sum(axis=1)[:, None]
        return found


def _cells(places: Array, where: BoolArray) -> IntArray:
    """Return the flat indices of the cells of places (row + i column), -1 outside and where not available."""
    rows, cols = np.floor(places.real).astype(np.int64), np.floor(places.imag).astype(np.int64)
    inside = (rows >= 0) & (rows < where.shape[0]) & (cols >= 0) & (cols < where.shape[1])
    flat: IntArray = np.where(inside, rows * where.shape[1] + cols, 0)
    flat[~(inside & where.ravel()[flat])] = -1
    return flat


def _steps(tracks: Sequence[FloatArray]) -> tuple[Array, Array]:
    """Return where steps of at least a cell start and end, as row + i column."""
    fixes = [track[:, 0] + 1j * track[:, 1] for track in tracks]
    starts, ends = (np.concatenate([one[part] for one in fixes]) for part in (slice(None, -1), slice(1, None)))
    long = np.abs(ends - starts) >= 1.0
    return starts[long], ends[long]


def _selection(shares: FloatArray, starts: Array, ends: Array, permutations: int, seed: int) -> Steps:
    rng = np.random.default_rng([seed, 1])
    turns = np.exp(2j * np.pi * rng.random((starts.size, ALTERNATIVES)))
    places = np.column_stack((ends, starts[:, None] + np.abs(ends - starts)[:, None] * turns))
    cells = _cells(places, ~np.isnan(shares))
    known = cells >= 0
    held = known[:, 0] & (known.sum(axis=1) > 1)
    cells, known = cells[held], known[held]
    if not cells.size:
        return Steps(0, float("nan"), float("nan"))
    share = np.where(known, shares.ravel()[cells], 0.0)
    others = (share.sum(axis=1, keepdims=True) - share) / (known.sum(axis=1, keepdims=True) - 1)
    ratio = np.log(np.where(known, share / others, 1.0))
    # Under the null hypothesis the end is any of the step and its alternatives.
    ratio = np.take_along_axis(ratio, np.argsort(~known, axis=1, kind="stable"), axis=1)
    count = known.sum(axis=1)
    rows = np.arange(len(ratio))
    null = np.array([ratio[rows, rng.integers(count)].mean() for _ in range(permutations)])
    return Steps(len(ratio), float(ratio[:, 0].mean()), exceedance(float(ratio[:, 0].mean()), null))
