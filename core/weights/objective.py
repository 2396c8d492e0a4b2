"""Weights that follow from how the factors vary: entropy, CRITIC and coefficient of variation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..choices import ObjectiveMethod
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..stats.moments import CHUNK, Moments
from ..types import FloatArray

Reader = Callable[[Monitor], Iterable[Sequence[FloatArray]]]
"""Yields blocks of all factors, NaN = NoData, as often as it is called."""


@dataclass(frozen=True)
class ObjectiveWeights:
    """Weights of factors by their variation.

    Parameters
    ----------
    weights : ndarray, float64, shape (factors,)
        Weights that sum to 1.
    information : ndarray, float64, shape (factors,)
        What they are proportional to: 1 - entropy, the CRITIC information, or the coefficient of variation.
    cells : int
        Number of cells used: those with data in every factor.
    """

    weights: FloatArray
    information: FloatArray
    cells: int


def objective_weights(
    read: Reader, *, method: ObjectiveMethod | str = ObjectiveMethod.ENTROPY, monitor: Monitor = SILENT
) -> ObjectiveWeights:
    """Return weights that follow from the factor rasters themselves.

    Parameters
    ----------
    read : callable
        Called once or twice with a monitor; yields the blocks of all factors (same shape, NaN = NoData).
    method : {"entropy", "CRITIC", "coefficient of variation"}, optional
        With x the values of a factor stretched to 0 to 1 over its range, over the n cells with data in every factor:
        entropy: ``1 - e``, ``e = -sum(p ln p) / ln n``, ``p = x / sum(x)``;
        CRITIC: ``sd(x) * sum over the other factors of (1 - correlation)``;
        coefficient of variation: standard deviation over mean of the values as they are.
    monitor : Monitor, optional
        Progress and cancellation.

    Returns
    -------
    ObjectiveWeights
        Weights, information and number of cells.

    Raises
    ------
    InputError
        If there are fewer than two factors or two cells, a factor is constant, or, for the coefficient of variation, its mean
        is not above 0.

    Notes
    -----
    Exact over all cells, block by block; O(cells x factors^2). With many cells the entropy of every factor comes near
    1: the weights still compare what is left. They depend on the range of the data, so they say what differs here, not what
    matters to a species; combine them with judgements, see `combine_weights`.

    References
    ----------
    Entropy: Zhu, Tian & Yan (2020), doi:10.1155/2020/3564835. CRITIC: Diakoulaki, Mavrotas & Papayannakis (1995),
    doi:10.1016/0305-0548(94)00059-H.

    Examples
    --------
    >>> slope, roads = np.array([[1.0, 2.0, 3.0]]), np.array([[5.0, 5.0, 8.0]])
    >>> found = objective_weights(lambda monitor: [[slope, roads]], method="coefficient of variation")
    >>> found.weights.round(4).tolist()
    [0.634, 0.366]
    """
    method = ObjectiveMethod.of(method)
    passes = 2 if method is ObjectiveMethod.ENTROPY else 1
    moments: Moments | None = None
    for cells in _cells(read, monitor.part(0.0, 1.0 / passes)):
        moments = moments or Moments(len(cells))
        moments.add(cells)
    if moments is None or moments.count < 2:
        raise InputError("Fewer than two cells have data in every factor: nothing varies.")
    _require_variation(moments)
    width = moments.maximum - moments.minimum
    if method is ObjectiveMethod.ENTROPY:
        information = _entropy_left(read, moments, monitor.part(0.5, 1.0))
    elif method is ObjectiveMethod.CRITIC:
        deviation = moments.deviation
        correlation = moments.covariance / np.outer(deviation, deviation)
        information = deviation / width * (1.0 - correlation).sum(axis=1)
    else:
        if not (moments.mean > 0).all():
            place = int(np.argmin(moments.mean))
            raise InputError(
                f"The mean of factor {place + 1} is {moments.mean[place]:g}; the coefficient of variation needs one above 0."
            )
        information = moments.deviation / moments.mean
    total = information.sum()
    if not total > 0:
        raise InputError("The factors are copies of each other: CRITIC finds no information. Leave all but one out.")
    return ObjectiveWeights(information / total, information, moments.count)


def combine_weights(
    subjective: Sequence[float], objective: Sequence[float], *, share: float = 0.5, geometric: bool = False
) -> FloatArray:
    """Return weights between those of judgements and those of the data.

    Parameters
    ----------
    subjective, objective : sequence of float
        Two sets of weights of the same factors.
    share : float, optional
        Share of the judgements, 0 to 1.
    geometric : bool, optional
        False: share x subjective + (1 - share) x objective. True: subjective ^ share x objective ^ (1 - share), divided
        by the sum, so that a factor needs both.

    Returns
    -------
    ndarray, float64, shape (factors,)
        Weights that sum to 1.

    Raises
    ------
    InputError
        If the sets differ in length or the share is outside 0 to 1.

    Examples
    --------
    >>> combine_weights([0.8, 0.2], [0.4, 0.6], share=0.25).round(6).tolist()
    [0.5, 0.5]
    >>> combine_weights([16, 1], [1, 16], share=0.25, geometric=True).round(6).tolist()
    [0.2, 0.8]
    """
    first, second = np.asarray(subjective, dtype=np.float64), np.asarray(objective, dtype=np.float64)
    if first.shape != second.shape:
        raise InputError(f"There are {first.size} weights by judgement but {second.size} from the rasters.")
    if not 0 <= share <= 1:
        raise InputError(f"The share of the judgements must be between 0 and 1, not {share:g}.")
    if geometric:
        mixed = first**share * second ** (1.0 - share)
    else:
        mixed = share * first / first.sum() + (1.0 - share) * second / second.sum()
    return np.asarray(mixed / mixed.sum())


def _cells(read: Reader, monitor: Monitor) -> Iterable[FloatArray]:
    """Yield the cells with data in every factor, float64, shape (factors, cells)."""
    for block in read(monitor):
        if len(block) < 2:
            raise InputError(f"Weights need two factors or more, not {len(block)}.")
        flat = [factor.reshape(-1) for factor in block]
        for start in range(0, flat[0].size, CHUNK):
            monitor.check()
            values = np.stack([factor[start : start + CHUNK] for factor in flat]).astype(np.float64)
            valid = ~np.isnan(values).any(axis=0)
            if valid.any():
                yield values if valid.all() else values[:, valid]


def _require_variation(moments: Moments) -> None:
    for place, (low, high) in enumerate(zip(moments.minimum, moments.maximum)):
        if low == high:
            raise InputError(
                f"Factor {place + 1} is {low:g} in every cell that has data in all factors. It cannot be weighted by its "
                "variation; leave it out."
            )


def _entropy_left(read: Reader, moments: Moments, monitor: Monitor) -> FloatArray:
    """Return 1 - e of each factor."""
    low, width = moments.minimum[:, None], (moments.maximum - moments.minimum)[:, None]
    sums = np.zeros(len(low))
    logs = np.zeros(len(low))
    for cells in _cells(read, monitor):
        stretched = (cells - low) / width
        sums += stretched.sum(axis=1)
        logs += np.where(stretched > 0, stretched * np.log(np.where(stretched > 0, stretched, 1.0)), 0.0).sum(axis=1)
    # -sum(p ln p) with p = x / S is ln S - sum(x ln x) / S.
    return np.asarray(1.0 - (np.log(sums) - logs / sums) / math.log(moments.count))
