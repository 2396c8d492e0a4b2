"""Limits of classes that are held: those of another run, so that two dates or two places are classed alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .... import core
from ....core.errors import InputError
from ....core.lists import parse_number, parse_numbers, split_pairs
from ..io.tables import Column, columns, read_rows
from ..io.vectors import VectorSource
from . import parameters as p

if TYPE_CHECKING:
    from ..run.job import Job

KIND, UPPER, MOST_RESISTANCE = "kind", "upper", "most_resistance"

_TWICE = "The limits are given twice, as numbers (LIMITS) and as a table (LIMITS_TABLE). Give one."


def _limits_table():
    return p.table(
        "LIMITS_TABLE",
        "Table of the limits that are held",
        "The table of the limits (BREAKS) of another run, instead of typing them.",
        optional=True,
        advanced=True,
    )


def held_limits() -> list:
    """Return the parameters that `read_limits` reads."""
    return [
        p.text(
            "LIMITS",
            "Limits that are held",
            "Upper limits of the classes as a run reports them, the lowest class first and the highest too: 0.2, 0.5, 1.7. "
            "What is larger than the last is in the highest class. For comparing dates, scenarios or places: limits that are "
            "found anew move with the values. The rule and the number of classes do not count then. Empty: found anew.",
            optional=True,
            advanced=True,
        ),
        _limits_table(),
    ]


def read_limits(job: Job) -> core.keyareas.HeldLimits | None:
    """Return the limits that are held, and say so; None where they are to be found.

    Raises
    ------
    InputError
        If they are given twice, cannot be read, or do not ascend.
    """
    if job.given("LIMITS") and job.given("LIMITS_TABLE"):
        raise InputError(_TWICE)
    if job.given("LIMITS"):
        return core.keyareas.HeldLimits(core.stats.check_limits(parse_numbers(job.text("LIMITS"), "Limits (LIMITS)")))
    if not job.given("LIMITS_TABLE"):
        return None
    return _of_rows(job.vector("LIMITS_TABLE"))[""]


def _of_rows(table: VectorSource, kind: str = "") -> dict[str, core.keyareas.HeldLimits]:
    """Return the limits in a table, by the column `kind` if one is named."""
    lacking = [name for name in (kind, UPPER) if name and name not in table.field_names]
    if lacking:
        raise InputError(
            f"'{table.name}' has no column '{lacking[0]}' (LIMITS_TABLE). It has: {', '.join(table.field_names)}. Give the "
            "table of the limits (BREAKS) of another run of this tool."
        )
    rows = list(read_rows(table))
    upper: dict[str, list[float]] = {}
    most: dict[str, float] = {}
    for number, row in enumerate(rows, start=1):
        place, key = f"'{table.name}', row {number}", str(row[kind]).strip() if kind else ""
        value = parse_number(row[UPPER], f"{place}, {UPPER}")
        if value is None:
            raise InputError(f"{place}: there is no upper limit.")
        upper.setdefault(key, []).append(value)
        known = parse_number(row.get(MOST_RESISTANCE), f"{place}, {MOST_RESISTANCE}")
        if known is not None:
            most[key] = known
    if not kind and len({row.get(KIND) for row in rows}) > 1:
        raise InputError(
            f"'{table.name}' holds limits of several kinds of areas (column '{KIND}'), as 'securitynetwork' writes them "
            "(LIMITS_TABLE). Keep the rows of one."
        )
    if not upper:
        raise InputError(f"'{table.name}' has no rows (LIMITS_TABLE).")
    return {
        key: core.keyareas.HeldLimits(core.stats.check_limits(sorted(values)), most.get(key))
        for key, values in upper.items()
    }


def held_limits_of(kinds: Sequence[str]) -> list:
    """Return the parameters that `read_limits_of` reads."""
    example = "; ".join(f"{kind} = 0.2, 0.5, 1.7" for kind in kinds)
    return [
        p.text(
            "LIMITS",
            f"Limits of {' and '.join(kinds)} that are held",
            "Upper limits of the classes as the report of another run states them, the lowest class first and the highest "
            f"too: {example}. For comparing dates or scenarios: limits that are found anew move with the values. Empty: "
            "found anew.",
            optional=True,
            advanced=True,
        ),
        _limits_table(),
    ]


def read_limits_of(job: Job, kinds: Sequence[str]) -> dict[str, core.keyareas.HeldLimits]:
    """Return the limits that are held, by kind.

    Raises
    ------
    InputError
        If they are given twice, cannot be read, do not ascend, or are of no such kind.
    """
    if job.given("LIMITS") and job.given("LIMITS_TABLE"):
        raise InputError(_TWICE)
    found: dict[str, core.keyareas.HeldLimits] = {}
    if job.given("LIMITS"):
        for kind, text in split_pairs(job.text("LIMITS"), "Limits (LIMITS)").items():
            numbers = parse_numbers(text, f"Limits of {kind} (LIMITS)")
            found[kind.casefold()] = core.keyareas.HeldLimits(core.stats.check_limits(numbers))
    elif job.given("LIMITS_TABLE"):
        found = {kind.casefold(): one for kind, one in _of_rows(job.vector("LIMITS_TABLE"), KIND).items()}
    strange = [kind for kind in found if kind not in kinds]
    if strange:
        raise InputError(f"There are limits of '{strange[0]}'; they can be of {' and of '.join(kinds)}.")
    return found


def said(limits: np.ndarray, *, held: bool, digits: int = 10) -> str:
    """Return the limits of classes in a sentence, with so many digits."""
    listed = ", ".join(f"{limit:.{digits}g}" for limit in limits)
    return f"Upper limits of the classes, lowest first{', held' if held else ''}: {listed}."


def area_limits() -> list[Column]:
    """Return the columns of a table of limits of a surface that key areas are made from."""
    return columns(
        **{"class": int, "lower": float, UPPER: float, "cells": int, "area_ha": float, MOST_RESISTANCE: float}
    )


def area_limit_rows(found: core.keyareas.KeyAreas, cell_ha: float) -> list[list[object]]:
    """Return a row for each class of key areas; nothing is below the lowest."""
    cells = np.bincount(found.classes.ravel(), minlength=found.limits.size + 1)[1:]
    lower = [np.nan, *found.limits[:-1]]
    return [
        [k + 1, lower[k], found.limits[k], int(cells[k]), float(cells[k] * cell_ha), found.most_resistance]
        for k in range(found.limits.size)
    ]
