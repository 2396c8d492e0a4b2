"""Factors that a score table lacks: their scores from natural breaks, and weights of one's own for those it has."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..stats.breaks import natural_breaks
from ..types import Array
from .factornames import factor_key
from .scorechecks import usual_direction
from .scoretable import FactorScores
from .scoring import classes_from_breaks

LOWEST, HIGHEST = 1.0, 5.0
"""Scores of the Liuzhi study."""

CLASSES = 5
"""Classes of a further factor, as many as that study gives each of its own."""

WEIGHT = 0.1
"""Weight of a further factor beside a table whose weights sum to 1: about that of elevation or slope. Our judgement."""


def with_further(scores: Sequence[FactorScores], names: Sequence[str]) -> tuple[FactorScores, ...]:
    """Return a score table with further factors, which get their classes by `with_classes`.

    Parameters
    ----------
    scores : sequence of FactorScores
        A table whose weights sum to 1.
    names : sequence of str
        What the further factors are called. Each gets `WEIGHT`, after which all are scaled to sum to 1; resistance rises
        or falls with it as `usual_direction` says.

    Raises
    ------
    InputError
        For a name that does not tell which way resistance goes.

    Notes
    -----
    The Liuzhi study names vegetation cover and the distance from rivers, but gives them neither classes nor weights.

    Examples
    --------
    >>> land_use = FactorScores("Land use", (), 1.0)
    >>> [(one.name, round(one.weight, 3), one.direction) for one in with_further([land_use], ["Distance to rivers"])]
    [('Land use', 0.909, ''), ('Distance to rivers', 0.091, 'rises')]
    """
    unknown = [name for name in names if not usual_direction(name)]
    if unknown:
        raise InputError(
            f"'{unknown[0]}' does not tell whether resistance rises or falls with it. Give a table of scores that has a "
            "factor of that name."
        )
    total = 1.0 + WEIGHT * len(names)
    further = [FactorScores(name, (), WEIGHT, usual_direction(name)) for name in names]
    return tuple(replace(factor, weight=(factor.weight or 0.0) / total) for factor in (*scores, *further))


def with_classes(factor: FactorScores, values: Array, *, monitor: Monitor = SILENT) -> FactorScores:
    """Return a factor with the classes that natural breaks of its values make, scored from 1 to 5.

    Parameters
    ----------
    factor : FactorScores
        With a direction, and without classes.
    values : float array
        Its values, NaN = NoData.
    monitor : Monitor
        Progress and cancellation.

    Examples
    --------
    >>> river = FactorScores("Distance to rivers", (), 0.1, "rises")
    >>> found = with_classes(river, np.array([0.0, 1.0, 10.0, 11.0, 50.0, 90.0, 200.0]))
    >>> [(one.maximum, one.score) for one in found.classes]
    [(1.0, 1.0), (11.0, 2.0), (50.0, 3.0), (90.0, 4.0), (inf, 5.0)]
    """
    if np.isnan(values).all():
        raise InputError(f"'{factor.name}' has no data in the study area, so that there is nothing to score.")
    breaks = natural_breaks(values, CLASSES, monitor=monitor)
    scores = np.linspace(LOWEST, HIGHEST, len(breaks.limits)).tolist()
    return replace(factor, classes=tuple(classes_from_breaks(breaks, factor.direction, scores=scores)))


def with_weights(
    scores: Sequence[FactorScores], weights: Mapping[str, float], used: Collection[str], *, monitor: Monitor = SILENT
) -> tuple[FactorScores, ...]:
    """Return the factors that are used with weights that were given by name.

    Parameters
    ----------
    scores : sequence of FactorScores
        The score table.
    weights : mapping of str to float
        The weights; names are compared by `factor_key`.
    used : collection of str
        Names of the factors with data.
    monitor : Monitor
        Hears of weights that nothing takes.

    Raises
    ------
    InputError
        If a factor has no weight, or two, or all are 0.

    Examples
    --------
    >>> table = [FactorScores("Land use", ()), FactorScores("Distance from road (m)", ())]
    >>> [one.weight for one in with_weights(table, {"Roads": 0.3, "land_use": 0.7}, ["Land use", "Distance from road (m)"])]
    [0.7, 0.3]
    """
    found: dict[str, tuple[str, float]] = {}
    for name, weight in weights.items():
        other, _ = found.setdefault(factor_key(name), (name, weight))
        if other != name:
            raise InputError(f"'{other}' and '{name}' are the same factor; give it one weight.")
    kept = [factor for factor in scores if factor.name in used]
    missing = [factor.name for factor in kept if factor_key(factor.name) not in found]
    if missing:
        raise InputError(
            f"There is no weight for {', '.join(missing)}. The weights given are for {', '.join(weights)}. Give every factor "
            "that has a layer one, by its name in the score table, or leave its layer out."
        )
    idle = [name for key, (name, _) in found.items() if key not in {factor_key(factor.name) for factor in kept}]
    if idle:
        monitor.warn(f"There is no layer for {', '.join(idle)}; the weights of the other factors are scaled up to 1.")
    chosen = [found[factor_key(factor.name)][1] for factor in kept]
    if kept and not any(chosen):
        raise InputError(
            f"All weights of {', '.join(factor.name for factor in kept)} are 0. Give one of them a weight."
        )
    return tuple(replace(factor, weight=weight, weights=(weight,)) for factor, weight in zip(kept, chosen))
