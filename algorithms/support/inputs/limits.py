"""Limits of classes that are held: those of another run, so that two dates or two places are classed alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .... import core
from ....core.errors import InputError
from ....core.lists import parse_number, parse_numbers
from ..io.tables import Column, columns, read_rows
from . import parameters as p

if TYPE_CHECKING:
    from ..run.job import Job

UPPER, MOST_RESISTANCE = "upper", "most_resistance"


class HeldLimits(NamedTuple):
    """Limits that are held.

    Attributes
    ----------
    upper : ndarray, float64
        The largest value of each class, ascending.
    most_resistance : float or None
        The resistance by which an overlay was normalised where they were found, if the table holds it.
    """

    upper: np.ndarray
    most_resistance: float | None = None


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
        p.table(
            "LIMITS_TABLE",
            "Table of the limits that are held",
            "The table of the limits (BREAKS) of another run, instead of typing them.",
            optional=True,
            advanced=True,
        ),
    ]


def read_limits(job: Job) -> HeldLimits | None:
    """Return the limits that are held, and say so; None where they are to be found.

    Raises
    ------
    InputError
        If they are given twice, cannot be read, or do not ascend.
    """
    if job.given("LIMITS") and job.given("LIMITS_TABLE"):
        raise InputError("The limits are given twice, as numbers (LIMITS) and as a table (LIMITS_TABLE). Give one.")
    if job.given("LIMITS"):
        return HeldLimits(core.stats.check_limits(parse_numbers(job.text("LIMITS"), "Limits (LIMITS)")))
    if not job.given("LIMITS_TABLE"):
        return None
    table = job.vector("LIMITS_TABLE")
    if UPPER not in table.field_names:
        raise InputError(
            f"'{table.name}' has no column '{UPPER}' with the upper limits (LIMITS_TABLE). It has: "
            f"{', '.join(table.field_names)}. Give the table of the limits (BREAKS) of another run."
        )
    upper, most = [], None
    for number, row in enumerate(read_rows(table), start=1):
        value = parse_number(row[UPPER], f"'{table.name}', row {number}, {UPPER}")
        if value is None:
            raise InputError(f"'{table.name}', row {number}: there is no upper limit.")
        upper.append(value)
        most = parse_number(row.get(MOST_RESISTANCE), f"'{table.name}', row {number}, {MOST_RESISTANCE}") or most
    return HeldLimits(core.stats.check_limits(sorted(upper)), most)


def said(limits: np.ndarray, *, held: bool) -> str:
    """Return the limits of classes in a sentence."""
    listed = ", ".join(f"{limit:.10g}" for limit in limits)
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
