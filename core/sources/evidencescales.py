"""What brings evidences of any unit to one scale from 0, the worst, to 1, the best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

import numpy as np

from ..choices import Normalisation
from ..monitor import Monitor
from ..stats.breaks import Breaks, natural_breaks
from ..stats.distribution import Distribution
from ..types import FloatArray
from .evidencecells import EvidenceCells, gather


def scales_of(
    cells: EvidenceCells, method: Normalisation, classes: int, monitor: Monitor
) -> tuple[list[Callable[[FloatArray], FloatArray]], float]:
    """Return what brings each evidence to 0 to 1, and the largest error of ranks."""
    if method is Normalisation.AS_THEY_ARE:
        return [_as_it_is] * len(cells.kinds), 0.0
    if method is Normalisation.RANGE:
        return [_stretching(low, high) for low, high in zip(cells.low, cells.high)], 0.0
    found = [Distribution(*given) for given in zip(cells.low, cells.high, cells.kinds)]
    gather(cells.passes, found, [Distribution.parts_to_be_fine] * len(found), monitor.part(0.0, 0.8))
    if method is Normalisation.RANKS:
        ranks = [one.ranks() for one in found]
        return [_looking_up(one, rank) for one, (rank, _) in zip(found, ranks)], max(error for _, error in ranks)
    parts = [monitor.part(0.8 + 0.2 * k / len(found), 0.8 + 0.2 * (k + 1) / len(found)) for k in range(len(found))]
    breaks = [natural_breaks(one.high, classes, weights=one.count, monitor=part) for one, part in zip(found, parts)]
    return [_classing(one) for one in breaks], 0.0


def _as_it_is(values: FloatArray) -> FloatArray:
    return values


def _stretching(low: float, high: float) -> Callable[[FloatArray], FloatArray]:
    half = high / 2.0 - low / 2.0  # the range of doubles is larger than any double
    return lambda values: (values.astype(np.float64) / 2.0 - low / 2.0) / half


def _looking_up(found: Distribution, ranks: FloatArray) -> Callable[[FloatArray], FloatArray]:
    return lambda values: ranks[found.places(values)]


def _classing(breaks: Breaks) -> Callable[[FloatArray], FloatArray]:
    return lambda values: breaks.classify(values) / (breaks.limits.size - 1)


class Scale:
    """Evidences on the scale from 0 to 1, and their weighted sum."""

    def __init__(
        self, weights: FloatArray, scales: Sequence[Callable[[FloatArray], FloatArray]], turned: Sequence[bool]
    ) -> None:
        self._weights = weights
        self._scales = scales
        self._turned = turned

    def parts(self, values: Sequence[FloatArray]) -> list[FloatArray]:
        """Return each evidence as float32 from 0, the worst, to 1, the best."""
        parts = []
        for one, scale, turn in zip(values, self._scales, self._turned):
            part = scale(one)
            parts.append(np.clip(1.0 - part if turn else part, 0.0, 1.0).astype(np.float32))
        return parts

    def sum(self, parts: Sequence[FloatArray]) -> FloatArray:
        """Return the importance, float32."""
        total = np.zeros(parts[0].size)
        for part, weight in zip(parts, self._weights):
            total += weight * part
        return np.minimum(total, 1.0).astype(np.float32)
