"""The tables that say what to do where and what it costs, and what the land uses of a map are to them."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Collection, Iterable, Mapping

from .... import core
from ....core.errors import InputError
from ....core.lists import value_text
from ....core.monitor import Monitor
from ..io.tables import read_rows
from ..io.vectors import VectorSource, name_ids

SHIPPED = os.path.join(os.path.dirname(__file__), "actionrules.csv")
"""The rules that come with the plugin."""


def read_rules(source: VectorSource | None) -> tuple[core.decisions.Rule, ...]:
    """Return the rules of a table, without one those that come with the plugin."""
    if source is not None:
        return core.decisions.read_rules(_with_header(read_rows(source)), f"'{source.name}'")
    with open(SHIPPED, encoding="utf-8", newline="") as file:
        return core.decisions.read_rules(csv.DictReader(file), "the rule table of the plugin")


def read_prices(source: VectorSource | None) -> tuple[core.decisions.Price, ...]:
    """Return the prices of a table; none without one."""
    return () if source is None else core.decisions.read_prices(_with_header(read_rows(source)), f"'{source.name}'")


def land_uses(
    codes: Collection[float],
    scheme: core.resistance.Scheme | None,
    names: Mapping[int, str],
    groups: Mapping[str, str],
) -> list[core.decisions.LandUse]:
    """Return the land uses of a map as rules call them.

    Parameters
    ----------
    codes : collection of float
        The codes.
    scheme : Scheme or None
        The legend; None with own codes.
    names : mapping of int to str
        What the classes are called.
    groups : mapping of str to str
        Group of codes as the user says it, before that of the legend.

    Raises
    ------
    InputError
        If a group is none.
    """
    called = _groups()
    strange = [group for group in groups.values() if group.lower() not in called]
    if strange:
        known = ", ".join(f"{english} ({chinese})" for english, chinese in core.resistance.LAND_GROUPS.items())
        raise InputError(f"There is no group of land uses '{strange[0]}' (GROUPS). Choose among: {known}.")
    held = {} if scheme is None else core.resistance.land_groups(scheme)
    uses = []
    for value in codes:
        code = value_text(value)
        also = () if scheme is None or int(value) not in scheme.by_code else (scheme.by_code[int(value)].chinese,)
        group = called[groups[code].lower()] if code in groups else held.get(int(value), "")
        uses.append(core.decisions.LandUse(code, names.get(int(value), code), group, also))
    return uses


def report_rules(
    rules: Collection[core.decisions.Rule],
    prices: Collection[core.decisions.Price],
    uses: Collection[core.decisions.LandUse],
    monitor: Monitor,
) -> None:
    """Say what of the tables and the map cannot be used: land uses without a group, prices of no measure."""
    named = {one for rule in rules for one in rule.land_uses}
    lost = [
        f"{use.code} ({use.name})" if use.name != use.code else use.code
        for use in uses
        if not use.group and named.isdisjoint(use.called)
    ]
    if lost:
        monitor.warn(
            f"The land uses {name_ids(lost)} belong to no group and no rule names them: only rules for all land uses hold "
            "there. Choose the LEGEND of the map, or say their group (GROUPS), for example 1=woodland; 2=cropland."
        )
    strange = core.decisions.strange_prices(rules, prices)
    if strange:
        monitor.warn(f"The cost table has prices of measures that no rule has: {name_ids(strange)}.")


def _groups() -> dict[str, str]:
    """Return the groups by their names in both languages."""
    held = core.resistance.LAND_GROUPS
    return {name: english for english, chinese in held.items() for name in (english, chinese)}


def _with_header(rows: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    """Return rows by the names in the first one where QGIS has given the columns numbers.

    GDAL takes the first row of a spreadsheet for data where all columns are texts.
    """
    found = [dict(row) for row in rows]
    if not found or not all(re.fullmatch(r"Field\d+|fid", name) for name in found[0]):
        return found
    names = {name: str(title).strip() for name, title in found[0].items() if title is not None}
    return [{names[name]: value for name, value in row.items() if name in names} for row in found[1:]]
