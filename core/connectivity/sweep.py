"""How far the choice of dispersal distance, minimum area and importance cut decides which sources there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..spread.spreading import spread
from ..spread.where import HERE, Where
from ..stats.ranks import rank_correlation, ranks
from ..types import Array, BoolArray, FloatArray, IntArray
from .graph import PatchGraph, dispersal_rate
from .importance import important, node_importance
from .indices import BinaryIndices, ProbabilityIndices, binary_indices, probability_indices

SAME_PLACES = 0.9
"""Overlap of two choices of sources, from which on they count as the same."""

SAME_ORDER = 0.95
"""Rank correlation of two rankings, from which on they count as the same."""


@dataclass(frozen=True)
class Landscape:
    """The sources of one minimum area under one dispersal distance.

    Attributes
    ----------
    dispersal, minimum_area : float
        The setting.
    present : bool, shape (n,)
        Sources that are large enough.
    binary, probable : BinaryIndices, ProbabilityIndices
        Indices of the landscape.
    importance : float64, shape (n,)
        dPC, NaN where the source is not present.
    """

    dispersal: float
    minimum_area: float
    present: BoolArray
    binary: BinaryIndices
    probable: ProbabilityIndices
    importance: FloatArray

    def chosen(self, cut: float) -> BoolArray:
        """Return the sources whose dPC reaches the cut."""
        return important(self.importance, cut)


@dataclass(frozen=True)
class Sweep:
    """Result of `sweep`.

    Attributes
    ----------
    landscapes : tuple of Landscape
        By minimum area, then dispersal distance, both ascending.
    cuts : float64, shape (cuts,)
        Smallest dPC, ascending.
    share : float64, shape (n,)
        Share of all settings in which each source is chosen, 0 to 1.
    best_rank, worst_rank, median_rank : float64, shape (n,)
        Of its dPC over the landscapes in which it is present; NaN if there is none.
    """

    landscapes: tuple[Landscape, ...]
    cuts: FloatArray
    share: FloatArray
    best_rank: FloatArray
    worst_rank: FloatArray
    median_rank: FloatArray

    @property
    def minimum_areas(self) -> list[float]:
        """The minimum areas, ascending."""
        return sorted({one.minimum_area for one in self.landscapes})

    def of_area(self, minimum_area: float) -> list[Landscape]:
        """Return the landscapes of one minimum area by rising dispersal distance."""
        return [one for one in self.landscapes if one.minimum_area == minimum_area]


def sweep(
    attributes: Array,
    pairs: Array,
    distances: Array,
    dispersals: Sequence[float],
    *,
    probability: float = 0.5,
    threshold: float | None = None,
    areas: Array | None = None,
    minimum_areas: Sequence[float] = (0.0,),
    cuts: Sequence[float] = (1.0,),
    landscape: float | None = None,
    negligible: float = 0.0,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> Sweep:
    """Return which sources every combination of three settings would choose.

    Parameters
    ----------
    attributes, pairs, distances
        Sources and the distances between them, see `analyse`.
    dispersals : sequence of float
        Dispersal distances.
    probability, threshold, landscape, negligible
        See `analyse`; the threshold of IIC follows the dispersal distance unless it is given.
    areas : shape (n,), optional
        Areas that `minimum_areas` refer to; the attributes when not given.
    minimum_areas : sequence of float
        A source below the minimum area is no part of the landscape.
    cuts : sequence of float
        Smallest dPC, in per cent, of a source that is chosen.
    where : Where
        Where the landscapes are worked out, each for itself.

    Raises
    ------
    InputError
        No setting, a negative one, or no source large enough; and see `analyse`.

    Notes
    -----
    One `node_importance` for each distance and minimum area; the distances between the sources are used again.

    Examples
    --------
    >>> pairs, distances = [(0, 1), (1, 2)], [1000.0, 2000.0]
    >>> found = sweep([4.0, 2.0, 1.0], pairs, distances, [500.0, 5000.0], cuts=[20.0])
    >>> [landscape.chosen(20.0).tolist() for landscape in found.landscapes]
    [[True, True, False], [True, True, True]]
    >>> found.share.round(4).tolist()
    [1.0, 1.0, 0.5]
    """
    a = np.asarray(attributes, dtype=np.float64)
    sizes = a if areas is None else np.asarray(areas, dtype=np.float64)
    settings = {}
    for name, values in (("dispersal distances", dispersals), ("minimum areas", minimum_areas), ("dPC cuts", cuts)):
        if not len(values):
            raise InputError(f"No {name} are given. Give at least one.")
        if not min(values) >= 0.0:
            raise InputError(f"One of the {name} is {min(values):g}; they must be 0 or more.")
        settings[name] = sorted({float(value) for value in values})
    dispersals, minimum_areas = settings["dispersal distances"], settings["minimum areas"]
    chosen_cuts = np.array(settings["dPC cuts"])
    if sizes.size and max(minimum_areas) > sizes.max():
        raise InputError(
            f"No source has the minimum area of {max(minimum_areas):g}; the largest has {sizes.max():g}. Lower it."
        )
    ends = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    d = np.asarray(distances, dtype=np.float64)
    study = _Study(a, ends, d, sizes, probability, threshold, landscape, negligible)
    found: list[Landscape] = []
    pairs_of_settings = [(minimum, dispersal) for minimum in minimum_areas for dispersal in dispersals]
    spread(_landscape, study, pairs_of_settings, found.append, where=where, monitor=monitor)
    chosen = [one.chosen(cut) for one in found for cut in chosen_cuts]
    order = np.full((len(found), a.size), np.nan)
    for row, one in zip(order, found):
        row[one.present] = ranks(one.importance[one.present])
    some = ~np.isnan(order).all(axis=0)
    best, worst, median = (np.full(a.size, np.nan) for _ in range(3))
    best[some] = np.nanmin(order[:, some], axis=0)
    worst[some] = np.nanmax(order[:, some], axis=0)
    median[some] = np.nanmedian(order[:, some], axis=0)
    return Sweep(tuple(found), chosen_cuts, np.mean(chosen, axis=0), best, worst, median)


@dataclass(frozen=True)
class _Study:
    """What all settings have in common; see `sweep`."""

    attributes: FloatArray
    ends: IntArray
    distances: FloatArray
    sizes: FloatArray
    probability: float
    threshold: float | None
    landscape: float | None
    negligible: float


def _landscape(study: _Study, setting: tuple[float, float], monitor: Monitor) -> Landscape:
    minimum, dispersal = setting
    a = study.attributes
    present = study.sizes >= minimum
    number = np.cumsum(present) - 1
    links = present[study.ends].all(axis=1)
    inside = (a[present], number[study.ends[links]], study.distances[links])
    probable = PatchGraph.dispersing(*inside, dispersal_rate(dispersal, study.probability))
    linked = PatchGraph.within(*inside, dispersal if study.threshold is None else study.threshold)
    importance = np.full(a.size, np.nan)
    importance[present] = node_importance(probable, negligible=study.negligible, monitor=monitor.part(0.0, 0.9)).total
    return Landscape(
        dispersal=dispersal,
        minimum_area=minimum,
        present=present,
        binary=binary_indices(linked, landscape=study.landscape, monitor=monitor.part(0.9, 0.95)),
        probable=probability_indices(
            probable, landscape=study.landscape, negligible=study.negligible, monitor=monitor.part(0.95, 1.0)
        ),
        importance=importance,
    )


def overlap(first: BoolArray, second: BoolArray) -> float:
    """Return the sources in both choices over those in either (Jaccard), 0 to 1; 1 when both are empty.

    Examples
    --------
    >>> round(overlap(np.array([True, True, False]), np.array([False, True, True])), 4)
    0.3333
    """
    either = int(np.count_nonzero(first | second))
    return int(np.count_nonzero(first & second)) / either if either else 1.0


def order_agreement(first: Landscape, second: Landscape) -> float:
    """Return Spearman's rank correlation of dPC over the sources in both landscapes; NaN with fewer than two.

    Examples
    --------
    >>> found = sweep([4.0, 2.0, 1.0], [(0, 1), (1, 2)], [1000.0, 2000.0], [500.0, 5000.0])
    >>> round(order_agreement(*found.landscapes), 4)
    1.0
    """
    both = first.present & second.present
    return rank_correlation(first.importance[both], second.importance[both])


def settles(landscapes: Sequence[Landscape], cut: float) -> int | None:
    """Return from which landscape on, in the order given, the next ones choose the same sources in the same order.

    Same means an overlap of at least `SAME_PLACES` and a rank correlation of at least `SAME_ORDER` with each of the
    later ones. None if only the last is left, so that nothing settles.

    Examples
    --------
    >>> found = sweep([4.0, 2.0, 1.0], [(0, 1), (1, 2)], [1000.0, 2000.0], [500.0, 4000.0, 5000.0, 6000.0])
    >>> settles(found.landscapes, 20.0)
    1
    >>> [one.chosen(20.0).tolist() for one in found.landscapes]
    [[True, True, False], [True, True, True], [True, True, True], [True, True, True]]
    """
    for start, one in enumerate(landscapes[:-1]):
        later = landscapes[start + 1 :]
        places = min(overlap(one.chosen(cut), other.chosen(cut)) for other in later)
        order = [order_agreement(one, other) for other in later]
        if places >= SAME_PLACES and not min(order) < SAME_ORDER:
            return start
    return None
