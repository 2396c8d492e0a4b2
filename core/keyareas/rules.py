"""Key areas by two rules, and key areas of two kinds: where they agree, and what it means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import FloatArray, IntArray
from .areas import KeyAreas
from .measures import hectares_in

BOTH, OVERLAY_ONLY, PLAIN_ONLY = 1, 2, 3
"""Values of a map of two rules."""

RULE_NAMES = {BOTH: "By both rules", OVERLAY_ONLY: "Only with the overlay", PLAIN_ONLY: "Only without the overlay"}


@dataclass(frozen=True)
class RuleComparison:
    """Key areas with and without the overlay with the resistance.

    Attributes
    ----------
    classes : uint8, shape (rows, cols)
        1 found by both rules, 2 only with the overlay, 3 only without; 0 elsewhere.
    both_ha, overlay_ha, plain_ha : float
        Area of the three.
    """

    classes: IntArray
    both_ha: float
    overlay_ha: float
    plain_ha: float

    def describe(self, what: str) -> str:
        """Return the comparison in a sentence."""
        return (
            f"{what}: {self.both_ha:,.1f} ha are found with and without the overlay with the resistance, "
            f"{self.overlay_ha:,.1f} ha only with it, {self.plain_ha:,.1f} ha only without it."
        )


def compare_rules(overlaid: IntArray, plain: IntArray, *, cell_ha: float) -> RuleComparison:
    """Compare the key areas found with and without the overlay with the resistance.

    Parameters
    ----------
    overlaid, plain : int array, shape (rows, cols)
        Labels of the areas by each rule, 0 outside.
    cell_ha : float
        Area of a cell in hectares.

    Examples
    --------
    >>> found = compare_rules(np.array([[1, 1, 0, 0]]), np.array([[0, 1, 2, 0]]), cell_ha=0.5)
    >>> found.classes.tolist(), found.both_ha, found.overlay_ha, found.plain_ha
    ([[2, 1, 3, 0]], 0.5, 0.5, 0.5)
    """
    one, other = overlaid > 0, plain > 0
    classes = np.zeros(overlaid.shape, dtype=np.uint8)
    classes[one & other], classes[one & ~other], classes[other & ~one] = BOTH, OVERLAY_ONLY, PLAIN_ONLY
    area = np.bincount(classes.ravel(), minlength=4) * cell_ha
    return RuleComparison(classes, *area[1:].tolist())


@dataclass(frozen=True)
class AreaOverlap:
    """Places that are pinch points and barriers at once.

    Attributes
    ----------
    pinch_ha, barrier_ha : float64, shape (areas,)
        How much of each pinch point is barrier, and of each barrier pinch point.
    pinch_share, barrier_share : float
        Share of the pinch points, and of the barriers, that is both, 0 to 1.
    """

    pinch_ha: FloatArray
    barrier_ha: FloatArray
    pinch_share: float
    barrier_share: float

    @property
    def area_ha(self) -> float:
        """The area that is both."""
        return float(self.pinch_ha.sum())

    def describe(self) -> str:
        """Return the overlap in sentences."""
        return (
            f"{self.area_ha:,.1f} ha are pinch point and barrier at once: {100 * self.pinch_share:.0f} % of the pinch points "
            f"and {100 * self.barrier_share:.0f} % of the barriers."
        )


def overlap(pinch: KeyAreas, barrier: KeyAreas, *, cell_ha: float) -> AreaOverlap:
    """Measure what is pinch point and barrier at once.

    Examples
    --------
    >>> from ecosecnet.core.keyareas import key_areas
    >>> pinch = key_areas(np.array([[9.0, 9.0, 1.0, 1.0]]), cell_ha=1.0, classes=2)
    >>> barrier = key_areas(np.array([[1.0, 9.0, 9.0, 9.0]]), cell_ha=1.0, classes=2)
    >>> found = overlap(pinch, barrier, cell_ha=1.0)
    >>> found.pinch_ha.tolist(), found.barrier_ha.tolist(), found.pinch_share
    ([1.0], [1.0], 0.5)
    """
    of_pinch = hectares_in(pinch.labels, barrier.labels > 0, cell_ha)
    of_barrier = hectares_in(barrier.labels, pinch.labels > 0, cell_ha)
    shared = float(of_pinch.sum())
    return AreaOverlap(of_pinch, of_barrier, _share(shared, pinch.area_ha), _share(shared, barrier.area_ha))


def _share(part: float, area_ha: FloatArray) -> float:
    whole = float(area_ha.sum())
    return part / whole if whole else 0.0
