"""What a resistance surface is made of: counts, range, and the contribution of every factor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..choices import CorrectionMethod
from ..errors import InputError
from ..monitor import Monitor
from ..stats.moments import CHUNK, Moments
from ..types import BoolArray, FloatArray
from .corrections import CorrectionEffect
from .scorechecks import LARGEST_RATIO

_LARGEST_SCALE_RATIO = 10.0
_MANY = 0.1


@dataclass(frozen=True)
class Contribution:
    """What one factor adds to the surface before correction.

    Parameters
    ----------
    name : str
        Name of the factor.
    weight : float
        Its weight, of 1.
    mean, deviation, minimum, maximum : float
        Statistics of its weighted part of the surface (weight x score; where scores are missing and left out, with the
        weight it has in the cell).
    share_of_mean : float
        Its part of the mean resistance; the shares of all factors sum to 1.
    share_of_variance : float
        Covariance of its part with the surface over the variance of the surface; the shares sum to 1. Negative where
        a factor works against the others. NaN when the surface is flat.
    """

    name: str
    weight: float
    mean: float
    deviation: float
    minimum: float
    maximum: float
    share_of_mean: float
    share_of_variance: float


@dataclass(frozen=True)
class ResistanceSummary:
    """Facts about a resistance surface.

    Parameters
    ----------
    cells : int
        Cells with a resistance.
    missing : int
        Cells without one.
    partial : int
        Cells in which some factors have no data but others have; what became of them depends on the rule.
    minimum, mean, maximum : float
        Statistics of the final surface.
    contributions : tuple of Contribution
        One per factor.
    corrections : tuple of CorrectionEffect
        One per correction raster.
    raised, impassable : int
        Cells whose resistance a road raises, and cells with a resistance that were made impassable (part of `missing`).
    """

    cells: int
    missing: int
    partial: int
    minimum: float
    mean: float
    maximum: float
    contributions: tuple[Contribution, ...]
    corrections: tuple[CorrectionEffect, ...] = ()
    raised: int = 0
    impassable: int = 0

    @property
    def contrast(self) -> float:
        """Largest over smallest resistance."""
        return self.maximum / self.minimum


@dataclass
class Tally:
    """Counts and statistics of a surface, gathered while its blocks are made."""

    factors: int
    partial: int = 0
    missing: int = 0
    raised: int = 0
    impassable: int = 0
    bad: int = 0
    first_bad: tuple[int, int, float] | None = None
    corrections: list[list[int]] = field(default_factory=list)
    acts: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._parts = Moments(self.factors)
        self._final = Moments(1)
        self._low = np.full(self.factors, np.inf)
        self._high = np.full(self.factors, -np.inf)

    def take(self, scores: FloatArray, parts: FloatArray, partial: BoolArray) -> None:
        """Take in cells: scores and weighted parts (factors, cells), and where some factors lack."""
        self.partial += int(np.count_nonzero(partial))
        valid = ~np.isnan(parts[0])
        self._parts.add(parts if valid.all() else parts[:, valid])
        self._low = np.fmin(self._low, np.fmin.reduce(scores, axis=1))
        self._high = np.fmax(self._high, np.fmax.reduce(scores, axis=1))

    def correct(self, place: int, base: FloatArray, change: FloatArray, held: FloatArray) -> None:
        """Count what a correction raster did to a block: what it called for, and what was done."""
        while len(self.corrections) <= place:
            self.corrections.append([0, 0, 0])
            self.acts.append((math.inf, -math.inf))
        valid = ~np.isnan(base)
        counts = self.corrections[place]
        counts[0] += int(np.count_nonzero(valid & np.isnan(change)))
        counts[1] += int(np.count_nonzero(valid & (held > change)))
        counts[2] += int(np.count_nonzero(valid & (held < change)))
        low, high = self.acts[place]
        acts = held[valid]
        self.acts[place] = float(acts.min(initial=low)), float(acts.max(initial=high))

    def obstruct(self, plain: FloatArray, final: FloatArray) -> None:
        """Count what roads and impassable land did to a block."""
        self.raised += int(np.count_nonzero(final > plain))
        self.impassable += int(np.count_nonzero(np.isnan(final) & ~np.isnan(plain)))

    def finish(self, final: FloatArray, row: int) -> None:
        """Take in the finished block that starts at a row."""
        valid = ~np.isnan(final)
        self.missing += final.size - int(np.count_nonzero(valid))
        wrong = valid & ~((final > 0) & np.isfinite(final))
        if wrong.any():
            self.bad += int(np.count_nonzero(wrong))
            if self.first_bad is None:
                i, j = np.argwhere(wrong)[0]
                self.first_bad = (row + int(i), int(j), float(final[i, j]))
        for start in range(0, final.size, CHUNK):
            part = final.reshape(-1)[start : start + CHUNK]
            self._final.add(part[~np.isnan(part)][None].astype(np.float64))

    def summary(
        self,
        weights: FloatArray,
        names: Sequence[str] | None,
        correction_names: Sequence[str],
        means: Sequence[float],
        monitor: Monitor,
    ) -> ResistanceSummary:
        """Return the facts; warn of what looks wrong, refuse a surface that cannot be used."""
        if not self._final.count and self.impassable:
            raise InputError(
                f"All {self.impassable:,} cells with a resistance are of impassable classes. Leave out those that can be "
                "crossed."
            )
        if not self._final.count:
            raise InputError(
                "No cell has data in every factor. Check that the factors overlap, or leave out missing factors."
            )
        if self.first_bad is not None:
            row, col, value = self.first_bad
            raise InputError(
                f"{self.bad:,} cells would have a resistance that is not above 0 (the first is {value:g} in row "
                f"{row + 1}, column {col + 1}). Give every class a score above 0, and corrections that keep it so."
            )
        low, high = float(self._final.minimum[0]), float(self._final.maximum[0])
        if high > LARGEST_RATIO * low:
            monitor.warn(
                f"Resistance runs from {low:g} to {high:g}, a ratio above {LARGEST_RATIO:,.0f}: paths follow the extreme "
                "values only and solvers lose accuracy."
            )
        labels = list(names) if names else [f"Factor {i + 1}" for i in range(self.factors)]
        for label, least, most in zip(labels, self._low, self._high):
            if least == most:
                monitor.warn(f"'{label}' is {least:g} everywhere: it raises all of the surface alike.")
        largest, smallest = int(np.argmax(self._high)), int(np.argmin(self._high))
        if self._high[largest] > _LARGEST_SCALE_RATIO * self._high[smallest]:
            monitor.warn(
                f"The factors are on different scales: '{labels[largest]}' goes up to {self._high[largest]:g}, "
                f"'{labels[smallest]}' to {self._high[smallest]:g}. Score both on one scale, or the first decides alone."
            )
        covariance = self._parts.covariance
        variance, mean = float(covariance.sum()), float(self._parts.mean.sum())
        # A flat surface leaves a variance of rounding errors only.
        shares = covariance.sum(axis=1) / variance if variance > 1e-20 * mean**2 else np.full(self.factors, np.nan)
        parts = tuple(
            Contribution(
                labels[i],
                float(weights[i]),
                float(self._parts.mean[i]),
                float(self._parts.deviation[i]),
                float(self._parts.minimum[i]),
                float(self._parts.maximum[i]),
                float(self._parts.mean[i]) / mean if mean else math.nan,
                float(shares[i]),
            )
            for i in range(self.factors)
        )
        effects = tuple(
            CorrectionEffect(
                correction_names[i] if i < len(correction_names) else f"Correction {i + 1}",
                means[i] if i < len(means) else math.nan,
                *counts,
            )
            for i, counts in enumerate(self.corrections)
        )
        for effect, (least, most) in zip(effects, self.acts):
            if least == most:
                monitor.warn(
                    f"The correction by '{effect.name}' is {least:g} in all cells and tells no way from another: its values "
                    "are all alike, or the mean they are divided by is 0. Check the layer, or leave it out."
                )
            if effect.raised > _MANY * self._final.count:
                share = 100 * effect.raised / self._final.count
                monitor.warn(
                    f"In {share:.0f} % of the cells the correction by '{effect.name}' is held at the floor: its values "
                    f"there are small against the mean. For grades that start at 0 "
                    f"'{CorrectionMethod.NORMALISED.label}' is safer."
                )
        return ResistanceSummary(
            self._final.count,
            self.missing,
            self.partial,
            low,
            float(self._final.mean[0]),
            high,
            parts,
            effects,
            self.raised,
            self.impassable,
        )
