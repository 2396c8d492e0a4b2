"""Score tables that come with the plugin."""

from __future__ import annotations

from collections.abc import Collection

from ..choices import Legend
from .legends import LAND_USE, Scheme, schemes
from .scoretable import FALLS, RISES, FactorScores, read_score_table

_OPEN = None


def _rows(
    factor: str, weight: float, limits: list[tuple[float | None, float | None]], scores: tuple[int, ...], rule: str = ""
) -> list[dict[str, object]]:
    return [
        {
            "factor": factor,
            "min": low,
            "max": high,
            "score": score,
            "weight": weight if row == 0 else None,
            "direction": rule,
        }
        for row, ((low, high), score) in enumerate(zip(limits, scores))
    ]


def _land_use(weight: float) -> list[dict[str, object]]:
    return [
        {
            "factor": LAND_USE,
            "class": one.name,
            "value": one.code,
            "score": one.score,
            "weight": weight if row == 0 else None,
        }
        for row, one in enumerate(schemes(Legend.LIUZHI)[0].classes)
    ]


_UP, _DOWN = (1, 2, 3, 4, 5), (5, 4, 3, 2, 1)

LIUZHI_AS_PRINTED: tuple[dict[str, object], ...] = (
    *_land_use(0.35),
    *_rows("Elevation (m)", 0.1, [(581, 1043), (1043, 1032), (1032, 1447), (1447, 1658), (1658, 2081)], _UP),
    *_rows("Slope (°)", 0.1, [(0, 10), (10, 18), (18, 28), (28, 39), (39, _OPEN)], _UP),
    *_rows("Distance from road (m)", 0.25, [(30, 500), (0, 888), (888, 2271), (2271, 4049), (4049, _OPEN)], _UP),
    *_rows(
        "Distance to mining area (m)", 0.25, [(0, 1190), (1190, 2828), (2828, 4564), (4564, 7194), (7194, _OPEN)], _UP
    ),
)
"""The table of the Liuzhi study as it was printed, mistakes and all; codes for the land uses are ours.

It is shipped as an example of what `check_scores` finds, not for use.
"""

LIUZHI_CORRECTED: tuple[dict[str, object], ...] = (
    *_land_use(0.35 / 1.05),
    *_rows("Elevation (m)", 0.1 / 1.05, [(_OPEN, 1043), (1043, 1232), (1232, 1447), (1447, 1658), (1658, _OPEN)], _UP),
    *_rows("Slope (°)", 0.1 / 1.05, [(0, 10), (10, 18), (18, 28), (28, 39), (39, _OPEN)], _UP, RISES),
    *_rows(
        "Distance from road (m)",
        0.25 / 1.05,
        [(0, 500), (500, 888), (888, 2271), (2271, 4049), (4049, _OPEN)],
        _DOWN,
        FALLS,
    ),
    *_rows(
        "Distance to mining area (m)",
        0.25 / 1.05,
        [(0, 1190), (1190, 2828), (2828, 4564), (4564, 7194), (7194, _OPEN)],
        _DOWN,
        FALLS,
    ),
)
"""The same table, corrected as `LIUZHI_CORRECTIONS` says."""

LIUZHI_CORRECTIONS = (
    "The weights printed sum to 1.05; each is divided by 1.05, which keeps their ratios.",
    "The elevation class printed as 1043 to 1032 m runs backwards, and the next one starts at 1032 m; both limits are "
    "read as 1232 m: one digit changed, about midway between their neighbours 1043 and 1447 m.",
    "The lowest and the highest elevation class are open, so that terrain beyond 581 to 2081 m gets a score too.",
    "The first two road classes are printed as 30 to 500 m and 0 to 888 m; they are read as 0 to 500 m and "
    "500 to 888 m.",
    "The scores of the distance from roads are turned round: the text says that resistance is high near them, the "
    "table rises with the distance.",
    "The scores of the distance from mines are turned round for the same reason.",
    "The text names vegetation cover and the distance from rivers as further factors, but the table gives no classes "
    "for them; a layer of one is scored from 1 to 5 in classes by natural breaks (our judgement).",
)
"""What was changed in the printed table, one sentence each."""


def liuzhi_as_printed() -> tuple[FactorScores, ...]:
    """Return the printed score table of the Liuzhi study.

    Examples
    --------
    >>> [factor.name for factor in liuzhi_as_printed()]
    ['Land use', 'Elevation (m)', 'Slope (°)', 'Distance from road (m)', 'Distance to mining area (m)']
    """
    return read_score_table(LIUZHI_AS_PRINTED)


def liuzhi_corrected() -> tuple[FactorScores, ...]:
    """Return the corrected score table of the Liuzhi study: land use, elevation, slope, roads and mines.

    Examples
    --------
    >>> [round(factor.weight, 3) for factor in liuzhi_corrected()]
    [0.333, 0.095, 0.095, 0.238, 0.238]
    """
    return read_score_table(LIUZHI_CORRECTED)


def default_scores(
    scheme: Scheme, codes: Collection[float] | None = None
) -> tuple[tuple[FactorScores, ...], tuple[str, ...]]:
    """Return the score table that is used where none is given, and where it comes from.

    Parameters
    ----------
    scheme : Scheme
        The legend of the land use.
    codes : collection of float, optional
        The land uses that occur; default all of the legend.

    Returns
    -------
    scores : tuple of FactorScores
        The corrected table of the Liuzhi study, in which another legend takes the place of its land uses, with their weight.
    notes : tuple of str
        A sentence each; the last are `LIUZHI_CORRECTIONS`.

    Examples
    --------
    >>> scores, notes = default_scores(schemes(Legend.CLCD)[0], [1, 2])
    >>> [(one.name, one.score) for one in scores[0].classes], round(scores[0].weight, 3)
    ([('Cropland', 3.0), ('Forest', 1.0)], 0.333)
    """
    land_use, *others = liuzhi_corrected()
    if scheme.legend is Legend.LIUZHI:
        said: tuple[str, ...] = (
            "The scores and weights of the Liuzhi study are used, corrected where it is misprinted.",
        )
    else:
        land_use = scheme.factor(codes, weight=land_use.weight)
        said = (
            f"The land use has the default resistance of the legend {scheme.name}, {scheme.scores}.",
            "The weight of the land use, and classes and weights of the other factors, are those of the Liuzhi study, a "
            "karst county from 581 to 2081 m, corrected where it is misprinted. Give a table of scores for your own area.",
        )
    return (land_use, *others), (*said, *LIUZHI_CORRECTIONS)
