"""Correction of a resistance surface by further rasters: night light, slope, rock desertification, erosion, hazards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..choices import CorrectionMethod
from ..errors import InputError
from ..types import BoolArray, FloatArray


@dataclass(frozen=True)
class Correction:
    """How the correction rasters change the surface.

    Parameters
    ----------
    method : CorrectionMethod or its key
        With R the surface and f the correction raster:
        value / mean: ``R f / mean(f)``, the mean of the zone where zones are given;
        multiply: ``R f``; add weighted: ``R + w f``; 1 + weight x normalised value: ``R (1 + w c)`` with f stretched to
        c = 0 to 1.
    weights : sequence of float, optional
        w of each correction raster, for the last two methods; 1 by default.
    floor, cap : float, optional
        Smallest and largest factor one raster may multiply a cell by, so that a value of 0 (a dark cell) does not
        make resistance vanish.
    """

    method: CorrectionMethod = CorrectionMethod.MEAN_RATIO
    weights: Sequence[float] = ()
    floor: float = 0.1
    cap: float = 10.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "method", CorrectionMethod.of(self.method))
        if not 0 < self.floor <= self.cap:
            raise InputError(
                f"The floor of a correction ({self.floor:g}) must be above 0 and not above the cap ({self.cap:g})."
            )
        if self.weights and self.method in (CorrectionMethod.MEAN_RATIO, CorrectionMethod.MULTIPLY):
            raise InputError(
                f"The correction '{self.method.label}' takes no weights. Leave them out, or choose another one."
            )

    @property
    def needs_statistics(self) -> bool:
        """Return whether the means or ranges of the rasters must be known first."""
        return self.method in (CorrectionMethod.MEAN_RATIO, CorrectionMethod.NORMALISED)

    def change(
        self, raster: FloatArray, weight: float, statistics: ZoneMeans | None, zones: FloatArray | None
    ) -> FloatArray:
        """Return what the surface is multiplied by (or, to add, what is added); NaN where nothing is known."""
        if self.method is CorrectionMethod.ADD:
            return weight * raster.astype(np.float64)
        if statistics is None:
            return raster.astype(np.float64)
        if self.method is CorrectionMethod.NORMALISED:
            return 1.0 + weight * statistics.stretched(raster)
        return statistics.ratio(raster, zones)

    def hold(self, change: FloatArray) -> FloatArray:
        """Return the change between floor and cap, and without effect where nothing is known."""
        if self.method is CorrectionMethod.ADD:
            return np.where(np.isnan(change), 0.0, change)
        return np.where(np.isnan(change), 1.0, np.clip(change, self.floor, self.cap))


@dataclass(frozen=True)
class CorrectionEffect:
    """What one correction raster did.

    Parameters
    ----------
    name : str
        Name of the raster.
    mean : float
        Its mean over the cells of the surface.
    neutral : int
        Cells of the surface it left as they were, because it has no data there or the mean of the zone is 0.
    raised, lowered : int
        Cells held at the floor and at the cap.
    """

    name: str
    mean: float
    neutral: int
    raised: int
    lowered: int


class ZoneMeans:
    """Mean of a correction raster by zone, and its range, over the cells of the surface."""

    def __init__(self) -> None:
        self._sums: dict[float, float] = {}
        self._counts: dict[float, int] = {}
        self._low = math.inf
        self._high = -math.inf

    def add(self, raster: FloatArray, valid: BoolArray, zones: FloatArray | None) -> None:
        """Take in a block; cells where `valid` is False are left out."""
        known = valid & ~np.isnan(raster)
        if zones is not None:
            known &= ~np.isnan(zones)
        values = raster[known].astype(np.float64)
        if not values.size:
            return
        self._low, self._high = min(self._low, float(values.min())), max(self._high, float(values.max()))
        ids, place = np.unique(zones[known], return_inverse=True) if zones is not None else ([0.0], None)
        sums = np.array([values.sum()]) if place is None else np.bincount(place.reshape(-1), weights=values)
        counts = np.array([values.size]) if place is None else np.bincount(place.reshape(-1))
        for zone, total, count in zip(ids, sums, counts):
            self._sums[float(zone)] = self._sums.get(float(zone), 0.0) + float(total)
            self._counts[float(zone)] = self._counts.get(float(zone), 0) + int(count)

    @property
    def mean(self) -> float:
        """Mean over all zones; NaN before the first cell."""
        cells = sum(self._counts.values())
        return math.fsum(self._sums.values()) / cells if cells else math.nan

    def ratio(self, raster: FloatArray, zones: FloatArray | None) -> FloatArray:
        """Return value / mean of the zone; NaN where either is unknown or the mean is 0."""
        if zones is None:
            return np.asarray(raster / (self.mean if self.mean > 0 else math.nan), dtype=np.float64)
        ids = np.array(sorted(self._sums))
        means = np.array([self._sums[zone] / self._counts[zone] for zone in ids])
        means[~(means > 0)] = np.nan
        place = np.minimum(np.searchsorted(ids, zones), len(ids) - 1)
        return np.asarray(np.where(ids[place] == zones, raster / means[place], np.nan))

    def stretched(self, raster: FloatArray) -> FloatArray:
        """Return the raster stretched to 0 to 1; 0 everywhere when it is constant."""
        width = self._high - self._low
        return np.asarray(np.clip((raster.astype(np.float64) - self._low) / (width or 1.0), 0.0, 1.0))
