"""What to do where: every part of an area gets a measure by rules, and the sums stay those of the map.

Areas and costs are added up as they are written, in whole square metres and hundredths of the currency, so that tables that
anyone makes from the rows give the same totals to the digit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..choices import AreaKind, MeasureClass
from ..errors import InputError
from ..keyareas.tabulation import OUTSIDE, Pieces, tabulate
from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray, IntArray
from .actionmatch import DECIMALS, NO_RULE, Areas, Chosen, Gap, LandParts, LandUse, choose_rules
from .actionrules import CHINESE, Price, Rule, names_of, price_of

CLASSES: tuple[MeasureClass | None, ...] = (*MeasureClass, None)
"""The classes of measures as tables list them; last what there is no rule for."""

_CENTS = 2
_QUARTERS = 4
_RIGHT_ANGLE = 90.0


@dataclass(frozen=True)
class ZoneRow:
    """A class of measures in a zone.

    Attributes
    ----------
    zone : int
        Position of the zone; `OUTSIDE` for none.
    measure_class : MeasureClass or None
        None for what has no rule.
    count : int
        Areas of which the largest part is here.
    count_touching : int
        Areas of which any part is here.
    hectares : float
        How much is here.
    cost : float
        What is known of it.
    unpriced : float
        Hectares without a price.
    """

    zone: int
    measure_class: MeasureClass | None
    count: int
    count_touching: int
    hectares: float
    cost: float
    unpriced: float


@dataclass(frozen=True)
class ActionSheet:
    """One row for each area, zone and measure, by grade (unknown last), kind, area and falling size.

    Attributes
    ----------
    areas : Areas
        The areas.
    rules : tuple of Rule
        All rules.
    area, zone, rule : int array, shape (rows,)
        Positions; `OUTSIDE` and `NO_RULE` for none.
    uses : list of tuple of (int, float)
        Land uses of each row (-1 for unknown) and their share in percent, largest first.
    slope : float array, shape (rows,)
        Mean where it is known.
    protected : float array, shape (rows,)
        Hectares inside protected land; NaN where that is not known.
    hectares : float array, shape (rows,)
        Whole square metres.
    cost : float array, shape (rows,)
        NaN without a price.
    row_of_part : int array, shape (parts,)
        Where each part went.
    gaps : list of Gap
        Combinations without a rule, the largest first.
    passed_over : dict of str to float
        Hectares that a rule might hold for, had its condition (slope, protection, grade) been known.
    unpriced : list of str
        Measures without a price, where prices are given.
    """

    areas: Areas
    rules: tuple[Rule, ...]
    area: IntArray
    zone: IntArray
    rule: IntArray
    uses: list[tuple[tuple[int, float], ...]]
    slope: FloatArray
    protected: FloatArray
    hectares: FloatArray
    cost: FloatArray
    row_of_part: IntArray
    gaps: list[Gap]
    passed_over: dict[str, float]
    unpriced: list[str]

    @property
    def total_ha(self) -> float:
        """Hectares of all rows."""
        return round(float(self.hectares.sum()), DECIMALS)

    @property
    def total_cost(self) -> float:
        """Cost of all rows that have a price."""
        return round(float(np.nansum(self.cost)), _CENTS)

    def measure_class(self, row: int) -> MeasureClass | None:
        """Return the class of a row; None without a rule."""
        return None if self.rule[row] == NO_RULE else self.rules[self.rule[row]].measure_class

    def by_zone(self, larger: IntArray | None = None) -> list[ZoneRow]:
        """Return the rows by zone and class, those in no zone last.

        With `larger` zones, such as the township of each village (its position), by those.
        """
        if larger is None:
            return self._added(self.zone)
        return self._added(np.where(self.zone == OUTSIDE, OUTSIDE, larger[self.zone]))

    def by_class(self) -> list[ZoneRow]:
        """Return the rows by class over all zones."""
        return self._added(np.zeros(self.zone.size, dtype=np.int64))

    def _added(self, zone: IntArray) -> list[ZoneRow]:
        last = int(zone.max(initial=OUTSIDE)) + 1
        place = np.array([CLASSES.index(self.measure_class(row)) for row in range(self.rule.size)], dtype=np.int64)
        slot = np.where(zone == OUTSIDE, last, zone) * len(CLASSES) + place
        size: FloatArray = np.bincount(self.area, self.hectares, len(self.areas.kind)).astype(np.float64)
        found = tabulate(size, Pieces(self.area, slot, self.hectares, np.empty((slot.size, 0))))
        rows = []
        for key, row in found.rows.items():
            here = slot == key
            free = np.isnan(self.cost[here])
            rows.append(
                ZoneRow(
                    OUTSIDE if key // len(CLASSES) == last else key // len(CLASSES),
                    CLASSES[key % len(CLASSES)],
                    row.count,
                    row.count_touching,
                    round(row.area_ha, DECIMALS),
                    round(float(np.nansum(self.cost[here])), _CENTS),
                    round(float(self.hectares[here][free].sum()), DECIMALS),
                )
            )
        return rows


def action_sheet(
    areas: Areas,
    parts: LandParts,
    uses: Sequence[LandUse],
    rules: Sequence[Rule],
    *,
    prices: Sequence[Price] = (),
    smallest_ha: float = 0.0,
    monitor: Monitor = SILENT,
) -> ActionSheet:
    """Give every part of the areas a measure and add up.

    The first rule of the table that holds for a part is taken. A condition on something that is not known does not hold.

    Parameters
    ----------
    areas : Areas
        The areas.
    parts : LandParts
        The same areas cut; nothing missing and nothing twice.
    uses : sequence of LandUse
        The land uses of the map.
    rules : sequence of Rule
        In the order in which they are tried.
    prices : sequence of Price
        What measures cost; without any no row has a cost.
    smallest_ha : float
        Smaller parts take the measure of the largest part of their area in the same zone.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    ActionSheet

    Raises
    ------
    InputError
        If a slope is no angle between 0 and 90 degrees, or an area has no surface.

    Notes
    -----
    O(n log n + combinations x rules). Of equal parts the first is the largest.

    Examples
    --------
    >>> from ecosecnet.core.decisions import read_rules
    >>> rules = read_rules([{"type": "barrier", "land_use": "cropland", "class": "assisted regeneration",
    ...                      "measure": "Hedges"}])
    >>> one = np.array([0])
    >>> areas = Areas([AreaKind.BARRIER], np.array([1.0]), np.array([2.5]))
    >>> parts = LandParts(one, one, one, one, np.array([3.0]), np.array([2.5]))
    >>> sheet = action_sheet(areas, parts, [LandUse("5", "Arable land", "cropland")], rules)
    >>> sheet.measure_class(0).value, sheet.total_ha
    ('assisted regeneration', 2.5)
    """
    steep = parts.slope[np.isfinite(parts.slope)]
    if steep.size and not 0.0 <= steep.min() <= steep.max() <= _RIGHT_ANGLE:
        raise InputError(f"Slopes are from {steep.min():g} to {steep.max():g}; they must be in degrees, from 0 to 90.")
    if not (areas.hectares > 0).all():
        raise InputError(f"Area {int(np.argmin(areas.hectares > 0)) + 1} has no surface. Repair or remove it.")
    hectares = _whole_square_metres(areas, parts)
    chosen = choose_rules(areas, parts, hectares, uses, rules, smallest_ha=smallest_ha, monitor=monitor)
    return _sheet(areas, parts, hectares, chosen, tuple(rules), prices)


def weakest(grade: FloatArray, importance: FloatArray | None = None) -> BoolArray:
    """Return which of graded sources are the weak ones.

    They are those of the lowest grade that are also in the quarter of all sources with the lowest importance; where that is
    not known all of the lowest grade; where there is one grade only all. Natural breaks of dPC alone do not do: one or two
    large sources leave most others in the lowest grade.

    Parameters
    ----------
    grade : float array, shape (sources,)
        From 1, the highest; NaN where it is not known.
    importance : float array, shape (sources,), optional
        What the grades are of, such as dPC; NaN where it is not known.

    Examples
    --------
    >>> weakest(np.array([1.0, 3.0, 2.0, 3.0])).tolist()
    [False, True, False, True]
    >>> weakest(np.array([1.0, 2.0, 2.0, 2.0]), np.array([70.0, 2.0, 9.0, 3.0])).tolist()
    [False, True, False, False]
    """
    known = grade[np.isfinite(grade)]
    if np.unique(known).size < 2:
        return np.ones(grade.shape, dtype=bool)
    found: BoolArray = grade == known.max()
    if importance is not None and np.isfinite(importance).any():
        held = np.sort(importance[np.isfinite(importance)])
        found &= ~(importance > held[-(-held.size // _QUARTERS) - 1])
    return found


def _whole_square_metres(areas: Areas, parts: LandParts) -> FloatArray:
    """Return the hectares of the parts in whole square metres that add up to those of their area: largest remainders."""
    unit = 10**DECIMALS
    wanted = np.maximum(np.rint(areas.hectares * unit), 1.0).astype(np.int64)
    held = np.bincount(parts.area, weights=parts.hectares, minlength=areas.hectares.size)
    if not (held > 0).all():
        raise InputError(f"Area {int(np.argmin(held > 0)) + 1} has no parts. Repair or remove it.")
    exact = parts.hectares / held[parts.area] * wanted[parts.area]
    # A hair above a whole number is that number: cutting polygons rounds.
    whole = np.floor(exact + 1e-6).astype(np.int64)
    short = wanted - np.bincount(parts.area, weights=whole, minlength=wanted.size).astype(np.int64)
    order = np.lexsort((np.arange(exact.size), -np.round(exact - whole, 6), parts.area))
    first = np.searchsorted(parts.area[order], np.arange(wanted.size))
    rank: IntArray = np.empty(exact.size, dtype=np.int64)
    rank[order] = np.arange(exact.size) - first[parts.area[order]]
    found: FloatArray = (whole + (rank < short[parts.area])) / unit
    return found


def _sheet(
    areas: Areas,
    parts: LandParts,
    hectares: FloatArray,
    chosen: Chosen,
    rules: tuple[Rule, ...],
    prices: Sequence[Price],
) -> ActionSheet:
    keys = np.column_stack([parts.area, parts.zone, chosen.rule])
    rows, row_of_part = np.unique(keys, axis=0, return_inverse=True)
    row_of_part = row_of_part.reshape(-1)
    size: FloatArray = np.round(np.bincount(row_of_part, weights=hectares), DECIMALS).astype(np.float64)
    kinds = list(AreaKind)
    kind = np.array([kinds.index(areas.kind[k]) for k in rows[:, 0]], dtype=np.int64)
    grade = areas.grade[rows[:, 0]]
    order = np.lexsort((rows[:, 2], rows[:, 1], -size, rows[:, 0], kind, np.where(np.isnan(grade), np.inf, grade)))
    place: IntArray = np.empty(order.size, dtype=np.int64)
    place[order] = np.arange(order.size)
    row_of_part, rows, size = place[row_of_part], rows[order], size[order]
    cost, unpriced = _costs(rows[:, 0], rows[:, 2], size, rules, prices)
    return ActionSheet(
        areas,
        rules,
        rows[:, 0],
        rows[:, 1],
        rows[:, 2],
        _uses(parts, hectares, row_of_part, size),
        _mean(parts.slope, hectares, row_of_part, size.size),
        _protected(parts, hectares, row_of_part, size.size),
        size,
        cost,
        row_of_part,
        chosen.gaps,
        chosen.passed_over,
        unpriced,
    )


def _uses(
    parts: LandParts, hectares: FloatArray, row_of_part: IntArray, size: FloatArray
) -> list[tuple[tuple[int, float], ...]]:
    held: list[dict[int, float]] = [defaultdict(float) for _ in size]
    for row, use, part in zip(row_of_part.tolist(), parts.use.tolist(), hectares.tolist()):
        held[row][use] += part
    return [
        tuple(
            (use, 100.0 * part / whole if whole else 0.0)
            for use, part in sorted(one.items(), key=lambda item: (-round(item[1], DECIMALS), item[0]))
        )
        for one, whole in zip(held, size.tolist())
    ]


def _mean(slope: FloatArray, hectares: FloatArray, row_of_part: IntArray, count: int) -> FloatArray:
    known = np.isfinite(slope)
    weight = np.bincount(row_of_part[known], weights=hectares[known], minlength=count)
    total = np.bincount(row_of_part[known], weights=(hectares * np.nan_to_num(slope))[known], minlength=count)
    mean: FloatArray = np.full(count, np.nan)
    np.divide(total, weight, out=mean, where=weight > 0)
    return mean


def _protected(parts: LandParts, hectares: FloatArray, row_of_part: IntArray, count: int) -> FloatArray:
    inside = parts.protected == 1
    held = np.round(np.bincount(row_of_part[inside], weights=hectares[inside], minlength=count), DECIMALS)
    unknown = np.bincount(row_of_part[parts.protected < 0], minlength=count) > 0
    return np.where(unknown, np.nan, held)


def _costs(
    area: IntArray, rule: IntArray, size: FloatArray, rules: tuple[Rule, ...], prices: Sequence[Price]
) -> tuple[FloatArray, list[str]]:
    cost: FloatArray = np.full(size.size, np.nan)
    if not prices:
        return cost, []
    known = {price.of: price for price in prices}
    unpriced: dict[str, None] = {}
    paid: set[tuple[int, str]] = set()
    # The largest row of an area pays what is due once for the place.
    for row in np.lexsort((np.arange(size.size), -size)).tolist():
        if rule[row] == NO_RULE:
            continue
        price = price_of(rules[rule[row]], known)
        if price is None:
            unpriced[rules[rule[row]].measure] = None
            continue
        due = size[row] * price.per_ha
        if (int(area[row]), rules[rule[row]].measure) not in paid:
            due += price.per_place
            paid.add((int(area[row]), rules[rule[row]].measure))
        cost[row] = round(due, _CENTS)
    return cost, sorted(unpriced)


def strange_prices(rules: Sequence[Rule], prices: Sequence[Price]) -> list[str]:
    """Return the prices that belong to no rule, by what they are for.

    Parameters
    ----------
    rules : sequence of Rule
        The rules.
    prices : sequence of Price
        The prices.

    Examples
    --------
    >>> strange_prices((), [Price("hedgs", 1.0, 0.0)])
    ['hedgs']
    """
    known = {name for rule in rules for name in names_of(rule)}
    known |= {name for one in MeasureClass for name in (one.value, CHINESE[one])}
    return [price.of for price in prices if price.of not in known]
