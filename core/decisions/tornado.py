"""Which input moves which outcome: the bars of a tornado diagram.

References
----------
Saltelli, A. et al. (2008). *Global Sensitivity Analysis: The Primer*, Wiley: standardised rank regression, first-order index.
Helton, J. C. et al. (2006). Survey of sampling-based methods for uncertainty and sensitivity analysis. *Reliability
Engineering & System Safety* 91, 1175-1209, https://doi.org/10.1016/j.ress.2005.11.017
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..stats.ranks import mean_ranks
from ..types import FloatArray

ENOUGH = 200
"""Runs below which the bars are too uncertain to compare."""


@dataclass(frozen=True)
class Bar:
    """How far an outcome follows an input.

    Attributes
    ----------
    factor, outcome : str
        Their names.
    coefficient : float
        Standardised rank regression coefficient, seldom beyond -1 and 1; NaN where the outcome does not vary, or where the
        runs are fewer than `needed`.
    first_order : float
        Share of the variance of the outcome that the input explains by itself, whatever the shape of the dependence.
    """

    factor: str
    outcome: str
    coefficient: float
    first_order: float


def needed(inputs: int) -> int:
    """Return how many runs a regression on some inputs takes: with as many runs as inputs it would fit anything.

    Examples
    --------
    >>> needed(21)
    43
    """
    return 2 * inputs + 1


def tornado(inputs: Mapping[str, FloatArray], outcomes: Mapping[str, FloatArray]) -> list[Bar]:
    """Return how far each outcome follows each input, for each outcome the input with the largest coefficient first.

    Parameters
    ----------
    inputs, outcomes : mapping of str to float64 array, shape (runs,)
        Their values in each run. Inputs that never vary are left out, and from the bars of an outcome the runs in which it
        is NaN.

    Notes
    -----
    Inputs that add up to 1, as weights do, depend on each other: their coefficients are those of the solution of least
    squares that is smallest, which leans on none of them in particular.

    Examples
    --------
    >>> x = np.linspace(0.0, 1.0, 100)
    >>> noise = np.random.default_rng(1).random(100)
    >>> bars = tornado({"noise": noise, "x": x}, {"y": -(x**3)})
    >>> [(bar.factor, round(bar.coefficient, 2) + 0.0) for bar in bars]
    [('x', -1.0), ('noise', 0.0)]
    """
    # In the order of the names, so that sums are rounded alike whatever the order of the inputs.
    varying = {name: values for name, values in sorted(inputs.items()) if np.ptp(values) > 0}
    bars = []
    for outcome, values in outcomes.items():
        known = ~np.isnan(values)
        found = [
            Bar(name, outcome, coefficient, first_order(varying[name][known], values[known]))
            for name, coefficient in _coefficients({k: v[known] for k, v in varying.items()}, values[known]).items()
        ]
        bars += sorted(
            found, key=lambda bar: (-abs(bar.coefficient) if bar.coefficient == bar.coefficient else 0.0, bar.factor)
        )
    return bars


def first_order(values: FloatArray, outcome: FloatArray) -> float:
    """Return which share of the variance of an outcome the means of bins of an input explain, corrected for chance.

    Parameters
    ----------
    values, outcome : float64, shape (runs,)
        About as many bins as the square root of the runs, of as many runs each; equal values share a bin.

    Examples
    --------
    >>> x = np.linspace(-1.0, 1.0, 400)
    >>> round(first_order(x, x**2), 1)
    1.0
    >>> first_order(x, np.zeros(400))
    nan
    """
    runs = values.size
    if runs < 4 or not np.ptp(outcome) > 0:
        return math.nan
    bins = max(2, round(math.sqrt(runs)))
    place = np.minimum(((mean_ranks(values) - 0.5) / runs * bins).astype(np.int64), bins - 1)
    _, bin_of, count = np.unique(place, return_inverse=True, return_counts=True)
    if count.size >= runs:
        return math.nan
    mean = np.bincount(bin_of, weights=outcome) / count
    between = float(np.sum(count * (mean - outcome.mean()) ** 2)) / float(np.sum((outcome - outcome.mean()) ** 2))
    by_chance = (count.size - 1) / (runs - 1)
    return max((between - by_chance) / (1.0 - by_chance), 0.0)


def _coefficients(inputs: Mapping[str, FloatArray], outcome: FloatArray) -> dict[str, float]:
    """Return the standardised rank regression coefficients of an outcome."""
    if outcome.size < needed(len(inputs)) or not np.ptp(outcome) > 0:
        return dict.fromkeys(inputs, math.nan)
    standard = {name: _standardised(mean_ranks(values)) for name, values in inputs.items()}
    if not standard:
        return {}
    matrix = np.column_stack(list(standard.values()))
    solution = np.linalg.lstsq(matrix, _standardised(mean_ranks(outcome)), rcond=1e-9)[0]
    return dict(zip(standard, solution.tolist()))


def _standardised(values: FloatArray) -> FloatArray:
    deviation = values.std()
    centred: FloatArray = values - values.mean()
    return centred / deviation if deviation > 0 else centred
