"""Land-use schemes: what their codes mean, how they are drawn, which are habitat, and what resistance they get."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import NamedTuple

from ..choices import Legend
from . import legendtables as tables
from .scoretable import FactorScores, ScoreClass

LAND_USE = "Land use"
"""What the factor of a legend is called."""

_LIUZHI_SCORES = "the score table of the Liuzhi study (Yang, Zheng, Fang & Wan), as printed"
_OUR_SCORES = (
    "our judgement, carried over from the land uses of the Liuzhi study: woodland, shrub and grass 1; wetland, gardens, "
    "pasture and mosaics 2; arable, water and bare land 3; transport, ice and sea 4; built-up and mined land 5"
)


class LandClass(NamedTuple):
    """A class of a scheme.

    Attributes
    ----------
    code : int
        Value in the raster.
    name, chinese : str
        What it is called.
    colour : (int, int, int)
        Red, green, blue from 0 to 255.
    score : float
        Default resistance, 1 to 5.
    habitat : bool
        Whether it belongs to the foreground.
    """

    code: int
    name: str
    chinese: str
    colour: tuple[int, int, int]
    score: float
    habitat: bool

    def describe(self) -> str:
        """Return code and name."""
        return f"{self.code} ({self.name})"


@dataclass(frozen=True)
class Scheme:
    """The classes of a legend in one of its codings.

    Attributes
    ----------
    legend : Legend
        The legend; CORINE and some others have more than one coding.
    classes : tuple of LandClass
        In the order of their codes.
    source : str
        Where codes and names are published.
    colours : str
        Where the colours come from.
    scores : str
        Where the default resistance comes from.
    missing : tuple of int
        Codes that stand for no data.
    coding : str
        Which of the codings it is, empty where there is one.
    """

    legend: Legend
    classes: tuple[LandClass, ...]
    source: str
    colours: str
    scores: str
    missing: tuple[int, ...] = ()
    coding: str = ""

    @property
    def name(self) -> str:
        """Return the label of the legend with the coding."""
        return f"{self.legend.label}, {self.coding}" if self.coding else self.legend.label

    @cached_property
    def by_code(self) -> dict[int, LandClass]:
        """Return the classes by their code."""
        return {one.code: one for one in self.classes}

    @property
    def names(self) -> dict[int, str]:
        """Return the English names by code."""
        return {one.code: one.name for one in self.classes}

    @property
    def drawn(self) -> list[tuple[int, str, tuple[int, int, int]]]:
        """Return code, name and colour of the classes, as styles and raster files take them."""
        return [(one.code, one.name, one.colour) for one in self.classes]

    @property
    def habitat(self) -> list[tuple[float, float]]:
        """Return the codes of the foreground, as ranges of one value each."""
        return [(one.code, one.code) for one in self.classes if one.habitat]

    @property
    def blanks(self) -> list[tuple[float, float]]:
        """Return the codes of no data, as ranges of one value each."""
        return [(code, code) for code in self.missing]

    def outside(self, codes: Iterable[float]) -> list[float]:
        """Return the codes that the scheme does not have."""
        return sorted(code for code in codes if code not in self.by_code and code not in self.missing)

    def factor(self, codes: Iterable[float] | None = None, *, weight: float | None = None) -> FactorScores:
        """Return the default resistance as a factor of a score table, of all classes or those with these codes."""
        held = set(self.by_code if codes is None else codes)
        classes = [
            ScoreClass(one.code, one.code, one.score, one.name, row=row)
            for row, one in enumerate((c for c in self.classes if c.code in held), start=1)
        ]
        return FactorScores(LAND_USE, tuple(classes), weight, weights=() if weight is None else (weight,))


def schemes(legend: Legend) -> tuple[Scheme, ...]:
    """Return the codings of a legend, the usual one first; none of own codes.

    Examples
    --------
    >>> clcd, = schemes(Legend.CLCD)
    >>> clcd.names[1], clcd.habitat
    ('Cropland', [(2, 2), (3, 3), (4, 4), (5, 5), (9, 9)])
    """
    return _schemes().get(legend, ())


_ROW = re.compile(r"(\d+)\s+([0-9a-f]{6})\s+(\d)(\*?)\s+(.+?) = (.+)")


def _classes(table: str) -> tuple[LandClass, ...]:
    found = []
    for line in table.strip().splitlines():
        code, colour, score, habitat, name, chinese = _ROW.fullmatch(line.strip()).groups()  # type: ignore[union-attr]
        red, green, blue = bytes.fromhex(colour)
        found.append(LandClass(int(code), name, chinese, (red, green, blue), float(score), bool(habitat)))
    return tuple(found)


@cache
def _schemes() -> dict[Legend, tuple[Scheme, ...]]:
    every = [
        Scheme(
            legend,
            _classes(table),
            source,
            colours,
            _LIUZHI_SCORES if legend is Legend.LIUZHI else _OUR_SCORES,
            missing,
            coding,
        )
        for legend, table, source, colours, missing, coding in tables.SCHEMES
    ]
    corine = next(one for one in every if one.legend is Legend.CORINE)
    numbered = tuple(one._replace(code=place) for place, one in enumerate(corine.classes, start=1))
    every.append(replace(corine, classes=numbered, missing=tables.CORINE_GRID_MISSING, coding=tables.CORINE_GRID))
    return {legend: tuple(one for one in every if one.legend is legend) for legend in Legend}
