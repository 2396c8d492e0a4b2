"""Finds the mistakes in a score table before they become a resistance surface."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..errors import InputError
from ..monitor import SILENT, Monitor
from .scoretable import FALLS, RISES, FactorScores, ScoreClass

ERROR = "error"
WARNING = "warning"
NOTE = "note"

WEIGHT_TOLERANCE = 1e-6
LARGEST_RATIO = 10_000.0

_BLOCKING = ("reversed", "overlap", "duplicate", "score", "weight")

_DISTANCE = re.compile(r"dist|proximity|距", re.IGNORECASE)
_DISTURBANCE = re.compile(
    r"road|rail|highway|motorway|mine|mining|quarr|settle|town|village|built|urban|residen|industr|"
    r"路|矿|居民|建设|城镇",
    re.IGNORECASE,
)
_HABITAT = re.compile(r"river|water|stream|lake|wetland|forest|wood|reserve|source|河|水|湖|林|保护", re.IGNORECASE)
_ROUGH = re.compile(r"slope|relief|rugged|坡度|起伏", re.IGNORECASE)
_GREEN = re.compile(r"ndvi|vegetation|fvc|植被", re.IGNORECASE)
_UNIT_IN_NAME = re.compile(r"[(（\[]\s*([^()（）\[\]]{1,6}?)\s*[)）\]]\s*$")


@dataclass(frozen=True)
class Finding:
    """Something in a score table that is wrong or looks wrong.

    Parameters
    ----------
    severity : {"error", "warning", "note"}
        Errors give cells no score, two scores or a score that cannot be used.
    check : str
        The rule: reversed, gap, overlap, order, duplicate, score, ratio, direction, weight, weight sum, unit,
        codes, range, constant or factors.
    factor : str
        Name of the factor; empty when the finding is about the whole table.
    row : int
        Row of the table, from 1; 0 when it is about no single row.
    message : str
        What is wrong, with the value, and what to do.
    """

    severity: str
    check: str
    factor: str
    row: int
    message: str


def check_scores(
    factors: Sequence[FactorScores],
    *,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    codes: Mapping[str, Collection[float]] | None = None,
    overlay: bool = True,
) -> tuple[Finding, ...]:
    """Check the score table of one or many factors.

    Parameters
    ----------
    factors : sequence of FactorScores
        The table, see `core.resistance.scoretable.read_score_table`.
    ranges : mapping from factor name to (float, float), optional
        Smallest and largest value of the factor's raster.
    codes : mapping from factor name to a collection of float, optional
        The values that occur in the factor's raster, where they are few: a table of codes is compared with them, and a
        gap between ranges in which none of them lies does no harm (1 to 2, 3 to 4 in a map of whole numbers).
    overlay : bool, optional
        Whether the table is meant for a weighted overlay: then there should be two factors or more, and weights that
        sum to 1.

    Returns
    -------
    tuple of Finding
        In the order of the table; empty when nothing is wrong.

    Notes
    -----
    Where the table states no direction, the usual one is expected: resistance falls with the distance from roads,
    railways, mines and settlements and with vegetation, and rises with the distance from water, forest and reserves
    and with slope and relief. A table that goes against it gets a warning; against its own stated rule, an error.

    Examples
    --------
    >>> from ecosecnet.core.resistance.scoretable import read_score_table
    >>> rows = [{"factor": "Slope", "max": "8", "score": "1"}, {"min": "10", "score": "3"}]
    >>> findings = check_scores(read_score_table(rows), overlay=False)
    >>> [(finding.severity, finding.check) for finding in findings]
    [('error', 'gap')]
    """
    found: list[Finding] = []
    for factor in factors:
        present = (codes or {}).get(factor.name)
        extent = (ranges or {}).get(factor.name)
        found += _check_limits(factor, present)
        found += _check_values(factor)
        found += _check_direction(factor)
        found += _check_units(factor)
        if present is not None and all(item.is_code for item in factor.classes):
            found += _check_codes(factor, present)
        elif extent is not None:
            found += _check_range(factor, *extent)
    if overlay:
        found += _check_weights(factors)
        found += _check_common_unit(factors)
        if len(factors) < 2:
            found.append(Finding(WARNING, "factors", "", 0, "This is one factor: the surface follows it alone."))
    return tuple(found)


def report(findings: Sequence[Finding], monitor: Monitor = SILENT) -> None:
    """Warn of findings, or refuse a table that gives no single usable score.

    Raises
    ------
    InputError
        If a class is reversed, overlaps another or is listed twice, or a score or weight cannot be used; the message
        lists every finding.

    Examples
    --------
    >>> class Printing(Monitor):
    ...     def warn(self, text):
    ...         print(text)
    >>> rows = (ScoreClass(0.0, 8.0, 1.0), ScoreClass(10.0, 20.0, 3.0))
    >>> report(check_scores([FactorScores("Slope", rows)], overlay=False), Printing())
    Slope: There is a gap from 8 to 10: these values have no score. Let one class start where the other ends.
    """
    lines = [f"{f.factor}: {f.message}" if f.factor else f.message for f in findings]
    if any(f.severity == ERROR and f.check in _BLOCKING for f in findings):
        raise InputError("The score table has mistakes:\n" + "\n".join(f"- {line}" for line in lines))
    for finding, line in zip(findings, lines):
        (monitor.info if finding.severity == NOTE else monitor.warn)(line)


def usual_direction(name: str) -> str:
    """Return the direction that resistance usually takes along a factor, judged by its name; empty if unknown."""
    if _DISTANCE.search(name):
        if _DISTURBANCE.search(name):
            return FALLS
        return RISES if _HABITAT.search(name) else ""
    if _ROUGH.search(name):
        return RISES
    return FALLS if _GREEN.search(name) else ""


def _check_limits(factor: FactorScores, present: Collection[float] | None) -> Iterator[Finding]:
    usable = sorted((c for c in factor.classes if not c.is_reversed), key=lambda c: (c.minimum, c.maximum))
    for item in factor.classes:
        if item.is_reversed:
            yield from _reversed(factor, item, usable)
    yield from _check_order(factor)
    reach: ScoreClass | None = None
    for item in usable:
        if reach is not None:
            if reach.is_code and item.is_code and reach.minimum == item.minimum:
                same = reach.score == item.score
                yield Finding(
                    ERROR,
                    "duplicate",
                    factor.name,
                    item.row,
                    f"The value {item.minimum:g} is listed "
                    f"{'twice' if same else f'with the scores {reach.score:g} and {item.score:g}'}. Keep one.",
                )
            elif item.minimum < reach.maximum:
                yield Finding(
                    ERROR,
                    "overlap",
                    factor.name,
                    max(item.row, reach.row),
                    f"The classes {_scored(reach)} and {_scored(item)} overlap from {item.minimum:.10g} to "
                    f"{min(item.maximum, reach.maximum):.10g}: these values have two scores. Let one class start where "
                    "the other ends.",
                )
            elif item.minimum > reach.maximum and _matters(reach, item, present):
                yield Finding(
                    ERROR,
                    "gap",
                    factor.name,
                    item.row,
                    f"There is a gap from {reach.maximum:.10g} to {item.minimum:.10g}: these values have no score. "
                    "Let one class start where the other ends.",
                )
        if reach is None or item.maximum >= reach.maximum:
            reach = item


def _matters(lower: ScoreClass, upper: ScoreClass, present: Collection[float] | None) -> bool:
    """Return whether values can lie between two classes that are not both codes."""
    if lower.is_code and upper.is_code:
        return False
    return present is None or any(lower.maximum < value < upper.minimum for value in present)


def _reversed(factor: FactorScores, item: ScoreClass, usable: Sequence[ScoreClass]) -> Iterator[Finding]:
    yield Finding(
        ERROR,
        "reversed",
        factor.name,
        item.row,
        f"The class {_scored(item)} runs backwards: it ends before it starts and catches no value. "
        "Correct the limit that is wrong.",
    )
    if all(other.score != item.score for other in usable):
        scores = sorted({other.score for other in usable})
        below = max((s for s in scores if s < item.score), default=None)
        above = min((s for s in scores if s > item.score), default=None)
        jump = f", and the scores jump from {below:g} to {above:g}" if below is not None and above is not None else ""
        yield Finding(
            ERROR,
            "gap",
            factor.name,
            item.row,
            f"The reversed class leaves a gap: no value gets the score {item.score:g}{jump}.",
        )


def _check_order(factor: FactorScores) -> Iterator[Finding]:
    ranges = [c for c in factor.classes if not c.is_code and not c.is_reversed]
    starts = [c.minimum for c in ranges]
    if starts in (sorted(starts), sorted(starts, reverse=True)):
        return
    rising = starts[-1] >= starts[0]
    for before, after in zip(ranges, ranges[1:]):
        if (after.minimum < before.minimum) == rising and after.minimum != before.minimum:
            yield Finding(
                WARNING,
                "order",
                factor.name,
                after.row,
                f"The class {_scored(before)} starts at {before.minimum:.10g}, but the one listed after it, "
                f"{_scored(after)}, starts at {after.minimum:.10g}: the classes are out of order. "
                f"Check whether {before.minimum:.10g} or {after.minimum:.10g} is a slip.",
            )


def _check_values(factor: FactorScores) -> Iterator[Finding]:
    scores = [c.score for c in factor.classes]
    for item in factor.classes:
        if not (item.score > 0 and math.isfinite(item.score)):
            yield Finding(
                ERROR,
                "score",
                factor.name,
                item.row,
                f"The class {item.describe()} has the score {item.score:g}. Resistance must be above 0 and finite.",
            )
    positive = [s for s in scores if s > 0 and math.isfinite(s)]
    if positive and max(positive) / min(positive) > LARGEST_RATIO:
        yield Finding(
            WARNING,
            "ratio",
            factor.name,
            0,
            f"The scores run from {min(positive):g} to {max(positive):g}, a ratio of "
            f"{max(positive) / min(positive):,.0f}. Above {LARGEST_RATIO:,.0f} the paths follow the extreme classes "
            "only and solvers lose accuracy.",
        )
    if len(scores) > 1 and len(set(scores)) == 1:
        yield Finding(
            WARNING, "constant", factor.name, 0, f"Every class has the score {scores[0]:g}: the factor changes nothing."
        )


def _check_direction(factor: FactorScores) -> Iterator[Finding]:
    ranges = sorted(
        (c for c in factor.classes if not c.is_code and not c.is_reversed), key=lambda c: (c.maximum, c.minimum)
    )
    expected = factor.direction or usual_direction(factor.name)
    if len(ranges) < 2 or not expected:
        return
    steps = [after.score - before.score for before, after in zip(ranges, ranges[1:])]
    rises, falls = any(step > 0 for step in steps), any(step < 0 for step in steps)
    if not (falls if expected == RISES else rises):
        return
    rule = "the stated rule is that it" if factor.direction else "it usually"
    found = "goes up and down" if rises and falls else "rises" if rises else "falls"
    first, last = ranges[0], ranges[-1]
    yield Finding(
        ERROR if factor.direction else WARNING,
        "direction",
        factor.name,
        0,
        f"Resistance {found} along '{factor.name}' (from {first.score:g} at {first.describe()} to {last.score:g} at "
        f"{last.describe()}), but {rule} {expected}. Turn the scores round, or state the direction you mean.",
    )


def _check_units(factor: FactorScores) -> Iterator[Finding]:
    units = _units(factor)
    if len(units) > 1:
        yield Finding(
            ERROR, "unit", factor.name, 0, f"The limits are given in more than one unit: {', '.join(units)}. Use one."
        )


def _check_common_unit(factors: Sequence[FactorScores]) -> Iterator[Finding]:
    units = {f.name: _units(f) for f in factors if _DISTANCE.search(f.name)}
    different = sorted({unit for found in units.values() for unit in found})
    if len(different) > 1 and all(len(found) < 2 for found in units.values()):
        listed = ", ".join(f"{name} in {found[0]}" for name, found in units.items() if found)
        yield Finding(
            WARNING,
            "unit",
            "",
            0,
            f"The distance factors have more than one unit: {listed}. Use metres for all.",
        )


def _check_range(factor: FactorScores, low: float, high: float) -> Iterator[Finding]:
    usable = [c for c in factor.classes if not c.is_reversed]
    if low == high:
        yield Finding(WARNING, "constant", factor.name, 0, f"The raster is {low:g} everywhere: it changes nothing.")
    for item in usable:
        if item.maximum < low or item.minimum > high:
            # An open class is there for what may come; that it is empty here says nothing.
            is_open = math.isinf(item.minimum) or math.isinf(item.maximum)
            yield Finding(
                NOTE if is_open else WARNING,
                "range",
                factor.name,
                item.row,
                f"The class {_scored(item)} lies outside the values of the raster ({low:.10g} to {high:.10g}) "
                "and catches no cell. Check the unit and the limits.",
            )
    if not usable:
        return
    first, last = min(c.minimum for c in usable), max(c.maximum for c in usable)
    if low < first:
        yield Finding(
            ERROR,
            "range",
            factor.name,
            0,
            f"The raster goes down to {low:.10g}, but the lowest class starts at {first:.10g}: "
            "the cells below get no score. Lower the first limit or leave it empty.",
        )
    if high > last:
        yield Finding(
            ERROR,
            "range",
            factor.name,
            0,
            f"The raster goes up to {high:.10g}, but the highest class ends at {last:.10g}: "
            "the cells above get no score. Raise the last limit or leave it empty.",
        )


def _check_codes(factor: FactorScores, present: Collection[float]) -> Iterator[Finding]:
    usable = [c for c in factor.classes if not c.is_reversed]
    missing = sorted(v for v in set(present) if not any(c.minimum <= v <= c.maximum for c in usable))
    if missing:
        listed = ", ".join(f"{v:g}" for v in missing)
        yield Finding(
            ERROR,
            "codes",
            factor.name,
            0,
            f"The raster holds values that have no score: {listed}. Add a row for each, or make them NoData.",
        )
    unused = [c for c in usable if not any(c.minimum <= v <= c.maximum for v in present)]
    if unused:
        yield Finding(
            NOTE,
            "codes",
            factor.name,
            unused[0].row,
            f"These classes do not occur in the raster: {', '.join(c.describe() for c in unused)}.",
        )


def _check_weights(factors: Sequence[FactorScores]) -> Iterator[Finding]:
    for factor in factors:
        if len(factor.weights) > 1:
            listed = ", ".join(f"{w:g}" for w in factor.weights)
            yield Finding(ERROR, "weight", factor.name, 0, f"The factor has more than one weight: {listed}. Keep one.")
        if factor.weight is not None and not (factor.weight >= 0 and math.isfinite(factor.weight)):
            yield Finding(
                ERROR, "weight", factor.name, 0, f"The weight is {factor.weight:g}. Weights must not be negative."
            )
        if factor.weight == 0:
            yield Finding(WARNING, "weight", factor.name, 0, "The weight is 0: the factor changes nothing.")
    given = [f for f in factors if f.weight is not None]
    if not given:
        return
    if len(given) < len(factors):
        names = ", ".join(f.name for f in factors if f.weight is None)
        yield Finding(ERROR, "weight", "", 0, f"These factors have no weight: {names}.")
        return
    weights = [f.weight for f in given if f.weight is not None]
    total = math.fsum(weights)
    if abs(total - 1.0) > WEIGHT_TOLERANCE:
        share = ", ".join(f"{f.name} {w / total:.4f}" for f, w in zip(given, weights)) if total > 0 else ""
        yield Finding(
            ERROR,
            "weight sum",
            "",
            0,
            f"The weights sum to {total:.6g}, not 1." + (f" Divided by their sum they are: {share}." if share else ""),
        )


def _units(factor: FactorScores) -> list[str]:
    units = {c.unit.lower() for c in factor.classes if c.unit}
    named = _UNIT_IN_NAME.search(factor.name)
    if named:
        units.add(named.group(1).lower())
    return sorted(units)


def _scored(item: ScoreClass) -> str:
    return f"{item.describe()} (score {item.score:g})"
