"""Rules that say what to do in which place, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..choices import AreaKind, Choice, MeasureClass
from ..errors import InputError

CHINESE: dict[Choice, str] = {
    AreaKind.PINCH_POINT: "生态夹点",
    AreaKind.BARRIER: "生态障碍点",
    AreaKind.BREAK_POINT: "生态断裂点",
    AreaKind.WEAK_SOURCE: "薄弱源地",
    MeasureClass.PROTECTION: "保护保育",
    MeasureClass.NATURAL: "自然恢复",
    MeasureClass.ASSISTED: "辅助再生",
    MeasureClass.RECONSTRUCTION: "生态重建",
}
"""The names of kinds of areas and classes of measures that Chinese plans use."""

RULE_COLUMNS = (
    "rule",
    "type",
    "land_use",
    "slope_from",
    "slope_to",
    "protected",
    "grade_from",
    "grade_to",
    "class",
    "measure",
    "measure_zh",
    "source",
)
"""The columns of a table of rules."""

PRICE_COLUMNS = ("measure", "per_ha", "per_place")
"""The columns of a table of costs."""

_NEEDED = ("type", "land_use", "class", "measure")
_KEYS = ("fid", "ogc_fid")
_YES, _NO = ("yes", "true", "1", "y", "是"), ("no", "false", "0", "n", "否")

C = TypeVar("C", bound=Choice)


@dataclass(frozen=True)
class Rule:
    """What to do in a place of some kind; a condition that is empty holds everywhere.

    Attributes
    ----------
    name : str
        What the rule is called.
    kinds : tuple of AreaKind
        Kinds of areas.
    land_uses : tuple of str
        Groups of land uses, or their codes or names; in lower case.
    slope : (float, float)
        Degrees, from the first to below the second; infinite where open.
    protected : bool or None
        Inside or outside protected land.
    grade : (float, float)
        From the first to the second grade.
    measure_class : MeasureClass
        How much is done.
    measure, measure_zh : str
        What is done, in English and Chinese.
    source : str
        Where it is from.
    """

    name: str
    kinds: tuple[AreaKind, ...]
    land_uses: tuple[str, ...]
    slope: tuple[float, float]
    protected: bool | None
    grade: tuple[float, float]
    measure_class: MeasureClass
    measure: str
    measure_zh: str = ""
    source: str = ""

    def record(self) -> dict[str, object]:
        """Return the rule as a row of the table that `read_rules` reads."""

        def known(number: float) -> float | None:
            return number if math.isfinite(number) else None

        return {
            "rule": self.name,
            "type": "; ".join(kind.value for kind in self.kinds),
            "land_use": "; ".join(self.land_uses),
            "slope_from": known(self.slope[0]),
            "slope_to": known(self.slope[1]),
            "protected": {None: "", True: "yes", False: "no"}[self.protected],
            "grade_from": known(self.grade[0]),
            "grade_to": known(self.grade[1]),
            "class": self.measure_class.value,
            "measure": self.measure,
            "measure_zh": self.measure_zh,
            "source": self.source,
        }


@dataclass(frozen=True)
class Price:
    """What a measure costs.

    Attributes
    ----------
    of : str
        A measure in either language, the name of a rule, or a class of measures.
    per_ha, per_place : float
        By hectare, and for each area where it is taken.
    """

    of: str
    per_ha: float
    per_place: float


def read_rules(records: Iterable[Mapping[str, object]], table: str = "the rule table") -> tuple[Rule, ...]:
    """Return the rules of a table, in its order.

    Parameters
    ----------
    records : iterable of mapping
        Rows by the names in `RULE_COLUMNS`. ``type``, ``land_use``, ``class`` and ``measure`` are needed; several types or
        land uses are parted by semicolons, and an empty one stands for all.
    table : str
        Name of the table, for messages.

    Raises
    ------
    InputError
        For a column that is unknown or missing, a type, class or number that is none, limits that run backwards, or two
        rules of one name; with the row and what can be written there.

    Examples
    --------
    >>> rule, = read_rules([{"type": "barrier", "land_use": "cropland", "slope_from": "25", "class": "辅助再生",
    ...                      "measure": "Plant trees"}])
    >>> rule.slope, rule.measure_class.label
    ((25.0, inf), 'Assisted regeneration')
    """
    rows = list(records)
    _check_columns(rows, RULE_COLUMNS, _NEEDED, table, "rules")
    rules, names = [], set()
    for number, row in enumerate(rows, start=1):
        where = f"Row {number} of {table}"
        name = _text(row.get("rule")) or str(number)
        if name.lower() in names:
            raise InputError(f"{where}: there is another rule '{name}'. Give each a name of its own.")
        names.add(name.lower())
        kinds = tuple(_member(AreaKind, one, where, "type") for one in _listed(row["type"]))
        measure = _text(row["measure"])
        if not measure:
            raise InputError(f"{where} has no measure. Say what is to be done there.")
        rules.append(
            Rule(
                name,
                kinds,
                tuple(one.lower() for one in _listed(row["land_use"])),
                _limits(row, "slope", where),
                _answer(row.get("protected"), where),
                _limits(row, "grade", where),
                _member(MeasureClass, _text(row["class"]), where, "class"),
                measure,
                _text(row.get("measure_zh")),
                _text(row.get("source")),
            )
        )
    return tuple(rules)


def read_prices(records: Iterable[Mapping[str, object]], table: str = "the cost table") -> tuple[Price, ...]:
    """Return the prices of a table.

    Parameters
    ----------
    records : iterable of mapping
        Rows by the names in `PRICE_COLUMNS`; one of ``per_ha`` and ``per_place`` is needed.
    table : str
        Name of the table, for messages.

    Raises
    ------
    InputError
        For a column that is unknown or missing, a row without a price, one that is negative or no number, or two rows of
        one measure.

    Examples
    --------
    >>> read_prices([{"measure": "Natural recovery", "per_ha": 0.2}])
    (Price(of='natural recovery', per_ha=0.2, per_place=0.0),)
    """
    rows = list(records)
    _check_columns(rows, PRICE_COLUMNS, ("measure",), table, "costs")
    prices: dict[str, Price] = {}
    for number, row in enumerate(rows, start=1):
        where = f"Row {number} of {table}"
        of = _text(row["measure"]).lower()
        given = {name: _number(row.get(name), where, name) for name in PRICE_COLUMNS[1:]}
        if all(value is None for value in given.values()):
            raise InputError(
                f"{where} has no price for '{of}'. Write one under per_ha or per_place; 0 if it costs nothing."
            )
        for name, value in given.items():
            if value is not None and not 0.0 <= value < math.inf:
                raise InputError(f"{where}: {name} of '{of}' is {value:g}. A cost is 0 or more.")
        if of in prices:
            raise InputError(f"{where}: there is another price for '{of}'. Give each measure one row.")
        prices[of] = Price(of, given["per_ha"] or 0.0, given["per_place"] or 0.0)
    return tuple(prices.values())


def price_of(rule: Rule, prices: Mapping[str, Price]) -> Price | None:
    """Return the price of a rule's measure, else that of its class; None without either.

    Parameters
    ----------
    rule : Rule
        The rule.
    prices : mapping of str to Price
        By what they are for, see `Price.of`.

    Examples
    --------
    >>> rule, = read_rules([{"type": "", "land_use": "", "class": "natural recovery", "measure": "Fence"}])
    >>> price_of(rule, {"自然恢复": Price("自然恢复", 2.0, 0.0)}).per_ha
    2.0
    """
    return next((prices[name] for name in names_of(rule) if name in prices), None)


def names_of(rule: Rule) -> tuple[str, ...]:
    """Return what a price for a rule may be called, the nearest first.

    Examples
    --------
    >>> rule, = read_rules([{"rule": "N1", "type": "", "land_use": "", "class": "natural recovery", "measure": "Fence"}])
    >>> names_of(rule)
    ('n1', 'fence', 'natural recovery', '自然恢复')
    """
    held = rule.measure_class
    names = (rule.name, rule.measure, rule.measure_zh, held.value, CHINESE[held])
    return tuple(name.lower() for name in names if name)


def _check_columns(
    rows: Sequence[Mapping[str, object]], known: Sequence[str], needed: Sequence[str], table: str, what: str
) -> None:
    if not rows:
        raise InputError(f"{table[0].upper()}{table[1:]} has no rows.")
    held = [name for name in rows[0] if name.lower() not in _KEYS]
    strange = [name for name in held if name not in known]
    missing = [name for name in needed if name not in held]
    if strange or missing:
        wrong = [f"unknown columns: {', '.join(strange)}"] if strange else []
        wrong += [f"missing columns: {', '.join(missing)}"] if missing else []
        raise InputError(
            f"{table[0].upper()}{table[1:]} has {'; '.join(wrong)}. A table of {what} has: {', '.join(known)}."
        )


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _listed(value: object) -> list[str]:
    return [one.strip() for one in _text(value).replace("；", ";").split(";") if one.strip()]


def _number(value: object, where: str, column: str) -> float | None:
    text = _text(value)
    if not text:
        return None
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise InputError(f"{where}: {column} is '{text}', which is not a number.")
    return number


def _limits(row: Mapping[str, object], name: str, where: str) -> tuple[float, float]:
    low, high = (_number(row.get(f"{name}_{end}"), where, f"{name}_{end}") for end in ("from", "to"))
    limits = -math.inf if low is None else low, math.inf if high is None else high
    if limits[0] > limits[1]:
        raise InputError(f"{where}: {name}_from ({limits[0]:g}) is above {name}_to ({limits[1]:g}).")
    return limits


def _answer(value: object, where: str) -> bool | None:
    text = _text(value).lower()
    if text not in ("", *_YES, *_NO):
        raise InputError(f"{where}: protected is '{text}'. Write yes, no, or nothing where it does not matter.")
    return None if not text else text in _YES


def _member(of: type[C], text: str, where: str, column: str) -> C:
    for member in of:
        if text.lower() in (member.value, CHINESE[member]):
            return member
    known = ", ".join(f"{member.value} ({CHINESE[member]})" for member in of)
    raise InputError(f"{where}: there is no {column} '{text}'. Write one of: {known}.")
