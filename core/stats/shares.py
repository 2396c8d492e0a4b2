"""Weights as shares of a whole."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..types import FloatArray


def normalise_weights(weights: Sequence[float], *, monitor: Monitor = SILENT) -> FloatArray:
    """Return weights that sum to 1, with a warning that states the sum when they did not.

    Raises
    ------
    InputError
        If a weight is negative or not a number, or all are 0.

    Examples
    --------
    >>> normalise_weights([1.0, 3.0]).tolist()
    [0.25, 0.75]
    """
    given = np.asarray(weights, dtype=np.float64)
    for place, weight in enumerate(given, start=1):
        if not (weight >= 0 and math.isfinite(weight)):
            raise InputError(f"Weight {place} is {weight:g}. Weights must be 0 or more.")
    total = math.fsum(given)
    if not total > 0:
        raise InputError("The weights are all 0. Give at least one a weight above 0.")
    if abs(total - 1.0) > 1e-6:
        monitor.warn(f"The weights sum to {total:.6g}, not 1; each was divided by the sum.")
    return np.asarray(given / total)
