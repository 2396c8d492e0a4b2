"""Score tables: which values of a factor get which resistance score, and what the factor weighs.

A class is a closed range of values. A land-use code is a range of one value. A value on the limit that two classes
share belongs to the lower class, as with the breaks of `core.stats.breaks`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import InputError
from ..lists import parse_number
from .factornames import name_key

RISES = "rises"
FALLS = "falls"

_ALIASES = {
    "factor": ("factor", "drag factor", "layer", "因子"),
    "class": ("class", "subclass", "name", "label", "land use", "range", "类别"),
    "min": ("min", "minimum", "from", "lower"),
    "max": ("max", "maximum", "to", "upper"),
    "value": ("value", "code", "代码"),
    "score": ("score", "resistance", "resistance value", "阻力值"),
    "weight": ("weight", "weights", "权重"),
    "unit": ("unit", "units", "单位"),
    "direction": ("direction", "rule", "方向"),
}
_COLUMN = {alias: column for column, aliases in _ALIASES.items() for alias in aliases}

_DIRECTIONS = {
    "": "",
    RISES: RISES,
    "rise": RISES,
    "rising": RISES,
    "far is high": RISES,
    "high is high": RISES,
    "+": RISES,
    FALLS: FALLS,
    "fall": FALLS,
    "falling": FALLS,
    "near is high": FALLS,
    "low is high": FALLS,
    "-": FALLS,
}

_NUMBER = r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"^\s*({_NUMBER})\s*(?:~|～|–|—|-|\bto\b|至)\s*({_NUMBER})\s*(\D*)$")
_ABOVE = re.compile(rf"^\s*(?:>|>=|≥|＞|\babove\b|\bover\b)\s*({_NUMBER})\s*(\D*)$")
_BELOW = re.compile(rf"^\s*(?:<|<=|≤|＜|\bbelow\b|\bunder\b)\s*({_NUMBER})\s*(\D*)$")


@dataclass(frozen=True)
class ScoreClass:
    """One row of a score table.

    Parameters
    ----------
    minimum, maximum : float
        Smallest and largest value of the class, both inside; infinite where the class is open, equal for a code.
    score : float
        The resistance score the class gets.
    name : str
        Label, such as the land use.
    unit : str
        Unit of the limits, where the table gives one.
    row : int
        Row of the table, counted from 1; 0 when the class was not read from a table.
    """

    minimum: float
    maximum: float
    score: float
    name: str = ""
    unit: str = ""
    row: int = 0

    @property
    def is_code(self) -> bool:
        """Return whether the class is a single value."""
        return self.minimum == self.maximum

    @property
    def is_reversed(self) -> bool:
        """Return whether the class ends before it starts, so that it catches nothing."""
        return self.minimum > self.maximum

    def describe(self) -> str:
        """Return the class in a few words."""
        if self.is_code:
            limits = f"{self.minimum:.10g}"
        elif math.isinf(self.minimum) and math.isinf(self.maximum):
            limits = "any value"
        elif math.isinf(self.maximum):
            limits = f"above {self.minimum:.10g}"
        elif math.isinf(self.minimum):
            limits = f"up to {self.maximum:.10g}"
        else:
            limits = f"{self.minimum:.10g} to {self.maximum:.10g}"
        return f"{limits} ({self.name})" if self.name and self.is_code else limits


@dataclass(frozen=True)
class FactorScores:
    """The score classes of one factor, in the order of the table.

    Parameters
    ----------
    name : str
        Name of the factor.
    classes : tuple of ScoreClass
        Its classes.
    weight : float or None
        Its weight, None where the table gives none.
    direction : str
        The stated rule: ``"rises"`` when the score shall rise with the value, ``"falls"``, or empty.
    weights : tuple of float
        Every different weight the table gives for the factor; more than one is a mistake.
    """

    name: str
    classes: tuple[ScoreClass, ...]
    weight: float | None = None
    direction: str = ""
    weights: tuple[float, ...] = ()


def parse_range(text: str) -> tuple[float, float, str] | None:
    """Read a class written as in a paper: ``581~1043``, ``10-18°``, ``>39``, ``< 5 m``.

    Returns
    -------
    (float, float, str) or None
        Minimum, maximum (infinite where open) and unit; None when the text is not a range.
    """

    def value(digits: str) -> float:
        return float(digits.replace(",", "."))

    if found := _RANGE.match(text):
        return value(found.group(1)), value(found.group(2)), found.group(3).strip()
    if found := _ABOVE.match(text):
        return value(found.group(1)), math.inf, found.group(2).strip()
    if found := _BELOW.match(text):
        return -math.inf, value(found.group(1)), found.group(2).strip()
    return None


def parse_direction(cell: object, place: str) -> str:
    """Return ``"rises"``, ``"falls"`` or an empty text for a cell of the direction column."""
    text = "" if cell is None else str(cell).strip().lower()
    if text in ("null", "none"):
        text = ""
    if text not in _DIRECTIONS:
        raise InputError(
            f"{place}: '{cell}' is not a direction. Write 'rises' when resistance rises with the value, else 'falls'."
        )
    return _DIRECTIONS[text]


def read_score_table(records: Iterable[Mapping[str, object]], *, factor: str = "") -> tuple[FactorScores, ...]:
    """Read a score table of one or many factors.

    Columns (any case): ``factor`` (empty = as in the row above), ``class`` (a label, or the range as printed in
    papers when there are no limits), ``min`` and ``max`` (empty = open) or ``value`` (a code), ``score``,
    ``weight`` (once per factor), and where wanted ``unit`` and ``direction``.

    Parameters
    ----------
    records : iterable of mappings
        The rows, from column name to cell.
    factor : str, optional
        Name of the factor when the table has no such column.

    Returns
    -------
    tuple of FactorScores
        In the order of the table.

    Raises
    ------
    InputError
        If a column is missing or a cell cannot be read; the message gives row and column.

    Examples
    --------
    >>> rows = [{"factor": "Slope", "max": "8", "score": "1", "weight": "0.4"}, {"min": "8", "score": "3"}]
    >>> (factor,) = read_score_table(rows)
    >>> factor.name, factor.weight, [row.score for row in factor.classes]
    ('Slope', 0.4, [1.0, 3.0])
    """
    factors: dict[str, FactorScores] = {}
    name = factor
    for row, record in enumerate(records, start=1):
        cells = {_COLUMN.get(str(key).strip().lower(), ""): cell for key, cell in record.items()}
        if row == 1:
            _require_columns(cells, [str(key) for key in record])
        name = _text(cells.get("factor")) or name
        weight = parse_number(cells.get("weight"), f"Row {row}, column 'weight'")
        direction = parse_direction(cells.get("direction"), f"Row {row}, column 'direction'")
        known = factors.get(name_key(name), FactorScores(name, ()))
        weights = known.weights if weight is None or weight in known.weights else (*known.weights, weight)
        factors[name_key(name)] = replace(
            known,
            classes=(*known.classes, _read_class(cells, row)),
            weights=weights,
            weight=weights[0] if weights else None,
            direction=known.direction or direction,
        )
    if not factors:
        raise InputError("The score table has no rows. Give at least one class with its score.")
    return tuple(factors.values())


def classes_from_rows(rows: Sequence[Sequence[object]]) -> tuple[ScoreClass, ...]:
    """Read classes from bare rows: ``min, max, score`` (empty limit = open) or ``value, score``.

    Raises
    ------
    InputError
        If a row has another length or a cell is not a number.

    Examples
    --------
    >>> [(row.minimum, row.maximum, row.score) for row in classes_from_rows([["", 8, 1], [8, 15, 3]])]
    [(-inf, 8.0, 1.0), (8.0, 15.0, 3.0)]
    """
    records: list[Mapping[str, object]] = []
    for row, cells in enumerate(rows, start=1):
        if len(cells) not in (2, 3):
            raise InputError(f"Row {row} of the scores has {len(cells)} cells; give min, max, score or value, score.")
        records.append(dict(zip(("min", "max", "score") if len(cells) == 3 else ("value", "score"), cells)))
    return read_score_table(records)[0].classes


def _text(cell: object) -> str:
    text = "" if cell is None else str(cell).strip()
    return "" if text.upper() == "NULL" else text


def _require_columns(cells: Mapping[str, object], columns: Sequence[str]) -> None:
    given = ", ".join(columns)
    if "score" not in cells:
        raise InputError(f"The score table has no column 'score'. It has: {given}.")
    if not cells.keys() & {"min", "max", "value", "class"}:
        raise InputError(f"The score table has neither 'min' and 'max' nor 'value'. It has: {given}.")


def _read_class(cells: Mapping[str, object], row: int) -> ScoreClass:
    score = parse_number(cells.get("score"), f"Row {row}, column 'score'")
    if score is None:
        raise InputError(f"Row {row} of the score table has no score. Give every class a number.")
    name, unit = _text(cells.get("class")), _text(cells.get("unit"))
    code = parse_number(cells.get("value"), f"Row {row}, column 'value'")
    if code is not None:
        return ScoreClass(code, code, score, name, unit, row)
    low = parse_number(cells.get("min"), f"Row {row}, column 'min'")
    high = parse_number(cells.get("max"), f"Row {row}, column 'max'")
    if low is None and high is None:
        printed = parse_range(name)
        if printed is None:
            raise InputError(f"Row {row} of the score table has no limits: give 'min' and 'max', or a 'value'.")
        low, high, printed_unit = printed
        unit = unit or printed_unit
    return ScoreClass(-math.inf if low is None else low, math.inf if high is None else high, score, name, unit, row)
